"""Activity data: how much energy a town used, by sector and carrier, and how we know.

Declared energy (bills, distributors' and statistical tables) comes from CSV files; measured
energy from the meters. They meet here, by one rule that can be read off each declared row:

* ``covers: sector`` - the row is the whole sector, metered sites included. It stands; what the
  meters saw is shown as its metered share and not added.
* ``covers: rest`` - the row is everything that no meter sees. Measured energy is added to it.
* ``covers: sites`` - the row is what its ``sites`` used. In a year that the meters of every one
  of them saw, what they saw takes its place; in any other the row stands and they add nothing
  (``paes.activity.site_meters``). It goes with ``rest`` rows, which are then neither.

Rows of one cell and year stand side by side if each names its ``use`` (trolleybus, charging);
they add up, and one without a use is what the others do not name. A row is energy (``mwh``), or
an ``amount`` with its ``unit`` that the year's calorific value turns into energy.

A row that is not declared for the year takes its latest earlier figure and says so (*carried*):
a year is never lower because a table has not arrived. Energy that the meters missed stays
missing, with bounds; it is never a saving.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from paes.accounting.energy_total import EnergyTotal
from paes.activity.declared_row import Covers as Covers
from paes.activity.declared_row import DeclaredRow as DeclaredRow
from paes.activity.declared_row import Notation as Notation
from paes.activity.site_meters import (
    Replaced,
    RowKey,
    SiteMeters,
    settled,
    site_findings,
    unshadowed,
)
from paes.errors import DataError
from paes.metering import Carrier, Finding, Sector
from paes.units import KWH_PER_MWH

Cell = tuple[Sector, Carrier]


@dataclass(frozen=True, slots=True)
class ActivityData:
    """Final energy of one sector and carrier in one year, and what it rests on.

    ``parts`` are the declared rows, one a use. ``metered`` is what the meters saw; it is part
    of the total only if ``adds_metered``, else it lies inside the declared figure.
    """

    year: int
    sector: Sector
    carrier: Carrier
    parts: tuple[DeclaredRow, ...]
    metered: EnergyTotal
    adds_metered: bool
    billed: EnergyTotal = field(default_factory=EnergyTotal)
    """The part of ``metered`` that bills and deliveries told."""

    replaced: tuple[Replaced, ...] = ()
    """Rows of sites in whose place ``metered`` holds what their meters saw; none of ``parts``."""
    within: SiteMeters = field(default_factory=SiteMeters)
    """What meters saw of the sites of ``parts`` that stand nevertheless: in no sum."""
    doubted: tuple[Replaced, ...] = ()
    """Rows of an earlier year among ``parts`` that stand because their sites' meters have gaps: a
    gap must not make an old figure certain, so what meters saw and missed bounds them."""
    noted: tuple[DeclaredRow, ...] = ()
    """Rows of the cell with a notation key in place of a figure; none of ``parts``."""

    @property
    def notation(self) -> Notation | None:
        """Why the cell, or one of its uses, has no figure."""
        return next((row.notation for row in self.noted), None)

    @property
    def declared_mwh(self) -> float:
        """What was declared, all uses together."""
        return math.fsum(part.energy_mwh for part in self.parts)

    @property
    def declared_year(self) -> int | None:
        """The year of the oldest declared part; None if nothing was declared."""
        return min((part.year for part in self.parts), default=None)

    @property
    def assumed(self) -> bool:
        """True if a declared part rests on an assumption."""
        return any(part.rests_on_assumption for part in self.parts)

    @property
    def sources(self) -> tuple[str, ...]:
        """Where its figures are from, each once."""
        declared = [part.source or part.note or "" for part in self.parts]
        return tuple(dict.fromkeys([*declared, *(["meters"] if self.metered.kwh else [])]))

    @property
    def metered_mwh(self) -> float:
        """What the meters saw, measured and estimated."""
        return self.metered.kwh / KWH_PER_MWH

    @property
    def energy_mwh(self) -> float:
        """The figure of the inventory: declared, plus metered where meters add to it."""
        return self.declared_mwh + (self.metered_mwh if self.adds_metered else 0.0)

    @property
    def estimated_mwh(self) -> float:
        """The part of the figure that meters did not see and that is estimated."""
        return self.metered.estimated_kwh / KWH_PER_MWH if self.adds_metered else 0.0

    @property
    def bounds_mwh(self) -> tuple[float, float]:
        """Between which figures the true one lies, as far as meters decide it.

        What is estimated may be less, so that the lower one may lie below ``energy_mwh``.
        """
        below, above = self.doubt_mwh
        if not self.adds_metered:
            return self.energy_mwh + below, self.energy_mwh + above
        metered = self.metered.low_kwh, self.metered.high_kwh
        low, high = (self.declared_mwh + kwh / KWH_PER_MWH for kwh in metered)
        return low + below, high + above

    @property
    def doubt_mwh(self) -> tuple[float, float]:
        """How far below (negative) and above the figure doubted rows may be."""
        apart = [one.apart_mwh for one in self.doubted]
        return math.fsum(low for low, _ in apart), math.fsum(high for _, high in apart)

    @property
    def missing_mwh(self) -> tuple[float, float]:
        """Bounds of what meters missed and nothing else accounts for, estimates neither."""
        if not self.adds_metered:
            return 0.0, 0.0
        missing = self.metered.missing_low_kwh, self.metered.missing_high_kwh
        return missing[0] / KWH_PER_MWH, missing[1] / KWH_PER_MWH

    @property
    def metered_fraction(self) -> float:
        """The part of the figure (0..1) that meters saw."""
        seen_mwh = self.metered_mwh + self.within.metered.kwh / KWH_PER_MWH
        return min(1.0, seen_mwh / self.energy_mwh) if self.energy_mwh else 0.0

    @property
    def carried(self) -> bool:
        """True if a declared part is an earlier year's."""
        return self.declared_year not in (None, self.year)


def activity_data(
    year: int,
    declared: Iterable[DeclaredRow],
    metered: Mapping[Cell, EnergyTotal],
    billed: Mapping[Cell, EnergyTotal] | None = None,
    of_sites: Mapping[RowKey, SiteMeters] | None = None,
) -> tuple[list[ActivityData], list[Finding]]:
    """Every cell of ``year`` from declared rows and metered energy, and what is odd about it.

    ``billed`` is the part of ``metered`` that was told by bills, not seen by registers. Sites that
    rows stand for are in neither: ``of_sites`` has what was seen of them, by ``DeclaredRow.cell``.
    Raises DataError if nothing was ever declared or measured up to that year.
    """
    latest = latest_rows(year, declared)
    seen = of_sites or {}
    figured = {cell for cell, of_cell in latest.items() if any(not r.notation for r in of_cell)}
    cells = sorted(figured | metered.keys())
    if not cells:
        later = min((row.year for row in declared if not row.notation), default=None)
        first = "" if later is None else f"; the first is of {later}"
        raise DataError(f"no activity data for {year} or any earlier year{first}")
    rows = [
        _cell(year, cell, latest.get(cell, ()), metered.get(cell), (billed or {}).get(cell), seen)
        for cell in cells
    ]
    findings = [
        f for row in rows for f in (*_carried(row), *_findings(row), *_site_findings(row, seen))
    ]
    return rows, findings


def latest_rows(year: int, declared: Iterable[DeclaredRow]) -> dict[Cell, tuple[DeclaredRow, ...]]:
    """The rows that stand for ``year``, notation keys among them: of each use the latest one."""
    latest: dict[Cell, dict[str, DeclaredRow]] = {}
    for row in declared:
        of_cell = latest.setdefault((row.sector, row.carrier), {})
        use = row.what or ""
        if row.year <= year and (use not in of_cell or of_cell[use].year < row.year):
            of_cell[use] = row
    return {
        cell: unshadowed([row for _, row in sorted(uses.items())])
        for cell, uses in latest.items()
        if uses
    }


def _cell(
    year: int,
    cell: Cell,
    parts: tuple[DeclaredRow, ...],
    metered: EnergyTotal | None,
    billed: EnergyTotal | None,
    of_sites: Mapping[RowKey, SiteMeters],
) -> ActivityData:
    noted = tuple(part for part in parts if part.notation)
    parts = tuple(part for part in parts if not part.notation)
    rest = not parts or any(part.covers is not Covers.SECTOR for part in parts)
    if not parts and any(row.notation is Notation.INCLUDED_ELSEWHERE for row in noted):
        rest = False  # what meters see of it counts in another cell already
    parts, replaced = settled(parts, of_sites)
    outside = SiteMeters(metered or EnergyTotal(), billed or EnergyTotal())
    seen = SiteMeters.sum([outside, *(one.meters for one in replaced)])
    return ActivityData(
        year=year,
        sector=cell[0],
        carrier=cell[1],
        parts=parts,
        metered=seen.metered,
        adds_metered=bool(replaced) or (metered is not None and rest),
        billed=seen.billed,
        replaced=replaced,
        doubted=_doubted(year, parts, of_sites),
        noted=noted,
        within=SiteMeters.sum(of_sites[part.cell] for part in parts if part.cell in of_sites),
    )


def _doubted(
    year: int, standing: Iterable[DeclaredRow], of_sites: Mapping[RowKey, SiteMeters]
) -> tuple[Replaced, ...]:
    """Rows of earlier years in whose place meters would stand, had they no gaps."""
    known = ((row, of_sites.get(row.cell)) for row in standing if row.year != year)
    return tuple(Replaced(row, seen) for row, seen in known if seen and seen.lost_to_gaps)


def _carried(row: ActivityData) -> Iterable[Finding]:
    """Parts that an earlier year stands in for; one without a use may hold the others."""
    cell = f"{row.year}/{row.sector}/{row.carrier}"
    newest = max((part.year for part in row.parts), default=row.year)
    for part in row.parts:
        subject = f"{cell}/{part.what}" if part.what else cell
        numbers = {"declared_mwh": part.energy_mwh}
        if part.year != row.year:
            message = f"nothing declared for {row.year}: the figure of {part.year} stands in"
            yield Finding("activity.carried", subject, message, numbers=numbers)
        if part.year != newest and part.what is None and part.energy_mwh:
            message = (
                f"the figure of {part.year} without a use stands beside uses of {newest}: if they "
                "are its parts, declare what remains of it (0 if nothing), or they count twice"
            )
            yield Finding("activity.undivided", subject, message, numbers=numbers)


def _findings(row: ActivityData) -> list[Finding]:
    subject = f"{row.year}/{row.sector}/{row.carrier}"
    findings = []
    if not row.adds_metered and row.metered_mwh > row.declared_mwh:
        findings.append(
            Finding(
                "activity.metered_exceeds_declared",
                subject,
                "the meters saw more than was declared for the whole sector",
                numbers={"metered_mwh": row.metered_mwh, "declared_mwh": row.declared_mwh},
            )
        )
    if row.metered_mwh and row.noted and not row.parts:
        findings.append(_seen_in_spite_of(row.noted[0], row))
    low, high = row.missing_mwh
    if high > 0:
        findings.append(
            Finding(
                "activity.missing",
                subject,
                "meters have gaps that no register bounds",
                numbers={"missing_low_mwh": low, "missing_high_mwh": high},
            )
        )
    return findings


def _seen_in_spite_of(noted: DeclaredRow, row: ActivityData) -> Finding:
    """Meters see energy where a key says that there is none, or none to tell."""
    counted = "it counts" if row.adds_metered else "it does not count here"
    return Finding(
        "notation.metered",
        f"{row.year}/{row.sector}/{row.carrier}",
        f"meters see energy where the key of {noted.year} is {noted.notation}: {counted}; correct "
        "the key",
        numbers={"metered_mwh": row.metered_mwh},
    )


def _site_findings(row: ActivityData, of_sites: Mapping[RowKey, SiteMeters]) -> Iterable[Finding]:
    return site_findings(row.year, row.parts, row.replaced, of_sites)
