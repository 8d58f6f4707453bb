"""What the tracked target of a city still lacks, so that a malfunction can be held beside it.

    lacking = emissions of the newest inventory - what the target allows the town in its year

In t, by the plan's method; of a target per head the allowance of a head times the inhabitants.
Only the base year's inventory and the newest are made: a whole progress takes many times as long,
and tells the same tonnes.
"""

from __future__ import annotations

from paes.accounting.ledger import EnergyLedger
from paes.errors import DataError
from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.inventory.making import inventory_years, make_inventory
from paes.progress.path import emissions_of, target_total_t
from paes.progress.progress import find_target

WEEKS_IN_YEAR = 365.25 / 7


def newest_inventory(city: City, ledger: EnergyLedger) -> Inventory | None:
    """The inventory of the last year that is over, by the plan's method; None if none can be."""
    years = inventory_years(city, ledger)
    try:
        return make_inventory(city, years[-1], ledger) if years else None
    except DataError:
        return None


def lacking_t(city: City, ledger: EnergyLedger, newest: Inventory | None) -> float | None:
    """Tonnes that the tracked target still lacks; None if it is met, or nobody can tell."""
    if newest is None:
        return None
    try:
        target = find_target(city, None)
        first = newest
        if newest.year != target.base_year:
            first = make_inventory(city, target.base_year, ledger)
        base = emissions_of(city, target, first)
        allowed_t = target_total_t(city, target, base, target.target_year).t
    except DataError:
        return None
    lacking = newest.emissions_t - allowed_t
    return lacking if lacking > 0 else None
