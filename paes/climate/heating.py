"""Heating energy of a site, raw and at a usual winter's weather, side by side.

::

    heating energy of a period   E
    base                         what the site uses a day in June, July and August, x days
                                 (hot water, cooking): it does not follow the weather
    weather part                 E - base
    normalised                   base + weather part x GG of the reference / GG of the period

The usual correction (e.g. vesma.com, "Standard heating and cooling degree days", steps 1 to 4),
with the Italian degree days of ``paes.climate.degree_days``. It is given only where it means
something; otherwise a finding says why not. The raw figure is never replaced. The base of a
school is that of a closed house, so that its hot water in winter counts as weather.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.climate.daily_temperature import daily_temperatures
from paes.climate.degree_days import ITALIAN, DegreeDays, degree_days
from paes.climate.heated_days import HeatedDay, heated_outside
from paes.climate.heating_season import conventional_season, season_name
from paes.installation import City
from paes.metering import Carrier, Finding, Measures, Sector, Site
from paes.periods import Span, local_midnight, zone

HEATING_CARRIERS = (
    Carrier.NATURAL_GAS,
    Carrier.HEAT_COLD,
    Carrier.LIQUID_GAS,
    Carrier.HEATING_OIL,
    Carrier.OTHER_FOSSIL,
    Carrier.COAL,
    Carrier.LIGNITE,
    Carrier.OTHER_BIOMASS,
    Carrier.PLANT_OIL,
)
"""Whose delivery to a building counts as heating; electric heating has no meter of its own."""
BUILDINGS = (Sector.MUNICIPAL_BUILDINGS, Sector.TERTIARY_BUILDINGS, Sector.RESIDENTIAL_BUILDINGS)
LEAST_KNOWN = 0.8
"""Of the season's days and of the energy: with less, a normalised figure means nothing."""
CREDIBLE_RATIO = 2.0
"""Between the reference's degree days and a winter's: beyond, one of them is wrong."""


@dataclass(frozen=True, slots=True)
class HeatingPeriod:
    """A heating season (named ``2024-25``) or a calendar year, up to ``end`` (not included).

    ``whole_end`` is where it ends; days outside the season are looked for in
    ``[watched_first, watched_end)``.
    """

    name: str
    first: date
    whole_end: date
    end: date
    watched_first: date
    watched_end: date
    summers: tuple[int, ...]
    """Years whose summer tells the base, the best first."""


@dataclass(frozen=True, slots=True)
class Base:
    """What does not follow the weather: kWh a day, and the summer it was seen in."""

    kwh_a_day: float
    summer: int


@dataclass(frozen=True, slots=True)
class Normalised:
    """Energy at the reference's weather, between bounds."""

    kwh: float
    low_kwh: float
    high_kwh: float


@dataclass(frozen=True, slots=True)
class HeatingUse:
    """The heating of one site in one period; why ``normalised`` is None is in ``findings``."""

    site: str
    period: HeatingPeriod
    raw: EnergyTotal
    base: Base | None
    degree_days: DegreeDays
    reference_degree_days: float | None
    normalised: Normalised | None
    outside: tuple[HeatedDay, ...]
    judged_days: int
    """Days outside the season that had enough data to be judged."""
    findings: tuple[Finding, ...]


def season_period(city: City, season: int, today: date) -> HeatingPeriod:
    """The heating season that begins in the year ``season``, as far as it is over."""
    first, last = conventional_season(city, season)
    end = last + timedelta(days=1)
    return HeatingPeriod(
        name=season_name(season),
        first=first,
        whole_end=end,
        end=max(first, min(end, today)),
        watched_first=date(season, 7, 1),
        watched_end=min(date(season + 1, 7, 1), today),
        summers=(season, season + 1),
    )


def year_period(year: int, today: date) -> HeatingPeriod:
    """A calendar year, as far as it is over."""
    first, end = date(year, 1, 1), date(year + 1, 1, 1)
    until = max(first, min(end, today))
    return HeatingPeriod(str(year), first, end, until, first, until, (year, year - 1, year + 1))


def heated_sites(ledger: EnergyLedger, city: City) -> list[Site]:
    """The buildings of ``city`` to which a fuel or heat is delivered through a meter."""
    of_sites = SiteEnergy(ledger)
    return [
        site
        for site in city.sites.values()
        if site.sector in BUILDINGS and _carriers(of_sites, site.id)
    ]


def heating_use(ledger: EnergyLedger, city: City, site: Site, period: HeatingPeriod) -> HeatingUse:
    """The heating of ``site`` in ``period``: raw, its degree days, and normalised."""
    of_sites = SiteEnergy(ledger)
    carriers = _carriers(of_sites, site.id)
    raw = _total(of_sites, city, site, carriers, period.first, period.end)
    days = daily_temperatures(
        ledger.store, city.temperature_points, period.first, period.end, city.time_zone
    )
    counted = degree_days(days, ITALIAN, city)
    reference = city.facts.reference_degree_days
    base = _base(of_sites, city, site, carriers, period, _today(ledger, city))
    known = reference.degree_days if reference else None
    findings = tuple(_obstacles(site, period, raw, base, counted, known, bool(carriers)))
    normalised = None
    if not findings and base and known:
        length = (period.end - period.first).days
        normalised = normalise(raw, base.kwh_a_day * length, counted, known)
    watched = (period.watched_first, period.watched_end)
    outside, judged = heated_outside(of_sites, city, site, carriers, *watched)
    return HeatingUse(
        site.id, period, raw, base, counted, known, normalised, outside, judged, findings
    )


def normalise(
    raw: EnergyTotal, base_kwh: float, counted: DegreeDays, reference: float
) -> Normalised:
    """``raw`` at the reference's degree days; the bounds are those of energy and degree days."""

    def at(kwh: float, actual: float) -> float:
        return base_kwh + max(kwh - base_kwh, 0.0) * reference / actual

    return Normalised(
        kwh=at(raw.kwh, counted.value),
        low_kwh=at(raw.low_kwh, counted.high),
        high_kwh=at(raw.high_kwh, counted.low),
    )


def _obstacles(
    site: Site,
    period: HeatingPeriod,
    raw: EnergyTotal,
    base: Base | None,
    counted: DegreeDays,
    reference: float | None,
    has_meter: bool,
) -> Iterator[Finding]:
    """Why the period's heating cannot be normalised; nothing if it can."""

    def told(what: str, text: str, **numbers: float) -> Finding:
        return Finding(f"heating.{what}", site.id, f"{site.id}: {text}", None, numbers)

    if not has_meter:
        yield told("no_meter", "no meter of a fuel or of heat that is delivered")
        return
    if reference is None:
        yield told("no_reference", "no reference_degree_days in the city's city.yaml")
    if period.end < period.whole_end:
        yield told("not_over", f"{period.name} is not over")
    coverage = counted.coverage or 0.0
    if counted.unknown_days or coverage < LEAST_KNOWN:
        text = (
            f"outdoor temperature of {counted.measured_days} of {counted.days} days of the season"
            f" ({counted.unknown_days} without any estimate); expected {LEAST_KNOWN:.0%}"
        )
        yield told("temperature_missing", text, coverage=coverage)
    elif reference and not 1 / CREDIBLE_RATIO <= counted.value / reference <= CREDIBLE_RATIO:
        text = f"{counted.value:.0f} degree days beside {reference:.0f} of the reference"
        yield told("degree_days_odd", text, degree_days=counted.value, reference=reference)
    if not raw.span_s or raw.high_kwh - raw.low_kwh > (1 - LEAST_KNOWN) * max(raw.kwh, 1e-9):
        spread = raw.high_kwh - raw.low_kwh if raw.span_s else math.inf
        text = "too much of its energy is missing or only estimated within wide bounds"
        yield told("energy_missing", text, spread_kwh=spread)
    if base is None:
        yield told("no_summer", "no summer is known, so nobody can say what is not heating")


def _carriers(of_sites: SiteEnergy, site: str) -> list[Carrier]:
    return [c for c in HEATING_CARRIERS if of_sites.terms([site], c, Measures.WITHDRAWAL)]


def _total(
    of_sites: SiteEnergy, city: City, site: Site, carriers: list[Carrier], first: date, end: date
) -> EnergyTotal:
    total = EnergyTotal()
    if first >= end:
        return total
    span = Span(local_midnight(first, city.time_zone), local_midnight(end, city.time_zone))
    for carrier in carriers:
        total += of_sites.total([site.id], carrier, Measures.WITHDRAWAL, span) or EnergyTotal()
    return total


def _base(
    of_sites: SiteEnergy,
    city: City,
    site: Site,
    carriers: list[Carrier],
    period: HeatingPeriod,
    today: date,
) -> Base | None:
    """By the first summer that is known well enough."""
    for year in period.summers:
        first, end = date(year, 6, 1), date(year, 9, 1)
        if end > today:
            continue
        total = _total(of_sites, city, site, carriers, first, end)
        days = (end - first).days
        lived = total.span_s / (days * 86400.0 * max(len(carriers), 1))
        is_narrow = total.high_kwh - total.low_kwh <= (1 - LEAST_KNOWN) * total.kwh
        is_known = is_narrow or (total.coverage or 0.0) >= LEAST_KNOWN
        if lived >= LEAST_KNOWN and is_known:
            return Base(total.kwh / days / lived, year)
    return None


def _today(ledger: EnergyLedger, city: City) -> date:
    return ledger.clock().astimezone(zone(city.time_zone)).date()
