"""Lamps that burn by day: expected figures follow by hand from the cabinet of ``lit_cabinet``.

The sun is up from 6:00 to 17:00, so that 7:00 to 16:00 count.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from lit_cabinet import DAY, FIRST, Change, lights, times, unknown

from paes.faults.episode import Episode
from paes.faults.rules import day_burner
from paes.faults.rules.day_burner import DayBurnerParameters, find
from paes.series import Floats
from paes.shipped_files import shipped_config

PARAMETERS: DayBurnerParameters = day_burner.RULE.file(shipped_config()).parameters


def by_day(
    from_hour: float, to_hour: float, first: int, last: int = 10_000, kw: float = 6.04
) -> Change:
    """The cabinet takes so much at these hours of these days."""

    def change(power: Floats, night: Floats, hour: Floats) -> Floats:
        day = np.where(hour >= 12, night, night + 1)
        among = (day >= first) & (day <= last) & (hour >= from_hour) & (hour < to_hour)
        return np.where(among, kw, power)

    return change


def found_in(days: int, *changes: Callable[..., Floats]) -> list[Episode]:
    return find(lights(days, *changes), PARAMETERS)


def test_lamps_that_burn_by_day_are_told_after_two_days():
    (found,) = found_in(60, by_day(9, 15, 40, 45))
    assert found.start == FIRST + 40 * DAY + timedelta(hours=9)
    assert found.end == FIRST + 45 * DAY + timedelta(hours=15)
    assert found.found == FIRST + 42 * DAY  # when the second day is over
    assert found.is_over
    assert found.numbers["day_hours"] == 6
    assert found.numbers["days"] == 6
    assert found.numbers["day_kw"] == pytest.approx(6.04)
    assert found.numbers["usual_day_kw"] == pytest.approx(0.04)
    assert found.numbers["night_kw"] == pytest.approx(6.04)


def test_what_burns_by_day_is_wasted_but_for_what_the_cabinet_takes_itself():
    (found,) = found_in(60, by_day(9, 15, 40, 45))
    excess = found.excess
    assert excess is not None
    assert excess.step_s == 900
    assert len(excess.likely) == 6 * 6 * 4
    assert excess.likely.sum() == pytest.approx(6 * 6 * 6.0)  # days, hours, kW
    assert excess.low.sum() == pytest.approx(excess.high.sum())  # it always takes 40 W


def test_bounds_are_what_the_cabinet_takes_by_day_else():
    def sockets(kw: Floats, night: Floats, hour: Floats) -> Floats:
        return np.where((hour >= 7) & (hour < 8), 0.5, kw)  # one hour in nine counted ones

    (found,) = found_in(60, sockets, by_day(9, 15, 40, 45))
    assert found.excess is not None
    assert found.excess.likely[0] == pytest.approx(6.0 / 4)
    assert found.excess.low[0] == pytest.approx((6.04 - 0.5) / 4)
    assert found.excess.high[0] == pytest.approx(6.0 / 4)


@pytest.mark.parametrize(
    "change",
    [
        by_day(9, 15, 40, 40),  # one day
        by_day(12, 12.75, 40),  # three quarters of an hour
        by_day(5, 7, 40),  # off an hour late: another rule's
        by_day(16, 18, 40),
        by_day(7, 16, 40, kw=1.2),  # 20 % of 6.04 kW is 1.208 kW
    ],
)
def test_what_is_too_short_too_low_or_near_the_night_is_silent(change: Change):
    assert found_in(60, change) == []


def test_some_lamps_are_enough():
    (found,) = found_in(60, by_day(7, 16, 40, kw=1.3))
    assert found.numbers["day_hours"] == 9
    assert found.numbers["day_kw"] == pytest.approx(1.3)


def test_it_is_over_after_two_days_that_are_known():
    (lasting,) = found_in(47, by_day(9, 15, 40, 45))  # day 46 is the only one since
    assert not lasting.is_over
    (unseen,) = found_in(70, by_day(9, 15, 40, 45), unknown(45, 69))
    assert not unseen.is_over


def test_days_that_are_not_known_do_not_begin_it():
    assert found_in(60, by_day(9, 15, 40, 40), unknown(40, 44)) == []


def test_unknown_hours_are_in_no_excess():
    def gap(kw: Floats, night: Floats, hour: Floats) -> Floats:
        return np.where((night == 41) & (hour >= 13) & (hour < 15), np.nan, kw)

    (found,) = found_in(60, by_day(9, 15, 40, 45), gap)
    assert found.excess is not None
    assert found.excess.likely.sum() == pytest.approx((6 * 6 - 2) * 6.0)


def test_it_needs_a_week_of_nights_to_know_the_light():
    assert found_in(8, by_day(9, 15, 0)) == []  # seven nights before day 8
    (found,) = found_in(20, by_day(9, 15, 0))
    assert found.start == FIRST + 7 * DAY + timedelta(hours=9)


def test_a_cabinet_that_stays_dark_does_not_burn_by_day():
    assert found_in(120, times(0.0, 40)) == []


def test_the_picture_shows_hours_by_day():
    (found,) = found_in(80, by_day(9, 15, 70))
    picture = found.picture
    assert picture is not None
    assert picture.unit == "h"
    assert len(picture.seen) == 56 + 10
    assert picture.seen[-9:] == pytest.approx(6.0)
    assert picture.usual == pytest.approx(0.0)


def test_who_burns_by_day_burns_near_sunrise_and_sunset_too():
    """From 6:30 to 16:30 on six days: ten hours are wasted, of which nine are a sign and sure."""
    (found,) = found_in(60, by_day(6.5, 16.5, 40, 45))
    assert found.numbers["day_hours"] == 9
    assert found.excess is not None
    assert found.excess.likely.sum() == pytest.approx(6 * 10 * 6.0)
    assert found.excess.low.sum() == pytest.approx(6 * 9 * 6.0)
