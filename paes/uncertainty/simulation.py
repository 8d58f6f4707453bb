"""Draws of what inventories could be if all is as wrong as it is assumed to be.

All years are drawn together: a meter, a table or a factor that errs in one year errs in the
others, so that most of it is not in the difference of two years. Energy is never drawn below zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from paes.activity.activity_data import Cell
from paes.errors import DataError
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.inventory.other_emissions import OtherEmissions, OtherRow
from paes.metering import Carrier, Sector
from paes.series import Floats
from paes.uncertainty.assumptions import Assumptions, Source
from paes.uncertainty.cell_errors import CellErrors, cell_errors, factor_error
from paes.uncertainty.errors import Dice, told_error
from paes.uncertainty.spread import Spread, uniform_variance

DRAWS = 10_000
SEED = 2012
"""By which draws are repeated unless another is asked for."""


@dataclass(frozen=True)
class Draws:
    """Every total and every cell of some inventories, drawn together."""

    seed: int
    count: int
    totals: Mapping[int, Spread]
    """By year, all lines and other rows together."""
    cells: Mapping[tuple[int, Sector, Carrier], Spread]

    @property
    def years(self) -> tuple[int, ...]:
        """The years of the inventories, oldest first."""
        return tuple(sorted(self.totals))


@dataclass(frozen=True, slots=True)
class Simulation:
    """How errors are drawn: by which assumptions, how often, and by which seed."""

    assumptions: Assumptions
    draws: int = DRAWS
    seed: int = SEED

    def of(self, inventories: Iterable[Inventory], *, cells: bool = True) -> Draws:
        """Draw the errors of ``inventories`` (``simulate``)."""
        return simulate(inventories, self.assumptions, self.draws, self.seed, cells=cells)


def simulate(
    inventories: Iterable[Inventory],
    assumptions: Assumptions,
    draws: int = DRAWS,
    seed: int = SEED,
    *,
    cells: bool = True,
) -> Draws:
    """Draw the errors of all ``inventories`` (of one city, each year once) together.

    The same seed makes the same draws, in whatever order the inventories come. Without ``cells``
    only totals are kept (10,000 draws of one figure take 80 kB). Raises DataError for no draws
    and for inventories that cannot stand beside each other.
    """
    made = _in_order(inventories)
    if draws < 1:
        raise DataError(f"{draws} draws; expected one or more")
    dice = Dice(seed, draws)
    totals = _Totals([i.year for i in made], draws)
    kept: dict[tuple[int, Sector, Carrier], Spread] = {}
    for cell, lines in sorted(_by_cell(made).items()):
        errors = cell_errors(made[0].city, cell, lines, assumptions, dice)
        least, most = errors.emissions_t(0), errors.emissions_t(1)
        totals.add(errors, least, most)
        if cells:
            kept |= {(year, *cell): spread for year, spread in _spreads(errors, least, most)}
    for inventory in made:
        if inventory.lacks_cells:
            totals.open(inventory.year)
        for row in sorted(inventory.other_rows, key=lambda row: (row.row, row.use or "")):
            totals.add_row(inventory.year, row, _row_errors(inventory, row, assumptions, dice))
    return Draws(seed, draws, totals.spreads(), kept)


def _in_order(inventories: Iterable[Inventory]) -> list[Inventory]:
    made = sorted(inventories, key=lambda i: i.year)
    if not made:
        raise DataError("no inventory to draw errors of")
    if len({i.year for i in made}) < len(made) or len({i.city for i in made}) > 1:
        seen = ", ".join(f"{i.city} {i.year}" for i in made)
        raise DataError(f"inventories of one city are drawn together, each year once; seen {seen}")
    return made


def _by_cell(made: list[Inventory]) -> dict[Cell, list[tuple[Inventory, InventoryLine]]]:
    found: dict[Cell, list[tuple[Inventory, InventoryLine]]] = {}
    for inventory in made:
        for line in inventory.lines:
            cell = line.activity.sector, line.activity.carrier
            found.setdefault(cell, []).append((inventory, line))
    return found


def _spreads(errors: CellErrors, least: Floats, most: Floats) -> Iterable[tuple[int, Spread]]:
    deviations, missing = errors.deviations_t, errors.missing_variance_t2
    for place, year in enumerate(errors.years):
        variance = {source: float(np.var(of[place])) for source, of in deviations.items()}
        if missing[place]:
            variance[Source.MISSING] = float(missing[place])
        same = not missing[place]
        yield year, Spread(least[place], least[place] if same else most[place], variance)


class _Totals:
    """Sums over cells and rows by year."""

    def __init__(self, years: list[int], draws: int) -> None:
        self.place = {year: place for place, year in enumerate(years)}
        self.least = np.zeros((len(years), draws))
        self.most = np.zeros((len(years), draws))
        self.by_source: dict[Source, Floats] = {}
        self.missing_t = np.zeros(len(years))

    def add(self, errors: CellErrors, least: Floats, most: Floats) -> None:
        """One cell in all of its years."""
        places = [self.place[year] for year in errors.years]
        self.least[places] += least
        self.most[places] += most
        self.missing_t[places] += errors.missing_t
        for source, deviations in errors.deviations_t.items():
            self._of(source)[places] += deviations

    def add_row(self, year: int, row: OtherEmissions, drawn: tuple[Source, Floats]) -> None:
        """One row without energy."""
        source, errors = drawn
        place = self.place[year]
        self.least[place] += row.emissions_t + errors
        self.most[place] += row.emissions_t + errors
        self._of(source)[place] += errors

    def open(self, year: int) -> None:
        """Something of a year has a notation key in place of a figure: it may be anything."""
        self.most[self.place[year]] = np.inf
        self.missing_t[self.place[year]] = np.inf

    def spreads(self) -> dict[int, Spread]:
        """The total of each year."""
        return {year: self._spread(place) for year, place in self.place.items()}

    def _spread(self, place: int) -> Spread:
        deviations = {source: of[place] for source, of in self.by_source.items()}
        variance = {source: float(np.var(of)) for source, of in deviations.items()}
        least, most = self.least[place], self.most[place]
        if not self.missing_t[place]:
            return Spread(least, least, variance, deviations)
        variance[Source.MISSING] = uniform_variance(float(self.missing_t[place]))
        return Spread(least, most, variance, deviations)

    def _of(self, source: Source) -> Floats:
        return self.by_source.setdefault(source, np.zeros_like(self.least))


def _row_errors(
    inventory: Inventory, row: OtherEmissions, assumptions: Assumptions, dice: Dice
) -> tuple[Source, Floats]:
    """t; what green electricity takes off is wrong as the factor of electricity is."""
    if row.row is OtherRow.GREEN_ELECTRICITY:
        power = [x.factor for x in inventory.lines if x.activity.carrier is Carrier.ELECTRICITY]
        approach = inventory.factor_set.approach
        by = factor_error(power[0], approach, assumptions, dice) if power else np.zeros(dice.count)
        return Source.FACTOR, row.emissions_t * by
    width = assumptions.other_row(row.row)
    own = row.uncertainty_fraction
    half = width.half_width_fraction if own is None else own
    name = "declared", inventory.city, row.row, row.use or ""
    normal = dice.alike(width.between_years_correlation, name, row.declared_year)
    error = half * normal
    if row.carried:
        a_year = assumptions.carried.half_width_per_year_fraction
        error = error + a_year * dice.walk(name, row.declared_year, row.year)
    return Source.DECLARED, row.emissions_t * told_error(assumptions.margin.times * error)
