"""The Modbus connection: the only module that knows pymodbus.

It promises four things that pymodbus (3.16) leaves to its caller. A call ends within its own time
limit, and at once when the peer closes the line. An answer is only returned if it is of the unit
that was asked and has as many registers as were asked. After a time-out on a line whose frames
carry no number (RTU), the connection is closed, for a late answer would be taken for the next one.
Every failure is one ``FieldError`` whose sentence names the address, the unit, the registers, what
was seen and what was expected. Nothing here can write: function codes 1 to 4 are all there is.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from pymodbus import FramerType, ModbusException
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.pdu import ModbusPDU

from paes.errors import (
    BadReply,
    ConnectionFailed,
    DataError,
    DeviceRefused,
    FieldError,
    NoReply,
)
from paes.gateways import Transport

_READ_METHODS = {
    1: "read_coils",
    2: "read_discrete_inputs",
    3: "read_holding_registers",
    4: "read_input_registers",
}

# "MODBUS Application Protocol Specification V1.1b3" (2012), section 7.
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "accepted, still working",
    6: "device busy",
    7: "not acknowledged",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target did not respond",
}

_NEVER_FIRST_S = 3600.0
"""pymodbus's own limit; ours always ends a call before."""


class ModbusConnection:
    """One TCP connection to a gateway; one request at a time, from one task."""

    def __init__(
        self, host: str, port: int = 502, framing: Transport = Transport.TCP, timeout_s: float = 2.0
    ) -> None:
        self.host = host
        self.port = port
        self.framing = Transport(framing)
        self.timeout_s = timeout_s
        self._client: AsyncModbusTcpClient | None = None
        self._sent = b""
        self._interrupt: asyncio.Future[FieldError] | None = None

    @property
    def place(self) -> str:
        """``host:port``, as messages name it."""
        return f"{self.host}:{self.port}"

    @property
    def connected(self) -> bool:
        """True until either side closes."""
        return self._client is not None and self._client.connected

    async def connect(self) -> None:
        """Open the connection, or ConnectionFailed within the time limit."""
        await self.close()
        logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)  # we say it ourselves
        loop = asyncio.get_running_loop()
        client = self._new_client()
        try:
            async with asyncio.timeout(self.timeout_s):
                await loop.getaddrinfo(self.host, self.port)
                up = await client.connect()
        except TimeoutError as err:
            client.close()
            raise ConnectionFailed(
                f"{self.place}: no connection within {self.timeout_s:g} s; is it switched on, "
                "and is a firewall in between?"
            ) from err
        except OSError as err:
            raise ConnectionFailed(f"{self.place}: unknown host name ({err.strerror})") from err
        if not up:
            raise ConnectionFailed(
                f"{self.place}: connection refused or unreachable; is the port right, and does "
                "the device accept another client?"
            )
        self._client = client

    async def close(self) -> None:
        """Close the connection; it may be opened again."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def read(
        self,
        function_code: int,
        unit: int,
        address: int,
        count: int,
        timeout_s: float | None = None,
    ) -> list[int]:
        """``count`` registers (or bits as 0 and 1) of ``unit`` from zero-based ``address``.

        Raises ConnectionFailed (not or no longer connected), NoReply, DeviceRefused, BadReply.
        """
        if function_code not in _READ_METHODS:
            raise DataError(f"function code {function_code} does not read; expected 1 to 4")
        words = "1 register" if count == 1 else f"{count} registers"
        request = f"{self.place} unit {unit}: {words} from address {address} (fc {function_code})"
        if self._client is None or not self._client.connected:
            raise ConnectionFailed(f"{request}: not connected")
        limit = self.timeout_s if timeout_s is None else timeout_s
        method: Any = getattr(self._client, _READ_METHODS[function_code])
        call = method(address, count=count, device_id=unit)
        try:
            reply = await self._answer(call, request, limit)
        except (BadReply, NoReply) as err:
            if self.framing is not Transport.TCP or isinstance(err, BadReply):
                await self.close()  # a late or foreign answer must not meet the next request
            raise
        return _checked(reply, request, unit, count)

    def _new_client(self) -> AsyncModbusTcpClient:
        return AsyncModbusTcpClient(
            self.host,
            port=self.port,
            framer=FramerType.SOCKET if self.framing is Transport.TCP else FramerType.RTU,
            timeout=_NEVER_FIRST_S,
            retries=0,
            reconnect_delay=0,
            trace_packet=self._on_packet,
            trace_connect=self._on_connect,
        )

    async def _answer(self, call: Any, request: str, limit_s: float) -> ModbusPDU:
        """The reply to ``call``, or the first of: interruption, time limit, pymodbus's error."""
        interrupt = asyncio.get_running_loop().create_future()
        self._interrupt = interrupt
        task: asyncio.Task[ModbusPDU] = asyncio.ensure_future(call)
        try:
            await asyncio.wait(
                {task, interrupt}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED
            )
            if task.done():
                return task.result()
            if interrupt.done():
                failure: FieldError = interrupt.result()
                raise type(failure)(f"{request}: {failure}")
            raise NoReply(f"{request}: no answer within {limit_s:g} s")
        except ModbusException as err:
            raise ConnectionFailed(f"{request}: {err.string}") from err
        finally:
            self._interrupt = None
            if not task.done():
                task.cancel()
                await asyncio.wait({task})  # pymodbus gives its lock back only now

    def _on_connect(self, up: bool) -> None:
        if not up:
            self._fail(ConnectionFailed("the connection was closed while waiting for the answer"))

    def _on_packet(self, sending: bool, data: bytes) -> bytes:
        if sending:
            self._sent = data
        elif self.framing is Transport.TCP:
            fault = _foreign(self._sent, data)
            if fault:
                self._fail(BadReply(fault))
                return b""  # pymodbus would wait for a better one, or stumble over it
        return data

    def _fail(self, failure: FieldError) -> None:
        if self._interrupt is not None and not self._interrupt.done():
            self._interrupt.set_result(failure)


def _foreign(sent: bytes, received: bytes) -> str | None:
    """Why a Modbus TCP frame is no answer to ours; None if it is, is late, or is unfinished."""
    if len(received) < 8:
        return None
    if received[2:4] != b"\0\0":
        return f"{received[:8].hex(' ')} is not the head of a Modbus TCP frame"
    if received[0:2] != sent[0:2]:
        return None  # an answer to an earlier request: pymodbus skips it
    if received[6] != sent[6]:
        return f"answer of unit {received[6]}, expected unit {sent[6]}"
    if received[7] & 0x7F != sent[7]:
        return f"answer to function {received[7] & 0x7F}, expected function {sent[7]}"
    return None


def _checked(reply: ModbusPDU, request: str, unit: int, count: int) -> list[int]:
    if reply.isError():
        code = int(reply.exception_code)
        words = EXCEPTIONS.get(code, "unknown exception")
        raise DeviceRefused(f"{request}: the device refused: {words} (exception {code})", code)
    if unit and reply.dev_id != unit:
        raise BadReply(f"{request}: answer of unit {reply.dev_id}, expected unit {unit}")
    if reply.bits:
        return [int(bit) for bit in reply.bits[:count]]
    if len(reply.registers) != count:
        raise BadReply(f"{request}: {len(reply.registers)} registers, expected {count}")
    return list(reply.registers)
