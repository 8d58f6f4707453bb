"""Degree days: how much a time asked for heating or cooling, from daily mean temperatures.

::

    Italian (GG)      sum of (20 - Tm) where positive, over the zone's conventional heating season
                      (DPR 412/1993, art. 1); with a threshold only days with Tm <= threshold count
    Eurostat heating  sum of (18 - Tm) over days with Tm <= 15, over all of the time
    Eurostat cooling  sum of (Tm - 21) over days with Tm >= 24, over all of the time
                      (Eurostat, nrg_chdd metadata)

Tm is the mean of the day's hours; Eurostat's is that of the day's extremes, and differs by some
tenths of a degree. A sum says of how many days it is: measured, estimated (between bounds) and
unknown. A sum with unknown days is a lower bound and no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from paes.climate.daily_temperature import Bools, DailyTemperatures
from paes.climate.heating_season import conventional_season, in_conventional_season, season_name
from paes.errors import DataError
from paes.installation import City
from paes.series import Floats


@dataclass(frozen=True, slots=True)
class DegreeDayRule:
    """How degree days are counted; it is printed with each of them."""

    name: str
    base_degc: float
    threshold_degc: float | None = None
    """Only days at or below it count (of cooling: at or above it); None counts every day."""
    is_cooling: bool = False
    in_season: bool = False
    """Only days of the conventional heating season count."""

    def of(self, degc: Floats) -> Floats:
        """Degree days of each day; NaN stays NaN."""
        sign = -1.0 if self.is_cooling else 1.0
        below = sign * (self.base_degc - degc)
        counts = below > 0
        if self.threshold_degc is not None:
            counts &= sign * (self.threshold_degc - degc) >= 0
        return np.where(np.isnan(degc), np.nan, np.where(counts, below, 0.0))

    def __str__(self) -> str:
        side = ">=" if self.is_cooling else "<="
        limit = (
            "" if self.threshold_degc is None else f", days with Tm {side} {self.threshold_degc:g}"
        )
        where = "conventional season" if self.in_season else "all days"
        return f"base {self.base_degc:g} degC{limit}, {where}"


ITALIAN = DegreeDayRule("gg", 20.0, in_season=True)
EUROSTAT_HEATING = DegreeDayRule("hdd", 18.0, 15.0)
EUROSTAT_COOLING = DegreeDayRule("cdd", 21.0, 24.0, is_cooling=True)


@dataclass(frozen=True, slots=True)
class DegreeDays:
    """Degree days from ``first`` up to ``end`` (not included).

    ``measured`` and ``estimated`` are of days that counted; the truth lies between ``low`` and
    ``high``, which is infinite as long as days are unknown.
    """

    rule: DegreeDayRule
    first: date
    end: date
    measured: float
    estimated: float
    low: float
    high: float
    measured_days: int
    estimated_days: int
    unknown_days: int

    @property
    def value(self) -> float:
        """Measured and estimated together."""
        return self.measured + self.estimated

    @property
    def days(self) -> int:
        """All the days that were to be counted."""
        return self.measured_days + self.estimated_days + self.unknown_days

    @property
    def coverage(self) -> float | None:
        """The measured part of the days (0..1); None if there are none to be counted."""
        return self.measured_days / self.days if self.days else None


class Stretch(StrEnum):
    """By what degree days are summed."""

    MONTH = "month"
    SEASON = "season"
    YEAR = "year"


def degree_days(
    temperatures: DailyTemperatures, rule: DegreeDayRule, city: City | None = None
) -> DegreeDays:
    """The degree days of all the days in ``temperatures``.

    ``city`` is needed by a rule that counts the heating season's days only.
    """
    counted = _counted(temperatures, rule, city)
    measured, estimated = temperatures.is_measured & counted, temperatures.is_estimated & counted
    unknown = int(np.count_nonzero(counted & np.isnan(temperatures.mean)))
    # Colder days have more degree days of heating, warmer days more of cooling.
    least, most = temperatures.high, temperatures.low
    if rule.is_cooling:
        least, most = most, least
    sure = float(rule.of(temperatures.mean)[measured].sum())
    low = sure + float(rule.of(least)[estimated].sum())
    high = sure + float(rule.of(most)[estimated].sum())
    return DegreeDays(
        rule=rule,
        first=temperatures.first,
        end=temperatures.first + timedelta(days=len(temperatures)),
        measured=sure,
        estimated=float(rule.of(temperatures.mean)[estimated].sum()),
        low=low,
        high=float("inf") if unknown else high,
        measured_days=int(np.count_nonzero(measured)),
        estimated_days=int(np.count_nonzero(estimated)),
        unknown_days=unknown,
    )


def stretches(first: date, end: date, by: Stretch, city: City) -> Iterator[tuple[str, date, date]]:
    """Name, first day and first day after of every whole month, season or year that is touched."""
    if end <= first:
        raise DataError(f"ends on {end}, not after it begins on {first}")
    last = end - timedelta(days=1)
    if by is Stretch.SEASON:
        for season in range(first.year - 1, last.year + 1):
            start, stop = conventional_season(city, season)
            if start <= last and stop >= first:
                yield season_name(season), start, stop + timedelta(days=1)
        return
    if by is Stretch.YEAR:
        for year in range(first.year, last.year + 1):
            yield str(year), date(year, 1, 1), date(year + 1, 1, 1)
        return
    month = date(first.year, first.month, 1)
    while month < end:
        following = (month + timedelta(days=32)).replace(day=1)
        yield f"{month:%Y-%m}", month, following
        month = following


def _counted(temperatures: DailyTemperatures, rule: DegreeDayRule, city: City | None) -> Bools:
    if not rule.in_season:
        return np.ones(len(temperatures), dtype=np.bool_)
    if city is None:
        raise DataError(f"degree days by {rule}: no city, so nobody knows its heating season")
    return np.array([in_conventional_season(city, d) for d in temperatures.days], dtype=np.bool_)
