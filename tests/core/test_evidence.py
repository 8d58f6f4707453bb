"""What figures rest on, and meters that take the place of rows naming their sites; by hand."""

from __future__ import annotations

from dataclasses import astuple
from datetime import date

import pytest
from small_installation import SmallInstallation

from paes.accounting.energy_total import EnergyTotal
from paes.activity.activity_data import Notation, activity_data, latest_rows
from paes.activity.site_meters import SiteMeters
from paes.config import load_installation
from paes.errors import ConfigError
from paes.inventory.evidence import CellEvidence
from paes.inventory.inventory import Inventory
from paes.inventory.making import make_inventory
from paes.metering import Finding
from paes.meters import Meter
from paes.periods import Span
from paes.store.sqlite import SqliteStore
from tests.core.evidence_town import (
    GAS,
    HOMES,
    JULY,
    MWH_OF_YEAR,
    OFFICES,
    POWER,
    YEAR,
    billed,
    declared,
    ledger,
    meter,
    runs,
    tells,
    town,
)

CELL = (OFFICES, POWER)
HEAD = "year,sector,carrier,mwh,covers,sites,source\n"
TABLE = "cities/porto/activity/siti.csv"


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


def made(store: SqliteStore, rows, *meters: Meter, year: int = 2024) -> Inventory:
    installation = town(tuple(rows), *meters)
    return make_inventory(installation.city(), year, ledger(installation, store))


def told(inventory: Inventory, name: str) -> list[Finding]:
    return [f for f in inventory.findings if f.name == name]


def only(inventory: Inventory) -> CellEvidence:
    (line,) = inventory.lines
    return line.evidence


def test_registers_bills_and_tables_stay_apart_and_add_up(store):
    """1 kW all year, twelve bills of 100 kWh, a rest of 20 MWh declared for the year."""
    runs(store, "school.main")
    tells(store, "nursery.main")
    rows = [declared(2024, 20.0, covers="rest")]
    inventory = made(store, rows, meter("school.main"), billed("nursery.main"))
    parts = only(inventory)
    assert parts.measured_mwh == pytest.approx(MWH_OF_YEAR)
    assert parts.billed_mwh == pytest.approx(1.2)
    assert parts.declared_mwh == 20.0
    assert (parts.estimated_mwh, parts.carried_mwh, parts.missing_high_mwh) == (0, 0, 0)
    assert parts.energy_mwh == pytest.approx(inventory.energy_mwh)
    assert parts.metered_mwh == pytest.approx(MWH_OF_YEAR + 1.2)


def test_a_figure_of_an_earlier_year_is_carried_and_not_declared(store):
    parts = only(made(store, [declared(2023, 20.0, covers="rest")]))
    assert (parts.declared_mwh, parts.carried_mwh, parts.energy_mwh) == (0.0, 20.0, 20.0)


def test_a_declared_sector_rests_on_its_table_and_meters_see_a_part_of_it(store):
    runs(store, "school.main")
    inventory = made(store, [declared(2024, 20.0)], meter("school.main"))
    (line,) = inventory.lines
    assert line.evidence == CellEvidence(declared_mwh=20.0)
    within = CellEvidence.within(line.activity)
    assert within.measured_mwh == pytest.approx(MWH_OF_YEAR)
    assert within.declared_mwh == 0.0


def test_what_a_bill_leaves_when_a_register_is_taken_off_is_a_bills(store):
    """The flats are part of the school's billed meter: 1,200 kWh less 0.1 kW all year."""
    tells(store, "school.main")
    runs(store, "flats.main", power_kw=0.1)
    part = meter("flats.main", measures="submeter", parent="school.main")
    inventory = made(store, [declared(2024, 0.0, covers="rest")], billed("school.main"), part)
    evidence = {line.activity.sector: line.evidence for line in inventory.lines}
    assert evidence[OFFICES].billed_mwh == pytest.approx(1.2 - 0.8784)
    assert evidence[OFFICES].measured_mwh == 0.0
    assert evidence[HOMES].measured_mwh + evidence[HOMES].billed_mwh == pytest.approx(0.8784)


def test_parts_add_up_whatever_they_are():
    one = CellEvidence(1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
    both = CellEvidence.sum([one, one])
    assert astuple(both) == (2, 4, 8, 16, 32, 64, 128)
    assert one.energy_mwh == 31.0  # what is missing is in no sum


def test_meters_that_saw_the_year_take_the_place_of_their_sites_row(store):
    runs(store, "school.main")
    tells(store, "nursery.main")
    rows = [declared(2024, 12.0, sites="school nursery"), declared(2024, 20.0, covers="rest")]
    inventory = made(store, rows, meter("school.main"), billed("nursery.main"))
    parts = only(inventory)
    assert parts.measured_mwh == pytest.approx(MWH_OF_YEAR)
    assert (parts.billed_mwh, parts.declared_mwh) == (pytest.approx(1.2), 20.0)
    assert inventory.energy_mwh == pytest.approx(MWH_OF_YEAR + 1.2 + 20.0)  # no 12.0
    (found,) = told(inventory, "activity.replaced")
    assert found.subject == "2024/municipal_buildings/electricity/nursery+school"
    assert found.numbers["declared_mwh"] == 12.0
    assert found.numbers["metered_mwh"] == pytest.approx(MWH_OF_YEAR + 1.2)
    behind = {term.term.meter.id for term in inventory.metered_terms[CELL]}
    assert behind == {"school.main", "nursery.main"}


def test_a_row_of_an_earlier_year_is_replaced_and_not_carried(store):
    """Nobody declares anew what has meters now: no rest is moved, no energy lost."""
    runs(store, "school.main")
    inventory = made(store, [declared(2007, 12.0, sites="school")], meter("school.main"))
    assert only(inventory).measured_mwh == pytest.approx(MWH_OF_YEAR)
    assert only(inventory).carried_mwh == 0.0
    assert told(inventory, "activity.carried") == []
    before = made(store, [declared(2007, 12.0, sites="school")], meter("school.main"), year=2023)
    assert before.energy_mwh == 12.0


def test_meters_of_half_a_year_add_nothing_to_the_row_that_stands(store):
    """From 1 July on, 184 of 366 days."""
    runs(store, "school.main", Span(JULY, YEAR.end))
    begun = meter("school.main", valid_from=date(2024, 7, 1))
    inventory = made(store, [declared(2024, 12.0, sites="school")], begun)
    (line,) = inventory.lines
    assert line.evidence == CellEvidence(declared_mwh=12.0)
    assert CellEvidence.within(line.activity).measured_mwh == pytest.approx(4.417, abs=1e-3)
    (found,) = told(inventory, "activity.not_replaced")
    assert found.numbers["covered_fraction"] == pytest.approx(4417 / 8784)
    assert "meters saw 50 % of the year at school, and 90 % are needed" in found.message


def test_one_site_without_a_meter_keeps_the_row(store):
    runs(store, "school.main")
    rows = [declared(2024, 12.0, sites="school nursery")]
    inventory = made(store, rows, meter("school.main"))
    assert only(inventory) == CellEvidence(declared_mwh=12.0)
    (found,) = told(inventory, "activity.not_replaced")
    assert "0 % of the year at nursery" in found.message


def test_sites_that_no_row_names_are_added_beside_those_that_one_names(store):
    runs(store, "school.main")
    runs(store, "hall.main", power_kw=2.0)
    inventory = made(
        store, [declared(2024, 12.0, sites="nursery")], meter("school.main"), meter("hall.main")
    )
    parts = only(inventory)
    assert parts.measured_mwh == pytest.approx(3 * MWH_OF_YEAR)
    assert parts.declared_mwh == 12.0
    assert told(inventory, "activity.not_replaced") == []  # the nursery has no meter at all


def test_a_rest_stands_beside_the_same_meters_whether_or_not_a_row_names_them(store):
    """The school got its meter in 2024; no rest of 2023 is out of date by that."""
    runs(store, "school.main")
    rows = [declared(2023, 12.0, sites="school"), declared(2023, 20.0, covers="rest")]
    assert told(made(store, rows, meter("school.main")), "activity.meters_changed") == []
    rows = [declared(2023, 12.0, use="school"), declared(2023, 20.0, covers="rest")]
    assert told(made(store, rows, meter("school.main")), "activity.meters_changed") != []


def test_a_later_row_of_a_site_ends_an_earlier_one_of_several():
    old = declared(2007, 30.0, sites="school nursery")
    new = declared(2012, 9.0, sites="school")
    other = declared(2007, 5.0, sites="hall")
    latest = latest_rows(2020, [old, new, other])
    assert latest[CELL] == (other, new)
    assert latest_rows(2010, [old, new, other])[CELL] == (other, old)


def test_what_was_seen_of_a_standing_row_counts_as_metered_share_only():
    row = declared(2024, 12.0, sites="school")
    half = SiteMeters(EnergyTotal(measured_kwh=3000.0, span_s=1), covered_fraction=0.5)
    rows, _ = activity_data(2024, [row], {}, None, {row.cell: half})
    assert rows[0].energy_mwh == 12.0
    assert rows[0].metered_fraction == pytest.approx(0.25)


def loaded(tmp_path, *lines: str):
    small = SmallInstallation(tmp_path)
    small.write({TABLE: HEAD + "".join(f"{line},test\n" for line in lines)})
    return load_installation(small.root)


def test_sites_stand_in_one_cell_of_a_table(tmp_path):
    city = loaded(tmp_path, "2020,municipal_buildings,electricity,5,sites,scuola").city()
    (row,) = [r for r in city.declared if r.source == "test"]
    assert (row.sites, row.what, row.place) == (("scuola",), "scuola", "siti.csv:2")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["2020,municipal_buildings,electricity,5,sites,scuol"],
         "2: sites: no site 'scuol' in sites.yaml; there is scuola"),
        (["2020,municipal_buildings,electricity,5,sites,xyz"],
         "2: sites: no site 'xyz' in sites.yaml; there is molo, scuola"),
        (["2020,municipal_buildings,electricity,5,sites,molo"],
         "2: sites: molo is in public_lighting, and the row in municipal_buildings"),
        (["2020,municipal_buildings,electricity,5,rest,scuola"],
         "2: covers: covers rest, and sites are named; write covers sites"),
        (["2020,municipal_buildings,electricity,5,sites,"],
         "2: covers: covers sites, and names none; write their ids under sites"),
        (["2020,municipal_buildings,electricity,5,sites,scuola scuola"],
         "2: sites: sites names one of them twice"),
        (["2005,municipal_buildings,electricity,5,sites,scuola"],
         ("2: covers: electricity in municipal_buildings (scuola), 2005 covers sites, and beside "
          "it something covers sector (bollette.csv:4); write rest for all if what meters see is "
          "to be added")),
    ],
)  # fmt: skip
def test_a_row_that_cannot_name_these_sites_stops_the_start(tmp_path, lines, problem):
    with pytest.raises(ConfigError) as found:
        loaded(tmp_path, *lines)
    assert [p.split("siti.csv:")[1] for p in found.value.problems] == [problem]


def test_gas_of_the_same_sites_is_a_row_of_its_own(store):
    runs(store, "school.main")
    rows = [declared(2024, 12.0, sites="school"), declared(2024, 30.0, sites="school", carrier=GAS)]
    inventory = made(store, rows, meter("school.main"))
    energy = {line.activity.carrier: line.energy_mwh for line in inventory.lines}
    assert energy == {POWER: pytest.approx(MWH_OF_YEAR), GAS: 30.0}


def test_a_notation_key_takes_no_meter_away(store):
    """Whoever writes NE for a site whose meter sees it is wrong, and no energy is lost by that."""
    runs(store, "school.main")
    noted = declared(2024, 0.0, sites="school").model_copy(
        update={"mwh": None, "notation": Notation.NOT_ESTIMATED, "note": "no bills"}
    )
    inventory = made(store, [noted], meter("school.main"))
    assert inventory.energy_mwh == pytest.approx(MWH_OF_YEAR)
