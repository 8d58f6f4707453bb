"""One local calendar year cut into quarter hours, and how busy a site is in each of them.

The clock comes from ``paes.periods`` alone: a slot's wall-clock hour is measured from the nearer
end of its local day, so it is exact on days of 23 and 25 hours too, save inside the hour of the
change itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from collectors.simulator.parameters import Heating
from collectors.simulator.randomness import Floats, Ints
from paes.opening import Opening
from paes.periods import By, edges, from_seconds, local_year, year_span

SLOT_S = 900
SLOT_H = 0.25
_RAMP_H = 0.75  # people come and go over this time
_LUNCH = (13.0, 14.0)
_LUNCH_DIP = 0.25


@dataclass(frozen=True, eq=False)
class LocalYear:
    """The quarter hours of a local year; ``eq=False`` so that it can be a cache key."""

    year: int
    tz: str
    start_s: int
    slots: Ints
    """Unix seconds of each slot's start."""
    day: Ints
    """Day of the year of each slot, from 0."""
    hour: Floats
    """Wall-clock hour of each slot's middle."""

    @property
    def edges(self) -> Ints:
        """The n + 1 edges of the n slots."""
        return np.append(self.slots, self.slots[-1] + SLOT_S)

    @property
    def first_weekday(self) -> int:
        """The weekday of 1 January, 0 is Monday."""
        return date(self.year, 1, 1).weekday()

    def index(self, day: date) -> int:
        """Days from 1 January of this year, negative before it."""
        return (day - date(self.year, 1, 1)).days


@lru_cache(maxsize=64)
def local_calendar(year: int, tz: str) -> LocalYear:
    """The year in the zone; DataError for an unknown zone or a year out of range."""
    span = year_span(year, tz)
    slots = edges(span, By.QUARTER_HOUR, tz)[:-1]
    days = edges(span, By.DAY, tz)
    day = np.searchsorted(days, slots, side="right") - 1
    since = (slots - days[day]) / 3600.0
    until = (days[day + 1] - slots) / 3600.0
    hour = np.where(since < 2.0, since, 24.0 - until) + SLOT_H / 2
    return LocalYear(year, tz, int(slots[0]), slots, day, hour)


@lru_cache(maxsize=512)
def open_days(opening: Opening, year: LocalYear) -> Ints:
    """1 for each day of the year on which the site is open, else 0."""
    return np.asarray(~np.isnan(_hours(opening, year)[0]), dtype=np.int64)


@lru_cache(maxsize=512)
def _hours(opening: Opening, year: LocalYear) -> tuple[Floats, Floats]:
    """From when to when the site is open on each day of the year; NaN where it is not."""
    first, count = date(year.year, 1, 1), int(year.day[-1]) + 1
    found = [opening.open_hours(first + timedelta(days=n)) for n in range(count)]
    table = np.array([hours or (np.nan, np.nan) for hours in found])
    return table[:, 0], table[:, 1]


@lru_cache(maxsize=256)
def activity(opening: Opening, year: LocalYear) -> Floats:
    """How busy the site is, 0 (closed) to 1: ramps at both ends, a dip at lunch."""
    opens, closes = (hours[year.day] for hours in _hours(opening, year))
    rising = (year.hour - opens) / _RAMP_H + 0.5
    falling = (closes - year.hour) / _RAMP_H + 0.5
    busy = np.clip(np.nan_to_num(np.minimum(rising, falling)), 0.0, 1.0)
    busy[(year.hour >= _LUNCH[0]) & (year.hour < _LUNCH[1])] *= 1.0 - _LUNCH_DIP
    return np.asarray(busy)


def heating_level(opening: Opening, heating: Heating, year: LocalYear) -> Floats:
    """Share of the heating's full power that the timer asks for, 0 outside the season."""
    opens, closes = (hours[year.day] for hours in _hours(opening, year))
    starts = opens - heating.preheat_h  # NaN on closed days, on which nothing is later or earlier
    on = (year.hour >= starts) & (year.hour < closes - 0.5)
    level = np.where(on, 1.0, heating.setback_fraction)
    level[on & (year.hour < starts + 1.0)] = heating.preheat_boost
    return np.asarray(level * _in_season(heating, year)[year.day])


def years_between(start_s: int, end_s: int, tz: str) -> range:
    """The local years that hold the times from ``start_s`` to ``end_s``, both included."""
    return range(local_year(from_seconds(start_s), tz), local_year(from_seconds(end_s), tz) + 1)


def _in_season(heating: Heating, year: LocalYear) -> Ints:
    first, last = (
        year.index(date.fromisoformat(f"{year.year}-{text}"))
        for text in (heating.season_from, heating.season_to)
    )
    day = np.arange(int(year.day[-1]) + 1)
    if first <= last:
        return ((day >= first) & (day <= last)).astype(np.int64)
    return ((day >= first) | (day <= last)).astype(np.int64)
