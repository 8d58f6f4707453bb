"""Tables C and D of a year: what the territory made itself, of which fuel, and its emissions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from paes.metering import Finding
from paes.supply.plants import PlantFuel, PlantKind

CODES_C = {
    PlantKind.WIND: "M111",
    PlantKind.HYDRO: "M112",
    PlantKind.PHOTOVOLTAIC: "M113",
    PlantKind.CHP: "M114",
    PlantKind.OTHER: "M115",
}
"""Rows of table C in the Covenant's template of 2010."""
TOTAL_C = "M129"
CODES_D = {
    PlantKind.CHP: "M131",
    PlantKind.DISTRICT_HEATING: "M132",
    PlantKind.OTHER: "M135",
}
"""Rows of table D."""
TOTAL_D = "M149"


@dataclass(frozen=True, slots=True)
class Amount:
    """Energy in MWh with the bounds that gaps and estimates leave."""

    mwh: float = 0.0
    low_mwh: float = 0.0
    high_mwh: float = 0.0

    @classmethod
    def exactly(cls, mwh: float) -> Amount:
        """An amount without bounds of its own."""
        return cls(mwh, mwh, mwh)

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.mwh + other.mwh, self.low_mwh + other.low_mwh, self.high_mwh + other.high_mwh
        )

    def times(self, part: float) -> Amount:
        """A part of it."""
        return Amount(self.mwh * part, self.low_mwh * part, self.high_mwh * part if part else 0.0)


@dataclass(frozen=True)
class PlantYear:
    """What one plant, or the metered plants of a kind that nobody declared, made in the year."""

    plant: str | None
    """Its id in ``plants.yaml``; None for meters that no plant claims."""
    name: str
    kind: PlantKind
    electricity: Amount
    heat: Amount
    used_on_the_spot: Amount
    """The part of the electricity that is in no line of consumption, for no withdrawal saw it."""
    fuels_mwh: Mapping[PlantFuel, float]
    emissions_t: float
    """Of all its fuel."""
    heat_emissions_fraction: float
    """The part of them (0..1) that belongs to heat; of a cogenerator by its efficiencies."""
    counts_emissions: bool
    """False if its fuel is in a line of the inventory already: its tonnes count there."""
    meters: int = 0
    metered_mwh: float = 0.0
    declared_mwh: float = 0.0
    declared_year: int | None = None
    assumed: bool = False
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableRow:
    """A row of table C or D; fuels are those of the part that makes electricity, or heat."""

    code: str
    kind: PlantKind | None
    """None for the total."""
    energy: Amount
    fuels_mwh: Mapping[PlantFuel, float]
    emissions_t: float
    plants: int
    """Declared plants and meters that no plant claims."""

    @property
    def factor_t_per_mwh(self) -> float | None:
        """Emissions by energy made; None if nothing was made."""
        return self.emissions_t / self.energy.mwh if self.energy.mwh else None


@dataclass(frozen=True)
class LocalSupply:
    """Local supply of a city and year, with what the factors of electricity and heat need."""

    year: int
    plants: tuple[PlantYear, ...]
    table_c: tuple[TableRow, ...] = ()
    table_d: tuple[TableRow, ...] = ()
    electricity_mwh: Amount = field(default_factory=Amount)
    """TCE: electricity in the lines of the inventory."""
    heat_mwh: float = 0.0
    """LHC: heat in the lines of the inventory."""
    green_mwh: float = 0.0
    """GEP: certified green electricity that the municipality bought."""
    green_t: float = 0.0
    imported_heat_t: float = 0.0
    exported_heat_t: float = 0.0
    findings: tuple[Finding, ...] = ()

    @property
    def local_electricity(self) -> Amount:
        """LPE and what was used on the spot: all that was made here."""
        return _sum([plant.electricity for plant in self.plants])

    @property
    def used_on_the_spot(self) -> Amount:
        """What of it is in no line of consumption."""
        return _sum([plant.used_on_the_spot for plant in self.plants])

    @property
    def local_electricity_t(self) -> float:
        """CO2LPE, without that of fuel which is in a line of consumption."""
        return math.fsum(
            p.emissions_t * (1 - p.heat_emissions_fraction)
            for p in self.plants
            if p.counts_emissions
        )

    @property
    def local_heat_t(self) -> float:
        """CO2LPH, likewise."""
        return math.fsum(
            p.emissions_t * p.heat_emissions_fraction for p in self.plants if p.counts_emissions
        )


def _sum(amounts: list[Amount]) -> Amount:
    total = Amount()
    for amount in amounts:
        total = total + amount
    return total
