"""The embedded store: one SQLite file in WAL mode, shared by several processes.

Invariants: a transaction a write; ``synchronous=FULL``, so what was acknowledged survives a
power cut; one connection a thread. Readings are clustered by point and time, the order in
which accounting asks for them. Only ``collectors.spool.file`` imports sqlite3 as well.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from paes.errors import StoreRefused
from paes.events import Event
from paes.metering import Quality, Reading
from paes.periods import Seconds, from_seconds, to_seconds
from paes.series import CODE_OF, QUALITIES, DayBook, Floats, Gap, ReadingSeries
from paes.sqlite_file import (
    Database,
    FileForm,
    connect,
    in_words,
    make_folder,
    prepare,
    transaction,
)

SCHEMA_VERSION = 2
APPLICATION_ID = 0x50414553  # "PAES"
_SCALE = 1000.0
_LARGEST = 9.2e15
_LAST_CHARACTER = "\U0010ffff"
_NEIGHBOURS = 8
"""How many readings on either side of a new one can change how a day is accounted."""

_EVENTS = """
CREATE TABLE event (
    subject TEXT NOT NULL, name TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER,
    message TEXT NOT NULL, facts TEXT NOT NULL,
    PRIMARY KEY (subject, name, start)
) WITHOUT ROWID;
CREATE INDEX event_by_time ON event (start)
"""
_SCHEMA = f"""
CREATE TABLE label (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE point (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE reading (
    point INTEGER NOT NULL REFERENCES point, at INTEGER NOT NULL,
    value INTEGER NOT NULL, quality INTEGER NOT NULL,
    PRIMARY KEY (point, at)
) WITHOUT ROWID;
CREATE TABLE energy_day (
    point INTEGER NOT NULL REFERENCES point, day INTEGER NOT NULL, rules TEXT NOT NULL,
    measured REAL NOT NULL, catch_up REAL NOT NULL, covered_s REAL NOT NULL,
    PRIMARY KEY (point, day)
) WITHOUT ROWID;
CREATE TABLE energy_gap (
    point INTEGER NOT NULL REFERENCES point, start INTEGER NOT NULL, end INTEGER NOT NULL,
    rules TEXT NOT NULL, low REAL NOT NULL, high REAL, cause TEXT NOT NULL,
    PRIMARY KEY (point, start)
) WITHOUT ROWID;
{_EVENTS}
"""
FORM = FileForm(
    what="store",
    application_id=APPLICATION_ID,
    version=SCHEMA_VERSION,
    schema=_SCHEMA,
    if_of_other_version="use that version, or another file",
    if_damaged="restore a backup",
    migrations={1: _EVENTS},
)


@dataclass(frozen=True, slots=True)
class _Handle:
    """A thread's connection; closing it waits for the lock."""

    connection: Database
    lock: threading.RLock = field(default_factory=threading.RLock)


_UPSERT = (
    "INSERT INTO reading (point, at, value, quality) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (point, at) DO UPDATE SET value = excluded.value, quality = excluded.quality"
)


class SqliteStore:
    """A ``paes.store.Store`` in one file; safe to share between threads and processes."""

    def __init__(self, path: Path, busy_timeout_s: float = 30.0) -> None:
        self.path = path
        self._busy_timeout_s = busy_timeout_s
        self._local = threading.local()
        self._opened: list[_Handle] = []
        self._ids: dict[str, int] = {}
        self._lock = threading.Lock()
        make_folder(path)
        with self._reading() as db:
            prepare(db, path, FORM, busy_timeout_s)

    def write(self, readings: Sequence[Reading]) -> None:
        """See ``Store.write``."""
        rows: dict[str, list[tuple[int, int, int]]] = {}
        for r in readings:
            row = (to_seconds(r.at), _thousandths(r.point, r.value), CODE_OF[r.quality])
            rows.setdefault(r.point, []).append(row)
        if rows:
            with self._transaction() as db:
                for point, of_point in rows.items():
                    self._put(db, point, of_point)

    def write_series(
        self, point: str, seconds: Seconds, values: Floats, quality: Quality = Quality.GOOD
    ) -> None:
        """See ``Store.write_series``."""
        if len(seconds) == 0:
            return
        worst = float(np.max(np.abs(values)))
        _thousandths(point, worst if math.isfinite(worst) else math.nan)
        whole = np.rint(values * _SCALE).astype(np.int64).tolist()
        code = CODE_OF[quality]
        rows = [(at, value, code) for at, value in zip(seconds.tolist(), whole, strict=True)]
        with self._transaction() as db:
            self._put(db, point, rows)

    def read(
        self, point: str, start: datetime | None = None, end: datetime | None = None
    ) -> ReadingSeries:
        """See ``Store.read``."""
        first = -(2**62) if start is None else _ceil_seconds(start)
        last = 2**62 if end is None else _ceil_seconds(end)
        with self._reading() as db:
            return _fetch(
                db,
                "SELECT at, value, quality FROM reading"
                " WHERE point = ? AND at >= ? AND at < ? ORDER BY at",
                (self._id(db, point), first, last),
            )

    def around(self, point: str, start_s: int, end_s: int, margin: int) -> ReadingSeries:
        """See ``Store.around``."""
        with self._reading() as db:
            key = self._id(db, point)
            return _fetch(
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
                    found[point] = Reading(point, from_seconds(at), value / _SCALE, QUALITIES[code])
        return found

    def points(self) -> list[str]:
        """See ``Store.points``."""
        with self._reading() as db:
            return [name for (name,) in db.execute("SELECT name FROM point ORDER BY name")]

    def revision(self, point: str) -> int:
        """See ``Store.revision``."""
        with self._reading() as db:
            row = db.execute("SELECT revision FROM point WHERE name = ?", (point,)).fetchone()
        return int(row[0]) if row else 0

    def save_days(self, point: str, rules: str, book: DayBook, revision: int) -> None:
        """See ``Store.save_days``."""
        with self._transaction() as db:
            key = self._id(db, point)
            if key < 0 or self.revision(point) != revision:
                return
            for table in ("energy_day", "energy_gap"):
                db.execute(f"DELETE FROM {table} WHERE point = ? AND rules <> ?", (key, rules))
            db.executemany(
                "INSERT OR REPLACE INTO energy_day VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (key, day, rules, measured, catch_up, covered)
                    for day, measured, catch_up, covered in zip(
                        book.day_s.tolist(),
                        book.measured.tolist(),
                        book.catch_up.tolist(),
                        book.covered_s.tolist(),
                        strict=True,
                    )
                ],
            )
            db.executemany(
                "INSERT OR REPLACE INTO energy_gap VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (key, g.start_s, g.end_s, rules, g.low, _finite_or_none(g.high), g.cause)
                    for g in book.gaps
                ],
            )

    def load_days(self, point: str, rules: str, start_s: int, end_s: int) -> DayBook:
        """See ``Store.load_days``."""
        with self._reading() as db:
            key = self._id(db, point)
            days = db.execute(
                "SELECT day, measured, catch_up, covered_s FROM energy_day"
                " WHERE point = ? AND rules = ? AND day >= ? AND day < ? ORDER BY day",
                (key, rules, start_s, end_s),
            ).fetchall()
            gaps = db.execute(
                "SELECT start, end, low, high, cause FROM energy_gap"
                " WHERE point = ? AND rules = ? AND end > ? AND start < ? ORDER BY start",
                (key, rules, start_s, end_s),
            ).fetchall()
        table = np.array(days, dtype=np.float64).reshape(-1, 4)
        return DayBook(
            day_s=table[:, 0].astype(np.int64),
            measured=table[:, 1],
            catch_up=table[:, 2],
            covered_s=table[:, 3],
            gaps=tuple(
                Gap(start, end, low, math.inf if high is None else high, cause)
                for start, end, low, high, cause in gaps
            ),
        )

    def write_events(self, events: Sequence[Event]) -> None:
        """See ``Store.write_events``."""
        rows = [
            (
                e.subject,
                e.name,
                to_seconds(e.start),
                None if e.end is None else to_seconds(e.end),
                e.message,
                json.dumps(dict(e.facts), sort_keys=True, ensure_ascii=False),
            )
            for e in events
        ]
        if rows:
            with self._transaction() as db:
                db.executemany("INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?, ?, ?)", rows)

    def events(
        self,
        start: datetime | None = None,
        end: datetime | None = None,
        subjects: Iterable[str] | None = None,
        name: str = "",
    ) -> list[Event]:
        """See ``Store.events``."""
        first = -(2**62) if start is None else _ceil_seconds(start)
        last = 2**62 if end is None else _ceil_seconds(end)
        of = "" if subjects is None else "AND subject IN (SELECT value FROM json_each(?))"
        asked = [] if subjects is None else [json.dumps(sorted(set(subjects)))]
        with self._reading() as db:
            rows = db.execute(
                "SELECT subject, name, start, end, message, facts FROM event"
                " WHERE start < ? AND (start >= ? OR end > ?) AND name >= ? AND name < ?"
                f" {of} ORDER BY start, subject, name",
                [last, first, first, name, name + _LAST_CHARACTER, *asked],
            ).fetchall()
        return [
            Event(
                subject,
                named,
                from_seconds(at),
                None if until is None else from_seconds(until),
                message,
                json.loads(facts),
            )
            for subject, named, at, until, message, facts in rows
        ]

    def labels(self) -> dict[str, str]:
        """See ``Store.labels``."""
        with self._reading() as db:
            return dict(db.execute("SELECT key, value FROM label").fetchall())

    def set_label(self, key: str, value: str) -> None:
        """See ``Store.set_label``."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO label VALUES (?, ?)", (key, value))

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
        with self._reading() as db, transaction(db):
            yield db

    def _put(self, db: Database, point: str, rows: Iterable[tuple[int, int, int]]) -> None:
        rows = list(rows)
        key = self._ensure_id(db, point)
        db.executemany(_UPSERT, [(key, *row) for row in rows])
        db.execute("UPDATE point SET revision = revision + 1 WHERE id = ?", (key,))
        _drop_days(db, key, min(r[0] for r in rows), max(r[0] for r in rows))

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


def _fetch(db: Database, sql: str, arguments: tuple[object, ...]) -> ReadingSeries:
    rows = db.execute(sql, arguments).fetchall()
    if not rows:
        return ReadingSeries.empty()
    table = np.array(rows, dtype=np.int64)
    return ReadingSeries(table[:, 0].copy(), table[:, 1] / _SCALE, table[:, 2].astype(np.int8))


def _drop_days(db: Database, key: int, first_s: int, last_s: int) -> None:
    """Forget derived days and gaps that readings in ``[first_s, last_s]`` can change."""
    low = _neighbour(db, key, "at < ? ORDER BY at DESC", first_s)
    high = _neighbour(db, key, "at > ? ORDER BY at", last_s)
    for start, end in db.execute(
        "SELECT min(start), max(end) FROM energy_gap WHERE point = ? AND end > ? AND start < ?",
        (key, low, high),
    ).fetchall():
        low, high = min(low, start or low), max(high, end or high)
    db.execute(
        "DELETE FROM energy_day WHERE point = ? AND day > ? AND day <= ?",
        (key, low - 25 * 3600, high),
    )
    db.execute("DELETE FROM energy_gap WHERE point = ? AND end > ? AND start < ?", (key, low, high))


def _neighbour(db: Database, key: int, where: str, at: int) -> int:
    rows = db.execute(
        f"SELECT at FROM reading WHERE point = ? AND {where} LIMIT {_NEIGHBOURS}", (key, at)
    ).fetchall()
    return rows[-1][0] if rows else at


def _thousandths(point: str, value: float) -> int:
    if not -_LARGEST <= value <= _LARGEST:
        raise StoreRefused(f"{point}: value {value} cannot be stored; expected up to {_LARGEST:g}")
    return round(value * _SCALE)


def _ceil_seconds(at: datetime) -> int:
    return math.ceil(at.timestamp())


def _finite_or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
