"""Hourly curves of invented buildings, with days that are open, at rest and closed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np

from paes.baselines.days import Days
from paes.faults.load_curve import LoadCurve
from paes.faults.signs.occupancy import Occupancy, occupancy
from paes.opening import Opening
from paes.series import Floats

FIRST = date(2023, 7, 1)
"""A Saturday. Clocks are those of UTC, so that every day has 24 hours."""
OFFICE = Opening(holidays="none", from_hour=8, to_hour=18)


def curve_of(table: Floats) -> LoadCurve:
    """A curve of one row of 24 hours a day, from ``FIRST`` on."""
    start_s = int(datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC).timestamp())
    return LoadCurve(start_s, 3600, np.asarray(table, dtype=np.float64).ravel(), "UTC")


def used(curve: LoadCurve, opening: Opening = OFFICE) -> Occupancy:
    return occupancy(curve, opening)


def day_number(day: date) -> int:
    return (day - FIRST).days


def midnight(number: int) -> datetime:
    return datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(days=number)


def dates(count: int) -> list[date]:
    return [FIRST + timedelta(days=n) for n in range(count)]


def in_season(count: int) -> np.ndarray:
    """1 November to 15 April, both included."""
    return np.array([(d.month, d.day) >= (11, 1) or (d.month, d.day) <= (4, 15)
                     for d in dates(count)])  # fmt: skip


def mild_degc(count: int) -> Floats:
    """24 degC in the middle of July, 8 in the middle of January, with waves of some degrees."""
    at = np.arange(count)
    return np.asarray(16 + 8 * np.cos(2 * np.pi * (at - 14) / 365) + 1.5 * np.sin(at * 0.9))


def days_of(curve: LoadCurve, opening: Opening = OFFICE, season: bool = True) -> Days:
    """The days of ``curve`` at ``mild_degc``."""
    kinds = used(curve, opening).kinds
    allowed = in_season(len(kinds)) if season else None
    return Days(FIRST, mild_degc(len(kinds)), kinds, None, allowed)


def heated_table(count: int, opening: Opening = OFFICE) -> Floats:
    """A gas heating of 6 kW a degree below 17, from 5 to 18 of open days of the season; 1 kW else.

    At 8 degC it takes 55 kW.
    """
    table = np.ones((count, 24))
    degc, season = mild_degc(count), in_season(count)
    is_open = used(curve_of(table), opening).is_open
    heats = season & is_open & (degc < 17)
    table[np.ix_(heats, np.arange(5, 18))] += 6 * (17 - degc[heats])[:, None]
    return table
