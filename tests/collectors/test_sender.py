"""From the spool into the store: nothing lost, nothing twice, whatever store and disk do."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collectors.backoff import pause_after
from collectors.spool.intake import Intake
from collectors.spool.sender import FIRST_RETRY_S, LONGEST_ASKED_PAUSE_S, LateStore, Sender
from collectors.spool.spool import DROPPED, Parcel, Spool
from paes.errors import StoreBusy, StoreError, StoreRefused
from paes.events import Event
from paes.metering import Reading
from paes.store.sqlite import SqliteStore

NOW = datetime(2025, 3, 30, 1, 7, 30, tzinfo=UTC)
POINT = "s.m/energy_import"


class MemoryStore:
    """A store in memory that fails when it is told to, and refuses what it is told to."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.events: list[Event] = []
        self.labels: dict[str, str] = {}
        self.writes = 0
        self.is_down = False
        self.refuses: set[float] = set()
        self.threads: set[int] = set()

    def write(self, readings: Sequence[Reading]) -> None:
        self.writes += 1
        self.threads.add(threading.get_ident())
        if self.is_down:
            raise StoreError("nobody there")
        bad = [r.value for r in readings if r.value in self.refuses]
        if bad:
            raise StoreRefused(f"{bad[0]} is not for me")
        self.readings += readings

    def write_events(self, events: Sequence[Event]) -> None:
        if self.is_down:
            raise StoreError("nobody there")
        if any(e.name in self.labels for e in events):
            raise StoreRefused("an event that I know")
        self.events += events

    def set_label(self, key: str, value: str) -> None:
        self.labels[key] = value


class Way:
    """Intake, spool, sender and store, ready to be used."""

    def __init__(self, folder: Path, batch: int = 5, most_held: int = 10_000) -> None:
        self.store = MemoryStore()
        self.spool = Spool(folder / "a.spool")
        self.intake = Intake(self.spool, lambda: NOW, most_held)
        self.sender = Sender(self.spool, self.intake, self.store, lambda: NOW, batch=batch)

    async def put(self, *numbers: int, **more: object) -> bool:
        return await self.intake.put(Parcel(readings(*numbers), **more))  # type: ignore[arg-type]

    def limit_disk(self, is_full: bool) -> None:
        """SQLite's own limit of pages stands for the disk: it fails at the same places."""
        with self.spool._using() as db:
            pages = db.execute("PRAGMA page_count").fetchone()[0] if is_full else 10**6
            db.execute(f"PRAGMA max_page_count = {pages}")


@pytest.fixture
async def way(tmp_path: Path) -> AsyncIterator[Way]:
    made = Way(tmp_path)
    yield made
    await made.sender.close()
    made.spool.close()


def readings(*numbers: int) -> list[Reading]:
    return [Reading(POINT, NOW + timedelta(seconds=n), float(n)) for n in numbers]


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]


async def test_everything_is_sent_in_order_and_the_spool_is_empty(way: Way) -> None:
    await way.put(*range(12))
    assert await way.sender.drain()
    assert way.store.readings == readings(*range(12))
    assert way.store.writes == 3  # batches of five
    assert way.spool.depth().readings == 0
    assert way.sender.delivered == 12


async def test_the_store_is_written_beside_the_event_loop_always_by_one_thread(way: Way) -> None:
    for number in range(3):
        await way.put(number)
        await way.sender.drain()
    assert len(way.store.threads) == 1
    assert threading.get_ident() not in way.store.threads


async def test_a_lost_store_is_told_once_and_everything_waits_in_order(
    way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    way.store.is_down = True
    for number in range(3):
        await way.put(number)
        assert not await way.sender.drain()
    assert way.sender.failing_since == NOW
    assert way.sender.reason == "nobody there"
    assert way.spool.depth().readings == 3
    way.store.is_down = False
    await way.put(3)
    assert await way.sender.drain()
    assert way.store.readings == readings(0, 1, 2, 3)
    assert errors(caplog) == ["the store failed, readings wait in the spool: nobody there"]
    assert [r.getMessage() for r in caplog.records if r.levelno == logging.INFO] == [
        "the store is back"
    ]
    assert way.sender.failing_since is None


def test_pauses_double_from_a_second_to_five_minutes_and_vary_by_a_fifth() -> None:
    assert [pause_after(n, FIRST_RETRY_S, 0.5) for n in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert pause_after(9, FIRST_RETRY_S, 0.5) == 256
    assert pause_after(10, FIRST_RETRY_S, 0.5) == pause_after(1000, FIRST_RETRY_S, 0.5) == 300
    assert (pause_after(1, FIRST_RETRY_S, 0.0), pause_after(1, FIRST_RETRY_S, 1.0)) == (
        0.8,
        pytest.approx(1.2),
    )


@pytest.mark.parametrize(
    ("asked_s", "failures", "pause_s"),
    [
        (None, 1, 1.0),
        (0.0, 1, 1.0),
        (0.25, 3, 4.0),
        (90.0, 1, 90.0),
        (90.0, 10, 300.0),
        (86_400.0, 1, LONGEST_ASKED_PAUSE_S),
    ],
)
async def test_a_store_is_left_alone_for_as_long_as_it_asks_but_not_for_ever(
    way: Way, monkeypatch: pytest.MonkeyPatch, asked_s: float | None, failures: int, pause_s: float
) -> None:
    def busy(_: Sequence[Reading]) -> None:
        raise StoreBusy("too many writes", asked_s)

    pauses: list[float] = []
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) >= failures:
            enough.set()
            await asyncio.Future()

    monkeypatch.setattr(way.store, "write", busy)
    monkeypatch.setattr("collectors.spool.sender.asyncio.sleep", sleep)
    sender = Sender(way.spool, way.intake, way.store, lambda: NOW, jitter=lambda: 0.5)
    await way.put(1)
    running = asyncio.create_task(sender.run())
    async with asyncio.timeout(60):
        await enough.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert pauses[-1] == pause_s
    await sender.close()


async def test_a_pause_that_was_asked_for_is_forgotten_once_the_store_fails_otherwise(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [StoreBusy("too many writes", 500.0), StoreError("no such bucket")]

    def failing(_: Sequence[Reading]) -> None:
        raise answers.pop(0)

    monkeypatch.setattr(way.store, "write", failing)
    sender = Sender(way.spool, way.intake, way.store, lambda: NOW, jitter=lambda: 0.5)
    await way.put(1)
    seen = []
    for _ in range(2):
        assert not await sender.drain()
        seen.append(sender._pause_s())
    assert seen == [500.0, 2.0]
    await sender.close()


async def test_a_refused_batch_is_halved_until_the_bad_reading_is_alone(
    way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    way.store.refuses = {3.0, 11.0}
    await way.put(*range(20))
    assert await way.sender.drain()
    assert way.store.readings == readings(*[n for n in range(20) if n not in (3, 11)])
    assert [(r.what["value"], r.reason) for r in way.spool.refused()] == [
        (3.0, "3.0 is not for me"),
        (11.0, "11.0 is not for me"),
    ]
    assert way.spool.depth().readings == 0
    assert sum("set aside" in r.getMessage() for r in caplog.records) == 2
    way.store.refuses = set()
    way.spool.retry_refused()
    assert await way.sender.drain()
    assert way.store.readings[-2:] == readings(3, 11)


async def test_one_bad_reading_in_a_batch_costs_two_writes_a_halving(tmp_path: Path) -> None:
    way = Way(tmp_path, batch=4096)
    way.store.refuses = {1234.0}
    await way.put(*range(4096))
    assert await way.sender.drain()
    assert len(way.store.readings) == 4095
    assert way.store.writes <= 1 + 2 * 12  # 4096 = 2 to the 12th
    await way.sender.close()


async def test_a_store_lost_while_a_batch_is_halved_gets_the_rest_later(way: Way) -> None:
    class Moody(MemoryStore):
        def write(self, readings: Sequence[Reading]) -> None:
            self.is_down = self.writes == 2
            super().write(readings)

    way.store = Moody()
    sender = Sender(way.spool, way.intake, way.store, lambda: NOW, batch=8)
    way.store.refuses = {5.0}
    await way.put(*range(8))
    assert not await sender.drain()
    assert await sender.drain()
    assert way.store.readings == readings(0, 1, 2, 3, 4, 6, 7)
    assert [r.what["value"] for r in way.spool.refused()] == [5.0]
    await sender.close()


async def test_a_reading_too_large_for_a_real_store_is_set_aside_and_the_rest_is_there(
    tmp_path: Path,
) -> None:
    store, spool = SqliteStore(tmp_path / "a.sqlite"), Spool(tmp_path / "a.spool")
    intake = Intake(spool, lambda: NOW)
    sender = Sender(spool, intake, store, lambda: NOW)
    good = readings(*range(10))
    event = Event("s.m", "meter.swapped", NOW)
    await intake.put(Parcel([*good, Reading(POINT, NOW + timedelta(days=1), 1e300)], [event]))
    assert await sender.drain()
    assert store.read(POINT).values.tolist() == [r.value for r in good]
    assert [e.name for e in store.events()] == ["meter.swapped"]
    (refused,) = spool.refused()
    assert refused.subject == POINT
    assert "1e+300 cannot be stored" in refused.reason
    await sender.close()
    store.close()
    spool.close()


async def test_simulated_readings_label_the_store(way: Way) -> None:
    await way.put(1)
    await way.sender.drain()
    assert way.store.labels == {}
    await way.put(2, simulated=True)
    await way.sender.drain()
    assert way.store.labels == {"simulated": "true"}


async def test_a_store_is_opened_when_it_is_there(way: Way) -> None:
    opened: list[MemoryStore] = []

    def open_it() -> MemoryStore:
        if not opened:
            opened.append(way.store)
            raise StoreError("not mounted yet")
        return way.store

    sender = Sender(way.spool, way.intake, LateStore(open_it), lambda: NOW)
    await way.put(1, events=[Event("s", "e", NOW)], simulated=True)
    assert not await sender.drain()
    assert await sender.drain()
    assert (way.store.readings, len(way.store.events)) == (readings(1), 1)
    await sender.close()


async def test_it_runs_by_itself_and_tries_a_lost_store_again(way: Way) -> None:
    way.store.is_down = True
    await way.put(1)
    sender = Sender(way.spool, way.intake, way.store, lambda: NOW, jitter=lambda: -1.9)  # 40 ms
    running = asyncio.create_task(sender.run())
    async with asyncio.timeout(20):
        while way.store.writes < 2:
            await asyncio.sleep(0.01)
        way.store.is_down = False
        while way.spool.depth().readings:
            await asyncio.sleep(0.01)
        await way.put(2)
        sender.wake()
        while way.spool.depth().readings:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert way.store.readings == readings(1, 2)
    await sender.close()


async def test_a_disk_that_takes_nothing_is_told_once_and_the_store_gets_what_is_read(
    way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await way.put(1)
    way.limit_disk(True)
    assert not await way.put(*range(100, 2000), state={"a": 1})
    assert not await way.put(*range(2000, 4000), state={"b": 2})
    assert way.intake.held_readings == 3900
    assert await way.sender.drain()
    assert {r.value for r in way.store.readings} >= {float(n) for n in range(100, 4000)}
    assert way.intake.held_readings == 0
    assert len(errors(caplog)) == 1
    assert "the disk is full" in errors(caplog)[0]
    way.limit_disk(False)
    assert await way.put(5000)
    assert way.intake.failing_since is None
    assert (way.spool.state("a"), way.spool.state("b")) == (1, 2)
    assert await way.sender.drain()
    values = [r.value for r in way.store.readings]
    assert set(values) == {1.0, 5000.0, *map(float, range(100, 4000))}
    assert "the spool takes readings again" in caplog.text


async def test_disk_and_store_both_lost_keep_in_memory_what_it_can_hold(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    way = Way(tmp_path, most_held=1000)
    way.limit_disk(True)
    way.store.is_down = True
    for first in (0, 1000):
        assert not await way.put(*range(first, first + 900))
        assert not await way.sender.drain()
    waiting = way.intake.held_readings + way.spool.depth().readings
    assert waiting == 1000  # the bound of this test; a full disk still takes a little
    way.store.is_down = False
    assert await way.sender.drain()
    assert {r.value for r in way.store.readings} == {
        *map(float, range(800, 900)),
        *map(float, range(1000, 1900)),
    }
    assert [(e.name, e.facts) for e in way.store.events] == [(DROPPED, {"readings": 800.0})]
    assert sum("the store failed" in text for text in errors(caplog)) == 1
    assert sum("the spool failed" in text for text in errors(caplog)) == 1
    await way.sender.close()


@pytest.mark.parametrize("who_is_back", ["disk", "store"])
async def test_what_nobody_says_twice_is_taken_only_when_it_cannot_be_lost(
    who_is_back: str, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.spool.intake.RETRY_S", 0.01)
    way.limit_disk(True)
    way.store.is_down = True
    message = asyncio.create_task(way.intake.put_for_good(Parcel(readings(*range(1000)))))
    while not way.intake.failing_since:
        await asyncio.sleep(0.01)
    assert not await way.sender.drain()
    assert not message.done()
    if who_is_back == "disk":
        way.limit_disk(False)
    else:
        way.store.is_down = False
        assert await way.sender.drain()
    await asyncio.wait_for(message, 30)
    assert len(way.store.readings) + way.spool.depth().readings == 1000


async def test_memory_gives_up_gauges_before_counters(tmp_path: Path) -> None:
    way = Way(tmp_path, most_held=1500)
    way.limit_disk(True)
    power = [Reading("s.m/active_power", r.at, r.value) for r in readings(*range(1000))]
    await way.intake.put(Parcel(readings(*range(1000))))
    await way.intake.put(Parcel(power, gauges={"s.m/active_power"}))
    held = [r for parcel in way.intake.held for r in parcel.readings]
    assert held == [*readings(*range(1000)), *power[500:]]
    assert way.intake.given_up == 500
    await way.sender.close()


async def test_a_batch_that_cannot_be_deleted_is_not_sent_again(way: Way) -> None:
    """The disk fills up between the store's acknowledgement and the deletion."""
    await way.put(*range(5))
    done = way.spool.done

    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    way.spool.done = full  # type: ignore[method-assign]
    await way.sender.drain()
    await way.sender.drain()
    assert way.store.readings == readings(*range(5))
    way.spool.done = done  # type: ignore[method-assign]
    assert await way.sender.drain()
    assert way.store.readings == readings(*range(5))
    assert way.spool.depth().readings == 0


async def test_rounds_that_end_while_the_disk_is_busy_are_written_together(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, go_on, calls = threading.Event(), threading.Event(), []
    put = way.spool.put

    def slow(*parcels: Parcel) -> None:
        calls.append(len(parcels))
        busy.set()
        go_on.wait(20)
        put(*parcels)

    monkeypatch.setattr(way.spool, "put", slow)
    first = asyncio.create_task(way.put(0))
    await asyncio.to_thread(busy.wait, 20)
    others = [asyncio.create_task(way.put(n)) for n in range(1, 8)]
    await asyncio.sleep(0)
    go_on.set()
    assert await first
    assert await asyncio.gather(*others) == [True] * 7
    assert calls == [1, 7]
    assert list(way.spool.oldest(10).readings) == readings(*range(8))


async def test_a_round_whose_task_is_ended_meanwhile_reaches_the_spool(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, go_on = threading.Event(), threading.Event()
    put = way.spool.put

    def slow(*parcels: Parcel) -> None:
        busy.set()
        go_on.wait(20)
        put(*parcels)

    monkeypatch.setattr(way.spool, "put", slow)
    round_ = asyncio.create_task(way.put(1))
    await asyncio.to_thread(busy.wait, 20)
    round_.cancel()
    await asyncio.gather(round_, return_exceptions=True)
    go_on.set()
    assert await way.intake.flush()
    assert list(way.spool.oldest(10).readings) == readings(1)


async def test_a_round_that_cannot_be_written_does_not_stop_the_others(way: Way) -> None:
    """A defect of one round: its readings are kept, what makes it unfit is not."""
    unfit = asyncio.create_task(way.put(1, state={"x": object()}))
    assert await way.put(2, state={"x": "fit"})
    assert await unfit
    assert way.intake.held == ()
    assert way.spool.state("x") == "fit"
    await way.sender.drain()
    assert sorted(way.store.readings, key=lambda r: r.at) == readings(1, 2)


async def test_half_a_character_of_a_device_can_be_written(way: Way) -> None:
    """JSON may hold it, and a device may send it: no file takes it."""
    told = Event("s.m", "x.y", NOW, None, "it says \ud800")
    await way.put(1, state={"why": "it says \ud800"}, events=[told])
    assert way.spool.state("why") == "it says ?"
    assert await way.sender.drain()
    assert [e.message for e in way.store.events] == ["it says ?"]


async def test_states_of_rounds_that_the_store_has_stay_in_their_order(way: Way) -> None:
    """The disk takes nothing, and the store refuses the second of three rounds."""
    way.limit_disk(True)
    many = range(1, 2000)
    await way.put(*many, state={"last": 1})
    way.store.refuses = {2000.0}
    await way.put(2000, state={"last": 2})
    await way.put(2001, state={"last": 3})
    await way.sender.drain()
    assert [len(p.readings) for p in way.intake.held] == [0, 1, 0]
    way.limit_disk(False)
    await way.intake.flush()
    assert way.spool.state("last") == 3


async def test_memory_is_bounded_though_every_round_has_its_state(tmp_path: Path) -> None:
    way = Way(tmp_path, most_held=2)
    way.limit_disk(True)
    for n in range(50):
        big = "x" * 5000
        await way.put(n, state={"last": n, "text": big})
    assert len(way.intake.held) < 10
    await way.sender.close()
    way.spool.close()


async def test_a_defect_in_sending_is_told_and_costs_a_pause(
    way: Way, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_readings: Sequence[Reading]) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(way.store, "write", broken)
    await way.put(1)
    sending = asyncio.create_task(way.sender.run())
    while not way.sender.failing_since:
        await asyncio.sleep(0.001)
    assert way.sender.reason == "defect: RuntimeError('a defect')"
    assert not sending.done()
    sending.cancel()
    with suppress(asyncio.CancelledError):
        await sending


async def test_what_a_broker_still_has_is_not_given_up_in_memory(tmp_path: Path) -> None:
    """Whoever waits for the disk goes on waiting, though memory is full."""
    way = Way(tmp_path, most_held=500)
    way.limit_disk(True)
    way.store.is_down = True
    waiting = asyncio.create_task(way.intake.put_for_good(Parcel(readings(*range(1000)))))
    while not way.intake.failing_since:
        await asyncio.sleep(0.01)
    for first in (1000, 2000, 3000):
        await way.put(*range(first, first + 900))
    assert not waiting.done()
    way.store.is_down = False
    await way.sender.drain()
    await waiting
    assert way.store.readings[:1000] == readings(*range(1000))
    await way.sender.close()
    way.spool.close()
