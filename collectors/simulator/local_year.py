"""One local calendar year cut into quarter hours, and how busy a site is in each of them.

The clock comes from ``paes.periods`` alone: a slot's wall-clock hour is measured from the nearer
end of its local day, so it is exact on days of 23 and 25 hours too, save inside the hour of the
change itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from collectors.simulator.parameters import Heating
from collectors.simulator.randomness import Floats, Ints
from paes.metering import Opening
from paes.periods import By, edges, from_seconds, local_year, year_span
from paes.public_holidays import public_holidays

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
    count = int(year.day[-1]) + 1
    weekday = (year.first_weekday + np.arange(count)) % 7
    is_open = np.isin(weekday, opening.weekdays)
    for start, end in opening.closed:
        is_open[max(year.index(start), 0) : max(year.index(end) + 1, 0)] = False
    for day in public_holidays(opening.holidays, year.year):
        is_open[year.index(day)] = False
    return is_open.astype(np.int64)


@lru_cache(maxsize=256)
def activity(opening: Opening, year: LocalYear) -> Floats:
    """How busy the site is, 0 (closed) to 1: ramps at both ends, a dip at lunch."""
    rising = (year.hour - opening.from_hour) / _RAMP_H + 0.5
    falling = (opening.to_hour - year.hour) / _RAMP_H + 0.5
    busy = np.clip(np.minimum(rising, falling), 0.0, 1.0)
    busy[(year.hour >= _LUNCH[0]) & (year.hour < _LUNCH[1])] *= 1.0 - _LUNCH_DIP
    return np.asarray(busy * open_days(opening, year)[year.day])


def heating_level(opening: Opening, heating: Heating, year: LocalYear) -> Floats:
    """Share of the heating's full power that the timer asks for, 0 outside the season."""
    starts = opening.from_hour - heating.preheat_h
    is_open = open_days(opening, year)[year.day] == 1
    on = is_open & (year.hour >= starts) & (year.hour < opening.to_hour - 0.5)
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
