"""What InfluxDB adds to the contract: no transactions, a server that dies, strangers' rows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from influx_server import TOKEN_VARIABLE, InfluxServer

from collectors.spool.intake import Intake
from collectors.spool.sender import Sender
from collectors.spool.spool import Parcel, Spool
from paes.errors import StoreBusy, StoreError, StoreRefused
from paes.events import Event
from paes.metering import Reading
from paes.periods import now_utc, to_seconds
from paes.retention import Retention
from paes.rollups import OPEN, Touches, seals
from paes.store import open_store
from paes.store.influx import InfluxStore

POINT = "scuola.main/energy_import"
OTHER = "molo.gas/volume"
NOON = datetime(2025, 3, 29, 12, tzinfo=UTC)
NOON_S = 1_743_249_600  # date -u -d 2025-03-29T12:00Z +%s
DAY_S = 86_400
PATIENCE_S = 60.0
BATCH = 200
KILLS = 3

StoreIn = Callable[..., InfluxStore]


def reading(second: float, value: float = 1.0, point: str = POINT) -> Reading:
    return Reading(point, NOON + timedelta(seconds=second), value)


@pytest.fixture
def store_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreIn]:
    """Opens stores on a server, each handle on the bucket that is named."""
    opened: list[InfluxStore] = []

    def open_one(server: InfluxServer, bucket: str, **more: Any) -> InfluxStore:
        monkeypatch.setenv(TOKEN_VARIABLE, server.token)
        opened.append(InfluxStore(server.url(bucket), **more))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def bucket(influx_server: InfluxServer) -> str:
    return influx_server.new_bucket()


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
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as err:
            failures.append(err)
            raise

    other = threading.Thread(target=run)
    other.start()
    try:
        yield
    finally:
        other.join(PATIENCE_S)
    assert not other.is_alive()
    assert not failures


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

    def __init__(self, link: Any, cut_at: int, is_answer_lost: bool) -> None:
        self.link, self.cut_at, self.is_answer_lost = link, cut_at, is_answer_lost
        self.before_write: Callable[[], None] = lambda: None
        self.requests = 0

    def query(self, *arguments: Any) -> Any:
        return self._asked(self.link.query, *arguments)

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
    link = cut(store)
    link.before_write = lambda: other.write([reading(120)])
    store.write([reading(60)])
    assert list(store.touches([POINT], NOON_S - DAY_S, NOON_S)) == [POINT]


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


# Refusals


def test_readings_of_another_type_are_set_aside_with_the_reason_and_the_rest_is_there(
    influx_server: InfluxServer, bucket: str, store: InfluxStore, tmp_path: Path
) -> None:
    """Somebody wrote a float into one week: there the server takes no integers any more."""
    week = 7 * DAY_S
    foreign = NOON_S + 3 * week
    store._link.write([f"reading,meter=x,quantity=y value=1.5,quality=0i {foreign}"])
    batch = [reading(n * week / 7, float(n)) for n in range(60)]
    answer = sent(store, batch, tmp_path)
    kept = store.read(POINT).values.tolist()
    assert kept == [r.value for r in batch if r.value not in answer]
    assert 5 <= len(answer) <= 9
    assert all("field type conflict" in reason for reason in answer.values())
    assert all("reading" in reason for reason in answer.values())


def test_readings_that_cannot_be_named_or_dated_are_set_aside(
    store: InfluxStore, tmp_path: Path
) -> None:
    good = [reading(n, float(n)) for n in range(20)]
    bad = [
        Reading("no-quantity", NOON, 100.0),
        Reading("/x", NOON, 101.0),
        Reading("a.main/", NOON, 102.0),
        Reading(POINT, datetime(2300, 1, 1, tzinfo=UTC), 103.0),
        Reading(POINT, datetime(1600, 1, 1, tzinfo=UTC), 104.0),
        Reading("half \ud800/x", NOON, 105.0),
    ]
    for one in bad:
        with pytest.raises(StoreRefused):
            store.write([one])
    answer = sent(store, good + bad[:5], tmp_path)  # a spool takes no half characters
    assert sorted(answer) == [100.0, 101.0, 102.0, 103.0, 104.0]
    assert "expected METER/QUANTITY" in answer[100.0]
    assert "between the years 1678 and 2262" in answer[103.0]
    assert store.read(POINT).values.tolist() == [r.value for r in good]
    assert store.points() == [POINT]


@pytest.mark.parametrize(
    "event",
    [Event("", "x", NOON), Event("a", "", NOON), Event("a", "x", NOON.replace(year=2300))],
)
def test_an_event_that_cannot_be_named_or_dated_is_refused(
    store: InfluxStore, event: Event
) -> None:
    with pytest.raises(StoreRefused):
        store.write_events([Event("b", "x", NOON), event])
    assert store.events() == []


def test_a_label_without_a_key_is_refused(store: InfluxStore) -> None:
    with pytest.raises(StoreRefused, match="the key of a label is empty"):
        store.set_label("", "x")


def sent(store: InfluxStore, batch: Sequence[Reading], folder: Path) -> dict[float, str]:
    """Send ``batch`` by a collector's spool; the values set aside, with the reasons."""
    import asyncio

    async def send() -> dict[float, str]:
        spool = Spool(folder / "a.spool")
        intake = Intake(spool, now_utc)
        sender = Sender(spool, intake, store, now_utc)
        await intake.put(Parcel(list(batch)))
        assert await sender.drain()
        assert spool.depth().readings == 0
        refused = {float(r.what["value"]): r.reason for r in spool.refused()}  # type: ignore[arg-type]
        await sender.close()
        spool.close()
        return refused

    return asyncio.run(send())


def test_a_small_limit_of_the_server_is_met_by_smaller_parts(
    private_influx: Callable[..., InfluxServer], store_in: StoreIn
) -> None:
    server = private_influx(max_body_size=20_000)
    store = store_in(server, server.new_bucket())
    seconds = NOON_S + np.arange(3_000, dtype=np.int64)
    store.write_series(POINT, seconds, seconds / 8)
    assert store.read(POINT).seconds.tolist() == seconds.tolist()


def test_a_wrong_token_is_no_fault_of_the_readings(
    influx_server: InfluxServer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "wrong")
    store = InfluxStore(influx_server.url(bucket))
    with pytest.raises(StoreError, match=TOKEN_VARIABLE) as told:
        store.write([reading(0)])
    assert not isinstance(told.value, StoreRefused | StoreBusy)
    (said,) = store.check()
    assert TOKEN_VARIABLE in said
    store.close()


def test_a_missing_bucket_is_told_and_may_be_made_meanwhile(
    influx_server: InfluxServer, bucket: str, store_in: StoreIn
) -> None:
    store = store_in(influx_server, f"{bucket}-missing")
    with pytest.raises(StoreError, match="paes store init") as told:
        store.write([reading(0)])
    assert not isinstance(told.value, StoreRefused | StoreBusy)
    (said,) = store.check()
    assert "paes store init" in said
    influx_server.create_bucket(f"{bucket}-missing")
    store.write([reading(0)])
    assert store.latest([POINT]) == {POINT: reading(0)}
    assert store.check(thorough=True) == []


def test_a_server_that_is_away_is_busy(store_in: StoreIn, influx_server: InfluxServer) -> None:
    store = InfluxStore("influxdb+http://127.0.0.1:9/x")
    for ask in (store.points, lambda: store.write([reading(0)]), lambda: store.read(POINT)):
        with pytest.raises(StoreBusy):
            ask()
    (said,) = store.check()
    assert "cannot be reached" in said
    store.close()


# Buckets of classes


POWER = "scuola.main/active_power"
CLASSES = Retention.model_validate(
    {
        "classes": [
            {"name": "fast", "quantities": ["active_power*"], "keep_days": 90, "source": "a test"}
        ]
    }
)


def test_a_class_with_a_limit_has_a_bucket_of_its_own_for_its_readings(
    influx_server: InfluxServer, bucket: str, store_in: StoreIn
) -> None:
    store = store_in(influx_server, bucket, retention=CLASSES)
    (said,) = store.check()
    assert f"{bucket}-fast" in said
    influx_server.create_bucket(f"{bucket}-fast")
    assert store.check(thorough=True) == []
    store.write([reading(s, s / 8, p) for p in (POINT, POWER) for s in (0, 60, 120)])
    store.write([reading(30, 9.0, POWER)])
    both = [POWER, POINT]
    assert store.points() == both
    assert list(store.touches(both, NOON_S - DAY_S, NOON_S)) == [POWER]
    assert set(store.latest(both)) == set(store.summary(both, NOON_S, NOON_S + 999, 900)) == {*both}
    assert store.read(POWER).values.tolist() == [0.0, 9.0, 7.5, 15.0]
    found = store.around(both, NOON_S + 60, NOON_S + 61, 1)
    assert [len(found[p]) for p in both] == [3, 3]
    for where, expected in ((bucket, "energy_import"), (f"{bucket}-fast", "active_power")):
        series = influx_server.query("SELECT COUNT(value) FROM reading GROUP BY quantity", where)
        assert [s["tags"] for s in series] == [{"quantity": expected}]
    assert influx_server.query("SELECT * FROM touch", f"{bucket}-fast") == []
    assert store.expire(both, NOON) == 0
    assert store.check(thorough=True) == []


# What others write


def test_a_thorough_check_names_fields_and_points_of_other_programs(
    store: InfluxStore,
) -> None:
    store.write([reading(0)])
    assert store.check(thorough=True) == []
    store._link.write(
        [
            f"reading,meter=x,quantity=y value=1i,quality=0i,note=2i {NOON_S}",
            f"reading,meter=x,quantity=y value=1.5,quality=0i {NOON_S + 99 * DAY_S}",
        ]
    )
    assert store.check() == []
    said = store.check(thorough=True)
    assert len(said) == 3
    assert any("field note of reading is integer, expected no such field" in s for s in said)
    assert any("field value of reading is float, expected integer" in s for s in said)
    assert any("x/y has readings and is not in the register of points" in s for s in said)


def test_rows_without_a_value_are_no_readings(store: InfluxStore) -> None:
    store.write([reading(0, 5.0)])
    meter, quantity = POINT.split("/")
    store._link.write([f"reading,meter={meter},quantity={quantity} quality=0i {NOON_S + 60}"])
    assert store.read(POINT).values.tolist() == [5.0]
    assert store.around([POINT], NOON_S, NOON_S + 99, 2)[POINT].values.tolist() == [5.0]


# Addresses


def test_a_store_is_opened_by_its_address_without_asking_the_server() -> None:
    store = open_store("influxdb+http://127.0.0.1:9/readings", CLASSES)
    assert isinstance(store, InfluxStore)
    assert str(store.address) == "http://127.0.0.1:9/readings"
    store.close()
