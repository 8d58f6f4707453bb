"""Local factors by hand, and the law that no choice of counting own use changes a town's emissions.

The formula is that of the JRC's guidebook as the Covenant's tools apply it (EcoGIS,
``lib/eco_simulator.php``; facts of the template of 2010): it is written down a second time here,
word for word, and compared with what the product reckons from other terms.
"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paes.errors import DataError
from paes.supply.formulas import (
    EXPORTER,
    EXPORTER_OWN_USE,
    NORMAL,
    NOTHING_USED,
    ElectricityTerms,
    factor_bounds,
    heat_fraction,
)

ENERGY = st.floats(min_value=0, max_value=1e7)
USED = st.floats(min_value=1, max_value=1e7)
FACTOR = st.floats(min_value=0, max_value=1.2)
TONNES = st.floats(min_value=0, max_value=1e6)


def terms(
    used: float,
    delivered: float,
    *,
    own_use: float = 0.0,
    green: float = 0.0,
    national: float = 0.5,
    local_t: float = 0.0,
    green_t: float = 0.0,
) -> ElectricityTerms:
    return ElectricityTerms(used, delivered, own_use, green, national, local_t, green_t)


def guidebook(
    tce: float, lpe: float, gep: float, neefe: float, co2lpe: float, co2gep: float
) -> float:
    """EFE as printed, with all production in LPE and all consumption in TCE."""
    if tce == 0:
        return neefe
    if lpe + gep > tce:
        return (co2lpe + co2gep) / (lpe + gep)
    return ((tce - lpe - gep) * neefe + co2lpe + co2gep) / tce


def test_a_town_that_makes_a_part_of_its_electricity():
    # ((1000 - 100 - 50) x 0.5 + 20 + 5) / 1000 = (425 + 25) / 1000 = 0.450
    made = terms(1000, 100, green=50, local_t=20, green_t=5)
    assert made.formula == NORMAL
    assert made.factor_t_per_mwh == pytest.approx(0.450, abs=1e-12)
    assert made.emissions_t == pytest.approx(450)


def test_a_town_that_exports():
    # 900 + 300 > 1000: (48 + 12) / (900 + 300) = 0.05; of the 1000 MWh it uses, 50 t
    made = terms(1000, 900, green=300, local_t=48, green_t=12)
    assert made.formula == EXPORTER
    assert made.factor_t_per_mwh == pytest.approx(0.05, abs=1e-12)
    assert made.emissions_t == pytest.approx(50)


def test_both_branches_meet_where_a_town_makes_just_what_it_uses():
    # 1000 = 900 + 100: nothing is bought, (40 + 0) / 1000 by either
    assert terms(1000, 900, green=100, local_t=40).factor_t_per_mwh == pytest.approx(0.04)
    just_more = terms(1000, 900 + 1e-6, green=100, local_t=40)
    assert just_more.formula == EXPORTER
    assert just_more.factor_t_per_mwh == pytest.approx(0.04, abs=1e-9)


def test_a_town_without_any_use_has_the_national_factor():
    made = terms(0, 500, national=0.4754, local_t=10)
    assert made.formula == NOTHING_USED
    assert made.factor_t_per_mwh == 0.4754


def test_what_is_used_on_the_spot_is_taken_off_nowhere():
    # A roof makes 100 MWh and uses 60 itself; of the 1000 MWh in the lines 40 are the roof's and
    # 960 the grid's: 480 t. With all of it on both sides: TCE 1060, LPE 100, 960 x 0.5 = 480 t.
    made = terms(1000, 40, own_use=60)
    assert made.factor_t_per_mwh == pytest.approx(0.480)
    assert made.emissions_t == pytest.approx(1060 * guidebook(1060, 100, 0, 0.5, 0, 0))
    # Taken from what was bought, all 100 would make it 450 t: 60 MWh of saving that nobody made.
    assert terms(1000, 100).emissions_t == pytest.approx(450)


def test_emissions_of_a_cogenerator_that_its_owner_uses_up_are_not_lost():
    # 50 MWh made and used on the spot with 30 t: the lines hold 1000 MWh of the grid, 500 t.
    assert terms(1000, 0, own_use=50, local_t=30).emissions_t == pytest.approx(530)


def test_an_exporter_with_own_use_keeps_the_guidebooks_emissions():
    # TCE 100 + 20, LPE 180 + 20, 40 t: 40 / 200 = 0.2 t/MWh x 120 = 24 t; the lines hold 100.
    made = terms(100, 180, own_use=20, local_t=40)
    assert made.formula == EXPORTER_OWN_USE
    assert made.emissions_t == pytest.approx(24)
    assert made.factor_t_per_mwh == pytest.approx(0.24)


def test_bolognas_frozen_factor_with_local_production():
    """Bologna 2018: 0.4629, "a recalculation of the national factor 0.483 of 2005 taking into
    account the local electricity production". Of plants without emissions that is a share of
    1 - 0.4629 / 0.483 = 4.161 %: 41,615 MWh of every 1,000,000. By hand
    (1,000,000 - 41,615) x 0.483 / 1,000,000 = 958,385 x 0.483e-6 = 0.46290.
    """
    made = terms(1_000_000, 41_615, national=0.483)
    assert round(made.factor_t_per_mwh, 4) == 0.4629


def test_turins_current_factor_with_local_production_and_purchases():
    """Turin 2019: 0.245 from the national 0.269: 1 - 0.245 / 0.269 = 8.922 % without emissions.
    (1,000,000 - 60,000 - 29,220) x 0.269 / 1,000,000 = 910,780 x 0.269e-6 = 0.24500.
    """
    made = terms(1_000_000, 60_000, green=29_220, national=0.269)
    assert round(made.factor_t_per_mwh, 4) == 0.2450


def test_a_cogenerator_is_split_by_what_separate_plants_would_burn():
    # 450 / 0.90 = 500 and 200 / 0.40 = 500: one half
    assert heat_fraction(450, 200, 0.90, 0.40) == pytest.approx(0.5)
    # 136.5 / 0.9 = 151.667, 70 / 0.4 = 175: 151.667 / 326.667 = 0.464286
    assert heat_fraction(136.5, 70, 0.90, 0.40) == pytest.approx(0.4642857, abs=1e-7)
    assert heat_fraction(10, 0, 0.9, 0.4) == 1.0
    assert heat_fraction(0, 10, 0.9, 0.4) == 0.0
    with pytest.raises(DataError, match="neither heat nor electricity"):
        heat_fraction(0, 0, 0.9, 0.4)


@given(ENERGY, ENERGY, TONNES)
def test_a_split_gives_every_tonne_away_once(heat, electricity, emitted):
    if heat + electricity <= 0:
        return
    part = heat_fraction(heat, electricity, 0.9, 0.4)
    assert 0 <= part <= 1
    assert emitted * part + emitted * (1 - part) == pytest.approx(emitted, abs=1e-6)


@given(USED, ENERGY, ENERGY, ENERGY, FACTOR, TONNES, TONNES)
def test_emissions_are_those_of_counting_own_use_on_both_sides(
    used, delivered, own_use, green, national, local_t, green_t
):
    made = terms(
        used,
        delivered,
        own_use=own_use,
        green=green,
        national=national,
        local_t=local_t,
        green_t=green_t,
    )
    tce, lpe = used + own_use, delivered + own_use
    asked = tce * guidebook(tce, lpe, green, national, local_t, green_t)
    assert made.emissions_t == pytest.approx(asked, rel=1e-6, abs=1e-3)


@given(USED, st.floats(0, 1), st.floats(0, 1), ENERGY, FACTOR, TONNES, TONNES)
def test_emissions_are_the_sum_of_what_was_bought_and_what_was_made(
    used, local_part, green_part, own_use, national, local_t, green_t
):
    delivered = used * local_part
    green = (used - delivered) * green_part
    made = terms(
        used,
        delivered,
        own_use=own_use,
        green=green,
        national=national,
        local_t=local_t,
        green_t=green_t,
    )
    bought_t = max(0.0, used - delivered - green) * national
    assert made.emissions_t == pytest.approx(bought_t + local_t + green_t, rel=1e-6, abs=1e-3)


@given(
    st.tuples(USED, USED).map(sorted),
    st.tuples(ENERGY, ENERGY).map(sorted),
    st.tuples(ENERGY, ENERGY).map(sorted),
    st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
    ENERGY,
    FACTOR,
    TONNES,
)
def test_bounds_hold_every_factor_between_them(used, given_away, own_use, at, green, national, t):
    def between(bounds, part):
        return bounds[0] + (bounds[1] - bounds[0]) * part

    inside = terms(
        between(used, at[0]),
        between(given_away, at[1]),
        own_use=between(own_use, at[2]),
        green=green,
        national=national,
        local_t=t,
    )
    point = terms(
        used[0], given_away[0], own_use=own_use[0], green=green, national=national, local_t=t
    )
    low, high = factor_bounds(point, tuple(used), tuple(given_away), tuple(own_use))
    slack = 1e-9 * (1 + high)
    assert low - slack <= inside.factor_t_per_mwh <= high + slack


def test_the_least_factor_may_lie_where_a_town_begins_to_export():
    # 1000 MWh delivered, 500 used on the spot, 100 t. A use of 800: 100/1500 x 1300/800 = 0.108; of
    # 1000: 100/1000 = 0.1, the least; of 2000: (1000 x 0.5 + 100) / 2000 = 0.3.
    point = terms(2000, 1000, own_use=500, local_t=100)
    assert terms(800, 1000, own_use=500, local_t=100).factor_t_per_mwh > 0.108
    assert factor_bounds(point, (800, 2000), (1000, 1000), (500, 500)) == (
        pytest.approx(0.1),
        pytest.approx(0.3),
    )


def test_what_nobody_bounds_leaves_the_factor_open_and_finite():
    point = terms(1000, 0, national=0.5)
    assert factor_bounds(point, (1000, 1000), (0, math.inf), (0, math.inf)) == (0.0, 0.5)
    assert factor_bounds(point, (1000, math.inf), (0, 100), (0, 0)) == (
        pytest.approx(0.45),
        pytest.approx(0.5),
    )
