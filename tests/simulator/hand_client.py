"""A simulated town in a test, and requests to it written by hand: nothing but sockets and bytes."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Any

from collectors.simulator import Fault, Simulator, Town
from paes.installation import Installation

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
NOON = datetime(2024, 6, 12, 10, 0, 0, tzinfo=UTC).timestamp()
ENERGY_IMPORT = 0x48  # SDM630: "Total Import kWh", input register 30073, float32
ACTIVE_POWER = 0x34  # SDM630: "Total system power", input register 30053, float32
PATIENCE_S = 20


class HandClock:
    """A clock that only the test moves."""

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


@contextlib.asynccontextmanager
async def running(
    installation: Installation,
    faults: Iterable[Fault] = (),
    clock: HandClock | None = None,
    **options: Any,
) -> AsyncIterator[Simulator]:
    """A simulator on free ports; time stands at NOON unless the test moves its clock."""
    town = _town_of(installation)
    simulator = Simulator(
        installation, port=0, faults=faults, clock=clock or HandClock(NOON), town=town, **options
    )
    await simulator.start()
    try:
        yield simulator
    finally:
        await simulator.stop()


_TOWNS: list[Town] = []


def _town_of(installation: Installation) -> Town:
    """The truth of an installation, computed once: nothing that a test does changes it."""
    for town in _TOWNS:
        if town.installation is installation:
            return town
    _TOWNS.append(Town(installation, seed=2007, epoch=EPOCH))
    return _TOWNS[-1]


def read_request(
    unit: int, address: int, count: int, function: int = 4, transaction: int = 7
) -> bytes:
    """A Modbus TCP frame that reads registers."""
    return struct.pack(">HHHBBHH", transaction, 0, 6, unit, function, address, count)


async def exchange(at: tuple[str, int], sent: bytes) -> bytes:
    """Everything that comes back until the server closes; nothing is sent after ``sent``."""
    reader, writer = await asyncio.open_connection(*at)
    writer.write(sent)
    writer.write_eof()
    received = await asyncio.wait_for(reader.read(), PATIENCE_S)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return received


async def ask(
    simulator: Simulator, unit: int, address: int, count: int, function: int = 4
) -> bytes | None:
    """The reply's unit and PDU, or None if there is none."""
    at = simulator.addresses["palazzi"]
    reply = await exchange(at, read_request(unit, address, count, function))
    if not reply:
        return None
    transaction, protocol, length = struct.unpack(">HHH", reply[:6])
    assert (transaction, protocol, length) == (7, 0, len(reply) - 6)
    return reply[6:]


async def ask_float(simulator: Simulator, unit: int, address: int) -> float:
    """A float32 of an input register pair, high word first."""
    reply = await ask(simulator, unit, address, 2)
    assert reply is not None
    assert reply[:3] == bytes((unit, 4, 4))
    return float(struct.unpack(">f", reply[3:])[0])
