"""The local factors of electricity and heat as matches that carry every term of their formula."""

from __future__ import annotations

import math
from dataclasses import replace

from paes.errors import FactorMissing
from paes.factors.emission_factors import FactorMatch, How
from paes.inventory.factor_choice import FactorChoice
from paes.inventory.method import Method
from paes.metering import Carrier, Sector
from paes.supply.formulas import HEAT, ElectricityTerms, factor_bounds
from paes.supply.local_supply import Amount, LocalSupply

LOW, HIGH = "low_t_per_mwh", "high_t_per_mwh"
"""What a factor's numbers call the bounds that gaps leave to it."""


def local_factors(supply: LocalSupply, choice: FactorChoice) -> dict[Carrier, FactorMatch]:
    """The factors that are worked out for the year of ``supply``, as the method wants them.

    One factor holds for all electricity of the town, whichever sector used it.
    """
    found = {}
    if choice.method.electricity_scope == "local":
        national = choice.of_set(Carrier.ELECTRICITY, Sector.OTHER, supply.year)
        found[Carrier.ELECTRICITY] = local_electricity(supply, choice.method, national)
    if supply.has_heat:
        found[Carrier.HEAT_COLD] = local_heat(supply, choice.method)
    return found


def local_electricity(supply: LocalSupply, method: Method, national: FactorMatch) -> FactorMatch:
    """The local factor of electricity, with ``national`` for what the town does not make itself.

    What meters missed, of consumption and of production, bounds it: ``low_t_per_mwh`` and
    ``high_t_per_mwh`` among its numbers (the latter may be inf).
    """
    terms = electricity_terms(supply, method, national.factor_t_per_mwh)
    used, given, spot = supply.consumption, supply.delivered, supply.used_on_the_spot
    low, high = factor_bounds(
        terms, _bounds(used), _bounds(given), _bounds(spot), supply.electricity_bounds_t
    )
    sources = [national.source, *(s for plant in supply.plants for s in plant.sources)]
    return replace(
        national,
        factor_t_per_mwh=terms.factor_t_per_mwh,
        how=How.LOCAL,
        source="; ".join(dict.fromkeys(s for s in sources if s)),
        assumed=national.assumed or supply.rests_on_assumption,
        note=_note(supply, national),
        formula=f"EFE = {terms.formula}",
        numbers={**terms.numbers(), LOW: low, HIGH: high},
    )


def _note(supply: LocalSupply, national: FactorMatch) -> str:
    """Whose national factor it is made with."""
    if national.how is How.FROZEN:
        return f"NEEFE frozen at {national.year_used}, local production of {supply.year}"
    if national.how is How.EARLIER:
        return f"NEEFE of {national.year_used}, for {supply.year} has none"
    return f"NEEFE of {national.year_used or 'every year'}"


def electricity_terms(
    supply: LocalSupply, method: Method, national_t_per_mwh: float
) -> ElectricityTerms:
    """What the formula is fed with; certified purchases only where the method has them in it."""
    in_factor = method.green_electricity == "in_factor"
    return ElectricityTerms(
        consumption_mwh=supply.consumption.mwh,
        delivered_mwh=supply.delivered.mwh,
        used_on_the_spot_mwh=supply.used_on_the_spot.mwh,
        green_mwh=supply.green_mwh if in_factor else 0.0,
        national_t_per_mwh=national_t_per_mwh,
        production_t=supply.electricity_t,
        green_t=supply.green_t if in_factor else 0.0,
    )


def local_heat(supply: LocalSupply, method: Method) -> FactorMatch:
    """The local factor of heat by table D and what crossed the border.

    A gap in the consumption of heat changes the factor and not the town's emissions. Heat that
    nobody is known to have made bounds the factor. Raises FactorMissing if more emissions are
    exported than there are.
    """
    emitted_t = supply.heat_t + supply.imported_heat_t - supply.exported_heat_t
    if emitted_t < 0:
        raise FactorMissing(
            f"{supply.year}: exported heat takes {supply.exported_heat_t:g} t with it, and local "
            f"and imported heat emit {supply.heat_t + supply.imported_heat_t:g} t; correct "
            "heat_trade.csv"
        )
    used, traded_t = supply.heat_consumption, supply.imported_heat_t - supply.exported_heat_t
    least_t, most_t = (max(0.0, made_t + traded_t) for made_t in supply.heat_bounds_t)
    sources = (s for plant in supply.plants if plant.sells_heat for s in plant.sources)
    return FactorMatch(
        factor_set=method.factor_set,
        carrier=Carrier.HEAT_COLD,
        year_asked=supply.year,
        year_used=supply.year,
        factor_t_per_mwh=emitted_t / used.mwh if used.mwh else 0.0,
        how=How.LOCAL,
        source="; ".join(dict.fromkeys(s for s in sources if s)),
        assumed=supply.rests_on_assumption,
        note=None,
        formula=f"EFH = {HEAT}",
        numbers={
            "lhc_mwh": used.mwh,
            "co2lph_t": supply.heat_t,
            "co2ih_t": supply.imported_heat_t,
            "co2eh_t": supply.exported_heat_t,
            LOW: _per_mwh(least_t, used.high_mwh, used),
            HIGH: _per_mwh(most_t + supply.short_heat_t, used.low_mwh, used),
        },
    )


def _per_mwh(emitted_t: float, used_mwh: float, used: Amount) -> float:
    """Unbounded if nothing may have been used of what somebody may have; else 0."""
    if used_mwh > 0:
        return emitted_t / used_mwh
    return math.inf if emitted_t and used.high_mwh > 0 else 0.0


def _bounds(amount: Amount) -> tuple[float, float]:
    return amount.low_mwh, amount.high_mwh
