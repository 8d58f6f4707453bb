"""Own plants: what was used on the spot and what was fed in, over readings in a real store.

A plant at 5 kW and a school that buys 3 kW while 2 kW go to the grid: 3 kW are used on the spot,
6 kW in all. So 60 % of the production is used here, and half of what is used is its own. Meters
are rated 10 kW, so 12 kW bound what they miss.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.inventory.local_generation import LocalGeneration, local_generation
from paes.meter_trees.virtual import VirtualMeter
from paes.metering import Carrier, Measures, Plant, Sector
from paes.meters import Meter
from paes.periods import By, Span
from paes.report.generation import balance_document, generation_document, generation_rows
from paes.self_consumption import (
    Balance,
    BalancePeriod,
    Share,
    balance_findings,
    balances,
    together,
)
from paes.store.sqlite import SqliteStore
from tests.core.tree_town import meter, town, virtual

BORN = datetime(2024, 12, 31, 23, tzinfo=UTC)
JUNE = Span(datetime(2025, 5, 31, 22, tzinfo=UTC), datetime(2025, 6, 30, 22, tzinfo=UTC))
FIRST_DAY = Span(JUNE.start, JUNE.start + timedelta(days=1))
HOURS = 720.0
MAIN = meter("school.main")
PV = meter("school.pv", measures=Measures.GENERATION)
FEED_IN = meter("school.feed-in", measures=Measures.FEED_IN)


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


def write(store: SqliteStore, of: str, power_kw: float, span: Span = JUNE) -> None:
    t = np.arange(int(span.start.timestamp()), int(span.end.timestamp()) + 1, 900, dtype=np.int64)
    store.write_series(f"{of}/energy_import", t, (t - BORN.timestamp()) / 3600 * power_kw)


def write_school(store: SqliteStore) -> None:
    write(store, "school.main", 3.0)
    write(store, "school.pv", 5.0)
    write(store, "school.feed-in", 2.0)


def energy(store: SqliteStore, *of: Meter | VirtualMeter, now: datetime = JUNE.end) -> SiteEnergy:
    return SiteEnergy(EnergyLedger(town(*of), store, lambda: now))


def balance(of: SiteEnergy, by: By = By.MONTH, span: Span = JUNE) -> Balance:
    (found,) = balances(of, of.installation.sites.values(), span, by).values()
    return found


def test_a_school_with_both_registers(store):
    write_school(store)
    (june,) = balance(energy(store, MAIN, PV, FEED_IN)).periods
    assert june.production.kwh == pytest.approx(5 * HOURS)
    assert june.feed_in.kwh == pytest.approx(2 * HOURS)
    assert june.self_consumption.kwh == pytest.approx(3 * HOURS)
    assert june.consumption.kwh == pytest.approx(6 * HOURS)
    assert june.self_consumption_share == Share(
        pytest.approx(0.6), pytest.approx(0.6), pytest.approx(0.6)
    )
    assert june.autarky == Share(pytest.approx(0.5), pytest.approx(0.5), pytest.approx(0.5))


def test_every_day_adds_up_to_the_month(store):
    write_school(store)
    days = balance(energy(store, MAIN, PV, FEED_IN), By.DAY).periods
    assert len(days) == 30
    assert sum(day.self_consumption.kwh for day in days) == pytest.approx(3 * HOURS)
    assert {round(day.self_consumption_share.value or 0, 6) for day in days} == {0.6}


def test_without_a_meter_of_what_is_fed_in_there_are_bounds_and_no_guess(store):
    write_school(store)
    (june,) = balance(energy(store, MAIN, PV)).periods
    assert not june.has_feed_in
    assert june.self_consumption_share == Share(None, 0.0, 1.0)
    # Of 5 kW between nothing and all is used, beside 3 kW that are bought.
    assert june.autarky == Share(None, 0.0, pytest.approx(5 / 8))
    told = balance_document(june)
    assert told["feed_in"]["kwh"] is None
    assert told["self_consumption"]["kwh"] is None
    assert told["self_consumption"]["low_kwh"] == 0
    assert told["self_consumption"]["high_kwh"] == pytest.approx(5 * HOURS)
    assert told["production"]["kwh"] == pytest.approx(5 * HOURS)
    assert told["self_consumption_fraction"] == {"value": None, "low": 0.0, "high": 1.0}


def test_without_a_meter_of_withdrawal_autarky_is_unbounded_from_below(store):
    write_school(store)
    (june,) = balance(energy(store, PV, FEED_IN)).periods
    assert june.self_consumption_share.value == pytest.approx(0.6)
    assert june.autarky == Share(None, 0.0, 1.0)
    assert balance_document(june)["withdrawal"]["high_kwh"] is None


def test_a_plant_that_gives_all_to_the_grid_says_so_by_a_formula(store):
    all_of_it = virtual("school.feed-in", "pv", measures=Measures.FEED_IN, counts=True)
    write(store, "school.pv", 5.0)
    of = energy(store, PV, all_of_it)
    (june,) = balance(of).periods
    assert june.feed_in.kwh == pytest.approx(5 * HOURS)
    assert june.self_consumption_share == Share(0.0, 0.0, 0.0)
    made = of.total(["school"], Carrier.ELECTRICITY, Measures.GENERATION, JUNE)
    assert made.kwh == pytest.approx(5 * HOURS)  # it moved nothing


def test_what_the_register_of_feed_in_misses_makes_no_self_consumption(store):
    """From noon on nothing is known of it: up to 60 kWh more may have been fed in."""
    noon = FIRST_DAY.start + timedelta(hours=12)
    write_school(store)
    store_of = energy(store, MAIN, PV, meter("school.out", measures=Measures.FEED_IN),
                      now=FIRST_DAY.end)  # fmt: skip
    write(store, "school.out", 2.0, Span(FIRST_DAY.start, noon))
    (day,) = balance(store_of, By.DAY, FIRST_DAY).periods
    assert day.self_consumption.low_kwh <= 72 <= day.self_consumption.high_kwh
    assert day.self_consumption.high_kwh <= 120 - 24 + 1e-6
    share = day.self_consumption_share
    assert share.low <= 0.6 <= share.high <= 0.8 + 1e-9
    assert share.value is None or share.low <= share.value <= share.high


def test_more_fed_in_than_produced_is_found(store):
    write(store, "school.main", 3.0)
    write(store, "school.pv", 2.0)
    write(store, "school.feed-in", 5.0)
    found = balances(energy(store, MAIN, PV, FEED_IN), town(MAIN).sites.values(), JUNE, By.DAY)
    (finding,) = balance_findings(found)
    assert (finding.name, finding.subject) == ("pv.feed_in_exceeds_production", "school")
    assert finding.numbers == {
        "feed_in_kwh": pytest.approx(120), "production_kwh": pytest.approx(48), "periods": 30.0,
    }  # fmt: skip
    assert "in 30 of 30 periods, first from 2025-06-01 00:00" in finding.message
    assert found["school"].periods[0].self_consumption_share.value is None


def test_a_hundredth_more_is_two_meters_with_their_class(store):
    write(store, "school.main", 3.0)
    write(store, "school.pv", 4.96)
    write(store, "school.feed-in", 5.0)
    found = balances(energy(store, MAIN, PV, FEED_IN), town(MAIN).sites.values(), JUNE, By.DAY)
    assert list(balance_findings(found)) == []
    assert found["school"].periods[0].self_consumption_share.value == 0.0


def test_the_town_counts_what_its_other_sites_withdraw(store):
    """The nursery buys 6 kW and has no plant: 3 of 12 kW are the town's own."""
    write_school(store)
    write(store, "nursery.main", 6.0)
    of = energy(store, MAIN, PV, FEED_IN, meter("nursery.main"))
    sites = list(of.installation.sites.values())
    found = balances(of, sites, JUNE, By.MONTH)
    assert list(found) == ["school"]
    (june,) = together(of, found, sites, JUNE, By.MONTH).periods
    assert june.withdrawal.kwh == pytest.approx(9 * HOURS)
    assert june.self_consumption_share.value == pytest.approx(0.6)
    assert june.autarky.value == pytest.approx(3 / 12)
    assert balances(energy(store, MAIN), sites, JUNE, By.MONTH) == {}
    alone = together(of, found, [of.installation.site("school")], JUNE, By.MONTH)
    assert alone.periods == found["school"].periods


def test_a_plant_is_shared_as_its_meters_are(store):
    """The nursery owns 40 % of the plant and of what is fed in; the school buys alone."""
    keys = [{"from": "2025-01-01", "sites": {"school": 0.6, "nursery": 0.4}}]
    shared = [m.model_copy(update={"shares": ()}) for m in (PV, FEED_IN)]
    shared = [
        type(m).model_validate({**m.model_dump(by_alias=True, exclude={"shares"}), "shares": keys})
        for m in shared
    ]
    write_school(store)
    of = energy(store, MAIN, *shared)
    found = balances(of, of.installation.sites.values(), JUNE, By.MONTH)
    made = {site: b.periods[0].production.kwh for site, b in found.items()}
    assert made == {"school": pytest.approx(3 * HOURS), "nursery": pytest.approx(2 * HOURS)}
    assert found["nursery"].periods[0].self_consumption.kwh == pytest.approx(1.2 * HOURS)


def test_a_month_before_the_plant_has_no_share(store):
    write_school(store)
    may = Span(datetime(2024, 4, 30, 22, tzinfo=UTC), datetime(2024, 5, 31, 22, tzinfo=UTC))
    (period,) = balance(energy(store, MAIN, PV, FEED_IN), By.MONTH, may).periods
    assert period.self_consumption_share == period.autarky == Share(None, None, None)


AMOUNT = st.floats(0, 100)


@st.composite
def amounts(draw: st.DrawFn, at_most: float) -> tuple[EnergyTotal, float]:
    """An amount of which some is missing, and a truth that its bounds allow."""
    truth = draw(st.floats(0, at_most))
    measured = draw(st.floats(0, 1)) * truth
    more = draw(AMOUNT)
    total = EnergyTotal(measured_kwh=measured, missing_high_kwh=truth - measured + more)
    return total, truth


@settings(deadline=None)
@given(st.data())
def test_shares_contain_the_truth(data):
    made, true_made = data.draw(amounts(100.0))
    fed_in, true_fed_in = data.draw(amounts(true_made))
    bought, true_bought = data.draw(amounts(100.0))
    true_used = true_made - true_fed_in
    used = EnergyTotal(
        measured_kwh=made.measured_kwh - fed_in.measured_kwh,
        missing_low_kwh=max(0.0, made.low_kwh - fed_in.high_kwh)
        - made.measured_kwh + fed_in.measured_kwh,
        missing_high_kwh=made.high_kwh - fed_in.low_kwh
        - made.measured_kwh + fed_in.measured_kwh,
    )  # fmt: skip
    of = BalancePeriod(BORN, made, fed_in, bought, used, used + bought, True, True)
    share, autarky = of.self_consumption_share, of.autarky
    if true_made > 1e-6:
        assert share.low - 1e-6 <= true_used / true_made <= share.high + 1e-6
    if true_used + true_bought > 1e-6:
        assert autarky.low - 1e-6 <= true_used / (true_used + true_bought) <= autarky.high + 1e-6
    for one in (share, autarky):
        assert one.value is None or 0 <= one.low <= one.value <= one.high <= 1


# Table C ----------------------------------------------------------------------------------------


def generation(store: SqliteStore, *of: Meter) -> LocalGeneration:
    installation = town(*of)
    ledger = EnergyLedger(installation, store, lambda: datetime(2026, 1, 10, tzinfo=UTC))
    return local_generation(installation.city(), 2025, ledger)


YEAR = Span(BORN, datetime(2026, 1, 1, tzinfo=UTC))


def test_table_c_has_a_row_for_each_kind_of_plant(store):
    engine = meter("nursery.chp", measures=Measures.GENERATION, plant=Plant.CHP)
    for name, power in (("school.main", 3.0), ("school.pv", 5.0), ("school.feed-in", 2.0)):
        write(store, name, power, YEAR)
    write(store, "nursery.chp", 1.0, YEAR)
    made = generation(store, MAIN, PV, FEED_IN, engine)
    rows = generation_rows(made)
    assert [(r["code"], r["label"], r["meters"]) for r in rows] == [
        ("M113", "Photovoltaic", 1), ("M114", "Combined heat and power", 1), ("M129", "Total", 2),
    ]  # fmt: skip
    # MWh of 8,760 hours
    assert [r["energy_mwh"] for r in rows] == pytest.approx([43.8, 8.76, 52.56])
    assert [r["coverage"] for r in rows] == pytest.approx([1.0, 1.0, 1.0])
    told = generation_document(made)
    assert [r["code"] for r in told["rows"]] == ["M113", "M114"]
    (used,) = told["self_consumed"]
    assert used["sector"] == "municipal_buildings"
    assert used["self_consumed_mwh"] is None  # nobody meters what the engine feeds in
    assert used["self_consumed_low_mwh"] == pytest.approx(3 * 8.76)
    assert used["self_consumed_high_mwh"] == pytest.approx((3 + 1) * 8.76)


def test_electricity_used_on_the_spot_is_told_by_sector(store):
    for name, power in (("school.main", 3.0), ("school.pv", 5.0), ("school.feed-in", 2.0)):
        write(store, name, power, YEAR)
    made = generation(store, MAIN, PV, FEED_IN)
    assert list(made.self_consumed) == [Sector.MUNICIPAL_BUILDINGS]
    (used,) = generation_document(made)["self_consumed"]
    assert used["self_consumed_mwh"] == pytest.approx(3 * 8.76)
    assert made.findings == ()


def test_a_town_without_plants_has_an_empty_table(store):
    made = generation(store, MAIN)
    assert (made.rows, made.self_consumed) == ((), {})
    assert generation_document(made)["total"]["energy_mwh"] == 0
