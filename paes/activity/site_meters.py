"""Declared rows that name their sites, and the meters that take their place.

A row that ``covers: sites`` is what these sites used in its year, say by their bills. Whoever
manages them need not change it when they get meters::

    2022  declared for school + nursery           no meter            the row stands
    2023  the row of 2022, carried                meters from July    the row stands, and says why
    2024  the row of 2022, carried, or a new one  meters all year     what they saw stands instead

A row is replaced as a whole or not at all: half a year of meters is no half of a year's heat.
Meters of its sites are never added beside it, so that nothing counts twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add

from paes.accounting.energy_total import EnergyTotal
from paes.activity.declared_row import DeclaredRow
from paes.metering import Carrier, Finding, Sector
from paes.units import KWH_PER_MWH

RowKey = tuple[int, Sector, Carrier, str | None]
"""``DeclaredRow.cell``."""


@dataclass(frozen=True, slots=True)
class SiteMeters:
    """What the meters of a row's sites saw in a year.

    ``billed`` is the part of ``metered`` that bills and deliveries told. ``covered_fraction`` is
    the part of the year (0..1) for which it is measured what the site used that was seen least,
    ``least``; with at least ``needed_fraction`` at every site the meters stand for the row.
    """

    metered: EnergyTotal = field(default_factory=EnergyTotal)
    billed: EnergyTotal = field(default_factory=EnergyTotal)
    covered_fraction: float = 0.0
    needed_fraction: float = 1.0
    least: str = ""
    in_use_fraction: float = 0.0
    """The part of the year (0..1) in which the site that had meters for the least of it had any."""

    @classmethod
    def sum(cls, several: Iterable[SiteMeters]) -> SiteMeters:
        """The energy of several together; coverage is of each alone."""
        listed = list(several)
        return cls(
            reduce(add, (one.metered for one in listed), EnergyTotal()),
            reduce(add, (one.billed for one in listed), EnergyTotal()),
        )

    @property
    def replaces(self) -> bool:
        """True if every site was seen for enough of the year."""
        return self.covered_fraction >= self.needed_fraction

    @property
    def lost_to_gaps(self) -> bool:
        """True if they would stand for the row, had they no gaps."""
        return not self.replaces and self.in_use_fraction >= self.needed_fraction


@dataclass(frozen=True, slots=True)
class Replaced:
    """A declared row that stands no more, and what was seen instead."""

    row: DeclaredRow
    meters: SiteMeters

    @property
    def apart_mwh(self) -> tuple[float, float]:
        """How far the bounds of what meters saw and missed go below and above the row."""
        seen, told = self.meters.metered, self.row.energy_mwh
        low, high = seen.low_kwh / KWH_PER_MWH, seen.high_kwh / KWH_PER_MWH
        return min(0.0, low - told), max(0.0, high - told)


def unshadowed(rows: Sequence[DeclaredRow]) -> tuple[DeclaredRow, ...]:
    """``rows`` without those that name a site of which a later one tells."""
    newest: dict[str, int] = {}
    for row in rows:
        for site in row.sites:
            newest[site] = max(row.year, newest.get(site, row.year))
    return tuple(row for row in rows if all(newest[site] == row.year for site in row.sites))


def settled(
    parts: Iterable[DeclaredRow], of_sites: Mapping[RowKey, SiteMeters]
) -> tuple[tuple[DeclaredRow, ...], tuple[Replaced, ...]]:
    """The rows that stand, and those that their sites' meters replace."""
    standing, replaced = [], []
    for row in parts:
        meters = of_sites.get(row.cell) if row.sites else None
        if meters and meters.replaces:
            replaced.append(Replaced(row, meters))
        else:
            standing.append(row)
    return tuple(standing), tuple(replaced)


def site_findings(
    year: int,
    standing: Iterable[DeclaredRow],
    replaced: Iterable[Replaced],
    of_sites: Mapping[RowKey, SiteMeters],
) -> Iterable[Finding]:
    """What became of the rows that name their sites."""
    for one in replaced:
        yield _told(
            "activity.replaced",
            year,
            one.row,
            one.meters,
            f"meters saw the year at every site: what they saw stands in place of what was "
            f"declared for {one.row.year}",
        )
    for row in standing:
        meters = of_sites.get(row.cell) if row.sites else None
        if meters and meters.metered.span_s:
            yield _told(
                "activity.not_replaced",
                year,
                row,
                meters,
                f"what was declared for {row.year} stands: meters saw "
                f"{100 * meters.covered_fraction:.0f} % of the year at {meters.least}, and "
                f"{100 * meters.needed_fraction:.0f} % are needed",
            )


def _told(name: str, year: int, row: DeclaredRow, meters: SiteMeters, message: str) -> Finding:
    numbers = {
        "declared_mwh": row.energy_mwh,
        "metered_mwh": meters.metered.kwh / KWH_PER_MWH,
        "covered_fraction": meters.covered_fraction,
    }
    subject = f"{year}/{row.sector}/{row.carrier}/{row.what}"
    return Finding(name, subject, message, numbers=numbers)
