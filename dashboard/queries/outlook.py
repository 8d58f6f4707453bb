"""Where the town is going: bands of past inventories, and scenarios up to a target's year.

Past years lie between what 9 of 10 draws of their errors hold; years to come between what 9 of 10
worlds hold (``paes.scenarios``). All in the measure that the page shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dashboard.queries.measure import Measure
from paes.accounting.ledger import EnergyLedger
from paes.errors import DataError, StoreError
from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.inventory.method import Method
from paes.plan.outlook import GridProjection
from paes.plan.target import Target
from paes.scenarios.scenarios import Ready, Scenario, ScenarioId, Scenarios, Wanted, make_scenarios
from paes.uncertainty.chances import Chance
from paes.uncertainty.simulation import Draws


@dataclass(frozen=True, slots=True)
class YearBand:
    """Emissions of a year and what holds 9 of 10 draws of them, as the page shows them."""

    year: int
    t: float
    low_t: float
    high_t: float


@dataclass(frozen=True)
class Course:
    """One scenario from the last inventory on, and how likely it is enough."""

    id: ScenarioId
    grid: GridProjection | None
    years: tuple[YearBand, ...]
    gap_t: float
    """Tonnes of the whole town above what the target allows; negative: to spare."""
    enough: Chance


@dataclass(frozen=True)
class Outlook:
    """The years up to a target's, by every scenario."""

    target: Target
    to_year: int
    courses: tuple[Course, ...]
    likely_fraction: float
    """The part of what actions declare that is taken to come true."""

    def course(self, of: ScenarioId, grid: bool = False) -> Course | None:
        """The scenario of that name, with the projection of the grid or without it."""
        found = (c for c in self.courses if c.id is of and bool(c.grid) is grid)
        return next(found, None)


def bands(
    inventories: dict[int, Inventory], draws: Draws | None, by: Measure
) -> tuple[YearBand, ...]:
    """Of every inventory year; nothing where nothing was drawn."""
    if draws is None:
        return ()
    return tuple(
        _band(year, made.emissions_t, *_ends(draws, year), by)
        for year, made in sorted(inventories.items())
        if year in draws.totals
    )


def _ends(draws: Draws, year: int) -> tuple[float, float]:
    found = draws.totals[year].interval()
    return found.low, found.high


def _band(year: int, t: float, low: float, high: float, by: Measure) -> YearBand:
    factor = by.of_town(year)
    return YearBand(year, t * factor, low * factor, high * factor)


def outlook(
    city: City,
    ledger: EnergyLedger,
    target: Target | None,
    inventories: dict[int, Inventory],
    draws: Draws | None,
    by: Measure,
) -> Outlook | None:
    """The scenarios up to ``target``; None if it lies behind, or too little is known for them."""
    newest = max(inventories)
    if target is None or draws is None or target.target_year <= newest:
        return None
    try:
        made = make_scenarios(
            city,
            ledger,
            Wanted(target.id),
            _method(inventories[newest]),
            ready=Ready(inventories, draws),
        )
    except StoreError:
        raise
    except DataError:
        return None  # no inhabitants are known, or the base year has no inventory
    courses = tuple(_courses(made, inventories[newest], draws, by))
    return Outlook(target, made.to_year, courses, made.realisation[1])


def _method(newest: Inventory) -> Method:
    return newest.method


def _courses(made: Scenarios, last: Inventory, draws: Draws, by: Measure) -> Iterator[Course]:
    start = _band(last.year, last.emissions_t, *_ends(draws, last.year), by)
    for one in made.scenarios:
        years = (start, *_years(one, by))
        yield Course(one.id, one.grid, years, one.gap_t, one.chances.on_path)


def _years(one: Scenario, by: Measure) -> Iterator[YearBand]:
    for year, interval in zip(one.years, one.intervals_t, strict=True):
        yield _band(year.year, year.emissions_t, interval.low, interval.high, by)
