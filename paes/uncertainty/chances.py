"""How likely a year keeps to its path, and a target is met, from draws of all years together.

What the base year and a later one have wrong in common is in both of their draws and cancels in
the reduction. Nobody knows where between its bounds lies what meters missed: a probability is
then a range, its lower end with all of it used in the year and none in the base year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paes.errors import DataError
from paes.series import Floats
from paes.uncertainty.assumptions import Source
from paes.uncertainty.simulation import Draws
from paes.uncertainty.spread import (
    LEVEL,
    Interval,
    Spread,
    interval,
    shares,
    uniform_variance,
)

EXACT = 1e-12
"""Reductions that differ by less are the same."""


@dataclass(frozen=True, slots=True)
class Chance:
    """A probability, 0..1; its ends differ only where what is missing decides."""

    low: float
    high: float


@dataclass(frozen=True)
class YearChances:
    """The reduction of one year, and how likely it is enough."""

    year: int
    reduction: Interval
    """Of the base year's emissions (0.1: a tenth less); unbounded where a gap is."""
    on_path: Chance
    """That it keeps to the path: at least the reduction asked for in that year."""
    meets_target: Chance
    """That it is at least the target's reduction."""
    shares: Mapping[Source, float]
    """Each source's part (0..1) of the variance of the reduction; empty where it is not known."""


@dataclass(frozen=True)
class Chances:
    """Those of all inventory years against one target, from one set of draws."""

    seed: int
    draws: int
    years: tuple[YearChances, ...]

    def of(self, year: int) -> YearChances:
        """Those of one year; DataError if it has no inventory."""
        for chances in self.years:
            if chances.year == year:
                return chances
        raise DataError(f"no inventory for {year}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a year is asked for, and what a tonne of it is in the target's measure."""

    path_fraction: float
    target_fraction: float
    per_t: float = 1.0
    """1 for an absolute target, one by the inhabitants for one per head."""


def chances_of(draws: Draws, base_year: int, asked: Mapping[int, Asked]) -> Chances:
    """The reduction of each year of ``asked`` since ``base_year``; DataError if it has no draws."""
    if base_year not in draws.totals:
        raise DataError(f"no draws for {base_year}, the base year")
    base = draws.totals[base_year]
    years = [
        _base_year(year, of)
        if year == base_year
        else year_chances(year, base, draws.totals[year], of, asked[base_year].per_t)
        for year, of in sorted(asked.items())
    ]
    return Chances(draws.seed, draws.count, tuple(years))


def year_chances(
    year: int, base: Spread, total: Spread, asked: Asked, base_per_t: float = 1.0
) -> YearChances:
    """The chances of one year, also of one to come.

    For a year to come ``total`` is a spread of forecast draws; draw ``i`` must belong to the same
    world as draw ``i`` of ``base`` (made of the last inventory's draws, times what changes), or
    errors that both share do not cancel.
    """
    per_t = asked.per_t / base_per_t
    lowest, highest = total.least_t * per_t, total.most_t * per_t
    ends = [
        reduction(base_t, year_t)
        for base_t in (base.least_t, base.most_t)
        for year_t in (lowest, highest)
    ]
    return YearChances(
        year=year,
        reduction=interval(np.minimum.reduce(ends), np.maximum.reduce(ends), LEVEL),
        on_path=_chance(base, lowest, highest, asked.path_fraction),
        meets_target=_chance(base, lowest, highest, asked.target_fraction),
        shares=shares(_variance(base, total)),
    )


def reduction(base_t: Floats, year_t: Floats) -> Floats:
    """The part of ``base_t`` that is less in ``year_t``.

    All is less of an unbounded base year, and unboundedly more is used in an unbounded year. Of a
    base year that emits nothing, or takes up more than it emits, nothing can be less; what is more
    is unboundedly so.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = np.where(np.isinf(base_t), 0.0, year_t / base_t)
    rest = np.where(base_t <= 0, np.where(year_t <= base_t, 1.0, np.inf), rest)
    made: Floats = 1 - np.where(np.isinf(year_t), np.inf, rest)
    return made


def _base_year(year: int, asked: Asked) -> YearChances:
    """It differs from itself by nothing, whatever is wrong with it."""
    on_path, meets = (
        float(wanted <= EXACT) for wanted in (asked.path_fraction, asked.target_fraction)
    )
    return YearChances(
        year=year,
        reduction=Interval(0.0, 0.0),
        on_path=Chance(on_path, on_path),
        meets_target=Chance(meets, meets),
        shares={},
    )


def _chance(base: Spread, lowest: Floats, highest: Floats, wanted: float) -> Chance:
    """That the year emits no more than is left of the base year's, as a verdict is given."""
    return Chance(
        float(np.mean(_is_enough(base.least_t, highest, wanted))),
        float(np.mean(_is_enough(base.most_t, lowest, wanted))),
    )


def _is_enough(base_t: Floats, year_t: Floats, wanted: float) -> npt.NDArray[np.bool_]:
    """True where ``year_t`` keeps within the part of ``base_t`` that is left; of an unbounded base
    year any does, but an unbounded year never."""
    finite = np.where(np.isinf(base_t), 0.0, base_t)
    allowed = np.where(np.isinf(base_t), np.inf, finite * (1 - wanted) + EXACT * np.abs(finite))
    made: npt.NDArray[np.bool_] = (year_t <= allowed) & ~np.isposinf(year_t)
    return made


def _variance(base: Spread, total: Spread) -> dict[Source, float]:
    """Of the ratio of both totals by source, each alone, to first order; empty if not known."""
    base_t, total_t = float(np.mean(base.least_t)), float(np.mean(total.least_t))
    if not base_t or not total_t or not base.deviations_t or not total.deviations_t:
        return {}
    found = {}
    for source in sorted(base.deviations_t.keys() | total.deviations_t.keys()):
        of_base = base.deviations_t.get(source, 0.0) / base_t
        of_total = total.deviations_t.get(source, 0.0) / total_t
        found[source] = float(np.var(of_total - of_base))
    missing = [s.missing_t / t for s, t in ((base, base_t), (total, total_t)) if s.missing_t]
    if missing:
        found[Source.MISSING] = sum(uniform_variance(width) for width in missing)
    return found
