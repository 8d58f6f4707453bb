"""Silences between readings, and who is told of them: a meter, its gateway, or the collector."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from paes.faults.episode import Episode
from paes.faults.signs.absent_together import COLLECTOR, grouped
from paes.faults.signs.file_rhythm import usual_distance_days
from paes.faults.signs.silence import silences, sure_at

HOUR, DAY = 3600, 86_400


def quarters(first_h: int, last_h: int) -> np.ndarray:
    """A reading every quarter of an hour, both ends included."""
    return np.arange(first_h * HOUR, last_h * HOUR + 1, 900, dtype=np.int64)


def test_a_day_without_readings_counts_and_less_does_not():
    times = np.concatenate([quarters(0, 10), quarters(34, 40), quarters(63, 70)])
    (only,) = silences(times, 70 * HOUR, [], DAY)
    assert (only.start_s, only.end_s, only.counted_s) == (10 * HOUR, 34 * HOUR, DAY)
    assert not only.lasts


def test_what_still_lasts_says_so():
    (only,) = silences(quarters(0, 10), 40 * HOUR, [], DAY)
    assert (only.end_s, only.lasts) == (40 * HOUR, True)


def test_planned_outages_and_nights_do_not_count():
    times = np.concatenate([quarters(0, 10), quarters(40, 50)])
    assert silences(times, 50 * HOUR, [(12 * HOUR, 20 * HOUR)], DAY) == []
    overlapping = [(12 * HOUR, 14 * HOUR), (13 * HOUR, 15 * HOUR)]
    (only,) = silences(times, 50 * HOUR, overlapping, DAY)
    assert only.counted_s == 27 * HOUR
    # From 10 on: 2 h, then 3 h that do not count, then 22 h more make a day.
    assert sure_at(only, overlapping, DAY) == 37 * HOUR


def test_a_meter_that_never_brought_any_counts_from_its_first_day():
    nothing = np.empty(0, np.int64)
    assert silences(nothing, 50 * HOUR, [], DAY) == []
    assert len(silences(nothing, 50 * HOUR, [], DAY, born_s=0)) == 1


def test_the_time_before_the_first_reading_is_that_of_installing():
    assert silences(quarters(100, 110), 110 * HOUR, [], DAY, born_s=0) == []


START = datetime(2025, 3, 1, tzinfo=UTC)


def silent(gateway="gw-a", behind=3, hours=30, late=0, is_over=True) -> Episode:
    """A meter away from ``late`` hours after the start on, for ``hours``."""
    start = START + timedelta(hours=late)
    numbers = {"hours": hours, "late_after_h": 0.5, "meters_behind": behind, "gateways_in_all": 4}
    numbers["meters"] = 1.0
    end = start + timedelta(hours=hours)
    found = start + timedelta(hours=24)
    return Episode(start, end, found, is_over, numbers, place=gateway)


def test_most_meters_of_a_gateway_are_one_episode_of_the_gateway():
    found = grouped({"a.1": [silent()], "a.2": [silent()], "a.3": []})
    assert list(found) == ["gw-a"]
    (one,) = found["gw-a"]
    assert (one.numbers["meters"], one.place) == (2, None)


def test_half_of_them_are_not_most():
    found = grouped({"a.1": [silent(behind=4)], "a.2": [silent(behind=4)]})
    assert sorted(found) == ["a.1", "a.2"]
    assert found["a.1"][0].place is None


@pytest.mark.parametrize("other", [{"late": 5}, {"hours": 90}, {"is_over": False}])
def test_who_was_away_at_another_time_is_another_episode(other):
    found = grouped({"a.1": [silent()], "a.2": [silent(**other)]})
    assert sorted(found) == ["a.1", "a.2"]


def test_a_gateway_with_one_meter_is_told_by_its_meter():
    assert list(grouped({"a.1": [silent(behind=1)]})) == ["a.1"]


def test_most_gateways_together_are_the_collector():
    away = {f"{g}.{n}": [silent(f"gw-{g}", 2)] for g in "abc" for n in (1, 2)}
    found = grouped(away)
    assert list(found) == [COLLECTOR]
    assert found[COLLECTOR][0].numbers["gateways"] == 3
    assert found[COLLECTOR][0].numbers["meters"] == 6
    two = {name: episodes for name, episodes in away.items() if not name.startswith("c")}
    assert sorted(grouped(two)) == ["gw-a", "gw-b"]


def test_meters_from_files_stay_by_themselves():
    late = replace(silent(), place=None)
    assert list(grouped({"a.bill": [late], "b.bill": [late]})) == ["a.bill", "b.bill"]


def test_the_rhythm_of_files_is_the_median_of_four_dates_or_more():
    days = [0, 31, 59, 90, 181]
    assert usual_distance_days([d * DAY for d in days]) == 31  # of 31, 28, 31, 91
    assert usual_distance_days([d * DAY for d in days[:3]]) is None
    assert usual_distance_days([0, 5, 10, 15]) is None  # all of one day
