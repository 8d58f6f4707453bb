"""Lamps that burn by day: a relay that sticks, a switch left on by hand, a blind light sensor.

A quarter hour burns if its power is above a part of the plateau of the nights before; only those
well after sunrise and well before sunset count, so that a late or early switch is another matter.
The malfunction does not touch what it is measured by: the nights' light.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from paes.faults.episode import Episode, Excess, Picture, Stretch, stretches
from paes.faults.load_curve import Bools
from paes.faults.rule import Parameters, Rule
from paes.faults.signs.lit_nights import DARK_BELOW, QUARTER_S, Lights, feeds_a_cabinet, lights_of
from paes.faults.signs.windows import daily_picture, day_start, window_median
from paes.faults.view import View
from paes.periods import Span, from_seconds
from paes.series import Floats

_LOW, _HIGH = 0.05, 0.95
_H = QUARTER_S / 3600.0


class DayBurnerParameters(Parameters):
    """Of the rule."""

    plateau_from_fraction: float = Field(gt=0, lt=1)
    least_plateau_quarters: int = Field(ge=2)
    usual_nights: int = Field(ge=7)
    least_usual_nights: int = Field(ge=3)
    burning_from_fraction: float = Field(gt=0, lt=1)
    after_sunrise_min: float = Field(ge=0)
    before_sunset_min: float = Field(ge=0)
    least_h: float = Field(gt=0)
    days_in_a_row: int = Field(ge=1)
    quiet_days: int = Field(ge=1)


def find(lights: Lights, parameters: DayBurnerParameters) -> list[Episode]:
    """The days in a row on which the lamps burned with the sun high up."""
    p, curve = parameters, lights.curve
    plateaus_kw = _plateau_before(lights, p)
    by_day = sunny(lights, p)
    level_kw = p.burning_from_fraction * plateaus_kw[curve.day]
    burns = by_day & (curve.per_hour > level_kw)
    count = len(lights.sunset_s)
    hours = np.bincount(curve.day[burns], minlength=count) * _H
    unknown_h = np.bincount(curve.day[by_day & ~curve.known], minlength=count) * _H
    sign = hours >= p.least_h
    is_day = np.bincount(curve.day[by_day], minlength=count) > 0
    known = is_day & ~np.isnan(plateaus_kw) & (sign | (unknown_h < p.least_h))
    found = stretches(sign, known, p.days_in_a_row, p.quiet_days)
    seen_h = np.where(known, hours, np.nan)
    return [_episode(lights, s, burns, by_day, seen_h, plateaus_kw, level_kw, p) for s in found]


def sunny(lights: Lights, p: DayBurnerParameters) -> Bools:
    """The quarter hours that lie whole between some time after sunrise and before sunset."""
    start, day = lights.curve.seconds, lights.curve.day
    risen = start >= lights.sunrise_s[day] + 60 * p.after_sunrise_min
    return np.asarray(
        risen & (start + QUARTER_S <= lights.sunset_s[day] - 60 * p.before_sunset_min)
    )


def _plateau_before(lights: Lights, p: DayBurnerParameters) -> Floats:
    """For each day the median plateau of the nights before it; NaN where too few are known.

    A night that stayed dark says nothing of the light.
    """
    nights = lights.plateaus_kw(p.plateau_from_fraction, p.least_plateau_quarters)
    nights[nights < DARK_BELOW * np.fmax.accumulate(nights)] = np.nan
    nights = np.concatenate([nights, np.full(len(lights.sunset_s) - len(nights), np.nan)])
    return window_median(nights, p.usual_nights, 1, p.least_usual_nights)


def _episode(
    lights: Lights,
    stretch: Stretch,
    burns: Bools,
    by_day: Bools,
    hours: Floats,
    plateaus_kw: Floats,
    level_kw: Floats,
    p: DayBurnerParameters,
) -> Episode:
    curve, first, last = lights.curve, stretch.first, stretch.last
    before = max(first - p.usual_nights, 0)
    among = (curve.day >= before) & (curve.day < first) & by_day & ~burns & curve.known
    usual_kw = _of(curve.per_hour[among])
    within = burns & (curve.day >= first) & (curve.day <= last)
    days = np.flatnonzero(hours[first : last + 1] >= p.least_h) + first
    return Episode(
        start=from_seconds(curve.seconds[within][0]),
        end=from_seconds(curve.seconds[within][-1] + QUARTER_S),
        found=day_start(curve, stretch.found + 1),
        is_over=stretch.is_over,
        numbers={
            "day_hours": float(np.median(hours[days])),
            "day_kw": float(np.median(curve.per_hour[within])),
            "usual_day_kw": float(usual_kw[1]),
            "night_kw": float(plateaus_kw[first]),
            "days": float(len(days)),
        },
        windows={"usual": Span(day_start(curve, before), day_start(curve, first))}
        if first > before
        else {},
        excess=_excess(lights, within, _beside(lights, within, level_kw), usual_kw),
        picture=_picture(lights, hours, first, last),
    )


def _of(day_kw: Floats) -> Floats:
    """What a cabinet takes by day with its lamps off: low, median, high; 0 if never seen."""
    if len(day_kw) == 0:
        return np.zeros(3)
    return np.quantile(day_kw, [_LOW, 0.5, _HIGH])


def _beside(lights: Lights, within: Bools, level_kw: Floats) -> Bools:
    """The quarter hours after sunrise and before sunset that burn on without a break to ``within``.

    They are no sign, for a late switch is none; but who burns by day burns there, too.
    """
    curve = lights.curve
    start, day = curve.seconds, curve.day
    is_day = (start >= lights.sunrise_s[day]) & (start + QUARTER_S <= lights.sunset_s[day])
    lit = is_day & (curve.per_hour > level_kw)
    run = np.cumsum(np.diff(np.concatenate([[0], lit.astype(np.int8)])) == 1)
    return np.asarray(lit & np.isin(run, np.unique(run[within])) & ~within)


def _excess(lights: Lights, within: Bools, beside: Bools, usual_kw: Floats) -> Excess:
    """What burned by day, less what the cabinet takes by day with its lamps off.

    The bounds are those of the latter: 5 and 95 % of the quarter hours of the weeks before. What
    burned near sunrise and sunset is not in the low one.
    """
    used = within | beside
    kw = lights.curve.per_hour[used]
    low, likely, high = (np.maximum(kw - usual, 0.0) * _H for usual in usual_kw[::-1])
    low = np.where(beside[used], 0.0, low)
    return Excess(lights.curve.seconds[used], QUARTER_S, likely, low, high)


def _picture(lights: Lights, hours: Floats, first: int, last: int) -> Picture:
    """Hours of light by day, of each day; usual are none."""
    return daily_picture(lights.curve, "h", hours, np.zeros(len(hours)), first, last)


def look(view: View, parameters: DayBurnerParameters) -> list[Episode]:
    """The days behind the cabinet's meter that touch the view's span."""
    found = find(lights_of(view), parameters)
    return [e for e in found if e.end > view.span.start or not e.is_over]


RULE = Rule("day_burner", 1, DayBurnerParameters, feeds_a_cabinet, look)
