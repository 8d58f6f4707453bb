"""Energy by band: sums are kept over gaps, bills and both clock changes. 1 kWh a quarter hour."""

import pytest
from cost_town import (
    ITALY,
    contract,
    costing,
    imported,
    local,
    main_meter,
    other_meter,
    tariff,
    town,
    write,
)  # fmt: skip

from paes.costs.band_energy import BandEnergy
from paes.costs.pv_value import pv_value
from paes.errors import DataError
from paes.metering import Measures, Quality, Reading
from paes.periods import By, Span
from paes.store.sqlite import SqliteStore

JANUARY = Span(local("2025-01-01"), local("2025-02-01"))


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


def energy(store, meters=()) -> BandEnergy:
    return BandEnergy(costing(store, town([], [], meters)).ledger, ITALY)


def test_both_clock_changes_count_the_quarters_that_were(store):
    write(store, "2024-12-01", "2026-01-01")
    bands, meter = energy(store), main_meter()
    for first, last, quarters in (("30", "31", 92.0), ("29", "30", 96.0)):
        day = Span(local(f"2025-03-{first}"), local(f"2025-03-{last}"))
        table = bands.meter(meter, day, By.DAY)
        assert float(table.total.measured[0]) == pytest.approx(quarters)
    autumn = bands.meter(meter, Span(local("2025-10-26"), local("2025-10-27")), By.DAY)
    assert {k: float(a.measured[0]) for k, a in autumn.amounts.items()} == {
        "F1": 0, "F2": 0, "F3": 100,
    }  # fmt: skip
    assert {k: float(h[0]) for k, h in autumn.hours.items()} == {"F1": 0, "F2": 0, "F3": 25}


def test_bands_of_a_month_with_gaps_add_up_to_the_ledgers_month(store):
    write(store, "2024-12-01", "2025-01-10T12:00")
    write(store, "2025-01-13T12:00", "2025-01-20T06:15")
    write(store, "2025-01-20T09:15", "2025-02-01")
    bands = energy(store)
    table = bands.meter(main_meter(), JANUARY, By.MONTH)
    month = bands.ledger.meter(main_meter(), JANUARY, By.MONTH).iloc[0]
    together = sum(float(a.measured[0] + a.estimated[0]) for a in table.amounts.values())
    assert together == pytest.approx(month["measured"] + month["estimated"], abs=1e-4)
    assert float(table.total.low[0]) == pytest.approx(2976.0, abs=1e-3)
    assert float(table.total.high[0]) == pytest.approx(2976.0, abs=1e-3)
    truth = {"F1": 924.0, "F2": 676.0, "F3": 1376.0}
    for name, kwh in truth.items():
        of = table.amounts[name]
        assert float(of.low[0]) - 1e-3 <= kwh <= float(of.high[0]) + 1e-3
    assert sum(float(a.estimated[0]) for a in table.amounts.values()) > 280  # 72 h of 4 kW


def test_bills_are_estimated_by_band_and_keep_their_sums(store):
    billed = imported("billed", brings="amounts")
    store.write([
        Reading(billed.register.point, local("2025-01-01"), 600.0),
        Reading(billed.register.point, local("2025-02-01"), 1200.0),
        Reading(billed.register.point, local("2025-04-01"), 0.0, Quality.NOT_AVAILABLE),
    ])  # fmt: skip
    table = energy(store, [billed]).meter(
        billed, Span(local("2025-01-01"), local("2025-04-01")), By.MONTH
    )
    assert table.total.low.tolist()[0] == table.total.high.tolist()[0] == pytest.approx(600.0)
    assert [a.measured.tolist() for a in table.amounts.values()] == [[0.0] * 3] * 3
    by_month = sum(a.estimated for a in table.amounts.values())
    assert by_month.tolist()[0] == pytest.approx(600.0)
    assert sum(by_month.tolist()[1:]) == pytest.approx(1200.0)
    for of in table.amounts.values():
        assert 0.0 <= float(of.low[0]) < float(of.estimated[0]) < float(of.high[0]) <= 600.0


def test_a_site_is_the_sum_of_its_meters_without_its_submeters(store):
    part = other_meter("part", 3, measures="submeter", parent="hall.main")
    meters = [main_meter(), other_meter("annex", 2), part]
    for name in ("main", "annex", "part"):
        write(store, "2024-12-01", "2025-02-01", name=name)
    table = energy(store, meters).sites(["hall"], Measures.WITHDRAWAL, JANUARY, By.MONTH)
    assert float(table.amounts["F1"].measured[0]) == pytest.approx(2 * 924.0)
    assert float(table.total.measured[0]) == pytest.approx(2 * 2976.0)
    assert {name: float(hours[0]) for name, hours in table.hours.items()} == {
        "F1": 231, "F2": 169, "F3": 344,
    }  # fmt: skip


def pv_town(tariffs, with_feed_in: bool = True):
    roof = other_meter("pv", 2, measures="generation")
    given = other_meter("feed-in", 3, measures="feed_in")
    meters = [main_meter(), roof, given] if with_feed_in else [main_meter(), roof]
    contracts = [contract("t", contract_power_kw=6)]
    if with_feed_in:
        contracts.append(contract("sold", meter="hall.feed-in"))
    return town(tariffs, contracts, meters)


PRICES = {
    "energy_eur_per_unit": 0.20, "taxes_eur_per_unit": 0.02, "vat_fraction": 0.10,
    "fixed_eur_per_month": 50.0, "power": [{"basis": "contract", "eur_per_kw_month": 3.0}],
}  # fmt: skip


def test_own_pv_is_worth_what_need_not_be_bought_and_what_is_sold(store):
    tariffs = [
        tariff("t", PRICES),
        tariff("sold", {"energy_eur_per_unit": 0.09}, direction="feed_in"),
    ]
    write(store, "2024-12-01", "2025-02-01", kw=2.0, name="pv")
    write(store, "2024-12-01", "2025-02-01", kw=0.5, name="feed-in")
    write(store, "2024-12-01", "2025-02-01")
    value = pv_value(costing(store, pv_town(tariffs)), "hall", JANUARY, By.MONTH)
    # 1488 kWh produced, 372 fed in: 1116 x (0.20 + 0.02) x 1.10, and 372 x 0.09
    assert float(value.avoided.measured_eur[0]) == pytest.approx(270.072, abs=1e-3)
    assert float(value.avoided.low_eur[0]) == pytest.approx(270.072, abs=1e-3)
    assert float(value.earned.eur[0]) == pytest.approx(33.48, abs=1e-3)


def test_without_a_meter_of_what_is_fed_in_there_are_only_bounds(store):
    write(store, "2024-12-01", "2025-02-01", kw=2.0, name="pv")
    found = pv_town([tariff("t", PRICES)], with_feed_in=False)
    value = pv_value(costing(store, found), "hall", JANUARY, By.MONTH)
    assert (float(value.avoided.eur[0]), float(value.avoided.low_eur[0])) == (0.0, 0.0)
    assert float(value.avoided.high_eur[0]) == pytest.approx(1488 * 0.22 * 1.10, abs=1e-3)
    with pytest.raises(DataError, match="site hall has no meter of generation"):
        pv_value(costing(store, town([], [])), "hall", JANUARY, By.MONTH)
