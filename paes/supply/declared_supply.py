"""Everything that a city declares of its own electricity and heat, in one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from paes.config_file import Tree
from paes.supply.green_electricity import GreenPurchase
from paes.supply.plants import DeclaredGeneration, DeclaredPlant, HeatTrade, PlantFuelRow


@dataclass(frozen=True)
class DeclaredSupply:
    """Plants and their figures, heat across the border, certified purchases."""

    plants: tuple[DeclaredPlant, ...] = ()
    generation: tuple[DeclaredGeneration, ...] = ()
    fuels: tuple[PlantFuelRow, ...] = ()
    heat_trade: tuple[HeatTrade, ...] = ()
    green: tuple[GreenPurchase, ...] = ()
    plants_tree: Tree | None = field(default=None, repr=False, compare=False)
    """Where in ``plants.yaml`` each plant stands."""

    @cached_property
    def by_id(self) -> dict[str, DeclaredPlant]:
        """The plants by id."""
        return {plant.id: plant for plant in self.plants}

    def heat_traded(self, year: int, direction: Literal["import", "export"]) -> list[HeatTrade]:
        """What crossed the border in ``year``; in one without a row what did in the latest before.

        A year is never lower because a table has not arrived: nothing is 0 unless a row says so.
        """
        mine = [r for r in self.heat_trade if r.direction == direction and r.year <= year]
        latest = max((row.year for row in mine), default=year)
        return [row for row in mine if row.year == latest]
