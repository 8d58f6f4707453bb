"""Energy of a year by m2, pupil, light point, kWp or inhabitant, beside what is usual.

A figure has the bounds of its energy: what meters missed may put it anywhere between them, and
only if both ends agree is it said to be low or high. A site whose meters were not in use all the
year has a figure of no whole year, and is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.comparison.benchmarks import Benchmark, Benchmarks, Per, Use
from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.metering import Carrier, Measures, Site
from paes.periods import By, Span, year_span
from paes.self_consumption import balances
from paes.units import KWH_PER_MWH

HEAT_CARRIERS = frozenset(Carrier) - {Carrier.ELECTRICITY}


class Standing(StrEnum):
    """Where a figure lies beside the usual range."""

    BELOW = "below"
    WITHIN = "within"
    ABOVE = "above"
    UNCERTAIN = "uncertain"  # its bounds do not agree


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """kWh a year by one unit of something, of a site or of a town."""

    subject: str
    name: str
    use: Use
    per: Per
    units: float
    kwh: float
    low_kwh: float
    high_kwh: float
    coverage: float | None
    whole_year: bool
    usual: Benchmark | None

    @property
    def standing(self) -> Standing | None:
        """Beside the usual range; None if there is none, or the year is not whole."""
        if self.usual is None or not self.whole_year:
            return None
        low, high = (_standing(kwh, self.usual) for kwh in (self.low_kwh, self.high_kwh))
        return low if low is high else Standing.UNCERTAIN


def site_figures(city: City, year: int, ledger: EnergyLedger, usual: Benchmarks) -> list[KeyFigure]:
    """Every key figure of the sites of ``city`` that can be told, site by site."""
    span, energy = year_span(year, city.time_zone), SiteEnergy(ledger)
    consumption = _consumption(city, energy, span)
    return [
        figure
        for site in city.sites.values()
        for use, total, whole in _uses(site, energy, span, consumption)
        for per, units in _units(site, use)
        if (figure := _figure(site, use, per, units, total, whole, usual))
    ]


def town_figures(city: City, inventory: Inventory, usual: Benchmarks) -> list[KeyFigure]:
    """Energy of sectors by inhabitant; [] where nobody knows the inhabitants of the year."""
    population = city.population(inventory.year)
    if population is None:
        return []
    heads = population.inhabitants
    figures = []
    for benchmark in usual.of_towns:
        lines = [
            line.activity
            for line in inventory.lines
            if line.activity.sector is benchmark.sector
            and (line.activity.carrier is Carrier.ELECTRICITY) == (benchmark.use is Use.ELECTRICITY)
        ]
        if lines:
            value, low, high = (
                sum(of) * KWH_PER_MWH / heads
                for of in zip(*((a.energy_mwh, *a.bounds_mwh) for a in lines), strict=True)
            )
            figures.append(
                KeyFigure(
                    city.id, city.name, benchmark.use, Per.INHABITANT, heads,
                    value, low, high, None, True, benchmark,
                )
            )  # fmt: skip
    return figures


def _uses(
    site: Site, energy: SiteEnergy, span: Span, consumption: dict[str, EnergyTotal]
) -> Iterator[tuple[Use, EnergyTotal, bool]]:
    """What the site's meters saw in the year, and whether they were in use all of it."""
    asked: tuple[tuple[Use, Measures, Iterable[Carrier]], ...] = (
        (Use.ELECTRICITY, Measures.WITHDRAWAL, (Carrier.ELECTRICITY,)),
        (Use.HEAT, Measures.WITHDRAWAL, HEAT_CARRIERS),
        (Use.GENERATION, Measures.GENERATION, (Carrier.ELECTRICITY,)),
    )
    for use, measures, carriers in asked:
        found = []
        for carrier in carriers:
            total = energy.total([site.id], carrier, measures, span)
            if total is not None:
                found.append((total, energy.in_use([site.id], carrier, measures, span)))
        if found:
            total = sum((t for t, _ in found), EnergyTotal())
            whole = all(part.seconds >= span.seconds for _, of in found for _, part in of)
            yield use, consumption.get(site.id, total) if use is Use.ELECTRICITY else total, whole


def _consumption(city: City, energy: SiteEnergy, span: Span) -> dict[str, EnergyTotal]:
    """Of sites with own plants: what they used, bought or made."""
    found = balances(energy, city.sites.values(), span, By.YEAR)
    return {
        site: balance.periods[0].consumption
        for site, balance in found.items()
        if balance.has_withdrawal and balance.periods
    }


def _units(site: Site, use: Use) -> list[tuple[Per, float]]:
    if use is Use.GENERATION:
        known = [(Per.PV_PEAK_KW, site.pv_peak_kw)]
    else:
        known = [
            (Per.FLOOR_AREA_M2, site.floor_area_m2),
            (Per.PUPIL, site.pupils),
            (Per.LIGHT_POINT, site.light_points),
        ]
    return [(per, float(units)) for per, units in known if units]


def _figure(
    site: Site,
    use: Use,
    per: Per,
    units: float,
    total: EnergyTotal,
    whole: bool,
    usual: Benchmarks,
) -> KeyFigure | None:
    if not total.span_s:
        return None
    return KeyFigure(
        subject=site.id,
        name=site.name,
        use=use,
        per=per,
        units=units,
        kwh=total.kwh / units,
        low_kwh=total.low_kwh / units,
        high_kwh=total.high_kwh / units,
        coverage=total.coverage,
        whole_year=whole,
        usual=usual.of_site(site.kind, use, per),
    )


def _standing(kwh: float, usual: Benchmark) -> Standing:
    if kwh < usual.low_kwh:
        return Standing.BELOW
    return Standing.ABOVE if kwh > usual.high_kwh else Standing.WITHIN
