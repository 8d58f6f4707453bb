"""SunSpec devices for tests: images by pysunspec2's own encoder, served by two servers.

One server is the project's, written from the Modbus specification; the other is pymodbus's. Both
refuse an address at which there is nothing, and either can be silent where a test says so.
"""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from field_servers import good_server
from sunspec2.file.client import FileClientModel

from collectors.simulator.framing import Framing
from collectors.simulator.server import ILLEGAL_ADDRESS, GatewayServer, Reply

SUNS = [0x5375, 0x6E53]
END = [0xFFFF, 0]

Units = Mapping[int, Mapping[int, Sequence[int]]]
"""Words by first address, by unit."""
Serve = Callable[[Units], AbstractAsyncContextManager[int]]


def model(number: int, **values: object) -> list[int]:
    """The words of a model as pysunspec2 encodes them; what is not given is not implemented."""
    encoded = FileClientModel(model_id=number, data={"ID": number, **values})
    assert not encoded.error_info
    data = encoded.get_mb()
    words = list(struct.unpack(f">{len(data) // 2}H", data))
    words[1] = len(words) - 2
    return words


def common(serial: str = "1234567890", maker: str = "Fronius", name: str = "Symo 10") -> list[int]:
    """Model 1."""
    return model(1, Mn=maker, Md=name, Vr="1.2.3", SN=serial)


def chain(*models: Sequence[int], end: Sequence[int] = END) -> list[int]:
    """The whole image, from "SunS" to the end."""
    return [*SUNS, *(word for m in models for word in m), *end]


@asynccontextmanager
async def simulator_server(
    units: Units,
    silent: Callable[[int, int], bool] = lambda unit, address: False,
    framing: Framing = Framing.TCP,
    asked: list[tuple[int, int, int]] | None = None,
) -> AsyncIterator[int]:
    """The project's server; ``silent`` says at which unit and address nothing comes back.

    A unit that is not there is silent, too. ``asked`` is given every (unit, address, count).
    """

    def answer(unit: int, function: int, address: int, count: int, now_s: float) -> Reply | None:
        if asked is not None:
            asked.append((unit, address, count))
        if unit not in units or silent(unit, address):
            return None
        for start, words in units[unit].items():
            if start <= address and address + count <= start + len(words):
                return Reply(words=words[address - start : address - start + count])
        return Reply(exception=ILLEGAL_ADDRESS)

    server = GatewayServer(answer, lambda: 0.0, framing)
    _, port = await server.start("127.0.0.1", 0)
    try:
        yield port
    finally:
        await server.stop()


SERVERS: tuple[Serve, ...] = (simulator_server, good_server)
