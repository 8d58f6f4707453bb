"""The collector's spool: what was read lies here on disk until the store has acknowledged it.

::

    rounds ─> put (one transaction) ─> | reading | event | state |
                                          oldest ─> store ─> done (deleted) or set_aside (refused)

One SQLite file in WAL mode with ``synchronous=FULL``: what ``put`` returned from survives a killed
process and a power cut. One collector owns a spool (``claim``); other processes may look
(``paes watch``, ``paes spool``) and give what was refused another chance.

Invariants: a row leaves only when the store has acknowledged it, when it is set aside with the
reason, or when the spool is full: then the oldest gauges go first, the oldest counters only when no
gauge is left, and events say how many. Times are whole seconds, as in every store.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from collectors.spool.file import SpoolFile
from collectors.spool.rows import (
    Batch,
    Bound,
    Depth,
    GivenUp,
    Parcel,
    Refused,
    event_facts,
    event_of,
    parcel_of,
    reading_facts,
)
from paes.errors import StoreError
from paes.events import Cause, Event, absence
from paes.metering import Quality, Reading, meter_of
from paes.periods import from_seconds, to_seconds
from paes.sqlite_file import Database

__all__ = ["Batch", "Bound", "Depth", "Parcel", "Refused", "Spool"]

DROPPED = "spool.dropped"
"""The event that tells how much a full spool has given up; facts: gauges, counters."""
SPOOL = "spool"
"""The subject of events about the spool itself."""
_DROPPING = "dropping"
_SHRINK_FROM_BYTES = 64_000_000
_AGE_CHECK_S = 3600

_GAUGE, _SIMULATED = 1, 2
_QUALITIES = tuple(Quality)
_CODE_OF = {quality: code for code, quality in enumerate(_QUALITIES)}


class Spool:
    """The spool in the file ``path``; safe to share between threads.

    With ``create=False`` a missing file is an error. Every method raises StoreError when the file
    cannot be read or written (a full disk, above all), and nothing is half done then.
    """

    def __init__(
        self,
        path: Path,
        bound: Bound | None = None,
        create: bool = True,
        busy_timeout_s: float = 30.0,
    ) -> None:
        self.path = path
        self.bound = bound or Bound()
        self.dropped_gauges = 0
        """Given up since this object was made, for the bound was reached."""
        self.dropped_counters = 0
        self._points: dict[str, int] = {}
        self._count = 0
        self._seen_version: int | None = None
        self._age_checked_s = 0
        self._on_its_way = 0
        """The last reading that was handed out."""
        if not create and not path.is_file():
            raise StoreError(f"{path}: there is no spool; has `paes collect` run here?")
        self._file = SpoolFile(path, busy_timeout_s)

    def claim(self) -> None:
        """Make this spool ours until ``close``; StoreError if another collector has it.

        The claim ends with the process, however that ends.
        """
        if self._file.claim():
            return
        owner = self.state("collector") or {}
        raise StoreError(
            f"{self.path}: another collector is at work with this spool (process"
            f" {owner.get('pid', 'unknown')}); stop that one, or give this one a file of"
            " its own with --spool"
        )

    def put(self, *parcels: Parcel) -> None:
        """Take ``parcels`` in one transaction; on disk when this returns."""
        with self._transaction() as db:
            for parcel in parcels:
                self._put(db, parcel)

    def oldest(self, limit: int) -> Batch:
        """Up to ``limit`` readings, and as many events, that have waited longest.

        They are on their way from now on: the store may have them, so they are not given up.
        """
        with self._using() as db:
            rows = db.execute(
                "SELECT r.id, p.name, r.at, r.value, r.quality, r.flags FROM reading r"
                " JOIN point p ON p.id = r.point ORDER BY r.id LIMIT ?",
                (limit,),
            ).fetchall()
            told = db.execute(
                "SELECT id, subject, name, start, end, message, facts FROM event"
                " ORDER BY id LIMIT ?",
                (limit,),
            ).fetchall()
        self._on_its_way = rows[-1][0] if rows else self._on_its_way
        return Batch(
            reading_ids=tuple(row[0] for row in rows),
            readings=tuple(
                Reading(name, from_seconds(at), value, _QUALITIES[code])
                for _, name, at, value, code, _ in rows
            ),
            event_ids=tuple(row[0] for row in told),
            events=tuple(
                event_of(subject, name, start, end, message, json.loads(facts))
                for _, subject, name, start, end, message, facts in told
            ),
            simulated=any(row[-1] & _SIMULATED for row in rows),
        )

    def done(self, batch: Batch) -> None:
        """Delete ``batch``, which the store has acknowledged.

        An event that was told again meanwhile is another row, and stays.
        """
        with self._transaction() as db:
            self._delete(db, batch)
            if batch.readings:  # what is dropped from now on is another span
                db.execute("DELETE FROM state WHERE key = ?", (_DROPPING,))

    def set_aside(self, batch: Batch, reason: str, now: datetime) -> None:
        """Put ``batch``, which the store will not have, where a person can see to it."""
        what = [reading_facts(r, batch.simulated) for r in batch.readings]
        what += [event_facts(e) for e in batch.events]
        with self._transaction() as db:
            db.executemany(
                "INSERT INTO refused (since, reason, what) VALUES (?, ?, ?)",
                [(to_seconds(now), reason, _json(w)) for w in what],
            )
            self._delete(db, batch)

    def refused(self, limit: int = 1000) -> list[Refused]:
        """What was set aside, oldest first."""
        with self._using() as db:
            rows = db.execute(
                "SELECT id, since, reason, what FROM refused ORDER BY id LIMIT ?", (limit,)
            ).fetchall()
        return [Refused(n, from_seconds(at), why, json.loads(what)) for n, at, why, what in rows]

    def retry_refused(self) -> int:
        """Let everything that was set aside wait for the store again; how many."""
        with self._transaction() as db:
            rows = db.execute("SELECT what FROM refused ORDER BY id").fetchall()
            for (what,) in rows:
                self._put(db, parcel_of(json.loads(what)))
            db.execute("DELETE FROM refused")
        return len(rows)

    def drop_refused(self) -> int:
        """Throw away everything that was set aside; how many."""
        with self._transaction() as db:
            return db.execute("DELETE FROM refused").rowcount

    def depth(self) -> Depth:
        """How much waits."""
        with self._using() as db:
            self._recount(db)
            oldest = db.execute("SELECT at FROM reading ORDER BY id LIMIT 1").fetchone()
            events, refused = db.execute(
                "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM refused)"
            ).fetchone()
        since = from_seconds(oldest[0]) if oldest else None
        return Depth(self._count, events, refused, since)

    def state(self, key: str) -> Any:
        """What was put last under ``key``; None if nothing was."""
        return self.states(key).get("")

    def states(self, prefix: str) -> dict[str, Any]:
        """What was put under the keys that begin with ``prefix``, by the rest of the key."""
        with self._using() as db:
            rows = db.execute(
                "SELECT substr(key, ?), value FROM state WHERE key >= ? AND key < ? || char(65535)",
                (len(prefix) + 1, prefix, prefix),
            ).fetchall()
        return {rest: json.loads(value) for rest, value in rows}

    def trim(self, now: datetime) -> int:
        """Give up what goes beyond the bound, oldest gauges first; how many readings.

        A hundredth more is given up than must be: a full spool is not trimmed every round.
        """
        with self._using() as db:
            self._recount(db)
            surplus = self._count - self.bound.readings
            is_age_due = abs(to_seconds(now) - self._age_checked_s) >= _AGE_CHECK_S
            if surplus <= 0 and not is_age_due:
                return 0
            gauges, counters = self._give_up_surplus(now if is_age_due else None)
            if is_age_due:
                self._age_checked_s = to_seconds(now)
        self.dropped_gauges += _total(gauges)
        self.dropped_counters += _total(counters)
        return _total(gauges) + _total(counters)

    def shrink(self) -> None:
        """Give back the disk that an empty spool holds after a long wait."""
        with self._using() as db:
            self._recount(db)
            free, size = db.execute(
                "SELECT (SELECT freelist_count FROM pragma_freelist_count),"
                " (SELECT page_size FROM pragma_page_size)"
            ).fetchone()
            if self._count == 0 and free * size > _SHRINK_FROM_BYTES:
                db.execute("VACUUM")

    def close(self) -> None:
        """Release the file and the claim; it is opened again when something is asked."""
        self._file.close()
        self._seen_version = None

    def _put(self, db: Database, parcel: Parcel) -> None:
        self._recount(db)
        simulated = _SIMULATED if parcel.simulated else 0
        db.executemany(
            "INSERT INTO reading (point, at, value, quality, flags) VALUES (?, ?, ?, ?, ?)",
            [
                (
                    self._point(db, r.point),
                    to_seconds(r.at),
                    r.value,
                    _CODE_OF[r.quality],
                    simulated | (_GAUGE if r.point in parcel.gauges else 0),
                )
                for r in parcel.readings
            ],
        )
        self._count += len(parcel.readings)
        self._put_events(db, parcel.events)
        self._put_state(db, parcel.state)

    def _put_events(self, db: Database, events: Iterable[Event]) -> None:
        db.executemany(
            "INSERT OR REPLACE INTO event (subject, name, start, end, message, facts)"
            " VALUES (:subject, :name, :start, :end, :message, :facts)",
            [{**(facts := event_facts(e)), "facts": _json(facts["facts"])} for e in events],
        )

    def _put_state(self, db: Database, state: Mapping[str, object]) -> None:
        for key, value in state.items():
            if value is None:
                db.execute("DELETE FROM state WHERE key = ?", (key,))
            else:
                db.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (key, _json(value)))

    def _point(self, db: Database, name: str) -> int:
        key = self._points.get(name)
        if key is None:
            db.execute("INSERT OR IGNORE INTO point (name) VALUES (?)", (name,))
            key = db.execute("SELECT id FROM point WHERE name = ?", (name,)).fetchone()[0]
            self._points[name] = key
        return key

    def _delete(self, db: Database, batch: Batch) -> None:
        self._recount(db)
        if batch.reading_ids:
            # Every reading between the first and the last is in the batch: numbers only grow.
            self._count -= db.execute(
                "DELETE FROM reading WHERE id BETWEEN ? AND ?",
                (batch.reading_ids[0], batch.reading_ids[-1]),
            ).rowcount
        db.executemany("DELETE FROM event WHERE id = ?", [(n,) for n in batch.event_ids])

    def _give_up_surplus(self, now: datetime | None) -> tuple[list[GivenUp], list[GivenUp]]:
        """Drop what is too much and, with ``now``, what is too old; gauges and counters."""
        with self._transaction() as db:
            gauges: list[GivenUp] = []
            counters: list[GivenUp] = []
            if now:
                limit = to_seconds(now - self.bound.gauge_age)
                gauges += self._give_up(db, f"flags & {_GAUGE} AND at < {limit}", -1)
                self._give_up_others(db)
            surplus = self._count - self.bound.readings
            if surplus > 0:
                many = surplus + self.bound.readings // 100
                fast = self._give_up(db, f"flags & {_GAUGE}", many)
                gauges += fast
                counters += self._give_up(db, f"NOT flags & {_GAUGE}", many - _total(fast))
            if gauges or counters:
                self._tell(db, gauges, counters)
        return gauges, counters

    def _give_up(self, db: Database, where: str, most: int) -> list[GivenUp]:
        """Delete up to ``most`` (-1: all) of the oldest readings that fit; by point."""
        old = f"id > {self._on_its_way} AND {where}"
        rows = f"SELECT id FROM reading WHERE {old} ORDER BY id LIMIT {most}"
        found = db.execute(
            "SELECT p.name, count(*), min(r.at), max(r.at) FROM reading r"
            f" JOIN point p ON p.id = r.point WHERE r.id IN ({rows}) GROUP BY r.point"
        ).fetchall()
        self._count -= db.execute(f"DELETE FROM reading WHERE id IN ({rows})").rowcount
        return [GivenUp(*row) for row in found]

    def _give_up_others(self, db: Database) -> None:
        for table, most in (("event", self.bound.events), ("refused", self.bound.refused)):
            db.execute(
                f"DELETE FROM {table} WHERE id <= (SELECT max(id) FROM {table}) - ?", (most,)
            )

    def _tell(self, db: Database, gauges: list[GivenUp], counters: list[GivenUp]) -> None:
        """Put events that say what was dropped since the store last took anything.

        Their starts stay as first told, so that each replaces the one before.
        """
        row = db.execute("SELECT value FROM state WHERE key = ?", (_DROPPING,)).fetchone()
        told: dict[str, Any] = json.loads(row[0]) if row else {}
        if told.get("after") != self._on_its_way:  # what is on its way lies between
            told = {"after": self._on_its_way, "spans": {}}
        told["gauges"] = told.get("gauges", 0) + _total(gauges)
        told["counters"] = told.get("counters", 0) + _total(counters)
        spans = told["spans"]
        for gone in [*gauges, *counters]:
            _widen(spans, SPOOL, gone)
        for gone in counters:
            _widen(spans, meter_of(gone.point), gone)
        self._put_events(db, _dropped_events(told))
        self._put_state(db, {_DROPPING: told})

    def _recount(self, db: Database) -> None:
        """Count the readings anew if another process has changed the file."""
        version = db.execute("PRAGMA data_version").fetchone()[0]
        if version != self._seen_version:
            self._count = db.execute("SELECT count(*) FROM reading").fetchone()[0]
            self._seen_version = version

    def _using(self) -> AbstractContextManager[Database]:
        return self._file.using()

    @contextmanager
    def _transaction(self) -> Iterator[Database]:
        with self._using():  # nobody counts between a failure and what is forgotten by it
            try:
                with self._file.transaction() as db:
                    yield db
            except BaseException:
                self._seen_version = None  # what was counted and numbered here did not happen
                self._points.clear()
                raise


def _widen(spans: dict[str, list[int]], subject: str, gone: GivenUp) -> None:
    first, last = spans.get(subject, (gone.first_s, gone.last_s))
    spans[subject] = [first, max(last, gone.last_s)]


def _dropped_events(told: Mapping[str, Any]) -> Iterator[Event]:
    gauges, counters, spans = told["gauges"], told["counters"], dict(told["spans"])
    first, last = map(from_seconds, spans.pop(SPOOL))
    text = (
        f"the store was away for too long: {gauges} readings of gauges and {counters} of counters"
        " did not fit into the spool and were given up"
    )
    facts = {"gauges": float(gauges), "counters": float(counters)}
    yield Event(SPOOL, DROPPED, first, last, text, facts)
    for meter, (start, end) in spans.items():
        yield absence(meter, Cause.SPOOL_FULL, from_seconds(start), from_seconds(end + 1), text)


def _total(given_up: Iterable[GivenUp]) -> int:
    return sum(g.count for g in given_up)


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="replace").decode()  # JSON of others may hold half a character
