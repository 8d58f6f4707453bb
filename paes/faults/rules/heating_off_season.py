"""Heating off season: heat passes on days on which none is allowed, or none is needed.

::

    summer base     median of the last summer before, by kind of day: of June to August, and of
                    warm days of May and September (schools are open then)
    limit           base + 3 x their median deviation, and at least 15 % of a winter's day more
    warm            outside the season, and not so cold that the law allows some hours; or within
                    it, 3 degC above the balance point of the year before (paes.baselines)
    sign            more than the limit on a warm day, three days in a row

Hot water and kitchens are the summer base. A building that takes nearly as much in summer (a pool)
is not judged: the law lets it. The base is frozen when an episode begins.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from pydantic import Field

from paes.baselines.baseline import Baseline, obstacle
from paes.baselines.days import Days
from paes.faults.episode import Episode, Stretch, stretches
from paes.faults.load_curve import Bools, Ints, LoadCurve
from paes.faults.rule import Parameters, Rule
from paes.faults.rules.heating_closed_hours import concerns
from paes.faults.signs.day_numbers import months, winters, years
from paes.faults.signs.occupancy import occupancy
from paes.faults.signs.windows import daily_picture, day_start, excess_between
from paes.faults.view import View
from paes.opening import DayKind
from paes.periods import Span
from paes.series import Floats

SUMMER = (6, 7, 8)
BESIDE = (5, 9)
_HALF = 0.5
OVER = 10
"""From this month on a summer is over, and tells the base."""


class HeatingOffSeasonParameters(Parameters):
    """See ``config/fault_rules/heating_off_season.yaml``."""

    deviations: float = Field(gt=0)
    least_of_winter_fraction: float = Field(gt=0, lt=1)
    least_known_fraction: float = Field(gt=0, le=1)
    warm_degc: float
    least_summer_days: int = Field(ge=5)
    least_winter_days: int = Field(ge=10)
    winter_to_summer_ratio: float = Field(gt=1)
    cold_degc: float
    above_balance_degc: float = Field(ge=0)
    lasting_days: int = Field(ge=1)
    quiet_days: int = Field(ge=1)


def find(curve: LoadCurve, days: Days, p: HeatingOffSeasonParameters) -> list[Episode]:
    """Every spell of heating off season, in order of time; ``days`` are the curve's local days.

    The excess of an hour is its share of what the day took beyond the base: likely beyond the
    median, low beyond the limit, high beyond the median less the deviation and with the days that
    were too cold or below the limit. Of a day that was measured in half the known hours are in it.
    """
    daily = curve.by_day(least_known=p.least_known_fraction)
    warm = _is_warm(daily, days, p)
    reference, since = daily.copy(), 0
    found: list[Episode] = []
    while True:
        base, spread, limit = _limits(reference, days, p)
        sign, known = _signs(daily, limit, warm, days, since)
        first = next(iter(stretches(sign, known, p.lasting_days, len(daily))), None)
        if first is None:
            return found
        at = first.first
        frozen = [_frozen(column, days, at) for column in (base, spread, limit)]
        sign, known = _signs(daily, frozen[2], warm, days, at)
        lasting = stretches(sign, known, p.lasting_days, p.quiet_days)
        if not lasting:
            since = at + 1  # it lasted by limits that changed with the year only
            continue
        stretch = lasting[0]
        found.append(_episode(curve, daily, frozen, warm, stretch))
        since = stretch.last + 1 if stretch.is_over else len(daily)
        reference[at:since] = np.nan


def _signs(
    daily: Floats, limit: Floats, warm: Bools, days: Days, since: int
) -> tuple[Bools, Bools]:
    """Days beyond the limit while it is warm, and days that can be judged from ``since`` on.

    A cold day outside the season says nothing; one within it is heated as it should be.
    """
    allowed = warm if days.in_season is None else warm | days.in_season
    known = ~np.isnan(daily) & ~np.isnan(limit) & ~np.isnan(days.degc) & allowed
    known &= np.arange(len(daily)) >= since
    beyond = np.nan_to_num(daily) > np.nan_to_num(limit, nan=np.inf)
    return known & warm & beyond, known


def _is_warm(daily: Floats, days: Days, p: HeatingOffSeasonParameters) -> Bools:
    season = np.ones(len(days), np.bool_) if days.in_season is None else days.in_season
    balance = _balance_degc(daily, days)
    with np.errstate(invalid="ignore"):
        beyond = days.degc > balance + p.above_balance_degc
        return np.asarray((~season & (days.degc >= p.cold_degc)) | (season & beyond))


def _balance_degc(daily: Floats, days: Days) -> Floats:
    """Of each day, the balance point of the year before its last 1 October; NaN if not known."""
    winter = np.where(months(days.first, len(days)) >= 10, 0, -1) + _years(days)
    balance = np.full(len(days), np.nan)
    for year in np.unique(winter).tolist():
        end = (np.datetime64(f"{year}-10-01") - np.datetime64(days.first, "D")).astype(int)
        begin = max(int(end) - 365, 0)
        if end - begin < 300:
            continue
        before = days.between(
            days.first + timedelta(days=begin), days.first + timedelta(days=int(end))
        )
        learnt = daily[begin : begin + len(before)]
        if obstacle("meter", learnt, before) is None:
            found = Baseline.fit(learnt, before).balance_heating_degc
            balance[winter == year] = np.nan if found is None else found
    return balance


def _years(days: Days) -> Ints:
    return years(days.first, len(days))


def _limits(
    daily: Floats, days: Days, p: HeatingOffSeasonParameters
) -> tuple[Floats, Floats, Floats]:
    """Base, its deviation, and the limit of each day, by the last summer that was over before."""
    month, year = months(days.first, len(days)), _years(days)
    winter = winters(days.first, len(days))
    of_summer = np.where(month >= OVER, year, year - 1)
    base, spread, limit = (np.full(len(days), np.nan) for _ in range(3))
    with np.errstate(invalid="ignore"):
        is_warm = np.isin(month, BESIDE) & (days.degc >= p.warm_degc)
    is_summer = np.isin(month, SUMMER) | is_warm
    is_open = days.kinds == DayKind.OPEN
    season = np.ones(len(days), np.bool_) if days.in_season is None else days.in_season
    for summer in np.unique(of_summer).tolist():
        warm = (year == summer) & is_summer & ~np.isnan(daily)
        cold = _of_season(daily, season, winter == summer - 1)
        if len(cold) < p.least_winter_days:
            cold = _of_season(daily, season, winter == summer)
        if warm.sum() < p.least_summer_days or len(cold) < p.least_winter_days:
            continue
        if np.median(cold) < p.winter_to_summer_ratio * np.median(daily[warm]):
            continue
        for alike in (is_open, ~is_open):
            own = daily[warm & alike]
            own = own if len(own) >= p.least_summer_days else daily[warm]
            middle = float(np.median(own))
            deviation = float(np.median(np.abs(own - middle)))
            more = max(p.deviations * deviation, p.least_of_winter_fraction * float(cold.mean()))
            where = (of_summer == summer) & alike
            base[where], spread[where], limit[where] = middle, deviation, middle + more
    return base, spread, limit


def _of_season(daily: Floats, season: Bools, among: Bools) -> Floats:
    return daily[among & season & ~np.isnan(daily)]


def _frozen(values: Floats, days: Days, at: int) -> Floats:
    """From day ``at`` on what held then, by kind of day: of the nearest day before it."""
    kept = values.copy()
    is_open = days.kinds == DayKind.OPEN
    for alike in (is_open, ~is_open):
        told = np.flatnonzero(alike[: at + 1] & ~np.isnan(values[: at + 1]))
        if len(told):
            kept[np.flatnonzero(alike & (np.arange(len(values)) >= at))] = values[told[-1]]
    return kept


def _episode(
    curve: LoadCurve, daily: Floats, frozen: list[Floats], warm: Bools, stretch: Stretch
) -> Episode:
    base, spread, limit = frozen
    first, last = stretch.first, stretch.last
    days = np.arange(first, last + 1)
    seen = days[(daily[days] > limit[days]) & warm[days]]
    loose = curve.by_day(least_known=_HALF)
    with np.errstate(invalid="ignore", divide="ignore"):
        counts = np.isin(np.arange(len(daily)), seen) | (warm & (loose > limit))
        beyond = [np.maximum(loose - b, 0) / loose for b in (base, limit, base - spread)]
    where = (curve.day >= first) & (curve.day <= last)
    likely, low, high = (np.minimum(part, 1.0)[curve.day] * curve.amounts for part in beyond)
    likely, low = (np.where(counts[curve.day], part, 0.0) for part in (likely, low))
    begin = day_start(curve, first)
    return Episode(
        start=begin,
        end=day_start(curve, last + 1),
        found=day_start(curve, stretch.found + 1),
        is_over=stretch.is_over,
        numbers={
            "day_kwh": float(np.median(daily[seen])),
            "usual_kwh": float(np.median(base[seen])),
            "threshold_kwh": float(np.median(limit[seen])),
            "days": float(len(seen)),
        },
        windows={"seen": Span(begin, day_start(curve, last + 1))},
        excess=excess_between(curve, where, likely, low, high),
        picture=daily_picture(curve, "kWh", daily, base, first, last),
    )


def look(view: View, p: HeatingOffSeasonParameters) -> list[Episode]:
    """The episodes of the meter that touch the view's span."""
    curve = view.hours
    used = occupancy(curve, view.opening)
    degc = view.degc(curve.first_day, len(used))
    season = view.in_season(curve.first_day, len(used))
    found = find(curve, Days(curve.first_day, degc, used.kinds, None, season), p)
    return [e for e in found if e.end > view.span.start and e.start < view.span.end]


RULE = Rule("heating_off_season", 1, HeatingOffSeasonParameters, concerns, look)
