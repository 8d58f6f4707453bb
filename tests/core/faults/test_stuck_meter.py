"""Meters that stand still or repeat themselves, in hours made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from paes.faults.rules import stuck_meter
from tests.core.faults.meter_curves import at, curve, hours, shipped

P = shipped("stuck_meter")
STEP = 0.01


def building(days=60, seed=1) -> np.ndarray:
    """kWh an hour: 4 to 6 at night, more by day, never twice the same by design."""
    noise = np.random.default_rng(seed).random(24 * days)
    of_day = np.arange(24 * days) % 24
    return np.round(4 + 2 * noise + 10 * ((of_day >= 8) & (of_day < 18)), 2)


def find(amounts, step=STEP, kind="electricity", certain=None):
    of = curve(amounts)
    by_hour = kind in ("electricity", "other")
    every = np.ones(len(of) if by_hour else len(of.days), dtype=bool)
    return stuck_meter.find(of, step, kind, every if certain is None else certain, P)


def test_a_building_that_goes_on_is_not_stuck():
    assert find(building()) == []


def test_a_day_of_the_same_value_is_a_stuck_meter():
    amounts = building()
    amounts[24 * 40 : 24 * 42] = 7.31
    (stuck,) = find(amounts)
    assert (stuck.start, stuck.end, stuck.found) == (at(40), at(42), at(41))
    assert stuck.is_over
    assert stuck.numbers["unchanged_h"] == 48
    assert stuck.numbers["amount_per_h"] == 7.31
    amounts = building()
    amounts[24 * 40 : 24 * 40 + 23] = 7.31
    assert find(amounts) == []


def test_the_same_few_steps_of_a_coarse_register_say_nothing():
    """A sub-meter of 0.3 kW counts three steps of 0.1 kWh in every hour of a week."""
    assert find(np.full(24 * 60, 0.3), step=0.1) == []


def test_lamps_on_standby_draw_the_same_all_day():
    """64 W by day, and the amounts of two nights lost: 45 hours of standby in a row are known."""
    of_day = np.arange(24 * 60) % 24
    lit = (of_day >= 21) | (of_day < 6)
    noise = np.random.default_rng(2).random(24 * 60)
    amounts = np.where(lit, np.round(5 + noise, 3), 0.064)
    amounts[24 * 40 + 21 : 24 * 41 + 6] = np.nan
    amounts[24 * 41 + 21 : 24 * 42 + 6] = np.nan
    amounts[24 * 42 + 20] = 0.065
    assert find(amounts, step=0.001) == []
    amounts[24 * 50 : 24 * 55] = 0.064
    (stuck,) = find(amounts, step=0.001)
    # From 6 on day 49 on it is the same; 15 h are usual, so 45 are asked for.
    assert (stuck.start, stuck.found) == (at(50), at(51, 21))


def test_a_gap_ends_no_repetition_and_makes_none():
    amounts = building()
    amounts[24 * 40 : 24 * 43] = 7.31
    amounts[24 * 41 + 10 : 24 * 42] = np.nan
    (stuck,) = find(amounts)
    assert (stuck.start, stuck.end, stuck.numbers["unchanged_h"]) == (at(40), at(43), 58)
    amounts[24 * 40 + 20 : 24 * 42 + 4] = np.nan
    assert find(amounts) == []


def test_six_hours_without_any_where_there_always_was_some():
    amounts = building()
    amounts[24 * 40 + 9 : 24 * 40 + 15] = 0
    (stuck,) = find(amounts)
    assert (stuck.start, stuck.end) == (at(40, 9), at(40, 15))
    assert stuck.numbers["expected_per_h"] > 4  # the least of the building by night
    amounts[24 * 40 + 14] = 5
    assert find(amounts) == []


def test_it_lasts_until_the_register_moves_and_unknown_hours_do_not_end_it():
    amounts = building()
    amounts[24 * 58 :] = 0
    assert not find(amounts)[0].is_over
    amounts[24 * 59 :] = np.nan
    (stuck,) = find(amounts)
    assert (stuck.is_over, stuck.end) == (False, at(59))


def test_a_building_with_hours_of_nothing_is_not_stuck_in_them():
    amounts = building()
    amounts[np.arange(len(amounts)) % 24 >= 18] = 0
    amounts[24 * 40 : 24 * 41] = 0
    assert find(amounts) == []


def test_what_happens_every_week_is_a_habit_from_the_third_time_on():
    amounts = building(days=90)
    for day in range(20, 90, 7):
        amounts[24 * day + 1 : 24 * day + 8] = 0
    assert [one.start for one in find(amounts)] == [at(20, 1), at(27, 1)]


def test_a_register_whose_steps_are_coarse_beside_the_use_may_rest():
    """0.02 kWh an hour by steps of 0.1: five hours of nothing, and one step."""
    amounts = np.where(np.arange(24 * 60) % 5 == 0, 0.1, 0.0)
    amounts[24 * 40 : 24 * 40 + 12] = 0
    assert find(amounts, step=0.1) == []


def test_behind_a_plant_only_the_night_is_certain():
    amounts = building()
    of_day = np.arange(len(amounts)) % 24
    amounts[24 * 40 :][(of_day[24 * 40 :] >= 8) & (of_day[24 * 40 :] < 18)] = 0  # a sunny spring
    night = (of_day >= 21) | (of_day < 5)
    assert len(find(amounts)) > 0
    assert find(amounts, certain=night) == []
    amounts[24 * 45 + 21 : 24 * 46 + 5] = 0
    (stuck,) = find(amounts, certain=night)
    assert stuck.start == at(45, 21)


def heated(days=60) -> np.ndarray:
    """kWh an hour of gas, in steps of 1.1 kWh: only from 6 to 18."""
    of_day = np.arange(24 * days) % 24
    day = np.arange(24 * days) // 24
    return np.where((of_day >= 6) & (of_day < 18), 11.0 + 1.1 * (day % 7), 0.0)


def test_three_cold_open_days_without_heat():
    amounts = heated()
    amounts[24 * 40 : 24 * 43] = 0
    (stuck,) = find(amounts, step=1.1, kind="heat")
    assert (stuck.start, stuck.end, stuck.found) == (at(40), at(43), at(43))
    mild = np.ones(60, dtype=bool)
    mild[41] = False
    assert find(amounts, step=1.1, kind="heat", certain=mild) == []


def test_days_that_are_not_certain_neither_count_nor_end_it():
    """Two cold days, a week end, a cold day: all without any heat."""
    amounts = heated()
    amounts[24 * 40 : 24 * 45] = 0
    certain = np.ones(60, dtype=bool)
    certain[42:44] = False
    (stuck,) = find(amounts, step=1.1, kind="heat", certain=certain)
    assert (stuck.found, stuck.numbers["unchanged_h"]) == (at(45), 120)


@pytest.mark.parametrize(("days", "found"), [(6, 0), (7, 1)])
def test_seven_open_days_without_water(days, found):
    amounts = hours(60)
    amounts[np.arange(24 * 60) % 24 == 10] = 0.3
    amounts[24 * 40 : 24 * (40 + days)] = 0
    assert len(find(amounts, step=0.01, kind="water")) == found


def test_a_plant_may_rest_at_night_and_may_not_repeat_itself():
    of_day = np.arange(24 * 60) % 24
    sun = np.clip(np.sin((of_day - 6) / 12 * np.pi), 0, None)
    amounts = np.round(sun * (5 + np.arange(24 * 60) % 11), 2)
    assert find(amounts, kind="other") == []
    amounts[24 * 30 : 24 * 31] = 3.2
    assert len(find(amounts, kind="other")) == 1
