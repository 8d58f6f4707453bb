"""Tables A to D and the scope bridge, printed or as CSV."""

from __future__ import annotations

import csv
import math
import sys
import textwrap

import click

from paes.cli.output import number, percent, print_table
from paes.covenant_tables.tables import Column, CovenantRow, CovenantTable, RowKind, TableCell
from paes.inventory.scope_bridge import BridgeLevel

TITLE_WIDTH = 40
DIGITS = 6
"""Decimals in a CSV: watt-hours and grams."""
HEADINGS = {"energy_mwh": "MWh", "emissions_t": "t", "factor_t_per_mwh": "t/MWh"}
"""Short ones, where the template has sentences."""
LEVELS = {
    "territory": "whole territory",
    "municipal": "the municipality's own",
    "elsewhere": "everybody else",
    "other": "without energy",
    "metered": "has meters",
    "tables": "no meter, from tables",
    "measured": "measured live",
    "billed": "billed",
    "estimated": "estimated for gaps",
    "within": "seen, within a declared figure",
    "declared": "declared for the year",
    "carried": "carried from an earlier year",
}


def print_covenant_table(table: CovenantTable, city: str, year: int) -> None:
    """The table without its empty columns, which are named below it."""
    used = [
        i
        for i, column in enumerate(table.columns)
        if column.key == "total" or any(_is_there(row, i) for row in table.rows)
    ]
    rows = [
        [
            row.code or ("*" if row.kind is RowKind.UNLISTED else ""),
            textwrap.shorten(row.title.en, TITLE_WIDTH, placeholder=" …"),
            *(_text(row, i, table.columns[i]) for i in used),
        ]
        for row in table.rows
    ]
    columns = ["code", "", *(_heading(table.columns[i]) for i in used)]
    print_table(f"{city} {year}: table {table.id}, {table.title.en}", columns, rows, left=2)
    empty = [c.title.en for i, c in enumerate(table.columns) if i not in used]
    if empty:
        for line in textwrap.wrap(f"Empty columns: {', '.join(empty)}", 100):
            click.echo(line)


def write_covenant_csv(table: CovenantTable, language: str) -> None:
    """Every row and column as the template has them, on standard output."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["code", "row", *(c.title.in_language(language) for c in table.columns)])
    for row in table.rows:
        cells = row.cells or (TableCell(),) * len(table.columns)
        texts = [_in_full(cell) for cell in cells]
        out.writerow([row.code or "", row.title.in_language(language), *texts])


def print_bridge(bridge: BridgeLevel, city: str, year: int) -> None:
    """Level below level, each with its part of the whole."""
    rows = [
        [
            f"{'  ' * depth}{LEVELS[level.name]}",
            number(level.energy_mwh, 1),
            _part(level.energy_mwh, bridge.energy_mwh),
            number(level.emissions_t, 1),
            _part(level.emissions_t, bridge.emissions_t),
            _missing(level),
        ]
        for depth, level in bridge.walk()
        if depth == 0 or level.energy_mwh or level.emissions_t or level.missing_mwh[1]
    ]
    print_table(
        f"{city} {year}: from the territory to what meters saw",
        ["", "MWh", "of all", "t", "of all", "missing t"],
        rows,
    )


def _heading(column: Column) -> str:
    return HEADINGS.get(column.key, column.title.en)


def _is_there(row: CovenantRow, index: int) -> bool:
    return bool(row.cells) and row.cells[index] != TableCell()


def _text(row: CovenantRow, index: int, column: Column) -> str:
    if not row.cells:
        return ""
    cell = row.cells[index]
    is_factor = row.kind is RowKind.BELOW or column.key == "factor_t_per_mwh"
    value = "" if cell.value is None else number(cell.value, 4 if is_factor else 1)
    return " ".join(part for part in (value, cell.notation or "") if part)


def _in_full(cell: TableCell) -> str:
    if cell.value is None:
        return cell.notation or ""
    return f"{cell.value:.{DIGITS}f}".rstrip("0").rstrip(".")


def _part(value: float, whole: float) -> str:
    return percent(value / whole if whole else None)


def _missing(level: BridgeLevel) -> str:
    low, high = level.missing_t
    if not high:
        return ""
    return f"{number(low, 1)} to {number(high, 1)}" if math.isfinite(high) else "unbounded"
