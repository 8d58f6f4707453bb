"""What is usual for a plant: its neighbours, its own first year, and its days; by hand."""

from __future__ import annotations

import numpy as np
import pytest

from paes.faults.load_curve import Ints, LoadCurve
from paes.series import Floats
from paes.solar.expected import Calibration, Expected, How, calibrated, plant_days
from paes.solar.neighbours import clearness_of_others

DAYS = 40
DAY: Ints = np.repeat(np.arange(DAYS), 24)
SUN = np.tile(np.maximum(np.sin((np.arange(24) - 5.5) * np.pi / 12), 0.0), DAYS)
"""A cloudless day of one kilowatt, from 6 to 17 o'clock."""
SKY = np.repeat(0.5 + 0.5 * np.sin(np.arange(DAYS)) ** 2, 24)
"""The clearness of each day."""
UNTIL = np.full(4, len(DAY))


def others(made: Floats, clear: Floats | None = None, least: int = 2) -> Floats:
    clear = np.tile(SUN, (len(made), 1)) if clear is None else clear
    return clearness_of_others(made, clear, DAY, UNTIL[: len(made)], 0.8, least)


def test_neighbours_tell_the_clearness_of_the_sky() -> None:
    """Three plants of which one always makes a fifth less: each has its own level."""
    made = np.array([1.0, 1.0, 0.8])[:, None] * SUN * SKY
    told = others(made)
    light = SUN > 0.1
    assert told[0][light] == pytest.approx(SKY[light], rel=1e-9)
    assert told[2][light] == pytest.approx(SKY[light], rel=1e-9)


def test_a_neighbour_that_is_ill_is_no_reference() -> None:
    """The third of four stops on day 30: the others go on telling the sky."""
    made = np.array([SUN * SKY] * 4)
    made[2, 30 * 24 :] = 0.0
    told = others(made)
    later = (DAY >= 30) & (SUN > 0.1)
    assert told[0][later] == pytest.approx(SKY[later], rel=1e-9)
    assert told[2][later] == pytest.approx(SKY[later], rel=1e-9)


def test_two_healthy_others_are_needed() -> None:
    made = np.array([SUN * SKY] * 3)
    made[1, 20 * 24 :] = 0.0
    told = others(made)
    assert not np.isnan(told[0][12])
    assert np.isnan(told[0][30 * 24 + 12])  # one is left
    assert not np.isnan(told[1][30 * 24 + 12])  # the ill one still has two


def test_a_day_that_a_neighbour_was_not_read_is_told_by_the_others() -> None:
    made = np.array([SUN * SKY] * 4)
    made[3, 10 * 24 : 11 * 24] = np.nan
    assert others(made)[0][10 * 24 + 12] == pytest.approx(SKY[10 * 24])


def test_neighbours_that_look_elsewhere_are_set_against_their_own_clear_sky() -> None:
    east = np.roll(SUN, -2)
    clear = np.array([SUN, east, east, SUN])
    told = others(clear * SKY, clear)
    assert told[0][(SUN > 0.1)] == pytest.approx(SKY[SUN > 0.1], rel=1e-9)


def calibrate(part: Floats, days: int = 360, sunny: int = 60) -> Calibration:
    """A plant that makes ``part`` (by month) of the model, which is a clear day of 8 kWh."""
    day = np.repeat(np.arange(days), 24)
    month = day // 30
    model = np.tile(np.where((np.arange(24) >= 8) & (np.arange(24) < 16), 1.0, 0.0), days)
    return calibrated(part[month] * model, model, model, month, day, 0.5, sunny, 0.15)


def test_a_broken_month_does_not_move_what_is_usual() -> None:
    part = np.full(12, 0.9)
    part[4] = 0.3
    found = calibrate(part)
    assert found.is_own
    assert found.factor == pytest.approx(0.9)
    assert found.sunny_days == 360


def test_the_spread_of_the_months_is_told() -> None:
    """0.8, 0.82 … 1.02 of the model: the median 0.91, tenth percentiles at 0.822 and 0.998."""
    found = calibrate(0.8 + 0.02 * np.arange(12))
    assert found.factor == pytest.approx(0.91)
    assert found.spread_fraction == pytest.approx((0.998 - 0.822) / 2 / 0.91)


def test_a_new_plant_is_not_calibrated_yet() -> None:
    found = calibrate(np.full(12, 0.5), days=59)
    assert (found.factor, found.is_own, found.spread_fraction) == (1.0, False, 0.15)


def test_a_day_counts_only_where_nine_tenths_of_its_light_are_known() -> None:
    """Days of 8 kWh made and 10 expected; one hour of ten is missing, and two of ten."""
    clear = np.tile(np.where((np.arange(24) >= 7) & (np.arange(24) < 17), 1.0, 0.0), 3)
    made = 0.8 * clear
    made[24 + 8] = np.nan
    made[48 + 8 : 48 + 10] = np.nan
    own = Calibration(1.0, 0.1, 0, is_own=True)
    expected = Expected(0, clear, 0.9 * clear, 1.1 * clear, clear, How.SATELLITE, own)
    unknown = np.full(3, np.nan)
    days = plant_days(LoadCurve(0, 3600, made, "UTC"), expected, unknown, unknown)
    assert days.known.tolist() == [True, True, False]
    assert days.ratio[:2] == pytest.approx([0.8, 0.8])
    assert days.expected_kwh[1] == pytest.approx(9.0)  # of the hours that are known in both
    assert days.sun_index[0] == 1.0
