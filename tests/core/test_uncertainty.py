"""Draws against closed forms: variances of products and sums, and what cancels between years.

A half-width h of a 95 % interval is a standard deviation of h / 1.95996: of the logarithm of what
was declared (``joint`` has its variance), and of meters and factors themselves. The sample
variance of n normal draws has a relative standard error of sqrt(2 / n): 0.7 % of 40,000; four times
that is allowed.
"""

import math
from dataclasses import replace

import numpy as np
import pytest
from uncertain_town import (
    CARS,
    DIESEL,
    GAS,
    HOMES,
    OFFICES,
    POWER,
    assumed,
    declared,
    inventory,
    line,
    meter,
    row,
    shipped,
)

from paes.accounting.energy_total import EnergyTotal
from paes.activity.declared_row import Notation
from paes.errors import DataError
from paes.factors.emission_factors import How
from paes.inventory.notation import NotedCell
from paes.inventory.other_emissions import OtherEmissions, OtherRow
from paes.metering import Sector
from paes.meters import FieldMeter
from paes.uncertainty.assumptions import Source
from paes.uncertainty.largest_errors import largest_errors
from paes.uncertainty.simulation import simulate

N = 40_000
WITHIN = 4 * math.sqrt(2 / N)
SD = 1 / 1.95996  # of a half-width of 1


def joint(one, other, correlation=1.0):
    """The covariance of two lognormal figures of median 1 with such half-widths.

    exp((a2 + b2) / 2) (exp(r a b) - 1); of one with itself its variance.
    """
    a, b = one * SD, other * SD
    return math.exp((a**2 + b**2) / 2) * math.expm1(correlation * a * b)


def variance(draws, year=2020):
    return float(np.var(draws.totals[year].least_t))


def test_energy_times_factor_has_the_variance_of_a_product():
    """Var(E F) = E2 F2 (e2 + f2 + e2 f2): 1,000 MWh of a meter with a standard uncertainty of 5 %,
    0.2 t/MWh within 6 %."""
    metered = line(2020, OFFICES, POWER, 0.2, metered=EnergyTotal(measured_kwh=1e6))
    cell = {(OFFICES, POWER): {meter(1, accuracy_fraction=0.05 * math.sqrt(3)): 1000.0}}
    drawn = simulate([inventory(2020, [metered], cell)], assumed(factors={POWER: 0.06}), N)
    e, f = 0.05, 0.06 * SD
    expected = 200.0**2 * (e**2 + f**2 + e**2 * f**2)
    assert variance(drawn) == pytest.approx(expected, rel=WITHIN)


def test_declared_energy_times_factor_has_the_variance_of_a_product():
    """E of median 1,000 MWh within 10 %, F 0.2 t/MWh within 6 %: E[E2] E[F2] - (E[E] E[F])2."""
    made = inventory(2020, [declared(2020, 1000.0, 0.2, uncertainty_fraction=0.1)])
    drawn = simulate([made], assumed(factors={GAS: 0.06}), N)
    e, f = 0.1 * SD, 0.06 * SD
    expected = 200.0**2 * (math.exp(2 * e**2) * (1 + f**2) - math.exp(e**2))
    assert variance(drawn) == pytest.approx(expected, rel=WITHIN)
    middle = 200.0 * math.exp(e**2 / 2)
    assert np.mean(drawn.totals[2020].least_t) == pytest.approx(
        middle, abs=4 * math.sqrt(expected / N)
    )
    shares = drawn.totals[2020].shares
    assert shares[Source.DECLARED] == pytest.approx(100 / 136, abs=0.02)  # 10 x 10 of 136
    assert shares[Source.FACTOR] == pytest.approx(36 / 136, abs=0.02)
    cell = drawn.cells[2020, HOMES, GAS]
    assert np.array_equal(cell.least_t, drawn.totals[2020].least_t)
    ninety = cell.interval(0.90)
    assert ninety.high - ninety.low == pytest.approx(2 * 1.645 * math.sqrt(expected), rel=0.03)


def test_independent_cells_add_up_in_squares():
    """Four series of 100 t within 20 %: the variance is four times that of one, not 16 times."""
    sectors = [HOMES, OFFICES, Sector.INDUSTRY, Sector.TERTIARY_BUILDINGS]
    made = inventory(2020, [declared(2020, 500.0, 0.2, sector) for sector in sectors])
    drawn = simulate([made], assumed(declared=(0.2, 0.0, 0.0)), N)
    assert variance(drawn) == pytest.approx(4 * 100**2 * joint(0.2, 0.2), rel=WITHIN)


def test_one_factor_is_one_error_however_many_sectors_use_it():
    """Four sectors of 100 t with one factor within 6 %: 6 % of 400 t, not 6 % / sqrt(4)."""
    sectors = [HOMES, OFFICES, Sector.INDUSTRY, Sector.TERTIARY_BUILDINGS]
    made = inventory(2020, [declared(2020, 500.0, 0.2, sector) for sector in sectors])
    drawn = simulate([made], assumed(factors={GAS: 0.06}), N)
    assert variance(drawn) == pytest.approx((400 * 0.06 * SD) ** 2, rel=WITHIN)
    relative = [drawn.cells[2020, s, GAS].least_t / 100 for s in sectors]
    assert all(np.allclose(one, relative[0], rtol=1e-12) for one in relative)


def test_many_meters_under_one_factor_have_the_error_of_the_factor():
    """100 meters within 2 %: 0.02/sqrt(3)/sqrt(100) = 0.12 %; the factor's 5 % stays 5 %."""
    meters = {meter(n): 10.0 for n in range(100)}
    cell = {(OFFICES, POWER): meters}
    metered = line(2020, OFFICES, POWER, 0.3, metered=EnergyTotal(measured_kwh=1e6))
    made = inventory(2020, [metered], cell)
    alone = simulate([made], assumed(meters=0.02), N)
    limit = 0.02 / math.sqrt(3) / math.sqrt(100)
    assert variance(alone) == pytest.approx((300.0 * limit) ** 2, rel=WITHIN)
    both = simulate([made], assumed(meters=0.02, factors={POWER: 0.05}), N)
    assert variance(both) == pytest.approx(300.0**2 * (limit**2 + (0.05 * SD) ** 2), rel=WITHIN)


def test_a_meter_errs_alike_in_all_years_and_cells():
    """One meter shared by two sectors, in two years: the relative error is one and the same."""
    shared = meter(1)
    lines, made = {}, []
    for year in (2019, 2020):
        lines[year] = [
            line(year, sector, POWER, 0.3, metered=EnergyTotal(measured_kwh=kwh))
            for sector, kwh in ((OFFICES, 6e5), (Sector.PUBLIC_LIGHTING, 4e5))
        ]
        cells = {(OFFICES, POWER): {shared: 600.0}, (Sector.PUBLIC_LIGHTING, POWER): {shared: 400}}
        made.append(inventory(year, lines[year], cells))
    drawn = simulate(made, assumed(meters=0.02), 1000)
    relative = [spread.least_t / np.mean(spread.least_t) for spread in drawn.cells.values()]
    assert len(relative) == 4
    assert all(np.allclose(one, relative[0], atol=1e-4) for one in relative)
    assert np.std(relative[0]) > 0.01


def test_meters_that_do_not_make_up_the_sum_are_one_error():
    """600 MWh of known meters where 1,000 were measured: 2 % / sqrt(3) of all, not of a part."""
    metered = line(2020, OFFICES, POWER, 0.3, metered=EnergyTotal(measured_kwh=1e6))
    made = inventory(2020, [metered], {(OFFICES, POWER): {meter(1): 300.0, meter(2): 300.0}})
    drawn = simulate([made], assumed(meters=0.02), N)
    assert variance(drawn) == pytest.approx((300 * 0.02) ** 2 / 3, rel=WITHIN)


def test_transformers_add_to_a_meter_and_its_own_accuracy_goes_before_the_usual():
    known = shipped()
    assert known.meter_limit(meter(1), POWER) == 0.02
    assert known.meter_limit(meter(1, accuracy_fraction=0.005), POWER) == 0.005
    assert known.meter_limit(None, GAS) == 0.015
    behind = FieldMeter(id="hall.m2", carrier=POWER, device="d", gateway="g", ct_ratio=20)
    assert known.meter_limit(behind, POWER) == pytest.approx(math.sqrt(0.02**2 + 0.005**2))


def test_two_years_of_one_series_err_together_as_far_as_assumed():
    """Var(E2 - E1) = 2 (Var - Cov), here with r = 0.7 and 100 t within 20 % each."""
    made = [inventory(y, [declared(y, 500.0, 0.2)]) for y in (2019, 2020)]
    drawn = simulate(made, assumed(declared=(0.2, 0.7, 0.0)), N)
    change = drawn.totals[2020].least_t - drawn.totals[2019].least_t
    expected = 2 * 100**2 * (joint(0.2, 0.2) - joint(0.2, 0.2, 0.7))
    assert np.var(change) == pytest.approx(expected, rel=WITHIN)
    assert variance(drawn) == pytest.approx(100**2 * joint(0.2, 0.2), rel=WITHIN)


def test_two_carriers_of_a_modelled_sector_err_together_as_far_as_assumed():
    """Var(A + B) = 2 (Var + Cov) with r = 0.5."""
    lines = [declared(2020, 500.0, 0.2, CARS, carrier) for carrier in (GAS, DIESEL)]
    drawn = simulate([inventory(2020, lines)], assumed(declared=(0.2, 0.8, 0.5)), N)
    expected = 2 * 100**2 * (joint(0.2, 0.2) + joint(0.2, 0.2, 0.5))
    assert variance(drawn) == pytest.approx(expected, rel=WITHIN)


def test_a_figure_that_stands_in_for_nine_years_walks_three_steps_away():
    """The error itself is shared: E2 / E1 is the walk alone, 3 % x sqrt(9)."""
    old = row(2011, HOMES, GAS, 500.0)
    made = [
        inventory(2011, [line(2011, HOMES, GAS, 0.2, [old])]),
        inventory(2020, [line(2020, HOMES, GAS, 0.2, [old])]),
    ]
    drawn = simulate(made, assumed(declared=(0.2, 0.0, 0.0), carried=0.03), N)
    change = np.log(drawn.totals[2020].least_t / drawn.totals[2011].least_t)
    assert np.var(change) == pytest.approx((0.09 * SD) ** 2, rel=WITHIN)


def test_electricity_factors_of_two_years_err_together_as_far_as_assumed():
    """Frozen, they are one factor and one error; else Var(F2 - F1) = 2 s2 (1 - 0.8)."""
    rules = assumed(factors={POWER: 0.05}, between_years=0.8)
    years = {2007: 2007, 2020: 2020}
    for used, part in ((years, 2 * (1 - 0.8)), (dict.fromkeys(years, 2007), 0.0)):
        made = [
            inventory(y, [
                line(y, HOMES, POWER, 0.5, [row(y, HOMES, POWER, 200.0)],
                     year_used=used[y], how=How.EXACT),
            ])
            for y in years
        ]  # fmt: skip
        drawn = simulate(made, rules, N)
        change = drawn.totals[2020].least_t - drawn.totals[2007].least_t
        assert np.var(change) == pytest.approx((5 * SD) ** 2 * part, rel=WITHIN, abs=1e-18)


def test_a_factor_that_stands_in_for_later_years_is_less_certain():
    """2020's factor in 2024: 5 % and a walk of 4 steps of 8 %, in squares."""
    made = inventory(2024, [
        line(2024, HOMES, POWER, 0.5, [row(2024, HOMES, POWER, 200.0)],
             year_used=2020, how=How.EARLIER),
    ])  # fmt: skip
    drawn = simulate([made], assumed(factors={POWER: 0.05}, stale=0.08), N)
    assert variance(drawn, 2024) == pytest.approx((5 * SD) ** 2 + 4 * (8 * SD) ** 2, rel=WITHIN)


def test_a_lopsided_range_keeps_its_ends_and_its_middle():
    """IPCC 2006 vol. 2 table 1.4, natural gas: 54.3 to 58.3 around 56.1 kg/GJ."""
    rules = assumed()
    rules = rules.model_copy(update={"factors": shipped().factors})
    made = inventory(2020, [declared(2020, 1000.0, 0.0561 * 3.6)])
    drawn = simulate([made], rules, N).totals[2020].least_t / 3.6
    assert np.quantile(drawn, [0.025, 0.5, 0.975]) == pytest.approx([54.3, 56.1, 58.3], abs=0.06)


def test_estimates_lie_within_their_own_band():
    """80 MWh between 60 and 120 in 95 of 100 cases; the factor is 1 t/MWh."""
    total = EnergyTotal(estimated_kwh=80e3, estimated_low_kwh=60e3, estimated_high_kwh=120e3)
    made = inventory(2020, [line(2020, OFFICES, POWER, 1.0, metered=total)])
    drawn = simulate([made], assumed(), N).totals[2020]
    assert np.quantile(drawn.least_t, [0.025, 0.5, 0.975]) == pytest.approx(
        [60.0, 80.0, 120.0], rel=0.015
    )
    assert drawn.shares[Source.ESTIMATE] == 1


def test_a_margin_widens_every_error():
    made = inventory(2020, [declared(2020, 500.0, 0.2)])
    plain = simulate([made], assumed(declared=(0.2, 0.0, 0.0)), 1000).totals[2020].least_t
    wider = simulate([made], assumed(declared=(0.2, 0.0, 0.0), margin=0.2), 1000).totals[2020]
    assert np.allclose(np.log(wider.least_t / 100), 1.2 * np.log(plain / 100))


def test_no_draw_is_below_zero_where_the_figure_is_not():
    total = EnergyTotal(estimated_kwh=80e3, estimated_low_kwh=0.0, estimated_high_kwh=100e3)
    made = inventory(2020, [line(2020, OFFICES, POWER, 1.0, metered=total)])
    drawn = simulate([made], assumed(), 10_000).totals[2020].least_t
    assert drawn.min() == 0
    assert np.mean(drawn == 0) == pytest.approx(0.025, abs=0.006)  # below its 95 % range
    made = inventory(2020, [declared(2020, 500.0, 0.2, uncertainty_fraction=2.0)])
    assert simulate([made], assumed(), 10_000).totals[2020].least_t.min() > 0


def test_waste_and_green_electricity_are_part_of_the_total():
    """100 t of waste within 50 %; what green electricity takes off errs as the factor does."""
    waste = OtherEmissions(2020, OtherRow.WASTE_MANAGEMENT, 100.0, 2020, "s")
    green = OtherEmissions(2020, OtherRow.GREEN_ELECTRICITY, -40.0, 2020, "s")
    power = declared(2020, 100.0, 1.0, HOMES, POWER)
    rules = assumed(factors={POWER: 0.05})
    drawn = simulate([inventory(2020, [power], other=[green])], rules, N)
    assert variance(drawn) == pytest.approx(((100 - 40) * 0.05 * SD) ** 2, rel=WITHIN)
    drawn = simulate([inventory(2020, [power], other=[waste])], assumed(), N)
    assert np.log(drawn.totals[2020].least_t - 100).std() == pytest.approx(0.5 * SD, rel=WITHIN)
    known = replace(waste, uncertainty_fraction=0.1)
    drawn = simulate([inventory(2020, [power], other=[known])], assumed(), N)
    assert variance(drawn) == pytest.approx(100**2 * joint(0.1, 0.1), rel=WITHIN)


def test_what_is_missing_stays_between_its_bounds_and_is_never_averaged():
    """100 MWh measured and 20 to 60 missing, at 0.5 t/MWh and no other error: 60 to 80 t."""
    total = EnergyTotal(measured_kwh=100e3, missing_low_kwh=20e3, missing_high_kwh=60e3)
    made = inventory(2020, [line(2020, OFFICES, POWER, 0.5, metered=total)])
    drawn = simulate([made], assumed(), 500)
    for spread in (drawn.totals[2020], drawn.cells[2020, OFFICES, POWER]):
        ninety = spread.interval()
        assert (ninety.low, ninety.high) == pytest.approx((60.0, 80.0))
        assert spread.missing_t == pytest.approx(20.0)
        assert spread.shares[Source.MISSING] == 1


def test_an_unbounded_gap_opens_the_interval_above_and_only_there():
    total = EnergyTotal(measured_kwh=100e3, missing_high_kwh=math.inf)
    power = line(2020, OFFICES, POWER, 0.5, metered=total)
    gas = declared(2020, 500.0, 0.2)
    drawn = simulate([inventory(2020, [power, gas])], shipped(), 500)
    whole = simulate(
        [inventory(2020, [replace_metered(power, EnergyTotal(measured_kwh=100e3)), gas])],
        shipped(), 500,
    )  # fmt: skip
    assert drawn.totals[2020].interval().high == math.inf
    assert drawn.totals[2020].interval().low == pytest.approx(whole.totals[2020].interval().low)
    assert drawn.cells[2020, OFFICES, POWER].interval().high == math.inf
    assert math.isfinite(drawn.cells[2020, HOMES, GAS].interval().high)
    assert drawn.totals[2020].shares[Source.MISSING] == 1


def test_an_unbounded_gap_of_what_emits_nothing_opens_nothing():
    total = EnergyTotal(measured_kwh=100e3, missing_high_kwh=math.inf)
    wood = line(2020, OFFICES, POWER, 0.0, metered=total)
    drawn = simulate([inventory(2020, [wood, declared(2020, 500.0, 0.2)])], shipped(), 500)
    assert math.isfinite(drawn.totals[2020].interval().high)
    assert np.all(drawn.cells[2020, OFFICES, POWER].most_t == 0)


def test_gaps_behind_a_local_factor_open_the_emissions():
    """100 MWh at 0.3 t/MWh, which lies between 0.25 and 0.4: 25 to 40 t."""
    local = line(
        2020, OFFICES, POWER, 0.3, [row(2020, OFFICES, POWER, 100.0)],
        how=How.LOCAL, numbers={"low_t_per_mwh": 0.25, "high_t_per_mwh": 0.4},
    )  # fmt: skip
    drawn = simulate([inventory(2020, [local])], assumed(other=0.0), 100).totals[2020]
    assert (drawn.interval().low, drawn.interval().high) == pytest.approx((25.0, 40.0))
    assert drawn.shares[Source.MISSING] == 1


def test_a_key_in_place_of_a_figure_opens_the_total_above():
    made = inventory(2020, [declared(2020, 500.0, 0.2)])
    left_out = NotedCell(
        2020, CARS, DIESEL, Notation.NOT_ESTIMATED, "no model yet", 2020, base_mwh=100.0
    )
    drawn = simulate([replace(made, noted=(left_out,))], shipped(), 100)
    assert drawn.totals[2020].interval().high == math.inf
    assert math.isfinite(drawn.totals[2020].interval().low)
    assert math.isfinite(drawn.cells[2020, HOMES, GAS].interval().high)


def replace_metered(made, total):
    return replace(made, activity=replace(made.activity, metered=total))


def several(years=(2007, 2013, 2020)):
    return [
        inventory(y, [declared(y, 500.0, 0.2), declared(y, 90.0, 0.4, OFFICES, POWER)])
        for y in years
    ]


def test_a_seed_repeats_its_draws_in_any_order_and_another_makes_others():
    made = several()
    first = simulate(made, shipped(), 1000, seed=7)
    again = simulate(reversed(made), shipped(), 1000, seed=7)
    other = simulate(made, shipped(), 1000, seed=8)
    assert first.years == (2007, 2013, 2020)
    for year in first.years:
        assert np.array_equal(first.totals[year].least_t, again.totals[year].least_t)
        assert not np.allclose(first.totals[year].least_t, other.totals[year].least_t)
    assert first.cells.keys() == again.cells.keys()
    alone = simulate([made[1]], shipped(), 1000, seed=7)
    assert np.allclose(alone.totals[2013].least_t, first.totals[2013].least_t)


def test_without_cells_the_totals_are_the_same():
    made = several()
    kept, totals = (simulate(made, shipped(), 500, cells=c) for c in (True, False))
    assert totals.cells == {}
    assert np.array_equal(kept.totals[2020].least_t, totals.totals[2020].least_t)


@pytest.mark.parametrize(
    ("made", "draws", "told"),
    [
        ([], 10, "no inventory"),
        (several((2020, 2020)), 10, "each year once; seen town 2020, town 2020"),
        (several(), 0, "0 draws; expected one or more"),
    ],
)
def test_what_cannot_be_drawn_together_is_refused(made, draws, told):
    with pytest.raises(DataError, match=told):
        simulate(made, shipped(), draws)


def test_what_to_know_better_is_told_by_its_size():
    """Declared 100 t within 20 % and 100 t within 10 %, both at one factor within 15 %.

    V(20 %) : V(10 %) : (2 x 15)2 is 400 : 100 : 900, but for the tails of lognormal figures.
    """
    lines = [
        declared(2020, 500.0, 0.2, uncertainty_fraction=0.2),
        declared(2020, 500.0, 0.2, OFFICES, uncertainty_fraction=0.1),
    ]
    drawn = simulate([inventory(2020, lines)], assumed(factors={GAS: 0.15}), N)
    first, second, third = largest_errors(drawn, 2020)
    assert (first.source, first.sector, first.carrier) == (Source.FACTOR, None, GAS)
    assert (second.source, second.sector) == (Source.DECLARED, HOMES)
    assert [e.share for e in (first, second, third)] == pytest.approx(
        [900 / 1400, 400 / 1400, 100 / 1400], abs=0.01
    )
    assert len(largest_errors(drawn, 2020, most=1)) == 1
