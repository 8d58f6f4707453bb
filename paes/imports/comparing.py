"""A parsed file beside what the store has: what is new, what changed, and what is the same.

Readings are compared as a store keeps them (whole thousandths, and their quality), so that what
was rounded by it does not look changed. Only what is new or changed is written: a file that comes
again touches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paes.errors import DataError
from paes.events import Event
from paes.periods import Seconds, from_seconds
from paes.series import QUALITIES, ReadingSeries
from paes.store import Store
from paes.store.thousandths import series_thousandths

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PointComparison:
    """Readings of one point in a file (``given``) and, where ``changed``, those they replace."""

    point: str
    given: ReadingSeries
    is_new: Flags
    is_changed: Flags
    replaced: ReadingSeries
    """What was there, in order of the changed ones."""

    @property
    def new(self) -> int:
        """How many readings the store does not have."""
        return int(self.is_new.sum())

    @property
    def changed(self) -> int:
        """How many it has otherwise."""
        return int(self.is_changed.sum())

    @property
    def same(self) -> int:
        """How many it has just so."""
        return len(self.given) - self.new - self.changed

    @property
    def to_write(self) -> ReadingSeries:
        """Those that are new or changed."""
        return _part(self.given, self.is_new | self.is_changed)

    @property
    def changes(self) -> ReadingSeries:
        """The changed ones with their new values."""
        return _part(self.given, self.is_changed)


@dataclass(frozen=True)
class EventComparison:
    """Events of a file; ``replaced`` are those that the ``changed`` ones take the place of."""

    new: Sequence[Event]
    changed: Sequence[Event]
    replaced: Sequence[Event]
    same: int


def compare_series(store: Store, series: Mapping[str, ReadingSeries]) -> list[PointComparison]:
    """Each point of ``series`` that has readings; DataError if a time is there twice."""
    return [_compared(store, point, of) for point, of in series.items() if len(of)]


def compare_events(store: Store, events: Sequence[Event]) -> EventComparison:
    """Each event by its subject, name and start; told twice, the last counts."""
    told = {(e.subject, e.name, e.start): e for e in events}
    if not told:
        return EventComparison((), (), (), 0)
    subjects = {subject for subject, _, _ in told}
    known = {(e.subject, e.name, e.start): e for e in store.events(subjects=subjects)}
    new = [event for key, event in told.items() if key not in known]
    changed = [key for key, event in told.items() if key in known and known[key] != event]
    same = len(told) - len(new) - len(changed)
    return EventComparison(new, [told[k] for k in changed], [known[k] for k in changed], same)


def value_text(value: float, code: int) -> str:
    """A value with its quality, if that is not good: ``1.5``, ``1.5 suspect``."""
    number = f"{value:.3f}".rstrip("0").rstrip(".")
    return number if code == 0 else f"{number} {QUALITIES[code]}"


def _compared(store: Store, point: str, series: ReadingSeries) -> PointComparison:
    given = _in_order(point, series)
    first, last = int(given.seconds[0]), int(given.seconds[-1])
    there = store.read(point, from_seconds(first), from_seconds(last + 1))
    at = np.searchsorted(there.seconds, given.seconds)
    found = at < len(there)
    found[found] = there.seconds[at[found]] == given.seconds[found]
    known = _part(there, at[found])
    is_same = np.zeros(len(given), bool)
    is_same[found] = (_whole(point, known) == _whole(point, _part(given, found))) & (
        known.codes == given.codes[found]
    )
    is_changed = found & ~is_same
    replaced = _part(there, at[is_changed])
    return PointComparison(point, given, ~found, is_changed, replaced)


def _whole(point: str, series: ReadingSeries) -> Seconds:
    return series_thousandths(point, series.values)


def _in_order(point: str, series: ReadingSeries) -> ReadingSeries:
    given = _part(series, np.argsort(series.seconds, kind="stable"))
    twice = np.flatnonzero(np.diff(given.seconds) == 0)
    if len(twice):
        at = from_seconds(given.seconds[twice[0]])
        raise DataError(f"{point}: two readings at {at:%Y-%m-%dT%H:%M:%SZ}; expected one")
    return given


def _part(series: ReadingSeries, which: npt.NDArray[np.int64] | Flags) -> ReadingSeries:
    return ReadingSeries(series.seconds[which], series.values[which], series.codes[which])
