"""The configured meters as Modbus TCP servers, with a believable town and exactly known energy.

::

    weather, calendar ─> load ─> town (true registers) ─> dial ─┬─> history ─> store
                                                                └─> devices ─> faults ─> server

``Town`` is the truth that every test can ask; ``fill_history`` writes a past; ``Simulator``
listens on one port for each gateway and answers for all the units behind it. Everything is decided
by the seed and the virtual time, so two processes simulate the same town.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable

from collectors.simulator.devices import SimulatedDevice
from collectors.simulator.faults import KINDS, Fault, Question, parse_fault
from collectors.simulator.history import HistorySummary, fill_history
from collectors.simulator.server import GATEWAY_TARGET_SILENT, Answer, GatewayServer, Reply
from collectors.simulator.town import Town
from paes.errors import DataError
from paes.gateways import Gateway
from paes.installation import Installation
from paes.metering import Meter

__all__ = [
    "KINDS",
    "Fault",
    "HistorySummary",
    "Simulator",
    "Town",
    "fill_history",
    "parse_fault",
    "virtual_clock",
]

Clock = Callable[[], float]


class Simulator:
    """A listening Modbus TCP server for each gateway of an installation.

    The gateways take ``port``, ``port + 1`` … in the order of their ids; port 0 takes free ones.
    It listens on loopback unless told otherwise. ``clock`` gives the virtual Unix time; by default
    it starts now and runs at ``speed``.
    """

    def __init__(
        self,
        installation: Installation,
        *,
        host: str = "127.0.0.1",
        port: int = 5020,
        speed: float = 1.0,
        seed: int | None = None,
        faults: Iterable[Fault] = (),
        clock: Clock | None = None,
        town: Town | None = None,
    ) -> None:
        self.installation = installation
        self.town = town or Town(installation, seed)
        self.addresses: dict[str, tuple[str, int]] = {}
        self._host = host
        self._port = port
        self._clock = clock or virtual_clock(speed)
        self._faults = tuple(faults)
        self._servers: list[GatewayServer] = []
        self._started_s = 0.0
        for fault in self._faults:
            installation.meter(fault.meter)

    async def start(self) -> None:
        """Listen for every gateway; a second or two for a town of a hundred meters.

        Raises ConnectionFailed, with nothing left open, if a port cannot be had, and DataError
        if the virtual time is before the town's epoch.
        """
        self._started_s = self._clock()
        if self._started_s < self.town.epoch_s:
            raise DataError(
                f"virtual time {self._started_s:.0f} s is before the town's epoch "
                f"{self.town.epoch_s} s"
            )
        try:
            for number, gateway in enumerate(sorted(self.installation.gateways)):
                devices = await self._devices_behind(gateway)
                server = GatewayServer(self._answers_of(devices), self._clock)
                port = self._port + number if self._port else 0
                self.addresses[gateway] = await server.start(self._host, port)
                self._servers.append(server)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close every listener and connection."""
        for server in self._servers:
            await server.stop()
        self._servers.clear()
        self.addresses.clear()

    def gateways(self) -> dict[str, Gateway]:
        """The installation's gateways as they are reached here: on our ports, and simulated."""
        return {
            name: self.installation.gateways[name].model_copy(
                update={"host": host, "port": port, "transport": "tcp", "simulated": True}
            )
            for name, (host, port) in self.addresses.items()
        }

    async def _devices_behind(self, gateway: str) -> dict[int, SimulatedDevice]:
        """The devices by unit, each asked once: later answers take no time to prepare."""
        by_unit: dict[int, list[Meter]] = {}
        for meter in self.installation.meters_behind(gateway):
            by_unit.setdefault(meter.unit, []).append(meter)
        devices = {}
        for unit, meters in by_unit.items():
            devices[unit] = SimulatedDevice(self.town, meters)
            devices[unit].image(int(self._started_s))
            await asyncio.sleep(0)
        return devices

    def _answers_of(self, devices: dict[int, SimulatedDevice]) -> Answer:
        """The answers of all units behind one gateway."""

        def answer(
            unit: int, function: int, address: int, count: int, now_s: float
        ) -> Reply | None:
            device = devices.get(unit)
            if device is None:
                return Reply(exception=GATEWAY_TARGET_SILENT)
            fault = self._fault_of(device, now_s)
            if fault is None:
                return device.read(function, address, count, now_s)
            since_s = fault.start.timestamp() if fault.start else self._started_s
            question = Question(
                unit, now_s, since_s, lambda at_s: device.read(function, address, count, at_s)
            )
            return KINDS[fault.kind](question)

        return answer

    def _fault_of(self, device: SimulatedDevice, now_s: float) -> Fault | None:
        """The first fault that plays now on any meter of the device."""
        meters = {m.id for m in device.meters}
        return next((f for f in self._faults if f.meter in meters and f.is_on(now_s)), None)


def virtual_clock(speed: float = 1.0, start_s: float | None = None) -> Clock:
    """A clock that starts at a Unix time (by default now) and runs ``speed`` times as fast."""
    if not 0 < speed < math.inf:
        raise DataError(f"speed {speed} of the virtual clock; expected more than 0")
    began, first = time.monotonic(), time.time() if start_s is None else start_s
    return lambda: first + (time.monotonic() - began) * speed
