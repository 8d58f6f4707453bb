"""One scenario year by year: as usual, less what actions declare, less what a cleaner grid brings.

::

    as usual   E(last) * inhabitants(year) / inhabitants(last) [* (1 + trend)^(year - last)]
    actions    sum of declared net effects beyond those of the last inventory's year * realisation
    grid       electricity as usual * its factor * (1 - factor(year) / factor(last))

E/inhabitants carried to the target year is EcoGIS's projection without action. Effects of actions
are net of overlaps (``paes.plan.declared_effect``) and count from the day after the declared end.
With a cleaner grid, saved and produced electricity is worth less: it is reckoned at the year's
factor, where tonnes are derived from energy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paes.errors import DataError
from paes.factors.emission_factors import FactorLibrary
from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.metering import Carrier, Sector
from paes.plan.action import Action
from paes.plan.declared_effect import FactorOf, OriginTotals, Use, by_origin, together
from paes.plan.outlook import GridProjection
from paes.plan.target import Target
from paes.progress.action_factors import action_factors


@dataclass(frozen=True, slots=True)
class ScenarioYear:
    """Emissions of a year, in t, and by what they are lower than as usual.

    Effects of actions are at the likely realisation; mixed actions that do not say which part is
    the town's own are ``unsplit_t``. ``declared_t`` is what all were declared to bring.
    """

    year: int
    inhabitants: float
    as_usual_t: float
    own_t: float
    supra_actions_t: float
    unsplit_t: float
    grid_t: float
    declared_t: float

    @property
    def emissions_t(self) -> float:
        """What is left; actions and the grid never make it negative."""
        less = self.own_t + self.supra_actions_t + self.unsplit_t + self.grid_t
        return max(min(0.0, self.as_usual_t), self.as_usual_t - less)

    @property
    def supra_ordinate_t(self) -> float:
        """Owed to others: national and regional actions, and the grid."""
        return self.supra_actions_t + self.grid_t


@dataclass(frozen=True)
class Course:
    """What all scenarios of a city start from."""

    last: Inventory
    people: People
    factors: FactorLibrary
    likely_fraction: float
    """The part of a declared effect that is expected to come true."""

    def years(
        self,
        to_year: int,
        actions: Sequence[Action],
        grid: GridProjection | None = None,
        yearly_change: float = 0.0,
    ) -> tuple[ScenarioYear, ...]:
        """Every year after the last inventory's up to ``to_year``."""
        since = range(self.last.year + 1, to_year + 1)
        return tuple(self._year(year, actions, grid, yearly_change) for year in since)

    def grid_ratio(self, grid: GridProjection | None, year: int) -> float:
        """The factor of the grid in ``year`` as a part of that of the last inventory's year."""
        method = self.last.method
        if grid is None or method.electricity_factor == "frozen":
            return 1.0
        known = self.factors.find(
            method.factor_set,
            Carrier.ELECTRICITY,
            Sector.MUNICIPAL_BUILDINGS,
            self.last.year,
            gwp=method.gwp,
            as_of=self.last.factors_as_of,
        ).factor_t_per_mwh
        return grid.factor(self.last.year, known, year) / known if known else 1.0

    def _year(
        self,
        year: int,
        actions: Sequence[Action],
        grid: GridProjection | None,
        yearly_change: float,
    ) -> ScenarioYear:
        people = self.people.expected(year)
        growth = people / self.people.expected(self.last.year)
        growth *= (1 + yearly_change) ** (year - self.last.year)
        ratio = self.grid_ratio(grid, year)
        electricity_t = sum(
            line.emissions_t
            for line in self.last.lines
            if line.activity.carrier is Carrier.ELECTRICITY
        )
        declared = self._declared(year, actions, ratio)
        likely = self.likely_fraction
        return ScenarioYear(
            year=year,
            inhabitants=people,
            as_usual_t=self.last.emissions_t * growth,
            own_t=declared.own_t * likely,
            supra_actions_t=declared.supra_ordinate_t * likely,
            unsplit_t=declared.unsplit_t * likely,
            grid_t=electricity_t * growth * (1 - ratio),
            declared_t=declared.total_t,
        )

    def _declared(self, year: int, actions: Sequence[Action], ratio: float) -> OriginTotals:
        usual = action_factors(self.factors, self.last.method, {self.last.year: self.last})
        factor_of = _cleaner(usual, ratio)
        return by_origin(together(actions, year, factor_of, since=self.last.year, planned=True))


def _cleaner(factor_of: FactorOf, ratio: float) -> FactorOf:
    """The same factors, with electricity's times ``ratio``."""

    def cleaner(carrier: Carrier, sector: Sector, year: int, use: Use) -> float:
        factor = factor_of(carrier, sector, year, use)
        return factor * ratio if carrier is Carrier.ELECTRICITY else factor

    return cleaner


@dataclass(frozen=True)
class People:
    """Inhabitants by year: counted, and expected; between them on a straight line, flat outside."""

    city: str
    counts: dict[int, int]

    @classmethod
    def of(cls, city: City, target: Target) -> People:
        """Those counted, what the target takes for its year, and what the outlook expects."""
        counts = {p.year: p.inhabitants for p in city.facts.population}
        if target.population_estimate:
            counts.setdefault(target.target_year, target.population_estimate.inhabitants)
        for expected in city.outlook.population:
            counts.setdefault(expected.year, expected.inhabitants)
        return cls(city.id, counts)

    def expected(self, year: int) -> float:
        """Those of ``year``; DataError if none of any year are known."""
        if not self.counts:
            raise DataError(
                f"cities/{self.city}/city.yaml: population: no inhabitants are known, so nobody can"
                " say what becomes of emissions as usual; expected those of one year at least"
            )
        years = sorted(self.counts)
        return float(np.interp(year, years, [self.counts[y] for y in years]))

    @property
    def last_year(self) -> int | None:
        """The last year of which they are known; None if of none."""
        return max(self.counts, default=None)
