"""Kept days beside days that are made now: which are missing, and how both become one book.

Pure functions on edges of local days (Unix seconds) and ``paes.series.DayBook``; read next
``paes.ledger``, which keeps the books.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from paes.periods import Seconds, Span, to_seconds
from paes.series import DayBook, Gap


def same_day(gap: Gap, day_edges: Seconds) -> bool:
    """True if the gap lies within one of the days."""
    first = int(np.searchsorted(day_edges, gap.start_s, side="right"))
    last = int(np.searchsorted(day_edges, gap.end_s, side="left"))
    return first == last and 0 < first < len(day_edges)


def within(wanted: Seconds, life: Span) -> Seconds:
    """Edges moved into ``life``: what lies outside becomes empty."""
    return np.clip(wanted, to_seconds(life.start), to_seconds(life.end))


def apart(gaps: Iterable[Gap], day_edges: Seconds, missing: list[tuple[int, int]]) -> Iterator[Gap]:
    """The ``gaps`` that touch none of the days in ``missing``: those are found anew there."""
    spans = [(int(day_edges[first]), int(day_edges[last])) for first, last in missing]
    for gap in gaps:
        if not any(gap.start_s < end and start < gap.end_s for start, end in spans):
            yield gap


def runs(wanted: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Iterator[tuple[int, int]]:
    """Half-open index runs of True."""
    padded = np.concatenate([[False], wanted, [False]]).astype(np.int8)
    change = np.diff(padded)
    starts, stops = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    yield from zip(starts.tolist(), stops.tolist(), strict=True)


def joined(parts: list[DayBook], gaps: tuple[Gap, ...]) -> DayBook:
    """One book of all days in order of time, with these gaps."""
    day_s = np.concatenate([p.day_s for p in parts])
    order = np.argsort(day_s, kind="stable")
    return DayBook(
        day_s=day_s[order],
        measured=np.concatenate([p.measured for p in parts])[order],
        catch_up=np.concatenate([p.catch_up for p in parts])[order],
        covered_s=np.concatenate([p.covered_s for p in parts])[order],
        gaps=gaps,
    )
