"""Steps of registers: displays that wrapped, jitter that keeps on, hours far above a year's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from paes.faults.rules import register_step as rule
from tests.core.faults.meter_curves import at, curve, shipped

P = shipped("register_step")
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("before", "after", "digits"),
    [
        (99_998.2, 3.1, 5),  # five digits, full at 100,000
        (999_991.0, 12.0, 6),
        (98_000.0, 3.1, None),  # not close enough to full
        (99_998.2, 50_000.0, None),  # goes on from the middle
        (43_512.0, 0.0, None),  # a new device
        (99.9, 0.1, None),  # no display has two digits
        (0.0, 0.0, None),
    ],
)
def test_a_display_that_wrapped_tells_its_digits(before, after, digits):
    assert rule.wrapped_digits(before, after, P.near_full_fraction) == digits


def test_jitter_is_a_case_once_a_week_is_full_of_it():
    times = [NOON + n * timedelta(hours=6) for n in range(25)]
    ((first, last, sure, count, over),) = rule.find_jitters(times, NOON + 8 * DAY, P)
    assert (first, last, count, over) == (times[0], times[24], 25, False)
    assert sure == times[19]  # the twentieth
    assert rule.find_jitters(times, times[-1] + 8 * DAY, P)[0][4]
    assert rule.find_jitters([NOON + n * DAY for n in range(60)], NOON + 60 * DAY, P) == []


def year() -> np.ndarray:
    """kWh an hour of 400 days: 1 to 20, now and then 30."""
    amounts = np.random.default_rng(3).uniform(1, 20, 400 * 24)
    amounts[::500] = 30
    return amounts


def test_an_hour_ten_times_above_the_highest_of_a_year_is_flagged():
    amounts = year()
    assert rule.find_jumps(curve(amounts), 0.01, "kWh", P) == []
    amounts[24 * 360 + 5] = 330  # more than ten times 30
    (jump,) = rule.find_jumps(curve(amounts), 0.01, "kWh", P)
    assert jump.numbers["step"] == 330
    assert jump.numbers["limit_per_h"] == pytest.approx(300)
    assert not jump.is_over
    assert jump.start == at(360, 5)


def test_without_a_winter_no_jump_is_told():
    amounts = year()[: 24 * 200]
    amounts[24 * 190] = 900
    assert rule.find_jumps(curve(amounts), 0.01, "kWh", P) == []


def test_the_first_cold_day_is_no_jump():
    """Heat: nothing all summer, then a winter as the one before."""
    day = np.arange(24 * 420) // 24
    heating = (day < 100) | (day >= 300)
    amounts = np.where(heating, 40.0 + day % 5, 0.0)
    assert rule.find_jumps(curve(amounts), 0.1, "kWh", P) == []
