"""``paes faults``: the list by money, one case whole, what people say, labels, a run.

Cases are those of ``kept_faults`` in the small installation, but for the run, which looks at a
school that takes 2 kW day and night, and 4 kW from March 2025 on.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from field_commands import CommandLine, command_line
from kept_faults import keep, leak
from small_installation import SmallInstallation

from paes.cli.fault_picture import bars, by_day, chart
from paes.faults.episode import Picture
from paes.faults.money.price import NOTHING, Price, Waste
from paes.faults.rule_table import RULES
from paes.periods import to_seconds
from paes.store.sqlite import SqliteStore

DEAR, CHEAP, CLOSED, FREE = (
    f"{subject}/water_leak/2025-03-01"
    for subject in ("scuola.main", "scuola.palestra", "molo.gas", "molo.free")
)


def small_paes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> CommandLine:
    run = command_line(tmp_path, monkeypatch, capfd)
    monkeypatch.setenv("PAES_CONFIG", str(tmp_path / "installation"))
    return run


@pytest.fixture
def paes(small: SmallInstallation, tmp_path, monkeypatch, capfd) -> CommandLine:
    store = SqliteStore(tmp_path / "readings.sqlite")
    keep(
        store,
        leak("scuola.palestra", "scuola", "porto", 10, 7.0),
        leak("molo.free", "molo", "porto", 10, None),
        leak("scuola.main", "scuola", "porto", 40, 28.0),
        leak("molo.gas", "molo", "porto", 100, 70.0, is_over=True),
        leak("other.water", "other", "altrove", 100, 70.0),
    )
    store.close()
    return small_paes(tmp_path, monkeypatch, capfd)


def listed(paes: CommandLine, *options: str) -> list[str]:
    done = paes("faults", *options, "--json")
    assert done.code == 0, done.err
    return [case["id"] for case in json.loads(done.out)["cases"]]


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


def test_open_cases_of_the_town_are_listed_the_dearest_a_week_first(paes):
    """30 days of 28 EUR a week: 120 EUR; 40 l/h in 30 days: 28.8 m3."""
    done = paes("faults")
    assert done.code == 0
    assert [row[:7] for row in rows(done.out)] == [
        ["1", "Water leak", "Scuola (scuola.main)", "2025-03-01", "new", "28.00", "120.00"],
        ["2", "Water leak", "Scuola (scuola.palestra)", "2025-03-01", "new", "7.00", "30.00"],
        ["3", "Water leak", "Molo (molo.free)", "2025-03-01", "new", "-", "-"],
    ]
    assert rows(done.out)[0][7] == "28.8 m3"
    assert "Porto: 3 cases" in done.out
    assert "at least 40 litres of water an hour pass" in done.out
    assert "nobody has looked for malfunctions yet: paes faults run" in done.err


def test_sentences_come_in_italian_if_that_is_asked_for(paes):
    assert "passano almeno 40 litri d’acqua all’ora" in paes("faults", "--lang", "it").out


@pytest.mark.parametrize(
    ("options", "cases"),
    [
        ((), [DEAR, CHEAP, FREE]),
        (("--site", "molo"), [FREE]),
        (("--state", "all"), [DEAR, CHEAP, CLOSED, FREE]),
        (("--state", "verified"), [CLOSED]),
        (("--state", "dismissed"), []),
        (("--from", "2025-03-20"), [DEAR, CHEAP, CLOSED, FREE]),
        (("--from", "2025-04-20"), []),
        (("--to", "2025-03-01"), []),
        (("--rule", "water_leak"), [DEAR, CHEAP, FREE]),
        (("--rule", "stuck_meter"), []),
    ],
)
def test_only_what_is_asked_for_is_listed(paes, options, cases):
    assert listed(paes, *options) == cases


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--site", "scola"), "no site 'scola'; there is molo, scuola"),
        (("--rule", "leak"), "no rule 'leak'; there is"),
        (("show", "x"), "no case 'x'; there is molo.free/water_leak/2025-03-01"),
        (("run", "--from", "2199-01-01"), "--from 2199-01-01 is not before now"),
        (
            ("run", "--from", "2025-02-01", "--to", "2025-01-01"),
            "--from 2025-02-01 is not before --to 2025-01-01",
        ),
        (("dismiss", DEAR, "--by", "Rossi"), "is dismissed with a reason, and none is given"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(paes, arguments, message):
    done = paes("faults", *arguments)
    assert (done.code, done.out) == (1, "")
    assert message in done.err
    assert done.err.count("\n") == 1


def test_one_case_is_shown_with_all_that_proves_it(paes):
    done = paes("faults", "show", DEAR)
    assert done.code == 0
    told = done.out
    for text in (
        "Water leak: Scuola (scuola.main)",
        "Close all taps",
        "seen     2025-03-01 01:00 to 2025-03-31 02:00, not over",
        "rule     water_leak, version 1",
        "a bar a day, the highest 40.0 l/h; · is not known",
        "What was compared",
    ):
        assert text in told
    cells = rows(told)
    assert ["night_flow_l_h", "40"] in cells
    assert ["nights_in_a_row", "5"] in cells
    assert ["usual", "2025-02-01 01:00", "2025-03-01 01:00"] in cells
    assert ["so far", "28.8", "25.9 to 31.7", "120.00", "108.00 to 132.00", "-"] in cells
    assert ["new", "2025-03-06 01:00", "readings", "seen, and nobody has said a word"] in cells
    chart_line = next(line for line in told.splitlines() if line.startswith("2025-02-01 seen"))
    assert chart_line.split("seen  ")[1] == "     ·" + " " * 22 + "█" * 28


def test_the_document_of_a_case_carries_its_amounts_and_its_picture(paes):
    document = json.loads(paes("faults", "show", DEAR, "--json").out)
    assert (document["state"], document["is_open"]) == ("new", True)
    assert sum(document["excess"]["likely"]) == pytest.approx(28.8)
    assert document["picture"]["seen"][5] is None
    assert document["picture"]["unit"] == "l/h"
    assert document["price"]["per_week"]["eur"]["likely"] == 28.0
    assert "all’ora" in document["says"]["it"]


def test_words_of_people_are_kept_with_their_authors(paes):
    told = [
        paes("faults", "acknowledge", DEAR, "--by", "Rossi"),
        paes("faults", "assign", DEAR, "--by", "Rossi", "--to", "Bianchi"),
        paes("faults", "repaired", DEAR, "--by", "Bianchi", "--reason", "new valve"),
    ]
    assert [done.out.strip() for done in told] == [
        f"{DEAR} is acknowledged",
        f"{DEAR} is assigned to Bianchi",
        f"{DEAR} is repaired",
    ]
    document = json.loads(paes("faults", "show", DEAR, "--json").out)
    assert [(d["word"], d["author"]) for d in document["decisions"]] == [
        ("acknowledge", "Rossi"), ("assign", "Rossi"), ("repaired", "Bianchi"),
    ]  # fmt: skip
    steps = [row[:4] for row in rows(paes("faults", "show", DEAR).out) if row[0].startswith("as")]
    assert [(row[0], row[2]) for row in steps] == [("assigned to Bianchi", "Rossi")]
    again = paes("faults", "repaired", DEAR, "--by", "Verdi")
    assert again.code == 1
    assert "repaired is not for a case that is repaired" in again.err
    assert "Bianchi said so); one can still say: assign, dismiss" in again.err


def test_what_people_called_a_malfunction_or_none_are_labels(paes):
    assert "nobody has called a case repaired" in paes("faults", "labels").err
    paes("faults", "dismiss", CHEAP, "--by", "Rossi", "--reason", "garden, on purpose")
    paes("faults", "repaired", DEAR, "--by", "Bianchi", "--reason", "new valve")
    assert [[row[0], row[1], row[2], row[4]] for row in rows(paes("faults", "labels").out)] == [
        [DEAR, "yes", "Bianchi", "new valve"],
        [CHEAP, "no", "Rossi", "garden, on purpose"],
    ]
    (_, dismissed) = json.loads(paes("faults", "labels", "--json").out)
    assert (dismissed["is_malfunction"], dismissed["numbers"]["night_flow_l_h"]) == (False, 10.0)
    assert listed(paes) == [DEAR, FREE]
    (row,) = rows(paes("faults", "--state", "dismissed").out)
    assert row[4:] == ["dismissed", "-", "-", "-", "-"]  # what is none was no loss


def test_who_says_nothing_of_who_he_is_is_a_wrong_call(paes):
    done = paes("faults", "acknowledge", DEAR)
    assert done.code == 2
    assert "--by" in done.err


# --- a run ---------------------------------------------------------------------------------------

ONLY = "base_load"


@pytest.fixture
def school(small: SmallInstallation, tmp_path, monkeypatch, capfd) -> CommandLine:
    """2 kW from January 2024 on, 4 kW from March 2025 on, read every quarter hour until May."""
    off = [f"  {one.id}: {{enabled: false, reason: not here}}" for one in RULES if one.id != ONLY]
    assert off
    text = "\n".join(["rules:", *off, ""])
    (small.root / "faults.yaml").write_text(text, encoding="utf-8")
    meters = "cities/porto/meters.yaml"
    written = (small.root / meters).read_text(encoding="utf-8")
    swaps = written.split("ct_ratio: 40\n")[1].split("  - id")[0]
    small.replace(meters, swaps, "    rated_power_kw: 10\n    valid_from: 2024-01-01\n")
    store = SqliteStore(tmp_path / "readings.sqlite")
    first, rise, last = (
        to_seconds(datetime(*day, tzinfo=UTC)) for day in ((2024, 1, 1), (2025, 3, 1), (2025, 5, 1))
    )
    t = np.arange(first, last, 900, dtype=np.int64)
    kwh = (np.minimum(t, rise) - first) / 1800 + np.maximum(t - rise, 0) / 900
    store.write_series("scuola.main/energy_import", t, kwh)
    store.close()
    return small_paes(tmp_path, monkeypatch, capfd)


def test_a_run_finds_what_is_there_once(school):
    done = school("faults", "run", "--from", "2025-03-01", "--to", "2025-05-01")
    assert done.code == 0, done.err
    assert "1 new, of which 1 open; 0 changed, 0 closed; 1 open now" in done.out
    (case,) = json.loads(school("faults", "--json").out)["cases"]
    assert (case["rule"], case["subject"], case["state"]) == ("base_load", "scuola.main", "new")
    assert case["since"][:10] in ("2025-02-28", "2025-03-01", "2025-03-02")
    assert case["price"]["so_far"]["amount"]["likely"] > 0
    again = json.loads(school("faults", "run", "--from", "2025-04-01", "--json").out)
    assert (again["new"], again["changed"], again["closed"]) == ([], [], [])
    assert (again["cases"], again["open"]) == (1, 1)
    assert "looked for last" in school("faults").err


# --- the picture ---------------------------------------------------------------------------------


def test_bars_are_eighths_of_the_highest_and_a_gap_is_no_zero():
    values = np.array([0.0, 0.1, 1.0, 4.0, 8.0, np.nan, -2.0])
    assert bars(values, 8.0) == " ▁▁▄█· "


def test_steps_of_a_day_are_drawn_as_their_mean():
    hours = np.arange(48, dtype=np.float64)
    hours[24:] = np.nan
    picture = Picture(0, 3600, "kW", hours, hours)
    assert by_day(picture, hours)[0] == 11.5  # the mean of 0 … 23
    assert np.isnan(by_day(picture, hours)[1])
    assert list(chart(picture)) == [
        "a bar a day, the highest 11.5 kW; · is not known",
        "1970-01-01 seen  █·",
        "           usual █·",
    ]


def test_days_that_are_nearly_alike_are_drawn_from_above_zero():
    # Four dark lamps of a hundred: 8.7 of 9.0 kW. The scale begins a third of the range below.
    seen = np.array([9000.0, 9000.0, 8700.0])
    picture = Picture(0, 86_400, "W", seen, np.full(3, 9000.0))
    assert list(chart(picture)) == [
        "a bar a day, from 8 600 to 9 000 W; · is not known",
        "1970-01-01 seen  ██▂",  # (8700 - 8600) / (9000 - 8600) = 2/8
        "           usual ███",
    ]


def test_a_list_tells_which_cases_are_probably_one_event_and_how_each_is_shown(paes, tmp_path):
    twin = replace(
        leak("scuola.main", "scuola", "porto", 10, 20.0),
        id="scuola.main/water_standing/2025-03-01",
        rule="water_standing",
    )
    store = SqliteStore(tmp_path / "readings.sqlite")
    keep(store, twin)
    store.close()
    done = paes("faults")
    dear, other, *_ = (part for part in done.out.split("\n1. ")[1].split("\n2. "))
    assert "\n   2 is probably the same\n" in dear  # 20 of 28 EUR a week
    assert "\n   probably the same as 1\n" in other
    assert "what two cases tell of counts once" in done.err
    for case in (DEAR, CHEAP, FREE, twin.id):
        assert f"paes faults show {case}\n" in done.out


def test_why_a_case_has_no_price_is_told(paes, tmp_path):
    over = replace(
        leak("scuola.main", "scuola", "porto", 10, None),
        id="scuola.main/contract_power/2025-03-01",
        rule="contract_power",
        price=Price("kWh", Waste(NOTHING, None, None), Waste(NOTHING, None, None)),
    )
    store = SqliteStore(tmp_path / "readings.sqlite")
    keep(store, over)
    store.close()
    assert (
        "price    none: the contract bills the power agreed" in paes("faults", "show", over.id).out
    )
    assert "price    none: it is not known to waste" in paes("faults", "show", FREE).out


def test_what_is_over_says_since_when(paes):
    # A leak from 1 March on, of 30 days.
    done = paes("faults", "--state", "verified")
    assert f"   over since 2025-03-31\n   paes faults show {CLOSED}\n" in done.out
    assert "over since" not in paes("faults").out
