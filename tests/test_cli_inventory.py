"""``paes inventory`` as a person calls it, in a town of a few rows; figures are reckoned by hand.

520.5 MWh of electricity at 0.483 are 251.4015 t, 900 MWh of gas at 0.202 are 181.8 t and 4,000 MWh
of diesel at 0.25 are 1,000 t: 1,433.2015 t in 2005. In 2010 the first is 400 MWh (193.2 t), what is
not declared is carried, and waste makes 70 t.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from small_installation import SmallInstallation

from paes.cli import Session
from paes.cli.finding_groups import grouped_lines
from paes.cli.inventory import inventory
from paes.metering import Finding

Run = Callable[..., Result]
TOTAL_2010_T = 193.2 + 181.8 + 1000.0 + 70.0


@pytest.fixture
def small(tmp_path: Path) -> SmallInstallation:
    made = SmallInstallation(tmp_path / "config")
    made.write(
        {
            "factors/prova.csv": (
                "carrier,year,factor_t_per_mwh,source\n"
                "electricity,2005,0.483,invented for tests\n"
                "natural_gas,,0.202,invented for tests\n"
                "diesel,,0.25,invented for tests\n"
            ),
            "cities/porto/activity/dopo.csv": (
                "year,sector,carrier,mwh,notation,source,note\n"
                "2010,municipal_buildings,electricity,400,,bills,\n"
                "2010,residential_buildings,coal,,NO,,nobody burns coal\n"
            ),
            "cities/porto/inventory/other_emissions.csv": (
                "year,row,t,source\n2010,waste_management,70,register\n"
            ),
        }
    )
    return made


@pytest.fixture
def run(small: SmallInstallation, tmp_path: Path) -> Iterator[Run]:
    sessions: list[Session] = []

    def call(*arguments: str) -> Result:
        session = Session(str(small.root), str(tmp_path / "readings.sqlite"), None)
        sessions.append(session)
        return CliRunner().invoke(inventory, arguments, obj=session, catch_exceptions=False)

    yield call
    for session in sessions:
        session.store.close()


def test_the_method_is_named_in_full(run):
    told = " ".join(run("2010").stdout.split())
    assert "Porto 2010: MEI, monitoring emission inventory" in told
    assert "factors prova (IPCC, CO2, version 1)" in told
    assert "electricity national, frozen at 2005" in told
    assert "green electricity not counted" in told
    assert "all known factors" in told
    asked = " ".join(run("2010", "--electricity", "current").stdout.split())
    assert "electricity national, current" in asked
    known = " ".join(run("2010", "--as-of", "2012-01-31").stdout.split())
    assert "factors as known on 2012-01-31" in known


def cells(text: str) -> dict[str, list[str]]:
    rows = [line.strip("│").split("│") for line in text.splitlines() if line.startswith("│")]
    return {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows}


def test_cells_sectors_groups_and_other_rows_add_up(run):
    rows = cells(run("2010").stdout)
    assert rows["municipal_buildings"][0] == "1 300.0"
    assert rows["municipal_buildings"][7] == "375.0"
    assert rows["= buildings and industries"][7] == "375.0"
    assert rows["= transport"][7] == "1 000.0"
    assert rows["waste_management"][7] == "70.0"
    assert rows["= without energy"][7] == "70.0"
    assert rows["total"][7] == "1 445.0"


def test_each_figure_says_what_it_rests_on(run):
    rows = cells(run("2010").stdout)
    # of 1,300 MWh 400 are declared and 900 carried; of 5,300 MWh 8 % and 92 %
    assert rows["municipal_buildings"][1:6] == ["", "", "", "31", "69"]
    assert rows["total"][1:6] == ["", "", "", "8", "92"]
    assert rows["natural_gas"][-1] == "a"
    assert rows["coal"][0] == "NO"
    # a sector of keys alone has no figure, and 0.0 would be one
    assert rows["residential_buildings"] == [""] * 10


def test_it_fits_a_hundred_columns(run):
    for arguments in (("2010",), ("2010", "--bridge"), ("2005",)):
        lines = run(*arguments).stdout.splitlines()
        assert len(lines) > 8
        assert max(len(line) for line in lines) <= 100


def test_findings_are_beside_the_figures_and_grouped(run):
    done = run("2010")
    assert "activity.carried: 2010/municipal_buildings/natural_gas" in done.stderr
    assert "comparability.row_new: 2010/waste_management" in done.stderr
    assert "activity.carried" not in done.stdout


def test_many_findings_of_a_name_are_one():
    found = [Finding("activity.carried", f"2010/{n}", f"of {n}") for n in "abcde"]
    other = [Finding("factor.earlier", "x", "an old one")]
    assert grouped_lines([*found, *other]) == [
        "activity.carried (5): 2010/a: of a. Likewise: 2010/b, 2010/c, 2010/d, 2010/e",
        "factor.earlier: x: an old one",
    ]
    assert len(grouped_lines([*found, *other], every=True)) == 6
    long = [Finding("a.b", "x", "word " * 60)]
    assert max(map(len, grouped_lines(long))) <= 100


def test_the_document_is_complete(run):
    told = json.loads(run("2010", "--json").stdout)
    assert told["emissions_t"] == pytest.approx(TOTAL_2010_T)
    assert told["method"] == {
        "factor_set": "prova", "approach": "IPCC", "gas": "CO2", "version": "1",
        "base_year": 2005, "electricity_factor": "frozen", "electricity_scope": "national",
        "green_electricity": "not_counted", "gwp": None, "factors_as_of": None,
    }  # fmt: skip
    assert told["id"] == "porto/inventory/2010/t"
    lines = {(line["sector"], line["carrier"]): line for line in told["lines"]}
    assert len(lines) == 3
    gas = lines["municipal_buildings", "natural_gas"]
    assert (gas["code_a"], gas["code_b"]) == ("M11", "M51")
    assert gas["evidence"]["carried_mwh"] == 900.0
    assert gas["id"].startswith("porto/inventory/2010/municipal_buildings/natural_gas/")
    for line in lines.values():
        parts = [v for k, v in line["evidence"].items() if not k.startswith("missing")]
        assert sum(parts) == pytest.approx(line["energy_mwh"])
    assert [row["code"] for row in told["other_rows"]] == ["M91"]
    assert [cell["notation"] for cell in told["noted"]] == ["NO"]
    assert told["scope_bridge"]["emissions_t"] == pytest.approx(TOTAL_2010_T)
    assert [f["name"] for f in told["comparability"]] == ["comparability.row_new"]
    assert told["uncertainty"]["draws"] == 10_000


def test_the_base_year_is_compared_with_nothing(run):
    told = json.loads(run("2005", "--json").stdout)
    assert (told["kind"], told["comparability"]) == ("BEI", [])


def test_tables_have_their_codes(run):
    told = json.loads(run("2010", "--table", "B", "--json").stdout)
    rows = {row["code"]: row for row in told["rows"]}
    assert rows["M51"]["cells"] == {
        "electricity": pytest.approx(193.2), "natural_gas": pytest.approx(181.8),
        "total": pytest.approx(375.0),
    }  # fmt: skip
    assert rows["M53"]["notation"] == {"coal": "NO"}
    assert rows["M91"]["cells"] == {"total": 70.0}
    assert rows["M109"]["cells"]["total"] == pytest.approx(TOTAL_2010_T)
    assert rows["M109"]["title"] == {"it": "Totale", "en": "Total"}
    shown = run("2010", "--table", "b").stdout
    assert "M109" in shown
    assert "Empty columns: Heat/cold, Liquid gas" in shown


def test_a_table_as_csv_has_every_row_and_column(run):
    done = run("2010", "--table", "A", "--csv", "--language", "it")
    head, *rows = csv.reader(io.StringIO(done.stdout))
    assert head[:5] == ["code", "row", "Elettricità", "Calore/freddo", "Gas naturale"]
    assert len(head) == 18
    assert {len(row) for row in rows} == {18}
    by_code = {row[0]: row for row in rows}
    assert by_code["M11"][2:5] == ["400", "", "900"]
    assert by_code["M13"][10] == "NO"  # coal
    assert by_code["M49"][-1] == "5300"
    assert "assumed figures" in done.stderr


def test_the_bridge_is_a_tree_of_sums(run):
    shown = run("2010", "--bridge").stdout
    rows = cells(shown)
    assert rows["whole territory"][2] == "1 445.0"
    assert rows["the municipality's own"][2] == "375.0"
    assert rows["carried from an earlier year"][2] in ("181.8", "1 000.0")
    told = json.loads(run("2010", "--bridge", "--json").stdout)["bridge"]
    assert told["emissions_t"] == pytest.approx(TOTAL_2010_T)
    own = next(part for part in told["parts"] if part["level"] == "municipal")
    assert own["emissions_t"] == pytest.approx(375.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("2010", "--table", "A", "--bridge"), "--table and --bridge are two questions"),
        (("2010", "--csv"), "--csv is of a table: say which"),
        (("2010", "--table", "A", "--csv", "--json"), "--csv and --json are two forms"),
        (("2010", "--table", "E"), "Invalid value for '--table': 'E' is not one of"),
    ],
)
def test_questions_at_odds_are_refused(run, arguments, message):
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr
