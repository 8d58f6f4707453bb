"""Values that were read without fault and still cannot be believed: they are kept as *suspect*.

Three things a line or a device makes up, and that a single look can tell: more power or flow than
can pass the meter, a counter of all ones, and a counter that shows zero out of the blue. A zero
that stays is believed at the third look, for a new meter counts from zero; a zero after the end of
the register's scale is believed at once, for that is where it wraps. What needs more history
(jumps, resets) is judged where the counters are turned into energy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from collectors.devices.point import DevicePoint, ProfileKind, RegisterType
from collectors.devices.registers import MeasuredPoint, pattern_of, to_reading_value
from paes.metering import Finding, Quality, Reading
from paes.meters import FieldMeter

MARGIN = 1.2
"""How far beyond its rating a meter is believed."""
BELIEVED_AT = 3
"""Zeros in a row."""
NEAR_THE_END = 0.9
"""Part of a register's scale beyond which it may be at zero at the next look."""


class RatedPoint(MeasuredPoint, Protocol):
    """A point whose quantity tells what of the meter's rating bounds it."""

    @property
    def quantity(self) -> str | None: ...

    @property
    def scale(self) -> float: ...

    @property
    def rollover(self) -> float | None: ...


class Plausibility:
    """Judges the readings of one unit; remembers what its counters showed last."""

    def __init__(self) -> None:
        self._counted: dict[str, float] = {}
        self._zeros: dict[str, int] = {}

    def judge(
        self, meter: FieldMeter, point: DevicePoint, words: Sequence[int], reading: Reading
    ) -> tuple[Reading, Finding | None]:
        """``reading`` with its quality, and why it is suspect if it is; ``words`` are its own."""
        if point.kind is ProfileKind.COUNTER and _is_all_ones(point, words):
            why = "a counter of all ones is what many devices send when they have no value"
            return _suspect(reading, why)
        return self.judge_value(meter, point, reading)

    def judge_value(
        self, meter: FieldMeter, point: RatedPoint, reading: Reading
    ) -> tuple[Reading, Finding | None]:
        """The same for a value that did not come in registers."""
        if point.kind is ProfileKind.COUNTER and point.resets is None:
            why = self._of_counter(meter, point, reading)
        else:
            why = _beyond_rating(meter, point, reading)
        return (reading, None) if why is None else _suspect(reading, why)

    def _of_counter(self, meter: FieldMeter, point: RatedPoint, reading: Reading) -> str | None:
        name = reading.point
        if reading.value != to_reading_value(meter, point, 0.0, reading.at):
            self._counted[name] = reading.value
            self._zeros.pop(name, None)
            return None
        self._zeros[name] = self._zeros.get(name, 0) + 1
        last = self._counted.get(name)
        is_believed = self._zeros[name] >= BELIEVED_AT or _may_wrap(meter, point, last, reading)
        if last is not None and not is_believed:
            return "the counter showed more before and is at zero now"
        self._counted.pop(name, None)
        return None


def _may_wrap(meter: FieldMeter, point: RatedPoint, last: float | None, reading: Reading) -> bool:
    """True if ``last`` was so near the end of the register that it may have gone round."""
    if point.rollover is None or last is None:
        return False
    end = to_reading_value(meter, point, point.rollover * point.scale, reading.at)
    return last >= NEAR_THE_END * end


def _suspect(reading: Reading, why: str) -> tuple[Reading, Finding]:
    finding = Finding(
        "collect.suspect",
        reading.point,
        f"{reading.point}: {why}",
        reading.at,
        {"value": reading.value},
    )
    return replace(reading, quality=Quality.SUSPECT), finding


def _is_all_ones(point: DevicePoint, words: Sequence[int]) -> bool:
    if point.type.is_float or point.type is RegisterType.STR or point.width < 2:
        return False
    ones = (1 << 16 * point.width) - 1
    pattern = pattern_of(words, point.order)
    return pattern == (ones >> 1 if point.type.is_signed else ones)


def _beyond_rating(meter: FieldMeter, point: RatedPoint, reading: Reading) -> str | None:
    rating, unit = None, ""
    if point.quantity in ("active_power", "heat_power") and meter.rated_power_kw:
        rating, unit = 1000 * meter.rated_power_kw, "W"
    elif point.quantity == "flow_rate" and meter.rated_flow_m3_h:
        rating, unit = meter.rated_flow_m3_h, "m3/h"
    if rating is None or abs(reading.value) <= MARGIN * rating:
        return None
    return f"{reading.value:g} {unit} is more than can pass ({rating:g} {unit} rated)"
