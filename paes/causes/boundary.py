"""What joined or left the account between two years: sites that are new, sites given up.

Their energy came with them or went with them; nobody saved or wasted it. It is taken out of its
cell in both years before anything else is told. A site says so itself (``opened``, ``closed`` in
``sites.yaml``): one that merely got its meter late was in the declared figure before. A
year in which it was there and no meter saw it is not known: then nothing is taken out, and a
finding says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.activity.activity_data import Cell
from paes.causes.driver_data import Driver
from paes.installation import City
from paes.meter_trees.tree import Term
from paes.metering import Carrier, Finding, Measures, Sector, Site
from paes.periods import year_span
from paes.units import KWH_PER_MWH

_Seen = Mapping[str, Mapping[Carrier, float]]
"""MWh by site and carrier."""


@dataclass(frozen=True)
class ChangedSites:
    """Sites that were not there all of both years, with their energy in each."""

    sites: tuple[Site, ...] = ()
    before_mwh: Mapping[Cell, float] = field(default_factory=dict)
    after_mwh: Mapping[Cell, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def size(self, sector: Sector, driver: Driver, year: int) -> float:
        """What they are of a sector's driver in ``year``; 0 where nobody says."""
        if driver is not Driver.FLOOR_AREA_M2 and driver is not Driver.LIGHT_POINTS:
            return 0.0
        there = [s for s in self.sites if s.sector is sector and _is_there(s, year)]
        by_area = driver is Driver.FLOOR_AREA_M2
        return float(sum((s.floor_area_m2 if by_area else s.light_points) or 0.0 for s in there))


def changed_sites(city: City, base: int, year: int, ledger: EnergyLedger) -> ChangedSites:
    """The sites of ``city`` that were not there all the time from ``base`` to ``year``.

    Energy that meters missed is missing here too; it is in the bounds of the inventory.
    """
    changed = [s for s in city.sites.values() if _has_changed(s, base, year)]
    if not changed:
        return ChangedSites()
    energy = {y: _energy(city, changed, y, ledger) for y in (base, year)}
    known = [site for site in changed if _is_known(site, energy)]
    return ChangedSites(
        tuple(known),
        _by_cell(known, energy[base]),
        _by_cell(known, energy[year]),
        tuple(_unseen(site, base, year) for site in changed if site not in known),
    )


def _has_changed(site: Site, base: int, year: int) -> bool:
    first, last = date(base, 1, 1), date(year, 12, 31)
    opened = site.opened is not None and first < site.opened <= last
    closed = site.closed is not None and first <= site.closed < last
    return opened or closed


def _is_known(site: Site, energy: Mapping[int, _Seen]) -> bool:
    """True if every carrier of it is known in both years: metered, or it was not there."""
    carriers = {carrier for of_year in energy.values() for carrier in of_year[site.id]}
    there = [of_year[site.id] for year, of_year in energy.items() if _is_there(site, year)]
    return bool(carriers) and all(carriers == seen.keys() for seen in there)


def _is_there(site: Site, year: int) -> bool:
    begun = site.opened is None or site.opened.year <= year
    return begun and (site.closed is None or site.closed.year >= year)


def _energy(
    city: City, sites: Iterable[Site], year: int, ledger: EnergyLedger
) -> dict[str, dict[Carrier, float]]:
    """What the meters saw of each site in ``year``, in MWh; carriers without a meter are absent."""
    energy = SiteEnergy(ledger)
    asked: dict[tuple[str, Carrier], list[Term]] = {}
    found: dict[str, dict[Carrier, float]] = {}
    for site in sites:
        found[site.id] = {}
        for term in energy.terms([site.id], None, Measures.WITHDRAWAL):
            if term.meter.carrier:
                asked.setdefault((site.id, term.meter.carrier), []).append(term)
    seen = energy.seen(list(asked.values()), year_span(year, city.time_zone))
    for (site_id, carrier), one in zip(asked, seen, strict=True):
        if one is not None:
            found[site_id][carrier] = one.total.kwh / KWH_PER_MWH
    return found


def _by_cell(sites: Iterable[Site], energy: _Seen) -> dict[Cell, float]:
    cells: dict[Cell, float] = {}
    for site in sites:
        for carrier, mwh in energy[site.id].items():
            cells[site.sector, carrier] = cells.get((site.sector, carrier), 0.0) + mwh
    return cells


def _unseen(site: Site, base: int, year: int) -> Finding:
    return Finding(
        "cause.site_unseen",
        f"{year}/{site.id}",
        f"{site.id} opened or closed between {base} and {year}, and no meter saw what it used "
        "while it was there: its part of the change is in what is unexplained",
    )
