"""A town's other plants as the reference of one: what the sky let them make, they tell.

::

    clearness of each plant and hour     production / what a cloudless sky would give it
    / its level                          its usual part of the town's (orientation, size, dirt)
    median of the *healthy* others       two at least; far below the town's usual is ill

As each plant is set against its own cloudless sky, neighbours may look to other quarters of it.
"""

from __future__ import annotations

import numpy as np

from paes.faults.load_curve import Ints
from paes.series import Floats

_LEAST_OF_PEAK = 0.05
"""Of its best hour: with less sun than that, a plant's clearness means nothing."""
_MOST = 2.5
"""Times the cloudless sky: more is an error of low sun, or of how its modules are said to stand."""


def clearness_of_others(
    made_kwh: Floats,
    clear_kwh: Floats,
    day: Ints,
    first_steps: Ints,
    least_healthy_fraction: float,
    least_neighbours: int,
) -> Floats:
    """For each plant (row) and hour the clearness that its healthy neighbours tell; NaN if too few.

    ``made_kwh`` and ``clear_kwh`` are plants x hours, ``day`` the local day of each hour and
    ``first_steps`` up to which hour each plant's own first year goes, in which its level is taken.
    Where the sun is too low, the clearness of the nearest hour of that day holds.
    """
    high = clear_kwh >= _LEAST_OF_PEAK * clear_kwh.max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        index = np.where(high, made_kwh / clear_kwh, np.nan)
    daily = np.array([_daily(m, c, day) for m, c in zip(made_kwh, clear_kwh, strict=True)])
    level = _levels(daily, day, first_steps)
    usual = _sorted_median(daily / level[:, None])
    with np.errstate(invalid="ignore"):
        healthy = daily / level[:, None] >= least_healthy_fraction * usual
    told = np.where(healthy[:, day], index / level[:, None], np.nan)
    return np.array([_of_others(told, n, day, least_neighbours) for n in range(len(told))])


def _daily(made_kwh: Floats, clear_kwh: Floats, day: Ints) -> Floats:
    """Clearness of whole days, over the hours that are known; NaN below nine tenths of a day."""
    known = ~np.isnan(made_kwh)
    count = int(day[-1]) + 1
    seen = np.bincount(day[known], clear_kwh[known], minlength=count)
    full = np.bincount(day, clear_kwh, minlength=count)
    made = np.bincount(day[known], made_kwh[known], minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((full > 0) & (seen >= 0.9 * full), made / seen, np.nan)


def _levels(daily: Floats, day: Ints, first_steps: Ints) -> Floats:
    """The usual part of each plant of the town's median, in its own first year."""
    usual = _sorted_median(daily)
    levels = np.full(len(daily), np.nan)
    for row, (own, until) in enumerate(zip(daily, first_steps, strict=True)):
        last = int(day[min(until, len(day) - 1)])
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = (own / usual)[: last + 1]
        ratio = ratio[np.isfinite(ratio)]
        levels[row] = np.median(ratio) if len(ratio) and np.median(ratio) > 0 else np.nan
    return levels


def _of_others(told: Floats, row: int, day: Ints, least: int) -> Floats:
    """The median over all rows but one, drawn to hours of low sun within its own day."""
    others = np.delete(told, row, axis=0)
    enough = (~np.isnan(others)).sum(axis=0) >= least
    found = np.where(enough, _sorted_median(others), np.nan)
    return np.clip(_nearest_within(found, day), 0.0, _MOST)


def _nearest_within(values: Floats, day: Ints) -> Floats:
    """Each unknown takes the nearest known of its own day, if there is one."""
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return values
    steps = np.arange(len(values))
    after = np.minimum(np.searchsorted(known, steps), len(known) - 1)
    before = np.maximum(after - 1, 0)
    is_nearer = np.abs(known[before] - steps) < np.abs(known[after] - steps)
    near = np.where(is_nearer, known[before], known[after])
    return np.where(day[near] == day, values[near], np.nan)


def _sorted_median(values: Floats) -> Floats:
    """The median of each column without its NaN; NaN of a column that has nothing else."""
    if not len(values):
        return np.full(values.shape[1], np.nan)
    ordered = np.sort(values, axis=0)  # NaN last
    count = (~np.isnan(values)).sum(axis=0)
    columns = np.arange(values.shape[1])
    low = ordered[np.maximum(count - 1, 0) // 2, columns]
    high = ordered[np.minimum(count // 2, len(values) - 1), columns]
    return np.where(count > 0, (low + high) / 2, np.nan)
