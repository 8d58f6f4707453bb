"""What the register declares for a change: own actions, those of others, and how sure that is.

Only completed actions count, each once, from the day after its end
(``paes.plan.declared_effect``). Where the plan reckons electricity by the local factor, production
of electricity is in that factor and not counted again here.
"""

from __future__ import annotations

from dataclasses import dataclass

from paes.accounting.ledger import EnergyLedger
from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.inventory.method import Method
from paes.metering import Carrier
from paes.plan.action import Action
from paes.plan.declared_effect import Counted, FactorOf, by_origin, declared_effect, together
from paes.progress.action_factors import action_factors


@dataclass(frozen=True, slots=True)
class DeclaredCauses:
    """Net tonnes that actions declare for the change since the base year, by origin."""

    own_t: float
    supra_t: float
    mixed_t: float
    """Of mixed actions that do not say which part is the town's own."""
    own_low_t: float
    own_high_t: float
    """Between which the own effect lies with 90 %, as declared savings come true elsewhere."""


def declared_causes(
    city: City, base: Inventory, inventory: Inventory, ledger: EnergyLedger
) -> DeclaredCauses:
    """What the actions of ``city`` declare for the change between two inventories."""
    totals = by_origin(counted_actions(city, base, inventory, ledger))
    least, most = sorted(totals.own_t * part for part in _realisation(ledger))
    return DeclaredCauses(
        own_t=totals.own_t,
        supra_t=totals.supra_ordinate_t,
        mixed_t=totals.unsplit_t,
        own_low_t=least,
        own_high_t=most,
    )


def counted_actions(
    city: City, base: Inventory, inventory: Inventory, ledger: EnergyLedger
) -> list[Counted]:
    """The actions of ``city`` with what of each counts for the change between two inventories."""
    method, year = inventory.method, inventory.year
    inventories = {base.year: base, year: inventory}
    factor_of = action_factors(ledger.installation.factors, method, inventories)
    counted = together(city.actions, year, factor_of, since=base.year)
    return [_without_production(one, method, factor_of) for one in counted]


def _realisation(ledger: EnergyLedger) -> tuple[float, float]:
    assumed = ledger.installation.assumed_uncertainty
    if assumed is None:
        return 1.0, 1.0
    return assumed.realisation.low_fraction, assumed.realisation.high_fraction


def _without_production(one: Counted, method: Method, factor_of: FactorOf) -> Counted:
    """The action without what it declares for production that is in the local factor already."""
    if method.electricity_scope != "local" or not _produces_electricity(one.action):
        return one
    if one.effect.derived:
        saving = one.action.model_copy(update={"declared_production_mwh": None})
        alone = declared_effect(saving, one.effect.year, factor_of)
        whole = declared_effect(one.action, one.effect.year, factor_of)
        part = (alone.reduction_t or 0.0) / whole.reduction_t if whole.reduction_t else 0.0
    else:
        saved, made = one.action.declared_saving_mwh or 0.0, one.action.declared_production_mwh
        part = saved / (saved + (made or 0.0)) if saved else 0.0
    return one._replace(net_reduction_t=one.net_reduction_t * part)


def _produces_electricity(action: Action) -> bool:
    return bool(action.declared_production_mwh) and action.carrier in (None, Carrier.ELECTRICITY)
