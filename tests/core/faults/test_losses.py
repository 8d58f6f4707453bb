"""The ledger of losses by hand: months, overlaps of cases and of meters, money without energy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_installation import SmallInstallation

from paes.faults.cases.case import Case, State
from paes.faults.episode import Episode
from paes.faults.money.losses import Losses, Overlap, losses_by_month, summed
from paes.faults.money.price import Interval
from paes.faults.money.pricing import PricingContext, price_of
from paes.periods import Span
from paes.report.loss_documents import loss_rows, losses_document
from paes.store.sqlite import SqliteStore
from tests.core.priced_town import NOW, at, episode, excess, priced_town

DAY = "2025-03-03"
DAY_EUR = 1.25 * (8 * 0.12 + 5 * 0.18 + 11 * 0.22)
"""A Monday of one kWh an hour: 8 hours of F3, 5 of F2, 11 of F1, taxes and VAT (5.35 EUR)."""


@pytest.fixture
def context(small: SmallInstallation, tmp_path: Path) -> Iterator[PricingContext]:
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield PricingContext(priced_town(small, opened))
    opened.close()


def case(
    context: PricingContext, meter: str, of: Episode, rule: str = "base_load",
    state: State = State.NEW,
) -> Case:  # fmt: skip
    return Case(
        id=f"{meter}/{rule}/{of.start.date()}", rule=rule, version=1, subject=meter,
        site=meter.split(".")[0], city="porto", parameters={}, episode=of, state=state,
        price=price_of(context, context.installation.meter(meter), of, NOW), decisions=(),
        opened_at=datetime(2025, 4, 1, tzinfo=UTC),
    )  # fmt: skip


def a_day(kwh_per_h: float, day: str = DAY, hours: int = 24, spread: float = 0.0) -> Episode:
    return episode(day, "2025-04-30", excess(day, [kwh_per_h] * hours, spread))


def kwh(losses: Losses, rule: str) -> float:
    return sum(row.waste.amount.likely for row in losses.rows if row.rule == rule)


def test_a_case_is_parted_by_local_months(context: PricingContext) -> None:
    """From 31 March, 22 h, on: two hours of March, three of April; all F2 or F3, 2 kWh each."""
    of = episode("2025-03-31T22:00", "2025-04-02", excess("2025-03-31T22:00", [2.0] * 5, 0.5))
    losses = losses_by_month(context, [case(context, "scuola.main", of)])
    assert [(r.month, r.site, r.unit) for r in losses.rows] == [
        (date(2025, 3, 1), "scuola", "kWh"),
        (date(2025, 4, 1), "scuola", "kWh"),
    ]
    march, april = (row.waste for row in losses.rows)
    assert march.amount == Interval(2.0, 4.0, 6.0)
    assert april.amount == Interval(3.0, 6.0, 9.0)
    assert march.eur is not None
    assert march.eur.likely == pytest.approx(2 * 1.25 * (0.18 + 0.12))
    assert april.eur is not None
    assert april.eur.likely == pytest.approx(6 * 1.25 * 0.12)


def test_what_does_not_overlap_adds_up_to_the_cases(context: PricingContext) -> None:
    cases = [
        case(context, "scuola.main", a_day(1.0, spread=0.2)),
        case(context, "scuola.main", a_day(3.0, "2025-03-05", 700), "above_expected"),
        case(context, "molo.gas", a_day(9.0, "2025-03-05", 48), "heating_off_season"),
        case(context, "scuola.acqua", a_day(0.5), "water_leak"),
    ]
    losses = losses_by_month(context, cases)
    assert losses.overlaps == ()
    priced = [one.price.so_far for one in cases if one.price]
    for unit, of in (("kWh", priced[:3]), ("m3", priced[3:])):
        total = losses.total(unit)
        assert total is not None
        assert total.amount.likely == pytest.approx(sum(p.amount.likely for p in of), rel=1e-12)
        assert total.amount.low == pytest.approx(sum(p.amount.low for p in of), rel=1e-12)
    whole = losses.total()
    assert whole is not None
    assert whole.eur is not None
    assert whole.eur.high == pytest.approx(sum(p.eur.high for p in priced if p.eur), rel=1e-12)
    assert whole.co2_t is not None
    assert whole.co2_t.likely == pytest.approx(
        sum(p.co2_t.likely for p in priced if p.co2_t), rel=1e-12
    )


def test_two_cases_of_one_hour_count_once_by_the_larger(context: PricingContext) -> None:
    """3 kWh all day, and 5 kWh in its first 6 hours: 5 * 6 + 3 * 18 = 84, not 102."""
    cases = [
        case(context, "scuola.main", a_day(3.0)),
        case(context, "scuola.main", a_day(5.0, hours=6), "above_expected"),
    ]
    losses = losses_by_month(context, cases)
    assert (kwh(losses, "base_load"), kwh(losses, "above_expected")) == (54.0, 30.0)
    (overlap,) = losses.overlaps
    assert overlap == Overlap(cases[0].id, cases[1].id, 6, 18.0, "kWh")


def test_hours_that_two_cases_share_are_judged_together(context: PricingContext) -> None:
    """1, 3, 1, 3 kWh are 8 and 2, 2, 2, 2.5 are 8.5: these count, not the larger of each hour."""
    first = episode(DAY, "2025-03-31", excess(DAY, [1.0, 3.0, 1.0, 3.0]))
    other = episode(DAY, "2025-03-31", excess(DAY, [2.0, 2.0, 2.0, 2.5]))
    cases = [
        case(context, "scuola.main", first),
        case(context, "scuola.main", other, "above_expected"),
    ]
    losses = losses_by_month(context, cases)
    assert (kwh(losses, "base_load"), kwh(losses, "above_expected")) == (0.0, 8.5)
    assert losses.overlaps == (Overlap(cases[0].id, cases[1].id, 4, 8.0, "kWh"),)


def test_rows_are_added_up_by_month_rule_or_site(context: PricingContext) -> None:
    cases = [
        case(context, "scuola.main", a_day(1.0, "2025-03-31", 48)),
        case(context, "molo.gas", a_day(2.0, hours=10), "heating_off_season"),
        case(context, "scuola.acqua", a_day(0.5, hours=4), "water_leak"),
    ]
    losses = losses_by_month(context, cases)
    by_month = {key: of.amount.likely for key, of in summed(losses, "month").items()}
    assert by_month == {("2025-03", "kWh"): 44.0, ("2025-03", "m3"): 2.0, ("2025-04", "kWh"): 24.0}
    by_site = {key: of.amount.likely for key, of in summed(losses, "site").items()}
    assert by_site == {("molo", "kWh"): 20.0, ("scuola", "kWh"): 48.0, ("scuola", "m3"): 2.0}
    assert list(summed(losses, "rule")) == [
        ("base_load", "kWh"),
        ("heating_off_season", "kWh"),
        ("water_leak", "m3"),
    ]


def test_submeters_are_added_before_they_are_held_against_the_meter_above(
    context: PricingContext,
) -> None:
    """Main 5 kWh all day; the gym's 3 kWh lie in it. With 7 kWh for 4 hours the gym counts."""
    main = case(context, "scuola.main", a_day(5.0))
    small = case(context, "scuola.palestra", a_day(3.0))
    losses = losses_by_month(context, [main, small])
    assert {row.cases for row in losses.rows} == {(main.id,)}
    assert losses.overlaps == (Overlap(small.id, main.id, 24, 72.0, "kWh"),)
    large = case(context, "scuola.palestra", a_day(7.0, hours=4), "above_expected")
    losses = losses_by_month(context, [main, large])
    assert (kwh(losses, "base_load"), kwh(losses, "above_expected")) == (100.0, 28.0)


def test_a_plant_and_the_school_below_it_are_two_things(context: PricingContext) -> None:
    cases = [
        case(context, "scuola.main", a_day(3.0)),
        case(context, "scuola.pv", a_day(4.0), "pv_outage"),
    ]
    losses = losses_by_month(context, cases)
    assert losses.overlaps == ()
    assert (kwh(losses, "base_load"), kwh(losses, "pv_outage")) == (72.0, 96.0)


def test_what_people_dismissed_was_no_loss(context: PricingContext) -> None:
    cases = [
        case(context, "scuola.main", a_day(1.0)),
        case(context, "scuola.main", a_day(9.0), "above_expected", State.DISMISSED),
        case(context, "scuola.main", a_day(8.0), "spike", State.RETRACTED),
    ]
    losses = losses_by_month(context, cases)
    assert {row.rule for row in losses.rows} == {"base_load"}
    assert losses.overlaps == ()
    assert losses.left_out == (cases[1].id, cases[2].id)
    assert losses.rows[0].waste.eur is not None
    assert losses.rows[0].waste.eur.likely == pytest.approx(DAY_EUR)


def test_money_that_a_rule_reckons_is_spread_over_its_time(context: PricingContext) -> None:
    """300 EUR of 30 days from 22 March on, with the 23 hours of 30 March: ten days of March.

    March has 10 * 24 - 1 = 239 hours of 719: 99.72 EUR.
    """
    claim = episode("2025-03-22", "2025-04-21", None, eur=Interval(270.0, 300.0, 330.0))
    losses = losses_by_month(context, [case(context, "scuola.main", claim, "bill_against_meter")])
    march, april = (row.waste.eur for row in losses.rows)
    assert march is not None
    assert april is not None
    assert march.likely == pytest.approx(300 * 239 / 719)
    assert march.likely + april.likely == pytest.approx(300.0)
    assert losses.rows[0].waste.amount.high == 0.0


def test_only_the_months_asked_for_are_told(context: PricingContext) -> None:
    of = [case(context, "scuola.main", a_day(1.0, "2025-03-31", 48))]
    losses = losses_by_month(context, of, Span(at("2025-04-01"), at("2025-05-01")))
    (row,) = losses.rows
    assert (row.month, row.waste.amount.likely) == (date(2025, 4, 1), 24.0)


def test_energy_without_a_contract_is_told(context: PricingContext) -> None:
    losses = losses_by_month(context, [case(context, "scuola.senza", a_day(2.0))])
    assert losses.rows[0].waste.eur is None
    assert losses.unpriced == {"kWh": 48.0}


def test_the_document_says_rows_totals_and_overlaps(context: PricingContext) -> None:
    cases = [
        case(context, "scuola.main", a_day(3.0)),
        case(context, "scuola.main", a_day(5.0, hours=6), "above_expected"),
        case(context, "scuola.acqua", a_day(0.5), "water_leak"),
    ]
    losses = losses_by_month(context, cases)
    document = json.loads(json.dumps(losses_document(losses), allow_nan=False))
    assert [t["unit"] for t in document["totals"]] == ["kWh", "m3"]
    assert document["totals"][0]["amount"]["likely"] == 84.0
    assert document["rows"][-1]["co2_t"] is None
    assert document["overlaps"][0]["message"] == (
        "18 kWh of scuola.main/base_load/2025-03-02 (6 hours) lie where "
        "scuola.main/above_expected/2025-03-02 tells of more: counted once, there"
    )
    assert [r["amount_likely"] for r in loss_rows(losses)] == [30.0, 54.0, 12.0]


METERS = ("scuola.main", "scuola.palestra")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(METERS), st.integers(0, 60), st.integers(1, 60), st.floats(0, 9)),
        min_size=1,
        max_size=5,
    )
)
def test_no_hour_counts_twice_and_nothing_gets_lost(
    context: PricingContext, told: list[tuple[str, int, int, float]]
) -> None:
    """Of even amounts each hour has the larger of the main meter's largest and the gym's."""
    cases = []
    most = {meter: np.zeros(200) for meter in METERS}
    for n, (meter, first, hours, amount) in enumerate(told):
        of = excess("2025-03-03", [amount] * hours)
        of = replace(of, starts_s=of.starts_s + 3600 * first)
        cases.append(case(context, meter, episode("2025-03-03", "2025-03-31", of), f"rule_{n}"))
        part = most[meter][first : first + hours]
        np.maximum(part, amount, out=part)
    losses = losses_by_month(context, cases)
    total = losses.total("kWh")
    assert total is not None
    expected = float(np.maximum(most[METERS[0]], most[METERS[1]]).sum())
    assert total.amount.likely == pytest.approx(expected)
    dropped = sum(overlap.amount for overlap in losses.overlaps)
    said = sum(one.price.so_far.amount.likely for one in cases if one.price)
    assert total.amount.likely + dropped == pytest.approx(said)
