"""Time bands: which band of the tariff (F1, F2, F3) a quarter hour of local time falls into.

The rules and the holidays are data (``bands/*.yaml``), each with the days on which it holds. A
band is a matter of clocks on the wall: a local day has 92, 96 or 100 quarter hours, and each is
labelled by the local weekday and hour at which it begins.

Read next: ``paes.tariffs.tariff`` (a price for each band) and ``paes.costs``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator, model_validator

from paes.errors import DataError
from paes.periods import Seconds, wall_seconds
from paes.schema import ConfigModel, Sourced, TimeZoneName

Labels = npt.NDArray[np.int8]
"""The place of each quarter hour's band in ``Bands.names``."""
BandName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*$", max_length=8)]
Hours = dict[int, BandName]
"""The band that begins at a local hour and lasts until the next one that is named."""
DAY_S, HOUR_S = 86_400, 3_600
_WEEKDAY, _SATURDAY, _HOLIDAY = range(3)


class DatedDays(Sourced):
    """Something that holds on local days from ``valid_from`` to before ``valid_to``."""

    valid_from: date
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """True if ``day`` is one of its days."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_to and self.valid_to <= self.valid_from:
            raise ValueError(f"valid_to {self.valid_to} is not after valid_from {self.valid_from}")
        return self


class BandRule(DatedDays):
    """The bands of the hours of working days, Saturdays, and Sundays with holidays."""

    weekday: Hours
    saturday: Hours
    sunday_and_holiday: Hours

    @field_validator("weekday", "saturday", "sunday_and_holiday")
    @classmethod
    def _from_midnight(cls, hours: dict[int, str]) -> dict[int, str]:
        if 0 not in hours or not all(0 <= hour < 24 for hour in hours):
            seen = ", ".join(map(str, sorted(hours)))
            raise ValueError(f"expected hours from 0 to 23, with that of 0; seen {seen}")
        return hours

    def by_hour(self) -> list[list[str]]:
        """The band of each of 24 hours: of working days, Saturdays, Sundays and holidays."""
        return [_spread(h) for h in (self.weekday, self.saturday, self.sunday_and_holiday)]


class Holiday(DatedDays):
    """A day of the year that counts as a Sunday: a date, or so many days after Easter."""

    name: str = Field(min_length=1)
    day: str | None = None
    """``MM-DD``."""
    days_after_easter: Annotated[int, Field(ge=-60, le=60)] | None = None
    applies: bool = True
    """False for a day that is told for the record, and is not a holiday of the bands."""

    @model_validator(mode="after")
    def _one_day(self) -> Self:
        if (self.day is None) == (self.days_after_easter is None):
            raise ValueError("expected either day or days_after_easter")
        if self.day is not None:
            try:
                date.fromisoformat(f"2001-{self.day}")  # no leap year: 29 February is no holiday
            except ValueError as err:
                raise ValueError(f"day {self.day!r} is no month and day such as 12-25") from err
        return self

    def in_year(self, year: int) -> date:
        """Its day in ``year``."""
        if self.days_after_easter is not None:
            return easter_sunday(year) + timedelta(days=self.days_after_easter)
        return date.fromisoformat(f"{year:04d}-{self.day}")


class BandsFile(ConfigModel):
    """``bands/<id>.yaml``."""

    name: str = Field(min_length=1)
    time_zone: TimeZoneName = "Europe/Rome"
    groups: dict[BandName, Annotated[tuple[BandName, ...], Field(min_length=2)]] = Field(
        default_factory=dict
    )
    rules: Annotated[tuple[BandRule, ...], Field(min_length=1)]
    holidays: tuple[Holiday, ...] = ()

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        for earlier, later in zip(self.rules, self.rules[1:], strict=False):
            if later.valid_from < (earlier.valid_to or later.valid_from):
                raise ValueError(f"rules overlap: that of {later.valid_from} begins in another")
            if later.valid_from <= earlier.valid_from:
                raise ValueError(f"rules must be in order of time; {later.valid_from} is not")
        known = {b for rule in self.rules for hours in rule.by_hour() for b in hours}
        for name, parts in self.groups.items():
            unknown = sorted(set(parts) - known)
            if unknown or name in known:
                seen, there = ", ".join(parts), ", ".join(sorted(known))
                raise ValueError(f"groups: {name} is to be made of bands ({there}); seen {seen}")
        return self


@dataclass(frozen=True)
class Bands:
    """The time bands of one country, ready to label quarter hours."""

    id: str
    file: BandsFile

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The bands that its rules use, in order."""
        return tuple(
            sorted({b for rule in self.file.rules for hours in rule.by_hour() for b in hours})
        )

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Bands that are priced together under a name of their own, e.g. F23."""
        return self.file.groups

    def members(self, name: str) -> tuple[str, ...]:
        """The bands of a group, or the band itself; DataError if there is neither."""
        if name in self.names:
            return (name,)
        if name in self.groups:
            return self.groups[name]
        raise DataError(
            f"no band {name!r} in {self.id}; there is {', '.join((*self.names, *self.groups))}"
        )

    def holidays(self, year: int) -> dict[date, str]:
        """The holidays of ``year`` that count, each with its name."""
        days = ((h.in_year(year), h) for h in self.file.holidays if h.applies)
        return {day: h.name for day, h in sorted(days, key=lambda d: d[0]) if h.holds_on(day)}

    def labels(self, starts_s: Seconds) -> Labels:
        """The band of each quarter hour that begins at one of ``starts_s`` (Unix seconds, UTC).

        Ascending or not; DataError for a time that no rule is in force at.
        """
        if len(starts_s) == 0:
            return np.empty(0, np.int8)
        wall = wall_seconds(starts_s, self.file.time_zone)
        days = wall // DAY_S
        first, last = int(days.min()), int(days.max())
        table = np.array([self._of_day(_date(day)) for day in range(first, last + 1)], np.int8)
        return table[days - first, (wall % DAY_S) // HOUR_S]

    def _of_day(self, day: date) -> tuple[int, ...]:
        """The band of each of the 24 hours of clocks on the wall."""
        kind = _HOLIDAY if day.weekday() == 6 or day in self._holidays_of(day.year) else _WEEKDAY
        if kind == _WEEKDAY and day.weekday() == 5:
            kind = _SATURDAY
        for rule, tables in self._tables:
            if rule.holds_on(day):
                return tables[kind]
        first = self.file.rules[0].valid_from
        raise DataError(f"bands {self.id}: no rule on {day}; the first is in force from {first}")

    def _holidays_of(self, year: int) -> dict[date, str]:
        if year not in self._known_holidays:
            self._known_holidays[year] = self.holidays(year)
        return self._known_holidays[year]

    @cached_property
    def _known_holidays(self) -> dict[int, dict[date, str]]:
        return {}

    @cached_property
    def _tables(self) -> list[tuple[BandRule, list[tuple[int, ...]]]]:
        """Each rule, the latest first, with the places of its bands in ``names``."""
        return [
            (rule, [tuple(map(self.names.index, hours)) for hours in rule.by_hour()])
            for rule in reversed(self.file.rules)
        ]


def easter_sunday(year: int) -> date:
    """Easter Sunday of ``year`` in the Gregorian calendar.

    J. Meeus, Astronomical Algorithms, 2nd ed. (1998), chapter 8: the method of Butcher's
    Ecclesiastical Calendar (1876), without exceptions.
    """
    a = year % 19
    b, c = divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def _spread(hours: Mapping[int, str]) -> list[str]:
    """The band of each of 24 hours."""
    return [hours[max(begin for begin in hours if begin <= hour)] for hour in range(24)]


def _date(day: int) -> date:
    """The day that is so many days after 1 January 1970."""
    return date(1970, 1, 1) + timedelta(days=day)
