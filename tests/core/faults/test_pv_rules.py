"""Stopped plants, lost strings and slow losses, on days made by hand and on measured plants."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.accuracy import pv
from paes.faults.episode import Episode
from paes.faults.rules import pv_outage, pv_slow_loss, pv_string
from paes.shipped_files import shipped_config
from paes.solar.expected import How
from tests.core.faults.sunny_days import day, plant

OUTAGE = pv_outage.RULE.file(shipped_config()).parameters
STRING = pv_string.RULE.file(shipped_config()).parameters
SLOW = pv_slow_loss.RULE.file(shipped_config()).parameters
NAN = float("nan")


def likely_kwh(episode: Episode) -> float:
    assert episode.excess is not None
    return float(episode.excess.likely.sum())


def test_a_day_with_light_and_without_production_is_an_outage() -> None:
    """Two days of 10 kWh are lost; two days of production say that it is over."""
    (one,) = pv_outage.find(plant([0.9] * 20 + [0.0, 0.02] + [0.9] * 5), OUTAGE)
    assert (one.start, one.end, one.found) == (day(20), day(22), day(21))
    assert one.is_over
    assert one.numbers == pytest.approx(
        {"made_kwh": 0.2, "expected_kwh": 20.0, "days": 2.0, "lost_kwh": 19.8}
    )
    assert likely_kwh(one) == pytest.approx(19.8)
    assert one.excess is not None
    assert one.excess.low.sum() == pytest.approx(0.85 * 20 - 0.2)
    assert one.excess.high.sum() == pytest.approx(1.15 * 20 - 0.2)


def test_a_dark_day_tells_nothing() -> None:
    light = [1.0] * 20 + [0.3, 0.3] + [1.0] * 5
    assert pv_outage.find(plant([0.9] * 20 + [0.0, 0.0] + [0.9] * 5, light), OUTAGE) == []


def test_snow_may_lie_on_the_modules() -> None:
    """Not warmer than 2 degC on day 20: that day and the two after it tell nothing, day 23 does."""
    warmest = [10.0] * 20 + [1.0] + [10.0] * 10
    ratio = [0.9] * 20 + [0.0] * 3 + [0.9] * 8
    assert pv_outage.find(plant(ratio, warmest_degc=warmest), OUTAGE) == []
    (one,) = pv_outage.find(plant([0.9] * 20 + [0.0] * 5, warmest_degc=warmest[:25]), OUTAGE)
    assert one.start == day(23)


def test_days_that_nobody_read_do_not_end_an_outage() -> None:
    (one,) = pv_outage.find(plant([0.9] * 20 + [0.0] + [NAN] * 30), OUTAGE)
    assert not one.is_over
    (one,) = pv_outage.find(plant([0.9] * 20 + [0.0] + [NAN] * 30 + [0.0]), OUTAGE)
    assert one.numbers["days"] == 2.0
    assert pv_outage.find(plant([0.9] * 20 + [NAN] * 30), OUTAGE) == []


def test_a_plant_that_never_made_anything_is_not_known_yet() -> None:
    assert pv_outage.find(plant([0.0] * 30), OUTAGE) == []


def test_under_a_clear_sky_three_silent_days_are_needed() -> None:
    """Of a cloudless day a third (a dark one) to all is lost: between 3.5 and 10 kWh a day."""
    made = [0.9] * 20
    back = [0.9] * 5
    assert pv_outage.find(plant([*made, 0.0, 0.0, *back], how=How.CLEAR_SKY), OUTAGE) == []
    (one,) = pv_outage.find(plant([*made, *[0.0] * 3, *back], how=How.CLEAR_SKY), OUTAGE)
    assert one.excess is not None
    assert one.excess.low.sum() == pytest.approx(10.5)
    assert one.excess.high.sum() == pytest.approx(30.0)


def test_one_string_of_three_is_found_in_four_sunny_days() -> None:
    """From 0.9 to 0.63 of the light: three tenths, 2.7 kWh a day, for 30 days."""
    (one,) = pv_string.find(plant([0.9] * 80 + [0.63] * 30), STRING)
    assert (one.start, one.found) == (day(80), day(84))
    assert not one.is_over
    assert one.numbers["lost_fraction"] == pytest.approx(0.3)
    assert one.numbers["usual_ratio"] == pytest.approx(0.9)
    assert (one.numbers["strings_lost"], one.numbers["strings"]) == (1.0, 3.0)
    assert likely_kwh(one) == pytest.approx(30 * 2.7)
    assert one.picture is not None
    assert len(one.picture.seen) == 56 + 30
    assert one.picture.usual[0] == pytest.approx(9.0)


def test_strings_are_counted_where_somebody_said_how_many_there_are() -> None:
    (one,) = pv_string.find(plant([0.9] * 80 + [0.6] * 30), STRING, strings=6)
    assert (one.numbers["strings_lost"], one.numbers["strings"]) == (2.0, 6.0)


def test_a_loss_of_months_does_not_become_usual() -> None:
    """150 days later it is still there, and only what is usual again closes it."""
    (one,) = pv_string.find(plant([0.9] * 80 + [0.72] * 150), STRING)
    assert (one.start, one.is_over) == (day(80), False)
    assert one.numbers["usual_ratio"] == pytest.approx(0.9)
    (one,) = pv_string.find(plant([0.9] * 80 + [0.72] * 150 + [0.9] * 6), STRING)
    assert (one.end, one.is_over) == (day(230), True)
    assert likely_kwh(one) == pytest.approx(150 * 1.8)


def test_a_longer_history_has_the_same_beginning() -> None:
    long = [0.9] * 200 + [0.7] * 40
    (one,), (other,) = (pv_string.find(plant(long[first:]), STRING) for first in (0, 100))
    assert one.numbers["usual_ratio"] == pytest.approx(other.numbers["usual_ratio"])
    assert one.start == day(200)
    assert other.start == day(100)


def test_dirt_of_five_percent_is_no_lost_string() -> None:
    assert pv_string.find(plant([0.9] * 80 + [0.855] * 60), STRING) == []


def test_days_that_nobody_read_neither_begin_nor_feed_nor_end_a_loss() -> None:
    assert pv_string.find(plant([0.9] * 80 + [0.63] * 3 + [NAN] * 60), STRING) == []
    (one,) = pv_string.find(plant([0.9] * 80 + [0.6] * 10 + [NAN] * 60), STRING)
    assert not one.is_over
    assert likely_kwh(one) == pytest.approx(30.0)


def test_a_plant_is_learnt_for_sixty_sunny_days() -> None:
    assert pv_string.find(plant([0.9] * 55 + [0.6] * 8), STRING) == []


def test_days_without_production_are_the_outages() -> None:
    assert pv_string.find(plant([0.9] * 80 + [0.0] * 9 + [0.9] * 20), STRING) == []


def test_shadows_of_a_low_sun_are_usual_once_they_were_seen() -> None:
    """A third less below 36 degrees in two winters: nothing in the first, nor in the second.

    A loss of half in the second winter is more than that, and found.
    """
    summer, winter = [0.9] * 200, [0.6] * 100
    noon = ([60.0] * 200 + [25.0] * 100) * 2
    assert pv_string.find(plant((summer + winter) * 2, noon_deg=noon), STRING) == []
    broken = summer + winter + summer + [0.6] * 40 + [0.3] * 60
    (one,) = pv_string.find(plant(broken, noon_deg=noon), STRING)
    assert one.start == day(540)
    assert one.numbers["seen_fraction"] == pytest.approx(0.3 / 0.9)


def test_a_clear_sky_tells_of_no_string() -> None:
    assert pv_string.find(plant([0.9] * 80 + [0.6] * 30, how=How.CLEAR_SKY), STRING) == []


def test_a_plant_that_makes_a_twentieth_less_than_last_year_is_reported() -> None:
    """0.90, then 0.855 of the same light from the thirteenth month on: 5 % a year.

    Ten such months are needed to be sure of eight; 0.9 / 0.855 - 1 of what is made is lost.
    """
    assert pv_slow_loss.find(plant([0.9] * 760), SLOW) == []
    (one,) = pv_slow_loss.find(plant([0.9] * 365 + [0.855] * 395), SLOW)
    assert one.numbers["yearly_loss_fraction"] == pytest.approx(0.05)
    assert not one.is_over
    made = one.numbers["made_kwh"]
    assert likely_kwh(one) == pytest.approx(made * (0.9 / 0.855 - 1))
    assert not pv_slow_loss.RULE.is_alarm


def test_what_washing_brings_back_is_told() -> None:
    """Months of the second year fall by 1 % each, and the last is as clean as a year before."""
    first = np.full(365, 0.9)
    month = np.minimum(np.arange(365) // 30.5, 11)
    second = 0.9 * (1 - 0.01 * month)
    second[month >= 10] = 0.9
    (one,) = pv_slow_loss.find(plant(np.concatenate([first, second, [0.9] * 30])), SLOW)
    assert one.numbers["recovery_fraction"] == pytest.approx(0.09, abs=0.01)


@pytest.mark.parametrize("names", [pv.TUNED, pv.REPORTED])
def test_measured_plants_cry_wolf_less_than_once_a_year(names: tuple[str, ...]) -> None:
    outages, losses, years = pv.alarms(names)
    assert years > 2.0
    assert outages + losses <= years


def test_a_third_of_a_measured_plant_is_found_in_five_sunny_days() -> None:
    found = pv.delays(("Turin",), 0.33, 8)
    assert len(found) == 8
    assert sum(delay is not None and delay <= 5 for delay in found) >= 7


def test_an_outage_began_with_the_dark_days_before_it_that_were_silent() -> None:
    """Days 20 and 21 are too dark to tell it; day 22 does, and 3 + 3 + 10 kWh are lost."""
    light = [1.0] * 20 + [0.3, 0.3] + [1.0] * 6
    (one,) = pv_outage.find(plant([0.9] * 20 + [0.0] * 3 + [0.9] * 5, light), OUTAGE)
    assert (one.start, one.found) == (day(20), day(23))
    assert likely_kwh(one) == pytest.approx(16.0)


def test_what_a_string_loses_is_known_to_three_parts_of_a_hundred_at_best() -> None:
    """30 days of 9 kWh usual: 8.1 kWh on either side."""
    (one,) = pv_string.find(plant([0.9] * 80 + [0.63] * 30), STRING)
    assert one.excess is not None
    assert (one.excess.high - one.excess.likely).sum() == pytest.approx(8.1)
    assert (one.excess.likely - one.excess.low).sum() == pytest.approx(8.1)


def test_years_in_which_the_rule_still_learns_are_in_no_rate() -> None:
    """Of 100 sunny days the first 70 (60 usual and 10 seen) are learnt from until the last."""
    assert pv._judged_years(plant([0.9] * 100)) == pytest.approx(31 / 365.25)
