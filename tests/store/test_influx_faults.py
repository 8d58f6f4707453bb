"""An InfluxDB store without its server, and killed between any two steps: nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from influx_readings import DAY_S, NOON, NOON_S, OTHER, POINT, StoreIn, reading
from influx_server import InfluxServer

from paes.errors import StoreBusy
from paes.events import Event
from paes.metering import Reading
from paes.periods import now_utc, to_seconds
from paes.rollups import OPEN, Touches, seals
from paes.series import ReadingSeries
from paes.store import UNFINISHED
from paes.store.influx.store import InfluxStore

PATIENCE_S = 60.0
BATCH = 200
KILLS = 3


@pytest.fixture
def store(influx_server: InfluxServer, bucket: str, store_in: StoreIn) -> InfluxStore:
    return store_in(influx_server, bucket)


def until(reached: Callable[[], bool]) -> None:
    """Wait for another thread."""
    give_up_at = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < give_up_at, "what was waited for did not happen"
        time.sleep(0.005)


@contextmanager
def thread(work: Callable[[], None]) -> Iterator[None]:
    """``work`` beside the test; its failure is the test's."""
    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(work)
        yield
        done.result(PATIENCE_S)


# A server that is killed


def batch_of(number: int) -> list[Reading]:
    """Batch n holds the seconds from n * BATCH of two points; value = second / 8."""
    first = number * BATCH
    return [reading(s, s / 8, p) for p in (POINT, OTHER) for s in range(first, first + BATCH)]


def test_killed_in_mid_write_nothing_acknowledged_is_lost_and_nothing_is_doubled(
    private_influx: Callable[..., InfluxServer], store_in: StoreIn
) -> None:
    server = private_influx()
    bucket = server.new_bucket()
    store = store_in(server, bucket)
    acknowledged, failures, stop = [0], [0], threading.Event()

    def write_on() -> None:
        while not stop.is_set():
            try:
                store.write(batch_of(acknowledged[0]))
            except StoreBusy:
                failures[0] += 1
            else:
                acknowledged[0] += 1

    with thread(write_on):
        try:
            for _ in range(KILLS):
                enough, failed = acknowledged[0] + 3, failures[0]
                until(lambda enough=enough: acknowledged[0] >= enough)  # type: ignore[misc]
                server.kill()
                until(lambda failed=failed: failures[0] > failed)  # type: ignore[misc]
                server.start()
            enough = acknowledged[0] + 1
            until(lambda: acknowledged[0] >= enough)
        finally:
            stop.set()
    expected = np.arange(acknowledged[0] * BATCH)
    for point in (POINT, OTHER):
        series = store.read(point)
        assert (series.seconds - NOON_S).tolist() == expected.tolist()
        assert series.values.tolist() == (expected / 8).tolist()
    (counted,) = server.query("SELECT COUNT(value) FROM reading", bucket)
    assert counted["values"] == [[0, 2 * len(expected)]]
    assert acknowledged[0] > 3 * KILLS
    assert failures[0] >= KILLS


def test_killed_in_mid_read_everything_comes_or_an_error(
    private_influx: Callable[..., InfluxServer], store_in: StoreIn
) -> None:
    server = private_influx()
    store = store_in(server, server.new_bucket())
    seconds = np.arange(25_000, dtype=np.int64) * 60
    store.write_series(POINT, seconds, seconds / 8)
    whole, failures, stop = [0], [0], threading.Event()

    def read_on() -> None:
        while not stop.is_set():
            try:
                series = store.read(POINT)
            except StoreBusy:
                failures[0] += 1
            else:
                assert series.seconds.tolist() == seconds.tolist()
                assert (series.values == seconds / 8).all()
                whole[0] += 1

    with thread(read_on):
        try:
            for _ in range(KILLS):
                enough, failed = whole[0] + 1, failures[0]
                until(lambda enough=enough: whole[0] >= enough)  # type: ignore[misc]
                server.kill()
                until(lambda failed=failed: failures[0] > failed)  # type: ignore[misc]
                server.start()
        finally:
            stop.set()
    assert whole[0] >= KILLS


# Between the steps of a write


class Cut(StoreBusy):
    """The process was killed here, as far as the server can tell."""


class CutLink:
    """A link of which the requests from number ``cut_at`` on are lost, or only their answers."""

    def __init__(self, link: Any, cut_at: int = 10**9, is_answer_lost: bool = False) -> None:
        self.link, self.cut_at, self.is_answer_lost = link, cut_at, is_answer_lost
        self.before_write: Callable[[], None] = lambda: None
        self.after_query: Callable[[], None] = lambda: None
        self.requests = 0

    def query(self, *arguments: Any) -> Any:
        answer = self._asked(self.link.query, *arguments)
        self.after_query()
        return answer

    def close(self) -> None:
        self.link.close()

    def write(self, lines: Sequence[str], *arguments: Any) -> None:
        if lines:
            self.before_write()
            self._asked(self.link.write, lines, *arguments)

    def _asked(self, request: Callable[..., Any], *arguments: Any) -> Any:
        self.requests += 1
        is_last = self.requests == self.cut_at
        if self.requests > self.cut_at or (is_last and not self.is_answer_lost):
            raise Cut("cut")
        answer = request(*arguments)
        if is_last:
            raise Cut("cut")
        return answer


def cut(store: InfluxStore, at: int = 10**9, is_answer_lost: bool = False) -> CutLink:
    """Let the store's writer be killed at its request number ``at``."""
    link = CutLink(store._link, at, is_answer_lost)
    store._writer._link = link  # type: ignore[assignment]
    return link


def seal_of(store: InfluxStore, day: int) -> tuple[int, bool]:
    """Of a row that rests on one UTC day, counted from the day of NOON."""
    first = NOON_S // DAY_S * DAY_S + day * DAY_S
    needs = (np.array([first], np.int64), np.array([first + DAY_S - 1], np.int64))
    touches = store.touches([POINT], first - 9 * DAY_S, first + 9 * DAY_S)
    seal, may_be_kept = seals(7, touches.get(POINT, Touches.none()), *needs)
    return int(seal[0]), bool(may_be_kept[0])


@pytest.mark.parametrize("is_answer_lost", [False, True])
def test_killed_between_any_two_steps_a_late_reading_leaves_nothing_stale(
    influx_server: InfluxServer, bucket: str, store_in: StoreIn, is_answer_lost: bool
) -> None:
    """Who sees the reading sees another seal, or may keep nothing; written again, all is well."""
    clock = now_utc()
    store = store_in(influx_server, bucket)
    store.write([reading(-DAY_S, 1.0), reading(9 * DAY_S, 2.0)])
    killed = 0
    for step in range(1, 9):
        day = step % 5 + 1
        late = reading(day * DAY_S + step, float(step))
        before, _ = seal_of(store, day)
        writer = store_in(influx_server, bucket)
        cut(writer, step, is_answer_lost)
        try:
            writer.write([late])
        except Cut:
            killed += 1
        else:
            break
        is_there = any(s == to_seconds(late.at) for s in store.read(POINT).seconds)
        seal, may_be_kept = seal_of(store, day)
        assert not is_there or not may_be_kept or seal != before
        later = store_in(influx_server, bucket, clock=lambda: clock + timedelta(minutes=11))
        seal, may_be_kept = seal_of(later, day)
        assert may_be_kept
        assert not is_there or seal != before
        store.write([late])
        after, may_be_kept = seal_of(store, day)
        assert may_be_kept
        assert after not in (before, seal)
    assert killed == 5  # late?, open, write, late?, close


def test_a_day_is_open_while_somebody_writes_into_it(
    store: InfluxStore, influx_server: InfluxServer, bucket: str, store_in: StoreIn
) -> None:
    store.write([reading(0), reading(3600)])
    link = cut(store)
    reader = store_in(influx_server, bucket)
    seen: list[int] = []

    def look() -> None:
        touches = reader.touches([POINT], NOON_S - DAY_S, NOON_S + DAY_S)
        seen.extend(touches.get(POINT, Touches.none()).tokens.tolist())

    link.before_write = look
    store.write([reading(1800)])
    assert seen == [OPEN, OPEN]  # before the readings, and before the closing
    look()
    assert seen[-1] > 0


def test_a_writer_that_is_overtaken_touches_its_day(
    store: InfluxStore, influx_server: InfluxServer, bucket: str, store_in: StoreIn
) -> None:
    """It was not late when it asked, and is when its reading arrives."""
    store.write([reading(0)])
    other = store_in(influx_server, bucket)
    link, once = cut(store), iter([reading(120)])
    link.before_write = lambda: other.write(list(once))
    store.write([reading(60)])
    assert list(store.touches([POINT], NOON_S - DAY_S, NOON_S)) == [POINT]


def test_a_writer_that_spans_what_another_wrote_meanwhile_touches_its_day(
    store: InfluxStore, influx_server: InfluxServer, bucket: str, store_in: StoreIn
) -> None:
    """Its last reading is the newest, and its first came after readings that are later."""
    other = store_in(influx_server, bucket)
    link, once = cut(store), iter([reading(60)])
    link.before_write = lambda: other.write(list(once))
    store.write([reading(0), reading(120)])
    assert list(store.touches([POINT], NOON_S - DAY_S, NOON_S)) == [POINT]


@pytest.mark.parametrize("page", [2, 50_000])
def test_what_arrives_while_it_is_read_is_seen_with_all_that_came_before(
    store: InfluxStore,
    influx_server: InfluxServer,
    bucket: str,
    store_in: StoreIn,
    monkeypatch: pytest.MonkeyPatch,
    page: int,
) -> None:
    """Else a day could be kept that lacks a reading, with nothing that says so."""
    monkeypatch.setattr("paes.store.influx.questions.PAGE", page)
    monkeypatch.setattr("paes.store.influx.reading.PAGE", page)
    store.write([reading(0), reading(60), reading(120)])
    collector, link, arrived = store_in(influx_server, bucket), CutLink(store._link), [0, 60, 120]

    def collect() -> None:
        new = [arrived[-1] + 60 * (n + 1) for n in range(4)]
        collector.write([reading(s) for s in new])
        arrived.extend(new)

    link.after_query = collect
    store._link = link  # type: ignore[assignment]
    series = store.around([POINT], NOON_S, NOON_S + 400, 2)[POINT]
    found = [int(s) - NOON_S for s in series.seconds]
    assert found == arrived[: len(found)]
    assert link.requests >= 3


def test_several_writers_and_readers_work_at_once(
    influx_server: InfluxServer, bucket: str, store_in: StoreIn
) -> None:
    batches = 25
    written = {POINT: 0, OTHER: 0}

    def write(point: str) -> None:
        store = store_in(influx_server, bucket)
        for number in range(batches):
            store.write([r for r in batch_of(number) if r.point == point])
            written[point] = (number + 1) * BATCH

    def read(point: str) -> None:
        store, seen = store_in(influx_server, bucket), 0
        while seen < batches * BATCH:
            least = written[point]
            series = store.read(point)
            assert len(series) >= max(seen, least), "what was acknowledged is gone"
            assert (series.values == (series.seconds - NOON_S) / 8).all()
            seen = len(series)

    with (
        thread(lambda: write(POINT)), thread(lambda: write(OTHER)),
        thread(lambda: read(POINT)), thread(lambda: read(OTHER)),
    ):  # fmt: skip
        pass
    assert set(written.values()) == {batches * BATCH}


@pytest.mark.parametrize("is_answer_lost", [False, True])
def test_killed_between_any_two_steps_a_batch_is_told_to_be_unfinished_until_it_is_whole(
    influx_server: InfluxServer, store_in: StoreIn, is_answer_lost: bool
) -> None:
    seconds = NOON_S + 900 * np.arange(4, dtype=np.int64)
    series = ReadingSeries(seconds, np.arange(4.0), np.zeros(4, np.int8))
    batch = {POINT: series, OTHER: series}
    changed = Event(POINT, "import.changed", NOON, facts={"old": 1.5})
    imported = Event("file", "import.trial", NOON, facts={"new": 8.0})
    killed = 0
    for step in range(1, 99):
        bucket = influx_server.new_bucket()
        writer = store_in(influx_server, bucket)
        writer._link = cut(writer, step, is_answer_lost)  # type: ignore[assignment]
        try:
            writer.write_batch(batch, [changed, imported])
        except Cut:
            killed += 1
        else:
            break
        store = store_in(influx_server, bucket)
        there = sum(len(store.read(point)) for point in batch)
        told = {e.name: e for e in store.events()}
        if there:
            assert told["import.changed"] == changed, "an old value went before it was told"
            assert there == 8 or UNFINISHED in told["import.trial"].facts
        if told.get("import.trial") == imported:
            assert there == 8
        store.write_batch(batch, [changed, imported])
        assert {p: store.read(p).values.tolist() for p in batch} == {
            POINT: [0.0, 1.0, 2.0, 3.0],
            OTHER: [0.0, 1.0, 2.0, 3.0],
        }
        assert store.events() == [imported, changed]
    assert killed >= 8  # at least: events, four steps of each point, the last event
