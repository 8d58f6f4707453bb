"""When a site is in use: hours by weekday, public and patron's holidays, closed spans, events.

Three kinds of day::

    open      the site is in use
    resting   its week ends, public holidays and the patron's day
    closed    spans in which it is closed (a school's summer)

An *event* overrides all of them: an election in a school on a Sunday, a theatre that is shut for
works. A site without hours of its own has those of its kind (``Installation.opening``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import IntEnum
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from paes.public_holidays import public_holidays
from paes.schema import ConfigModel

Hour = Annotated[float, Field(ge=0, le=24)]
Weekday = Annotated[int, Field(ge=0, le=6)]
MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
"""A day of every year, e.g. ``03-19``."""
Kinds = npt.NDArray[np.int8]


class DayKind(IntEnum):
    """How a site is used on a day."""

    OPEN = 0
    RESTING = 1
    CLOSED = 2


class OpeningEvent(ConfigModel):
    """Days on which a site is used otherwise than its calendar says; both days included."""

    first: date
    last: date
    closed: bool = False
    from_hour: Hour = 8.0
    to_hour: Hour = 18.0
    note: str | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"ends {self.last}, before it begins on {self.first}")
        if not self.closed and self.to_hour <= self.from_hour:
            raise ValueError(f"ends at {self.to_hour}, not after it begins at {self.from_hour}")
        return self


class WeekdayHours(ConfigModel):
    """Hours of one weekday that are not as those of the others."""

    weekday: Weekday
    from_hour: Hour
    to_hour: Hour

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to_hour <= self.from_hour:
            raise ValueError(f"closes at {self.to_hour}, not after it opens at {self.from_hour}")
        return self


class Opening(ConfigModel):
    """When a site is in use: local hours by weekday (0 Monday … 6 Sunday), and closed spans."""

    weekdays: tuple[Weekday, ...] = (0, 1, 2, 3, 4)
    from_hour: Hour = 8.0
    to_hour: Hour = 18.0
    hours: tuple[WeekdayHours, ...] = ()
    """Of single weekdays that are not as the others."""
    closed: tuple[tuple[date, date], ...] = ()
    """Closed spans, both days included, e.g. the summer holidays."""
    events: tuple[OpeningEvent, ...] = ()
    """What overrides the calendar; of several on one day the last counts."""
    holidays: Literal["IT", "none"] = "IT"
    patron_day: MonthDay | None = None
    """The patron's day, if not the city's own: it is filled in from ``city.yaml``."""

    @model_validator(mode="after")
    def _hours_in_order(self) -> Opening:
        if self.to_hour <= self.from_hour:
            raise ValueError(f"closes at {self.to_hour}, not after it opens at {self.from_hour}")
        for first, last in self.closed:
            if last < first:
                raise ValueError(f"closed until {last}, before it closes on {first}")
        return self

    def event_on(self, day: date) -> OpeningEvent | None:
        """What overrides the calendar on ``day``."""
        found = [event for event in self.events if event.first <= day <= event.last]
        return found[-1] if found else None

    def is_holiday(self, day: date) -> bool:
        """True on public holidays and the patron's day."""
        is_patron = self.patron_day == f"{day:%m-%d}" and self.holidays != "none"
        return is_patron or day in public_holidays(self.holidays, day.year)

    def kind(self, day: date) -> DayKind:
        """How the site is used on the local ``day``."""
        event = self.event_on(day)
        if event:
            return DayKind.CLOSED if event.closed else DayKind.OPEN
        if any(first <= day <= last for first, last in self.closed):
            return DayKind.CLOSED
        if day.weekday() in self.weekdays and not self.is_holiday(day):
            return DayKind.OPEN
        return DayKind.RESTING

    def open_hours(self, day: date) -> tuple[float, float] | None:
        """From when to when it is in use on the local ``day``; None if it is not."""
        if self.kind(day) is not DayKind.OPEN:
            return None
        own = [hours for hours in self.hours if hours.weekday == day.weekday()]
        told = self.event_on(day) or (own[-1] if own else self)
        return told.from_hour, told.to_hour


def day_kinds(days: Sequence[date], opening: Opening | None) -> Kinds:
    """The kind of each day; without hours a site rests at week ends and on Italy's holidays."""
    hours = opening or Opening()
    return np.array([hours.kind(day) for day in days], dtype=np.int8)
