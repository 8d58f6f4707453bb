"""Bounds of heat and of cogeneration where meters have gaps, each by hand.

A cogenerator burns 100 MWh of gas at 0.2 t/MWh: 20 t. Its efficiencies apart are 0.9 and 0.4, so
that 45 MWh of heat and 10 MWh of electricity are 50 and 25 MWh of fuel: two thirds are heat's.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from factor_town import GAS, HEAT, HOMES, OFFICES, POWER, factor, ledger_of, library, row, town
from uncertain_town import shipped

from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.inventory.inventory import Inventory
from paes.inventory.making import inventory_of
from paes.inventory.metered_plants import MeteredPlants
from paes.plan.action import Action, Overlap, Status
from paes.progress.progress import make_progress
from paes.schema import Text
from paes.supply.declared_supply import DeclaredSupply
from paes.supply.local_supply import Amount
from paes.supply.metered import Metered
from paes.supply.plants import DeclaredPlant, PlantFuelRow

FACTORS = library(factor(POWER, 0.5), factor(GAS, 0.2))
SUPPLY = DeclaredSupply(
    plants=(
        DeclaredPlant(
            id="chp", name="chp", kind="chp", heat_efficiency=0.9, electric_efficiency=0.4,
            used_on_the_spot_fraction=0, source="s",
        ),
    ),
    fuels=(PlantFuelRow(year=2007, plant="chp", fuel="natural_gas", mwh=100, source="s"),),
)  # fmt: skip


def made(
    folder,
    electricity: Amount,
    heat_used: float | EnergyTotal = 45.0,
    heat: Amount = Amount.exactly(45.0),  # noqa: B008 (frozen)
    **plan: str,
) -> Inventory:
    """2007 with 100 MWh of electricity bought and this heat, declared or metered."""
    is_metered = isinstance(heat_used, EnergyTotal)
    rows = [row(2007, POWER, 100.0)] + ([] if is_metered else [row(2007, HEAT, heat_used)])
    city = town(*rows, supply=SUPPLY, plan=plan)
    metered = {(HOMES, HEAT): heat_used} if is_metered else {}
    plants = MeteredPlants({"chp": Metered(1, electricity, without_feed_in=electricity, heat=heat)})
    ledger = ledger_of(city, FACTORS, folder)
    return inventory_of(city, 2007, ledger, metered, {}, plants=plants)


def bounds(inventory: Inventory, carrier) -> tuple[float, float]:
    (line,) = [one for one in inventory.lines if one.activity.carrier is carrier]
    return line.bounds_t


def test_without_gaps_a_cogenerators_heat_is_exact(tmp_path):
    found = bounds(made(tmp_path, Amount.exactly(10.0)), HEAT)
    assert found == pytest.approx((20 * 2 / 3, 20 * 2 / 3))


def test_a_gap_in_its_electricity_bounds_the_emissions_of_its_heat(tmp_path):
    """Up to 20 MWh would be 50 MWh of fuel: then half of the 20 t are heat's, 10 t."""
    found = bounds(made(tmp_path, Amount(10.0, 10.0, 20.0)), HEAT)
    assert found == pytest.approx((10.0, 20 * 2 / 3))


def test_a_gap_in_its_heat_bounds_the_factor_of_electricity(tmp_path):
    """45 MWh of heat seen and up to 90: 100 of 125 MWh of fuel, so that 4 t are electricity's.

    (100 - 10) x 0.5 + 20 / 3 at most, and + 4 at least.
    """
    inventory = made(
        tmp_path, Amount.exactly(10.0), heat=Amount(45.0, 45.0, 90.0), electricity_scope="local"
    )
    assert bounds(inventory, POWER) == pytest.approx((49.0, 45 + 20 / 3))


def test_heat_that_no_line_uses_has_no_emissions_and_no_bounds(tmp_path):
    inventory = made(tmp_path, Amount.exactly(10.0), heat_used=0.0)
    assert bounds(inventory, HEAT) == (0.0, 0.0)
    assert inventory.bounds_t == (50.0, 50.0)


def test_a_gap_in_the_consumption_of_heat_leaves_open_how_the_rest_was_made(tmp_path):
    """50 MWh used, 5 of unknown origin; the meter's gap of 10 MWh does not make them known."""
    whole = made(tmp_path, Amount.exactly(10.0), EnergyTotal(measured_kwh=50_000.0))
    gap = EnergyTotal(measured_kwh=40_000.0, missing_high_kwh=10_000.0)
    with_gap = made(tmp_path, Amount.exactly(10.0), gap)
    assert bounds(whole, HEAT)[1] > 20 * 2 / 3
    assert bounds(with_gap, HEAT)[1] >= bounds(whole, HEAT)[1]


def test_an_own_effect_that_was_lost_has_its_interval_in_order(tmp_path):
    """Controls of 2005 lose 30 t to works of others: -30 t, of which 0.4 to 1.1 come true."""
    text = Text(it="s", en="s")
    done = {"name": text, "sector": OFFICES, "status": Status.COMPLETED}
    controls = Action(
        id="controls", end=date(2005, 12, 31), declared_reduction_t=100.0,
        overlaps=(Overlap(action="works", fraction=0.3),), **done,
    )  # fmt: skip
    works = Action(
        id="works", end=date(2015, 12, 31), declared_reduction_t=200.0, origin="national", **done
    )
    city = town(row(2007, GAS, 2000.0), row(2020, GAS, 1000.0), actions=(controls, works))
    plain = ledger_of(city, FACTORS, tmp_path)
    installation = replace(plain.installation, assumed_uncertainty=shipped())
    ledger = EnergyLedger(installation, plain.store, plain.clock)
    effects = make_progress(city, ledger).effects_in(2020)
    assert effects.own_actions_t == pytest.approx(-30.0)
    assert effects.own_low_t == pytest.approx(-33.0)
    assert effects.own_high_t == pytest.approx(-12.0)
