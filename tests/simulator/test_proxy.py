"""The proxy before a server that is not ours (pymodbus's), asked by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hand_client import PATIENCE_S, exchange, read_request
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from collectors.simulator import Framing, Proxy, parse_kind
from paes.errors import DataError

WORDS = [0x1234, 0x5678]
ANSWER = bytes.fromhex("0007 0000 0007 03 03 04 1234 5678")
ASK = read_request(3, 100, 2, function=3)
ASK_NEIGHBOUR = read_request(4, 100, 2, function=3)


@asynccontextmanager
async def stranger() -> AsyncIterator[tuple[str, int]]:
    devices = [
        SimDevice(id=unit, simdata=[SimData(100, values=WORDS, datatype=DataType.REGISTERS)])
        for unit in (3, 4)
    ]
    server = ModbusTcpServer(devices, address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    try:
        yield "127.0.0.1", server.transport.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    finally:
        await server.shutdown()


@asynccontextmanager
async def proxied(
    upstream: tuple[str, int], *faults: str, **options: Any
) -> AsyncIterator[tuple[str, int]]:
    proxy = Proxy(upstream, [parse_kind(text) for text in faults], **options)
    at = await proxy.start("127.0.0.1", 0)
    try:
        yield at
    finally:
        await proxy.stop()


async def asked(at: tuple[str, int], sent: bytes, size: int) -> bytes:
    """``size`` bytes of an answer, or fewer if the connection ends before."""
    reader, writer = await asyncio.open_connection(*at)
    writer.write(sent)
    try:
        return await asyncio.wait_for(reader.readexactly(size), PATIENCE_S)
    except asyncio.IncompleteReadError as err:
        return err.partial
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ((), ANSWER),
        (("slow:0.01",), ANSWER),
        (("late:0.05",), ANSWER),
        (("exception:4",), bytes.fromhex("0007 0000 0003 03 83 04")),
        (("absent",), bytes.fromhex("0007 0000 0003 03 83 0B")),
        (("wrong_transaction",), bytes.fromhex("0006") + ANSWER[2:]),
        (("wrong_unit",), bytes.fromhex("0007 0000 0007 04 03 04 1234 5678")),
        (("short",), bytes.fromhex("0007 0000 0005 03 03 02 1234")),
        (("cut:4",), ANSWER[:4]),
        (("wrong_unit", "wrong_transaction"), b"\0\6" + ANSWER[2:6] + b"\4" + ANSWER[7:]),
    ],
)
async def test_faults_before_a_strangers_server(fault: tuple[str, ...], answer: bytes) -> None:
    async with stranger() as upstream, proxied(upstream, *fault) as at:
        assert await asked(at, ASK, len(answer)) == answer


async def test_a_fault_strikes_one_unit_only() -> None:
    async with stranger() as upstream, proxied(upstream, "busy", unit=3) as at:
        assert await asked(at, ASK, 9) == bytes.fromhex("0007 0000 0003 03 83 06")
        assert (await asked(at, ASK_NEIGHBOUR, 13))[6:9] == bytes.fromhex("04 03 04")


async def test_a_silent_proxy_answers_nothing_and_the_line_goes_on() -> None:
    async with stranger() as upstream, proxied(upstream, "silent", unit=3) as at:
        assert (await asked(at, ASK + ASK_NEIGHBOUR, 13))[6] == 4


@pytest.mark.parametrize("function", [5, 6, 15, 16, 22, 23])
async def test_nothing_that_writes_is_let_through(function: int) -> None:
    async with stranger() as upstream, proxied(upstream) as at:
        answer = await asked(at, read_request(3, 100, 0, function=function), 9)
        untouched = await asked(at, ASK, len(ANSWER))

    assert answer[7:] == bytes((function | 0x80, 1))
    assert untouched == ANSWER


async def test_rtu_frames_before_a_tcp_server() -> None:
    async with stranger() as upstream, proxied(upstream, framing=Framing.RTU) as at:
        answer = await exchange(at, bytes.fromhex("03 03 0064 0002 8436"))

    assert answer[:7] == bytes.fromhex("03 03 04 1234 5678")


async def test_a_server_that_is_not_there_is_an_exception_of_the_gateway() -> None:
    async with stranger() as upstream:
        pass
    async with proxied(upstream) as at:
        assert await asked(at, ASK, 9) == bytes.fromhex("0007 0000 0003 03 83 0A")


async def test_one_client_at_a_time() -> None:
    async with stranger() as upstream, proxied(upstream, "one_client") as at:
        _, writer = await asyncio.open_connection(*at)
        assert await asked(at, b"", 1) == b""
        writer.close()


def test_counters_are_unknown_to_a_proxy() -> None:
    with pytest.raises(DataError, match="does not know which registers count"):
        Proxy(("127.0.0.1", 502), [parse_kind("reset")])
