"""Load curves on the local clock: days of 23 and 25 hours, the unknown, stretches of signs."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from paes.errors import DataError
from paes.faults.episode import Stretch, stretches
from paes.faults.load_curve import LoadCurve

ROME = "Europe/Rome"


def curve(first: datetime, count: int, step_s: int = 3600) -> LoadCurve:
    """1 kWh in each step from ``first`` on."""
    return LoadCurve(int(first.timestamp()), step_s, np.ones(count), ROME)


def test_days_of_a_clock_change_have_their_hours() -> None:
    # 29 to 31 March 2025: the 30th has 23 hours.
    spring = curve(datetime(2025, 3, 28, 23, tzinfo=UTC), 24 + 23 + 24)
    autumn = curve(datetime(2025, 10, 25, 22, tzinfo=UTC), 25 + 24)

    assert spring.by_day().tolist() == [24, 23, 24]
    assert spring.days == [date(2025, 3, 29), date(2025, 3, 30), date(2025, 3, 31)]
    assert autumn.by_day().tolist() == [25, 24]


def test_hours_are_those_of_the_clock_on_the_wall() -> None:
    summer = curve(datetime(2025, 7, 1, 22, tzinfo=UTC), 24)

    assert summer.first_day == date(2025, 7, 2)
    assert summer.hour[:3].tolist() == [0, 1, 2]
    assert summer.of_hours(22, 2).sum() == 4


def test_day_with_too_little_known_says_nothing() -> None:
    amounts = np.ones(48)
    amounts[[1, 30, 31, 32]] = np.nan
    two = LoadCurve(int(datetime(2025, 1, 1, 23, tzinfo=UTC).timestamp()), 3600, amounts, ROME)
    night = two.of_hours(0, 5)

    assert np.isnan(two.by_day()).all()
    assert two.by_day(least_known=0.9).tolist()[0] == 24  # 23 known hours, the other as their mean
    assert np.isnan(two.by_day(least_known=0.9)[1])
    assert two.mean_by_day(night, 0.75).tolist() == [1, 1]
    assert np.isnan(two.least_by_day(night)[0])


def test_power_of_quarter_hours_is_four_times_their_energy() -> None:
    quarters = curve(datetime(2025, 1, 1, 23, tzinfo=UTC), 96, 900)

    assert quarters.mean_by_day().tolist() == [4]
    assert quarters.by_day().tolist() == [96]


def test_part_between_begins_with_the_first_whole_step() -> None:
    day = curve(datetime(2025, 1, 1, 23, tzinfo=UTC), 24)
    part = day.between(day.start_s + 1800, day.end_s - 3600)

    assert (part.start_s - day.start_s, len(part)) == (3600, 22)


def test_steps_that_no_clock_has_are_refused() -> None:
    with pytest.raises(DataError, match="700 s"):
        LoadCurve(0, 700, np.ones(3), ROME)


def test_stretch_begins_with_enough_signs_and_ends_after_quiet() -> None:
    sign = np.array([1, 0, 1, 1, 1, 0, 1, 0, 0, 0, 1], dtype=bool)
    known = np.ones(11, dtype=bool)

    assert stretches(sign, known, 3, 2) == [Stretch(2, 6, 4, True)]
    assert stretches(sign, known, 3, 4) == [Stretch(2, 10, 4, False)]


def test_unknown_steps_neither_begin_nor_end_a_stretch() -> None:
    sign = np.array([1, 0, 1, 1, 0, 0, 0], dtype=bool)
    known = np.array([1, 0, 1, 1, 0, 0, 0], dtype=bool)

    assert stretches(sign, known, 3, 2) == [Stretch(0, 3, 3, False)]
    assert stretches(sign, ~sign, 1, 1) == []
