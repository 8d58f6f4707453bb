"""A person's corrections: what they make of each kind of evidence, and how they are kept.

Registers as in ``test_consumption``: read every 900 s, at most 10 kW (2.5 kWh a quarter hour).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_ledger import BORN, MAIN, ledger, main, write

from paes.accounting.considered import considered
from paes.accounting.consumption import buckets, outer_gaps
from paes.accounting.counter import account
from paes.accounting.counter_rules import SPIKE_MARGIN, CounterRules
from paes.accounting.edits import (
    Edit,
    EditKind,
    Edits,
    Factor,
    Ignored,
    ManualEnergy,
    added,
    all_edits,
    edits_of,
)
from paes.accounting.ledger import EnergyLedger
from paes.errors import DataError, StoreError
from paes.events import Event
from paes.metering import Evidence, Register
from paes.meters import Replacement
from paes.periods import By, Span, from_seconds, to_seconds, year_span
from paes.series import Gap, ReadingSeries
from paes.store.sqlite import SqliteStore

QUARTER, DAY = 900, 86400
SAID = datetime(2026, 1, 10, 9, tzinfo=UTC)


def span(start_s: int, end_s: int) -> Span:
    return Span(from_seconds(start_s), from_seconds(end_s))


def ignored(start_s: int, end_s: int) -> tuple[Ignored, ...]:
    return (Ignored(span(start_s, end_s), "Rossi", "on the bench"),)


def times(factor: float, start_s: int, end_s: int) -> tuple[Factor, ...]:
    return (Factor(span(start_s, end_s), factor, "Rossi", "CT 200/5"),)


def rules(kind: Evidence = Evidence.COUNTER, **edits: object) -> CounterRules:
    length = QUARTER if kind is Evidence.INTERVALS else None
    register = Register("school.main/energy", "kWh", None, 0.01, 0.0, kind, length)
    of = CounterRules(register, 1.5 * QUARTER, 10.0 / SPIKE_MARGIN)
    return replace(of, **edits)  # type: ignore[arg-type]


def series(*values: float, step_s: int = QUARTER) -> ReadingSeries:
    v = np.array(values, dtype=np.float64)
    there = ~np.isnan(v)
    t = step_s * np.arange(len(v), dtype=np.int64)
    return ReadingSeries(t[there], v[there], np.zeros(int(there.sum()), np.int8))


# -- ignored readings -----------------------------------------------------------------------


def test_ignored_readings_of_a_register_leave_a_gap_of_known_amount():
    # 00:30 and 00:45 are false
    book = account(series(0, 1, 50, 60, 4, 5), rules(ignored=ignored(1800, 3600)))
    assert book.gaps == (Gap(900, 3600, 3.0, 3.0, "no_reading"),)
    assert book.total[-1] == 2.0
    assert [f.name for f in book.findings] == ["data.gap"]


def test_ignored_intervals_are_a_hole():
    book = account(series(0.5, 2, 2, 0.5), rules(Evidence.INTERVALS, ignored=ignored(900, 2700)))
    assert book.gaps == (Gap(900, 2700, 0.0, 5.0, "no_reading"),)
    assert book.total[-1] == 1.0


def test_an_ignored_amount_is_unknown_and_still_ends_the_one_before():
    readings = series(10, 99, 20, 0, step_s=DAY)
    book = account(readings, rules(Evidence.AMOUNTS, ignored=ignored(DAY, DAY + 1)))
    assert [(g.low, g.high) for g in book.gaps] == [(10.0, 10.0), (0.0, 240.0), (20.0, 20.0)]


def test_all_readings_ignored_are_all_missing():
    r = rules(ignored=ignored(0, DAY))
    book = account(series(0, 1, 2), r)
    (gap,) = outer_gaps(book, 0, 3600, r)
    assert (gap.low, gap.high) == (0.0, 10.0)


# -- factors --------------------------------------------------------------------------------


def test_a_factor_multiplies_what_was_measured_in_its_time():
    # 1 kWh a quarter; from 00:15 to 00:45 the CT was entered as half of what it is
    book = account(series(0, 1, 2, 3, 4), rules(factors=times(2.0, 900, 2700)))
    assert np.interp([900, 2700, 3600], book.knots_s, book.total).tolist() == [1.0, 5.0, 6.0]
    assert book.covered[-1] == 3600
    assert book.gaps == ()


def test_an_interval_that_a_factor_cuts_passes_evenly():
    # from 00:20 on: of the second quarter's 1 kWh two thirds are doubled
    book = account(series(0, 1, 2, 3), rules(factors=times(2.0, 1200, 2700)))
    assert np.interp([1200, 1800], book.knots_s, book.total) == pytest.approx(
        [4 / 3, 4 / 3 + 4 / 3]
    )
    assert book.total[-1] == pytest.approx(1 + 1 / 3 + 4 / 3 + 2)


@pytest.mark.parametrize("kind", [Evidence.INTERVALS, Evidence.AMOUNTS])
def test_a_factor_is_the_same_for_figures_without_a_register(kind):
    r = rules(kind, factors=times(3.0, 900, 1800))
    book = account(series(0.5, 0.5, 0.5, 0.5), r)
    table = buckets(book, book.gaps, QUARTER * np.arange(4, dtype=np.int64), r)
    assert table["measured"].tolist() == [0.5, 1.5, 0.5]


def test_a_known_gap_within_a_factor_is_multiplied_and_one_that_it_cuts_is_bounded():
    # 6 kWh in the two hours to 02:15
    nan = np.nan
    readings = series(0, 1, *[nan] * 7, 7, 8)
    whole = account(readings, rules(factors=times(0.5, 0, DAY)))
    assert whole.gaps == (Gap(900, 8100, 3.0, 3.0, "no_reading"),)
    # half of the time is to be doubled: none of it, or all 6 kWh passed then (10 kWh could have)
    cut = account(readings, rules(factors=times(2.0, 4500, DAY)))
    assert cut.gaps == (Gap(900, 8100, 6.0, 12.0, "no_reading"),)
    # in the quarter at its end at most 2.5 kWh can have
    end = account(readings, rules(factors=times(2.0, 7200, DAY)))
    assert end.gaps == (Gap(900, 8100, 6.0, 8.5, "no_reading"),)
    # and of half of it passed, as much less
    less = account(readings, rules(factors=times(0.5, 4500, DAY)))
    assert less.gaps == (Gap(900, 8100, 3.0, 6.0, "no_reading"),)


def test_without_a_rating_any_part_of_a_cut_gap_may_be_multiplied():
    # 600 kWh in two hours: in the last quarter up to all of them, not what is believed of a step
    readings = series(0, 1, *[np.nan] * 7, 601, 602)
    r = rules(limit_per_h=None, factors=times(2.0, 7200, DAY))
    assert account(readings, r).gaps == (Gap(900, 8100, 600.0, 1200.0, "no_reading"),)


def test_what_only_the_rating_bounds_is_not_multiplied():
    book = account(series(0.5, np.nan, 0.5), rules(Evidence.INTERVALS, factors=times(4.0, 0, 2700)))
    assert book.gaps == (Gap(900, 1800, 0.0, 2.5, "no_reading"),)
    assert book.total[-1] == 4.0


def test_a_register_that_ran_too_fast_is_not_taken_for_spikes():
    # 8 kWh in a quarter of an hour are more than 2.5, but a quarter of them is not
    values = series(0, 8, 9, 17, 18)
    assert account(values, rules()).total[-1] != 18.0
    book = account(values, rules(factors=times(0.25, 0, DAY)))
    assert (book.total[-1], book.gaps, book.findings) == (4.5, (), ())


def test_a_device_that_is_exchanged_within_a_factor_is_independent_of_it():
    swap = Replacement(at=from_seconds(1200), new_serial="B", last_reading=1.5, first_reading=7.0)
    r = rules(replacements=(swap,), factors=times(2.0, 0, DAY))
    assert account(series(0, 1, 8, 9), r).total[-1] == pytest.approx(2 * (1 + 0.5 + 1 + 1))


@settings(max_examples=80, deadline=None)
@given(
    steps=st.lists(st.integers(0, 250), min_size=8, max_size=60),
    lost=st.sets(st.integers(1, 58), max_size=25),
    factor=st.sampled_from([0.25, 0.5, 2.0, 5.0]),
    ends=st.tuples(st.integers(0, 59), st.integers(1, 60)),
    offset=st.integers(0, 3),
)
def test_the_truth_lies_within_the_bounds_whatever_a_factor_corrects(
    steps, lost, factor, ends, offset
):
    """The meter counted 1/factor of the truth for a while, and readings were lost."""
    first, last = ends[0], max(ends[0] + 1, ends[1])
    wrong = np.array([s / (factor if first <= i < last else 1.0) for i, s in enumerate(steps)])
    true = np.concatenate([[0.0], np.cumsum(steps) / 100.0])
    shown = np.concatenate([[0.0], np.cumsum(wrong) / 100.0])
    kept = np.array([i for i in range(len(true)) if i not in lost])
    t = QUARTER * np.arange(len(true), dtype=np.int64)
    readings = ReadingSeries(t[kept], shown[kept], np.zeros(len(kept), np.int8))
    r = rules(factors=times(factor, first * QUARTER, last * QUARTER))
    book = account(readings, r)
    inner = t[offset::4]
    edges = np.unique(np.concatenate([t[:1], inner, t[-1:]]))
    table = buckets(book, [*book.gaps, *outer_gaps(book, 0, int(t[-1]), r)], edges, r)
    truth = np.diff(np.interp(edges, t, true))
    low = (table["measured"] + table["missing_low"]).to_numpy()
    high = (table["measured"] + table["missing_high"]).to_numpy()
    assert (low <= truth + 1e-6).all()
    assert (truth <= high + 1e-6).all()


# -- kept as events -------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


MAY = Span(datetime(2025, 5, 10, tzinfo=UTC), datetime(2025, 5, 12, tzinfo=UTC))


def edit(kind: EditKind, value: float | None = None, of: Span = MAY) -> Edit:
    return Edit("hall.main", kind, of, value, "Rossi", "a reason", SAID)


def test_edits_come_back_from_a_store_by_meter_and_kind(store):
    later = Span(MAY.end, MAY.end + timedelta(days=1))
    said = [
        edit(EditKind.IGNORE), edit(EditKind.FACTOR, 2.5, later), edit(EditKind.FACTOR, 1.5),
        edit(EditKind.ENERGY, 120.0), replace(edit(EditKind.IGNORE), meter="hall.gas"),
    ]  # fmt: skip
    store.write_events([e.event for e in said])
    store.write_events([Event("hall.main", "meter.swapped", MAY.start, None, "", {})])
    assert edits_of(store, ["hall.main", "hall.none"]) == {
        "hall.main": Edits(
            (Ignored(MAY, "Rossi", "a reason"),),
            (Factor(MAY, 1.5, "Rossi", "a reason"), Factor(later, 2.5, "Rossi", "a reason")),
            (ManualEnergy(MAY, 120.0, "Rossi", "a reason"),),
        )
    }
    assert list(edits_of(store)) == ["hall.gas", "hall.main"]
    assert all_edits(store, "hall.main") == [said[3], said[2], said[0], said[1]]


def test_a_withdrawn_edit_is_kept_and_has_no_effect(store):
    said = edit(EditKind.FACTOR, 2.0)
    store.write_events([said.event])
    store.write_events([said.withdrawn("Bianchi", "100/5 after all").event])
    assert edits_of(store) == {}
    (kept,) = all_edits(store, "hall.main")
    assert (kept.withdrawn_by, kept.withdrawn_reason) == ("Bianchi", "100/5 after all")
    with pytest.raises(DataError) as raised:
        kept.withdrawn("Verdi", "again")
    assert str(raised.value) == (
        "hall.main: the edit factor from 2025-05-10T00:00Z was withdrawn already by Bianchi"
    )
    # one that begins then is another, and does not push the first out of the store
    again = added(edit(EditKind.FACTOR, 3.0), [kept])
    store.write_events([again.event])
    assert all_edits(store, "hall.main") == [kept, again]
    assert edits_of(store)["hall.main"].factors[0].factor == 3.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: edit(EditKind.FACTOR, 0.0), "factor 0; expected one above 0 (to drop: ignore)"),
        (lambda: edit(EditKind.FACTOR, float("nan")),
         "factor nan; expected one above 0 (to drop: ignore)"),
        (lambda: edit(EditKind.FACTOR), "an edit factor needs its factor"),
        (lambda: edit(EditKind.ENERGY, -1.0), "amount -1; expected 0 or more"),
        (lambda: edit(EditKind.IGNORE, 1.0), "ignored readings have no number, and 1 is given"),
        (lambda: replace(edit(EditKind.IGNORE), reason=" "),
         "an edit needs its reason, and none is given"),
        (lambda: replace(edit(EditKind.IGNORE), author=""),
         "an edit needs its author, and none is given"),
        (lambda: edit(EditKind.IGNORE).withdrawn("Rossi", ""),
         "withdrawing an edit needs an author and a reason"),
        (lambda: added(edit(EditKind.FACTOR, 2.0), [edit(EditKind.FACTOR, 3.0)]),
         ("there is an edit factor by Rossi from 2025-05-10 00:00 +0000 to 2025-05-12 00:00 +0000"
         " already; withdraw it first")),
    ],
)  # fmt: skip
def test_an_edit_that_makes_no_sense_is_refused(make, message):
    with pytest.raises(DataError) as raised:
        make()
    assert str(raised.value) == f"hall.main: {message}"


def test_an_event_that_is_no_edit_is_told_and_not_overlooked(store):
    store.write_events([Event("hall.main", "edit.factor", MAY.start, MAY.end, "", {"factor": "x"})])
    with pytest.raises(StoreError) as raised:
        edits_of(store)
    assert str(raised.value) == (
        "hall.main: the event edit.factor of 2025-05-10T00:00:00Z is no edit that can be "
        "understood: could not convert string to float: 'x'"
    )


# -- through the ledger ---------------------------------------------------------------------


def test_what_is_ignored_for_most_of_a_year_is_known_from_the_registers_around(store):
    """More readings in a row than are ever read around a span, or accounted at once."""
    write(store, BORN, datetime(2026, 1, 20, tzinfo=UTC))
    false = Span(datetime(2025, 2, 1, tzinfo=UTC), datetime(2025, 12, 1, tzinfo=UTC))
    t = np.arange(to_seconds(false.start), to_seconds(false.end), 900, dtype=np.int64)
    assert len(t) > 4096 * 2 + 120 * 96
    store.write_series(MAIN, t, np.random.default_rng(5).uniform(0, 1e6, len(t)))
    store.write_events([edit(EditKind.IGNORE, of=false).event])
    book = ledger(store)
    for _ in range(2):
        year = book.total(main(book), year_span(2025, "Europe/Rome"))
        assert year.measured_kwh == pytest.approx(365 * 48.0)
        # from the last reading before it, a quarter of an hour earlier
        assert year.catch_up_kwh == pytest.approx(303 * 48.0 + 0.5)
        assert year.high_kwh == pytest.approx(365 * 48.0)


def test_what_was_edited_is_told_with_who_did_and_why(store):
    write(store, BORN, datetime(2025, 6, 1, tzinfo=UTC))
    hour = Span(MAY.start, MAY.start + timedelta(hours=1))
    store.write_events(
        [
            edit(EditKind.IGNORE, of=hour).event,
            edit(EditKind.FACTOR, 2.0).event,
            edit(EditKind.ENERGY, 7.5).event,
        ]
    )
    book = ledger(store)
    told = [f for f in book.findings(main(book), MAY) if f.name.startswith("edit.")]
    assert [(f.name, f.message, dict(f.numbers)) for f in told] == [
        ("edit.ignore", "4 readings are ignored until 2025-05-10 01:00 UTC by Rossi: a reason",
         {"readings": 4}),
        ("edit.factor", "amounts are taken 2 times until 2025-05-12 00:00 UTC by Rossi: a reason",
         {"factor": 2.0}),
        ("edit.energy", "7.500 kWh are stated until 2025-05-12 00:00 UTC by Rossi: a reason",
         {"amount_kwh": 7.5}),
    ]  # fmt: skip
    june = Span(datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 6, 2, tzinfo=UTC))
    assert [f for f in book.findings(main(book), june) if f.name.startswith("edit.")] == []


def test_what_an_edit_would_change_leaves_everything_as_it_is(store):
    write(store, BORN, datetime(2025, 6, 1, tzinfo=UTC))
    book = ledger(store)
    book.refresh(year_span(2025, "Europe/Rome"))
    days = store.load_rollups([MAIN], By.DAY, to_seconds(BORN), to_seconds(MAY.end))
    assert len(days[MAIN]) > 100
    before = book.total(main(book), MAY)
    said = edit(EditKind.FACTOR, 2.0)
    then = EnergyLedger(book.installation, considered(store, [said.event]), book.clock)
    assert then.total(main(book), MAY).measured_kwh == pytest.approx(2 * before.measured_kwh)
    assert store.events() == []
    kept = store.load_rollups([MAIN], By.DAY, to_seconds(BORN), to_seconds(MAY.end))
    assert kept[MAIN].seal.tolist() == days[MAIN].seal.tolist()
    assert book.total(main(book), MAY) == before
    # one that is in the store already stands as it would be
    store.write_events([said.event])
    without = considered(store, [said.withdrawn("B", "no").event])
    gone = EnergyLedger(book.installation, without, book.clock)
    assert gone.total(main(book), MAY) == before
    assert [e.facts.get("withdrawn_by") for e in without.events(MAY.start, MAY.end)] == ["B"]
    assert without.events(end=MAY.start) == without.events(start=MAY.end) == []
    assert without.events(subjects=["hall.gas"]) == without.events(name="absence.") == []
