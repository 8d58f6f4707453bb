"""Leaks in hours made by hand: use by day, nothing at night, and a constant flow from a day on.

Expected flows, thresholds and volumes are worked out in the tests.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from paes.faults.rules import water_leak
from paes.faults.signs.night_flow import closed_nights, nights
from paes.opening import Opening
from tests.core.faults.meter_curves import FIRST, at, curve, hours, shipped

P = shipped("water_leak")
DAYS = 80
EVERY_NIGHT = np.ones(DAYS, dtype=bool)


def school(leak_l_h=0.0, from_day=40, to_day=DAYS, night_l_h=0.0, pulse_l=1.0) -> np.ndarray:
    """m3 an hour: 100 l from 8 to 17, ``night_l_h`` always, and a leak; counted in whole pulses."""
    litres = hours(DAYS) + night_l_h
    of_day = np.arange(len(litres)) % 24
    litres[(of_day >= 8) & (of_day < 17)] += 100
    litres[24 * from_day : 24 * to_day] += leak_l_h
    shown = np.floor(np.cumsum(litres) / pulse_l + 1e-9) * pulse_l
    return np.diff(shown, prepend=0.0) / 1000


def find(amounts, pulse_l=1.0, closed=EVERY_NIGHT):
    return water_leak.find(curve(amounts), pulse_l, closed, P)


def test_no_leak_where_nights_are_at_rest():
    assert find(school()) == []


def test_a_leak_of_5_l_h_is_found_in_the_fifth_night():
    (leak,) = find(school(leak_l_h=5))
    # It begins at midnight of day 40; the first night with it is from 01 on, the fifth is day 44.
    assert (leak.start, leak.found, leak.is_over) == (at(40, 1), at(44, 5), False)
    assert leak.numbers["night_flow_l_h"] == pytest.approx(5)
    assert leak.numbers["usual_flow_l_h"] == 0
    assert leak.numbers["threshold_l_h"] == 2  # two pulses of a litre, and 2 l/h
    assert leak.numbers["nights"] == 40


def test_a_burst_is_found_in_the_second_night():
    (leak,) = find(school(leak_l_h=60))
    assert leak.found == at(41, 5)


def test_what_leaks_by_day_counts_too():
    (leak,) = find(school(leak_l_h=5, to_day=60))
    # From the first night's 01:00 to the last night's 05:00: 19 days and 4 hours of 5 litres.
    assert leak.excess.likely.sum() == pytest.approx((19 * 24 + 4) * 0.005)
    assert leak.excess.low.sum() == pytest.approx((19 * 24 + 4) * 0.004)  # a pulse less
    assert leak.excess.high.sum() == pytest.approx((19 * 24 + 4) * 0.006)
    assert len(leak.excess.starts_s) == 19 * 24 + 4


def test_hours_that_nobody_measured_are_in_no_excess():
    amounts = school(leak_l_h=5, to_day=60)
    amounts[24 * 50 + 9 : 24 * 50 + 12] = np.nan
    (leak,) = find(amounts)
    assert len(leak.excess.starts_s) == 19 * 24 + 4 - 3


def test_a_repaired_leak_is_over_after_three_quiet_nights():
    (leak,) = find(school(leak_l_h=5, to_day=60))
    assert (leak.is_over, leak.end) == (True, at(59, 5))
    (leak,) = find(school(leak_l_h=5, to_day=DAYS - 2))
    assert not leak.is_over


def test_a_leak_of_weeks_does_not_become_usual():
    (leak,) = find(school(leak_l_h=5, from_day=30))
    assert (leak.numbers["usual_flow_l_h"], leak.numbers["nights"]) == (0, 50)
    assert not leak.is_over


def test_gaps_neither_begin_nor_end_a_leak():
    amounts = school(leak_l_h=5)
    amounts[24 * 41 : 24 * 71] = np.nan
    (leak,) = find(amounts)
    # Nights 40, and 71 to 74: the fifth known one is day 74.
    assert (leak.start, leak.found, leak.is_over) == (at(40, 1), at(74, 5), False)
    amounts = school(leak_l_h=5)
    amounts[24 * 60 :] = np.nan
    assert not find(amounts)[0].is_over


def test_four_nights_are_too_few():
    assert find(school(leak_l_h=5, to_day=44)) == []


def test_a_known_night_flow_is_usual_and_a_leak_stands_above_it():
    assert find(school(night_l_h=30)) == []
    (leak,) = find(school(night_l_h=30, leak_l_h=8))
    assert leak.numbers["usual_flow_l_h"] == pytest.approx(30)
    assert leak.numbers["leak_l_h"] == pytest.approx(8)


def test_nights_of_use_are_no_leak_and_closed_nights_alone_count():
    amounts = school()
    amounts[24 * 40 + 1 : 24 * 40 + 5] = 0.2
    assert find(amounts) == []
    assert find(school(leak_l_h=5), closed=~EVERY_NIGHT) == []


@pytest.mark.parametrize(("pulse_l", "leak_l_h", "threshold"), [(10, 12, 5.0), (100, 120, 50.0)])
def test_coarse_pulses_are_looked_at_over_the_whole_night(pulse_l, leak_l_h, threshold):
    """Two pulses in four hours are 5 l/h of ten litres, and 50 l/h of a hundred."""
    (leak,) = find(school(leak_l_h=leak_l_h, pulse_l=pulse_l), pulse_l)
    assert leak.numbers["threshold_l_h"] == threshold
    assert leak.numbers["pulse_l_h"] == pulse_l / 4
    assert leak.numbers["night_flow_l_h"] == pytest.approx(leak_l_h, abs=pulse_l / 4)
    assert find(school(leak_l_h=leak_l_h / 12, pulse_l=pulse_l), pulse_l) == []


def test_before_28_known_nights_the_rule_is_silent():
    (late,) = find(school(leak_l_h=5, from_day=20))
    assert late.start == at(28, 1)  # 20 of the 28 were at rest: that is usual
    assert find(school(leak_l_h=5, from_day=5)) == []  # for the standing list


def test_the_start_does_not_depend_on_how_much_history_there_is():
    amounts = school(leak_l_h=5)
    (whole,) = find(amounts)
    later = water_leak.find(curve(amounts[24 * 5 :]), 1.0, EVERY_NIGHT[5:], P)
    assert later[0].start + timedelta(days=5) == whole.start


def test_the_picture_shows_eight_weeks_and_the_leak():
    (leak,) = find(school(leak_l_h=5, from_day=60))
    picture = leak.picture
    assert picture.unit == "l/h"
    assert picture.step_s == 86_400
    assert len(picture.seen) == 56 + 20
    assert picture.start_s == 86_400 * ((FIRST + timedelta(days=4)) - date(1970, 1, 1)).days
    assert picture.seen[55] == 0
    assert picture.seen[56] == pytest.approx(5)


def test_closed_nights_are_those_in_which_nobody_is_there():
    monday = date(2025, 1, 13)
    assert closed_nights([monday], Opening(), (1, 5)).tolist() == [True]
    always = Opening(weekdays=(0, 1, 2, 3, 4, 5, 6), from_hour=0, to_hour=24, holidays="none")
    assert closed_nights([monday], always, (1, 5)).tolist() == [False]
    bakery = Opening(from_hour=3, to_hour=12)
    saturday = date(2025, 1, 18)
    assert closed_nights([monday, saturday], bakery, (1, 5)).tolist() == [False, True]


def test_a_night_has_the_smallest_of_its_hours():
    litres = hours(2)
    litres[1:5] = [40, 3, 9, 7]
    litres[24 + 1 : 24 + 5] = [4, np.nan, 4, 4]
    seen = nights(curve(litres / 1000), 1.0, (1, 5), 2.0)
    assert seen.part_h == 1
    assert seen.least_l_h[0] == pytest.approx(3)
    assert np.isnan(seen.least_l_h[1])


def test_the_clock_is_put_forward_and_the_night_is_still_one():
    """On 30 March 2025 local hours 01, 03 and 04 are the night; day 88 is that Sunday."""
    amounts = hours(95) + 0.006
    seen = nights(curve(amounts), 1.0, (1, 5), 2.0)
    assert seen.least_l_h[88] == pytest.approx(6)
