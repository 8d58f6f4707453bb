"""Tables whose columns are told by their headers: which column is what, and a row's cells by name.

For tables that people keep themselves (bills, deliveries, sessions). Headers may be Italian or
English; which words mean which column is data (``bill_words.yaml``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from paes.errors import DataError
from paes.imports.batch import Refusal, SourceFile
from paes.imports.invoices.bill_words import BillWords, plain_text
from paes.imports.tables.cells import Cell, Decimal, parse_date, parse_number, seen
from paes.imports.tables.sheets import Sheet, place, read_sheets, require_as_wide
from paes.imports.tables.table_columns import stray_rows
from paes.metering import Finding
from paes.schema import ConfigModel

HEADER_WITHIN = 30
"""Rows in which a header is looked for: above it there may be a title."""
_COMMA = re.compile(r"\d,\d")
_POINT = re.compile(r"\d\.\d")


@dataclass(frozen=True)
class Row:
    """One row: its cells by what their column means."""

    place: str
    cells: Mapping[str, Cell]
    headers: Mapping[str, str]
    decimal: Decimal | None
    lead: str
    """The first cell that is not empty."""

    def is_total(self, words: BillWords, names: Iterable[str]) -> bool:
        """True for a row of sums: it says so, or none of the cells ``names`` says anything."""
        return plain_text(self.lead) in map(plain_text, words.totals) or all(
            self.cells.get(name) is None for name in names
        )

    def text(self, name: str) -> str:
        """The cell as text, empty if there is none; a whole number has no decimals."""
        cell = self.cells.get(name)
        if cell is None:
            return ""
        if isinstance(cell, float) and cell.is_integer():
            return str(int(cell))
        return str(cell).strip()

    def number(self, name: str) -> float | None:
        """The cell as a number, None if it is empty; DataError with the column's header."""
        cell = self.cells.get(name)
        return None if cell is None else parse_number(cell, self.called(name), self.decimal)

    def day(self, name: str) -> date | None:
        """The cell as a day, None if it is empty; DataError with the column's header."""
        cell = self.cells.get(name)
        return None if cell is None else parse_date(cell, self.called(name))

    def required_day(self, name: str, what: str) -> date:
        """The cell as a day; DataError if it is empty, or the column is missing."""
        day = self.day(name)
        if day is None:
            raise DataError(f"no {what}; expected a day such as 31/12/2024")
        return day

    def called(self, name: str) -> str:
        """The column as the table's own header names it."""
        return f"column {self.headers[name]!r}"


@dataclass(frozen=True)
class Table:
    """A sheet with its header found."""

    sheet: Sheet
    header_row: int
    columns: Mapping[str, int]
    unknown: tuple[str, ...]
    numbers: Collection[str]
    """The columns that hold numbers, from which the decimal sign is told."""
    decimal: Decimal | None = None
    """The decimal sign, where the person says it."""

    def refusals(self) -> list[Refusal]:
        """Rows above the header that hold values, and rows that have slipped to other columns."""
        found = stray_rows(self.sheet, self.header_row, list(self.columns.values()))
        for number in range(self.header_row + 1, len(self.sheet.rows)):
            if slip := self._slip(number):
                found.append(Refusal(place(self.sheet, number), slip))
        return found

    def _slip(self, number: int) -> str:
        try:
            require_as_wide(self.sheet, number, self.header_row)
        except DataError as err:
            return str(err).removeprefix(f"{place(self.sheet, number)}: ")
        return ""

    def rows(self) -> Iterator[Row]:
        """The rows below the header that hold anything, without those of ``refusals``."""
        rows = self.sheet.rows
        headers = {name: str(rows[self.header_row][at]) for name, at in self.columns.items()}
        decimal = self._decimal()
        for number in range(self.header_row + 1, len(rows)):
            lead = next((str(cell) for cell in rows[number] if cell is not None), None)
            if lead is not None and not self._slip(number):
                cells = {name: rows[number][at] for name, at in self.columns.items()}
                yield Row(place(self.sheet, number), cells, headers, decimal, lead)

    def _decimal(self) -> Decimal | None:
        """The decimal sign of the table's texts, as far as one of them tells it."""
        if self.decimal:
            return self.decimal
        below = self.sheet.rows[self.header_row + 1 :]
        places = [at for name, at in self.columns.items() if name in self.numbers]
        texts = [cell for row in below for at in places if isinstance(cell := row[at], str)]
        if any(_last_sign(text) == "," for text in texts):
            return ","
        certain = any(_POINT.search(t) and not re.search(r"\d\.\d{3}$", t) for t in texts)
        return "." if certain else None


class TableMapping(ConfigModel):
    """What a mapping file may say of such a table."""

    decimal: Decimal | None = None
    """The sign before the decimals, where ``1.234`` may be two numbers."""


def _last_sign(text: str) -> str:
    """The sign that stands last between digits: the decimal one, unless there is only one kind."""
    comma, point = text.rfind(","), text.rfind(".")
    return "," if comma > point and _COMMA.search(text) else "."


def tables_in(
    file: SourceFile,
    words: BillWords,
    required: Iterable[Collection[str]],
    numbers: Collection[str],
) -> tuple[list[Table], list[str]]:
    """The sheets with a header that has one of each group of ``required``; and the other sheets.

    DataError if the file is no table, or a header has two columns for the same thing.
    """
    groups = [set(group) for group in required]
    found: list[Table] = []
    without: list[str] = []
    for sheet in read_sheets(file):
        table = _table(sheet, words, groups, numbers)
        if table:
            found.append(table)
        elif any(cell is not None for row in sheet.rows for cell in row):
            without.append(sheet.name)
    return found, without


def missing_columns(
    file: SourceFile, words: BillWords, required: Iterable[tuple[str, Collection[str]]]
) -> str:
    """Which of ``required`` (what it is, its names) the likeliest header of the file lacks."""
    best: set[str] = set()
    for sheet in read_sheets(file):
        for row in sheet.rows[:HEADER_WITHIN]:
            names = {n for c in row if isinstance(c, str) and (n := words.column_called(c))}
            best = max(best, names, key=len)
    lacking = [what for what, names in required if not best & set(names)]
    return ", ".join(lacking)


def findings_of(file: SourceFile, tables: Iterable[Table], without: Iterable[str]) -> list[Finding]:
    """What of the file was left out: columns of unknown names, sheets without a header."""
    found = []
    for table in tables:
        if table.unknown:
            names = ", ".join(repr(name) for name in table.unknown)
            where = f"sheet {table.sheet.name!r}: " if table.sheet.name else ""
            message = f"{where}columns with other headers were passed over: {names}"
            found.append(Finding("import.columns_ignored", file.name, message))
    for name in without:
        message = f"sheet {name!r} has no header that is known; it was passed over"
        found.append(Finding("import.sheet_ignored", file.name, message))
    return found


def _table(
    sheet: Sheet, words: BillWords, groups: list[set[str]], numbers: Collection[str]
) -> Table | None:
    for number, row in enumerate(sheet.rows[:HEADER_WITHIN]):
        named = [(at, c, words.column_called(c)) for at, c in enumerate(row) if isinstance(c, str)]
        known = {name for _, _, name in named if name}
        if not all(group & known for group in groups):
            continue
        columns: dict[str, int] = {}
        for at, header, name in named:
            if name in columns:
                raise DataError(
                    f"{place(sheet, number, at)}: {seen(header)} means the same as "
                    f"{seen(row[columns[name]])}; expected one such column: rename or remove one"
                )
            if name:
                columns[name] = at
        unknown = tuple(header for _, header, name in named if not name)
        return Table(sheet, number, columns, unknown, numbers)
    return None
