"""Tables C (local electricity) and D (local heat) as the Covenant's template of 2010 lays them out.

A kind of plant that the territory has not leaves its row empty. Of fuel that is in a line of
consumption already the tonnes are not told here a second time.
"""

from __future__ import annotations

from collections.abc import Sequence

from paes.covenant_tables.tables import Column, CovenantRow, CovenantTable, RowKind, TableCell
from paes.covenant_tables.template import Coded, SupplyTemplate, Template
from paes.inventory.inventory import Inventory
from paes.schema import Text
from paes.supply.local_supply import TableRow


def table_c(inventory: Inventory, template: Template) -> CovenantTable:
    """Local electricity: MWh, fuels in MWh, t and t/MWh."""
    rows = inventory.supply.table_c if inventory.supply else ()
    of = template.table_c
    return CovenantTable("C", _titled(template.titles["C"], of), _columns(of), _rows(of, rows))


def table_d(inventory: Inventory, template: Template) -> CovenantTable:
    """Local heat and cold, likewise."""
    rows = inventory.supply.table_d if inventory.supply else ()
    of = template.table_d
    return CovenantTable("D", _titled(template.titles["D"], of), _columns(of), _rows(of, rows))


def _titled(title: Text, of: SupplyTemplate) -> Text:
    if of.note is None:
        return title
    return Text(it=f"{title.it} ({of.note.it})", en=f"{title.en} ({of.note.en})")


def _columns(of: SupplyTemplate) -> tuple[Column, ...]:
    fuels = [Column(str(f.fuel), Text(it=f.it, en=f.en)) for f in of.fuels]
    return (
        Column("energy_mwh", of.energy),
        *fuels,
        Column("emissions_t", of.emissions),
        Column("factor_t_per_mwh", of.factor),
    )


def _rows(of: SupplyTemplate, rows: Sequence[TableRow]) -> tuple[CovenantRow, ...]:
    by_code = {row.code: row for row in rows}
    listed = [_row(of, line, RowKind.ROW, by_code.get(line.code)) for line in of.rows]
    return (*listed, _row(of, of.total, RowKind.TOTAL, by_code.get(of.total.code)))


def _row(of: SupplyTemplate, line: Coded, kind: RowKind, found: TableRow | None) -> CovenantRow:
    title = Text(it=line.it, en=line.en)
    if found is None:
        return CovenantRow(line.code, title, kind, (TableCell(),) * (len(of.fuels) + 3))
    values = [
        found.energy.mwh,
        *(found.fuels_mwh.get(column.fuel) for column in of.fuels),
        found.emissions_t,
        found.factor_t_per_mwh,
    ]
    return CovenantRow(line.code, title, kind, tuple(TableCell(value) for value in values))
