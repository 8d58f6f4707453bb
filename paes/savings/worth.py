"""What avoided energy is worth: EUR by the tariffs in force, tonnes by the factors of its years.

The price of a day is the mean of its hours (for lamps of its hours of night), with taxes and VAT;
fixed and power parts are paid all the same. Days weigh by what was expected of them. Factors are
the plan's, of the year of each day; production has the national factor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.costs.costing import Costing
from paes.costs.prices import payer
from paes.costs.pv_value import pv_value
from paes.errors import DataError, FactorMissing
from paes.faults.money.avoided_factors import AvoidedFactors
from paes.faults.money.course import PriceCourses
from paes.faults.money.gap_share import newest_inventory
from paes.metering import Measures
from paes.meters import Meter
from paes.periods import By, Span, local_midnight, to_seconds, wall_seconds
from paes.savings.assumptions import Use
from paes.savings.metered import Metered
from paes.savings.periods import DaySpan
from paes.series import Floats

HOUR_S = 3600
NIGHT_FROM_H, NIGHT_TO_H = 20, 6
"""Wall hours between which lamps burn on every day of the year."""


@dataclass(frozen=True, slots=True)
class UnitWorth:
    """Of one avoided kWh; None where nobody knows."""

    eur_per_kwh: float | None
    t_per_mwh: float | None
    is_assumed: bool = False


class Worth:
    """Prices and factors of one ledger's installation."""

    def __init__(self, ledger: EnergyLedger) -> None:
        self._ledger = ledger
        self._courses = PriceCourses(ledger.installation)
        self._factors = AvoidedFactors(
            ledger.installation, lambda city: newest_inventory(city, ledger)
        )

    def of(self, part: Metered, span: DaySpan, weights: Floats) -> UnitWorth:
        """Of a kWh of ``part`` in ``span``; days weigh by ``weights``, one for each of the span."""
        if part.paying is None or span.count == 0:
            return UnitWorth(None, None)
        years = np.array([(span.first + timedelta(days=n)).year for n in range(span.count)])
        known = np.where(np.isnan(weights), 0.0, np.maximum(weights, 0.0))
        if not known.any():
            known = np.ones(span.count)
        eur, is_assumed = self._eur(part, part.paying, span, known)
        factors = {int(y): self._factors.of(part.paying, int(y)) for y in np.unique(years)}
        t_per_mwh = None
        if all(match is not None for match in factors.values()):
            by_year = {y: m.factor_t_per_mwh for y, m in factors.items() if m}
            each = np.array([by_year[int(y)] for y in years])
            t_per_mwh = float(np.average(each, weights=known))
        return UnitWorth(eur, t_per_mwh, is_assumed)

    def of_plant(self, part: Metered, span: DaySpan, made_kwh: float) -> UnitWorth:
        """Of a kWh that a plant made: what need not be bought, and what was paid for the rest.

        Money is that of the whole site; a site with several plants shares it by what they made.
        """
        plain = self.of(part, span, part.sure_kwh[part.at(span)])
        tz = self._ledger.installation.city_of_site(part.site.id).time_zone
        year = Span(local_midnight(span.first, tz), local_midnight(span.end, tz))
        energy = SiteEnergy(self._ledger)
        of_site = energy.total([part.site.id], part.carrier, Measures.GENERATION, year)
        if of_site is None or of_site.kwh <= 0 or made_kwh <= 0:
            return plain
        try:
            value = pv_value(Costing(self._ledger), part.site.id, year, By.DAY)
        except DataError:
            return plain
        eur = float(value.avoided.eur.sum() + value.earned.eur.sum())
        return replace(plain, eur_per_kwh=eur / of_site.kwh)

    def _eur(
        self, part: Metered, meter: Meter, span: DaySpan, weights: Floats
    ) -> tuple[float | None, bool]:
        """EUR a kWh; None without a contract for some of the time."""
        installation = self._ledger.installation
        tz, paying = installation.time_zone(meter.id), payer(installation, meter)
        first_s = to_seconds(local_midnight(span.first, tz))
        hours = np.arange(first_s, to_seconds(local_midnight(span.end, tz)), HOUR_S, dtype=np.int64)
        course = self._courses.of(paying, hours)
        if course is None:
            return None, False
        try:
            kwh = self._ledger.kwh_factor(meter, span.first.year)
        except FactorMissing:
            return None, False
        eur = course.eur(hours) / np.where(course.is_fuel(hours), kwh, 1.0)
        wall = wall_seconds(hours, tz)
        day = (wall // 86_400) - (wall[0] // 86_400)
        hour = wall % 86_400 // HOUR_S
        counts = np.ones(len(hours), dtype=np.bool_)
        if part.use is Use.LIGHTING:
            counts = (hour >= NIGHT_FROM_H) | (hour < NIGHT_TO_H)
        sums = np.bincount(day[counts], eur[counts], span.count)
        means = sums / np.maximum(np.bincount(day[counts], minlength=span.count), 1)
        if np.isnan(means).any():
            return None, False
        is_assumed = any(regime.assumed for regime in course.used(hours))
        return float(np.average(means, weights=weights)), is_assumed
