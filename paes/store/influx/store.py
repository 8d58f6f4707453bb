"""The store on an InfluxDB server, of any generation from 1.8 to 3.

::

    measurement             tags              time      what
    reading                 meter, quantity   reading   value (thousandths), quality (code)
    point                   meter, quantity   0         the register of all points
    event, event_long       subject, name     start     end, message, facts
    label                   key               0         value
    touch                   meter, quantity   UTC day   token, open, at
    energy_day, _month      meter, quantity   start     derived rows with their seals

Readings of a class that is kept for a limited time are in a bucket of their own,
``BUCKET-CLASS``, whose retention the server applies; everything else is in ``BUCKET``.

There are no transactions: after a StoreError some of what was to be written may be there, and
writing it again is right. Read next ``paes.store.influx.writing``, which keeps the promises.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from paes.events import Event
from paes.metering import Quality, Reading
from paes.periods import By, Clock, Seconds, now_utc, to_seconds
from paes.retention import Retention
from paes.rollups import DAY_S, Rollups, Touches
from paes.series import CODE_OF, Codes, Floats, ReadingSeries, Summary
from paes.store import CHUNK, UNFINISHED
from paes.store.influx.address import parse_influx_address
from paes.store.influx.check import check
from paes.store.influx.events import events, write_events
from paes.store.influx.lines import (
    FIRST_S,
    LAST_S,
    Rows,
    label_line,
    plain_text,
    point_of,
    point_tags,
    reading_lines,
    rollup_lines,
)
from paes.store.influx.link import InfluxLink
from paes.store.influx.questions import REGISTER, Question, ask, joined
from paes.store.influx.reading import ReadingsReader
from paes.store.influx.rollups import load_rollups
from paes.store.influx.writing import ReadingsWriter, rows_of, touched_since, touches
from paes.store.thousandths import series_thousandths, thousandths

LONGEST_PART_S = 1_000 * DAY_S
"""A server makes a shard (a week or a month) at the first row in it, and takes ten ms for each."""
_LABELS = Question("label", '"value"', ("key",))


class InfluxStore:
    """A ``paes.store.Store`` at ``url``; safe to share between threads and processes."""

    def __init__(
        self, url: str, retention: Retention | None = None, clock: Clock = now_utc
    ) -> None:
        self.address = parse_influx_address(url)
        self._retention = retention or Retention()
        self._clock = clock
        self._link = InfluxLink(self.address)
        self._writer = ReadingsWriter(self._link, clock)

    def write(self, readings: Sequence[Reading]) -> None:
        """See ``Store.write``."""
        columns: dict[str, tuple[list[int], list[int], list[int]]] = {}
        for r in readings:
            seconds, values, codes = columns.setdefault(r.point, ([], [], []))
            seconds.append(to_seconds(r.at))
            values.append(thousandths(r.point, r.value))
            codes.append(CODE_OF[r.quality])
        by_bucket = self._by_bucket(columns)
        for bucket, points in by_bucket.items():
            rows = {p: rows_of(*(np.array(c, np.int64) for c in columns[p])) for p in points}
            self._writer.put(rows, bucket)

    def write_series(
        self,
        point: str,
        seconds: Seconds,
        values: Floats,
        quality: Quality | Codes = Quality.GOOD,
    ) -> None:
        """See ``Store.write_series``; in parts, each kept before the next begins."""
        if len(seconds) == 0:
            return
        whole = series_thousandths(point, values)
        if isinstance(quality, Quality):
            quality = np.full(len(whole), CODE_OF[quality], np.int8)
        self._put_rows(point, rows_of(seconds, whole, quality.astype(np.int64)))

    def write_batch(self, series: Mapping[str, ReadingSeries], events: Sequence[Event]) -> None:
        """See ``Store.write_batch``; what old values there were is told before they go."""
        rows = {
            point: rows_of(of.seconds, series_thousandths(point, of.values), of.codes.astype(int))
            for point, of in series.items()
            if len(of)
        }
        for point, of_point in rows.items():
            next(reading_lines(point, of_point))  # refuses what has no name or time
        if events:
            *others, last = events
            unfinished = replace(last, facts={**last.facts, UNFINISHED: 1.0})
            write_events(self._link, [*others, unfinished] if rows else events)
        for point, of_point in rows.items():
            self._put_rows(point, of_point)
        if events and rows:
            write_events(self._link, [last])

    def _put_rows(self, point: str, columns: Rows) -> None:
        (bucket,) = self._by_bucket([point])
        for begin in range(0, len(columns[0]), CHUNK):
            part = slice(begin, begin + CHUNK)
            self._writer.put(
                {point: (columns[0][part], columns[1][part], columns[2][part])}, bucket
            )

    def read(
        self, point: str, start: datetime | None = None, end: datetime | None = None
    ) -> ReadingSeries:
        """See ``Store.read``."""
        return joined(list(self.chunks(point, start, end)))

    def chunks(
        self, point: str, start: datetime | None = None, end: datetime | None = None
    ) -> Iterator[ReadingSeries]:
        """See ``Store.chunks``."""
        for bucket in self._by_bucket([point]):
            yield from self._reader(bucket).pages(point, *_bounds(start, end))

    def around(
        self, points: Iterable[str], start_s: int, end_s: int, margin: int
    ) -> dict[str, ReadingSeries]:
        """See ``Store.around``."""
        found: dict[str, ReadingSeries] = {}
        for bucket, some in self._by_bucket(points).items():
            found |= self._reader(bucket).around(some, start_s, end_s, margin)
        return found

    def summary(
        self, points: Iterable[str], start_s: int, end_s: int, step_s: int
    ) -> dict[str, Summary]:
        """See ``Store.summary``."""
        found: dict[str, Summary] = {}
        for bucket, some in self._by_bucket(points).items():
            found |= self._reader(bucket).summary(some, start_s, end_s, step_s)
        return found

    def latest(self, points: Iterable[str]) -> dict[str, Reading]:
        """See ``Store.latest``."""
        found: dict[str, Reading] = {}
        for bucket, some in self._by_bucket(points).items():
            found |= self._reader(bucket).latest(some)
        return found

    def points(self) -> list[str]:
        """See ``Store.points``."""
        return sorted(point_of(s.tags) for s in ask(self._link, REGISTER, 0, 1))

    def touches(self, points: Iterable[str], start_s: int, end_s: int) -> dict[str, Touches]:
        """See ``Store.touches``."""
        return touches(self._link, points, start_s, end_s, to_seconds(self._clock()))

    def touched_since(self, at: datetime) -> dict[str, Touches]:
        """See ``Store.touched_since``."""
        return touched_since(self._link, to_seconds(at), to_seconds(self._clock()))

    def save_rollups(self, rows: Mapping[str, Rollups], by: By) -> None:
        """See ``Store.save_rollups``; oldest first, in parts."""
        dated = sorted(
            (start_s, line)
            for point, of in rows.items()
            for start_s, line in zip(of.start_s.tolist(), rollup_lines(point, by, of), strict=True)
        )
        for part in _parts([start_s for start_s, _ in dated]):
            self._link.write([line for _, line in dated[part]])

    def load_rollups(
        self, points: Iterable[str], by: By, start_s: int, end_s: int, shapes: bool = False
    ) -> dict[str, Rollups]:
        """See ``Store.load_rollups``."""
        return load_rollups(self._link, points, by, start_s, end_s, shapes)

    def write_events(self, events: Sequence[Event]) -> None:
        """See ``Store.write_events``."""
        write_events(self._link, events)

    def events(
        self,
        start: datetime | None = None,
        end: datetime | None = None,
        subjects: Iterable[str] | None = None,
        name: str | tuple[str, ...] = "",
    ) -> list[Event]:
        """See ``Store.events``."""
        return events(self._link, *_bounds(start, end), subjects, name)

    def labels(self) -> dict[str, str]:
        """See ``Store.labels``."""
        found = ask(self._link, _LABELS, 0, 1)
        return {plain_text(s.tags["key"]): plain_text(str(s.rows[0][1])) for s in found}

    def set_label(self, key: str, value: str) -> None:
        """See ``Store.set_label``."""
        self._link.write([label_line(key, value)])

    def expire(self, points: Iterable[str], before: datetime) -> int:
        """See ``Store.expire``; nothing to do: the server forgets, by the class's bucket."""
        return 0

    def check(self, thorough: bool = False) -> list[str]:
        """See ``Store.check``."""
        classes = [self._class_bucket(c.name) for c in self._retention.limited]
        return check(self._link, classes, thorough)

    def close(self) -> None:
        """See ``Store.close``."""
        self._link.close()

    def _reader(self, bucket: str | None) -> ReadingsReader:
        return ReadingsReader(self._link, self._clock, bucket)

    def _by_bucket(self, points: Iterable[str]) -> dict[str | None, list[str]]:
        """``points``, each once, by the bucket where their readings are (None: the store's own)."""
        found: dict[str | None, list[str]] = {}
        for point in dict.fromkeys(points):
            kept = self._retention.bucket_class(point) if point_tags(point) else None
            found.setdefault(self._class_bucket(kept) if kept else None, []).append(point)
        return found

    def _class_bucket(self, name: str) -> str:
        return f"{self.address.bucket}-{name}"


def _parts(seconds: Sequence[int]) -> Iterator[slice]:
    """Rows at ``seconds``, mostly ascending, in parts that a server can store in time."""
    begin = 0
    while begin < len(seconds):
        end = bisect_left(
            seconds, seconds[begin] + LONGEST_PART_S, begin, min(begin + CHUNK, len(seconds))
        )
        yield slice(begin, end)
        begin = end


def _bounds(start: datetime | None, end: datetime | None) -> tuple[int, int]:
    """The whole seconds in ``[start, end)``."""
    first_s = FIRST_S if start is None else math.ceil(start.timestamp())
    last_s = LAST_S if end is None else math.ceil(end.timestamp())
    return first_s, last_s
