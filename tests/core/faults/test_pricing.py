"""Prices of episodes by hand: bands, VAT, gas by the Sm3, a plant's worth, gaps, the target."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_installation import SmallInstallation

from paes.errors import DataError
from paes.faults.episode import Episode, Excess
from paes.faults.money.price import Interval, Price
from paes.faults.money.pricing import PricingContext, price_of
from paes.store.sqlite import SqliteStore
from tests.core.priced_town import LACKING_T, NOW, at, episode, excess, priced_town

VAT = 1.25
LESS = """\
year,sector,carrier,mwh,covers,source
2015,private_transport,diesel,4000,sector,statistics
2015,municipal_buildings,electricity,100,sector,bills
2015,municipal_buildings,natural_gas,100,sector,bills
"""
"""1136.5 t in 2015: the tracked target is met, and half of the base year is not."""
KWH_PER_SM3 = 9.79
"""Of natural gas in years without a value of their own: config/factors/calorific_values.csv."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def context(small: SmallInstallation, store: SqliteStore) -> PricingContext:
    return PricingContext(priced_town(small, store))


def write(store: SqliteStore, point: str, start: str, end: str, kw: float) -> None:
    """A register that moves evenly, read every quarter of an hour (in kWh)."""
    t = np.arange(int(at(start).timestamp()), int(at(end).timestamp()) + 1, 900, dtype=np.int64)
    store.write_series(point, t, (t - t[0]) / 3600 * kw)


def priced(context: PricingContext, meter: str, of: Episode) -> Price:
    return price_of(context, context.installation.meter(meter), of, NOW)


def eur(price: Price) -> Interval:
    assert price.so_far.eur is not None
    return price.so_far.eur


def test_each_hour_has_the_price_of_its_band(context: PricingContext) -> None:
    """Monday 3 March 2025: F3 until 7, F2 until 8, F1 until 19, F2 until 23, F3 until midnight.

    7 + 1 hours of F3, 1 + 4 of F2, 11 of F1, 2 kWh in each:
    2 * 1.25 * (8 * 0.12 + 5 * 0.18 + 11 * 0.22) = 2.5 * 4.28 = 10.70 EUR.
    """
    day = episode("2025-03-03", "2025-03-04", excess("2025-03-03", [2.0] * 24, spread=0.5))
    price = priced(context, "scuola.main", day)
    assert (price.unit, price.so_far.amount) == ("kWh", Interval(24.0, 48.0, 72.0))
    assert eur(price).likely == pytest.approx(10.70)
    assert (eur(price).low, eur(price).high) == pytest.approx((5.35, 16.05))
    assert price.so_far.co2_t is not None
    assert price.so_far.co2_t.likely == pytest.approx(48 * 0.483 / 1000)
    assert not price.is_assumed
    assert price.rests_on == (
        "tariff fasce since 2024-01-01",
        "electricity 0.483 t/MWh for 2025: prova, 2005 (frozen)",
        "target t2020: 210 t above it in 2005",
    )


def test_a_new_price_counts_from_its_first_hour_on(context: PricingContext) -> None:
    """Two hours before and two after New Year, all F3: 2 * 0.12 + 2 * 0.22, with VAT 0.85 EUR."""
    night = episode(
        "2025-12-31T22:00", "2026-01-01T02:00", excess("2025-12-31T23:00", [1.0, 1.0, 1.0, 1.0])
    )
    price = priced(context, "scuola.main", night)
    assert eur(price).likely == pytest.approx(VAT * (1 * 0.12 + 3 * 0.22))
    assert price.is_assumed
    assert price.rests_on[:2] == (
        "tariff fasce since 2024-01-01",
        "tariff fasce since 2026-01-01 (assumed)",
    )


def test_a_submeter_has_the_price_of_the_meter_above(context: PricingContext) -> None:
    hour = episode("2025-03-03T12:00", "2025-03-03T13:00", excess("2025-03-03T12:00", [10.0]))
    assert eur(priced(context, "scuola.palestra", hour)).likely == pytest.approx(10 * 0.22 * VAT)


def test_gas_is_paid_by_the_sm3(context: PricingContext) -> None:
    """979 kWh are 100 Sm3: 100 * (0.80 + 0.20) * 1.25 = 125 EUR, and 0.1978 t."""
    hours = excess("2025-03-03", [KWH_PER_SM3 * 50, KWH_PER_SM3 * 50])
    price = priced(context, "molo.gas", episode("2025-03-03", "2025-03-04", hours))
    assert eur(price).likely == pytest.approx(125.0)
    assert price.so_far.co2_t is not None
    assert price.so_far.co2_t.likely == pytest.approx(0.979 * 0.202)


def test_water_has_money_and_no_tonnes(context: PricingContext) -> None:
    leak = episode("2025-03-03", "2025-03-04", excess("2025-03-03", [0.5] * 24))
    price = priced(context, "scuola.acqua", leak)
    assert (price.unit, price.so_far.amount.likely) == ("m3", 12.0)
    assert eur(price).likely == pytest.approx(12 * 3 * 1.10)
    assert price.so_far.co2_t is None
    assert price.gap_fraction is None


def test_without_a_contract_energy_has_no_price_and_never_costs_nothing(
    context: PricingContext,
) -> None:
    hours = episode("2025-03-03", "2025-03-04", excess("2025-03-03", [1.0, 2.0]))
    price = priced(context, "scuola.senza", hours)
    assert price.so_far.eur is None
    assert price.per_week.eur is None
    assert (price.so_far.amount.likely, price.unpriced) == (3.0, 3.0)


def test_energy_before_the_first_contract_is_told(context: PricingContext) -> None:
    """Three hours of 2024 have no gas contract, one of 2025 has: 1 Sm3, 1.25 EUR."""
    hours = excess("2024-12-31T21:00", [KWH_PER_SM3] * 4)
    price = priced(context, "molo.gas", episode("2024-12-31", "2025-01-02", hours))
    assert eur(price).likely == pytest.approx(1.25)
    assert price.unpriced == pytest.approx(3 * KWH_PER_SM3)


def test_a_week_is_seven_means_of_the_last_fourteen_known_days(
    context: PricingContext, store: SqliteStore
) -> None:
    """Twenty days: ten of 24 kWh, then ten of 48; in the last fourteen 4 * 24 + 10 * 48 = 576.

    A week is 288 kWh. All days are read.
    """
    write(store, "scuola.main/energy_import", "2025-03-01", "2025-04-01", 5.0)
    hours = excess("2025-03-03", [1.0] * 240 + [2.0] * 240)
    price = priced(context, "scuola.main", episode("2025-03-03", "2025-03-23", hours))
    assert price.per_week.amount.likely == pytest.approx(288.0)
    assert price.unknown_h == pytest.approx(0.0, abs=1e-9)


def test_days_that_nobody_saw_are_in_no_week_and_are_told(
    context: PricingContext, store: SqliteStore
) -> None:
    """Read from 3 to 8 March and from 11 March on: three days of the ten are unknown, 72 h.

    The seven known days waste 24 kWh each: a week is 168, as if nothing had been missed.
    """
    write(store, "scuola.main/energy_import", "2025-03-01", "2025-03-08", 5.0)
    t = np.arange(int(at("2025-03-11").timestamp()), int(at("2025-03-20").timestamp()), 900)
    store.write_series("scuola.main/energy_import", t, 2000 + (t - t[0]) / 3600 * 5.0)
    known = np.r_[0:120, 192:240]
    every = excess("2025-03-03", [1.0] * 240)
    hours = Excess(every.starts_s[known], 3600, *(np.ones(len(known)),) * 3)
    price = priced(context, "scuola.main", episode("2025-03-03", "2025-03-13", hours))
    assert price.so_far.amount.likely == 168.0
    assert price.unknown_h == pytest.approx(72.0, abs=0.3)
    assert price.per_week.amount.likely == pytest.approx(168.0)


def test_nights_only_are_seven_a_week(context: PricingContext, store: SqliteStore) -> None:
    """Heated from 0 to 4 in three nights: 4 kWh a night are 28 a week, not 4/4 * 168."""
    write(store, "scuola.main/energy_import", "2025-03-01", "2025-03-10", 5.0)
    day = [1.0] * 4 + [0.0] * 20
    hours = excess("2025-03-03", [*day, *day, 1.0, 1.0, 1.0, 1.0])
    price = priced(context, "scuola.main", episode("2025-03-03", "2025-03-05T04:00", hours))
    assert price.per_week.amount.likely == pytest.approx(28.0)


def test_a_year_of_it_is_a_part_of_what_the_target_lacks(
    context: PricingContext, store: SqliteStore
) -> None:
    """168 kWh a week are 8766 a year, 4.234 t; the target lacks 210.17 t: two hundredths."""
    write(store, "scuola.main/energy_import", "2025-03-01", "2025-03-10", 5.0)
    hours = excess("2025-03-03", [1.0] * 48)
    price = priced(context, "scuola.main", episode("2025-03-03", "2025-03-05", hours))
    year_t = 168 * 365.25 / 7 * 0.483 / 1000
    assert price.gap_fraction == pytest.approx(year_t / LACKING_T)
    assert price.gap_fraction == pytest.approx(0.0201, abs=1e-4)


def test_a_target_that_is_met_gives_way_to_the_next(
    small: SmallInstallation, store: SqliteStore
) -> None:
    """The tracked target asks for nothing; the next one, of 2030, for half of 1501.2 t."""
    small.replace(
        "cities/porto/plan.yaml",
        "    reduction_fraction: 0.14\n    supra_ordinate_fraction: 0.07\n",
        "    reduction_fraction: 0.0001\n",
    )
    small.replace(
        "cities/porto/plan.yaml",
        "targets:\n",
        "targets:\n  - {id: t2030, name: {it: Metà, en: Half}, base_year: 2005,\n"
        "     target_year: 2030, reduction_fraction: 0.5, source: invented for tests}\n",
    )
    small.write({"cities/porto/activity/meno.csv": LESS})
    context = PricingContext(priced_town(small, store))
    gap = context.gap(context.installation.city("porto"))
    assert gap is not None
    assert (gap.target, gap.year) == ("t2030", 2015)
    assert gap.lacking_t == pytest.approx(1068 + 48.3 + 20.2 - LACKING_T / 0.14 / 2)


LOCAL = """\
year,carrier,factor_t_per_mwh,source
2024,electricity,0.300,invented for tests
"""


def test_a_plan_with_the_local_factor_counts_by_what_the_city_declares(
    small: SmallInstallation, store: SqliteStore
) -> None:
    """Current and local: 0.3 t/MWh of 2024 for 2025, said to be carried over."""
    small.replace(
        "cities/porto/plan.yaml",
        "electricity_factor: frozen\n",
        "electricity_factor: current\nelectricity_scope: local\n",
    )
    small.write({"cities/porto/inventory/local_factors.csv": LOCAL})
    context = PricingContext(priced_town(small, store))
    hours = episode("2025-03-03", "2025-03-04", excess("2025-03-03", [1000.0]))
    price = priced(context, "scuola.main", hours)
    assert price.so_far.co2_t is not None
    assert price.so_far.co2_t.likely == pytest.approx(0.3)
    assert any(text.startswith("electricity 0.3 t/MWh for 2025") for text in price.rests_on)
    assert any("2024 (earlier)" in text for text in price.rests_on)


def test_the_towns_own_factor_is_that_of_its_newest_inventory(
    small: SmallInstallation, store: SqliteStore
) -> None:
    """No plant makes any of it: the local factor of 2005 is the national one, and says its year."""
    small.replace(
        "cities/porto/plan.yaml",
        "electricity_factor: frozen\n",
        "electricity_factor: frozen\nelectricity_scope: local\n",
    )
    context = PricingContext(priced_town(small, store))
    hours = episode("2025-03-03", "2025-03-04", excess("2025-03-03", [1000.0]))
    price = priced(context, "scuola.main", hours)
    assert price.so_far.co2_t is not None
    assert price.so_far.co2_t.likely == pytest.approx(0.483)
    assert "electricity 0.483 t/MWh for 2025: prova, 2005 (earlier)" in price.rests_on


def test_lost_production_is_bought_first_and_then_not_fed_in(
    context: PricingContext, store: SqliteStore
) -> None:
    """The school buys 3 kW all day. At noon 5 kWh are lost: 3 are bought at 0.275, 2 not sold.

    3 * 0.22 * 1.25 + 2 * 0.05 = 0.925 EUR; between 2.5 (all bought: 0.6875) and 7.5 kWh
    (0.825 + 4.5 * 0.05 = 1.05). By the frozen factor 5 kWh are 0.002415 t.
    """
    write(store, "scuola.main/energy_import", "2025-03-01", "2025-03-10", 3.0)
    hour = episode(
        "2025-03-03T12:00", "2025-03-03T13:00", excess("2025-03-03T12:00", [5.0], spread=0.5)
    )
    price = priced(context, "scuola.pv", hour)
    assert (eur(price).low, eur(price).likely, eur(price).high) == pytest.approx(
        (0.6875, 0.925, 1.05)
    )
    assert price.so_far.co2_t is not None
    assert price.so_far.co2_t.likely == pytest.approx(5 * 0.483 / 1000)


def test_where_nobody_saw_what_was_bought_lost_production_has_wide_bounds(
    context: PricingContext,
) -> None:
    """All fed in: 5 * 0.05; all used: 5 * 0.275; the middle, as nothing tells more."""
    hour = episode("2025-03-03T12:00", "2025-03-03T13:00", excess("2025-03-03T12:00", [5.0]))
    price = priced(context, "scuola.pv", hour)
    assert (eur(price).low, eur(price).likely, eur(price).high) == pytest.approx(
        (0.25, 0.8125, 1.375)
    )


def test_what_a_rule_reckons_itself_is_its_price(context: PricingContext) -> None:
    claim = episode(
        "2025-03-01", "2025-04-01", None, eur=Interval(90, 100, 110), eur_per_week=Interval(1, 2, 3)
    )
    price = priced(context, "scuola.main", claim)
    assert price.so_far.eur == Interval(90, 100, 110)
    assert price.per_week.eur == Interval(1, 2, 3)
    assert price.so_far.amount.high == 0.0
    assert price.so_far.co2_t is None


def test_what_lies_ahead_is_not_wasted_yet(context: PricingContext) -> None:
    """Now is 2 o'clock local on 1 April 2026 (midnight of UTC): two of these hours are over."""
    hours = episode("2026-04-01", "2026-04-02", excess("2026-04-01", [1.0] * 24))
    assert priced(context, "scuola.main", hours).so_far.amount.likely == 2.0


def test_what_nobody_reckoned_is_not_nothing(context: PricingContext) -> None:
    price = priced(context, "scuola.main", episode("2025-03-01", "2025-04-01", None))
    assert price.so_far.eur is None
    none = episode("2025-03-01", "2025-04-01", excess("2025-03-01", []))
    assert priced(context, "scuola.main", none).so_far.eur == Interval(0.0, 0.0, 0.0)


def test_an_excess_of_days_is_refused() -> None:
    with pytest.raises(DataError, match="hour or finer, not of 86400 s"):
        Excess(np.array([0]), 86_400, np.ones(1), np.ones(1), np.ones(1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    amounts=st.lists(st.floats(-3, 50), min_size=1, max_size=900),
    spread=st.floats(0, 1),
    first=st.integers(0, 9000),
)
def test_prices_are_in_order_never_negative_and_add_up_by_month(
    context: PricingContext, amounts: list[float], spread: float, first: int
) -> None:
    meter = context.installation.meter("scuola.main")
    likely = np.array(amounts)
    starts = int(at("2025-01-01").timestamp()) + 3600 * (first + np.arange(len(likely)))
    margin = np.abs(likely) * spread
    steps = context.steps(meter, Excess(starts, 3600, likely, likely - margin, likely + margin))
    months = steps.by_month()
    assert months
    whole = steps.waste()
    for of in (whole, *months.values()):
        assert of.eur is not None
        assert of.co2_t is not None
        for one in (of.amount, of.eur, of.co2_t):
            assert 0 <= one.low <= one.likely <= one.high
    for name in ("low", "likely", "high"):
        total = sum(getattr(m.eur, name) for m in months.values())
        assert getattr(whole.eur, name) == pytest.approx(total)
