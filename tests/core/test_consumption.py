"""Counters to energy: every expectation is worked out by hand beside its case.

Unless said otherwise a reading is due every 900 s, at most 10 kW can pass (2.5 kWh in a
quarter of an hour; the rating with its margin) and the register shows hundredths of a kWh.
"""

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paes.accounting.consumption import buckets, cut, outer_gaps
from paes.accounting.counter import account
from paes.accounting.counter_rules import SPIKE_MARGIN, CounterRules
from paes.metering import Quality, Register
from paes.meters import Replacement
from paes.series import CODE_OF, Gap, ReadingSeries

QUARTER = 900
DAY = 86400


def rules(
    modulus: float | None = None,
    limit_per_h: float | None = 10.0,
    replacements: tuple[Replacement, ...] = (),
) -> CounterRules:
    register = Register("school.main/energy_import", "kWh", modulus, 0.01)
    rated = None if limit_per_h is None else limit_per_h / SPIKE_MARGIN
    return CounterRules(register, 1.5 * QUARTER, rated, replacements)


def series(*values: float, step_s: int = QUARTER, start_s: int = 0) -> ReadingSeries:
    """Readings one step apart; NaN leaves one out."""
    v = np.array(values, dtype=np.float64)
    t = start_s + step_s * np.arange(len(v), dtype=np.int64)
    there = ~np.isnan(v)
    return ReadingSeries(t[there], v[there], np.zeros(int(there.sum()), np.int8))


def names(book) -> list[str]:
    return [f.name for f in book.findings]


def per_hour(readings: ReadingSeries, hours: int, r: CounterRules):
    book = account(readings, r)
    edges = np.arange(0, (hours + 1) * 3600, 3600, dtype=np.int64)
    gaps = [*book.gaps, *outer_gaps(book, 0, hours * 3600, r)]
    return buckets(book, gaps, edges, r)


def test_a_meter_that_was_never_read_lacks_each_day_alone_whatever_is_asked():
    days = np.arange(0, 5 * DAY, DAY, dtype=np.int64)
    each = [(0.0, 240.0)] * 4  # 24 h of 10 kW
    (gap,) = outer_gaps(account(series(), rules()), 0, 4 * DAY, rules())
    assert [(g.low, g.high) for g in cut(gap, days, rules())] == each
    (less,) = outer_gaps(account(series(), rules()), DAY, 2 * DAY, rules())
    assert cut(gap, days, rules())[1] == less


def test_energy_is_the_difference_of_readings():
    table = per_hour(series(100, 101, 102, 103, 104, 104.5, 105, 105.5, 106), 2, rules())
    assert table["measured"].tolist() == [4.0, 2.0]
    assert table["covered_s"].tolist() == [3600.0, 3600.0]
    assert table["missing_high"].tolist() == [0.0, 0.0]


def test_a_reading_between_edges_is_split_by_time():
    # read 5 minutes after each quarter: the first hour ends two thirds into a 3 kWh step
    readings = series(0, 1, 2, 3, 6, start_s=300)
    table = per_hour(readings, 1, rules(limit_per_h=None))
    # 300..3000 s: 3 kWh; 3000..3600 s is 600 of 900 s of the 3 kWh step: 2 kWh
    assert table["measured"].iloc[0] == pytest.approx(5.0)
    assert table["covered_s"].iloc[0] == 3300.0


def test_a_gap_is_missing_in_the_hours_it_cuts_and_counted_in_the_day_that_holds_it():
    nan = math.nan
    # 8 readings away between 00:30 and 02:45 (9 quarters), in which 4.5 kWh passed
    values = [0, 0.5, 1.0, *[nan] * 8, 5.5, 6.0]
    r = rules()
    hours = per_hour(series(*values), 3, r)
    assert hours["measured"].tolist() == [1.0, 0.0, 0.5]
    # 00:30-01:00 can hold at most 4.5; of the middle hour likewise; at least what the other
    # 1.25 h cannot have taken (12.5 kWh): nothing
    assert hours["missing_high"].tolist() == [4.5, 4.5, 4.5]
    assert hours["missing_low"].tolist() == [0.0, 0.0, 0.0]
    assert hours["covered_s"].tolist() == [1800.0, 0.0, 900.0]

    book = account(series(*values), r)
    whole = buckets(book, book.gaps, np.array([0, DAY], dtype=np.int64), r)
    assert whole["measured"].iloc[0] == 6.0
    assert whole["catch_up"].iloc[0] == 4.5
    assert whole["missing_high"].iloc[0] == 0.0
    assert "data.gap" in names(book)


def test_what_cannot_have_passed_outside_is_the_least_that_is_missing_inside():
    # 20 kWh in a gap of 2 h 15 min at 10 kW (22.5 kWh at most): half an hour outside takes 5
    nan = math.nan
    values = [0, 0, 0, *[nan] * 8, 20.0, 20.0]
    hours = per_hour(series(*values), 3, rules())
    assert hours["missing_low"].tolist() == [
        pytest.approx(20 - 17.5),  # 00:30-01:00: the other 1.75 h take at most 17.5
        pytest.approx(20 - 12.5),
        pytest.approx(20 - 15.0),
    ]
    assert hours["missing_high"].tolist() == [5.0, 10.0, 7.5]


def test_a_gap_is_never_zero_energy():
    nan = math.nan
    hours = per_hour(series(0, nan, nan, nan, nan, nan, nan, nan, 8), 2, rules())
    assert hours["measured"].sum() == 0
    assert (hours["missing_high"] > 0).all()
    assert (hours["covered_s"] == 0).all()


def test_nothing_read_is_missing_up_to_what_the_meter_can_carry():
    table = per_hour(series(), 2, rules())
    assert table["missing_high"].tolist() == [10.0, 10.0]
    unlimited = per_hour(series(), 1, rules(limit_per_h=None))
    assert unlimited["missing_high"].tolist() == [math.inf]


def test_before_the_first_and_after_the_last_reading_is_missing():
    table = per_hour(series(5, 6, 7, start_s=3600), 3, rules())
    assert table["measured"].tolist() == [0.0, 2.0, 0.0]
    assert table["missing_high"].tolist() == [10.0, 5.0, 10.0]
    assert table["missing_low"].tolist() == [0.0, 0.0, 0.0]


def test_rollover_at_the_declared_modulus_is_added_on():
    book = account(series(998, 999, 0.5, 1.5), rules(modulus=1000.0))
    assert book.total[-1] == pytest.approx(1 + 1.5 + 1)
    assert names(book) == ["counter.rollover"]


def test_without_a_declared_modulus_the_same_fall_is_a_reset():
    book = account(series(998, 999, 0.5, 1.5, 2.5), rules())
    assert names(book) == ["counter.reset"]
    assert book.total[-1] == pytest.approx(1 + 0 + 2)
    assert book.gaps == (Gap(900, 1800, 0.0, 2.5, "counter.reset"),)


def test_counter_reset_is_reported_not_subtracted():
    book = account(series(500, 501, 0, 1, 2, 3), rules())
    assert (np.diff(book.total) >= 0).all()
    assert book.total[-1] == pytest.approx(1 + 3)
    assert book.findings[0].numbers["step_kwh"] == -501.0


@pytest.mark.parametrize("wrong", [0.0, 429496.73, 99999.99])
def test_one_impossible_value_changes_no_energy(wrong):
    clean = account(series(500, 501, 502, 503, 504), rules(modulus=1_000_000.0))
    book = account(series(500, 501, wrong, 503, 504), rules(modulus=1_000_000.0))
    total = book.total[-1] + sum(g.low for g in book.gaps if g.known)
    assert total == pytest.approx(clean.total[-1])
    assert names(book)[0] in {"counter.transient", "counter.spike"}


@pytest.mark.parametrize("wrong", [0.0, 429496.73])
@pytest.mark.parametrize("times", [3, 6])
def test_a_level_that_is_left_again_changes_no_energy(wrong, times):
    """An hour and a half of zeros, or of all ones: the register goes on where it was."""
    good = [500.0 + i for i in range(12)]
    values = [*good[:3], *[wrong] * times, *good[3 + times :]]
    book = account(series(*values), rules(modulus=1_000_000.0))
    total = book.total[-1] + sum(g.low for g in book.gaps if g.known)
    assert total == pytest.approx(11.0)
    assert all(g.known for g in book.gaps)
    assert {"counter.transient", "counter.spike"} & set(names(book))
    assert "counter.reset" not in names(book)


def test_a_level_that_lasts_is_believed_to_be_a_reset():
    values = [500.0, 501.0, *[0.0] * 8, 510.0, 511.0, 512.0]
    book = account(series(*values), rules())
    assert [n for n in names(book) if n != "data.gap"] == ["counter.reset", "counter.spike"]
    assert book.total[-1] == pytest.approx(1 + 2)


def test_a_lower_last_reading_is_held_until_others_confirm_it():
    book = account(series(500, 501, 0), rules())
    assert book.knots_s[-1] == 900
    assert names(book) == ["counter.transient"]


def test_a_confirmed_jump_is_not_believed_as_energy():
    book = account(series(500, 501, 9000, 9001, 9002), rules())
    assert names(book) == ["counter.spike"]
    assert book.total[-1] == pytest.approx(1 + 2)
    assert book.gaps == (Gap(900, 1800, 0.0, 2.5, "counter.spike"),)


def test_a_rating_that_is_too_small_loses_no_energy_and_is_said_once():
    """A steady 16 kW where 10 are allowed: 4 kWh in every quarter of an hour."""
    book = account(series(*(4.0 * i for i in range(40))), rules())
    assert book.total[-1] == pytest.approx(39 * 4.0)
    assert book.gaps == ()
    (finding,) = book.findings
    assert finding.name == "meter.rating_exceeded"
    assert finding.numbers["steps"] == 39
    assert finding.numbers["seen_kw"] == pytest.approx(16.0)


def test_a_reset_is_found_even_where_the_rating_is_too_small():
    before = [1000 + 4.0 * i for i in range(10)]
    after = [4.0 * i for i in range(10)]
    book = account(series(*before, *after), rules())
    assert "counter.reset" in names(book)
    assert book.total[-1] == pytest.approx(2 * 9 * 4.0)


def test_two_high_steps_in_a_row_are_not_a_wrong_rating():
    book = account(series(0, 1, 2, 6, 10, 11, 12), rules())
    assert "meter.rating_exceeded" not in names(book)
    assert "counter.spike" in names(book)


def test_a_coarse_float_register_of_a_small_meter_is_believed():
    """1.2 kW at 200,000 kWh, polled every 10 s: the float moves by 1/64 kWh every 5 polls."""
    true = 200_000 + np.arange(400) * 10 / 3600 * 1.2
    shown = true.astype(np.float32).astype(np.float64)
    readings = ReadingSeries(
        10 * np.arange(400, dtype=np.int64), shown, np.zeros(400, dtype=np.int8)
    )
    register = Register("m.x/e", "kWh", None, 0.001, relative_step=2.0**-23)
    book = account(readings, CounterRules(register, 15.0, 1.5))
    assert book.findings == ()
    assert book.total[-1] == pytest.approx(shown[-1] - shown[0])


def test_jitter_of_a_few_counts_changes_nothing():
    book = account(series(500, 501, 500.98, 502, 503), rules())
    assert names(book)[0] == "counter.jitter"
    assert book.total[-1] + sum(g.low for g in book.gaps) == pytest.approx(3)


def test_readings_that_are_not_good_are_left_out():
    readings = series(0, 1, 2, 3)
    codes = readings.codes.copy()
    codes[1] = CODE_OF[Quality.SUSPECT]
    book = account(ReadingSeries(readings.seconds, readings.values, codes), rules())
    assert book.knots_s.tolist() == [0, 1800, 2700]


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_exchange_with_both_registers_loses_nothing():
    # at 1200 s the old device shows 501.4, the new one 7.0
    swap = Replacement(at=at(1200), new_serial="B", last_reading=501.4, first_reading=7.0)
    book = account(series(500, 501, 7.5, 8.5), rules(replacements=(swap,)))
    assert book.total[-1] == pytest.approx(1 + (0.4 + 0.5) + 1)
    assert names(book) == ["meter.replaced"]


def test_exchange_without_registers_is_missing_between_bounds():
    swap = Replacement(at=at(1200), new_serial="B")
    book = account(series(500, 501, 7.5, 8.5), rules(replacements=(swap,)))
    assert book.gaps == (Gap(900, 1800, 0.0, 2.5, "meter.replaced"),)
    assert book.total[-1] == pytest.approx(2)


def test_exchange_with_one_register_keeps_what_it_proves():
    swap = Replacement(at=at(1200), new_serial="B", last_reading=501.4)
    book = account(series(500, 501, 7.5, 8.5), rules(replacements=(swap,)))
    (gap,) = book.gaps
    assert (gap.low, gap.high) == (pytest.approx(0.4), 2.5)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 250), min_size=8, max_size=60),
    st.sets(st.integers(1, 58), max_size=25),
    st.integers(0, 3),
)
def test_the_truth_lies_within_the_bounds_of_every_period(steps, lost, offset):
    """Any course of 0..2.5 kWh a quarter, any readings lost: truth in [low, high] everywhere."""
    true = np.concatenate([[0.0], np.cumsum(steps) / 100.0])
    values = [math.nan if i in lost and i < len(true) - 1 else v for i, v in enumerate(true)]
    r = rules()
    book = account(series(*values), r)
    end = (len(true) - 1) * QUARTER
    edges = np.arange(offset * QUARTER, end + 1, 4 * QUARTER, dtype=np.int64)
    if len(edges) < 2:
        return
    table = buckets(book, [*book.gaps, *outer_gaps(book, 0, end, r)], edges, r)
    truth = np.diff(np.interp(edges, QUARTER * np.arange(len(true)), true))
    assert (table["measured"] + table["missing_low"] <= truth + 1e-9).all()
    assert (table["measured"] + table["missing_high"] >= truth - 1e-9).all()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 250), min_size=10, max_size=60),
    st.integers(0, 90_000),
    st.integers(1, 8),
)
def test_wherever_the_register_wraps_the_total_is_the_same(steps, first, wrap_after):
    true = (first + np.concatenate([[0], np.cumsum(steps)])) / 100.0
    modulus = float(true[0] + (true[-1] - true[0]) * wrap_after / 9 + 0.005)
    if modulus < 20:
        return
    book = account(series(*np.mod(true, modulus).tolist()), rules(modulus=modulus))
    total = book.total[-1] + sum(g.low for g in book.gaps if g.known)
    assert total == pytest.approx(true[-1] - true[0], abs=1e-6)


def test_a_gap_that_holds_more_than_the_rating_bounds_its_parts_by_itself_alone():
    # a steady 16 kW where 10 are allowed: 22.5 kWh at most in 2 h 15 min, yet 36 passed
    nan = math.nan
    values = [0, 4, 8, 12, *[nan] * 8, 48, 52, 56]
    hours = per_hour(series(*values), 3, rules())
    assert hours["measured"].tolist() == [12.0, 0.0, 0.0]
    assert hours["missing_low"].tolist() == [0.0, 0.0, 0.0]
    assert hours["missing_high"].tolist() == [36.0, 36.0, 36.0]


def test_two_exchanges_within_one_gap_lose_nothing():
    nan = math.nan
    first = Replacement(at=at(1000), new_serial="B", last_reading=510.0, first_reading=0.0)
    second = Replacement(at=at(5000), new_serial="C", last_reading=5.0, first_reading=2.0)
    values = (500, 501, *[nan] * 6, 4.5, 5.5)
    book = account(series(*values), rules(replacements=(first, second)))
    # 9 of the first device, 5 of the second, 2.5 of the third; then 1
    assert [(g.low, g.high) for g in book.gaps] == [(16.5, 16.5)]
    assert book.total[-1] == pytest.approx(1 + 1)
    assert names(book)[0] == "meter.replaced"

    unknown = first.model_copy(update={"first_reading": None})
    book = account(series(*values), rules(replacements=(unknown, second)))
    (gap,) = book.gaps
    assert (gap.low, gap.high) == (pytest.approx(9 + 2.5), pytest.approx(10 * 7 / 4))


@pytest.mark.parametrize("modulus", [None, 1_000_000.0])
@pytest.mark.parametrize("wrong", [(0.0,), (4_294_967.0,), (9e5, 9.1e5), (700_500.5, 700_400.0)])
def test_without_a_rating_impossible_values_are_no_energy_either(modulus, wrong):
    values = (700_000, 700_001, *wrong, 700_004, 700_005, 700_006)
    book = account(series(*values), rules(modulus, limit_per_h=None))
    assert book.total[-1] + sum(g.low for g in book.gaps if g.known) == pytest.approx(6)
    assert all(g.known for g in book.gaps)
    assert names(book)[0] in {"counter.transient", "counter.spike"}


@pytest.mark.parametrize("zeros", [3, 5])
def test_without_a_rating_zeros_that_last_are_no_energy_either(zeros):
    values = (700_000, 700_001, *[0.0] * zeros, 700_009, 700_010, 700_011)
    book = account(series(*values), rules(limit_per_h=None))
    assert book.total[-1] == pytest.approx(1 + 2)
    assert [(g.low, g.high) for g in book.gaps] == [(8.0, 8.0)]
    # a new register that soon passes the level of the old one by its own counting is none of this
    grown = account(series(1.0, 1.2, 0, 0.4, 0.8, 1.2, 1.6), rules(limit_per_h=None))
    assert names(grown) == ["counter.reset"]
    assert grown.total[-1] == pytest.approx(0.2 + 1.6)
    # nor is a spike soon after a wrap
    spiked = (999_990, 999_999, 9, 19, 29, 7e7, 49, 59, 69)
    book = account(series(*spiked), rules(modulus=1_000_000.0, limit_per_h=None))
    assert book.total[-1] + sum(g.low for g in book.gaps) == pytest.approx(79)


def test_without_a_rating_a_restart_is_not_taken_for_a_wrap():
    r = rules(modulus=1_000_000.0, limit_per_h=None)
    book = account(series(700_000, 700_001, 0, 1, 2), r)
    assert names(book) == ["counter.reset"]
    assert book.total[-1] == pytest.approx(1 + 2)
    assert book.gaps == (Gap(900, 1800, 0.0, math.inf, "counter.reset"),)
    assert names(account(series(999_998, 999_999, 1, 2, 3), r)) == ["counter.rollover"]


@pytest.mark.parametrize("zeros", [7, 40])
def test_without_a_rating_an_old_level_that_comes_back_late_is_no_energy(zeros):
    """More zeros than a reading is judged by: then the register stands where it stood."""
    values = (700_000, 700_001, *[0.0] * zeros, 700_009, 700_010, 700_011, 700_012)
    book = account(series(*values), rules(limit_per_h=None))
    assert book.total[-1] == pytest.approx(1 + 3)
    assert [(g.low, g.high, g.cause) for g in book.gaps] == [
        (0.0, math.inf, "counter.reset"),
        (0.0, math.inf, "counter.spike"),
    ]


def test_without_a_rating_an_exchange_for_a_higher_register_is_no_energy():
    values = (100, 101, 52_000, 52_001, 52_002, 52_003)
    book = account(series(*values), rules(limit_per_h=None))
    assert book.total[-1] == pytest.approx(1 + 3)
    assert names(book) == ["counter.spike"]


def test_without_a_rating_a_large_meter_is_measured_and_told():
    # 2 MW are 500 kWh in a quarter of an hour; 1 MW is believed
    book = account(series(*np.arange(8) * 500.0), rules(limit_per_h=None))
    assert book.total[-1] == 7 * 500.0
    (finding,) = book.findings
    assert finding.message == (
        "more passes than is believed of a meter without a rating: 2000.0 seen, 1000 believed; "
        "declare its rating"
    )


def test_a_gap_in_which_the_register_may_have_gone_round_is_known_within_bounds_only():
    # 10 kW for 30 h are 300 kWh, and the register wraps at 100: 40 kWh, or 140, or 240
    quarters = 30 * 4
    values = [10.0, 11.0, *[math.nan] * (quarters - 1), 51.0, 52.0]
    book = account(series(*values), rules(modulus=100.0))
    assert book.gaps == (Gap(QUARTER, 31 * 3600 - 2700, 40.0, 240.0, "no_reading"),)
    assert book.findings[0].message == (
        "no readings for 30.0 h; at least 40.000 kWh passed meanwhile, and up to 240.000 if the "
        "register went round again"
    )
    # half as long, and it cannot have
    short = account(series(10.0, 11.0, *[math.nan] * 50, 51.0, 52.0), rules(modulus=100.0))
    assert [g.known for g in short.gaps] == [True]
    # nor is it told of a register between whose ends the device was exchanged
    swap = Replacement(at=at(7200), new_serial="B", last_reading=21.0, first_reading=21.0)
    swapped = account(series(*values), rules(modulus=100.0, replacements=(swap,)))
    assert [(g.low, g.high) for g in swapped.gaps] == [(40.0, 40.0)]


@pytest.mark.parametrize(("written", "kwh"), [(501.0, 0.0 + 0.5), (502.0, 0.6 + 0.5)])
def test_a_register_that_a_person_read_in_whole_units_fits_its_readings(written, kwh):
    """The old device showed 501.4 by wire, and its display 501 when it was taken out."""
    swap = Replacement(at=at(1200), new_serial="B", last_reading=written, first_reading=7.0)
    book = account(series(500, 501.4, 7.5, 8.5), rules(replacements=(swap,)))
    assert book.gaps == ()
    assert book.total[-1] == pytest.approx(1.4 + kwh + 1)


def test_a_register_that_a_person_read_wrong_by_more_is_not_believed():
    swap = Replacement(at=at(1200), new_serial="B", last_reading=499.9, first_reading=7.0)
    book = account(series(500, 501, 7.5, 8.5), rules(replacements=(swap,)))
    assert [(g.low, g.high, g.cause) for g in book.gaps] == [(0.5, 2.5, "meter.replaced")]
