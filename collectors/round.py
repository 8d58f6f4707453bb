"""What one pass over a gateway brings: readings, and findings where there is no value.

A reading exists only with a finite, credible number in it. What the device calls missing, what
cannot be, and what a wrong word order makes of good words, is told by a ``Finding`` instead.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from collectors.read_plan import Block, UnitPlan
from collectors.registers import Decoded, decode_block, stored_name, to_reading_value
from paes.events import Event
from paes.metering import Finding, Quality, Reading, point_id

LARGEST_VALUE = 1e12
"""No point of a town comes near: 1e12 kWh is more electricity than Italy uses in three years. A
number beyond it is a wrong word order or noise, and must not reach a store."""


class UnitState(StrEnum):
    """Whether a unit is asked."""

    OK = "ok"
    FAILING = "failing"  # its last request failed; it is asked again in the next round
    OPEN = "open"  # given up for a while: one small probe when its pause is over


@dataclass(frozen=True, slots=True)
class UnitReport:
    """How one unit did in a round: the technician's view of it."""

    unit: str
    """Its number, or the topic or address it is known by."""
    meters: tuple[str, ...]
    state: UnitState
    requests: int = 0
    timeouts: int = 0
    exceptions: Mapping[int, int] = field(default_factory=dict)
    """How often each Modbus exception came, by its code."""
    latencies_ms: tuple[float, ...] = ()
    """Of the requests that were answered."""
    failures_in_a_row: int = 0
    next_try: datetime | None = None
    """When it is asked again, if it is given up for a while."""
    detail: str = ""
    """What went wrong last, as a sentence; empty if nothing did."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one pass over a gateway brought; ``due`` is the tick it was made for."""

    gateway: str
    due: datetime
    started: datetime
    finished: datetime
    readings: tuple[Reading, ...]
    findings: tuple[Finding, ...]
    requests: int
    reached: bool
    """False if the gateway could not be connected to at all."""
    coalesced: int = 0
    """Rounds that fell due meanwhile and were not made."""
    units: tuple[UnitReport, ...] = ()
    events: tuple[Event, ...] = ()
    """What the round itself noticed and must be kept (a device that was exchanged, …)."""
    complete: bool = True
    """False for a pass over some points only (fast gauges), or one that was cut off by a stop:
    what it did not ask for is not absent."""
    not_due: frozenset[str] = frozenset()
    """Meters that speak when they like and were heard not long ago: a complete round that brings
    nothing new of them is no absence."""

    @property
    def duration_s(self) -> float:
        """How long it took."""
        return (self.finished - self.started).total_seconds()


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
