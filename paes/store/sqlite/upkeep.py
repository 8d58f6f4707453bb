"""What keeps an embedded store sound for ten years: retention, and a check of what is there.

Neither stops a writer for long: readings go in small transactions with pauses, and the check
only reads, a point at a time where it can, so that the log beside the file stays short. Copies
and compaction are in ``paes.store.sqlite.copies``.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from paes.errors import StoreError
from paes.periods import from_seconds
from paes.rollups import DAY_S, gaps_of, shape_of
from paes.series import QUALITIES
from paes.sqlite_file import Database, log_of, signature, size_of
from paes.store.sqlite.schema import FORM

EXPIRED_AT_ONCE = 5000
"""Readings that one transaction deletes: some 80 kB, a few milliseconds."""
LONGEST_PAUSE_S = 1.0
LEAST_ROOM_BYTES = 100 << 20
"""A month of a small town; the log needs as much again as it has, to be copied into the file."""
LONG_LOG_BYTES = 256 << 20
SHOWN_FAULTS = 20
QUARTERS = (96, 92, 100, 94, 98)
"""How many a local day can have; the last two where clocks change by half an hour."""


def expire(
    transaction: Callable[[], AbstractContextManager[Database]], key: int, before_s: int
) -> Iterator[int]:
    """Delete what the point ``key`` has before ``before_s``; the number that each part deleted.

    Between two parts others get as long as the part took: who waits for a lock in SQLite asks
    again and again, and would never find it free beside one who takes it at once.
    """
    while True:
        began = time.monotonic()
        with transaction() as db:
            deleted = db.execute(
                "DELETE FROM reading WHERE point = ? AND at < ? AND at <= coalesce("
                " (SELECT at FROM reading WHERE point = ? ORDER BY at LIMIT 1 OFFSET ?), ?)",
                (key, before_s, key, EXPIRED_AT_ONCE - 1, before_s),
            ).rowcount
            if deleted < EXPIRED_AT_ONCE:
                db.execute("DELETE FROM touch WHERE point = ? AND day < ?",
                           (key, before_s - DAY_S))  # fmt: skip
        yield deleted
        if deleted < EXPIRED_AT_ONCE:
            return
        time.sleep(min(LONGEST_PAUSE_S, time.monotonic() - began))


def problems(db: Database, path: Path, thorough: bool) -> Iterator[str]:
    """What is wrong, in sentences; ``thorough`` reads every row."""
    if not path.is_file():
        yield f"{path}: the file is not there any more; end what writes to it, restore a backup"
        return
    application, version, _ = signature(db)
    if (application, version) != (FORM.application_id, FORM.version):
        yield f"{path}: is now a {FORM.what} of schema {version}, expected {FORM.version}"
        return
    for table in ("label", "point", "reading", "touch", "rollup", "event"):
        db.execute(f"SELECT * FROM {table} LIMIT 1").fetchone()
    yield from _room(path)
    if thorough:
        yield from (f"{path}: {text}" for text in _inside(db))


def _room(path: Path) -> Iterator[str]:
    log = size_of(log_of(path))
    if log > LONG_LOG_BYTES:
        yield (
            f"{path}: its log has grown to {megabytes(log)}, for somebody has been reading for a "
            "long time; end what reads, or wait for a backup that runs"
        )
    free, needed = shutil.disk_usage(path.parent).free, max(LEAST_ROOM_BYTES, log)
    if free < needed:
        yield (
            f"{path}: only {megabytes(free)} are free on its disk, expected {megabytes(needed)}; "
            "make room, or move the store to a larger disk"
        )


def _inside(db: Database) -> Iterator[str]:
    faults = [text for (text,) in db.execute(f"PRAGMA integrity_check({SHOWN_FAULTS})")]
    if faults != ["ok"]:
        yield from (f"damaged: {' '.join(text.split())}; {FORM.if_damaged}" for text in faults)
        return
    yield from _strays(db)
    count = "SELECT count(*) FROM "
    (readings,) = db.execute(
        f"{count} reading WHERE quality NOT BETWEEN 0 AND ?"
        " OR typeof(at) <> 'integer' OR typeof(value) <> 'integer'",
        (len(QUALITIES) - 1,),
    ).fetchone()
    if readings:
        yield f"{readings} readings have a time, value or quality that is none; {FORM.if_damaged}"
    (events,) = db.execute(f"{count} event WHERE NOT json_valid(facts)").fetchone()
    if events:
        yield f"{events} events have facts that cannot be read; {FORM.if_damaged}"
    keys = [key for (key,) in db.execute("SELECT id FROM point")]
    if rows := sum(_unreadable_rollups(db, key) for key in keys):
        yield f"{rows} derived rows cannot be read; make them again: paes store rebuild"


def _strays(db: Database) -> Iterator[str]:
    """Rows of points that are not there."""
    for table in ("reading", "touch", "rollup"):
        (points,) = db.execute(
            f"SELECT count(DISTINCT point) FROM {table} WHERE point NOT IN (SELECT id FROM point)"
        ).fetchone()
        if points:
            yield f"table {table} has rows of {points} points that do not exist; {FORM.if_damaged}"


def _unreadable_rollups(db: Database, key: int) -> int:
    rows = db.execute(
        "SELECT gaps, shape FROM rollup WHERE point = ? AND by IN (0, 1)", (key,)
    ).fetchall()
    return sum(not _is_readable(gaps, shape) for gaps, shape in rows)


def _is_readable(gaps: str, shape: bytes) -> bool:
    try:
        gaps_of(gaps)
    except StoreError:
        return False
    return not shape or any(_is_shape(shape, quarters) for quarters in QUARTERS)


def _is_shape(shape: bytes, quarters: int) -> bool:
    try:
        shape_of(shape, quarters)
    except StoreError:
        return False
    return True


@dataclass(frozen=True)
class Facts:
    """What is in the file of a store; what was not counted is None."""

    file_bytes: int
    log_bytes: int
    unused_bytes: int
    """What compaction would give back."""
    schema: int
    points: int
    first: datetime | None
    last: datetime | None
    readings_by_year: dict[int, int] | None = None
    """By years of UTC."""
    derived_days: int | None = None
    derived_months: int | None = None


def facts(db: Database, path: Path, count: bool = False) -> Facts:
    """What is in the file; ``count`` reads all of it."""
    (points, first, last) = db.execute(
        "SELECT count(*), min(a), max(b) FROM (SELECT"
        " (SELECT min(at) FROM reading WHERE point = id) AS a,"
        " (SELECT max(at) FROM reading WHERE point = id) AS b FROM point)"
    ).fetchone()
    (unused,) = db.execute(
        "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size"
    ).fetchone()
    found = Facts(
        size_of(path),
        size_of(log_of(path)),
        unused,
        signature(db)[1],
        points,
        None if first is None else from_seconds(first),
        None if last is None else from_seconds(last),
    )
    return _counted(db, found) if count else found


def _counted(db: Database, found: Facts) -> Facts:
    by_year: dict[int, int] = {}
    for day, number in db.execute("SELECT at / 86400, count(*) FROM reading GROUP BY 1"):
        year = from_seconds(day * DAY_S).year
        by_year[year] = by_year.get(year, 0) + number
    derived = dict(db.execute("SELECT by, count(*) FROM rollup GROUP BY by").fetchall())
    return replace(
        found,
        readings_by_year=dict(sorted(by_year.items())),
        derived_days=derived.get(0, 0),
        derived_months=derived.get(1, 0),
    )


def megabytes(size: int) -> str:
    """Bytes for people."""
    return f"{size / 1e6:,.1f} MB".replace(",", " ")
