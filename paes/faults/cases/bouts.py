"""The bouts of one case as one episode, and which bouts are one case.

Two bouts may tell of the same hours, where one was seen by fewer readings than the other: the one
that was seen by the later readings counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce

import numpy as np

from paes.faults.cases.case import Bout
from paes.faults.episode import Episode, Excess
from paes.faults.load_curve import Bools
from paes.faults.money.price import Interval
from paes.periods import Seconds, to_seconds
from paes.series import Floats


def overlap(one: Episode, other: Episode) -> bool:
    """True if both tell of the same time."""
    return one.start < other.end and other.start < one.end


def groups(bouts: Iterable[Bout], rearm: timedelta) -> list[list[Bout]]:
    """Bouts in order of start; those with less than ``rearm`` between them are together."""
    found: list[list[Bout]] = []
    for bout in sorted(bouts, key=_in_order):
        last = max((b.episode.end for b in found[-1]), default=None) if found else None
        quiet = None if last is None else bout.episode.start - last
        if quiet is not None and (quiet < timedelta(0) or quiet < rearm):
            found[-1].append(bout)
        else:
            found.append([bout])
    return found


def apart(bouts: Iterable[Bout]) -> list[Episode]:
    """Episodes that do not overlap, in order, without their excess and pictures.

    Gone bouts are left out. Of several that overlap, whether it is over is told by the one that
    was seen by the latest readings.
    """
    found = []
    for same in groups((b for b in bouts if not b.is_gone), timedelta(0)):
        latest = max(same, key=_knowing).episode
        start, end = (b.episode for b in (same[0], max(same, key=lambda b: b.episode.end)))
        first = min(b.episode.found for b in same)
        found.append(
            replace(latest, start=start.start, end=end.end, found=first, excess=None, picture=None)
        )
    return found


def together(bouts: Sequence[Bout]) -> Episode:
    """All bouts of a case as one episode, from the first's start to the last's end.

    Numbers, windows and picture are those of the last bout; amounts of all are joined. Where
    every bout is gone it is what was seen once.
    """
    shown = [b for b in bouts if not b.is_gone] or list(bouts)
    spans = apart([replace(b, is_gone=False) for b in shown])
    last = max(shown, key=lambda b: (b.episode.end, b.seen_until)).episode
    return replace(
        last,
        start=spans[0].start,
        end=spans[-1].end,
        found=min(e.found for e in spans),
        is_over=spans[-1].is_over,
        excess=_joined(shown),
        eur=_money(shown),
    )


def _money(bouts: Sequence[Bout]) -> Interval | None:
    """What rules reckoned themselves, of bouts that tell of the same time only once."""
    best = [max(same, key=_knowing).episode.eur for same in groups(bouts, timedelta(0))]
    told = [eur for eur in best if eur is not None]
    return reduce(lambda one, other: one + other, told) if told else None


def _joined(bouts: Sequence[Bout]) -> Excess | None:
    """The amounts of all bouts, each hour once, in the longest step that one of them has."""
    parts = [b.episode.excess for b in bouts if b.episode.excess is not None]
    if len(parts) < 2:
        return parts[0] if parts else None
    step_s = max(p.step_s for p in parts)
    starts: list[Seconds] = []
    amounts: list[Floats] = []
    for bout, taken in _with_taken(bouts):
        excess = bout.episode.excess
        if excess is None:
            continue
        free = ~_inside(excess.starts_s, taken)
        starts.append(excess.starts_s[free] // step_s * step_s)
        amounts.append(np.stack([excess.low, excess.likely, excess.high])[:, free])
    seconds, which = np.unique(np.concatenate(starts), return_inverse=True)
    sums = np.zeros((3, len(seconds)))
    for row, column in enumerate(np.concatenate(amounts, axis=1)):
        np.add.at(sums[row], which, column)
    return Excess(seconds, step_s, sums[1], np.minimum(sums[0], sums[1]), np.maximum(*sums[1:]))


def _with_taken(bouts: Sequence[Bout]) -> list[tuple[Bout, list[Episode]]]:
    """Each bout, with the episodes of those that know better than it."""
    ordered = sorted(bouts, key=_knowing, reverse=True)
    return [(bout, [b.episode for b in ordered[:i]]) for i, bout in enumerate(ordered)]


def _inside(seconds: Seconds, episodes: Iterable[Episode]) -> Bools:
    found = np.zeros(len(seconds), dtype=np.bool_)
    for e in episodes:
        found |= (seconds >= to_seconds(e.start)) & (seconds < to_seconds(e.end))
    return found


def _in_order(bout: Bout) -> tuple[datetime, datetime, datetime]:
    return bout.episode.start, bout.episode.end, bout.seen_until


def _knowing(bout: Bout) -> tuple[datetime, datetime, datetime]:
    return bout.seen_until, bout.episode.end, bout.episode.start
