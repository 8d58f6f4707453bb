"""What is asked of whom on an M-Bus: computed once, before the first request.

A meter answers with all it has, so the plan has no blocks: only addresses, and which points are
taken out of each answer. The slowest meter sets the pace that is reckoned with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from collectors.mbus.link import SELECTED
from collectors.mbus.profile import MbusPoint, MbusProfile
from paes.errors import DataError
from paes.gateways import Gateway
from paes.meters import FieldMeter


@dataclass(frozen=True, slots=True)
class MbusUnit:
    """One meter on the bus, with every measuring position that is read from it."""

    address: int
    """0 to 250, or 253 for a meter that is selected by its number first."""
    secondary: str | None
    """The number on its face (8 digits), if it is found by that."""
    wanted: tuple[tuple[FieldMeter, MbusPoint], ...]
    max_telegrams: int

    @property
    def name(self) -> str:
        """What it is called in reports: its number or its primary address."""
        return self.secondary or str(self.address)

    @property
    def meters(self) -> tuple[FieldMeter, ...]:
        """The measuring positions, each once."""
        return tuple({meter.id: meter for meter, _ in self.wanted}.values())


@dataclass(frozen=True, slots=True)
class MbusPlan:
    """What is read behind one level converter, in the order of the bus."""

    gateway: Gateway
    units: tuple[MbusUnit, ...]
    baud: int

    @property
    def meters(self) -> tuple[FieldMeter, ...]:
        """Every meter behind it."""
        return tuple(meter for unit in self.units for meter in unit.meters)


def plan_mbus(
    gateway: Gateway, meters: Iterable[FieldMeter], profiles: Mapping[str, object]
) -> MbusPlan:
    """The plan of ``meters`` behind ``gateway``; ``profiles`` by device id.

    Raises DataError for a device that is no M-Bus meter, and for one that is to count pulses.
    """
    shared: dict[tuple[str, int], list[tuple[FieldMeter, MbusProfile]]] = {}
    for meter in meters:
        place = (meter.secondary_address or "", SELECTED if meter.secondary_address else meter.unit)
        shared.setdefault(place, []).append((meter, _profile_of(meter, profiles)))
    bauds = [profile.link.baud for there in shared.values() for _, profile in there]
    return MbusPlan(
        gateway,
        tuple(_unit(*place, there) for place, there in sorted(shared.items(), key=lambda i: i[0])),
        gateway.serial.baud if gateway.serial else min(bauds),
    )


def _profile_of(meter: FieldMeter, profiles: Mapping[str, object]) -> MbusProfile:
    profile = profiles[meter.device]
    if not isinstance(profile, MbusProfile):
        raise DataError(f"meter {meter.id}: device {meter.device} is no M-Bus meter")
    if meter.pulse:
        raise DataError(
            f"meter {meter.id}: pulse: has no meaning on an M-Bus, whose records have units"
        )
    return profile


def _unit(secondary: str, address: int, there: list[tuple[FieldMeter, MbusProfile]]) -> MbusUnit:
    wanted = [
        (meter, point)
        for meter, profile in there
        for point in _points(meter, profile, is_shared=len(there) > 1)
    ]
    most = max(profile.read.max_telegrams for _, profile in there)
    return MbusUnit(address, secondary or None, tuple(wanted), most)


def _points(meter: FieldMeter, profile: MbusProfile, is_shared: bool) -> tuple[MbusPoint, ...]:
    """All that a meter tells; where it has several counters for several meters, each its own."""
    if is_shared and meter.register_name:
        return (profile.point(meter.register_name),)
    return profile.points
