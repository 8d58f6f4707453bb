"""Base load of an invented building: 10 kW at night, 20 by day; 4 kW more from a day on.

By hand: the threshold is 12 kW (20 % above the weeks before; last year asks for 11.5). The median
of 14 nights is 12 with seven of them at 14 kW, and above it with eight: the sign is there from
the eighth night on, and sure on the eighth day of it, day + 14, at 05:00.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from paes.faults.rules.base_load import RULE, concerns, find
from paes.metering import Carrier, Measures, Sector, Site, SiteKind
from paes.meters import ImportedMeter
from paes.opening import Opening
from paes.shipped_files import shipped_config
from tests.core.faults.building_curves import curve_of, day_number, midnight, used

P = RULE.file(shipped_config()).parameters
COUNT = 800
STEP = 600


def table(extra_kw=4.0, first=STEP, end=COUNT):
    made = np.full((COUNT, 24), 20.0)
    made[:, :5] = 10.0
    made[first:end] += extra_kw
    return made


def found(made, opening=None):
    curve = curve_of(made)
    return find(curve, used(curve, opening) if opening else used(curve), P)


def test_a_rise_is_found_where_it_began_and_sure_after_two_weeks():
    (episode,) = found(table())

    assert episode.start == midnight(STEP)
    assert episode.found == midnight(STEP + 14) + timedelta(hours=5)
    assert not episode.is_over
    assert episode.numbers["night_power_kw"] == pytest.approx(14)
    assert episode.numbers["usual_power_kw"] == pytest.approx(10)
    assert episode.numbers["threshold_kw"] == pytest.approx(12)
    assert episode.numbers["days"] == COUNT - STEP


def test_the_excess_of_every_hour_is_what_the_night_shows_more():
    """100 days of 4 kW; the low bound counts hours outside the opening ones (14 of 24, week ends
    whole): of 14 weeks and two days from a Thursday, by the calendar."""
    (episode,) = found(table(end=STEP + 100))
    days = [midnight(STEP + n).weekday() for n in range(100)]
    closed_h = sum(24 if weekday >= 5 else 14 for weekday in days)

    assert episode.is_over
    assert episode.end == midnight(STEP + 100)
    assert episode.excess is not None
    assert episode.excess.likely.sum() == pytest.approx(100 * 24 * 4)
    assert episode.excess.low.sum() == pytest.approx(closed_h * 4)
    assert episode.excess.high.sum() == pytest.approx(100 * 24 * 4)


@pytest.mark.parametrize(("extra_kw", "count"), [(1.9, 0), (2.1, 1)])
def test_a_rise_counts_from_a_fifth_on(extra_kw, count):
    assert len(found(table(extra_kw))) == count


def test_a_rise_below_the_least_power_is_none():
    """At a tenth of it all 20 % are 0.1 kW: below 0.2 kW."""
    assert found(table() / 10)
    assert not found(table(2.5) / 20)


def test_a_rise_of_every_year_is_a_season():
    made = table(end=STEP + 90)
    made[STEP - 364 : STEP - 274] += 4.0

    assert [e.start for e in found(made) if e.start >= midnight(STEP - 10)] == []


def test_without_last_year_a_season_is_no_alarm_but_a_doubling_is():
    made = table(first=150)[:300]
    assert found(made) == []

    made = table(11.0, first=150)[:300]
    (episode,) = found(made)
    assert "last_year_kw" not in episode.numbers


def test_a_long_rise_does_not_become_usual():
    """More than a year later its own nights are last year's, and still it goes on."""
    (episode,) = found(table(first=390))

    assert episode.start == midnight(390)
    assert not episode.is_over
    assert episode.end == midnight(COUNT)


def test_a_gap_neither_ends_nor_feeds_it():
    made = table(end=STEP + 60)
    made[STEP + 20 : STEP + 50] = np.nan
    (episode,) = found(made[: STEP + 50])

    assert not episode.is_over
    assert episode.end == midnight(STEP + 20)
    assert episode.excess is not None
    assert episode.excess.likely.sum() == pytest.approx(20 * 24 * 4)


def test_the_same_start_whatever_the_history():
    starts = []
    for since in (0, 100, 140):
        made = table()
        made[:since] = np.nan
        starts.append([e.start for e in found(made)])

    assert starts[0] == [midnight(STEP)]
    assert starts == [starts[0]] * 3


def test_who_saved_is_held_to_it():
    """Half the nights' load was saved at day 450; 30 % of the rest come back at day 600.

    Last year's nights were twice as high, and would hide it for a year.
    """
    made = np.full((COUNT, 24), 10.0)
    made[450:] = 5.0
    made[STEP:] += 1.5
    (episode,) = found(made)

    assert episode.start == midnight(STEP)


def test_nights_of_a_closed_span_are_compared_with_those_of_closed_spans():
    """10 kW at night, 4 kW in a closed span; in that of the second year 8.

    The weeks before tell nothing of it, and last year's asks for three quarters more: 7 kW.
    """
    spans = ((date(2023, 12, 18), date(2024, 2, 10)), (date(2024, 12, 16), date(2025, 2, 8)))
    school = Opening(holidays="none", closed=spans)
    made = np.full((COUNT, 24), 10.0)
    first, second = (slice(day_number(a), day_number(b) + 1) for a, b in spans)
    made[first], made[second] = 4.0, 4.0
    assert found(made, school) == []

    made[second] = 8.0
    (episode,) = found(made, school)
    assert episode.start == midnight(second.start)
    assert episode.numbers["usual_power_kw"] == pytest.approx(4)


def test_the_picture_shows_eight_weeks_before():
    (episode,) = found(table())
    assert episode.picture is not None
    first = int(midnight(STEP - 56).timestamp())

    assert episode.picture.start_s == first
    assert episode.picture.seen[:56] == pytest.approx(np.full(56, 10.0))
    assert episode.picture.seen[56] == pytest.approx(14)
    assert episode.picture.usual[56] == pytest.approx(10)


@pytest.mark.parametrize(
    ("kind", "sector", "measures", "told"),
    [
        (SiteKind.SCHOOL, Sector.MUNICIPAL_BUILDINGS, Measures.WITHDRAWAL, True),
        (SiteKind.SCHOOL, Sector.MUNICIPAL_BUILDINGS, Measures.GENERATION, False),
        (SiteKind.LIGHTING_CABINET, Sector.PUBLIC_LIGHTING, Measures.WITHDRAWAL, False),
        (SiteKind.CHARGING_STATION, Sector.PRIVATE_TRANSPORT, Measures.WITHDRAWAL, False),
        (SiteKind.TROLLEYBUS_SUBSTATION, Sector.PUBLIC_TRANSPORT, Measures.WITHDRAWAL, False),
    ],
)
def test_it_concerns_the_electricity_of_buildings(kind, sector, measures, told):
    site = Site(id="a", name="A", kind=kind, sector=sector)
    meter = ImportedMeter(id="a.main", carrier=Carrier.ELECTRICITY, measures=measures)

    assert concerns(meter, site) is told


def test_shorter_than_the_asked_days_is_nothing():
    """14 days of rise: the sign lasts from the 8th night to the 6th after it: 13 days. 8 days of
    rise show it on the 8th night and none before the 7th is gone: 7 days, below 8."""
    assert len(found(table(end=STEP + 14))) == 1
    assert found(table(end=STEP + 8)) == []
    assert len(find(curve_of(table(end=STEP + 8)), used(curve_of(table())),
                    replace_days(7))) == 1  # fmt: skip


def replace_days(lasting: int):
    return P.model_copy(update={"lasting_days": lasting})


def test_the_first_days_of_a_closed_span_waste_as_the_days_before():
    """Of its kind there is no reference; 4 kW went on all the same, and nothing is the least."""
    first = date(2023, 7, 1) + timedelta(days=STEP + 80)
    closed = Opening(
        holidays="none", from_hour=8, to_hour=18, closed=((first, first + timedelta(days=9)),)
    )
    (episode,) = found(table()[: STEP + 110], closed)

    assert episode.excess is not None
    assert episode.excess.likely.sum() == pytest.approx(110 * 24 * 4)
    assert episode.excess.low[80 * 24 : 90 * 24].sum() == 0
