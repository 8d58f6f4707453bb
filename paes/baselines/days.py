"""What days were like, as far as a building's energy depends on it: temperature, calendar, night.

Kinds of day are those of ``paes.opening``. A site without hours is taken to rest on Saturdays,
Sundays and Italy's holidays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from paes.errors import DataError
from paes.opening import Kinds, Opening, day_kinds
from paes.series import Floats

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Days:
    """Days in a row from ``first`` on: mean outdoor temperature (NaN: unknown) and kind of each.

    ``night_h`` is the time without sun, which public lighting follows; it needs no measurement.
    ``in_season`` says on which days heating is allowed, where a law or a calendar tells it.
    """

    first: date
    degc: Floats
    kinds: Kinds
    night_h: Floats | None = None
    in_season: Bools | None = None

    def __post_init__(self) -> None:
        lengths = {len(self.degc), len(self.kinds)}
        lengths |= {len(told) for told in (self.night_h, self.in_season) if told is not None}
        if len(lengths) > 1:
            raise DataError(f"days from {self.first}: columns of {sorted(lengths)} days, not one")

    def __len__(self) -> int:
        return len(self.degc)

    @property
    def end(self) -> date:
        """The day after the last one."""
        return self.first + timedelta(days=len(self))

    def between(self, first: date, end: date) -> Days:
        """The days from ``first`` up to ``end``, which is not included."""
        begin = max((first - self.first).days, 0)
        part = slice(begin, max((end - self.first).days, begin))
        night = self.night_h if self.night_h is None else self.night_h[part]
        season = self.in_season if self.in_season is None else self.in_season[part]
        start = self.first + timedelta(days=begin)
        return Days(start, self.degc[part], self.kinds[part], night, season)

    def at(self, degc: Floats) -> Days:
        """The same days at other temperatures."""
        return replace(self, degc=degc)


def days_of(
    first: date,
    degc: Floats,
    opening: Opening | None,
    latitude: float | None = None,
    heating_allowed: Callable[[date], bool] | None = None,
) -> Days:
    """Days from ``first`` on of a site with these hours; nights are known if ``latitude`` is.

    ``heating_allowed`` tells the days on which heating is.
    """
    every = [first + timedelta(days=n) for n in range(len(degc))]
    night = None if latitude is None else night_hours(latitude, every)
    season = None
    if heating_allowed:
        season = np.array([heating_allowed(day) for day in every], dtype=np.bool_)
    return Days(first, degc, day_kinds(every, opening), night, season)


def night_hours(latitude: float, days: Sequence[date]) -> Floats:
    """Hours without sun at ``latitude`` (degrees north), to some minutes.

    cos w = -tan(latitude) tan(declination), with the declination of Cooper (1969) and w the hour
    angle of sunset: Duffie and Beckman, Solar Engineering of Thermal Processes, 1.6.1a and 1.6.10.
    """
    of_year = np.array([day.timetuple().tm_yday for day in days], dtype=np.float64)
    declination = np.radians(23.45) * np.sin(2 * np.pi * (284 + of_year) / 365)
    cosine = -np.tan(np.radians(latitude)) * np.tan(declination)
    return np.asarray(24 - 24 / np.pi * np.arccos(np.clip(cosine, -1, 1)))
