"""Savings that are not there: building years without works, judged as if there had been some.

A pair is a year of baseline and the year that follows, with no works in either. What the model then
calls "avoided" is nobody's doing, and says how large a figure must be to be more than that. Pairs
begin every ``step_days``; those of one building overlap and are alike, so that the band of a
building is read off the pairs of the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from paes.baselines.baseline import Baseline, obstacle
from paes.baselines.days import Days
from paes.plan.measurement import BASELINE_DAYS
from paes.savings.assumptions import SavingsAssumptions, Use
from paes.savings.bands import EmpiricalBand, least_pairs, normal_change, shipped_band
from paes.savings.periods import DaySpan
from paes.series import Floats

LEAST_OF_MONTH = 10
"""Known days of a month that say what the month was like."""
TYPICAL_PART = 0.5
"""Months that should take less than this part of the mean say nothing of the meter's scale."""


@dataclass(frozen=True, slots=True)
class NullSaving:
    """The saving of a year without works, as a part of what was expected of its known days."""

    building: str
    use: Use
    first: date
    """Of the baseline year."""
    fraction: float
    cv_rmse_fraction: float


@dataclass(frozen=True, slots=True)
class BuildingYears:
    """All years of one building: known energy (NaN: unknown) on its days.

    ``works`` are stretches of days in which something was done to it.
    """

    building: str
    use: Use
    days: Days
    energy_kwh: Floats
    works: tuple[DaySpan, ...] = ()


def null_savings(of: BuildingYears, assumptions: SavingsAssumptions) -> Iterator[NullSaving]:
    """The pairs of one building that are whole, free of works, and of one and the same meter."""
    step, year = assumptions.own_years.step_days, timedelta(days=BASELINE_DAYS)
    for start in range(0, len(of.days) - 2 * BASELINE_DAYS + 1, step):
        first = of.days.first + timedelta(days=start)
        both = DaySpan(first, first + 2 * year)
        if any(both.first < w.end and w.first < both.end for w in of.works):
            continue
        middle = start + BASELINE_DAYS
        learnt, seen = of.energy_kwh[start:middle], of.energy_kwh[middle : middle + BASELINE_DAYS]
        base = of.days.between(first, first + year)
        after = of.days.between(first + year, first + 2 * year)
        found = null_saving(of, learnt, base, seen, after, assumptions)
        if found:
            yield found


def null_saving(
    of: BuildingYears,
    learnt_kwh: Floats,
    base: Days,
    seen_kwh: Floats,
    after: Days,
    assumptions: SavingsAssumptions,
) -> NullSaving | None:
    """Of one pair of years; None if one of them is not whole enough, or the meter changed."""
    known_before = ~np.isnan(learnt_kwh) & ~np.isnan(base.degc)
    known_after = ~np.isnan(seen_kwh) & ~np.isnan(after.degc)
    days = assumptions.days
    if known_before.sum() < days.baseline_least or known_after.sum() < days.reporting_least:
        return None
    if obstacle(of.building, learnt_kwh, base):
        return None
    model = Baseline.fit(learnt_kwh, base)
    expected = np.where(known_after, model.predict(after), np.nan)
    if not np.nansum(expected) > 0 or scale_break(seen_kwh, expected, after.first, assumptions):
        return None
    fraction = float(np.nansum(expected - seen_kwh) / np.nansum(expected))
    quality = model.fit_quality.cv_rmse_fraction
    return NullSaving(of.building, of.use, base.first, fraction, quality)


def scale_break(
    used_kwh: Floats, expected_kwh: Floats, first: date, assumptions: SavingsAssumptions
) -> bool:
    """True if a month shows many times more or less than expected: that is another meter.

    Columns are days from ``first`` on. Months that should take little say nothing.
    """
    months = (np.datetime64(first, "D") + np.arange(len(used_kwh))).astype("datetime64[M]")
    known = ~np.isnan(used_kwh) & ~np.isnan(expected_kwh)
    typical = float(expected_kwh[known].mean()) if known.any() else 0.0
    times = assumptions.scale_break.times
    for month in np.unique(months):
        here = known & (months == month)
        should, was = float(expected_kwh[here].sum()), float(used_kwh[here].sum())
        if here.sum() < LEAST_OF_MONTH or should < TYPICAL_PART * typical * here.sum():
            continue
        if not should / times <= was <= should * times:
            return True
    return False


class NormalChanges:
    """The bands of a town: from its own null savings where there are enough, else shipped."""

    def __init__(self, found: Iterable[NullSaving], assumptions: SavingsAssumptions) -> None:
        self.found = tuple(found)
        self._assumptions = assumptions

    def band(self, use: Use, without: Collection[str] = ()) -> EmpiricalBand:
        """That of one building of ``use``, from the pairs of all but ``without``."""
        of = [n for n in self.found if n.use is use and n.building not in without]
        buildings = {n.building for n in of}
        own, level = self._assumptions.own_years, self._assumptions.level
        enough = max(own.least_pairs, least_pairs(level))
        if len(of) < enough or len(buildings) < own.least_buildings:
            return shipped_band(use, self._assumptions)
        fraction = normal_change(np.array([n.fraction for n in of]), level)
        return EmpiricalBand(use, fraction, "town", len(of), len(buildings))


def coverage(found: Sequence[NullSaving], assumptions: SavingsAssumptions, use: Use) -> float:
    """The part (0..1) of the pairs of ``use`` that the band of the other buildings holds.

    NaN without pairs.
    """
    of = [n for n in found if n.use is use]
    changes = NormalChanges(of, assumptions)
    held = [abs(n.fraction) <= changes.band(use, {n.building}).fraction for n in of]
    return float(np.mean(held)) if held else float("nan")
