"""Tables as people send them (CSV, XLS, XLSX, ODS) as rows of cells that know their place.

Nothing is evaluated: of a formula the value that was saved with it is taken. An empty cell is
None in every kind of file. What a file is, is seen in its first bytes and not in its name. The
only module that imports python_calamine; ``paes.imports.tables.workbook_guard`` looks at a workbook
before it does.
"""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from zipfile import BadZipFile

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from paes.errors import DataError
from paes.imports.batch import SourceFile
from paes.imports.tables.cells import Cell as Cell
from paes.imports.tables.cells import parse_date as parse_date
from paes.imports.tables.cells import parse_number as parse_number
from paes.imports.tables.workbook_errors import ErrorCell, error_cells
from paes.imports.tables.workbook_guard import (
    MAX_CELLS,
    MAX_ROWS,
    refuse_bomb,
    require_readable_size,
)

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_NO_TABLES = {b"%PDF": "a PDF", b"\x1f\x8b": "a compressed file", b"{": "JSON", b"<": "XML or HTML"}
_CUT_AFTER = 3
"""Rows before the last one, by which it is known how wide that should be."""
_SAMPLE = 100
"""Lines that are looked at to see what separates cells."""


@dataclass(frozen=True)
class Sheet:
    """A table: rows of one length, ``name`` empty for a CSV file.

    ``lines`` are the lines on which the rows of a CSV file begin, from 1; ``widths`` how many
    cells each of its rows had in the file.
    """

    name: str
    rows: list[list[Cell]]
    lines: Sequence[int] = ()
    widths: Sequence[int] = ()


def read_sheets(file: SourceFile) -> list[Sheet]:
    """Every sheet of a workbook, in its order, or the one table of a CSV file.

    DataError if it is no table, damaged, protected, or too large (``workbook_guard``). The sheets
    of the last file are remembered, for each format asks for them: nobody changes their rows.
    """
    return list(_sheets(file))


@lru_cache(maxsize=1)
def _sheets(file: SourceFile) -> list[Sheet]:
    require_readable_size(file.name, len(file.data))
    if file.data.startswith((ZIP, OLE)):
        return _workbook(file)
    head = file.data.removeprefix(b"\xef\xbb\xbf").lstrip()[:4]
    for sign, what in _NO_TABLES.items():
        if head.startswith(sign):
            raise DataError(
                f"{file.name}: not a table but {what}; expected CSV, XLSX, XLS or ODS"
                " (open it in a spreadsheet and save it as one of these)"
            )
    return [_csv(file)]


def place(sheet: Sheet, row: int, column: int | None = None) -> str:
    """Where a cell stands, for a person: ``line 12, column 3`` or ``sheet 'Dati', cell C12``.

    ``row`` and ``column`` count from 0; without a column it is the place of the row.
    """
    if sheet.lines:
        line = f"line {sheet.lines[row]}"
        return line if column is None else f"{line}, column {column + 1}"
    if column is None:
        return f"sheet {sheet.name!r}, row {row + 1}"
    return f"sheet {sheet.name!r}, cell {column_letters(column)}{row + 1}"


def require_as_wide(sheet: Sheet, row: int, title: int) -> None:
    """DataError if a row of a CSV file holds more cells than the row of titles.

    A separator too many moves every cell behind it into the next column. A workbook cannot slip
    so: what stands beside its table is a note.
    """
    if sheet.widths and any(cell is not None for cell in sheet.rows[row][sheet.widths[title] :]):
        raise DataError(
            f"{place(sheet, row)}: {sheet.widths[row]} cells under {sheet.widths[title]} titles: a"
            " separator too many moves the others to wrong columns; expected one cell a title"
        )


def column_letters(column: int) -> str:
    """What a spreadsheet calls the column, counted from 0: ``A``, ``Z``, ``AA``."""
    letters, rest = "", column + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def _workbook(file: SourceFile) -> list[Sheet]:
    try:
        refuse_bomb(file)
        errors = error_cells(file.data) if file.data.startswith(ZIP) else {}
        with CalamineWorkbook.from_filelike(io.BytesIO(file.data)) as book:
            return [_sheet(file, book, name, errors.get(name, ())) for name in book.sheet_names]
    except PasswordError as err:
        raise DataError(f"{file.name}: protected with a password; save a copy without one") from err
    except (CalamineError, BadZipFile, zlib.error, ValueError, OSError) as err:
        raise DataError(
            f"{file.name}: damaged, or no workbook that can be read ({err}); expected XLSX, XLS"
            " or ODS: open it in a spreadsheet and save it anew"
        ) from err


def _sheet(
    file: SourceFile, book: CalamineWorkbook, name: str, errors: Sequence[ErrorCell]
) -> Sheet:
    found = book.get_sheet_by_name(name)
    rows: list[list[Cell]] = [
        [_emptied(cell) for cell in row] for row in found.to_python(skip_empty_area=False)
    ]
    _require_bounded(f"{file.name}: sheet {name!r}", rows)
    for row, column, shown in errors:
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = shown
    return Sheet(name, rows)


def _emptied(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return cell.strip() or None
    return cell


def _csv(file: SourceFile) -> Sheet:
    text = _text(file)
    separator = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows: list[list[Cell]] = []
    lines: list[int] = []
    begins = 1
    try:
        for row in reader:
            if not (begins == 1 and row and row[0].startswith("sep=")):
                rows.append([cell.strip() or None for cell in row])
                lines.append(begins)
            begins = reader.line_num + 1
            if len(rows) > MAX_ROWS:
                break
    except csv.Error as err:
        raise DataError(f"{file.name}: line {reader.line_num}: no CSV ({err})") from err
    widths = [len(row) for row in rows]
    if not text.endswith(("\n", "\r")):
        _require_whole_end(file, lines, widths)
    _require_bounded(file.name, rows)
    return Sheet("", rows, lines, widths)


def _require_whole_end(file: SourceFile, lines: Sequence[int], widths: Sequence[int]) -> None:
    """DataError if the file ends within a row: its last value may lack digits."""
    if len(widths) > _CUT_AFTER and 1 < widths[-1] < widths[-2] == widths[-3]:
        raise DataError(
            f"{file.name}: the file ends within line {lines[-1]}, after {widths[-1]} of"
            f" {widths[-2]} cells: copy or download it again (if it is whole, end that line)"
        )


def _text(file: SourceFile) -> str:
    """The text of a CSV file: UTF-8, else what Windows writes in western Europe."""
    if file.data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = file.data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise DataError(
        f"{file.name}: neither text nor a workbook; expected CSV (UTF-8 or Windows-1252), XLSX,"
        " XLS or ODS"
    )


def _separator(text: str) -> str:
    """What most of the first lines that are separated at all have: ``;``, a tab, else ``,``."""
    lines = [line for line in text[:1_000_000].splitlines()[:_SAMPLE] if line.strip()]
    if lines and lines[0].startswith("sep=") and len(lines[0].strip()) == 5:
        return lines[0][4]
    separated = [line for line in lines if any(c in line for c in ";\t,")]
    for candidate in (";", "\t"):
        if 2 * sum(candidate in line for line in separated) > len(separated):
            return candidate
    return ","


def _require_bounded(where: str, rows: list[list[Cell]]) -> None:
    """Pad ``rows`` to one length; DataError if there are too many of them, or of their cells."""
    width = max(map(len, rows), default=0)
    if len(rows) > MAX_ROWS or len(rows) * width > MAX_CELLS:
        raise DataError(
            f"{where}: {len(rows)} rows of {width} cells are too many; expected at most"
            f" {MAX_ROWS} rows and {MAX_CELLS} cells: split the file, e.g. by year"
        )
    for row in rows:
        row += [None] * (width - len(row))
