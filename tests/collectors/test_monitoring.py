"""What a collector tells other programs: /health and /metrics, asked over HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from few_meters import MemoryStore, counting_server, installation, until
from field_servers import free_port
from prometheus_client.parser import text_string_to_metric_families

from collectors.line_state import LATENCIES, UnitLine, p95
from collectors.monitoring import Monitor
from collectors.reload import ConfigState
from collectors.round import Round, UnitReport, UnitState
from collectors.schedule import Collector
from collectors.spool.spool import Parcel, Spool
from paes.errors import PaesError
from paes.metering import Reading
from paes.periods import now_utc

NOW = datetime(2025, 3, 30, 1, 7, 30, tzinfo=UTC)


def get(monitor: Monitor, path: str) -> tuple[int, str]:
    """Status and body of an answer, as a stranger sees them."""
    try:
        with urllib.request.urlopen(f"http://{monitor.address}{path}", timeout=30) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as err:
        with err:
            return err.code, err.read().decode()


async def health(monitor: Monitor) -> tuple[int, dict[str, object]]:
    status, body = await asyncio.to_thread(get, monitor, "/health")
    return status, json.loads(body)


async def metrics(monitor: Monitor) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels (by name), as Prometheus reads them."""
    status, body = await asyncio.to_thread(get, monitor, "/metrics")
    assert status == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }


@asynccontextmanager
async def monitored(collector: Collector) -> AsyncIterator[Monitor]:
    monitor = Monitor(collector, now_utc, "127.0.0.1", 0)
    try:
        yield monitor
    finally:
        await asyncio.to_thread(monitor.close)
        await collector.sender.close()
        collector.spool.close()


async def test_a_collector_at_work_is_well_and_says_what_it_does(tmp_path: Path) -> None:
    store = MemoryStore()
    async with counting_server() as served:
        town = installation(served.port, await free_port(), gateway={"poll_period_s": 1})
        collector = Collector(town, store, Spool(tmp_path / "a.spool"))
        stop = asyncio.Event()
        running = asyncio.create_task(collector.run(stop))
        monitor = Monitor(collector, now_utc, "127.0.0.1", 0)
        await until(lambda: collector.lines["g0"].rounds >= 2 and collector.lines["g1"].rounds >= 1)
        await until(lambda: collector.sender.delivered >= 6)
        status, document = await health(monitor)
        seen = await metrics(monitor)
        await asyncio.to_thread(monitor.close)
        stop.set()
        await running
    assert (status, document["status"], document["reasons"]) == (200, "well", [])
    assert (document["gateways"], document["gateways_reached"]) == (2, 1)  # a line is not us
    assert seen["paes_rounds_total", "g0"] >= 2
    assert seen["paes_requests_total", "g0", "1"] >= 2
    assert seen["paes_timeouts_total", "g0", "1"] == 0
    assert seen["paes_unit_state", "g0", "1"] == 0
    assert 0 < seen["paes_latency_p95_seconds", "g0", "1"] < 10
    assert seen["paes_gateway_reached", "g0"] == 1
    assert seen["paes_gateway_reached", "g1"] == 0
    assert seen["paes_round_period_seconds", "g0"] == 1
    assert seen["paes_round_duration_seconds", "g0"] > 0
    assert seen["paes_round_interval_seconds", "g0"] > 0
    assert seen["paes_readings_delivered_total",] >= 6
    assert seen["paes_store_up",] == seen["paes_spool_up",] == 1
    assert seen["paes_config_last_reload_successful",] == 1


async def test_whatever_stops_readings_is_a_reason_for_ill_health(tmp_path: Path) -> None:
    store = MemoryStore()
    collector = Collector(installation(502), store, Spool(tmp_path / "a.spool"))
    async with monitored(collector) as monitor:
        assert (await health(monitor))[0] == 200
        store.is_down = True
        await collector.intake.put(Parcel([Reading("g0.main/energy_import", NOW, 1.0)]))
        await collector.sender.drain()
        status, document = await health(monitor)
        assert status == 503
        assert "the store takes nothing since" in str(document["reasons"])
        assert "nobody there" in str(document["reasons"])
        assert document["spool_readings"] == 1
        seen = await metrics(monitor)
        assert seen["paes_store_up",] == 0
        assert seen["paes_spool_readings",] == 1
        assert seen["paes_spool_oldest_seconds",] > 3600
        store.is_down = False
        await collector.sender.drain()
        assert (await health(monitor))[0] == 200
        collector.lines["g0"].handed_over_s -= 2 * 900 + 120
        status, document = await health(monitor)
        assert (status, document["reasons"]) == (503, ["gateway g0: no round for too long"])


async def test_what_a_person_should_see_to_is_a_warning(tmp_path: Path) -> None:
    collector = Collector(installation(502), MemoryStore(), Spool(tmp_path / "a.spool"))
    collector.config = ConfigState(NOW, "meters.yaml:4: wrong")
    await collector.intake.put(Parcel([Reading("g0.main/energy_import", NOW, 1.0)]))
    collector.spool.set_aside(collector.spool.oldest(1), "no", NOW)
    async with monitored(collector) as monitor:
        status, document = await health(monitor)
        seen = await metrics(monitor)
    assert status == 200
    assert document["warnings"] == [
        "the old configuration is in force: meters.yaml:4: wrong",
        "1 refused readings or events: see `paes spool`",
    ]
    assert seen["paes_config_last_reload_successful",] == 0
    assert seen["paes_config_last_reload_timestamp_seconds",] == NOW.timestamp()
    assert seen["paes_spool_refused",] == 1


async def test_an_event_loop_that_hangs_is_ill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.monitoring.LOOP_LIMIT_S", 0.05)
    collector = Collector(installation(502), MemoryStore(), Spool(tmp_path / "a.spool"))
    async with monitored(collector) as monitor:
        status, body = get(monitor, "/health")  # in the loop's own thread: it cannot answer
    assert status == 503
    assert "the event loop has not answered" in body


async def test_other_paths_are_not_there_and_a_taken_port_is_told(tmp_path: Path) -> None:
    collector = Collector(installation(502), MemoryStore(), Spool(tmp_path / "a.spool"))
    async with monitored(collector) as monitor:
        assert (await asyncio.to_thread(get, monitor, "/"))[0] == 404
        port = int(monitor.address.split(":")[1])
        with pytest.raises(PaesError, match=f"127.0.0.1:{port}: .*; choose another --monitor"):
            Monitor(collector, now_utc, "127.0.0.1", port)
    socket.create_server(("127.0.0.1", port)).close()  # nobody listens there any more


def report(**values: object) -> UnitReport:
    return UnitReport("3", ("s.m",), **{"state": UnitState.OK, **values})  # type: ignore[arg-type]


def test_a_unit_adds_up_its_rounds_and_forgets_old_answers() -> None:
    unit = UnitLine("3")
    unit.note(report(requests=3, timeouts=1, exceptions={2: 1}, latencies_ms=(10.0, 20.0)))
    unit.note(report(requests=2, exceptions={2: 1, 6: 1}, latencies_ms=tuple([5.0] * 300),
                     state=UnitState.OPEN, detail="silent"))  # fmt: skip
    assert (unit.requests, unit.timeouts, dict(unit.exceptions)) == (5, 1, {2: 2, 6: 1})
    assert unit.p95_ms == 5.0
    assert (unit.state, unit.detail) == (UnitState.OPEN, "silent")


def test_latencies_of_a_unit_take_little_memory_however_long_it_runs() -> None:
    unit = UnitLine("3")
    for _ in range(1000):
        unit.note(report(latencies_ms=(10.0, 20.0, 30.0)))
    assert len(unit.latencies_ms) == LATENCIES
    assert sys.getsizeof(unit.latencies_ms) < 1000  # 8 bytes a number, and no object for each


def test_the_95th_percentile_is_the_nearest_rank() -> None:
    """Twenty values: the 19th (rank 0.95 x 20); one value: itself; none: nothing."""
    assert p95(float(n) for n in range(1, 21)) == 19.0
    assert p95([7.0]) == 7.0
    assert p95([]) is None


async def test_units_and_meters_that_fail_are_told_with_the_reason(tmp_path: Path) -> None:
    collector = Collector(installation(502), MemoryStore(), Spool(tmp_path / "a.spool"))
    dead = report(state=UnitState.OPEN, requests=1, timeouts=1, exceptions={11: 2},
                  next_try=NOW + timedelta(minutes=5))  # fmt: skip
    made = Round("g0", NOW, NOW, NOW, (), (), 1, True, coalesced=2, units=(dead,))
    collector.lines["g0"].note(made, 0.0)
    async with monitored(collector) as monitor:
        seen = await metrics(monitor)
    assert seen["paes_unit_state", "g0", "3"] == 2
    assert seen["paes_timeouts_total", "g0", "3"] == 1
    assert seen["paes_exceptions_total", "11", "g0", "3"] == 2
    assert seen["paes_rounds_skipped_total", "g0"] == 2
    assert ("paes_latency_p95_seconds", "g0", "3") not in seen
