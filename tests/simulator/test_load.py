"""Loads look like the town they stand for: yearly intensities within published ranges."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from small_town import METERS, SITES, make_town

from collectors.simulator.load import Loads
from collectors.simulator.local_year import SLOT_H, local_calendar, open_days
from collectors.simulator.parameters import Parameters
from paes.installation import Installation
from paes.opening import Opening

YEAR = 2023
SEEDS = (1, 2007, 31)


def yearly(loads: Loads, meter: str) -> float:
    return float(loads.flow(loads.installation.field_meter(meter), YEAR).sum() * SLOT_H)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("meter", "per", "low", "high"),
    [
        # ENEA for 95.7 Mm2 of schools, adapted to a mild coast: 15-40 and 60-110 kWh/m2.
        ("asilo.main", 3000, 15, 40),
        ("asilo.calore", 3000, 60, 110),
        ("ufficio.main", 4000, 110, 150),  # ENEA-Assoimmobiliare, about 130-145 kWh/m2
        ("strada.main", 100, 200, 350),  # LED 50 W for 4,200 h, with losses and dimming
        ("viale.main", 100, 590, 690),  # 6.2 TWh for 9-10 million points
        ("scuola.pv", 20, 1100, 1250),  # real yield in Liguria, kWh/kWp
    ],
)
def test_yearly_use_lies_in_the_published_range(
    parameters: Parameters,
    seed: int,
    meter: str,
    per: float,
    low: float,
    high: float,
) -> None:
    school = {"id": "asilo", "kind": "school", "floor_area_m2": 3000}
    meters = (
        {"id": "asilo.main", "carrier": "electricity", "device": "eastron-sdm630"},
        {"id": "asilo.calore", "carrier": "heat_cold", "device": "diehl-sharky-775"},
    )
    loads = Loads(make_town((*SITES, school), (*METERS, *meters)), parameters, seed)

    assert low <= yearly(loads, meter) / per <= high


def test_gas_is_the_heat_of_the_school_in_cubic_metres(
    installation: Installation, parameters: Parameters
) -> None:
    loads = Loads(installation, parameters, 2007)
    gas = installation.field_meter("scuola.gas")
    kwh = loads.power_kw(gas, YEAR).sum() * SLOT_H

    assert 60 <= kwh / 3000 <= 110
    assert kwh / yearly(loads, "scuola.gas") == pytest.approx(9.6)  # kWh/m3 net


def test_heating_is_off_out_of_season(installation: Installation, parameters: Parameters) -> None:
    loads = Loads(installation, parameters, 2007)
    heat = loads.flow(installation.field_meter("ufficio.calore"), YEAR)
    calendar = local_calendar(YEAR, "Europe/Rome")
    first_off, last_off = calendar.index(date(YEAR, 4, 16)), calendar.index(date(YEAR, 10, 31))
    off = (calendar.day >= first_off) & (calendar.day <= last_off)

    assert heat[off].max() == 0
    assert heat[calendar.day == first_off - 1].max() > 0
    assert heat[calendar.day == last_off + 1].sum() > 0


def test_pv_gives_nothing_at_night(installation: Installation, parameters: Parameters) -> None:
    loads = Loads(installation, parameters, 2007)
    plant = loads.flow(installation.field_meter("scuola.pv"), YEAR)
    hour = local_calendar(YEAR, "Europe/Rome").hour

    assert (plant[(hour < 4) | (hour > 22)] == 0).all()
    assert plant.max() <= 20


def test_withdrawal_is_need_less_pv_and_never_while_exporting(
    installation: Installation, parameters: Parameters
) -> None:
    loads = Loads(installation, parameters, 2007)
    without = make_town(SITES, [m for m in METERS if m["id"] != "scuola.pv"])
    main, plant = installation.field_meter("scuola.main"), installation.field_meter("scuola.pv")
    bought, sold = loads.flow(main, YEAR), loads.export_kw(main, YEAR)
    need = Loads(without, parameters, 2007).flow(without.meter("scuola.main"), YEAR)

    assert (bought >= 0).all()
    assert (np.minimum(bought, sold) == 0).all()
    assert sold.max() > 0
    assert need - loads.flow(plant, YEAR) == pytest.approx(bought - sold)


def test_parts_stay_below_their_whole(installation: Installation, parameters: Parameters) -> None:
    loads = Loads(installation, parameters, 2007)
    parts = sum(
        loads.flow(installation.field_meter(m), YEAR) for m in ("scuola.palestra", "scuola.cucina")
    )
    whole = loads.flow(installation.field_meter("scuola.main"), YEAR)

    assert (parts <= whole + 1e-9).all()
    assert parts.sum() > 0.2 * whole.sum()


def test_no_flow_above_the_rated_power_or_outside_the_meters_life(parameters: Parameters) -> None:
    meter = {
        "id": "ufficio.main",
        "carrier": "electricity",
        "device": "eastron-sdm630",
        "rated_power_kw": 100,
        "valid_from": date(YEAR, 3, 1),
        "valid_to": date(YEAR, 9, 1),
    }
    town = make_town(SITES, [meter])
    flow = Loads(town, parameters, 2007).flow(town.meter("ufficio.main"), YEAR)
    calendar = local_calendar(YEAR, "Europe/Rome")
    alive = (calendar.day >= calendar.index(date(YEAR, 3, 1))) & (
        calendar.day < calendar.index(date(YEAR, 9, 1))
    )

    assert flow.max() == 100
    assert (flow[~alive] == 0).all()
    assert (flow[alive] > 0).all()


def test_the_seed_and_the_meter_decide_everything(
    installation: Installation, parameters: Parameters
) -> None:
    meter = "ufficio.main"
    alone = make_town(SITES, [m for m in METERS if m["id"] == meter])
    first = Loads(installation, parameters, 7).flow(installation.field_meter(meter), YEAR)
    again = Loads(alone, parameters, 7).flow(alone.meter(meter), YEAR)
    other = Loads(installation, parameters, 8).flow(installation.field_meter(meter), YEAR)

    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize(
    ("day", "slots"), [(date(2025, 3, 30), 92), (date(2025, 10, 26), 100), (date(2025, 7, 1), 96)]
)
def test_days_of_the_clock_change_have_their_quarter_hours(day: date, slots: int) -> None:
    calendar = local_calendar(2025, "Europe/Rome")
    hour = calendar.hour[calendar.day == calendar.index(day)]

    assert len(hour) == slots
    assert hour[0] == 0.125
    assert hour[-1] == 23.875
    assert (hour == 9.125).sum() == 1  # opening times are kept by the wall clock


def test_closed_days_are_weekends_holidays_and_declared_spans() -> None:
    calendar = local_calendar(2025, "Europe/Rome")
    opening = Opening(closed=((date(2024, 12, 23), date(2025, 1, 7)),))
    is_open = open_days(opening, calendar)

    for closed in (date(2025, 1, 7), date(2025, 4, 25), date(2025, 3, 1), date(2025, 12, 8)):
        assert is_open[calendar.index(closed)] == 0
    assert is_open[calendar.index(date(2025, 1, 8))] == 1
    assert open_days(opening.model_copy(update={"holidays": "none"}), calendar)[
        calendar.index(date(2025, 4, 25))
    ]


def test_a_closed_building_is_quiet(installation: Installation, parameters: Parameters) -> None:
    loads = Loads(installation, parameters, 2007)
    flow = loads.flow(installation.field_meter("ufficio.main"), YEAR)
    calendar = local_calendar(YEAR, "Europe/Rome")
    sunday, monday = date(2023, 2, 5), date(2023, 2, 6)

    def used(day: date) -> float:
        return float(flow[calendar.day == calendar.index(day)].sum())

    assert used(sunday) < 0.5 * used(monday)
