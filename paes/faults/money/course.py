"""What one more kWh (m3) of a meter costs at any time, for many times at once.

A course is made once for all meters that are paid by the same tariffs between the same dates, so
that the prices of a whole run rest on some few of them. Fixed and power parts are paid all the
same, and are in none. The price of a step is the one in force where it begins: bands and contracts
change on whole hours, and steps are hours or finer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paes.costs.prices import FIRST_S, LAST_S, PriceKinds, Regime, price_kinds, regimes
from paes.costs.runs import Places
from paes.installation import Installation
from paes.meters import Meter
from paes.periods import By, Seconds, Span, edges, from_seconds
from paes.series import Floats
from paes.tariffs.contracts import Supply, supplies

Key = tuple[object, ...]


@dataclass(frozen=True)
class PriceCourse:
    """EUR with taxes and VAT for a unit of the tariff, by kind of price; NaN without a contract."""

    regimes: tuple[Regime, ...]
    kinds: PriceKinds
    eur_per_unit: Floats
    start_s: int
    end_s: int

    def places(self, times_s: Seconds) -> Places:
        """The kind of price in force at each time; the last kind is that of no contract."""
        return self.kinds.kinds.at(times_s)

    def eur(self, times_s: Seconds) -> Floats:
        """EUR for a unit at each time; NaN where no contract is in force."""
        return np.asarray(self.eur_per_unit[self.places(times_s)])

    def is_fuel(self, times_s: Seconds) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Where the price is for a quantity of fuel, and not for a kWh or a m3 of water."""
        units = [self.regimes[r].prices.tariff.file.unit for r in self.kinds.regime]
        fuel = np.array([*(unit not in ("kWh", "m3") for unit in units), False])
        return np.asarray(fuel[self.places(times_s)])

    def used(self, times_s: Seconds) -> list[Regime]:
        """The periods of tariffs that price these times, in order."""
        of = np.array([*self.kinds.regime, -1])
        return [self.regimes[n] for n in np.unique(of[self.places(times_s)]) if n >= 0]


class PriceCourses:
    """The courses of one installation, each made once for the years that were asked of it."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._of: dict[Key, PriceCourse] = {}

    def of(self, paying: Meter, times_s: Seconds) -> PriceCourse | None:
        """The course of the contracts of ``paying`` over ``times_s`` (not empty); None without."""
        city = self._installation.city_of(paying)
        found = supplies(city.contracts, self._installation.tariffs, paying, city.time_zone)
        if not found:
            return None
        key: Key = tuple((s.tariff.id, s.start, s.end, s.contract.assumed) for s in found)
        first_s, last_s = int(times_s.min()), int(times_s.max())
        known = self._of.get(key)
        if known and known.start_s <= first_s and last_s < known.end_s:
            return known
        if known:
            first_s, last_s = min(first_s, known.start_s), max(last_s, known.end_s - 1)
        self._of[key] = _course(found, first_s, last_s, city.time_zone)
        return self._of[key]


def _course(found: Sequence[Supply], first_s: int, last_s: int, tz: str) -> PriceCourse:
    """Of the whole years from ``first_s`` to ``last_s``."""
    years = edges(Span(from_seconds(first_s), from_seconds(last_s + 1)), By.YEAR, tz)
    start_s, end_s = max(int(years[0]), FIRST_S), min(int(years[-1]), LAST_S)
    of = regimes(found, start_s, end_s)
    kinds = price_kinds(of)
    eur = [_full_price(of[r], label) for r, label in zip(kinds.regime, kinds.labels, strict=True)]
    return PriceCourse(tuple(of), kinds, np.array([*eur, np.nan]), start_s, end_s)


def _full_price(regime: Regime, label: str) -> float:
    """With taxes and VAT, as ``paes.costs.prices.UnitPrice``."""
    period = regime.prices.period
    net = regime.prices.energy_price(label) + period.taxes_eur_per_unit
    return net * (1 + period.vat_fraction)
