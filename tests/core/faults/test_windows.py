"""Medians over windows of days, opening hours beside a curve, and months of days."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from paes.faults.load_curve import LoadCurve
from paes.faults.signs.day_numbers import months, winters, years
from paes.faults.signs.occupancy import occupancy
from paes.faults.signs.windows import daily_picture, excess_between, window_median
from paes.opening import Opening, OpeningEvent

NAN = float("nan")
SATURDAY_S = int(datetime(2025, 3, 29, tzinfo=UTC).timestamp()) - 3600
"""Midnight in Italy of the Saturday before the clocks change."""


def test_a_median_is_that_of_the_days_up_to_the_day():
    """Windows of 3 days: (1), (1,5), (1,5,3), (5,3,9) with at least two known."""
    found = window_median(np.array([1.0, 5.0, 3.0, 9.0]), 3, 0, 2)

    assert found == pytest.approx([NAN, 3.0, 3.0, 5.0], nan_ok=True)


def test_a_median_may_end_days_before():
    found = window_median(np.array([1.0, 5.0, 3.0, 9.0]), 2, 1, 1)

    assert found == pytest.approx([NAN, 1.0, 3.0, 4.0], nan_ok=True)


def test_unknown_days_are_left_out():
    found = window_median(np.array([1.0, NAN, 3.0, NAN]), 3, 0, 2)

    assert found == pytest.approx([NAN, NAN, 2.0, NAN], nan_ok=True)


def curve(days: int) -> LoadCurve:
    return LoadCurve(SATURDAY_S, 3600, np.ones(24 * days - 1), "Europe/Rome")


def test_occupied_hours_are_those_of_the_local_clock():
    """Saturday to Tuesday; Sunday has 23 hours, and Monday opens at 8 of summer time."""
    used = occupancy(curve(4), Opening(from_hour=8, to_hour=18))
    occupied = used.occupied(curve(4))

    assert used.is_open.tolist() == [False, False, True, True]
    assert np.flatnonzero(occupied)[0] == 24 + 23 + 8
    assert occupied.sum() == 20


def test_vacant_hours_leave_out_the_warming_up():
    used = occupancy(curve(4), Opening(from_hour=8, to_hour=18))
    vacant = used.vacant(curve(4), 3.0)

    assert vacant[: 24 + 23].all()
    assert vacant[47:71].sum() == 24 - 10 - 3


def test_an_event_opens_a_sunday():
    event = OpeningEvent(first=date(2025, 3, 30), last=date(2025, 3, 30), from_hour=9, to_hour=12)
    used = occupancy(curve(4), Opening(events=(event,)))

    assert used.is_open.tolist() == [False, True, True, True]
    assert (used.from_hour[1], used.to_hour[1]) == (9, 12)


def test_an_excess_has_no_row_where_nothing_is_known():
    made = curve(2).with_amounts(np.array([NAN, *np.full(46, 5.0)]))
    where = np.arange(47) < 3
    excess = excess_between(made, where, np.full(47, 2.0), np.full(47, -1.0), np.full(47, 1.0))

    assert len(excess.likely) == 2
    assert (excess.low.tolist(), excess.high.tolist()) == ([0, 0], [2, 2])


def test_a_picture_begins_eight_weeks_before():
    seen = np.arange(100.0)
    picture = daily_picture(curve(100), "kWh", seen, seen, 60, 70)

    assert picture.seen[0] == 4
    assert picture.seen[-1] == 84
    assert picture.start_s == datetime(2025, 4, 2, tzinfo=UTC).timestamp()


def test_a_winter_has_the_year_in_which_it_begins():
    first = date(2024, 6, 30)

    assert months(first, 2).tolist() == [6, 7]
    assert years(first, 2).tolist() == [2024, 2024]
    assert winters(first, 2).tolist() == [2023, 2024]


def test_bounds_that_nobody_knows_are_the_widest_and_the_likely():
    two = LoadCurve(SATURDAY_S, 3600, np.array([3.0, 3.0]), "Europe/Rome")
    everywhere = np.ones(2, dtype=np.bool_)
    likely, low, high = np.array([2.0, 2.0]), np.array([NAN, 1.0]), np.array([NAN, 2.5])

    found = excess_between(two, everywhere, likely, low, high)

    assert found.low.tolist() == [0.0, 1.0]
    assert found.high.tolist() == [2.0, 2.5]
