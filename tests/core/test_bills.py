"""Bills as events, which of several count, and the series they make of a meter nobody reads.

Every expectation is worked out by hand beside its case.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise, permutations

import pytest
from billed_town import ROME, billed_town
from hypothesis import given
from hypothesis import strategies as st

from paes.accounting.edits import Edit, EditKind
from paes.accounting.ledger import EnergyLedger
from paes.bills.amounts import Accounted, accounted_amounts
from paes.bills.bill import (
    Bill,
    BilledUnit,
    BillKind,
    accounted_quantity,
    bill_of,
    billed_span,
    event_of,
    first_day,
    last_day,
)
from paes.bills.deliveries import (
    Delivery,
    delivery_event,
    session_day,
    session_days_of,
    sessions_by_month,
    sessions_event,
)
from paes.bills.settling import settle
from paes.errors import DataError
from paes.events import Event
from paes.installation import Installation
from paes.meters import ImportedMeter
from paes.periods import Span, from_seconds, local_midnight, zone
from paes.series import QUALITIES
from paes.store.sqlite import SqliteStore

JAN, FEB, MAR = (1, 31), (32, 60), (61, 91)
"""Days of 2024 as days of the year; 29 February is the 60th."""


def bill(
    document: str, days: tuple[int, int], kwh: float, kind: str = "actual", **more: object
) -> Bill:
    first, last = (date.fromordinal(date(2023, 12, 31).toordinal() + n) for n in days)
    span = billed_span(first, last, ROME)
    more = {"meter": "molo.luci", "unit": BilledUnit.KWH, "issued": date(2024, 6, 1), **more}
    return Bill(
        start=span.start, end=span.end, quantity=kwh, document=document, kind=BillKind(kind), **more
    )  # type: ignore[arg-type]


@pytest.fixture
def town(small) -> Installation:
    return billed_town(small)


@pytest.fixture
def store(tmp_path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "town.sqlite")
    yield opened
    opened.close()


def imported(town: Installation, meter: str) -> ImportedMeter:
    found = town.meter(meter)
    assert isinstance(found, ImportedMeter)
    return found


# -- one bill -------------------------------------------------------------------------------


def test_the_last_day_is_included_and_a_day_of_the_clock_change_has_23_hours():
    # March 2024 in Rome: from 29 February 23:00 UTC to 31 March 22:00 UTC, 743 h, 31 days
    march = bill("1", MAR, 100.0)
    assert march.start == datetime(2024, 2, 29, 23, tzinfo=UTC)
    assert march.end == datetime(2024, 3, 31, 22, tzinfo=UTC)
    assert march.days == 31
    assert (first_day(march, ROME), last_day(march, ROME)) == (date(2024, 3, 1), date(2024, 3, 31))
    october = billed_span(date(2024, 10, 1), date(2024, 10, 31), ROME)
    assert october.seconds == (31 * 24 + 1) * 3600


def test_a_bill_comes_back_from_its_event_as_it_was():
    full = bill(
        "2024/A 17", JAN, 1234.5, "adjustment", supplier="Luce SpA", net_eur=1.5, vat_eur=0.33,
        total_eur=1.83, bands_kwh={"f1": 600.0, "f3": 634.5}, deducted=900.0, register_from=10.0,
        register_to=1244.5, coefficient_c=1.02, pcs_mj_per_sm3=38.52, cancels="2023/9",
    )  # fmt: skip
    event = event_of(full)
    assert (event.subject, event.name) == ("molo.luci", "bill.2024-a-17")
    assert (event.start, event.end) == (full.start, full.end)
    assert event.message == "adjustment 2024/A 17 of Luce SpA: 1234.5 kWh"
    assert bill_of(event) == full
    assert bill_of(event_of(bill("1", JAN, 0.0))) == bill("1", JAN, 0.0)


def test_a_bill_that_cannot_be_is_refused():
    with pytest.raises(DataError, match=r"^bill 7: quantity -1 kWh; expected 0 to 1e12$"):
        bill("7", JAN, -1.0)
    with pytest.raises(DataError, match=r"^bill 7: quantity nan kWh; expected 0 to 1e12$"):
        bill("7", JAN, float("nan"))
    with pytest.raises(DataError, match=r"^the period ends on 2024-01-01, before its first day, "):
        bill("7", (2, 1), 1.0)
    with pytest.raises(DataError, match=r"^the period from 0001-01-01 to 0001-01-02 is out of "):
        billed_span(date(1, 1, 1), date(1, 1, 2), ROME)
    with pytest.raises(DataError, match=r"is out of range; expected 1900 to 2200$"):
        billed_span(date(2024, 1, 1), date(9999, 12, 31), ROME)
    with pytest.raises(DataError, match=r"^a bill without a document number cannot be told from "):
        bill(" / ", JAN, 1.0)
    with pytest.raises(DataError, match=r"expected a number of 1 to 80 signs$"):
        event_of(bill("9" * 81, JAN, 1.0))


def test_an_event_that_is_no_bill_is_named():
    event = event_of(bill("7", JAN, 1.0))
    broken = Event(event.subject, event.name, event.start, event.end, "", {"document": "7"})
    with pytest.raises(
        DataError, match=r"^event bill\.7 of molo\.luci is no bill that can be read"
    ):
        bill_of(broken)


def test_gas_is_accounted_in_sm3_and_never_in_gross_kwh(town):
    gas = town.meter("scuola.gas")  # C = 1.02
    smc = bill("1", JAN, 2500.0, unit=BilledUnit.SMC, pcs_mj_per_sm3=38.52)
    assert accounted_quantity(smc, gas, "m3") == 2500.0
    cubic = bill("1", JAN, 1000.0, unit=BilledUnit.M3)
    assert accounted_quantity(cubic, gas, "m3") == pytest.approx(1020.0)
    own_c = bill("1", JAN, 1000.0, unit=BilledUnit.M3, coefficient_c=1.03)
    assert accounted_quantity(own_c, gas, "m3") == pytest.approx(1030.0)
    with pytest.raises(DataError) as refused:
        accounted_quantity(bill("1", JAN, 27000.0, meter="scuola.gas"), gas, "m3")
    assert str(refused.value) == (
        "bill 1 of scuola.gas is in kWh, and the meter is accounted in m3; enter it in Smc or m3; "
        "kWh of gas are of the gross calorific value, 11 % above the net one"
    )


def test_a_bill_of_another_unit_says_what_to_enter(town):
    oil = bill("1", JAN, 2000.0, unit=BilledUnit.KG, meter="scuola.gasolio")
    with pytest.raises(DataError) as refused:
        accounted_quantity(oil, town.meter("scuola.gasolio"), "l")
    assert str(refused.value) == (
        "bill 1 of scuola.gasolio is in kg, and the meter is accounted in l; enter it in l"
    )
    water = bill("1", JAN, 85.0, unit=BilledUnit.M3, meter="scuola.acqua", coefficient_c=1.02)
    assert accounted_quantity(water, town.meter("scuola.acqua"), "m3") == 85.0


# -- which bills count ----------------------------------------------------------------------


def counts(*bills: Bill) -> list[tuple[str, float]]:
    return [(b.document, b.quantity) for b in settle(bills, ROME).valid]


def test_better_evidence_for_the_same_time_replaces_what_was_estimated():
    estimated, actual = bill("E", JAN, 900.0, "estimated"), bill("A", JAN, 1000.0)
    assert counts(estimated, actual) == [("A", 1000.0)]
    assert settle([estimated, actual], ROME).replaced == ((estimated, actual),)


def test_an_adjustment_replaces_all_bills_within_its_period():
    bills = [
        bill("E1", JAN, 900.0, "estimated"),
        bill("A2", FEB, 850.0),
        bill("A3", MAR, 700.0),
        bill("C", (1, 60), 1810.0, "adjustment"),
    ]
    assert counts(*bills) == [("C", 1810.0), ("A3", 700.0)]


def test_an_estimate_of_two_months_gives_way_to_the_bills_of_both():
    bills = [
        bill("E", (1, 60), 1700.0, "estimated"), bill("A1", JAN, 900.0), bill("A2", FEB, 850.0),
    ]  # fmt: skip
    assert counts(*bills) == [("A1", 900.0), ("A2", 850.0)]


def test_the_later_of_two_adjustments_counts():
    first = bill("C1", JAN, 1000.0, "adjustment", issued=date(2024, 3, 1))
    second = bill("C2", JAN, 980.0, "adjustment", issued=date(2024, 9, 1))
    assert counts(first, second) == [("C2", 980.0)]


def test_a_document_that_comes_twice_under_two_numbers_counts_once():
    first = bill("A", JAN, 1000.0, issued=date(2024, 2, 1))
    again = bill("B", JAN, 1000.4, issued=date(2024, 2, 9))
    assert counts(again, first) == [("A", 1000.0)]


def test_a_credit_note_takes_back_the_document_it_names():
    wrong, right = bill("A", JAN, 1234.5), bill("B", JAN, 1000.0)
    note = bill("N", JAN, 1234.5, "credit", cancels="A")
    assert counts(wrong, note) == []
    assert counts(wrong, note, right) == [("B", 1000.0)]


def test_a_credit_note_without_a_name_takes_back_what_fills_its_period():
    note = bill("N", (1, 60), 1750.0, "credit")
    assert counts(bill("A", JAN, 900.0), bill("B", FEB, 850.0), note) == []


def test_a_credit_note_over_a_part_leaves_the_rest():
    note = bill("N", JAN, 200.0, "credit", cancels="A")
    assert counts(bill("A", JAN, 1000.0, bands_kwh={"f1": 1000.0}), note) == [("A", 800.0)]


def test_a_credit_note_without_its_bill_has_no_effect_until_that_comes():
    note = bill("N", JAN, 1000.0, "credit", cancels="X")
    settled = settle([bill("A", FEB, 850.0), note], ROME)
    assert [b.document for b in settled.valid] == ["A"]
    assert settled.unmatched == (note,)


def test_a_bill_that_was_withdrawn_says_nothing():
    assert counts(bill("A", JAN, 1000.0, "void"), bill("B", (1, 45), 1400.0)) == [("B", 1400.0)]


def test_two_documents_for_a_part_of_the_same_time_clash():
    settled = settle([bill("A", (1, 45), 1000.0), bill("B", FEB, 850.0)], ROME)
    assert [b.document for b in settled.valid] == ["A"]
    (clash,) = settled.clashes
    assert clash.message == (
        "actual bill B (2024-02-01 to 2024-02-29) and actual bill A (2024-01-01 to 2024-02-14) of "
        "molo.luci claim the same days; if one replaces the other, import its credit note first, "
        "or mark the one that settles as an adjustment (conguaglio) over the whole period of the "
        "other"
    )


months = st.tuples(st.integers(1, 6), st.integers(1, 3)).map(lambda m: (31 * m[0], m[1]))
any_bill = st.builds(
    lambda month, kwh, kind: (month[0], month[0] + 31 * month[1] - 1, float(kwh), str(kind)),
    months,
    st.integers(0, 3),
    st.sampled_from(BillKind),
)


@given(st.lists(any_bill, max_size=7), st.randoms(use_true_random=False))
def test_whatever_bills_come_none_is_lost_and_no_day_counts_twice(some, random):
    bills = [bill(f"D{n}", (a, b), kwh, kind) for n, (a, b, kwh, kind) in enumerate(some)]
    settled = settle(bills, ROME)
    assert all(a.end <= b.start for a, b in pairwise(settled.valid))
    told = [b.document for b in settled.valid]
    told += [b.document for b, _ in settled.replaced]
    told += [c.bill.document for c in settled.clashes]
    no_charges = (BillKind.CREDIT, BillKind.VOID)
    charges = [b.document for b in bills if b.kind not in no_charges]
    assert sorted(told) == sorted(charges)
    shuffled = list(bills)
    random.shuffle(shuffled)
    assert settle(shuffled, ROME) == settled


# -- amounts of a meter that nobody reads ---------------------------------------------------


def readings(accounted: Accounted) -> list[tuple[str, float, str]]:
    """The series by local day."""
    series = accounted.series
    rows = zip(series.seconds.tolist(), series.values.tolist(), series.codes.tolist(), strict=True)
    return [
        (f"{from_seconds(t).astimezone(zone(ROME)).date()}", value, str(QUALITIES[code]))
        for t, value, code in rows
    ]


def test_bills_are_amounts_from_day_to_day_and_the_last_one_ends(town):
    events = [event_of(bill("A", JAN, 1000.0)), event_of(bill("B", FEB, 850.0))]
    made = accounted_amounts(imported(town, "molo.luci"), ROME, (), events)
    assert readings(made) == [
        ("2024-01-01", 1000.0, "good"),
        ("2024-02-01", 850.0, "good"),
        ("2024-03-01", 0.0, "not_available"),
    ]
    assert (made.refused, made.findings) == ((), ())


def test_a_hole_between_bills_is_not_filled_with_the_bill_before_it(town):
    events = [event_of(bill("A", JAN, 1000.0)), event_of(bill("C", MAR, 700.0))]
    made = accounted_amounts(imported(town, "molo.luci"), ROME, (), events)
    assert readings(made) == [
        ("2024-01-01", 1000.0, "good"),
        ("2024-02-01", 0.0, "not_available"),
        ("2024-03-01", 700.0, "good"),
        ("2024-04-01", 0.0, "not_available"),
    ]


def test_a_time_that_an_adjustment_makes_meaningless_is_told_so(town):
    known = [event_of(bill("A1", JAN, 900.0)), event_of(bill("A2", FEB, 850.0))]
    new = [event_of(bill("C", (1, 60), 1810.0, "adjustment"))]
    made = accounted_amounts(imported(town, "molo.luci"), ROME, known, new)
    assert readings(made) == [
        ("2024-01-01", 1810.0, "good"),
        ("2024-02-01", 0.0, "stale"),
        ("2024-03-01", 0.0, "not_available"),
    ]


def test_the_series_is_the_same_whatever_order_documents_came_in(town):
    events = [
        event_of(b)
        for b in (
            bill("E1", JAN, 900.0, "estimated"),
            bill("A2", FEB, 850.0),
            bill("C", (1, 60), 1810.0, "adjustment"),
            bill("N", FEB, 850.0, "credit", cancels="A2"),
        )
    ]
    meter = imported(town, "molo.luci")
    made = {
        tuple(readings(accounted_amounts(meter, ROME, order[:-1], order[-1:])))
        for order in permutations(events)
    }
    assert len(made) == 1


def test_a_new_bill_that_clashes_is_refused_and_the_known_one_stays(town):
    meter = imported(town, "molo.luci")
    known, new = event_of(bill("E", FEB, 850.0, "estimated")), event_of(bill("A", (1, 45), 1000.0))
    made = accounted_amounts(meter, ROME, [known], [new])
    ((event, message),) = made.refused
    assert event == new
    assert message.startswith(
        "actual bill A (2024-01-01 to 2024-02-14) and estimated bill E (2024-02-01 to 2024-02-29)"
    )
    # an estimate is no reading: its month is a gap, and nothing of A is there
    assert [quality for _, _, quality in readings(made)] == ["not_available", "not_available"]


def test_a_known_bill_that_is_told_otherwise_and_clashes_stays_as_it_was(town):
    meter = imported(town, "molo.luci")
    known = [event_of(bill("A", JAN, 1000.0)), event_of(bill("B", FEB, 850.0))]
    longer = event_of(bill("A", (1, 45), 1400.0))
    made = accounted_amounts(meter, ROME, known, [longer])
    assert [event for event, _ in made.refused] == [longer]
    assert [value for _, value, _ in readings(made)] == [1000.0, 850.0, 0.0]


def test_what_was_delivered_was_used_since_the_delivery_before(town):
    days = ((date(2023, 11, 15), 3000.0), (date(2024, 1, 12), 2500.5), (date(2024, 3, 1), 1800.0))
    events = [
        delivery_event(
            Delivery("scuola.gasolio", local_midnight(day, ROME), litres, BilledUnit.LITRE, f"{n}")
        )
        for n, (day, litres) in enumerate(days)
    ]
    made = accounted_amounts(imported(town, "scuola.gasolio"), ROME, (), events)
    assert readings(made) == [
        ("2023-11-15", 2500.5, "good"),
        ("2024-01-12", 1800.0, "good"),
        ("2024-03-01", 0.0, "not_available"),
    ]
    assert [f.name for f in made.findings] == ["delivery.first", "delivery.assumed"]
    assert made.findings[0].message == (
        "the first delivery (3,000 l) is not accounted: nobody knows since when it was used; a "
        "delivery before it would say so"
    )


def test_sessions_are_counted_by_local_month():
    days = [
        session_day("molo.ricarica", date(2024, 3, 31), ROME, 2, 30.0),
        session_day("molo.ricarica", date(2024, 4, 1), ROME, 1, 7.5),
        session_day("molo.ricarica", date(2024, 4, 2), ROME, 0, 0.0),
    ]
    assert (days[0].end - days[0].start).total_seconds() == 23 * 3600
    kept = session_days_of(sessions_event(day) for day in days)
    assert kept == days
    assert sessions_by_month(kept) == {
        ("molo.ricarica", "2024-03"): (2, 30.0),
        ("molo.ricarica", "2024-04"): (1, 7.5),
    }


# -- what the ledger makes of it --------------------------------------------------------------


def write(store: SqliteStore, town: Installation, meter: str, new: list[Event]) -> None:
    known = store.events(subjects=[meter])
    made = accounted_amounts(imported(town, meter), ROME, known, new)
    store.write_events(new)
    point = imported(town, meter).register.point
    for code in set(made.series.codes.tolist()):
        of = made.series.codes == code
        seconds, values = made.series.seconds[of], made.series.values[of]
        store.write_series(point, seconds, values, QUALITIES[code])


def total(store: SqliteStore, town: Installation, meter: str, days: tuple[int, int]):
    first, last = (date.fromordinal(date(2023, 12, 31).toordinal() + n) for n in days)
    ledger = EnergyLedger(town, store, lambda: datetime(2025, 1, 1, tzinfo=UTC))
    span = billed_span(first, last, ROME)
    return ledger.total(town.meter(meter), Span(span.start, span.end))


def test_an_estimated_bill_is_an_estimate_until_an_adjustment_measures(town, store):
    estimates = [
        event_of(bill("E1", JAN, 900.0, "estimated")), event_of(bill("E2", FEB, 850.0, "estimated"))
    ]  # fmt: skip
    write(store, town, "molo.luci", estimates)
    before = total(store, town, "molo.luci", (1, 60))
    assert (before.measured_kwh, before.estimated_kwh) == (0.0, pytest.approx(1750.0))
    # what a supplier guesses is no bound: it may be off by as much as it is
    assert (before.low_kwh, before.high_kwh) == (0.0, pytest.approx(3500.0))
    write(store, town, "molo.luci", [event_of(bill("C", (1, 60), 1810.0, "adjustment"))])
    after = total(store, town, "molo.luci", (1, 60))
    assert (after.measured_kwh, after.estimated_kwh) == (pytest.approx(1810.0), 0.0)
    # nobody knows how much of it passed in January: between nothing and 20 kW x 31 days, or all
    january = total(store, town, "molo.luci", JAN)
    assert january.measured_kwh == 0.0
    assert january.low_kwh <= 900.0 <= january.high_kwh
    assert january.high_kwh == pytest.approx(1810.0)


def test_what_a_person_states_counts_instead_of_an_estimated_bill(town, store):
    write(store, town, "molo.luci", [event_of(bill("E", JAN, 900.0, "estimated"))])
    span = bill("E", JAN, 0.0).span
    at = datetime(2024, 5, 1, tzinfo=UTC)
    edit = Edit("molo.luci", EditKind.ENERGY, span, 950.0, "Anna", "read by hand", at)
    store.write_events([edit.event])
    assert total(store, town, "molo.luci", JAN).estimated_kwh == pytest.approx(950.0)


def test_an_estimated_bill_of_nothing_leaves_its_time_missing(town, store):
    write(store, town, "molo.luci", [event_of(bill("E", JAN, 0.0, "estimated"))])
    january = total(store, town, "molo.luci", JAN)
    assert (january.estimated_kwh, january.estimated_high_kwh) == (0.0, 0.0)
    assert january.missing_high_kwh > 0.0


def test_an_estimated_bill_in_a_unit_of_before_stops_no_question(town, store):
    strange = bill("E", JAN, 900.0, "estimated", unit=BilledUnit.KG)
    store.write_events([event_of(strange)])
    assert total(store, town, "molo.luci", JAN).estimated_kwh == 0.0


def test_a_bill_that_was_taken_back_leaves_its_time_open(town, store):
    write(store, town, "molo.luci", [event_of(bill("A", JAN, 1000.0))])
    assert total(store, town, "molo.luci", JAN).measured_kwh == pytest.approx(1000.0)
    note = bill("N", JAN, 1000.0, "credit", cancels="A")
    write(store, town, "molo.luci", [event_of(note)])
    open_again = total(store, town, "molo.luci", JAN)
    assert open_again.measured_kwh == 0.0
    assert open_again.high_kwh > 1000.0


def test_gas_of_a_bill_is_net_energy_whatever_it_prints(town, store):
    smc = bill("G", JAN, 2500.0, unit=BilledUnit.SMC, pcs_mj_per_sm3=38.52, meter="scuola.gas")
    write(store, town, "scuola.gas", [event_of(smc)])
    # 2,500 Sm3 x 9.79 kWh/Sm3 net (calorific_values.csv); the gross value would make 26,750
    assert total(store, town, "scuola.gas", JAN).measured_kwh == pytest.approx(24475.0)
