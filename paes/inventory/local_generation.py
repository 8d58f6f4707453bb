"""Electricity made locally in a year: the rows of the Covenant's table C, and what is used of it.

Table C counts what plants of the territory produced, whoever used it; plants in the emissions
trading scheme and units of more than 20 MW do not belong in it, and here nothing asks how large a
plant is. What was used on the spot was bought by nobody: it is part of the town's consumption of
electricity that no meter of withdrawal sees, and is told by sector beside the table. No figure of
emissions has it in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add

from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.installation import City
from paes.meter_trees.tree import Term
from paes.metering import Carrier, Finding, Measures, Plant, Sector
from paes.periods import By, year_span
from paes.self_consumption import BalancePeriod, balance_findings, balances

CODES = {
    Plant.WIND: "M111",
    Plant.HYDRO: "M112",
    Plant.PHOTOVOLTAIC: "M113",
    Plant.CHP: "M114",
    Plant.OTHER: "M115",
}
"""The rows of table C in the Covenant's template of 2010; M129 is their total."""


@dataclass(frozen=True, slots=True)
class GenerationRow:
    """What plants of a kind made in the year, and how many meters saw it."""

    plant: Plant
    meters: int
    energy: EnergyTotal

    @property
    def code(self) -> str:
        """The row's code in the template."""
        return CODES[self.plant]


@dataclass(frozen=True)
class LocalGeneration:
    """Local generation of electricity in a city and year; kinds without a meter have no row."""

    year: int
    rows: tuple[GenerationRow, ...]
    self_consumed: dict[Sector, BalancePeriod]
    """By the sector of the site where it was used: those with own plants."""
    findings: tuple[Finding, ...]

    @property
    def total(self) -> EnergyTotal:
        """All kinds together."""
        return reduce(add, (row.energy for row in self.rows), EnergyTotal())


def local_generation(city: City, year: int, ledger: EnergyLedger) -> LocalGeneration:
    """What the plants of ``city`` that have a meter of generation made in the local ``year``."""
    energy, span = SiteEnergy(ledger), year_span(year, city.time_zone)
    terms = energy.terms(city.sites, Carrier.ELECTRICITY, Measures.GENERATION)
    lived = [term for term in terms if ledger.life(term.meter, span)]
    found = energy.tables({kind: _of_kind(lived, kind) for kind in Plant}, span, By.YEAR)
    rows = [
        GenerationRow(
            kind, len({t.meter.id for t in _of_kind(lived, kind)}), found[kind][0].total()
        )
        for kind in CODES
        if kind in found
    ]
    sites = list(city.sites.values())
    by_site = balances(energy, sites, span, By.YEAR) if rows else {}
    sectors: dict[Sector, list[str]] = {}
    for site in by_site:
        sectors.setdefault(city.sites[site].sector, []).append(site)
    return LocalGeneration(
        year,
        tuple(rows),
        {
            sector: reduce(add, (by_site[site] for site in of)).periods[0]
            for sector, of in sectors.items()
        },
        tuple(balance_findings(by_site)),
    )


def _of_kind(terms: list[Term], kind: Plant) -> list[Term]:
    return [term for term in terms if (term.meter.plant or Plant.PHOTOVOLTAIC) is kind]
