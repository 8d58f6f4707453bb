"""Tables A to D and the scope bridge as plain data."""

from __future__ import annotations

from paes.covenant_tables.supply_tables import table_c, table_d
from paes.covenant_tables.tables import CovenantRow, CovenantTable, table_a, table_b
from paes.covenant_tables.template import Letter, Template
from paes.inventory.inventory import Inventory
from paes.inventory.scope_bridge import BridgeLevel
from paes.report.documents import Document, finite
from paes.schema import Text

MAKERS = {"A": table_a, "B": table_b, "C": table_c, "D": table_d}


def covenant_table(inventory: Inventory, template: Template, letter: Letter) -> CovenantTable:
    """The table of that letter."""
    return MAKERS[letter](inventory, template)


def table_document(table: CovenantTable) -> Document:
    """A table with its codes and headings; cells by the key of their column."""
    return {
        "table": table.id,
        "title": _text(table.title),
        "columns": [
            {
                "key": column.key,
                "title": _text(column.title),
                "group": _text(column.group) if column.group else None,
            }
            for column in table.columns
        ],
        "rows": [_row(table, row) for row in table.rows],
    }


def bridge_document(level: BridgeLevel) -> Document:
    """A level with all below it."""
    return {
        "level": level.id,
        "energy_mwh": level.energy_mwh,
        "emissions_t": level.emissions_t,
        "missing_low_mwh": finite(level.missing_mwh[0]),
        "missing_high_mwh": finite(level.missing_mwh[1]),
        "missing_low_t": finite(level.missing_t[0]),
        "missing_high_t": finite(level.missing_t[1]),
        "parts": [bridge_document(part) for part in level.parts],
    }


def _row(table: CovenantTable, row: CovenantRow) -> Document:
    cells = zip(table.columns, row.cells, strict=False)
    there = {column.key: cell for column, cell in cells}
    return {
        "code": row.code,
        "kind": str(row.kind),
        "title": _text(row.title),
        "cells": {key: cell.value for key, cell in there.items() if cell.value is not None},
        "notation": {key: cell.notation for key, cell in there.items() if cell.notation},
    }


def _text(text: Text) -> dict[str, str]:
    return {"it": text.it, "en": text.en}
