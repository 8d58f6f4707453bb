"""What goes into the spool and comes out of it: parcels in, batches out, and what was refused."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from paes.events import Event
from paes.metering import Quality, Reading
from paes.periods import from_seconds, to_seconds


@dataclass(frozen=True)
class Bound:
    """How much a spool holds at most."""

    readings: int = 5_000_000
    """About 130 MB: 1,000 meters with 3 points every quarter of an hour for 17 days."""
    events: int = 500_000
    refused: int = 100_000
    gauge_age: timedelta = timedelta(days=92)
    """Nobody asks for the power of a quarter of a year ago; registers are never too old."""


@dataclass(frozen=True)
class Parcel:
    """What a round brings; it reaches the spool whole or not at all."""

    readings: Sequence[Reading] = ()
    events: Sequence[Event] = ()
    state: Mapping[str, object] = field(default_factory=dict)
    """Plain values by key, to be read by other processes; None removes a key."""
    gauges: Container[str] = frozenset()
    """Which points are given up first when the spool is full: no energy is lost with them."""
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Depth:
    """What waits, and since when."""

    readings: int
    events: int
    refused: int
    oldest: datetime | None
    """The time of the reading that has waited longest."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some of what waits, oldest first, with the numbers by which it is deleted."""

    reading_ids: tuple[int, ...]
    readings: tuple[Reading, ...]
    event_ids: tuple[int, ...]
    events: tuple[Event, ...]
    simulated: bool
    """True if a simulated reading is among them."""

    def __len__(self) -> int:
        return len(self.reading_ids) + len(self.event_ids)

    def halves(self) -> tuple[Batch, Batch]:
        """Two batches with the same rows: readings and events apart, else cut in the middle."""
        readings, events = len(self.reading_ids), len(self.event_ids)
        if readings and events:
            return self._part(0, readings, 0, 0), self._part(0, 0, 0, events)
        r, e = readings // 2, events // 2
        return self._part(0, r, 0, e), self._part(r, readings, e, events)

    def _part(self, r: int, r_end: int, e: int, e_end: int) -> Batch:
        return Batch(
            self.reading_ids[r:r_end],
            self.readings[r:r_end],
            self.event_ids[e:e_end],
            self.events[e:e_end],
            self.simulated,
        )


@dataclass(frozen=True, slots=True)
class Refused:
    """A reading or an event that the store will not have."""

    number: int
    since: datetime
    reason: str
    what: Mapping[str, Any]
    """Its fields as plain values: ``point`` … of a reading, ``subject`` … of an event."""

    @property
    def subject(self) -> str:
        """The point of a reading, the subject of an event."""
        return str(self.what.get("point") or self.what.get("subject"))


@dataclass(frozen=True, slots=True)
class GivenUp:
    """What was dropped of one point."""

    point: str
    count: int
    first_s: int
    last_s: int


def reading_facts(reading: Reading, simulated: bool) -> dict[str, Any]:
    """A reading as plain values."""
    return {
        "point": reading.point,
        "at": to_seconds(reading.at),
        "value": reading.value,
        "quality": str(reading.quality),
        "simulated": simulated,
    }


def event_facts(event: Event) -> dict[str, Any]:
    """An event as plain values."""
    return {
        "subject": event.subject,
        "name": event.name,
        "start": to_seconds(event.start),
        "end": None if event.end is None else to_seconds(event.end),
        "message": event.message,
        "facts": dict(event.facts),
    }


def parcel_of(what: Mapping[str, Any]) -> Parcel:
    """The reading or event that ``reading_facts`` or ``event_facts`` wrote down."""
    if "point" in what:
        at, quality = from_seconds(what["at"]), Quality(what["quality"])
        reading = Reading(what["point"], at, what["value"], quality)
        return Parcel((reading,), simulated=what["simulated"])
    return Parcel(events=(event_of(**what),))


def event_of(
    subject: str,
    name: str,
    start: int,
    end: int | None,
    message: str,
    facts: Mapping[str, str | float],
) -> Event:
    """An event from plain values, times in Unix seconds."""
    until = None if end is None else from_seconds(end)
    return Event(subject, name, from_seconds(start), until, message, facts)
