"""Derived energy as stores keep it: one row a local day or month, sealed.

A row can always be made again from the readings, and is never the only copy of anything. Its
*seal* says what it rests on: the accounting rules, and the tokens of every UTC day between the
outermost readings it needs that a late or corrected reading has *touched*. A store renews the
token of a day before it acknowledges such a reading; so a row whose seal is not today's is
worthless, and exactly the rows that rest on the reading are. Nothing needs to be deleted, which
not every store can::

    readings   |  |  |  |  |  |  |  |  |  |  |  |  |
    row                  [----day----)
    needs       ^needs_from_s                 ^needs_to_s
    touched                      x  a late reading: another token, another seal

Readings after all others of their point touch nothing: a row is only kept once there are
enough readings behind it. Pure functions and columns; read next ``paes.accounting.kept_energy``.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from paes.errors import StoreError
from paes.periods import Seconds
from paes.series import EstimatedGap, Floats, Gap, Stated

ALWAYS_S = -(2**62)
"""``needs_from_s`` of a row that rests on everything before it."""
NEVER_S = 2**62
"""``needs_to_s`` of a row that readings to come can still change."""
OPEN = -1
"""Token of a day into which somebody writes just now: nothing that rests on it can be kept."""
DAY_S = 86400
_MICRO = 1e6
_LARGEST_MICRO = 2.0**53
_QUARTER_S = 900.0
_UNREADABLE = "a derived row is damaged; make all of them again: paes store rebuild"


@dataclass(frozen=True)
class Touches:
    """Which UTC days of a point late readings have touched: starts of days, and their tokens."""

    day_s: Seconds
    tokens: npt.NDArray[np.int64]

    @classmethod
    def none(cls) -> Touches:
        """Nothing was touched."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64))


@dataclass(frozen=True)
class Rollups:
    """Rows of one point and one resolution, by start: columns of one length.

    ``measured``, ``catch_up`` and ``covered_s`` as in ``paes.series.EnergyBook``; ``gaps`` are
    all that touch the period and are not in its catch-up; ``shapes`` of days the bytes of
    ``shapes_bytes`` (none of them if not asked for; empty where nobody needs it).
    """

    start_s: Seconds
    measured: Floats
    catch_up: Floats
    covered_s: Floats
    needs_from_s: Seconds
    needs_to_s: Seconds
    seal: npt.NDArray[np.int64]
    gaps: Sequence[tuple[Gap, ...]]
    shapes: Sequence[bytes] = ()

    def __len__(self) -> int:
        return len(self.start_s)

    @classmethod
    def none(cls) -> Rollups:
        """No rows."""
        whole, amount = np.empty(0, np.int64), np.empty(0, np.float64)
        return cls(whole, amount, amount, amount, whole, whole, whole, ())

    def where(self, wanted: npt.NDArray[np.bool_]) -> Rollups:
        """The rows where ``wanted`` is True."""
        if wanted.all():
            return self
        kept = np.flatnonzero(wanted).tolist()
        return Rollups(
            self.start_s[kept],
            self.measured[kept],
            self.catch_up[kept],
            self.covered_s[kept],
            self.needs_from_s[kept],
            self.needs_to_s[kept],
            self.seal[kept],
            [self.gaps[i] for i in kept],
            [self.shapes[i] for i in kept] if self.shapes else (),
        )


def joined(parts: Sequence[Rollups]) -> Rollups:
    """Rows of several parts, each with shapes or all without, in order of start."""
    parts = [p for p in parts if len(p)]
    if len(parts) < 2:
        return parts[0] if parts else Rollups.none()
    order = np.argsort(np.concatenate([p.start_s for p in parts]), kind="stable")
    gaps = [g for p in parts for g in p.gaps]
    shapes = [data for p in parts for data in p.shapes]

    return Rollups(
        np.concatenate([p.start_s for p in parts])[order],
        np.concatenate([p.measured for p in parts])[order],
        np.concatenate([p.catch_up for p in parts])[order],
        np.concatenate([p.covered_s for p in parts])[order],
        np.concatenate([p.needs_from_s for p in parts])[order],
        np.concatenate([p.needs_to_s for p in parts])[order],
        np.concatenate([p.seal for p in parts])[order],
        [gaps[i] for i in order.tolist()],
        [shapes[i] for i in order.tolist()] if shapes else (),
    )


def seals(
    rules: int, touches: Touches, needs_from_s: Seconds, needs_to_s: Seconds
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """The seal of rows that need readings from and to these times, and which may be kept now.

    ``rules`` is a number of 63 bits that stands for the accounting rules.
    """
    n = len(needs_from_s)
    seal = np.full(n, rules, dtype=np.uint64)
    if len(touches.day_s) == 0:
        return seal.astype(np.int64), np.ones(n, dtype=np.bool_)
    first = np.searchsorted(touches.day_s, needs_from_s - DAY_S, side="right")
    last = np.searchsorted(touches.day_s, needs_to_s, side="right")
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(touches.tokens.astype(np.uint64))])
    opened = np.concatenate([np.zeros(1, np.int64), np.cumsum(touches.tokens == OPEN)])
    seal += sums[last] - sums[first]
    return seal.astype(np.int64), np.asarray(opened[last] == opened[first], dtype=np.bool_)


def gaps_text(gaps: Iterable[Gap]) -> str:
    """Gaps as text, estimates with them; empty if there are none."""
    rows = [_gap_row(gap) for gap in gaps]
    return json.dumps(rows, separators=(",", ":")) if rows else ""


def _gap_row(gap: Gap) -> list[Any]:
    most = None if math.isinf(gap.high) else gap.high
    row: list[Any] = [gap.start_s, gap.end_s, gap.low, most, gap.cause]
    if isinstance(gap, EstimatedGap):
        row += [gap.amount, gap.margin, gap.method, gap.knots_s, gap.sums]
        if gap.whole:
            row.append([gap.whole.start_s, gap.whole.end_s, gap.whole.amount])
    return row


def gaps_of(text: str) -> tuple[Gap, ...]:
    """What ``gaps_text`` wrote; StoreError for anything else."""
    if not text:
        return ()
    try:
        return tuple(_gap_of(*row) for row in json.loads(text))
    except (ValueError, TypeError) as err:
        raise StoreError(_UNREADABLE) from err


def _gap_of(
    start: int, end: int, low: float, high: float | None, cause: str, *estimate: Any
) -> Gap:
    most = math.inf if high is None else high
    if not estimate:
        return Gap(start, end, low, most, cause)
    amount, margin, method, knots_s, sums, *whole = estimate
    if len(knots_s) != len(sums):
        raise ValueError("a course has as many sums as knots")
    return EstimatedGap(
        start, end, low, most, cause, amount, margin, method, tuple(knots_s), tuple(sums),
        Stated(*whole[0]) if whole else None,
    )  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """A course by quarter hours, and the gaps that lie within its days.

    ``measured`` and ``catch_up`` are in the register's unit, to a millionth of it.
    """

    measured: Floats
    catch_up: Floats
    covered_s: Floats
    gaps: tuple[Gap, ...] = ()


def shapes_bytes(
    course: Shape, quarters: Sequence[int], gaps: Mapping[int, Sequence[Gap]]
) -> list[bytes]:
    """The course of consecutive days as some 150 bytes each; day i has ``quarters[i]``.

    Whole millionths, rounded so that the sum of each day stays what it is. ``gaps`` by day.
    """
    ends = np.cumsum(quarters).tolist()
    starts = [0, *ends[:-1]]
    measured = _packed(course.measured, starts)
    kind = _KINDS.index(measured.dtype.type)
    covered = course.covered_s.astype(np.uint16)
    has_catch_up = (np.maximum.reduceat(course.catch_up, starts) > 0).tolist()
    has_holes = (np.minimum.reduceat(course.covered_s, starts) < _QUARTER_S).tolist()
    found = []
    for day, (a, b) in enumerate(zip(starts, ends, strict=True)):
        parts = [bytes([kind, has_catch_up[day], has_holes[day]]), measured[a:b].tobytes()]
        if has_catch_up[day]:
            parts.append(course.catch_up[a:b].tobytes())
        if has_holes[day]:
            parts.append(covered[a:b].tobytes())
        parts.append(gaps_text(gaps.get(day, ())).encode())
        found.append(zlib.compress(b"".join(parts), 1))
    return found


def shape_of(data: bytes, quarters: int) -> Shape:
    """A day of ``shapes_bytes`` with so many quarter hours; StoreError for anything else."""
    try:
        return _unpacked(zlib.decompress(data), quarters)
    except (ValueError, TypeError, IndexError, zlib.error) as err:
        raise StoreError(_UNREADABLE) from err


def _unpacked(raw: bytes, quarters: int) -> Shape:
    kind, has_catch_up, has_holes = raw[:3]
    at = 3

    def column(of: type[np.generic], unit: float) -> Floats:
        nonlocal at
        found = np.frombuffer(raw, of, quarters, at)
        at += found.nbytes
        return np.asarray(found / unit, dtype=np.float64)

    measured = column(_KINDS[kind], 1.0 if _KINDS[kind] is np.float64 else _MICRO)
    catch_up = column(np.float64, 1.0) if has_catch_up else _same(0.0, quarters)
    covered = column(np.uint16, 1.0) if has_holes else _same(_QUARTER_S, quarters)
    return Shape(measured, catch_up, covered, gaps_of(raw[at:].decode()))


@lru_cache(maxsize=16)
def _same(value: float, quarters: int) -> Floats:
    """A column that most days have; nobody may write into it."""
    column = np.full(quarters, value)
    column.flags.writeable = False
    return column


_KINDS: tuple[type[np.generic], ...] = (np.int32, np.int64, np.float64)
"""How a day's amounts are packed; append only: the places are in every store."""


def _packed(amounts: Floats, starts: Sequence[int]) -> npt.NDArray[Any]:
    """Millionths whose running sum within a day is that of ``amounts``, from each of ``starts`` on.

    What is too large for that stays as it is.
    """
    running = np.concatenate([np.zeros(1), np.cumsum(amounts)])
    if np.max(running) * _MICRO > _LARGEST_MICRO:
        return amounts
    base = np.repeat(running[list(starts)], np.diff([*starts, len(amounts)]))
    within_day = np.rint((running[1:] - base) * _MICRO).astype(np.int64)
    whole: npt.NDArray[np.int64] = np.diff(within_day, prepend=np.int64(0))
    whole[list(starts)] = within_day[list(starts)]
    narrow = whole.astype(np.int32)
    return narrow if bool((narrow == whole).all()) else whole
