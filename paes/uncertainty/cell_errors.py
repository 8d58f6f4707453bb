"""Draws of one sector and carrier over the years: its errors by source, and what they make of it.

Arrays are years x draws, energy in MWh. Which errors are shared follows from their names
(``paes.uncertainty.errors``): a meter is one error for all years and cells, a carrier's factor one
for all sites, sectors and cities, a declared series one for a city.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from paes.activity.activity_data import Cell
from paes.activity.declared_row import DeclaredRow
from paes.factors.dated_values import How
from paes.factors.emission_factors import FactorMatch
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.meters import Meter
from paes.series import Floats
from paes.uncertainty.assumptions import Z95, Assumptions, Source, known_from
from paes.uncertainty.errors import Dice, told_error, within_range
from paes.uncertainty.spread import uniform_variance
from paes.units import KWH_PER_MWH

NEXT_TO_NOTHING = float(np.finfo(np.float64).tiny)
"""The least part of a factor that is drawn: zero times an unbounded gap would be no number."""


@dataclass(frozen=True)
class CellErrors:
    """What a cell's energy and factor may be wrong by, in the years in which it has a line."""

    years: tuple[int, ...]
    energy_mwh: Floats
    """Its figures (years)."""
    factor_t_per_mwh: Floats
    energy_errors: dict[Source, Floats]
    """MWh, years x draws; of sources that have any."""
    factor_errors: Floats
    """As parts of the factor, years x draws."""
    missing_mwh: Floats
    """Bounds of what meters missed, years x 2."""
    factor_bounds_t_per_mwh: Floats
    """Those that gaps leave to a local factor, years x 2; others are as certain as they are."""

    @property
    def deviations_t(self) -> dict[Source, Floats]:
        """What each source alone would change of the emissions, t."""
        factor = self.factor_t_per_mwh[:, None]
        found = {source: errors * factor for source, errors in self.energy_errors.items()}
        by_factor = self.energy_mwh[:, None] * factor * self.factor_errors
        found[Source.FACTOR] = found.get(Source.FACTOR, 0.0) + by_factor
        return found

    @property
    def missing_t(self) -> Floats:
        """How far what meters missed opens each year's emissions."""
        least, most = (self._bounds_t(self.energy_mwh[:, None], end)[:, 0] for end in (0, 1))
        return most - least

    @property
    def missing_variance_t2(self) -> Floats:
        """Of what meters missed, as if all between its bounds were as likely."""
        return uniform_variance(self.missing_t)

    def emissions_t(self, bound: int) -> Floats:
        """Draws of the emissions with the least (0) or the most (1) of what meters missed."""
        errors = sum(self.energy_errors.values(), np.zeros_like(self.factor_errors))
        energy = self.energy_mwh[:, None] + errors
        # Nothing was used backwards: unless the figure says so, no draw is below zero.
        energy = np.maximum(energy, np.minimum(self.energy_mwh, 0.0)[:, None])
        return self._bounds_t(energy, bound) * np.maximum(1 + self.factor_errors, NEXT_TO_NOTHING)

    def _bounds_t(self, energy_mwh: Floats, end: int) -> Floats:
        """Emissions of ``energy_mwh`` with the least (0) or the most (1) of what is missing.

        Infinite if that is unbounded, but for what emits nothing.
        """
        energy = energy_mwh + self.missing_mwh[:, end, None]
        if end == 0:  # a doubted figure may be less, but not below zero
            energy = np.maximum(energy, np.minimum(energy_mwh, 0.0))
        factor = np.broadcast_to(self.factor_bounds_t_per_mwh[:, end, None], energy.shape)
        emissions = np.zeros(energy.shape)
        np.multiply(energy, factor, out=emissions, where=(energy != 0) & (factor != 0))
        return emissions


def cell_errors(
    city: str,
    cell: Cell,
    lines: Sequence[tuple[Inventory, InventoryLine]],
    assumptions: Assumptions,
    dice: Dice,
) -> CellErrors:
    """Draw all errors of a cell of ``city``; ``lines`` are those of its years, in order."""
    drawing = _Drawing(city, cell, assumptions, dice)
    shape = len(lines), dice.count
    errors = {
        source: made
        for source, made in (
            (Source.METER, drawing.meters(lines)),
            (Source.ESTIMATE, drawing.each(lines, drawing.estimate)),
            (Source.DECLARED, drawing.each(lines, drawing.declared)),
            (Source.FACTOR, drawing.each(lines, drawing.calorific)),
        )
        if made is not None
    }
    return CellErrors(
        years=tuple(inventory.year for inventory, _ in lines),
        energy_mwh=np.array([line.energy_mwh for _, line in lines]),
        factor_t_per_mwh=np.array([line.factor.factor_t_per_mwh for _, line in lines]),
        energy_errors=errors,
        factor_errors=np.stack(
            [
                factor_error(line.factor, inventory.factor_set.approach, assumptions, dice)
                for inventory, line in lines
            ]
        ).reshape(shape),
        missing_mwh=np.array([_missing(line) for _, line in lines]),
        factor_bounds_t_per_mwh=np.array([line.factor.bounds_t_per_mwh for _, line in lines]),
    )


def factor_error(match: FactorMatch, approach: str, assumptions: Assumptions, dice: Dice) -> Floats:
    """Draws of a factor's error, as parts of it; zero for a factor of zero."""
    if match.factor_t_per_mwh == 0:
        return np.zeros(dice.count)
    width, wider = assumptions.factor(match.carrier, approach), assumptions.margin.times
    name = "factor", approach, match.carrier
    of_year = match.year_used
    if of_year is None and match.how in (How.LOCAL, How.DECLARED):
        of_year = match.year_asked
    normal = dice.alike(width.between_years_correlation, name, of_year)
    error = within_range(normal, wider * width.below_fraction, wider * width.above_fraction)
    if match.how is not How.EARLIER or match.year_used is None:
        return error
    stale = wider * assumptions.stale_factors.half_width_per_year_fraction / Z95
    return error + stale * dice.walk(name, match.year_used, match.year_asked)


_OfLine = Callable[[InventoryLine], Floats | None]


class _Drawing:
    """Errors of the energy of one cell."""

    def __init__(self, city: str, cell: Cell, assumptions: Assumptions, dice: Dice) -> None:
        self.city, self.cell, self.assumptions, self.dice = city, cell, assumptions, dice
        self.wider = assumptions.margin.times

    def each(self, lines: Sequence[tuple[Inventory, InventoryLine]], of: _OfLine) -> Floats | None:
        """Years x draws of one kind of error; None if no year has any."""
        made = [of(line) for _, line in lines]
        if all(one is None for one in made):
            return None
        nothing = np.zeros(self.dice.count)
        return np.stack([nothing if one is None else one for one in made])

    def meters(self, lines: Sequence[tuple[Inventory, InventoryLine]]) -> Floats | None:
        """Each meter's error, the same part of its energy in all years.

        Its standard deviation is the limit divided by the root of 3: within limits nothing is
        known (JCGM 100:2008, 4.3.7). The error of many meters together is near a normal one.
        """
        width_mwh: dict[str, Floats] = {}
        for place, (inventory, line) in enumerate(lines):
            if not line.activity.adds_metered:
                continue
            for name, meter, mwh in self._metered(inventory, line):
                limit = self.assumptions.meter_limit(meter, self.cell[1])
                of_years = width_mwh.setdefault(name, np.zeros(len(lines)))
                of_years[place] += mwh * limit / math.sqrt(3) * self.wider
        if not width_mwh:
            return None
        errors = np.zeros((len(lines), self.dice.count))
        for name, of_years in sorted(width_mwh.items()):
            errors += np.outer(of_years, self.dice.normal("meter", name))
        return errors

    def _metered(
        self, inventory: Inventory, line: InventoryLine
    ) -> list[tuple[str, Meter | None, float]]:
        """Meters of a line and what they add to it.

        Where they are not known, or do not make up what is measured, one stands for all.
        """
        measured = line.activity.metered.measured_kwh
        terms = [
            (t.term.meter, t.term.weight * t.total.measured_kwh)
            for t in inventory.metered_terms.get(self.cell, ())
        ]
        if math.isclose(math.fsum(kwh for _, kwh in terms), measured, rel_tol=1e-3, abs_tol=1):
            return [(meter.id, meter, kwh / KWH_PER_MWH) for meter, kwh in terms]
        return [(f"{self.city}/{'/'.join(self.cell)}", None, measured / KWH_PER_MWH)]

    def estimate(self, line: InventoryLine) -> Floats | None:
        """What stands in for gaps, within its own band: one error for the cell and year."""
        activity = line.activity
        if not activity.adds_metered:
            return None
        total = activity.metered
        below = max(0.0, total.estimated_kwh - total.estimated_low_kwh)
        above = max(0.0, total.estimated_high_kwh - total.estimated_kwh)
        above = above if math.isfinite(above) else 0.0
        if not below and not above:
            return None
        normal = self.dice.normal("estimate", self.city, *self.cell, activity.year)
        to_mwh = self.wider / KWH_PER_MWH
        return within_range(normal, below * to_mwh, above * to_mwh)

    def calorific(self, line: InventoryLine) -> Floats | None:
        """The energy in what meters of fuels counted: one error for all of a carrier and year."""
        activity = line.activity
        width = self.assumptions.calorific(self.cell[1])
        if width is None or not activity.adds_metered or not activity.metered_mwh:
            return None
        normal = self.dice.alike(
            width.between_years_correlation, ("calorific", self.cell[1]), activity.year
        )
        part = self.wider * width.half_width_fraction
        return within_range(normal, part, part) * activity.metered_mwh

    def declared(self, line: InventoryLine) -> Floats | None:
        """Declared figures, each series with its own error."""
        made = [self._row(row, line.activity.year) for row in line.activity.parts]
        return np.sum(made, axis=0) if made else None

    def _row(self, row: DeclaredRow, year: int) -> Floats:
        width = self.assumptions.of_row(row)
        sector, carrier = self.cell
        of_sector = "declared", self.city, sector, known_from(row)
        series = "declared", self.city, sector, carrier, row.what or ""
        shared, between = width.within_sector_correlation, width.between_years_correlation
        normal = np.sqrt(1 - shared) * self.dice.alike(between, series, row.year)
        if shared:
            normal = normal + np.sqrt(shared) * self.dice.alike(between, of_sector, row.year)
        error = width.half_width_fraction * normal
        if row.year != year:
            a_year = self.assumptions.carried.half_width_per_year_fraction
            error = error + a_year * self.dice.walk(series, row.year, year)
        return row.energy_mwh * told_error(self.wider * error)


def _missing(line: InventoryLine) -> tuple[float, float]:
    """Bounds of what is missing, MWh; nothing bounds what may be anything."""
    low, high = line.activity.missing_mwh
    below, above = line.activity.doubt_mwh
    low, high = low + below, high + above
    estimated_high = line.activity.metered.estimated_high_kwh
    unbounded = line.activity.adds_metered and not math.isfinite(estimated_high)
    return low, math.inf if unbounded else high
