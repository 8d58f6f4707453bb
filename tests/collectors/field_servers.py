"""Servers on loopback for the tests of the collectors: a good one, and one that misbehaves.

The good one is pymodbus's server. The other speaks raw frames: its answers are built here by
hand, from the "MODBUS Messaging on TCP/IP Implementation Guide V1.0b", and may be wrong on purpose.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

CLOSE = b"close"
"""A raw answer: cut the connection."""


@dataclass(frozen=True)
class Request:
    """A Modbus TCP request, taken apart; ``number`` counts from 1 over all connections."""

    number: int
    transaction: int
    unit: int
    function: int
    address: int
    count: int


def frame(request: Request, pdu: bytes, unit: int | None = None, late: int = 0) -> bytes:
    """A Modbus TCP answer; ``late`` gives it the number of so many requests before."""
    head = struct.pack(">HHHB", request.transaction - late, 0, len(pdu) + 1, unit or request.unit)
    return head + pdu


def registers(request: Request, words: Sequence[int]) -> bytes:
    """The PDU of a good answer to a read of registers."""
    return struct.pack(f">BB{len(words)}H", request.function, 2 * len(words), *words)


Answer = Callable[[Request], bytes | None]
"""What goes back on the wire; None is silence, CLOSE cuts the line."""


@dataclass
class RawServer:
    """A listening server whose every byte is decided by the test."""

    port: int
    requests: list[Request]
    connections: int = 0


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(serve: Serve, port: int = 0) -> AsyncIterator[int]:
    """``serve`` every connection on 127.0.0.1; at the end none is left open. Yields the port."""
    serving: list[asyncio.Task[None]] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.append(task)
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(accept, "127.0.0.1", port)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


@asynccontextmanager
async def raw_server(answer: Answer) -> AsyncIterator[RawServer]:
    """Serve ``answer`` on a free port."""
    state = RawServer(0, [])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.connections += 1
        while True:
            raw = await reader.readexactly(12)
            transaction, _, _, unit, function, address, count = struct.unpack(">HHHBBHH", raw)
            number = len(state.requests) + 1
            request = Request(number, transaction, unit, function, address, count)
            state.requests.append(request)
            reply = answer(request)
            if reply == CLOSE:
                return
            if reply is not None:
                writer.write(reply)

    async with listening(serve) as port:
        state.port = port
        yield state


@asynccontextmanager
async def good_server(units: Mapping[int, Mapping[int, Sequence[int]]]) -> AsyncIterator[int]:
    """pymodbus's server; ``units`` gives words by address by unit. Yields the port.

    Every other address is an illegal one, and every other unit answers with exception 4.
    """
    devices = [
        SimDevice(
            id=unit,
            simdata=[
                SimData(address, values=list(words), datatype=DataType.REGISTERS)
                for address, words in sorted(blocks.items())
            ],
        )
        for unit, blocks in units.items()
    ]
    server = ModbusTcpServer(devices, address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    try:
        yield server.transport.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    finally:
        await server.shutdown()


async def free_port() -> int:
    """A port of 127.0.0.1 at which nobody listens."""
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = int(server.sockets[0].getsockname()[1])
    server.close()
    await server.wait_closed()
    return port
