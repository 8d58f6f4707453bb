"""Heating off season of an invented office: 24 kWh a day in summer, and 300 more for ten days.

By hand: the base is 24 kWh with no scatter, so that the limit lies 15 % of a mean day of the
season higher.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from paes.faults.rules.heating_off_season import RULE, find
from paes.shipped_files import shipped_config
from tests.core.faults.building_curves import (
    curve_of,
    day_number,
    days_of,
    heated_table,
    in_season,
    midnight,
)

P = RULE.file(shipped_config()).parameters
COUNT = 800
MONDAY = day_number(date(2025, 5, 5))


def left_on(first=MONDAY, days=10, kwh=300.0):
    made = heated_table(COUNT)
    made[first : first + days, 6:18] += kwh / 12
    return made


def found(made, days=None):
    curve = curve_of(made)
    return find(curve, days_of(curve) if days is None else days, P)


def test_nothing_where_heating_follows_the_season():
    assert found(heated_table(COUNT)) == []


def test_three_days_outside_the_season_are_an_episode():
    (episode,) = found(left_on())
    season = in_season(COUNT)[:MONDAY] & (np.arange(MONDAY) >= day_number(date(2023, 7, 1)))
    daily = heated_table(COUNT).sum(axis=1)
    last = np.arange(COUNT) < day_number(date(2024, 7, 1))
    limit = 24 + 0.15 * daily[in_season(COUNT) & last].mean()

    assert season.any()
    assert episode.start == midnight(MONDAY)
    assert episode.found == midnight(MONDAY + 3)
    assert episode.end == midnight(MONDAY + 10)
    assert episode.is_over
    assert episode.numbers["day_kwh"] == pytest.approx(324)
    assert episode.numbers["usual_kwh"] == pytest.approx(24)
    assert episode.numbers["threshold_kwh"] == pytest.approx(limit)
    assert episode.numbers["days"] == 10
    assert episode.excess is not None
    assert episode.excess.likely.sum() == pytest.approx(3000)
    assert episode.excess.high.sum() == pytest.approx(3000)
    assert episode.excess.low.sum() == pytest.approx(10 * (324 - limit))


def test_two_days_are_none():
    assert found(left_on(days=2)) == []


def test_hot_water_of_every_summer_is_the_base():
    made = heated_table(COUNT)
    made[:, 6:18] += 300.0 / 12

    assert found(made) == []


def test_a_cold_day_outside_the_season_may_be_heated():
    """The law allows half the hours where the weather asks for it."""
    curve = curve_of(left_on())
    days = days_of(curve)
    degc = days.degc.copy()
    degc[MONDAY : MONDAY + 10] = 11.0

    assert found(left_on(), replace(days, degc=degc)) == []


def test_a_mild_day_of_the_season_needs_none():
    """Ten days of 24 degC in March, heated all the same: 3 degC above the balance point of 17."""
    march = day_number(date(2025, 3, 3))
    made = left_on(march)
    days = days_of(curve_of(made))
    degc = days.degc.copy()
    degc[march : march + 10] = 24.0
    (episode,) = found(made, replace(days, degc=degc))

    assert episode.start == midnight(march)
    assert episode.is_over


def test_a_fault_of_a_whole_summer_is_not_the_next_ones_base():
    """Left on from May 2024 to the end of August; and again in May 2025: two episodes.

    The summer of 2024 has no day but those of September to tell the base: 24 kWh.
    """
    first = day_number(date(2024, 5, 6))
    made = left_on(first, 110)
    made[MONDAY : MONDAY + 10, 6:18] += 25.0
    one, two = found(made)

    assert (one.start, one.end) == (midnight(first), midnight(first + 110))
    assert one.excess is not None
    assert one.excess.likely.sum() == pytest.approx(110 * 300)
    assert two.start == midnight(MONDAY)
    assert two.numbers["usual_kwh"] == pytest.approx(24)


def test_a_pool_that_is_warm_all_the_year_is_not_judged():
    made = heated_table(COUNT) + 60.0
    made[MONDAY : MONDAY + 10] += 60.0

    assert found(made) == []


def test_a_gap_does_not_end_it():
    made = left_on(days=40)
    made[MONDAY + 5 :] = np.nan
    (episode,) = found(made)

    assert not episode.is_over
    assert episode.end == midnight(MONDAY + 5)
