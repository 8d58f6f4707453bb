"""``paes progress`` against a target per head, with a share from outside and an interim point.

2005: 520.5 MWh of electricity x 0.483 + 900 of gas x 0.202 = 433.2015 t, of 1,000 people: 0.4332 t
a head. 2012 and 2020: the electricity goes on; 850 and 800 MWh of gas: 423.1015 and 413.0015 t.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from field_commands import CommandLine, command_line
from small_installation import SmallInstallation

from paes.causes.effects import Effects
from paes.cli.progress import say_whose
from paes.plan.target import Target
from paes.schema import Text

PLAN = "cities/porto/plan.yaml"
GAS = "year,sector,carrier,mwh,covers,source\n" + "".join(
    f"{year},municipal_buildings,natural_gas,{mwh},rest,bills\n"
    for year, mwh in ((2012, 850), (2020, 800))
)
TARGET = """\
    reduction_fraction: 0.14
    kind: per_capita
    population_estimate: {inhabitants: 950, source: the plan}
    interim: [{year: 2012, reduction_fraction: 0.04}]
"""


@pytest.fixture
def porto(small, tmp_path: Path, monkeypatch, capfd) -> CommandLine:
    """Runs a command on the small town, with inventories of 2005, 2012 and 2020."""
    (small.root / "cities/porto/activity/trasporti.csv").unlink()
    small.write({"cities/porto/activity/gas.csv": GAS})
    small.replace("cities/porto/city.yaml", "{year: 2007", "{year: 2005")
    small.replace(PLAN, "    reduction_fraction: 0.14\n", TARGET)
    paes = command_line(tmp_path, monkeypatch, capfd)
    return lambda *arguments, typed="": paes("--config", str(small.root), *arguments, typed=typed)


def test_a_target_per_head_is_judged_on_heads_and_told_in_tonnes(porto: CommandLine) -> None:
    """0.86 x 433.2015 / 1,000 x 950 = 353.93 t for all in 2020."""
    document = json.loads(porto("progress", "--json").out)
    assert document["unit"] == "t per head"
    base, interim, last = document["years"]
    assert [base["year"], interim["year"], last["year"]] == [2005, 2012, 2020]
    assert base["emissions"] == pytest.approx(0.4332015)
    assert interim["emissions"] == pytest.approx(0.4231015)  # nobody was counted since 2005
    assert last["emissions"] == pytest.approx(413.0015 / 950)
    assert document["target_emissions"] == pytest.approx(0.86 * 0.4332015)
    assert document["target_total_t"] == pytest.approx(353.93, abs=0.01)


def test_each_year_says_what_was_asked_of_whom(porto: CommandLine) -> None:
    """4 % in 2012 by the interim point, half of it from outside as at the target."""
    _, interim, last = json.loads(porto("progress", "--json").out)["years"]
    assert interim["required_fraction"] == pytest.approx(0.04)
    assert interim["required_supra_ordinate_fraction"] == pytest.approx(0.02)
    assert interim["required_own_fraction"] == pytest.approx(0.02)
    assert interim["path"] == pytest.approx(0.96 * 0.4332015)
    assert last["required_own_fraction"] == pytest.approx(0.07)
    told = porto("progress").err
    assert "asked in 2020: 14.0 %, of which 7.0 % supra-ordinate and 7.0 % own" in told


def test_causes_are_told_of_the_year_that_was_asked_for(porto: CommandLine) -> None:
    """433.2015 - 423.1015 t are 10 t less in 2012, and 20 t in 2020."""
    causes = {year: porto("progress", "--year", str(year)).out for year in (2012, 2020)}
    for year, t in ((2012, "10"), (2020, "20")):
        told = causes[year].split(f"Reduction 2005-{year} by cause")[1]
        (total,) = (line for line in told.splitlines() if line.startswith("│total reduction"))
        assert total.split("│")[2].strip() == t
    assert porto("progress").out == causes[2020]
    wrong = porto("progress", "--year", "2013")
    assert wrong.code == 1
    assert "no inventory for 2013; there is 2005, 2012, 2020" in wrong.err


def test_tonnes_per_head_are_printed_with_their_decimals(porto: CommandLine) -> None:
    """0.86 x 0.4332 = 0.373 t a head, of 950 people 354 t."""
    done = porto("progress")
    row = next(line for line in done.out.splitlines() if line.startswith("│2020 "))
    assert [cell.strip() for cell in row.split("│")][1:5] == ["2020", "0.435", "0.373", "0.062"]
    assert "0.373 t per head are 354 t of 950 inhabitants in 2020" in done.err


def test_a_table_in_kwh_is_no_progress_without_a_word(
    porto: CommandLine, small: SmallInstallation
) -> None:
    small.replace("cities/porto/activity/gas.csv", ",800,", ",2000000,")
    told = " ".join(porto("progress").err.split())
    assert "hardly right: natural_gas in municipal_buildings, 2020: probably kWh, not MWh" in told


@pytest.mark.parametrize(
    ("grid_t", "told"),
    [
        (15.0, "2020: without the fall of the grid's factor 5.0 %: less than the 10.0 % promised"),
        (8.0, "2020: without the fall of the grid's factor 12.0 %\n"),
        (0.0, "own: 4.0 % promised, 3.0 % declared by 2020"),
    ],
)
def test_a_promise_that_the_grid_alone_keeps_is_called_so(
    grid_t: float, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of 100 t 20 are gone: 15 by the grid leave 5 %, where 10 % were promised."""
    target = Target(
        id="ten", name=Text(it="dieci", en="ten"), base_year=2007, target_year=2020,
        reduction_fraction=0.10, supra_ordinate_fraction=0.06,
    )  # fmt: skip
    say_whose(target, Effects(2020, total_t=20.0, grid_t=grid_t, own_actions_t=3.0), 100.0)
    said = capsys.readouterr().err
    assert told in said
    assert ("grid" in said) == (grid_t > 0)
