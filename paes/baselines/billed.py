"""What a building usually takes, from its bills: one amount for a month or two, and the weather.

::

    kWh(period) = sum over its days of  base + heating * (Th - T)+ + cooling * (T - Tc)+

The same change-point model as that of days (``paes.baselines.baseline``), without kinds of day,
that no bill tells apart. It is fitted to the mean day of each period, weighted by the period's
days, so that a bill of two months counts twice one of a month and sums over all periods are
unbiased. Balance points are tried one by one, and the terms that stay are those of the least BIC::

    BIC = n log(SSE / n) + p log n          p counts coefficients and balance points

No term may be negative: neither cold nor warm days take less, and a base is 0 at the least.

Periods without known energy (estimated bills), longer than 70 days, shorter than 25, or with more
than a tenth of their temperatures unknown are not used: a short bill is moved too much by the day
on which the register was read, a long one tells no season. How the search goes is in
``paes.baselines.billed_search``, how periods come from bills in ``paes.baselines.billed_periods``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Self

import numpy as np

from paes.baselines.billed_search import BilledTerms, best_billed
from paes.baselines.days import Days
from paes.baselines.fit_quality import FitQuality, fit_quality
from paes.errors import DataError
from paes.metering import Finding
from paes.series import Floats

LEAST_DAYS = 270
"""Days in used periods: 9 months of 12."""
LEAST_IN_QUARTER = 30
"""Billed days of each quarter: a winter that nobody billed is not told from a summer."""
SHORTEST_DAYS, LONGEST_DAYS = 25, 70
LEAST_KNOWN = 0.9
"""Of a period's temperatures."""
G14_CV_RMSE_FRACTION, G14_NMBE_FRACTION = 0.15, 0.05
"""ASHRAE Guideline 14 calls a monthly model calibrated up to these."""
_QUARTERS = ("December to February", "March to May", "June to August", "September to November")


@dataclass(frozen=True, slots=True)
class BilledPeriod:
    """What was used from ``first`` up to ``end`` (not included); NaN where it is not known."""

    first: date
    end: date
    kwh: float

    def __post_init__(self) -> None:
        if self.end <= self.first:
            raise DataError(f"a billed period ends on {self.end}, not after it begins {self.first}")

    @property
    def days(self) -> int:
        """How many local days it has."""
        return (self.end - self.first).days


@dataclass(frozen=True)
class BilledBaseline:
    """A fitted model; slopes are kWh a degree and day, None where a balance point is.

    ``fit_quality`` is over periods: its ``days`` are periods, its mean is kWh of a period.
    """

    base_kwh: float
    heating_kwh_per_degc: float
    balance_heating_degc: float | None
    cooling_kwh_per_degc: float
    balance_cooling_degc: float | None
    fit_quality: FitQuality

    @classmethod
    def fit(cls, periods: Sequence[BilledPeriod], days: Days) -> Self:
        """The model of a building from its bills and the weather of ``days``.

        DataError if there is too little to go by: ask ``billed_obstacle`` before.
        """
        hindrance = billed_obstacle("building", periods, days)
        if hindrance:
            raise DataError(hindrance.message)
        used = [p for p, good in zip(periods, usable(periods, days), strict=True) if good]
        length = np.array([p.days for p in used], dtype=np.float64)
        degc = [_degc(p, days) for p in used]
        kwh = np.array([p.kwh for p in used])
        found = best_billed(kwh / length, length, [t[~np.isnan(t)] for t in degc])
        modelled = np.array([float(np.nanmean(found.predict(t))) for t in degc]) * length
        return cls(
            found.base,
            found.heating,
            found.balance_heating,
            found.cooling,
            found.balance_cooling,
            fit_quality(kwh, modelled, found.parameters),
        )

    def predict(self, days: Days) -> Floats:
        """kWh of each day; NaN where the temperature is needed and unknown."""
        return self._found.predict(days.degc)

    def predict_periods(self, periods: Sequence[BilledPeriod], days: Days) -> Floats:
        """kWh of each period; NaN where a day of it is unknown, or not among ``days``."""
        daily, found = self.predict(days), np.full(len(periods), np.nan)
        for n, period in enumerate(periods):
            begin = (period.first - days.first).days
            if begin >= 0 and period.end <= days.end:
                found[n] = daily[begin : begin + period.days].sum()
        return found

    @property
    def _found(self) -> BilledTerms:
        return BilledTerms(
            self.base_kwh,
            self.heating_kwh_per_degc,
            self.balance_heating_degc,
            self.cooling_kwh_per_degc,
            self.balance_cooling_degc,
            self.fit_quality.parameters,
        )

    @property
    def follows_temperature(self) -> bool:
        """False if any day is like another, whatever the weather."""
        return self.balance_heating_degc is not None or self.balance_cooling_degc is not None

    @property
    def is_calibrated(self) -> bool:
        """True within what ASHRAE Guideline 14 allows a monthly model."""
        quality = self.fit_quality
        return (
            quality.cv_rmse_fraction <= G14_CV_RMSE_FRACTION
            and abs(quality.nmbe_fraction) <= G14_NMBE_FRACTION
        )


def billed_obstacle(subject: str, periods: Sequence[BilledPeriod], days: Days) -> Finding | None:
    """Why no model can be made from these bills; None if one can."""
    good = usable(periods, days)
    used = [p for p, is_good in zip(periods, good, strict=True) if is_good]
    count = sum(p.days for p in used)
    if count < LEAST_DAYS:
        text = (
            f"{subject}: {len(used)} usable bills of {count} days, of {len(periods)}; "
            f"a model needs {LEAST_DAYS} days, 9 months of 12"
        )
        numbers = {"periods": float(len(used)), "days": float(count)}
        return Finding("baseline.too_few_periods", subject, text, None, numbers)
    seen = np.zeros(len(_QUARTERS))
    for period in used:
        every = np.arange(np.datetime64(period.first), np.datetime64(period.end))
        month = every.astype("datetime64[M]").astype(np.int64) % 12 + 1
        seen += np.bincount(month % 12 // 3, minlength=len(_QUARTERS))
    for quarter, name in enumerate(_QUARTERS):
        if seen[quarter] < LEAST_IN_QUARTER:
            text = (
                f"{subject}: {seen[quarter]:.0f} billed days in {name}; a model needs "
                f"{LEAST_IN_QUARTER} of every quarter of the year"
            )
            numbers = {"days": float(seen[quarter])}
            return Finding("baseline.season_missing", subject, text, None, numbers)
    return None


def usable(periods: Sequence[BilledPeriod], days: Days) -> list[bool]:
    """Which periods a model can be made from; DataError if two of them overlap."""
    ordered = sorted(periods, key=lambda p: p.first)
    for before, period in pairwise(ordered):
        if period.first < before.end:
            raise DataError(
                f"billed periods overlap: one ends on {before.end}, the next begins {period.first}"
            )
    return [_is_usable(period, days) for period in periods]


def _is_usable(period: BilledPeriod, days: Days) -> bool:
    if np.isnan(period.kwh) or not SHORTEST_DAYS <= period.days <= LONGEST_DAYS:
        return False
    known = int(np.count_nonzero(~np.isnan(_degc(period, days))))
    return known >= LEAST_KNOWN * period.days


def _degc(period: BilledPeriod, days: Days) -> Floats:
    """The temperatures of its days; those that are not among ``days`` are left out."""
    return days.between(period.first, period.end).degc
