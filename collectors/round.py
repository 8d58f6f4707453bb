"""What one pass over a gateway brings: readings, and findings where there is no value.

A reading exists only with a finite, credible number in it. What the device calls missing, what
cannot be, and what a wrong word order makes of good words, is told by a ``Finding`` instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from paes.events import Event
from paes.metering import Finding, Reading

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
