"""Words on the wire to values and back, and a device's values to a meter's readings.

::

    words ──decode──> value in the point's unit ──to_reading_value──> canonical unit, of the meter
    words <─encode─── value in the point's unit <─to_device_value──── canonical unit, of the meter

Pure functions. ``encode`` is the exact inverse of ``decode`` within the register's step, and
serves the simulator and the tests. What a device does not have, or what cannot be, is never a
number: it comes back as a quality without a value.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from collectors.devices.point import DevicePoint, ProfileKind, RegisterType, WordOrder
from paes.errors import DataError
from paes.metering import Quality
from paes.meters import FieldMeter
from paes.units import canonical_unit, factor_to_canonical

LARGEST_EXPONENT = 10
"""SunSpec Information Model Specification, type sunssf: scale factors are -10 to 10."""

_SWAPS_WORDS = (WordOrder.CDAB, WordOrder.DCBA)
_SWAPS_BYTES = (WordOrder.BADC, WordOrder.DCBA)
_FLOAT = {RegisterType.F32: (">f", ">I"), RegisterType.F64: (">d", ">Q")}

Value = int | float | str


class MeasuredPoint(Protocol):
    """What makes a reading of a value: any point of a Modbus, M-Bus or MQTT profile has it."""

    @property
    def name(self) -> str: ...

    @property
    def unit(self) -> str: ...

    @property
    def kind(self) -> ProfileKind: ...

    @property
    def resets(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the words of a point say: a value in the point's unit, or why there is none."""

    value: Value | None
    quality: Quality
    raw: Value | None = None
    """The number before scaling, whatever its quality; None for a float that is none."""


def decode(point: DevicePoint, words: Sequence[int], exponent: int | None = None) -> Decoded:
    """The value in ``words``; ``exponent`` is the decoded scale factor of ``scale_from``.

    Without a value when the device says so (``not_available``) or when the number cannot be
    (``out_of_range``). Raises DataError if ``words`` are not as many as the point takes.
    """
    if len(words) != point.width:
        raise DataError(f"point {point.name}: {len(words)} registers, expected {point.width}")
    if point.type is RegisterType.STR:
        text = _text(words, point.order)
        return Decoded(text, Quality.GOOD, text)
    pattern = pattern_of(words, point.order)
    raw = _number(point.type, pattern)
    if not math.isfinite(raw):
        quality = Quality.NOT_AVAILABLE if math.isnan(raw) else Quality.OUT_OF_RANGE
        return Decoded(None, quality)
    if pattern in point.invalid or (point.scale_from and exponent is None):
        return Decoded(None, Quality.NOT_AVAILABLE, raw)
    if not _is_possible(point, raw, exponent):
        return Decoded(None, Quality.OUT_OF_RANGE, raw)
    return Decoded(_shaped(point, _scaled(raw, point.scale, exponent)), Quality.GOOD, raw)


def decode_block(
    points: Sequence[DevicePoint], address: int, words: Sequence[int]
) -> dict[str, Decoded]:
    """Every point of one reply that begins at ``address``, each with its scale factor, by name."""
    values: dict[str, Decoded] = {}
    for point in sorted(points, key=lambda p: p.kind is not ProfileKind.SCALE_FACTOR):
        values[point.name] = decode(
            point, words_of_point(point, address, words), _exponent(point, values)
        )
    return values


def words_of_point(point: DevicePoint, address: int, words: Sequence[int]) -> Sequence[int]:
    """The point's part of a reply that begins at ``address``."""
    start = point.address - address
    return words[start : start + point.width]


def encode(point: DevicePoint, value: Value, exponent: int = 0) -> list[int]:
    """The words that decode to ``value`` (in the point's unit), to the register's nearest step.

    A counter wraps at its declared rollover, else at the width of its type. Raises DataError
    for any other number that does not fit.
    """
    if point.type is RegisterType.STR or isinstance(value, str):
        return _text_words(point, str(value))
    if not math.isfinite(value):
        raise DataError(f"point {point.name}: {value} is not a number; use unavailable_words")
    unscaled = _unscaled(value, point.scale, exponent if point.scale_from else None)
    if point.type.is_float:
        if point.rollover:
            unscaled = math.fmod(unscaled, point.rollover)
        return _float_words(point, unscaled)
    raw = round(unscaled)
    if point.kind is ProfileKind.COUNTER and raw >= 0:
        raw %= point.rollover or _limits(point)[1] + 1
    lowest, highest = _limits(point)
    if not lowest <= raw <= highest:
        raise DataError(
            f"point {point.name}: {value} {point.unit} is {raw} in its register; "
            f"expected {lowest} to {highest}"
        )
    return words_of(raw % (1 << 16 * point.width), point.width, point.order)


def unavailable_words(point: DevicePoint) -> list[int]:
    """What the device sends for a quantity it does not have; DataError if it has no such sign."""
    if point.type.is_float and not point.invalid:
        return _float_words(point, math.nan)
    if not point.invalid:
        raise DataError(f"point {point.name}: the device has no value for 'not available'")
    return words_of(point.invalid[0], point.width, point.order)


def pattern_of(words: Sequence[int], order: WordOrder) -> int:
    """All words as one unsigned number, most significant byte first."""
    pattern = 0
    for word in reversed(words) if order in _SWAPS_WORDS else words:
        pattern = pattern << 16 | (_swapped(word) if order in _SWAPS_BYTES else word)
    return pattern


def words_of(pattern: int, width: int, order: WordOrder) -> list[int]:
    """The inverse of ``pattern_of``: ``width`` words in the order of the wire."""
    words = [pattern >> 16 * i & 0xFFFF for i in reversed(range(width))]
    if order in _SWAPS_BYTES:
        words = [_swapped(w) for w in words]
    return words[::-1] if order in _SWAPS_WORDS else words


def stored_name(meter: FieldMeter, point: MeasuredPoint) -> str:
    """The point name under which the meter's readings of ``point`` are stored.

    A pulse channel is stored as what it counts, ``volume`` or ``energy_import``, so that the
    series goes on when a real meter takes its place; everything else keeps its name.
    """
    if not is_pulse_channel(meter, point):
        return point.name
    assert meter.pulse is not None
    return "volume" if canonical_unit(meter.pulse.unit) == "m3" else "energy_import"


def is_pulse_channel(meter: FieldMeter, point: MeasuredPoint) -> bool:
    """True if ``point`` counts the pulses of ``meter``."""
    return (
        meter.pulse is not None
        and point.kind is ProfileKind.COUNTER
        and canonical_unit(point.unit) == "pulse"
        and point.resets is None
        and meter.register_name in (None, point.name)
    )


def to_reading_value(
    meter: FieldMeter, point: MeasuredPoint, value: float, at: datetime | None = None
) -> float:
    """``value`` of the device as the meter's reading of ``at``, in the canonical unit.

    Power and energy are multiplied by the transformer ratio, current by that of the current
    transformers, voltage by that of the voltage transformers, volumes by the coefficient C of
    a gas meter (m3 -> Sm3). Pulses become what the dial shows, as last corrected before ``at``
    (None: as it is corrected by now).
    """
    pulse = meter.pulse if is_pulse_channel(meter, point) else None
    unit = pulse.unit if pulse else point.unit
    if pulse:
        value = pulse.dial(value, at)
    return _scaled(value, factor_to_canonical(unit), None) * _ratio(meter, unit)


def to_device_value(
    meter: FieldMeter, point: DevicePoint, value: float, at: datetime | None = None
) -> float:
    """The inverse of ``to_reading_value``: what the device itself shows, in the point's unit."""
    pulse = meter.pulse if is_pulse_channel(meter, point) else None
    unit = pulse.unit if pulse else point.unit
    shown = _unscaled(value / _ratio(meter, unit), factor_to_canonical(unit), None)
    return pulse.pulses(shown, at) if pulse else shown


def _ratio(meter: FieldMeter, unit: str) -> float:
    match canonical_unit(unit):
        case "kWh" | "kvarh" | "kVAh" | "W" | "var" | "VA":
            return meter.transformer_ratio
        case "A":
            return meter.ct_ratio
        case "V":
            return meter.vt_ratio
        case "m3" | "m3/h":
            return meter.volume_correction
    return 1.0


def _exponent(point: DevicePoint, values: Mapping[str, Decoded]) -> int | None:
    factor = values.get(point.scale_from or "")
    return factor.value if factor and isinstance(factor.value, int) else None


def _is_possible(point: DevicePoint, raw: float, exponent: int | None) -> bool:
    if exponent is not None and abs(exponent) > LARGEST_EXPONENT:
        return False
    if point.raw_range and not point.raw_range[0] <= raw <= point.raw_range[1]:
        return False
    if point.kind is ProfileKind.COUNTER and raw < 0 and not point.absolute:
        return False
    return point.saturates is None or raw < point.saturates


def _shaped(point: DevicePoint, value: float) -> float:
    if point.absolute:
        value = abs(value)
    if point.encoding == "four_quadrant" and abs(value) > 1:
        # Schneider: beyond 1 the distance to 2 is the power factor, of a leading current.
        return math.copysign(2.0, value) - value
    return value


def _scaled(raw: float, scale: float, exponent: int | None) -> float:
    """``raw`` x ``scale`` x 10^``exponent``, dividing where the step is 1/n.

    9876543 / 100 is 98765.43; 9876543 * 0.01 is 98765.43000000001.
    """
    if exponent is not None:
        power = 10.0 ** abs(exponent)
        return raw / power if exponent < 0 else raw * power
    divisor = _divisor(scale)
    if divisor:
        return raw / divisor
    return raw if scale == 1 else raw * scale


def _unscaled(value: float, scale: float, exponent: int | None) -> float:
    if exponent is not None:
        power = 10.0 ** abs(exponent)
        return value * power if exponent < 0 else value / power
    if scale == 1:
        return value  # a 64-bit number must not pass through a float
    divisor = _divisor(scale)
    return value * divisor if divisor else value / scale


def _divisor(scale: float) -> int | None:
    inverse = round(1 / scale)
    return inverse if inverse > 1 and math.isclose(inverse * scale, 1, rel_tol=1e-12) else None


def _number(kind: RegisterType, pattern: int) -> int | float:
    if kind.is_float:
        as_float, as_int = _FLOAT[kind]
        number: float = struct.unpack(as_float, struct.pack(as_int, pattern))[0]
        return number
    bits = 16 * kind.words
    return pattern - (1 << bits) if kind.is_signed and pattern >> (bits - 1) else pattern


def _float_words(point: DevicePoint, number: float) -> list[int]:
    as_float, as_int = _FLOAT[point.type]
    try:
        pattern: int = struct.unpack(as_int, struct.pack(as_float, number))[0]
    except OverflowError as err:
        raise DataError(f"point {point.name}: {number} does not fit a {point.type}") from err
    return words_of(pattern, point.width, point.order)


def _limits(point: DevicePoint) -> tuple[int, int]:
    if point.raw_range:
        return point.raw_range
    bits = 16 * point.width
    if point.type.is_signed:
        return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return 0, (1 << bits) - 1


def _swapped(word: int) -> int:
    return (word & 0xFF) << 8 | word >> 8


def _text(words: Sequence[int], order: WordOrder) -> str:
    """Characters in the order of the registers; some makers put one, some two in a register."""
    swap = order in _SWAPS_BYTES
    data = b"".join((_swapped(w) if swap else w).to_bytes(2, "big") for w in words)
    return data.replace(b"\0", b"").decode("latin-1").strip()


def _text_words(point: DevicePoint, text: str) -> list[int]:
    data = text.encode("latin-1", errors="replace")
    if point.type is not RegisterType.STR or len(data) > 2 * point.width:
        raise DataError(f"point {point.name}: {text!r} does not fit its {point.width} registers")
    data = data.ljust(2 * point.width, b"\0")
    words = [high << 8 | low for high, low in zip(data[::2], data[1::2], strict=True)]
    return [_swapped(w) for w in words] if point.order in _SWAPS_BYTES else words
