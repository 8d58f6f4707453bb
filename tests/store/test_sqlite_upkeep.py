"""What keeps an embedded store sound: what a check finds, retention, backups, compaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import sqlite_cuts
from sqlite_cuts import COUNT, EXPIRED_BEFORE, POINT, POWER, at, save_rollups

from paes.errors import StoreError
from paes.metering import Reading
from paes.periods import By, from_seconds
from paes.rollups import ALWAYS_S, Rollups, Shape, shapes_bytes
from paes.sqlite_file import log_of, size_of
from paes.store.sqlite import SqliteStore
from paes.store.sqlite import copies as sqlite_copies
from paes.store.sqlite import upkeep as sqlite_upkeep
from paes.store.sqlite.copies import back_up, compact


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "readings.db"
    sqlite_cuts.fill(made)
    return made


def run(path: Path, statement: str) -> None:
    """As another program would change the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(statement)


def problems(path: Path, thorough: bool = True) -> list[str]:
    store = SqliteStore(path)
    try:
        return store.check(thorough)
    finally:
        store.close()


# What a check finds


def test_a_sound_store_has_no_problems(path: Path) -> None:
    assert problems(path) == problems(path, thorough=False) == []


DEFECTS = {
    "a reading of no point": (
        "INSERT INTO reading VALUES (99, 0, 1, 0)",
        "table reading has rows of 1 points that do not exist; restore a backup",
    ),
    "a touch of no point": (
        "INSERT INTO touch VALUES (99, 0, 1, 0)",
        "table touch has rows of 1 points that do not exist",
    ),
    "a point that was taken away": (
        f"DELETE FROM point WHERE name = '{POWER}'",
        "table reading has rows of 1 points that do not exist",
    ),
    "a quality that is none": (
        "UPDATE reading SET quality = 99 WHERE at % 7200 = 0 AND point = 1",
        "19 readings have a time, value or quality that is none",
    ),
    "a value that is text": (
        "UPDATE reading SET value = 'much' WHERE rowid IN (SELECT 1) OR at = 1743206400",
        "2 readings have a time, value or quality that is none",
    ),
    "facts that are no JSON": (
        "UPDATE event SET facts = '{'",
        "1 events have facts that cannot be read",
    ),
    "a shape that is none": (
        "UPDATE rollup SET shape = x'00ff' WHERE start = 1743206400",
        "1 derived rows cannot be read; make them again: paes store rebuild",
    ),
    "gaps that are none": (
        "UPDATE rollup SET gaps = '[[1, 2]]'",
        "3 derived rows cannot be read",
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_thorough_check_finds(path: Path, defect: str) -> None:
    statement, says = DEFECTS[defect]
    run(path, statement.replace("rowid IN (SELECT 1) OR ", ""))
    (problem,) = problems(path)
    assert problem.startswith(f"{path}: {says}")


def test_shapes_of_days_of_any_length_are_readable(path: Path) -> None:
    store = SqliteStore(path)
    for number, quarters in enumerate((92, 96, 100)):
        course = np.linspace(0, 1, quarters)
        (shape,) = shapes_bytes(Shape(course, 0 * course, 0 * course + 450), [quarters], {})
        amount, start = np.array([course.sum()]), np.array([number * 86400], np.int64)
        needs = np.array([ALWAYS_S], np.int64)
        rows = Rollups(start, amount, amount, amount, needs, start, start, [""], [shape])
        store.save_rollups({POINT: rows}, By.DAY)
    assert store.check(thorough=True) == []
    store.close()


def test_a_damaged_page_is_found_and_named(path: Path) -> None:
    store = SqliteStore(path)
    seconds = np.arange(20_000, dtype=np.int64)
    store.write_series("big.main/x", seconds, seconds / 8)
    store.close()
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2 : len(whole) // 2 + 6000] = bytes(6000)
    path.write_bytes(whole)
    found = problems(path)
    assert found
    assert all(p.startswith(f"{path}: ") and "damaged" in p for p in found)
    assert all("\n" not in p and "restore a backup" in p for p in found)


def test_a_file_that_was_taken_away_is_missed(path: Path) -> None:
    store = SqliteStore(path)
    path.rename(path.with_name("elsewhere.db"))
    (problem,) = store.check()
    assert "the file is not there any more" in problem
    store.close()


def test_a_file_that_a_newer_program_led_on_is_told(path: Path) -> None:
    store = SqliteStore(path)
    run(path, "PRAGMA user_version = 9")
    (problem,) = store.check()
    assert problem.endswith("is now a store of schema 9, expected 3")
    store.close()


def test_a_file_that_was_overwritten_is_told(path: Path) -> None:
    store = SqliteStore(path)
    store.close()
    path.write_bytes(b"not a database at all " * 200)
    assert store.check() == [f"{path}: not a SQLite file; choose another file"]
    store.close()


def test_little_room_and_a_long_log_are_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_upkeep, "LEAST_ROOM_BYTES", 1 << 60)
    monkeypatch.setattr(sqlite_upkeep, "LONG_LOG_BYTES", 10)
    store = SqliteStore(path)
    store.write([Reading(POINT, at(COUNT), 1.0)])
    log, room = store.check()
    assert "its log has grown to 0.0 MB" in log
    assert "free on its disk, expected 1 152 921 504 606.8 MB; make room" in room
    store.close()


# Retention


def test_expiring_deletes_what_is_older_and_nothing_else(path: Path) -> None:
    store = SqliteStore(path)
    points = [POWER, "never.main/written"]
    assert store.count_before(points, EXPIRED_BEFORE) == 100
    assert len(store.read(POWER)) == COUNT
    assert store.expire(points, EXPIRED_BEFORE) == 100
    assert store.read(POWER).seconds[0] == EXPIRED_BEFORE.timestamp()
    assert [len(store.read(p)) for p in (POWER, POINT)] == [COUNT - 100, COUNT]
    assert store.expire(points, EXPIRED_BEFORE) == store.count_before(points, EXPIRED_BEFORE) == 0
    assert store.points() == [POINT, POWER]
    store.close()


def test_expiring_forgets_the_touches_of_days_that_are_gone(path: Path) -> None:
    store = SqliteStore(path)
    store.write([Reading(POWER, at(0), 5.0), Reading(POWER, at(COUNT - 1), 5.0)])
    assert len(store.touches([POWER], 0, 2**40)[POWER].day_s) == 2
    store.expire([POWER], at(120))
    (day,) = store.touches([POWER], 0, 2**40)[POWER].day_s.tolist()
    assert from_seconds(day).date() == at(COUNT - 1).date()
    store.close()


def test_expiring_goes_in_parts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_upkeep, "EXPIRED_AT_ONCE", 7)
    store = SqliteStore(path)
    assert store.expire([POWER], EXPIRED_BEFORE) == 100
    assert len(store.read(POWER)) == COUNT - 100
    store.close()


# What is in it


def test_facts_tell_size_span_and_on_request_every_year(tmp_path: Path) -> None:
    path = tmp_path / "years.db"
    store = SqliteStore(path)
    empty = store.facts(count=True)
    assert (empty.points, empty.first, empty.last, empty.readings_by_year) == (0, None, None, {})
    new_year = datetime(2025, 1, 1, tzinfo=UTC)
    early = [Reading(POWER, new_year - timedelta(seconds=n), 1.0) for n in (1, 2, 3)]
    store.write([*early, Reading(POINT, new_year, 1.0)])
    save_rollups(store)
    facts = store.facts(count=True)
    assert (facts.schema, facts.points) == (3, 2)
    assert (facts.first, facts.last) == (new_year - timedelta(seconds=3), new_year)
    assert facts.readings_by_year == {2024: 3, 2025: 1}
    assert (facts.derived_days, facts.derived_months) == (3, 0)
    assert (facts.file_bytes, facts.log_bytes) == (size_of(path), size_of(log_of(path)))
    not_counted = replace(facts, readings_by_year=None, derived_days=None, derived_months=None)
    assert store.facts() == not_counted
    store.close()


# Backups


def test_a_backup_is_a_store_with_the_same_content(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    told: list[tuple[int, int]] = []
    size = back_up(path, target, progress=lambda done, total: told.append((done, total)))
    assert size == size_of(target) > 0
    assert told
    assert told[-1][0] == told[-1][1] > 5
    store, copy = SqliteStore(path), SqliteStore(target)
    assert copy.points() == store.points()
    assert copy.read(POINT).values.tolist() == store.read(POINT).values.tolist()
    assert copy.check(thorough=True) == []
    copy.write([Reading(POINT, at(COUNT), 1.0)])
    assert len(store.read(POINT)) == COUNT
    store.close()
    copy.close()
    assert {p.name for p in tmp_path.iterdir()} == {"readings.db", "backup.db"}


def test_a_backup_does_not_begin_anew_whenever_somebody_writes(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_copies, "PAGES_AT_ONCE", 1)
    store = SqliteStore(path)
    steps: list[int] = []

    def write_meanwhile(done: int, total: int) -> None:
        steps.append(done)
        assert len(steps) <= total, "the copy was begun anew"
        store.write([Reading(POINT, at(COUNT + len(steps)), 1.0)])

    back_up(path, tmp_path / "backup.db", progress=write_meanwhile)
    assert len(steps) > 5
    assert len(store.read(POINT)) == COUNT + len(steps)
    copy = SqliteStore(tmp_path / "backup.db")
    assert len(copy.read(POINT)) == COUNT
    copy.close()
    store.close()


def a_file(path: Path) -> Path:
    (path.parent / "other").write_text("mine")
    return path.parent / "other"


def a_link(path: Path) -> Path:
    (path.parent / "link.db").symlink_to(path)
    return path.parent / "link.db"


def a_store_in_use(path: Path) -> Path:
    a_file(path)
    (path.parent / "other-wal").write_text("log")
    return path.parent / "other"


REFUSED: dict[str, tuple[Callable[[Path], Path], bool, str]] = {
    "a file that is there": (a_file, False, "is there already; name another file"),
    "the store itself": (lambda p: p, True, "is the store itself"),
    "a link to the store": (a_link, True, "is the store itself"),
    "the log of the store": (log_of, True, "is the store itself"),
    "a store in use": (a_store_in_use, True, r"is a store in use \(other-wal is beside it\)"),
    "a folder": (lambda p: p.parent, True, "is a folder; name a file in it"),
    "a folder that is not there": (lambda p: p.parent / "x" / "y.db", True, "there is no folder"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_backup_is_refused_onto(path: Path, what: str) -> None:
    make, overwrite, says = REFUSED[what]
    target = make(path)
    before = {p: p.read_bytes() for p in path.parent.iterdir()}
    with pytest.raises(StoreError, match=says):
        back_up(path, target, overwrite)
    assert {p: p.read_bytes() for p in path.parent.iterdir()} == before


def test_a_backup_replaces_a_file_when_asked_to(path: Path) -> None:
    target = a_file(path)
    back_up(path, target, overwrite=True)
    assert problems(target) == []


def test_a_backup_of_a_damaged_store_is_not_kept_and_the_old_one_stays(path: Path) -> None:
    target = path.with_name("backup.db")
    back_up(path, target)
    before = target.read_bytes()
    whole = bytearray(path.read_bytes())
    whole[2 * 4096 : 4 * 4096] = b"\x55" * 8192
    path.write_bytes(whole)
    with pytest.raises(StoreError, match=r"readings\.db: the copy of it is not sound"):
        back_up(path, target, overwrite=True)
    assert target.read_bytes() == before
    assert {p.name for p in path.parent.iterdir()} == {"readings.db", "backup.db"}


# Compaction


def test_compaction_gives_back_the_room_of_what_was_deleted(path: Path) -> None:
    store = SqliteStore(path)
    seconds = np.arange(50_000, dtype=np.int64)
    store.write_series(POWER, seconds, seconds / 8)
    store.expire([POWER], from_seconds(10**9))
    kept = store.read(POINT).values.tolist()
    before, after = compact(path)
    assert after < 100_000 < 500_000 < before
    assert size_of(log_of(path)) == 0
    assert store.read(POINT).values.tolist() == kept
    assert store.check(thorough=True) == []
    store.close()


def test_compaction_says_where_room_is_wanting(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    store = SqliteStore(path)
    store.write([Reading(POINT, at(COUNT), 1.0)])

    class NoRoom:
        free = 1000

    monkeypatch.setattr(sqlite_copies.shutil, "disk_usage", lambda _: NoRoom)
    says = rf"compaction needs 0\.1 MB free in {tmp_path}, and 0\.0 MB are; make room$"
    with pytest.raises(StoreError, match=says):
        compact(path)
    assert len(store.read(POINT)) == COUNT + 1
    store.close()
