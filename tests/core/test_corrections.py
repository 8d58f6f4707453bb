"""Registers set right by hand, and exchanges that were noticed: worked out by hand.

A pulse meter of water: 0.1 m3 a pulse, 1000 m3 on the dial at pulse 0, a reading every 900 s,
at most 4.8 m3/h with the margin (1.2 m3 in a quarter of an hour).
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from paes.accounting.consumption import buckets, outer_gaps
from paes.accounting.counter import account
from paes.accounting.counter_rules import CounterRules, corrections_of
from paes.metering import Register
from paes.meters import Replacement
from paes.pulse import Pulse
from paes.series import Gap, ReadingSeries

QUARTER = 900
WEIGHT = 0.1


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def correction(second: int, pulses: float, reading: float) -> dict[str, object]:
    return {
        "at": at(second),
        "pulses": pulses,
        "reading": reading,
        "by": "M. Rossi",
        "reason": "yearly reading",
    }


def a_pulse(*corrections: dict[str, object]) -> Pulse:
    of = {"weight": WEIGHT, "unit": "m3", "initial_reading": 1000.0, "corrections": corrections}
    return Pulse.model_validate(of)


def rules(pulse: Pulse, **more: object) -> CounterRules:
    register = Register("school.water/volume", "m3", 2**32 * WEIGHT, WEIGHT)
    of = {"limit_per_h": 4.0, "corrections": corrections_of(pulse, register), **more}
    return CounterRules(register, 1.5 * QUARTER, **of)  # type: ignore[arg-type]


def stored(pulse: Pulse, *pulses: float) -> ReadingSeries:
    """What a store keeps of these counts, one a quarter of an hour: whole thousandths."""
    t = QUARTER * np.arange(len(pulses), dtype=np.int64)
    dial = [pulse.dial(p, at(int(s))) for p, s in zip(pulses, t, strict=True)]
    return ReadingSeries(t, np.round(np.array(dial), 3), np.zeros(len(t), np.int8))


def energy(readings: ReadingSeries, r: CounterRules) -> tuple[float, float]:
    """The sum that was counted with its course, and the catch-up."""
    book = account(readings, r)
    return float(book.total[-1]), sum(g.low for g in book.gaps if g.known)


def test_dial_goes_on_from_the_last_correction_before_the_reading():
    pulse = a_pulse(correction(1000, 500, 1100), correction(3000, 600, 1105))
    assert pulse.dial(500, at(999)) == pytest.approx(1050.0)
    assert pulse.dial(500, at(1000)) == 1100.0
    assert pulse.dial(510, at(2999)) == pytest.approx(1101.0)
    assert pulse.dial(610) == pytest.approx(1106.0)
    assert pulse.pulses(1106.0) == pytest.approx(610)
    assert pulse.pulses(1101.0, at(2999)) == pytest.approx(510)


@pytest.mark.parametrize(("pulses_then", "reading", "added"), [(5, 1010.5, 0), (5, 1011.0, 0.5),
                                                               (0, 1010.5, 0)])  # fmt: skip
def test_a_wrap_before_a_correction_is_not_counted_again(pulses_then, reading, added):
    """The counter has 100 pulses (10 m3): where it wraps, the register falls behind the dial."""
    pulse = a_pulse(correction(4 * QUARTER, pulses_then, reading))
    wrapping = Register("school.water/volume", "m3", 100 * WEIGHT, WEIGHT)
    r = CounterRules(
        wrapping, 1.5 * QUARTER, limit_per_h=4.0, corrections=corrections_of(pulse, wrapping)
    )
    after = [pulses_then + n for n in (0, 2, 4)]
    book = account(stored(pulse, 97, 99, 1, 3, *after), r)
    gaps = sum(g.low for g in book.gaps)
    assert book.total[-1] + gaps == pytest.approx(
        12 * WEIGHT + added
    )  # the dial's 1009.7 to 1010.9


def test_corrections_are_in_order_of_time():
    with pytest.raises(ValidationError, match="corrections must be in order of time"):
        a_pulse(correction(3000, 1, 1), correction(1000, 1, 1))


def test_correction_upward_is_a_known_amount_at_its_time():
    # at 2000 s the dial shows 1100.2 where 1050.2 were counted: 50 m3 passed uncounted
    pulse = a_pulse(correction(2000, 502, 1100.2))
    readings = stored(pulse, 500, 501, 502, 503, 504)
    assert readings.values.tolist() == [1050.0, 1050.1, 1050.2, 1100.3, 1100.4]
    book = account(readings, rules(pulse))
    assert book.total[-1] == pytest.approx(0.4)
    assert book.covered[-1] == 4 * QUARTER
    assert book.gaps == (
        Gap(1999, 2000, pytest.approx(50.0), pytest.approx(50.0), "meter.corrected"),
    )
    (finding,) = book.findings
    assert finding.name == "meter.corrected"
    assert finding.at == at(2000)
    assert finding.numbers == {
        "value_m3": pytest.approx(1100.2),
        "step_m3": pytest.approx(50.0),
    }
    assert finding.message == (
        "set right by M. Rossi (yearly reading): the dial showed 1100.200 m3 instead of 1050.200; "
        "50.000 m3 that had not been counted are added"
    )


def test_correction_belongs_to_the_hour_before_it():
    pulse = a_pulse(correction(3600, 504, 1100.4))
    r = rules(pulse)
    book = account(stored(pulse, *range(500, 510)), r)
    table = buckets(book, book.gaps, np.array([0, 3600, 7200]), r)
    assert table["catch_up"].tolist() == [pytest.approx(50.0), 0.0]
    assert table["measured"].tolist() == [pytest.approx(50.4), pytest.approx(0.4)]


def test_correction_downward_is_no_saving():
    # 20 m3 too much were counted before (bounces): nothing is taken back, and nothing is added
    pulse = a_pulse(correction(2000, 502, 1030.2))
    readings = stored(pulse, 500, 501, 502, 503, 504)
    assert readings.values[3] == 1030.3
    book = account(readings, rules(pulse))
    assert book.total[-1] == pytest.approx(0.4)
    assert book.gaps == ()
    (finding,) = book.findings
    assert finding.numbers["step_m3"] == pytest.approx(-20.0)
    assert finding.message.endswith("20.000 m3 counted too much before are not taken back")


@pytest.mark.parametrize("first_pulses", [510, 0])  # where the counter went on, or began again
def test_two_corrections_without_a_reading_between_them_add_their_own(first_pulses):
    """1050.2 are read and 1060 and 1061 passed: 8.8 m3 were not counted, then 0.5 m3 were not."""
    first = correction(2000, first_pulses, 1060.0)
    pulse = a_pulse(first, correction(2500, first_pulses + 5, 1061.0))
    readings = stored(pulse, 500, 501, 502, first_pulses + 6, first_pulses + 7)
    assert readings.values.tolist() == [1050.0, 1050.1, 1050.2, 1061.1, 1061.2]
    measured, known = energy(readings, rules(pulse))
    assert measured + known == pytest.approx(11.2)


def test_correction_tells_that_the_counter_began_again():
    # another logger from 2000 s on: its count is 0 where the dial shows 1050.25
    pulse = a_pulse(correction(2000, 0, 1050.25))
    readings = stored(pulse, 500, 501, 502, 0, 1, 2)
    assert readings.values[3:].tolist() == [1050.25, 1050.35, 1050.45]
    measured, known = energy(readings, rules(pulse))
    assert (measured, known) == (pytest.approx(0.2 + 0.2), pytest.approx(0.05))


@pytest.mark.parametrize("wrong", [0.0, 2**32 - 1.0])
def test_a_wrong_value_beside_a_correction_is_left_out(wrong: float):
    pulse = a_pulse(correction(2000, 502, 1100.2))
    clean = energy(stored(pulse, 500, 501, 502, 503, 504, 505), rules(pulse))
    for place in (1, 2, 3, 4):
        counts = [500.0, 501, 502, 503, 504, 505]
        counts[place] = wrong
        found = energy(stored(pulse, *counts), rules(pulse))
        assert sum(found) == pytest.approx(sum(clean)), place


def test_a_rollover_beside_a_correction_is_added_on():
    top = 2**32
    pulse = a_pulse(correction(2000, 1, 1100))
    readings = stored(pulse, top - 2, top - 1, 0, 2, 3, 4)
    assert energy(readings, rules(pulse))[0] == pytest.approx(0.6)


def test_a_correction_outside_of_the_readings_says_nothing():
    pulse = a_pulse(correction(-10, 499, 1100), correction(9000, 510, 1200))
    book = account(stored(pulse, 500, 501, 502), rules(pulse))
    assert (book.findings, book.gaps) == ((), ())
    assert book.total[-1] == pytest.approx(0.2)


def test_registers_of_an_exchange_count_where_a_correction_goes_with_it():
    pulse = a_pulse(correction(2000, 0, 1050.3))
    swap = Replacement(at=at(2000), new_serial="B", last_reading=1050.25, first_reading=1050.3)
    book = account(stored(pulse, 500, 501, 502, 1, 2), rules(pulse, replacements=(swap,)))
    # 0.05 of the old one after its last reading, 0.1 of the new one before its first
    assert book.total[-1] == pytest.approx(0.2 + 0.15 + 0.1)
    assert [f.name for f in book.findings] == ["meter.replaced"]


def test_a_correction_changes_the_key_of_derived_figures():
    plain, corrected = rules(a_pulse()), rules(a_pulse(correction(2000, 502, 1100.2)))
    assert plain.key != corrected.key


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 12), min_size=6, max_size=40),
    st.integers(1, 5),
    st.floats(0, 2000, allow_nan=False).map(lambda x: round(x, 3)),
    st.sampled_from([0.1, 0.01, 0.0005, 1.0]),
)
def test_an_upward_correction_loses_and_invents_nothing(steps, where, reading, weight):
    """Whatever was counted and shown: the sum is the register's way where it is set upward."""
    counts = 1000 + np.concatenate([[0], np.cumsum(steps)])
    of = {"weight": weight, "unit": "m3", "initial_reading": 0.0}
    of["corrections"] = [correction(where * QUARTER, float(counts[where]), reading)]
    pulse = Pulse.model_validate(of)
    register = Register("school.water/volume", "m3", 2**32 * weight, weight)
    r = CounterRules(
        register, 1.5 * QUARTER, 48.0 * weight, corrections=corrections_of(pulse, register)
    )
    readings = stored(pulse, *counts.tolist())
    book = account(readings, r)
    counted = float(counts[-1] - counts[0]) * weight
    uncounted = max(0.0, reading - float(counts[where]) * weight)
    total = float(book.total[-1]) + sum(g.low for g in book.gaps)
    assert total == pytest.approx(counted + uncounted, abs=0.004)
    assert all(f.name == "meter.corrected" for f in book.findings)
    assert not math.isnan(total)


NOTICED = Replacement(at=at(2000), old_serial="A", new_serial="B")


def electric(*noticed: Replacement, limit_per_h: float | None = 10 / 1.2) -> CounterRules:
    """At most 2.5 kWh in a quarter of an hour."""
    register = Register("school.main/energy_import", "kWh", None, 0.01)
    return CounterRules(register, 1.5 * QUARTER, limit_per_h, noticed=noticed)


def series(*values: float) -> ReadingSeries:
    v = np.array(values, dtype=np.float64)
    there = ~np.isnan(v)
    t = QUARTER * np.arange(len(v), dtype=np.int64)
    return ReadingSeries(t[there], v[there], np.zeros(int(there.sum()), np.int8))


def test_noticed_exchange_is_one_finding_and_a_gap_between_bounds():
    book = account(series(500, 501, 502, 0.5, 1.5), electric(NOTICED))
    assert book.gaps == (Gap(1800, 2700, 0.0, 2.5, "meter.replaced"),)
    assert book.total[-1] == pytest.approx(2 + 1)
    (finding,) = book.findings
    assert finding.name == "meter.replaced"
    assert finding.message == "the device A was exchanged for B: 0.500 kWh"


def test_exchange_is_found_where_the_register_left_its_level_before_it_was_noticed():
    late = NOTICED.model_copy(update={"at": at(5000)})
    for high in (0.5, 9000.5):
        values = (500, 501, high, high + 1, high + 2, high + 3, high + 4)
        book = account(series(*values), electric(late))
        assert book.gaps == (Gap(900, 1800, 0.0, 2.5, "meter.replaced"),)
        assert book.total[-1] == pytest.approx(1 + 4)
        assert [f.name for f in book.findings] == ["meter.replaced"]


def test_a_reset_long_before_an_exchange_is_its_own_event():
    late = NOTICED.model_copy(update={"at": at(8 * 86400)})
    book = account(series(500, 501, 0, 1, 2, 3), electric(late))
    assert [f.name for f in book.findings] == ["counter.reset"]


def test_a_new_device_that_goes_on_loses_no_energy():
    """Its register was preset, or the serial number had been misread."""
    book = account(series(500, 501, 502, 503, 504), electric(NOTICED))
    assert book.gaps == ()
    assert book.total[-1] == pytest.approx(4)
    assert [f.name for f in book.findings] == ["meter.replaced"]


def test_exchange_in_a_gap_is_unknown_even_if_the_new_register_is_higher():
    nan = math.nan
    book = account(series(500, 501, nan, nan, nan, 503, 504), electric(NOTICED))
    assert book.gaps == (Gap(900, 4500, 0.0, 10.0, "meter.replaced"),)
    assert [f.name for f in book.findings] == ["meter.replaced"]


def test_a_transient_zero_beside_an_exchange_is_left_out():
    book = account(series(500, 501, 502, 0, 504, 505), electric(NOTICED))
    assert book.total[-1] + sum(g.low for g in book.gaps) == pytest.approx(5)
    names = {f.name for f in book.findings}
    assert "counter.transient" in names


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 250), min_size=12, max_size=60),
    st.sets(st.integers(1, 58), max_size=20),
    st.integers(1, 10),
    st.integers(0, 40),
    st.integers(0, 3),
)
def test_the_truth_lies_within_the_bounds_around_an_exchange(steps, lost, where, delay, offset):
    """Any course, any readings lost, noticed at once or up to ten hours later."""
    true = np.concatenate([[0.0], np.cumsum(steps)]) / 100
    counts = np.arange(len(true))
    shown = np.where(counts < where, 1000 + true, true - true[where])
    values = [math.nan if i in lost and i < len(true) - 1 else v for i, v in enumerate(shown)]
    swap = NOTICED.model_copy(update={"at": at((where + delay) * QUARTER)})
    r = electric(swap)
    book = account(series(*values), r)
    end = (len(true) - 1) * QUARTER
    edges = np.arange(offset * QUARTER, end + 1, 4 * QUARTER, dtype=np.int64)
    table = buckets(book, [*book.gaps, *outer_gaps(book, 0, end, r)], edges, r)
    truth = np.diff(np.interp(edges, QUARTER * counts, true))
    assert (table["measured"] + table["missing_low"] <= truth + 1e-9).all()
    assert (table["measured"] + table["missing_high"] >= truth - 1e-9).all()
    assert sum(f.name == "meter.replaced" for f in book.findings) <= 1
