"""How likely a target is met: what cancels, what a gap leaves open, and that intervals hold."""

import math
from dataclasses import replace

import numpy as np
import pytest
from uncertain_town import (
    GAS,
    OFFICES,
    POWER,
    assumed,
    declared,
    inventory,
    line,
    meter,
    shipped,
)

from paes.accounting.energy_total import EnergyTotal
from paes.errors import DataError
from paes.uncertainty.assumptions import Source
from paes.uncertainty.chances import Asked, Chance, chances_of, year_chances
from paes.uncertainty.simulation import simulate
from paes.uncertainty.spread import Spread

SD = 1 / 1.95996
ASKED = {2007: Asked(0.0, 0.14), 2020: Asked(0.14, 0.14)}


def of_two_years(before, after, rules, draws=10_000, asked=ASKED):
    made = [inventory(2007, before), inventory(2020, after)]
    return chances_of(simulate(made, rules, draws), 2007, asked).of(2020)


def test_a_constant_factor_is_no_error_of_the_reduction():
    """400 to 300 t of gas: a quarter less, whatever a MWh of gas emits."""
    found = of_two_years(
        [declared(2007, 2000.0, 0.2)], [declared(2020, 1500.0, 0.2)], assumed(factors={GAS: 0.06})
    )
    assert (found.reduction.low, found.reduction.high) == pytest.approx((0.25, 0.25), abs=1e-12)
    assert found.meets_target == Chance(1.0, 1.0)


def test_one_meter_is_no_error_of_the_reduction():
    cells = [{(OFFICES, POWER): {meter(1): mwh}} for mwh in (100.0, 80.0)]
    made = [
        inventory(y, [line(y, OFFICES, POWER, 0.3, metered=EnergyTotal(measured_kwh=kwh))], c)
        for y, kwh, c in ((2007, 100e3, cells[0]), (2020, 80e3, cells[1]))
    ]
    drawn = simulate(made, assumed(meters=0.02), 1000)
    assert np.std(drawn.totals[2020].least_t) > 0.1
    found = chances_of(drawn, 2007, ASKED).of(2020)
    assert (found.reduction.low, found.reduction.high) == pytest.approx((0.2, 0.2), abs=1e-12)


def test_a_reduction_of_independent_years_has_both_their_errors():
    """1 - E/B with 4 % sd each: sd of the ratio 0.8 is 0.8 x sqrt(2) x 4 %, to first order.

    P(reduction >= 14 %) = P(E <= 0.86 B) = P(Z <= (86 - 80) / sqrt(80^2 + 86^2) / 4 %) = 0.899.
    """
    rules = assumed(declared=(0.04 / SD, 0.0, 0.0))
    found = of_two_years([declared(2007, 500.0, 0.2)], [declared(2020, 400.0, 0.2)], rules, 40_000)
    width = found.reduction.high - found.reduction.low
    assert width == pytest.approx(2 * 1.645 * 0.8 * math.sqrt(2) * 0.04, rel=0.03)
    z = 6.0 / math.hypot(80.0, 86.0) / 0.04
    expected = (1 + math.erf(z / math.sqrt(2))) / 2
    assert found.meets_target.low == found.meets_target.high
    assert found.meets_target.low == pytest.approx(expected, abs=4 * math.sqrt(0.09 / 40_000))
    assert found.shares[Source.DECLARED] == 1


def test_the_base_year_is_no_less_than_itself():
    made = [inventory(2007, [declared(2007, 500.0, 0.2)])]
    found = chances_of(simulate(made, shipped(), 100), 2007, {2007: ASKED[2007]}).of(2007)
    assert (found.reduction.low, found.reduction.high) == (0.0, 0.0)
    assert found.on_path == Chance(1.0, 1.0)
    assert found.meets_target == Chance(0.0, 0.0)


def gap(measured_kwh, low_kwh, high_kwh):
    return EnergyTotal(
        measured_kwh=measured_kwh, missing_low_kwh=low_kwh, missing_high_kwh=high_kwh
    )


def test_a_gap_makes_a_probability_a_range_and_is_no_saving():
    """100 t, then 80 t and up to 10 t unseen: 10 to 20 % less, so that 14 % is open."""
    before = [line(2007, OFFICES, POWER, 0.5, metered=gap(200e3, 0, 0))]
    after = [line(2020, OFFICES, POWER, 0.5, metered=gap(160e3, 0, 20e3))]
    found = of_two_years(before, after, assumed(), 100)
    assert (found.reduction.low, found.reduction.high) == pytest.approx((0.10, 0.20))
    assert found.meets_target == Chance(0.0, 1.0)
    assert found.shares == {**found.shares, Source.MISSING: 1.0}


def test_a_gap_in_the_base_year_opens_the_reduction_upwards():
    """80 t of 90 to 100 t: 11.1 to 20 % less."""
    before = [line(2007, OFFICES, POWER, 0.5, metered=gap(180e3, 0, 20e3))]
    after = [line(2020, OFFICES, POWER, 0.5, metered=gap(160e3, 0, 0))]
    found = of_two_years(before, after, assumed(), 100)
    assert (found.reduction.low, found.reduction.high) == pytest.approx((1 - 80 / 90, 0.20))


def test_an_unbounded_gap_leaves_the_reduction_open_below():
    gas = declared(2007, 500.0, 0.2), declared(2020, 300.0, 0.2)
    before = [line(2007, OFFICES, POWER, 0.5, metered=gap(200e3, 0, 0)), gas[0]]
    after = [line(2020, OFFICES, POWER, 0.5, metered=gap(160e3, 0, math.inf)), gas[1]]
    found = of_two_years(before, after, shipped(), 500)
    assert found.reduction.low == -math.inf
    assert 0 < found.reduction.high < 1
    assert found.meets_target.low == found.on_path.low == 0
    assert found.meets_target.high > 0.9
    found = of_two_years([replace_year(x, 2007) for x in after], [gas[1]], shipped(), 500)
    assert found.reduction.high == 1  # of an unbounded base year anything may be saved
    assert math.isfinite(found.reduction.low)


def replace_year(made, year):
    return replace(made, activity=replace(made.activity, year=year))


def test_per_head_the_inhabitants_count():
    """100 t of 50 heads, then 90 t of 60: 25 % less a head."""
    made = [
        inventory(2007, [declared(2007, 500.0, 0.2)]),
        inventory(2020, [declared(2020, 450.0, 0.2)]),
    ]
    asked = {2007: Asked(0.0, 0.2, 1 / 50), 2020: Asked(0.2, 0.2, 1 / 60)}
    found = chances_of(simulate(made, assumed(), 100), 2007, asked).of(2020)
    assert (found.reduction.low, found.reduction.high) == pytest.approx((0.25, 0.25))
    assert found.on_path == Chance(1.0, 1.0)


def test_a_year_to_come_takes_draws_of_the_last_one_and_what_changes():
    """The forecast is the last year times 0.9 +- 5 % (sd): the factor's error still cancels."""
    made = [
        inventory(2007, [declared(2007, 500.0, 0.2)]),
        inventory(2020, [declared(2020, 450.0, 0.2)]),
    ]
    drawn = simulate(made, assumed(factors={GAS: 0.5}), 20_000)
    change = np.random.default_rng(3).normal(0.9, 0.05, 20_000)
    future = drawn.totals[2020].least_t * change
    found = year_chances(2030, drawn.totals[2007], Spread(future, future), Asked(0.2, 0.2))
    assert found.reduction.low == pytest.approx(1 - 0.9 * (0.9 + 1.645 * 0.05), abs=0.003)
    z = (0.8 / 0.9 - 0.9) / 0.05  # P(0.9 x change <= 0.8)
    expected = (1 + math.erf(z / math.sqrt(2))) / 2
    assert found.meets_target.low == pytest.approx(expected, abs=0.015)
    assert found.shares == {}  # a forecast does not say which source it is off by


def test_a_year_without_draws_is_named():
    drawn = simulate([inventory(2020, [declared(2020, 500.0, 0.2)])], shipped(), 10)
    with pytest.raises(DataError, match="no draws for 2007, the base year"):
        chances_of(drawn, 2007, ASKED)
    drawn = simulate([inventory(2007, [declared(2007, 500.0, 0.2)])], shipped(), 10)
    with pytest.raises(DataError, match="no inventory for 2021"):
        chances_of(drawn, 2007, {2007: ASKED[2007]}).of(2021)


def test_of_nothing_anything_is_unboundedly_more():
    found = of_two_years([declared(2007, 0.0, 0.2)], [declared(2020, 100.0, 0.2)], shipped(), 100)
    assert (found.reduction.low, found.reduction.high) == (-math.inf, -math.inf)
    assert found.meets_target == Chance(0.0, 0.0)
    found = of_two_years([declared(2007, 0.0, 0.2)], [declared(2020, 0.0, 0.2)], shipped(), 100)
    assert (found.reduction.low, found.reduction.high) == (0.0, 0.0)
