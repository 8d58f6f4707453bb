"""Tables of declared energy by year, sector and carrier: one row a figure, in any spreadsheet.

::

    Anno;Settore;Vettore energetico;Consumo [MWh];Fonte
    2019;Edifici comunali;Gas naturale;6.120,5;bollette

Columns are told by their headers, Italian or English; sectors and carriers by id or by the
Covenant's names. Energy is a column in MWh, or an amount with its unit. The mapping file may give
the year of all rows, the source, the sheet, the decimal sign, and headers of another wording.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from paes.errors import DataError, PaesError
from paes.factors.emission_factors import Year
from paes.imports.batch import Batch, Context, SourceFile
from paes.imports.declared.declared_batch import Gathering, mapping_of, table_name
from paes.imports.declared.sectors_and_carriers import Vocabulary, plain, vocabulary
from paes.imports.tables.cells import Cell
from paes.imports.tables.sheets import Sheet, parse_number, place, read_sheets, require_as_wide
from paes.imports.tables.table_columns import stray_rows
from paes.metering import Carrier, Sector
from paes.schema import ConfigModel
from paes.shipped_files import shipped_config

_LOOKED_AT = 40
"""Rows in which a header may stand."""
_NUMBERS = ("mwh", "amount", "volume_correction")
_WHOLE = ("year", "sessions")
_CHOICES = ("basis", "covers", "assumed")


class ActivityMapping(ConfigModel):
    """What a mapping file may say of such a table."""

    year: Year | None = None
    source: str | None = None
    sheet: str | None = None
    decimal: Literal[",", "."] | None = None
    columns: Mapping[str, str] = Field(default_factory=dict)
    """Headers of another wording: ``{mwh: "Totale energia"}``."""


@dataclass(frozen=True)
class _Table:
    sheet: Sheet
    header: int
    columns: Mapping[str, int]


class ActivityTable:
    """See ``paes.imports.batch.Importer``."""

    name = "activity-table"
    summary = "Declared energy by year, sector and carrier in a table (CSV, XLSX, XLS, ODS)."

    def recognises(self, file: SourceFile) -> bool:
        """True if a sheet has a header with sector, carrier and a figure."""
        try:
            words = vocabulary(shipped_config())
            return any(_table(s, words, {}) for s in read_sheets(file))
        except PaesError:
            return False

    def read(self, file: SourceFile, context: Context) -> Batch:
        """The rows as one table of the city; DataError if no sheet has such a header."""
        given = mapping_of(context, ActivityMapping)
        words = vocabulary(context.installation.root)
        sheets = [s for s in read_sheets(file) if given.sheet in (None, s.name)]
        tables = [t for s in sheets if (t := _table(s, words, given.columns))]
        if not tables:
            where = f"{file.name}: sheet {given.sheet!r}" if given.sheet else file.name
            raise DataError(
                f"{where}: no header with sector (settore), carrier (vettore) and mwh, or amount "
                "(quantità) with unit (unità); name other headers in the mapping under columns:"
            )
        gathering = Gathering(context)
        for table in tables:
            _require_year(file, table, given)
            gathering.refused += stray_rows(table.sheet, table.header, list(table.columns.values()))
            for row in range(table.header + 1, len(table.sheet.rows)):
                _read_row(gathering, file, table, row, words, given)
        return gathering.batch({table_name(file.name): f"Imported from {file.name}"})


def _table(sheet: Sheet, words: Vocabulary, own: Mapping[str, str]) -> _Table | None:
    """The first row of ``sheet`` that is such a header."""
    named = {plain(header): column for column, header in own.items()}
    for index, row in enumerate(sheet.rows[:_LOOKED_AT]):
        columns: dict[str, int] = {}
        for at, cell in enumerate(row):
            text = str(cell) if cell is not None else ""
            column = named.get(plain(text)) or words.column(text)
            if column and column not in columns:
                columns[column] = at
        if {"sector", "carrier"} <= columns.keys() and (
            "mwh" in columns or {"amount", "unit"} <= columns.keys()
        ):
            return _Table(sheet, index, columns)
    return None


def _require_year(file: SourceFile, table: _Table, given: ActivityMapping) -> None:
    if "year" not in table.columns and given.year is None:
        where = place(table.sheet, table.header)
        raise DataError(
            f"{file.name}: {where}: no column year (anno); say the year of all rows in the "
            "mapping: year: 2019"
        )


def _read_row(
    gathering: Gathering,
    file: SourceFile,
    table: _Table,
    row: int,
    words: Vocabulary,
    given: ActivityMapping,
) -> None:
    cells = {name: table.sheet.rows[row][at] for name, at in table.columns.items()}
    first = next((c for c in table.sheet.rows[row] if c is not None), None)
    if first is None or str(first).startswith("#"):
        return
    where = place(table.sheet, row)
    sector, carrier = str(cells["sector"] or ""), str(cells["carrier"] or "")
    if words.is_total(sector) or words.is_total(carrier):
        gathering.tell("table.total_left_out", where, "a row that sums others was left out")
        return
    try:
        require_as_wide(table.sheet, row, table.header)
        values = _values(table, row, cells, words, given)
    except DataError as err:
        gathering.refuse_at(err)
        return
    if values.get("source") is None and values.get("assumed") != "true":
        values["source"] = given.source or file.name
    gathering.add(where, values)


def _values(
    table: _Table, row: int, cells: Mapping[str, Cell], words: Vocabulary, given: ActivityMapping
) -> dict[str, Any]:
    """The columns of a declared row; DataError with the place of the cell."""
    (sector, sector_use), (carrier, carrier_use) = _cell_names(table, row, cells, words)
    values: dict[str, Any] = {"sector": sector, "carrier": carrier, "year": given.year}
    values["use"] = sector_use or carrier_use
    for name, cell in cells.items():
        if name in ("sector", "carrier") or cell is None:
            continue
        at = place(table.sheet, row, table.columns[name])
        if name in _NUMBERS:
            values[name] = parse_number(cell, at, given.decimal)
        elif name in _WHOLE:
            values[name] = _whole(parse_number(cell, at, given.decimal or "."), at)
        elif name in _CHOICES:
            values[name] = words.value(str(cell).lower())
        else:
            values[name] = str(cell)
    return values


def _cell_names(
    table: _Table, row: int, cells: Mapping[str, Cell], words: Vocabulary
) -> tuple[tuple[Sector, str | None], tuple[Carrier, str | None]]:
    """Sector and carrier, each with the use that its name stands for."""
    where = place(table.sheet, row)
    sector_text, carrier_text = str(cells["sector"] or ""), str(cells["carrier"] or "")
    sector, carrier = words.sector(sector_text), words.carrier(carrier_text)
    if words.is_outside(sector_text):
        raise DataError(f"{where}: {sector_text} is in no plan's inventory and was left out")
    if sector is None:
        raise DataError(
            f"{where}: no sector called {sector_text!r}; use the Covenant's name or an id such as "
            "municipal_buildings"
        )
    if carrier is None:
        raise DataError(
            f"{where}: no carrier called {carrier_text!r}; use the Covenant's name or an id such "
            "as natural_gas"
        )
    return sector, carrier


def _whole(number: float, where: str) -> int:
    if number != int(number):
        raise DataError(f"{where}: expected a whole number, seen {number:g}")
    return int(number)


IMPORTER = ActivityTable()
