"""A year beside the path to a target.

The path runs straight from the base year's emissions to those of each interim point and of the
target year::

    E_path(y) = E_base * (1 - r(y))        r(base) = 0, r(interim) and r(target) as promised

A target per head is judged on emissions over inhabitants; in tonnes it is worth what the
inhabitants of its year make of it::

    E_cap_target = (1 - r) * E_base / Pop_base        E_target(Y) = E_cap_target * Pop(Y)

Every year's emissions carry bounds: ``low_t``/``high_t`` count the energy that meters missed, and
what is estimated of it, at its least and at its most; so does the path, which follows from the base
year. A verdict is given only if all ends agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from paes.errors import DataError
from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.plan.target import Target


class Verdict(StrEnum):
    """How a year stands against the path or the target."""

    WITHIN = (
        "within"  # at or below, even if the year was at its most and the base year at its least
    )
    ABOVE = "above"  # above, even if the year was at its least and the base year at its most
    UNCERTAIN = "uncertain"  # what is missing, estimated or left out decides


class OpenBy(StrEnum):
    """What leaves a verdict open."""

    METERS = "meters"  # energy that meters missed, or that is estimated
    KEYS = "keys"  # a cell with a notation key (NE, C) where the base year has a figure
    BOTH = "both"  # each of them alone would


@dataclass(frozen=True, slots=True)
class YearResult:
    """One inventory year beside the target's path; per head if the target is per capita."""

    year: int
    emissions_t: float
    low_t: float
    high_t: float
    path_t: float
    reduction_fraction: float
    required_fraction: float
    verdict: Verdict
    least_reduction_fraction: float
    """The reduction if all that meters missed had been used, and estimates were too low, but those
    of the base year too high: no gap is a saving."""
    most_reduction_fraction: float
    """The other way round: nothing of what was missed was used, but all the base year lacks."""
    required_supra_fraction: float | None = None
    """The part of ``required_fraction`` expected from outside; None if the act does not split."""
    required_own_fraction: float | None = None
    open_by: OpenBy | None = None
    """What leaves the verdict open; None if it is given."""
    per_t: float = 1.0
    """What a tonne of the town is in the target's measure."""

    @property
    def distance_t(self) -> float:
        """Tonnes above the path (negative: below it)."""
        return self.emissions_t - self.path_t


@dataclass(frozen=True, slots=True)
class Required:
    """The reduction (0..1 of the base year's emissions) that a year asks for, and of whom."""

    fraction: float
    supra_ordinate_fraction: float | None
    """From outside; None if the act does not split."""

    @property
    def own_fraction(self) -> float | None:
        """Of the town itself; None if the act does not split."""
        if self.supra_ordinate_fraction is None:
            return None
        return self.fraction - self.supra_ordinate_fraction


def required_fraction(target: Target, year: int) -> float:
    """The reduction that the path asks for in ``year`` (flat outside its ends)."""
    return required(target, year).fraction


def required(target: Target, year: int) -> Required:
    """What the path asks for in ``year``, straight between its points, flat outside its ends.

    An interim point that does not say what is expected from outside has the target's share of it.
    """
    years = [target.base_year, *(p.year for p in target.interim), target.target_year]
    wholes = [0.0, *(p.reduction_fraction for p in target.interim), target.reduction_fraction]
    whole = _between(years, wholes, year)
    if target.supra_ordinate_fraction is None:
        return Required(whole, None)
    supra = [
        target.supra_ordinate_fraction * p.reduction_fraction / target.reduction_fraction
        if p.supra_ordinate_fraction is None
        else p.supra_ordinate_fraction
        for p in target.interim
    ]
    return Required(whole, _between(years, [0.0, *supra, target.supra_ordinate_fraction], year))


def _between(years: list[int], values: list[float], year: int) -> float:
    """On the line through ``values``; exact at each of its points."""
    if year <= years[0]:
        return values[0]
    for (a, low), (b, high) in pairwise(zip(years, values, strict=True)):
        if year <= b:
            return high if year == b else low + (high - low) * (year - a) / (b - a)
    return values[-1]


@dataclass(frozen=True, slots=True)
class Emissions:
    """Of a year, and between which bounds they lie; in the target's measure."""

    t: float
    low_t: float
    high_t: float
    known_high_t: float | None = None
    """Their most without what notation keys leave out; None where they leave nothing out."""

    @property
    def known(self) -> Emissions:
        """Without what notation keys leave out."""
        if self.known_high_t is None:
            return self
        return Emissions(self.t, self.low_t, self.known_high_t)

    def times(self, factor: float) -> Emissions:
        """A part of them."""
        known_t = None if self.known_high_t is None else _times(self.known_high_t, factor)
        high_t = _times(self.high_t, factor)
        return Emissions(self.t * factor, self.low_t * factor, high_t, known_t)


def _times(high_t: float, factor: float) -> float:
    """None of what may be anything is nothing."""
    return high_t * factor if factor else 0.0


def emissions_of(city: City, target: Target, inventory: Inventory) -> Emissions:
    """In the target's measure; DataError if it is per head and nobody knows the heads."""
    low_t, known_high_t = inventory.known_bounds_t
    high_t = math.inf if inventory.lacks_cells else known_high_t
    figures = (inventory.emissions_t, low_t, high_t, known_high_t)
    t, low, high, known = (_measure(city, target, inventory.year, one) for one in figures)
    return Emissions(t, low, high, known if inventory.lacks_cells else None)


def year_result(city: City, target: Target, base: Emissions, inventory: Inventory) -> YearResult:
    """The year beside the path that starts at ``base``."""
    found = emissions_of(city, target, inventory)
    asked = required(target, inventory.year)
    path = base.times(1 - asked.fraction)
    return YearResult(
        year=inventory.year,
        emissions_t=found.t,
        low_t=found.low_t,
        high_t=found.high_t,
        path_t=path.t,
        reduction_fraction=_reduction(base.t, found.t),
        required_fraction=asked.fraction,
        least_reduction_fraction=_least_reduction(base, found),
        most_reduction_fraction=_most_reduction(base, found),
        verdict=verdict_of(found, path),
        required_supra_fraction=asked.supra_ordinate_fraction,
        required_own_fraction=asked.own_fraction,
        open_by=open_by(found, path),
        per_t=per_tonne(city, target, inventory.year),
    )


def _reduction(base_t: float, found_t: float) -> float:
    """Of a base year that emits nothing, or takes up more than it emits, nothing can be less."""
    return 1 - found_t / base_t if base_t > 0 else 0.0


def _least_reduction(base: Emissions, found: Emissions) -> float:
    """If the year was at its most, and the base year at its least.

    Of a base year that may have emitted nothing at all, anything is unboundedly more.
    """
    if base.t <= 0:
        return 0.0
    if base.low_t <= 0:
        return -math.inf
    # a year that takes up more than it emits is the more of a reduction, the less the base year's
    return 1 - found.high_t / (base.low_t if found.high_t > 0 else base.high_t)


def _most_reduction(base: Emissions, found: Emissions) -> float:
    """If the year was at its least, and the base year at its most."""
    if base.t <= 0:
        return 0.0
    if found.low_t >= 0:
        return 1 - found.low_t / base.high_t
    return 1 - found.low_t / base.low_t if base.low_t > 0 else math.inf


def verdict_of(found: Emissions, path: Emissions) -> Verdict:
    """How ``found`` stands against ``path``: only if all their bounds agree."""
    if found.high_t <= path.low_t:
        return Verdict.WITHIN
    return Verdict.ABOVE if found.low_t > path.high_t else Verdict.UNCERTAIN


def open_by(found: Emissions, path: Emissions) -> OpenBy | None:
    """What leaves the verdict on ``found`` open; None if nothing does."""
    if verdict_of(found, path) is not Verdict.UNCERTAIN:
        return None
    if found.known_high_t is None and path.known_high_t is None:
        return OpenBy.METERS
    by_meters = verdict_of(found.known, path.known) is Verdict.UNCERTAIN
    return OpenBy.BOTH if by_meters else OpenBy.KEYS


def target_total_t(city: City, target: Target, base: Emissions, year: int) -> Emissions:
    """What the target allows the whole town in ``year``, in t.

    ``base`` is the base year's in the target's measure. Of a target per head it is the allowance
    of a head times the inhabitants of the year (``inhabitants``).
    """
    allowed = base.times(1 - required_fraction(target, year))
    return allowed if target.kind == "absolute" else allowed.times(inhabitants(city, target, year))


def inhabitants(city: City, target: Target, year: int) -> int:
    """Those of ``year`` for a target per head.

    From the target year on the plan's estimate stands in for a count that is not there; before it
    the latest earlier count does. Raises DataError if there is none.
    """
    counted = city.population(year)
    estimate = target.population_estimate
    is_old = counted is None or counted.year < target.target_year
    if estimate and is_old and year >= target.target_year:
        return estimate.inhabitants
    if counted is None:
        raise DataError(
            f"cities/{city.id}/city.yaml: population: target {target.id} is per head, but no "
            f"inhabitants of {year} or before are known; expected those of {target.base_year}"
        )
    return counted.inhabitants


def per_tonne(city: City, target: Target, year: int) -> float:
    """What a tonne of the town is in the target's measure: 1, or one by the inhabitants."""
    return _measure(city, target, year, 1.0)


def _measure(city: City, target: Target, year: int, emissions_t: float) -> float:
    if target.kind == "absolute":
        return emissions_t
    return emissions_t / inhabitants(city, target, year)
