"""Progress of a city against one target: every inventory year, and whom the change is owed to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from paes.accounting.ledger import EnergyLedger
from paes.causes.effects import Effects, make_effects
from paes.errors import DataError
from paes.installation import City, Installation
from paes.inventory.inventory import Inventory
from paes.inventory.making import inventory_years, make_inventory
from paes.inventory.method import Method
from paes.plan.target import Target
from paes.progress.path import YearResult, emissions_of, year_result
from paes.uncertainty.chances import Asked, Chances, chances_of
from paes.uncertainty.simulation import Draws, Simulation


@dataclass(frozen=True)
class Progress:
    """Where a city stands against one target.

    ``years`` are all inventory years from the base year on; ``at_target`` is the target year's
    (None if it lies ahead or has no inventory); ``latest`` is the newest.
    """

    city: str
    target: Target
    unit: str
    method: Method
    base: YearResult
    target_t: float
    years: tuple[YearResult, ...]
    at_target: YearResult | None
    latest: YearResult
    effects: tuple[Effects, ...]
    inventories: tuple[Inventory, ...]
    simulation: Simulation | None = None
    """How its chances are drawn; None if nobody assumed how wrong figures may be."""

    @cached_property
    def draws(self) -> Draws | None:
        """The totals of all its inventories, drawn together; made when first asked for."""
        return self.simulation.of(self.inventories, cells=False) if self.simulation else None

    @cached_property
    def chances(self) -> Chances | None:
        """How likely each year keeps to the path and meets the target, from ``draws``."""
        return None if self.draws is None else self.chances_by(self.draws)

    def chances_by(self, draws: Draws) -> Chances:
        """The same from draws that are there already, of its inventories or of more years."""
        asked = {}
        for year in self.years:
            goal = self.target.reduction_fraction
            asked[year.year] = Asked(year.required_fraction, goal, year.per_t)
        return chances_of(draws, self.base.year, asked)

    @property
    def over(self) -> bool:
        """True if the target year lies behind the newest inventory, or is it."""
        return self.latest.year >= self.target.target_year

    def effects_in(self, year: int) -> Effects:
        """The effects of ``year``; DataError if there is no inventory."""
        for effects in self.effects:
            if effects.year == year:
                return effects
        known = ", ".join(str(effects.year) for effects in self.effects)
        raise DataError(f"no inventory for {year}; there is {known}")


def make_progress(
    city: City,
    ledger: EnergyLedger,
    target_id: str | None = None,
    method: Method | None = None,
    inventories: dict[int, Inventory] | None = None,
    simulation: Simulation | None = None,
) -> Progress:
    """Progress of ``city`` against one of its targets (by default the plan's).

    ``inventories`` may bring ready ones by year, and ``simulation`` other assumptions, draws or
    another seed than the installation's usual ones. Raises DataError if the target is unknown or
    its base year has no inventory.
    """
    target = find_target(city, target_id)
    made = inventories or make_inventories(city, ledger, method)
    made = {year: i for year, i in sorted(made.items()) if year >= target.base_year}
    if target.base_year not in made:
        raise DataError(
            f"{city.id}: no activity data for {target.base_year}, the base year of {target.id}"
        )
    base = emissions_of(city, target, made[target.base_year])
    years = tuple(year_result(city, target, base, inventory) for inventory in made.values())
    by_year = {y.year: y for y in years}
    return Progress(
        city=city.id,
        target=target,
        unit="t" if target.kind == "absolute" else "t per head",
        method=made[target.base_year].method,
        base=by_year[target.base_year],
        target_t=base.t * (1 - target.reduction_fraction),
        years=years,
        at_target=by_year.get(target.target_year),
        latest=years[-1],
        effects=make_effects(city, ledger, made),
        inventories=tuple(made.values()),
        simulation=simulation or usual_simulation(ledger.installation),
    )


def usual_simulation(installation: Installation) -> Simulation | None:
    """By the installation's assumptions; None if it has none."""
    known = installation.assumed_uncertainty
    return Simulation(known) if known else None


def make_inventories(
    city: City, ledger: EnergyLedger, method: Method | None = None
) -> dict[int, Inventory]:
    """Every inventory that can be made, by year."""
    return {
        year: make_inventory(city, year, ledger, method) for year in inventory_years(city, ledger)
    }


def find_target(city: City, target_id: str | None) -> Target:
    """A target of the city's plan, by default the one it tracks; DataError if unknown."""
    wanted = target_id or city.plan.default_target
    for target in city.plan.targets:
        if target.id == wanted:
            return target
    known = ", ".join(t.id for t in city.plan.targets)
    raise DataError(f"{city.id} has no target {wanted!r}; there is {known}")


def next_target(city: City, after_year: int) -> Target | None:
    """The target that comes due first after ``after_year``; of several, the nearest promise."""
    ahead = [t for t in city.plan.targets if t.target_year > after_year]
    return min(ahead, key=lambda t: (t.target_year, t.reduction_fraction), default=None)
