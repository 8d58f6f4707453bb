"""Emissions of the whole town, or of an inhabitant: a choice of how figures are shown.

The target stays what it is: verdicts, reductions and chances are its own in either measure. Only
tonnes are divided by the inhabitants of their year (or, of a target per head, times them).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from paes.errors import DataError
from paes.installation import City
from paes.plan.target import Target
from paes.progress.path import YearResult, inhabitants, required_fraction
from paes.progress.progress import Progress
from paes.scenarios.years import People

UNITS = ("town", "head")


def unit_of(target: Target) -> str:
    """In which the target itself is told."""
    return "head" if target.kind == "per_capita" else "town"


def can_choose(city: City, progress: Progress) -> bool:
    """Whether the inhabitants of every year are known."""
    try:
        for result in progress.years:
            inhabitants(city, progress.target, result.year)
    except DataError:
        return False
    return True


@dataclass(frozen=True)
class Measure:
    """How tonnes of the town become what is shown."""

    city: City
    target: Target
    unit: str
    newest: int
    """The year of the newest inventory: up to it the inhabitants are counted ones."""

    @property
    def is_per_head(self) -> bool:
        """Whether tonnes are told by inhabitant."""
        return self.unit == "head"

    def of_town(self, year: int) -> float:
        """What a tonne of the whole town is, in ``year``, as shown."""
        return 1 / self._people(year) if self.is_per_head else 1.0

    def of_target(self, year: int) -> float:
        """What a tonne in the target's own measure is, in ``year``, as shown."""
        if unit_of(self.target) == self.unit:
            return 1.0
        return self.of_town(year) if self.is_per_head else self._people(year)

    def _people(self, year: int) -> float:
        """Counted (the latest before it), or expected of a year to come."""
        if year > self.newest and self.city.facts.population:
            return People.of(self.city, self.target).expected(year)
        return float(inhabitants(self.city, self.target, year))

    def shown(self, progress: Progress) -> Progress:
        """Progress with all its tonnes as shown; each result of a year stays one object."""
        if unit_of(self.target) == self.unit:
            return progress
        made = {y.year: self._result(y) for y in progress.years}
        at_target = progress.at_target
        return replace(
            progress,
            base=made[progress.base.year],
            years=tuple(made.values()),
            at_target=made[at_target.year] if at_target else None,
            latest=made[progress.latest.year],
            target_t=progress.target_t * self.of_target(self.target.target_year),
        )

    def _result(self, result: YearResult) -> YearResult:
        by = self.of_target(result.year)
        return replace(
            result,
            emissions_t=result.emissions_t * by,
            low_t=result.low_t * by,
            high_t=result.high_t * by,
            path_t=result.path_t * by,
        )

    def path(self, progress: Progress) -> tuple[tuple[int, float], ...]:
        """The target's path as shown: ``progress`` is in the target's own measure."""
        target, base = self.target, progress.base
        bends = {base.year, target.target_year, *(p.year for p in target.interim)}
        bends |= {max(target.target_year, progress.latest.year)}
        if unit_of(target) != self.unit:
            bends |= {y.year for y in progress.years}
        return tuple(
            (year, base.emissions_t * (1 - required_fraction(target, year)) * self.of_target(year))
            for year in sorted(bends)
        )
