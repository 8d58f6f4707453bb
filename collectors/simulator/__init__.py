"""The configured meters as Modbus servers, with a believable town and exactly known energy.

::

    weather, calendar ─> load ─> town (true registers) ─> dial ─┬─> history ─> store
                                                                └─> devices ─> server ─> wire
                                          counter faults ──────────────┘         │
                                          wire faults ───────────────────────────┘

``Town`` is the truth that every test can ask; ``fill_history`` writes a past; ``Simulator``
listens on one port for each gateway and answers for all the units behind it. Everything is decided
by the seed and the virtual time, so two processes simulate the same town. ``Proxy`` plays the
faults of the wire before any other Modbus server.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from collectors.simulator.devices import SimulatedDevice
from collectors.simulator.faults import (
    KINDS,
    Fault,
    Sort,
    WirePlayer,
    check_framing,
    parse_fault,
    parse_kind,
)
from collectors.simulator.framing import Framing
from collectors.simulator.history import HistorySummary, fill_history
from collectors.simulator.planted import planted
from collectors.simulator.proxy import Proxy
from collectors.simulator.server import (
    GATEWAY_TARGET_SILENT,
    Answer,
    Distort,
    GatewayServer,
    Reply,
)
from collectors.simulator.town import Town
from collectors.simulator.wire import Delivery
from paes.errors import DataError
from paes.gateways import Gateway, SerialLine, Transport
from paes.installation import Installation
from paes.meters import FieldMeter, Sensor
from paes.periods import from_seconds

__all__ = [
    "KINDS",
    "Fault",
    "Framing",
    "HistorySummary",
    "Proxy",
    "Simulator",
    "Town",
    "fill_history",
    "parse_fault",
    "parse_kind",
    "planted",
    "virtual_clock",
]

Clock = Callable[[], float]
Devices = dict[int, SimulatedDevice]


class Simulator:
    """A listening Modbus server for each gateway of an installation.

    The gateways take ``port``, ``port + 1`` … in the order of their ids; port 0 takes free ones.
    With ``on_lines`` each is a pseudo-terminal instead, with RTU framing. It listens on loopback
    unless told otherwise. ``clock`` gives the virtual Unix time; by default it starts now and runs
    at ``speed``. Gateways that do not speak Modbus are in ``left_out`` and not simulated.
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
        framing: Framing = Framing.TCP,
        on_lines: bool = False,
    ) -> None:
        self.installation = installation
        self._clock = clock or virtual_clock(speed)
        self._faults = tuple(faults)
        self.addresses: dict[str, tuple[str, int]] = {}
        self.lines: dict[str, str] = {}
        self.left_out = tuple(
            sorted(g.id for g in installation.gateways.values() if not g.transport.is_modbus)
        )
        self._framing = Framing.RTU if on_lines else framing
        self._on_lines = on_lines
        self._host = host
        self._port = port
        for fault in self._faults:
            self._check(fault)
        self.town = self._with_load_faults(town or Town(installation, seed))
        self._player = WirePlayer(self.town.seed)
        self._servers: list[GatewayServer] = []
        self._started_s = 0.0

    async def start(self) -> None:
        """Listen for every gateway; a second or two for a town of a hundred meters.

        Raises ConnectionFailed, with nothing left open, if a port cannot be had, and DataError
        if the virtual time is before the town's epoch, or a fault cannot be played.
        """
        self._started_s = self._clock()
        if self._started_s < self.town.epoch_s:
            raise DataError(
                f"virtual time {self._started_s:.0f} s is before the town's epoch "
                f"{self.town.epoch_s} s"
            )
        simulated = sorted(set(self.installation.gateways) - set(self.left_out))
        try:
            for number, gateway in enumerate(simulated):
                server = await self._server_of(gateway)
                self._servers.append(server)
                if self._on_lines:
                    self.lines[gateway] = await server.start_line()
                else:
                    port = self._port + number if self._port else 0
                    self.addresses[gateway] = await server.start(self._host, port)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close every listener, connection and line."""
        for server in self._servers:
            await server.stop()
        self._servers.clear()
        self.addresses.clear()
        self.lines.clear()

    def gateways(self) -> dict[str, Gateway]:
        """The installation's gateways as they are reached here, and simulated."""
        by_tcp = Transport.TCP if self._framing is Framing.TCP else Transport.RTU_OVER_TCP
        reached: dict[str, dict[str, object]] = {
            name: {"host": host, "port": port, "transport": by_tcp}
            for name, (host, port) in self.addresses.items()
        }
        for name, device in self.lines.items():
            line = SerialLine(device=device)
            reached[name] = {"host": "", "serial": line, "transport": Transport.SERIAL}
        return {
            name: self.installation.gateways[name].model_copy(
                update={**update, "tls": None, "simulated": True}
            )
            for name, update in reached.items()
        }

    def _with_load_faults(self, town: Town) -> Town:
        """``town`` with the malfunctions among the faults; an open one begins now."""
        now = from_seconds(self._clock())
        begun = [replace(f, start=f.start or now) for f in self._faults if f.sort is Sort.LOAD]
        return town.with_malfunctions(begun) if begun else town

    def _check(self, fault: Fault) -> None:
        meter = self.installation.field_meter(fault.meter)
        gateway = meter.gateway
        if isinstance(meter, Sensor) and fault.sort in (Sort.COUNTER, Sort.LOAD):
            raise DataError(
                f"fault {fault.kind} of {fault.meter}: it is a sensor and counts nothing; expected"
                " a meter, or a fault of the wire"
            )
        if gateway in self.left_out:
            raise DataError(
                f"fault {fault.kind} of {fault.meter}: its gateway {gateway} does not speak "
                "Modbus and is not simulated"
            )
        check_framing(fault, self._framing)

    async def _server_of(self, gateway: str) -> GatewayServer:
        devices = await self._devices_behind(gateway)
        behind = {m.id for d in devices.values() for m in d.meters}
        alone = [f for f in self._faults if f.sort is Sort.CONNECTION and f.meter in behind]

        def most_clients() -> int | None:
            return 1 if any(f.is_on(self._clock()) for f in alone) else None

        return GatewayServer(
            _answers_of(devices), self._clock, self._framing, self._distort(devices), most_clients
        )

    async def _devices_behind(self, gateway: str) -> Devices:
        """The devices by unit, each asked once: later answers take no time to prepare."""
        by_unit: dict[int, list[FieldMeter]] = {}
        for meter in self.installation.meters_behind(gateway):
            by_unit.setdefault(meter.unit, []).append(meter)
        devices = {}
        for unit, meters in by_unit.items():
            devices[unit] = SimulatedDevice(self.town, meters, self._faults, self._started_s)
            devices[unit].image(int(self._started_s))
            await asyncio.sleep(0)
        return devices

    def _distort(self, devices: Devices) -> Distort | None:
        """What the wire makes of the answers of the units behind one gateway."""
        by_unit: dict[int, list[Fault]] = {}
        for unit, device in devices.items():
            meters = {m.id for m in device.meters}
            faults = [f for f in self._faults if f.meter in meters and f.sort is Sort.WIRE]
            if faults:
                by_unit[unit] = faults

        def distort(delivery: Delivery, unit: int, now_s: float) -> Delivery:
            return self._player.play(by_unit.get(unit, ()), delivery, now_s)

        return distort if by_unit else None


def _answers_of(devices: Devices) -> Answer:
    """The answers of all units behind one gateway."""

    def answer(unit: int, function: int, address: int, count: int, now_s: float) -> Reply | None:
        device = devices.get(unit)
        if device is None:
            return Reply(exception=GATEWAY_TARGET_SILENT)
        return device.read(function, address, count, now_s)

    return answer


def virtual_clock(speed: float = 1.0, start_s: float | None = None) -> Clock:
    """A clock that starts at a Unix time (by default now) and runs ``speed`` times as fast."""
    if not 0 < speed < math.inf:
        raise DataError(f"speed {speed} of the virtual clock; expected more than 0")
    began, first = time.monotonic(), time.time() if start_s is None else start_s
    return lambda: first + (time.monotonic() - began) * speed
