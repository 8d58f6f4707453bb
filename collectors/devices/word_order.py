"""Which of the four word orders makes sense of what a device sent.

A wrong order seldom fails: it makes another number of the same words. But the number is then
mostly one that the quantity cannot be (1.2e-38 V, 3,600,000,000 W), and the same order is right
for nearly every point of a device. So each point's value is held against what its quantity can be
in a building, and the points of a device vote. A value of 0 says nothing, in any order.

The ranges are wide on purpose: they tell orders apart, and never decide about a reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from collectors.devices.point import DevicePoint, ProfileKind, RegisterType, WordOrder
from collectors.devices.registers import Value
from paes.units import canonical_unit, factor_to_canonical

# canonical unit -> (least, most) magnitude: 50 Hz +-15 %, and what a town's largest single meter
# can carry (10 MW, 100 GWh, 100 million m3).
CREDIBLE: Mapping[str, tuple[float, float]] = {
    "V": (1.0, 42_000.0),
    "A": (1e-3, 10_000.0),
    "Hz": (42.5, 57.5),
    **dict.fromkeys(("W", "var", "VA"), (1e-2, 1e7)),
    **dict.fromkeys(("kWh", "kvarh", "kVAh"), (1e-3, 1e8)),
    "m3": (1e-4, 1e8),
    "m3/h": (1e-4, 1e4),
    "degC": (1e-2, 250.0),
    "K": (1e-3, 200.0),
    "1": (1e-3, 1.0),
    "deg": (1e-2, 360.0),
    "s": (1.0, 4e9),
    "pulse": (1.0, 1e9),
}

# Of the mains: 230 and 400 V +10/-15 % (EN 50160), or 10 to 20 kV with phase and line voltages. It
# is what tells orders apart whose other numbers are all small.
MAINS_V = ((195.0, 254.0), (339.0, 441.0), (5_000.0, 25_000.0))


@dataclass(frozen=True, slots=True)
class OrderVote:
    """How many of a device's values are credible in the profile's order, and in the best one."""

    declared: WordOrder
    best: WordOrder
    declared_credible: int
    best_credible: int
    judged: int
    """Points of several registers that are not zero and whose quantity has a range."""

    @property
    def agrees(self) -> bool:
        """True unless another order explains strictly more of the values."""
        return self.best is self.declared

    @property
    def is_telling(self) -> bool:
        """True if the best order explains more than half of the values."""
        return 2 * self.best_credible > self.judged


def is_votable(point: DevicePoint) -> bool:
    """True if the order of the words matters to ``point`` and its number can be judged."""
    return (
        point.width > 1
        and point.type is not RegisterType.STR
        and point.kind in (ProfileKind.COUNTER, ProfileKind.GAUGE)
        and canonical_unit(point.unit) in CREDIBLE
    )


def is_credible(point: DevicePoint, value: Value | None) -> bool:
    """True if ``value`` (in the point's unit) can be what the point measures; 0 is not judged."""
    if value is None or isinstance(value, str):
        return False
    ranges = MAINS_V if point.quantity == "voltage" else (CREDIBLE[canonical_unit(point.unit)],)
    magnitude = abs(value) * factor_to_canonical(point.unit)
    return any(least <= magnitude <= most for least, most in ranges)


def plausible_order(point: DevicePoint, values: Mapping[str, Value | None]) -> str | None:
    """The order to believe for one point, whose ``values`` are given by order.

    The point's own if its value is credible; else the only other one that is; else None.
    """
    if not is_votable(point):
        return None
    credible = [order for order, value in values.items() if is_credible(point, value)]
    if point.order.value in credible:
        return point.order.value
    return credible[0] if len(credible) == 1 else None


def vote(points: Iterable[tuple[DevicePoint, Mapping[str, Value | None]]]) -> OrderVote | None:
    """What all points of a device say together; None if not one of them can be judged.

    Points that declare another order than most of the device are left out.
    """
    judged = [(p, v) for p, v in points if is_votable(p) and any(v.values())]
    if not judged:
        return None
    orders = [p.order for p, _ in judged]
    declared = max(WordOrder, key=orders.count)
    votes = {
        order: sum(is_credible(p, v[order.value]) for p, v in judged if p.order is declared)
        for order in WordOrder
    }
    best = max(WordOrder, key=lambda o: (votes[o], o is declared))
    return OrderVote(declared, best, votes[declared], votes[best], orders.count(declared))
