"""A proxy that plays faults of the wire before any Modbus TCP server.

::

    collector ──> Proxy ──> a real meter, or a simulator of somebody else
              <── faults <──

Each client has a connection of its own behind the proxy. Only functions that read are let
through: a tool for trying out a reader must not write to a device. What the server does not
answer in time is not answered here either.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections.abc import Callable, Iterable

from collectors.simulator.faults import Fault, Sort, WirePlayer, check_framing
from collectors.simulator.framing import LONGEST, Framing, Request
from collectors.simulator.server import ILLEGAL_FUNCTION
from collectors.simulator.wire import Delivery, WireServer
from paes.errors import DataError

READING = (1, 2, 3, 4, 7, 17, 43)
"""Function codes that only read: bits, registers, status, identification."""
PATIENCE_S = 10.0
GATEWAY_PATH = 10

_HEADER = struct.Struct(">HHHB")


class Proxy(WireServer):
    """Listens, and asks ``upstream`` (host, port); ``unit`` limits the faults to one unit."""

    def __init__(
        self,
        upstream: tuple[str, int],
        faults: Iterable[Fault],
        *,
        unit: int | None = None,
        framing: Framing = Framing.TCP,
        seed: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._faults = tuple(faults)
        self._unit = unit
        self._clock = clock
        self._player = WirePlayer(seed)
        for fault in self._faults:
            if fault.sort in (Sort.COUNTER, Sort.LOAD):
                raise DataError(
                    f"fault {fault.kind}: the proxy does not know which registers count; "
                    "use it with paes simulate"
                )
            check_framing(fault, framing)
        super().__init__(lambda: _Upstream(*upstream, self._distort), framing, self._most)

    def _distort(self, delivery: Delivery, unit: int) -> Delivery:
        if self._unit is not None and unit != self._unit:
            return delivery
        return self._player.play(self._faults, delivery, self._clock())

    def _most(self) -> int | None:
        now_s = self._clock()
        alone = any(f.sort is Sort.CONNECTION and f.is_on(now_s) for f in self._faults)
        return 1 if alone else None


class _Upstream:
    """One client's connection to the server behind; opened when first needed."""

    def __init__(self, host: str, port: int, distort: Callable[[Delivery, int], Delivery]) -> None:
        self._host = host
        self._port = port
        self._distort = distort
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._number = 0

    async def answer(self, request: Request) -> Delivery:
        """What the server says, or exception 10 where there is none to ask."""
        unit, pdu = await self._ask(request)
        return self._distort(Delivery(unit, pdu, request.transaction), request.unit)

    async def close(self) -> None:
        """Leave the server."""
        streams, self._streams = self._streams, None
        if streams:
            streams[1].close()
            with contextlib.suppress(ConnectionError):
                await streams[1].wait_closed()

    async def _ask(self, request: Request) -> tuple[int, bytes | None]:
        function = request.pdu[0]
        if function not in READING:
            return request.unit, bytes((function | 0x80, ILLEGAL_FUNCTION))
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._exchange(request)
        except TimeoutError:
            await self.close()
            return request.unit, None
        except (OSError, asyncio.IncompleteReadError):
            await self.close()
            return request.unit, bytes((function | 0x80, GATEWAY_PATH))

    async def _exchange(self, request: Request) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        self._number = (self._number + 1) % 0x10000
        head = _HEADER.pack(self._number, 0, len(request.pdu) + 1, request.unit)
        writer.write(head + request.pdu)
        await writer.drain()
        while True:
            head = await reader.readexactly(_HEADER.size)
            number, protocol, length, unit = _HEADER.unpack(head)
            if protocol != 0 or not 2 <= length <= LONGEST:
                raise ConnectionResetError("what came is no Modbus TCP frame")
            pdu = await reader.readexactly(length - 1)
            if number == self._number:
                return unit, pdu
