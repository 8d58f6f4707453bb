"""What may become of the town by a later year: as usual, with the planned actions, with more.

::

    as usual          emissions per head stay as they are (no action; a line, never a target)
    planned           less what ongoing and not started actions declare, from their end on
    planned + chosen  less what was chosen besides: postponed or cancelled actions

Own and supra-ordinate effects stand apart; a grid that becomes cleaner is a projection of others,
and every scenario is told with and without it. How a year is reckoned is in ``scenario_years``,
how likely it is enough in ``scenario_draws``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from paes.accounting.ledger import EnergyLedger
from paes.errors import DataError
from paes.installation import City, some
from paes.inventory.inventory import Inventory
from paes.inventory.making import inventory_years, make_inventory
from paes.inventory.method import Method
from paes.metering import Finding
from paes.plan.action import Action, Status
from paes.plan.outlook import GridProjection
from paes.plan.target import Target
from paes.progress.path import Emissions, emissions_of, per_tonne, required_fraction
from paes.progress.progress import find_target, next_target
from paes.scenarios.actions import mix_of
from paes.scenarios.draws import FutureDraws, ToCome
from paes.scenarios.years import Course, People, ScenarioYear
from paes.uncertainty.chances import Asked, YearChances
from paes.uncertainty.simulation import Draws, Simulation
from paes.uncertainty.spread import Interval


class ScenarioId(StrEnum):
    """Which line it is."""

    AS_USUAL = "as_usual"
    AS_USUAL_TREND = "as_usual_trend"
    PLANNED = "planned"
    CHOSEN = "chosen"


@dataclass(frozen=True)
class Scenario:
    """A line of years, and how its last stands against what is asked for in that year.

    ``gap_t`` are the tonnes too many (negative: to spare); ``interval_t`` holds 9 of 10 draws of
    the last year's emissions, ``chances`` say how likely it is enough. Both are of the whole town.
    """

    id: ScenarioId
    grid: GridProjection | None
    years: tuple[ScenarioYear, ...]
    actions: tuple[str, ...]
    gap_t: float
    interval_t: Interval
    chances: YearChances
    intervals_t: tuple[Interval, ...] = ()
    """What holds 9 of 10 draws of each year's emissions, one a year."""

    @property
    def last(self) -> ScenarioYear:
        """The year that all of it leads to."""
        return self.years[-1]


@dataclass(frozen=True)
class Scenarios:
    """The scenarios of a city from its latest inventory to ``to_year``.

    ``base`` is in the target's measure; ``allowed_t`` is what the path allows the whole town in
    ``to_year``.
    """

    city: str
    target: Target
    unit: str
    base: Emissions
    last: Inventory
    to_year: int
    allowed_t: float
    realisation: tuple[float, float, float]
    spread_per_year: float
    seed: int
    draws: int
    scenarios: tuple[Scenario, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Ready:
    """Inventories that were made already, all by one method, and draws of their totals."""

    inventories: Mapping[int, Inventory]
    draws: Draws


@dataclass(frozen=True)
class Wanted:
    """What is asked of ``make_scenarios``; by default the next target, and its year."""

    target_id: str | None = None
    to_year: int | None = None
    chosen: tuple[str, ...] = ()
    grid_id: str | None = None


def make_scenarios(
    city: City,
    ledger: EnergyLedger,
    wanted: Wanted | None = None,
    method: Method | None = None,
    simulation: Simulation | None = None,
    ready: Ready | None = None,
) -> Scenarios:
    """The scenarios of ``city``; DataError if an action, a target or a projection is not known.

    What is ``ready`` is neither made nor drawn again; ``method`` and ``simulation`` are then its.
    """
    wanted = wanted or Wanted()
    known = ready.inventories if ready else inventory_years(city, ledger)
    last_year = max(known, default=None)
    if last_year is None:
        raise DataError(f"{city.id}: no inventory can be made, so there is nothing to go on from")
    target = _target(city, wanted.target_id, last_year)
    to_year = _to_year(target, wanted.to_year, last_year)
    years = {last_year, target.base_year}
    if ready and years <= ready.inventories.keys():
        made_of = {year: ready.inventories[year] for year in years}
    else:
        ready = None
        made_of = {year: make_inventory(city, year, ledger, method) for year in years}
    base, last = made_of[target.base_year], made_of[last_year]
    grid, unused = _grid(ledger, last, wanted.grid_id)
    mix = mix_of(city, wanted.chosen, to_year)
    draws = ready.draws if ready else None
    lines = _Lines(city, ledger, target, base, last, to_year, simulation, draws)
    made = list(lines.usual(grid))
    made += lines.both(ScenarioId.PLANNED, mix.planned, grid)
    if mix.chosen:
        made += lines.both(ScenarioId.CHOSEN, mix.together, grid)
    return lines.all(made, [*unused, *mix.findings(to_year), *_stays(lines.people, to_year)])


class _Lines:
    """Makes scenarios of one city, target and span of years."""

    def __init__(
        self,
        city: City,
        ledger: EnergyLedger,
        target: Target,
        base: Inventory,
        last: Inventory,
        to_year: int,
        simulation: Simulation | None,
        draws: Draws | None = None,
    ) -> None:
        installation = ledger.installation
        assumed = installation.uncertainty
        simulation = simulation or Simulation(assumed)
        self.city, self.target, self.last, self.to_year = city, target, last, to_year
        self.base_inventory = base
        self.base = emissions_of(city, target, base)
        self.people = People.of(city, target)
        self.realisation = assumed.realisation
        self.course = Course(
            last, self.people, installation.factors, self.realisation.likely_fraction
        )
        usual = city.outlook.growth or installation.expectations.errors.usual_growth
        self.spread_per_year = usual.spread_fraction_per_year
        both = {i.year: i for i in (base, last)}.values()
        draws = draws or simulation.of(both, cells=False)
        self.seed, self.draws = draws.seed, draws.count
        self.future = FutureDraws.of(draws, self.realisation, self.spread_per_year)

    @property
    def per_head(self) -> float:
        """What a tonne of the last year is in the target's measure."""
        if self.target.kind == "absolute":
            return 1.0
        return 1 / self.people.expected(self.to_year)

    @property
    def allowed_t(self) -> float:
        """What the path allows the whole town."""
        left = 1 - required_fraction(self.target, self.to_year)
        return self.base.t * left / self.per_head

    def usual(self, grid: GridProjection | None) -> Iterator[Scenario]:
        """As usual; and with the assumed trend, where there is one."""
        yield from self.both(ScenarioId.AS_USUAL, [], grid)
        trend = self.city.outlook.usual_trend
        if trend:
            change = trend.yearly_change_fraction
            yield from self.both(ScenarioId.AS_USUAL_TREND, [], grid, change)

    def both(
        self,
        id_: ScenarioId,
        actions: Sequence[Action],
        grid: GridProjection | None,
        yearly_change: float = 0.0,
    ) -> list[Scenario]:
        """Without the projection of the grid, and with it."""
        grids = [None, grid] if grid else [None]
        return [self._line(id_, actions, g, yearly_change) for g in grids]

    def _line(
        self,
        id_: ScenarioId,
        actions: Sequence[Action],
        grid: GridProjection | None,
        yearly_change: float,
    ) -> Scenario:
        years = self.course.years(self.to_year, actions, grid, yearly_change)
        end = years[-1]
        asked = Asked(
            required_fraction(self.target, end.year), self.target.reduction_fraction, self.per_head
        )
        base_per_t = per_tonne(self.city, self.target, self.base_inventory.year)
        base_year = self.target.base_year
        chances = self.future.chances(self._to_come(end), base_year, asked, base_per_t)
        intervals = tuple(self.future.spread(self._to_come(y)).interval() for y in years)
        return Scenario(
            id=id_,
            grid=grid,
            years=years,
            actions=tuple(a.id for a in actions if a.status is not Status.COMPLETED),
            gap_t=end.emissions_t - self.allowed_t,
            interval_t=intervals[-1],
            chances=chances,
            intervals_t=intervals,
        )

    def _to_come(self, year: ScenarioYear) -> ToCome:
        return ToCome(
            year=year.year,
            last_year=self.last.year,
            growth=year.as_usual_t / self.last.emissions_t if self.last.emissions_t else 0.0,
            grid_fraction=year.grid_t / year.as_usual_t if year.as_usual_t else 0.0,
            declared_t=year.declared_t,
        )

    def all(self, made: Iterable[Scenario], findings: Iterable[Finding]) -> Scenarios:
        """All of them together."""
        assumed = self.realisation
        return Scenarios(
            city=self.city.id,
            target=self.target,
            unit="t" if self.target.kind == "absolute" else "t per head",
            base=self.base,
            last=self.last,
            to_year=self.to_year,
            allowed_t=self.allowed_t,
            realisation=(assumed.low_fraction, assumed.likely_fraction, assumed.high_fraction),
            spread_per_year=self.spread_per_year,
            seed=self.seed,
            draws=self.draws,
            scenarios=tuple(made),
            findings=tuple(findings),
        )


def _target(city: City, target_id: str | None, last_year: int) -> Target:
    """The one asked for; else the next to come due, else the plan's."""
    ahead = None if target_id else next_target(city, last_year)
    return ahead or find_target(city, target_id)


def _to_year(target: Target, asked: int | None, last_year: int) -> int:
    year = target.target_year if asked is None else asked
    if year <= last_year:
        what = f"target {target.id} was due in {year}" if asked is None else f"--to {year}"
        raise DataError(
            f"{what}: scenarios are of years after the last inventory; expected --to"
            f" {last_year + 1} or later"
        )
    return year


def _grid(
    ledger: EnergyLedger, last: Inventory, grid_id: str | None
) -> tuple[GridProjection | None, list[Finding]]:
    """The projection asked for, by default the first; none where it would mean nothing."""
    grids = {g.id: g for g in ledger.installation.expectations.grids}
    if grid_id is not None and grid_id not in grids:
        raise DataError(f"no projection of the grid {grid_id!r}; there is {some(grids)}")
    found = grids[grid_id] if grid_id else next(iter(grids.values()), None)
    why = None
    if last.method.electricity_factor == "frozen":
        why = "electricity has the base year's factor, so that the grid changes nothing"
    elif last.factor_set.approach != "IPCC":
        why = f"it is of direct emissions, and {last.factor_set.id} is over the life cycle"
    if found is None or why is None:
        return found, []
    return None, [Finding("scenario.grid_unused", found.id, f"{found.name.en}: {why}")]


def _stays(people: People, to_year: int) -> Iterator[Finding]:
    if people.last_year is not None and people.last_year < to_year:
        text = f"no inhabitants are expected after {people.last_year}: they are taken to stay"
        yield Finding("scenario.population_carried", people.city, text)
