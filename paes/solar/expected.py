"""What a plant should have made, hour by hour: light, modules, and the plant's own first year.

::

    light      measured > satellite > neighbours > clear sky       one of them for all hours
    modules    paes.solar.physics                                  peak power, tilt, azimuth
    factor     median over months of made / expected               of the plant's own first year

One method makes all hours of an answer, so that a ratio never jumps because the method changed:
the first that knows nine tenths of the plant's daylight in the last 30 days that are judged.
Under a clear sky (no file, and fewer than two healthy neighbours) what is told is what a cloudless
day would give: an upper bound, whose lower one is nothing.

Irradiance of weather models is not used at all (``paes.solar.irradiance``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from paes.faults.load_curve import Bools, Ints, LoadCurve
from paes.series import Floats


class How(StrEnum):
    """By which light production is expected, the most trusted first."""

    MEASURED = "measured"
    SATELLITE = "satellite"
    NEIGHBOURS = "neighbours"
    CLEAR_SKY = "clear_sky"


@dataclass(frozen=True)
class Calibration:
    """What the first year says of a plant: ``factor`` times the model is usual for it.

    ``spread_fraction`` is how far the months were from it (half of the width between the tenth
    and the ninetieth percentile); ``sunny_days`` how many it was learnt from.
    """

    factor: float
    spread_fraction: float
    sunny_days: int
    is_own: bool
    """False while too few sunny days are known: the factor is 1, and the spread an assumption."""


@dataclass(frozen=True)
class Expected:
    """Expected production of the hours from ``start_s`` on, in kWh; NaN where nothing tells it.

    ``low_kwh`` and ``high_kwh`` bound sums of a month and more; a single hour scatters more.
    ``clear_kwh`` is what a cloudless sky would have given by the same calibration. ``neighbours``
    are the plants that were the reference, if they were.
    """

    start_s: int
    kwh: Floats
    low_kwh: Floats
    high_kwh: Floats
    clear_kwh: Floats
    how: How
    calibration: Calibration
    neighbours: tuple[str, ...] = ()

    def between(self, start_s: int, end_s: int) -> Expected:
        """The hours that begin in ``[start_s, end_s)``."""
        first = max(-(-(start_s - self.start_s) // 3600), 0)
        part = slice(first, max(-(-(end_s - self.start_s) // 3600), first))
        return Expected(
            self.start_s + first * 3600,
            self.kwh[part],
            self.low_kwh[part],
            self.high_kwh[part],
            self.clear_kwh[part],
            self.how,
            self.calibration,
            self.neighbours,
        )


@dataclass(frozen=True)
class PlantDays:
    """Local days of a plant: what it made beside what was expected, of the same hours, in kWh.

    NaN where less than nine tenths of a day's expected light fell into hours that are known in
    both. ``warmest_degc`` is the highest temperature of the day, NaN where it is not known;
    ``noon_deg`` how high the sun gets.
    """

    made_kwh: Floats
    expected_kwh: Floats
    clear_kwh: Floats
    warmest_degc: Floats
    noon_deg: Floats

    @property
    def known(self) -> Bools:
        """The days of which something can be said."""
        return np.asarray((self.expected_kwh > 0) & ~np.isnan(self.made_kwh))

    @property
    def ratio(self) -> Floats:
        """Made over expected; NaN of unknown days."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.known, self.made_kwh / self.expected_kwh, np.nan)

    @property
    def sun_index(self) -> Floats:
        """Expected over what a cloudless day would have given: 1 of a clear day."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.clear_kwh > 0, self.expected_kwh / self.clear_kwh, np.nan)


LEAST_OF_DAY = 0.9
"""Of a day's light that must fall into known hours."""


def plant_days(
    made: LoadCurve, expected: Expected, warmest_degc: Floats, noon_deg: Floats
) -> PlantDays:
    """Days of the hours of ``made``, which are those of ``expected``."""
    both = made.known & ~np.isnan(expected.kwh)
    day, count = made.day, int(made.day[-1]) + 1
    clear = np.bincount(day, expected.clear_kwh, minlength=count)
    seen = np.bincount(day[both], expected.clear_kwh[both], minlength=count)
    whole = (clear > 0) & (seen >= LEAST_OF_DAY * clear)

    def summed(values: Floats) -> Floats:
        return np.where(whole, np.bincount(day[both], values[both], minlength=count), np.nan)

    made_kwh, kwh, clear_kwh = (
        summed(column) for column in (made.amounts, expected.kwh, expected.clear_kwh)
    )
    return PlantDays(made_kwh, kwh, clear_kwh, warmest_degc, noon_deg)


def calibrated(
    made_kwh: Floats,
    model_kwh: Floats,
    model_clear_kwh: Floats,
    month: Ints,
    day: Ints,
    sunny_fraction: float,
    learning_sunny_days: int,
    uncalibrated_fraction: float,
) -> Calibration:
    """The median over months of made / modelled, in the hours of a plant's first year.

    A month that was broken is one of twelve and moves the median little; months with fewer than
    five sunny days are left out. ``month`` and ``day`` number the hours' local months and days.
    """
    both = ~np.isnan(made_kwh) & ~np.isnan(model_kwh) & (model_clear_kwh > 0)
    sunny = _sunny_days(model_kwh, model_clear_kwh, both, day, sunny_fraction)
    if sunny.sum() < learning_sunny_days:
        return Calibration(1.0, uncalibrated_fraction, int(sunny.sum()), is_own=False)
    used = both & sunny[day]
    ratios = []
    for one in np.unique(month[used]):
        inside = used & (month == one)
        if len(np.unique(day[inside])) >= 5:
            ratios.append(made_kwh[inside].sum() / model_kwh[inside].sum())
    if not ratios or np.median(ratios) <= 0:
        return Calibration(1.0, uncalibrated_fraction, int(sunny.sum()), is_own=False)
    factor = float(np.median(ratios))
    low, high = np.quantile(ratios, [0.1, 0.9]) / factor
    return Calibration(factor, float(high - low) / 2, int(sunny.sum()), is_own=True)


def _sunny_days(
    model_kwh: Floats, clear_kwh: Floats, both: Bools, day: Ints, sunny_fraction: float
) -> Bools:
    count = int(day[-1]) + 1 if len(day) else 0
    light = np.bincount(day[both], model_kwh[both], minlength=count)
    clear = np.bincount(day[both], clear_kwh[both], minlength=count)
    full = np.bincount(day, clear_kwh, minlength=count)
    return np.asarray(
        (clear >= LEAST_OF_DAY * full) & (full > 0) & (light > sunny_fraction * clear)
    )
