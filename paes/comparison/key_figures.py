"""Energy of a year by m2, pupil, light point, kWp or inhabitant, beside what is usual.

A figure has the bounds of its energy: what meters missed may put it anywhere between them, and
only if both ends agree is it said to be low or high. A site whose meters were not in use all the
year has a figure of no whole year, and is not judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.comparison.benchmarks import Benchmark, Benchmarks, Per, Use
from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.meter_trees.tree import Term
from paes.metering import Carrier, Measures, Site
from paes.periods import By, Span, year_span
from paes.self_consumption import balances
from paes.units import KWH_PER_MWH

_MEASURES = {
    Use.ELECTRICITY: Measures.WITHDRAWAL,
    Use.HEAT: Measures.WITHDRAWAL,
    Use.GENERATION: Measures.GENERATION,
}


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
    found = []
    for (site, use), (total, whole) in _seen_uses(city, energy, span).items():
        used = consumption.get(site, total) if use is Use.ELECTRICITY else total
        of = city.sites[site]
        if used.span_s:
            found += [
                _figure(of, use, per, units, used, whole, usual) for per, units in _units(of, use)
            ]
    return found


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


def _seen_uses(
    city: City, energy: SiteEnergy, span: Span
) -> dict[tuple[str, Use], tuple[EnergyTotal, bool]]:
    """What each site's meters saw in the year, and whether they were in use all of it.

    All sites are asked for at once: a store on the network answers once for all.
    """
    asked: dict[tuple[str, Use, Carrier], list[Term]] = {}
    for site in city.sites:
        for use, measures in _MEASURES.items():
            for term in energy.terms([site], None, measures):
                carrier = term.meter.carrier
                if carrier and (carrier is Carrier.ELECTRICITY) == (use is not Use.HEAT):
                    asked.setdefault((site, use, carrier), []).append(term)
    found: dict[tuple[str, Use], tuple[EnergyTotal, bool]] = {}
    for (site, use, _), seen in zip(asked, energy.seen(list(asked.values()), span), strict=True):
        if seen is not None:
            total, whole = found.get((site, use), (EnergyTotal(), True))
            is_whole = all(t.span.seconds >= span.seconds for t in seen.terms if t.term.weight > 0)
            found[site, use] = total + seen.total, whole and is_whole
    return found


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
) -> KeyFigure:
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
