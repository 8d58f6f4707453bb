"""The Covenant's SEAP template: Turin's published inventory, both languages, XLS, what is wrong.

No real filled-in file is public; these are made from the template's wording (``seap_workbook``).
"""

from __future__ import annotations

import csv
from dataclasses import replace
from math import fsum
from pathlib import Path

import pytest
from declared_rows import SAMPLES, cells, context, refusals, source
from seap_workbook import Inventory, action_rows, inventory_rows, save_xlsx

from paes.errors import DataError
from paes.imports.declared.seap_template import IMPORTER

GOLDEN = Path(__file__).parents[1] / "golden"
HOMES, FLEET = "residential_buildings", "municipal_fleet"
SHEET = "Inventario base emissioni (1)"
SMALL = Inventory(
    year=2005,
    energy={(HOMES, "electricity"): 1000.0, (HOMES, "natural_gas"): 5000.0,
            (FLEET, "diesel"): 30.0},
    emissions={(HOMES, "electricity"): 483.0, (HOMES, "natural_gas"): 1010.0,
               (FLEET, "diesel"): 8.0},
    factors={"electricity": 0.483, "natural_gas": 0.202, "diesel": 0.267},
    inhabitants=1000,
)  # fmt: skip


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "town"
    folder.mkdir()
    return folder


def read(root: Path, *inventories: Inventory, actions=False, **mapping):
    sheets = {f"Inventario base emissioni ({i})": inventory_rows(inventory)
              for i, inventory in enumerate(inventories, start=1)}  # fmt: skip
    if actions:
        sheets["Piano di azione - SEAP"] = action_rows()
    file = source(save_xlsx(root.parent / "seap.xlsx", sheets))
    return IMPORTER.read(file, context(root, mapping or None))


def told(batch) -> list[tuple[str, str]]:
    return [(f.name, f.message) for f in batch.findings]


def published() -> list[dict[str, str]]:
    lines = (GOLDEN / "turin_2019_published.csv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert len(rows) == 31
    return rows


def turin(**more) -> Inventory:
    rows = published()
    return Inventory(
        year=2019,
        energy={(r["sector"], r["carrier"]): float(r["mwh"]) for r in rows},
        emissions={(r["sector"], r["carrier"]): float(r["emissions_t"]) for r in rows},
        factors={r["carrier"]: float(r["factor_t_per_mwh"]) for r in rows},
        inhabitants=870_000,
        **more,
    )


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("swapped_in", ["", "B", "AB"])
def test_turins_published_table_comes_back_exactly(root, language, swapped_in):
    batch = read(root, turin(language=language, swapped_in=swapped_in))
    assert refusals(batch) == []
    (table,) = batch.tables
    assert table.name == "seap-2019.csv"
    found = {(r["sector"], r["carrier"]): float(r["mwh"]) for r in table.rows}
    golden = (GOLDEN / "turin/cities/turin/activity/2019.csv").read_text(encoding="utf-8")
    declared = csv.DictReader(line for line in golden.splitlines() if not line.startswith("#"))
    assert found == {(r["sector"], r["carrier"]): float(r["mwh"]) for r in declared}
    assert fsum(found.values()) == 10_479_355
    assert batch.findings == []  # the published tonnes agree with energy times factor


def test_an_old_workbook_with_two_swapped_columns_is_read_by_its_headers(root):
    """Sheet (2) swaps biofuel and plant oil in table B, as the published template does."""
    file = source(SAMPLES / "seap-template" / "due_inventari.xls")
    assert IMPORTER.recognises(file)
    batch = IMPORTER.read(file, context(root))
    assert refusals(batch) == []
    assert cells(batch) == {
        ("2005", HOMES, "electricity"): "1000",
        ("2005", HOMES, "natural_gas"): "5000",
        ("2010", HOMES, "electricity"): "900",
        ("2010", "private_transport", "biofuel"): "400",
        ("2010", "private_transport", "plant_oil"): "100",
    }
    assert [t.name for t in batch.tables] == ["seap-2005.csv", "seap-2010.csv"]
    # 400 x 0.255 and 100 x 0.287: read by position, both would differ from their tonnes
    assert told(batch) == [
        ("seap.action", "action 'Lampade LED' is told and not imported; enter it into actions.yaml")
    ]


def test_rows_name_their_sheet_as_source(root):
    batch = read(root, SMALL)
    assert batch.tables[0].rows[0] == {
        "year": "2005", "sector": HOMES, "carrier": "electricity", "mwh": "1000",
        "source": "seap.xlsx, sheet Inventario base emissioni (1)",
    }  # fmt: skip
    assert batch.tables[0].comment == "Imported from seap.xlsx"


def test_tonnes_that_do_not_follow_from_energy_are_told(root):
    wrong = {**SMALL.emissions, (HOMES, "natural_gas"): 1185.0}  # 5,000 x 0.237: the LCA factor
    batch = read(root, replace(SMALL, emissions=wrong))
    assert told(batch) == [
        ("seap.emissions_differ",
         "1,185.0 t are declared, and 5,000.0 MWh x 0.202 t/MWh make 1,010.0")
    ]  # fmt: skip
    assert batch.findings[0].subject.startswith(f"sheet {SHEET!r}, cell E")
    assert len(cells(batch)) == 3


def test_tonnes_without_energy_and_a_sheet_without_factors_are_told(root):
    alone = {**SMALL.emissions, (HOMES, "coal"): 50.0}
    batch = read(root, replace(SMALL, emissions=alone))
    assert told(batch) == [
        ("seap.emissions_alone",
         ("50.0 t of coal in residential_buildings without energy in table A, or without a factor: "
         "not checked"))
    ]  # fmt: skip
    batch = read(root, replace(SMALL, factors={}))
    assert told(batch) == [
        ("seap.no_factors", "no row of emission factors: tonnes were not checked")
    ]


def test_a_printed_total_that_its_cells_do_not_make_is_told(root):
    batch = read(root, replace(SMALL, total_mwh=6300.0))
    assert told(batch) == [
        ("seap.total_differs", "a total of 6,300.0 MWh is printed, and its cells make 6,030.0")
    ]


def test_what_has_no_place_yet_is_told_and_not_lost(root):
    batch = read(root, replace(SMALL, pv_mwh=120.0, green_mwh=80.0, waste_t=300.0, lca=True),
                 actions=True)  # fmt: skip
    assert told(batch) == [
        ("seap.other_emissions",
         "300.0 t of waste are told and not imported: they are of no energy"),
        ("seap.other_factors", "approach LCA; the plan's factor set prova has IPCC"),
        ("seap.green_electricity",
         "80.0 MWh of certified green electricity are told and not imported"),
        ("seap.local_electricity",
         ("Fotovoltaico: 120.0 MWh of local electricity in 2005 are told and not imported; local "
         "plants are meters of the installation")),
        ("seap.action",
         "action 'Lampade LED' is told and not imported; enter it into actions.yaml"),
    ]  # fmt: skip
    numbers = {f.name: f.numbers for f in batch.findings}
    assert numbers["seap.action"] == {
        "cost_eur": 300_000.0, "saving_mwh": 1375.0, "production_mwh": 0.0, "reduction_t": 650.5,
    }  # fmt: skip
    assert len(cells(batch)) == 3


def test_notation_keys_are_zero_or_nothing_and_never_a_guess(root):
    energy = {(HOMES, "electricity"): 1000.0, (HOMES, "heat_cold"): "NO", (HOMES, "coal"): "ie",
              (HOMES, "lignite"): "NE", (HOMES, "biofuel"): "C"}  # fmt: skip
    batch = read(root, Inventory(2005, energy))
    assert cells(batch) == {
        ("2005", HOMES, "electricity"): "1000",
        ("2005", HOMES, "heat_cold"): "0",
        ("2005", HOMES, "coal"): "0",
    }
    notes = {row["carrier"]: row.get("note") for row in batch.tables[0].rows}
    assert notes["heat_cold"] == "NO: not occurring"
    assert ("seap.left_out", "NE (not estimated): nothing is declared") in told(batch)
    assert (
        "seap.notation_key",
        "IE: included elsewhere: declared as 0, so that no earlier figure stands in",
    ) in told(batch)


def test_a_number_against_the_templates_own_rule_is_refused(root):
    energy = {(HOMES, "electricity"): "1.234,5", (HOMES, "natural_gas"): "1234.5"}
    batch = read(root, Inventory(2005, energy))
    ((where, message),) = refusals(batch)
    assert where.startswith(f"sheet {SHEET!r}, cell C")
    assert message == "expected a number with a decimal point, seen '1.234,5'"
    assert cells(batch) == {("2005", HOMES, "natural_gas"): "1234.5"}


def test_negative_energy_and_kwh_typed_as_mwh_are_refused(root):
    energy = {(HOMES, "electricity"): -5.0, (HOMES, "natural_gas"): 5_000_000.0,
              (FLEET, "diesel"): 30.0}  # fmt: skip
    batch = read(root, Inventory(2005, energy, inhabitants=1000))
    assert [message for _, message in refusals(batch)] == [
        "mwh: expected greater than or equal to 0, seen -5.0",
        (
            "natural_gas in residential_buildings, 2005: 5,000,000 MWh are 5,000 MWh an "
            "inhabitant, more than 1,000: probably kWh; correct the file"
        ),
    ]
    assert cells(batch) == {("2005", FLEET, "diesel"): "30"}


def test_figures_of_an_unknown_row_are_refused_with_its_label(root):
    rows = inventory_rows(SMALL)
    (at,) = [i for i, r in enumerate(rows) if r and r[0] == "M13"]
    rows[at][1] = "Edifici di montagna"
    file = source(save_xlsx(root.parent / "seap.xlsx", {SHEET: rows}))
    batch = IMPORTER.read(file, context(root))
    assert refusals(batch) == [
        (f"sheet {SHEET!r}, row {at + 1}", "'Edifici di montagna' is no sector that is known")
    ]


def test_an_inventory_without_a_year_asks_for_it(root):
    batch = read(root, replace(SMALL, year=None))
    assert refusals(batch) == [
        (f"sheet {SHEET!r}", "no inventory year; say it in the mapping: sheet and year")
    ]
    assert batch.tables == []
    batch = read(root, replace(SMALL, year=None), sheet=SHEET, year=2008)
    assert {row["year"] for row in batch.tables[0].rows} == {"2008"}


def test_an_empty_second_inventory_is_no_inventory(root):
    batch = read(root, SMALL, Inventory(None, {}))
    assert refusals(batch) == []
    assert len(batch.tables) == 1


def test_two_sheets_of_one_year_are_not_added_up(root):
    batch = read(root, SMALL, SMALL)
    assert len(refusals(batch)) == 3
    assert refusals(batch)[0][1].startswith(
        "electricity in residential_buildings, 2005 is there already (sheet 'Inventario base emiss"
    )


def test_a_workbook_without_an_inventory_says_what_it_has(root):
    file = source(save_xlsx(root.parent / "x.xlsx", {"Foglio1": [["a"]], "Piano": action_rows()}))
    assert not IMPORTER.recognises(file)
    with pytest.raises(DataError) as error:
        IMPORTER.read(file, context(root))
    assert str(error.value) == (
        "x.xlsx: no sheet with a table of final energy consumption by sector and carrier; there is "
        "'Foglio1', 'Piano'"
    )
