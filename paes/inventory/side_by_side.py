"""One year by every basis: the factor frozen or current, the national mix or the town's own.

Towns report by one of these and are compared by another; the same energy then makes totals that
differ by a third. Here they stand beside each other, each with the factor it is made with and its
name. They are never mixed: each is an inventory of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import get_args

from paes.accounting.ledger import EnergyLedger
from paes.errors import FactorMissing
from paes.factors.emission_factors import FactorMatch
from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.inventory.making import make_inventory
from paes.inventory.method import Method
from paes.inventory.seen_year import SeenYear, seen_year
from paes.metering import Carrier
from paes.plan.plan import ElectricityFactor, ElectricityScope


@dataclass(frozen=True)
class Basis:
    """An inventory by one of the methods; None with the reason where it cannot be made."""

    method: Method
    is_asked: bool
    """True for the method that was asked for: the plan's, unless another was."""
    inventory: Inventory | None
    problem: str | None = None

    @property
    def name(self) -> str:
        """The choice of electricity factor in words."""
        return basis_name(self.method)

    @property
    def electricity(self) -> FactorMatch | None:
        """The factor that all its electricity has; None without any, or where they differ."""
        if self.inventory is None:
            return None
        found = [
            line.factor
            for line in self.inventory.lines
            if line.activity.carrier is Carrier.ELECTRICITY
        ]
        alike = len({match.factor_t_per_mwh for match in found}) == 1
        return found[0] if alike else None

    @property
    def electricity_t(self) -> float:
        """Emissions of its electricity."""
        if self.inventory is None:
            return math.nan
        return math.fsum(
            line.emissions_t
            for line in self.inventory.lines
            if line.activity.carrier is Carrier.ELECTRICITY
        )


def basis_name(method: Method) -> str:
    """The method's choice of electricity factor in words, e.g. ``local, frozen at 2007``."""
    frozen = method.electricity_factor == "frozen"
    year = f"frozen at {method.base_year}" if frozen else "current"
    return f"{method.electricity_scope}, {year}"


def bases(method: Method) -> Iterator[Method]:
    """``method`` with every choice of electricity factor, national before local."""
    for scope, factor in product(get_args(ElectricityScope), get_args(ElectricityFactor)):
        yield replace(method, electricity_scope=scope, electricity_factor=factor)


def side_by_side(city: City, year: int, ledger: EnergyLedger, method: Method) -> list[Basis]:
    """The inventory of ``year`` by each basis; DataError if there is none by any."""
    seen = seen_year(city, year, ledger)
    return [_basis(city, year, ledger, one, method, seen) for one in bases(method)]


def _basis(
    city: City, year: int, ledger: EnergyLedger, method: Method, asked: Method, seen: SeenYear
) -> Basis:
    try:
        return Basis(method, method == asked, make_inventory(city, year, ledger, method, seen))
    except FactorMissing as err:
        return Basis(method, method == asked, None, str(err))
