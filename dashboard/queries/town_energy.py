"""The energy and the costs of every site of a town by month: made ahead, asked by many pages.

``TownEnergy`` holds one table a site, carrier and kind of measurement, by local month from the
town's first reading (``LONGEST_YEARS`` years at most) to now, in kWh (m3 of water). Gaps are in it
as everywhere: measured, estimated and missing apart, never 0. Years are those of the ledger, exact
in their bounds. ``TownCosts`` is the same in EUR: withdrawal and water cost, what is fed in earns,
and what was used without a contract has no price and is told. Read next
``paes.accounting.site_energy`` and ``paes.costs.costing``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from dashboard.queries.recipe import Recipe, Sources
from paes.accounting.energy_table import EnergyTable
from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.costs.cost_table import CostTable, Money
from paes.costs.costing import Costing
from paes.installation import City
from paes.meter_trees.tree import Term
from paes.metering import Carrier, Measures
from paes.periods import (
    ALWAYS,
    By,
    Span,
    from_seconds,
    local_year,
    to_seconds,
    year_span,
)
from paes.series import Floats

LONGEST_YEARS = 12
"""So many years back a page looks; what is older is asked of the commands."""
LONGEST_COSTS_YEARS = 4
"""And costs, which take far longer: this year and three before."""
KINDS = (Measures.WITHDRAWAL, Measures.GENERATION, Measures.FEED_IN, Measures.WATER)
"""What is added up by site; submeters are in their parents."""
Key = tuple[str, Carrier | None, Measures]
"""A site, a carrier (None: water) and a kind of measurement."""


@dataclass(frozen=True)
class TownEnergy:
    """Months of each site that has such a meter, and its years; kWh, or m3 of water."""

    starts: pd.DatetimeIndex
    """Local starts of the months; empty if nothing was ever read."""
    tables: Mapping[Key, EnergyTable]
    totals: Mapping[tuple[str, Carrier | None, Measures, int], EnergyTotal]

    @property
    def years(self) -> list[int]:
        """Years of the months, the oldest first; the last one is as a rule not over."""
        return sorted({int(year) for year in self.starts.year})

    def months(self, site: str, carrier: Carrier | None, measures: Measures) -> EnergyTable | None:
        """One row a month; None if the site has no such meter."""
        return self.tables.get((site, carrier, measures))

    def year(
        self, site: str, carrier: Carrier | None, measures: Measures, year: int
    ) -> EnergyTotal | None:
        """The local year (until now if it is not over); None if no such meter was in use."""
        return self.totals.get((site, carrier, measures, year))

    def carriers(self, site: str, measures: Measures = Measures.WITHDRAWAL) -> list[Carrier]:
        """The carriers of which the site has meters, in the order of the Covenant's tables."""
        return [c for c in Carrier if (site, c, measures) in self.tables]


@dataclass(frozen=True)
class SiteCost:
    """What a site paid by month, less what it earned; what had no contract is in no amount."""

    money: Money
    unpriced_s: Floats
    span_s: Floats
    is_assumed: bool
    """Whether a tariff in it has assumed prices."""


@dataclass(frozen=True)
class TownCosts:
    """EUR by local month, site and carrier (None: water), of the last years alone."""

    starts: pd.DatetimeIndex
    by_site: Mapping[tuple[str, Carrier | None], SiteCost]

    def of(self, site: str, *carriers: Carrier | None) -> SiteCost | None:
        """Of those carriers, of all if none is named; None if nothing there is paid for."""
        asked = carriers or (*Carrier, None)
        found = [self.by_site[site, c] for c in asked if (site, c) in self.by_site]
        return _costs_together(found) if found else None

    def months_eur(self, site: str, *carriers: Carrier | None) -> Money | None:
        """By month; None if nothing there is paid for."""
        found = self.of(site, *carriers)
        return found.money if found else None

    def year_eur(self, site: str, year: int, *carriers: Carrier | None) -> Money | None:
        """One amount; None if nothing was paid, or if any use of the year had no contract."""
        found, inside = self.of(site, *carriers), self.starts.year == year
        if found is None or not found.span_s[inside].sum() or found.unpriced_s[inside].sum():
            return None
        return _money(found.money, lambda of: np.array([of[inside].sum()]))


def _costs_together(found: list[SiteCost]) -> SiteCost:
    money = found[0].money
    for other in found[1:]:
        money = money + other.money
    return SiteCost(
        money,
        np.sum([one.unpriced_s for one in found], axis=0),
        np.sum([one.span_s for one in found], axis=0),
        any(one.is_assumed for one in found),
    )


def _money(of: Money, make: Callable[[Floats], Floats]) -> Money:
    return Money(*(make(getattr(of, part.name)) for part in fields(Money)))


def make_energy(sources: Sources, city_id: str) -> TownEnergy:
    """All sites of the city at once; FactorMissing if a fuel's calorific value is not known."""
    city, energy = sources.city(city_id), SiteEnergy(sources.ledger)
    terms = _terms(city, energy)
    span = known_span(sources.ledger, city, LONGEST_YEARS)
    if span is None or not terms:
        return TownEnergy(pd.DatetimeIndex([], tz=city.time_zone), {}, {})
    keys = {"\n".join(map(str, key)): key for key in terms}
    found = energy.tables({name: terms[key] for name, key in keys.items()}, span, By.MONTH)
    starts = next(starts for _, starts in found.values())
    totals: dict[tuple[str, Carrier | None, Measures, int], EnergyTotal] = {}
    for year in sorted({int(y) for y in starts.year}):
        seen = energy.seen(list(terms.values()), year_span(year, city.time_zone))
        totals |= {(*key, year): s.total for key, s in zip(terms, seen, strict=True) if s}
    return TownEnergy(starts, {keys[name]: table for name, (table, _) in found.items()}, totals)


def make_costs(sources: Sources, city_id: str) -> TownCosts:
    """All sites of the city at once."""
    city = sources.city(city_id)
    span = known_span(sources.ledger, city, LONGEST_COSTS_YEARS)
    if span is None:
        return TownCosts(pd.DatetimeIndex([], tz=city.time_zone), {})
    found: dict[tuple[str, Carrier | None], list[SiteCost]] = {}
    starts = pd.DatetimeIndex([], tz=city.time_zone)
    for (site, (carrier, measures)), costs in (
        Costing(sources.ledger).by_site(city.sites, span, By.MONTH).items()
    ):
        starts = costs.starts
        found.setdefault((site, carrier), []).append(_site_cost(costs.periods, measures))
    return TownCosts(starts, {key: _costs_together(of) for key, of in found.items()})


def _site_cost(costs: CostTable, measures: Measures) -> SiteCost:
    earned = measures is Measures.FEED_IN
    return SiteCost(
        costs.total.times(-1.0 if earned else 1.0),
        costs.unpriced_s,
        costs.span_s,
        bool(costs.assumed),
    )


def _terms(city: City, energy: SiteEnergy) -> dict[Key, list[Term]]:
    found: dict[Key, list[Term]] = {}
    for site in city.sites:
        for measures in KINDS:
            for term in energy.terms([site], None, measures):
                found.setdefault((site, term.meter.carrier, measures), []).append(term)
    return found


def known_span(ledger: EnergyLedger, city: City, longest_years: int) -> Span | None:
    """From the month of the city's first reading to now; None if nothing was ever read.

    At most ``longest_years`` local years, this one included.
    """
    points = [ledger.installation.register(meter).point for meter in city.meters.values()]
    begin_s, now = to_seconds(ALWAYS.start), ledger.clock()
    firsts = ledger.store.around(points, begin_s, begin_s, 1)
    seconds = [int(series.seconds[0]) for series in firsts.values() if len(series.seconds)]
    if not seconds or min(seconds) >= to_seconds(now):
        return None
    oldest = local_year(now, city.time_zone) - longest_years + 1
    first = max(from_seconds(min(seconds)), year_span(oldest, city.time_zone).start)
    return Span(first, now)


TOWN_ENERGY = Recipe("town_energy", make_energy, max_age_s=900.0)
"""By city."""
TOWN_COSTS = Recipe("town_costs", make_costs, max_age_s=6 * 3600.0)
"""By city; bands ask every quarter hour, and bills do not change by the hour."""
