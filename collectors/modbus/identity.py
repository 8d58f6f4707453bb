"""Who a device is: serial number, maker, model, and whether it is what its profile describes.

A serial number tells that a meter was exchanged, so nothing that is not one may pass for one: an
empty text, a zero, all ones and "not available" are no serial number. A register that is refused
leaves its field empty; silence ends the questions, for each one more would cost a time-out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from collectors.devices.point import DevicePoint, RegisterType
from collectors.devices.profile import DeviceProfile, Identification
from collectors.devices.registers import Value, decode, words_of_point
from collectors.modbus.read_plan import Block, plan
from collectors.modbus.sunspec import Connection, Discovery, common_points, discover, find
from paes.errors import BadReply, DataError, DeviceRefused, FieldError

QUANTITIES = ("serial", "model", "manufacturer", "firmware")
"""Quantities of a profile that say who a device is, by the names of the fields below."""

_NO_SERIALS = frozenset({"N/A", "NA", "NONE", "NULL", "UNKNOWN"})


@dataclass(frozen=True, slots=True)
class Identity:
    """What a device says of itself; None for what it does not say."""

    serial: str | None = None
    model: str | None = None
    manufacturer: str | None = None
    firmware: str | None = None
    matches: bool | None = None
    """Whether the registers that tell the device from others hold what the profile expects; None
    if the profile names none, or if they could not be read."""
    seen: str | None = None
    """What they hold instead, as a sentence."""
    failure: FieldError | None = None
    """The first question that failed, if any did."""

    @property
    def label(self) -> str:
        """Maker, model and serial number on one line, as far as known."""
        named = [self.manufacturer, self.model, f"no. {self.serial}" if self.serial else None]
        return " ".join(n for n in named if n)


async def read_identity(
    connection: Connection,
    unit: int,
    profile: DeviceProfile,
    timeout_s: float,
    discovery: Discovery | None = None,
) -> Identity:
    """Ask ``unit`` who it is, in as few requests as ``profile`` allows, each with ``timeout_s``.

    A profile with a SunSpec base (pass it as it is loaded, not located) is asked through the
    device's model 1; ``discovery`` saves the search for it. What fails is told by ``failure``;
    no FieldError is raised.
    """
    asked = _Questions(connection, unit, timeout_s)
    try:
        await _compare(asked, profile)
        if profile.base is not None:
            found = discovery or await _discovered(asked, profile)
            asked.note(await asked.points(_common_blocks(profile, found)))
        if not profile.is_relative:
            asked.note(await _own(asked, profile))
    except FieldError as err:
        asked.failure = asked.failure or err
    return Identity(**asked.texts, matches=asked.matches, seen=asked.seen, failure=asked.failure)


def identification_value(
    profile: DeviceProfile, item: Identification, words: Sequence[int]
) -> Value | None:
    """What an identifying register holds; None if the device says that it has nothing there."""
    return decode(_as_point(profile, item), words).value


def serial_text(value: Value | None, point: DevicePoint) -> str | None:
    """``value`` as a serial number; None for what a device without one sends."""
    if isinstance(value, int | float):
        all_ones = (1 << 16 * point.width) - 1
        return str(int(value)) if value not in (0, all_ones, all_ones >> 1) else None
    text = (value or "").strip()
    has_content = text.isprintable() and text.strip("0 .-") != ""
    return text if has_content and text.upper() not in _NO_SERIALS else None


@dataclass
class _Questions:
    """The questions put to one unit, and what came of them."""

    connection: Connection
    unit: int
    timeout_s: float
    texts: dict[str, str] = field(default_factory=dict)
    matches: bool | None = None
    seen: str | None = None
    failure: FieldError | None = None

    async def ask(self, function_code: int, address: int, count: int) -> list[int] | None:
        """The words, or None if the unit refuses; silence and a lost line are raised."""
        try:
            return await self.connection.read(
                function_code, self.unit, address, count, self.timeout_s
            )
        except (DeviceRefused, BadReply) as err:
            self.failure = self.failure or err
            return None

    async def points(self, blocks: Sequence[Block]) -> list[tuple[DevicePoint, Value | None]]:
        """Every point of ``blocks`` that could be read."""
        values: list[tuple[DevicePoint, Value | None]] = []
        for block in blocks:
            words = await self.ask(block.function_code, block.address, block.count)
            if words is not None:
                values += [
                    (p, decode(p, words_of_point(p, block.address, words)).value)
                    for p in block.points
                ]
        return values

    def note(self, values: Sequence[tuple[DevicePoint, Value | None]]) -> None:
        """Keep what says who the device is; the first that says something counts."""
        for point, value in values:
            name = point.quantity or ""
            text = serial_text(value, point)
            if text is not None and name != "serial" and isinstance(value, int):
                text = point.values.get(value, text)
            if text is not None:
                self.texts.setdefault(name, text)


async def _compare(asked: _Questions, profile: DeviceProfile) -> None:
    """Look at the registers that tell the device from others."""
    for item in profile.identify:
        if asked.matches is False:
            return
        words = await asked.ask(profile.defaults.fc, item.address, item.width)
        if words is None:
            continue
        value = identification_value(profile, item, words)
        if not item.equals:
            _note_name(asked, value)
            continue
        asked.matches = value in item.equals
        if not asked.matches:
            expected = " or ".join(repr(e) for e in item.equals)
            what = f" ({item.meaning})" if item.meaning else ""
            asked.seen = f"register {item.address} holds {value!r}, expected {expected}{what}"


def _note_name(asked: _Questions, value: Value | None) -> None:
    """A text that identifies is the name of the product."""
    if isinstance(value, str) and value.isprintable() and value:
        asked.texts.setdefault("model", value)


async def _discovered(asked: _Questions, profile: DeviceProfile) -> Discovery:
    bases = profile.base.at if profile.base else ()
    call = (asked.connection, asked.unit, asked.timeout_s)
    found = await (discover(*call, bases) if bases else discover(*call))
    asked.failure = asked.failure or found.failure
    return found


def _common_blocks(profile: DeviceProfile, found: Discovery) -> list[Block]:
    """One request for the texts of the model 1 that describes the profile's model."""
    try:
        common = found.common_of(find(profile, found))
    except DataError:
        common = found.models[0] if found.models else None
    points = common_points(common) if common else ()
    if not points:
        return []
    start = min(p.address for p in points)
    return [Block(points[0].fc, start, max(p.end for p in points) - start, points)]


async def _own(asked: _Questions, profile: DeviceProfile) -> list[tuple[DevicePoint, Value | None]]:
    """The profile's own points that say who the device is, those that are missing still."""
    points = [
        p for p in profile.points if p.quantity in QUANTITIES and p.quantity not in asked.texts
    ]
    # Nothing is read through: a hole that is refused would take the serial number with it.
    return await asked.points(plan(profile, points, max_gap=0))


def _as_point(profile: DeviceProfile, item: Identification) -> DevicePoint:
    return DevicePoint.model_validate(
        {
            "name": "identity",
            "address": item.address,
            "type": item.type,
            "count": item.count,
            "unit": "",
            "kind": "text" if item.type is RegisterType.STR else "state",
            "fc": profile.defaults.fc,
            "order": profile.defaults.order,
        }
    )
