"""Years without works: how large a "saving" is that is none, on real buildings and made ones."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import pytest
from measured_buildings import measured_buildings

from paes.baselines.days import Days, days_of
from paes.opening import Opening
from paes.savings.assumptions import Use, read_savings_assumptions
from paes.savings.null_savings import (
    BuildingYears,
    NormalChanges,
    NullSaving,
    coverage,
    null_savings,
    scale_break,
)
from paes.savings.periods import DaySpan
from paes.series import Floats
from paes.shipped_files import shipped_config

ASSUMED = read_savings_assumptions(shipped_config())
FIRST = date(2023, 1, 1)


@lru_cache(maxsize=1)
def real() -> tuple[NullSaving, ...]:
    """Eight buildings, 2016 to 2018, with no known measure (``tests/data/estates``)."""
    days, energy = measured_buildings()
    use = {"electricity": Use.ELECTRICITY, "gas": Use.HEATING}
    years = [BuildingYears(m, use[m.split("_")[0]], days, kwh) for m, kwh in energy.items()]
    return tuple(null for of in years for null in null_savings(of, ASSUMED))


def test_gas_in_another_unit_is_unknown() -> None:
    """Of b0 it falls to a thirtieth on 19 January 2018, of b8 never."""
    days, energy = measured_buildings()
    turn = (date(2018, 1, 19) - days.first).days
    assert np.isnan(energy["gas_b0"][turn:]).all()
    assert not np.isnan(energy["gas_b0"][turn - 1])
    assert not np.isnan(energy["gas_b8"][turn:]).all()


@pytest.mark.parametrize(("use", "pairs"), [(Use.ELECTRICITY, 40), (Use.HEATING, 15)])
def test_the_90_percent_band_of_other_buildings_holds_85_of_100_real_years(
    use: Use, pairs: int
) -> None:
    """The issue's bar: leave one building out, read the band off the others."""
    of = [n for n in real() if n.use is use]
    assert len(of) >= pairs
    assert all(NormalChanges(of, ASSUMED).band(n.use, {n.building}).came_from == "town" for n in of)
    assert coverage(real(), ASSUMED, use) >= 0.85


def test_real_years_change_by_some_percent_without_any_measure() -> None:
    """943 pairs have a median of 5.3 % (electricity) and 5.9 % (gas); these are of that size."""
    for use in (Use.ELECTRICITY, Use.HEATING):
        sizes = [abs(n.fraction) for n in real() if n.use is use]
        assert 0.03 < float(np.median(sizes)) < 0.13


def made(years: float, change: float = 0.0) -> tuple[Days, Floats]:
    """A building of 100 kWh a day and 20 a degree below 15, that changes after a year."""
    count = int(365 * years)
    dice = np.random.default_rng(5)
    course = 16 - 8 * np.cos(2 * np.pi * np.arange(count) / 365)
    degc = course + dice.normal(0, 2, count)
    days = days_of(FIRST, degc, Opening(weekdays=(0, 1, 2, 3, 4, 5, 6), holidays="none"))
    energy = 100 + 20 * np.maximum(15 - degc, 0) + dice.normal(0, 5, count)
    energy[365:] *= 1 - change
    return days, energy


def test_a_planted_change_is_found_to_a_hundredth() -> None:
    days, energy = made(2, change=0.2)
    (null,) = null_savings(BuildingYears("x", Use.HEATING, days, energy), ASSUMED)
    assert null.fraction == pytest.approx(0.2, abs=0.01)


def test_years_with_works_are_no_years_without() -> None:
    days, energy = made(4)
    works = DaySpan(FIRST + timedelta(days=600), FIRST + timedelta(days=620))
    free = list(null_savings(BuildingYears("x", Use.HEATING, days, energy), ASSUMED))
    kept = list(null_savings(BuildingYears("x", Use.HEATING, days, energy, (works,)), ASSUMED))
    assert len(free) == 9  # (4 * 365 - 730) / 91 = 8.02, and the first
    assert [n.first for n in kept] == [FIRST + timedelta(days=91 * n) for n in (7, 8)]


def test_years_with_too_many_gaps_are_left_out() -> None:
    days, energy = made(2)
    energy[:38] = np.nan  # 327 of 328 days
    assert not list(null_savings(BuildingYears("x", Use.HEATING, days, energy), ASSUMED))


@pytest.mark.parametrize("times", [0.1, 10.0])
def test_a_meter_that_changes_its_unit_is_no_change_of_use(times: float) -> None:
    days, energy = made(2)
    energy[500:] *= times
    assert not list(null_savings(BuildingYears("x", Use.HEATING, days, energy), ASSUMED))


def test_a_boiler_that_rests_in_summer_breaks_no_scale() -> None:
    expected = np.concatenate([np.full(60, 100.0), np.full(60, 4.0)])
    used = np.concatenate([np.full(60, 90.0), np.zeros(60)])
    assert not scale_break(used, expected, date(2025, 3, 2), ASSUMED)
    assert scale_break(np.zeros(120), expected, date(2025, 3, 2), ASSUMED)


def some(buildings: int, each: int, size: float = 0.05) -> list[NullSaving]:
    return [
        NullSaving(f"b{b}", Use.ELECTRICITY, FIRST, size, 0.1)
        for b in range(buildings)
        for _ in range(each)
    ]


@pytest.mark.parametrize(
    ("buildings", "each", "came_from", "fraction"),
    [(5, 2, "town", 0.05), (5, 1, "shipped", 0.2), (4, 20, "shipped", 0.2), (9, 1, "shipped", 0.2)],
)
def test_the_towns_own_years_take_over_with_ten_pairs_of_five_buildings(
    buildings: int, each: int, came_from: str, fraction: float
) -> None:
    band = NormalChanges(some(buildings, each), ASSUMED).band(Use.ELECTRICITY)
    assert (band.came_from, band.fraction) == (came_from, fraction)


def test_a_building_is_not_judged_by_its_own_years() -> None:
    changes = NormalChanges([*some(6, 2), NullSaving("odd", Use.ELECTRICITY, FIRST, 0.9, 0.1)],
                            ASSUMED)  # fmt: skip
    assert changes.band(Use.ELECTRICITY, {"odd"}).fraction == 0.05
    assert changes.band(Use.ELECTRICITY, {"odd"}).pairs == 12
