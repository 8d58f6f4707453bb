"""Amounts shared among bands: sums are kept, and bounds of money use them. All by hand."""

import math

import numpy as np
import pytest

from paes.accounting.energy_table import EnergyTable
from paes.costs.runs import Runs
from paes.costs.split import split

HOUR = 3600
DAY = np.array([0, 10 * HOUR], np.int64)
RUNS = Runs(np.array([0, 4 * HOUR, 7 * HOUR, 10 * HOUR], np.int64), np.array([0, 1, 0]))
"""Kind 0 for four hours, kind 1 for three, kind 0 again; kind 2 is the one without a price."""
PRICE = np.array([0.10, 0.30, 0.0])


def table(n: int, **columns: list[float]) -> EnergyTable:
    """A table with these columns, in EnergyTable's own order, and zeros."""
    zero = [0.0] * n
    names = (
        "measured", "catch_up", "estimated", "estimated_low", "estimated_high",
        "missing_low", "missing_high", "covered_s", "span_s",
    )  # fmt: skip
    return EnergyTable(*(np.array(columns.get(name, zero), np.float64) for name in names))


def shared(runs: EnergyTable, whole: EnergyTable):
    return split(runs, RUNS, whole, DAY, 3)


def test_measured_runs_are_added_up_by_kind():
    found = shared(table(3, measured=[4.0, 3.0, 2.0]), table(1, measured=[9.0]))
    assert found.measured.tolist() == [[6.0, 3.0, 0.0]]
    assert found.least(PRICE) == found.most(PRICE) == pytest.approx([1.50])


def test_a_known_amount_of_unknown_course_is_shared_and_bounded():
    # 12 kWh passed somewhere in the last six hours, at most 10 kWh in three of them.
    runs = table(
        3, measured=[5.0, 0.0, 0.0], estimated=[0.0, 7.0, 5.0], estimated_low=[0.0, 2.0, 2.0],
        estimated_high=[0.0, 10.0, 10.0], covered_s=[4 * HOUR, 0, 0],
    )  # fmt: skip
    found = shared(runs, table(1, measured=[17.0], catch_up=[12.0]))
    assert found.measured.tolist() == [[5.0, 0.0, 0.0]]
    assert found.estimated.tolist() == [[5.0, 7.0, 0.0]]
    assert found.low.tolist() == [[7.0, 2.0, 0.0]]
    assert found.high.tolist() == [[15.0, 10.0, 0.0]]
    assert found.least(PRICE) == pytest.approx([0.10 * (5 + 10) + 0.30 * 2])
    assert found.most(PRICE) == pytest.approx([0.10 * (5 + 2) + 0.30 * 10])


def test_bounds_of_one_kind_follow_from_the_sum_and_the_other():
    # Runs alone say 0 to 20 each; together they are 12, and kind 1 has 3 at least.
    runs = table(3, estimated=[6.0, 6.0, 0.0], estimated_low=[0.0, 3.0, 0.0],
                 estimated_high=[20.0, 20.0, 0.0])  # fmt: skip
    found = shared(runs, table(1, measured=[12.0], catch_up=[12.0]))
    assert found.high.tolist() == [[9.0, 12.0, 0.0]]
    assert found.least(PRICE) == pytest.approx([0.10 * 9 + 0.30 * 3])
    assert found.most(PRICE) == pytest.approx([0.30 * 12])


def test_an_amount_that_no_run_estimates_goes_by_uncovered_time():
    runs = table(
        3, missing_high=[0.0, 9.0, 9.0], covered_s=[4 * HOUR, 0, 2 * HOUR],
        span_s=[4 * HOUR, 3 * HOUR, 3 * HOUR],
    )  # fmt: skip
    found = shared(runs, table(1, measured=[8.0], catch_up=[8.0]))
    assert found.estimated.tolist() == [[2.0, 6.0, 0.0]]


def test_what_nothing_bounds_costs_without_end():
    runs = table(3, measured=[1.0, 0.0, 0.0], missing_high=[0.0, math.inf, math.inf])
    found = shared(runs, table(1, measured=[1.0], missing_high=[math.inf]))
    assert found.least(PRICE) == pytest.approx([0.10])
    assert found.most(PRICE) == [math.inf]
    assert found.missing(PRICE)[1] == [math.inf]
    assert found.low.tolist() == [[1.0, 0.0, 0.0]]
    assert found.high.tolist() == [[math.inf, math.inf, 0.0]]


def test_a_kind_without_a_price_adds_nothing_even_without_end():
    runs = table(3, measured=[1.0, 0.0, 0.0], missing_high=[math.inf, 0.0, 0.0])
    found = shared(runs, table(1, measured=[1.0], missing_high=[math.inf]))
    assert found.most(np.array([0.0, 0.30, 0.0])) == [0.0]
