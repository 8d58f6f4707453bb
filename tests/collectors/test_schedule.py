"""The clock, the store and the stop of a collector."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from field_servers import free_port, good_server
from hypothesis import given
from hypothesis import strategies as st
from shipped_profiles import FOLDER, shipped

from collectors.delivery import Delivery
from collectors.registers import encode
from collectors.schedule import Collector, plan_installation, stagger_s
from paes.accounted_register import accounted_register, device_counters
from paes.errors import StoreError
from paes.gateways import Gateway
from paes.metering import Meter, Reading, Register
from paes.periods import last_tick
from paes.store.sqlite import SqliteStore

NOW = datetime(2025, 3, 30, 1, 7, 30, tzinfo=UTC)


@dataclass
class FewMeters:
    """An installation of one device per gateway, all of them SDM120 on unit 1."""

    gateways: dict[str, Gateway]
    changes: dict[str, Any] = field(default_factory=dict)

    def meters_behind(self, gateway_id: str) -> list[Meter]:
        base = {"carrier": "electricity", "device": "eastron-sdm120", "gateway": gateway_id}
        return [Meter.model_validate({"id": f"{gateway_id}.main", **base, **self.changes})]

    def device_file(self, device_id: str) -> Path:
        return FOLDER / f"{device_id}.yaml"

    def register(self, meter: Meter) -> Register:
        return accounted_register(meter, device_counters(self.device_file(meter.device)))


class MemoryStore:
    """A store in memory that fails when it is told to."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.labels: dict[str, str] = {}
        self.failing = False
        self.threads: set[int] = set()

    def write(self, readings: Sequence[Reading]) -> None:
        self.threads.add(threading.get_ident())
        if self.failing:
            raise StoreError("disk full")
        self.readings += readings

    def set_label(self, key: str, value: str) -> None:
        self.labels[key] = value


def sdm_words() -> dict[int, list[int]]:
    device, words = shipped("eastron-sdm120"), [0] * 64
    for name, value in (("active_power", 1500.0), ("energy_import", 1234.5)):
        point = device.point(name)
        words[point.address - 12 : point.end - 12] = encode(point, value)
    return {12: words}


def installation(*ports: int, simulated: bool = False, **changes: Any) -> FewMeters:
    gateways = [
        Gateway(id=f"g{i}", host="127.0.0.1", port=p, timeout_s=0.2, simulated=simulated)
        for i, p in enumerate(ports)
    ]
    return FewMeters({g.id: g for g in gateways}, changes)


def readings(count: int) -> list[Reading]:
    return [
        Reading("s.m/energy_import", NOW + timedelta(seconds=i), float(i)) for i in range(count)
    ]


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


async def test_one_round_of_everything_reaches_a_real_store(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "paes.sqlite")
    async with good_server({1: sdm_words()}) as one, good_server({1: sdm_words()}) as two:
        collector = Collector(installation(one, two), store)
        rounds = await collector.collect_once()
    assert [r.findings for r in rounds] == [(), ()]
    latest = store.latest(["g0.main/energy_import", "g1.main/energy_import"])
    assert {name: r.value for name, r in latest.items()} == {
        "g0.main/energy_import": 1234.5,
        "g1.main/energy_import": 1234.5,
    }
    assert store.labels() == {}
    store.close()


async def test_simulated_readings_label_the_store() -> None:
    store = MemoryStore()
    async with good_server({1: sdm_words()}) as port:
        await Collector(installation(port, simulated=True), store).collect_once()
    assert store.labels == {"simulated": "true"}


async def test_store_is_written_beside_the_event_loop() -> None:
    store = MemoryStore()
    async with good_server({1: sdm_words()}) as port:
        await Collector(installation(port), store).collect_once()
    assert threading.get_ident() not in store.threads


async def test_once_says_if_the_readings_could_not_be_stored() -> None:
    store = MemoryStore()
    store.failing = True
    async with good_server({1: sdm_words()}) as port:
        collector = Collector(installation(port), store)
        with pytest.raises(StoreError, match="3 readings could not be stored"):
            await collector.collect_once()
    assert collector.waiting == 3


async def test_state_of_a_meter_tells_its_last_reading_or_why_there_is_none() -> None:
    async with good_server({1: sdm_words()}) as port:
        collector = Collector(installation(port, await free_port()), MemoryStore())
        await collector.collect_once()
        await collector.collect_once()
    good, bad = collector.states["g0.main"], collector.states["g1.main"]
    assert good.last_reading_at is not None
    assert (good.failed_rounds, good.last_failure) == (0, None)
    assert bad.failed_rounds == 2
    assert bad.last_failure is not None
    assert bad.last_failure.name == "collect.gateway_down"


async def test_collector_polls_on_the_clock_until_stopped() -> None:
    store, stop = MemoryStore(), asyncio.Event()
    async with good_server({1: sdm_words()}) as port:
        collector = Collector(installation(port), store)
        running = asyncio.create_task(collector.run(stop, period_s=1))
        async with asyncio.timeout(10):
            while len(store.readings) < 6:  # the first round at once, the second on a tick
                await asyncio.sleep(0.02)
        stop.set()
        await asyncio.wait_for(running, 5)
    assert len({r.at for r in store.readings}) >= 2
    assert collector.waiting == 0


async def test_readings_wait_in_order_while_the_store_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = MemoryStore()
    store.failing = True
    delivery = Delivery(store)
    some = readings(4)
    assert not await delivery.put(some[:2])
    assert not await delivery.put(some[2:3])
    store.failing = False
    assert await delivery.put(some[3:])
    assert store.readings == some
    assert delivery.waiting == 0
    errors = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert len(errors) == 1
    assert "the store failed, 2 readings wait: disk full" in errors[0].message


async def test_readings_that_no_longer_fit_are_dropped_oldest_first_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = MemoryStore()
    store.failing = True
    delivery = Delivery(store, most_waiting=3)
    some = readings(5)
    await delivery.put(some)
    store.failing = False
    await delivery.flush()
    assert store.readings == some[2:]
    assert "readings lost: 2 of the oldest" in caplog.text


async def test_readings_handed_over_while_another_write_is_slow_survive_a_stop() -> None:
    class SlowStore(MemoryStore):
        def write(self, readings: Sequence[Reading]) -> None:
            started.set()
            go_on.wait(5)
            super().write(readings)

    started, go_on = threading.Event(), threading.Event()
    store, some = SlowStore(), readings(2)
    delivery = Delivery(store)
    first = asyncio.create_task(delivery.put(some[:1]))
    await asyncio.to_thread(started.wait, 5)
    second = asyncio.create_task(delivery.put(some[1:]))
    await asyncio.sleep(0)
    second.cancel()
    go_on.set()
    assert await first
    await delivery.flush()
    assert store.readings == some


async def test_rounds_go_on_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.schedule.CLOCK_CHECK_S", 0.05)
    back = timedelta(0)
    store, stop = MemoryStore(), asyncio.Event()
    async with good_server({1: sdm_words()}) as port:
        collector = Collector(installation(port), store, lambda: datetime.now(UTC) - back)
        running = asyncio.create_task(collector.run(stop, period_s=86400))
        async with asyncio.timeout(10):
            while not store.readings:
                await asyncio.sleep(0.02)
            now = max(r.at for r in store.readings)
            back = timedelta(hours=2)
            while not any(r.at < now - timedelta(hours=1) for r in store.readings):
                await asyncio.sleep(0.02)
        stop.set()
        await asyncio.wait_for(running, 5)


def test_meter_out_of_its_life_is_not_asked() -> None:
    over = installation(502, valid_to=date(2025, 3, 30))
    assert plan_installation(over, NOW) == {}
    assert set(plan_installation(over, NOW - timedelta(days=1))) == {"g0"}
    assert plan_installation(installation(502, valid_from=date(2025, 4, 1)), NOW) == {}
