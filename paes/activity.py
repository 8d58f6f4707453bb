"""Activity data: how much energy a town used, by sector and carrier, and how we know.

Declared energy (bills, distributors' and statistical tables) comes from CSV files; measured
energy from the meters. They meet here, by one rule that can be read off each declared row:

* ``covers: sector`` - the row is the whole sector, metered sites included. It stands; what the
  meters saw is shown as its metered share and not added.
* ``covers: rest`` - the row is everything that no meter sees. Measured energy is added to it.

A cell without a declared row for the year takes the latest earlier one and says so
(*carried*): a year is never lower because a table has not arrived. Energy that the meters
missed stays missing, with bounds; it is never a saving.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field, model_validator

from paes.accounting.energy_total import EnergyTotal
from paes.emission_factors import Year
from paes.errors import DataError
from paes.metering import Carrier, Finding, Sector
from paes.schema import Sourced
from paes.units import KWH_PER_MWH

Cell = tuple[Sector, Carrier]


class Covers(StrEnum):
    """What a declared row stands for."""

    SECTOR = "sector"
    REST = "rest"


class DeclaredRow(Sourced):
    """One line of an activity CSV: declared final energy of a sector and carrier in a year."""

    year: Year
    sector: Sector
    carrier: Carrier
    mwh: float = Field(ge=0)
    covers: Covers = Covers.SECTOR

    @property
    def cell(self) -> tuple[int, Sector, Carrier]:
        """What may be declared once only."""
        return self.year, self.sector, self.carrier

    @property
    def title(self) -> str:
        """The row in words, for a message."""
        return f"{self.carrier} in {self.sector}, {self.year}"

    @model_validator(mode="after")
    def _has_origin(self) -> DeclaredRow:
        if not self.source and not self.assumed:
            raise ValueError("a declared figure needs a source, or assumed: true with a note")
        return self


@dataclass(frozen=True, slots=True)
class ActivityData:
    """Final energy of one sector and carrier in one year, and what it rests on.

    ``metered`` is what the meters saw; it is part of the total only if ``adds_metered``, else
    it lies inside the declared figure. ``declared_year`` differs from ``year`` when the figure
    was carried from an earlier year.
    """

    year: int
    sector: Sector
    carrier: Carrier
    declared_mwh: float
    declared_year: int | None
    metered: EnergyTotal
    adds_metered: bool
    assumed: bool
    sources: tuple[str, ...]

    @property
    def metered_mwh(self) -> float:
        """What the meters saw, measured and estimated."""
        return self.metered.kwh / KWH_PER_MWH

    @property
    def energy_mwh(self) -> float:
        """The figure of the inventory: declared, plus metered where meters add to it."""
        return self.declared_mwh + (self.metered_mwh if self.adds_metered else 0.0)

    @property
    def missing_mwh(self) -> tuple[float, float]:
        """Bounds of what meters missed and nothing else accounts for."""
        if not self.adds_metered:
            return 0.0, 0.0
        missing = self.metered.missing_low_kwh, self.metered.missing_high_kwh
        return missing[0] / KWH_PER_MWH, missing[1] / KWH_PER_MWH

    @property
    def metered_fraction(self) -> float:
        """The part of the figure (0..1) that meters saw."""
        return min(1.0, self.metered_mwh / self.energy_mwh) if self.energy_mwh else 0.0

    @property
    def carried(self) -> bool:
        """True if the declared part is an earlier year's."""
        return self.declared_year is not None and self.declared_year != self.year


def activity_data(
    year: int, declared: Iterable[DeclaredRow], metered: Mapping[Cell, EnergyTotal]
) -> tuple[list[ActivityData], list[Finding]]:
    """Every cell of ``year`` from declared rows and metered energy, and what is odd about it.

    Raises DataError if nothing was ever declared or measured up to that year.
    """
    latest = _latest_rows(year, declared)
    cells = sorted(latest.keys() | metered.keys())
    if not cells:
        raise DataError(f"no activity data for {year} or any earlier year")
    rows = [_cell(year, cell, latest.get(cell), metered.get(cell)) for cell in cells]
    findings = [f for row in rows for f in _findings(row)]
    return rows, findings


def _latest_rows(year: int, declared: Iterable[DeclaredRow]) -> dict[Cell, DeclaredRow]:
    latest: dict[Cell, DeclaredRow] = {}
    for row in declared:
        cell = (row.sector, row.carrier)
        if row.year <= year and (cell not in latest or latest[cell].year < row.year):
            latest[cell] = row
    return latest


def _cell(
    year: int, cell: Cell, row: DeclaredRow | None, metered: EnergyTotal | None
) -> ActivityData:
    sources = [row.source or row.note or ""] if row else []
    if metered and metered.kwh:
        sources.append("meters")
    return ActivityData(
        year=year,
        sector=cell[0],
        carrier=cell[1],
        declared_mwh=row.mwh if row else 0.0,
        declared_year=row.year if row else None,
        metered=metered or EnergyTotal(),
        adds_metered=metered is not None and (row is None or row.covers is Covers.REST),
        assumed=bool(row and row.assumed),
        sources=tuple(sources),
    )


def _findings(row: ActivityData) -> list[Finding]:
    subject = f"{row.year}/{row.sector}/{row.carrier}"
    findings = []
    if row.carried:
        findings.append(
            Finding(
                "activity.carried",
                subject,
                f"nothing declared for {row.year}: the figure of {row.declared_year} stands in",
                numbers={"declared_mwh": row.declared_mwh},
            )
        )
    if not row.adds_metered and row.metered_mwh > row.declared_mwh:
        findings.append(
            Finding(
                "activity.metered_exceeds_declared",
                subject,
                "the meters saw more than was declared for the whole sector",
                numbers={"metered_mwh": row.metered_mwh, "declared_mwh": row.declared_mwh},
            )
        )
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
