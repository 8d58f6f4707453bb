"""Rows of derived energy: when their seals hold, and what their packed courses keep."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paes.rollups import (
    ALWAYS_S,
    DAY_S,
    NEVER_S,
    OPEN,
    Rollups,
    Shape,
    Touches,
    gaps_of,
    gaps_text,
    joined,
    seals,
    shape_of,
    shapes_bytes,
)
from paes.series import Gap

RULES = 2**62 + 12345
LARGEST = 9.2e12
"""kWh: the largest value that a store keeps."""
TOKEN = st.integers(1, 2**62 - 1)


def touched(*days: tuple[int, int]) -> Touches:
    """Tokens of days, counted from 0."""
    found = np.array(sorted(days), np.int64).reshape(-1, 2)
    return Touches(found[:, 0] * DAY_S, found[:, 1])


def sealed(touches: Touches, from_s: int, to_s: int, rules: int = RULES) -> tuple[int, bool]:
    """The seal of one row, and whether it may be kept."""
    seal, closed = seals(rules, touches, np.array([from_s]), np.array([to_s]))
    return int(seal[0]), bool(closed[0])


def rows(*starts: int) -> Rollups:
    """Days that begin at ``starts``, told apart by all their columns."""
    s = np.array(starts, np.int64)
    gaps = [(Gap(start, start + 1, 0.0, 1.0, "no_reading"),) for start in starts]
    shapes = [bytes([start % 256]) for start in starts]
    return Rollups(s, s + 0.1, s + 0.2, s + 0.3, s - 5, s + 5, s * 7, gaps, shapes)


# -- seals ----------------------------------------------------------------------------------


def test_a_seal_changes_with_every_day_that_has_a_reading_the_row_needs():
    """It needs readings from 12:00 of day 3 to 12:00 of day 5."""
    needs = 3 * DAY_S + DAY_S // 2, 5 * DAY_S + DAY_S // 2
    before, _ = sealed(Touches.none(), *needs)
    changed = [day for day in range(9) if sealed(touched((day, 99)), *needs)[0] != before]
    assert changed == [3, 4, 5]


@pytest.mark.parametrize(
    ("from_s", "to_s", "days"),
    [
        (3 * DAY_S, 4 * DAY_S, [3, 4]),  # the reading at midnight belongs to the day it begins
        (3 * DAY_S - 1, 4 * DAY_S - 1, [2, 3]),
        (3 * DAY_S, 3 * DAY_S, [3]),
        (ALWAYS_S, 2 * DAY_S, [0, 1, 2]),
        (7 * DAY_S, NEVER_S, [7, 8]),
    ],
)
def test_a_seal_rests_on_whole_days_of_utc(from_s, to_s, days):
    before, _ = sealed(Touches.none(), from_s, to_s)
    assert days == [d for d in range(9) if sealed(touched((d, 9)), from_s, to_s)[0] != before]


@given(old=TOKEN, new=TOKEN, other=TOKEN)
def test_a_new_token_breaks_a_seal_and_an_old_one_would_mend_it(old, new, other):
    needs = 0, 3 * DAY_S
    was = sealed(touched((1, old), (2, other)), *needs)[0]
    assert (sealed(touched((1, new), (2, other)), *needs)[0] == was) == (old == new)
    assert sealed(touched((1, old), (2, other), (7, new)), *needs)[0] == was


def test_rows_of_other_rules_have_other_seals():
    some = touched((1, 2**62 - 1), (2, 2**62 - 1))
    assert sealed(some, 0, 3 * DAY_S)[0] != sealed(some, 0, 3 * DAY_S, RULES + 1)[0]


def test_what_needs_a_day_that_is_being_written_cannot_be_kept():
    some = touched((1, 5), (4, OPEN), (7, 6))
    assert sealed(some, 0, 4 * DAY_S - 1)[1]
    assert not sealed(some, 0, 4 * DAY_S)[1]
    assert not sealed(some, ALWAYS_S, NEVER_S)[1]
    assert sealed(some, 5 * DAY_S, NEVER_S)[1]


# -- columns --------------------------------------------------------------------------------


def test_parts_are_joined_in_order_of_time_with_all_their_columns():
    whole, parts = rows(1, 2, 3, 4), [rows(3), rows(), rows(1, 4), rows(2)]
    found = joined(parts)
    for column in ("start_s", "measured", "catch_up", "covered_s", "needs_to_s", "seal"):
        assert getattr(found, column).tolist() == getattr(whole, column).tolist()
    assert list(found.gaps) == list(whole.gaps)
    assert list(found.shapes) == list(whole.shapes)
    assert len(joined([])) == len(joined([rows()])) == 0


def test_rows_are_chosen_with_all_their_columns():
    some = rows(1, 2, 3).where(np.array([True, False, True]))
    assert some.start_s.tolist() == [1, 3]
    assert list(some.gaps) == list(rows(1, 3).gaps)
    assert list(some.shapes) == [b"\x01", b"\x03"]
    assert replace(rows(1, 2), shapes=()).where(np.array([False, True])).shapes == ()


# -- texts and courses ----------------------------------------------------------------------

GAPS = st.builds(
    Gap,
    st.integers(0, 2**40),
    st.integers(0, 2**40),
    st.floats(0, 1e9),
    st.one_of(st.floats(0, 1e9), st.just(float("inf"))),
    st.sampled_from(["no_reading", "counter.reset"]),
)


@given(st.lists(GAPS, max_size=4))
def test_gaps_are_read_as_they_were_written(gaps):
    assert gaps_of(gaps_text(gaps)) == tuple(gaps)
    assert gaps_text(()) == ""


@given(data=st.data(), quarters=st.lists(st.sampled_from([92, 96, 100]), min_size=1, max_size=4))
def test_a_course_comes_back_to_the_millionth_and_its_sum_too(data, quarters):
    n = sum(quarters)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32), label="seed"))
    largest = data.draw(st.sampled_from([0.3, 5e3, LARGEST / n]), label="kWh at most")
    measured = rng.uniform(0, largest, n) * (rng.random(n) < 0.9)
    catch_up = rng.uniform(0, largest, n) * (rng.random(n) < data.draw(st.sampled_from([0, 0.1])))
    covered = np.where(rng.random(n) < 0.05, rng.integers(0, 901, n), 900).astype(np.float64)
    gaps = {0: (Gap(10, 20, 1.5, 1.5, "no_reading"),)}
    packed = shapes_bytes(Shape(measured, catch_up, covered), quarters, gaps)
    days = [shape_of(day, q) for day, q in zip(packed, quarters, strict=True)]
    found = np.concatenate([d.measured for d in days])
    assert np.abs(found - measured).max() <= 1.01e-6 + largest * 1e-15
    for day, of_day in zip(days, np.split(measured, np.cumsum(quarters)[:-1]), strict=True):
        assert abs(day.measured.sum() - of_day.sum()) <= 0.51e-6 + largest * n * 1e-15
    assert np.concatenate([d.catch_up for d in days]).tolist() == catch_up.tolist()
    assert np.concatenate([d.covered_s for d in days]).tolist() == covered.tolist()
    assert [d.gaps for d in days] == [gaps[0], *[()] * (len(quarters) - 1)]


def test_a_day_like_any_other_takes_few_bytes():
    rng = np.random.default_rng(7)
    course = Shape(rng.uniform(0.2, 0.6, 96).round(3), np.zeros(96), np.full(96, 900.0))
    (packed,) = shapes_bytes(course, [96], {})
    assert len(packed) < 330
