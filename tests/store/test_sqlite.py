"""What the embedded store adds to the contract: processes, crashes, files not its own."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import old_files
import pytest
from store_workers import BATCH, open_files
from worker_program import Workers

from paes import sqlite_file
from paes.errors import DataError, StoreError
from paes.events import Event
from paes.metering import Reading
from paes.periods import By
from paes.rollups import Rollups
from paes.sqlite_file import Database, transaction
from paes.store import open_store
from paes.store.sqlite import SqliteStore
from paes.store.sqlite.schema import APPLICATION_ID, SCHEMA_VERSION

POINT = "scuola.main/energy_import"
NOON = datetime(2025, 3, 29, 12, tzinfo=UTC)
KILLS = 15
NEW_FILES = 12


def reading(second: int, value: float = 1.0) -> Reading:
    return Reading(POINT, NOON.replace(second=second), value)


def files_below(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


# Several processes and threads


def test_two_writers_and_two_readers_work_on_one_file_at_once(workers: Workers, path: Path) -> None:
    batches = 60
    for point in ("a.main/x", "b.main/x"):
        workers.start("write", path, point, 0, batches)
        workers.start("read", path, point, batches - 1)
    statuses, acknowledged, readers = [], 0, 0
    while len(statuses) < 4:
        _, what, number = workers.answer()
        acknowledged += what == "batch"
        readers += what == "reads"
        if what == "ended":
            statuses.append(number)
    assert statuses == [0, 0, 0, 0]
    assert (acknowledged, readers) == (2 * batches, 2)


def test_several_processes_make_the_same_new_file_at_once(tmp_path: Path) -> None:
    at_once(open_files, tmp_path, NEW_FILES, 0)


def test_several_processes_lead_the_same_old_file_to_todays_schema(tmp_path: Path) -> None:
    for number in range(NEW_FILES):
        old_files.make_old_file(tmp_path / f"{number}.db", 1 + number % 2)
    at_once(open_files, tmp_path, NEW_FILES, len(old_files.POINTS))


def at_once(target: Callable[..., None], *arguments: object) -> None:
    """Run ``target`` in four processes that wait for each other at its barrier."""
    context = multiprocessing.get_context("forkserver")
    barrier = context.Barrier(4)
    answers = context.Queue()
    makers = [context.Process(target=target, args=(*arguments, barrier, answers)) for _ in range(4)]
    for maker in makers:
        maker.start()
    assert [answers.get(timeout=100) for _ in makers] == ["opened them all"] * 4
    for maker in makers:
        maker.join(10)


def test_threads_share_one_store(path: Path) -> None:
    store = SqliteStore(path)

    def write_and_read(name: str) -> int:
        for second in range(20):
            store.write([Reading(f"{name}.main/x", NOON.replace(second=second), second)])
        return len(store.read(f"{name}.main/x"))

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(write_and_read, "abcd")) == [20] * 4
    assert [len(store.read(p)) for p in store.points()] == [20] * 4
    store.close()


def test_a_writer_that_holds_the_file_too_long_is_named_as_the_cause(path: Path) -> None:
    SqliteStore(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store = SqliteStore(path, busy_timeout_s=0.01)
        with pytest.raises(StoreError, match="another process holds the store"):
            store.write([reading(0)])
        assert len(store.read(POINT)) == 0
        other.execute("ROLLBACK")
    store.write([reading(0)])
    assert len(store.read(POINT)) == 1
    store.close()


# Killed in mid-write


def test_what_was_acknowledged_survives_a_killed_writer(workers: Workers, path: Path) -> None:
    chance = random.Random(20250329)
    first = 0
    for _ in range(KILLS):
        workers.start("write", path, POINT, first, 0)
        acknowledged = kill_after(workers, chance.randint(1, 12), chance.uniform(0, 0.001))
        written = readings_in_a_sound_file(path)
        assert written % BATCH == 0, "half a batch was written"
        assert written // BATCH in (acknowledged + 1, acknowledged + 2)
        first = written // BATCH
    store = SqliteStore(path)
    series = store.read(POINT)
    assert series.seconds.tolist() == list(range(first * BATCH))
    assert (series.values == series.seconds / 8).all()
    store.close()
    assert first >= KILLS


def kill_after(workers: Workers, batches: int, delay_s: float) -> int:
    """Kill the writer a moment after ``batches`` answers; the last batch it acknowledged."""
    last = -1
    while batches:
        writer, what, number = workers.answer()
        if what == "batch":
            last, batches = number, batches - 1
    workers.has_answer(within_s=delay_s)
    os.kill(writer, signal.SIGKILL)
    while True:
        pid, what, number = workers.answer()
        if what == "ended":
            assert (pid, number) == (writer, signal.SIGKILL)
            return last
        last = number


def readings_in_a_sound_file(path: Path) -> int:
    """How many readings another program finds, once it has found the file to be sound."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return int(db.execute("SELECT count(*) FROM reading").fetchone()[0])


# Files that are not, or not any more, a store of this program


def test_a_database_of_another_program_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE invoice (number INTEGER)")
    with pytest.raises(StoreError, match=r"readings\.db: a database of another program"):
        SqliteStore(path)


def test_a_database_of_another_program_is_left_as_it_was(path: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE invoice (number INTEGER)")
    before = files_below(tmp_path)
    with pytest.raises(StoreError):
        SqliteStore(path)
    assert files_below(tmp_path) == before


@pytest.mark.parametrize("version", old_files.SCHEMAS)
def test_a_file_of_an_older_schema_is_led_to_todays_and_keeps_all(path: Path, version: int) -> None:
    old_files.make_old_file(path, version)
    before = old_files.kept(path)
    assert len(before["readings"]) == len(old_files.READINGS)
    store = SqliteStore(path)
    assert old_files.kept(path) == before
    assert store.points() == sorted(old_files.POINTS.values())
    assert [e.facts for e in store.events()] == [{"serial": "B2"}] * (version - 1)
    assert store.check(thorough=True) == []
    store.write_events([Event("molo.gas", "meter.swapped", NOON)])
    store.write([reading(0), Reading("new.main/x", NOON, 1.0)])
    assert [len(store.read(p)) for p in (POINT, "new.main/x")] == [200, 1]
    store.close()


def test_a_migrated_file_has_the_tables_of_a_new_one(path: Path) -> None:
    SqliteStore(path).close()
    assert len(tables(path)) >= 8
    for version in old_files.SCHEMAS:
        old = path.with_name(f"{version}.db")
        old_files.make_old_file(old, version)
        SqliteStore(old).close()
        assert tables(old) == tables(path)


def tables(path: Path) -> set[tuple[str, str]]:
    """Every table and index with its columns."""
    with closing(sqlite3.connect(path)) as db:
        names = [n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {(n, str(db.execute(f"PRAGMA table_info({n})").fetchall())) for n in names}
        indices = db.execute("SELECT tbl_name, sql FROM sqlite_master WHERE type = 'index'")
        return columns | {(table, str(sql).strip()) for table, sql in indices}


def test_a_file_that_a_newer_program_led_on_just_now_is_refused_and_left_so(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between our look at its version and our turn to write, a newer process was faster."""
    old_files.make_old_file(path, 2)

    @contextmanager
    def late(db: Database) -> Iterator[None]:
        with closing(sqlite3.connect(path)) as newer:
            newer.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        with transaction(db):
            yield

    monkeypatch.setattr(sqlite_file, "transaction", late)
    with pytest.raises(StoreError, match=f"schema {SCHEMA_VERSION + 1}, expected"):
        SqliteStore(path)
    with closing(sqlite3.connect(path)) as db:
        assert sqlite_file.signature(db)[1] == SCHEMA_VERSION + 1


def test_a_file_of_a_newer_program_is_refused_and_left_as_it_was(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=f"schema {SCHEMA_VERSION + 1}, expected {SCHEMA_VERSION}"):
        SqliteStore(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_as_it_was(path: Path) -> None:
    path.write_bytes(b"year,sector,carrier,mwh\n" * 100)
    with pytest.raises(StoreError, match=r"readings\.db: not a SQLite file"):
        SqliteStore(path)
    assert path.read_bytes() == b"year,sector,carrier,mwh\n" * 100


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    store = SqliteStore(path)
    store.write([reading(0)])
    assert store.points() == [POINT]
    store.close()


def test_a_path_below_a_regular_file_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot make its folder: Not a directory"):
        SqliteStore(tmp_path / "file" / "below" / "readings.db")


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the file cannot be opened; check the path"):
        SqliteStore(tmp_path)


def test_a_file_that_cannot_be_written_is_named(path: Path) -> None:
    store = SqliteStore(path)
    store.write([reading(0)])
    store._handle.connection.execute(
        "PRAGMA query_only = ON"
    )  # what SQLite says of a read-only disk
    with pytest.raises(StoreError, match=r"readings\.db: the file cannot be written to"):
        store.write([reading(1)])
    assert len(store.read(POINT)) == 1
    store.close()


DAMAGED_CALLS = {
    "write": lambda s: s.write([reading(0)]),
    "write_series": lambda s: s.write_series(POINT, np.array([0]), np.array([1.0])),
    "read": lambda s: s.read(POINT),
    "chunks": lambda s: list(s.chunks(POINT)),
    "around": lambda s: s.around([POINT], 0, 10, 1),
    "summary": lambda s: s.summary([POINT], 0, 10, 1),
    "latest": lambda s: s.latest([POINT]),
    "points": lambda s: s.points(),
    "touches": lambda s: s.touches([POINT], 0, 10),
    "touched_since": lambda s: s.touched_since(NOON),
    "save_rollups": lambda s: s.save_rollups({POINT: Rollups.none()}, By.DAY),
    "load_rollups": lambda s: s.load_rollups([POINT], By.DAY, 0, 10),
    "expire": lambda s: s.expire([POINT], NOON),
    "count_before": lambda s: s.count_before([POINT], NOON),
    "facts": lambda s: s.facts(),
    "write_events": lambda s: s.write_events([Event("a", "b", NOON)]),
    "events": lambda s: s.events(),
    "labels": lambda s: s.labels(),
    "set_label": lambda s: s.set_label("a", "b"),
}


@pytest.mark.parametrize("call", DAMAGED_CALLS)
def test_every_call_on_a_file_that_was_overwritten_says_so(path: Path, call: str) -> None:
    store = SqliteStore(path)
    store.close()
    path.write_bytes(b"not a database at all " * 200)
    with pytest.raises(StoreError, match=r"readings\.db: not a SQLite file"):
        DAMAGED_CALLS[call](store)
    store.close()


# A full disk


def test_a_full_disk_is_named_and_nothing_is_half_written(path: Path) -> None:
    store = SqliteStore(path)
    store.write([reading(s, 7.0) for s in range(60)])
    pages = store._handle.connection.execute("PRAGMA page_count").fetchone()[0]
    store._handle.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    many = np.arange(20_000, dtype=np.int64)
    with pytest.raises(StoreError, match="the disk is full; nothing was written"):
        store.write_series("new.main/x", many, many / 8)
    with pytest.raises(StoreError, match="the disk is full"):
        store.write_series(POINT, many, many / 8)
    assert store.points() == [POINT]
    assert store.read(POINT).values.tolist() == [7.0] * 60

    store._handle.connection.execute("PRAGMA max_page_count = 1000000")
    store.write_series("new.main/x", many, many / 8)
    assert len(store.read("new.main/x")) == len(many)
    store.close()
    assert readings_in_a_sound_file(path) == 60 + len(many)


# Addresses


@pytest.mark.parametrize("form", ["sqlite:///{}", "{}"])
def test_a_store_is_opened_by_address_or_plain_path(path: Path, form: str) -> None:
    below = path.parent / "new folder" / "readings.db"
    store = open_store(form.format(below))
    store.write([reading(0)])
    store.close()
    assert below.is_file()


def test_a_relative_path_is_taken_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    open_store("data/readings.db").close()
    assert (tmp_path / "data" / "readings.db").is_file()


def test_an_unknown_kind_of_store_is_refused() -> None:
    with pytest.raises(DataError, match=r"unknown kind of store 'mysql'.*sqlite:///FILE"):
        open_store("mysql://host/db")
