"""What joined or left the account between two years: sites that are new, sites given up.

Their energy came with them or went with them; nobody saved or wasted it. It is taken out of its
cell in both years before anything else is told. A site says so itself (``opened``, ``closed`` in
``sites.yaml``): one that merely got its meter late was in the declared figure before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.activity.activity_data import Cell
from paes.installation import City
from paes.meter_trees.tree import Term
from paes.metering import Carrier, Measures, Sector, Site
from paes.periods import year_span
from paes.progress.driver_data import Driver
from paes.units import KWH_PER_MWH


@dataclass(frozen=True)
class ChangedSites:
    """Sites that were not there all of both years, with their energy in each."""

    sites: tuple[Site, ...] = ()
    before_mwh: Mapping[Cell, float] = field(default_factory=dict)
    after_mwh: Mapping[Cell, float] = field(default_factory=dict)

    def size(self, sector: Sector, driver: Driver, year: int) -> float:
        """What they are of a sector's driver in ``year``; 0 where nobody says."""
        if driver is not Driver.FLOOR_AREA_M2 and driver is not Driver.LIGHT_POINTS:
            return 0.0
        there = [s for s in self.sites if s.sector is sector and _is_there(s, year)]
        by_area = driver is Driver.FLOOR_AREA_M2
        return float(sum((s.floor_area_m2 if by_area else s.light_points) or 0.0 for s in there))


def changed_sites(city: City, base: int, year: int, ledger: EnergyLedger) -> ChangedSites:
    """The sites of ``city`` that opened after the base year began, or closed before ``year`` ended.

    Energy that meters missed is missing here too; it is in the bounds of the inventory.
    """
    changed = [s for s in city.sites.values() if _has_changed(s, base, year)]
    if not changed:
        return ChangedSites()
    return ChangedSites(
        tuple(changed),
        _energy(city, changed, base, ledger),
        _energy(city, changed, year, ledger),
    )


def _has_changed(site: Site, base: int, year: int) -> bool:
    opened = site.opened is not None and base <= site.opened.year <= year
    closed = site.closed is not None and base <= site.closed.year <= year
    return opened or closed


def _is_there(site: Site, year: int) -> bool:
    begun = site.opened is None or site.opened.year <= year
    return begun and (site.closed is None or site.closed.year >= year)


def _energy(
    city: City, sites: Iterable[Site], year: int, ledger: EnergyLedger
) -> dict[Cell, float]:
    """What the meters saw of ``sites`` in ``year``, by cell."""
    energy = SiteEnergy(ledger)
    by_cell: dict[Cell, list[Term]] = {}
    for site in sites:
        for term in energy.terms([site.id], None, Measures.WITHDRAWAL):
            if isinstance(term.meter.carrier, Carrier):
                by_cell.setdefault((site.sector, term.meter.carrier), []).append(term)
    seen = energy.seen(list(by_cell.values()), year_span(year, city.time_zone))
    return {
        cell: one.total.kwh / KWH_PER_MWH
        for cell, one in zip(by_cell, seen, strict=True)
        if one is not None
    }
