"""The embedded store: one SQLite file in WAL mode, shared by several processes.

Invariants: a transaction a write; ``synchronous=FULL``, so what was acknowledged survives a
power cut; one connection a thread. Readings are clustered by point and time, the order in
which accounting asks for them. Read next: ``paes.store.sqlite.schema`` (tables),
``sqlite_upkeep`` (retention, check, backup, compaction) and ``paes.sqlite_file``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from random import getrandbits

import numpy as np

from paes.errors import StoreError
from paes.events import Event
from paes.metering import Quality, Reading
from paes.periods import By, Seconds, from_seconds, now_utc, to_seconds
from paes.rollups import DAY_S, Rollups, Touches
from paes.series import CODE_OF, GOOD_CODES, QUALITIES, Codes, Floats, ReadingSeries, Summary
from paes.sqlite_file import (
    Database,
    LogKeeper,
    connect,
    in_words,
    make_folder,
    prepare,
    transaction,
)
from paes.store import CHUNK
from paes.store.columns import rollups_of, summary_of
from paes.store.sqlite import upkeep
from paes.store.sqlite.rows import (
    ceil_seconds,
    event_of,
    fetch_series,
    kept_rows,
    row_of,
    series_rows,
    touches_of,
)
from paes.store.sqlite.schema import FORM
from paes.store.thousandths import SCALE, thousandths

_LAST_CHARACTER = "\U0010ffff"
_BY = {By.DAY: 0, By.MONTH: 1}
"""Codes of the resolutions that are kept; they are in every file."""


@dataclass(frozen=True, slots=True)
class _Handle:
    """A thread's connection; closing it waits for the lock."""

    connection: Database
    lock: threading.RLock = field(default_factory=threading.RLock)


_UPSERT = (
    "INSERT INTO reading (point, at, value, quality) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (point, at) DO UPDATE SET value = excluded.value, quality = excluded.quality"
)
_UPSERT_EVENT = "INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?, ?, ?)"


class SqliteStore:
    """A ``paes.store.Store`` in one file; safe to share between threads and processes."""

    def __init__(self, path: Path, busy_timeout_s: float = 30.0) -> None:
        self.path = path
        self._busy_timeout_s = busy_timeout_s
        self._local = threading.local()
        self._opened: list[_Handle] = []
        self._ids: dict[str, int] = {}
        self._lock = threading.Lock()
        self._log = LogKeeper(path, busy_timeout_s)
        make_folder(path)
        with self._reading() as db:
            prepare(db, path, FORM, busy_timeout_s)

    def write(self, readings: Sequence[Reading]) -> None:
        """See ``Store.write``."""
        rows: dict[str, list[tuple[int, int, int]]] = {}
        for r in readings:
            row = (to_seconds(r.at), thousandths(r.point, r.value), CODE_OF[r.quality])
            rows.setdefault(r.point, []).append(row)
        if rows:
            with self._transaction() as db:
                for point, of_point in rows.items():
                    self._put(db, point, of_point)

    def write_series(
        self,
        point: str,
        seconds: Seconds,
        values: Floats,
        quality: Quality | Codes = Quality.GOOD,
    ) -> None:
        """See ``Store.write_series``."""
        if len(seconds) == 0:
            return
        if isinstance(quality, Quality):
            quality = np.full(len(seconds), CODE_OF[quality], np.int8)
        rows = series_rows(point, ReadingSeries(seconds, values, quality))
        with self._transaction() as db:
            self._put(db, point, rows)

    def write_batch(self, series: Mapping[str, ReadingSeries], events: Sequence[Event]) -> None:
        """See ``Store.write_batch``; in one transaction."""
        told = [row_of(e) for e in events]
        rows = {point: series_rows(point, of) for point, of in series.items() if len(of)}
        if not told and not rows:
            return
        with self._transaction() as db:
            for point, of_point in rows.items():
                self._put(db, point, of_point)
            db.executemany(_UPSERT_EVENT, told)

    def read(
        self, point: str, start: datetime | None = None, end: datetime | None = None
    ) -> ReadingSeries:
        """See ``Store.read``."""
        first = -(2**62) if start is None else ceil_seconds(start)
        last = 2**62 if end is None else ceil_seconds(end)
        with self._reading() as db:
            return fetch_series(
                db,
                "SELECT at, value, quality FROM reading"
                " WHERE point = ? AND at >= ? AND at < ? ORDER BY at",
                (self._id(db, point), first, last),
            )

    def chunks(
        self, point: str, start: datetime | None = None, end: datetime | None = None
    ) -> Iterator[ReadingSeries]:
        """See ``Store.chunks``; no transaction stays open between two chunks."""
        first = -(2**62) if start is None else ceil_seconds(start)
        last = 2**62 if end is None else ceil_seconds(end)
        while True:
            with self._reading() as db:
                part = fetch_series(
                    db,
                    "SELECT at, value, quality FROM reading"
                    " WHERE point = ? AND at >= ? AND at < ? ORDER BY at LIMIT ?",
                    (self._id(db, point), first, last, CHUNK),
                )
            if len(part):
                yield part
            if len(part) < CHUNK:
                return
            first = int(part.seconds[-1]) + 1

    def around(
        self, points: Iterable[str], start_s: int, end_s: int, margin: int
    ) -> dict[str, ReadingSeries]:
        """See ``Store.around``."""
        with self._reading() as db:
            return {p: self._around(db, p, start_s, end_s, margin) for p in points}

    def _around(
        self, db: Database, point: str, start_s: int, end_s: int, margin: int
    ) -> ReadingSeries:
        key = self._id(db, point)
        return fetch_series(
            db,
            "SELECT at, value, quality FROM ("
            " SELECT * FROM (SELECT at, value, quality FROM reading"
            "  WHERE point = ? AND at < ? ORDER BY at DESC LIMIT ?)"
            " UNION ALL SELECT at, value, quality FROM reading"
            "  WHERE point = ? AND at >= ? AND at < ?"
            " UNION ALL SELECT * FROM (SELECT at, value, quality FROM reading"
            "  WHERE point = ? AND at >= ? ORDER BY at LIMIT ?)"
            ") ORDER BY at",
            (key, start_s, margin, key, start_s, end_s, key, end_s, margin),
        )

    def summary(
        self, points: Iterable[str], start_s: int, end_s: int, step_s: int
    ) -> dict[str, Summary]:
        """See ``Store.summary``."""
        found = {}
        with self._reading() as db:
            for point in points:
                rows = db.execute(
                    "SELECT (at - (at % :step + :step) % :step) AS step, count(*), avg(value),"
                    " min(value), max(value) FROM reading"
                    " WHERE point = :point AND at >= :start AND at < :end AND quality IN (:a, :b)"
                    " GROUP BY step ORDER BY step",
                    {
                        "point": self._id(db, point), "start": start_s, "end": end_s,
                        "step": step_s, "a": GOOD_CODES[0], "b": GOOD_CODES[1],
                    },
                ).fetchall()  # fmt: skip
                if rows:
                    found[point] = summary_of(rows)
        return found

    def latest(self, points: Iterable[str]) -> dict[str, Reading]:
        """See ``Store.latest``."""
        found: dict[str, Reading] = {}
        with self._reading() as db:
            for point in points:
                row = db.execute(
                    "SELECT at, value, quality FROM reading WHERE point = ?"
                    " ORDER BY at DESC LIMIT 1",
                    (self._id(db, point),),
                ).fetchone()
                if row:
                    at, value, code = row
                    found[point] = Reading(point, from_seconds(at), value / SCALE, QUALITIES[code])
        return found

    def points(self) -> list[str]:
        """See ``Store.points``."""
        with self._reading() as db:
            return [name for (name,) in db.execute("SELECT name FROM point ORDER BY name")]

    def touches(self, points: Iterable[str], start_s: int, end_s: int) -> dict[str, Touches]:
        """See ``Store.touches``."""
        with self._reading() as db:
            found = {p: self._touches(db, p, start_s, end_s) for p in points}
        return {point: touches for point, touches in found.items() if len(touches.day_s)}

    def _touches(self, db: Database, point: str, start_s: int, end_s: int) -> Touches:
        rows = db.execute(
            "SELECT day, token FROM touch WHERE point = ? AND day >= ? AND day < ? ORDER BY day",
            (self._id(db, point), start_s, end_s),
        ).fetchall()
        return touches_of(rows)

    def touched_since(self, at: datetime) -> dict[str, Touches]:
        """See ``Store.touched_since``."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT name, day, token FROM touch JOIN point ON point.id = touch.point"
                " WHERE at >= ? ORDER BY name, day",
                (to_seconds(at),),
            ).fetchall()
        return {
            name: touches_of([(day, token) for _, day, token in of])
            for name, of in groupby(rows, key=itemgetter(0))
        }

    def save_rollups(self, rows: Mapping[str, Rollups], by: By) -> None:
        """See ``Store.save_rollups``; in one transaction."""
        with self._transaction() as db:
            for point, of_point in rows.items():
                key = self._ensure_id(db, point)
                db.executemany(
                    "INSERT OR REPLACE INTO rollup VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [(_BY[by], key, *row) for row in kept_rows(of_point)],
                )

    def load_rollups(
        self, points: Iterable[str], by: By, start_s: int, end_s: int, shapes: bool = False
    ) -> dict[str, Rollups]:
        """See ``Store.load_rollups``."""
        found = {}
        sql = (
            "SELECT start, measured, catch_up, covered_s, needs_from, needs_to, seal, gaps"
            f"{', shape' if shapes else ''} FROM rollup"
            " WHERE by = ? AND point = ? AND start >= ? AND start < ? ORDER BY start"
        )
        with self._reading() as db:
            for point in points:
                rows = db.execute(sql, (_BY[by], self._id(db, point), start_s, end_s)).fetchall()
                if rows:
                    given = [row[8] for row in rows] if shapes else []
                    found[point] = rollups_of(rows, [row[7] for row in rows], given)
        return found

    def write_events(self, events: Sequence[Event]) -> None:
        """See ``Store.write_events``."""
        rows = [row_of(e) for e in events]
        if rows:
            with self._transaction() as db:
                db.executemany(_UPSERT_EVENT, rows)

    def events(
        self,
        start: datetime | None = None,
        end: datetime | None = None,
        subjects: Iterable[str] | None = None,
        name: str | tuple[str, ...] = "",
    ) -> list[Event]:
        """See ``Store.events``."""
        first = -(2**62) if start is None else ceil_seconds(start)
        last = 2**62 if end is None else ceil_seconds(end)
        of = "" if subjects is None else "AND subject IN (SELECT value FROM json_each(?))"
        asked = [] if subjects is None else [json.dumps(sorted(set(subjects)))]
        names = (name,) if isinstance(name, str) else name
        named = " OR ".join(["name >= ? AND name < ?"] * len(names)) or "0"
        bounds = [text for n in names for text in (n, n + _LAST_CHARACTER)]
        with self._reading() as db:
            rows = db.execute(
                "SELECT subject, name, start, end, message, facts FROM event"
                f" WHERE start < ? AND (start >= ? OR end > ?) AND ({named})"
                f" {of} ORDER BY start, subject, name",
                [last, first, first, *bounds, *asked],
            ).fetchall()
        return [event_of(row) for row in rows]

    def labels(self) -> dict[str, str]:
        """See ``Store.labels``."""
        with self._reading() as db:
            return dict(db.execute("SELECT key, value FROM label").fetchall())

    def set_label(self, key: str, value: str) -> None:
        """See ``Store.set_label``."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO label VALUES (?, ?)", (key, value))

    def expire(self, points: Iterable[str], before: datetime) -> int:
        """See ``Store.expire``; in short transactions with pauses, so that writers go on."""
        deleted = 0
        for point in points:
            with self._reading() as db:
                key = self._id(db, point)
            for part in upkeep.expire(self._transaction, key, ceil_seconds(before)):
                deleted += part
        return deleted

    def count_before(self, points: Iterable[str], before: datetime) -> int:
        """How many readings ``expire`` would delete."""
        last = ceil_seconds(before)
        sql = "SELECT count(*) FROM reading WHERE point = ? AND at < ?"
        with self._reading() as db:
            return sum(db.execute(sql, (self._id(db, p), last)).fetchone()[0] for p in points)

    def check(self, thorough: bool = False) -> list[str]:
        """See ``Store.check``."""
        found: list[str] = []
        try:
            with self._reading() as db:
                found += upkeep.problems(db, self.path, thorough)
        except StoreError as err:
            found.append(str(err))
        return found

    def facts(self, count: bool = False) -> upkeep.Facts:
        """What is in the file; ``count`` counts every reading, which may take minutes."""
        with self._reading() as db:
            return upkeep.facts(db, self.path, count)

    def close(self) -> None:
        """See ``Store.close``; waits for what other threads are doing just now."""
        with self._lock:
            opened, self._opened = self._opened, []
            self._local = threading.local()
        for handle in opened:
            with handle.lock:
                handle.connection.close()

    @property
    def _handle(self) -> _Handle:
        """The connection of this thread, opened when first asked for."""
        with self._lock:
            handle: _Handle | None = getattr(self._local, "handle", None)
            if handle is None:
                handle = self._local.handle = _Handle(self._connect())
                self._opened.append(handle)
            return handle

    def _connect(self) -> Database:
        connection = connect(self.path, self._busy_timeout_s)
        connection.execute("PRAGMA cache_size = -32000")
        return connection

    @contextmanager
    def _reading(self) -> Iterator[Database]:
        """This thread's connection, not to be closed meanwhile; errors become StoreError."""
        with in_words(self.path, FORM):
            handle = self._handle
            with handle.lock:
                yield handle.connection

    @contextmanager
    def _transaction(self) -> Iterator[Database]:
        with self._reading() as db:
            with transaction(db):
                yield db
            self._log.after_commit(db)

    def _put(self, db: Database, point: str, rows: list[tuple[int, int, int]]) -> None:
        key = self._ensure_id(db, point)
        (last,) = db.execute("SELECT max(at) FROM reading WHERE point = ?", (key,)).fetchone()
        db.executemany(_UPSERT, [(key, *row) for row in rows])
        if last is not None:
            touched = {at // DAY_S * DAY_S for at, _, _ in rows if at <= last}
            now = to_seconds(now_utc())
            db.executemany(
                "INSERT OR REPLACE INTO touch VALUES (?, ?, ?, ?)",
                [(key, day, getrandbits(62), now) for day in touched],
            )

    def _id(self, db: Database, point: str) -> int:
        """The key of ``point``; -1, which has no rows, if it was never written.

        Remembered only outside transactions: a point that is rolled back leaves no key behind.
        """
        key = self._ids.get(point)
        if key is not None:
            return key
        row = db.execute("SELECT id FROM point WHERE name = ?", (point,)).fetchone()
        if row is None:
            return -1
        if not db.in_transaction:
            self._ids[point] = row[0]
        return int(row[0])

    def _ensure_id(self, db: Database, point: str) -> int:
        key = self._id(db, point)
        if key < 0:
            key = db.execute("INSERT INTO point (name) VALUES (?)", (point,)).lastrowid or -1
        return key
