"""Every shipped Modbus profile, read back through two servers that share no code with the reader.

One is the project's own server, written from the specification, the other libmodbus's in C. The
words are packed here by ``struct``, apart from the code that unpacks them; the expected value is
the number that was packed, times the scale that the profile prints. SunSpec models stand in a
chain at 40000 and are found by discovery.
"""

from __future__ import annotations

import asyncio
import math
import struct
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from programs import require_header, require_program
from shipped_profiles import FOLDER

from collectors.devices.point import DevicePoint, ProfileKind, RegisterType, WordOrder
from collectors.devices.profile import DeviceProfile, load_profile
from collectors.devices.registers import Decoded, decode_block
from collectors.modbus.connection import ModbusConnection
from collectors.modbus.read_plan import plan
from collectors.modbus.sunspec import discover, located
from collectors.simulator.server import GatewayServer, Reply
from paes.metering import Quality

UNIT = 1
PATIENT_S = 10.0
BASE = 40000
SUNS = (0x5375, 0x6E53)
STRINGS = 2
"""Repeating groups in the image of a model that has them."""
PROFILES = sorted(
    path.stem for path in FOLDER.glob("*.yaml") if "schema: mbdev/1" in path.read_text("utf-8")
)

Image = dict[tuple[int, int], int]
Serve = Callable[[Image], AbstractAsyncContextManager[int]]

_FORMAT = {"u16": "H", "i16": "h", "u32": "I", "i32": "i", "u64": "Q", "i64": "q",
           "f32": "f", "f64": "d"}  # fmt: skip


@dataclass(frozen=True)
class Packed:
    """A point at its place on the wire, and what was packed into it."""

    point: DevicePoint
    raw: float | str

    @property
    def words(self) -> list[int]:
        """The registers in the order of the wire."""
        size = 2 * self.point.width
        if isinstance(self.raw, str):
            data = self.raw.encode("ascii").ljust(size, b"\0")
        else:
            data = struct.pack(">" + _FORMAT[self.point.type.value], self.raw)
        pairs = [data[i : i + 2] for i in range(0, size, 2)]
        if self.point.order in (WordOrder.CDAB, WordOrder.DCBA) and not isinstance(self.raw, str):
            pairs.reverse()  # of a number; a text is read from its first register on
        if self.point.order in (WordOrder.BADC, WordOrder.DCBA):
            pairs = [pair[::-1] for pair in pairs]
        return [int.from_bytes(pair, "big") for pair in pairs]


def raw_of(point: DevicePoint, number: int) -> float | str:
    """Another value for every point, that it can hold and that does not mean "none"."""
    if point.type is RegisterType.STR:
        return f"T{number}"[: 2 * point.width]
    if point.kind is ProfileKind.SCALE_FACTOR:
        return number % 7 - 3
    if point.encoding == "four_quadrant":
        return 0.875 if point.type.is_float else 1
    if point.type.is_float:
        return 123456.5 + number if point.type is RegisterType.F64 else 1000.25 + number
    if point.raw_range:
        return point.raw_range[0] + number % (point.raw_range[1] - point.raw_range[0] + 1)
    large = {16: 1000, 32: 70_001, 64: 2**33 + 5}[16 * point.width]
    raw = large + 37 * number
    if point.saturates or point.rollover:
        raw %= min(n for n in (point.saturates, point.rollover) if n)
    if point.type.is_signed and point.kind is ProfileKind.GAUGE and number % 2:
        raw = -raw
    return raw


def packed_image(profile: DeviceProfile) -> list[Packed]:
    """Every point of a profile, where it stands in a device."""
    points = list(profile.points)
    start = profile.base.registers or 0 if profile.base else 0
    for group in profile.repeating:
        for n in range(STRINGS):
            points += [
                p.model_copy(
                    update={
                        "name": f"{group.name}_{n + 1}_{p.name}",
                        "address": start + n * group.registers + p.address,
                    }
                )
                for p in group.points
            ]
    offset = BASE + len(SUNS) if profile.is_relative else 0
    packed: dict[tuple[int, int], Packed] = {}
    made = []
    for number, point in enumerate(points):
        moved = point.model_copy(update={"address": point.address + offset})
        twin = packed.get((moved.fc, moved.address))  # the same register under two names
        raw = twin.raw if twin else _head(profile, point) or raw_of(point, number)
        made.append(packed.setdefault((moved.fc, moved.address), Packed(moved, raw)))
        if twin:
            assert twin.point.type is moved.type
            made[-1] = Packed(moved, raw)
    return made


def _head(profile: DeviceProfile, point: DevicePoint) -> int | None:
    """Number, length and group count of a SunSpec model."""
    if not profile.is_relative:
        return None
    assert profile.base is not None
    assert profile.base.registers is not None
    groups = sum(STRINGS * group.registers for group in profile.repeating)
    heads = {0: profile.base.model, 1: profile.base.registers - 2 + groups}
    if profile.repeating and point.name == "N":
        return STRINGS
    return heads.get(point.address) if point.name in ("ID", "L") else None


def image_of(profile: DeviceProfile, packed: list[Packed]) -> Image:
    """The registers of a device, with the chain around a SunSpec model."""
    image = {
        (p.point.fc, p.point.address + i): word for p in packed for i, word in enumerate(p.words)
    }
    if profile.is_relative:
        length = next(p.raw for p in packed if p.point.name == "L")
        assert isinstance(length, int)
        end = BASE + len(SUNS) + 2 + length
        for address, words in ((BASE, SUNS), (end, (0xFFFF, 0))):
            image |= {(3, address + i): word for i, word in enumerate(words)}
    return image


def expected(packed: list[Packed]) -> dict[str, float | str]:
    """What each point must read, by hand: raw x scale, raw x 10^factor."""
    exponents = {p.point.name: p.raw for p in packed}
    values: dict[str, float | str] = {}
    for p in packed:
        value = p.raw
        if not isinstance(value, str):
            if p.point.scale_from:
                exponent = exponents[p.point.scale_from]
                assert isinstance(exponent, int)
                value = value * 10.0**exponent
            value = abs(value * p.point.scale) if p.point.absolute else value * p.point.scale
        values[p.point.name] = value
    return values


@asynccontextmanager
async def own_server(image: Image) -> AsyncIterator[int]:
    def answer(unit: int, function: int, address: int, count: int, now_s: float) -> Reply:
        return Reply([image.get((function, a), 0) for a in range(address, address + count)])

    server = GatewayServer(answer, lambda: 0.0)
    _, port = await server.start("127.0.0.1", 0)
    yield port
    await server.stop()


@pytest.fixture(scope="session")
def libmodbus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C server, compiled once."""
    compiler = require_program("gcc", "gcc")
    require_header("modbus/modbus.h", "libmodbus-dev")
    binary = tmp_path_factory.mktemp("libmodbus") / "libmodbus_server"
    source = Path(__file__).parent / "libmodbus_server.c"
    subprocess.run([compiler, "-o", binary, source, "-lmodbus"], check=True)
    return binary


@pytest.fixture(params=["own server", "libmodbus"])
def serve(request: pytest.FixtureRequest) -> Iterator[Serve]:
    """Each of the two servers."""
    if request.param == "own server":
        yield own_server
        return
    binary: Path = request.getfixturevalue("libmodbus")

    @asynccontextmanager
    async def in_c(image: Image) -> AsyncIterator[int]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(binary, "0", stdin=pipe, stdout=pipe)
        assert process.stdin is not None
        assert process.stdout is not None
        lines = (f"{fc} {address} {word}\n" for (fc, address), word in image.items())
        process.stdin.write("".join(lines).encode())
        process.stdin.close()
        try:
            yield int(await asyncio.wait_for(process.stdout.readline(), PATIENT_S))
        finally:
            process.terminate()
            await process.wait()

    yield in_c


async def read_back(port: int, profile: DeviceProfile) -> dict[str, Decoded]:
    """Every point of the device that answers at a port."""
    connection = ModbusConnection("127.0.0.1", port, timeout_s=PATIENT_S)
    await connection.connect()
    try:
        if profile.is_relative:
            profile = located(profile, await discover(connection, UNIT, PATIENT_S))
        values: dict[str, Decoded] = {}
        for block in plan(profile, profile.points):
            words = await connection.read(block.function_code, UNIT, block.address, block.count)
            values |= decode_block(block.points, block.address, words)
        return values
    finally:
        await connection.close()


def test_there_are_profiles_to_read_back() -> None:
    assert len(PROFILES) >= 46


@pytest.mark.parametrize("name", PROFILES)
async def test_every_value_of_a_profile_comes_back(serve: Serve, name: str) -> None:
    profile = load_profile(FOLDER / f"{name}.yaml")
    packed = packed_image(profile)
    async with serve(image_of(profile, packed)) as port:
        values = await read_back(port, profile)
    wanted = expected(packed)

    assert set(values) == set(wanted)
    wrong = {
        point: (values[point], value)
        for point, value in wanted.items()
        if not _is(values[point], value)
    }
    assert wrong == {}


def _is(decoded: Decoded, value: float | str) -> bool:
    if decoded.quality is not Quality.GOOD:
        return False
    if isinstance(value, str) or isinstance(decoded.value, str):
        return decoded.value == value
    return decoded.value is not None and math.isclose(decoded.value, value, rel_tol=1e-12)
