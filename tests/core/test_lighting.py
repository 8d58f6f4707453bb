"""Lamps: burning, dimmed, dark or unknown; every expectation is worked out by hand.

10 kW are installed, so that lamps burn above 500 W. Read every quarter of an hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from cabinet_town import CIRCUIT, FOUNTAIN, SITE, SUPPLY, cabinet_town

from paes.accounting.ledger import EnergyLedger
from paes.errors import DataError
from paes.lighting import (
    Lamps,
    Light,
    Stretch,
    burning_hours,
    course,
    lamps_of,
    light_now,
    lighting_energy,
    lit_sites,
)
from paes.metering import Quality, Reading
from paes.periods import Span
from paes.series import CODE_OF, ReadingSeries
from paes.store.sqlite import SqliteStore

TOWN = cabinet_town()
LAMPS = lamps_of(TOWN, TOWN.site("viale"))[0]
QUARTER = 900
NOON = datetime(2025, 3, 3, 11, tzinfo=UTC)  # in Rome
NOW = datetime(2025, 3, 10, 11, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


def ledger(store: SqliteStore, now: datetime = NOW) -> EnergyLedger:
    return EnergyLedger(TOWN, store, lambda: now)


def series(*power_w: float, step_s: int = QUARTER) -> ReadingSeries:
    t = step_s * np.arange(len(power_w), dtype=np.int64)
    return ReadingSeries(t, np.array(power_w, dtype=np.float64), np.zeros(len(t), np.int8))


def hours(readings: ReadingSeries, until_s: int, lamps: Lamps = LAMPS) -> list[float]:
    row = course(readings, lamps, 1.5 * QUARTER).between(np.array([0, until_s])).iloc[0]
    return [row["burning_h"], row["dark_h"], row["missing_h"], row["level"]]


def test_lamps_switch_half_way_between_two_readings():
    # dark, dark, burning 4 times, dark: half a quarter on either side, three between
    found = hours(series(0, 0, 8000, 8000, 8000, 8000, 0), 6 * QUARTER)
    assert found == pytest.approx([4 / 4, 2 / 4, 0, 0.8])


def test_level_is_the_mean_while_burning():
    found = hours(series(10_000, 10_000, 5000, 5000), 3 * QUARTER)
    # one quarter at 1, one at 0.75, one at 0.5
    assert found == pytest.approx([0.75, 0, 0, 0.75])


@pytest.mark.parametrize(("power_w", "burns"), [(500, False), (501, True), (-20, False)])
def test_lamps_burn_above_a_twentieth_of_what_is_installed(power_w: float, burns: bool):
    burning_h, dark_h, _, _ = hours(series(power_w, power_w, power_w), 2 * QUARTER)
    assert (burning_h, dark_h) == ((0.5, 0) if burns else (0, 0.5))


def test_a_gap_is_neither_dark_nor_lit():
    readings = series(8000, 8000, 8000, 0, 0)
    there = np.array([0, 1, 1, 1, 1], dtype=bool)
    late = ReadingSeries(readings.seconds + 4 * QUARTER * there, readings.values, readings.codes)
    # 75 minutes are missing; then a quarter lit, half a quarter, and as much dark and a quarter
    assert hours(late, 8 * QUARTER) == pytest.approx([1.5 / 4, 1.5 / 4, 5 / 4, 0.8])


def test_readings_that_are_not_good_tell_nothing():
    readings = series(8000, 8000, 8000)
    codes = np.array([0, CODE_OF[Quality.SUSPECT], 0], dtype=np.int8)
    found = hours(ReadingSeries(readings.seconds, readings.values, codes), 2 * QUARTER)
    assert found[:3] == [0, 0, 0.5]
    assert np.isnan(found[3])


def test_level_is_never_above_one():
    assert hours(series(12_000, 12_000), QUARTER)[3] == 1.0


def write(store: SqliteStore, start: datetime, end: datetime, power_w: float) -> None:
    """Readings in ``[start, end)``."""
    seconds = np.arange(int(start.timestamp()), int(end.timestamp()), QUARTER, dtype=np.int64)
    store.write_series(LAMPS.point, seconds, np.full(len(seconds), power_w))


def test_a_night_goes_from_noon_to_noon_and_has_the_date_of_its_evening(store: SqliteStore):
    on, off = NOON + timedelta(hours=6), NOON + timedelta(hours=18)
    write(store, NOON - timedelta(hours=12), on, 0)
    write(store, on, off, 9000)
    write(store, off, NOON + timedelta(hours=26), 0)
    span = Span(NOON, NOON + timedelta(days=1))
    nights = burning_hours(ledger(store), LAMPS, span, Stretch.NIGHT)
    assert [t.date() for t in nights.index] == [date(2025, 3, 3)]
    row = nights.iloc[0]
    assert (row["burning_h"], row["dark_h"]) == (pytest.approx(12), pytest.approx(12))
    assert (row["missing_h"], row["level"]) == (pytest.approx(0), pytest.approx(0.9))
    days = burning_hours(ledger(store), LAMPS, span, Stretch.DAY)
    assert [t.date() for t in days.index] == [date(2025, 3, 3), date(2025, 3, 4)]
    # lit from 7.5 minutes before the first reading that says so (17:00 UTC) to midnight (23:00)
    assert days["burning_h"].tolist() == pytest.approx([6.125, 5.875])
    assert days["burning_h"].sum() + days["dark_h"].sum() == pytest.approx(24)


def test_the_night_in_which_the_clocks_change_has_its_hours(store: SqliteStore):
    start, end = datetime(2025, 3, 29, tzinfo=UTC), datetime(2025, 4, 1, tzinfo=UTC)
    write(store, start, end, 9000)
    now = datetime(2025, 4, 2, tzinfo=UTC)
    days = burning_hours(ledger(store, now), LAMPS, Span(start, end), Stretch.DAY)
    lit = {str(t.date()): h for t, h in zip(days.index, days["burning_h"], strict=True)}
    assert lit["2025-03-30"] == pytest.approx(23)


def test_what_nobody_read_is_missing_and_the_future_is_not(store: SqliteStore):
    span = Span(NOW - timedelta(hours=3), NOW + timedelta(hours=9))
    table = burning_hours(ledger(store), LAMPS, span, Stretch.NIGHT)
    assert table["missing_h"].sum() == pytest.approx(3)
    assert table["burning_h"].sum() == table["dark_h"].sum() == 0
    future = Span(NOW + timedelta(days=1), NOW + timedelta(days=2))
    assert burning_hours(ledger(store), LAMPS, future, Stretch.DAY)["missing_h"].sum() == 0


def test_state_is_unknown_without_a_fresh_reading(store: SqliteStore):
    now = ledger(store)
    assert light_now(now, LAMPS).light is Light.UNKNOWN
    store.write([Reading(LAMPS.point, NOW - timedelta(minutes=31), 7000.0)])
    assert light_now(now, LAMPS).light is Light.UNKNOWN
    store.write([Reading(LAMPS.point, NOW - timedelta(minutes=10), 7000.0)])
    state = light_now(now, LAMPS)
    assert (state.light, state.level) == (Light.BURNING, 0.7)
    store.write([Reading(LAMPS.point, NOW - timedelta(minutes=5), 30.0)])
    assert light_now(now, LAMPS).light is Light.DARK
    store.write([Reading(LAMPS.point, NOW - timedelta(minutes=1), 30.0, Quality.SUSPECT)])
    assert light_now(now, LAMPS).light is Light.UNKNOWN


def test_installed_is_what_the_site_says_else_the_rating():
    told = {
        one.meter.id: (one.point, one.installed_kw) for one in lamps_of(TOWN, TOWN.site("viale"))
    }
    assert told == {
        "viale.main": ("viale.main/active_power", 10.0),
        "viale.north": ("viale.north/active_power", 4.0),
    }
    bare = cabinet_town(SUPPLY, site={k: v for k, v in SITE.items() if k != "lighting_power_kw"})
    assert lamps_of(bare, bare.site("viale"))[0].installed_kw == 12.0


def test_a_site_that_cannot_tell_its_light_says_what_it_needs():
    town = cabinet_town(FOUNTAIN)
    with pytest.raises(DataError, match=r"site viale: nothing tells its light; .*rated_power_kw"):
        lamps_of(town, town.site("viale"))


def test_sites_with_lamps_are_cabinets_and_those_that_say_so():
    assert [s.id for s in lit_sites(TOWN)] == ["viale"]
    school = {**SITE, "kind": "school"}
    assert [s.id for s in lit_sites(cabinet_town(CIRCUIT, SUPPLY, site=school))] == ["viale"]
    dark = {k: v for k, v in school.items() if k != "lighting_power_kw"}
    assert lit_sites(cabinet_town(SUPPLY, site=dark)) == []


# Energy by the register, and by light point -----------------------------------------------------

REGISTER = "viale.main/energy_import"


def write_energy(store: SqliteStore, start: datetime, end: datetime, power_kw: float) -> None:
    """A register that begins at 100 kWh, read every quarter of an hour."""
    t = np.arange(int(start.timestamp()), int(end.timestamp()) + 1, QUARTER, dtype=np.int64)
    store.write_series(REGISTER, t, 100.0 + (t - t[0]) / 3600 * power_kw)


def test_points_are_known_where_one_meter_measures_them_all():
    main, north = lamps_of(TOWN, TOWN.site("viale"))
    assert (main.light_points, north.light_points) == (100, None)
    two = cabinet_town(SUPPLY, {**SUPPLY, "id": "viale.second", "unit": 3})
    assert [one.light_points for one in lamps_of(two, two.site("viale"))] == [None, None]


def test_energy_by_night_is_that_of_the_register(store: SqliteStore):
    """4 kW all day: 96 kWh from noon to noon, 0.96 a light point; the last night has 12 hours."""
    write_energy(store, NOON, NOON + timedelta(hours=60), 4.0)
    span = Span(NOON, NOON + timedelta(hours=60))
    (table,) = lighting_energy(ledger(store), [LAMPS], span, Stretch.NIGHT)
    assert [row.kwh for row in table.rows()] == [
        pytest.approx(96),
        pytest.approx(96),
        pytest.approx(48),
    ]
    assert all(row.coverage == pytest.approx(1.0) for row in table.rows())
    assert len(burning_hours(ledger(store), LAMPS, span, Stretch.NIGHT)) == 3


def test_energy_of_a_span_that_cuts_a_quarter_hour_begins_with_it(store: SqliteStore):
    write_energy(store, NOON, NOON + timedelta(hours=10), 4.0)
    start, end = NOON + timedelta(hours=2, minutes=7), NOON + timedelta(hours=6, minutes=1)
    (table,) = lighting_energy(ledger(store), [LAMPS], Span(start, end), Stretch.NIGHT)
    assert table.total().kwh == pytest.approx(4 * 4)  # from 2 h to 6 h


@pytest.mark.parametrize(
    ("by", "hours"), [(Stretch.NIGHT, 25), (Stretch.DAY, 25), (Stretch.MONTH, 745)]
)
def test_the_night_day_and_month_in_which_clocks_go_back_are_an_hour_longer(
    store: SqliteStore, by: Stretch, hours: int
):
    """October has 745 hours; a night begins half a day after midnight, that of the 26th at 11."""
    october = Span(datetime(2025, 9, 30, 22, tzinfo=UTC), datetime(2025, 10, 31, 23, tzinfo=UTC))
    write_energy(store, october.start - timedelta(days=2), october.end + timedelta(days=2), 2.0)
    book = ledger(store, october.end + timedelta(days=3))
    night = Span(datetime(2025, 10, 26, 10, tzinfo=UTC), datetime(2025, 10, 27, 11, tzinfo=UTC))
    day = Span(datetime(2025, 10, 25, 22, tzinfo=UTC), datetime(2025, 10, 26, 23, tzinfo=UTC))
    span = {Stretch.NIGHT: night, Stretch.DAY: day, Stretch.MONTH: october}[by]
    (table,) = lighting_energy(book, [LAMPS], span, by)
    (row,) = table.rows()
    assert row.kwh == pytest.approx(2.0 * hours)
    assert len(burning_hours(book, LAMPS, span, by)) == 1


def test_a_gap_of_the_register_leaves_bounds_and_no_saving(store: SqliteStore):
    """Six hours before NOW were not read; what passed lies between nothing and 12 kW."""
    write_energy(store, NOW - timedelta(hours=48), NOW - timedelta(hours=6), 4.0)
    span = Span(NOW - timedelta(hours=24), NOW)
    (table,) = lighting_energy(ledger(store), [LAMPS], span, Stretch.NIGHT)
    total = table.total()
    assert total.low_kwh <= 4 * 24 <= total.high_kwh
    assert total.high_kwh <= 4 * 18 + 6 * 12 * 1.2 + 1e-6  # the rating with its margin
    assert total.coverage == pytest.approx(18 / 24)
