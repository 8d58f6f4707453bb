"""Servers on loopback for the tests of the collectors: a good one, and one that misbehaves.

The good one is pymodbus's server. The other speaks raw frames: its answers are built here by
hand, from the "MODBUS Messaging on TCP/IP Implementation Guide V1.0b", and may be wrong on purpose.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import struct
import tty
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
async def listening(
    serve: Serve, port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """``serve`` every connection on 127.0.0.1; at the end none is left open. Yields the port."""
    serving: list[asyncio.Task[None]] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.append(task)
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    server = await asyncio.start_server(accept, "127.0.0.1", port, ssl=tls)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


@asynccontextmanager
async def raw_server(
    answer: Answer, port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawServer]:
    """Serve ``answer`` on a port, by default a free one."""
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

    async with listening(serve, port, tls) as state.port:
        yield state


def from_image(request: Request, image: Mapping[int, int]) -> bytes:
    """A good answer from a map of words by address; exception 2 if one of them is not there."""
    wanted = range(request.address, request.address + request.count)
    if any(address not in image for address in wanted):
        return frame(request, refusal(request, 2))
    return frame(request, registers(request, [image[address] for address in wanted]))


def refusal(request: Request, code: int) -> bytes:
    """The PDU of a Modbus exception."""
    return bytes((request.function | 0x80, code))


def crc16(data: bytes) -> bytes:
    """The checksum of an RTU frame as it goes on the wire, bit by bit as the specification's
    flow chart has it (V1.02, 6.2.2)."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")


def rtu_frame(unit: int, pdu: bytes) -> bytes:
    """An RTU answer."""
    body = bytes((unit,)) + pdu
    return body + crc16(body)


@dataclass(frozen=True)
class Planned:
    """An RTU answer and when it goes out; None is silence."""

    pdu: bytes | None
    delay_s: float = 0.0


class RtuDevice:
    """Units on one RTU line that may answer late: what a late answer meets is up to the master.

    A unit answers in the order in which it was asked, and what comes after a late answer is later
    still. Like a transparent converter it puts what comes from the units on whatever connection
    is open when it comes. ``send`` is set by whoever carries the bytes.
    """

    def __init__(self, answer: Callable[[Request], Planned]) -> None:
        self._answer = answer
        self._waiting = b""
        self._timers: list[asyncio.TimerHandle] = []
        self._busy_until_s: dict[int, float] = {}
        self.requests: list[Request] = []
        self.send: Callable[[bytes], None] = lambda _data: None

    def receive(self, data: bytes) -> None:
        """Bytes of the master; noise before a request is skipped."""
        self._waiting += data
        while len(self._waiting) >= 8:
            raw = self._waiting[:8]
            if crc16(raw[:6]) != raw[6:]:
                self._waiting = self._waiting[1:]
                continue
            self._waiting = self._waiting[8:]
            unit, function, address, count = struct.unpack(">BBHH", raw[:6])
            request = Request(len(self.requests) + 1, 0, unit, function, address, count)
            self.requests.append(request)
            planned = self._answer(request)
            if planned.pdu is not None:
                reply = rtu_frame(unit, planned.pdu)
                loop = asyncio.get_running_loop()
                at_s = max(loop.time(), self._busy_until_s.get(unit, 0.0)) + planned.delay_s
                self._busy_until_s[unit] = at_s + 1e-4  # no two at once: order would be lost
                self._timers.append(loop.call_at(at_s, self.put, reply))

    def stop(self) -> None:
        """Nothing goes out any more."""
        for timer in self._timers:
            timer.cancel()

    def put(self, reply: bytes) -> None:
        """Let it out now, asked for or not."""
        with suppress(OSError):
            self.send(reply)


@asynccontextmanager
async def rtu_over_tcp(device: RtuDevice) -> AsyncIterator[int]:
    """A transparent converter before ``device``. Yields the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        device.send = writer.write
        while data := await reader.read(256):
            device.receive(data)

    async with listening(serve) as port:
        try:
            yield port
        finally:
            device.stop()


@asynccontextmanager
async def rtu_on_a_pty(device: RtuDevice) -> AsyncIterator[str]:
    """``device`` at one end of a pair of pseudo-terminals. Yields the name of the other end."""
    master, slave = os.openpty()
    tty.setraw(master)
    tty.setraw(slave)
    loop = asyncio.get_running_loop()
    device.send = lambda data: (os.write(master, data), None)[1]
    loop.add_reader(master, lambda: device.receive(os.read(master, 256)))
    try:
        yield os.ttyname(slave)
    finally:
        device.stop()
        loop.remove_reader(master)
        os.close(master)
        os.close(slave)


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
