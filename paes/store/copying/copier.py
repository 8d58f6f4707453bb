"""Copying what one store holds into another, so that the end tells whether it is all there.

First readings go over behind what the target already has of each point: so a copy that was
interrupted, at any moment, goes on where it was. That alone proves nothing. Readings may have
come late behind the place that was reached, or the target may have had others before. So then
both stores are compared by checksums of point and month, whoever wrote what; in months that
differ, the readings that the target lacks or has otherwise are written again. ::

    source   ........|........l.........|..........e....   l came late; e is its end at the start
    target   ........|..................:
                     ^ had them already ^ copied    ^ later ones: the next copy brings them

The source is only read. Nothing is deleted in the target: what only it has is counted and
stays. Derived rows are not copied, since the target makes them again from the readings.
Read next: ``paes.store.copying.checksums``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from paes.errors import StoreRefused
from paes.events import Event
from paes.periods import to_seconds
from paes.series import ReadingSeries
from paes.store import CHUNK, Store
from paes.store.copying.checksums import (
    NOTHING,
    Checksum,
    RunningChecksum,
    checksums_by_month,
    month_start_s,
    months_that_differ,
    rows_of,
    thousandths,
)
from paes.store.copying.halving import HalvingWriter, Refusal
from paes.store.copying.patience import Patience

EVENTS_AT_ONCE = 1000
COPIED_FROM = "copied from"
"""Label of a target: the address of its source, which tells going on from mixing."""

Follow = Callable[[str, float, int], None]
"""Told now and then: what is being done, which fraction of it is, and readings so far."""
FirstSecond = Callable[[str], int | None]


@dataclass
class MonthResult:
    """One month of UTC in both stores, all points together."""

    source: Checksum = NOTHING
    target: Checksum = NOTHING
    lacking: int = 0
    """Readings of the source that the target has not, or not with the same value and quality."""
    only_in_target: int = 0
    first_point: str = ""
    """The first point, in order of name, of which the target lacks readings."""


@dataclass
class CopyResult:
    """What was done, and what is where now."""

    months: dict[int, MonthResult] = field(default_factory=dict)
    written: int = 0
    replaced: int = 0
    """Of the written readings, those that the target had with another value or quality."""
    refused: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    events: int = 0
    events_lacking: list[Event] = field(default_factory=list)
    events_only_in_target: int = 0
    event_refusals: dict[str, str] = field(default_factory=dict)
    """By the event (``subject, name, start``), why the target would not have it."""
    points_only_in_target: list[str] = field(default_factory=list)
    points_with_newer: list[str] = field(default_factory=list)
    """Points of the source that got readings while it was copied."""

    @property
    def is_complete(self) -> bool:
        """Is everything of the source in the target?"""
        return not self.events_lacking and not any(m.lacking for m in self.months.values())


class StoreCopy:
    """Brings ``target`` to hold what ``source`` holds now; without ``write`` it only compares.

    ``first_s`` tells from when on a point is copied at all (None: from its beginning).
    """

    def __init__(
        self,
        source: Store,
        target: Store,
        follow: Follow = lambda what, fraction, readings: None,
        patience: Patience | None = None,
        write: bool = True,
        first_s: FirstSecond = lambda point: None,
    ) -> None:
        self._source, self._target = source, target
        self._follow, self._write, self._first_s = follow, write, first_s
        self._patience = patience or Patience()
        self._writer = HalvingWriter(target, self._patience)
        self._result = CopyResult()
        self._ends: dict[str, int] = {}
        """The last second of each point when the copy began; what comes later is not looked at."""
        self._running: dict[int, tuple[RunningChecksum, RunningChecksum]] = {}
        self._points_done = 0.0
        self._readings = 0

    def run(self) -> CopyResult:
        """Copy and compare; StoreError if a store fails for good. What is refused is a result."""
        get, result = self._patience.get, self._result
        self._ends = self._last_seconds(self._source, get(self._source.points))
        if self._write:
            self._copy_labels()
            self._copy_events()
            self._copy_readings()
        self._compare_readings()
        self._compare_events()
        result.written = self._writer.written
        result.refused, result.refusals = self._writer.refused, self._writer.refusals
        points = get(self._source.points)
        now = self._last_seconds(self._source, points)
        result.points_with_newer = [p for p, s in now.items() if s > self._ends.get(p, s - 1)]
        result.points_only_in_target = sorted(set(get(self._target.points)).difference(points))
        return result

    def _last_seconds(self, store: Store, points: list[str]) -> dict[str, int]:
        latest = self._patience.get(lambda: store.latest(points))
        return {p: to_seconds(latest[p].at) for p in sorted(latest)}

    def _copy_labels(self) -> None:
        there = self._patience.get(self._target.labels)
        for key, value in self._patience.get(self._source.labels).items():
            if key != COPIED_FROM and there.get(key) != value:
                self._target.set_label(key, value)

    def _copy_readings(self) -> None:
        """Everything behind what the target already has of each point."""
        # What is not in the target's register of points was never acknowledged: it begins anew.
        known = set(self._patience.get(self._target.points))
        reached = self._last_seconds(self._target, [p for p in self._ends if p in known])
        for number, point in enumerate(self._ends):
            self._points_done = number
            behind_s = reached[point] + 1 if point in reached else None
            start_s = _later(self._first_s(point), behind_s)
            for chunk in self._chunks("copying", self._source, point, start_s):
                self._writer.put(point, chunk)

    def _compare_readings(self) -> None:
        self._readings = 0
        for number, point in enumerate(self._ends):
            self._points_done = number
            self._compare_point(point)
        for month, (source, target) in self._running.items():
            found = self._result.months[month]
            found.source, found.target = source.value, target.value
        self._result.months = dict(sorted(self._result.months.items()))

    def _compare_point(self, point: str) -> None:
        start_s = self._first_s(point)
        source = checksums_by_month(self._chunks("comparing", self._source, point, start_s, 0.5))
        self._points_done += 0.5
        target = checksums_by_month(self._chunks("comparing", self._target, point, start_s, 0.5))
        for month in months_that_differ(source, target):
            source[month], target[month] = self._repair_month(point, month)
        for month in source.keys() | target.keys():
            ours, theirs = self._running.setdefault(month, (RunningChecksum(), RunningChecksum()))
            self._result.months.setdefault(month, MonthResult())
            ours.add_point(point, source.get(month, NOTHING))
            theirs.add_point(point, target.get(month, NOTHING))

    def _repair_month(self, point: str, month: int) -> tuple[Checksum, Checksum]:
        """Write what the target lacks in a month, and compare it again; both checksums then."""
        difference = self._difference(point, month)
        if self._write:
            wanted = difference.lacking & self._writer.not_refused(point, difference.source)
            self._result.replaced += int((wanted & difference.present).sum())
            rows = rows_of(difference.source, wanted)
            for start in range(0, len(rows), CHUNK):
                self._writer.put(point, rows_of(rows, slice(start, start + CHUNK)))
            if len(rows):
                difference = self._difference(point, month)
        found = self._result.months.setdefault(month, MonthResult())
        found.lacking += (lacking := int(difference.lacking.sum()))
        found.only_in_target += len(difference.target) - int(difference.present.sum())
        if lacking and not found.first_point:
            found.first_point = point
        return difference.checksums

    def _difference(self, point: str, month: int) -> _Difference:
        start_s = _later(self._first_s(point), month_start_s(month))
        end_s = min(month_start_s(month + 1), self._ends[point] + 1)
        read = self._patience.chunks
        return _Difference(
            _joined(read(self._source, point, start_s, end_s)),
            _joined(read(self._target, point, start_s, end_s)),
        )

    def _chunks(
        self, what: str, store: Store, point: str, start_s: int | None, share: float = 1.0
    ) -> Iterator[ReadingSeries]:
        """Readings of a point up to its end, which are ``share`` of what is to be done with it."""
        end_s = self._ends[point] + 1
        for chunk in self._patience.chunks(store, point, start_s, end_s):
            start_s = int(chunk.seconds[0]) if start_s is None else start_s
            self._readings += len(chunk)
            done = (int(chunk.seconds[-1]) + 1 - start_s) / (end_s - start_s)
            yield chunk
            points = self._points_done + share * done
            self._follow(what, points / len(self._ends), self._readings)

    def _copy_events(self) -> None:
        lacking, _ = self._lacking_events()
        for start in range(0, len(lacking), EVENTS_AT_ONCE):
            self._put_events(lacking[start : start + EVENTS_AT_ONCE])

    def _put_events(self, events: list[Event]) -> None:
        """Write events, in halves if some of them are refused."""
        try:
            self._patience.get(lambda: self._target.write_events(events))
        except StoreRefused as err:
            if len(events) == 1:
                event = events[0]
                told = f"{event.subject}, {event.name}, {event.start:%Y-%m-%dT%H:%M:%SZ}"
                self._result.event_refusals[told] = str(err)
                return
            self._put_events(events[: len(events) // 2])
            self._put_events(events[len(events) // 2 :])

    def _compare_events(self) -> None:
        if self._write:
            self._copy_events()  # those that came, or got longer, since the first time
        lacking, only_in_target = self._lacking_events()
        self._result.events_lacking = lacking
        self._result.events_only_in_target = only_in_target

    def _lacking_events(self) -> tuple[list[Event], int]:
        """Events that the target has not, or not with the same content; how many only it has."""
        ours = {_key(e): e for e in self._patience.get(self._source.events)}
        theirs = {_key(e): e for e in self._patience.get(self._target.events)}
        self._result.events = len(ours)
        lacking = [e for key, e in ours.items() if theirs.get(key) != e]
        return lacking, len(theirs.keys() - ours.keys())


class _Difference:
    """Readings of one point and month in both stores, beside each other."""

    def __init__(self, source: ReadingSeries, target: ReadingSeries) -> None:
        self.source, self.target = source, target
        place = np.searchsorted(target.seconds, source.seconds)
        place = np.minimum(place, max(len(target) - 1, 0))
        self.present = np.zeros(len(source), np.bool_)
        """Which seconds of the source are in the target as well."""
        self.lacking = np.ones(len(source), np.bool_)
        """Which readings of the source the target has not, or has otherwise."""
        if len(target):
            self.present = target.seconds[place] == source.seconds
            same = thousandths(target.values)[place] == thousandths(source.values)
            self.lacking = ~(self.present & same & (target.codes[place] == source.codes))

    @property
    def checksums(self) -> tuple[Checksum, Checksum]:
        """Of source and target."""
        return _checksum(self.source), _checksum(self.target)


def _checksum(series: ReadingSeries) -> Checksum:
    running = RunningChecksum()
    running.add_readings(series)
    return running.value


def _joined(chunks: Iterable[ReadingSeries]) -> ReadingSeries:
    parts = [ReadingSeries.empty(), *chunks]
    return ReadingSeries(
        np.concatenate([p.seconds for p in parts]),
        np.concatenate([p.values for p in parts]),
        np.concatenate([p.codes for p in parts]),
    )


def _later(start_s: int | None, other_s: int | None) -> int | None:
    """The later of two starts; None is from the beginning."""
    return max((s for s in (start_s, other_s) if s is not None), default=None)


def _key(event: Event) -> tuple[str, str, datetime]:
    return event.subject, event.name, event.start
