"""What is done to a SQLite store, with the power cut before any one of its statements.

Every function is run in a process of its own by ``store_workers``. ``number`` counts the
statements from 1, those within others too (``VACUUM`` has dozens); before the one of that number
the process kills itself. If there are fewer, it ends well: the operation was acknowledged.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np

from paes.events import Event
from paes.metering import Reading
from paes.periods import By, from_seconds
from paes.rollups import Rollups
from paes.series import ReadingSeries
from paes.sqlite_file import Database
from paes.store.sqlite import SqliteStore
from paes.store.sqlite import copies as sqlite_copies
from paes.store.sqlite import store as sqlite
from paes.store.sqlite import upkeep as sqlite_upkeep

POINT = "scuola.main/energy_import"
POWER = "scuola.main/power"
NEW = "new.main/energy_import"
FIRST_S = 1_743_206_400  # 2025-03-29T00:00Z
STEP_S = 900
COUNT = 150
EXPIRED_BEFORE = from_seconds(FIRST_S + 100 * STEP_S)
AT_ONCE = 30


class Cut:
    """Kills this process before its ``number``th statement from ``armed`` on."""

    def __init__(self, number: int) -> None:
        self._left = number
        self.armed = False
        connect = sqlite.connect

        def traced(path: Path, busy_timeout_s: float) -> Database:
            db = connect(path, busy_timeout_s)
            db.set_trace_callback(self._before)
            return db

        sqlite.connect = sqlite_copies.connect = traced  # type: ignore[attr-defined]

    def _before(self, _statement: str) -> None:
        if self.armed:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def at(step: int) -> datetime:
    return from_seconds(FIRST_S + step * STEP_S)


def fill(path: Path) -> None:
    """A small store with two points, derived rows, an event and a touched day."""
    store = SqliteStore(path)
    seconds = FIRST_S + STEP_S * np.arange(COUNT, dtype=np.int64)
    for point in (POINT, POWER):
        store.write_series(point, seconds, np.arange(COUNT) / 4)
    store.write([Reading(POINT, at(3), 0.75)])
    save_rollups(store, measured=1.0)
    store.write_events([Event("scuola.main", "meter.swapped", at(1))])
    store.close()


def write(store: SqliteStore) -> None:
    """A corrected reading, a late one, one after all others, and one of a new point."""
    late = from_seconds(FIRST_S + 450)
    store.write([Reading(POINT, at(100), 99.0), Reading(POINT, late, 0.1),
                 Reading(POWER, at(COUNT), 7.0), Reading(NEW, at(0), 1.0)])  # fmt: skip


def write_series(store: SqliteStore) -> None:
    """Readings over two days that are there."""
    store.write_series(POINT, np.array([FIRST_S, FIRST_S + 100 * STEP_S]), np.array([8.0, 9.0]))


def write_batch(store: SqliteStore) -> None:
    """Readings of a day that is there and of a new point, an event told again and a new one."""

    def series(first_s: int) -> ReadingSeries:
        seconds = first_s + STEP_S * np.arange(3, dtype=np.int64)
        return ReadingSeries(seconds, np.arange(3) + 50.0, np.zeros(3, np.int8))

    told = [Event("scuola.main", "meter.swapped", at(1), message="again")]
    told.append(Event("file", "import.trial", at(2), facts={"new": 6.0}))
    store.write_batch({POINT: series(FIRST_S), NEW: series(FIRST_S)}, told)


def save_rollups(store: SqliteStore, measured: float = 2.0) -> None:
    """Three days: two that are there after ``fill``, and the month they are in."""
    days = FIRST_S + 86400 * np.arange(3, dtype=np.int64)
    amount, seal = np.full(3, measured), np.full(3, 5, np.int64)
    rows = Rollups(days, amount, amount, amount, days, days, seal, [""] * 3, [b""] * 3)
    store.save_rollups({POINT: rows}, By.DAY)


def write_events(store: SqliteStore) -> None:
    """One that is told again, and a new one."""
    told = [Event("scuola.main", "meter.swapped", at(1), message="again")]
    store.write_events([*told, Event("scuola.main", "meter.swapped", at(2))])


def expire(store: SqliteStore) -> None:
    """Two thirds of a point, in parts of 30."""
    sqlite_upkeep.EXPIRED_AT_ONCE = AT_ONCE
    store.expire([POWER], EXPIRED_BEFORE)


def compact(store: SqliteStore) -> None:
    """The whole file is written anew."""
    sqlite_copies.compact(store.path)


def back_up(store: SqliteStore) -> None:
    """Into a file beside it."""
    sqlite_copies.back_up(store.path, store.path.with_name("backup.db"))


def _cut(operation: Callable[[SqliteStore], None]) -> Callable[[Path, str, int], None]:
    def run(path: Path, _point: str, number: int) -> None:
        cut = Cut(number)
        store = SqliteStore(path)
        store.points()
        cut.armed = True
        operation(store)

    return run


def _migrate(path: Path, _point: str, number: int) -> None:
    Cut(number).armed = True
    SqliteStore(path)


OPERATIONS = {f"cut-{f.__name__}": _cut(f) for f in (
    write, write_series, write_batch, save_rollups, write_events, expire, compact, back_up
)} | {"cut-migrate": _migrate}  # fmt: skip
