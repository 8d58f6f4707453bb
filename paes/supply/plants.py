"""Plants of the territory that make electricity or heat, as a city declares them.

A plant may be a single one (the cogenerator of a school), or stand for many (all photovoltaic
plants of homes). One that has meters of generation is measured: what is declared beside them is
the whole (``covers: sector``) or what they do not see (``covers: rest``), as in activity tables.

Plants in the emissions trading scheme and units of more than 20 MW belong in neither table.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from paes.activity.declared_row import Covers
from paes.factors.emission_factors import Year
from paes.metering import Carrier
from paes.schema import ConfigModel, Identifier, Stated

Part = Annotated[float, Field(ge=0, le=1)]
Efficiency = Annotated[float, Field(gt=0, le=1.2)]


class PlantKind(StrEnum):
    """What a plant is: the rows of the Covenant's tables C and D."""

    WIND = "wind"
    HYDRO = "hydro"
    PHOTOVOLTAIC = "photovoltaic"
    CHP = "chp"
    DISTRICT_HEATING = "district_heating"
    OTHER = "other"


class PlantFuel(StrEnum):
    """What goes into a plant: the columns of tables C and D; steam is one of table C alone."""

    NATURAL_GAS = "natural_gas"
    LIQUID_GAS = "liquid_gas"
    HEATING_OIL = "heating_oil"
    LIGNITE = "lignite"
    COAL = "coal"
    STEAM = "steam"
    WASTE = "waste"
    PLANT_OIL = "plant_oil"
    OTHER_BIOMASS = "other_biomass"
    OTHER_RENEWABLE = "other_renewable"
    OTHER = "other"

    @property
    def carrier(self) -> Carrier | None:
        """The carrier whose factor it has in a set; None where no set knows it."""
        return Carrier(self.value) if self.value in _WITH_FACTOR else None


_WITH_FACTOR = {
    "natural_gas",
    "liquid_gas",
    "heating_oil",
    "lignite",
    "coal",
    "plant_oil",
    "other_biomass",
}
NO_FUEL = (PlantKind.WIND, PlantKind.HYDRO, PlantKind.PHOTOVOLTAIC)
"""They burn nothing and make no heat."""


class SourcedNumber(Stated):
    """A number that says where it is known from."""

    what: ClassVar[str] = "a figure"

    value: Annotated[float, Field(gt=0)]


class DeclaredPlant(Stated):
    """One plant of ``plants.yaml``, or a group of plants of one kind."""

    what: ClassVar[str] = "a plant"

    id: Identifier
    name: str = Field(min_length=1)
    kind: PlantKind
    capacity_mw: Annotated[float, Field(gt=0)] | None = None
    """All units together: electric power of wind, water and sun, heat input of what burns fuel."""
    largest_unit_mw: Annotated[float, Field(gt=0)] | None = None
    """The largest of its units, where there are several [the whole capacity]."""
    ets: bool = False
    """In the European emissions trading scheme."""
    since: Year | None = None
    """The first year in which it made anything; before, nothing is missing."""
    until: Year | None = None
    """The last such year."""
    sites: tuple[Identifier, ...] = ()
    """All meters of generation at these sites, of the plant's kind, are this plant."""
    meters: tuple[str, ...] = ()
    """These meters of generation are this plant."""
    used_on_the_spot_fraction: Part | None = None
    """The part of its electricity that its owners use themselves, where no meter tells."""
    consumption_includes_own_use: bool = False
    """True if the activity tables hold what its owners make and use themselves."""
    fuel_in_consumption: bool = False
    """True if its fuel is part of a consumption of the activity tables (the gas of a school)."""
    heat_in_consumption: bool | None = None
    """True if its heat is bought as heat: part of the activity tables' heat or cold. By default
    that of heating plants, and of others whose fuel is not in the tables."""
    heat_efficiency: Efficiency | None = None
    """Of a separate boiler, for the split of a cogenerator's emissions [the shipped one]."""
    electric_efficiency: Efficiency | None = None
    """Of a separate power station, for the same."""

    life_cycle_t_per_mwh: Annotated[float, Field(ge=0, le=5)] | None = None
    """Of wind, water and sun, where the plan's set counts life cycles [the usual of its kind]."""

    @property
    def makes_electricity(self) -> bool:
        """True for all but heating plants."""
        return self.kind is not PlantKind.DISTRICT_HEATING

    @property
    def burns_fuel(self) -> bool:
        """False for wind, water and sun."""
        return self.kind not in NO_FUEL

    @property
    def sells_heat(self) -> bool:
        """True if its heat is in the activity tables as heat."""
        return (
            not self.fuel_in_consumption
            if self.heat_in_consumption is None
            else self.heat_in_consumption
        )

    @property
    def _heat_is_lost(self) -> bool:
        """True if neither its fuel nor, by its own word, its heat is in any line."""
        makes_heat = self.kind in (PlantKind.CHP, PlantKind.DISTRICT_HEATING)
        return makes_heat and not self.fuel_in_consumption

    def works_in(self, year: int) -> bool:
        """True if the plant was in use in ``year``, as far as it says."""
        return (self.since or year) <= year <= (self.until or year)

    @model_validator(mode="after")
    def _coherent(self) -> DeclaredPlant:
        if self.since and self.until and self.until < self.since:
            raise ValueError(f"until {self.until} lies before since {self.since}")
        if self.kind is not PlantKind.CHP and (self.heat_efficiency or self.electric_efficiency):
            raise ValueError("efficiencies split the emissions of a chp plant alone")
        if self.consumption_includes_own_use and self.used_on_the_spot_fraction is not None:
            raise ValueError(
                "used_on_the_spot_fraction goes with consumption that does not hold it; expected "
                "one of the two"
            )
        if self.heat_in_consumption is False and self._heat_is_lost:
            raise ValueError(
                "heat_in_consumption: false leaves the emissions of its heat in no line; expected "
                "fuel_in_consumption: true, with the fuel in the activity tables"
            )
        if self.largest_unit_mw and self.capacity_mw and self.largest_unit_mw > self.capacity_mw:
            raise ValueError(
                f"largest_unit_mw {self.largest_unit_mw} exceeds capacity_mw {self.capacity_mw}"
            )
        if self.burns_fuel and self.life_cycle_t_per_mwh is not None:
            raise ValueError(
                "life_cycle_t_per_mwh is that of wind, water and sun; a fuel has its own"
            )
        return self


class SupplyAssumptions(ConfigModel):
    """``supply.yaml`` of the installation: what holds for plants that say nothing themselves."""

    heat_efficiency: SourcedNumber
    """Of a separate boiler, for the split of a cogenerator's emissions."""
    electric_efficiency: SourcedNumber
    """Of a separate power station, for the same."""
    largest_unit_mw: SourcedNumber
    """Larger units belong in no table."""
    life_cycle_t_per_mwh: dict[PlantKind, SourcedNumber] = Field(default_factory=dict)
    """Of wind, water and sun, where the plan's set counts life cycles."""


class PlantsFile(ConfigModel):
    """``plants.yaml``."""

    plants: tuple[DeclaredPlant, ...]


class _Figure(Stated):
    """A declared figure of a year."""

    what: ClassVar[str] = "a declared figure"

    year: Year


class DeclaredGeneration(_Figure):
    """What a plant made in a year: one line of ``generation.csv``."""

    plant: Identifier
    electricity_mwh: Annotated[float, Field(ge=0)] | None = None
    heat_mwh: Annotated[float, Field(ge=0)] | None = None
    used_on_the_spot_mwh: Annotated[float, Field(ge=0)] | None = None
    """The part of the electricity that was used where it was made [the plant's fraction]."""
    covers: Covers = Covers.SECTOR
    """``sector``: the whole plant, its meters included; ``rest``: what no meter of it sees."""

    @model_validator(mode="after")
    def _says_something(self) -> DeclaredGeneration:
        if self.electricity_mwh is None and self.heat_mwh is None:
            raise ValueError("electricity_mwh and heat_mwh are both empty; expected one at least")
        if (self.used_on_the_spot_mwh or 0.0) > (self.electricity_mwh or 0.0):
            raise ValueError(
                f"used_on_the_spot_mwh {self.used_on_the_spot_mwh} is more than was made "
                f"({self.electricity_mwh or 0.0})"
            )
        return self


class PlantFuelRow(_Figure):
    """What went into a plant in a year, net energy: one line of ``plant_fuels.csv``."""

    plant: Identifier
    fuel: PlantFuel
    mwh: float = Field(ge=0)
    emissions_t: Annotated[float, Field(ge=0)] | None = None
    """Instead of the energy times the factor of the plan's set."""
    sustainable_fraction: Part | None = None
    """Of biomass and plant oil: the part from sustainable sources [what the set takes for it]."""

    @model_validator(mode="after")
    def _has_emissions(self) -> PlantFuelRow:
        if self.emissions_t is None and self.fuel.carrier is None:
            raise ValueError(
                f"emissions_t is empty, and no set of factors knows {self.fuel}; expected the "
                "tonnes it emitted (0 if none)"
            )
        return self


class HeatTrade(_Figure):
    """Heat that crossed the town's border in a year: one line of ``heat_trade.csv``."""

    direction: Literal["import", "export"]
    mwh: float = Field(ge=0)
    emissions_t: Annotated[float, Field(ge=0)] | None = None
    factor_t_per_mwh: Annotated[float, Field(ge=0, le=5)] | None = None

    @property
    def tonnes(self) -> float:
        """Its emissions."""
        if self.emissions_t is not None:
            return self.emissions_t
        return self.mwh * (self.factor_t_per_mwh or 0.0)

    @model_validator(mode="after")
    def _has_emissions(self) -> HeatTrade:
        if (self.emissions_t is None) is (self.factor_t_per_mwh is None):
            raise ValueError("expected emissions_t or factor_t_per_mwh, one of the two")
        return self
