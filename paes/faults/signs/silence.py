"""How long a meter brought nothing: gaps between the readings that may be counted with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from paes.faults.view import View
from paes.periods import Seconds, Span, to_seconds


class Silence(NamedTuple):
    """From the last reading before to the first after, in Unix seconds.

    ``counted_s`` is how much of it nobody expected to be silent; ``lasts``: there is no reading
    after it yet.
    """

    start_s: int
    end_s: int
    counted_s: int
    lasts: bool


def silences(
    times: Seconds,
    until_s: int,
    expected: Sequence[tuple[int, int]],
    least_s: int,
    born_s: int | None = None,
) -> list[Silence]:
    """The gaps between ``times`` (in order), and after the last, of which ``least_s`` count.

    What lies in ``expected`` (planned outages, nights, time before and after the meter's life)
    does not count. The time from ``born_s`` on counts only if there are no readings at all: before
    its first reading a meter was being installed.
    """
    known = times[times <= until_s]
    if not len(known) and born_s is not None:
        known = np.array([born_s], dtype=np.int64)
    ends = np.append(known[1:], until_s)[: len(known)]
    found = []
    for at in np.flatnonzero(ends - known >= least_s).tolist():
        start_s, end_s = int(known[at]), int(ends[at])
        counted_s = end_s - start_s - _covered(expected, start_s, end_s)
        if counted_s >= least_s:
            found.append(Silence(start_s, end_s, counted_s, at == len(known) - 1))
    return found


def sure_at(silence: Silence, expected: Iterable[tuple[int, int]], least_s: int) -> int:
    """When ``least_s`` of it had been counted."""
    left, at = least_s, silence.start_s
    for begin, end in _merged(expected, silence.start_s, silence.end_s):
        if at + left <= begin:
            break
        left, at = left - max(begin - at, 0), end
    return min(at + left, silence.end_s)


def _covered(parts: Iterable[tuple[int, int]], start_s: int, end_s: int) -> int:
    return sum(end - begin for begin, end in _merged(parts, start_s, end_s))


def _merged(parts: Iterable[tuple[int, int]], start_s: int, end_s: int) -> list[tuple[int, int]]:
    """``parts`` within ``[start_s, end_s)``, in order, none twice."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(parts):
        begin, end = max(begin, start_s), min(end, end_s)
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        elif begin < end:
            found.append((begin, end))
    return found


def reading_times(view: View, least_s: int, life: Span) -> Seconds:
    """Times of usable readings around every stretch of ``least_s`` without whole hours.

    Elsewhere the meter was read: no readings are loaded, and the hours stand for them.
    """
    curve, point = view.hours, view.installation.register(view.meter).point
    rules, store = view.ledger.rules(view.meter), view.ledger.store
    life_s = to_seconds(life.start), to_seconds(life.end)
    read = [curve.seconds[curve.known]]
    edges = np.diff(np.concatenate([[False], ~curve.known, [False]]).astype(np.int8))
    for first, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        if (end - first + 2) * curve.step_s < least_s:
            continue
        begin_s = curve.start_s + (int(first) - 1) * curve.step_s
        end_s = curve.start_s + (int(end) + 1) * curve.step_s
        series = store.around([point], begin_s, min(end_s, life_s[1]), 2)[point]
        read.append(series.seconds[rules.usable(series)])
    return np.unique(np.concatenate(read))
