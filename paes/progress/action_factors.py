"""The factor by which energy that an action saves or produces becomes tonnes.

One for all who ask what the register declares, so that they tell the same tonnes: progress,
scenarios, the choice of actions, the register itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from paes.factors.emission_factors import FactorLibrary
from paes.inventory.inventory import Inventory
from paes.inventory.method import Method
from paes.metering import Carrier, Sector
from paes.plan.declared_effect import FactorOf, Use


def action_factors(
    factors: FactorLibrary, method: Method, inventories: Mapping[int, Inventory]
) -> FactorOf:
    """Factors for actions, made by ``method``.

    Saved energy has the factor of its cell in the year's inventory, or of the latest earlier one;
    where that has no such cell, that of the carrier in another sector, else the set's. Produced
    electricity has the national factor. Raises FactorMissing if there is none at all.
    """
    by_year = {
        year: {
            (line.activity.carrier, line.activity.sector): line.factor.factor_t_per_mwh
            for line in inventory.lines
        }
        for year, inventory in sorted(inventories.items())
    }

    def factor_of(carrier: Carrier, sector: Sector, year: int, use: Use) -> float:
        if use == "saved" and by_year:
            known = by_year[max((y for y in by_year if y <= year), default=min(by_year))]
            of_carrier = [f for (c, _), f in known.items() if c is carrier]
            found = known.get((carrier, sector), next(iter(of_carrier), None))
            if found is not None:
                return found
        frozen = carrier is Carrier.ELECTRICITY and method.electricity_factor == "frozen"
        at = method.base_year if frozen else year
        as_of = _known_on(inventories, year, frozen) or method.factors_as_of
        found_in_set = factors.find(
            method.factor_set, carrier, sector, at, gwp=method.gwp, as_of=as_of
        )
        return found_in_set.factor_t_per_mwh

    return factor_of


def _known_on(inventories: Mapping[int, Inventory], year: int, frozen: bool) -> date | None:
    """The day by which the factors of ``year`` were known, as its inventory takes them."""
    if frozen:
        return next((one.frozen_as_of for one in inventories.values()), None)
    return inventories[year].factors_as_of if year in inventories else None
