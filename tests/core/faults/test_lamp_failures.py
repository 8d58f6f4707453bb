"""Dead lamps: expected figures follow by hand from the cabinet of ``lit_cabinet``.

Its usual night takes 6,040 W with all lamps on (100 x 60 W and 40 W of its own), one in two 6 W
more and the others 6 W less, so that a night is true to 1.2533 x 6 = 7.5 W.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from lit_cabinet import DAY, FIRST, LAMP_KW, LAMPS, dead, evening, lights, morning, times, unknown

from paes.errors import DataError
from paes.faults.load_curve import LoadCurve
from paes.faults.rules import lamp_failures
from paes.faults.rules.lamp_failures import Lamp, LampFailuresParameters, find
from paes.faults.signs.lit_nights import Lights
from paes.series import Floats
from paes.shipped_files import shipped_config

PARAMETERS: LampFailuresParameters = lamp_failures.RULE.file(shipped_config()).parameters
LAMP = Lamp(LAMP_KW, LAMPS)


def test_one_dead_lamp_is_told_after_three_nights():
    (found,) = find(lights(70, dead(1, 50)), LAMP, PARAMETERS)
    assert (found.start, found.found) == (evening(50), morning(52))
    assert found.end == morning(68)  # the last night that is whole
    assert not found.is_over
    assert found.numbers["lamps"] == 1
    assert found.numbers["lamp_w"] == 60
    assert found.numbers["usual_w"] == pytest.approx(6040)
    assert found.numbers["drop_w"] == pytest.approx(60, abs=7)
    assert found.numbers["night_spread_w"] == pytest.approx(7.52, abs=0.01)
    assert found.numbers["nights"] == 19


def test_a_dead_lamp_wastes_nothing():
    (found,) = find(lights(70, dead(1, 50)), LAMP, PARAMETERS)
    assert found.excess is None
    assert not lamp_failures.RULE.wastes


def test_two_nights_are_too_few_and_healthy_lamps_are_silent():
    assert find(lights(120), LAMP, PARAMETERS) == []
    assert find(lights(90, dead(3, 50, 51)), LAMP, PARAMETERS) == []


def test_what_was_usual_stays_as_it_was_however_long_lamps_are_dark():
    (found,) = find(lights(200, dead(2, 50)), LAMP, PARAMETERS)
    assert not found.is_over
    assert found.numbers["usual_w"] == pytest.approx(6040)
    assert found.numbers["lamps"] == 2


def test_it_is_over_after_three_nights_with_all_lamps():
    (found,) = find(lights(100, dead(4, 50, 64)), LAMP, PARAMETERS)
    assert found.is_over
    assert found.end == morning(64)
    (lasting,) = find(lights(68, dead(4, 50, 64)), LAMP, PARAMETERS)
    assert not lasting.is_over  # two nights since


def test_lamps_that_die_later_belong_to_it():
    (found,) = find(lights(100, dead(2, 50), dead(3, 70)), LAMP, PARAMETERS)
    assert found.start == evening(50)
    assert found.numbers["lamps"] == 5  # 2 of 100, then 3 % of 98


def test_nights_that_are_not_known_neither_begin_nor_end_it():
    assert find(lights(100, dead(3, 50, 51), unknown(52, 70)), LAMP, PARAMETERS) == []
    (found,) = find(lights(100, dead(3, 50), unknown(55, 90)), LAMP, PARAMETERS)
    assert found.start == evening(50)
    (silent,) = find(lights(80, dead(3, 50, 54), unknown(55, 80)), LAMP, PARAMETERS)
    assert not silent.is_over
    assert silent.end == morning(54)


def test_thirty_nights_are_learnt_from_first():
    assert find(lights(60, dead(5, 10)), LAMP, PARAMETERS) == []
    (found,) = find(lights(60, dead(5, 30)), LAMP, PARAMETERS)
    assert found.start == evening(30)


def test_more_history_finds_the_same_start():
    long, short = lights(160, dead(1, 120)), lights(160, dead(1, 120))
    cut = short.curve.between(short.curve.start_s + 60 * 86_400, short.curve.end_s)
    later = Lights(cut, short.sunrise_s[60:], short.sunset_s[60:])
    one, other = (find(one, LAMP, PARAMETERS)[0] for one in (long, later))
    assert (one.start, one.found, one.end) == (other.start, other.found, other.end)
    assert one.numbers == pytest.approx(other.numbers)


def test_lamps_that_are_dimmed_at_night_count_by_their_full_light():
    def dimmed(kw: Floats, night: Floats, hour: Floats) -> Floats:
        return np.where(hour < 5, 0.7 * kw, kw)

    (found,) = find(lights(70, dimmed, dead(1, 50)), LAMP, PARAMETERS)
    assert found.numbers["usual_w"] == pytest.approx(6040)
    assert found.numbers["lamps"] == 1


def test_hours_of_burning_do_not_matter():
    def shorter(kw: Floats, night: Floats, hour: Floats) -> Floats:
        return np.where((night >= 50) & (hour >= 17) & (hour < 20), 0.04, kw)

    assert find(lights(100, shorter), LAMP, PARAMETERS) == []


def test_other_lamps_are_no_dead_ones_and_are_learnt_anew():
    # 100 lamps of 27 W from night 50 on; three of them die at night 100
    exchanged = lights(130, times(0.45, 50), dead(3, 100))
    (found,) = find(exchanged, Lamp(None, LAMPS), PARAMETERS)
    assert found.start == evening(100)
    assert found.numbers["lamps"] == 3
    assert found.numbers["usual_w"] == pytest.approx(0.45 * 6000 + 40)


def test_other_lamps_end_what_was_dead():
    (found,) = find(lights(130, dead(4, 50), times(0.45, 70)), LAMP, PARAMETERS)
    assert found.is_over
    assert found.end == morning(69)


@pytest.mark.parametrize(("factor", "lamps"), [(2 / 3, 33), (0.0, 100)])
def test_a_lost_phase_and_a_dark_cabinet_are_failures(factor: float, lamps: int):
    (found,) = find(lights(80, times(factor, 50)), LAMP, PARAMETERS)
    assert found.numbers["lamps"] == lamps


def test_one_lamp_of_a_restless_cabinet_is_not_told():
    # +-1 %: a night is true to 75 W; a mean of 3 against 30 needs 4 x 75 x sqrt(1/3 + pi/60) W,
    # which is 187 W
    assert find(lights(66, dead(1, 60, 62), restless=0.01), LAMP, PARAMETERS) == []
    assert len(find(lights(66, dead(5, 60, 62), restless=0.01), LAMP, PARAMETERS)) == 1


def test_the_picture_shows_eight_weeks_before_it_by_night():
    (found,) = find(lights(90, dead(1, 70)), LAMP, PARAMETERS)
    picture = found.picture
    assert picture is not None
    assert (picture.unit, picture.step_s) == ("W", 86_400)
    assert picture.start_s == int((FIRST + 14 * DAY).timestamp())
    assert picture.seen[55:57] == pytest.approx([6034, 5986], abs=1)  # nights 69 and 70
    assert picture.usual[0] == pytest.approx(6040)


def test_lights_are_told_by_quarter_hours():
    hourly = LoadCurve(0, 3600, np.zeros(48), "UTC")
    with pytest.raises(DataError, match="by quarter hours, not by 3600 s"):
        Lights.at(hourly, 44.1, 9.8)


def test_the_sun_of_the_place_is_beside_each_local_day():
    start = FIRST - timedelta(hours=1)  # midnight in Rome
    curve = LoadCurve(int(start.timestamp()), 900, np.zeros(96 * 3), "Europe/Rome")
    sun = Lights.at(curve, 44.411, 8.933)
    assert (len(sun.sunrise_s), sun.nights) == (3, 2)
    # Genova on 1 January: the sun rises about 7:58 and sets about 16:56 (local), by any almanac
    rises, sets = (sun.sunrise_s[0] - start.timestamp()), (sun.sunset_s[0] - start.timestamp())
    assert rises / 3600 == pytest.approx(7 + 58 / 60, abs=0.1)
    assert sets / 3600 == pytest.approx(16 + 56 / 60, abs=0.1)


def test_bright_nights_between_dark_ones_do_not_make_lamps_fewer():
    """Dark to night 60, bright on two, dark once more: it was 4 lamps of 60 W while it lasted."""
    (found,) = find(lights(100, dead(4, 50, 60), dead(4, 63, 63)), LAMP, PARAMETERS)
    assert found.is_over
    assert found.end == morning(63)
    assert found.numbers["lamps"] == 4
    assert found.numbers["drop_w"] == pytest.approx(240, abs=7)
