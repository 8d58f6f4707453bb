"""Which column of a load curve is which quarter of the day: read from its header.

The portals have changed the labels over the years: ``00:00-00:15``, ``00:00``, the end of the
quarter (``00:15`` … ``24:00``), numbers from 0 or 1 on. Some have 100 columns, for the day of 25
hours: the hour from 2 to 3 is there twice, or four quarters follow after the last one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta

from paes.errors import DataError
from paes.imports.tables.cells import Cell

QUARTERS = 96
QUARTER_MIN = 15
LONGEST_DAY = 100
_TIME = re.compile(r"(?<!\d)(\d{1,2})[:.](\d{2})(?:[:.]00)?(?!\d)")
_NUMBERED = re.compile(r"\D{0,12}?(\d{1,3})(?:[.,]0)?")


@dataclass(frozen=True)
class QuarterColumns:
    """Columns of the sheet: by quarter on the clock, and what comes on top in October.

    ``clock[q]`` is the column of the quarter that begins 15 q minutes after midnight;
    ``repeated`` has second columns of quarters, ``extra`` those of the 97th to 100th quarter.
    """

    clock: Sequence[int]
    repeated: Mapping[int, int]
    extra: Sequence[int]
    others: Sequence[int]
    """Columns that are no quarters."""


def quarter_columns(header: Sequence[Cell], where: str) -> QuarterColumns:
    """The columns of ``header``; DataError with what is missing or there twice."""
    found, others = _labelled(header)
    minutes = _begins(found)
    clock: dict[int, int] = {}
    repeated: dict[int, int] = {}
    extra: list[int] = []
    for column, minute in minutes:
        quarter, rest = divmod(minute, QUARTER_MIN)
        if rest:
            raise DataError(f"{where}: column {_shown(header[column])} begins no quarter hour")
        if quarter >= QUARTERS:
            extra.append(column)
        elif quarter not in clock:
            clock[quarter] = column
        elif quarter not in repeated:
            repeated[quarter] = column
        else:
            raise DataError(f"{where}: quarter {_clock(quarter)} is there three times")
    _require_whole(clock, repeated, extra, where)
    return QuarterColumns([clock[q] for q in range(QUARTERS)], repeated, extra, others)


def _labelled(header: Sequence[Cell]) -> tuple[list[tuple[int, Cell, bool]], list[int]]:
    """Columns that are times or numbers (with which of both), and the others behind the first."""
    found: list[tuple[int, Cell, bool]] = []
    others: list[int] = []
    for column, label in enumerate(header[1:], start=1):
        if label is None:
            continue
        if isinstance(label, (time, timedelta)) or _TIME.search(str(label)):
            found.append((column, label, True))
        elif _NUMBERED.fullmatch(str(label)):
            found.append((column, label, False))
        else:
            others.append(column)
    times = [f for f in found if f[2]]
    kept = times if 2 * len(times) > len(found) else [f for f in found if not f[2]]
    others += [column for column, _, _ in found if column not in {c for c, _, _ in kept}]
    return kept, sorted(others)


def _begins(found: Sequence[tuple[int, Cell, bool]]) -> list[tuple[int, int]]:
    """Each column with the minute at which its quarter begins."""
    if not found:
        return []
    if not found[0][2]:
        first = _number(found[0][1])
        return [(c, (_number(label) - min(first, 1)) * QUARTER_MIN) for c, label, _ in found]
    spans = [(column, _minutes(label)) for column, label, _ in found]
    if all(len(times) == 1 for _, times in spans) and spans[0][1][0] == QUARTER_MIN:
        ends = [(column, times[0] or 24 * 60) for column, times in spans]
        return [(column, end - QUARTER_MIN) for column, end in ends]
    return [(column, times[0]) for column, times in spans]


def _minutes(label: Cell) -> list[int]:
    """The times in a label, in minutes after midnight."""
    if isinstance(label, time):
        return [label.hour * 60 + label.minute]
    if isinstance(label, timedelta):
        return [round(label.total_seconds() / 60)]
    return [int(hour) * 60 + int(minute) for hour, minute in _TIME.findall(str(label))]


def _number(label: Cell) -> int:
    matched = _NUMBERED.fullmatch(str(label))
    return int(matched[1]) if matched else -1


def _require_whole(
    clock: Mapping[int, int], repeated: Mapping[int, int], extra: Sequence[int], where: str
) -> None:
    missing = [q for q in range(QUARTERS) if q not in clock]
    if missing:
        seen = len(clock) + len(repeated) + len(extra)
        hint = "; for curves of another step write a mapping file (--map)" if seen < 50 else ""
        raise DataError(
            f"{where}: expected {QUARTERS} columns of quarter hours, seen {seen};"
            f" {_clock(missing[0])} is missing{hint}"
        )
    if len(repeated) not in (0, 4) or len(extra) not in (0, 4) or (repeated and extra):
        seen = len(clock) + len(repeated) + len(extra)
        raise DataError(
            f"{where}: {seen} columns of quarter hours; expected {QUARTERS}, or {LONGEST_DAY} for"
            " the day of 25 hours"
        )


def _clock(quarter: int) -> str:
    return f"{quarter // 4:02d}:{quarter % 4 * QUARTER_MIN:02d}"


def _shown(label: Cell) -> str:
    return repr(str(label))
