"""Local supply of a year: plants declared and metered, beside the consumption that they met."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from paes.accounting.ledger import EnergyLedger
from paes.activity.activity_data import ActivityData
from paes.errors import FactorMissing
from paes.factors.emission_factors import How
from paes.installation import City
from paes.inventory.factor_choice import FactorChoice
from paes.inventory.metered_plants import MeteredPlants, metered_plants
from paes.inventory.method import Method
from paes.metering import Carrier, Finding, Sector
from paes.plausibility.limits import limits
from paes.supply.green_electricity import GreenPurchase, bought_in
from paes.supply.life_cycle import with_life_cycle
from paes.supply.local_supply import Amount, LocalSupply
from paes.supply.plant_years import FuelEmissions, FuelFactor, plant_years
from paes.supply.plants import HeatTrade, PlantFuelRow

_ALWAYS = ("supply.heat", "supply.green")
"""What is told of heat and of purchases concerns the national scope, too."""
ALIKE = 0.02
"""So much of the consumption of heat may be without a plant before that is told."""


def supply_of(
    city: City,
    year: int,
    ledger: EnergyLedger,
    choice: FactorChoice,
    rows: Iterable[ActivityData],
    metered: MeteredPlants | None = None,
) -> LocalSupply:
    """``local_supply``; where no factor of the inventory needs it, also without a fuel's factor."""
    listed = list(rows)
    try:
        return local_supply(city, year, ledger, choice, listed, metered)
    except FactorMissing as err:
        has_heat = any(row.carrier is Carrier.HEAT_COLD for row in listed)
        if choice.method.electricity_scope == "local" or has_heat:
            raise
        return LocalSupply(year, findings=(Finding("supply.no_factor", str(year), str(err)),))


def findings_of(supply: LocalSupply, choice: FactorChoice) -> list[Finding]:
    """What is odd about local supply and touches a figure of the inventory."""
    local = choice.local.get(Carrier.ELECTRICITY)
    if local is None:
        return [f for f in supply.findings if f.name.startswith(_ALWAYS)]
    national = choice.of_set(Carrier.ELECTRICITY, Sector.OTHER, supply.year)
    if national.how is not How.EARLIER:
        return list(supply.findings)
    earlier = Finding(
        "factor.earlier",
        f"{national.factor_set}/{national.carrier}",
        f"no national factor for {supply.year}: the local one is made with that of "
        f"{national.year_used}",
        numbers={"factor_t_per_mwh": national.factor_t_per_mwh},
    )
    return [earlier, *supply.findings]


def local_supply(
    city: City,
    year: int,
    ledger: EnergyLedger,
    choice: FactorChoice,
    rows: Iterable[ActivityData],
    metered: MeteredPlants | None = None,
) -> LocalSupply:
    """Tables C and D of ``year``, and what the local factors need beside them.

    ``rows`` are the activity of the same year: what they hold of electricity and heat is the
    consumption. Raises FactorMissing for a fuel without a factor, and for green electricity
    without one where the set counts life cycles.
    """
    listed, declared = list(rows), city.supply
    metered = metered or metered_plants(city, year, ledger)
    plants, findings = plant_years(
        declared,
        metered.declared,
        metered.unclaimed,
        year,
        ledger.installation.supply_assumptions,
        _fuel_factor(choice, year),
    )
    into, out = declared.heat_traded(year, "import"), declared.heat_traded(year, "export")
    bought = bought_in(declared.green, year)
    is_life_cycle = choice.factors.sets[choice.method.factor_set].approach == "LCA"
    if is_life_cycle:
        plants = with_life_cycle(plants, declared, ledger.installation.supply_assumptions)
    supply = LocalSupply(
        year=year,
        plants=tuple(plants),
        consumption=_consumption(listed, Carrier.ELECTRICITY),
        heat_consumption=_consumption(listed, Carrier.HEAT_COLD),
        green_mwh=math.fsum(one.mwh for one in bought),
        green_t=math.fsum(_green_t(one) for one in bought) if is_life_cycle else 0.0,
        imported_heat_mwh=math.fsum(t.mwh for t in into),
        imported_heat_t=math.fsum(t.tonnes for t in into),
        exported_heat_mwh=math.fsum(t.mwh for t in out),
        exported_heat_t=math.fsum(t.tonnes for t in out),
        assumed=any(one.assumed for one in (*into, *out, *bought)),
        findings=tuple(findings),
    )
    short_t = _most_t(supply.short_heat_most_mwh, choice, ledger)
    odd = [
        *_carried_trade(supply, (*into, *out)),
        *_heat_findings(supply),
        *_green_findings(supply, choice.method),
    ]
    return replace(supply, short_heat_t=short_t).with_findings(odd)


def _most_t(heat_mwh: float, choice: FactorChoice, ledger: EnergyLedger) -> float:
    """The most that heat of unknown origin emitted, by the JRC's screening value (inf without)."""
    if not heat_mwh:
        return 0.0
    screened = limits(ledger.installation.root).screened(Carrier.HEAT_COLD)
    if screened is None:
        return math.inf
    return heat_mwh * screened.most(choice.factors.sets[choice.method.factor_set])


def _fuel_factor(choice: FactorChoice, year: int) -> FuelFactor:
    """Emissions of a plant's fuel by the factors of the inventory."""

    def emissions(row: PlantFuelRow) -> FuelEmissions:
        assert row.fuel.carrier  # a row without emissions of its own has one
        match = choice.of_cell(row.fuel.carrier, Sector.OTHER, year, row.sustainable_fraction)
        return FuelEmissions(row.mwh * match.factor_t_per_mwh, match.source, match.assumed)

    return emissions


def _consumption(rows: list[ActivityData], carrier: Carrier) -> Amount:
    """What the lines of ``carrier`` hold together."""
    mine = [row for row in rows if row.carrier is carrier]
    return Amount(
        math.fsum(row.energy_mwh for row in mine),
        sum(row.bounds_mwh[0] for row in mine),
        sum(row.bounds_mwh[1] for row in mine),
    )


def _green_t(purchase: GreenPurchase) -> float:
    if purchase.factor_t_per_mwh is None:
        raise FactorMissing(
            f"green_electricity.csv: what was bought in {purchase.year} has no factor_t_per_mwh, "
            "and the plan's set counts life cycles; give the certified plants' own"
        )
    return purchase.mwh * purchase.factor_t_per_mwh


def _carried_trade(supply: LocalSupply, traded: Iterable[HeatTrade]) -> list[Finding]:
    """Heat across the border of an earlier year."""
    earlier = {row.direction: row.year for row in traded if row.year != supply.year}
    return [
        Finding(
            "supply.heat_carried",
            f"{supply.year}/heat_cold/{direction}",
            f"nothing declared for {supply.year}: the {direction} of {year} stands in",
        )
        for direction, year in earlier.items()
    ]


def _heat_findings(supply: LocalSupply) -> list[Finding]:
    """Heat that is used and never made, and heat that is made and never used."""
    findings = []
    there, used = supply.heat_there_mwh, supply.heat_consumption.mwh
    if supply.short_heat_mwh > used * ALIKE:
        findings.append(
            Finding(
                "supply.heat_short",
                f"{supply.year}/heat_cold",
                "more heat is used than plants and trade deliver: the factor of heat is too low by "
                "what the rest emitted, which bounds it",
                numbers={"lhc_mwh": used, "delivered_mwh": there},
            )
        )
    if supply.has_heat and not used:
        findings.append(
            Finding(
                "supply.heat_in_no_line",
                f"{supply.year}/heat_cold",
                "plants sell heat that no line of the inventory holds: its emissions are in no "
                "total; declare its consumption, or heat_in_consumption: false with the fuel in "
                "the activity tables",
                numbers={"delivered_mwh": there, "emissions_t": supply.heat_t},
            )
        )
    return findings


def _green_findings(supply: LocalSupply, method: Method) -> list[Finding]:
    """Purchases that the method would have in a factor that is not worked out."""
    idle = method.green_electricity == "in_factor" and method.electricity_scope == "national"
    if not supply.green_mwh or not idle:
        return []
    return [
        Finding(
            "supply.green_not_counted",
            f"{supply.year}/electricity",
            "certified green electricity is to count in the local factor, and the inventory is "
            "made with the national one: it counts nowhere",
            numbers={"green_mwh": supply.green_mwh},
        )
    ]
