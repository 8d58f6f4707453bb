"""Rows of the JRC's data set: one signatory's inventories, and the JRC's own plausibility checks.

The data set itself is not here; the samples have the columns of its validation script.
"""

from __future__ import annotations

import pytest
from declared_rows import SAMPLES, cells, context, refusals, source
from openpyxl import Workbook

from paes.errors import DataError
from paes.imports.declared.jrc_rows import IMPORTER

FOLDER = SAMPLES / "jrc-rows"
FILE = FOLDER / "inventories.csv"


def read(tmp_path, name: str, **mapping):
    given = {"organisation": "la prova", **mapping}
    return IMPORTER.read(source(FOLDER / name), context(tmp_path, given))


def told(batch) -> list[tuple[str, str, str]]:
    return [(f.name, f.subject, f.message) for f in batch.findings]


def test_the_inventories_of_one_signatory_become_a_table_a_year(tmp_path):
    assert IMPORTER.recognises(source(FILE))
    batch = read(tmp_path, "inventories.csv")
    assert refusals(batch) == []
    assert cells(batch) == {
        ("2007", "municipal_buildings", "electricity"): "350.5",
        ("2007", "municipal_buildings", "natural_gas"): "620",
        ("2007", "residential_buildings", "other_biomass"): "80",
        ("2007", "residential_buildings", "other_biomass", "biogas"): "5",
        ("2007", "other", "diesel", "agriculture"): "40",
        ("2013", "residential_buildings", "electricity"): "1200",
    }
    assert [t.name for t in batch.tables] == ["mycovenant-2007.csv", "mycovenant-2013.csv"]
    assert batch.tables[0].rows[0]["source"] == "inventories.csv, emission inventory 501"
    assert told(batch) == [
        ("jrc.emissions_alone", "line 7",
         "120.0 t of 'Waste management' are of no energy: told and not imported")
    ]  # fmt: skip


def test_a_signatory_is_chosen_by_its_id_or_by_the_citys_name(tmp_path):
    assert cells(read(tmp_path, "inventories.csv", organisation=14486)) == {
        ("2007", "residential_buildings", "electricity"): "4000"
    }
    with pytest.raises(DataError) as error:
        IMPORTER.read(source(FILE), context(tmp_path))  # the city is called Porto
    assert str(error.value) == (
        "inventories.csv: no signatory 'Porto'; say whose rows in the mapping: organisation "
        "(there is Altrove, La Prova)"
    )


def test_each_wrong_row_is_refused_and_each_odd_one_told(tmp_path):
    batch = read(tmp_path, "wrong.csv")
    assert refusals(batch) == [
        ("line 2", "mwh: expected greater than or equal to 0, seen -350.5"),
        ("line 3", ("natural_gas in residential_buildings, 2007: 6,200,000 MWh are 6,200 MWh an "
                   "inhabitant, more than 1,000: probably kWh; correct the file")),
        ("line 4", "sector 'Castles' is not known here; add it to covenant_words.yaml"),
        ("line 5", "carrier 'Peat' is not known here; add it to covenant_words.yaml"),
        ("line 6, column 12", "expected a number with a decimal point, seen '2,5'"),
        ("line 7", "'Industry ETS' is in no plan's inventory, left out"),
    ]  # fmt: skip
    assert told(batch) == [
        ("jrc.other_factors", "line 2",
         "the inventory of 2007 is LCA; the plan's set prova is IPCC"),
        ("jrc.other_factors", "line 2",
         "the inventory of 2007 is CO2eq; the plan's set prova is CO2"),
        # the trial set has 0.483: |1.2 - 0.483| = 0.717 < 1.5 x 0.483 = 0.7245, so no outlier
        ("jrc.factor_outlier", "line 9", "a factor of -0.249 t/MWh is negative"),
        ("declared.suspiciously_low", "2007",
         "all energy of 2007 is 3.000 MWh for 1,000 inhabitants"),
    ]  # fmt: skip
    assert len(cells(batch)) == 2


def test_a_factor_far_from_the_plans_own_is_told(tmp_path):
    lines = FILE.read_text(encoding="utf-8").replace("166.6,0.4754", "500,1.3")
    (tmp_path / "far.csv").write_text(lines, encoding="utf-8")
    given = context(tmp_path, {"organisation": "La Prova", "inventory": 501})
    batch = IMPORTER.read(source(tmp_path / "far.csv"), given)
    assert told(batch)[0] == (
        "jrc.factor_outlier", "line 2", "a factor of 1.3 t/MWh is far from the plan's 0.483"
    )  # fmt: skip
    assert {row["year"] for t in batch.tables for row in t.rows} == {"2007"}


def test_kwh_are_taken_as_such_if_the_mapping_says_so(tmp_path):
    batch = read(tmp_path, "wrong.csv", kwh_for_mwh=True)
    assert cells(batch)["2007", "residential_buildings", "natural_gas"] == "6200"
    assert (
        "declared.kwh_for_mwh", "line 3", "6,200,000 were taken for kWh, as the mapping says"
    ) in told(batch)  # fmt: skip


def test_two_inventories_of_a_year_are_not_added_up(tmp_path):
    name = "two_inventories_of_a_year.csv"
    with pytest.raises(DataError) as error:
        read(tmp_path, name)
    assert str(error.value) == (
        f"{name}: 2007 has several inventories (501, 777); say which in the mapping: inventory"
    )
    assert cells(read(tmp_path, name, inventory=777)) == {
        ("2007", "residential_buildings", "electricity"): "1100"
    }
    with pytest.raises(DataError) as error:
        read(tmp_path, name, inventory=1)
    assert str(error.value) == f"{name}: no inventory 1; there is 501, 777"


def test_a_workbook_is_read_alike_and_another_table_is_refused(tmp_path):
    book = Workbook()
    rows = FILE.read_text(encoding="utf-8").splitlines()
    book.active.append(rows[0].split(","))
    book.active.append(
        [14486.0, "Altrove", 901, 1, 601, 2007, 5000, "tonnes CO2", "IPCC",
         "Residential buildings", 1, "Electricity", 4000.25, 1900, 0.475]
    )  # fmt: skip
    book.save(tmp_path / "rows.xlsx")
    root = tmp_path / "town"
    root.mkdir()
    batch = IMPORTER.read(source(tmp_path / "rows.xlsx"), context(root, {"organisation": 14486}))
    assert cells(batch) == {("2007", "residential_buildings", "electricity"): "4000.25"}
    other = SAMPLES / "activity-table" / "consumi.csv"
    assert not IMPORTER.recognises(source(other))
    with pytest.raises(DataError) as error:
        IMPORTER.read(source(other), context(root))
    assert str(error.value) == (
        "consumi.csv: no sheet with the columns organisation_name, inventory_year, item_text, "
        "energy_consumption_carrier, energy_measure"
    )
