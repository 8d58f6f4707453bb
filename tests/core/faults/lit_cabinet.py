"""A cabinet of 100 lamps of 60 W under a sun that can be reckoned by hand.

On the clock of UTC the sun sets at 17:00 and rises at 6:00 on every day; lamps burn from 17:15 to
5:45, which is 12.5 hours. One night takes 0.1 % more, the next 0.1 % less.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np

from paes.faults.load_curve import LoadCurve
from paes.faults.signs.lit_nights import Lights
from paes.series import Floats

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
LAMPS, LAMP_KW = 100, 0.060
SUNSET_H, SUNRISE_H = 17.0, 6.0
ON_H, OFF_H = 17.25, 5.75
STANDBY_KW = 0.04
DAY = timedelta(days=1)

Change = Callable[[Floats, Floats, Floats], Floats]
"""Makes new powers (kW) from those that are: powers, night of each quarter hour, hour of day."""


def lights(days: int, *changes: Change, restless: float = 0.001) -> Lights:
    """So many days; each change in turn makes another power of it."""
    hour = np.arange(96 * days) % 96 / 4.0
    day = np.arange(96 * days) // 96
    night = np.where(hour >= 12, day, day - 1)
    burns = (hour >= ON_H) | (hour < OFF_H)
    sign = np.where(night % 2 == 0, 1.0, -1.0)
    kw = np.where(burns, LAMPS * LAMP_KW * (1 + restless * sign), 0.0) + STANDBY_KW
    for change in changes:
        kw = change(kw, night.astype(np.float64), hour)
    curve = LoadCurve(int(FIRST.timestamp()), 900, kw / 4, "UTC")
    midnights = FIRST.timestamp() + 86_400.0 * np.arange(days)
    return Lights(curve, midnights + 3600 * SUNRISE_H, midnights + 3600 * SUNSET_H)


def times(factor: float, first: int, last: int = 10_000) -> Change:
    """The lamps' power of these nights (both included) times a factor."""

    def change(kw: Floats, night: Floats, hour: Floats) -> Floats:
        among = (night >= first) & (night <= last)
        return np.where(among, (kw - STANDBY_KW) * factor + STANDBY_KW, kw)

    return change


def unknown(first: int, last: int) -> Change:
    """Nothing is known of these nights."""

    def change(kw: Floats, night: Floats, hour: Floats) -> Floats:
        return np.where((night >= first) & (night <= last), np.nan, kw)

    return change


def dead(lamps: int, first: int, last: int = 10_000) -> Change:
    """So many lamps are dark."""
    return times(1 - lamps / LAMPS, first, last)


def evening(night: int) -> datetime:
    """Sunset of a night."""
    return FIRST + night * DAY + timedelta(hours=SUNSET_H)


def morning(night: int) -> datetime:
    """Sunrise after a night."""
    return FIRST + (night + 1) * DAY + timedelta(hours=SUNRISE_H)
