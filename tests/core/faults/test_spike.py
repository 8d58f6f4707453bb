"""Hours that cannot be: above the limit, and far above their like."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from paes.faults.rules import spike
from paes.opening import Opening, day_kinds
from tests.core.faults.meter_curves import at, curve, shipped

P = shipped("spike")
LIMIT = 50.0


def office(days=80) -> np.ndarray:
    """kWh an hour: 20 by day, 5 at night, with a known spread of 1."""
    of_day, day = np.arange(24 * days) % 24, np.arange(24 * days) // 24
    return np.where((of_day >= 8) & (of_day < 18), 20.0, 5.0) + (day % 5) / 4


def find(amounts, limit=LIMIT):
    of = curve(amounts)
    return spike.find(of, day_kinds(of.days, Opening()), limit, "kWh", P)


def test_nothing_above_the_limit_is_no_spike():
    assert find(office()) == []


def test_an_hour_above_the_limit_and_far_above_its_like():
    amounts = office()
    amounts[24 * 70 + 10] = 60
    (one,) = find(amounts)
    assert (one.start, one.end, one.is_over) == (at(70, 10), at(70, 11), True)
    assert one.numbers["highest_per_h"] == 60
    assert one.numbers["limit_per_h"] == LIMIT
    assert 20 <= one.numbers["usual_per_h"] <= 21


def test_far_above_its_like_and_below_the_limit_is_none():
    amounts = office()
    amounts[24 * 70 + 2] = 45
    assert find(amounts) == []


def test_above_the_limit_every_day_is_use_and_no_spike():
    amounts = office() + 40
    assert find(amounts) == []


def test_hours_of_one_day_make_one_episode():
    amounts = office()
    amounts[24 * 70 + 10 : 24 * 70 + 13] = [60, 80, 70]
    amounts[24 * 75 + 10] = 60
    first, second = find(amounts)
    assert (first.numbers["times"], first.numbers["highest_per_h"]) == (3, 80)
    assert second.start == at(75, 10)


def test_unknown_hours_after_it_leave_it_open():
    amounts = office()
    amounts[24 * 70 + 10] = 60
    amounts[24 * 70 + 11 :] = np.nan
    assert not find(amounts)[0].is_over


def test_too_few_of_its_like_say_nothing():
    amounts = office(days=4)
    amounts[24 * 3 + 10] = 60
    assert find(amounts) == []


def test_readings_that_were_left_out_are_told_when_a_week_has_three():
    def told(times):
        return spike.left_out(times, P)

    assert told([at(10), at(20), at(30)]) == []
    assert told([at(10), at(12), at(14)]) == [[at(10), at(12), at(14)]]
    assert told([at(10), at(12), at(12) + timedelta(days=6)]) == []
