"""What happened to meters, gateways and the collector, kept beside the readings.

A reading says what a meter showed; an *event* says why there was none, or that something was
done: a line was down, a device was exchanged, the clock was set. An event is identified by its
subject, name and start, so that telling it again, with a later end, replaces it.

Names are stable and dotted. ``absence.<cause>`` is a stretch in which a meter brought no
readings; the others happened at one time (``end`` is None).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from paes.errors import DataError
from paes.periods import require_utc

ABSENCE = "absence."
SWAPPED = "meter.swapped"
"""Another device answers for the meter; facts: old_serial, new_serial."""


class Cause(StrEnum):
    """Why a meter brought no readings for a while."""

    NO_REPLY = "no_reply"  # connected, and the unit is silent
    REFUSED = "refused"  # the device or the gateway answered with a Modbus exception
    BAD_REPLY = "bad_reply"  # an answer that cannot be trusted
    CONNECTION_LOST = "connection_lost"  # cut while it was asked
    GATEWAY_DOWN = "gateway_down"  # the gateway cannot be connected to
    NOT_AVAILABLE = "not_available"  # the device says that it has no value
    OUT_OF_RANGE = "out_of_range"  # the device sends what cannot be
    NIGHT = "night"  # an inverter sleeps while the sun is down
    PLANNED = "planned"  # an outage that was announced
    NOT_COMMISSIONED = "not_commissioned"  # not in use yet, or not any more
    COLLECTOR_DOWN = "collector_down"  # the collector itself did not run
    OVERRUN = "overrun"  # rounds were skipped, for the one before took too long
    SPOOL_FULL = "spool_full"  # read, but dropped because the store was away for too long
    DEFECT = "defect"  # a defect of the program; see the log


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to ``subject`` from ``start`` on (aware UTC, whole seconds).

    ``end`` is half-open and None for what has no length. ``facts`` are texts or numbers that
    a program may use (serial numbers, counts); ``message`` is for a person.
    """

    subject: str
    name: str
    start: datetime
    end: datetime | None = None
    message: str = ""
    facts: Mapping[str, str | float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", _whole(self.start))
        whole = self.message.encode(errors="replace").decode()  # a device may send half a character
        object.__setattr__(self, "message", whole)
        if self.end is not None:
            object.__setattr__(self, "end", _whole(self.end))
            if self.end < self.start:
                raise DataError(f"{self.name} of {self.subject} ends {self.end}, before its start")

    @property
    def cause(self) -> Cause | None:
        """The cause of an absence; None for any other event."""
        if not self.name.startswith(ABSENCE):
            return None
        return Cause(self.name.removeprefix(ABSENCE))


def absence(meter: str, cause: Cause, start: datetime, end: datetime, message: str = "") -> Event:
    """``meter`` brought no readings in ``[start, end)``."""
    return Event(meter, f"{ABSENCE}{cause}", start, end, message)


def _whole(at: datetime) -> datetime:
    return require_utc(at).replace(microsecond=0)
