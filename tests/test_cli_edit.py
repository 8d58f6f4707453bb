"""``paes edit``: corrections with a reason, shown before and after, listed, withdrawn.

A school of the shipped installation at 2 kW all the time, in February to April 2025.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from field_commands import CommandLine, command_line

from paes.periods import to_seconds
from paes.store.sqlite import SqliteStore

METER = "scuola-2-giugno.main"
FACTOR = (
    METER, "factor", "--from", "2025-03-10", "--to", "2025-03-12T12:00", "--factor", "2",
    "--reason", "CT 200/5 entered as 100/5", "--author", "Rossi",
)  # fmt: skip


@pytest.fixture
def paes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd) -> CommandLine:
    with_readings = SqliteStore(tmp_path / "readings.sqlite")
    first, last = (to_seconds(datetime(2025, month, 1, tzinfo=UTC)) for month in (2, 5))
    t = np.arange(first, last, 900, dtype=np.int64)
    with_readings.write_series(f"{METER}/energy_import", t, (t - t[0]) / 3600 * 2.0)
    with_readings.close()
    return command_line(tmp_path, monkeypatch, capfd)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_energy_before_and_after_is_shown_and_the_edit_is_kept(paes):
    done = paes("edit", *FACTOR)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == (
        "scuola-2-giugno.main: factor, 2025-03-10 00:00 +0100 to 2025-03-12 12:00 +0100"
    )
    rows = [cells(line) for line in lines if line.startswith("│")]
    # 60 hours of 2 kW
    assert [row[:2] for row in rows] == [["before", "120.0"], ["after", "240.0"]]
    assert "written; see: paes edit scuola-2-giugno.main --list" in done.err
    energy = json.loads(
        paes("energy", "--meter", METER, "--from", "2025-03-10", "--to", "2025-03-13",
             "--by", "day", "--json").out
    )  # fmt: skip
    kwh = [period["measured_kwh"] for period in energy[0]["periods"]]
    assert kwh == pytest.approx([96.0, 96.0, 48.0 + 24.0])


def test_a_dry_run_shows_the_same_and_writes_nothing(paes):
    dry = paes("edit", *FACTOR, "--dry-run")
    assert "dry run: nothing was written" in dry.err
    assert "nobody edited it" in paes("edit", METER, "--list").err
    assert paes("edit", *FACTOR).out == dry.out


def test_an_edit_in_the_way_is_told_by_the_clock_on_the_wall(paes):
    """As it was typed: midnight in Rome, not 23 o'clock of the day before."""
    paes("edit", *FACTOR)
    again = paes("edit", METER, "factor", "--from", "2025-03-11", "--to", "2025-03-13",
                 "--factor", "3", "--author", "Bianchi", "--reason", "again")  # fmt: skip
    assert again.err.strip() == (
        f"paes: {METER}: there is an edit factor by Rossi from 2025-03-10 00:00 +0100 to"
        " 2025-03-12 12:00 +0100 already; withdraw it first"
    )


def test_every_edit_is_listed_and_one_is_withdrawn(paes):
    paes("edit", *FACTOR)
    more = ("--author", "Bianchi", "--reason", "on the bench")
    ignore = paes("edit", METER, "ignore", "--from", "2025-04-10", "--to", "2025-04-11", *more,
                  "--json")  # fmt: skip
    document = json.loads(ignore.out)
    assert document["written"] is True
    assert document["before"]["measured_kwh"] == pytest.approx(48.0)
    assert document["after"]["measured_kwh"] == 0.0
    assert document["edit"]["from"] == "2025-04-09T22:00:00+00:00"
    done = paes("edit", METER, "energy", "--from", "2025-04-10", "--to", "2025-04-11", *more,
                "--amount", "47.5")  # fmt: skip
    assert done.code == 0
    taken = paes("edit", METER, "withdraw", "--from", "2025-03-10", *more)
    rows = [cells(line) for line in taken.out.splitlines() if line.startswith("│")]
    assert [row[:2] for row in rows] == [["before", "240.0"], ["after", "120.0"]]
    told = json.loads(paes("edit", METER, "--list", "--json").out)
    assert [(e["kind"], e["value"], e["withdrawn_by"]) for e in told] == [
        ("factor", 2.0, "Bianchi"), ("energy", 47.5, None), ("ignore", None, None),
    ]  # fmt: skip
    table = [cells(line) for line in paes("edit", METER, "--list").out.splitlines()]
    (factor,) = [row for row in table if row[0] == "factor"]
    assert factor[1:4] == ["2025-03-10 00:00 +0100", "2025-03-12 12:00 +0100", "x 2"]
    assert factor[5:] == ["CT 200/5 entered as 100/5", "withdrawn by Bianchi: on the bench"]
    both = paes("edit", METER, "withdraw", "--from", "2025-04-10", *more)
    assert both.code == 1
    assert both.err.strip() == (
        f"paes: {METER}: 2 edits begin 2025-04-10 00:00 +0200; say which: energy or ignore"
    )
    assert paes("edit", METER, "withdraw", "ignore", "--from", "2025-04-10", *more).code == 0


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        (["withdraw", "--from", "2025-01-01"], 1,
         (f"paes: {METER}: no edit in force begins 2025-01-01 00:00 +0100; "
         f"see: paes edit {METER} --list")),
        (["factor", "--from", "2025-01-02", "--to", "2025-01-01", "--factor", "2"], 1,
         "paes: --to 2025-01-01 is not after --from 2025-01-02; the end is not included"),
        (["factor", "--from", "2025-01-01", "--to", "2025-01-02", "--factor", "-1"], 1,
         f"paes: {METER}: factor -1; expected one above 0 (to drop: ignore)"),
        (["ignore", "--from", "2025-01-01", "--to", "2199-01-01"], 1,
         (f"paes: {METER}: the edit ends 2199-01-01 00:00 +0100, and that is still to come; "
         "only what is past can be corrected")),
        (["ignore", "--from", "2025-01-01", "--to", "2025-01-02", "--factor", "2"], 2,
         "Error: ignore takes no --factor"),
        (["energy", "--from", "2025-01-01", "--to", "2025-01-02"], 2,
         "Error: energy needs --amount"),
        (["ignore", "--from", "2025-01-01"], 2, "Error: --to is required"),
        (["ignore"], 2, "Error: --from, --author and --reason are required"),
        ([], 2, "Error: say what to do: ignore, factor, energy, withdraw or --list"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told_in_a_line(paes, changes, code, message):
    done = paes("edit", METER, *changes, "--author", "Rossi", "--reason", "a reason")
    assert done.code == code
    assert done.err.splitlines()[-1] == message
    assert done.out == ""


def test_who_and_why_are_required(paes):
    done = paes("edit", *FACTOR[:-2])
    assert done.code == 2
    assert "--author and --reason are required" in done.err
    blank = paes("edit", *FACTOR[:-1], " ")
    assert blank.err.strip() == f"paes: {METER}: an edit needs its author, and none is given"


def test_a_meter_that_is_not_there_is_told(paes):
    assert paes("edit", "scuola-2-giugno.mian", "--list").code == 1
