"""The embedded store when things go wrong: power cuts, full disks, slow readers, many at once."""

from __future__ import annotations

import itertools
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import old_files
import pytest
import sqlite_cuts
from sqlite_cuts import AT_ONCE, COUNT, FIRST_S, NEW, POINT, POWER, STEP_S
from store_workers import TOWN
from worker_program import Workers

from paes import sqlite_file
from paes.errors import StoreError
from paes.metering import Reading
from paes.periods import By, from_seconds
from paes.sqlite_file import log_of, size_of
from paes.store.sqlite import SqliteStore
from paes.store.sqlite import copies as sqlite_copies
from paes.store.sqlite import store as sqlite_store
from paes.store.sqlite.copies import back_up, compact

Rows = list[tuple[Any, ...]]
TABLES = ("label", "point", "reading", "touch", "rollup", "event")
DAY_S = 86400


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store as ``sqlite_cuts`` fills it, to be copied."""
    made = tmp_path_factory.mktemp("filled") / "readings.db"
    sqlite_cuts.fill(made)
    return made


def content(path: Path) -> dict[str, Rows]:
    """Every row of a file that SQLite itself finds sound, as another program reads it."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}


def but_tokens(rows: dict[str, Rows]) -> dict[str, Rows]:
    """``rows`` with the touched days alone: tokens are by chance."""
    return rows | {"touch": [(point, day) for point, day, _, _ in rows["touch"]]}


# The power is cut before every single statement


ALL_OR_NOTHING = (
    "write", "write_series", "write_batch", "save_rollups", "write_events", "compact"
)  # fmt: skip


@pytest.mark.parametrize("operation", ALL_OR_NOTHING)
def test_a_power_cut_between_any_two_statements_leaves_all_or_nothing(
    workers: Workers, filled: Path, tmp_path: Path, operation: str
) -> None:
    before, after = content(filled), acknowledged(workers, filled, tmp_path, operation)
    for number, cut in cuts(workers, filled, tmp_path, operation):
        found = content(cut)
        assert but_tokens(found) in (but_tokens(before), but_tokens(after)), number
        assert but_tokens(found) == but_tokens(before) or operation != "compact"
        is_old = found["reading"] == before["reading"]
        assert (found["touch"] == before["touch"]) == is_old, "a day was changed under an old token"
        store = SqliteStore(cut)
        getattr(sqlite_cuts, operation)(store)  # tried again, as the spool does
        store.close()
        assert but_tokens(content(cut)) == but_tokens(after), number


def test_a_late_reading_and_the_new_token_of_its_day_are_there_together(
    workers: Workers, filled: Path, tmp_path: Path
) -> None:
    """As above, seen from the other side: what was acknowledged has touched three days."""
    before = touched(content(filled))
    after = touched(acknowledged(workers, filled, tmp_path, "write"))
    assert set(before) == {(1, FIRST_S)}
    assert set(after) == {(1, FIRST_S), (1, FIRST_S + DAY_S)}
    assert after[1, FIRST_S] != before[1, FIRST_S]


def test_a_power_cut_while_expiring_deletes_only_what_has_expired(
    workers: Workers, filled: Path, tmp_path: Path
) -> None:
    before = content(filled)
    old = [r for r in before["reading"] if r[0] == 2 and r[1] < FIRST_S + 100 * STEP_S]
    states = set()
    for number, cut in cuts(workers, filled, tmp_path, "expire"):
        found = content(cut)
        gone = len(before["reading"]) - len(found["reading"])
        assert gone % AT_ONCE == 0 or gone == len(old), number
        assert found["reading"] == [r for r in before["reading"] if r not in old[:gone]], number
        assert found | {"reading": []} == before | {"reading": []}, number
        states.add(gone)
        store = SqliteStore(cut)
        assert store.expire([POWER], sqlite_cuts.EXPIRED_BEFORE) == len(old) - gone
        store.close()
    assert states == {0, 30, 60, 90}


@pytest.mark.parametrize("version", old_files.SCHEMAS)
def test_a_power_cut_while_a_file_is_led_to_todays_schema_loses_nothing(
    workers: Workers, tmp_path: Path, version: int
) -> None:
    old = tmp_path / "old.db"
    old_files.make_old_file(old, version)
    kept = old_files.kept(old)
    for number, cut in cuts(workers, old, tmp_path, "migrate"):
        assert old_files.kept(cut) == kept, number
        store = SqliteStore(cut)
        assert store.check(thorough=True) == [], number
        store.close()
        assert old_files.kept(cut) == kept, number


def test_a_power_cut_during_a_backup_leaves_a_whole_copy_or_none(
    workers: Workers, filled: Path, tmp_path: Path
) -> None:
    before = content(filled)
    for number, cut in cuts(workers, filled, tmp_path, "back_up"):
        target = cut.with_name("backup.db")
        assert not target.exists() or content(target) == before, number
        assert content(cut) == before, number
        back_up(cut, target, overwrite=True)
        assert content(target) == before


def acknowledged(workers: Workers, filled: Path, folder: Path, operation: str) -> dict[str, Rows]:
    """What is in the file when the operation was not interrupted."""
    done = fresh(filled, folder / "acknowledged")
    assert workers.ended(f"cut-{operation}", done, "-", 10**6) == 0
    return content(done)


def cuts(
    workers: Workers, filled: Path, folder: Path, operation: str
) -> Iterator[tuple[int, Path]]:
    """A file for each statement before which the power was cut, in turn."""
    for number in itertools.count(1):
        cut = fresh(filled, folder / f"cut{number}")
        ended = workers.ended(f"cut-{operation}", cut, "-", number)
        if ended == 0:
            break
        assert ended == signal.SIGKILL
        yield number, cut
    assert number > 3, "there were no statements to be cut between"


def fresh(filled: Path, folder: Path) -> Path:
    folder.mkdir()
    return Path(shutil.copy(filled, folder / "readings.db"))


def touched(rows: dict[str, Rows]) -> dict[tuple[int, int], int]:
    return {(point, day): token for point, day, token, _ in rows["touch"]}


# A full disk


class SmallDisk:
    """A folder whose disk has no more room than a test gives it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def leave(self, room: int) -> None:
        """From now on so many bytes can be written, and no more."""
        raise NotImplementedError

    def release(self) -> None:
        """There is room again."""
        raise NotImplementedError


class FullDisk(SmallDisk):
    """A file system in memory, filled up: writing fails as on any disk without room."""

    def leave(self, room: int) -> None:
        self.release()
        with open(self.folder / "ballast", "wb") as ballast:
            free = shutil.disk_usage(self.folder).free
            ballast.write(bytes(max(0, free - room)))

    def release(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)


class Quota(SmallDisk):
    """A limit on the size of a file, which needs no rights: SQLite sees an error of the disk."""

    def leave(self, room: int) -> None:
        largest = max(p.stat().st_size for p in self.folder.iterdir() if p.is_file())
        self._limit(largest + room)

    def release(self) -> None:
        self._limit(resource.getrlimit(resource.RLIMIT_FSIZE)[1])

    def _limit(self, size: int) -> None:
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))


def may_mount() -> bool:
    """Whether this process has the right to mount (CAP_SYS_ADMIN)."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    rights = next((int(x.split()[1], 16) for x in lines if x.startswith("CapEff:")), 0)
    return bool(rights >> 21 & 1) and shutil.which("mount") is not None


@contextmanager
def full_disk(folder: Path) -> Iterator[SmallDisk]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder], check=True)
    try:
        yield FullDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def quota(folder: Path) -> Iterator[SmallDisk]:
    disk = Quota(folder)
    try:
        yield disk
    finally:
        disk.release()


DISKS = {"quota": quota} | ({"full disk": full_disk} if may_mount() else {})
NO_ROOM = r"readings\.db: the disk (is full|does not read or write \(full, over a quota)"


@pytest.fixture(params=DISKS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    with DISKS[request.param](folder) as made:
        yield made


@pytest.fixture
def on_disk(disk: SmallDisk) -> Iterator[SqliteStore]:
    """A filled store on a small disk."""
    path = disk.folder / "readings.db"
    sqlite_cuts.fill(path)
    store = SqliteStore(path)
    yield store
    disk.release()
    store.close()


MANY = np.arange(60_000, dtype=np.int64) * 60


def test_what_was_acknowledged_before_the_disk_was_full_is_there(
    disk: SmallDisk, on_disk: SqliteStore
) -> None:
    disk.leave(200_000)
    written: list[int] = []

    def write_on() -> None:
        for part in MANY.reshape(-1, 1000):
            on_disk.write_series(NEW, part, part / 8)
            written.extend(part.tolist())

    with pytest.raises(StoreError, match=NO_ROOM):
        write_on()
    assert len(written) > 1000
    assert on_disk.read(NEW).seconds.tolist() == written
    assert len(on_disk.read(POINT)) == COUNT

    disk.release()
    on_disk.write_series(NEW, MANY, MANY / 8)
    assert len(on_disk.read(NEW)) == len(MANY)
    assert on_disk.check(thorough=True) in ([], only_little_room(disk))


def test_a_write_for_which_there_is_no_room_leaves_no_part_and_no_token(
    disk: SmallDisk, on_disk: SqliteStore
) -> None:
    before = content(on_disk.path)
    disk.leave(100_000)
    late = MANY + FIRST_S
    with pytest.raises(StoreError, match=NO_ROOM):
        on_disk.write_series(POINT, late, late / 8)
    with pytest.raises(StoreError, match=NO_ROOM):
        on_disk.write_series("other.main/x", late, late / 8)
    assert content(on_disk.path) == before
    assert on_disk.points() == [POINT, POWER]


def test_derived_rows_for_which_there_is_no_room_replace_nothing(
    disk: SmallDisk, on_disk: SqliteStore
) -> None:
    before = content(on_disk.path)
    disk.leave(0)

    def save_on() -> None:
        for measured in range(2000):
            sqlite_cuts.save_rollups(on_disk, measured)

    with pytest.raises(StoreError, match=NO_ROOM):
        save_on()
    kept = on_disk.load_rollups([POINT], By.DAY, 0, 2**40)[POINT]
    assert len(set(kept.measured.tolist())) == 1, "days of two calls are mixed"
    assert len(kept) == len(before["rollup"]) == 3
    disk.release()
    sqlite_cuts.save_rollups(on_disk, 7.0)
    assert on_disk.load_rollups([POINT], By.DAY, 0, 2**40)[POINT].measured.tolist() == [7.0] * 3


def test_a_log_that_cannot_be_copied_into_the_file_keeps_what_is_in_it(
    disk: SmallDisk, on_disk: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_disk.write_series(NEW, MANY[:20_000], MANY[:20_000] / 8)
    before, log = content(on_disk.path), size_of(log_of(on_disk.path))
    assert size_of(on_disk.path) < log, "the readings are in the file already"
    disk.leave(0)
    if isinstance(disk, Quota):  # a limit for each file: the log is the larger one
        disk._limit(size_of(on_disk.path))
    monkeypatch.setattr(sqlite_file, "LOG_LIMIT_BYTES", 0)
    monkeypatch.setattr(sqlite_file, "LOG_PAUSE_S", 0.0)
    on_disk._log.after_commit(on_disk._handle.connection)
    assert content(on_disk.path) == before
    assert size_of(log_of(on_disk.path)) == log
    disk.release()
    on_disk.write([Reading(NEW, from_seconds(FIRST_S), 1.0)])
    assert size_of(log_of(on_disk.path)) < log
    assert len(on_disk.read(NEW)) == 20_001


def test_compaction_without_room_says_so_and_changes_nothing(
    disk: SmallDisk, on_disk: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_disk.write_series(NEW, MANY[:20_000], MANY[:20_000] / 8)
    before = content(on_disk.path)
    monkeypatch.setenv("SQLITE_TMPDIR", str(disk.folder))
    disk.leave(50_000)
    with pytest.raises(StoreError, match=rf"{NO_ROOM}|compaction needs .* MB free in .*; make"):
        compact(on_disk.path)
    assert content(on_disk.path) == before


def test_a_backup_for_which_there_is_no_room_leaves_nothing(disk: SmallDisk, filled: Path) -> None:
    (disk.folder / "something").write_bytes(b"x")
    disk.leave(10_000)
    target = disk.folder / "backup.db"
    with pytest.raises(StoreError, match=r"backup\.db: the disk (is full|does not)"):
        back_up(filled, target)
    assert {p.name for p in disk.folder.iterdir()} <= {"something", "ballast"}


def only_little_room(disk: SmallDisk) -> list[str] | None:
    """What a check says of a disk as small as this: it is true."""
    free = shutil.disk_usage(disk.folder).free
    path = disk.folder / "readings.db"
    told = f"{path}: only {free / 1e6:,.1f} MB are free on its disk, expected 104.9 MB;"
    return [f"{told} make room, or move the store to a larger disk"] if free < 100 << 20 else None


# Readers and writers


def test_collector_dashboards_import_and_report_work_at_once_without_a_lock_error(
    workers: Workers, path: Path
) -> None:
    rounds, parts = 60, 20
    SqliteStore(path).close()
    workers.start("collect", path, "-", rounds)
    workers.start("import", path, POINT, parts)
    for _ in range(2):
        workers.start("show", path, POINT, 40)
    workers.start("report", path, "-", 8)
    statuses = []
    while len(statuses) < 5:
        _, what, number = workers.answer()
        if what == "ended":
            statuses.append(number)
    assert statuses == [0] * 5
    store = SqliteStore(path)
    assert [len(store.read(p)) for p in (*TOWN, POINT)] == [rounds] * len(TOWN) + [parts * 500]
    assert len(store.load_rollups(TOWN, By.DAY, 0, 400 * DAY_S)) == len(TOWN)
    late = {p: t.day_s.tolist() for p, t in store.touches([POINT], 0, 2**40).items()}
    assert len(late[POINT]) >= (parts - 1) * 500 * STEP_S // DAY_S
    assert store.check(thorough=True) == []
    store.close()


def test_a_slow_reader_never_stops_a_writer_and_sees_what_was_there(path: Path) -> None:
    sqlite_cuts.fill(path)
    writer = SqliteStore(path, busy_timeout_s=0.01)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        seen = reader.execute("SELECT count(*) FROM reading").fetchone()
        for step in range(COUNT, COUNT + 60):
            writer.write([Reading(POINT, sqlite_cuts.at(step), step)])
        sqlite_cuts.save_rollups(writer)
        writer.expire([POWER], sqlite_cuts.EXPIRED_BEFORE)
        assert reader.execute("SELECT count(*) FROM reading").fetchone() == seen
        reader.execute("COMMIT")
        assert reader.execute("SELECT count(*) FROM reading").fetchone() != seen
    assert len(writer.read(POINT)) == COUNT + 60
    writer.close()


def test_between_two_chunks_a_reader_is_in_nobodys_way(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_store, "CHUNK", 40)
    sqlite_cuts.fill(path)
    reader, writer = SqliteStore(path), SqliteStore(path, busy_timeout_s=0.01)
    parts = reader.chunks(POINT)
    read = len(next(parts))
    writer.write([Reading(POINT, sqlite_cuts.at(COUNT), 1.0)])
    assert sqlite_file.empty_log(writer._handle.connection), "the log is still being read"
    assert read + sum(len(part) for part in parts) == COUNT + 1
    reader.close()
    writer.close()


@pytest.fixture
def short_log(monkeypatch: pytest.MonkeyPatch) -> int:
    """The log is to stay below 200 kB, and writers look after it at every commit."""
    limit = 200_000
    monkeypatch.setattr(sqlite_file, "LOG_LIMIT_BYTES", limit)
    monkeypatch.setattr(sqlite_file, "LOG_PAUSE_S", 0.0)
    return limit


def test_the_log_that_grew_beside_a_slow_reader_is_cut_back_after_it(
    path: Path, short_log: int
) -> None:
    store = SqliteStore(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM reading").fetchone()
        store.write_series(POINT, MANY[:30_000], MANY[:30_000] / 8)
        assert size_of(log_of(path)) > 2 * short_log
        reader.execute("COMMIT")
        store.write([Reading(POWER, from_seconds(FIRST_S), 1.0)])
        assert size_of(log_of(path)) <= short_log
    assert len(store.read(POINT)) == 30_000
    store.close()


def test_readers_that_overlap_without_end_do_not_let_the_log_grow_without_end(
    workers: Workers, path: Path, short_log: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the writer's own look at it the log would have some 8 MB in the end."""
    monkeypatch.setattr(sqlite_file, "LOG_WAIT_S", 20.0)
    store = SqliteStore(path)
    store.write_series(POINT, MANY, MANY / 8)
    for _ in range(2):
        workers.start("read", path, NEW, 199)
    longest = 0
    for number in range(200):
        seconds = np.arange(number * 40, (number + 1) * 40, dtype=np.int64)
        store.write_series(NEW, seconds, seconds / 8)
        longest = max(longest, size_of(log_of(path)))
    statuses = []
    while len(statuses) < 2:
        _, what, number = workers.answer()
        if what == "ended":
            statuses.append(number)
    assert statuses == [0, 0]
    assert longest < 2 * short_log
    store.close()


def test_compaction_goes_on_beside_a_reader_and_gives_the_room_back_after_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_copies, "EMPTY_WITHIN_S", 0.0)
    store = SqliteStore(path)
    store.write_series(POWER, MANY, MANY / 8)
    store.write_series(POINT, MANY[:100], MANY[:100] / 8)
    assert store.expire([POWER], from_seconds(10**9)) == len(MANY)
    assert store.facts().unused_bytes > 500_000
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM reading").fetchone() == (100,)
        compact(path)
        assert reader.execute("SELECT count(*) FROM reading").fetchone() == (100,)
    before, after = compact(path)
    assert before > 500_000
    assert after < 100_000
    assert (store.facts().unused_bytes, len(store.read(POINT))) == (0, 100)
    store.close()


def test_a_backup_is_one_moment_of_a_store_that_is_written_all_the_time(
    workers: Workers, path: Path, tmp_path: Path
) -> None:
    SqliteStore(path).close()
    workers.start("write", path, "a.main/x", 0, 0)
    writer, batches = 0, 0
    while batches < 5:
        writer, what, _ = workers.answer()
        batches += what == "batch"
    target = tmp_path / "backup.db"
    back_up(path, target)
    os.kill(writer, signal.SIGKILL)
    while workers.answer()[1] != "ended":
        pass
    copy = SqliteStore(target)
    series = copy.read("a.main/x")
    assert len(series) >= 5 * 40
    assert len(series) % 40 == 0
    assert (series.values == series.seconds / 8).all()
    assert copy.check(thorough=True) == []
    copy.close()
