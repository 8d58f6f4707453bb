"""Trolleybuses, columns and docks: believable loads, and sessions that add up."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from small_town import make_town

from collectors.simulator.load import Loads
from collectors.simulator.local_year import SLOT_H, LocalYear, local_calendar
from collectors.simulator.mobility import charging_kw, sessions
from collectors.simulator.need import Character
from collectors.simulator.parameters import Parameters
from collectors.simulator.randomness import Floats
from paes.metering import SiteKind
from paes.opening import Opening

YEAR = 2025
SEEDS = (1, 2007, 31)
SITES: tuple[dict[str, Any], ...] = (
    {"id": "linea", "kind": "trolleybus_substation", "sector": "public_transport"},
    {"id": "colonne", "kind": "charging_station", "sector": "municipal_fleet",
     "charging_points": 3},
    {"id": "bici", "kind": "bike_sharing", "sector": "public_transport", "charging_points": 12},
)  # fmt: skip
METERS: tuple[dict[str, Any], ...] = (
    {"id": "linea.main", "carrier": "electricity", "device": "schneider-pm5xxx", "unit": 1,
     "rated_power_kw": 600},
    {"id": "colonne.main", "carrier": "electricity", "device": "eastron-sdm630", "unit": 2,
     "rated_power_kw": 23},
    {"id": "bici.main", "carrier": "electricity", "device": "eastron-sdm120", "unit": 3,
     "rated_power_kw": 3},
)  # fmt: skip


@pytest.fixture(scope="module")
def calendar() -> LocalYear:
    return local_calendar(YEAR, "Europe/Rome")


def power_kw(parameters: Parameters, seed: int, meter: str) -> Floats:
    loads = Loads(make_town(SITES, METERS), parameters, seed)
    return loads.flow(loads.installation.field_meter(meter), YEAR)


def on(calendar: LocalYear, day: date, power: Floats) -> Floats:
    return power[calendar.day == calendar.index(day)]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("meter", "low_mwh", "high_mwh"),
    [
        # 2.5 to 3 kWh/km: some 200,000 to 250,000 km of a short line
        ("linea.main", 500, 720),
        # 3 columns x 250 days x 0.55..0.95 sessions of 5 to 26 kWh, with 0.3 MWh of their own
        ("colonne.main", 3, 13),
        # 12 docks x 365 days x 0.8..1.6 sessions of 0.1 to 0.42 kWh, with 0.4 MWh of their own
        ("bici.main", 0.8, 3),
    ],
)
def test_a_year_s_energy_is_believable(
    parameters: Parameters, seed: int, meter: str, low_mwh: float, high_mwh: float
) -> None:
    assert low_mwh <= power_kw(parameters, seed, meter).sum() * SLOT_H / 1000 <= high_mwh


def test_trolleybuses_follow_the_timetable(parameters: Parameters, calendar: LocalYear) -> None:
    power = power_kw(parameters, 2007, "linea.main")
    working, saturday, sunday, holiday = (
        on(calendar, day, power)
        for day in (date(YEAR, 5, 14), date(YEAR, 5, 17), date(YEAR, 5, 18), date(YEAR, 6, 2))
    )
    assert working[8:16].max() < 25  # 02:00 to 04:00: the substation's own use
    assert working[30:36].mean() > 1.3 * working[40:48].mean()  # rush hour beside late morning
    assert working.sum() > 1.15 * saturday.sum() > 1.3 * sunday.sum()
    assert holiday.sum() == pytest.approx(sunday.sum(), rel=0.25)  # 2 June, a Monday


def test_cold_days_cost_the_vehicles_more(parameters: Parameters, calendar: LocalYear) -> None:
    power = power_kw(parameters, 2007, "linea.main")
    january = [on(calendar, date(YEAR, 1, d), power).sum() for d in (14, 15, 16, 21, 22)]
    may = [on(calendar, date(YEAR, 5, d), power).sum() for d in (13, 14, 15, 20, 21)]
    assert np.mean(january) > 1.03 * np.mean(may)


def test_columns_are_used_on_working_days_and_never_beyond_their_power(
    parameters: Parameters, calendar: LocalYear
) -> None:
    power = power_kw(parameters, 2007, "colonne.main")
    charging = parameters.charging[SiteKind.CHARGING_STATION]
    standby_kw = 3 * charging.standby_w_per_point / 1000
    assert on(calendar, date(YEAR, 5, 18), power).max() == pytest.approx(standby_kw)  # Sunday
    assert power.min() == pytest.approx(standby_kw)
    assert power.max() <= 3 * charging.point_kw + standby_kw + 1e-9
    assert power.max() > charging.point_kw  # two at a time


def test_what_sessions_take_is_what_the_meter_counts(
    parameters: Parameters, calendar: LocalYear
) -> None:
    charging = parameters.charging[SiteKind.CHARGING_STATION]
    opening = Opening(from_hour=0, to_hour=24)
    by = Character(2007, "colonne.main")
    power = charging_kw(2, charging, opening, calendar, by)
    taken = [s for point in range(2) for s in sessions(point, charging, opening, calendar, by)]
    whole_kwh = sum(kwh for start_s, kwh in taken if start_s < calendar.slots[-1] - 86400)
    late_kwh = sum(kwh for start_s, kwh in taken if start_s >= calendar.slots[-1] - 86400)
    hours = len(calendar.slots) * SLOT_H
    counted = power.sum() * SLOT_H - 2 * charging.standby_w_per_point / 1000 * hours
    assert 200 < len(taken) < 600
    assert whole_kwh - 1e-6 <= counted <= whole_kwh + late_kwh + 1e-6


def test_nobody_is_charged_before_the_one_before_is_done(
    parameters: Parameters, calendar: LocalYear
) -> None:
    charging = parameters.charging[SiteKind.BIKE_SHARING]
    by = Character(7, "bici.main")
    found = sessions(0, charging, Opening(from_hour=0, to_hour=24), calendar, by)
    ends = [start + 3600 * kwh / charging.point_kw for start, kwh in found]
    assert len(found) > 100
    assert all(a <= start + 1e-6 for a, (start, _) in zip(ends, found[1:], strict=False))
    low, high = charging.session_kwh
    assert all(low <= kwh <= high for _, kwh in found)
