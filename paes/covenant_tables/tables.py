"""Tables A (final energy) and B (emissions) as the Covenant's template of 2010 lays them out.

Every cell of the inventory is in exactly one row and column, so that the totals are those of the
inventory. What the template has no row for stands in a marked row of its own (no code) and is in
the total: a sector ``other``, and certified green electricity that is taken off, which M109 leaves
out and the line below it has. A cell without a figure is empty, or has its notation key.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from paes.covenant_tables.template import Group, Template
from paes.factors.emission_factors import How
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.inventory.other_emissions import OtherRow
from paes.metering import Carrier, Sector
from paes.schema import Text


class RowKind(StrEnum):
    """What a row of a table is."""

    GROUP = "group"  # a title above rows
    ROW = "row"
    UNLISTED = "unlisted"  # not in the template
    SUBTOTAL = "subtotal"
    TOTAL = "total"
    BELOW = "below"  # a line below the table, in a unit of its own


@dataclass(frozen=True, slots=True)
class TableCell:
    """A figure, a notation key, both, or nothing."""

    value: float | None = None
    notation: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its key, its heading and that of its group."""

    key: str
    title: Text
    group: Text | None = None


@dataclass(frozen=True, slots=True)
class CovenantRow:
    """A row with one cell a column; a title has none."""

    code: str | None
    title: Text
    kind: RowKind
    cells: tuple[TableCell, ...] = ()

    @property
    def values(self) -> tuple[float | None, ...]:
        """The figures of its cells."""
        return tuple(cell.value for cell in self.cells)


@dataclass(frozen=True, slots=True)
class CovenantTable:
    """One of the tables A to D."""

    id: Literal["A", "B", "C", "D"]
    title: Text
    columns: tuple[Column, ...]
    rows: tuple[CovenantRow, ...]

    def row(self, code: str) -> CovenantRow:
        """The row of that code; KeyError if there is none."""
        for row in self.rows:
            if row.code == code:
                return row
        raise KeyError(code)


def table_a(inventory: Inventory, template: Template) -> CovenantTable:
    """Final energy, MWh."""
    rows = _energy_rows(inventory, template, "A", lambda line: line.energy_mwh)
    total = _sum(template.totals["A"], template.total, RowKind.TOTAL, rows)
    return CovenantTable(
        "A",
        template.titles["A"],
        _columns(template),
        (*rows, total, *_green_rows(inventory, template)),
    )


def table_b(inventory: Inventory, template: Template) -> CovenantTable:
    """Emissions, t of the factor set's gas."""
    rows = _energy_rows(inventory, template, "B", lambda line: line.emissions_t)
    rows += _other_rows(inventory, template)
    total = _sum(template.totals["B"], template.total, RowKind.TOTAL, rows)
    below = [_factor_row(inventory, template), _national_row(inventory, template)]
    return CovenantTable(
        "B",
        template.titles["B"],
        _columns(template),
        (*rows, total, *_green_t_rows(inventory, template, total), *below),
    )


def _columns(template: Template) -> tuple[Column, ...]:
    groups = template.column_groups
    carriers = [
        Column(str(c.carrier), Text(it=c.it, en=c.en), groups[c.group] if c.group else None)
        for c in template.columns
    ]
    return (*carriers, Column("total", template.total))


def _energy_rows(
    inventory: Inventory,
    template: Template,
    letter: Literal["A", "B"],
    figure: Callable[[InventoryLine], float],
) -> list[CovenantRow]:
    """Groups with their rows and subtotals, and the sectors that have no row."""
    found: list[CovenantRow] = []
    for group in template.groups:
        rows = [
            _sector_row(
                inventory, template, row.sector, row.codes[letter], _text(row), RowKind.ROW, figure
            )
            for row in group.rows
        ]
        found.append(CovenantRow(group.codes[letter], _text(group), RowKind.GROUP))
        found += rows
        code = group.subtotal[letter]
        found.append(_sum(code, template.subtotal, RowKind.SUBTOTAL, rows))
    there = {x.activity.sector for x in inventory.lines} | {x.sector for x in inventory.noted}
    for sector in (s for s in Sector if s in there and s not in template.listed):
        title = template.unlisted_title(sector)
        found.append(
            _sector_row(inventory, template, sector, None, title, RowKind.UNLISTED, figure)
        )
    return found


def _sector_row(
    inventory: Inventory,
    template: Template,
    sector: Sector,
    code: str | None,
    title: Text,
    kind: RowKind,
    figure: Callable[[InventoryLine], float],
) -> CovenantRow:
    lines = {x.activity.carrier: x for x in inventory.lines if x.activity.sector is sector}
    keys = {x.carrier: str(x.notation) for x in inventory.noted if x.sector is sector}
    cells = [_cell(lines.get(c.carrier), keys.get(c.carrier), figure) for c in template.columns]
    return CovenantRow(code, title, kind, (*cells, TableCell(_added(c.value for c in cells))))


def _cell(
    line: InventoryLine | None, notation: str | None, figure: Callable[[InventoryLine], float]
) -> TableCell:
    """A figure; a key in place of one, or beside one if it is of a use of the cell."""
    if line is None or (notation and not line.energy_mwh):
        return TableCell(None, notation)
    return TableCell(figure(line), notation)


def _other_rows(inventory: Inventory, template: Template) -> list[CovenantRow]:
    """Rows without energy; of one that is not declared the cell is empty."""
    empty = (TableCell(),) * len(template.columns)
    found = [CovenantRow(None, template.other_group, RowKind.GROUP)]
    for row in template.other_rows:
        of_row = [other.emissions_t for other in inventory.other_rows if other.row is row.row]
        cells = (*empty, TableCell(_added(of_row)))
        found.append(CovenantRow(row.code, _text(row), RowKind.ROW, cells))
    return found


def _sum(code: str, title: Text, kind: RowKind, rows: Iterable[CovenantRow]) -> CovenantRow:
    """Of the rows that are in no other sum."""
    counted = [row for row in rows if row.kind in (RowKind.ROW, RowKind.UNLISTED)]
    columns = zip(*(row.values for row in counted), strict=True)
    return CovenantRow(code, title, kind, tuple(TableCell(_added(column)) for column in columns))


def _green_rows(inventory: Inventory, template: Template) -> list[CovenantRow]:
    """M510 and M520, in the column of electricity; nothing bought leaves them empty."""
    bought = inventory.supply.green_mwh if inventory.supply else 0.0
    green_t = inventory.supply.green_t if inventory.supply else 0.0
    row, factor = template.green_electricity, template.green_factor
    return [
        _below(template, row.code, _text(row), bought or None),
        _below(template, factor.code, _text(factor), green_t / bought if bought else None),
    ]


def _green_t_rows(
    inventory: Inventory, template: Template, total: CovenantRow
) -> list[CovenantRow]:
    """What is taken off for green electricity, and the total with it; nothing if nothing is."""
    rows = [row for row in inventory.other_rows if row.row is OtherRow.GREEN_ELECTRICITY]
    if not rows:
        return []
    taken = math.fsum(row.emissions_t for row in rows)
    empty = (TableCell(),) * len(template.columns)
    whole = (total.values[-1] or 0.0) + taken
    return [
        CovenantRow(None, template.unlisted.green, RowKind.UNLISTED, (*empty, TableCell(taken))),
        CovenantRow(None, template.unlisted.total, RowKind.TOTAL, (*empty, TableCell(whole))),
    ]


def _factor_row(inventory: Inventory, template: Template) -> CovenantRow:
    """M550: tonnes by MWh of each carrier; one that has several factors has their mean."""
    cells = [TableCell(_mean_factor(inventory.lines, c.carrier)) for c in template.columns]
    row = template.factors
    return CovenantRow(row.code, _text(row), RowKind.BELOW, (*cells, TableCell()))


def _mean_factor(lines: Sequence[InventoryLine], carrier: Carrier) -> float | None:
    of_carrier = [line for line in lines if line.activity.carrier is carrier]
    factors = {line.factor.factor_t_per_mwh for line in of_carrier}
    if len(factors) <= 1:
        return next(iter(factors), None)
    energy_mwh = math.fsum(line.energy_mwh for line in of_carrier)
    if not energy_mwh:
        return None
    return math.fsum(line.emissions_t for line in of_carrier) / energy_mwh


def _national_row(inventory: Inventory, template: Template) -> CovenantRow:
    """M560: the factor of what comes from the grid, whether or not it is the one that is used."""
    factors = [
        line.factor for line in inventory.lines if line.activity.carrier is Carrier.ELECTRICITY
    ]
    value = None
    for factor in factors[:1]:
        value = factor.numbers.get("neefe_t_per_mwh")
        if value is None and factor.how not in (How.LOCAL, How.DECLARED):
            value = factor.factor_t_per_mwh
    row = template.national_factor
    return _below(template, row.code, _text(row), value)


def _below(template: Template, code: str, title: Text, value: float | None) -> CovenantRow:
    cells = [
        TableCell(value if column.carrier is Carrier.ELECTRICITY else None)
        for column in template.columns
    ]
    return CovenantRow(code, title, RowKind.BELOW, (*cells, TableCell()))


def _text(titled: Text | Group) -> Text:
    return Text(it=titled.it, en=titled.en)


def _added(values: Iterable[float | None]) -> float | None:
    """The sum of what there is; None if there is nothing."""
    there = [value for value in values if value is not None]
    return math.fsum(there) if there else None
