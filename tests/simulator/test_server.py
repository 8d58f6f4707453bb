"""The server against frames written by hand, byte by byte, from the Modbus specification."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from collectors.simulator.server import GatewayServer, Reply
from paes.errors import ConnectionFailed

NOW_S = 1_700_000_000.0
# transaction 1, protocol 0, 6 bytes follow, unit 17, read 3 holding registers from 0x006B: the
# example of the Modbus Application Protocol Specification V1.1b3, 6.3.
READ_3_AT_6B = bytes.fromhex("0001 0000 0006 11 03 006B 0003")
READ_3_AT_6B_REPLY = bytes.fromhex("0001 0000 0009 11 03 06 022B 0000 0064")


def answer(unit: int, function: int, address: int, count: int, now_s: float) -> Reply | None:
    if unit == 99:
        return None
    if unit == 98:
        return Reply(exception=11)
    if unit == 97:
        return Reply(words=(1,), unit=5)
    assert now_s == NOW_S
    if (address, count) == (0x6B, 3):
        return Reply(words=(0x022B, 0x0000, 0x0064))
    return Reply(words=[function * 256 + address] * count)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    server = GatewayServer(answer, lambda: NOW_S)
    _, port = await server.start("127.0.0.1", 0)
    yield port
    await server.stop()


async def exchange(port: int, *segments: str | bytes, expect: int) -> bytes:
    """Send each segment by itself; read ``expect`` bytes, and be sure that no more come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for segment in segments:
        writer.write(bytes.fromhex(segment) if isinstance(segment, str) else segment)
        await writer.drain()
    reply = await asyncio.wait_for(reader.readexactly(expect), 5)
    writer.write_eof()
    rest = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    await writer.wait_closed()
    assert rest == b""
    return reply


async def test_reads_registers_as_in_the_specification(port: int) -> None:
    reply = await exchange(port, READ_3_AT_6B, expect=len(READ_3_AT_6B_REPLY))

    assert reply == READ_3_AT_6B_REPLY


async def test_reads_input_registers(port: int) -> None:
    reply = await exchange(port, "1234 0000 0006 01 04 0008 0001", expect=11)

    assert reply == bytes.fromhex("1234 0000 0005 01 04 02 0408")


async def test_several_requests_in_one_segment_are_answered_in_order(port: int) -> None:
    segment = b"".join(bytes.fromhex(f"{i:04X} 0000 0006 01 03 {i:04X} 0001") for i in range(1, 9))
    reply = await exchange(port, segment, expect=8 * 11)

    assert reply == b"".join(
        bytes.fromhex(f"{i:04X} 0000 0005 01 03 02 {0x300 + i:04X}") for i in range(1, 9)
    )


async def test_a_request_may_come_in_pieces(port: int) -> None:
    pieces = [READ_3_AT_6B[i : i + 1] for i in range(len(READ_3_AT_6B))]

    assert await exchange(port, *pieces, expect=15) == READ_3_AT_6B_REPLY


@pytest.mark.parametrize(
    ("request_hex", "reply_hex"),
    [
        ("0001 0000 0006 01 01 0000 0001", "0001 0000 0003 01 81 01"),  # read coils
        ("0001 0000 0006 01 06 0000 0001", "0001 0000 0003 01 86 01"),  # write a register
        ("0001 0000 0009 01 10 0000 0001 02 0001", "0001 0000 0003 01 90 01"),  # write several
        ("0001 0000 0006 01 03 0000 0000", "0001 0000 0003 01 83 03"),  # no register
        ("0001 0000 0006 01 03 0000 007E", "0001 0000 0003 01 83 03"),  # 126 registers
        ("0001 0000 0006 01 04 FFFF 0002", "0001 0000 0003 01 84 02"),  # beyond the last address
        ("0001 0000 0004 01 03 0000", "0001 0000 0003 01 83 03"),  # half a request
        ("0001 0000 0006 62 03 0000 0001", "0001 0000 0003 62 83 0B"),  # unit is not there
        ("0001 0000 0006 61 03 0000 0001", "0001 0000 0005 05 03 02 0001"),  # wrong unit answers
    ],
)
async def test_answers_what_is_not_a_good_read(port: int, request_hex: str, reply_hex: str) -> None:
    reply = bytes.fromhex(reply_hex)

    assert await exchange(port, request_hex, expect=len(reply)) == reply


async def test_silence_does_not_stop_the_next_request(port: int) -> None:
    reply = await exchange(port, "0001 0000 0006 63 03 0000 0001", READ_3_AT_6B, expect=15)

    assert reply == READ_3_AT_6B_REPLY


@pytest.mark.parametrize(
    "frame",
    [
        "0001 0007 0006 01 03 0000 0001",  # another protocol
        "0001 0000 0001 01",  # no function
        "0001 0000 00FF 01 03" + "00" * 253,  # longer than any frame
        "474554202F20485454502F312E310D0A0D0A",  # GET / HTTP/1.1
        "010300000001840A",  # RTU framing
    ],
)
async def test_what_is_no_frame_closes_the_connection(port: int, frame: str) -> None:
    assert await exchange(port, frame, READ_3_AT_6B, expect=0) == b""


async def test_a_client_that_leaves_in_the_middle_harms_nobody(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(READ_3_AT_6B[:9])
    await writer.drain()
    writer.close()

    assert await exchange(port, READ_3_AT_6B, expect=15) == READ_3_AT_6B_REPLY


async def test_stop_closes_connections_and_frees_the_port() -> None:
    server = GatewayServer(answer, lambda: NOW_S)
    host, port = await server.start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(host, port)
    await server.stop()

    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    again = GatewayServer(answer, lambda: NOW_S)
    assert await again.start(host, port) == (host, port)
    await again.stop()


async def test_a_port_in_use_is_named_in_one_line(port: int) -> None:
    with pytest.raises(ConnectionFailed, match=rf"port {port}\b.*in use") as caught:
        await GatewayServer(answer, lambda: NOW_S).start("127.0.0.1", port)

    assert "\n" not in str(caught.value)
