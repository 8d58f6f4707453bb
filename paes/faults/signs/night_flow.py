"""The smallest flow of each closed night of a water meter, as far as its pulses tell it.

A register that counts litre by litre tells the smallest hour of the night. One with coarser pulses
shows hours without any while water runs: then a longer part of the night is looked at, up to all of
it, so that a leak gives two pulses in it as early as it can.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Self

import numpy as np

from paes.faults.load_curve import Bools, LoadCurve
from paes.opening import Opening
from paes.series import Floats

LITRES = 1000.0


@dataclass(frozen=True)
class Nights:
    """One value a local day, from ``first_day`` on; in litres an hour.

    ``least_l_h`` is the smallest flow of the night, NaN where the night was not measured whole or
    the site was in use; ``pulse_l_h`` is what one pulse is worth in the part of the night that was
    looked at, ``part_h`` hours long. ``from_hour`` to ``to_hour`` is the night.
    """

    first_day: date
    least_l_h: Floats
    pulse_l_h: float
    part_h: int
    from_hour: int
    to_hour: int

    @property
    def known(self) -> Bools:
        """The nights of which the flow is known."""
        return ~np.isnan(self.least_l_h)

    def only(self, closed: Bools) -> Self:
        """The same, where the site was closed; the other nights are not known."""
        return replace(self, least_l_h=np.where(closed, self.least_l_h, np.nan))


def nights(curve: LoadCurve, pulse_l: float, hours: tuple[int, int], least_l_h: float) -> Nights:
    """The nights of hourly m3 in ``curve``.

    The part of the night is the shortest of which two pulses are no more than ``least_l_h``; the
    whole night if no part is. A night with an unknown hour is not known.
    """
    first, end = hours
    length = end - first
    part = next((n for n in range(1, length) if 2 * pulse_l <= least_l_h * n), length)
    litres = LITRES * curve.amounts
    sums = np.full(len(litres), np.nan)
    if len(litres) >= part:
        sums[: len(litres) - part + 1] = np.convolve(litres, np.ones(part), "valid")
    parts = curve.with_amounts(sums / part)
    # Every hour of the night must be known, and the parts begin where they still end in it.
    whole = curve.mean_by_day(curve.of_hours(first, end))
    least = parts.least_by_day(curve.of_hours(first, end - part + 1))
    found = np.where(np.isnan(whole), np.nan, least)
    return Nights(curve.first_day, found, pulse_l / part, part, first, end)


def closed_nights(days: list[date], opening: Opening, hours: tuple[int, int]) -> Bools:
    """Which nights, by the local day they end on, the site is not in use."""

    def is_closed(day: date) -> bool:
        used = opening.open_hours(day)
        return used is None or used[1] <= hours[0] or used[0] >= hours[1]

    return np.array([is_closed(day) for day in days], dtype=np.bool_)


def night_edges(curve: LoadCurve, seen: Nights, night: int) -> tuple[int, int]:
    """When the night that ends on this local day begins and ends."""
    in_night = curve.of_hours(seen.from_hour, seen.to_hour) & (curve.day == night)
    seconds, steps = curve.seconds, np.flatnonzero(in_night)
    return int(seconds[steps[0]]), int(seconds[steps[-1]]) + curve.step_s
