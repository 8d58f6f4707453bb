"""Which readings a day rests on: nothing outside of what it names may change it.

Days are accounted as ``paes.accounting.kept_energy`` does it, from readings held in arrays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from odd_curves import Curve, curves, edits
from odd_meters import ZONES, Course, courses

from paes.accounting.counter import account
from paes.accounting.counter_needs import needs
from paes.accounting.counter_rules import CONTEXT_READINGS, CounterRules
from paes.accounting.energy_rows import day_rows
from paes.accounting.judging import Counter, judged
from paes.metering import Evidence, Register
from paes.meters import Replacement
from paes.periods import By, Span, edges, from_seconds
from paes.rollups import ALWAYS_S, NEVER_S, Rollups
from paes.series import ReadingSeries

POINT = "school.main/energy_import"
QUARTER = 900
MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Held:
    """As much of a store as judging asks of it."""

    def __init__(self, readings: ReadingSeries) -> None:
        self.readings = readings
        self.margins: list[int] = []

    def around(
        self, points: Iterable[str], start_s: int, end_s: int, margin: int
    ) -> dict[str, ReadingSeries]:
        self.margins.append(margin)
        r = self.readings
        a, b = np.searchsorted(r.seconds, [start_s, end_s])
        some = slice(max(0, int(a) - margin), int(b) + margin)
        return {p: ReadingSeries(r.seconds[some], r.values[some], r.codes[some]) for p in points}


def days(readings: ReadingSeries, rules: CounterRules, tz: str, of: np.ndarray) -> Rollups:
    """The days between the edges ``of``, made together."""
    span = Span(from_seconds(of[0]), from_seconds(of[-1]))
    (found,) = judged(Held(readings), [Counter(rules, tz)], span)  # type: ignore[arg-type]
    life = int(of[0]), int(of[-1])
    return day_rows(found.readings, found.book, found.gaps, of, life, rules)


def days_of(course: Course | Curve, tz: str) -> np.ndarray:
    span = Span(from_seconds(course.t[0]), from_seconds(course.t[-1] + 1))
    return edges(span, By.DAY, tz)


def assert_alike(one: Rollups, i: int, other: Rollups, k: int) -> None:
    for column in ("measured", "catch_up", "covered_s"):
        a, b = getattr(one, column)[i], getattr(other, column)[k]
        assert a == pytest.approx(b, rel=1e-9, abs=1e-6), column
    told, again = one.gaps[i], other.gaps[k]
    assert [(g.start_s, g.end_s, g.cause) for g in told] == [
        (g.start_s, g.end_s, g.cause) for g in again
    ]
    for g, h in zip(told, again, strict=True):
        assert (g.low, g.high) == pytest.approx((h.low, h.high), rel=1e-9, abs=1e-6)


ANY = st.one_of(courses(), curves())


def edited(course: Course | Curve, data: st.DataObject) -> CounterRules:
    """The course's rules, half the time with edits."""
    rules = course.rules(POINT)
    if data.draw(st.booleans(), label="edited"):
        ignored, factors = data.draw(edits(course.t), label="edits")
        rules = replace(rules, ignored=ignored, factors=factors)
    return rules


@MANY
@given(course=ANY, tz=st.sampled_from(ZONES), data=st.data())
def test_a_settled_day_is_the_same_alone_and_among_others(course, tz, data):
    rules, of = edited(course, data), days_of(course, tz)
    together = days(course.readings, rules, tz, of)
    first = data.draw(st.integers(0, len(of) - 2), label="first day")
    last = min(first + data.draw(st.sampled_from([1, 2, 7]), label="days"), len(of) - 1)
    alone = days(course.readings, rules, tz, of[first : last + 1])
    for k in np.flatnonzero(alone.needs_to_s < NEVER_S).tolist():
        assert_alike(together, first + k, alone, k)


@MANY
@given(course=ANY, tz=st.sampled_from(ZONES), data=st.data())
def test_what_is_written_outside_of_its_needs_never_changes_a_day(course, tz, data):
    rules, of = edited(course, data), days_of(course, tz)
    day = data.draw(st.integers(0, len(of) - 2), label="day")
    row = days(course.readings, rules, tz, of[day : day + 2])
    needs_from, needs_to = int(row.needs_from_s[0]), int(row.needs_to_s[0])
    assume(needs_to < NEVER_S)
    outside = np.flatnonzero((course.t < needs_from) | (course.t > needs_to))
    assume(len(outside))
    near = outside[np.argsort(np.abs(course.t[outside] - of[day]))][:60]
    for _ in range(4):
        some = data.draw(st.lists(st.sampled_from(near.tolist()), min_size=1, max_size=20))
        wrong = data.draw(st.sampled_from([0.0, 0.5, 1.0, 1e6, -1.0, None]), label="wrong by")
        if wrong is None:  # not there at all
            left = np.delete(np.arange(len(course.t)), some)
            other = ReadingSeries(course.t[left], course.v[left], course.q[left])
        else:
            values = course.v.copy()
            step = rules.register.resolution
            values[some] = values[some] + step if wrong == 1.0 else values[some] * wrong
            other = ReadingSeries(course.t, values, course.q)
        assert_alike(row, 0, days(other, rules, tz, of[day : day + 2]), 0)


def steady(n: int) -> ReadingSeries:
    """0.5 kWh a quarter of an hour."""
    t = QUARTER * np.arange(n, dtype=np.int64)
    return ReadingSeries(t, 0.5 * np.arange(n), np.zeros(n, np.int8))


def rules(limit_per_h: float | None = 10.0) -> CounterRules:
    return CounterRules(Register(POINT, "kWh", None, 0.01), 1.5 * QUARTER, limit_per_h)


def needed(readings: ReadingSeries, hours: tuple[int, int], r: CounterRules) -> list[float]:
    """The outermost readings that these hours need, by number from the start."""
    start, end = np.array([hours[0] * 3600]), np.array([hours[1] * 3600])
    found = needs(account(readings, r), readings, start, end, r)
    return [float(at[0]) / QUARTER for at in found]


def test_a_few_sound_readings_on_either_side_are_enough():
    first, last = needed(steady(400), (24, 48), rules())
    assert 96 - CONTEXT_READINGS[0] <= first < 96 - 6
    assert 192 + 6 < last <= 192 + CONTEXT_READINGS[0]


def test_at_its_ends_a_day_rests_on_all_there_is_and_on_what_is_to_come():
    first, last = needed(steady(100), (0, 24), rules())
    assert (first * QUARTER, last * QUARTER) == (ALWAYS_S, NEVER_S)


def test_nonsense_beside_a_day_is_needed_to_its_far_end():
    rng = np.random.default_rng(7)
    readings = steady(400)
    readings.values[50:96] = rng.uniform(1e5, 9e5, 46)  # until the day begins
    readings.values[192:240] = rng.uniform(1e5, 9e5, 48)  # from its end on
    first, last = needed(readings, (24, 48), rules())
    assert first < 50
    assert last > 240


def test_without_a_rating_a_reading_counts_once_no_later_fall_can_take_it_for_a_spike():
    # what falls all the time after 144 is left out; whether 144 stays is told by 156 to 158
    readings = steady(400)
    readings.values[144:] += 250.0
    readings.values[145:156] = np.arange(250.0, 140.0, -10.0)
    assert needed(readings, (24, 36), rules(None))[1] > 158
    spike = readings.values.copy()
    spike[156:] -= 250.0
    other = ReadingSeries(readings.seconds, spike, readings.codes)
    kept, dropped = account(readings, rules(None)), account(other, rules(None))
    assert 144 * QUARTER in kept.knots_s
    assert 144 * QUARTER not in dropped.knots_s


def test_an_exchange_noticed_days_later_is_told_where_it_was_made_whatever_is_asked():
    """The register began again on the fourth and on the fifth day; the first was the exchange."""
    readings = steady(900)
    readings.values[300:] -= readings.values[300]
    readings.values[400:] -= readings.values[400]
    noticed = Replacement(at=from_seconds(700 * QUARTER), new_serial="B")
    r = replace(rules(), noticed=(noticed,))
    of = 86400 * np.arange(10, dtype=np.int64)
    together = days(readings, r, "UTC", of)
    assert [g.cause for g in together.gaps[3]] == ["meter.replaced"]
    assert [g.cause for g in together.gaps[4]] == ["counter.reset"]
    for day in range(8):
        alone = days(readings, r, "UTC", of[day : day + 2])
        assert_alike(together, day, alone, 0)
        if day == 4:
            assert alone.needs_from_s[0] < 300 * QUARTER


def test_only_as_much_is_read_as_it_takes():
    readings = steady(40_000)
    held = Held(readings)
    span = Span(from_seconds(10_000 * QUARTER), from_seconds(10_096 * QUARTER))
    judged(held, [Counter(rules(), "UTC")], span)  # type: ignore[arg-type]
    assert held.margins == list(CONTEXT_READINGS[:1])
    readings.values[9_900:10_000] = np.random.default_rng(7).uniform(1e5, 9e5, 100)
    held.margins.clear()
    (found,) = judged(held, [Counter(rules(), "UTC")], span)  # type: ignore[arg-type]
    assert held.margins == list(CONTEXT_READINGS[:3])
    assert found.complete


@pytest.mark.parametrize("counts", [1, 3])
def test_a_register_that_rests_a_count_lower_is_still_read(counts):
    """It fell back once and stood still for days: that is no gap, and no energy."""
    readings = steady(400)
    readings.values[100:] = readings.values[99] - counts * 0.01
    book = account(readings, rules())
    assert book.gaps == ()
    assert book.covered[-1] == 399 * QUARTER
    assert book.total[-1] == 99 * 0.5
    assert [f.name for f in book.findings] == ["counter.jitter"]


@pytest.mark.parametrize("kind", [Evidence.INTERVALS, Evidence.AMOUNTS])
def test_amounts_that_are_left_out_beside_a_day_are_needed_to_their_far_end(kind):
    """Each alone could be put right, and would then end the hole earlier."""
    readings = ReadingSeries(
        QUARTER * np.arange(400, dtype=np.int64), np.full(400, 0.5), np.zeros(400, np.int8)
    )
    readings.values[50:98] = -1.0  # to half an hour after the day began
    readings.values[190:240] = -1.0  # from half an hour before it ends
    interval_s = QUARTER if kind is Evidence.INTERVALS else None
    register = Register(POINT, "kWh", None, 0.01, 0.0, kind, interval_s)
    first, last = needed(readings, (24, 48), replace(rules(), register=register))
    if kind is Evidence.INTERVALS:  # one hole, from the interval 49 to 240
        assert (first, last) == (46, 243)
    else:  # each period stands alone, and ends where the next begins
        assert (first, last) == (93, 195)
