"""Power above the contract, and bills above the meter: by hand, and over a store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from small_installation import SmallInstallation

from paes.accounting.ledger import EnergyLedger
from paes.bills.bill import Bill, BilledUnit, BillKind, billed_span, event_of
from paes.faults.load_curve import LoadCurve
from paes.faults.money.pricing import PricingContext, price_of
from paes.faults.rules import bill_against_meter, contract_power
from paes.faults.rules.contract_power import Contracted, ContractPowerParameters
from paes.faults.watch import watch
from paes.periods import Span
from paes.series import Floats
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore
from tests.core.priced_town import NOW, ROME, at, priced_town

POWER: ContractPowerParameters = contract_power.RULE.file(shipped_config()).parameters
QUARTERS = 96
FIRST = "2025-02-01"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def ledger(small: SmallInstallation, store: SqliteStore) -> EnergyLedger:
    return priced_town(small, store)


def flat(days: int, kw: float = 10.0) -> LoadCurve:
    """Quarter hours of one power from 1 February 2025 on."""
    start = int(at(FIRST).timestamp())
    return LoadCurve(start, 900, np.full(days * QUARTERS, kw / 4), ROME)


def with_power(curve: LoadCurve, day: int, quarter: int, kw: float, count: int = 1) -> LoadCurve:
    amounts = curve.amounts.copy()
    amounts[day * QUARTERS + quarter : day * QUARTERS + quarter + count] = kw / 4
    return curve.with_amounts(amounts)


def under(curve: LoadCurve, kw: float = 20.0, eur: float = 0.0) -> Contracted:
    return Contracted(np.full(len(curve), kw), np.full(len(curve), eur))


def found(curve: LoadCurve, of: Contracted | None = None) -> list[dict[str, float]]:
    every = contract_power.find(curve, of or under(curve), 0.0, POWER)
    return [dict(episode.numbers) for episode in every]


def test_a_small_supply_may_take_a_tenth_more() -> None:
    """20 kW: 22 kW are tolerated, and two hundredths of them may be a late read: 22.44."""
    curve = flat(10)
    assert found(with_power(curve, 3, 40, 22.4)) == []
    (numbers,) = found(with_power(curve, 3, 40, 24.0, count=2))
    assert numbers == pytest.approx(
        {
            "highest_kw": 24.0,
            "contract_kw": 20.0,
            "limit_kw": 22.0,
            "beyond_kw": 4.0,
            "days_over": 1.0,
            "over_h": 0.5,
        }
    )


def test_a_large_supply_is_held_to_its_contract() -> None:
    """Of 50 kW no tenth is tolerated: 51 kW may be a late read, 51.1 may not."""
    curve = flat(10, 30.0)
    assert found(with_power(curve, 3, 40, 51.0), under(curve, 50.0)) == []
    assert len(found(with_power(curve, 3, 40, 51.1), under(curve, 50.0))) == 1


def test_the_registers_step_explains_as_much() -> None:
    """A step of 1 kWh is 4 kW of a quarter hour: 26 kW may have been 22."""
    curve = with_power(flat(10), 3, 40, 26.0)
    assert contract_power.find(curve, under(curve), 1.0, POWER) == []
    assert len(contract_power.find(curve, under(curve), 0.01, POWER)) == 1


def test_it_is_over_after_a_month_within_the_contract() -> None:
    curve = with_power(with_power(flat(90), 3, 40, 30.0), 20, 40, 26.0)
    (episode,) = contract_power.find(curve, under(curve), 0.0, POWER)
    assert episode.is_over
    assert (episode.start, episode.end) == (at("2025-02-04"), at("2025-02-22"))
    assert episode.numbers["days_over"] == 2.0
    short = curve.between(curve.start_s, int(at("2025-03-20").timestamp()))
    (episode,) = contract_power.find(short, under(short), 0.0, POWER)
    assert not episode.is_over


def test_days_that_nobody_saw_do_not_end_it() -> None:
    amounts: Floats = with_power(flat(60), 3, 40, 30.0).amounts.copy()
    amounts[5 * QUARTERS : 59 * QUARTERS] = np.nan
    curve = flat(60).with_amounts(amounts)
    (episode,) = contract_power.find(curve, under(curve), 0.0, POWER)
    assert not episode.is_over


def test_without_a_contract_nothing_is_said() -> None:
    curve = with_power(flat(10), 3, 40, 300.0)
    assert contract_power.find(curve, under(curve, float("nan")), 0.0, POWER) == []


def test_the_highest_quarter_hour_of_each_month_is_paid() -> None:
    """February at most 30 kW, March 26: (10 + 6) kW at 3.75 EUR are 60 EUR.

    Two months cost 30 each, and a week 30 * 12 * 7 / 365.25.
    """
    curve = with_power(with_power(flat(59), 3, 40, 30.0), 33, 40, 26.0)
    curve = with_power(curve, 5, 40, 25.0)
    (episode,) = contract_power.find(curve, under(curve, eur=3.75), 0.0, POWER)
    assert episode.eur is not None
    assert episode.eur.likely == pytest.approx(60.0)
    assert episode.eur_per_week is not None
    assert episode.eur_per_week.likely == pytest.approx(30 * 12 * 7 / 365.25)
    assert episode.excess is None


def test_the_picture_shows_days_beside_the_limit() -> None:
    (episode,) = contract_power.find(
        with_power(flat(70), 60, 40, 30.0), under(flat(70)), 0.0, POWER
    )
    picture = episode.picture
    assert picture is not None
    assert (picture.unit, picture.step_s) == ("kW", 86_400)
    assert float(np.nanmax(picture.seen)) == 30.0
    assert set(picture.usual.tolist()) == {22.0}
    assert len(picture.seen) >= 56


def write(store: SqliteStore, start: str, end: str, kw: float, first: float = 0.0) -> float:
    t = np.arange(int(at(start).timestamp()), int(at(end).timestamp()) + 1, 900, dtype=np.int64)
    values = first + (t - t[0]) / 3600 * kw
    store.write_series("scuola.main/energy_import", t, values)
    return float(values[-1])


def test_a_supply_over_its_contract_is_seen_in_the_store(
    ledger: EnergyLedger, store: SqliteStore
) -> None:
    """20 kW are contracted; one hour of 30 kW in March 2025: 10 kW * 3 EUR * 1.25 = 37.50 EUR."""
    last = write(store, "2025-02-01", "2025-03-05T10:00", 5.0)
    last = write(store, "2025-03-05T10:00", "2025-03-05T11:00", 30.0, last)
    write(store, "2025-03-05T11:00", "2025-03-20", 5.0, last)
    span = Span(at("2025-03-01"), at("2025-03-20"))
    (sighting,) = watch(
        ledger, span, [ledger.installation.meter("scuola.main")], [contract_power.RULE]
    )
    assert sighting.episode.numbers["over_h"] == 1.0
    price = price_of(
        PricingContext(ledger), ledger.installation.meter("scuola.main"), sighting.episode, NOW
    )
    assert price.so_far.eur is not None
    assert price.so_far.eur.likely == pytest.approx(37.5)


def bill(document: str, kwh: float, **facts: object) -> Bill:
    """A bill of scuola.main for March 2025."""
    span = billed_span(date(2025, 3, 1), date(2025, 3, 31), ROME)
    plain = Bill("scuola.main", span.start, span.end, kwh, BilledUnit.KWH, document)
    return replace(plain, **facts)  # type: ignore[arg-type]


MARCH = Span(at("2025-03-01"), at("2025-04-01"))


def claims(ledger: EnergyLedger, store: SqliteStore, *bills: Bill) -> list[dict[str, float]]:
    """March with its 743 hours at 5 kW, 3715 kWh, read all the time; and these bills of it."""
    write(store, "2025-02-20", "2025-04-10", 5.0)
    store.write_events([event_of(one) for one in bills])
    meters = [ledger.installation.meter("scuola.main")]
    every = watch(ledger, MARCH, meters, [bill_against_meter.RULE])
    return [dict(one.episode.numbers, place=one.episode.place or "") for one in every]  # type: ignore[arg-type]


def test_a_bill_above_the_meter_is_claimed_at_its_own_price(
    ledger: EnergyLedger, store: SqliteStore
) -> None:
    """5000 kWh for 1000 EUR, and 3715 passed: 1285 too many, at 0.20 EUR 257 EUR."""
    (claim,) = claims(ledger, store, bill("A/1", 5000.0, total_eur=1000.0))
    assert claim["place"] == "A/1"
    assert claim["owed_amount"] == pytest.approx(3715.0)
    assert claim["beyond_amount"] == pytest.approx(1285.0)
    assert claim["claim_eur"] == pytest.approx(257.0)
    assert claim["days"] == 31.0


def test_a_bill_without_money_is_priced_by_the_contract(
    ledger: EnergyLedger, store: SqliteStore
) -> None:
    """1 March 2025 is a Saturday and begins in F3: 1285 * 0.12 * 1.25."""
    (claim,) = claims(ledger, store, bill("A/1", 5000.0))
    assert claim["claim_eur"] == pytest.approx(1285 * 0.12 * 1.25)


def test_bills_that_agree_or_ask_for_less_are_no_claim(
    ledger: EnergyLedger, store: SqliteStore
) -> None:
    assert claims(ledger, store, bill("A/1", 3715.0, total_eur=700.0)) == []


def test_a_bill_of_less_is_no_claim(ledger: EnergyLedger, store: SqliteStore) -> None:
    assert claims(ledger, store, bill("A/1", 2000.0, total_eur=400.0)) == []


def test_an_estimated_bill_is_no_claim_yet(ledger: EnergyLedger, store: SqliteStore) -> None:
    told = bill("A/1", 5000.0, total_eur=1000.0, kind=BillKind.ESTIMATED)
    assert claims(ledger, store, told) == []


def test_a_second_bill_of_the_same_is_claimed_whole(
    ledger: EnergyLedger, store: SqliteStore
) -> None:
    first = bill("A/1", 3715.0, total_eur=700.0, issued=date(2025, 4, 5))
    again = bill("A/2", 3715.0, total_eur=700.0, issued=date(2025, 4, 9))
    (claim,) = claims(ledger, store, first, again)
    assert claim["owed_amount"] == pytest.approx(0.0)
    assert claim["claim_eur"] == pytest.approx(700.0)


def test_the_picture_of_a_bill_shows_days_beside_its_even_part(
    ledger: EnergyLedger, store: SqliteStore
) -> None:
    """5000 kWh in 31 days beside 120 kWh a day; what lies before them is not billed."""
    claims(ledger, store, bill("A/1", 5000.0, total_eur=1000.0))
    meters = [ledger.installation.meter("scuola.main")]
    (one,) = watch(ledger, MARCH, meters, [bill_against_meter.RULE])
    picture = one.episode.picture
    assert picture is not None
    assert len(picture.seen) >= 56
    billed = picture.usual[~np.isnan(picture.usual)]
    assert len(billed) == 31
    assert float(billed[0]) == pytest.approx(5000 / 31)
    assert picture.seen[-10] == pytest.approx(120.0)
    assert one.episode.found == datetime(2025, 3, 31, 22, tzinfo=UTC)
