"""Rows of an inventory that have no energy, or no figure, as plain data."""

from __future__ import annotations

from paes.inventory.inventory import Inventory
from paes.inventory.notation import NotedCell
from paes.inventory.other_emissions import OtherEmissions
from paes.report.documents import Document


def other_rows_document(inventory: Inventory) -> Document:
    """Waste, waste water, other and green electricity; and cells with a notation key."""
    return {
        "energy_emissions_t": inventory.energy_emissions_t,
        "other_t": inventory.other_t,
        "other_rows": [other_row_document(row) for row in inventory.other_rows],
        "noted": [noted_document(cell) for cell in inventory.noted],
    }


def other_row_document(row: OtherEmissions) -> Document:
    """One row beside energy: its tonnes, and where they are from."""
    return {
        "row": str(row.row),
        "code": row.code,
        "use": row.use,
        "emissions_t": row.emissions_t,
        "declared_year": row.declared_year,
        "formula": row.formula,
        "numbers": [{"name": name, "value": value} for name, value in row.numbers.items()],
        "assumed": row.assumed,
        "source": row.source,
        "place": row.place,
        "note": row.note,
    }


def noted_document(cell: NotedCell) -> Document:
    """A cell without a figure: its key, why, and what the base year has of it."""
    inside = cell.included_in
    return {
        "sector": str(cell.sector),
        "carrier": str(cell.carrier),
        "use": cell.use,
        "notation": str(cell.notation),
        "explanation": cell.explanation,
        "declared_year": cell.declared_year,
        "included_in": "/".join(inside) if inside else None,
        "comparable": not cell.not_comparable,
        "base_mwh": cell.base_mwh,
        "base_t": cell.base_t,
        "place": cell.place,
    }
