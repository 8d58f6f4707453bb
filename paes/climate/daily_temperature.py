"""Daily mean temperatures of a city, each measured, estimated from its neighbours, or unknown.

::

    hours    mean of what was measured; up to 6 missing ones in a row are drawn straight
    day      mean of its hours, if at least 18 of 24 were measured: else it is missing
    missing  up to 14 days in a row: drawn straight between the days around, and between bounds
             longer: unknown, and never 0

The bounds of an estimated day are the coldest and the warmest measured day of the 15 days on
either side, widened by half their standard deviation. Of days that were taken out of three years
at Bedford, 95 of 100 lie within, and of the degree days of such a gap 99 (measured by
``tests/core/test_degree_days.py``). Days are local, of 23 to 25 hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from paes.climate.weather import HOUR_S, HourlyTemperatures, outdoor_temperatures
from paes.periods import By, Seconds, Span, edges, local_midnight
from paes.series import Floats
from paes.store import Store

MIN_COVERAGE = 0.75
"""Of a day's hours: 18 of 24, so that a day seen by daylight only is none."""
LONGEST_DRAWN_H = 6
LONGEST_ESTIMATED_DAYS = 14
WINDOW_DAYS = 15
LEAST_IN_WINDOW = 7
"""Measured days around an estimated one, or nobody can say how cold it may have been."""
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class DailyTemperatures:
    """One row a local day from ``first`` on, in degC; NaN where nothing is known.

    A measured day has ``low`` and ``high`` equal to its mean. ``hours_by`` counts for how many
    hours each point was taken.
    """

    first: date
    mean: Floats
    low: Floats
    high: Floats
    is_measured: Bools
    hours_by: dict[str, int]

    def __len__(self) -> int:
        return len(self.mean)

    @property
    def days(self) -> list[date]:
        """The days."""
        return [self.first + timedelta(days=n) for n in range(len(self))]

    @property
    def is_estimated(self) -> Bools:
        """Days that were missing, and have an estimate."""
        return np.asarray(~self.is_measured & ~np.isnan(self.mean))

    def between(self, first: date, end: date) -> DailyTemperatures:
        """The days from ``first`` up to ``end``, which is not included."""
        begin = max((first - self.first).days, 0)
        stop = max((end - self.first).days, begin)
        part = slice(begin, stop)
        return DailyTemperatures(
            self.first + timedelta(days=begin),
            self.mean[part],
            self.low[part],
            self.high[part],
            self.is_measured[part],
            self.hours_by,
        )


def daily_temperatures(
    store: Store,
    points: Sequence[str],
    first: date,
    end: date,
    tz: str,
    min_coverage: float = MIN_COVERAGE,
) -> DailyTemperatures:
    """The days from ``first`` up to ``end`` (not included), from the ``points`` of a city.

    ``points`` stand in order of trust. What lies beside the days is read too, for the estimates.
    """
    around = timedelta(days=WINDOW_DAYS + 1)
    span = Span(local_midnight(first - around, tz), local_midnight(end + around, tz))
    hourly = outdoor_temperatures(store, points, span)
    days = daily_means(hourly, edges(span, By.DAY, tz), min_coverage)
    return with_estimates(first - around, *days, hourly.hours_by).between(first, end)


def daily_means(
    hourly: HourlyTemperatures, day_edges: Seconds, min_coverage: float = MIN_COVERAGE
) -> tuple[Floats, Floats]:
    """Mean of each day that was measured enough, and what a typical year says of the others.

    Both are NaN elsewhere. ``day_edges`` are the n + 1 edges of n local days.
    """
    count = len(day_edges) - 1
    middles = hourly.hours + HOUR_S // 2
    day = np.searchsorted(day_edges, middles, side="right") - 1
    inside = (day >= 0) & (day < count)
    day = day[inside]
    measured = np.where(hourly.is_measured, hourly.degc, np.nan)[inside]
    seen = np.bincount(day, weights=~np.isnan(measured), minlength=count)
    coverage = seen / (np.diff(day_edges) / HOUR_S)
    drawn = _drawn_over(measured, LONGEST_DRAWN_H)
    enough = coverage >= min_coverage - 1e-9
    mean = np.where(enough, _means(day, drawn, count), np.nan)
    substituted = np.where(enough, np.nan, _means(day, hourly.degc[inside], count))
    full = np.bincount(day, weights=~np.isnan(hourly.degc[inside]), minlength=count)
    is_full = full / (np.diff(day_edges) / HOUR_S) >= min_coverage - 1e-9
    return mean, np.where(is_full, substituted, np.nan)


def with_estimates(
    first: date, measured: Floats, substituted: Floats, hours_by: dict[str, int]
) -> DailyTemperatures:
    """Days with an estimate for each short gap; a typical year's goes before a straight line."""
    is_measured = ~np.isnan(measured)
    known = np.where(is_measured, measured, substituted)
    mean = np.where(np.isnan(known), _drawn_over(known, LONGEST_ESTIMATED_DAYS), known)
    low, high = measured.copy(), measured.copy()
    for n in np.flatnonzero(~is_measured & ~np.isnan(mean)):
        near = known[max(n - WINDOW_DAYS, 0) : n + WINDOW_DAYS + 1]
        near = near[~np.isnan(near)]
        if len(near) < LEAST_IN_WINDOW:
            mean[n] = np.nan
            continue
        margin = float(np.std(near)) / 2
        low[n] = min(float(near.min()) - margin, float(mean[n]))
        high[n] = max(float(near.max()) + margin, float(mean[n]))
    return DailyTemperatures(first, mean, low, high, is_measured, hours_by)


def _means(group: npt.NDArray[np.int64], values: Floats, count: int) -> Floats:
    known = ~np.isnan(values)
    number = np.bincount(group[known], minlength=count)
    total = np.bincount(group[known], weights=values[known], minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(number > 0, total / number, np.nan)


def _drawn_over(values: Floats, longest: int) -> Floats:
    """``values`` with a straight line over every gap of at most ``longest`` that has both ends."""
    known = np.flatnonzero(~np.isnan(values))
    if len(known) < 2:
        return values
    at = np.arange(len(values))
    drawn = np.interp(at, known, values[known])
    after = np.searchsorted(known, at)
    inside = (after > 0) & (after < len(known))
    right = known[np.minimum(after, len(known) - 1)]
    left = known[np.maximum(after - 1, 0)]
    short = inside & (right - left - 1 <= longest)
    return np.where(np.isnan(values) & short, drawn, values)
