"""Sectors and cells of the newest inventory beside the base year's: what the tables list.

All that an inventory's total is the sum of is here, rows without energy too (waste, waste water,
green electricity that is taken off), so that a table adds up to its inventory. Cells with a
notation key in place of a figure are listed without one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from paes.activity.declared_row import Notation
from paes.factors.emission_factors import FactorMatch
from paes.inventory.evidence import CellEvidence
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.inventory.other_emissions import OtherEmissions, OtherRow
from paes.metering import Carrier, Sector

Row = Sector | OtherRow
"""What emissions are told for; green electricity is no sector."""
_SECTORS = {
    OtherRow.WASTE_MANAGEMENT: Sector.WASTE,
    OtherRow.WASTE_WATER: Sector.WASTE_WATER,
    OtherRow.OTHER: Sector.OTHER,
}


@dataclass(frozen=True, slots=True)
class SectorChange:
    """One sector in the base year and in the newest inventory."""

    sector: Row
    base_t: float
    latest_t: float
    base_mwh: float
    latest_mwh: float
    metered_fraction: float
    """Of the emissions of its energy, as the inventory's own."""

    @property
    def change_fraction(self) -> float | None:
        """The change of emissions since the base year; None without a base."""
        return self.latest_t / self.base_t - 1 if self.base_t else None


@dataclass(frozen=True, slots=True)
class LineChange:
    """One cell, or row without energy, of the newest inventory, and its base year's emissions."""

    sector: Row
    carrier: Carrier | None
    energy_mwh: float | None
    emissions_t: float | None
    base_t: float
    metered_fraction: float | None = None
    declared_year: int | None = None
    assumed: bool = False
    factor: FactorMatch | None = None
    source: str = ""
    evidence: CellEvidence = field(default_factory=CellEvidence)
    notation: Notation | None = None
    """Why it has no figure."""

    @property
    def change_fraction(self) -> float | None:
        """The change of emissions since the base year; None without a base or a figure."""
        if self.emissions_t is None or not self.base_t:
            return None
        return self.emissions_t / self.base_t - 1


def sector_changes(base: Inventory, newest: Inventory) -> tuple[SectorChange, ...]:
    """Every sector of either year, the largest of the newest first; they add up to its total."""
    parts = (*base.parts, *newest.parts)
    rows = [_sector(row, base, newest) for row in {row_of(part) for part in parts}]
    return tuple(sorted(rows, key=lambda row: (-row.latest_t, row.sector)))


def row_of(part: InventoryLine | OtherEmissions) -> Row:
    """The sector, or row without energy, that a part of an inventory belongs to."""
    if isinstance(part, InventoryLine):
        return part.activity.sector
    return _SECTORS.get(part.row, part.row)


def _sector(row: Row, base: Inventory, newest: Inventory) -> SectorChange:
    then, now = (_lines_of(inventory, row) for inventory in (base, newest))
    energy_t = math.fsum(line.emissions_t for line in now)
    seen_t = math.fsum(line.emissions_t * line.activity.metered_fraction for line in now)
    return SectorChange(
        sector=row,
        base_t=_emissions_t(base, row),
        latest_t=_emissions_t(newest, row),
        base_mwh=math.fsum(line.energy_mwh for line in then),
        latest_mwh=math.fsum(line.energy_mwh for line in now),
        metered_fraction=seen_t / energy_t if energy_t else 0.0,
    )


def _lines_of(inventory: Inventory, row: Row) -> list[InventoryLine]:
    return [line for line in inventory.lines if line.activity.sector is row]


def _emissions_t(inventory: Inventory, row: Row) -> float:
    return math.fsum(part.emissions_t for part in inventory.parts if row_of(part) is row)


def line_changes(
    base: Inventory, newest: Inventory, sectors: Iterable[SectorChange]
) -> tuple[LineChange, ...]:
    """Every part of the newest inventory, in the order of ``sectors``; keys after figures."""
    rows = [*_cells(base, newest), *_others(base, newest), *_noted(base, newest)]
    order = {row.sector: place for place, row in enumerate(sectors)}
    last = len(order)

    def place(row: LineChange) -> tuple[int, bool, float]:
        return order.get(row.sector, last), row.emissions_t is None, -(row.emissions_t or 0.0)

    return tuple(sorted(rows, key=place))


def _cells(base: Inventory, newest: Inventory) -> list[LineChange]:
    before = _by_cell(base)
    return [
        LineChange(
            sector=line.activity.sector,
            carrier=line.activity.carrier,
            energy_mwh=float(line.energy_mwh),
            emissions_t=float(line.emissions_t),
            base_t=before.get((line.activity.sector, line.activity.carrier), 0.0),
            metered_fraction=float(line.activity.metered_fraction),
            declared_year=line.activity.declared_year,
            assumed=line.assumed,
            factor=line.factor,
            evidence=line.evidence,
        )
        for line in newest.lines
    ]


def _by_cell(inventory: Inventory) -> dict[tuple[Sector, Carrier], float]:
    return {(i.activity.sector, i.activity.carrier): float(i.emissions_t) for i in inventory.lines}


def _others(base: Inventory, newest: Inventory) -> list[LineChange]:
    before = {row.what: row.emissions_t for row in base.other_rows}
    return [
        LineChange(
            sector=row_of(row),
            carrier=None,
            energy_mwh=None,
            emissions_t=float(row.emissions_t),
            base_t=before.get(row.what, 0.0),
            declared_year=row.declared_year,
            assumed=row.assumed,
            source=row.source,
        )
        for row in newest.other_rows
    ]


def _noted(base: Inventory, newest: Inventory) -> list[LineChange]:
    """Cells without any figure; a use beside others that have one is told by the findings."""
    before, figured = _by_cell(base), _by_cell(newest)
    noted = {(n.sector, n.carrier): n for n in newest.noted if (n.sector, n.carrier) not in figured}
    return [
        LineChange(
            sector=one.sector,
            carrier=one.carrier,
            energy_mwh=None,
            emissions_t=None,
            base_t=before.get(cell, 0.0),
            declared_year=one.declared_year,
            source=one.explanation,
            notation=one.notation,
        )
        for cell, one in noted.items()
    ]
