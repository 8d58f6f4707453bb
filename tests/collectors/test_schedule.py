"""The collector as a whole: clock, spool, store and stop, over real connections."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from few_meters import FewMeters, MemoryStore, at_work, counting_server, installation, until
from field_servers import free_port
from hypothesis import given
from hypothesis import strategies as st

from collectors import schedule
from collectors.field_task import FieldPlan, Sink
from collectors.marks import ClockWatch, stagger_s
from collectors.round import Round
from collectors.schedule import CLOCK_STEPPED, Collector, plan_installation
from collectors.spool.sender import ReadingStore
from collectors.spool.spool import Spool
from paes.errors import StoreError
from paes.events import SWAPPED, Event
from paes.gateways import Gateway
from paes.metering import Reading
from paes.meters import FieldMeter
from paes.periods import Clock, last_tick, now_utc
from paes.store.sqlite import SqliteStore

NOW = datetime(2025, 3, 30, 1, 7, 30, tzinfo=UTC)
ENERGY = "g0.main/energy_import"


class SetClock:
    """A clock that shows what it is told to."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


class Shut:
    """A real store behind a door that can be shut."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.is_shut = False

    def write(self, readings: Sequence[Reading]) -> None:
        self._pass().write(readings)

    def write_events(self, events: Sequence[Event]) -> None:
        self._pass().write_events(events)

    def set_label(self, key: str, value: str) -> None:
        self._pass().set_label(key, value)

    def _pass(self) -> SqliteStore:
        if self.is_shut:
            raise StoreError("the store is away")
        return self.store


@pytest.fixture
def spool_file(tmp_path: Path) -> Path:
    return tmp_path / "a.spool"


@given(
    st.integers(0, 4_000_000_000).map(lambda s: datetime.fromtimestamp(s + 0.5, UTC)),
    st.sampled_from([1, 10, 60, 300, 900, 3600, 86400]),
)
def test_ticks_are_multiples_of_the_period_and_never_ahead(now: datetime, period_s: int) -> None:
    tick = last_tick(now, timedelta(seconds=period_s))
    assert tick <= now < tick + timedelta(seconds=period_s)
    assert tick.timestamp() % period_s == 0


def test_quarter_hours_are_on_the_clock() -> None:
    assert last_tick(NOW, timedelta(minutes=15)) == datetime(2025, 3, 30, 1, 0, tzinfo=UTC)


def test_gateways_start_apart_and_always_alike() -> None:
    delays = {stagger_s(f"gw-{i}", 900) for i in range(100)}
    assert len(delays) > 80
    assert all(0 <= d < 5 for d in delays)
    assert stagger_s("gw-1", 10) < 1
    assert stagger_s("gw-scuola", 900) == stagger_s("gw-scuola", 900)


async def test_one_round_of_everything_reaches_a_real_store(
    tmp_path: Path, spool_file: Path
) -> None:
    store = SqliteStore(tmp_path / "paes.sqlite")
    async with counting_server(100) as one, counting_server(200) as two:
        collector = Collector(installation(one.port, two.port), store, Spool(spool_file))
        rounds = await collector.collect_once()
    assert [r.findings for r in rounds] == [(), ()]
    latest = store.latest([ENERGY, "g1.main/energy_import"])
    assert {name: r.value for name, r in latest.items()} == {
        ENERGY: 100.0,
        "g1.main/energy_import": 200.0,
    }
    assert store.labels() == {}
    assert collector.waiting == 0
    store.close()


async def test_simulated_readings_label_the_store(spool_file: Path) -> None:
    store = MemoryStore()
    async with counting_server() as served:
        town = installation(served.port, gateway={"simulated": True})
        await Collector(town, store, Spool(spool_file)).collect_once()
    assert store.labels == {"simulated": "true"}


async def test_once_says_if_the_readings_could_not_be_stored_and_keeps_them(
    spool_file: Path,
) -> None:
    store = MemoryStore()
    store.is_down = True
    async with counting_server() as served:
        collector = Collector(installation(served.port), store, Spool(spool_file))
        with pytest.raises(StoreError, match=r"3 readings could not be stored .*: nobody there"):
            await collector.collect_once()
    collector.spool.close()
    assert Spool(spool_file, create=False).depth().readings == 3


async def test_state_of_a_meter_tells_its_last_reading_or_why_there_is_none(
    spool_file: Path,
) -> None:
    async with counting_server() as served:
        town = installation(served.port, await free_port())
        collector = Collector(town, MemoryStore(), Spool(spool_file))
        for _ in range(2):
            for gateway in collector.tasks:
                await collector.make_round(gateway, NOW)
        for task in collector.tasks.values():
            await task.close()
    good, bad = collector.states["g0.main"], collector.states["g1.main"]
    assert good.last_reading_at is not None
    assert (good.failed_rounds, good.last_failure) == (0, None)
    assert bad.failed_rounds == 2
    assert bad.last_failure is not None
    assert bad.last_failure.name == "collect.gateway_down"


async def test_what_a_technician_watches_lies_in_the_spool(spool_file: Path) -> None:
    async with counting_server() as served:
        town = installation(served.port, await free_port())
        await Collector(town, MemoryStore(), Spool(spool_file)).collect_once()
    other = Spool(spool_file, create=False)
    lines = other.states("gateway:")
    assert lines["g0"]["reached"] is True
    (unit,) = lines["g0"]["units"]
    assert (unit["unit"], unit["meters"], unit["state"]) == ("1", ["g0.main"], "ok")
    assert unit["requests"] >= 1
    assert unit["p95_ms"] > 0
    assert lines["g1"]["reached"] is False
    assert lines["g1"]["meters"]["g1.main"]["failed_rounds"] == 1
    assert datetime.fromisoformat(other.state("heartbeat")).tzinfo is not None
    other.close()


async def test_collector_polls_on_the_clock_until_stopped(spool_file: Path) -> None:
    store = MemoryStore()
    async with counting_server() as served:
        town = installation(served.port, gateway={"poll_period_s": 1})
        collector = Collector(town, store, Spool(spool_file))
        async with at_work(collector):
            await until(lambda: len(store.energy()) >= 3)
        assert served.server.connections == 1
    assert len({r.at for r in store.energy()}) >= 2
    assert store.has_all(served)
    assert Spool(spool_file, create=False).depth().readings == 0


async def test_a_day_without_the_store_leaves_no_gap_and_nothing_twice(
    tmp_path: Path, spool_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A quarter of an hour at a time; the store is away for a day, and the collector restarts."""
    clock, store = SetClock(datetime(2025, 6, 1, tzinfo=UTC)), SqliteStore(tmp_path / "a.sqlite")
    door, times = Shut(store), []
    async with counting_server() as served:
        town = installation(served.port)
        collector = Collector(town, door, Spool(spool_file), clock)
        for quarter in range(120):
            door.is_shut = 10 <= quarter < 106  # 96 quarters are a day
            if quarter == 60:
                await collector.tasks["g0"].close()
                await collector.sender.close()
                collector.spool.close()
                collector = Collector(town, door, Spool(spool_file), clock)
            times.append(clock.at)
            await collector.make_round("g0", clock.at)
            if quarter % 5 == 0 or not door.is_shut:
                assert await collector.sender.drain() is not door.is_shut
            if quarter == 105:
                assert collector.spool.depth().readings == 3 * 96
                assert collector.spool.depth().oldest == datetime(2025, 6, 1, 2, 30, tzinfo=UTC)
            clock.at += timedelta(minutes=15)
        await collector.tasks["g0"].close()
    series = store.read(ENERGY)
    assert series.seconds.tolist() == [int(at.timestamp()) for at in times]
    assert series.values.tolist() == served.values == [float(n) for n in range(1, 121)]
    assert store.events() == []
    assert collector.spool.depth().readings == 0
    lost = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert len(lost) == 2  # once by each collector
    await collector.sender.close()
    store.close()


async def test_a_store_that_hangs_keeps_no_round_waiting(spool_file: Path) -> None:
    class Hanging(MemoryStore):
        def write(self, readings: Sequence[Reading]) -> None:
            go_on.wait(60)
            super().write(readings)

    go_on, store = threading.Event(), Hanging()
    async with counting_server() as served:
        town = installation(served.port, gateway={"poll_period_s": 1})
        collector = Collector(town, store, Spool(spool_file))
        async with at_work(collector):
            await until(lambda: len(served.values) >= 3)
            assert store.readings == []
            go_on.set()
    assert store.has_all(served)


@pytest.mark.parametrize("hours", [2, -2])
async def test_rounds_go_on_when_the_clock_is_set(
    hours: int, spool_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.schedule.LOOK_S", 0.05)
    step, store = timedelta(0), MemoryStore()
    async with counting_server() as served:
        town = installation(served.port, gateway={"poll_period_s": 86400})
        collector = Collector(town, store, Spool(spool_file), lambda: now_utc() + step)
        async with at_work(collector):
            await until(lambda: bool(store.energy()))
            first = store.energy()[0].at
            step = timedelta(hours=hours)
            await until(lambda: len(store.energy()) > 1)
            await until(lambda: bool(store.events))
    moved = store.energy()[1].at - first
    assert abs(moved - step) < timedelta(minutes=5)
    (event,) = [e for e in store.events if e.name == CLOCK_STEPPED]
    assert event.facts["seconds"] == pytest.approx(3600 * hours, abs=60)
    assert f"set {'forward' if hours > 0 else 'back'} by" in event.message


def test_a_clock_that_only_drifts_was_not_set() -> None:
    clock = SetClock()
    watch = ClockWatch(clock, 100.0)
    clock.at += timedelta(seconds=8)
    assert watch.step(103.0) is None  # five seconds in three: slewed, not set
    clock.at += timedelta(seconds=20)
    assert watch.step(108.0) == (NOW + timedelta(seconds=13), 15.0)
    clock.at -= timedelta(seconds=20)
    assert watch.step(108.0) == (NOW + timedelta(seconds=28), -20.0)


async def test_the_next_start_tells_for_how_long_no_collector_ran(spool_file: Path) -> None:
    clock, store = SetClock(), MemoryStore()
    async with counting_server() as served:
        for _ in range(2):
            collector = Collector(installation(served.port), store, Spool(spool_file), clock)
            before = len(store.energy())
            async with at_work(collector):
                await until(lambda n=before: len(store.energy()) > n)  # type: ignore[misc]
            clock.at += timedelta(hours=3)
    told = {e.start: e for e in store.events if e.name == "absence.collector_down"}
    assert list(told) == [NOW]
    assert told[NOW].subject == "g0.main"
    assert told[NOW].end == NOW + timedelta(hours=3)


async def test_a_restart_that_misses_no_round_is_no_absence(spool_file: Path) -> None:
    clock, store = SetClock(), MemoryStore()
    async with counting_server() as served:
        for _ in range(2):
            collector = Collector(installation(served.port), store, Spool(spool_file), clock)
            before = len(store.energy())
            async with at_work(collector):
                await until(lambda n=before: len(store.energy()) > n)  # type: ignore[misc]
            clock.at += timedelta(minutes=5)
    assert store.events == []


async def test_an_absence_goes_on_over_a_restart(spool_file: Path) -> None:
    clock, store, nobody = SetClock(), MemoryStore(), await free_port()
    for _ in range(2):
        collector = Collector(installation(nobody), store, Spool(spool_file), clock)
        await collector.collect_once()
        collector.spool.close()
        clock.at += timedelta(minutes=15)
    names = {(e.name, e.start) for e in store.events}
    assert len(names) == 1
    assert {name for name, _ in names} == {"absence.gateway_down"}


class Moved(FewMeters):
    """The same meter behind whichever gateway there is, which never answers."""

    def meters_behind(self, gateway_id: str) -> list[FieldMeter]:
        (meter,) = super().meters_behind(gateway_id)
        return [meter.model_copy(update={"id": "s.m"})]

    @classmethod
    def to(cls, gateway: str, port: int) -> Moved:
        return cls({gateway: Gateway(id=gateway, host="127.0.0.1", port=port)})


async def test_the_absence_of_a_meter_goes_on_behind_a_renamed_gateway(spool_file: Path) -> None:
    """Renamed while no collector ran, and again; then while one runs that is killed."""
    store, clock, port = MemoryStore(), SetClock(), await free_port()
    for name in ("b", "a", "b"):
        collector = Collector(Moved.to(name, port), store, Spool(spool_file), clock)
        async with at_work(collector):
            await until(lambda made=collector.lines[name]: made.rounds > 0)
            assert list(collector.spool.states("absences:")) == [name]
        clock.at += timedelta(minutes=20)
    killed = Collector(Moved.to("b", port), store, Spool(spool_file), clock)
    await killed.make_round("b", clock())
    await killed.reload(Moved.to("c", port))
    killed.spool.close()
    clock.at += timedelta(minutes=20)
    collector = Collector(Moved.to("c", port), store, Spool(spool_file), clock)
    await collector.make_round("c", clock())
    await collector.sender.drain()
    await collector.sender.close()
    collector.spool.close()

    told = {(e.name, e.start): e.end for e in store.events}
    end = clock() + timedelta(seconds=1)
    assert told == {("absence.gateway_down", NOW): end}


class HandMade:
    """A line that does what a test says; satisfies FieldTask."""

    def __init__(self, plan: FieldPlan, sink: Sink, events: Sequence[Event], breaks: int) -> None:
        self.plan = plan
        self._sink = sink
        self._events = tuple(events)
        self._breaks = breaks
        self.serials: dict[str, str] = {}
        self.coalesced = 0

    def request_round(self, due: datetime) -> None:
        pass

    async def run(self) -> None:
        if self._breaks:
            self._breaks -= 1
            raise RuntimeError("a defect")
        waiting = self._sink(await self.read_round(NOW))
        if waiting is not None:
            await waiting
        await asyncio.Event().wait()

    async def read_round(self, due: datetime) -> Round:
        reading = Reading(ENERGY, due, 1.0)
        return Round("g0", due, due, due, (reading,), (), 1, True, self.coalesced, (), self._events)

    async def close(self) -> None:
        pass


def hand_made(
    store: ReadingStore,
    spool: Spool,
    events: Sequence[Event] = (),
    breaks: int = 0,
    serials: list[dict[str, str]] | None = None,
    **more: object,
) -> Collector:
    def make(plan: FieldPlan, sink: Sink, _: Clock, known: dict[str, str]) -> HandMade:
        if serials is not None:
            serials.append(dict(known))
        return HandMade(plan, sink, events, breaks)

    town: FewMeters = installation(502, **{"serial": "from-config", **more})
    return Collector(town, store, spool, make_task=make)  # type: ignore[arg-type]


async def test_the_serial_number_of_a_swapped_device_survives_a_restart(spool_file: Path) -> None:
    store, serials = MemoryStore(), list[dict[str, str]]()
    facts = {"old_serial": "from-config", "new_serial": "B"}
    swap = Event("g0.main", SWAPPED, NOW, None, "swapped", facts)
    for _ in range(2):
        collector = hand_made(store, Spool(spool_file), [swap], serials=serials)
        await collector.collect_once()
        collector.spool.close()
    assert serials == [{"g0.main": "from-config"}, {"g0.main": "B"}]
    assert store.events[0] == swap


async def test_the_serial_number_that_a_line_finds_out_survives_a_restart(
    spool_file: Path,
) -> None:
    serials = list[dict[str, str]]()
    for _ in range(2):
        collector = hand_made(MemoryStore(), Spool(spool_file), serials=serials, serial=None)
        collector.tasks["g0"].serials = {"g0.main": "found"}  # type: ignore[misc]
        await collector.collect_once()
        collector.spool.close()
    assert serials == [{}, {"g0.main": "found"}]


async def test_an_assumed_serial_number_is_not_held_against_a_device(spool_file: Path) -> None:
    serials = list[dict[str, str]]()
    more = {"serial": "ASSUMED-1", "assumed": True, "note": "not on site yet"}
    hand_made(MemoryStore(), Spool(spool_file), serials=serials, **more)
    assert serials == [{}]


async def test_rounds_that_take_too_long_are_told_once_and_once_when_they_do_not(
    spool_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    collector = hand_made(MemoryStore(), Spool(spool_file))
    task = collector.tasks["g0"]
    assert isinstance(task, HandMade)
    for task.coalesced in (0, 3, 1, 2, 0, 0):
        await collector.make_round("g0", NOW)
    told = [r.getMessage() for r in caplog.records if "rounds" in r.getMessage()]
    assert told == [
        "gateway g0: rounds take too long, 3 were not made; ask less often, or less",
        "gateway g0: rounds are on time again",
    ]
    assert collector.lines["g0"].skipped == 6


async def test_a_task_with_a_defect_is_begun_again(
    spool_file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("collectors.schedule.RESTART_S", 0.01)
    store = MemoryStore()
    async with at_work(hand_made(store, Spool(spool_file), breaks=3)):
        await until(lambda: bool(store.readings))
    assert caplog.text.count("the task failed and is begun again") == 3


async def test_a_stop_ends_a_task_that_swallows_a_cancellation(
    spool_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``asyncio.wait_for`` of Python 3.11 does when what it waits for ends just then."""
    monkeypatch.setattr(schedule, "CANCEL_AGAIN_S", 0.01)
    collector = hand_made(MemoryStore(), Spool(spool_file))
    begun = asyncio.Event()

    async def deaf() -> None:
        with suppress(asyncio.CancelledError):
            begun.set()
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    monkeypatch.setattr(collector.tasks["g0"], "run", deaf)
    async with at_work(collector):
        await begun.wait()


def test_meter_out_of_its_life_is_not_asked() -> None:
    over = installation(502, valid_to=date(2025, 3, 30))
    assert plan_installation(over, NOW) == {}
    assert set(plan_installation(over, NOW - timedelta(days=1))) == {"g0"}
    assert plan_installation(installation(502, valid_from=date(2025, 4, 1)), NOW) == {}
