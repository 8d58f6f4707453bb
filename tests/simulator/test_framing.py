"""RTU frames over TCP and on a pseudo-terminal: by hand, by mbpoll, and through pyserial."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import serial
from hand_client import ENERGY_IMPORT, NOON, PATIENCE_S, exchange, running
from programs import require_program

from collectors.modbus.connection import ModbusConnection
from collectors.simulator import Framing
from collectors.simulator.framing import crc
from paes.gateways import Transport
from paes.installation import Installation

READ_ENERGY = bytes.fromhex("06 04 0048 0002 F06A")


@pytest.mark.parametrize(
    ("body", "check"),
    [
        ("02 07", "41 12"),  # MODBUS over Serial Line V1.02, 6.2.2
        ("01 03 00 00 00 0A", "C5 CD"),  # printed in the manuals of many meters
    ],
)
def test_check_sum_is_that_of_the_specification(body: str, check: str) -> None:
    assert crc(bytes.fromhex(body)) == bytes.fromhex(check)


def true_energy(answer: bytes) -> float:
    assert answer[:3] == bytes.fromhex("06 04 04")
    assert crc(answer[:-2]) == answer[-2:]
    return float(struct.unpack(">f", answer[3:7])[0])


@pytest.mark.parametrize(
    "noise",
    [
        b"",
        b"\xff",
        b"\x00\x03\x81",
        bytes.fromhex("06 04 0048 0002 0000"),  # a request whose check sum is wrong
        bytes.fromhex("0F 41 41 41"),  # a function that nobody knows
    ],
)
async def test_a_request_is_found_behind_noise(installation: Installation, noise: bytes) -> None:
    async with running(installation, framing=Framing.RTU) as simulator:
        answer = await exchange(simulator.addresses["palazzi"], noise + READ_ENERGY)
        true = simulator.town.register_at("ufficio.main", np.array([NOON]))[0]

    assert true_energy(answer) == pytest.approx(true, abs=1 / 64)


async def test_half_a_request_is_forgotten_after_a_silence(installation: Installation) -> None:
    """The head of a frame that writes 100 registers would wait for 200 bytes more."""
    head = bytes.fromhex("06 10 0000 0064 C8")
    async with running(installation, framing=Framing.RTU) as simulator:
        reader, writer = await asyncio.open_connection(*simulator.addresses["palazzi"])
        writer.write(head)
        answer = b""
        async with asyncio.timeout(PATIENCE_S):
            while len(answer) < 9:
                writer.write(READ_ENERGY)  # as a client does that had no answer
                try:
                    async with asyncio.timeout(1.0):
                        answer = await reader.readexactly(9)
                except TimeoutError:
                    continue
        writer.close()

    assert answer[:3] == bytes.fromhex("06 04 04")


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ("4D 04 0000 0002 7E07", "4D 84 0B"),  # a unit that is not there
        ("06 10 0000 0001 02 0001 6BB1", "06 90 01"),  # nothing can be written
        ("06 06 0000 0001 487D", "06 86 01"),
    ],
)
async def test_what_is_refused(installation: Installation, sent: str, received: str) -> None:
    body = bytes.fromhex(sent)[:-2]
    async with running(installation, framing=Framing.RTU) as simulator:
        answer = await exchange(simulator.addresses["palazzi"], body + crc(body))

    assert answer[:-2] == bytes.fromhex(received)


@contextmanager
def opened(device: str) -> Iterator[serial.Serial]:
    line = serial.Serial(device, 9600, timeout=PATIENCE_S)
    try:
        yield line
    finally:
        line.close()


async def test_a_pseudo_terminal_is_opened_like_an_adapter(installation: Installation) -> None:
    def read_twice(device: str) -> list[bytes]:
        answers = []
        for _ in range(2):  # a client that leaves does not hang up the line
            with opened(device) as line:
                line.write(READ_ENERGY)
                answers.append(line.read(9))
        return answers

    async with running(installation, on_lines=True) as simulator:
        assert simulator.addresses == {}
        gateway = simulator.gateways()["palazzi"]
        assert gateway.transport is Transport.SERIAL
        assert gateway.serial is not None
        assert gateway.place == simulator.lines["palazzi"]
        answers = await asyncio.to_thread(read_twice, gateway.serial.device)
        true = simulator.town.register_at("ufficio.main", np.array([NOON]))[0]

    assert true_energy(answers[0]) == true_energy(answers[1]) == pytest.approx(true, abs=1 / 64)


async def test_mbpoll_reads_the_line(installation: Installation) -> None:
    program = require_program("mbpoll", "mbpoll")
    async with running(installation, on_lines=True) as simulator:
        process = await asyncio.create_subprocess_exec(
            program, "-m", "rtu", "-b", "9600", "-P", "none", "-a", "6", "-0", "-r", "72",
            "-t", "3:float", "-B", "-c", "1", "-1", "-q", "-o", "5", simulator.lines["palazzi"],
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        true = simulator.town.register_at("ufficio.main", np.array([NOON]))[0]

    shown = output.decode().partition("[72]:")[2].split()
    assert shown, output
    assert float(shown[0]) == pytest.approx(true, rel=1e-5)


@pytest.mark.parametrize(
    ("options", "transport"),
    [
        ({}, Transport.TCP),
        ({"framing": Framing.RTU}, Transport.RTU_OVER_TCP),
        ({"on_lines": True}, Transport.SERIAL),
    ],
)
async def test_the_collectors_connection_reads_each_of_them(
    installation: Installation, options: dict[str, Any], transport: Transport
) -> None:
    async with running(installation, **options) as simulator:
        gateway = simulator.gateways()["palazzi"].model_copy(update={"timeout_s": PATIENCE_S})
        assert gateway.transport is transport
        connection = ModbusConnection.for_gateway(gateway)
        await connection.connect()
        words = [await connection.read(4, unit, ENERGY_IMPORT, 2) for unit in (6, 1, 6)]
        await connection.close()
        true = simulator.town.register_at("ufficio.main", np.array([NOON]))[0]

    assert words[0] == words[2] != words[1]
    assert struct.unpack(">f", struct.pack(">HH", *words[0]))[0] == pytest.approx(true, abs=1 / 64)
