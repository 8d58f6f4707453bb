"""Finding a sheet, its row of titles, and the columns that a mapping names."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from paes.errors import DataError
from paes.imports.batch import Refusal
from paes.imports.tables.cells import Cell
from paes.imports.tables.sheets import Sheet, place

_VALUE = re.compile(r"[-+]?[.,]?[0-9]")
_LOOKED_AT = 60
"""Rows in which the titles are looked for."""


def sheet_of(file: str, sheets: Sequence[Sheet], name: str | None) -> Sheet:
    """The sheet called ``name``, or the only one that has anything in it."""
    filled = [sheet for sheet in sheets if sheet.rows]
    if name is not None and not (len(sheets) == 1 and not sheets[0].name):
        for sheet in filled:
            if sheet.name.casefold() == name.casefold():
                return sheet
        raise DataError(f"{file}: no sheet {name!r} with content; there is {_named(filled)}")
    if len(filled) != 1:
        seen = _named(filled) if filled else "none"
        raise DataError(f"{file}: which sheet? sheet: in the mapping file; there is {seen}")
    return filled[0]


def header_row_of(file: str, sheet: Sheet, wanted: Sequence[str], row: int | None) -> int:
    """The row of titles, from 0; -1 if there is none.

    ``row`` is as a person counts, 0 for a table without titles, None to look for the first row
    that has all of ``wanted``.
    """
    titles = {plain(name) for name in wanted if not name.startswith("#")}
    if row is not None:
        if row > len(sheet.rows):
            raise DataError(f"{file}: header_row {row}, but there are {len(sheet.rows)} rows")
        return row - 1
    if not titles:
        return -1
    best: set[str] = set()
    for number, cells in enumerate(sheet.rows[:_LOOKED_AT]):
        there = titles & {plain(str(cell)) for cell in cells if cell is not None}
        if there == titles:
            return number
        best = max(best, there, key=len)
    missing = [name for name in dict.fromkeys(wanted) if plain(name) in titles - best]
    raise DataError(
        f"{file}: no row has all titles of the mapping file; {', '.join(map(repr, missing))}"
        " not found"
    )


def columns_of(
    where: str, header: Sequence[Cell] | None, wanted: Sequence[str], width: int
) -> dict[str, int]:
    """The number, from 0, of each column that is wanted; DataError if it is not there once."""
    written = [str(cell) if cell is not None else "" for cell in header or ()]
    titles = [plain(title) for title in written]
    found: dict[str, int] = {}
    for name in wanted:
        if name.startswith("#") and name[1:].isdigit():
            number = int(name[1:])
            if not 1 <= number <= width:
                raise DataError(f"{where}: column {name}, but the table has {width}")
            found[name] = number - 1
            continue
        if written.count(name) == 1:
            found[name] = written.index(name)
            continue
        count = titles.count(plain(name))
        if count != 1:
            there = ", ".join(repr(str(c)) for c in (header or ())[:12] if c is not None)
            what = "is there twice; name it by its number, e.g. #3" if count else "is missing"
            raise DataError(f"{where}: column {name!r} {what}; there is {there or 'no title'}")
        found[name] = titles.index(plain(name))
    return found


def stray_rows(sheet: Sheet, header: int, columns: Collection[int]) -> list[Refusal]:
    """Rows of values above the titles: a table that was sorted with its titles, or joined.

    Such a row has a number or a day in most of the ``columns``; titles of the table have not.
    """
    return [
        Refusal(
            place(sheet, number),
            "a row of values above that of the titles; expected all of them below it",
        )
        for number, row in enumerate(sheet.rows[: max(header, 0)])
        if 2 * sum(_is_value(row[column]) for column in columns) > len(columns)
    ]


def _is_value(cell: Cell) -> bool:
    return _VALUE.match(cell) is not None if isinstance(cell, str) else cell is not None


def plain(title: str) -> str:
    """Titles are alike if only case and blanks differ."""
    return " ".join(title.split()).casefold()


def _named(sheets: Sequence[Sheet]) -> str:
    return ", ".join(repr(sheet.name) for sheet in sheets)
