"""A year beside the path to a target.

The path is a straight line from the base year's emissions to the target year's::

    E_path(y) = E_base * (1 - r * (y - base) / (target - base))

Every year's emissions carry bounds: ``low_t``/``high_t`` count the energy that meters missed, and
what is estimated of it, at its least and at its most; so does the path, which follows from the base
year. A verdict is given only if all ends agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

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
    UNCERTAIN = "uncertain"  # what is missing or estimated decides


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

    @property
    def distance_t(self) -> float:
        """Tonnes above the path (negative: below it)."""
        return self.emissions_t - self.path_t


def required_fraction(target: Target, year: int) -> float:
    """The reduction that the straight path asks for in ``year`` (flat outside its ends)."""
    elapsed = (year - target.base_year) / (target.target_year - target.base_year)
    return target.reduction_fraction * min(1.0, max(0.0, elapsed))


@dataclass(frozen=True, slots=True)
class Emissions:
    """Of a year, and between which bounds they lie; in the target's measure."""

    t: float
    low_t: float
    high_t: float

    def times(self, factor: float) -> Emissions:
        """A part of them."""
        return Emissions(
            self.t * factor, self.low_t * factor, self.high_t * factor if factor else 0
        )


def emissions_of(city: City, target: Target, inventory: Inventory) -> Emissions:
    """In the target's measure; DataError if it is per head and nobody knows the heads."""
    figures = inventory.emissions_t, *inventory.bounds_t
    return Emissions(*(_measure(city, target, inventory.year, t) for t in figures))


def year_result(city: City, target: Target, base: Emissions, inventory: Inventory) -> YearResult:
    """The year beside the path that starts at ``base``."""
    found = emissions_of(city, target, inventory)
    required = required_fraction(target, inventory.year)
    path = base.times(1 - required)
    return YearResult(
        year=inventory.year,
        emissions_t=found.t,
        low_t=found.low_t,
        high_t=found.high_t,
        path_t=path.t,
        reduction_fraction=1 - found.t / base.t if base.t else 0.0,
        required_fraction=required,
        least_reduction_fraction=_least_reduction(base, found),
        verdict=_verdict(found, path),
    )


def _least_reduction(base: Emissions, found: Emissions) -> float:
    """If the year was at its most, and the base year at its least."""
    if not base.t:
        return 0.0
    return 1 - found.high_t / base.low_t if base.low_t > 0 else -math.inf


def _verdict(found: Emissions, path: Emissions) -> Verdict:
    if found.high_t <= path.low_t:
        return Verdict.WITHIN
    return Verdict.ABOVE if found.low_t > path.high_t else Verdict.UNCERTAIN


def _measure(city: City, target: Target, year: int, emissions_t: float) -> float:
    if target.kind == "absolute":
        return emissions_t
    population = city.population(year)
    if population is None:
        raise DataError(f"{city.id}: target {target.id} is per head, but no population is known")
    return emissions_t / population.inhabitants
