"""Which units answer on a line, and what they are. Nothing here can write.

Each unit is knocked at with one small read. Any answer of its own proves that it is there, a
refusal as well; "gateway path unavailable" and "target did not respond" prove that it is not, and
cost no time-out. Only silence is waited for, so the wait is short; but a TCP gateway may itself
still wait on its serial line for a unit that is not there, and keep the next one waiting. Two
things find that out: the first silence is waited out patiently, for the gateway may tell it late,
and after it a unit that is known to be there is knocked at again. If either takes longer,
everything that seemed silent is asked once more, with more time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collectors.devices.profile import DeviceProfile
from collectors.modbus.connection import REST_S, ModbusConnection
from collectors.modbus.identity import Identity
from collectors.modbus.sunspec import Discovery, model_name
from collectors.technician.recognition import Recognition, recognise
from paes.errors import BadReply, ConnectionFailed, DataError, DeviceRefused, NoReply

ALL_UNITS = tuple(range(1, 248))
"""The addresses of a serial line, by "MODBUS over Serial Line V1.02", 2.2."""
SHORT_S = 0.3
"""What a meter needs at 9600 baud, several times over."""
PATIENT_S = 3.0
"""What a gateway may wait for a unit on its serial line."""
Knock = tuple[int, int, int]
"""Function code, address, registers."""
KNOCK: Knock = (3, 0, 1)
KNOCKS: tuple[Knock, ...] = (KNOCK, (4, 0, 2), (3, 40000, 2))
"""For devices that are silent, instead of refusing, at addresses they do not have."""

_NOBODY = (10, 11)
_MARGIN = 1.5
"""So much longer than the longest answer seen."""
_NOTICEABLE_S = 0.05

Progress = Callable[[int, int], None]
"""``(done, of)`` knocks and recognitions."""


@dataclass(frozen=True, slots=True)
class ScannedUnit:
    """A unit that is there."""

    unit: int
    answer: str
    """What it said to the knock: ``registers``, or why not, as a sentence."""
    latency_ms: float
    what: Recognition = field(default_factory=Recognition)


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan brought."""

    place: str
    found: tuple[ScannedUnit, ...]
    silent: tuple[int, ...]
    """No answer in time."""
    absent: tuple[int, ...]
    """The gateway says that nobody is there."""
    timeout_s: float
    """The time limit in the end: longer than asked for if the line proved slow."""
    duration_s: float
    error: str | None = None
    """What ended the scan before its time; what was found until then stays."""

    @property
    def repeated(self) -> tuple[int, ...]:
        """Units with one and the same serial number: a device that answers to every number."""
        by_serial: dict[tuple[str | None, str], list[int]] = {}
        for one in self.found:
            identity = one.what.identity
            if identity.serial:
                key = (identity.manufacturer, identity.serial)
                by_serial.setdefault(key, []).append(one.unit)
        return max((tuple(u) for u in by_serial.values() if len(u) > 1), key=len, default=())

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values for JSON."""
        return {
            "place": self.place,
            "found": [_unit_document(one) for one in self.found],
            "silent": list(self.silent),
            "absent": list(self.absent),
            "repeated": list(self.repeated),
            "timeout_s": self.timeout_s,
            "duration_s": self.duration_s,
            "error": self.error,
        }


def parse_units(text: str) -> tuple[int, ...]:
    """Units of ``1-10,17,126``, in order, each once; DataError for what is none."""
    units: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise DataError(f"units {text!r}: {part.strip()!r} is no unit; expected 1-247 or 1,2,9")
        low, high = int(first), int(last or first)
        if low > high or high > 255:
            raise DataError(f"units {text!r}: {part.strip()!r}; expected 0 to 255, in order")
        units += range(low, high + 1)
    return tuple(dict.fromkeys(units))


def longest_s(connection: ModbusConnection, units: int, timeout_s: float, knocks: int = 1) -> float:
    """How long a scan takes if nobody answers, and the gateway waits no longer than we do."""
    if not connection.framing.has_numbered_frames:
        return units * knocks * (timeout_s + REST_S)
    return units * knocks * timeout_s + max(PATIENT_S, timeout_s)


async def scan(
    connection: ModbusConnection,
    units: Sequence[int],
    profiles: Iterable[DeviceProfile] = (),
    timeout_s: float = SHORT_S,
    knocks: Sequence[Knock] = (KNOCK,),
    hints: Mapping[int, Knock] | None = None,
    progress: Progress = lambda done, of: None,
    patient_s: float = PATIENT_S,
) -> Scan:
    """Knock at ``units``, and recognise by ``profiles`` those that answer; closes the connection.

    ``hints`` are better knocks for units that are known: a register that they are read for.
    Raises ConnectionFailed if the gateway cannot be reached at all.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    patient_s = max(patient_s, timeout_s)
    walk = _Walk(connection, timeout_s, patient_s, tuple(knocks), hints or {}, progress)
    error = None
    try:
        await connection.connect()
        try:
            await walk.knock_at(units)
            await walk.recognise_all(tuple(profiles))
        except ConnectionFailed as err:
            error = f"ended early: {err}"
    finally:
        await connection.close()
    return Scan(
        connection.place,
        tuple(walk.found[unit] for unit in sorted(walk.found)),
        tuple(sorted(walk.silent)),
        tuple(sorted(walk.absent)),
        walk.timeout_s,
        round(loop.time() - began, 3),
        error,
    )


@dataclass
class _Walk:
    connection: ModbusConnection
    timeout_s: float
    patient_s: float
    knocks: tuple[Knock, ...]
    hints: Mapping[int, Knock]
    progress: Progress
    found: dict[int, ScannedUnit] = field(default_factory=dict)
    silent: set[int] = field(default_factory=set)
    absent: set[int] = field(default_factory=set)
    waited_out: bool = False
    compared: bool = False

    async def knock_at(self, units: Sequence[int]) -> None:
        """Knock at each of ``units``; again at the silent ones if the line proves slow."""
        waiting = list(units)
        while waiting:
            unit = waiting.pop(0)
            self.progress(len(units) - len(waiting) - 1, len(units))
            before = self.timeout_s
            await self._knock_until_heard(unit)
            if unit in self.silent and self.connection.framing.has_numbered_frames:
                await self._doubt_the_silence(unit)
            if self.timeout_s > before:
                waiting = sorted(self.silent | set(waiting), key=units.index)
                self.silent.clear()
        self.progress(len(units), len(units))

    async def recognise_all(self, profiles: tuple[DeviceProfile, ...]) -> None:
        """Ask each unit that is there what it is, with time for a slow answer."""
        for number, (unit, one) in enumerate(sorted(self.found.items())):
            self.progress(number, len(self.found))
            limit_s = max(self.timeout_s, 5 * one.latency_ms / 1000)
            what = await recognise(self.connection, unit, profiles, limit_s)
            self.found[unit] = ScannedUnit(unit, one.answer, one.latency_ms, what)
        self.progress(len(self.found), len(self.found))

    async def _knock_until_heard(self, unit: int) -> None:
        own = self.hints.get(unit)
        for knock in (own, *self.knocks) if own else self.knocks:
            if await self._knock(unit, knock, self.timeout_s):
                return

    async def _doubt_the_silence(self, unit: int) -> None:
        """Find out, once each, whether the line is silent or slow."""
        if not self.waited_out:
            self.waited_out = True
            self._allow_for(await self._knock(unit, self.knocks[0], self.patient_s))
        if self.found and unit in self.silent and not self.compared:
            self.compared = True
            await self._knock_until_heard(unit)  # so that a gateway has something to wait for
            there = next(iter(self.found.values()))
            took_s = await self._knock(there.unit, self.knocks[0], self.patient_s)
            if took_s is not None and took_s > 2 * there.latency_ms / 1000 + _NOTICEABLE_S:
                self._allow_for(self.timeout_s + took_s)

    def _allow_for(self, took_s: float | None) -> None:
        if took_s is not None and took_s > self.timeout_s:
            self.timeout_s = round(_MARGIN * took_s, 3)

    async def _knock(self, unit: int, knock: Knock, limit_s: float) -> float | None:
        """Seconds until an answer, or None for silence; noted either way."""
        loop = asyncio.get_running_loop()
        if not self.connection.connected:
            await self.connection.connect()
        began = loop.time()
        try:
            await self.connection.read(knock[0], unit, knock[1], knock[2], limit_s)
            answer = "registers"
        except (NoReply, ConnectionFailed):
            if unit not in self.found:
                self.silent.add(
                    unit
                )  # some gateways hang up instead of saying that nobody is there
            return None
        except DeviceRefused as err:
            if err.code in _NOBODY:
                self.silent.discard(unit)
                self.absent.add(unit)
                return loop.time() - began
            answer = str(err)
        except BadReply as err:
            answer = str(err)
        took_s = loop.time() - began
        self.silent.discard(unit)
        self.found.setdefault(unit, ScannedUnit(unit, answer, round(took_s * 1000, 1)))
        return took_s


def _unit_document(one: ScannedUnit) -> dict[str, Any]:
    identity: Identity = one.what.identity
    return {
        "unit": one.unit,
        "answer": one.answer,
        "latency_ms": one.latency_ms,
        "profiles": list(one.what.profiles),
        "manufacturer": identity.manufacturer,
        "model": identity.model,
        "serial": identity.serial,
        "firmware": identity.firmware,
        "sunspec": _sunspec_document(one.what.sunspec),
    }


def _sunspec_document(found: Discovery | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "base": found.base,
        "models": [
            {"id": m.id, "name": model_name(m.id), "address": m.address, "length": m.length}
            for m in found.models
        ],
        "error": found.error,
    }
