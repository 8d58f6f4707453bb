"""Switching times: expected figures follow by hand from the cabinet of ``lit_cabinet``.

Its lamps are on 15 minutes after sunset (17:00) and off 15 minutes before sunrise (6:00).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from lit_cabinet import (
    LAMP_KW,
    LAMPS,
    OFF_H,
    ON_H,
    STANDBY_KW,
    Change,
    evening,
    lights,
    morning,
    times,
    unknown,
)

from paes.faults.rules import switching_time
from paes.faults.rules.switching_time import SwitchingTimeParameters, find
from paes.faults.signs.lit_nights import Lights
from paes.faults.signs.switching import switched
from paes.series import Floats
from paes.shipped_files import shipped_config

PARAMETERS: SwitchingTimeParameters = switching_time.RULE.file(shipped_config()).parameters
FULL_KW = LAMPS * LAMP_KW


def switching(on_min: float, off_min: float, first: int, last: int = 10_000) -> Change:
    """On so many minutes later, off so many later than usual, in these nights."""

    def change(kw: Floats, night: Floats, hour: Floats) -> Floats:
        since_noon = (hour - 12.0) % 24.0
        on, off = ON_H - 12 + on_min / 60, OFF_H + 12 + off_min / 60
        part = np.clip((since_noon + 0.25 - on) / 0.25, 0, 1)
        part = np.minimum(part, np.clip((off - since_noon) / 0.25, 0, 1))
        among = (night >= first) & (night <= last)
        return np.where(among, FULL_KW * part + STANDBY_KW, kw)

    return change


def test_switches_are_known_to_the_minute_from_energy():
    shown = lights(10, switching(-7, 22, 0))
    seen = switched(shown, np.full(9, 6.04), PARAMETERS.burning_from_fraction)
    assert seen.on_min == pytest.approx(15 - 7, abs=0.3)
    assert seen.off_min == pytest.approx(-15 + 22, abs=0.3)


def test_lamps_that_burn_too_long_are_told_after_three_nights_with_what_they_waste():
    (found,) = find(lights(60, switching(-40, 45, 40, 49)), PARAMETERS)
    minute = timedelta(minutes=1)
    assert abs(found.start - evening(40) - (15 - 40) * minute) <= minute
    assert abs(found.end - morning(49) - (-15 + 45) * minute) <= minute
    assert abs(found.found - morning(42) - (-15 + 45) * minute) <= minute
    assert found.is_over
    numbers = found.numbers
    assert numbers["on_early_min"] == pytest.approx(40, abs=0.5)
    assert numbers["off_late_min"] == pytest.approx(45, abs=0.5)
    assert numbers["lit_too_long_min"] == pytest.approx(85, abs=1)
    assert numbers["dark_too_long_min"] == 0
    assert numbers["usual_on_after_sunset_min"] == pytest.approx(15, abs=0.2)
    assert numbers["usual_off_after_sunrise_min"] == pytest.approx(-15, abs=0.2)
    assert numbers["nights"] == 10
    # 10 nights x 85 minutes x 6.04 kW
    assert found.excess is not None
    assert found.excess.likely.sum() == pytest.approx(10 * 85 / 60 * 6.04, rel=0.02)
    assert numbers["wasted_kwh"] == pytest.approx(found.excess.likely.sum())


def test_light_that_comes_late_or_goes_early_wastes_nothing_and_is_told_apart():
    (found,) = find(lights(60, switching(50, -40, 40)), PARAMETERS)
    assert not found.is_over
    assert found.numbers["on_late_min"] == pytest.approx(50, abs=0.5)
    assert found.numbers["off_early_min"] == pytest.approx(40, abs=0.5)
    assert found.numbers["dark_too_long_min"] == pytest.approx(90, abs=1)
    assert found.numbers["lit_too_long_min"] == 0
    assert found.excess is not None
    assert found.excess.likely.sum() == 0


def test_only_the_side_that_is_wrong_is_wasted():
    (found,) = find(lights(60, switching(-40, 20, 40, 49)), PARAMETERS)
    assert found.excess is not None
    assert found.excess.likely.sum() == pytest.approx(10 * 40 / 60 * 6.04, rel=0.02)


@pytest.mark.parametrize(
    "change", [switching(-25, 25, 40), switching(-60, 60, 40, 41), times(0.5, 40)]
)
def test_half_an_hour_two_nights_and_dead_lamps_are_silent(change: Change):
    assert find(lights(60, change), PARAMETERS) == []


def test_what_was_usual_stays_as_it_was_however_long_it_lasts():
    (found,) = find(lights(120, switching(-60, 0, 40)), PARAMETERS)
    assert not found.is_over
    assert found.numbers["usual_on_after_sunset_min"] == pytest.approx(15, abs=0.2)
    assert found.numbers["on_early_min"] == pytest.approx(60, abs=0.5)


def test_nights_that_are_not_known_neither_begin_nor_end_it():
    assert find(lights(60, switching(-60, 0, 40, 41), unknown(42, 50)), PARAMETERS) == []
    (unseen,) = find(lights(70, switching(-60, 0, 40, 44), unknown(45, 69)), PARAMETERS)
    assert not unseen.is_over


def test_a_switch_in_a_gap_is_not_known():
    def gap(kw: Floats, night: Floats, hour: Floats) -> Floats:
        return np.where((night == 5) & (hour >= 17) & (hour < 18), np.nan, kw)

    seen = switched(lights(10, gap), np.full(9, 6.04), PARAMETERS.burning_from_fraction)
    assert np.flatnonzero(np.isnan(seen.on_s)).tolist() == [5]
    assert not np.isnan(seen.off_s[5])


def test_a_gap_in_the_night_does_not_hide_its_ends():
    def gap(kw: Floats, night: Floats, hour: Floats) -> Floats:
        return np.where((night == 5) & (hour >= 1) & (hour < 3), np.nan, kw)

    seen = switched(lights(10, gap), np.full(9, 6.04), PARAMETERS.burning_from_fraction)
    assert seen.on_min[5] == pytest.approx(15, abs=0.3)
    assert seen.off_min[5] == pytest.approx(-15, abs=0.3)


def test_lamps_that_follow_the_sun_are_silent_while_it_moves():
    # sunset and sunrise move by two minutes a night, and the lamps with them
    shown, minutes = lights(100), 2.0 * np.arange(100)
    nights = np.clip(shown.night, 0, None)
    moved = [switching(float(m), -float(m), n, n) for n, m in enumerate(minutes[:99])]
    lamps = lights(100, *moved)
    sun = replace(
        lamps,
        sunset_s=shown.sunset_s + 60 * minutes,
        sunrise_s=shown.sunrise_s - 60 * np.concatenate(([0.0], minutes[:-1])),
    )
    assert len(nights) == 9600
    assert find(sun, PARAMETERS) == []


def test_a_cabinet_that_never_was_right_is_held_against_the_sun():
    # switched on 90 minutes late from the first night on: 105 minutes after sunset
    (found,) = find(lights(40, switching(90, 0, 0)), PARAMETERS)
    assert found.numbers["usual_on_after_sunset_min"] == 0
    assert found.numbers["on_late_min"] == pytest.approx(105, abs=0.5)


def test_more_history_finds_the_same_start():
    shown = lights(90, switching(-45, 45, 70))
    cut = shown.curve.between(shown.curve.start_s + 40 * 86_400, shown.curve.end_s)
    later = Lights(cut, shown.sunrise_s[40:], shown.sunset_s[40:])
    one, other = (find(some, PARAMETERS)[0] for some in (shown, later))
    assert (one.start, one.found, one.end) == (other.start, other.found, other.end)


def test_the_picture_shows_hours_of_light_beside_usual_ones():
    (found,) = find(lights(90, switching(-40, 40, 70)), PARAMETERS)
    picture = found.picture
    assert picture is not None
    assert picture.unit == "h"
    assert picture.seen[0] == pytest.approx(12.5, abs=0.02)
    assert picture.seen[56] == pytest.approx(12.5 + 80 / 60, abs=0.02)
    assert picture.usual == pytest.approx(12.5, abs=0.02)


def test_the_usual_times_are_known_to_a_minute_at_best():
    """Each night two minutes (twice one) may be more or less on either side: 10 x 4 x 6.04 kW."""
    (found,) = find(lights(60, switching(-40, 45, 40, 49)), PARAMETERS)
    assert found.excess is not None
    likely = found.excess.likely.sum()
    assert found.excess.high.sum() - likely == pytest.approx(10 * 4 / 60 * 6.04, rel=0.25)
    assert likely - found.excess.low.sum() == pytest.approx(10 * 4 / 60 * 6.04, rel=0.25)
