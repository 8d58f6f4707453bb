"""Emissions of wind, water and sun where a set of factors counts life cycles.

In the standard approach they emit nothing. In that of life cycles what it took to build them is
theirs: each MWh has the plant's own factor, else the usual one of its kind (``supply.yaml``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from paes.errors import FactorMissing
from paes.supply.declared_supply import DeclaredSupply
from paes.supply.local_supply import PlantYear
from paes.supply.plants import NO_FUEL, SupplyAssumptions


def with_life_cycle(
    plants: Iterable[PlantYear], declared: DeclaredSupply, assumptions: SupplyAssumptions | None
) -> list[PlantYear]:
    """The plants with what wind, water and sun emit by life cycle; FactorMissing if unknown."""
    return [
        _emitting(plant, declared, assumptions) if plant.kind in NO_FUEL else plant
        for plant in plants
    ]


def _emitting(
    made: PlantYear, declared: DeclaredSupply, assumptions: SupplyAssumptions | None
) -> PlantYear:
    plant = declared.by_id.get(made.plant or "")
    own = plant.life_cycle_t_per_mwh if plant else None
    usual = assumptions.life_cycle_t_per_mwh.get(made.kind) if assumptions else None
    factor = own if own is not None else usual.value if usual else None
    if factor is None:
        raise FactorMissing(
            f"{made.plant or f'meters of {made.kind}'}: the plan's set counts life cycles, and "
            f"{made.kind} has no factor; give life_cycle_t_per_mwh in plants.yaml or supply.yaml"
        )
    return replace(
        made,
        emissions_t=made.electricity.mwh * factor,
        assumed=made.assumed or bool(own is None and usual and usual.assumed),
    )
