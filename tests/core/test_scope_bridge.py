"""The bridge from the territory to its meters, by hand: 0.5 t/MWh electricity, 0.2 t/MWh gas."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paes.accounting.energy_total import EnergyTotal
from paes.activity.activity_data import activity_data
from paes.factors.emission_factors import FactorSet
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.inventory.method import Method
from paes.inventory.other_emissions import OtherEmissions, OtherRow
from paes.inventory.scope_bridge import BridgeLevel, scope_bridge
from paes.metering import Carrier, Sector
from tests.core.evidence_town import FACTORS, GAS, HOMES, NAME, OFFICES, POWER, declared

SET = FactorSet(id="test", name=NAME, approach="IPCC", gas="CO2", version="1")
WASTE = OtherEmissions(2024, OtherRow.WASTE_MANAGEMENT, 7.0, 2024, "s")


def inventory(rows, metered, billed=None) -> Inventory:
    activities, _ = activity_data(2024, rows, metered, billed)
    lines = [InventoryLine(a, FACTORS.find("test", a.carrier, a.sector, 2024)) for a in activities]
    return Inventory(
        "town", 2024, "MEI", SET, Method("test", 2007), tuple(lines), (), other_rows=(WASTE,)
    )


def town() -> Inventory:
    """Offices: 10 MWh seen (4 of them billed), 2 estimated, 3 declared, gas of 20 carried.
    Homes: 100 declared, of which meters saw 30. Gaps of the offices: 0 to 6 MWh."""
    seen = EnergyTotal(
        measured_kwh=10_000.0, estimated_kwh=2_000.0, estimated_low_kwh=1_000.0,
        estimated_high_kwh=3_000.0, missing_high_kwh=6_000.0,
    )  # fmt: skip
    return inventory(
        [
            declared(2024, 3.0, covers="rest"),
            declared(2020, 20.0, carrier=GAS),
            declared(2024, 100.0, sector=HOMES),
        ],
        {(OFFICES, POWER): seen, (HOMES, POWER): EnergyTotal(measured_kwh=30_000.0)},
        {(OFFICES, POWER): EnergyTotal(measured_kwh=4_000.0)},
    )


def test_every_tonne_is_in_one_leaf_of_the_bridge():
    bridge = scope_bridge(town())
    told = {
        level.id: (level.energy_mwh, level.emissions_t)
        for _, level in bridge.walk()
        if not level.parts
    }
    assert told == {
        "municipal.metered.measured": (6.0, 3.0),
        "municipal.metered.billed": (4.0, 2.0),
        "municipal.metered.estimated": (2.0, 1.0),
        "municipal.metered.within": (0.0, 0.0),
        "municipal.tables.declared": (3.0, 1.5),
        "municipal.tables.carried": (20.0, 4.0),
        "elsewhere.metered.measured": (0.0, 0.0),
        "elsewhere.metered.billed": (0.0, 0.0),
        "elsewhere.metered.estimated": (0.0, 0.0),
        "elsewhere.metered.within": (30.0, 15.0),
        "elsewhere.tables.declared": (70.0, 35.0),
        "elsewhere.tables.carried": (0.0, 0.0),
        "other": (0.0, 7.0),
    }


def test_levels_add_up_to_the_inventory():
    made = town()
    bridge = scope_bridge(made)
    assert bridge.level("municipal").emissions_t == pytest.approx(11.5)
    assert bridge.level("municipal.metered").energy_mwh == pytest.approx(12.0)
    assert bridge.level("elsewhere").energy_mwh == pytest.approx(100.0)
    assert (bridge.energy_mwh, bridge.emissions_t) == pytest.approx((135.0, 68.5))
    assert bridge.emissions_t == pytest.approx(made.emissions_t, abs=1e-9)
    assert bridge.energy_mwh == pytest.approx(made.energy_mwh, abs=1e-9)


def test_what_is_missing_stands_beside_the_meters_that_missed_it():
    bridge = scope_bridge(town())
    for name in ("territory", "municipal", "municipal.metered"):
        assert bridge.level(name).missing_mwh == (0.0, 6.0)
        assert bridge.level(name).missing_t == (0.0, 3.0)
    assert bridge.level("municipal.tables").missing_t == (0.0, 0.0)
    assert bridge.level("elsewhere").missing_t == (0.0, 0.0)


def test_meters_that_saw_more_than_a_table_says_are_no_more_than_the_table():
    made = inventory([declared(2024, 10.0)], {(OFFICES, POWER): EnergyTotal(measured_kwh=15_000.0)})
    bridge = scope_bridge(made)
    assert bridge.level("municipal.metered.within").energy_mwh == 10.0
    assert bridge.level("municipal.tables.declared").energy_mwh == 0.0


def test_an_unbounded_gap_stays_unbounded():
    seen = EnergyTotal(measured_kwh=1_000.0, missing_high_kwh=math.inf)
    bridge = scope_bridge(inventory([], {(OFFICES, POWER): seen}))
    assert bridge.missing_mwh == (0.0, math.inf)
    assert bridge.missing_t == (0.0, math.inf)


AMOUNTS = st.floats(0.0, 1e6)


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(list(Sector)), st.sampled_from([POWER, GAS])),
        st.tuples(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, st.sampled_from(["rest", "sector"])),
        min_size=1,
    )
)
def test_each_level_is_the_sum_of_those_below_it_whatever_there_is(cells):
    rows = [
        declared(2024, mwh, sector=s, carrier=c, covers=covers)
        for (s, c), (mwh, _, _, _, covers) in cells.items()
    ]
    seen = {
        cell: EnergyTotal(measured_kwh=a + b, estimated_kwh=e)
        for cell, (_, a, b, e, _) in cells.items()
    }
    billed = {cell: EnergyTotal(measured_kwh=b) for cell, (_, _, b, _, _) in cells.items()}
    made = inventory(rows, seen, billed)
    bridge = scope_bridge(made)
    assert bridge.emissions_t == pytest.approx(made.emissions_t, rel=1e-12, abs=1e-9)
    parents = [level for _, level in bridge.walk() if level.parts]
    assert len(parents) == 7
    for level in parents:
        assert level.emissions_t == math.fsum(p.emissions_t for p in level.parts)
        assert level.energy_mwh == math.fsum(p.energy_mwh for p in level.parts)


def test_a_level_that_is_not_there_is_told():
    with pytest.raises(KeyError, match="lunar"):
        BridgeLevel("territory", 0.0, 0.0).level("lunar")


def test_carriers_of_a_sector_keep_their_own_factors():
    made = inventory([declared(2024, 10.0), declared(2024, 10.0, carrier=GAS)], {})
    assert scope_bridge(made).level("municipal").emissions_t == pytest.approx(5.0 + 2.0)
    assert scope_bridge(replace(made, other_rows=())).level("other").emissions_t == 0.0
    assert {line.activity.carrier for line in made.lines} == {Carrier.ELECTRICITY, GAS}
