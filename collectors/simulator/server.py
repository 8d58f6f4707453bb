"""A Modbus TCP server written from the specification: one gateway with many units behind it.

It shares no code with the client that the collectors use, so each checks the other. It knows
frames and nothing of meters: what a request is answered with is decided by ``Answer``. ::

    | transaction 2 | protocol 2 = 0 | length 2 | unit 1 | function 1 | data … |   big-endian

Requests are answered in order of arrival, also when several come in one TCP segment. A frame that
cannot be Modbus closes the connection, for nobody knows where the next one begins. Sources:
"MODBUS Messaging on TCP/IP Implementation Guide V1.0b" (2006) 3.1 and "MODBUS Application
Protocol Specification V1.1b3" (2012) 6.3, 6.4 and 7.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paes.errors import ConnectionFailed

log = logging.getLogger(__name__)

ILLEGAL_FUNCTION = 1
ILLEGAL_ADDRESS = 2
ILLEGAL_VALUE = 3
BUSY = 6
GATEWAY_TARGET_SILENT = 11
READ_HOLDING = 3
READ_INPUT = 4
MOST_REGISTERS = 125

_HEADER = struct.Struct(">HHHB")
_READ = struct.Struct(">BHH")
_LONGEST = 254  # unit and PDU: 1 + 253 bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: words, or a Modbus exception; ``unit`` differs only in a faulty reply."""

    words: Sequence[int] = ()
    exception: int | None = None
    unit: int | None = None


Answer = Callable[[int, int, int, int, float], Reply | None]
"""``(unit, function, address, count, now_s) -> Reply``; None is silence."""


class GatewayServer:
    """One listening gateway; ``clock`` gives the virtual Unix time at which a request is read."""

    def __init__(self, answer: Answer, clock: Callable[[], float]) -> None:
        self._answer = answer
        self._clock = clock
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; returns the address (port 0 takes a free one). Raises ConnectionFailed."""
        try:
            self._server = await asyncio.start_server(self._serve, host, port)
        except OSError as err:
            reason = err.strerror or str(err)
            raise ConnectionFailed(
                f"cannot listen on {host} port {port}: {reason}; choose another with --port"
            ) from err
        name = self._server.sockets[0].getsockname()
        return str(name[0]), int(name[1])

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        if self._server is None:
            return
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._exchange(reader, writer):
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client left, or the server stops
        finally:
            self._connections.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Read one request and answer it; False if it was no Modbus frame."""
        header = await reader.readexactly(_HEADER.size)
        transaction, protocol, length, unit = _HEADER.unpack(header)
        if protocol != 0 or not 2 <= length <= _LONGEST:
            log.debug("closed a connection: %s is no Modbus TCP header", header.hex())
            return False
        pdu = await reader.readexactly(length - 1)
        reply = self._reply(unit, pdu)
        if reply is not None:
            writer.write(_frame(transaction, unit, pdu[0], reply))
        return True

    def _reply(self, unit: int, pdu: bytes) -> Reply | None:
        if pdu[0] not in (READ_HOLDING, READ_INPUT):
            return Reply(exception=ILLEGAL_FUNCTION)
        if len(pdu) != _READ.size:
            return Reply(exception=ILLEGAL_VALUE)
        function, address, count = _READ.unpack(pdu)
        if not 1 <= count <= MOST_REGISTERS:
            return Reply(exception=ILLEGAL_VALUE)
        if address + count > 0x10000:
            return Reply(exception=ILLEGAL_ADDRESS)
        return self._answer(unit, function, address, count, self._clock())


def _frame(transaction: int, unit: int, function: int, reply: Reply) -> bytes:
    if reply.exception is not None:
        pdu = bytes((function | 0x80, reply.exception))
    else:
        words = struct.pack(f">{len(reply.words)}H", *reply.words)
        pdu = bytes((function, len(words))) + words
    sender = unit if reply.unit is None else reply.unit
    return _HEADER.pack(transaction, 0, len(pdu) + 1, sender) + pdu
