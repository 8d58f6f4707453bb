"""Use above what is expected, of an invented office: 500 kWh on open days and 200 on others.

A wave of 3 kWh stands for what nobody knows, so that the error of 14 days is some kWh.
"""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from paes.faults.rules.above_expected import RULE, find, used_hours
from paes.metering import Carrier, Measures
from paes.meters import ImportedMeter
from paes.shipped_files import shipped_config
from tests.core.faults.building_curves import FIRST, curve_of, day_number, days_of, midnight, used

P = RULE.file(shipped_config()).parameters
COUNT = 800
MONDAY = day_number(date(2025, 1, 13))


def table(factor=1.2, first=MONDAY, days=60):
    is_open = used(curve_of(np.ones((COUNT, 24)))).is_open
    daily = np.where(is_open, 500.0, 200.0) + 3 * np.sin(np.arange(COUNT) * 2.1)
    daily[first : first + days] *= factor
    return np.repeat(daily[:, None] / 24, 24, axis=1)


def found(made):
    curve = curve_of(made)
    return find(curve, days_of(curve, season=False), P)


def test_nothing_where_a_building_is_as_it_was():
    assert found(table(1.0)) == []


def test_a_fifth_more_is_found_on_a_sunday_within_three_weeks():
    """14 days that took 20 % more are over by Sunday, 26 January: sure as Monday begins."""
    (episode,) = found(table())
    weekday = (episode.found - timedelta(days=1)).weekday()

    assert episode.start == midnight(MONDAY)
    assert weekday == 6
    assert episode.found == midnight(MONDAY + 14)
    assert episode.is_over
    assert episode.numbers["rise_fraction"] == pytest.approx(0.2, abs=0.03)


def test_the_excess_is_what_the_days_took_more():
    """60 days: eight weeks and four working days, from a Monday; a fifth of their use."""
    (episode,) = found(table())
    open_days, others = 44, 16
    more = 0.2 * (500 * open_days + 200 * others)
    error = episode.numbers["error_of_14_days_kwh"]
    assert episode.excess is not None
    days = episode.numbers["days"]

    assert episode.excess.likely.sum() == pytest.approx(more, rel=0.02)
    assert episode.excess.high.sum() == pytest.approx(more + error / 14 * days, rel=0.03)
    assert episode.excess.low.sum() == pytest.approx(more - error / 14 * 60, rel=0.03)


@pytest.mark.parametrize(("factor", "count"), [(1.13, 0), (1.17, 1)])
def test_it_counts_from_fifteen_percent_on(factor, count):
    assert len(found(table(factor))) == count


def test_a_meter_that_is_often_off_has_a_wider_threshold():
    """Every other month it took 40 % more in the year before as well."""
    made = table(1.2)
    for month in range(0, MONDAY, 60):
        made[month : month + 30] *= 1.4

    assert found(made) == []


def test_without_a_year_before_nothing_is_told():
    assert found(table()[day_number(date(2024, 6, 1)) :]) == []


def test_what_goes_on_for_good_is_not_over():
    (episode,) = found(table(first=day_number(date(2024, 11, 4)), days=COUNT))

    assert not episode.is_over
    assert episode.start == midnight(day_number(date(2024, 11, 4)))
    assert (FIRST + timedelta(days=COUNT)).year == 2025


def test_missing_days_add_nothing():
    made = table()
    made[MONDAY + 20 : MONDAY + 50] = np.nan
    (episode,) = found(made[: MONDAY + 50])

    assert not episode.is_over
    assert episode.excess is not None
    assert len(episode.excess.likely) <= 24 * 20


def view_of(hours: dict[str, float], asked: str = "a.main") -> SimpleNamespace:
    """A view of ``asked`` at a site whose meters took so many kWh an hour."""
    of = {"main": Measures.WITHDRAWAL, "pv": Measures.GENERATION, "out": Measures.FEED_IN}
    meters = {
        name: ImportedMeter(id=name, carrier=Carrier.ELECTRICITY, measures=of[name[2:]])
        for name in hours
    }
    curves = {name: curve_of(np.full((1, 24), kwh)) for name, kwh in hours.items()}
    town = SimpleNamespace(meter=lambda m: SimpleNamespace(hours=curves[m.id]))
    installation = SimpleNamespace(meters=meters)
    return SimpleNamespace(
        hours=curves[asked], meter=meters[asked], installation=installation, town=town
    )


@pytest.mark.parametrize(
    ("hours", "used_kwh"),
    [
        ({"a.main": 10.0}, 10.0),
        ({"a.main": 10.0, "a.pv": 6.0, "a.out": 1.0}, 15.0),
        ({"a.main": 10.0, "a.pv": 6.0}, 10.0),
        ({"a.main": 10.0, "b.pv": 6.0, "b.out": 1.0}, 10.0),
    ],
)
def test_a_site_with_plants_used_what_it_bought_and_made_less_feed_in(hours, used_kwh):
    """10 bought + 6 made - 1 fed in; without a meter of feed-in nobody knows, nor elsewhere."""
    assert used_hours(view_of(hours)).amounts == pytest.approx(np.full(24, used_kwh))


def test_the_same_start_whatever_the_history():
    """The year before 1 October 2024 is known in all of them."""
    starts = []
    for since in (0, 60, 91):
        made = table()
        made[:since] = np.nan
        starts.append([e.start for e in found(made)])

    assert starts == [[midnight(MONDAY)]] * 3


def test_its_bounds_are_as_far_as_the_sign_asks():
    """Twice the error of 14 days, on 60 days and on either side."""
    (episode,) = found(table())
    error, days = (episode.numbers[n] for n in ("error_of_14_days_kwh", "days"))
    assert episode.excess is not None
    width = (episode.excess.high - episode.excess.low).sum()

    assert error > 0
    assert width == pytest.approx(2 * 2 * error / 14 * days)


def test_days_below_what_was_expected_make_up_for_those_beyond():
    """Six of seven days took 30 % more and the seventh 40 % less of 500 or 200 kWh."""
    made = table(1.3)
    made[MONDAY + 6 : MONDAY + 60 : 7] *= 0.6 / 1.3
    (episode,) = found(made)
    days = slice(int((episode.start - midnight(0)).days), int((episode.end - midnight(0)).days))
    more = (made[days] - table(1.0)[days]).sum()
    assert episode.excess is not None

    assert episode.excess.likely.min() < 0
    assert episode.excess.likely.sum() == pytest.approx(more, rel=0.02)
