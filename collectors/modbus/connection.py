"""The Modbus connection: the only module that knows pymodbus.

It promises four things that pymodbus (3.16) leaves to its caller. A call ends within its own time
limit, and at once when the peer closes the line. An answer is only returned if it is of the unit
and function that were asked and has as many registers as were asked. After a silence on a line
whose frames carry no number (RTU) the connection is closed and rests, and the silent unit rests
for as long again, for its late answer would be taken for the next one; with numbered frames the
connection is closed after two silences in a row. Every failure is one ``FieldError`` whose
sentence names the address, the unit, the registers, what was seen and what was expected. Nothing
here can write: function codes 1 to 4 are all there is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any

from pymodbus import FramerType, ModbusException
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.pdu import ModbusPDU
from pymodbus.transport import CommParams, CommType

from collectors.certificates import client_context
from collectors.modbus.frames import EXCEPTIONS, expected_size, foreign, rtu_frames
from collectors.modbus.line_faults import NOT_TRUSTED, as_os_errors, why_lost, why_not_open
from paes.errors import (
    BadReply,
    ConnectionFailed,
    DataError,
    DeviceRefused,
    FieldError,
    NoReply,
)
from paes.gateways import Gateway, SerialLine, TlsFiles, Transport

_READ_METHODS = {
    1: "read_coils",
    2: "read_discrete_inputs",
    3: "read_holding_registers",
    4: "read_input_registers",
}

REST_S = 0.3
"""How long a line without frame numbers rests after a silence: the longest frame, 256 characters,
takes 0.27 s at 9600 baud, so an answer that had begun is over."""
MOST_SILENCES = 2
"""In a row; then a numbered line, too, is opened anew: the other end may have forgotten it."""

KEEP_ALIVE = {"TCP_KEEPIDLE": 45, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 3}
"""Seconds, seconds, times: a peer that is gone is noticed after a minute and a half."""

_NEVER_FIRST_S = 3600.0
"""pymodbus's own limit; ours always ends a call before."""


class ModbusConnection:
    """One connection to a gateway or a serial line; one request at a time, from one task."""

    def __init__(
        self,
        host: str,
        port: int = 502,
        framing: Transport = Transport.TCP,
        timeout_s: float = 2.0,
        *,
        serial: SerialLine | None = None,
        tls: TlsFiles | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.framing = Transport(framing)
        self.timeout_s = timeout_s
        self._serial = serial
        self._tls = tls
        self._client: Any = None
        self._sent = b""
        self._number = 0
        self._interrupt: asyncio.Future[FieldError] | None = None
        self._silences = 0
        self._has_answered = False
        self._lost_because = ""
        self._rest_until_s = 0.0
        self._quarantine: dict[int, float] = {}

    @classmethod
    def for_gateway(cls, gateway: Gateway) -> ModbusConnection:
        """The connection that the gateway's configuration describes, not yet open.

        Raises DataError if it does not speak Modbus.
        """
        if not gateway.transport.is_modbus:
            raise DataError(
                f"gateway {gateway.id}: nothing behind {gateway.transport} is asked by Modbus"
            )
        return cls(
            gateway.host,
            gateway.port,
            gateway.transport,
            gateway.timeout_s,
            serial=gateway.serial,
            tls=gateway.tls,
        )

    @property
    def place(self) -> str:
        """``host:port`` or the serial device, as messages name it."""
        if self.framing is Transport.SERIAL and self._serial:
            return self._serial.device
        return f"{self.host}:{self.port}"

    @property
    def connected(self) -> bool:
        """True until either side closes."""
        return self._client is not None and bool(self._client.connected)

    async def connect(self) -> None:
        """Open the connection, or ConnectionFailed within the time limit.

        After a silence on a line without frame numbers this first lets the line rest.
        """
        await self.close()
        logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)  # we say it ourselves
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._rest_until_s - loop.time()))
        client, failures = self._new_client(), list[OSError]()
        self._prepare(client, failures)
        self._silences, self._lost_because, self._has_answered = 0, "", False
        try:
            async with asyncio.timeout(self.timeout_s):
                if self.framing is not Transport.SERIAL:
                    await loop.getaddrinfo(self.host, self.port)
                up = await _opened(client)
        except asyncio.CancelledError:
            client.close()
            raise
        except TimeoutError as err:
            client.close()
            raise ConnectionFailed(
                f"{self.place}: no connection within {self.timeout_s:g} s; is it switched on, "
                "and is a firewall in between?"
            ) from err
        except OSError as err:
            raise ConnectionFailed(f"{self.place}: unknown host name ({err.strerror})") from err
        if not up:
            cause = failures[0] if failures else None
            raise ConnectionFailed(f"{self.place}: {why_not_open(cause)}") from cause
        if self.framing is not Transport.SERIAL:
            _keep_alive(client.ctx.transport)
        client.ctx.next_tid = self._number  # the line before may still owe the first numbers
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
        limit_s = self.timeout_s if timeout_s is None else timeout_s
        if not self.framing.has_numbered_frames:
            await self._leave_in_peace(unit)
        if not self.connected:
            raise ConnectionFailed(f"{request}: not connected{self._lost_because}")
        method: Any = getattr(self._client, _READ_METHODS[function_code])
        try:
            reply = await self._answer(
                method(address, count=count, device_id=unit), request, limit_s
            )
            answer = _checked(reply, request, unit, function_code, count)
        except NoReply:
            await self._after_silence(unit, limit_s)
            raise
        except BadReply:
            self._rest(unit, limit_s)
            await self.close()  # nobody knows which answer comes next
            raise
        except asyncio.CancelledError:
            if not self.framing.has_numbered_frames:
                self._rest(unit, limit_s)
                await self.close()  # the answer is still on its way
            raise
        except DeviceRefused:
            self._silences, self._has_answered = 0, True
            raise
        self._silences, self._has_answered = 0, True
        return answer

    async def _leave_in_peace(self, unit: int) -> None:
        """Wait until a late answer of ``unit`` cannot be expected any more, and throw away what
        came unasked meanwhile."""
        until_s = self._quarantine.pop(unit, 0.0)
        await asyncio.sleep(max(0.0, until_s - asyncio.get_running_loop().time()))
        await asyncio.sleep(0)  # bytes that are in now are taken in after this turn of the loop

    async def _after_silence(self, unit: int, limit_s: float) -> None:
        self._silences += 1
        self._rest(unit, limit_s)
        if not self.framing.has_numbered_frames or self._silences >= MOST_SILENCES:
            await self.close()

    def _rest(self, unit: int, limit_s: float) -> None:
        """Let the line rest, and the unit that may still answer for as long again."""
        if not self.framing.has_numbered_frames:
            now_s = asyncio.get_running_loop().time()
            self._quarantine[unit] = now_s + limit_s
            self._rest_until_s = now_s + REST_S

    def _new_client(self) -> Any:
        """pymodbus's client for the transport, which neither repeats nor reconnects by itself."""
        common: dict[str, Any] = {
            "retries": 0,
            "reconnect_delay": 0,
            "timeout": _NEVER_FIRST_S,
            "trace_packet": self._on_packet,
        }
        if self.framing is Transport.SERIAL:
            if self._serial is None:
                raise DataError("a serial line needs to be described (device, baud, …)")
            return AsyncModbusSerialClient(
                self._serial.device,
                baudrate=self._serial.baud,
                parity=self._serial.parity,
                stopbits=self._serial.stop_bits,
                **common,
            )
        if self.framing is Transport.TLS:
            if self._tls is None:
                raise DataError(f"{self.place}: TLS needs certificates (tls:)")
            context = client_context(self._tls, self.place, ssl.SSLContext)
            return _TlsClient(self.host, self.port, context, common)
        framer = FramerType.SOCKET if self.framing is Transport.TCP else FramerType.RTU
        return AsyncModbusTcpClient(self.host, port=self.port, framer=framer, **common)

    def _prepare(self, client: Any, failures: list[OSError]) -> None:
        """Have pymodbus tell why it could not connect, and why it lost a connection."""
        create: Callable[..., Any] = client.ctx.call_create
        name = self._tls.server_name if self._tls else None
        options = {"server_hostname": name} if name and self.framing is Transport.TLS else {}

        async def create_or_tell() -> Any:
            try:
                with as_os_errors():
                    return await create(**options)
            except OSError as err:
                failures.append(err)
                raise

        client.ctx.call_create = create_or_tell
        client.ctx.callback_disconnected = self._on_lost

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

    def _on_lost(self, cause: Exception | None) -> None:
        self._lost_because = f": {why_lost(cause)}" if cause else ""
        if not cause and self.framing is Transport.TLS and not self._has_answered:
            self._lost_because = f": {NOT_TRUSTED}"
        self._fail(
            ConnectionFailed(
                f"the connection was closed while waiting for the answer{self._lost_because}"
            )
        )

    def _on_packet(self, sending: bool, data: bytes) -> bytes:
        """Show pymodbus only what can be the answer to the request that waits."""
        if sending:
            self._sent = data
            self._number = self._client.ctx.next_tid
            return data
        if self._interrupt is None:
            return b""  # nobody has asked
        if not self.framing.has_numbered_frames:
            return self._rtu_answer(data)
        fault = foreign(self._sent, data)
        if fault:
            self._fail(BadReply(fault))
            return b""  # pymodbus would wait for a better one, or stumble over it
        return data

    def _rtu_answer(self, received: bytes) -> bytes:
        """The one frame among what came that can be the answer; empty if it is not there yet.

        pymodbus would throw away a good frame that follows a late one of another unit.
        """
        frames = rtu_frames(self._sent, received)
        fitting = [f for f in frames if len(f) == expected_size(self._sent) or f[1] & 0x80]
        if len(fitting) > 1:
            self._fail(BadReply(f"{len(fitting)} answers to one request; one of them is late"))
            return b""
        return (fitting or frames or [b""])[0]

    def _fail(self, failure: FieldError) -> None:
        if self._interrupt is not None and not self._interrupt.done():
            self._interrupt.set_result(failure)


async def _opened(client: Any) -> bool:
    """True if pymodbus could connect.

    In a task of its own: until Python 3.12 the ``wait_for`` in it forgets that it was cancelled if
    the line is open at that moment, and whoever is to end would live on.
    """
    task: asyncio.Task[bool] = asyncio.ensure_future(client.connect())
    try:
        await asyncio.wait({task})
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


def _keep_alive(transport: asyncio.BaseTransport | None) -> None:
    """Have the idle connection looked after between rounds, which may be a quarter of an hour
    apart: routers forget what is idle, and the first units of a round would pay for it."""
    line = transport.get_extra_info("socket") if transport else None
    if line is None:
        return  # lost as soon as it was made; the first request says so
    with contextlib.suppress(OSError):  # lost meanwhile
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEP_ALIVE.items():
            if hasattr(socket, name):  # not on every system
                line.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class _TlsClient(AsyncModbusTcpClient):
    """Modbus TCP frames over TLS.

    pymodbus's own TLS client takes every piece that arrives for a whole frame; its TCP framer
    puts them together.
    """

    def __init__(
        self, host: str, port: int, context: ssl.SSLContext, common: dict[str, Any]
    ) -> None:
        self.comm_params = CommParams(
            comm_type=CommType.TLS,
            comm_name="tls",
            host=host,
            port=port,
            sslctx=context,
            reconnect_delay=0,
            timeout_connect=_NEVER_FIRST_S,
        )
        super().__init__(host, framer=FramerType.SOCKET, **common)


def _checked(
    reply: ModbusPDU, request: str, unit: int, function_code: int, count: int
) -> list[int]:
    if reply.isError():
        code = int(reply.exception_code)
        words = EXCEPTIONS.get(code, "unknown exception")
        raise DeviceRefused(f"{request}: the device refused: {words} (exception {code})", code)
    if unit and reply.dev_id != unit:
        raise BadReply(f"{request}: answer of unit {reply.dev_id}, expected unit {unit}")
    if reply.function_code != function_code:
        raise BadReply(
            f"{request}: answer to function {reply.function_code}, expected {function_code}"
        )
    if reply.bits:
        return [int(bit) for bit in reply.bits[:count]]
    if len(reply.registers) != count:
        raise BadReply(f"{request}: {len(reply.registers)} registers, expected {count}")
    return list(reply.registers)
