"""What a cell of a table says: numbers as Italians and programs write them, and dates.

A cell that cannot be understood is a DataError with its place; nothing is guessed. ``1.234`` is
a thousand for some and a little more than one for others, hence refused unless the decimal sign
is known; a comma alone is a decimal comma, as in all of Italy.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time, timedelta
from typing import Literal, TypeAlias

from paes.errors import DataError
from paes.periods import FIRST_YEAR, LAST_YEAR

Cell: TypeAlias = str | float | int | bool | date | datetime | time | timedelta | None
"""None is an empty cell; texts have no blanks around them, and all of a CSV file are texts."""
Decimal = Literal[",", "."]
_BLANKS = re.compile(r"[\s\u00a0\u202f']")
_LED = r"(?=[-+]?[.,]?[0-9])[-+]?"
"""What begins a number: an exponent alone is none."""
_NUMBER = {
    ",": re.compile(_LED + r"(\d+|\d{1,3}(\.\d{3})+)?(,\d*)?([eE][-+]?\d{1,3})?", re.ASCII),
    ".": re.compile(_LED + r"(\d+|\d{1,3}(,\d{3})+)?(\.\d*)?([eE][-+]?\d{1,3})?", re.ASCII),
}
_AMBIGUOUS = re.compile(r"[-+]?[1-9]\d{0,2}\.\d{3}")
_DAY_FIRST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})[/.\-]?(\d{2})[/.\-]?(\d{2})")


def parse_number(cell: Cell, where: str, decimal: Decimal | None = None) -> float:
    """A finite number; DataError with the place ``where``.

    ``decimal`` is the decimal sign of texts; None takes ``1.234,56``, ``1234,56`` and
    ``1234.56``, and refuses ``1.234``.
    """
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if not math.isfinite(cell):
            raise DataError(f"{where}: expected a number, seen {cell}")
        return float(cell)
    text = _BLANKS.sub("", cell) if isinstance(cell, str) else ""
    if decimal is None and _AMBIGUOUS.fullmatch(text):
        raise DataError(
            f"{where}: {text} may be {text.replace('.', '')} or {text.replace('.', ',')};"
            " say which sign is the decimal one"
        )
    sign = decimal or _decimal_of(text)
    if not _NUMBER[sign].fullmatch(text):
        raise DataError(f"{where}: expected a number{_written(decimal)}, seen {seen(cell)}")
    plain = text.replace(".", "").replace(",", ".") if sign == "," else text.replace(",", "")
    value = float(plain)
    if not math.isfinite(value):
        raise DataError(f"{where}: {text} is too large a number")
    return value


def parse_date(cell: Cell, where: str) -> date:
    """A day: a cell that is one, or ``31/12/2024``, ``31-12-2024``, ``2024-12-31``, ``20241231``.

    Day before month, as in Italy; DataError with the place ``where`` for anything else.
    """
    if isinstance(cell, datetime):
        day: date | None = cell.date()
    elif isinstance(cell, date):
        day = cell
    else:
        day = _date_of(cell.strip() if isinstance(cell, str) else "")
    if day is None:
        raise DataError(f"{where}: expected a day such as 31/12/2024, seen {seen(cell)}")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise DataError(f"{where}: {day} is out of range; expected {FIRST_YEAR} to {LAST_YEAR}")
    return day


def seen(cell: Cell) -> str:
    """A cell as a message shows it."""
    if cell is None or cell == "":
        return "an empty cell"
    text = cell if isinstance(cell, str) else str(cell)
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def _date_of(text: str) -> date | None:
    day_first, year_first = _DAY_FIRST.fullmatch(text), _YEAR_FIRST.fullmatch(text)
    try:
        if day_first:
            day, month, year = map(int, day_first.groups())
            return date(year, month, day)
        if year_first:
            return date(*map(int, year_first.groups()))
    except ValueError:
        return None
    return None


def _decimal_of(text: str) -> Decimal:
    """The later sign is the decimal one, unless it is there twice: it parts thousands then."""
    later: Decimal = "," if text.rfind(",") > text.rfind(".") else "."
    if text.count(later) < 2:
        return later
    return "." if later == "," else ","


def _written(decimal: Decimal | None) -> str:
    return f" with a decimal {'comma' if decimal == ',' else 'point'}" if decimal else ""
