"""Readings into InfluxDB, so that a kill at any moment loses nothing and leaves nothing stale.

InfluxDB has no transactions. A write is acknowledged after all of these, one after the other::

    late?  ─ the last reading of each point from the batch's first on, asked of the server
    open   ─ the days of late readings are marked: who reads them keeps nothing made of them
    write  ─ the readings
    late?  ─ once more: another writer may have overtaken us, or come among us, meanwhile
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
        last = self._last_since(rows, rows, bucket)
        late = _days(rows, last)
        self._link.write(self._touch_lines(late, is_open=True))
        self._link.write(lines, bucket)
        overtaken = _days(rows, self._overtaken(rows, last, bucket))
        touched = {p: late.get(p, set()) | overtaken.get(p, set()) for p in {**late, **overtaken}}
        new = [point for point in rows if point not in self._registered]
        closing = self._touch_lines(touched, is_open=False)
        self._link.write([*map(point_line, new), *closing])
        self._registered.update(new)

    def _last_since(
        self, points: Iterable[str], rows: Mapping[str, Rows], bucket: str | None
    ) -> dict[str, int]:
        """The last reading of those of ``points`` that have one since the first of ``rows``."""
        found = self._asked('"value"', points, rows, bucket, newest_first=True)
        return {point: whole(row[0]) for point, row in found.items()}

    def _overtaken(
        self, rows: Mapping[str, Rows], before: Mapping[str, int], bucket: str | None
    ) -> dict[str, int]:
        """After the write: points of which another has written readings among ours, or later ones.

        Up to when ours may then be late. Where there was nothing ``before``, there is now more
        than ours; elsewhere only what is later than all of ours tells.
        """
        among = self._asked('COUNT("value")', [p for p in rows if p not in before], rows, bucket)
        later = self._last_since(before, rows, bucket)
        return {
            **{p: LAST_S for p, row in among.items() if whole(row[1]) > len(rows[p][0])},
            **{p: last_s for p, last_s in later.items() if last_s > rows[p][0][-1]},
        }

    def _asked(
        self,
        what: str,
        points: Iterable[str],
        rows: Mapping[str, Rows],
        bucket: str | None,
        newest_first: bool = False,
    ) -> dict[str, Row]:
        """The one row of each point that has readings since the first of ``rows``."""
        from_s = min(seconds[0] for seconds, _, _ in rows.values())
        question = Question("reading", what, BY_POINT, bucket=bucket)
        wanted, found = list(points), {}
        for group, _ in groups(wanted, 1):
            of_group = question.where(of_points(group))
            for series in ask(self._link, of_group, from_s, LAST_S, 1, newest_first):
                found[point_of(series.tags)] = series.rows[0]
        return {point: found[point] for point in wanted if point in found}

    def _touch_lines(self, days: Days, is_open: bool) -> list[str]:
        now_s = to_seconds(self._clock())
        return [
            line
            for point, of in days.items()
            for line in touch_lines(
                point, ((day_s, getrandbits(62) or 1) for day_s in sorted(of)), is_open, now_s
            )
        ]


def _days(rows: Mapping[str, Rows], last: Mapping[str, int]) -> dict[str, set[int]]:
    """The UTC days of readings that are not later than the ``last`` one of their point."""
    late = {
        p: {s // DAY_S * DAY_S for s in rows[p][0] if s <= last_s} for p, last_s in last.items()
    }
    return {point: days for point, days in late.items() if days}


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
