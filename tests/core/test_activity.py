"""Declared rows: amounts of fuel, several uses of one cell, and what an earlier year stands in for.

Figures are worked out by hand: gas oil 10 kWh/l, gas 9.79 kWh/Sm3, wood 4.31 kWh/kg (as
shipped).
"""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from small_installation import SmallInstallation

from paes.accounting.energy_total import EnergyTotal
from paes.activity.activity_data import DeclaredRow, activity_data
from paes.config import load_installation
from paes.errors import ConfigError, DataError
from paes.factors.emission_factors import FactorMatch, How
from paes.inventory.line import InventoryLine
from paes.metering import Carrier, Sector
from paes.report.documents import flat
from paes.report.inventory_documents import line_document

TABLE = "cities/porto/activity/fleet.csv"
HEAD = (
    "year,sector,carrier,use,mwh,amount,unit,basis,volume_correction,fuel,covers,sessions,source\n"
)
NO_FACTOR = FactorMatch("x", Carrier.ELECTRICITY, 2020, 2020, 0.0, How.EXACT, "x", False, None)
BUSES = (Sector.PUBLIC_TRANSPORT, Carrier.ELECTRICITY)


@pytest.fixture
def small(tmp_path) -> SmallInstallation:
    return SmallInstallation(tmp_path)


def loaded(small: SmallInstallation, *lines: str) -> list[DeclaredRow]:
    small.write({TABLE: HEAD + "".join(f"{line},test\n" for line in lines)})
    declared = load_installation(small.root).city().declared
    return [row for row in declared if row.source == "test"]


def problems(small: SmallInstallation, *lines: str) -> list[str]:
    with pytest.raises(ConfigError) as told:
        loaded(small, *lines)
    return [p.removeprefix(f"{small.root / TABLE}:") for p in told.value.problems]


def row(year: int, mwh: float, use: str | None = None, covers: str = "sector") -> DeclaredRow:
    return DeclaredRow(
        year=year, sector=BUSES[0], carrier=BUSES[1], use=use, mwh=mwh, covers=covers, source="s"
    )


@pytest.mark.parametrize(
    ("line", "mwh"),
    [
        ("2020,municipal_fleet,diesel,,,54000,litri,,,,,", 540.0),
        ("2020,municipal_buildings,natural_gas,,,1000,Smc,,,,,", 9.79),
        ("2020,municipal_buildings,natural_gas,,,1000,mc,,1.02,,,", 9.79 * 1.02),
        ("2020,municipal_buildings,natural_gas,,,10818,kWh,gross,,,,", 9.79),
        ("2020,municipal_buildings,heat_cold,,,100,Gcal,,,,,", 116.3),
        ("2020,residential_buildings,other_biomass,,,10,t,,,wood,,", 43.1),
        ("2020,residential_buildings,heating_oil,,,10,tep,,,,,", 116.3),
        ("2020,municipal_fleet,electricity,,12.5,,,,,,,", 12.5),
    ],
)
def test_an_amount_becomes_energy_when_it_is_loaded(small, line, mwh):
    (found,) = loaded(small, line)
    assert found.mwh == pytest.approx(mwh)
    assert found.energy_mwh == found.mwh


def test_a_converted_row_keeps_its_amount_and_how_it_was_converted(small):
    (oil,) = loaded(small, "2020,municipal_fleet,diesel,,,54000,l,,,,,")
    assert (oil.amount, oil.unit) == (54000.0, "l")
    assert oil.conversion is not None
    assert oil.conversion.told == "54000 l x 10 kWh/l net"
    assert oil.rests_on_assumption  # the shipped value per litre does
    assert not oil.assumed


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("2020,municipal_fleet,diesel,,5,54000,l,,,,,",
         "2: amount: amount is there beside mwh; expected one of them"),
        ("2020,municipal_fleet,diesel,,,54000,,,,,,",
         "2: amount: amount needs a unit, such as l, kg, Sm3 or kWh"),
        ("2020,municipal_fleet,diesel,,,,l,,,,,",
         "2: mwh is empty, and no amount with its unit is there instead"),
        ("2020,municipal_fleet,diesel,,5,,l,,,,,",
         "2: unit: unit goes with an amount, and this row is in mwh"),
        ("2020,municipal_fleet,diesel,,,54000,barili,,,,,",
         ("2: unit: unit: unknown unit 'barili' of fuel or energy; expected one of: Gcal, GJ, "
         "kcal, kg, kWh, l, m3, MJ, MWh, Nm3, Sm3, t, toe, Wh")),
        ("2020,municipal_buildings,natural_gas,,,1000,kWh,,,,,",
         ("2: amount: natural_gas in municipal_buildings, 2020: kWh of natural gas: say whether "
         "they are net (PCI) or gross (PCS), as on most bills")),
        ("2020,residential_buildings,other_biomass,,,10,t,,,straw,,",
         ("2: amount: other_biomass in residential_buildings, 2020: no net calorific value for "
         "other_biomass (straw) per kg in 2020; there is pellet per kg, wood per kg, "
         "wood-chips per kg")),
    ],
)  # fmt: skip
def test_a_row_that_is_no_clear_figure_stops_the_start(small, line, problem):
    assert problems(small, line) == [problem]


def test_a_use_may_be_declared_once_a_year(small):
    told = problems(
        small,
        "2020,public_transport,electricity,trolleybus,500,,,,,,,",
        "2020,public_transport,electricity,e-buses,70,,,,,,,",
        "2020,public_transport,electricity,trolleybus,510,,,,,,,",
    )
    assert told == [
        "4: electricity in public_transport (trolleybus), 2020 is there already (fleet.csv:2)"
    ]


def test_rows_of_one_cell_agree_whether_meters_are_in_them(small):
    told = problems(
        small,
        "2020,public_transport,electricity,trolleybus,500,,,,,,sector,",
        "2020,public_transport,electricity,depot,70,,,,,,rest,",
    )
    assert told == [
        (
            "3: covers: electricity in public_transport (depot), 2020 covers rest, and beside it "
            "something covers sector (fleet.csv:2); write rest for all if what meters see is to be "
            "added"
        )
    ]


def test_uses_of_one_cell_add_up_and_stay_apart():
    rows, findings = activity_data(2020, [row(2020, 500.0, "trolleybus"), row(2020, 70.0)], {})
    assert [(r.energy_mwh, r.declared_year) for r in rows] == [(570.0, 2020)]
    assert [(p.use, p.energy_mwh) for p in rows[0].parts] == [(None, 70.0), ("trolleybus", 500.0)]
    assert findings == []


def test_each_use_is_carried_on_its_own():
    declared = [row(2019, 500.0, "trolleybus"), row(2019, 60.0, "e-buses"),
                row(2020, 70.0, "e-buses")]  # fmt: skip
    rows, findings = activity_data(2020, declared, {})
    assert rows[0].energy_mwh == 570.0
    assert (rows[0].declared_year, rows[0].carried) == (2019, True)
    assert [(f.name, f.subject) for f in findings] == [
        ("activity.carried", "2020/public_transport/electricity/trolleybus")
    ]


def test_an_undivided_figure_beside_later_uses_is_kept_and_told():
    """It may be their sum: dropping it could pass for a saving, so a person decides."""
    rows, findings = activity_data(2020, [row(2019, 560.0), row(2020, 70.0, "e-buses")], {})
    assert rows[0].energy_mwh == 630.0
    assert [f.name for f in findings] == ["activity.carried", "activity.undivided"]
    ended = [row(2019, 560.0), row(2020, 70.0, "e-buses"), row(2020, 0.0)]
    rows, findings = activity_data(2021, ended, {})
    assert rows[0].energy_mwh == 70.0
    assert "activity.undivided" not in {f.name for f in findings}


def test_meters_are_added_to_the_rest_of_any_use():
    metered = {BUSES: EnergyTotal(measured_kwh=30_000.0, covered_s=1, span_s=1)}
    rows, _ = activity_data(2020, [row(2020, 70.0, "depot", "rest")], metered)
    assert rows[0].energy_mwh == 100.0
    rows, _ = activity_data(2020, [row(2020, 70.0, "depot")], metered)
    assert rows[0].energy_mwh == 70.0


def test_an_amount_that_was_not_converted_is_never_taken_as_nothing():
    litres = DeclaredRow(year=2020, sector=Sector.MUNICIPAL_FLEET, carrier=Carrier.DIESEL,
                         amount=100.0, unit="l", source="s")  # fmt: skip
    rows, _ = activity_data(2021, [row(2020, 1.0)], {})
    assert rows
    with pytest.raises(DataError, match=r"2020: 100\.0 l was not converted"):
        activity_data(2020, [litres], {})


def test_sessions_are_a_count_and_no_energy(small):
    (columns,) = loaded(small, "2020,municipal_fleet,electricity,charging,9,,,,,,,640")
    assert (columns.sessions, columns.energy_mwh) == (640, 9.0)
    with pytest.raises(ValidationError, match="sessions"):
        DeclaredRow.model_validate({**columns.model_dump(), "sessions": -1})


def test_each_use_and_each_conversion_reaches_the_report(small):
    """The document of a line holds its declared parts; its table leaves them to another."""
    small.write({TABLE: HEAD + "2020,municipal_fleet,electricity,charging,9,,,,,,,640,cards\n"
                 "2020,municipal_fleet,electricity,depot,21,,,,,,,,cards\n"
                 "2020,municipal_buildings,natural_gas,,,10818,kWh,gross,,,,,bills\n"})  # fmt: skip
    installation = load_installation(small.root)
    rows, _ = activity_data(2020, installation.city().declared, {})
    lines = {
        (row.sector, row.carrier): line_document(InventoryLine(row, NO_FACTOR)) for row in rows
    }
    fleet = lines[Sector.MUNICIPAL_FLEET, Carrier.ELECTRICITY]
    assert fleet["declared_mwh"] == 30.0
    assert [(p["use"], p["mwh"], p["sessions"]) for p in fleet["declared"]] == [
        ("charging", 9.0, 640), ("depot", 21.0, None)
    ]  # fmt: skip
    (gas,) = lines[Sector.MUNICIPAL_BUILDINGS, Carrier.NATURAL_GAS]["declared"]
    assert gas["mwh"] == pytest.approx(9.79)  # 10.818 MWh gross x 9.79 / 10.818
    assert gas["conversion"] == "10818 kWh gross x 0.905 net/gross"
    assert gas["calorific_value_source"].startswith("ISPRA")
    assert "declared" not in flat([fleet]).columns
