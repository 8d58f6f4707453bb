"""How an inventory is made: the choices that every figure of it depends on.

Two figures may stand beside each other only if they were made by one method; a method is part of
every inventory, every document and every figure's passport.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self

from paes.plan.plan import ElectricityFactor, ElectricityScope, GreenElectricity, Plan


@dataclass(frozen=True, slots=True)
class Method:
    """A set of factors, and how electricity, gases and late factors are treated."""

    factor_set: str
    base_year: int
    electricity_factor: ElectricityFactor = "current"
    electricity_scope: ElectricityScope = "national"
    green_electricity: GreenElectricity = "not_counted"
    gwp: str | None = None
    """The set of warming potentials, where the factor set keeps its gases apart."""
    factors_as_of: date | None = None
    """Factors that were added to the set later are not used; None for all that are known."""

    @classmethod
    def of(cls, plan: Plan, **changes: Any) -> Self:
        """The plan's method with ``changes``; those that are None change nothing."""
        made = cls(
            factor_set=plan.factor_set,
            base_year=plan.base_year,
            electricity_factor=plan.electricity_factor,
            electricity_scope=plan.electricity_scope,
            green_electricity=plan.green_electricity,
            gwp=plan.gwp,
        )
        return replace(made, **{k: v for k, v in changes.items() if v is not None})
