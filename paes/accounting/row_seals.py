"""Which rows of energy are kept, and which of the kept ones still hold.

A row is kept once no reading to come can change it, or only the next one of a counter that is
silent; it holds as long as its seal is today's (``paes.rollups``). Pure functions; read next
``kept_energy``, which asks.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from paes.periods import Seconds
from paes.rollups import ALWAYS_S, NEVER_S, Rollups, Touches, seals

NEXT_READING_S = 2**61
"""``needs_to_s`` of a month that is over, of a counter that has been silent for a day: whatever it
says next may change it, and until then it is kept."""


def until_next(rows: Rollups, over: Seconds) -> Rollups:
    """Rows of months that are over, of a counter that is silent: they hold until it speaks."""
    silent = (rows.needs_to_s == NEVER_S) & np.isin(rows.start_s, over)
    return replace(rows, needs_to_s=np.where(silent, NEXT_READING_S, rows.needs_to_s))


def waits(rows: Rollups) -> npt.NDArray[np.bool_]:
    """True for rows that hold until the next reading."""
    return np.asarray(rows.needs_to_s == NEXT_READING_S)


def settled_rows(rules: int, rows: Rollups, touches: Touches, latest_s: int) -> Rollups:
    """The rows that no reading to come can change, or the next one only, sealed."""
    seal, closed = _sealed_by(rules, rows, touches, latest_s)
    return replace(rows, seal=seal).where(closed & (rows.needs_to_s < NEVER_S))


def _sealed_by(
    rules: int, rows: Rollups, touches: Touches, latest_s: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Seals as in ``paes.rollups``, of rows that wait with the time of the latest reading."""
    seal, closed = seals(rules, touches, rows.needs_from_s, rows.needs_to_s)
    token = np.uint64(latest_s % 2**62 * 0x9E3779B97F4A7C15 % 2**64)  # spread over all bits
    return np.where(waits(rows), (seal.astype(np.uint64) + token).astype(np.int64), seal), closed


def holding(
    rules: int, rows: Rollups | None, touches: Touches | None, latest_s: int | None
) -> Rollups:
    """The rows whose seal is today's; ``latest_s`` is needed of those that wait."""
    if rows is None:
        return Rollups.none()
    if touches is None and latest_s is None:
        return rows.where(rows.seal == rules)
    known = touches or Touches.none()
    seal, closed = _sealed_by(rules, rows, known, ALWAYS_S if latest_s is None else latest_s)
    return rows.where((rows.seal == seal) & closed)
