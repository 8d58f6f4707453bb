"""A small installation for tests of the collector: one SDM120 a gateway, served on loopback.

Every answer that holds the register of energy carries a number that is never used again, so that
a reading that is lost, doubled or moved to another time is seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from field_servers import RawServer, Request, frame, raw_server, registers
from shipped_profiles import FOLDER, shipped

from collectors.devices.registers import encode
from collectors.schedule import Collector
from paes.accounted_register import accounted_register, device_counters
from paes.errors import StoreError
from paes.events import Event
from paes.gateways import Gateway
from paes.metering import Reading, Register
from paes.meters import FieldMeter

DEVICE = "eastron-sdm120"


@dataclass
class FewMeters:
    """An installation of one device per gateway, all of them SDM120 on unit 1."""

    gateways: dict[str, Gateway]
    changes: dict[str, Any] = field(default_factory=dict)

    def meters_behind(self, gateway_id: str) -> list[FieldMeter]:
        base = {"carrier": "electricity", "device": DEVICE, "gateway": gateway_id}
        return [FieldMeter.model_validate({"id": f"{gateway_id}.main", **base, **self.changes})]

    def device_file(self, device_id: str) -> Path:
        return FOLDER / f"{device_id}.yaml"

    def register(self, meter: FieldMeter) -> Register:
        return accounted_register(meter, device_counters(self.device_file(meter.device)))


def installation(*ports: int, gateway: dict[str, Any] | None = None, **changes: Any) -> FewMeters:
    """Gateways g0, g1 … at ``ports`` of this machine; ``changes`` are keys of every meter."""
    more = {"timeout_s": 5.0, **(gateway or {})}
    gateways = [
        Gateway(id=f"g{i}", host="127.0.0.1", port=port, **more) for i, port in enumerate(ports)
    ]
    return FewMeters({g.id: g for g in gateways}, changes)


@dataclass
class Served:
    """A server, and every value of the register of energy that it has given away."""

    server: RawServer
    values: list[float] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.server.port


@asynccontextmanager
async def counting_server(first: int = 1) -> AsyncIterator[Served]:
    """An SDM120 whose register of energy is one more in every answer."""
    point = shipped(DEVICE).point("energy_import")
    given: list[float] = []

    def answer(request: Request) -> bytes:
        words = [0] * request.count
        at = point.address - request.address
        if at >= 0 and at + 2 <= request.count:
            value = float(first + len(given))
            given.append(value)
            words[at : at + 2] = encode(point, value)
        return frame(request, registers(request, words))

    async with raw_server(answer) as server:
        yield Served(server, given)


class MemoryStore:
    """A store in memory that is down when it is told to be."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.events: list[Event] = []
        self.labels: dict[str, str] = {}
        self.is_down = False

    def write(self, readings: Sequence[Reading]) -> None:
        if self.is_down:
            raise StoreError("nobody there")
        self.readings += readings

    def write_events(self, events: Sequence[Event]) -> None:
        if self.is_down:
            raise StoreError("nobody there")
        self.events += events

    def set_label(self, key: str, value: str) -> None:
        self.labels[key] = value

    def has_all(self, served: Served, gateway: str = "g0", cuts: int = 1) -> bool:
        """True if every value that was served is here, once and in order.

        Of the rounds that were cut off by a stop (``cuts``) the last answer may have been lost on
        the way to us.
        """
        stored = [r.value for r in self.energy(gateway)]
        missing = set(served.values) - set(stored)
        return stored == [v for v in served.values if v not in missing] and len(missing) <= cuts

    def energy(self, gateway: str = "g0") -> list[Reading]:
        return [r for r in self.readings if r.point == f"{gateway}.main/energy_import"]


async def until(condition: Callable[[], bool], limit_s: float = 30.0) -> None:
    """Wait for ``condition``; the limit is only for a test that would hang."""
    async with asyncio.timeout(limit_s):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def at_work(collector: Collector) -> AsyncIterator[None]:
    """``collector`` at work; stopped in order at the end."""
    stop = asyncio.Event()
    task = asyncio.create_task(collector.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 60)
        collector.spool.close()
