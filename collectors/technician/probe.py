"""What one unit answers, shown so that a technician can find what is wrong.

Every point with its words as they came, its value in the profile's order and in the other three,
its quality, and how long the answer took. A refused block is read again point by point, so that
the register to blame has a name. One failure never hides the rest; only a connection that cannot
be made ends a probe (ConnectionFailed).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from collectors.devices.point import DevicePoint, RegisterType, WordOrder
from collectors.devices.profile import DeviceProfile, Identification
from collectors.devices.registers import (
    Decoded,
    Value,
    decode,
    decode_block,
    stored_name,
    to_reading_value,
    words_of_point,
)
from collectors.devices.word_order import OrderVote, plausible_order, vote
from collectors.modbus.connection import ModbusConnection
from collectors.modbus.identity import identification_value
from collectors.modbus.read_plan import Block, plan
from collectors.modbus.sunspec import discover, located
from collectors.technician.probed import Probe, ProbedIdentity, ProbedPoint, ProbedRequest
from paes.errors import DeviceRefused, FieldError, NoReply
from paes.meters import FieldMeter
from paes.periods import Clock
from paes.units import canonical_unit

MOST_SILENCES = 2
"""Time-outs in a row after which the rest of a unit is not waited for."""
_NOT_THERE = (10, 11)
"""What a gateway answers for a unit that it does not hear, whatever register is asked for."""


@dataclass
class _Notebook:
    connection: ModbusConnection
    unit: int
    profile: DeviceProfile
    timeout_s: float
    meter: FieldMeter | None
    silences: int = 0
    sunspec: str | None = None
    requests: list[ProbedRequest] = field(default_factory=list)
    points: dict[str, ProbedPoint] = field(default_factory=dict)


async def probe(
    connection: ModbusConnection,
    unit: int,
    profile: DeviceProfile,
    clock: Clock,
    points: Collection[str] | None = None,
    meter: FieldMeter | None = None,
    pause_s: float = 0.0,
) -> Probe:
    """Read the points named in ``points`` (default: all) of ``unit`` once; closes the connection.

    A SunSpec model is looked for first. With ``meter`` each number is also given as the meter's
    reading. After each block the line rests for ``pause_s``, or as long as the profile says.
    Raises ConnectionFailed if the gateway cannot be reached, DataError for a profile whose
    addresses count from a place that is not there.
    """
    if not _is_sunspec(profile):
        plan(profile, profile.points)  # what cannot be planned opens no connection
    timeout_s = max(connection.timeout_s, profile.read.min_timeout_ms / 1000)
    notebook = _Notebook(connection, unit, profile, timeout_s, meter)
    at = clock()
    try:
        await connection.connect()
        if profile.link and profile.link.connect_delay_ms:
            await asyncio.sleep(profile.link.connect_delay_ms / 1000)
        await _locate(notebook)
        identity = [await _identify(notebook, item) for item in profile.identify]
        for block in plan(notebook.profile, _wanted(notebook.profile, points)):
            await _probe_block(notebook, block)
            await asyncio.sleep(max(pause_s, profile.read.pause_ms / 1000))
    finally:
        await connection.close()
    return Probe(
        connection.place,
        unit,
        profile.id,
        profile.confidence,
        at,
        tuple(identity),
        tuple(notebook.requests),
        tuple(sorted(notebook.points.values(), key=lambda p: (p.function_code, p.address, p.name))),
        _vote(notebook),
        notebook.sunspec,
    )


def _wanted(profile: DeviceProfile, names: Collection[str] | None) -> list[DevicePoint]:
    return [p for p in profile.points if names is None or p.name in names]


def _is_sunspec(profile: DeviceProfile) -> bool:
    return profile.base is not None and profile.base.kind == "sunspec_model"


async def _locate(notebook: _Notebook) -> None:
    """Find the SunSpec model that the profile's addresses count from, if they do."""
    if not _is_sunspec(notebook.profile):
        return
    found = await discover(notebook.connection, notebook.unit, notebook.timeout_s)
    notebook.profile = located(notebook.profile, found)
    models = ", ".join(f"{m.id} at {m.address}" for m in found.models)
    rest = f"; the rest could not be read: {found.error}" if found.error else ""
    notebook.sunspec = f"SunSpec at {found.base}: models {models}{rest}"


def _vote(notebook: _Notebook) -> OrderVote | None:
    """What the points that were read say of the word order."""
    return vote(
        (point, {point.order.value: read.value, **read.other_orders})
        for point in notebook.profile.points
        if (read := notebook.points.get(point.name)) and read.other_orders
    )


async def _identify(notebook: _Notebook, item: Identification) -> ProbedIdentity:
    fc = notebook.profile.defaults.fc
    names = (item.meaning or "identity",)
    words = await _ask(notebook, fc, item.address, item.width, names)
    if isinstance(words, FieldError):
        return ProbedIdentity(item.address, None, item.equals, None, item.meaning, str(words))
    value = identification_value(notebook.profile, item, words)
    matches = value in item.equals if item.equals else None
    return ProbedIdentity(item.address, value, item.equals, matches, item.meaning, None)


async def _probe_block(notebook: _Notebook, block: Block, divide: bool = True) -> None:
    names = tuple(p.name for p in block.points)
    words = await _ask(notebook, block.function_code, block.address, block.count, names)
    if not isinstance(words, FieldError):
        values = decode_block(block.points, block.address, words)
        for point in block.points:
            own = words_of_point(point, block.address, words)
            exponent = values[point.scale_from].value if point.scale_from else None
            scale = exponent if isinstance(exponent, int) else None
            notebook.points[point.name] = _probed(notebook, point, own, values[point.name], scale)
    elif divide and isinstance(words, DeviceRefused) and len(block.points) > 1:
        if words.code in _NOT_THERE:
            return
        for point in block.points:
            for single in plan(notebook.profile, [point]):
                await _probe_block(notebook, single, divide=False)


async def _ask(
    notebook: _Notebook, function_code: int, address: int, count: int, names: tuple[str, ...]
) -> list[int] | FieldError:
    """The words, or why there are none; noted either way."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer: list[int] | FieldError
    try:
        if notebook.silences >= MOST_SILENCES:
            raise NoReply(f"not asked: unit {notebook.unit} is silent")
        if not notebook.connection.connected:
            await notebook.connection.connect()
        answer = await notebook.connection.read(
            function_code, notebook.unit, address, count, notebook.timeout_s
        )
    except FieldError as err:
        answer = err
    notebook.silences = notebook.silences + 1 if _is_silence(answer) else 0
    latency_ms = round((loop.time() - began) * 1000, 3)
    error = str(answer) if isinstance(answer, FieldError) else None
    notebook.requests.append(
        ProbedRequest(function_code, address, count, names, None if error else latency_ms, error)
    )
    return answer


def _is_silence(answer: list[int] | FieldError) -> bool:
    return isinstance(answer, NoReply) or (
        isinstance(answer, DeviceRefused) and answer.code in _NOT_THERE
    )


def _probed(
    notebook: _Notebook,
    point: DevicePoint,
    words: Sequence[int],
    decoded: Decoded,
    exponent: int | None,
) -> ProbedPoint:
    stored: tuple[str | None, float | None, str | None] = (None, None, None)
    meter, value = notebook.meter, decoded.value
    if meter is not None and point.is_number and isinstance(value, int | float):
        name = stored_name(meter, point)
        unit = point.unit if name == point.name or meter.pulse is None else meter.pulse.unit
        stored = (name, to_reading_value(meter, point, value), canonical_unit(unit))
    others = _other_orders(point, words, exponent)
    return ProbedPoint(
        point.name,
        point.fc,
        point.address,
        tuple(words),
        value,
        point.unit,
        decoded.quality.value,
        point.kind.value,
        point.order.value,
        others,
        plausible_order(point, {point.order.value: value, **others}),
        point.verify or point.unit_from_installation,
        *stored,
    )


def _other_orders(
    point: DevicePoint, words: Sequence[int], exponent: int | None
) -> dict[str, Value | None]:
    if point.width < 2 or point.type is RegisterType.STR:
        return {}
    return {
        order.value: decode(point.model_copy(update={"order": order}), words, exponent).value
        for order in WordOrder
        if order is not point.order
    }
