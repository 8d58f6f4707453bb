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

from enum import StrEnum

from pydantic import Field, model_validator

from paes.emission_factors import Year
from paes.metering import Carrier, Sector
from paes.schema import Sourced

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
