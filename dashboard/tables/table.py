"""What a table is: columns, cells, and how they are printed on the page and in CSV.

A cell is a number, a text or None (nothing is known: a dash on the page, empty in CSV). Numbers
keep full precision in CSV; the page rounds them. ``Column.kind`` says how: ``number`` with
``digits``, ``count`` for whole things, ``percent`` for a fraction, ``year`` never grouped, ``text``
as it is. On the page a cell may be more than its value: a way to another page, a figure with a
passport, a state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from dashboard import formats
from dashboard.texts import Language

Value: TypeAlias = str | float | None
Kind = Literal["text", "number", "count", "percent", "year"]
_EXCEL = {"it": (";", "\ufeff"), "en": (",", "")}
_SMALL = 10.0
"""Numbers below deserve a decimal."""
_LEADS_A_FORMULA = ("=", "+", "@", "-", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Linked:
    """A value that leads to another page; in CSV the value alone."""

    value: Value
    href: str


@dataclass(frozen=True, slots=True)
class Figured:
    """A value with a passport: ``figure`` is its id, as ``paes trace`` takes it."""

    value: Value
    figure: str


@dataclass(frozen=True, slots=True)
class Marked:
    """A state: the word, and the name of its icon and colour."""

    value: str
    state: str


Cell: TypeAlias = Value | Linked | Figured | Marked


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, and how its cells are printed."""

    label: str
    kind: Kind = "text"
    digits: int = 0
    sign: bool = False


@dataclass(frozen=True)
class Table:
    """A table with its caption; ``id`` names its CSV; the first column heads its rows."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def value_of(cell: Cell) -> Value:
    """A cell without what leads away from it."""
    return cell.value if isinstance(cell, (Linked, Figured, Marked)) else cell


def cell_text(cell: Cell, column: Column, language: Language) -> str:
    """A cell as the page prints it."""
    value = value_of(cell)
    if value is None:
        return formats.NOTHING
    if isinstance(value, str):
        return value
    if column.kind == "percent":
        return language.percent(value, column.digits, column.sign)
    if column.kind == "year":
        return str(int(value))
    if column.kind == "count":
        return language.number(value)
    digits = column.digits or (1 if 0 < abs(value) < _SMALL else 0)
    return (language.signed if column.sign else language.number)(value, digits)


def csv_text(table: Table, language: Language) -> str:
    """The table as CSV: for Italian spreadsheets ``;``, decimal comma and a byte-order mark."""
    separator, mark = _EXCEL[language.code]
    lines = [[_csv_cell(formats.plain(c.label), language) for c in table.columns]]
    lines += [[_csv_cell(value_of(cell), language) for cell in row] for row in table.rows]
    quoted = [separator.join(_quoted(cell, separator) for cell in line) for line in lines]
    return mark + "\r\n".join(quoted) + "\r\n"


def _csv_cell(value: Value, language: Language) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        text = formats.plain(value)
        # A spreadsheet would run such a text as a formula.
        return f"'{text}" if text.startswith(_LEADS_A_FORMULA) else text
    return formats.csv_number(value, language.code)


def _quoted(text: str, separator: str) -> str:
    if any(sign in text for sign in (separator, '"', "\n", "\r")):
        return '"' + text.replace('"', '""') + '"'
    return text
