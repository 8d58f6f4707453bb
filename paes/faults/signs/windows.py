"""Medians over windows of days, and what several rules do with days and their steps."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from paes.faults.episode import Excess, Picture
from paes.faults.load_curve import Bools, LoadCurve
from paes.periods import local_midnight, to_seconds
from paes.series import Floats

DAY_S = 86_400
PICTURE_DAYS = 56
"""A picture shows eight weeks before an episode began."""


def trailing(values: Floats, length: int, ends_before: int) -> Floats:
    """For each day ``d`` the ``length`` days to ``d - ends_before``, included, from the least on.

    One row a day; NaN, of days not known and of those before the first, stand last.
    """
    padded = np.concatenate([np.full(length - 1 + ends_before, np.nan), values])
    return np.sort(sliding_window_view(padded, length)[: len(values)], axis=1)


def window_median(values: Floats, length: int, ends_before: int, least: int) -> Floats:
    """The median of each of these windows; NaN where fewer than ``least`` days are known."""
    ordered = trailing(values, length, ends_before)
    known = length - np.isnan(ordered).sum(axis=1)
    rows = np.arange(len(values))
    low = ordered[rows, np.maximum(known - 1, 0) // 2]
    high = ordered[rows, np.minimum(known // 2, length - 1)]
    return np.where(known >= max(least, 1), (low + high) / 2, np.nan)


def day_start(curve: LoadCurve, day: int) -> datetime:
    """When the local day number ``day`` of the curve begins."""
    return local_midnight(curve.first_day + timedelta(days=day), curve.tz)


def excess_between(
    curve: LoadCurve, where: Bools, likely: Floats, low: Floats, high: Floats
) -> Excess:
    """What passed beyond what is usual at the known steps ``where``; amounts in kWh, never below 0.

    The likely amount lies between its bounds whatever is given; a lower bound that nobody knows
    is 0, an upper one the likely amount.
    """
    used = where & curve.known & ~np.isnan(likely)
    middle = np.maximum(likely[used], 0.0)
    return Excess(
        curve.seconds[used],
        curve.step_s,
        middle,
        np.clip(np.nan_to_num(low[used], nan=0.0), 0.0, middle),
        np.fmax(high[used], middle),
    )


def daily_picture(
    curve: LoadCurve, unit: str, seen: Floats, usual: Floats, first: int, last: int
) -> Picture:
    """Days from eight weeks before ``first`` to two weeks after ``last``, as far as there are."""
    begin, end = max(first - PICTURE_DAYS, 0), min(last + 15, len(seen))
    start = curve.first_day + timedelta(days=begin)
    start_s = to_seconds(local_midnight(start, "UTC"))
    return Picture(start_s, DAY_S, unit, seen[begin:end], usual[begin:end])
