"""How the collector on this machine is doing, as plain data; who composes the program tells it.

The dashboard knows nothing of collectors. ``Sources.field`` is a callable that returns a
``FieldReport``, or None if no collector has ever run here; ``seen`` asks it and tells an unreadable
spool in words. What is told was true at ``heard_at``: a collector that has ended says nothing of
now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from paes.errors import PaesError

SILENT_AFTER = timedelta(seconds=90)
"""A collector at work says so every 30 s."""
IN_ORDER = ("unreachable", "open", "failing", "unknown", "ok")
"""States of a unit, the worst first: gateway not reached, given up for a while, last try failed."""


@dataclass(frozen=True, slots=True)
class UnitSeen:
    """One unit behind a gateway since the collector began."""

    gateway: str
    place: str
    """Where the gateway is reached: host and port, or a serial device."""
    unit: str
    meters: tuple[str, ...]
    state: str
    """One of ``IN_ORDER``."""
    last_reading_at: datetime | None = None
    p95_ms: float | None = None
    """What 95 of 100 of its latest answers were faster than; None if none was."""
    requests: int = 0
    timeouts: int = 0
    next_try: datetime | None = None
    """When it is asked again, if it is given up for a while."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RefusedSeen:
    """A reading or an event that the store will not have."""

    subject: str
    reason: str
    since: datetime


@dataclass(frozen=True)
class FieldReport:
    """The collector, its spool and its units at one time."""

    heard_at: datetime | None
    """Its last sign of life; None if it never gave one."""
    running_since: datetime | None
    """When the one that holds the spool began; None if none does."""
    waiting_readings: int
    waiting_since: datetime | None
    """The time of the reading that has waited longest."""
    refused_count: int
    refused: tuple[RefusedSeen, ...] = ()
    """The first few of them."""
    store_away_since: datetime | None = None
    store_reason: str = ""
    config_problem: str = ""
    """Why the configuration on disk is not in force; empty if it is."""
    units: tuple[UnitSeen, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    """By meter, why its latest round brought nothing, as the collector says it."""

    def is_running(self, now: datetime) -> bool:
        """Whether a collector holds the spool and has given a sign of life lately."""
        if self.running_since is None or self.heard_at is None:
            return False
        return now - self.heard_at <= SILENT_AFTER

    def of_meters(self, meters: frozenset[str]) -> tuple[UnitSeen, ...]:
        """The units of ``meters``, the worst first."""
        found = [unit for unit in self.units if meters.intersection(unit.meters)]
        return tuple(sorted(found, key=lambda u: (IN_ORDER.index(u.state), u.gateway, u.unit)))

    def unit_of(self, meter: str) -> UnitSeen | None:
        """The unit that answers for ``meter``."""
        return next((unit for unit in self.units if meter in unit.meters), None)


Field = Callable[[], FieldReport | None]


@dataclass(frozen=True, slots=True)
class Seen:
    """What could be learned of the collector: a report, or why there is none."""

    report: FieldReport | None
    problem: str = ""
    """Why it could not be asked; empty if it could."""


def seen(field: Field | None) -> Seen:
    """Ask ``field``; what is wrong with the spool becomes words."""
    if field is None:
        return Seen(None)
    try:
        return Seen(field())
    except PaesError as err:
        return Seen(None, str(err))
