"""Tables C and D of a year: what the territory made itself, of which fuel, and its emissions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add

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
    delivered: Amount
    """The part of it that met consumption which lines of the inventory hold: what went to the
    grid, and what was used on the spot where the activity tables hold that."""
    heat: Amount
    sells_heat: bool
    """True if its heat is consumption of heat in lines of the inventory."""
    counts_emissions: bool
    """False if its fuel is in a line of the inventory already: its tonnes count there."""
    fuels_mwh: Mapping[PlantFuel, float] = field(default_factory=dict)
    emissions_t: float = 0.0
    """Of all its fuel."""
    heat_emissions_fraction: float = 0.0
    """The part of them (0..1) that belongs to heat; of a cogenerator by its efficiencies."""
    heat_fraction_bounds: tuple[float, float] | None = None
    """Between which it lies, for what meters of heat and electricity missed; None if exactly."""
    meters: int = 0
    metered_mwh: float = 0.0
    declared_mwh: float = 0.0
    declared_year: int | None = None
    assumed: bool = False
    sources: tuple[str, ...] = ()

    @property
    def used_on_the_spot(self) -> Amount:
        """Electricity that is in no line of consumption, for no withdrawal saw it."""
        made, given = self.electricity, self.delivered
        return Amount(
            max(0.0, made.mwh - given.mwh),
            max(0.0, made.low_mwh - given.high_mwh),
            max(0.0, made.high_mwh - given.low_mwh),
        )

    @property
    def electricity_t(self) -> float:
        """Emissions of its electricity, wherever they count."""
        return self.emissions_t * (1 - self.heat_emissions_fraction)

    @property
    def heat_t(self) -> float:
        """Emissions of its heat, wherever they count."""
        return self.emissions_t * self.heat_emissions_fraction

    @property
    def heat_bounds_t(self) -> tuple[float, float]:
        """Between which those of its heat lie; what is not of heat is of electricity."""
        low, high = self.heat_fraction_bounds or (self.heat_emissions_fraction,) * 2
        return self.emissions_t * low, self.emissions_t * high


@dataclass(frozen=True)
class TableRow:
    """A row of table C or D; fuels are those of the part that makes electricity, or heat."""

    code: str
    kind: PlantKind | None
    """None for the total."""
    plants: int
    """Declared plants and meters that no plant claims."""
    energy: Amount
    fuels_mwh: Mapping[PlantFuel, float]
    emissions_t: float
    """Those that count in the factor."""
    elsewhere_t: float
    """Those of fuel that is in a line of the inventory: they count there and not here."""

    @property
    def factor_t_per_mwh(self) -> float | None:
        """Emissions by energy made; None if nothing was made."""
        return self.emissions_t / self.energy.mwh if self.energy.mwh else None


@dataclass(frozen=True)
class LocalSupply:
    """Local supply of a city and year, with what the factors of electricity and heat need."""

    year: int
    plants: tuple[PlantYear, ...] = ()
    consumption: Amount = field(default_factory=Amount)
    """TCE: electricity in the lines of the inventory."""
    heat_consumption: Amount = field(default_factory=Amount)
    """LHC: heat in the lines of the inventory."""
    green_mwh: float = 0.0
    """Certified green electricity that the municipality bought, wherever it counts."""
    green_t: float = 0.0
    imported_heat_mwh: float = 0.0
    imported_heat_t: float = 0.0
    exported_heat_mwh: float = 0.0
    exported_heat_t: float = 0.0
    short_heat_t: float = 0.0
    """The most that heat may have emitted of which nobody knows how it was made."""
    assumed: bool = False
    """True if a figure of heat trade or of green purchases is an assumption."""
    findings: tuple[Finding, ...] = ()

    @property
    def table_c(self) -> tuple[TableRow, ...]:
        """Local electricity by kind of plant, the total last; () if there is none."""
        return _table(
            [p for p in self.plants if p.electricity.high_mwh],
            CODES_C,
            TOTAL_C,
            lambda p: (p.electricity, p.electricity_t, 1 - p.heat_emissions_fraction),
        )

    @property
    def table_d(self) -> tuple[TableRow, ...]:
        """Local heat likewise."""
        return _table(
            [p for p in self.plants if p.heat.high_mwh],
            CODES_D,
            TOTAL_D,
            lambda p: (p.heat, p.heat_t, p.heat_emissions_fraction),
        )

    @property
    def production(self) -> Amount:
        """All electricity that was made here."""
        return _sum(plant.electricity for plant in self.plants)

    @property
    def delivered(self) -> Amount:
        """LPE: what of it met consumption that the lines hold."""
        return _sum(plant.delivered for plant in self.plants)

    @property
    def used_on_the_spot(self) -> Amount:
        """What of it is in no line of consumption."""
        return _sum(plant.used_on_the_spot for plant in self.plants)

    @property
    def electricity_t(self) -> float:
        """CO2LPE: without that of fuel which is in a line of consumption."""
        return math.fsum(p.electricity_t for p in self.plants if p.counts_emissions)

    @property
    def heat_t(self) -> float:
        """CO2LPH, likewise, of the heat that is in lines of consumption."""
        return math.fsum(p.heat_t for p in self.plants if p.counts_emissions and p.sells_heat)

    @property
    def electricity_bounds_t(self) -> tuple[float, float]:
        """Between which CO2LPE lies, for a cogenerator's emissions are split by what it made."""
        plants = [p for p in self.plants if p.counts_emissions]
        low, high = (
            math.fsum(p.emissions_t - p.heat_bounds_t[end] for p in plants) for end in (1, 0)
        )
        return min(low, self.electricity_t), max(high, self.electricity_t)

    @property
    def heat_bounds_t(self) -> tuple[float, float]:
        """Between which CO2LPH lies, likewise."""
        plants = [p for p in self.plants if p.counts_emissions and p.sells_heat]
        low, high = (math.fsum(p.heat_bounds_t[end] for p in plants) for end in (0, 1))
        return min(low, self.heat_t), max(high, self.heat_t)

    @property
    def has_heat(self) -> bool:
        """True if table D or heat from outside tells where the town's heat is from."""
        return bool(self.imported_heat_mwh) or any(p.sells_heat and p.heat.mwh for p in self.plants)

    def with_findings(self, more: Iterable[Finding]) -> LocalSupply:
        """The same with ``more`` that is odd about it."""
        return replace(self, findings=(*self.findings, *more))

    @property
    def heat_there_mwh(self) -> float:
        """Heat that plants and trade deliver to the town's lines."""
        made = math.fsum(p.heat.mwh for p in self.plants if p.sells_heat)
        return made + self.imported_heat_mwh - self.exported_heat_mwh

    @property
    def short_heat_mwh(self) -> float:
        """Heat in the lines of which nobody knows how it was made; 0 without any table D."""
        if not self.has_heat:
            return 0.0
        return max(0.0, self.heat_consumption.mwh - self.heat_there_mwh)

    @property
    def short_heat_most_mwh(self) -> float:
        """The most that it can be, for what meters of either side missed."""
        if not self.has_heat:
            return 0.0
        made = math.fsum(p.heat.low_mwh for p in self.plants if p.sells_heat)
        there = made + self.imported_heat_mwh - self.exported_heat_mwh
        return max(0.0, self.heat_consumption.high_mwh - there)

    @property
    def rests_on_assumption(self) -> bool:
        """True if a figure in it is an assumption."""
        return self.assumed or any(plant.assumed for plant in self.plants)


def _table(
    plants: list[PlantYear],
    codes: Mapping[PlantKind, str],
    total: str,
    part: Callable[[PlantYear], tuple[Amount, float, float]],
) -> tuple[TableRow, ...]:
    """Rows by kind and their total; ``part`` gives energy, tonnes and the part of the fuel."""
    rows = [
        _row(code, kind, [p for p in plants if p.kind is kind], part)
        for kind, code in codes.items()
    ]
    there = [row for row in rows if row.plants]
    return (*there, _row(total, None, plants, part)) if there else ()


def _row(
    code: str,
    kind: PlantKind | None,
    plants: list[PlantYear],
    part: Callable[[PlantYear], tuple[Amount, float, float]],
) -> TableRow:
    parts = [(plant, *part(plant)) for plant in plants]
    fuels = {
        fuel: math.fsum(p.fuels_mwh.get(fuel, 0.0) * of_fuel for p, _, _, of_fuel in parts)
        for fuel in PlantFuel
        if any(p.fuels_mwh.get(fuel) for p in plants)
    }
    return TableRow(
        code=code,
        kind=kind,
        plants=sum(p.meters if p.plant is None else 1 for p in plants),
        energy=_sum(energy for _, energy, _, _ in parts),
        fuels_mwh=fuels,
        emissions_t=math.fsum(t for p, _, t, _ in parts if p.counts_emissions),
        elsewhere_t=math.fsum(t for p, _, t, _ in parts if not p.counts_emissions),
    )


def _sum(amounts: Iterable[Amount]) -> Amount:
    return reduce(add, amounts, Amount())
