"""What a collector tells other programs about itself: ``/health`` and Prometheus ``/metrics``.

Served by waitress in a thread of its own. Every answer is made of what the event loop says at that
moment; a loop that does not answer is the first reason for ill health.

``/health`` answers 200 while rounds are made on time and the spool drains, else 503; the reasons
are in the JSON document. A line or a device that is down is no illness of the collector.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import waitress
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector as Families

from collectors.round import UnitState
from collectors.schedule import Collector
from collectors.spool.spool import Depth
from paes.errors import PaesError
from paes.listening import listen
from paes.periods import Clock

LOOP_LIMIT_S = 5.0
_STATE_NUMBER = {str(UnitState.OK): 0, str(UnitState.FAILING): 1, str(UnitState.OPEN): 2}

StartResponse = Callable[[str, list[tuple[str, str]]], object]

_CANNOT_LISTEN = (
    "cannot serve /health and /metrics at {place}: {reason}; choose another "
    "--monitor HOST:PORT, or --monitor off"
)


@dataclass(frozen=True)
class Observed:
    """A collector at one moment, as plain values."""

    at: datetime
    gateways: Mapping[str, Mapping[str, Any]]
    """``GatewayLine.to_state`` by gateway id."""
    late_s: Mapping[str, float]
    """For how long a round has been overdue, where one is."""
    depth: Depth
    held: int
    """Readings in memory alone."""
    spool_failing_since: datetime | None
    store_failing_since: datetime | None
    store_reason: str
    delivered: int
    dropped_gauges: int
    dropped_counters: int
    config_since: datetime
    config_problem: str

    @property
    def reasons(self) -> list[str]:
        """Why the collector is not well; empty if it is."""
        found = [f"gateway {id_}: no round for too long" for id_ in self.late_s]
        if self.spool_failing_since:
            found.append(f"the spool takes nothing since {self.spool_failing_since.isoformat()}")
        if self.store_failing_since:
            since = self.store_failing_since.isoformat()
            found.append(f"the store takes nothing since {since}: {self.store_reason}")
        return found

    @property
    def warnings(self) -> list[str]:
        """What a person should see to, though rounds are made and stored."""
        found = []
        if self.config_problem:
            found.append(f"the old configuration is in force: {self.config_problem}")
        if self.depth.refused:
            found.append(f"{self.depth.refused} refused readings or events: see `paes spool`")
        if self.dropped_counters or self.dropped_gauges:
            lost = self.dropped_counters + self.dropped_gauges
            found.append(f"{lost} readings did not fit into the spool and were given up")
        return found


async def observe(collector: Collector, clock: Clock) -> Observed:
    """``collector`` as it is now; call it in its event loop."""
    now_s = asyncio.get_running_loop().time()
    gateways = {id_: line.to_state() for id_, line in collector.lines.items()}
    late = {id_: line.late_s(now_s) for id_, line in collector.lines.items()}
    depth = await asyncio.to_thread(collector.spool.depth)
    return Observed(
        at=clock(),
        gateways=gateways,
        late_s={id_: late_s for id_, late_s in late.items() if late_s > 0},
        depth=depth,
        held=collector.intake.held_readings,
        spool_failing_since=collector.intake.failing_since,
        store_failing_since=collector.sender.failing_since,
        store_reason=collector.sender.reason,
        delivered=collector.sender.delivered,
        dropped_gauges=collector.spool.dropped_gauges,
        dropped_counters=collector.spool.dropped_counters,
        config_since=collector.config.since,
        config_problem=collector.config.problem,
    )


def health_document(seen: Observed) -> dict[str, Any]:
    """What ``/health`` answers."""
    return {
        "status": "ill" if seen.reasons else "well",
        "reasons": seen.reasons,
        "warnings": seen.warnings,
        "gateways": len(seen.gateways),
        "gateways_reached": sum(bool(g["reached"]) for g in seen.gateways.values()),
        "spool_readings": seen.depth.readings + seen.held,
        "spool_oldest": seen.depth.oldest and seen.depth.oldest.isoformat(),
        "refused": seen.depth.refused,
    }


def metrics_text(seen: Observed) -> bytes:
    """What ``/metrics`` answers, in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(seen))
    return generate_latest(registry)


class _Families(Families):
    """The metric families of one moment."""

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    def collect(self) -> Iterator[Metric]:
        yield from _of_spool(self._seen)
        yield from _of_gateways(self._seen.gateways)
        yield from _of_units(self._seen.gateways)


def _of_spool(seen: Observed) -> Iterator[Metric]:
    oldest = seen.depth.oldest
    waited_s = max(0.0, (seen.at - oldest).total_seconds()) if oldest else 0.0
    for name, text, value in (
        ("paes_spool_readings", "Readings that wait for the store", seen.depth.readings),
        ("paes_spool_events", "Events that wait for the store", seen.depth.events),
        ("paes_spool_memory_readings", "Readings that the disk does not take", seen.held),
        ("paes_spool_oldest_seconds", "Age of the oldest reading that waits", waited_s),
        ("paes_spool_refused", "Readings and events that the store refused", seen.depth.refused),
        ("paes_store_up", "1 if the store takes readings", int(not seen.store_failing_since)),
        ("paes_spool_up", "1 if the spool can be written", int(not seen.spool_failing_since)),
        ("paes_config_last_reload_successful", "1 if the configuration on disk is in force",
         int(not seen.config_problem)),
        ("paes_config_last_reload_timestamp_seconds", "When it was taken over or refused",
         seen.config_since.timestamp()),
    ):  # fmt: skip
        yield GaugeMetricFamily(name, text, value=value)
    yield CounterMetricFamily(
        "paes_readings_delivered", "Readings that the store acknowledged", value=seen.delivered
    )
    dropped = CounterMetricFamily(
        "paes_spool_dropped", "Readings that a full spool gave up", labels=["class"]
    )
    dropped.add_metric(["gauge"], seen.dropped_gauges)
    dropped.add_metric(["counter"], seen.dropped_counters)
    yield dropped


def _of_gateways(gateways: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    for kind, name, text, key in (
        (CounterMetricFamily, "paes_rounds", "Rounds made", "rounds"),
        (CounterMetricFamily, "paes_rounds_skipped", "Rounds not made, one was late", "skipped"),
        (GaugeMetricFamily, "paes_gateway_reached", "1 if the last round reached it", "reached"),
        (GaugeMetricFamily, "paes_round_duration_seconds", "Of the last round", "duration_s"),
        (GaugeMetricFamily, "paes_round_interval_seconds", "Between the last two", "interval_s"),
        (GaugeMetricFamily, "paes_round_period_seconds", "What was asked for", "period_s"),
    ):
        family = kind(name, text, labels=["gateway"])
        for id_, line in gateways.items():
            if line[key] is not None:
                family.add_metric([id_], float(line[key]))
        yield family


def _of_units(gateways: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    labels = ["gateway", "unit"]
    requests = CounterMetricFamily("paes_requests", "Requests sent", labels=labels)
    timeouts = CounterMetricFamily("paes_timeouts", "Requests without an answer", labels=labels)
    exceptions = CounterMetricFamily(
        "paes_exceptions", "Modbus exceptions answered", labels=[*labels, "code"]
    )
    latency = GaugeMetricFamily(
        "paes_latency_p95_seconds", "95 of 100 of the latest answers were faster", labels=labels
    )
    state = GaugeMetricFamily(
        "paes_unit_state", "0 ok, 1 its last request failed, 2 given up for a while", labels=labels
    )
    for id_, line in gateways.items():
        for unit in line["units"]:
            key = [id_, unit["unit"]]
            requests.add_metric(key, unit["requests"])
            timeouts.add_metric(key, unit["timeouts"])
            state.add_metric(key, _STATE_NUMBER[unit["state"]])
            for code, count in unit["exceptions"].items():
                exceptions.add_metric([*key, code], count)
            if unit["p95_ms"] is not None:
                latency.add_metric(key, unit["p95_ms"] / 1000)
    yield from (requests, timeouts, exceptions, latency, state)


class Monitor:
    """Serves ``/health`` and ``/metrics`` of ``collector``; make it in the event loop.

    Port 0 takes a free one. Raises PaesError if nobody can listen there.
    """

    def __init__(self, collector: Collector, clock: Clock, host: str, port: int) -> None:
        self._collector = collector
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        listening = listen(host, port, _CANNOT_LISTEN)
        self.address = f"{host}:{listening.getsockname()[1]}"
        self._server = waitress.create_server(
            self._answer, sockets=[listening], threads=2, ident=None
        )
        self._pulling = threading.Lock()
        self._thread = threading.Thread(target=self._server.run, name="monitor", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Serve no more."""
        with self._pulling:
            self._server.trigger.pull_trigger(self._hang_up)
        self._thread.join()
        self._server.task_dispatcher.shutdown()

    def _hang_up(self) -> None:
        with self._pulling:  # an answer may have woken the server before our own pull was through
            pass
        for connection in list(self._server.active_channels.values()):
            connection.close()
        self._server.close()

    def _answer(self, environ: Mapping[str, Any], start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] not in ("/health", "/metrics"):
            return _reply(start, "404 Not Found", {"status": "there is /health and /metrics"})
        observing = asyncio.run_coroutine_threadsafe(
            observe(self._collector, self._clock), self._loop
        )
        try:
            seen = observing.result(LOOP_LIMIT_S)
        except FutureTimeout:
            observing.cancel()
            reason = f"the event loop has not answered for {LOOP_LIMIT_S:.0f} s"
            return _reply(start, "503 Service Unavailable", {"status": "ill", "reasons": [reason]})
        except PaesError as err:
            return _reply(
                start, "503 Service Unavailable", {"status": "ill", "reasons": [str(err)]}
            )
        if environ["PATH_INFO"] == "/metrics":
            start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
            return [metrics_text(seen)]
        status = "503 Service Unavailable" if seen.reasons else "200 OK"
        return _reply(start, status, health_document(seen))


def _reply(start: StartResponse, status: str, document: Mapping[str, Any]) -> list[bytes]:
    start(status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
    return [json.dumps(document, ensure_ascii=False, indent=2).encode()]
