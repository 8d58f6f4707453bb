"""Where a SunSpec device keeps its models: the only module that knows pysunspec2.

A SunSpec device says "SunS" at one of three addresses; after it its models follow each other::

    base │ base + 2                                                    the end
    SunS │ 1  66  manufacturer, model, serial … │ 103  50  A  AphA … │ 0xFFFF 0
           id length                              id   length

So a model is found by walking from head to head, stepping by the length that the device says: it
differs from the definition's in the field (model 1 has 65 or 66 registers). What was found stays
found when a later head is refused or silent; ``Discovery.error`` says what stopped the walk.

``located`` turns a profile whose addresses count from a model into one with addresses on the wire.
Read next: ``collectors.modbus.identity`` (who the device is).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from sunspec2 import device as sunspec_device
from sunspec2 import mdef

from collectors.devices.device_file import DeviceKind
from collectors.devices.point import (
    LAST_ADDRESS,
    DevicePoint,
    FunctionCode,
    ProfileKind,
    RegisterType,
)
from collectors.devices.profile import DeviceProfile
from collectors.devices.repeating_group import RepeatingGroup
from paes.errors import DataError, DeviceRefused, FieldError

BASES = (40000, 50000, 0)
"""SunSpec Device Information Model Specification V1.1, "Locating the SunSpec Information Model"."""
MARKER = [0x5375, 0x6E53]
"""The characters SunS."""
COMMON = 1
"""The model that says who the device is; every device begins with it."""
MOST_MODELS = 100
"""Models of one unit; large plants have about 30. More is memory that is no chain of models."""

_COMMON_TEXTS = {"Mn": "manufacturer", "Md": "model", "Vr": "firmware", "SN": "serial"}
_END = 0xFFFF
FUNCTION: FunctionCode = 3
_NOT_IMPLEMENTED = 0xFFFF


class Connection(Protocol):
    """A line to a gateway that can be opened again after a silence has closed it."""

    @property
    def connected(self) -> bool:
        """True until either side closes."""

    async def connect(self) -> None:
        """Open it; ConnectionFailed if that cannot be."""

    async def read(
        self, function_code: int, unit: int, address: int, count: int, timeout_s: float, /
    ) -> list[int]:
        """``count`` registers; raises ConnectionFailed, NoReply, DeviceRefused, BadReply."""


@dataclass(frozen=True, slots=True)
class FoundModel:
    """One model of a device."""

    id: int
    address: int
    """Where its id stands; points count from here."""
    length: int
    """Registers after id and length, as the device says."""
    groups: int | None = None
    """How many repeating groups the device says it has (model 160: strings); None: it does not."""

    @property
    def end(self) -> int:
        """The first address after it."""
        return self.address + 2 + self.length


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a unit has: where "SunS" stands, and the models after it."""

    base: int | None
    """None if there is no SunSpec device."""
    models: tuple[FoundModel, ...] = ()
    error: str | None = None
    """What stopped the walk before the end of the chain, as a sentence."""
    failure: FieldError | None = None
    """Why the unit answered nothing at all; None as soon as it answered one question with words."""

    def common_of(self, model: FoundModel) -> FoundModel | None:
        """The model 1 that describes ``model``: the nearest before it.

        A device with meters attached has one model 1 for itself and one before each meter.
        """
        before = [m for m in self.models if m.id == COMMON and m.address <= model.address]
        return before[-1] if before else None


async def discover(
    connection: Connection, unit: int, timeout_s: float, bases: Sequence[int] = BASES
) -> Discovery:
    """The models of ``unit``, each request with ``timeout_s``; connects if there is no connection.

    A base that is silent or refused is followed by the next, for devices are silent at addresses
    they do not have: a dead unit costs one time-out a base. Raises ConnectionFailed only if the
    connection cannot be opened (again).
    """
    seen = []
    failures: list[FieldError] = []
    for base in bases:
        await _open(connection)
        try:
            words = await connection.read(FUNCTION, unit, base, len(MARKER), timeout_s)
        except FieldError as err:
            failures.append(err)
            seen.append(str(err))
            continue
        if words == MARKER:
            return await _walk(connection, unit, base, timeout_s)
        seen.append(f"address {base} holds {' '.join(f'{w:04X}' for w in words)}, not SunS")
    mute = failures[0] if failures and len(failures) == len(bases) else None
    return Discovery(None, (), f"no SunSpec device: {'; '.join(seen)}", mute)


def located(profile: DeviceProfile, discovery: Discovery) -> DeviceProfile:
    """``profile`` with the addresses of the model that was found; not relative any more.

    Points beyond the length that the device says are left out. The points of repeating groups are
    there by number, ``module_1_DCW``, as long as they fit one request with their scale factor.
    Raises DataError if the model was not found.
    """
    model = find(profile, discovery)
    points = [p for p in _points(profile, model) if model.address + p.end <= model.end]
    there = {p.name: p for p in points}
    absolute = tuple(
        p.model_copy(update={"address": model.address + p.address})
        for p in points
        if _is_readable(p, there.get(p.scale_from or ""), profile.read.max_registers)
    )
    return profile.model_copy(update={"base": None, "points": absolute, "repeating": ()})


def find(profile: DeviceProfile, discovery: Discovery) -> FoundModel:
    """The model that ``profile`` describes; DataError with what there is instead."""
    base = profile.base
    if base is None or base.model is None:
        raise DataError(f"device {profile.id}: describes no SunSpec model (base.model)")
    same = [m for m in discovery.models if m.id == base.model]
    if len(same) >= base.occurrence:
        return same[base.occurrence - 1]
    found = ", ".join(str(m.id) for m in discovery.models) or "none"
    which = f" number {base.occurrence}" if base.occurrence > 1 else ""
    why = f"; {discovery.error}" if discovery.error else ""
    raise DataError(
        f"device {profile.id}: the unit has no SunSpec model {base.model}{which}; "
        f"models found: {found}{why}"
    )


def common_points(model: FoundModel) -> tuple[DevicePoint, ...]:
    """The texts of a model 1 that say who the device is, on the wire; () for any other model."""
    definition = _definition(model.id) if model.id == COMMON else None
    points = []
    offset = 0
    for point in definition["points"] if definition else ():
        quantity = _COMMON_TEXTS.get(point["name"])
        if quantity and offset + point["size"] <= 2 + model.length:
            points.append(_text(quantity, model.address + offset, point["size"]))
        offset += point["size"]
    return tuple(points)


def sleeps(profile: DeviceProfile) -> bool:
    """True for a device that lives on the sun's power and may be silent at night."""
    return profile.kind in (DeviceKind.PV_INVERTER, DeviceKind.PV_STRINGS)


def model_name(model_id: int) -> str | None:
    """What SunSpec calls a model (``inverter_three_phase``); None for a maker's own."""
    definition = _definition(model_id)
    return str(definition["name"]) if definition else None


async def _open(connection: Connection) -> None:
    """Open a line that a silence or the device has closed."""
    if not connection.connected:
        await connection.connect()


async def _ask(
    connection: Connection, unit: int, address: int, count: int, timeout_s: float
) -> list[int]:
    await _open(connection)
    return await connection.read(FUNCTION, unit, address, count, timeout_s)


async def _walk(connection: Connection, unit: int, base: int, timeout_s: float) -> Discovery:
    models: list[FoundModel] = []
    address = base + len(MARKER)
    error = None
    try:
        while error is None:
            head = await _head(connection, unit, address, timeout_s)
            if head is None:
                break
            model = FoundModel(head[0], address, head[1])
            error = _absurd(model, len(models))
            if error is None:
                models.append(model)
                models[-1] = replace(
                    model, groups=await _groups(connection, unit, model, timeout_s)
                )
                address = model.end
    except FieldError as err:
        error = f"stopped after {len(models)} models: {err}"
    return Discovery(base, tuple(models), error)


async def _head(
    connection: Connection, unit: int, address: int, timeout_s: float
) -> list[int] | None:
    """Id and length of the model at ``address``; None at the end of the chain."""
    try:
        words = await _ask(connection, unit, address, 2, timeout_s)
    except DeviceRefused:
        # Some devices end with the id alone, and refuse the register after it.
        if await _ask(connection, unit, address, 1, timeout_s) != [_END]:
            raise
        return None
    return None if words[0] == _END else words


def _absurd(model: FoundModel, before: int) -> str | None:
    """Why the head of ``model`` cannot be believed, or None."""
    told = f"stopped after {before} models: at address {model.address}"
    if model.id == 0 or model.length == 0:
        return f"{told} stands model {model.id} of {model.length} registers; expected 1 or more"
    if model.end > LAST_ADDRESS:
        return (
            f"{told} model {model.id} says it has {model.length} registers, which ends beyond "
            f"address {LAST_ADDRESS}"
        )
    if before >= MOST_MODELS:
        return f"{told} comes model {model.id}, and there is no end (0xFFFF) in sight"
    return None


async def _groups(
    connection: Connection, unit: int, model: FoundModel, timeout_s: float
) -> int | None:
    """What the device says of the number of its repeating groups."""
    offset = _count_offset(model.id)
    if offset is None or offset >= 2 + model.length:
        return None
    try:
        words = await _ask(connection, unit, model.address + offset, 1, timeout_s)
    except DeviceRefused:
        return None
    return None if words[0] == _NOT_IMPLEMENTED else words[0]


def _points(profile: DeviceProfile, model: FoundModel) -> Iterator[DevicePoint]:
    """Every point that the model can have, addresses still counted from it."""
    yield from profile.points
    for group in profile.repeating:
        for number in range(1, _group_count(profile, group, model) + 1):
            yield from (
                group.numbered(point, number, profile.groups_start) for point in group.points
            )


def _group_count(profile: DeviceProfile, group: RepeatingGroup, model: FoundModel) -> int:
    """Groups that the length has room for, and no more than the device says it uses."""
    room = max(0, 2 + model.length - profile.groups_start) // group.registers
    return room if model.groups is None else min(room, model.groups)


def _is_readable(point: DevicePoint, factor: DevicePoint | None, max_registers: int) -> bool:
    """True if one request can bring the point with its scale factor, which may change."""
    if point.scale_from is None:
        return True
    if factor is None:
        return False
    return max(point.end, factor.end) - min(point.address, factor.address) <= max_registers


def _text(quantity: str, address: int, count: int) -> DevicePoint:
    return DevicePoint(
        name=quantity,
        address=address,
        type=RegisterType.STR,
        count=count,
        unit="",
        kind=ProfileKind.TEXT,
        quantity=quantity,
        fc=FUNCTION,
    )


@cache
def _definition(model_id: int) -> dict[str, Any] | None:
    """The group at the top of SunSpec's definition; None if the library has none.

    Read from the library's own folder: its look-up would begin in the current directory.
    """
    path = Path(sunspec_device.models_dir) / "json" / mdef.to_json_filename(model_id)
    if not path.is_file():
        return None
    group: dict[str, Any] = mdef.from_json_file(str(path))["group"]
    return group


def _count_offset(model_id: int) -> int | None:
    """Where in a model with repeating groups their number stands; None if it has no such point."""
    definition = _definition(model_id) or {}
    offset = 0
    for point in definition["points"] if definition.get("groups") else ():
        if point["type"] == mdef.TYPE_COUNT:
            return offset
        offset += int(point["size"])
    return None
