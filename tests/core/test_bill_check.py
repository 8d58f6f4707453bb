"""Bills beside a meter of 2 kW all day (48 kWh a day) and a gas meter of 1 Sm3 an hour.

Both are read every quarter of an hour from 1 June to 31 December 2024. Two electricity meters of
class B may differ by 4 %, two gas meters of class 1.5 by 3 %.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from billed_town import ROME, billed_town

from paes.accounting.ledger import EnergyLedger
from paes.bills.bill import Bill, BilledUnit, BillKind, billed_span, event_of
from paes.bills.check import BillCheck, Verdict, check_bills
from paes.bills.tolerance import tolerances
from paes.errors import ConfigError
from paes.installation import Installation
from paes.metering import Carrier
from paes.periods import Span, local_midnight, to_seconds
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore

FIRST, LAST = date(2024, 6, 1), date(2025, 1, 1)
MAIN, GAS = "scuola.main", "molo.gas"
JUNE = (date(2024, 6, 1), date(2024, 6, 30))
JULY = (date(2024, 7, 1), date(2024, 7, 31))
Days = tuple[date, date]


@pytest.fixture
def town(small) -> Installation:
    small.replace("cities/porto/meters.yaml", "volume_correction: 1.02", "volume_correction: 1.08")
    return billed_town(small)


@pytest.fixture(scope="module")
def readings(tmp_path_factory) -> Path:
    """The store of both meters, to be copied."""
    path = tmp_path_factory.mktemp("readings") / "town.sqlite"
    opened = SqliteStore(path)
    start, end = (to_seconds(local_midnight(day, ROME)) for day in (FIRST, LAST))
    seconds = np.arange(start, end + 1, 900)
    hours = (seconds - start) / 3600.0
    opened.write_series(f"{MAIN}/energy_import", seconds, 2.0 * hours)
    opened.write_series(f"{GAS}/volume", seconds, hours)
    opened.close()
    return path


@pytest.fixture
def store(readings, tmp_path) -> Iterator[SqliteStore]:
    for part in readings.parent.iterdir():
        shutil.copy(part, tmp_path / part.name)
    opened = SqliteStore(tmp_path / readings.name)
    yield opened
    opened.close()


@pytest.fixture
def ledger(town, store) -> EnergyLedger:
    return EnergyLedger(town, store, lambda: datetime(2025, 6, 1, tzinfo=UTC))


@pytest.fixture
def check(ledger) -> Callable[..., list[BillCheck]]:
    """Keeps bills and checks them, all or those of a span."""

    def checked(*bills: Bill, span: Span | None = None) -> list[BillCheck]:
        ledger.store.write_events([event_of(bill) for bill in bills])
        return check_bills(ledger, ledger.installation.meters.values(), span)

    return checked


def bill(document: str, days: Days, quantity: float, kind: str = "actual", **more: object) -> Bill:
    span = billed_span(*days, ROME)
    more = {"meter": MAIN, "unit": BilledUnit.KWH, **more}
    return Bill(
        start=span.start, end=span.end, quantity=quantity, document=document, kind=BillKind(kind),
        **more,
    )  # type: ignore[arg-type]  # fmt: skip


def told(check: BillCheck) -> dict[str, str]:
    return {f.name: f.message for f in check.findings}


def test_a_bill_within_the_errors_of_two_meters_agrees(check):
    (one,) = check(bill("A", JUNE, 1438.0))
    assert one.verdict is Verdict.AGREES
    assert one.message == "within the errors of two meters, 2 % each"
    assert one.metered is not None
    assert (one.metered.amount, one.metered.coverage) == (pytest.approx(1440.0), pytest.approx(1.0))
    assert one.difference == pytest.approx(-2.0)
    assert one.difference_fraction == pytest.approx(-2 / 1440)
    # 4 % of 1,440 kWh are 57.6
    assert check(bill("A", JUNE, 1497.5))[0].verdict is Verdict.AGREES
    assert check(bill("A", JUNE, 1498.0))[0].verdict is Verdict.DIFFERS


def test_a_bill_over_the_change_of_the_clocks_has_its_hours(check):
    # October 2024: 31 days and an hour, 745 h x 2 kW
    (one,) = check(bill("A", (date(2024, 10, 1), date(2024, 10, 31)), 1490.0))
    assert one.metered is not None
    assert one.metered.amount == pytest.approx(1490.0)


def test_what_was_billed_beyond_what_can_have_passed_is_claimed_at_its_price(check):
    # 1,800 - 1,440 = 360 kWh of 1,800 that cost 380 EUR
    (one,) = check(bill("A", JUNE, 1800.0, total_eur=380.0))
    assert one.verdict is Verdict.DIFFERS
    assert one.message == "360 kWh more than can have passed, without an explanation"
    assert one.claim_eur == 76.0
    (less,) = check(bill("A", JUNE, 1000.0, total_eur=380.0))
    assert less.message == "440 kWh less than can have passed, without an explanation"
    assert less.claim_eur == 0.0


def test_an_estimated_bill_that_differs_is_marked_and_claims_nothing(check):
    (one,) = check(bill("E", JUNE, 2000.0, "estimated", total_eur=400.0))
    assert one.verdict is Verdict.ESTIMATED
    assert one.claim_eur == 0.0
    assert one.message == (
        "the bill is an estimate; the difference is to come back with the adjustment"
    )


def test_a_day_at_the_edges_is_explained_by_the_day_of_reading(check):
    # ten days are 480 kWh +- 19.2; 40 more are less than the 48 of one day
    (one,) = check(bill("A", (date(2024, 6, 11), date(2024, 6, 20)), 520.0))
    assert one.verdict is Verdict.BOUNDARY
    assert one.message == (
        "no more than a day at its edge (48 kWh): registers were probably read on another day or "
        "hour"
    )
    # of three days nearly anything would be less than a day
    (short,) = check(bill("A", (date(2024, 6, 11), date(2024, 6, 13)), 180.0), span=None)[:1]
    assert short.verdict is Verdict.DIFFERS


@pytest.mark.parametrize(
    ("quantity", "words"),
    [(57_600.0, "40 times"), (36.0, "one 40th of"), (1_440_000.0, "1000 times")],
)
def test_a_forgotten_factor_is_named(check, quantity, words):
    (one,) = check(bill("A", JUNE, quantity))
    assert one.verdict is Verdict.FACTOR
    assert one.message == (
        f"{words} what was metered: a transformer ratio or a unit (kWh, MWh) is wrong in the bill "
        "or in meters.yaml"
    )


def test_time_without_readings_cannot_be_judged(check):
    (one,) = check(bill("A", (date(2025, 2, 1), date(2025, 2, 28)), 1500.0))
    assert one.verdict is Verdict.NOT_COVERED
    assert one.message == (
        "readings are missing: 0 kWh or more passed, and the bill may be right; this cannot be "
        "judged"
    )
    (half,) = check(
        bill("A", (date(2024, 12, 15), date(2025, 1, 14)), 1500.0),
        span=Span(datetime(2024, 12, 20, tzinfo=UTC), datetime(2024, 12, 21, tzinfo=UTC)),
    )
    assert half.verdict is Verdict.NOT_COVERED


def test_what_is_billed_below_what_was_seen_differs_even_with_a_hole(check):
    # 17 days of December are 816 kWh for certain, whatever passed in January
    (one,) = check(bill("A", (date(2024, 12, 15), date(2025, 1, 14)), 500.0))
    assert (one.verdict, round(one.beyond)) == (Verdict.DIFFERS, -316)


def test_a_period_before_the_meter_cannot_be_judged(check):
    (one,) = check(bill("G", (date(2022, 12, 1), date(2023, 1, 31)), 5.0, meter=GAS,
                        unit=BilledUnit.SMC))  # fmt: skip
    assert one.message == (
        "the meter was in use for a part of the period only; this cannot be judged"
    )


def gas(quantity: float, unit: BilledUnit = BilledUnit.SMC, **more: object) -> Bill:
    return bill("G", JUNE, quantity, meter=GAS, unit=unit, **more)


def test_gas_is_compared_in_sm3(check):
    (one,) = check(gas(720.0, pcs_mj_per_sm3=38.52))
    assert (one.verdict, one.unit) == (Verdict.AGREES, "m3")
    assert one.kwh_per_unit == pytest.approx(9.79)  # net, calorific_values.csv
    (cubic,) = check(gas(720.0 / 1.08, BilledUnit.M3))
    assert cubic.verdict is Verdict.AGREES


def test_gross_and_net_calorific_values_and_the_coefficient_are_told_apart(check):
    (gross,) = check(gas(720.0 / 0.905))  # the relation of calorific_values.csv
    assert gross.verdict is Verdict.GROSS
    assert gross.message == (
        "they differ by gross over net calorific value (1.105): PCS was taken for PCI"
    )
    (cubic,) = check(gas(720.0 / 1.08))
    assert cubic.verdict is Verdict.COEFFICIENT
    assert cubic.message == "they differ by the coefficient C (1.08): m3 were taken for Smc"


def test_a_bill_in_another_unit_is_not_compared(check):
    (one,) = check(bill("A", JUNE, 5.0, unit=BilledUnit.KG))
    assert one.verdict is Verdict.OTHER_UNIT
    assert one.message == (
        "bill A of scuola.main is in kg, and the meter is accounted in kWh; enter it in kWh"
    )


def test_bands_that_do_not_add_up_are_told(check):
    bands = {"f1": 600.0, "f2": 400.0, "f3": 340.0}
    (one,) = check(bill("A", JUNE, 1440.0, bands_kwh=bands))
    assert told(one)["bill.bands"] == (
        "document A: its bands are 1,340 kWh together, and its total 1,440 kWh"
    )
    rounded = {"f1": 600.0, "f2": 400.0, "f3": 438.0}
    assert "bill.bands" not in told(check(bill("A", JUNE, 1440.0, bands_kwh=rounded))[0])


def test_registers_on_a_bill_are_held_against_its_quantity(check):
    (one,) = check(gas(720.0, register_from=1000.0, register_to=1720.0))
    assert told(one)["bill.register_differs"] == (
        "document G: its registers moved by 720 times C 1.08, and it bills 720 Smc"
    )
    right = gas(720.0, register_from=1000.0, register_to=1000.0 + 720.0 / 1.08)
    assert "bill.register_differs" not in told(check(right)[0])


# -- bills beside each other ------------------------------------------------------------------


def test_days_between_bills_are_told(check):
    _, second = check(
        bill("A", JUNE, 1440.0), bill("B", (date(2024, 7, 4), date(2024, 7, 31)), 1.0)
    )
    assert told(second)["bill.gap"] == (
        "no bill from 2024-07-01 to 2024-07-03 (3 days), between A and B"
    )


def test_an_overlap_of_one_day_says_what_the_last_day_means(check):
    first, second = check(
        bill("A", (date(2024, 6, 1), date(2024, 7, 1)), 1488.0), bill("B", JULY, 1488.0)
    )
    assert (first.verdict, second.verdict) == (Verdict.AGREES, Verdict.NOT_COUNTED)
    assert told(second)["bill.overlap"] == (
        "actual bill B (2024-07-01 to 2024-07-31) and actual bill A (2024-06-01 to 2024-07-01) "
        "bill the same day; perhaps the last day of these periods is not included: the column to "
        "(al) is the last day that is billed"
    )


def test_a_document_that_comes_twice_is_claimed_whole(check):
    first, again = check(
        bill("A", JUNE, 1440.0, total_eur=300.0, issued=date(2024, 7, 10)),
        bill("B", JUNE, 1440.0, total_eur=301.0, issued=date(2024, 7, 20)),
    )
    assert (first.verdict, first.claim_eur) == (Verdict.AGREES, 0.0)
    assert (again.verdict, again.claim_eur) == (Verdict.NOT_COUNTED, 301.0)
    assert told(again)["bill.duplicate"] == (
        "actual bill B (2024-06-01 to 2024-06-30) bills what A bills: the same days and quantity"
    )


def test_an_advance_that_was_not_deducted_is_billed_twice(check):
    advance = bill("E", JUNE, 1500.0, "estimated", total_eur=300.0)
    kept, _ = check(advance, bill("C", JUNE, 1440.0, "adjustment", total_eur=288.0))
    assert kept.verdict is Verdict.AGREES
    assert told(kept)["bill.billed_twice"] == (
        "adjustment bill C (2024-06-01 to 2024-06-30) settles estimated bill E (2024-06-01 to "
        "2024-06-30), 1,500 kWh, and deducts 0: 1,500 kWh were billed twice, unless they were "
        "credited elsewhere"
    )
    assert kept.claim_eur == 300.0
    deducted, _ = check(bill("C", JUNE, 1440.0, "adjustment", total_eur=288.0, deducted=1500.0))
    assert "bill.billed_twice" not in told(deducted)
    assert deducted.claim_eur == 0.0


def test_a_credit_note_ends_a_bill_and_one_without_a_bill_is_told(check):
    note = bill("N", JUNE, 1800.0, "credit", cancels="A", total_eur=380.0)
    first, credit = check(bill("A", JUNE, 1800.0, total_eur=380.0), note)
    assert (first.verdict, first.message) == (Verdict.NOT_COUNTED, "taken back by N")
    assert (credit.verdict, credit.message) == (Verdict.CREDIT, "takes back document A")
    _, _, stray = check(bill("M", JULY, 10.0, "credit", cancels="X"))
    assert told(stray)["bill.credit_unmatched"] == (
        "credit note M (2024-07-01 to 2024-07-31) takes back document X, which is not there with "
        "that quantity"
    )


def test_a_bill_is_compared_less_what_a_credit_note_took_back_of_it(check):
    note = bill("N", JUNE, 360.0, "credit", cancels="A")
    first, _ = check(bill("A", JUNE, 1800.0, total_eur=380.0), note)
    assert (first.verdict, first.billed) == (Verdict.AGREES, 1440.0)


def test_the_bill_of_a_meter_that_nobody_reads_is_its_figure(check):
    (one,) = check(bill("A", JUNE, 900.0, "estimated", meter="molo.luci"))
    assert one.verdict is Verdict.ACCOUNTED
    assert one.message == "nobody reads this meter: the bill is its figure, and an estimate"


def test_a_bill_that_a_person_withdrew_is_told_and_not_compared(check):
    (one,) = check(bill("A", JUNE, 9000.0, "void", total_eur=900.0))
    assert (one.verdict, one.message) == (Verdict.NOT_COUNTED, "withdrawn by a person")
    assert one.claim_eur == 0.0


def test_only_bills_that_touch_the_time_asked_for_are_checked(check):
    june, july = bill("A", JUNE, 1440.0), bill("B", JULY, 1488.0)
    july_only = Span(july.start, july.end)
    assert [c.bill.document for c in check(june, july, span=july_only)] == ["B"]


# -- tolerances -------------------------------------------------------------------------------


def test_the_readings_of_the_billed_meter_itself_leave_only_rounding(town):
    rules = tolerances(shipped_config())
    assert rules.agreement(town.meter("molo.luci")) == (
        0.005, "rounding of the same meter, 0.5 %"
    )  # fmt: skip
    fraction, words = rules.agreement(town.meter(GAS))
    assert (fraction, words) == (0.03, "the errors of two meters, 1.5 % each")
    assert {e.carrier for e in rules.errors} >= {Carrier.ELECTRICITY, Carrier.HEAT_COLD, "water"}


def test_tolerances_of_the_installation_take_the_place_of_the_shipped_ones(small):
    text = (shipped_config() / "bill_check.yaml").read_text(encoding="utf-8")
    small.write(
        {"bill_check.yaml": text.replace("error_fraction: 0.02\n", "error_fraction: 0.01\n", 1)}
    )
    assert tolerances(small.root).agreement(billed_town(small).meter(MAIN))[0] == 0.02
    small.write({"bill_check.yaml": text.replace("carrier: other", "carrier: coal")})
    with pytest.raises(ConfigError, match=r"errors have none for carrier other, which stands for"):
        tolerances(small.root)
