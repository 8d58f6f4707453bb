"""A stranger reads the simulator: mbpoll, built on libmodbus, shares no code with this project."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import numpy as np
import pytest
from programs import require_program

from collectors.simulator import Simulator, Town
from paes.installation import Installation

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
NOON = datetime(2024, 6, 12, 10, 0, 0, tzinfo=UTC).timestamp()


@pytest.fixture
async def simulator(installation: Installation) -> AsyncIterator[Simulator]:
    town = Town(installation, seed=2007, epoch=EPOCH)
    running = Simulator(installation, port=0, clock=lambda: NOON, town=town)
    await running.start()
    yield running
    await running.stop()


async def mbpoll(simulator: Simulator, unit: int, address: int, *options: str) -> str:
    """What mbpoll prints for one read of input registers at a zero-based address."""
    program = require_program("mbpoll", "mbpoll")
    host, port = simulator.addresses["palazzi"]
    where = ["-m", "tcp", "-p", str(port), "-a", str(unit), "-0", "-r", str(address)]
    process = await asyncio.create_subprocess_exec(
        program, *where, "-1", "-q", *options, host, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await asyncio.wait_for(process.communicate(), 20)
    return output.decode()


def value_at(address: int, output: str) -> float:
    """The number that mbpoll prints behind ``[address]:``."""
    found = re.search(rf"\[{address}\]:\s+([-+.0-9e]+)", output)
    assert found, output
    return float(found.group(1))


async def test_reads_a_float_with_the_high_word_first(simulator: Simulator) -> None:
    output = await mbpoll(simulator, 6, 72, "-t", "3:float", "-B", "-c", "1")
    true = simulator.town.register_at("ufficio.main", np.array([NOON]))[0]

    assert value_at(72, output) == pytest.approx(true, rel=1e-5)  # it prints six figures


async def test_reads_an_integer_with_the_low_word_first(simulator: Simulator) -> None:
    output = await mbpoll(simulator, 3, 52, "-t", "3:int", "-c", "1")
    true = simulator.town.register_at("scuola.palestra", np.array([NOON]))[0]

    assert value_at(52, output) == pytest.approx(true * 10, abs=1)  # 0.1 kWh a step


async def test_is_told_of_an_address_that_is_not_there(simulator: Simulator) -> None:
    output = await mbpoll(simulator, 6, 9000, "-t", "3", "-c", "2")

    assert "[9000]" not in output
