"""Hours in which a building is heated though nobody is there.

::

    level       median power of the opening hours of the last 28 days
    on          an hour of more than 35 % of the level
    vacant      hours of closed days, and of open ones outside the hours, but for the warming up
    frosty      days on which a building must not freeze: they are not judged

A closed day has the sign with 4 hours on, a night of an open day with all 4 from 00 to 04. Whether
that is new or a *habit* is told by the season before: it is one if enough of its days had it. Days
of an episode are in no reference. A season runs from July to June and has its year's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from paes.faults.load_curve import Bools, Ints, LoadCurve
from paes.faults.rule import Parameters
from paes.faults.signs.day_numbers import months, winters
from paes.faults.signs.occupancy import Occupancy
from paes.faults.signs.windows import window_median
from paes.series import Floats

NIGHT = (0.0, 4.0)
NIGHT_H = 4.0


class HeatedHoursParameters(Parameters):
    """What both rules of heated hours share."""

    on_fraction: float = Field(gt=0, lt=1)
    level_days: int = Field(ge=7)
    least_level_days: int = Field(ge=1)
    least_level_fraction: float = Field(ge=0, le=1)
    warming_up_h: float = Field(ge=0, le=12)
    frost_degc: float
    least_on_h: float = Field(gt=0, le=24)
    unknown_at_most_h: float = Field(ge=0, lt=24)
    winter_to_summer_ratio: float = Field(gt=1)
    least_correlation: float = Field(ge=0, lt=1)
    reheat_fraction: float = Field(ge=0, lt=1)
    reheat_at_most_fraction: float = Field(ge=0, lt=1)
    least_closed_days: int = Field(ge=1)
    least_nights: int = Field(ge=1)


@dataclass(frozen=True)
class HeatedHours:
    """Of each local day of ``curve``; hours are NaN where they cannot be judged.

    ``closed_on_h``: hours on of closed days; ``night_on_h``: hours on from 00 to 04 of open days.
    ``threshold_kw`` is above what an hour is on; ``is_on`` are the vacant steps that are;
    ``is_empty`` those in which nobody is there, with those of warming up.
    """

    curve: LoadCurve
    closed_on_h: Floats
    night_on_h: Floats
    level_kw: Floats
    threshold_kw: Floats
    idle_kw: Floats
    is_on: Bools
    is_empty: Bools
    season: Ints

    def __len__(self) -> int:
        return len(self.season)


def heated_hours(
    curve: LoadCurve, used: Occupancy, degc: Floats, in_season: Bools, p: HeatedHoursParameters
) -> HeatedHours:
    """The heated hours of ``curve``; ``degc`` and ``in_season`` are those of its local days.

    A day is judged if its vacant hours were measured (of a night all), it lies within the season,
    and it is known not to be frosty.
    """
    power = curve.per_hour
    season = winters(curve.first_day, len(used))
    level = _level(curve, used, season, in_season, p)
    threshold = p.on_fraction * level
    vacant = used.vacant(curve, p.warming_up_h)
    with np.errstate(invalid="ignore"):
        is_on = vacant & (power > threshold[curve.day])
        mild = in_season & (degc >= p.frost_degc) & ~np.isnan(threshold)
    night = curve.of_hours(*NIGHT)
    whole_night = _hours(curve, night & vacant) >= NIGHT_H
    closed_on = _on_hours(curve, is_on, vacant, p.unknown_at_most_h)
    closed_on = np.where(mild & ~used.is_open, closed_on, np.nan)
    night_on = _on_hours(curve, is_on, night & vacant, 0.0)
    night_on = np.where(mild & used.is_open & whole_night, night_on, np.nan)
    idle = _by_day_median(curve, np.where(vacant & ~is_on, power, np.nan))
    idle = window_median(np.where(in_season, idle, np.nan), p.level_days, 0, p.least_level_days)
    empty = used.vacant(curve, 0.0)
    return HeatedHours(curve, closed_on, night_on, level, threshold, idle, is_on, empty, season)


def follows_cold(
    curve: LoadCurve, used: Occupancy, degc: Floats, in_season: Bools, p: HeatedHoursParameters
) -> bool:
    """Whether the meter clearly heats: more in the season than in June, July and August, and more
    on its colder open days than on its milder ones.

    A school's kitchen rests in summer as well, and takes the same in every winter.
    """
    day = curve.by_day(least_known=0.9)
    month = months(curve.first_day, len(day))
    known = ~np.isnan(day) & ~np.isnan(degc)
    warm, cold = day[known & (month >= 6) & (month <= 8)], day[known & in_season]
    if len(cold) < p.least_closed_days or not np.median(cold) > 0:
        return False
    if len(warm) and np.median(cold) < p.winter_to_summer_ratio * np.median(warm):
        return False
    of = known & in_season & used.is_open
    if of.sum() < p.least_nights or np.ptp(day[of]) == 0 or np.ptp(degc[of]) == 0:
        return False
    return float(np.corrcoef(day[of], degc[of])[0, 1]) <= -p.least_correlation


def habit(hours: Floats, fraction: float, least: int) -> float:
    """Above what fewer than ``fraction`` of known days are; NaN with fewer than ``least`` days."""
    known = hours[~np.isnan(hours)]
    return float(np.quantile(known, 1 - fraction)) if len(known) >= least else float("nan")


def amounts_beyond(
    heated: HeatedHours, first: int, last: int, p: HeatedHoursParameters
) -> tuple[Bools, Floats, Floats, Floats]:
    """The steps on of the days ``first`` to ``last``, and likely, low and high amounts of each.

    Likely is what passed beyond a vacant hour that was not on, as they were before it began, less
    what the building would have needed to get warm again; low the same beyond the threshold, of a
    heavy building; high without getting warm again, and after a night on with the hours of warming
    up before the building opens, for one that is warm needs none.
    """
    curve, hours = heated.curve, heated.curve.step_s / 3600.0
    inside = (curve.day >= first) & (curve.day <= last)
    idle_kw = np.nan_to_num(heated.idle_kw[max(first - 1, 0) : last + 1])
    threshold = heated.threshold_kw[curve.day] * hours
    likely = curve.amounts - np.minimum(idle_kw[0] * hours, threshold)
    low = (curve.amounts - threshold) * (1 - p.reheat_at_most_fraction)
    high = curve.amounts - np.minimum(idle_kw.min() * hours, threshold)
    at_night = np.bincount(curve.day[heated.is_on & curve.of_hours(*NIGHT)], minlength=len(heated))
    with np.errstate(invalid="ignore"):
        before_opening = heated.is_empty & (curve.amounts > threshold)
    before_opening &= inside & (at_night * hours >= NIGHT_H)[curve.day]
    likely = np.where(heated.is_on, likely * (1 - p.reheat_fraction), 0.0)
    return inside & heated.is_on | before_opening, likely, low * heated.is_on, high


def runs_of(days: Bools) -> Sequence[tuple[int, int]]:
    """First and last day of each run of true days."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], days.astype(np.int8), [0]])))
    return [(int(a), int(b) - 1) for a, b in edges.reshape(-1, 2)]


def _level(
    curve: LoadCurve, used: Occupancy, season: Ints, in_season: Bools, p: HeatedHoursParameters
) -> Floats:
    """Power of the opening hours lately; at least a part of that of the season before."""
    of_day = _by_day_median(curve, np.where(used.occupied(curve), curve.per_hour, np.nan))
    of_day = np.where(in_season, of_day, np.nan)
    lately = window_median(of_day, p.level_days, 0, p.least_level_days)
    floor = np.zeros(len(lately))
    for year in np.unique(season).tolist():
        before = of_day[(season == year - 1) & ~np.isnan(of_day)]
        if len(before) >= p.least_nights:
            floor[season == year] = p.least_level_fraction * float(np.median(before))
    return np.where(lately > 0, np.maximum(lately, floor), np.nan)


def _by_day_median(curve: LoadCurve, power: Floats) -> Floats:
    """The median of what is known of each local day."""
    count = int(curve.day[-1]) + 1
    first = np.searchsorted(curve.day, np.arange(count))
    place = np.arange(len(curve)) - first[curve.day]
    table = np.full((count, 25 * 3600 // curve.step_s), np.nan)
    table[curve.day, place] = power
    table.sort(axis=1)
    known = table.shape[1] - np.isnan(table).sum(axis=1)
    rows = np.arange(count)
    low = table[rows, np.maximum(known - 1, 0) // 2]
    return np.asarray((low + table[rows, np.minimum(known // 2, table.shape[1] - 1)]) / 2)


def _on_hours(curve: LoadCurve, is_on: Bools, among: Bools, unknown_at_most_h: float) -> Floats:
    """Hours that were seen on, of each day ``among`` the steps; NaN where too many are unknown."""
    count = int(curve.day[-1]) + 1
    unknown = _hours(curve, among & ~curve.known)
    asked = np.bincount(curve.day[among], minlength=count)
    on = np.bincount(curve.day[among & is_on], minlength=count) * (curve.step_s / 3600.0)
    return np.where((unknown <= unknown_at_most_h) & (asked > 0), on, np.nan)


def _hours(curve: LoadCurve, among: Bools) -> Floats:
    count = int(curve.day[-1]) + 1
    return np.asarray(np.bincount(curve.day[among], minlength=count) * (curve.step_s / 3600.0))
