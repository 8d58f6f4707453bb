"""The decomposition against printed figures of another program, its limits, and its identities.

The worked example and the table of zeros are those of the R package LMDIR (M. Heun, MIT licence,
github.com/MatthewHeun/LMDIR, tests/testthat/test_lmdi.R), which follows B. W. Ang, The LMDI
approach to decomposition analysis: a practical guide, Energy Policy 33 (2005) 867-871. Its zeros
are those of table 2 of Ang, Zhang and Choi, Energy 23 (1998) 489-495, by the analytical limits of
Wood and Lenzen, Energy Policy 34 (2006) 1326-1331.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paes.causes.lmdi import contributions, log_mean
from paes.errors import DataError

# Two cells of three factors in four years: 1971 is 1 x 10 x 2 and 4 x 5 x 3.
YEARS = [
    np.array([[1.0, 10.0, 2.0], [4.0, 5.0, 3.0]]).T,
    np.array([[4.0, 5.0, 3.0], [5.0, 6.0, 4.0]]).T,
    np.array([[8.0, 2.0, 4.0], [5.0, 7.0, 5.0]]).T,
    np.array([[10.0, 1.0, 5.0], [6.0, 8.0, 6.0]]).T,
]
PRINTED = [
    [[50.47438029, -25.23719014, 14.76280986], [19.31568569, 15.78206435, 24.90224996]],
    [[42.96021467, -56.79031473, 17.83010006], [0.0, 22.47128816, 32.52871184]],
    [[12.6549815, -39.30996299, 12.6549815], [41.35566084, 30.28867832, 41.35566084]],
]
PRINTED_SUMS = [
    [69.79006598, -9.455125793, 39.66505981],
    [42.96021467, -34.31902656, 50.3588119],
    [54.01064234, -9.021284671, 54.01064234],
]
FIGURE = st.one_of(st.just(0.0), st.floats(1e-9, 1e9), st.floats(0.5, 2.0))


@pytest.mark.parametrize("step", range(3))
def test_a_published_worked_example_comes_out(step):
    made = contributions(YEARS[step], YEARS[step + 1])
    np.testing.assert_allclose(made.T, PRINTED[step], atol=1e-8)
    assert made.sum(axis=1) == pytest.approx(PRINTED_SUMS[step], abs=1e-7)


def test_a_zero_takes_the_whole_change_of_its_cell():
    start, end = YEARS[0].copy(), YEARS[1].copy()
    start[0, 0] = 0.0
    assert contributions(start, end)[:, 0].tolist() == [60.0, 0.0, 0.0]
    start, end = YEARS[0].copy(), YEARS[1].copy()
    end[2, 1] = 0.0
    assert contributions(start, end)[:, 1].tolist() == [0.0, 0.0, -60.0]
    assert contributions(start, end)[:, 0] == pytest.approx(PRINTED[0][0], abs=1e-8)


def test_the_rule_for_zeros_is_where_small_values_lead():
    """Cell 1 goes from s x 10 x 2 to 4 x 5 x 3 = 60: the share of the first factor is
    ln(4 / s) / ln(60 / (20 s)) of all but everything; with s = 1e-300 that is 1.00042."""
    end = YEARS[1]
    for small, share in ((1e-30, 1.00410), (1e-300, 1.00042)):
        start = YEARS[0].copy()
        start[0, 0] = small
        assert contributions(start, end)[0, 0] / 60.0 == pytest.approx(share, abs=1e-5)


def test_zeros_of_one_year_share_alike_and_stay_zero_in_both():
    start = np.array([[0.0, 0.0], [0.0, 3.0], [2.0, 5.0]])
    end = np.array([[4.0, 0.0], [5.0, 6.0], [3.0, 7.0]])
    assert contributions(start, end)[:, 0].tolist() == [30.0, 30.0, 0.0]
    assert contributions(start, end)[:, 1].tolist() == [0.0, 0.0, 0.0]


def test_log_mean_at_its_limits():
    assert log_mean(0.0, 7.0) == 0.0
    assert log_mean(7.0, 7.0) == 7.0
    assert log_mean(1.0, math.e) == pytest.approx(math.e - 1)  # (e - 1) / (1 - 0)
    with pytest.raises(DataError, match="not negative"):
        log_mean(-1.0, 2.0)


@given(st.floats(1e-12, 1e12), st.floats(-1e-3, 1e-3))
def test_log_mean_is_exact_where_both_are_almost_alike(a, distance):
    """L(a, a(1 + d)) = a (1 + d/2 - d^2/12 + d^3/24 - 19 d^4/720 + …), by hand from the series."""
    b = a * (1 + distance)
    d = (b - a) / a
    series = a * (1 + d / 2 - d**2 / 12 + d**3 / 24 - 19 * d**4 / 720)
    assert float(log_mean(a, b)) == pytest.approx(series, rel=1e-12)


@given(st.floats(1e-12, 1e12), st.floats(1e-12, 1e12))
def test_log_mean_lies_between_geometric_and_arithmetic_mean(a, b):
    mean = float(log_mean(a, b))
    assert mean == float(log_mean(b, a))
    assert math.sqrt(a) * math.sqrt(b) * (1 - 1e-12) <= mean <= (a + b) / 2 * (1 + 1e-12)


@st.composite
def two_years(draw):
    factors, cells = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    size = factors * cells
    drawn = draw(st.lists(FIGURE, min_size=2 * size, max_size=2 * size))
    both = np.array(drawn).reshape(2, factors, cells)
    return both[0], both[1]


@settings(max_examples=300)
@given(two_years())
def test_parts_sum_to_the_change_and_back_again(years):
    before, after = years
    products = before.prod(axis=0), after.prod(axis=0)
    parts = contributions(before, after)
    total = math.fsum(products[1]) - math.fsum(products[0])
    largest = max(1.0, float(np.abs(parts).max()), float(np.abs(products).max()))
    assert math.fsum(parts.ravel()) == pytest.approx(total, abs=1e-12 * largest)
    assert contributions(after, before) == pytest.approx(-parts, abs=1e-12 * largest)


@settings(max_examples=200)
@given(st.lists(st.tuples(*[st.floats(1e-3, 3e4)] * 2, *[st.floats(0.01, 3)] * 8), min_size=1,
                max_size=40))  # fmt: skip
def test_thousands_of_tonnes_add_up_to_the_gram(cells):
    """Cells of a town: MWh, and four more factors, in two years."""
    table = np.array(cells).T
    before, after = table[[0, 2, 3, 4, 5]], table[[1, 6, 7, 8, 9]]
    total = math.fsum(after.prod(axis=0)) - math.fsum(before.prod(axis=0))
    assert math.fsum(contributions(before, after).ravel()) == pytest.approx(total, abs=1e-6)


def test_figures_that_do_not_belong_together_are_refused():
    with pytest.raises(DataError, match="differ"):
        contributions(np.ones((2, 3)), np.ones((3, 3)))
    with pytest.raises(DataError, match="without any factor"):
        contributions(np.ones((0, 3)), np.ones((0, 3)))
