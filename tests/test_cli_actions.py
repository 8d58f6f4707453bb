"""``paes actions`` as the office of the plan calls it, on a small register and the shipped one.

The small town freezes electricity at 2005's 0.483 t/MWh; gas has 0.202. So the lamps' 100 MWh are
48.3 t, and the boiler's 50 MWh are 10.1 t, of which 20 % count with the lamps: 8.08 t.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from field_commands import CommandLine, command_line

from paes.store.sqlite import SqliteStore

ACTIONS = "cities/porto/actions.yaml"
DAY = ("--as-of", "2026-11-22")
REGISTER = """\
actions:
  - id: led
    name: {it: Lampade LED, en: LED lamps}
    sector: public_lighting
    area: A21
    instrument: energy-management
    status: completed
    start: 2015-03-01
    end: 2016-10-31
    work_table: luce
    cost_eur: 200000
    spent_eur: 210000
    funding: [{source: own-resources, eur: 200000}]
    lifetime_years: 20
    carrier: electricity
    declared_saving_mwh: 100
    sites: [scuola]
    source: a letter
  - id: caldaia
    name: {it: Caldaia, en: Boiler}
    sector: municipal_buildings
    status: ongoing
    end: 2025-06-30
    cost_eur: 50000
    carrier: natural_gas
    declared_saving_mwh: 50
    overlaps: [{action: led, fraction: 0.2}]
    themes: [gas]
    assumed: true
    note: invented for tests
  - id: studio
    name: {it: Studio, en: Study}
    sector: municipal_buildings
    origin: national
    status: not_started
"""
MASTERPLAN = """\
name: {it: Piano, en: Plan}
work_tables:
  - {id: luce, name: {it: Luce, en: Light}}
themes:
  - {id: gas, name: {it: Gas, en: Gas}}
"""


@pytest.fixture
def paes(tmp_path: Path, monkeypatch, capfd) -> CommandLine:
    """Runs a command in an empty folder, on the shipped installation unless one is named."""
    return command_line(tmp_path, monkeypatch, capfd)


@pytest.fixture
def porto(small, paes: CommandLine) -> CommandLine:
    """Runs a command on the small town with the register above."""
    small.write({ACTIONS: REGISTER, "cities/porto/masterplan.yaml": MASTERPLAN})
    return lambda *arguments, typed="": paes("--config", str(small.root), *arguments, typed=typed)


def cells(text: str, first: str) -> list[str]:
    """The cells of the first line of a table whose first cell is ``first``."""
    rows = ([c.strip() for c in line.strip("│┃").split("│")] for line in text.splitlines())
    return next(row for row in rows if row[0] == first)


def test_the_register_is_told_by_status(porto):
    done = porto("actions", *DAY)
    assert done.code == 0
    assert "Porto: 3 actions, 0.25 MEUR (1 without a cost), as of 2026-11-22" in done.out
    # status, actions, late, cost, spent and funded kEUR, saved and made MWh, t a year, t in 2025
    assert cells(done.out, "completed") == [
        "completed", "1", "-", "200", "210", "200", "100", "0", "48.3", "48.3",
    ]  # fmt: skip
    assert cells(done.out, "ongoing") == [
        "ongoing", "1", "1", "50", "0", "0", "40", "0", "8.1", "0.0",
    ]  # fmt: skip
    assert cells(done.out, "total")[-2:] == ["56.4", "48.3"]
    assert cells(done.out, "caldaia")[-1] == "late, derived, 20 % elsewhere"
    assert cells(done.out, "studio")[-4:] == ["-", "-", "-", ""]
    assert "completed, t in 2025: 48.3 own, 0.0 supra-ordinate" in done.out
    assert "ongoing and not started, t a year: 8.1 own" in done.out
    assert "1 declare no effect: studio" in done.out
    assert "1 of 3 rest on assumed figures" in done.out


def test_what_is_odd_goes_to_standard_error(porto):
    told = porto("actions", *DAY).err.splitlines()
    assert [line.split(": ")[:2] for line in told] == [
        ["action.spent_above_cost", "led"],
        ["action.late", "caldaia"],
    ]
    assert "210,000 EUR were spent, more than its cost of 200,000 EUR" in told[0]


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--status", "ongoing", ["caldaia"]),
        ("--sector", "public_lighting", ["led"]),
        ("--origin", "national", ["studio"]),
        ("--work-table", "luce", ["led"]),
        ("--theme", "gas", ["caldaia"]),
    ],
)
def test_a_part_of_the_register(porto, option, value, expected):
    document = json.loads(porto("actions", *DAY, option, value, "--json").out)
    assert [a["id"] for a in document["actions"]] == expected
    assert document["total"]["actions"] == 1
    assert {f["subject"] for f in document["findings"]} <= set(expected)


def test_the_register_as_a_document(porto):
    document = json.loads(porto("actions", *DAY, "--json").out)
    assert document["city"] == "porto"
    assert document["year"] == 2025
    assert document["masterplan"]["work_tables"][0]["id"] == "luce"
    assert document["total"]["reduction_t"] == pytest.approx(48.3 + 8.08)
    assert document["completed_in_year"]["own_t"] == pytest.approx(48.3)
    assert document["planned_whole_year"]["total_t"] == pytest.approx(8.08)
    led, boiler, study = document["actions"]
    assert led["area_name"]["en"] == "Energy efficiency"
    assert led["instrument_name"]["en"] == "Energy management"
    assert led["end_of_life"] == "2036-10-31"
    assert boiler["whole_year"]["derived"] is True
    assert boiler["whole_year"]["counted_fraction"] == pytest.approx(0.8)
    assert boiler["whole_year"]["net_saving_mwh"] == pytest.approx(40)
    assert boiler["in_year"]["part_of_year"] == 0
    assert boiler["late"] is True
    assert study["whole_year"]["reduction_t"] is None


def test_effects_of_another_year_follow_its_days(porto):
    """Lamps of 31 October 2016 work on 61 of that year's 366 days: 48.3 x 61 / 366 = 8.05 t."""
    document = json.loads(porto("actions", *DAY, "--year", "2016", "--json").out)
    assert document["completed_in_year"]["own_t"] == pytest.approx(8.05)


def test_one_action_whole(porto):
    done = porto("actions", "caldaia", *DAY)
    facts = re.sub(r"\s+", " ", done.out)
    assert done.code == 0
    for expected in (
        "action caldaia", "Caldaia / Boiler", "status ongoing, late", "from, to - to 2025-06-30",
        "cost 50 000 EUR", "declared saving 50.0 MWh a year",
        "reduction 10.1 t a year, derived from energy", "8.1 t net: 20 % counts elsewhere",
        "in 2025 0.0 t net, working 0 % of the year", "overlaps led 20 %",
        "assumed invented for tests",
    ):  # fmt: skip
        assert expected in facts, expected
    funded = re.sub(r"\s+", " ", porto("actions", "led", *DAY).out)
    assert "funding own-resources 200 000 EUR lifetime" in funded  # the source once
    document = json.loads(porto("actions", "led", *DAY, "--json").out)
    assert document["id"] == "led"
    assert [f["name"] for f in document["findings"]] == ["action.spent_above_cost"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("caldai",), "porto: no action 'caldai'; there is caldaia, led, studio"),
        (("--work-table", "porto"), "porto: no work table 'porto'; there is luce"),
        (("--theme", "sole"), "porto: no theme 'sole'; there is gas"),
        (("--as-of", "yesterday"), "--as-of yesterday: expected a day such as 2025-12-31"),
        (("led", "--status", "ongoing"), "action led is none of those that were asked for"),
    ],
)
def test_a_slip_is_told_in_one_line(porto, arguments, told):
    done = porto("actions", *arguments)
    assert done.code == 1
    assert done.out == ""
    assert told in done.err.strip().splitlines()[-1]


def test_no_store_is_opened_for_the_register(porto, tmp_path):
    assert porto("actions", *DAY).code == 0
    assert not (tmp_path / "readings.sqlite").exists()


def test_a_base_year_without_an_inventory_does_not_hide_the_register(porto, tmp_path):
    """The small town declares diesel, for which its set of factors has none."""
    SqliteStore(tmp_path / "readings.sqlite").close()
    assert porto("inventory", "2005").code == 1
    assert cells(porto("actions", *DAY).out, "total")[1] == "3"


def test_a_register_beyond_its_base_year_is_told_where_there_is_a_store(porto, small, tmp_path):
    """2005, without the diesel: 520.5 MWh x 0.483 + 900 x 0.202 = 433.2 t; 483 t are declared."""
    SqliteStore(tmp_path / "readings.sqlite").close()
    (small.root / "cities/porto/activity/trasporti.csv").unlink()
    small.replace(ACTIONS, "declared_saving_mwh: 100", "declared_saving_mwh: 1000")
    told = [line.split(": ")[0] for line in porto("actions", *DAY).err.splitlines()]
    assert "plan.reductions_exceed_base" in told
    (tmp_path / "readings.sqlite").unlink()
    assert "plan.reductions_exceed_base" not in porto("actions", *DAY).err


def test_the_shipped_register_is_told_without_anything_odd(paes):
    done = paes("actions", *DAY)
    assert done.code == 0
    assert done.err == ""
    assert "La Spezia: 37 actions" in done.out
    assert cells(done.out, "illuminazione-led")[1:3] == ["completed", "2016-12-31"]


def test_a_town_without_a_register_says_so(paes):
    done = paes("--city", "lerici", "actions", *DAY)
    assert done.code == 0
    assert done.out.strip() == "Lerici: no action of 0 was asked for, as of 2026-11-22"
