"""What the tracked target of a city still lacks, so that a malfunction can be held beside it.

    lacking = emissions of the newest inventory - what the target allows the town in its year

In t, by the plan's method; of a target per head the allowance of a head times the inhabitants.
Where the tracked target is met, it is the next one ahead that still lacks something. Only the
base year's inventory and the newest are made: a whole progress takes many times as long, and
tells the same tonnes.
"""

from __future__ import annotations

from dataclasses import dataclass

from paes.accounting.ledger import EnergyLedger
from paes.errors import DataError
from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.inventory.making import inventory_years, make_inventory
from paes.plan.target import Target
from paes.progress.path import emissions_of, target_total_t

WEEKS_IN_YEAR = 365.25 / 7


@dataclass(frozen=True, slots=True)
class Gap:
    """Tonnes that the emissions of ``year`` lie above what ``target`` allows in its own year."""

    target: str
    year: int
    lacking_t: float

    @property
    def text(self) -> str:
        """``target 2030-40: 16,679 t above it in 2025``."""
        return f"target {self.target}: {self.lacking_t:,.0f} t above it in {self.year}"


def newest_inventory(city: City, ledger: EnergyLedger) -> Inventory | None:
    """The inventory of the last year that is over, by the plan's method; None if none can be."""
    years = inventory_years(city, ledger)
    try:
        return make_inventory(city, years[-1], ledger) if years else None
    except DataError:
        return None


def gap_of(city: City, ledger: EnergyLedger, newest: Inventory | None) -> Gap | None:
    """What the tracked target lacks, else the next; None if they are met, or nobody can tell."""
    if newest is None:
        return None
    tracked = [t for t in city.plan.targets if t.id == city.plan.default_target]
    ahead = [t for t in city.plan.targets if t.target_year > newest.year]
    ahead.sort(key=lambda t: (t.target_year, t.reduction_fraction))
    for target in (*tracked, *ahead):
        try:
            lacking_t = _lacking_t(city, ledger, newest, target)
        except DataError:
            continue
        if lacking_t > 0:
            return Gap(target.id, newest.year, lacking_t)
    return None


def _lacking_t(city: City, ledger: EnergyLedger, newest: Inventory, target: Target) -> float:
    first = newest
    if newest.year != target.base_year:
        first = make_inventory(city, target.base_year, ledger)
    base = emissions_of(city, target, first)
    return newest.emissions_t - target_total_t(city, target, base, target.target_year).t
