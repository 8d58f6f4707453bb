"""What meters saw of a town in a year, as declared rows meet it: by cell, and by sites of rows.

A site that a declared row names is in no cell: what its meters saw is told with the row
(``paes.activity.site_meters``), which it may replace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import Seen, SeenTerm, SiteEnergy
from paes.activity.activity_data import Cell, latest_rows
from paes.activity.declared_row import DeclaredRow
from paes.activity.site_meters import RowKey, SiteMeters
from paes.installation import City
from paes.meter_trees.tree import Term
from paes.metering import Measures, Sector
from paes.periods import Span, year_span
from paes.plausibility.limits import limits

BOUGHT = Measures.WITHDRAWAL


@dataclass(frozen=True)
class MeteredYear:
    """What was seen by cell, and of the sites that a declared row names by that row."""

    cells: Mapping[Cell, Seen]
    rows: Mapping[RowKey, Seen]
    of_sites: Mapping[RowKey, SiteMeters]

    @property
    def metered(self) -> dict[Cell, EnergyTotal]:
        """All energy by cell, without that of rows."""
        return {cell: seen.total for cell, seen in self.cells.items()}

    @property
    def billed(self) -> dict[Cell, EnergyTotal]:
        """The part of it that bills told."""
        return {cell: seen.billed for cell, seen in self.cells.items()}

    @property
    def terms(self) -> dict[Cell, tuple[SeenTerm, ...]]:
        """The meters behind each cell's sum, and those that replace a row of it."""
        found = {cell: seen.terms for cell, seen in self.cells.items()}
        for key, seen in self.rows.items():
            if self.of_sites[key].replaces:
                cell = key[1], key[2]
                of_row = (replace(term, row=key[3] or "") for term in seen.terms)
                found[cell] = (*found.get(cell, ()), *of_row)
        return found


def metered_year(city: City, year: int, ledger: EnergyLedger) -> MeteredYear:
    """What the meters of ``city`` saw in ``year``, beside the rows that stand for it."""
    energy, span = SiteEnergy(ledger), year_span(year, city.time_zone)
    named = site_rows(city, year)
    if not named:
        return MeteredYear(energy.seen_cells(city, span), {}, {})
    cells = _cell_terms(city, energy, named)
    of_rows = {row.cell: energy.terms(row.sites, row.carrier, BOUGHT) for row in named}
    apart = [(row, site) for row in named for site in row.sites]
    asked = [
        *cells.values(),
        *of_rows.values(),
        *(energy.terms([site], row.carrier, BOUGHT) for row, site in apart),
    ]
    seen = iter(energy.seen(asked, span))
    of_cells = {cell: one for cell in cells if (one := next(seen)) is not None}
    rows = {key: next(seen) or Seen() for key in of_rows}
    covered = [_covered(energy, row, site, span, next(seen)) for row, site in apart]
    needed = limits(ledger.installation.root).site_meters.needed_fraction
    of_sites = {
        row.cell: _site_meters(row, rows[row.cell], apart, covered, needed) for row in named
    }
    return MeteredYear(of_cells, rows, of_sites)


def site_rows(city: City, year: int) -> list[DeclaredRow]:
    """The rows that name their sites and stand for ``year``; a notation key takes no meter away."""
    latest = latest_rows(year, city.declared)
    return [row for of_cell in latest.values() for row in of_cell if row.sites and not row.notation]


def _cell_terms(city: City, energy: SiteEnergy, named: list[DeclaredRow]) -> dict[Cell, list[Term]]:
    """What each cell is the sum of, without the sites of its rows."""
    sectors: dict[Sector, set[str]] = {}
    for site in city.sites.values():
        sectors.setdefault(site.sector, set()).add(site.id)
    taken: dict[Cell, set[str]] = {}
    for row in named:
        taken.setdefault((row.sector, row.carrier), set()).update(row.sites)
    found: dict[Cell, list[Term]] = {}
    for sector, sites in sectors.items():
        carriers = {t.meter.carrier for t in energy.terms(sites, None, BOUGHT)}
        for carrier in sorted(c for c in carriers if c):
            rest = sites - taken.get((sector, carrier), set())
            terms = energy.terms(rest, carrier, BOUGHT)
            if terms:
                found[sector, carrier] = terms
    return found


def _covered(
    energy: SiteEnergy, row: DeclaredRow, site: str, span: Span, seen: Seen | None
) -> tuple[float, float]:
    """The part of the year in which a site had meters, and that times what of it they measured.

    Two reads of a register, or bills without a hole, tell all of a year: its course is not asked.
    """
    if seen is None:
        return 0.0, 0.0
    in_use = [life for _, life in energy.in_use([site], row.carrier, BOUGHT, span)]
    part = _seconds_of(in_use) / span.seconds
    return part, part * _measured_fraction(seen.total)


def _measured_fraction(total: EnergyTotal) -> float:
    """What was measured, of that and all that is estimated or may be missing."""
    unseen_kwh = abs(total.estimated_kwh) + total.missing_high_kwh
    if unseen_kwh <= 0:
        return 1.0
    return max(0.0, total.measured_kwh) / (max(0.0, total.measured_kwh) + unseen_kwh)


def _seconds_of(spans: list[Span]) -> float:
    """How long at least one of them lasts."""
    total, until = 0.0, float("-inf")
    for span in sorted(spans, key=lambda s: s.start):
        start, end = max(span.start.timestamp(), until), span.end.timestamp()
        total, until = total + max(0.0, end - start), max(until, end)
    return total


def _site_meters(
    row: DeclaredRow,
    seen: Seen,
    apart: list[tuple[DeclaredRow, str]],
    covered: list[tuple[float, float]],
    needed: float,
) -> SiteMeters:
    mine = [(parts, site) for (of, site), parts in zip(apart, covered, strict=True) if of is row]
    least, site = min((measured, site) for (_, measured), site in mine)
    in_use = min(part for (part, _), _ in mine)
    return SiteMeters(seen.total, seen.billed, least, needed, site, in_use)
