"""Readings into InfluxDB, so that a kill at any moment loses nothing and leaves nothing stale.

InfluxDB has no transactions. A write is acknowledged after all of these, one after the other::

    late?  ─ the last reading of each point from the batch's first on, asked of the server
    open   ─ the days of late readings are marked: who reads them keeps nothing made of them
    write  ─ the readings
    late?  ─ once more: another writer may have overtaken us meanwhile
    close  ─ new points enter the register; the touched days get their new tokens

What was not acknowledged is written again, and then counts as late. A mark that nobody closes
counts as closed after ``OPEN_FOR_S``: its token is a new one too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import getrandbits

import numpy as np

from paes.periods import Clock, Seconds, to_seconds
from paes.rollups import DAY_S, OPEN, Touches
from paes.store.influx.lines import (
    LAST_S,
    Rows,
    plain_text,
    point_line,
    point_of,
    reading_lines,
    touch_lines,
)
from paes.store.influx.link import InfluxLink
from paes.store.influx.questions import (
    BY_POINT,
    Question,
    Row,
    ask,
    ask_rows,
    groups,
    of_points,
    whole,
)

OPEN_FOR_S = 600
"""A writer that has not closed a day after so long was killed."""
TOUCHES = Question("touch", '"token", "open", "at"', BY_POINT)

Days = Mapping[str, set[int]]


class ReadingsWriter:
    """Writes into the buckets of one store; safe to share between threads."""

    def __init__(self, link: InfluxLink, clock: Clock) -> None:
        self._link = link
        self._clock = clock
        self._registered: set[str] = set()

    def put(self, rows: Mapping[str, Rows], bucket: str | None) -> None:
        """Store ``rows`` of points that live in ``bucket``; on return all is kept for ever."""
        lines = [line for point, of in rows.items() for line in reading_lines(point, of)]
        late = self._late_days(rows, bucket)
        self._link.write(self._touch_lines(late, is_open=True))
        self._link.write(lines, bucket)
        overtaken = self._late_days(rows, bucket, after_write=True)
        touched = {p: late.get(p, set()) | overtaken.get(p, set()) for p in {**late, **overtaken}}
        new = [point for point in rows if point not in self._registered]
        closing = self._touch_lines(touched, is_open=False)
        self._link.write([*map(point_line, new), *closing])
        self._registered.update(new)

    def _late_days(
        self, rows: Mapping[str, Rows], bucket: str | None, after_write: bool = False
    ) -> dict[str, set[int]]:
        """The UTC days of readings that are not later than all others of their point.

        After the write these are the readings of points that have one later than all of ours.
        """
        from_s = min(seconds[0] for seconds, _, _ in rows.values())
        last = self._last_since(rows, from_s, bucket)
        late: dict[str, set[int]] = {}
        for point, last_s in last.items():
            seconds, _, _ = rows[point]
            if after_write and last_s <= seconds[-1]:
                continue
            days = {s // DAY_S * DAY_S for s in seconds if s <= last_s}
            if days:
                late[point] = days
        return late

    def _last_since(self, points: Iterable[str], from_s: int, bucket: str | None) -> dict[str, int]:
        """The time of the last reading of each point that has one at ``from_s`` or later."""
        last = Question("reading", '"value"', BY_POINT, bucket=bucket)
        found = {}
        for group, _ in groups(list(points), 1):
            for series in ask(
                self._link, last.where(of_points(group)), from_s, LAST_S, 1, newest_first=True
            ):
                found[point_of(series.tags)] = whole(series.rows[0][0])
        return {point: found[point] for point in points if point in found}

    def _touch_lines(self, days: Days, is_open: bool) -> list[str]:
        now_s = to_seconds(self._clock())
        return [
            line
            for point, of in days.items()
            for line in touch_lines(
                point, ((day_s, getrandbits(62) or 1) for day_s in sorted(of)), is_open, now_s
            )
        ]


def touches(
    link: InfluxLink, points: Iterable[str], start_s: int, end_s: int, now_s: int
) -> dict[str, Touches]:
    """The touched days of ``points`` that begin in ``[start_s, end_s)``."""
    wanted = list(dict.fromkeys(points))
    found: dict[str, Touches] = {}
    for group, _ in groups(wanted, 1):
        found |= _touches(ask_rows(link, TOUCHES.where(of_points(group)), start_s, end_s), now_s)
    return {point: found[point] for point in wanted if point in found}


def touched_since(link: InfluxLink, at_s: int, now_s: int) -> dict[str, Touches]:
    """The days that were touched at ``at_s`` or later, of all points."""
    since = TOUCHES.where(f'"at" >= {at_s}')
    return dict(sorted(_touches(ask_rows(link, since, -LAST_S, LAST_S), now_s).items()))


def _touches(rows: Iterable[Row], now_s: int) -> dict[str, Touches]:
    found: dict[str, list[Row]] = {}
    for *row, meter, quantity in rows:
        found.setdefault(plain_text(f"{meter}/{quantity}"), []).append(row)
    return {point: _touches_of(np.array(of, np.int64), now_s) for point, of in found.items()}


def _touches_of(table: Seconds, now_s: int) -> Touches:
    still_open = (table[:, 2] == 1) & (table[:, 3] > now_s - OPEN_FOR_S)
    return Touches(table[:, 0].copy(), np.where(still_open, OPEN, table[:, 1]))


def rows_of(seconds: Seconds, values: Seconds, codes: Seconds) -> Rows:
    """Columns in order of time; of readings of one second the last stands."""
    order = np.argsort(seconds, kind="stable")
    ordered = seconds[order]
    last_of_second = np.append(ordered[1:] != ordered[:-1], True)
    kept = order[last_of_second]
    return seconds[kept].tolist(), values[kept].tolist(), codes[kept].tolist()
