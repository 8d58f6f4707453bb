"""Costs against bills reckoned by hand, to the cent.

January 2025 in the bands of Italy: 31 days, Wednesday to Friday. 23 days are Monday to Friday, of
which 1 and 6 January are holidays: 21 working days; 4 Saturdays. F1 21 x 11 = 231 h,
F2 21 x 5 + 4 x 16 = 169 h, F3 744 - 231 - 169 = 344 h.
"""

import pytest
from cost_town import (
    ROME,
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

from paes.metering import Quality, Reading
from paes.meters import Replacement
from paes.periods import By, Span, year_span
from paes.store.sqlite import SqliteStore

JANUARY = Span(local("2025-01-01"), local("2025-02-01"))
BANDED = {"energy_eur_per_unit": {"F1": 0.20, "F2": 0.18, "F3": 0.15}}
WITH_ALL = {
    **BANDED, "taxes_eur_per_unit": 0.0125, "fixed_eur_per_month": 12.0,
    "power": [{"basis": "contract", "eur_per_kw_month": 2.5}], "vat_fraction": 0.22,
}  # fmt: skip


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


def of_main(costs, span, by=By.MONTH):
    return costs.meter(costs.installation.meter("hall.main"), span, by)


def cents(eur) -> list[float]:
    return [round(float(value), 2) for value in eur]


def test_a_bill_with_all_its_parts_to_the_cent(store):
    write(store, "2024-12-01", "2025-02-01")
    at = town([tariff("t", WITH_ALL, bands="italy")], [contract("t", contract_power_kw=6)])
    bill = of_main(costing(store, at), JANUARY).periods
    # 924 kWh F1, 676 F2, 1376 F3; 184.80 + 121.68 + 206.40; excise 2976 x 0.0125; 12; 6 x 2.5
    assert {k: round(float(a.measured[0]), 3) for k, a in bill.amounts.items()} == {
        "F1": 924, "F2": 676, "F3": 1376,
    }  # fmt: skip
    assert {k: cents(m.eur) for k, m in bill.energy.items()} == {
        "F1": [184.80], "F2": [121.68], "F3": [206.40],
    }  # fmt: skip
    assert cents(bill.taxes.eur) == [37.20]
    assert cents(bill.fixed.eur) == [12.00]
    assert cents(bill.power.eur) == [15.00]
    assert cents(bill.vat.eur) == [126.96]  # 22 % of 577.08 = 126.9576
    assert cents(bill.total.eur) == [704.04]
    assert cents(bill.total.low_eur) == cents(bill.total.high_eur) == [704.04]
    assert cents(bill.total.estimated_eur) == [0.0]


def test_months_with_a_change_of_clocks_have_their_own_hours(store):
    write(store, "2024-12-01", "2026-01-01")
    at = town(
        [tariff("t", {"energy_eur_per_unit": 0.10, "fixed_eur_per_day": 1.0})], [contract("t")]
    )
    bill = of_main(costing(store, at), year_span(2025, ROME)).periods
    # March 743 h and October 745 h of 4 kW at 0.10; fixed 31 EUR in both
    assert cents(bill.energy["flat"].eur)[2] == 297.20
    assert cents(bill.energy["flat"].eur)[9] == 298.00
    assert cents(bill.fixed.eur)[2] == cents(bill.fixed.eur)[9] == 31.00
    assert cents([bill.total.eur.sum()]) == [3504.00 + 365.00]


def test_a_year_by_bands_is_the_hours_of_the_year(store):
    write(store, "2024-12-01", "2027-01-01")
    at = town([tariff("t", BANDED, bands="italy")], [contract("t")])
    whole = of_main(costing(store, at), year_span(2026, ROME)).whole
    hours = {k: float(a.measured[0]) / 4 for k, a in whole.amounts.items()}
    assert hours == pytest.approx({"F1": 2794, "F2": 2054, "F3": 3912})


def test_a_price_change_in_mid_day_divides_the_day(store):
    write(store, "2024-12-01", "2025-02-01")
    periods = (
        {"energy_eur_per_unit": 0.10},
        {"energy_eur_per_unit": 0.30, "valid_from": "2025-01-15T12:00"},
    )
    at = town([tariff("t", *periods)], [contract("t")])
    day = Span(local("2025-01-15"), local("2025-01-16"))
    by_day = of_main(costing(store, at), day, By.DAY).periods
    assert cents(by_day.total.eur) == [48 * 0.10 + 48 * 0.30]
    by_month = of_main(costing(store, at), JANUARY).periods
    # 14.5 days of 96 kWh at 0.10, 16.5 days at 0.30
    assert cents(by_month.total.eur) == [139.20 + 475.20]


def test_a_change_within_a_quarter_hour_divides_it_by_time(store):
    write(store, "2024-12-01", "2025-02-01")
    periods = (
        {"energy_eur_per_unit": 0.0},
        {"energy_eur_per_unit": 9.0, "valid_from": "2025-01-15T12:05"},
    )
    at = town([tariff("t", *periods)], [contract("t")])
    hour = Span(local("2025-01-15T12:00"), local("2025-01-15T13:00"))
    costs = of_main(costing(store, at), hour, By.QUARTER_HOUR).periods
    assert cents(costs.total.eur) == [6.0, 9.0, 9.0, 9.0]  # 10 of 15 minutes at the new price


def test_a_price_change_never_rewrites_the_past(store):
    write(store, "2024-12-01", "2025-02-01")
    old = tariff("t", {**WITH_ALL}, bands="italy")
    dearer = {**WITH_ALL, "energy_eur_per_unit": 9.0, "valid_from": "2025-02-01"}
    new = tariff("t", WITH_ALL, dearer, bands="italy")
    span = Span(local("2024-12-01"), local("2025-02-01"))
    before = of_main(costing(store, town([old], [contract("t", contract_power_kw=6)])), span)
    after = of_main(costing(store, town([new], [contract("t", contract_power_kw=6)])), span)
    assert before.periods.total.eur.tolist() == after.periods.total.eur.tolist()
    assert len(before.starts) == 2
    assert cents(before.periods.total.eur)[1] == 704.04


def test_a_contract_change_in_mid_month_charges_both_by_days(store):
    write(store, "2024-12-01", "2025-07-01")
    cheap = tariff("cheap", {"energy_eur_per_unit": 0.10, "fixed_eur_per_month": 30.0})
    dear = tariff("dear", {"energy_eur_per_unit": 0.20, "fixed_eur_per_month": 60.0,
                           "power": [{"basis": "contract", "eur_per_kw_month": 3.0}]})  # fmt: skip
    at = town([cheap, dear], [
        contract("cheap", valid_to="2025-06-11"),
        contract("dear", valid_from="2025-06-11", contract_power_kw=10),
    ])  # fmt: skip
    june = of_main(costing(store, at), Span(local("2025-06-01"), local("2025-07-01"))).periods
    assert cents(june.energy["flat"].eur) == [96.00 + 384.00]  # 10 days at 0.10, 20 at 0.20
    assert cents(june.fixed.eur) == [10.00 + 40.00]
    assert cents(june.power.eur) == [20.00]


def test_a_meter_exchanged_in_mid_month_costs_as_one(store):
    write(store, "2024-12-01", "2025-01-10T12:00")
    last = 40.5 * 96 + 1 / 3
    write(store, "2025-01-10T12:15", "2025-02-01", first=2 / 3)
    swap = Replacement(
        at=local("2025-01-10T12:05"), new_serial="2", last_reading=last, first_reading=0.0
    )
    at = town(
        [tariff("t", BANDED, bands="italy")], [contract("t")], [main_meter(replacements=(swap,))]
    )
    bill = of_main(costing(store, at), JANUARY).periods
    assert cents(bill.total.eur) == [512.88]
    assert cents(bill.total.estimated_eur) == [0.0]


def test_without_a_contract_energy_has_no_price_and_a_finding(store):
    write(store, "2024-12-01", "2025-03-01")
    at = town(
        [tariff("t", {"energy_eur_per_unit": 0.10})], [contract("t", valid_from="2025-01-11")]
    )
    costs = of_main(costing(store, at), Span(local("2024-12-01"), local("2025-02-01")))
    assert costs.periods.unpriced.tolist() == pytest.approx([2976.0, 960.0])
    assert cents(costs.periods.total.eur) == [0.0, 201.60]  # 21 days of 96 kWh
    assert costs.periods.covered_s.tolist() == [0.0, 21 * 86400.0]
    assert costs.periods.span_s.tolist() == [31 * 86400.0] * 2
    (finding,) = costs.findings
    assert finding.name == "costs.no_contract"
    assert finding.subject == "hall.main"
    assert finding.message == (
        "no contract for 41.0 days between 2024-12-01 and 2025-02-01: 3,936.0 kWh have no price; "
        "add it to contracts.yaml"
    )
    assert finding.numbers == pytest.approx({"unpriced_s": 41 * 86400.0, "unpriced_amount": 3936.0})


def test_a_gap_over_bands_is_estimated_within_what_the_register_says(store):
    # Read until Friday 10 January 12:00 and from Monday 13 January 12:00 on: 72 h, 288 kWh.
    write(store, "2024-12-01", "2025-01-10T12:00")
    write(store, "2025-01-13T12:00", "2025-02-01")
    at = town([tariff("t", BANDED, bands="italy")], [contract("t")])
    bill = of_main(costing(store, at), JANUARY).periods
    # In the gap: Friday 7 h F1, 4 h F2, 1 h F3; Saturday 16 F2, 8 F3; Sunday 24 F3;
    # Monday 7 F3, 1 F2, 4 F1: 11 h F1, 21 h F2, 40 h F3.
    assert {k: float(a.measured[0]) for k, a in bill.amounts.items()} == pytest.approx(
        {"F1": 924 - 44, "F2": 676 - 84, "F3": 1376 - 160}
    )
    together = sum(float(a.measured[0] + a.estimated[0]) for a in bill.amounts.values())
    assert together == pytest.approx(2976.0)
    known = 880 * 0.20 + 592 * 0.18 + 1216 * 0.15
    assert cents(bill.total.measured_eur) == [round(known, 2)]
    # It took 4 kW all the time, and its neighbours say so.
    assert cents(bill.total.eur) == [512.88]
    # 12 kW can pass, so that 288 kWh fit into 24 h: at the cheapest all of it was F3, at the
    # dearest 132 kWh F1 and the rest F2.
    cheapest, dearest = known + 288 * 0.15, known + 132 * 0.20 + 156 * 0.18
    assert (
        cheapest < float(bill.total.low_eur[0]) < 512.88 < float(bill.total.high_eur[0]) < dearest
    )
    f1 = bill.amounts["F1"]
    assert 880.0 < float(f1.low[0]) < 924.0 < float(f1.high[0]) < 1012.0


def test_a_gap_at_one_price_costs_what_the_register_says(store):
    write(store, "2024-12-01", "2025-01-10T12:00")
    write(store, "2025-01-13T12:00", "2025-02-01")
    at = town([tariff("t", {"energy_eur_per_unit": 0.10})], [contract("t")])
    bill = of_main(costing(store, at), JANUARY).periods
    assert cents(bill.total.measured_eur) == [297.60]
    assert cents(bill.total.low_eur) == cents(bill.total.high_eur) == [297.60]
    assert bill.covered_s.tolist() == [28 * 86400.0]


def test_what_is_missing_has_a_cost_between_bounds_and_never_none(store):
    write(store, "2024-12-01", "2025-01-22")  # silent for the last 10 days of January, and later
    at = town([tariff("t", {"energy_eur_per_unit": 0.10})], [contract("t")])
    bill = of_main(costing(store, at), JANUARY).periods
    assert cents(bill.total.measured_eur) == [201.60]
    assert cents(bill.total.low_eur) == [201.60]
    # at most 1.2 x 10 kW for 240 h
    assert cents(bill.total.high_eur) == [201.60 + 288.00]
    assert cents(bill.missing_high_eur) == [288.00]


def test_the_highest_quarter_hour_of_the_month_is_paid_for(store):
    write(store, "2024-12-01", "2025-01-20T10:00")
    write(store, "2025-01-20T10:00", "2025-01-20T10:15", kw=9.0, first=50.417 * 96)
    write(store, "2025-01-20T10:15", "2025-02-01", first=50.417 * 96 + 2.25)
    price = {
        "energy_eur_per_unit": 0.0,
        "power": [{"basis": "highest_quarter_hour", "eur_per_kw_month": 2.0}],
    }
    at = town([tariff("t", price)], [contract("t")])
    bill = of_main(costing(store, at), JANUARY).periods
    assert cents(bill.power.eur) == [18.00]
    by_day = of_main(costing(store, at), Span(local("2025-01-05"), local("2025-01-06")), By.DAY)
    assert cents(by_day.periods.power.eur) == [round(18 / 31, 2)]


def test_a_submeter_costs_its_energy_at_the_price_of_the_whole(store):
    write(store, "2024-12-01", "2025-02-01", kw=1.0, name="part")
    part = other_meter("part", 2, measures="submeter", parent="hall.main")
    at = town([tariff("t", WITH_ALL, bands="italy")], [contract("t", contract_power_kw=6)],
              [main_meter(), part])  # fmt: skip
    bill = costing(store, at).meter(part, JANUARY, By.MONTH).periods
    net = 231 * 0.20 + 169 * 0.18 + 344 * 0.15 + 744 * 0.0125
    assert cents(bill.total.eur) == [round(net * 1.22, 2)]
    assert cents(bill.fixed.eur + bill.power.eur) == [0.0]


def test_gas_is_paid_by_the_sm3_and_water_by_the_m3(store):
    gas = other_meter("gas", 2, carrier="natural_gas", rated_power_kw=None, rated_flow_m3_h=10)
    water = other_meter("water", 3, carrier=None, measures="water", rated_power_kw=None,
                        rated_flow_m3_h=10)  # fmt: skip
    write(store, "2024-12-01", "2025-02-01", kw=2.0, name="gas", unit="m3")
    write(store, "2024-12-01", "2025-02-01", kw=0.5, name="water", unit="m3")
    sold = {"energy_eur_per_unit": 0.8, "taxes_eur_per_unit": 0.2, "vat_fraction": 0.10}
    tariffs = [
        tariff("g", sold, carrier="natural_gas", unit="Sm3"),
        tariff("w", {"energy_eur_per_unit": 3.0}, carrier=None, unit="m3"),
    ]
    at = town(tariffs, [contract("g", site="hall"), contract("w", site="hall")], [gas, water])
    found = costing(store, at).sites(["hall"], JANUARY, By.MONTH)
    by_unit = {costs.periods.unit: cents(costs.periods.total.eur) for costs in found.values()}
    assert by_unit == {"Sm3": [1636.80], "m3": [1116.00]}  # 1488 Sm3 x 1.10, 372 m3 x 3


def test_a_site_is_the_sum_of_its_supplies(store):
    write(store, "2024-12-01", "2025-02-01")
    write(store, "2024-12-01", "2025-02-01", kw=2.0, name="annex")
    at = town(
        [
            tariff("t", BANDED, bands="italy"),
            tariff("u", {"energy_eur_per_unit": 0.10, "fixed_eur_per_month": 5}),
        ],
        [contract("t"), contract("u", meter="hall.annex")],
        [main_meter(), other_meter("annex", 2)],
    )  # fmt: skip
    ((key, costs),) = costing(store, at).sites(["hall"], JANUARY, By.MONTH).items()
    assert str(key[0]) == "electricity"
    assert cents(costs.periods.total.eur) == [666.68]  # 512.88 + 148.80 + 5
    assert set(costs.periods.energy) == {"F1", "F2", "F3", "flat"}


def test_what_is_certain_of_each_month_is_certain_of_all(store):
    # a gap in April and one in May, when taxes rise: 30 and 31 days of 96 kWh whatever the bands
    write(store, "2024-12-01", "2025-04-10")
    write(store, "2025-04-12", "2025-05-10")
    write(store, "2025-05-12", "2025-06-01")
    prices = [
        {**BANDED, "taxes_eur_per_unit": 0.01},
        {**BANDED, "taxes_eur_per_unit": 0.05, "valid_from": "2025-05-01"},
    ]
    at = town([tariff("t", *prices, bands="italy")], [contract("t")])
    costs = of_main(costing(store, at), Span(local("2025-04-01"), local("2025-06-01")))
    assert (
        cents(costs.periods.taxes.low_eur) == cents(costs.periods.taxes.high_eur) == [28.8, 148.8]
    )
    assert cents(costs.whole.taxes.low_eur) == cents(costs.whole.taxes.high_eur) == [177.6]
    assert costs.whole.total.low_eur[0] >= costs.periods.total.low_eur.sum() - 1e-9
    assert costs.whole.total.high_eur[0] <= costs.periods.total.high_eur.sum() + 1e-9


def test_amounts_of_a_bill_over_two_months_are_estimated_by_month_and_certain_together(store):
    billed = imported("billed", brings="amounts", rated_power_kw=10.0)
    store.write([
        Reading(billed.register.point, local("2024-12-01"), 3000.0),
        Reading(billed.register.point, local("2025-02-01"), 0.0, Quality.NOT_AVAILABLE),
    ])  # fmt: skip
    at = town([tariff("t", BANDED, bands="italy")], [contract("t", meter="hall.billed")], [billed])
    span = Span(local("2024-12-01"), local("2025-02-01"))
    costs = costing(store, at).meter(billed, span, By.MONTH)
    amounts = costs.whole.amounts.values()
    assert sum(float(a.measured[0] + a.estimated[0]) for a in amounts) == pytest.approx(3000.0)
    # All of it may have been the cheapest band or the dearest: both have 250 h of 12 kW.
    assert cents(costs.whole.total.low_eur) == [450.00]
    assert cents(costs.whole.total.high_eur) == [600.00]
    assert 450.0 <= float(costs.whole.total.eur[0]) <= 600.0
    months = costs.periods
    by_month = sum(a.measured + a.estimated for a in months.amounts.values())
    assert sum(by_month.tolist()) == pytest.approx(3000.0)


def test_price_at_a_time_names_its_band_and_validity(store):
    at = town(
        [tariff("t", WITH_ALL, bands="italy")],
        [contract("t", contract_power_kw=6, valid_to="2025-06-01")],
    )
    costs = costing(store, at)
    meter = at.meter("hall.main")
    price = costs.price_at(meter, local("2025-01-06T10:00"))  # Epiphany, a Monday
    assert (price.label, price.unit, price.tariff) == ("F3", "kWh", "t")
    assert price.eur == pytest.approx((0.15 + 0.0125) * 1.22)
    assert costs.price_at(meter, local("2025-01-07T10:00")).label == "F1"
    assert costs.price_at(meter, local("2025-06-01")) is None


def test_a_year_ends_with_its_prices(store):
    write(store, "2025-11-01", "2026-02-01")
    new = {"energy_eur_per_unit": 0.30, "fixed_eur_per_month": 20, "valid_from": "2026-01-01"}
    old = {"energy_eur_per_unit": 0.10, "fixed_eur_per_month": 10}
    at = town([tariff("t", old, new)], [contract("t")])
    span = Span(local("2025-12-01"), local("2026-02-01"))
    by_month = of_main(costing(store, at), span).periods
    assert cents(by_month.total.eur) == [297.60 + 10, 892.80 + 20]  # 2,976 kWh each
    new_year = Span(local("2025-12-31T23:00"), local("2026-01-01T01:00"))
    by_hour = of_main(costing(store, at), new_year, By.HOUR).periods
    assert cents(by_hour.energy["flat"].eur) == [0.40, 1.20]


def test_nothing_is_paid_after_a_contract_or_after_now(store):
    write(store, "2024-12-01", "2025-01-16")
    price = {"energy_eur_per_unit": 0.10, "fixed_eur_per_day": 2.0}
    ended = contract("t", valid_to="2025-01-11")
    now = local("2025-01-16")
    done = of_main(costing(store, town([tariff("t", price)], [ended]), now), JANUARY).periods
    assert cents(done.fixed.eur) == [20.0]
    assert cents(done.energy["flat"].eur) == [96.00]
    running = of_main(
        costing(store, town([tariff("t", price)], [contract("t")]), now), JANUARY
    ).periods
    assert cents(running.fixed.eur) == [30.0]
    assert running.span_s.tolist() == [15 * 86400.0]


def test_a_shared_meter_is_paid_for_by_the_parts_of_its_key(store):
    write(store, "2024-12-01", "2025-02-01")
    price = {"energy_eur_per_unit": 0.10, "fixed_eur_per_month": 10.0}
    keys = [{"from": "2024-12-01", "sites": {"hall": 0.75, "crypt": 0.25}}]
    at = town([tariff("t", price)], [contract("t")], [main_meter(shares=keys)], ["crypt"])
    costs = costing(store, at)
    for site, eur in (("hall", 230.70), ("crypt", 76.90)):  # of 307.60
        ((_, found),) = costs.sites([site], JANUARY, By.MONTH).items()
        assert cents(found.whole.total.eur) == [eur]
    ((_, both),) = costs.sites(["hall", "crypt"], JANUARY, By.MONTH).items()
    assert cents(both.whole.total.eur) == [307.60]


def test_a_submeter_of_another_site_is_paid_for_there_without_fixed_parts(store):
    write(store, "2024-12-01", "2025-02-01")
    price = {"energy_eur_per_unit": 0.10, "fixed_eur_per_month": 10.0}
    lift = other_meter("lift", 2, measures="submeter", parent="hall.main")
    lift = lift.model_copy(update={"id": "crypt.lift"})
    write(store, "2024-12-01", "2025-02-01", kw=1.0, name="lift", site="crypt")
    at = town([tariff("t", price)], [contract("t")], [main_meter(), lift], ["crypt"])
    costs = costing(store, at)
    for site, eur in (("crypt", 74.40), ("hall", 233.20)):  # 744 kWh, and 2,232 with the 10 EUR
        ((_, found),) = costs.sites([site], JANUARY, By.MONTH).items()
        assert cents(found.whole.total.eur) == [eur]
