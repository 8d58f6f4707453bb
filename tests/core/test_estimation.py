"""Estimates of gaps: methods, bands and parts, by hand and on measured buildings.

Most use one building: 10 kW on working days from 8 to 18 local time, else 2 kW, all year; Italy's
holidays are Sundays. So every estimate can be told by hand.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from test_ledger import MAIN, ROME, ledger, main

from paes.accounting.edits import Edit, EditKind
from paes.accounting.estimate_parts import bounds, spread_estimates
from paes.accounting.estimation import Method
from paes.accounting.estimation_calendar import CLOSED, HOURS, SATURDAY, SUNDAY, WORKDAY, kinds
from paes.accounting.ledger import EnergyLedger
from paes.meters import Replacement
from paes.opening import Opening
from paes.periods import By, Span, day_span, edges, local_midnight, to_seconds, year_span
from paes.rollups import gaps_of, gaps_text
from paes.series import EstimatedGap, Gap, Stated
from paes.store.sqlite import SqliteStore

pytestmark = pytest.mark.untraced

YEAR = year_span(2025, ROME)
BEGIN, END = to_seconds(YEAR.start), to_seconds(YEAR.end)
LATER = datetime(2026, 3, 1, tzinfo=UTC)
T = np.arange(BEGIN, END + 30 * 86400, 900, dtype=np.int64)


def power_kw() -> np.ndarray:
    kind, hour = np.divmod(kinds(T, ROME, None), HOURS)
    return np.where((kind == WORKDAY) & (hour >= 8) & (hour < 18), 10.0, 2.0)


COUNTED = np.concatenate([[0.0], np.cumsum(power_kw() / 4)])[:-1]


@pytest.fixture
def store(tmp_path: Path):
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


def local(month: int, day: int, hour: float = 0) -> datetime:
    return local_midnight(date(2025, month, day), ROME) + timedelta(hours=hour)


def stored(store: SqliteStore, *lost: tuple[datetime, datetime], reset: bool = True, **changes):
    """The building's year without what is lost; the register begins again after each loss."""
    counted, read = COUNTED.copy(), np.ones(len(T), dtype=bool)
    for start, end in lost:
        a, b = np.searchsorted(T, [to_seconds(start) + 1, to_seconds(end)])
        read[a:b] = False
        if reset:
            counted[b:] -= counted[b]
    store.write_series(MAIN, T[read], counted[read])
    return ledger(store, LATER, **changes)


def true_kwh(span: Span) -> float:
    return float(np.diff(np.interp([to_seconds(span.start), to_seconds(span.end)], T, COUNTED))[0])


def test_kinds_of_days_follow_local_clocks_holidays_and_closed_spans():
    opening = Opening(closed=((date(2025, 8, 4), date(2025, 8, 5)),))
    times = [local(5, 2, 9), local(5, 3, 9), local(5, 4), local(5, 1), local(8, 5, 23.75)]
    found = kinds(np.array([to_seconds(t) for t in times]), ROME, opening)
    kind, hour = np.divmod(found, HOURS)
    assert kind.tolist() == [WORKDAY, SATURDAY, SUNDAY, SUNDAY, CLOSED]  # 1 May is a holiday
    assert hour.tolist() == [9, 9, 0, 0, 23]
    both = kinds(np.array([to_seconds(local(10, 26, h)) for h in (1, 2, 3, 4)]), ROME, None) % HOURS
    assert both.tolist() == [1, 2, 2, 3]  # the hour that comes twice
    (spring,) = kinds(np.array([to_seconds(local(3, 30, 2))]), ROME, None) % HOURS
    assert spring == 3  # the hour that does not exist


def test_two_hours_are_bridged_by_a_line(store: SqliteStore):
    book = stored(store, (local(5, 7, 10), local(5, 7, 12)))
    (found,) = book.estimates(main(book), YEAR)
    assert (found.start, found.end) == (local(5, 7, 10), local(5, 7, 12))
    assert found.method is Method.LINEAR
    assert found.amount == pytest.approx(20.0)
    assert found.low <= 20.0 <= found.high < 24.0  # 12 kW of the rating


def test_a_day_is_that_of_its_kind_at_the_level_beside_it(store: SqliteStore):
    lost = Span(local(5, 7), local(5, 8))  # a Wednesday
    book = stored(store, (lost.start, lost.end))
    (found,) = book.estimates(main(book), YEAR)
    assert found.method is Method.TYPICAL_DAY
    assert found.amount == pytest.approx(10 * 10 + 14 * 2.0, rel=1e-3)
    hours = book.meter(main(book), lost, By.HOUR)
    usual = [2.0] * 8 + [10.0] * 10 + [2.0] * 6
    assert hours["estimated"].to_numpy() == pytest.approx(usual, rel=1e-3)
    assert hours["covered_s"].sum() == 0


def test_a_gap_of_more_than_two_weeks_stays_missing_between_bounds(store: SqliteStore):
    book = stored(store, (local(5, 5), local(5, 19, 1)))
    assert book.estimates(main(book), YEAR) == []
    total = book.total(main(book), YEAR)
    assert total.estimated_kwh == 0
    assert total.missing_high_kwh == pytest.approx((14 * 24 + 1) * 12.0)


def test_a_register_keeps_its_amount_and_only_the_course_is_estimated(store: SqliteStore):
    lost = local(4, 28), local(5, 5)  # a week over the end of a month, with a holiday on 1 May
    book = stored(store, lost, reset=False)
    (found,) = book.estimates(main(book), YEAR)
    assert found.method is Method.REGISTER_TYPICAL_DAY
    assert found.low == found.amount == found.high == pytest.approx(true_kwh(Span(*lost)))
    frame = book.meter(main(book), YEAR, By.MONTH)
    in_april = true_kwh(Span(lost[0], local(5, 1)))
    assert frame["estimated"].iloc[3] == pytest.approx(in_april, rel=1e-3)
    assert frame["estimated"].sum() == pytest.approx(found.amount)
    assert (frame["missing_high"] == 0).all()
    year = book.meter(main(book), YEAR, By.YEAR).iloc[0]
    assert (year["estimated"], year["catch_up"]) == (0, pytest.approx(found.amount))


def test_without_any_course_a_register_is_spread_evenly_within_bounds(store: SqliteStore):
    times = [local(1, 1), local(3, 2), local(12, 31)]  # written down by hand
    store.write_series(MAIN, np.array([to_seconds(t) for t in times]), np.array([0.0, 60.0, 100.0]))
    book = ledger(store, LATER)
    frame = book.meter(main(book), YEAR, By.MONTH)
    assert {e.method for e in book.estimates(main(book), YEAR)} == {Method.REGISTER_EVEN}
    assert frame["estimated"].iloc[:2].tolist() == pytest.approx([31.0, 28.0])
    assert frame["estimated_low"].iloc[0] == 0
    assert frame["estimated_high"].iloc[0] == 60.0
    assert (frame["measured"] + frame["estimated"]).sum() == pytest.approx(100.0)


@pytest.mark.parametrize("day", [(3, 30), (10, 26)], ids=["23 hours", "25 hours"])
def test_days_on_which_clocks_change_add_up(store: SqliteStore, day: tuple[int, int]):
    start = local(*day)
    lost = start - timedelta(days=1), start + timedelta(days=3)
    book = stored(store, lost)
    frames = {by: book.meter(main(book), YEAR, by) for by in By}
    sums = {by: f["estimated"].sum() for by, f in frames.items()}
    assert sums[By.DAY] == pytest.approx(true_kwh(Span(*lost)), rel=0.01)
    assert all(s == pytest.approx(sums[By.DAY]) for s in sums.values())
    assert book.total(main(book), YEAR).estimated_kwh == pytest.approx(sums[By.DAY])
    one = frames[By.DAY].loc[f"2025-{day[0]:02}-{day[1]:02}", "estimated"]
    assert one == pytest.approx(true_kwh(day_span(date(2025, *day), ROME)), rel=0.01)


def test_a_gap_over_new_year_is_told_in_both_years(store: SqliteStore):
    lost = local(12, 30), local(12, 30) + timedelta(days=5)
    book = stored(store, lost, reset=False)
    old, new = (book.total(main(book), year_span(year, ROME)) for year in (2025, 2026))
    known = true_kwh(Span(*lost))
    assert old.estimated_kwh + new.estimated_kwh == pytest.approx(known)
    assert old.estimated_kwh == pytest.approx(true_kwh(Span(lost[0], YEAR.end)), rel=0.1)
    both = book.total(main(book), Span(YEAR.start, LATER - timedelta(days=40)))
    assert (both.estimated_kwh, both.catch_up_kwh) == (0, pytest.approx(known))


def test_an_exchange_without_registers_in_mid_month_is_estimated(store: SqliteStore):
    swap = Replacement(at=local(5, 14, 11), old_serial="A", new_serial="B")
    book = stored(store, (local(5, 14, 9), local(5, 14, 15)), replacements=(swap,))
    (found,) = book.estimates(main(book), YEAR)
    assert (found.cause, found.method) == ("meter.replaced", Method.TYPICAL_DAY)
    assert found.amount == pytest.approx(60.0, rel=1e-3)
    may = book.meter(main(book), YEAR, By.MONTH).iloc[4]
    assert may["measured"] + may["estimated"] == pytest.approx(
        true_kwh(Span(local(5, 1), local(6, 1))), rel=1e-3
    )


def said(start: datetime, end: datetime, kwh: float) -> Edit:
    return Edit("hall.main", EditKind.ENERGY, Span(start, end), kwh, "a. b.", "counted", LATER)


def test_what_a_person_states_goes_before_every_method_and_never_before_a_measurement(
    store: SqliteStore,
):
    lost = local(5, 7), local(5, 8)
    book = stored(store, lost)
    before = book.total(main(book), YEAR)
    # of two days, one of which was measured: 128 kWh of it, so 72 are left for the other
    store.write_events([said(local(5, 7), local(5, 9), 200.0).event])
    (found,) = book.estimates(main(book), YEAR)
    assert found.method is Method.MANUAL
    assert found.low == found.amount == found.high == pytest.approx(72.0)
    after = book.total(main(book), YEAR)
    assert after.measured_kwh == before.measured_kwh
    assert after.estimated_kwh == pytest.approx(72.0)
    frame = book.meter(main(book), YEAR, By.MONTH)
    assert frame["estimated"].sum() == pytest.approx(72.0)


def test_what_is_stated_for_two_gaps_is_certain_of_both_and_of_neither_alone(store: SqliteStore):
    # Wednesday 7 May (128 kWh) and Sunday 11 May (48 kWh) of a week are lost
    lost = [(local(5, 7), local(5, 8)), (local(5, 11), local(5, 12))]
    book = stored(store, *lost)
    week = Span(local(5, 5), local(5, 12))
    store.write_events([said(week.start, week.end, true_kwh(week)).event])
    both = book.total(main(book), week)
    assert both.low_kwh == both.high_kwh == pytest.approx(true_kwh(week))
    months = book.meter(main(book), YEAR, By.MONTH).iloc[4]
    assert months["estimated_low"] == pytest.approx(months["estimated_high"])
    for start, end in lost:
        day = book.total(main(book), Span(start, end))
        assert day.estimated_kwh == pytest.approx((128 + 48) / 2)  # by time: both are a day long
        assert day.low_kwh < true_kwh(Span(start, end)) < day.high_kwh
    frame = book.meter(main(book), week, By.DAY)
    assert (frame["estimated_high"] - frame["estimated_low"]).gt(1).sum() == 2


def test_what_is_stated_over_two_months_is_certain_of_both_together(store: SqliteStore):
    now = local(7, 20)  # the meter fell silent on 20 May; until 10 June 500 kWh passed
    before = to_seconds(local(5, 20)) >= T
    store.write_series(MAIN, T[before], COUNTED[before])
    book: EnergyLedger = ledger(store, now)
    store.write_events([said(local(5, 20), local(6, 10), 500.0).event])
    months = book.meter(main(book), Span(local(5, 1), local(7, 1)), By.MONTH)
    assert months["estimated"].tolist() == pytest.approx([500 * 12 / 21, 500 * 9 / 21])
    low, high = months["estimated_low"].tolist(), months["estimated_high"].tolist()
    assert low[0] < 500 * 12 / 21 < high[0]
    assert low[1] < 500 * 9 / 21 < high[1]
    assert high[1] <= 500 - low[0] + 1e-6  # what did not pass in one month passed in the other
    assert high[0] <= 500 - low[1] + 1e-6
    total = book.total(main(book), Span(local(5, 1), local(6, 10)))
    assert (total.estimated_low_kwh, total.estimated_high_kwh) == pytest.approx((500, 500))


def test_of_what_is_stated_beyond_now_only_the_part_to_date_counts(store: SqliteStore):
    # silent since 15 May; 600 kWh are stated until 14 June, 30 days
    before = to_seconds(local(5, 15)) >= T
    store.write_series(MAIN, T[before], COUNTED[before])
    store.write_events([said(local(5, 15), local(6, 14), 600.0).event])
    may = Span(local(5, 15), local(6, 1))
    early, later = ledger(store, local(6, 4)), ledger(store, local(7, 20))
    for book in (early, later):  # what is kept at first stays right
        assert book.total(main(book), may).estimated_kwh == pytest.approx(600 * 17 / 30)
        months = book.meter(main(book), may, By.MONTH)
        assert months["estimated"].tolist() == pytest.approx([600 * 17 / 30])


def test_a_person_may_state_what_no_method_estimates(store: SqliteStore):
    lost = local(5, 5), local(5, 25)
    book = stored(store, lost)
    store.write_events([said(*lost, 1000.0).event])
    total = book.total(main(book), YEAR)
    assert (total.estimated_kwh, total.missing_high_kwh) == (pytest.approx(1000.0), 0)
    store.write_events([said(*lost, 1000.0).withdrawn("a. b.", "wrong meter").event])
    assert book.total(main(book), YEAR).estimated_kwh == 0


def test_months_keep_estimates_and_a_late_reading_remakes_them(store: SqliteStore):
    book = stored(store, (local(5, 7, 8), local(5, 7, 20)))
    first = book.meter(main(book), YEAR, By.MONTH)
    assert first["estimated"].iloc[4] == pytest.approx(10 * 10.0 + 2 * 2.0, rel=1e-3)
    assert first.equals(book.meter(main(book), YEAR, By.MONTH))
    assert first.equals(ledger(store, LATER).meter(main(book), YEAR, By.MONTH))
    # it turns out that two weeks later 8 kW more ran all night: beside the gap they did not, so
    # that its level is lower beside a typical day
    at = T[np.searchsorted(T, to_seconds(local(5, 21))) :]
    more = np.minimum((at - at[0]) / 3600 * 8.0, 8.0 * 8)
    shown = COUNTED[-len(at) :] - COUNTED[np.searchsorted(T, to_seconds(local(5, 7, 20)))]
    store.write_series(MAIN, at, shown + more)
    second = book.meter(main(book), YEAR, By.MONTH)
    assert second["measured"].sum() == pytest.approx(first["measured"].sum() + 64.0)
    assert second["estimated"].iloc[4] < first["estimated"].iloc[4] - 0.5


def test_parts_of_an_estimate_add_up_and_are_known_worse_than_the_whole(store: SqliteStore):
    book = stored(store, (local(5, 5), local(5, 12)))
    rules = book.rules(main(book))
    (week,) = book.estimates(main(book), YEAR)
    gap = EstimatedGap(
        to_seconds(week.start), to_seconds(week.end), 0.0, math.inf, "no_reading", week.amount,
        10.0, str(week.method), (to_seconds(week.start), to_seconds(week.end)), (0.0, week.amount),
    )  # fmt: skip
    days = edges(Span(week.start, week.end), By.DAY, ROME)
    _, parts, low, high = spread_estimates([gap], days, rules)
    assert parts.sum() == pytest.approx(week.amount)
    assert (low < parts).all()
    assert (parts < high).all()
    assert high.sum() - parts.sum() == pytest.approx(10.0 * math.sqrt(7))  # 7 parts, margin/sqrt(7)
    assert bounds(gap) == (week.amount - 10.0, week.amount + 10.0)


def test_estimates_come_back_from_the_text_that_is_kept():
    made = EstimatedGap(0, 900, 0.0, math.inf, "x", 1.5, 0.25, "linear", (0, 900), (0.0, 1.5))
    assert gaps_of(gaps_text([made, Gap(900, 1800, 1.0, 2.0, "y")])) == (
        made,
        Gap(900, 1800, 1.0, 2.0, "y"),
    )
    part = replace(made, method="manual", whole=Stated(0, 3600, 6.0))
    assert gaps_of(gaps_text([part])) == (part,)


def test_a_silent_meter_is_not_estimated_into_the_future(store: SqliteStore):
    now = local(6, 10)
    store.write_series(MAIN, T[to_seconds(local(6, 1)) >= T], COUNTED[to_seconds(local(6, 1)) >= T])
    book: EnergyLedger = ledger(store, now)
    total = book.total(main(book), Span(local(5, 1), now))
    assert total.estimated_kwh == 0
    assert total.missing_high_kwh == pytest.approx(9 * 24 * 12.0)


@lru_cache
def benchmark() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "estimation.py"
    spec = importlib.util.spec_from_file_location("estimation_benchmark", path)
    assert spec
    assert spec.loader
    made = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = made
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize(
    ("carrier", "hours", "median"),
    # medians in % of a published table for more such buildings; a fifth more for 40 draws of eight
    [("electricity", 1, 1.9), ("electricity", 3, 3.0), ("electricity", 12, 2.9),
     ("electricity", 24, 2.8), ("electricity", 168, 2.4), ("electricity", 336, 2.8),
     ("gas", 24, 6.9), ("gas", 168, 7.8)],
)  # fmt: skip
def test_gaps_cut_into_measured_buildings_are_filled_well(carrier: str, hours: int, median: float):
    found = benchmark().errors(carrier, hours, draws=40, seed=2)
    assert len(found.ours) == 8 * 40
    assert 100 * np.median(found.ours) <= 1.2 * median
    assert np.median(found.ours) <= np.median(found.week_before)
    assert found.inside.mean() >= 0.95
