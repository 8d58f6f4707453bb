"""Tables of declared energy as officials keep them, and each thing that can be wrong with one."""

from __future__ import annotations

import pytest
from declared_rows import SAMPLES, cells, context, refusals, source
from openpyxl import Workbook

from paes.errors import DataError
from paes.imports.declared.activity_table import IMPORTER

FOLDER = SAMPLES / "activity-table"
LINES = "expected one of: Gcal, GJ, kcal, kg, kWh, l, m3, MJ, MWh, Nm3, Sm3, t, toe, Wh"


def read(tmp_path, name: str, **mapping):
    return IMPORTER.read(source(FOLDER / name), context(tmp_path, mapping or None))


def test_an_italian_table_is_read_by_its_headers_and_the_covenants_names(tmp_path):
    assert IMPORTER.recognises(source(FOLDER / "consumi.csv"))
    batch = read(tmp_path, "consumi.csv", decimal=",")
    assert refusals(batch) == []
    assert cells(batch) == {
        ("2019", "municipal_buildings", "electricity"): "1234.5",
        ("2019", "municipal_buildings", "natural_gas"): "1000 Smc",
        ("2019", "municipal_fleet", "diesel", "furgoni"): "54000 litri",
        ("2019", "municipal_fleet", "gasoline"): "12",
        ("2019", "industry", "electricity"): "200",
    }
    (table,) = batch.tables
    assert (table.name, table.comment) == ("consumi.csv", "Imported from consumi.csv")
    assert [row["source"] for row in table.rows][3:] == ["consumi.csv", "distributore"]
    assert [(f.name, f.subject) for f in batch.findings] == [("table.total_left_out", "line 9")]


def test_a_number_that_may_be_two_is_refused_until_the_decimal_sign_is_known(tmp_path):
    batch = read(tmp_path, "consumi.csv")
    assert refusals(batch) == [
        ("line 5, column 5", "1.000 may be 1000 or 1,000; say which sign is the decimal one"),
        ("line 6, column 5", "54.000 may be 54000 or 54,000; say which sign is the decimal one"),
    ]


def test_each_wrong_row_is_refused_with_its_place_and_the_others_are_kept(tmp_path):
    batch = read(tmp_path, "wrong.csv", decimal=".")
    assert refusals(batch) == [
        ("line 2", ("no sector called 'Edifici scolastici'; use the Covenant's name or an id such "
                   "as municipal_buildings")),
        ("line 3", ("no carrier called 'Kerosene'; use the Covenant's name or an id such as "
                   "natural_gas")),
        ("line 4", "mwh: expected greater than or equal to 0, seen -10.0"),
        ("line 5, column 4", "expected a number with a decimal point, seen 'lots'"),
        ("line 6", ("kWh of natural gas: say whether they are net (PCI) or gross (PCS), as on most "
                   "bills")),
        ("line 7", f"unit: unit: unknown unit 'barrels' of fuel or energy; {LINES}"),
        ("line 9", ("electricity in residential_buildings, 2019: 5,000,000 MWh are 5,000 MWh an "
                   "inhabitant, more than 1,000: probably kWh; correct the file")),
        ("line 10", "Industria ETS is in no plan's inventory and was left out"),
        ("line 12", ("diesel in municipal_fleet, 2019 is there already (line 11); give each its "
                    "use, or sum")),
        ("line 13, column 1", "expected a whole number, seen 2019.5"),
        ("line 14", "mwh is empty, and no amount with its unit is there instead"),
    ]  # fmt: skip
    assert cells(batch) == {
        ("2019", "public_lighting", "electricity"): "1.234",
        ("2019", "municipal_fleet", "diesel"): "10",
    }


def test_a_table_without_such_a_header_is_told_what_is_missing(tmp_path):
    assert not IMPORTER.recognises(source(FOLDER / "no_header.csv"))
    with pytest.raises(DataError) as told:
        read(tmp_path, "no_header.csv")
    assert str(told.value) == (
        "no_header.csv: no header with sector (settore), carrier (vettore) and mwh, or amount "
        "(quantità) with unit (unità); name other headers in the mapping under columns:"
    )


def test_the_year_comes_from_the_mapping_if_the_table_has_none(tmp_path):
    with pytest.raises(DataError) as told:
        read(tmp_path, "no_year.csv")
    assert str(told.value) == (
        "no_year.csv: line 1: no column year (anno); say the year of all rows in the mapping: "
        "year: 2019"
    )
    batch = read(tmp_path, "no_year.csv", year=2018, source="distributore")
    assert cells(batch) == {("2018", "residential_buildings", "natural_gas"): "12000"}
    assert batch.tables[0].rows[0]["source"] == "distributore"


def test_a_wrong_mapping_names_its_key(tmp_path):
    with pytest.raises(DataError) as told:
        read(tmp_path, "consumi.csv", yaer=2018)
    assert str(told.value) == (
        "mapping: yaer: unknown key; known keys are year, source, sheet, decimal, columns"
    )


def test_a_workbook_with_headers_of_another_wording_is_read_by_the_mapping(tmp_path):
    book = Workbook()
    book.active.append(["Energia dei rifiuti"])
    sheet = book.create_sheet("Dati")
    sheet.append(["Anno", "Settore", "Vettore", "Totale energia", "PCI/PCS"])
    sheet.append([2019, "Illuminazione pubblica", "Energia elettrica", 540.25, None])
    book.save(tmp_path / "Consumi 2019.xlsx")
    file = source(tmp_path / "Consumi 2019.xlsx")
    root = tmp_path / "town"
    root.mkdir()
    given = context(root, {"columns": {"mwh": "Totale energia"}})
    batch = IMPORTER.read(file, given)
    assert cells(batch) == {("2019", "public_lighting", "electricity"): "540.25"}
    assert batch.tables[0].name == "consumi-2019.csv"
    with pytest.raises(DataError, match=r"^Consumi 2019\.xlsx: sheet 'Foglio1': no header with"):
        IMPORTER.read(file, context(root, {"sheet": "Foglio1"}))
