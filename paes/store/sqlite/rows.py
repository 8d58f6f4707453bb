"""How readings, events and derived rows stand in the rows of the embedded store."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from paes.events import Event
from paes.periods import from_seconds, to_seconds
from paes.rollups import Rollups, Touches, gaps_text
from paes.series import ReadingSeries
from paes.sqlite_file import Database
from paes.store.thousandths import SCALE, series_thousandths


def fetch_series(db: Database, sql: str, arguments: tuple[object, ...]) -> ReadingSeries:
    """What a statement selects as time, value and quality, in order of time."""
    rows = db.execute(sql, arguments).fetchall()
    if not rows:
        return ReadingSeries.empty()
    table = np.array(rows, dtype=np.int64)
    return ReadingSeries(table[:, 0].copy(), table[:, 1] / SCALE, table[:, 2].astype(np.int8))


def series_rows(point: str, series: ReadingSeries) -> list[tuple[int, int, int]]:
    """Time, value and quality of readings of ``point`` as they are kept."""
    whole = series_thousandths(point, series.values)
    columns = series.seconds.tolist(), whole.tolist(), series.codes.tolist()
    return list(zip(*columns, strict=True))


def touches_of(rows: Sequence[tuple[int, int]]) -> Touches:
    """Rows of day and token."""
    table = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return Touches(table[:, 0].copy(), table[:, 1].copy())


def kept_rows(rows: Rollups) -> Iterator[tuple[Any, ...]]:
    """Derived rows as they are kept, without what they are of."""
    columns = (
        rows.start_s, rows.measured, rows.catch_up, rows.covered_s,
        rows.needs_from_s, rows.needs_to_s, rows.seal,
    )  # fmt: skip
    shapes = rows.shapes or [b""] * len(rows)
    return zip(*(c.tolist() for c in columns), map(gaps_text, rows.gaps), shapes, strict=True)


def ceil_seconds(at: datetime) -> int:
    """The first whole second that is not before ``at``."""
    return math.ceil(at.timestamp())


def row_of(event: Event) -> tuple[Any, ...]:
    """An event as it is kept."""
    return (
        event.subject,
        event.name,
        to_seconds(event.start),
        None if event.end is None else to_seconds(event.end),
        event.message,
        json.dumps(dict(event.facts), sort_keys=True, ensure_ascii=False),
    )


def event_of(row: tuple[Any, ...]) -> Event:
    """What ``row_of`` made a row."""
    subject, name, start, end, message, facts = row
    until = None if end is None else from_seconds(end)
    return Event(subject, name, from_seconds(start), until, message, json.loads(facts))
