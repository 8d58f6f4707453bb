"""Readings out of InfluxDB: by pages, for many points at once, and summed up by the server.

A page asks for a bounded stretch of time, for a server opens every shard (a week or a month) of
the stretch it is asked for. How long the next stretch is follows from how full the last one was.

Where one question is not enough, ``around`` asks for what is newest first: a reading that
arrives meanwhile is then either seen, or older than what was seen, and touches its day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from paes.metering import Reading
from paes.periods import Clock, from_seconds, to_seconds
from paes.rollups import DAY_S
from paes.series import GOOD_CODES, QUALITIES, ReadingSeries, Summary
from paes.store.columns import summary_of
from paes.store.influx.answers import Series
from paes.store.influx.lines import FIRST_S, LAST_S, point_of, point_tags
from paes.store.influx.link import InfluxLink
from paes.store.influx.questions import (
    BY_POINT,
    PAGE,
    REGISTER,
    ROWS,
    Question,
    ask,
    groups,
    joined,
    of_points,
    readings_of,
    whole,
)

READINGS = Question("reading", '"value", "quality"', BY_POINT)
REACHES_S = (2 * DAY_S, 60 * DAY_S, LAST_S - FIRST_S)
"""How far beyond a time its neighbours are looked for: most are found at once."""
_STRETCH_S, _SHORTEST_S, _LONG_S = 100 * DAY_S, 3600, 1_000 * DAY_S
_EXPECTED_S = 900
"""Time between two readings, as a guess: it decides how much is asked for at once."""
_SUMMED_TOGETHER, _SUMMED_POINT_DAYS = 100, 1_000
"""Points, and points times days, that a server sums up in one answer: more take it too long."""


class ReadingsReader:
    """Reads from one bucket (None: the store's own); safe to share between threads."""

    def __init__(self, link: InfluxLink, clock: Clock, bucket: str | None) -> None:
        self._link = link
        self._clock = clock
        self._all = Question(READINGS.measurement, READINGS.fields, BY_POINT, bucket=bucket)

    def pages(self, point: str, from_s: int, to_s: int) -> Iterator[ReadingSeries]:
        """Readings of ``point`` in ``[from_s, to_s)``, at most ``PAGE`` at once, oldest first."""
        if point_tags(point) is None:
            return
        question = self._all.where(of_points([point]))
        from_s, to_s = self._occupied(question, from_s, to_s)
        stretch_s = _STRETCH_S
        while from_s < to_s:
            until_s = min(to_s, from_s + stretch_s)
            found = ask(self._link, question, from_s, until_s)
            rows, newest_s = _extent(found)
            if rows == PAGE:
                until_s = newest_s + 1
            yield from _readings(found)
            stretch_s = _next_stretch(stretch_s, until_s - from_s, rows)
            from_s = until_s

    def around(
        self, points: Sequence[str], start_s: int, end_s: int, margin: int
    ) -> dict[str, ReadingSeries]:
        """See ``Store.around``."""
        after = self._nearest(points, end_s, margin, later=True)
        between = self._between(points, start_s, end_s)
        before = self._nearest(points, start_s, margin, later=False)
        return {
            p: joined([part for part in (before.get(p), between.get(p), after.get(p)) if part])
            for p in points
        }

    def latest(self, points: Sequence[str]) -> dict[str, Reading]:
        """See ``Store.latest``."""
        found = {}
        for point, series in self._nearest(points, LAST_S, 1, later=False).items():
            at, value, code = series.seconds[-1], series.values[-1], series.codes[-1]
            found[point] = Reading(point, from_seconds(at), float(value), QUALITIES[code])
        return found

    def summary(
        self, points: Sequence[str], start_s: int, end_s: int, step_s: int
    ) -> dict[str, Summary]:
        """See ``Store.summary``."""
        good = " OR ".join(f'"quality" = {code}' for code in GOOD_CODES)
        question = Question(
            self._all.measurement,
            'COUNT("value"), MEAN("value"), MIN("value"), MAX("value")',
            BY_POINT,
            (f"({good})",),
            self._all.bucket,
            f"time({step_s}s)",
        )
        found: dict[str, list[Series]] = {}
        for group, _ in groups(points, ROWS // _SUMMED_TOGETHER):
            some = question.where(of_points(group))
            occupied = self._occupied(self._all.where(of_points(group)), start_s, end_s)
            for from_s, to_s in _stretches(*occupied, step_s, len(group)):
                for series in ask(self._link, some, from_s, to_s):
                    found.setdefault(point_of(series.tags), []).append(series)
        return {
            p: summary_of([r for part in found[p] for r in part.rows]) for p in points if p in found
        }

    def _occupied(self, question: Question, from_s: int, to_s: int) -> tuple[int, int]:
        """``[from_s, to_s)``, without the decades before the first and after the last reading."""
        from_s, to_s = max(from_s, FIRST_S), min(to_s, LAST_S)
        if to_s - from_s <= _LONG_S:
            return from_s, to_s
        ends = [
            whole(series.rows[0][0])
            for newest_first in (False, True)
            for series in ask(self._link, question, from_s, to_s, 1, newest_first)
        ]
        return (min(ends), max(ends) + 1) if ends else (to_s, to_s)

    def _between(self, points: Sequence[str], start_s: int, end_s: int) -> dict[str, ReadingSeries]:
        found: dict[str, list[ReadingSeries]] = {}
        for group, limit in groups(points, (end_s - start_s) // _EXPECTED_S + 1):
            question = self._all.where(of_points(group))
            for series in ask(self._link, question, start_s, end_s, limit, newest_first=True):
                point = point_of(series.tags)
                found[point] = list(_readings([series], newest_first=True))
                rows, oldest_s = _extent([series])
                if rows == limit and point in points:
                    found[point] += self._backwards(point, start_s, oldest_s)
        return {point: joined(parts[::-1]) for point, parts in found.items()}

    def _backwards(self, point: str, from_s: int, to_s: int) -> Iterator[ReadingSeries]:
        """As ``pages``, newest page first; each page in order of time."""
        question = self._all.where(of_points([point]))
        stretch_s = _STRETCH_S
        from_s = max(from_s, FIRST_S)
        while from_s < to_s:
            since_s = max(from_s, to_s - stretch_s)
            found = ask(self._link, question, since_s, to_s, newest_first=True)
            rows, oldest_s = _extent(found)
            if rows == PAGE:
                since_s = oldest_s
            yield from _readings(found, newest_first=True)
            stretch_s = _next_stretch(stretch_s, to_s - since_s, rows)
            to_s = since_s

    def _nearest(
        self, points: Sequence[str], at_s: int, count: int, later: bool
    ) -> dict[str, ReadingSeries]:
        """Up to ``count`` readings of each point next to ``at_s``: at it or later, or before it."""
        found: dict[str, ReadingSeries] = {}
        missing = list(points) if count else []
        at_s = min(max(at_s, FIRST_S), LAST_S)
        # Before the end of time means before now: whoever asks for the latest expects it there.
        near_s = min(at_s, to_seconds(self._clock())) if not later else at_s
        for reach_s in REACHES_S:
            span = (at_s, near_s + reach_s) if later else (near_s - reach_s, at_s)
            if reach_s == REACHES_S[-1]:
                missing = self._registered(missing)
            for group, _ in groups(missing, count):
                question = self._all.where(of_points(group))
                for series in ask(self._link, question, *span, min(count, PAGE), not later):
                    for readings in _readings([series], newest_first=not later):
                        found[point_of(series.tags)] = readings
            missing = [p for p in missing if len(found.get(p, ())) < count]
            if not missing:
                break
        return {p: found[p] for p in points if p in found}

    def _registered(self, points: Sequence[str]) -> list[str]:
        """Those that were ever written: no others need be looked for in all shards there are."""
        known = {
            point_of(series.tags)
            for group, _ in groups(points, 1)
            for series in ask(self._link, REGISTER.where(of_points(group)), 0, 1)
        }
        return [p for p in points if p in known]


def _readings(found: Iterable[Series], newest_first: bool = False) -> Iterator[ReadingSeries]:
    """The readings of the one series that was asked for, in order of time, if there are any."""
    for series in found:
        rows = series.rows[::-1] if newest_first else series.rows
        readings = readings_of(Series(series.tags, series.columns, rows))
        if len(readings):
            yield readings


def _extent(found: Sequence[Series]) -> tuple[int, int]:
    """How many rows came of the one series that was asked for, and the time of the last.

    Rows that are no readings, for others have written them, count as well.
    """
    rows = found[0].rows if found else []
    return len(rows), whole(rows[-1][0]) if rows else 0


def _next_stretch(stretch_s: int, covered_s: int, rows: int) -> int:
    """How long a stretch to ask for next: one that fills most of a page."""
    if rows == PAGE:
        return max(_SHORTEST_S, covered_s)
    return stretch_s * 2 if rows < PAGE // 2 else stretch_s


def _stretches(start_s: int, end_s: int, step_s: int, points: int) -> Iterator[tuple[int, int]]:
    """Consecutive parts of ``[start_s, end_s)`` that cut no step in two."""
    steps = min(PAGE, max(1, _SUMMED_POINT_DAYS * DAY_S // points // step_s))
    while start_s < end_s:
        until_s = (start_s // step_s + steps) * step_s
        yield start_s, min(until_s, end_s)
        start_s = until_s
