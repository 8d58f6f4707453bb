"""What a building takes on a day: a base by kind of day, and more where it is colder or warmer.

::

    kWh(day) = base[kind] + heating[kind] * (Th - T)+ + cooling[kind] * (T - Tc)+ + night * hours

``T`` is the day's mean outdoor temperature, ``Th`` and ``Tc`` are balance points that are found
with the rest, ``(x)+`` is x where positive; terms that do not earn their place are left out
(``search``). It is linear in every branch and fitted by least squares, so that its sums over a year
are unbiased and a person can check them. Change-point models of this kind are those of ASHRAE
Guideline 14 (2014, annex D) and of the CalTRACK methods.

A day is used if its energy and its temperature are known; what was estimated or is missing must be
NaN in what is given.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from paes.baselines.days import Days
from paes.baselines.fit_quality import FitQuality, fit_quality
from paes.baselines.search import Found, best_model
from paes.errors import DataError
from paes.metering import Finding
from paes.opening import DayKind
from paes.series import Floats

LEAST_DAYS = 180
LEAST_IN_QUARTER = 15
"""Used days, of all and of each quarter: a winter that nobody saw is not told from a summer."""
_QUARTERS = ("December to February", "March to May", "June to August", "September to November")


@dataclass(frozen=True)
class Baseline:
    """A fitted model; slopes are kWh a degree and day, by kind of day.

    ``balance_heating_degc`` and ``balance_cooling_degc`` are None where the building does not
    follow the cold or the heat; with ``heats_in_season`` it heats on days of the season only.
    ``coldest_degc`` and ``warmest_degc`` bound the days it was made
    from: beyond them it is a straight line drawn on.
    """

    base_kwh: dict[DayKind, float]
    heating_kwh_per_degc: dict[DayKind, float]
    balance_heating_degc: float | None
    cooling_kwh_per_degc: dict[DayKind, float]
    balance_cooling_degc: float | None
    kwh_per_night_h: float
    heats_in_season: bool
    coldest_degc: float
    warmest_degc: float
    fit_quality: FitQuality

    @classmethod
    def fit(cls, energy_kwh: Floats, days: Days, least_days: int = LEAST_DAYS) -> Self:
        """The model of a building from its energy on ``days``; NaN leaves a day out.

        DataError if there is too little to go by: ask ``obstacle`` before.
        """
        hindrance = obstacle("building", energy_kwh, days, least_days)
        if hindrance:
            raise DataError(hindrance.message)
        found = best_model(energy_kwh, days)
        return cls._of(found, energy_kwh, days)

    @classmethod
    def _of(cls, found: Found, energy_kwh: Floats, days: Days) -> Self:
        used = _used(energy_kwh, days)
        modelled = np.where(used, found.predict(days), np.nan)
        return cls(
            base_kwh=found.base,
            heating_kwh_per_degc=found.heating,
            balance_heating_degc=found.balance_heating,
            cooling_kwh_per_degc=found.cooling,
            balance_cooling_degc=found.balance_cooling,
            kwh_per_night_h=found.per_night_h,
            heats_in_season=found.heats_in_season,
            coldest_degc=float(days.degc[used].min()),
            warmest_degc=float(days.degc[used].max()),
            fit_quality=fit_quality(np.where(used, energy_kwh, np.nan), modelled, found.parameters),
        )

    def predict(self, days: Days) -> Floats:
        """kWh of each day, never negative; NaN where the temperature is needed and unknown."""
        return self._found.predict(days)

    def without_weather(self, days: Days) -> Floats:
        """The same of days that are neither cold nor hot: all that no temperature changes."""
        found = replace(self._found, heating={}, balance_heating=None)
        return replace(found, cooling={}, balance_cooling=None).predict(days)

    @property
    def follows_temperature(self) -> bool:
        """False if any day of a kind is like another, whatever the weather."""
        return bool(self.heating_kwh_per_degc or self.cooling_kwh_per_degc)

    @property
    def _found(self) -> Found:
        return Found(
            self.base_kwh,
            self.heating_kwh_per_degc,
            self.balance_heating_degc,
            self.cooling_kwh_per_degc,
            self.balance_cooling_degc,
            self.kwh_per_night_h,
            self.fit_quality.parameters,
            self.heats_in_season,
        )


def obstacle(
    subject: str, energy_kwh: Floats, days: Days, least_days: int = LEAST_DAYS
) -> Finding | None:
    """Why no model can be made from these days; None if one can."""
    used = _used(energy_kwh, days)
    count = int(used.sum())
    if count < least_days:
        text = (
            f"{subject}: {count} days with measured energy and known temperature; "
            f"a model needs {least_days}"
        )
        return Finding("baseline.too_few_days", subject, text, None, {"days": count})
    quarters = _quarter(days)
    for quarter, name in enumerate(_QUARTERS):
        seen = int((used & (quarters == quarter)).sum())
        if seen < LEAST_IN_QUARTER:
            text = (
                f"{subject}: {seen} such days in {name}; "
                f"a model needs {LEAST_IN_QUARTER} of every quarter of the year"
            )
            return Finding("baseline.season_missing", subject, text, None, {"days": seen})
    return None


def _quarter(days: Days) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """0 in winter (December to February) to 3 in autumn."""
    dates = np.datetime64(days.first, "D") + np.arange(len(days))
    month = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    return np.asarray(month % 12 // 3)


def _used(energy_kwh: Floats, days: Days) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if len(energy_kwh) != len(days):
        raise DataError(f"energy of {len(energy_kwh)} days beside weather of {len(days)}")
    return ~np.isnan(energy_kwh) & ~np.isnan(days.degc)
