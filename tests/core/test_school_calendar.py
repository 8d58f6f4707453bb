"""What a calendar is worth to a baseline, on one measured school.

Another program (change-point search in numpy by other hands, on the same year) reached CV(RMSE) of
43.9 % without a calendar, 30.5 % with week ends, 24.1 % with the school's holidays; with a mode of
its own for each part of the summer 17.8 %, for which three kinds of day stand here.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.accuracy.school import calendars, cv_rmse, measure, school, spans

PUBLISHED = {
    "without a calendar": 0.439,
    "with week ends": 0.305,
    "with school holidays": 0.241,
}


def test_the_year_is_there():
    kwh, degc, modes = school()

    assert len(kwh) == 365
    assert int(np.isnan(kwh).sum()) == 5
    assert not np.isnan(degc).any()
    assert modes.count("holidays") == 32
    assert len(spans(("summer_school",))) == 1


@pytest.mark.parametrize("what", PUBLISHED)
def test_each_calendar_is_worth_what_was_found_elsewhere(what):
    assert cv_rmse(calendars()[what]) == pytest.approx(PUBLISHED[what], abs=0.015)


def test_the_summer_is_worth_as_much_as_the_holidays():
    told = [row.figure for row in measure()]

    assert len(told) == 4
    assert told == sorted(told, reverse=True)
    assert told[3] < 0.2
