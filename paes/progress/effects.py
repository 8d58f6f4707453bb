"""Causes of the change since the base year, in parts that add up exactly.

* **grid**: the year's electricity times the fall of its emission factor. Supra-ordinate: the
  town's own doing is not in it. Zero if the factor is frozen.
* **supra-ordinate actions** and **own actions**: what the register declares for actions
  completed since the base year began, by origin. Declared, not measured. What was complete
  before worked in the base year too: it is no part of the change.
* **unexplained**: the rest, of either sign.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.metering import Carrier
from paes.plan.action import Action, Origin, Status


@dataclass(frozen=True, slots=True)
class Effects:
    """The reduction since the base year by cause, in t (positive: less emissions).

    ``weather_t`` … ``own_actions_t``, ``other_rows_t`` and ``unexplained_t`` add up to ``total_t``.
    """

    year: int
    total_t: float
    grid_t: float = 0.0
    weather_t: float = 0.0
    local_supply_t: float = 0.0
    other_factors_t: float = 0.0
    activity_t: float = 0.0
    boundary_t: float = 0.0
    supra_actions_t: float = 0.0
    mixed_actions_t: float = 0.0
    own_actions_t: float = 0.0
    own_low_t: float = 0.0
    own_high_t: float = 0.0
    other_rows_t: float = 0.0

    @property
    def supra_ordinate_t(self) -> float:
        """Owed to others: the grid, national and regional actions."""
        return self.grid_t + self.supra_actions_t

    @property
    def told_t(self) -> float:
        """All that a cause accounts for."""
        return math.fsum(
            (
                self.weather_t,
                self.grid_t,
                self.local_supply_t,
                self.other_factors_t,
                self.activity_t,
                self.boundary_t,
                self.supra_actions_t,
                self.mixed_actions_t,
                self.own_actions_t,
                self.other_rows_t,
            )
        )

    @property
    def unexplained_t(self) -> float:
        """What no cause accounts for; may be negative."""
        return self.total_t - self.told_t


def effects_of(city: City, base: Inventory, inventory: Inventory) -> Effects:
    """The causes of the change between two inventories made by one method."""
    since = range(base.year, inventory.year)
    return Effects(
        year=inventory.year,
        total_t=base.emissions_t - inventory.emissions_t,
        grid_t=_grid_effect(base, inventory),
        supra_actions_t=_declared(city, since, Origin.NATIONAL, Origin.REGIONAL),
        mixed_actions_t=_declared(city, since, Origin.MIXED),
        own_actions_t=(own := _declared(city, since, Origin.LOCAL)),
        own_low_t=own,
        own_high_t=own,
    )


def _grid_effect(base: Inventory, inventory: Inventory) -> float:
    before = {
        line.activity.sector: line.factor.factor_t_per_mwh
        for line in base.lines
        if line.activity.carrier is Carrier.ELECTRICITY
    }
    general = next(iter(before.values()), None)
    fall = 0.0
    for line in inventory.lines:
        if line.activity.carrier is Carrier.ELECTRICITY:
            factor = before.get(line.activity.sector, general)
            if factor is not None:
                fall += line.energy_mwh * (factor - line.factor.factor_t_per_mwh)
    return fall


def _declared(city: City, since: range, *origins: Origin) -> float:
    return sum(
        action.declared_reduction_t or 0.0
        for action in city.actions
        if action.origin in origins and _effective(action, since)
    )


def _effective(action: Action, since: range) -> bool:
    """True if the action was completed in these years: it worked all the year that follows."""
    return action.status is Status.COMPLETED and action.end is not None and action.end.year in since
