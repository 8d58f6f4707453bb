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
enough readings behind it. Pure functions and columns; read next ``paes.kept_energy``.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paes.periods import Seconds
from paes.series import Floats, Gap

ALWAYS_S = -(2**62)
"""``needs_from_s`` of a row that rests on everything before it."""
NEVER_S = 2**62
"""``needs_to_s`` of a row that readings to come can still change."""
OPEN = -1
"""Token of a day into which somebody writes just now: nothing that rests on it can be kept."""
DAY_S = 86400
_MICRO = 1e6
_LARGEST_MICRO = 2.0**52


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

    ``measured``, ``catch_up`` and ``covered_s`` as in ``paes.series.EnergyBook``; ``gaps`` is
    the text of ``gaps_text``, ``shapes`` of days the bytes of ``shape_bytes`` (empty if not
    asked for).
    """

    start_s: Seconds
    measured: Floats
    catch_up: Floats
    covered_s: Floats
    needs_from_s: Seconds
    needs_to_s: Seconds
    seal: npt.NDArray[np.int64]
    gaps: Sequence[str]
    shapes: Sequence[bytes]

    def __len__(self) -> int:
        return len(self.start_s)

    @classmethod
    def none(cls) -> Rollups:
        """No rows."""
        whole, amount = np.empty(0, np.int64), np.empty(0, np.float64)
        return cls(whole, amount, amount, amount, whole, whole, whole, (), ())

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
    gaps = [text for p in parts for text in p.gaps]
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
    """Gaps as text; empty if there are none."""
    rows = [
        [g.start_s, g.end_s, g.low, None if math.isinf(g.high) else g.high, g.cause] for g in gaps
    ]
    return json.dumps(rows, separators=(",", ":")) if rows else ""


def gaps_of(text: str) -> tuple[Gap, ...]:
    """What ``gaps_text`` wrote."""
    return tuple(
        Gap(start, end, low, math.inf if high is None else high, cause)
        for start, end, low, high, cause in (json.loads(text) if text else ())
    )


@dataclass(frozen=True)
class Shape:
    """The course of one local day by quarter hours, and the gaps that lie within the day.

    ``measured`` and ``catch_up`` are in the register's unit, to a millionth of it.
    """

    measured: Floats
    catch_up: Floats
    covered_s: Floats
    gaps: tuple[Gap, ...] = ()


def shape_bytes(shape: Shape) -> bytes:
    """A day's course in some 150 bytes: whole millionths, rounded so that their sum stays."""
    amounts = np.concatenate([shape.measured, shape.catch_up])
    running = np.cumsum(amounts) * _MICRO
    if np.max(np.abs(running), initial=0.0) < _LARGEST_MICRO:
        whole = np.diff(np.rint(running).astype(np.int64), prepend=np.int64(0))
        narrow = whole.astype(np.int32)
        kind, packed = (b"i", narrow) if (narrow == whole).all() else (b"q", whole)
    else:
        kind, packed = b"d", amounts
    covered = shape.covered_s.astype(np.uint16)
    gaps = gaps_text(shape.gaps).encode()
    return zlib.compress(kind + packed.tobytes() + covered.tobytes() + gaps, 1)


_WIDTHS = {b"i": (np.int32, 4), b"q": (np.int64, 8), b"d": (np.float64, 8)}


def shape_of(data: bytes, quarters: int) -> Shape:
    """What ``shape_bytes`` wrote of a day with so many quarter hours."""
    raw = zlib.decompress(data)
    kind, width = _WIDTHS[raw[:1]]
    end = 1 + 2 * quarters * width
    amounts = np.frombuffer(raw, kind, 2 * quarters, 1).astype(np.float64)
    if raw[:1] != b"d":
        amounts /= _MICRO
    covered = np.frombuffer(raw, np.uint16, quarters, end).astype(np.float64)
    gaps = gaps_of(raw[end + 2 * quarters :].decode())
    return Shape(amounts[:quarters], amounts[quarters:], covered, gaps)
