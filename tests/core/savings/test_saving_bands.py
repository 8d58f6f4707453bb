"""Both bands of a saving: beside printed tables and worked out by hand."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from paes.baselines.fit_quality import FitQuality
from paes.savings.assumptions import Use, read_savings_assumptions
from paes.savings.bands import (
    EmpiricalBand,
    alike_buildings,
    least_pairs,
    normal_change,
    portfolio_half_kwh,
    shipped_band,
    statistical_half_kwh,
    student_t,
)
from paes.shipped_files import shipped_config

ASSUMED = read_savings_assumptions(shipped_config())


@pytest.mark.parametrize(
    ("level", "free", "printed"),
    [
        (0.90, 20, 1.725),
        (0.90, 30, 1.697),
        (0.90, 120, 1.658),
        (0.95, 30, 2.042),
        (0.99, 60, 2.660),
    ],
)
def test_students_t_is_that_of_printed_tables(level: float, free: float, printed: float) -> None:
    """Two-sided, e.g. NIST/SEMATECH e-Handbook 1.3.6.7.2."""
    assert student_t(level, free) == pytest.approx(printed, abs=0.001)


def test_the_statistical_band_is_that_of_guideline_14() -> None:
    """365 days, r = 0.5: n' = 121.67; t(90 %, 119.67) = 1.6578; CV 15 %, 365 days reported.

    sqrt(3 * (1 + 2 / 121.67) / 365) = 0.091401; 1.6578 * 1.26 * 0.15 * 0.091401 = 0.028639.
    """
    fit = FitQuality(365, 2, 100.0, 0.15, 0.0, 0.5)
    assert statistical_half_kwh(fit, 1000.0, 365, 0.9) == pytest.approx(28.64, abs=0.02)


def test_days_that_are_like_their_neighbours_say_less() -> None:
    alone, alike = (FitQuality(365, 2, 100.0, 0.15, 0.0, r) for r in (0.0, 0.8))
    halves = [statistical_half_kwh(fit, 1000.0, 365, 0.9) for fit in (alone, alike)]
    assert halves[1] > 2.9 * halves[0]  # sqrt((1 + 0.8) / (1 - 0.8)) = 3


def test_a_model_without_free_days_knows_nothing() -> None:
    fit = FitQuality(180, 6, 100.0, 0.15, 0.0, 0.99)  # 0.9 independent days
    assert statistical_half_kwh(fit, 1000.0, 365, 0.9) == math.inf


def test_the_empirical_band_is_the_kth_smallest_change() -> None:
    """19 changes: k = ceil(20 * 0.9) = 18, whatever their signs and order."""
    changes = np.array([(-1) ** n * n / 100 for n in range(1, 20)])
    assert normal_change(np.random.default_rng(1).permutation(changes), 0.9) == pytest.approx(0.18)


def test_nine_pairs_are_the_fewest_for_nine_of_ten() -> None:
    """ceil((9 + 1) * 0.9) = 9: the largest of nine; of eight it would be the ninth."""
    assert least_pairs(0.9) == 9
    assert normal_change(np.arange(1, 10) / 100, 0.9) == pytest.approx(0.09)


def test_one_large_building_and_many_small_ones_are_not_many() -> None:
    assert alike_buildings([100.0] * 5) == pytest.approx(5)
    assert alike_buildings([1000.0, 1.0, 1.0, 1.0]) == pytest.approx(1.006, abs=0.001)
    assert alike_buildings([]) == 1


def test_shipped_bands_are_those_of_943_real_pairs() -> None:
    """20 % and 27 % of one building; 7 % of 20 buildings for electricity, about 13 % for gas."""
    assert shipped_band(Use.ELECTRICITY, ASSUMED).fraction == 0.20
    assert shipped_band(Use.HEATING, ASSUMED).fraction == 0.27
    twenty = [50.0] * 20
    electricity = portfolio_half_kwh(shipped_band(Use.ELECTRICITY, ASSUMED), twenty, ASSUMED)
    heating = portfolio_half_kwh(shipped_band(Use.HEATING, ASSUMED), twenty, ASSUMED)
    assert electricity == pytest.approx(0.07 * 1000)
    assert heating == pytest.approx(0.13 * 1000, rel=0.01)


def test_a_band_shrinks_from_building_to_building_and_never_grows() -> None:
    band = EmpiricalBand(Use.ELECTRICITY, 0.2, "shipped")
    halves = [portfolio_half_kwh(band, [1.0] * n, ASSUMED) / n for n in range(1, 61)]
    assert halves[0] == pytest.approx(0.2)
    assert all(b <= a + 1e-12 for a, b in pairwise(halves))
    assert halves[-1] == pytest.approx(0.05)  # beyond 40 buildings it stays
