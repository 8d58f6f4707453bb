"""Emissions beside energy, and green electricity as a row of its own.

The town: 100 MWh of electricity at 0.3 t/MWh in 2020, 30 t; waste 12 t in 2019.
"""

from __future__ import annotations

import csv

import pytest
from factor_town import (
    GAS,
    OFFICES,
    POWER,
    factor,
    inventory,
    ledger_of,
    library,
    row,
    told,
    town,
)
from pydantic import ValidationError
from small_installation import SmallInstallation

from paes.config import load_installation
from paes.errors import ConfigError, FactorMissing
from paes.inventory.other_emissions import DeclaredOther, OtherRow
from paes.report.files import write_report
from paes.report.inventory_documents import inventory_document
from paes.supply.declared_supply import DeclaredSupply
from paes.supply.green_electricity import GreenPurchase

FACTORS = library(factor(POWER, 0.3))
ROWS = (row(2007, POWER, 200.0, OFFICES), row(2020, POWER, 100.0, OFFICES))
WASTE, WATER, OTHER = OtherRow.WASTE_MANAGEMENT, OtherRow.WASTE_WATER, OtherRow.OTHER


def other(year: int, of: OtherRow, t: float, **more) -> DeclaredOther:
    return DeclaredOther(year=year, row=of, t=t, source="register", **more)


def test_rows_without_energy_are_part_of_the_total_and_of_its_bounds(tmp_path):
    city = town(
        *ROWS, other_emissions=(
            other(2020, WASTE, 12.0, use="landfill"), other(2020, WATER, 3.0),
            other(2020, OTHER, -5.0, use="trees", note="what they take up"),
        ),
    )  # fmt: skip
    made = inventory(city, FACTORS, 2020, tmp_path)
    assert (made.energy_emissions_t, made.other_t) == (pytest.approx(30.0), pytest.approx(10.0))
    assert made.emissions_t == pytest.approx(40.0)
    assert made.bounds_t == (pytest.approx(40.0), pytest.approx(40.0))
    assert made.energy_mwh == 100.0
    assert [(r.code, r.what) for r in made.other_rows] == [
        ("M93", "other/trees"), ("M91", "waste_management/landfill"), ("M92", "waste_water"),
    ]  # fmt: skip


def test_an_earlier_figure_stands_in_and_says_so(tmp_path):
    city = town(*ROWS, other_emissions=(other(2007, WASTE, 20.0), other(2019, WASTE, 12.0)))
    made = inventory(city, FACTORS, 2020, tmp_path)
    assert made.emissions_t == pytest.approx(42.0)
    (finding,) = told(made.findings, "other_emissions.carried")
    assert finding.subject == "2020/waste_management"
    assert finding.message == "nothing declared for 2020: the figure of 2019 stands in"
    assert finding.numbers == {"declared_t": 12.0}
    assert inventory(city, FACTORS, 2007, tmp_path).other_t == 20.0


def test_a_figure_that_may_hold_later_ones_is_told(tmp_path):
    """20 t of waste in 2007; 7 t of landfill in 2020 may be a part of them, or stand beside."""
    whole, part = other(2007, WASTE, 20.0), other(2020, WASTE, 7.0, use="landfill")
    made = inventory(town(*ROWS, other_emissions=(whole, part)), FACTORS, 2020, tmp_path)
    assert made.other_t == 27.0
    (finding,) = told(made.findings, "other_emissions.undivided")
    assert finding.subject == "2020/waste_management"
    ended = town(*ROWS, other_emissions=(whole, part, other(2020, WASTE, 0.0)))
    made = inventory(ended, FACTORS, 2020, tmp_path)
    assert (made.other_t, told(made.findings, "other_emissions.undivided")) == (7.0, [])
    assert inventory(ended, FACTORS, 2007, tmp_path).other_t == 20.0


def test_assumed_rows_count_by_their_size(tmp_path):
    """30 t sourced, 10 t assumed taken off: 10 of 40."""
    trees = DeclaredOther(year=2007, row=OTHER, t=-10.0, assumed=True, note="trees by area")
    made = inventory(town(*ROWS, other_emissions=(trees,)), FACTORS, 2020, tmp_path)
    assert made.assumed_fraction == pytest.approx(0.25)


GREEN = DeclaredSupply(green=(GreenPurchase(year=2020, mwh=40.0, source="certificates"),))


@pytest.mark.parametrize(
    ("treatment", "total_t"),
    [("own_row", 18.0), ("not_counted", 30.0)],  # 30 - 40 x 0.3
)
def test_green_electricity_is_taken_off_where_the_plan_wants_it(tmp_path, treatment, total_t):
    city = town(*ROWS, plan={"green_electricity": treatment}, supply=GREEN)
    assert inventory(city, FACTORS, 2020, tmp_path).emissions_t == pytest.approx(total_t)


def test_the_credit_says_what_it_is_made_of_and_is_not_carried(tmp_path):
    city = town(*ROWS, row(2021, POWER, 100.0, OFFICES), supply=GREEN,
                plan={"green_electricity": "own_row"})  # fmt: skip
    (credit,) = inventory(city, FACTORS, 2020, tmp_path).other_rows
    assert (credit.code, credit.emissions_t) == ("M510", pytest.approx(-12.0))
    assert credit.numbers == {
        "mwh": 40.0, "electricity_t_per_mwh": 0.3, "certified_t_per_mwh": 0.0
    }  # fmt: skip
    assert credit.formula == "mwh * (certified_t_per_mwh - electricity_t_per_mwh)"
    assert inventory(city, FACTORS, 2021, tmp_path).other_rows == ()


def test_its_life_cycle_counts_in_a_set_that_counts_life_cycles(tmp_path):
    """Two contracts, 40 MWh at 0.05 and 10 at nothing: 2 - 50 x 0.3 = -13 t; by IPCC -15 t."""
    two = DeclaredSupply(
        green=(
            GreenPurchase(year=2020, contract="a", mwh=40.0, factor_t_per_mwh=0.05, source="c"),
            GreenPurchase(year=2020, contract="b", mwh=10.0, factor_t_per_mwh=0.0, source="d"),
        )
    )
    city = town(*ROWS, plan={"green_electricity": "own_row"}, supply=two)
    lca = library(factor(POWER, 0.3), approach="LCA", gas="CO2eq")
    (credit,) = inventory(city, lca, 2020, tmp_path).other_rows
    assert credit.emissions_t == pytest.approx(-13.0)
    assert credit.source == "c; d"
    (credit,) = inventory(city, FACTORS, 2020, tmp_path).other_rows
    assert credit.emissions_t == pytest.approx(-15.0)


def test_a_life_cycle_that_nobody_tells_is_no_zero(tmp_path):
    city = town(*ROWS, plan={"green_electricity": "own_row"}, supply=GREEN)
    lca = library(factor(POWER, 0.3), approach="LCA", gas="CO2eq")
    with pytest.raises(FactorMissing, match="2020 has no factor_t_per_mwh"):
        inventory(city, lca, 2020, tmp_path)


def test_the_document_has_every_row_beside_energy(tmp_path):
    city = town(*ROWS, other_emissions=(other(2020, WASTE, 12.0, use="landfill"),))
    document = inventory_document(city, inventory(city, FACTORS, 2020, tmp_path), {})
    (waste,) = document["other_rows"]
    assert (waste["row"], waste["code"], waste["use"], waste["emissions_t"]) == (
        "waste_management", "M91", "landfill", 12.0
    )  # fmt: skip
    assert (document["energy_emissions_t"], document["other_t"]) == (pytest.approx(30.0), 12.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"row": "waste_water", "t": 1.0}, "needs a source"),
        ({"row": "waste_water", "t": -1.0, "source": "s", "note": "n"}, "stands in the row other"),
        ({"row": "other", "t": -1.0, "source": "s"}, "with a note that says what removes it"),
        ({"row": "green_electricity", "t": -1.0, "source": "s"}, "in green_electricity.csv"),
    ],
)
def test_a_row_that_cannot_be_is_refused(given, message):
    with pytest.raises(ValidationError, match=message):
        DeclaredOther.model_validate({"year": 2020, **given})


# What the configuration says

TABLE = "cities/porto/inventory/other_emissions.csv"
HEAD = "year,row,use,t,source\n"


@pytest.fixture
def small(tmp_path) -> SmallInstallation:
    return SmallInstallation(tmp_path)


def test_the_table_of_a_city_is_read_with_its_lines(small):
    small.write({TABLE: f"# waste\n{HEAD}2005,waste_management,landfill,900,register\n"})
    (read,) = load_installation(small.root).city().other_emissions
    assert (read.t, read.use, read.place) == (900.0, "landfill", "other_emissions.csv:3")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("2005,waste,,9,s", "2: row: "),
        ("2005,waste_water,,much,s", "2: t: "),
        ("2005,waste_water,,9,", "2: a declared figure needs a source"),
        ("2005,waste_water,,9,s\n2005,waste_water,,8,s", "3: waste_water, 2005 is there already"),
    ],
)
def test_what_is_wrong_in_it_is_told_with_its_line(small, lines, problem):
    small.write({TABLE: f"{HEAD}{lines}\n"})
    with pytest.raises(ConfigError) as caught:
        load_installation(small.root)
    (told_,) = caught.value.problems
    assert told_.removeprefix(f"{small.root / TABLE}:").startswith(problem)


def test_the_written_report_holds_every_tonne_of_the_total(tmp_path):
    """30 t of energy, 12 t of landfill, -5 t of trees; gas is not estimated: 37 t and a key."""
    city = town(
        *ROWS,
        row(2020, GAS, None, OFFICES, notation="NE", note="no survey"),
        other_emissions=(
            other(2020, WASTE, 12.0, use="landfill"),
            other(2020, OTHER, -5.0, use="trees", note="what they take up"),
        ),
    )
    files = write_report(city, 2020, ledger_of(city, FACTORS, tmp_path), tmp_path / "out")
    tables = {
        path.name: list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        for path in files
        if path.suffix == ".csv"
    }
    written = [*tables["town-2020-inventory.csv"], *tables["town-2020-other-rows.csv"]]
    assert sum(float(r["emissions_t"]) for r in written) == pytest.approx(37.0)
    (key,) = tables["town-2020-notation.csv"]
    assert (key["carrier"], key["notation"], key["explanation"]) == (
        "natural_gas", "NE", "no survey"
    )  # fmt: skip
