"""The ledger: local days over both clock changes, kept days, late data, and what is outside.

One meter at 2 kW all day (0.5 kWh a quarter of an hour) from 1 January 2025, local time. It is
rated 10 kW, so that 12 kW bound what it may have missed.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.factors.emission_factors import CalorificRow, FactorLibrary
from paes.gateways import Gateway
from paes.installation import City, CityFile, Installation
from paes.meter_status import MeterState, meter_states
from paes.metering import Carrier, Measures, Reading, Register, Sector, Site, SiteKind
from paes.meters import FieldMeter
from paes.periods import By, Span, day_span, year_span
from paes.plan.plan import Plan
from paes.series import Gap
from paes.store.sqlite import SqliteStore

ROME = "Europe/Rome"
BORN = datetime(2024, 12, 31, 23, tzinfo=UTC)  # 1 January 2025 in Rome
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
MAIN, GAS = "hall.main/energy_import", "hall.gas/volume"


def meters(**changes) -> list[FieldMeter]:
    main = {
        "id": "hall.main", "carrier": Carrier.ELECTRICITY, "device": "x", "gateway": "gw",
        "rated_power_kw": 10.0, "valid_from": date(2025, 1, 1), **changes,
    }  # fmt: skip
    gas = FieldMeter(
        id="hall.gas", carrier=Carrier.NATURAL_GAS, device="y", gateway="gw", unit=2,
        rated_flow_m3_h=10.0, valid_from=date(2025, 1, 1),
    )  # fmt: skip
    part = FieldMeter(
        id="hall.kitchen", carrier=Carrier.ELECTRICITY, measures=Measures.SUBMETER,
        parent="hall.main", device="x", gateway="gw", unit=3,
    )  # fmt: skip
    return [FieldMeter.model_validate(main), gas, part]


def installation(of: list[FieldMeter]) -> Installation:
    city = City(
        facts=CityFile(id="town", name="Town", latitude=44.1, longitude=9.8),
        plan=cast(Plan, None),
        sites={
            "hall": Site(
                id="hall", name="Hall", kind=SiteKind.OFFICE, sector=Sector.MUNICIPAL_BUILDINGS
            )
        },
        gateways={"gw": Gateway(id="gw", host="127.0.0.1")},
        meters={m.id: m for m in of},
        actions=(),
        declared=(),
    )
    factors = FactorLibrary(
        (), {},
        [CalorificRow(carrier=Carrier.NATURAL_GAS, unit="Sm3", kwh_per_unit=9.6, basis="net",
                      source="test")],
    )  # fmt: skip
    registers = {
        "hall.main": Register(MAIN, "kWh", None, 0.001),
        "hall.gas": Register(GAS, "m3", None, 0.001),
        "hall.kitchen": Register("hall.kitchen/energy_import", "kWh", None, 0.001),
    }
    return Installation(Path(), "test", "town", {"town": city}, factors, (), registers)


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


def ledger(store, now: datetime = NOW, **changes) -> EnergyLedger:
    return EnergyLedger(installation(meters(**changes)), store, lambda: now)


def from_day(year: int, month: int, day: int) -> datetime:
    return day_span(date(year, month, day), ROME).start


def main(of: EnergyLedger) -> FieldMeter:
    return of.installation.meter("hall.main")


def write(store, start: datetime, end: datetime, point: str = MAIN, per_h: float = 2.0) -> None:
    """Readings every quarter of an hour in ``[start, end]``, at ``per_h`` since BORN."""
    seconds = np.arange(int(start.timestamp()), int(end.timestamp()) + 1, 900, dtype=np.int64)
    store.write_series(point, seconds, (seconds - BORN.timestamp()) / 3600 * per_h)


def test_local_days_have_23_and_25_hours(store):
    write(store, BORN, datetime(2025, 12, 31, 23, tzinfo=UTC))
    book = ledger(store)
    frame = book.meter(main(book), year_span(2025, ROME), By.DAY)
    assert len(frame) == 365
    by_day = {str(at.date()): kwh for at, kwh in zip(frame.index, frame["measured"], strict=True)}
    assert by_day["2025-03-30"] == pytest.approx(46.0)
    assert by_day["2025-10-26"] == pytest.approx(50.0)
    assert by_day["2025-03-29"] == pytest.approx(48.0)
    assert frame["covered_s"].sum() == 365 * 86400


@pytest.mark.parametrize("by", list(By))
def test_every_step_adds_up_to_the_same_year(store, by):
    write(store, BORN, datetime(2025, 12, 31, 23, tzinfo=UTC))
    book = ledger(store)
    frame = book.meter(main(book), year_span(2025, ROME), by)
    assert frame["measured"].sum() == pytest.approx(365 * 48.0)
    assert book.total(main(book), year_span(2025, ROME)).kwh == pytest.approx(365 * 48.0)


def test_a_gap_over_midnight_is_estimated_in_both_days_and_whole_in_the_month(store):
    write(store, BORN, datetime(2025, 5, 10, 12, tzinfo=UTC))
    write(store, datetime(2025, 5, 11, 12, tzinfo=UTC), datetime(2025, 6, 30, tzinfo=UTC))
    book = ledger(store)
    days = book.meter(main(book), Span(from_day(2025, 5, 10), from_day(2025, 5, 12)), By.DAY)
    # until 12:00 UTC is 14:00 local: 14 h x 2 kW; then 10 h and 14 h of the 48 kWh gap
    assert days["measured"].tolist() == [pytest.approx(28.0), pytest.approx(20.0)]
    assert days["estimated"].tolist() == [pytest.approx(20.0), pytest.approx(28.0)]
    assert (days["estimated_low"] <= days["estimated"]).all()
    assert (days["missing_high"] == 0).all()
    assert days["covered_s"].tolist() == [14 * 3600, 10 * 3600]
    may = book.meter(main(book), Span(datetime(2025, 5, 2, tzinfo=UTC), NOW), By.MONTH).iloc[0]
    assert may["measured"] == pytest.approx(31 * 48.0)
    assert may["catch_up"] == pytest.approx(48.0)
    assert may["missing_high"] == may["estimated"] == 0
    assert may["covered_s"] == pytest.approx((31 - 1) * 86400)


def test_kept_days_answer_like_fresh_ones(store):
    write(store, BORN, datetime(2025, 3, 1, tzinfo=UTC))
    write(store, datetime(2025, 3, 3, 7, tzinfo=UTC), datetime(2025, 5, 1, tzinfo=UTC))
    book = ledger(store)
    span = year_span(2025, ROME)
    fresh = book.meter(main(book), span, By.DAY)
    kept = book.meter(main(book), span, By.DAY)
    assert fresh.equals(kept)
    assert fresh["estimated"].sum() > 0


def test_late_readings_change_the_days_they_touch_and_no_other(store):
    write(store, BORN, datetime(2025, 3, 1, tzinfo=UTC))
    write(store, datetime(2025, 3, 4, tzinfo=UTC), datetime(2025, 5, 1, tzinfo=UTC))
    book = ledger(store)
    span = Span(BORN, datetime(2025, 4, 29, 22, tzinfo=UTC))
    before = book.meter(main(book), span, By.DAY)
    write(store, datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 3, 4, tzinfo=UTC))
    after = book.meter(main(book), span, By.DAY)
    changed = [str(at.date()) for at in after.index if not before.loc[at].equals(after.loc[at])]
    assert changed == ["2025-03-01", "2025-03-02", "2025-03-03", "2025-03-04"]
    assert after["measured"].sum() == pytest.approx(span.seconds / 3600 * 2.0)
    assert (after["missing_high"] == 0).all()
    assert (after["estimated"] == 0).all()


def test_a_day_in_progress_is_not_kept_as_if_it_were_over(store):
    noon = datetime(2025, 5, 10, 12, tzinfo=UTC)
    write(store, BORN, noon)
    book = ledger(store, noon)
    today = day_span(date(2025, 5, 10), ROME)
    assert book.total(main(book), today).kwh == pytest.approx(28.0)
    write(store, noon, datetime(2025, 5, 11, tzinfo=UTC))
    later = ledger(store, datetime(2025, 5, 11, tzinfo=UTC))
    assert later.total(main(later), today).kwh == pytest.approx(48.0)
    assert later.total(main(later), today).coverage == pytest.approx(1.0)


def test_the_future_and_the_time_before_commissioning_are_not_missing(store):
    book = ledger(store, datetime(2025, 1, 11, 23, tzinfo=UTC))
    write(store, BORN, datetime(2025, 1, 11, 23, tzinfo=UTC))
    frame = book.meter(main(book), year_span(2025, ROME), By.YEAR)
    assert frame["missing_high"].iloc[0] == 0
    assert frame["span_s"].iloc[0] == 11 * 86400
    past = book.meter(main(book), year_span(2024, ROME), By.YEAR)
    assert past["span_s"].iloc[0] == 0
    assert past["missing_high"].iloc[0] == 0


def test_a_dead_meter_is_missing_up_to_now(store):
    write(store, BORN, datetime(2025, 1, 31, 23, tzinfo=UTC))
    book = ledger(store, datetime(2025, 2, 28, 23, tzinfo=UTC))
    total = book.total(main(book), Span(BORN, datetime(2025, 2, 28, 23, tzinfo=UTC)))
    assert total.kwh == pytest.approx(31 * 48)
    assert (total.missing_low_kwh, total.missing_high_kwh) == (0, pytest.approx(28 * 288))  # 12 kW
    assert total.coverage == pytest.approx(31 / 59)


def test_changed_rules_make_the_days_anew(store):
    write(store, BORN, datetime(2025, 2, 1, tzinfo=UTC))
    book = ledger(store, datetime(2025, 2, 2, tzinfo=UTC))
    span = Span(BORN, datetime(2025, 2, 2, tzinfo=UTC))
    wide = book.meter(main(book), span, By.MONTH)
    narrow_book = ledger(store, datetime(2025, 2, 2, tzinfo=UTC), rated_power_kw=0.1)
    narrow = narrow_book.meter(main(narrow_book), span, By.MONTH)
    assert narrow["measured"].iloc[0] < wide["measured"].iloc[0]  # 2 kW is now not credible


def test_gas_becomes_kwh_by_its_calorific_value(store):
    write(store, BORN, datetime(2025, 12, 31, 23, tzinfo=UTC), GAS, per_h=1.0)
    book = ledger(store)
    gas = book.installation.meter("hall.gas")
    assert book.total(gas, year_span(2025, ROME)).kwh == pytest.approx(8760 * 9.6)
    frame = book.energy(gas, year_span(2025, ROME), By.MONTH)
    assert frame["measured_kwh"].sum() == pytest.approx(8760 * 9.6)


def test_submeters_are_not_counted_twice(store):
    write(store, BORN, datetime(2025, 1, 31, 23, tzinfo=UTC))
    write(store, BORN, datetime(2025, 1, 31, 23, tzinfo=UTC), "hall.kitchen/energy_import", 1.0)
    book = ledger(store)
    january = Span(BORN, datetime(2025, 1, 31, 23, tzinfo=UTC))
    frame = SiteEnergy(book).sites(
        ["hall"], Carrier.ELECTRICITY, Measures.WITHDRAWAL, january, By.MONTH
    )
    assert frame["measured_kwh"].iloc[0] == pytest.approx(31 * 48)


def test_a_span_that_cuts_days_is_exact(store):
    write(store, BORN, datetime(2025, 1, 31, 23, tzinfo=UTC))
    book = ledger(store)
    start = datetime(2025, 1, 5, 7, 30, tzinfo=UTC)
    total = book.total(main(book), Span(start, start + timedelta(hours=5, minutes=20)))
    assert total.kwh == pytest.approx(2.0 * (5 + 1 / 3))
    assert total.coverage == pytest.approx(1.0)


def test_states_of_meters(store):
    write(store, BORN, NOW)
    register = Reading(GAS, NOW - timedelta(hours=2), 5.0)
    store.write([register])
    states = {s.meter: s for s in meter_states(ledger(store), meters())}
    assert states["hall.main"].state is MeterState.LIVE
    assert states["hall.main"].coverage_last_day == pytest.approx(1.0)
    assert states["hall.gas"].state is MeterState.STALE
    assert states["hall.gas"].age_s == 7200
    assert states["hall.kitchen"].state is MeterState.NEVER
    later = ledger(store, NOW + timedelta(days=3))
    assert {s.state for s in meter_states(later, meters()[:1])} == {MeterState.SILENT}
    gone = ledger(store, valid_to=date(2025, 6, 1))
    state = {s.meter: s.state for s in meter_states(gone, gone.installation.meters.values())}
    assert state["hall.main"] is MeterState.OUTSIDE


def test_a_reading_of_the_future_is_no_sign_of_life(store):
    write(store, BORN, NOW - timedelta(hours=3))
    store.write([Reading(MAIN, NOW + timedelta(days=400), 5e4)])
    (state,) = meter_states(ledger(store), meters()[:1])
    assert state.state is MeterState.STALE
    assert state.age_s == 3 * 3600
    store.write([Reading(GAS, NOW + timedelta(days=1), 5.0)])
    (state,) = meter_states(ledger(store), meters()[1:2])
    assert state.state is MeterState.NEVER


def test_findings_of_hourly_reads_are_not_each_compared_with_all_others(store, monkeypatch):
    # 30 days of hourly reads: 720 gaps whose amount is known, and 720 * 719 / 2 pairs of them.
    compared = []
    equal = Gap.__eq__
    monkeypatch.setattr(Gap, "__eq__", lambda a, b: compared.append(1) or equal(a, b))
    at = [BORN + timedelta(hours=n) for n in range(721)]
    store.write([Reading(MAIN, moment, 2.0 * n) for n, moment in enumerate(at)])
    of = ledger(store)
    assert len(of.findings(main(of), Span(at[0], at[-1]))) >= 720
    assert len(compared) < 10 * 720


def test_findings_of_a_span(store):
    write(store, BORN, datetime(2025, 1, 10, tzinfo=UTC))
    write(store, datetime(2025, 1, 12, tzinfo=UTC), datetime(2025, 1, 20, tzinfo=UTC))
    book = ledger(store)
    found = book.findings(main(book), Span(BORN, datetime(2025, 1, 20, tzinfo=UTC)))
    assert [(f.name, f.numbers["hours"]) for f in found] == [("data.gap", 48.0)]
    assert replace(found[0], message="").subject == MAIN


def test_the_time_before_the_first_reading_is_missing_once_however_it_was_asked(store):
    first = datetime(2025, 1, 3, 5, tzinfo=UTC)
    write(store, first + timedelta(days=1), datetime(2025, 1, 20, tzinfo=UTC))
    book = ledger(store, datetime(2025, 1, 20, tzinfo=UTC))
    for day in (1, 2, 3):  # each kept by itself
        book.meter(main(book), day_span(date(2025, 1, day), ROME), By.DAY)
    write(store, first, first + timedelta(days=1))  # late data that begin earlier
    days = book.meter(main(book), Span(BORN, datetime(2025, 1, 3, 22, tzinfo=UTC)), By.DAY)
    # 288 kWh a day at 12 kW; on the third until 06:00 local
    assert days["missing_high"].tolist() == [288.0, 288.0, 72.0]


def test_what_was_read_before_commissioning_and_after_removal_is_outside(store):
    write(store, BORN, datetime(2025, 1, 31, 23, tzinfo=UTC))
    book = ledger(store, valid_from=date(2025, 1, 10), valid_to=date(2025, 1, 20))
    january = Span(BORN, datetime(2025, 1, 31, 23, tzinfo=UTC))
    for by in By:
        frame = book.meter(main(book), january, by)
        assert frame["measured"].sum() == pytest.approx(10 * 48.0), by
        assert frame["covered_s"].sum() == pytest.approx(frame["span_s"].sum()), by


def test_of_a_gap_over_commissioning_only_the_part_in_use_is_estimated(store):
    write(store, BORN, datetime(2025, 1, 9, 19, tzinfo=UTC))
    write(store, datetime(2025, 1, 10, 3, tzinfo=UTC), datetime(2025, 1, 31, 23, tzinfo=UTC))
    book = ledger(store, valid_from=date(2025, 1, 10))
    january = Span(BORN, datetime(2025, 1, 31, 23, tzinfo=UTC))
    # 20:00 to 04:00 local: 16 kWh, of which 4 h lie inside the meter's life
    for by in (By.MONTH, By.DAY):
        frame = book.meter(main(book), january, by)
        assert frame["measured"].sum() == pytest.approx(22 * 48.0 - 8.0)
        assert frame["catch_up"].sum() == 0
        assert frame["estimated"].sum() == pytest.approx(8.0)
        assert frame["missing_high"].sum() == 0


def test_days_are_kept_whole_when_a_refresh_begins_or_ends_within_one(store):
    hours = np.arange(0, 20 * 24, dtype=np.int64)
    hours = hours[(hours < 113) | (hours > 116)]  # a gap in the evening of the last day asked
    seconds = int(BORN.timestamp()) + 3600 * hours
    store.write_series(MAIN, seconds, 2.0 * hours)
    book = ledger(store, datetime(2025, 1, 20, tzinfo=UTC))
    book.refresh(Span(BORN + timedelta(hours=15), BORN + timedelta(hours=24 * 4 + 20)))
    frame = book.meter(main(book), Span(BORN, BORN + timedelta(days=5)), By.DAY)
    assert frame["measured"].tolist() == [pytest.approx(48.0)] * 5


def test_a_night_of_nonsense_is_one_gap_whichever_day_is_asked_first(store):
    write(store, BORN, datetime(2025, 1, 20, tzinfo=UTC))
    rng = np.random.default_rng(7)
    start = int(datetime(2025, 1, 10, 18, tzinfo=UTC).timestamp())
    night = start + 900 * np.arange(1, 49, dtype=np.int64)  # 12 h over midnight
    store.write_series(MAIN, night, rng.uniform(1e5, 9e5, len(night)))
    book = ledger(store, datetime(2025, 1, 20, tzinfo=UTC))
    for day in (11, 10):
        book.meter(main(book), day_span(date(2025, 1, day), ROME), By.DAY)
    month = book.meter(main(book), Span(BORN, NOW), By.MONTH).iloc[0]
    fresh = ledger(store, datetime(2025, 1, 19, 23, tzinfo=UTC))
    total = fresh.total(main(fresh), Span(BORN, datetime(2025, 1, 19, 23, tzinfo=UTC)))
    assert total.measured_kwh == pytest.approx(19 * 48.0)
    assert month["measured"] == pytest.approx(19 * 48.0 + 2.0)
    assert month["catch_up"] == pytest.approx(24.5)  # 12 h and the quarter that ends them


def test_a_gap_over_new_year_is_known_in_a_span_that_holds_it(store):
    write(store, BORN, datetime(2025, 12, 31, 12, tzinfo=UTC))
    write(store, datetime(2026, 1, 1, 12, tzinfo=UTC), NOW)
    book = ledger(store)
    total = book.total(main(book), Span(datetime(2025, 2, 1, tzinfo=UTC), NOW))
    assert total.kwh == pytest.approx((NOW - datetime(2025, 2, 1, tzinfo=UTC)).days * 48.0 + 24.0)
    assert total.catch_up_kwh == pytest.approx(48.0)
    assert total.missing_high_kwh == 0
