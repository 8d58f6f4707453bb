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


def window_median(values: Floats, length: int, ends_before: int, least: int) -> Floats:
    """For each day ``d`` the median of the ``length`` days up to ``d - ends_before``, included.

    NaN where fewer than ``least`` of them are known; days before the first are not.
    """
    count = len(values)
    padded = np.concatenate([np.full(length - 1 + max(ends_before, 0), np.nan), values])
    if ends_before < 0:
        padded = np.concatenate([padded[-ends_before:], np.full(-ends_before, np.nan)])
    ordered = np.sort(sliding_window_view(padded, length)[:count], axis=1)
    known = length - np.isnan(ordered).sum(axis=1)
    rows = np.arange(count)
    low = ordered[rows, np.maximum(known - 1, 0) // 2]
    high = ordered[rows, np.maximum(known, 1) // 2]
    return np.where(known >= max(least, 1), (low + high) / 2, np.nan)


def day_start(curve: LoadCurve, day: int) -> datetime:
    """When the local day number ``day`` of the curve begins."""
    return local_midnight(curve.first_day + timedelta(days=day), curve.tz)


def excess_between(
    curve: LoadCurve, where: Bools, likely: Floats, low: Floats, high: Floats
) -> Excess:
    """What passed beyond what is usual at the known steps ``where``; amounts in kWh, never below 0.

    The likely amount lies between its bounds whatever is given.
    """
    used = where & curve.known & ~np.isnan(likely)
    middle = np.maximum(likely[used], 0.0)
    return Excess(
        curve.seconds[used],
        curve.step_s,
        middle,
        np.clip(low[used], 0.0, middle),
        np.maximum(high[used], middle),
    )


def daily_picture(
    curve: LoadCurve, unit: str, seen: Floats, usual: Floats, first: int, last: int
) -> Picture:
    """Days from eight weeks before ``first`` to two weeks after ``last``, as far as there are."""
    begin, end = max(first - PICTURE_DAYS, 0), min(last + 15, len(seen))
    start = curve.first_day + timedelta(days=begin)
    start_s = to_seconds(local_midnight(start, "UTC"))
    return Picture(start_s, DAY_S, unit, seen[begin:end], usual[begin:end])
