"""The connection against a real server, and against every way in which an answer can be wrong."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from field_servers import (
    CLOSE,
    Answer,
    RawServer,
    Request,
    frame,
    free_port,
    good_server,
    listening,
    raw_server,
    registers,
)
from pymodbus.framer import FramerRTU

from collectors.modbus.connection import ModbusConnection
from paes.errors import BadReply, ConnectionFailed, DataError, DeviceRefused, NoReply

TIMEOUT_S = 0.2


@asynccontextmanager
async def connected(port: int, framing: str = "tcp") -> AsyncIterator[ModbusConnection]:
    connection = ModbusConnection("127.0.0.1", port, framing, TIMEOUT_S)  # type: ignore[arg-type]
    await connection.connect()
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def facing(answer: Answer) -> AsyncIterator[tuple[ModbusConnection, RawServer]]:
    async with raw_server(answer) as server, connected(server.port) as connection:
        yield connection, server


async def test_registers_are_read_from_a_server() -> None:
    async with good_server({1: {72: [0x4366, 0x3334]}}) as port, connected(port) as connection:
        assert await connection.read(4, 1, 72, 2) == [0x4366, 0x3334]
        assert await connection.read(3, 1, 72, 2) == [0x4366, 0x3334]


async def test_bits_are_read_as_zeros_and_ones() -> None:
    def answer(request: Request) -> bytes:
        return frame(request, bytes((request.function, 1, 0b101)))

    async with facing(answer) as (connection, _):
        assert await connection.read(1, 1, 0, 3) == [1, 0, 1]
        assert await connection.read(2, 1, 0, 2) == [1, 0]


async def test_nobody_listening_is_said_with_the_address() -> None:
    port = await free_port()
    with pytest.raises(ConnectionFailed, match=f"127.0.0.1:{port}: connection refused"):
        await ModbusConnection("127.0.0.1", port, timeout_s=TIMEOUT_S).connect()


async def test_unknown_host_name_is_said() -> None:
    with pytest.raises(ConnectionFailed, match=r"unknown host name|no connection within"):
        await ModbusConnection("no-such-gateway.invalid", timeout_s=TIMEOUT_S).connect()


async def test_reading_without_a_connection_is_refused() -> None:
    with pytest.raises(ConnectionFailed, match="not connected"):
        await ModbusConnection("127.0.0.1").read(3, 1, 0, 1)


@pytest.mark.parametrize("function_code", [0, 5, 6, 15, 16, 22, 23])
async def test_nothing_but_reading_exists(function_code: int) -> None:
    with pytest.raises(DataError, match="does not read"):
        await ModbusConnection("127.0.0.1").read(function_code, 1, 0, 1)


async def test_exception_is_told_in_words() -> None:
    async with good_server({1: {0: [1]}}) as port, connected(port) as connection:
        with pytest.raises(DeviceRefused) as caught:
            await connection.read(3, 1, 500, 2)
        assert caught.value.code == 2
        assert f"127.0.0.1:{port} unit 1: 2 registers from address 500 (fc 3)" in str(caught.value)
        assert "illegal data address (exception 2)" in str(caught.value)
        assert await connection.read(3, 1, 0, 1) == [1]


async def test_silence_ends_within_the_time_limit_and_the_line_goes_on() -> None:
    def answer(request: Request) -> bytes | None:
        return frame(request, registers(request, [7])) if request.unit == 2 else None

    async with facing(answer) as (connection, server):
        began = time.monotonic()
        with pytest.raises(NoReply, match=r"1 register from address 0 \(fc 3\): no answer within"):
            await connection.read(3, 1, 0, 1)
        assert time.monotonic() - began < 5 * TIMEOUT_S
        assert await connection.read(3, 2, 0, 1) == [7]
        assert (server.connections, len(server.requests)) == (1, 2)  # asked once, never repeated


@pytest.mark.parametrize(
    ("after_head", "said"),
    [
        (b"\x01\x03", "is cut off"),
        (b"\x01\x03\x08", "is cut off"),
        (b"\x01\x03\x08\x00\x01", "is cut off"),
        (b"\x01\x83", "is cut off"),
        (b"", "is not the head"),
    ],
)
async def test_frame_that_ends_too_soon_is_told(after_head: bytes, said: str) -> None:
    def answer(request: Request) -> bytes:
        head = frame(request, b"")[:4] + len(after_head).to_bytes(2, "big")
        return head + after_head + bytes(8)

    async with facing(answer) as (connection, _):
        with pytest.raises(BadReply, match=said):
            await connection.read(3, 1, 0, 4, 60)
        assert not connection.connected


async def test_answer_without_a_number_is_not_believed() -> None:
    def answer(request: Request) -> bytes:
        return frame(request, registers(request, [7]), late=request.transaction)

    async with facing(answer) as (connection, _):
        with pytest.raises(BadReply, match="answer number 0, expected number 1"):
            await connection.read(3, 1, 0, 1, 60)


async def test_new_line_goes_on_counting_so_that_an_old_answer_is_known() -> None:
    async with facing(lambda r: frame(r, registers(r, [7]))) as (connection, server):
        await connection.read(3, 1, 0, 1, 60)
        await connection.connect()
        await connection.read(3, 1, 0, 1, 60)
        assert [r.transaction for r in server.requests] == [1, 2]


async def test_two_silences_in_a_row_close_the_line_and_one_answer_between_keeps_it() -> None:
    def answer(request: Request) -> bytes | None:
        return frame(request, registers(request, [7])) if request.unit == 2 else None

    async with facing(answer) as (connection, _):
        with pytest.raises(NoReply):
            await connection.read(3, 1, 0, 1)
        assert await connection.read(3, 2, 0, 1, 60) == [7]
        with pytest.raises(NoReply):
            await connection.read(3, 1, 0, 1)
        assert connection.connected
        with pytest.raises(NoReply):
            await connection.read(3, 1, 0, 1)
        assert not connection.connected


async def test_late_answer_is_not_taken_for_the_next_one() -> None:
    def answer(request: Request) -> bytes | None:
        if request.number == 1:
            return None
        late = frame(request, registers(request, [111]), late=1)
        return late + frame(request, registers(request, [222]))

    async with facing(answer) as (connection, _):
        with pytest.raises(NoReply):
            await connection.read(3, 1, 0, 1)
        assert await connection.read(3, 1, 1, 1) == [222]


async def test_short_answer_is_refused() -> None:
    async with facing(lambda r: frame(r, registers(r, [1]))) as (connection, _):
        with pytest.raises(BadReply, match="1 registers, expected 2"):
            await connection.read(3, 1, 0, 2)


async def test_answer_of_another_unit_is_refused_at_once_and_closes_the_line() -> None:
    async with facing(lambda r: frame(r, registers(r, [1]), unit=9)) as (connection, _):
        began = time.monotonic()
        with pytest.raises(BadReply, match="answer of unit 9, expected unit 5"):
            await connection.read(3, 5, 0, 1)
        assert time.monotonic() - began < TIMEOUT_S
        assert not connection.connected


async def test_answer_to_another_function_is_refused() -> None:
    async with facing(lambda r: frame(r, bytes((0x41, 0, 0)))) as (connection, _):
        with pytest.raises(BadReply, match="answer to function 65, expected function 3"):
            await connection.read(3, 1, 0, 1)


async def test_what_is_no_modbus_is_refused() -> None:
    async with facing(lambda _: b"HTTP/1.1 400 Bad Request\r\n") as (connection, _):
        with pytest.raises(BadReply, match="is not the head of a Modbus TCP frame"):
            await connection.read(3, 1, 0, 1)


async def test_cut_line_is_noticed_at_once() -> None:
    async with raw_server(lambda _: CLOSE) as server:
        connection = ModbusConnection("127.0.0.1", server.port, timeout_s=30)
        await connection.connect()
        began = time.monotonic()
        with pytest.raises(ConnectionFailed, match="closed while waiting for the answer"):
            await connection.read(3, 1, 0, 1)
        assert time.monotonic() - began < 5
        assert not connection.connected


async def test_connection_can_be_opened_again() -> None:
    def answer(request: Request) -> bytes:
        return CLOSE if request.number == 1 else frame(request, registers(request, [3]))

    async with facing(answer) as (connection, server):
        with pytest.raises(ConnectionFailed):
            await connection.read(3, 1, 0, 1)
        await connection.connect()
        assert await connection.read(3, 1, 0, 1) == [3]
        assert server.connections == 2


async def test_idle_line_is_looked_after_between_rounds() -> None:
    # A router forgets a connection that is idle for some minutes, without telling anybody.
    async with facing(lambda _: None) as (connection, _):
        line = connection._client.ctx.transport.get_extra_info("socket")
        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) <= 60


async def test_cancelled_read_leaves_the_connection_usable() -> None:
    def answer(request: Request) -> bytes | None:
        return None if request.number == 1 else frame(request, registers(request, [4]))

    async with facing(answer) as (connection, _):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(TIMEOUT_S / 4):
                await connection.read(3, 1, 0, 1)
        assert await connection.read(3, 1, 0, 1) == [4]


async def test_rtu_frames_over_tcp_are_read_and_silence_closes_the_line() -> None:
    # An RTU frame has no number: a late answer would be taken for the answer to the next question.
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readexactly(8)
        if request[0] == 1:
            body = bytes((request[0], request[1], 2, 0x12, 0x34))
            writer.write(body + FramerRTU.compute_CRC(body).to_bytes(2, "big"))
            await reader.read(8)
        await reader.read(1)

    async with listening(serve) as port, connected(port, "rtu_over_tcp") as connection:
        assert await connection.read(3, 1, 0, 1) == [0x1234]
        with pytest.raises(NoReply):
            await connection.read(3, 2, 0, 1)
        assert not connection.connected
