"""Load curves and amounts of periods: every expectation is worked out by hand beside its case.

Unless said otherwise an interval is 900 s, and at most 10 kW can pass (2.5 kWh in a quarter of an
hour; the rating with its margin).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_ledger import installation, meters

from paes.accounting.consumption import buckets, outer_gaps
from paes.accounting.counter import account
from paes.accounting.counter_rules import SPIKE_MARGIN, CounterRules
from paes.accounting.ledger import EnergyLedger
from paes.metering import Carrier, Evidence, Quality, Register
from paes.meters import ImportedMeter
from paes.periods import By, Span, day_span, local_midnight, to_seconds, year_span
from paes.series import CODE_OF, Gap, ReadingSeries
from paes.store.sqlite import SqliteStore

QUARTER, HOUR, DAY = 900, 3600, 86400
ROME = "Europe/Rome"
NAN = math.nan


def rules(
    kind: Evidence = Evidence.INTERVALS, limit_per_h: float | None = 10.0, unit: str = "kWh"
) -> CounterRules:
    length = QUARTER if kind is Evidence.INTERVALS else None
    register = Register(f"school.main/energy_{kind}", unit, None, 0.001, 0.0, kind, length)
    rated = None if limit_per_h is None else limit_per_h / SPIKE_MARGIN
    return CounterRules(register, 1.5 * QUARTER, rated)


AMOUNTS = rules(Evidence.AMOUNTS)


def curve(*values: float, start_s: int = 0, step_s: int = QUARTER) -> ReadingSeries:
    """Amounts one step apart; NaN leaves one out."""
    v = np.array(values, dtype=np.float64)
    t = start_s + step_s * np.arange(len(v), dtype=np.int64)
    there = ~np.isnan(v)
    return ReadingSeries(t[there], v[there], np.zeros(int(there.sum()), np.int8))


def told(*pairs: tuple[int, float | None]) -> ReadingSeries:
    """Amounts by their time; None ends a period."""
    ends = CODE_OF[Quality.NOT_AVAILABLE]
    return ReadingSeries(
        np.array([t for t, _ in pairs], np.int64),
        np.array([v or 0.0 for _, v in pairs], np.float64),
        np.array([ends if v is None else 0 for _, v in pairs], np.int8),
    )


def per(step_s: int, readings: ReadingSeries, n: int, r: CounterRules):
    book = account(readings, r)
    edges = step_s * np.arange(n + 1, dtype=np.int64)
    return buckets(book, [*book.gaps, *outer_gaps(book, 0, n * step_s, r)], edges, r)


def messages(book) -> list[tuple[str, str]]:
    return [(f.name, f.message) for f in book.findings]


def test_meters_that_bring_something_else_never_share_derived_rows():
    register = rules().register
    others = [
        register,
        replace(register, kind=Evidence.AMOUNTS, interval_s=None),
        replace(register, kind=Evidence.COUNTER, interval_s=None),
        replace(register, interval_s=3600),
        replace(register, unit="m3"),
    ]
    assert len({replace(rules(), register=r).key for r in others}) == 5


# -- load curves ----------------------------------------------------------------------------


def test_an_interval_carries_its_start_and_the_last_one_counts_whole():
    table = per(HOUR, curve(0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1), 2, rules())
    assert table["measured"].tolist() == [2.0, 4.0]
    assert table["covered_s"].tolist() == [3600.0, 3600.0]
    assert table["missing_high"].tolist() == [0.0, 0.0]


def test_a_hole_is_missing_between_zero_and_the_rating_never_zero():
    # 00:30 to 02:00 away
    readings = curve(0.5, 0.5, *[NAN] * 6, 0.5, 0.5, 0.5, 0.5)
    table = per(HOUR, readings, 3, rules())
    assert table["measured"].tolist() == [1.0, 0.0, 2.0]
    assert table["missing_low"].tolist() == [0.0, 0.0, 0.0]
    assert table["missing_high"].tolist() == [5.0, 10.0, 0.0]
    assert table["covered_s"].tolist() == [1800.0, 0.0, 3600.0]
    book = account(readings, rules())
    assert book.gaps == (Gap(1800, 7200, 0.0, 15.0, "no_reading"),)
    assert messages(book) == [("data.gap", "no readings for 1.5 h")]
    whole = per(3 * HOUR, readings, 1, rules())
    assert whole["catch_up"].tolist() == [0.0]
    assert whole["missing_high"].tolist() == [15.0]


def test_a_hole_of_an_unrated_meter_has_no_upper_bound():
    book = account(curve(0.5, NAN, 0.5), rules(limit_per_h=None))
    assert book.gaps == (Gap(QUARTER, 2 * QUARTER, 0.0, math.inf, "no_reading"),)


def test_what_cannot_be_is_left_out_told_and_missing():
    book = account(curve(0.5, -0.2, 0.5, 0.5, 9.0, 7.0, 0.5), rules())
    assert book.total[-1] == 2.0
    assert book.gaps == (
        Gap(900, 1800, 0.0, 2.5, "interval.impossible"),
        Gap(3600, 5400, 0.0, 5.0, "interval.impossible"),
    )
    assert messages(book) == [
        ("interval.impossible", "an amount was left out: -0.200 kWh cannot pass in the time"),
        ("interval.impossible", "2 amounts were left out: 9.000 kWh cannot pass in the time"),
    ]


def test_a_rating_that_is_too_small_loses_no_energy_and_is_said_once():
    book = account(curve(0.5, 3.0, 3.0, 4.0, 0.5), rules())
    assert book.total[-1] == 11.0
    assert book.gaps == ()
    assert [f.name for f in book.findings] == ["meter.rating_exceeded"]
    assert book.findings[0].numbers["seen_kw"] == 16.0


def test_of_intervals_that_overlap_none_is_believed():
    """Of three at 00:15, 00:20 and 00:30 the middle one overlaps both."""
    at = np.array([0, 900, 1200, 1800, 2700], np.int64)
    book = account(ReadingSeries(at, np.full(5, 0.5), np.zeros(5, np.int8)), rules())
    assert book.total[-1] == 1.0
    assert book.gaps == (Gap(900, 2700, 0.0, 5.0, "interval.overlap"),)
    text = "3 amounts were left out: less than the 15 minutes of an interval from another"
    assert messages(book) == [("interval.overlap", text)]


def test_quarter_hours_of_a_meter_declared_hourly_are_not_taken_for_hours():
    register = Register("school.main/energy", "kWh", None, 0.001, 0.0, Evidence.INTERVALS, HOUR)
    book = account(curve(*[0.5] * 96), CounterRules(register, 1.5 * HOUR, 10.0))
    assert len(book.knots_s) == 0
    assert messages(book) == [
        (
            "interval.overlap",
            "96 amounts were left out: less than the 60 minutes of an interval from another",
        )
    ]


def test_intervals_that_are_not_good_are_holes():
    readings = curve(0.5, 0.5, 0.5)
    readings.codes[1] = CODE_OF[Quality.SUSPECT]
    assert account(readings, rules()).gaps == (Gap(900, 1800, 0.0, 2.5, "no_reading"),)
    readings.codes[:] = CODE_OF[Quality.SUSPECT]
    table = per(HOUR, readings, 1, rules())
    assert (table["measured"].sum(), table["missing_high"].sum()) == (0.0, 10.0)


def test_nothing_is_zero_only_if_it_was_measured():
    table = per(HOUR, curve(0.0, 0.0, 0.0, 0.0), 2, rules())
    assert table["missing_high"].tolist() == [0.0, 10.0]
    assert table["covered_s"].tolist() == [3600.0, 0.0]


@settings(max_examples=60, deadline=None)
@given(
    amounts=st.lists(st.integers(0, 250), min_size=8, max_size=60),
    lost=st.sets(st.integers(0, 59), max_size=25),
    false=st.sets(st.integers(0, 59), max_size=3),
    offset=st.integers(0, 3),
)
def test_the_truth_lies_within_the_bounds_of_every_period(amounts, lost, false, offset):
    """Any course of 0..2.5 kWh a quarter, any of them lost, some told far too high."""
    true = np.array(amounts) / 100.0
    shown = true.copy()
    shown[[i for i in false if i < len(shown)]] = 1e6
    t = QUARTER * np.arange(len(true) + 1, dtype=np.int64)
    kept = np.array([i for i in range(len(true)) if i not in lost], dtype=np.int64)
    readings = ReadingSeries(t[kept], shown[kept], np.zeros(len(kept), np.int8))
    book = account(readings, rules())
    edges = np.unique(np.concatenate([t[:1], t[offset::4], t[-1:]]))
    gaps = [*book.gaps, *outer_gaps(book, 0, int(t[-1]), rules())]
    table = buckets(book, gaps, edges, rules())
    truth = np.diff(np.interp(edges, t, np.concatenate([[0.0], np.cumsum(true)])))
    assert (table["measured"] <= truth + 1e-9).all()
    assert (truth <= table["measured"] + table["missing_high"] + 1e-9).all()
    whole = table["missing_high"] == 0
    assert table["measured"][whole].to_numpy() == pytest.approx(truth[whole])


# -- amounts of periods ---------------------------------------------------------------------


def test_an_amount_is_catch_up_where_it_is_whole_and_between_bounds_where_it_is_cut():
    # 40 kWh in [0, 2 d), 30 kWh in [2 d, 3 d)
    readings = told((0, 40.0), (2 * DAY, 30.0), (3 * DAY, None))
    days = per(DAY, readings, 4, AMOUNTS)
    assert days["catch_up"].tolist() == [0.0, 0.0, 30.0, 0.0]
    assert days["measured"].tolist() == [0.0, 0.0, 30.0, 0.0]
    assert days["missing_high"].tolist() == [40.0, 40.0, 0.0, 240.0]
    assert days["covered_s"].sum() == 0
    whole = per(3 * DAY, readings, 1, AMOUNTS)
    assert whole["measured"].tolist() == [70.0]
    assert whole["missing_high"].tolist() == [0.0]
    assert account(readings, AMOUNTS).findings == ()


def test_an_amount_fills_its_period_as_far_as_the_rating_asks():
    # 400 kWh in two days of at most 240 kWh each
    days = per(DAY, told((0, 400.0), (2 * DAY, None)), 2, AMOUNTS)
    assert days["missing_low"].tolist() == [160.0, 160.0]
    assert days["missing_high"].tolist() == [240.0, 240.0]


def test_a_missing_bill_is_missing_and_never_zero():
    readings = told((0, 40.0), (DAY, None), (3 * DAY, 30.0), (4 * DAY, None))
    book = account(readings, AMOUNTS)
    assert book.gaps == (
        Gap(0, DAY, 40.0, 40.0, "amount"),
        Gap(DAY, 3 * DAY, 0.0, 480.0, "no_reading"),
        Gap(3 * DAY, 4 * DAY, 30.0, 30.0, "amount"),
    )
    assert messages(book) == [("data.gap", "no readings for 48.0 h")]


def test_a_last_amount_counts_once_somebody_says_until_when():
    r = rules(Evidence.AMOUNTS, None, "l")
    readings = told((0, 2000.0), (90 * DAY, 1500.0))
    table = per(100 * DAY, readings, 1, r)
    assert table["measured"].tolist() == [2000.0]
    assert table["missing_high"].tolist() == [math.inf]
    text = "1500.000 l count once the next amount, or an end of the period, is told"
    assert messages(account(readings, r)) == [("amount.open", text)]


def test_amounts_that_cannot_be_leave_their_period_to_bounds():
    # a credit note of -20 kWh, and a bill of 5 MWh for a day of at most 240 kWh
    readings = told((0, 40.0), (DAY, -20.0), (2 * DAY, 5000.0), (3 * DAY, 50.0), (4 * DAY, None))
    book = account(readings, AMOUNTS)
    assert [(g.low, g.high, g.cause) for g in book.gaps] == [
        (40.0, 40.0, "amount"),
        (0.0, 240.0, "interval.impossible"),
        (0.0, 240.0, "interval.impossible"),
        (50.0, 50.0, "amount"),
    ]
    text = "2 amounts were left out: -20.000 kWh cannot pass in the time"
    assert messages(book) == [("interval.impossible", text)]


def test_an_amount_that_is_not_good_still_ends_the_one_before():
    readings = told((0, 40.0), (DAY, 35.0), (2 * DAY, 30.0), (3 * DAY, None))
    readings.codes[1] = CODE_OF[Quality.SUSPECT]
    assert [(g.low, g.high) for g in account(readings, AMOUNTS).gaps] == [
        (40.0, 40.0), (0.0, 240.0), (30.0, 30.0),
    ]  # fmt: skip


def test_what_comes_behind_an_end_is_missing_whether_or_not_anything_came_before_it():
    """The row of a day must not depend on a bill of years ago."""
    later = [(DAY, None), (3 * DAY, 30.0), (4 * DAY, None)]
    with_first, without = told((0, 40.0), *later), told(*later)
    assert account(without, AMOUNTS).gaps == account(with_first, AMOUNTS).gaps[1:]
    assert account(told((DAY, None)), AMOUNTS).gaps == ()


def test_a_void_time_neither_begins_nor_ends_a_period():
    """Two estimated bills were put right by one over both."""
    readings = told((0, 80.0), (DAY, 30.0), (2 * DAY, 20.0), (3 * DAY, None), (4 * DAY, None))
    readings.codes[[1, 4]] = CODE_OF[Quality.STALE]
    book = account(readings, AMOUNTS)
    assert book.gaps == (
        Gap(0, 2 * DAY, 80.0, 80.0, "amount"),
        Gap(2 * DAY, 3 * DAY, 20.0, 20.0, "amount"),
    )
    assert book.knots_s[-1] == 3 * DAY


# -- through the ledger, in local time ------------------------------------------------------

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


def imported(**changes: object) -> ImportedMeter:
    given = {
        "id": "hall.pod", "carrier": Carrier.ELECTRICITY, "rated_power_kw": 10.0,
        "valid_from": date(2025, 1, 1), **changes,
    }  # fmt: skip
    return ImportedMeter.model_validate(given)


def book_of(store: SqliteStore, meter: ImportedMeter) -> EnergyLedger:
    town = installation(meters())
    town.cities["town"].meters[meter.id] = meter  # type: ignore[index]
    town.registers[meter.id] = meter.register  # type: ignore[index]
    return EnergyLedger(town, store, lambda: NOW)


def midnight(year: int, month: int, day: int = 1) -> int:
    return to_seconds(local_midnight(date(year, month, day), ROME))


def write_curve(store: SqliteStore, meter: ImportedMeter, first: int, last: int) -> None:
    """3 kW all the time: whole Wh in any interval."""
    t = np.arange(first, last, meter.interval_s, dtype=np.int64)
    store.write_series(meter.register.point, t, np.full(len(t), 3.0 * meter.interval_s / 3600))


@pytest.mark.parametrize("interval_s", [300, 900, 3600])
def test_a_year_of_a_load_curve_over_both_changes_of_the_clocks(store, interval_s):
    meter = imported(interval_s=interval_s)
    book = book_of(store, meter)
    write_curve(store, meter, midnight(2025, 1), midnight(2026, 1, 5))
    days = book.meter(meter, year_span(2025, ROME), By.DAY)
    assert len(days) == 365
    measured = {str(at.date()): kwh for at, kwh in zip(days.index, days["measured"], strict=True)}
    assert measured["2025-03-30"] == pytest.approx(69.0)  # 23 hours
    assert measured["2025-10-26"] == pytest.approx(75.0)  # 25 hours
    assert measured["2025-12-31"] == pytest.approx(72.0)
    assert days["covered_s"].sum() == 365 * DAY
    for by in By:
        assert book.meter(meter, year_span(2025, ROME), by)["measured"].sum() == pytest.approx(
            365 * 72.0
        )
    total = book.total(meter, year_span(2025, ROME))
    assert (total.kwh, total.coverage, total.high_kwh) == pytest.approx((26280.0, 1.0, 26280.0))


def test_a_missing_month_of_a_load_curve_is_missing(store):
    meter = imported()
    book = book_of(store, meter)
    write_curve(store, meter, midnight(2025, 1), midnight(2025, 3))
    write_curve(store, meter, midnight(2025, 4), midnight(2026, 1, 5))
    months = book.meter(meter, year_span(2025, ROME), By.MONTH)
    assert months["measured"].tolist()[1:4] == pytest.approx([28 * 72.0, 0.0, 30 * 72.0])
    hours = 31 * 24 - 1  # March has the short day
    assert months["missing_high"].tolist()[1:4] == pytest.approx([0.0, hours * 12.0, 0.0])
    assert months["missing_low"].sum() == 0
    days = book.meter(meter, year_span(2025, ROME), By.DAY)
    assert days["missing_high"].sum() == pytest.approx(hours * 12.0)
    assert [f.name for f in book.findings(meter, year_span(2025, ROME))] == ["data.gap"]


def write_bills(store: SqliteStore, meter: ImportedMeter, ends: list[int], kwh: list[float]):
    t = np.array(ends, dtype=np.int64)
    codes = np.zeros(len(t), np.int8)
    codes[-1] = CODE_OF[Quality.NOT_AVAILABLE]
    store.write_series(meter.register.point, t, np.array([*kwh, 0.0]), codes)


def test_monthly_bills_are_known_by_month_and_year_and_cut_by_days(store):
    meter = imported(brings="amounts")
    book = book_of(store, meter)
    ends = [midnight(2025, month) for month in range(1, 13)] + [midnight(2026, 1)]
    kwh = [100.0 + month for month in range(12)]
    write_bills(store, meter, ends, kwh)
    months = book.meter(meter, year_span(2025, ROME), By.MONTH)
    assert months["measured"].tolist() == pytest.approx(kwh)
    assert months["catch_up"].tolist() == pytest.approx(kwh)
    assert months["missing_high"].sum() == 0
    total = book.total(meter, year_span(2025, ROME))
    assert (total.kwh, total.low_kwh, total.high_kwh) == pytest.approx((1266.0,) * 3)
    march = book.meter(meter, day_span(date(2025, 3, 30), ROME), By.DAY).iloc[0]
    assert (march["measured"], march["covered_s"]) == (0.0, 0.0)
    assert 0 < march["estimated_high"] + march["missing_high"] <= 102.0 + 1e-9


def test_a_bill_over_new_year_is_known_in_neither_year(store):
    meter = imported(brings="amounts", valid_from=None)
    book = book_of(store, meter)
    write_bills(store, meter, [midnight(2024, 12, 15), midnight(2025, 1, 15)], [310.0])
    both = Span(local_midnight(date(2024, 12, 1), ROME), local_midnight(date(2025, 1, 15), ROME))
    assert book.total(meter, both).measured_kwh == pytest.approx(310.0)
    for year, month in ((2024, 12), (2025, 1)):
        first = local_midnight(date(year, month, 1), ROME)
        frame = book.meter(meter, Span(first, first + timedelta(days=1)), By.MONTH).iloc[0]
        assert frame["measured"] == 0.0
        assert frame["estimated_low"] + frame["missing_low"] == 0.0
        assert frame["estimated_high"] + frame["missing_high"] >= 310.0


def test_a_register_written_down_monthly_gives_known_amounts(store):
    """At noon of the first of each month: months are cut, the year but for its ends is known."""
    meter = imported(brings="counter", digits=5)
    book = book_of(store, meter)
    t = [midnight(2025, month) + 12 * HOUR for month in range(1, 13)]
    shown = [99_000.0 + 300.0 * i for i in range(12)]  # wraps in May
    store.write_series(meter.register.point, np.array(t, np.int64), np.array(shown) % 100_000.0)
    whole = Span(datetime.fromtimestamp(t[0], UTC), datetime.fromtimestamp(t[-1], UTC))
    total = book.total(meter, whole)
    assert (total.measured_kwh, total.catch_up_kwh) == pytest.approx((3300.0, 3300.0))
    assert (total.missing_high_kwh, total.covered_s) == (0.0, 0.0)
    june = book.meter(meter, day_span(date(2025, 6, 10), ROME), By.MONTH).iloc[0]
    # two amounts of 300 kWh are cut; of the first only 12 h of at most 12 kW lie in June
    assert june["measured"] == 0.0
    assert 300.0 < june["estimated_high"] + june["missing_high"] <= 300.0 + 144.0 + 1e-9
