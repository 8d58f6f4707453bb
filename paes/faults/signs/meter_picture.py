"""The picture of a malfunction of a meter: what passed day by day, beside a usual day before it."""

from __future__ import annotations

import numpy as np

from paes.faults.episode import Picture
from paes.faults.load_curve import LoadCurve
from paes.faults.signs.windows import daily_picture

HALF_A_DAY = 0.5
"""Of a day so much must be known to be shown; what lacks counts as its mean."""


def daily_amounts(
    curve: LoadCurve, unit: str, first: int, last: int, usual_days: int = 28
) -> Picture:
    """Days around the steps ``first`` to ``last`` of ``curve``; usual is the median day before."""
    daily = curve.by_day(least_known=HALF_A_DAY)
    day = int(curve.day[first])
    before = daily[max(day - usual_days, 0) : day]
    usual = float(np.nanmedian(before)) if np.isfinite(before).any() else np.nan
    flat = np.full(len(daily), usual)
    return daily_picture(curve, unit, daily, flat, day, int(curve.day[last]))


def step_at(curve: LoadCurve, seconds: float) -> int:
    """The step of ``curve`` that holds this time; the nearest, outside of it."""
    step = int(np.searchsorted(curve.seconds, seconds, side="right")) - 1
    return min(max(step, 0), len(curve) - 1)
