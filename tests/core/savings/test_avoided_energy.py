"""Avoided energy of some days: a gap is never a saving, and an event is none either."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from made_part import FIRST, part, unknown

from paes.plan.measurement import Measurement, NonRoutine, Option
from paes.savings.avoided import avoided_energy, together
from paes.savings.non_routine import adjustment, without_events
from paes.savings.periods import DaySpan, periods_of

TEN = DaySpan(FIRST, FIRST + timedelta(days=10))
EXPECTED, NOTHING = np.full(10, 100.0), np.zeros(10)
NAN = float("nan")


def test_what_was_expected_less_what_was_used() -> None:
    found = avoided_energy(part(np.full(10, 70.0)), TEN, EXPECTED, NOTHING)
    assert (found.kwh, found.low_kwh, found.high_kwh) == (300.0, 300.0, 300.0)
    assert (found.expected_kwh, found.used_kwh, found.fraction) == (1000.0, 700.0, 0.3)
    assert (found.days, found.seen_days) == (10, 10)


def test_a_gap_saves_nothing_and_opens_the_bounds() -> None:
    """Two of ten days unseen, at most 240 kWh each: 8 * 30 saved, and -280 to +200 open."""
    seen = np.full(10, 70.0)
    seen[3:5] = NAN
    found = avoided_energy(part(seen, bounds=unknown(seen, FIRST, 240.0)), TEN, EXPECTED, NOTHING)
    assert found.kwh == 240.0
    assert (found.low_kwh, found.high_kwh) == (240.0 - 280.0, 240.0 + 200.0)
    assert found.seen_days == 8


def test_a_gap_that_the_register_bridges_is_known() -> None:
    true = np.full(10, 70.0)
    seen = true.copy()
    seen[3:5] = NAN
    found = avoided_energy(part(seen, true_kwh=true), TEN, EXPECTED, NOTHING)
    assert (found.low_kwh, found.kwh, found.high_kwh) == pytest.approx((300.0, 300.0, 300.0))


def test_a_year_of_nothing_but_gaps_saves_nothing() -> None:
    seen = np.full(10, NAN)
    found = avoided_energy(part(seen, bounds=unknown(seen, FIRST, 240.0)), TEN, EXPECTED, NOTHING)
    assert found.kwh == 0.0
    assert found.low_kwh < 0 < found.high_kwh


def test_days_without_weather_are_left_out_on_both_sides() -> None:
    expected = EXPECTED.copy()
    expected[4] = NAN
    found = avoided_energy(part(np.full(10, 70.0)), TEN, expected, NOTHING)
    assert (found.kwh, found.expected_kwh, found.no_weather_days) == (270.0, 900.0, 1)


def test_two_parts_are_added_up_with_their_bounds() -> None:
    one = avoided_energy(part(np.full(10, 70.0)), TEN, EXPECTED, NOTHING)
    more = avoided_energy(part(np.full(10, 110.0)), TEN, EXPECTED, NOTHING)
    both = together([one, more])
    assert (both.kwh, both.expected_kwh, both.days) == (200.0, 2000.0, 10)


def event(**changes: object) -> NonRoutine:
    of = {"first": date(2024, 1, 4), "last": date(2024, 1, 6), "reason": "a new class",
          "source": "the school", **changes}  # fmt: skip
    return NonRoutine.model_validate(of)


def test_an_event_is_no_lost_saving() -> None:
    """Three days of 20 kWh more are added to what was expected, and told apart."""
    used = np.full(10, 70.0)
    used[3:6] += 20.0
    of = part(used)
    added = adjustment(of, [event(kwh_per_day=20.0)], EXPECTED)
    found = avoided_energy(of, TEN, EXPECTED, added)
    assert (found.kwh, found.non_routine_kwh, found.expected_kwh) == (300.0, 60.0, 1000.0)


def test_an_event_of_the_baseline_is_taken_out_of_it() -> None:
    of = part(np.full(10, 100.0))
    assert (
        without_events(of, [event(kwh_per_day=20.0)]).tolist()
        == [100.0] * 3 + [80.0] * 3 + [100.0] * 4
    )
    assert without_events(of, [event(factor=1.25)])[3:6].tolist() == [80.0] * 3


def test_a_factor_adds_its_part_and_an_open_event_goes_on() -> None:
    of = part(np.full(10, 100.0))
    added = adjustment(of, [event(factor=1.5, last=None)], EXPECTED)
    assert added.tolist() == [0.0] * 3 + [50.0] * 7


def test_an_event_elsewhere_changes_nothing() -> None:
    of = part(np.full(10, 100.0))
    events = [event(kwh_per_day=9.0, carrier="electricity"), event(kwh_per_day=9.0, site="nido")]
    assert not adjustment(of, events, EXPECTED).any()


def test_the_three_periods_of_a_measurement() -> None:
    of = Measurement(option=Option.C, works_start=date(2024, 7, 1), works_end=date(2024, 9, 30))
    found = periods_of(of, date(2026, 2, 1))
    assert found.baseline == DaySpan(date(2023, 7, 2), date(2024, 7, 1))  # 365 days, 29 February
    assert found.works == DaySpan(date(2024, 7, 1), date(2024, 10, 1))
    assert found.first_year == DaySpan(date(2024, 10, 1), date(2025, 10, 1))
    assert found.reporting == DaySpan(date(2024, 10, 1), date(2026, 2, 1))
    assert found.is_first_year_over


def test_before_works_the_baseline_is_the_last_year() -> None:
    of = Measurement(option=Option.C, works_start=date(2027, 3, 1), works_end=date(2027, 9, 30))
    found = periods_of(of, date(2026, 2, 1))
    assert found.is_before_works
    assert found.baseline == DaySpan(date(2025, 2, 1), date(2026, 2, 1))
    assert found.reporting.count == 0
    assert not found.is_first_year_over
