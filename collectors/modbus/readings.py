"""What one reply says of every meter in a unit: readings, and findings where there is no value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime

from collectors.devices.registers import Decoded, decode_block, stored_name, to_reading_value
from collectors.modbus.blocks import Block
from collectors.modbus.read_plan import UnitPlan
from collectors.round import LARGEST_VALUE
from paes.metering import Finding, Quality, Reading, point_id


def readings_of(
    unit: UnitPlan, block: Block, words: Sequence[int], at: datetime
) -> Iterator[Reading | Finding]:
    """What one reply says of every meter in the unit; a value that is none becomes a finding."""
    values = decode_block(block.points, block.address, words)
    for meter, point in unit.wanted:
        decoded = values.get(point.name)
        if decoded is None:
            continue  # in another block
        name = point_id(meter.id, stored_name(meter, point))
        if decoded.value is None or isinstance(decoded.value, str):
            yield _no_value(name, decoded, at)
            continue
        value = to_reading_value(meter, point, decoded.value, at)
        if math.isfinite(value) and abs(value) <= LARGEST_VALUE:
            yield Reading(name, at, value, decoded.quality)
        else:
            yield _no_value(name, Decoded(None, Quality.OUT_OF_RANGE, decoded.raw), at)


def _no_value(point: str, decoded: Decoded, at: datetime) -> Finding:
    raw = decoded.raw
    numbers = {"raw": float(raw)} if isinstance(raw, int | float) else {}
    if decoded.quality is Quality.NOT_AVAILABLE:
        text = "the device says that it has no value"
        return Finding("collect.not_available", point, f"{point}: {text}", at, numbers)
    text = f"{raw if raw is not None else 'infinity'} cannot be a value of this point"
    return Finding("collect.out_of_range", point, f"{point}: {text}", at, numbers)
