"""One local day of a load curve: quarters on the clock to instants, also when the clocks change.

On those two days a file has one row or two of the same date::

    October   row 1   00:00 ..... 03:00                        summer time
              row 2         02:00 ................... 24:00    from 3:00 set back to 2:00
    March     row 1   00:00 . 02:00
              row 2               03:00 ............. 24:00    02:00 to 03:00 never was

They become one day of 100 or 92 quarters, and its total is that of the rows. Where a quarter has
two values and can have one only, nobody can say which is right: the day is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paes.errors import DataError
from paes.imports.energy.quarter_columns import LONGEST_DAY, QUARTERS
from paes.periods import SKIPPED, Seconds
from paes.series import Floats

QUARTER_S = 900
_TOLERANCE_KWH = 1e-6
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class CurveRow:
    """The values of a row: by quarter on the clock, of a second 2-to-3 hour, of a 97th to 100th.

    NaN where the cell is empty.
    """

    place: str
    clock: Floats
    repeated: Floats
    extra: Floats

    @property
    def total(self) -> float:
        """All its values together."""
        return float(np.nansum(self.clock) + np.nansum(self.repeated) + np.nansum(self.extra))


@dataclass(frozen=True)
class Instants:
    """When each quarter on the clock begins: the first and the last time on that day."""

    first: Seconds
    last: Seconds

    @property
    def midnight_s(self) -> int:
        """When the day begins."""
        return int(self.first[0])


def curve_day(rows: Sequence[CurveRow], at: Instants) -> tuple[Seconds, Floats]:
    """The quarters of a day in order of time, without those that are empty.

    DataError if the rows contradict each other or the calendar.
    """
    skipped, twice = at.first == SKIPPED, at.first != at.last
    changes = bool(skipped.any() or twice.any())
    rows = _without_copies(rows)
    if len(rows) > (2 if changes else 1):
        places = ", ".join(row.place for row in rows)
        raise DataError(f"the same day with different values on {len(rows)} rows ({places})")
    if skipped.any():
        seconds, values = _short_day(rows, at, skipped)
    elif twice.any():
        seconds, values = _long_day(rows, at, twice)
    else:
        seconds, values = at.first, rows[0].clock
    _require_all(rows, values)
    there = ~np.isnan(values)
    seconds, values = seconds[there], values[there]
    order = np.argsort(seconds, kind="stable")
    return seconds[order], values[order]


def _without_copies(rows: Sequence[CurveRow]) -> list[CurveRow]:
    """Rows that say the same once: an export that was joined from two may overlap."""
    kept: list[CurveRow] = []
    for row in rows:
        if not any(_is_same(row, other) for other in kept):
            kept.append(row)
    return kept


def _is_same(a: CurveRow, b: CurveRow) -> bool:
    pairs = ((a.clock, b.clock), (a.repeated, b.repeated), (a.extra, b.extra))
    return all(np.array_equal(x, y, equal_nan=True) for x, y in pairs)


def _short_day(rows: Sequence[CurveRow], at: Instants, skipped: Flags) -> tuple[Seconds, Floats]:
    """23 hours: the hour that never was is empty, or the row goes on in it without a hole."""
    merged = _merged(rows, np.ones(QUARTERS, bool), skipped)
    count = QUARTERS - int(skipped.sum())
    within, behind = merged[skipped], merged[count:]
    has_values = bool(np.nan_to_num(within).any())
    if has_values and np.nan_to_num(behind).any():
        quarter = int(np.argmax(skipped))
        raise DataError(
            f"{' and '.join(row.place for row in rows)}: values between {_clock(quarter)} and"
            f" {_clock(quarter + int(skipped.sum()))}, which the clocks skipped on that day"
        )
    if has_values or (not np.isnan(within).any() and np.isnan(behind).all()):
        return at.midnight_s + QUARTER_S * np.arange(count, dtype=np.int64), merged[:count]
    return at.first[~skipped], merged[~skipped]


def _long_day(rows: Sequence[CurveRow], at: Instants, twice: Flags) -> tuple[Seconds, Floats]:
    """25 hours: the hour that was twice is on the second row, in columns of its own, or behind."""
    early = rows[0]
    if len(rows) == 1:
        if not np.isnan(early.extra).all():
            run = np.concatenate((early.clock, early.extra))
            return at.midnight_s + QUARTER_S * np.arange(LONGEST_DAY, dtype=np.int64), run
        return np.concatenate((at.first, at.last[twice])), np.concatenate(
            (early.clock, early.repeated)
        )
    before = np.arange(QUARTERS) < int(np.argmax(twice))
    late = rows[1]
    if not np.nansum(early.clock[before]) and np.nansum(late.clock[before]):
        early, late = late, early
    once = _merged([early, late], ~twice, twice)
    clock = np.where(twice, early.clock, once)
    return np.concatenate((at.first, at.last[twice])), np.concatenate((clock, late.clock[twice]))


def _merged(rows: Sequence[CurveRow], where: Flags, change: Flags) -> Floats:
    """Of each quarter the one value that is there; 0 gives way, for empty parts may be filled.

    What is empty in the row that tells of that part of the day stays empty, whatever it is filled
    with in the other one.
    """
    merged = rows[0].clock.copy()
    for row in rows[1:]:
        both = where & (np.nan_to_num(merged) != 0) & (np.nan_to_num(row.clock) != 0)
        if both.any():
            quarter = int(np.argmax(both))
            raise DataError(
                f"{rows[0].place} and {row.place} both have a value at {_clock(quarter)}, which"
                " was once on that day"
            )
        takes = np.isnan(merged) | (~np.isnan(row.clock) & (merged == 0))
        merged = np.where(takes, row.clock, merged)
    for part in _parts(change):
        owner = max(rows, key=lambda row: _says(row.clock[part]))
        if np.nan_to_num(owner.clock[part]).any():
            merged[part][np.isnan(owner.clock[part]) & (merged[part] == 0)] = np.nan
    return merged


def _parts(change: Flags) -> list[slice]:
    """What comes before the hour ``change``, and what comes after it."""
    at = np.flatnonzero(change)
    return [slice(0, int(at[0])), slice(int(at[-1]) + 1, QUARTERS)]


def _says(values: Floats) -> int:
    return int(np.count_nonzero(np.nan_to_num(values)))


def _clock(quarter: int) -> str:
    return f"{quarter // 4:02d}:{quarter % 4 * 15:02d}"


def _require_all(rows: Sequence[CurveRow], values: Floats) -> None:
    """No energy may be lost in merging, or come twice."""
    given = sum(row.total for row in rows)
    if abs(given - float(np.nansum(values))) > _TOLERANCE_KWH * max(1.0, abs(given)):
        raise DataError(
            f"{' and '.join(row.place for row in rows)}: {given:g} kWh in more quarters than the"
            f" day had; {float(np.nansum(values)):g} kWh fit"
        )
