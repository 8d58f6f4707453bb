"""Lamps that switch at the wrong time: earlier or later beside the sun than they used to.

What is usual is how many minutes after sunset a cabinet is switched on and after sunrise off, the
median of two weeks before, as it was then. Where that itself is far from twilight the cabinet never
was right, and is held against sunset and sunrise.

Light that burns too long is paid for. Light that comes too late or goes too early wastes nothing
and is a matter of safety: both minutes are told, and only the former have an excess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from pydantic import Field

from paes.faults.episode import Episode, Excess, Picture
from paes.faults.rule import Parameters, Rule
from paes.faults.signs.lit_nights import (
    QUARTER_S,
    Lights,
    Spell,
    feeds_a_cabinet,
    lights_of,
    spells,
)
from paes.faults.signs.switching import Switched, switched
from paes.faults.signs.windows import daily_picture, day_start
from paes.faults.view import View
from paes.periods import Span, from_seconds
from paes.series import Floats

_TO_DEVIATION = 1.4826


class SwitchingTimeParameters(Parameters):
    """Of the rule."""

    plateau_from_fraction: float = Field(gt=0, lt=1)
    least_plateau_quarters: int = Field(ge=2)
    burning_from_fraction: float = Field(gt=0, lt=1)
    usual_nights: int = Field(ge=7)
    off_by_min: float = Field(gt=0)
    nights_in_a_row: int = Field(ge=1)
    quiet_nights: int = Field(ge=1)
    spreads: float = Field(ge=0)


_MINUTE_MIN = 1.0


@dataclass(frozen=True)
class Usual:
    """Minutes after sunset (on) and after sunrise (off), and how true they are."""

    on_min: float
    off_min: float
    on_spread_min: float
    off_spread_min: float


def find(lights: Lights, parameters: SwitchingTimeParameters) -> list[Episode]:
    """The nights in a row with a switch at the wrong time."""
    p = parameters
    seen = switched(
        lights,
        lights.plateaus_kw(p.plateau_from_fraction, p.least_plateau_quarters),
        p.burning_from_fraction,
    )
    known = np.flatnonzero(~np.isnan(seen.on_min) & ~np.isnan(seen.off_min))
    return [_episode(lights, seen, spell, p) for spell in _wrong(seen, known.tolist(), p)]


def _wrong(seen: Switched, known: list[int], p: SwitchingTimeParameters) -> list[Spell[Usual]]:
    def usual_of(nights: Sequence[int]) -> Usual | None:
        if len(nights) < p.usual_nights:
            return None
        last = list(nights[-p.usual_nights :])
        on, off = (_median(column[last], p.off_by_min) for column in (seen.on_min, seen.off_min))
        return Usual(on[0], off[0], on[1], off[1])

    def has_sign(night: int, usual: Usual) -> bool:
        on, off = seen.on_min[night] - usual.on_min, seen.off_min[night] - usual.off_min
        return bool(max(abs(on), abs(off)) > p.off_by_min)

    def is_sure(run: Sequence[int], _: Usual) -> bool:
        return len(run) >= p.nights_in_a_row

    return spells(known, usual_of, has_sign, is_sure, p.quiet_nights)


def _median(minutes: Floats, off_by_min: float) -> tuple[float, float]:
    """The median with its spread; 0 (the sun itself) where that is more than twice off by it."""
    median = float(np.median(minutes))
    spread = _TO_DEVIATION * float(np.median(np.abs(minutes - median)))
    return (median, spread) if abs(median) <= 2 * off_by_min else (0.0, off_by_min / 2)


def _episode(
    lights: Lights, seen: Switched, spell: Spell[Usual], p: SwitchingTimeParameters
) -> Episode:
    first, last, usual = spell.first, spell.last, spell.usual
    on = seen.on_min[first : last + 1] - usual.on_min
    off = seen.off_min[first : last + 1] - usual.off_min
    wrong = np.fmax(np.abs(on), np.abs(off)) > p.off_by_min
    on_by, off_by = float(np.nanmedian(on[wrong])), float(np.nanmedian(off[wrong]))
    excess = _excess(lights, seen, spell, p)
    numbers = {
        "on_early_min": max(-on_by, 0.0),
        "on_late_min": max(on_by, 0.0),
        "off_early_min": max(-off_by, 0.0),
        "off_late_min": max(off_by, 0.0),
        "lit_too_long_min": max(-on_by, 0.0) + max(off_by, 0.0),
        "dark_too_long_min": max(on_by, 0.0) + max(-off_by, 0.0),
        "usual_on_after_sunset_min": usual.on_min,
        "usual_off_after_sunrise_min": usual.off_min,
        "wasted_kwh": float(excess.likely.sum()),
        "nights": float(wrong.sum()),
    }
    before = max(first - p.usual_nights, 0)
    return Episode(
        start=_minute(min(lights.sunset_s[first], seen.on_s[first])),
        end=_morning(lights, seen, last),
        found=_morning(lights, seen, spell.sure),
        is_over=spell.is_over,
        numbers=numbers,
        windows={"usual": Span(day_start(lights.curve, before), day_start(lights.curve, first))}
        if first > before
        else {},
        excess=excess,
        picture=_picture(lights, seen, spell),
    )


def _morning(lights: Lights, seen: Switched, night: int) -> datetime:
    """When a night was over; as far as it was seen, if it is not."""
    morning = _minute(max(lights.sunrise_s[night + 1], seen.off_s[night]))
    return min(morning, from_seconds(lights.curve.end_s))


def _minute(at_s: float) -> datetime:
    """The nearest whole minute: nobody knows a switch better."""
    return from_seconds(round(at_s / 60) * 60)


def _excess(
    lights: Lights, seen: Switched, spell: Spell[Usual], p: SwitchingTimeParameters
) -> Excess:
    """What burned before the usual time in the evening, and after it in the morning.

    By quarter hours of the nights on which that side is off by more than is allowed, each with the
    part of it that lies outside the usual times. The bounds move these by ``spreads`` of what they
    are true to, which is a minute at best.
    """
    rows: list[tuple[int, float, float, float]] = []
    for night in range(spell.first, spell.last + 1):
        for side in (-1, 1):
            rows += _side(lights, seen, spell.usual, night, side, p)
    starts = np.array([row[0] for row in rows], dtype=np.int64)
    low, likely, high = np.array([row[1:] for row in rows], dtype=np.float64).reshape(-1, 3).T
    order = np.argsort(starts)
    return Excess(starts[order], QUARTER_S, likely[order], low[order], high[order])


def _side(
    lights: Lights,
    seen: Switched,
    usual: Usual,
    night: int,
    side: int,
    p: SwitchingTimeParameters,
) -> list[tuple[int, float, float, float]]:
    """Start, low, likely and high kWh of the quarter hours outside the usual times; -1 evening."""
    if side < 0:
        by_min, spread_min = seen.on_min[night] - usual.on_min, usual.on_spread_min
        edge_s = lights.sunset_s[night] + 60 * usual.on_min
    else:
        by_min, spread_min = seen.off_min[night] - usual.off_min, usual.off_spread_min
        edge_s = lights.sunrise_s[night + 1] + 60 * usual.off_min
    if not side * by_min > p.off_by_min:
        return []
    spread_min = max(spread_min, _MINUTE_MIN)
    steps = lights.steps(night)
    start, kwh = lights.curve.seconds[steps], lights.curve.amounts[steps]
    found = []
    for shift_s in (60 * p.spreads * spread_min, 0.0, -60 * p.spreads * spread_min):
        edge = edge_s + side * shift_s
        part = (edge - start) if side < 0 else (start + QUARTER_S - edge)
        lit = (start + QUARTER_S > seen.on_s[night]) & (start < seen.off_s[night])
        found.append(np.where(lit, np.clip(part / QUARTER_S, 0.0, 1.0), 0.0) * kwh)
    low, likely, high = found
    counts = (high > 0) & ~np.isnan(kwh)
    columns = (start[counts], low[counts], likely[counts], high[counts])
    return [(int(s), float(a), float(b), float(c)) for s, a, b, c in zip(*columns, strict=True)]


def _picture(lights: Lights, seen: Switched, spell: Spell[Usual]) -> Picture:
    """Hours of light of each night, beside those that the sun and the usual times make."""
    nights = np.arange(lights.nights)
    sun_s = lights.sunrise_s[nights + 1] - lights.sunset_s[nights]
    usual = (sun_s / 60 + spell.usual.off_min - spell.usual.on_min) / 60
    lit = (seen.off_s - seen.on_s) / 3600
    return daily_picture(lights.curve, "h", lit, usual, spell.first, spell.last)


def look(view: View, parameters: SwitchingTimeParameters) -> list[Episode]:
    """The nights behind the cabinet's meter that touch the view's span."""
    found = find(lights_of(view), parameters)
    return [e for e in found if e.end > view.span.start or not e.is_over]


RULE = Rule("switching_time", 1, SwitchingTimeParameters, feeds_a_cabinet, look)
