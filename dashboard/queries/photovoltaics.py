"""Own plants of a town: what they made and where it went, beside what they should have made.

Three answers, each kept with its time: the energy of every site with a plant (``PV_TOWN``), what
plants should have made by the light of the same hours (``PV_EXPECTED``, of the last years), and
what it was worth (``PV_VALUES``). All are by site: a register of what is fed in cannot tell the
plants behind one connection apart. Read next ``paes.self_consumption`` and ``paes.solar``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd

from dashboard.queries.recipe import Recipe, Sources
from dashboard.queries.town_energy import LONGEST_COSTS_YEARS, LONGEST_YEARS, known_span
from paes.accounting.site_energy import SiteEnergy
from paes.comparison.benchmarks import Benchmark, Per, usual_ranges
from paes.costs.cost_table import Money
from paes.costs.costing import Costing
from paes.costs.pv_value import pv_value
from paes.errors import DataError
from paes.faults.money.avoided_factors import AvoidedFactors
from paes.installation import City
from paes.metering import Carrier, Measures, Site
from paes.meters import Meter
from paes.periods import By, Span, local_year, year_span
from paes.self_consumption import Balance, BalancePeriod, balances
from paes.solar.expected import How
from paes.solar.made_beside import Beside, PlantBeside, made_beside
from paes.solar.plants import is_photovoltaic
from paes.solar.town import SolarTown

LONGEST_EXPECTED_YEARS = 3
"""So many years, this one included, production is held against what was expected."""


@dataclass(frozen=True)
class PvSite:
    """A site with own generation; ``peak_kw`` None where nobody said how large its plant is."""

    id: str
    name: str
    peak_kw: float | None
    is_assumed: bool
    """Whether its configuration, its peak power too, is assumed."""
    is_sun_alone: bool
    """False where another kind of plant makes electricity as well."""
    meters: tuple[str, ...]
    balance: Balance
    """By month."""
    years: Mapping[int, BalancePeriod]
    t_per_mwh: Mapping[int, float]
    """By year the factor of the grid that the production stands in for."""

    @property
    def units_kw(self) -> float | None:
        """By which its production may be divided; None where that would say nothing."""
        return self.peak_kw if self.is_sun_alone else None


@dataclass(frozen=True)
class PvTown:
    """Every site with own generation, in order of name; ``starts`` are months, oldest first."""

    starts: pd.DatetimeIndex
    sites: tuple[PvSite, ...]
    usual: Benchmark | None
    """kWh/kWp of a year that are usual here."""

    @property
    def years(self) -> list[int]:
        """Years of the months, the oldest first."""
        return sorted({int(year) for year in self.starts.year})


@dataclass(frozen=True)
class Expected:
    """What a site's plants made beside what was expected, by month, and by which light."""

    how: How
    neighbours: int
    is_own: bool
    """False while a plant is not calibrated on its own first year."""
    months: tuple[Beside, ...]


@dataclass(frozen=True)
class Worth:
    """EUR of a site by month: need not be paid, and earned; ``priced`` False without a contract."""

    starts: pd.DatetimeIndex
    avoided: Money
    earned: Money
    priced: np.typing.NDArray[np.bool_]


def make_town(sources: Sources, city_id: str) -> PvTown:
    """The energy of all sites with a plant."""
    city, root = sources.city(city_id), sources.installation.root
    usual = next(
        (b for b in usual_ranges(root).benchmarks if b.per is Per.PV_PEAK_KW), None
    )  # it is of all kinds of sites
    with_plant = [site for site in city.sites.values() if _generating(city, site)]
    span = known_span(sources.ledger, city, LONGEST_YEARS) if with_plant else None
    if span is None:
        return PvTown(pd.DatetimeIndex([], tz=city.time_zone), (), usual)
    energy = SiteEnergy(sources.ledger)
    months, years = (balances(energy, with_plant, span, by) for by in (By.MONTH, By.YEAR))
    factors = AvoidedFactors(sources.installation, lambda _: None)
    found = [_site(city, s, months[s.id], years[s.id], factors) for s in with_plant]
    found.sort(key=lambda site: site.name)
    return PvTown(next(iter(months.values())).starts, tuple(found), usual)


def _generating(city: City, site: Site) -> list[Meter]:
    return [
        m
        for m in city.meters.values()
        if m.site == site.id
        and m.measures is Measures.GENERATION
        and m.carrier is Carrier.ELECTRICITY
    ]


def _site(
    city: City, site: Site, months: Balance, years: Balance, factors: AvoidedFactors
) -> PvSite:
    meters = _generating(city, site)
    rated = [m.rated_power_kw for m in meters]
    known_kw = None if None in rated else sum(kw for kw in rated if kw)
    by_year = {period.start.year: period for period in years.periods}
    matches = {year: factors.of(meters[0], year) for year in by_year}
    return PvSite(
        id=site.id,
        name=site.name,
        peak_kw=site.pv_peak_kw or known_kw,
        is_assumed=site.assumed,
        is_sun_alone=all(map(is_photovoltaic, meters)),
        meters=tuple(m.id for m in meters),
        balance=months,
        years=by_year,
        t_per_mwh={year: m.factor_t_per_mwh for year, m in matches.items() if m},
    )


def make_expected(sources: Sources, city_id: str) -> dict[str, Expected]:
    """By site with a photovoltaic plant whose power is known."""
    city = sources.city(city_id)
    span = _last_years(sources, city, LONGEST_EXPECTED_YEARS)
    if span is None:
        return {}
    town = SolarTown(sources.ledger, city, span)
    by_site: dict[str, list[PlantBeside]] = {}
    for plant in town.plants.values():
        found = made_beside(town, plant, span, By.MONTH)
        by_site.setdefault(plant.meter.site, []).append(found)
    return {site: _expected(found) for site, found in by_site.items()}


def _expected(found: Sequence[PlantBeside]) -> Expected:
    """Of the plants of one site together; by the least trusted light of theirs."""
    worst = max(found, key=lambda one: list(How).index(one.how))
    months = tuple(
        reduce(_both, together) for together in zip(*(p.periods for p in found), strict=True)
    )
    own = all(one.calibration.is_own for one in found)
    return Expected(worst.how, len(worst.neighbours), own, months)


def _both(one: Beside, other: Beside) -> Beside:
    light = one.expected_kwh + other.expected_kwh
    parts = one.known_fraction * one.expected_kwh + other.known_fraction * other.expected_kwh
    return Beside(
        one.start,
        one.made_kwh + other.made_kwh,
        light,
        one.low_kwh + other.low_kwh,
        one.high_kwh + other.high_kwh,
        parts / light if light else 0.0,
    )


def make_values(sources: Sources, city_id: str) -> dict[str, Worth]:
    """By site with a plant and a supply of its own; the others have no value that can be told."""
    city = sources.city(city_id)
    span = _last_years(sources, city, LONGEST_COSTS_YEARS)
    costing = Costing(sources.ledger)
    found: dict[str, Worth] = {}
    for site in city.sites.values() if span else ():
        if span and _generating(city, site):
            worth = _worth(costing, site.id, span)
            found |= {site.id: worth} if worth else {}
    return found


def _worth(costing: Costing, site: str, span: Span) -> Worth | None:
    try:
        value = pv_value(costing, site, span, By.MONTH)
    except DataError:  # no supply of its own: what it gives has no price here
        return None
    return Worth(value.starts, value.avoided, value.earned, value.unpriced_s <= 0)


def _last_years(sources: Sources, city: City, years: int) -> Span | None:
    """From the start of a year, not before the first reading, to now."""
    known = known_span(sources.ledger, city, years)
    if known is None:
        return None
    first = year_span(local_year(known.start, city.time_zone), city.time_zone).start
    return Span(first, known.end)


PV_TOWN = Recipe("pv_town", make_town, max_age_s=900.0)
"""By city."""
PV_EXPECTED = Recipe("pv_expected", make_expected, max_age_s=3600.0)
"""By city; it takes in the light of years."""
PV_VALUES = Recipe("pv_values", make_values, max_age_s=6 * 3600.0)
"""By city."""
