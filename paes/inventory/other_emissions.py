"""Emissions that no final energy causes: waste, waste water, other; and green electricity.

They are rows of the inventory beside its lines and part of its total. Those that a city declares
stand in ``cities/<city>/inventory/other_emissions.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OtherRow(StrEnum):
    """Rows of the Covenant's table B that have no energy."""

    WASTE_MANAGEMENT = "waste_management"
    WASTE_WATER = "waste_water"
    OTHER = "other"
    GREEN_ELECTRICITY = "green_electricity"


CODES = {
    OtherRow.WASTE_MANAGEMENT: "M91",
    OtherRow.WASTE_WATER: "M92",
    OtherRow.OTHER: "M93",
    OtherRow.GREEN_ELECTRICITY: "M510",
}
"""The rows' codes in the Covenant's template of 2010; M109 is their total without the last."""


@dataclass(frozen=True, slots=True)
class OtherEmissions:
    """One such row: tonnes, negative where something is taken off."""

    year: int
    row: OtherRow
    emissions_t: float
    declared_year: int
    source: str
    use: str | None = None
    assumed: bool = False
    note: str | None = None
    place: str | None = None
    """File and line where it is declared."""
    uncertainty_fraction: float | None = None
    """Half the width of the figure's 95 % interval, as a part of it."""
    formula: str | None = None
    """How it was worked out, where it is not declared in tonnes."""

    @property
    def code(self) -> str:
        """The row's code in the template."""
        return CODES[self.row]

    @property
    def carried(self) -> bool:
        """True if an earlier year's figure stands in."""
        return self.declared_year != self.year
