"""Heating of an invented office that is off at night and at week ends, until it is not.

The gas meter takes 1 kW when nothing heats; hours of the opening ones take some 50 kW in January,
so that an hour above 35 % of that is on.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from paes.faults.rules import heating_closed_hours, heating_habitual
from paes.faults.signs.heated_hours import heated_hours
from paes.metering import Carrier, Measures, Sector, Site, SiteKind
from paes.meters import ImportedMeter
from paes.shipped_files import shipped_config
from tests.core.faults.building_curves import (
    FIRST,
    curve_of,
    day_number,
    heated_table,
    in_season,
    midnight,
    mild_degc,
    used,
)

COUNT = 800
SATURDAY = day_number(date(2025, 1, 11))
P = heating_closed_hours.RULE.file(shipped_config()).parameters
HABIT = heating_habitual.RULE.file(shipped_config()).parameters


def with_week_ends(made, first, weeks, kw=40.0):
    """Saturdays and Sundays heated from 5 to 18."""
    for week in range(weeks):
        made[first + 7 * week : first + 7 * week + 2, 5:18] = kw
    return made


def found(made, degc=None):
    curve, days = curve_of(made), len(made)
    weather = mild_degc(days) if degc is None else degc
    return heating_closed_hours.find(curve, used(curve), weather, in_season(days), P)


def habits(made, new=None):
    curve, days = curve_of(made), len(made)
    alarms = np.zeros(days, dtype=bool) if new is None else new
    args = (curve, used(curve), mild_degc(days), in_season(days), alarms, HABIT)
    return heating_habitual.find(*args)


def test_a_building_that_is_turned_down_shows_nothing():
    assert found(heated_table(COUNT)) == []
    assert habits(heated_table(COUNT)) == []


def test_two_closed_days_in_a_row_are_an_episode():
    """Three week ends of 13 h at 40 kW, 39 beyond the idle 1 kW; half of it warms up later."""
    (episode,) = found(with_week_ends(heated_table(COUNT), SATURDAY, 3))

    assert episode.start == midnight(SATURDAY)
    assert episode.found == midnight(SATURDAY + 2)
    assert episode.end == midnight(SATURDAY + 16)
    assert episode.is_over
    assert episode.numbers["heated_hours"] == 78
    assert episode.numbers["closed_days"] == 6
    assert episode.numbers["nights"] == 0
    assert episode.excess is not None
    assert episode.excess.likely.sum() == pytest.approx(78 * 39 / 2)
    assert episode.excess.high.sum() == pytest.approx(78 * 39)
    threshold = episode.numbers["threshold_kw"]
    assert 0 < episode.excess.low.sum() < 78 * (40 - threshold * 0.9) / 2


def test_one_closed_day_is_none():
    made = heated_table(COUNT)
    made[SATURDAY, 5:18] = 40.0

    assert found(made) == []


def test_three_whole_nights_are_an_episode():
    tuesday = SATURDAY + 3
    made = heated_table(COUNT)
    made[tuesday : tuesday + 4, :4] = 40.0
    (episode,) = found(made)

    assert episode.start == midnight(tuesday)
    assert episode.found == midnight(tuesday + 3)
    assert episode.numbers["nights"] == 4
    assert episode.numbers["heated_hours"] == 16


def test_three_hours_of_a_night_are_none():
    made = heated_table(COUNT)
    made[SATURDAY + 3 : SATURDAY + 7, :3] = 40.0

    assert found(made) == []


def test_nights_and_closed_days_of_one_fault_are_one_episode():
    made = heated_table(COUNT)
    made[SATURDAY - 4 : SATURDAY + 10] = 40.0
    (episode,) = found(made)

    assert episode.numbers["closed_days"] == 4
    assert episode.numbers["nights"] == 10


def test_warming_up_before_the_opening_is_allowed():
    made = heated_table(COUNT)
    made[in_season(COUNT) & (mild_degc(COUNT) < 17), 4:8] = 40.0
    closed = ~used(curve_of(made)).is_open
    made[closed] = 1.0

    assert found(made) == []


def test_frost_excuses_it():
    degc = mild_degc(COUNT)
    degc[SATURDAY : SATURDAY + 20] = 3.9
    made = with_week_ends(heated_table(COUNT), SATURDAY, 3)

    assert found(made, degc) == []
    degc[SATURDAY : SATURDAY + 20] = 4.0
    assert len(found(made, degc)) == 1


def test_days_whose_temperature_is_unknown_are_not_judged():
    degc = mild_degc(COUNT)
    degc[SATURDAY : SATURDAY + 20] = np.nan

    assert found(with_week_ends(heated_table(COUNT), SATURDAY, 3), degc) == []


@pytest.mark.parametrize(("missing_h", "count"), [(2, 1), (3, 0)])
def test_hours_that_are_missing_count_as_off_and_three_are_too_many(missing_h, count):
    made = with_week_ends(heated_table(COUNT), SATURDAY, 1)
    made[SATURDAY + 1, 10 : 10 + missing_h] = np.nan
    episodes = found(made)

    assert len(episodes) == count
    assert all(e.numbers["heated_hours"] == 26 - missing_h for e in episodes)


def test_a_night_with_an_unknown_hour_is_not_judged():
    tuesday = SATURDAY + 3
    made = heated_table(COUNT)
    made[tuesday : tuesday + 3, :4] = 40.0
    made[tuesday + 1, 2] = np.nan

    assert found(made) == []


def test_what_was_a_habit_is_no_alarm_but_a_saving():
    """Every week end of both winters; the next winter nothing is new."""
    made = heated_table(COUNT)
    rests = ~used(curve_of(made)).is_open & in_season(COUNT)
    made[np.ix_(rests, np.arange(5, 18))] = 40.0
    told = habits(made)

    assert found(made) == []
    assert [e.start.year for e in told] == [2023, 2024]
    assert told[0].is_over
    assert told[0].numbers["closed_days"] == told[0].numbers["judged_closed_days"]
    assert told[0].numbers["heated_hours"] == 13 * told[0].numbers["closed_days"]


def test_days_of_an_alarm_are_no_habit():
    made = heated_table(COUNT)
    rests = ~used(curve_of(made)).is_open & in_season(COUNT)
    made[np.ix_(rests, np.arange(5, 18))] = 40.0
    new = np.arange(COUNT) >= day_number(date(2024, 7, 1))

    assert [e.start.year for e in habits(made, new)] == [2023]


def test_the_first_winter_is_learnt_from():
    made = with_week_ends(heated_table(320), day_number(date(2024, 1, 13)), 4)

    assert found(made) == []


def test_heating_off_season_is_another_rule():
    made = with_week_ends(heated_table(COUNT), day_number(date(2025, 5, 3)), 3)

    assert found(made) == []


def test_what_does_not_follow_the_cold_is_no_heating():
    """A school's kitchen: 30 kW at noon of every open day of the season, and on some week ends."""
    made = np.ones((COUNT, 24))
    cooks = in_season(COUNT) & used(curve_of(made)).is_open
    made[np.ix_(cooks, np.arange(8, 18))] = 30.0

    assert found(with_week_ends(made, SATURDAY, 3)) == []


def test_a_shoulder_of_the_season_is_held_to_the_winter_before():
    """In mild weeks opening hours take little: nights of a few kW are no heating."""
    made = heated_table(COUNT)
    curve = curve_of(made)
    days = (used(curve), mild_degc(COUNT), in_season(COUNT))
    heated = heated_hours(curve, *days, P)
    april = day_number(date(2025, 4, 10))
    first, last = day_number(date(2024, 11, 25)), day_number(date(2025, 3, 1))
    winter = np.median(heated.level_kw[first:last])

    assert heated.level_kw[april] > 0.6 * winter


@pytest.mark.parametrize(
    ("carrier", "measures", "told"),
    [
        (Carrier.NATURAL_GAS, Measures.WITHDRAWAL, True),
        (Carrier.HEAT_COLD, Measures.WITHDRAWAL, True),
        (Carrier.ELECTRICITY, Measures.WITHDRAWAL, False),
        (Carrier.ELECTRICITY, Measures.GENERATION, False),
    ],
)
def test_it_concerns_fuel_and_heat_of_buildings(carrier, measures, told):
    site = Site(id="a", name="A", kind=SiteKind.OFFICE, sector=Sector.MUNICIPAL_BUILDINGS)
    meter = ImportedMeter(id="a.main", carrier=carrier, measures=measures)

    assert heating_closed_hours.concerns(meter, site) is told


def test_the_picture_has_eight_weeks_before_it():
    (episode,) = found(with_week_ends(heated_table(COUNT), SATURDAY, 3))
    assert episode.picture is not None

    assert episode.picture.unit == "h"
    assert episode.picture.start_s == midnight(SATURDAY - 56).timestamp()
    assert episode.picture.seen[56:58] == pytest.approx([13, 13])
    assert episode.windows["seen"].start == midnight(SATURDAY)
    assert midnight(SATURDAY) - timedelta(days=SATURDAY) == midnight(0)
    assert FIRST + timedelta(days=SATURDAY) == date(2025, 1, 11)


def test_the_same_start_whatever_the_history():
    starts = []
    for since in (0, 60, 150):
        made = with_week_ends(heated_table(COUNT), SATURDAY, 3)
        made[:since] = np.nan
        starts.append([e.start for e in found(made)])

    assert starts == [[midnight(SATURDAY)]] * 3


def test_nights_on_are_wasted_with_the_hours_of_warming_up_at_the_most():
    """Two weeks of open days at 40 kW around the clock, 39 beyond idle: ten vacant hours a day,
    half of which are needed later; and at the most all fourteen in which nobody is there."""
    made = heated_table(COUNT)
    for week in (0, 7):
        made[SATURDAY + 2 + week : SATURDAY + 7 + week] = 40.0
    (episode,) = found(made)

    assert episode.numbers["nights"] == 10
    assert episode.excess is not None
    assert episode.excess.likely.sum() == pytest.approx(10 * 10 * 39 / 2)
    assert episode.excess.high.sum() == pytest.approx(10 * 14 * 39)
    assert 0 < episode.excess.low.sum() < 10 * 10 * 39 / 5
