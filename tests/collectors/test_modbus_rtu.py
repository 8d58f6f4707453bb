"""RTU frames over TCP and on a pair of pseudo-terminals: a late answer is nobody's answer."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from field_servers import (
    Planned,
    Request,
    RtuDevice,
    crc16,
    refusal,
    registers,
    rtu_frame,
    rtu_on_a_pty,
    rtu_over_tcp,
)

from collectors.modbus.connection import ModbusConnection
from collectors.modbus.frames import rtu_frames
from paes.errors import BadReply, ConnectionFailed, DeviceRefused, FieldError, NoReply
from paes.gateways import Gateway, SerialLine

TIMEOUT_S = 0.1
LINES = ["tcp", "pty"]


def word(unit: int, address: int) -> int:
    """What a register holds: no two of a test hold the same."""
    return 1000 * unit + address


def truth(request: Request) -> bytes:
    words = [word(request.unit, request.address + i) for i in range(request.count)]
    return registers(request, words)


@asynccontextmanager
async def facing(
    line: str, answer: Callable[[Request], Planned]
) -> AsyncIterator[tuple[ModbusConnection, RtuDevice]]:
    device = RtuDevice(answer)
    if line == "tcp":
        async with rtu_over_tcp(device) as port:
            gateway = Gateway(
                id="g", host="127.0.0.1", port=port, transport="rtu_over_tcp", timeout_s=TIMEOUT_S
            )
            async with opened(gateway) as connection:
                yield connection, device
        return
    async with rtu_on_a_pty(device) as name:
        serial = SerialLine(device=name, baud=19200)
        gateway = Gateway(id="g", transport="serial", serial=serial, timeout_s=TIMEOUT_S)
        async with opened(gateway) as connection:
            yield connection, device


@asynccontextmanager
async def opened(gateway: Gateway) -> AsyncIterator[ModbusConnection]:
    connection = ModbusConnection.for_gateway(gateway)
    await connection.connect()
    try:
        yield connection
    finally:
        await connection.close()


def test_checksum_is_that_of_the_specification() -> None:
    # "MODBUS over Serial Line V1.02", 6.2.2: the frame 02 07 has the CRC 41 12.
    assert crc16(bytes((2, 7))) == bytes((0x41, 0x12))
    # The same by the program's own table, for an answer of two registers.
    body = bytes((1, 4, 4, 0x43, 0x66, 0x33, 0x34))
    sent = bytes((1, 4, 0, 0, 0, 2))
    assert rtu_frames(sent, body + crc16(body)) == [body + crc16(body)]
    assert rtu_frames(sent, body + crc16(body)[::-1]) == []


@pytest.mark.parametrize("line", LINES)
async def test_registers_are_read(line: str) -> None:
    async with facing(line, lambda r: Planned(truth(r))) as (connection, _):
        assert await connection.read(4, 1, 72, 2, 10) == [1072, 1073]
        assert await connection.read(3, 2, 0, 1, 10) == [2000]
        assert await connection.read(3, 2, 0, 120, 10) == [2000 + i for i in range(120)]


@pytest.mark.parametrize("line", LINES)
async def test_exception_is_told(line: str) -> None:
    async with facing(line, lambda r: Planned(refusal(r, 2))) as (connection, _):
        with pytest.raises(DeviceRefused, match=r"illegal data address \(exception 2\)"):
            await connection.read(3, 1, 5, 1, 10)


@pytest.mark.parametrize("line", LINES)
async def test_silence_closes_the_line_and_it_can_be_opened_again(line: str) -> None:
    def answer(request: Request) -> Planned:
        return Planned(None if request.number == 1 else truth(request))

    async with facing(line, answer) as (connection, device):
        with pytest.raises(NoReply, match="no answer within"):
            await connection.read(3, 1, 0, 1)
        assert not connection.connected
        with pytest.raises(ConnectionFailed, match="not connected"):
            await connection.read(3, 2, 0, 1)
        await connection.connect()
        assert await connection.read(3, 2, 0, 1, 10) == [2000]
        assert len(device.requests) == 2


@pytest.mark.parametrize("line", LINES)
async def test_late_answer_of_another_unit_is_passed_over(line: str) -> None:
    # Unit 1 answers while unit 2 is being asked; pymodbus would throw both answers away.
    def answer(request: Request) -> Planned:
        return Planned(truth(request), TIMEOUT_S + 0.5 if request.unit == 1 else 0.4)

    async with facing(line, answer) as (connection, _):
        with pytest.raises(NoReply):
            await connection.read(3, 1, 0, 1)
        await connection.connect()
        assert await connection.read(3, 2, 0, 1, 10) == [2000]


@pytest.mark.parametrize("line", LINES)
async def test_zero_wrong_values_when_answers_are_late(line: str) -> None:
    """The worst the line can do: one unit, requests of one shape, each answer as late as it
    likes, and a technician's tool that asks again at once."""
    delays = random.Random(7)

    def answer(request: Request) -> Planned:
        late = delays.random() < 0.3
        return Planned(truth(request), delays.uniform(1.1, 1.9) * TIMEOUT_S if late else 0.0)

    wrong, good = [], 0
    async with facing(line, answer) as (connection, _):
        for address in range(14):
            if not connection.connected:
                await connection.connect()
            try:
                words = await connection.read(3, 1, 10 * address, 1)
            except FieldError:
                continue
            good += 1
            wrong += [] if words == [word(1, 10 * address)] else [(address, words)]
    assert wrong == []
    assert good > 0


async def test_what_came_unasked_is_no_answer() -> None:
    async with facing("tcp", lambda r: Planned(truth(r))) as (connection, device):
        assert await connection.read(3, 1, 0, 1, 10) == [1000]
        device.put(rtu_frame(1, bytes((3, 2, 0xBA, 0xD0))))
        assert await connection.read(3, 1, 7, 1, 10) == [1007]


async def test_read_that_is_given_up_leaves_no_answer_behind() -> None:
    async with facing("tcp", lambda r: Planned(truth(r), 0.15)) as (connection, device):
        asked = asyncio.ensure_future(connection.read(3, 1, 0, 1, 0.5))
        while not device.requests:
            await asyncio.sleep(0)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        assert not connection.connected
        await connection.connect()
        assert await connection.read(3, 1, 7, 1, 60) == [1007]


async def test_answer_of_another_length_is_refused() -> None:
    async with facing("tcp", lambda r: Planned(registers(r, [1]))) as (connection, _):
        with pytest.raises(BadReply, match="1 registers, expected 2"):
            await connection.read(3, 1, 0, 2, 10)
        assert not connection.connected


async def test_cut_serial_line_and_missing_adapter_are_said() -> None:
    serial = SerialLine(device="/dev/serial/by-id/no-such-adapter")
    connection = ModbusConnection.for_gateway(Gateway(id="g", transport="serial", serial=serial))
    with pytest.raises(ConnectionFailed, match=r"no-such-adapter: .*is the adapter plugged in"):
        await connection.connect()


async def test_adapter_that_is_pulled_out_is_noticed_at_once() -> None:
    master, slave = os.openpty()
    loop = asyncio.get_running_loop()

    def pull_out() -> None:
        loop.remove_reader(master)
        os.close(master)

    loop.add_reader(master, pull_out)  # as soon as the request is there
    serial = SerialLine(device=os.ttyname(slave))
    connection = ModbusConnection.for_gateway(
        Gateway(id="g", transport="serial", serial=serial, timeout_s=60)
    )
    try:
        await connection.connect()
        with pytest.raises(ConnectionFailed, match="closed while waiting for the answer"):
            await asyncio.wait_for(connection.read(3, 1, 0, 1), 30)
        assert not connection.connected
    finally:
        await connection.close()
        os.close(slave)


async def test_settings_that_the_line_does_not_take_are_said() -> None:
    # A pseudo-terminal knows no parity, as some adapters do not.
    async with rtu_on_a_pty(RtuDevice(lambda r: Planned(truth(r)))) as name:
        serial = SerialLine(device=name, parity="E")
        connection = ModbusConnection.for_gateway(
            Gateway(id="g", transport="serial", serial=serial)
        )
        with pytest.raises(ConnectionFailed, match="does the adapter know this speed, parity"):
            await connection.connect()


async def test_line_that_another_program_uses_is_said() -> None:
    async with facing("pty", lambda r: Planned(truth(r))) as (first, _):
        serial = SerialLine(device=first.place)
        second = ModbusConnection.for_gateway(Gateway(id="g", transport="serial", serial=serial))
        with pytest.raises(ConnectionFailed, match="another program is using it"):
            await second.connect()
