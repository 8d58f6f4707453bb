"""Which device answers for a unit: its serial number, and where a SunSpec device keeps its points.

Both are asked once a connection, for behind a new one there may be another device, and again when
a unit comes back: who it is, and whether its SunSpec model still stands where it was.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from collectors.breaker import Consequence, consequence
from collectors.devices.profile import DeviceProfile
from collectors.modbus.identity import Identity, read_identity
from collectors.modbus.notes import Notes
from collectors.modbus.read_plan import UnitPlan
from collectors.modbus.sunspec import FUNCTION, Discovery, discover, find, located
from collectors.modbus.unit_line import UnitLine
from paes.errors import DataError, DeviceRefused, FieldError
from paes.events import SWAPPED, Event

log = logging.getLogger(__name__)

MOST_SILENCES = 3
"""In a row, of a device that is asked who it is: then it is not asked any more."""
SHORTEST_TAIL = 5
"""Digits at the end of a longer serial number that are taken for the same."""
_NEVER = -1


@dataclass(frozen=True, slots=True)
class _Location:
    """Where a device keeps its models, and the plan that follows from it."""

    epoch: int
    discovery: Discovery
    plan: UnitPlan


def same_serial(one: str, other: str) -> bool:
    """True if two ways to write a serial number can mean the same device.

    A label shows ``E2-00123456`` where the register says 123456: letters before the number,
    leading zeros, blanks and hyphens make no other device.
    """
    long, short = sorted((_plain(one), _plain(other)), key=len, reverse=True)
    return long == short or (len(short) >= SHORTEST_TAIL and long.endswith(short))


def _plain(serial: str) -> str:
    return "".join(c for c in serial.upper() if c.isalnum()).lstrip("0")


class UnitDevice:
    """The device behind one unit; ``serials`` by meter is shared by a gateway's units."""

    def __init__(self, plan: UnitPlan, line: UnitLine, serials: dict[str, str]) -> None:
        self._plan = plan
        self._line = line
        self._serials = serials
        self._location: _Location | None = None
        self._identified_in = _NEVER
        self._silences = 0
        self._may_have_moved = False

    @property
    def known_plan(self) -> UnitPlan | None:
        """The plan with addresses on the wire; None while they have to be asked for."""
        if not self._plan.profile.is_relative:
            return self._plan
        return self._location.plan if self._location else None

    def came_back(self) -> None:
        """The unit was silent for a while: somebody may have exchanged its device."""
        self._identified_in = _NEVER
        self._may_have_moved = True

    async def located_plan(self) -> UnitPlan:
        """The plan with addresses on the wire, asked for if need be.

        Raises DataError if the device does not have the SunSpec model, and the FieldError of a
        unit that does not answer (once a time-out for each place where the models may begin;
        afterwards the breaker has one of them asked at a time).
        """
        epoch = self._line.shared.epoch
        if not self._plan.profile.is_relative:
            return self._plan
        known = self._location
        if known and known.epoch == epoch and await self._is_still_there(known):
            return known.plan
        found = await discover(self._line, self._plan.unit, self._plan.timeout_s)
        if found.failure:
            raise found.failure
        plan = _with_addresses(self._plan, located(self._plan.profile, found))
        self._location = _Location(self._line.shared.epoch, found, plan)
        self._may_have_moved = False
        return plan

    async def _is_still_there(self, known: _Location) -> bool:
        """Whether the model stands where it was; looked up after a silence only."""
        if not self._may_have_moved:
            return True
        model = find(self._plan.profile, known.discovery)
        self._location = None  # so that a device that is silent there is searched
        try:
            head = await self._line.read(
                FUNCTION, self._plan.unit, model.address, 2, self._plan.timeout_s
            )
        except DeviceRefused as err:
            if consequence(err) is not Consequence.MAP_ERROR:
                raise
            return False
        if head != [model.id, model.length]:
            return False
        self._location, self._may_have_moved = known, False
        return True

    async def identify(self, began: datetime, notes: Notes) -> bool:
        """Ask who the device is, once a connection; True if it is another one than before.

        Asked after the readings, so that a device that is silent about itself loses none by it;
        an exchange is told with ``began``, when the first of them was asked for. Where the answer
        was lost on the way, the next round asks again.
        """
        if self._identified_in == self._line.shared.epoch or self._silences >= MOST_SILENCES:
            return False
        discovery = self._location.discovery if self._location else None
        call = (self._line, self._plan.unit, self._plan.profile, self._plan.timeout_s)
        identity = await read_identity(*call, discovery)
        if identity.serial is None and _is_lost(identity.failure):
            self._silences += 1
        else:
            self._identified_in, self._silences = self._line.shared.epoch, 0
        if identity.matches is False:
            text = f"{identity.seen}; is {self._plan.profile.id} the right profile?"
            notes.tell("collect.suspect", self._plan.meters, text, began)
        if not identity.serial or not self._is_other(identity, identity.serial, began, notes):
            return False
        self._location = None
        return True

    def _is_other(self, identity: Identity, serial: str, began: datetime, notes: Notes) -> bool:
        is_other = False
        for meter in self._plan.meters:
            old = self._serials.get(meter.id)
            self._serials[meter.id] = serial
            if old is None or same_serial(old, serial):
                continue
            is_other = True
            text = f"{identity.label} answers for {meter.id}, where no. {old} was"
            facts = {"old_serial": str(old), "new_serial": serial}
            notes.events.append(Event(meter.id, SWAPPED, began, None, text, facts))
            log.warning("%s", text)
        return is_other


def _is_lost(failure: FieldError | None) -> bool:
    """True if the same question may be answered another time."""
    return failure is not None and consequence(failure) is not Consequence.MAP_ERROR


def _with_addresses(plan: UnitPlan, profile: DeviceProfile) -> UnitPlan:
    """``plan`` for the located ``profile``, without the points that this device does not have."""
    there = {p.name: p for p in profile.points}
    wanted = tuple((m, there[p.name]) for m, p in plan.wanted if p.name in there)
    if not wanted:
        names = ", ".join(p.name for _, p in plan.wanted)
        raise DataError(f"device {profile.id}: the model that was found has none of {names}")
    return replace(plan, profile=profile, wanted=wanted)
