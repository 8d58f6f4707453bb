"""``paes readings``: the same readings as CSV, JSON and Parquet, whole or by steps.

What is in a Parquet file is read back by fastparquet, which shares no code with arro3.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from fastparquet import ParquetFile
from field_commands import CommandLine, command_line

from paes import __version__
from paes.cli import parquet_file
from paes.cli.parquet_file import write_parquet
from paes.cli.table_files import Coded, Instants, Table
from paes.metering import Quality, Reading
from paes.periods import from_seconds, to_seconds
from paes.store.sqlite import SqliteStore

T0 = to_seconds(datetime(2025, 3, 29, 22, 0, tzinfo=UTC))
IMPORT, POWER = "scuola-2-giugno.main/energy_import", "scuola-2-giugno.main/active_power"


@pytest.fixture
def paes(tmp_path, monkeypatch, capfd) -> CommandLine:
    return command_line(tmp_path, monkeypatch, capfd)


@pytest.fixture
def store(tmp_path) -> SqliteStore:
    """Five quarter hours of a register, of which one is suspect, and two powers."""
    store = SqliteStore(tmp_path / "readings.sqlite")
    store.write_series(IMPORT, T0 + np.arange(5, dtype=np.int64) * 900, np.arange(5) * 0.125 + 10)
    store.write([Reading(IMPORT, from_seconds(T0 + 900), 99.5, Quality.SUSPECT)])
    store.write([Reading(POWER, from_seconds(T0), 1.0), Reading(POWER, from_seconds(T0 + 1), 2.0)])
    return store


ROWS = [
    ("2025-03-29T22:00:00Z", 10.0, "good"),
    ("2025-03-29T22:15:00Z", 99.5, "suspect"),
    ("2025-03-29T22:30:00Z", 10.25, "good"),
    ("2025-03-29T22:45:00Z", 10.375, "good"),
    ("2025-03-29T23:00:00Z", 10.5, "good"),
]


def rows_of(path: Path) -> list[tuple[object, ...]]:
    """The rows of a Parquet file, times as text."""
    frame = ParquetFile(io.BytesIO(path.read_bytes())).to_pandas()
    frame["at"] = frame["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return list(frame.itertuples(index=False, name=None))


def facts_of(path: Path) -> dict[str, str]:
    facts = ParquetFile(io.BytesIO(path.read_bytes())).key_value_metadata
    return {key: value for key, value in facts.items() if not key.startswith("ARROW")}


def test_csv(paes, store):
    lines = list(csv.reader(paes("readings", IMPORT).out.splitlines()))
    assert lines[0] == ["at", "value", "quality"]
    assert [(at, float(value), quality) for at, value, quality in lines[1:]] == ROWS


def test_json(paes, store):
    document = json.loads(paes("readings", IMPORT, "--format", "json").out)
    assert [tuple(row.values()) for row in document] == ROWS
    assert list(document[0]) == ["at", "value", "quality"]


def test_parquet(paes, store, tmp_path):
    done = paes("readings", IMPORT, "--format", "parquet", "--out", "school.parquet")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert rows_of(tmp_path / "school.parquet") == ROWS
    assert facts_of(tmp_path / "school.parquet") == {
        "point": IMPORT,
        "unit": "kWh",
        "program": f"PAES Monitor {__version__}",
    }
    assert sorted(p.name for p in tmp_path.iterdir() if "parquet" in p.name) == ["school.parquet"]


def test_parquet_through_a_pipe(store, tmp_path):
    command = [sys.executable, "-m", "paes", "--store", "readings.sqlite", "readings", IMPORT,
               "--format", "parquet"]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, timeout=60)
    (tmp_path / "piped.parquet").write_bytes(done.stdout)
    assert rows_of(tmp_path / "piped.parquet") == ROWS


def test_units_come_from_counter_and_device_file(paes, store, tmp_path):
    paes("readings", POWER, "--format", "parquet", "--out", "power.parquet")
    assert facts_of(tmp_path / "power.parquet")["unit"] == "W"
    store.write([Reading("gone.main/energy_import", from_seconds(T0), 1.0)])
    paes("readings", "gone.main/energy_import", "--format", "parquet", "--out", "gone.parquet")
    assert "unit" not in facts_of(tmp_path / "gone.parquet")


def test_from_and_to_are_local_and_half_open(paes, store):
    span = ("--from", "2025-03-29T23:15", "--to", "2025-03-29T23:45")
    lines = paes("readings", IMPORT, *span).out.splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [at for at, _, _ in ROWS[1:3]]


def test_several_points_have_a_column_for_the_point(paes, store, tmp_path):
    lines = paes("readings", POWER, IMPORT).out.splitlines()
    assert lines[0] == "point,at,value,quality"
    assert [line.split(",")[0] for line in lines[1:]] == [POWER] * 2 + [IMPORT] * 5
    assert paes("readings", "scuola-2-*/*", "--format", "parquet", "--out", "a.parquet").code == 0
    rows = rows_of(tmp_path / "a.parquet")
    assert [row[0] for row in rows] == [POWER] * 2 + [IMPORT] * 5
    assert [row[1:] for row in rows[2:]] == ROWS
    assert json.loads(facts_of(tmp_path / "a.parquet")["units"]) == {POWER: "W", IMPORT: "kWh"}


def test_every_counts_good_readings_by_steps_of_utc(paes, store, tmp_path):
    expected = [("2025-03-29T22:00:00Z", 3, (10 + 10.25 + 10.375) / 3, 10.0, 10.375),
                ("2025-03-29T23:00:00Z", 1, 10.5, 10.5, 10.5)]  # fmt: skip
    document = json.loads(paes("readings", IMPORT, "--every", "1h", "--format", "json").out)
    assert [tuple(row.values()) for row in document] == expected
    assert list(document[0]) == ["at", "count", "mean", "min", "max"]
    assert paes("readings", IMPORT, "--every", "1h").out.splitlines()[2] == (
        "2025-03-29T23:00:00Z,1,10.5,10.5,10.5"
    )
    paes("readings", IMPORT, "--every", "1h", "--format", "parquet", "--out", "h.parquet")
    assert rows_of(tmp_path / "h.parquet") == expected


def test_steps_are_asked_for_in_parts_and_gaps_have_no_row(paes, store, monkeypatch):
    monkeypatch.setattr("paes.cli.readings.STEPS_AT_ONCE", 2)
    store.write([Reading(IMPORT, from_seconds(T0 + 86400 * 30), 11.0)])
    whole = json.loads(paes("readings", IMPORT, "--every", "15min", "--format", "json").out)
    assert [row["at"] for row in whole] == [
        *(at for at, _, quality in ROWS if quality == "good"), "2025-04-28T22:00:00Z",
    ]  # fmt: skip
    to = ("--to", "2025-03-29T23:59")
    part = json.loads(paes("readings", IMPORT, "--every", "1d", "--format", "json", *to).out)
    assert [(row["at"], row["count"]) for row in part] == [("2025-03-29T00:00:00Z", 3)]


def test_no_readings_in_the_span_are_an_empty_table(paes, store, tmp_path):
    later = ("--from", "2030-01-01")
    assert paes("readings", IMPORT, *later).out == "at,value,quality\n"
    assert paes("readings", IMPORT, *later, "--every", "1d").out == "at,count,mean,min,max\n"
    assert json.loads(paes("readings", IMPORT, *later, "--format", "json").out) == []
    paes("readings", IMPORT, *later, "--format", "parquet", "--out", "none.parquet")
    assert rows_of(tmp_path / "none.parquet") == []


def test_a_point_without_readings_is_told_its_neighbours(paes, store):
    done = paes("readings", "scuola-2-giugno.main/x")
    assert (done.code, done.out) == (1, "")
    assert f"there is {POWER}, {IMPORT}" in done.err
    assert "no readings of 'nowhere*'; see: paes status" in paes("readings", "nowhere*").err


def test_parquet_is_not_for_a_terminal(paes, store, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    done = paes("readings", IMPORT, "--format", "parquet")
    assert (done.code, done.err) == (
        1, "paes: Parquet is not for a terminal: choose a file with --out, or a pipe\n",
    )  # fmt: skip


def test_without_its_package_parquet_is_refused_in_one_line(paes, store, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "arro3.core", None)
    monkeypatch.delitem(sys.modules, "paes.cli.parquet_file")
    done = paes("readings", IMPORT, "--format", "parquet", "--out", "x.parquet")
    assert done.code == 1
    assert done.err.startswith("paes: Parquet needs the package arro3-io (extra parquet of ")
    assert not (tmp_path / "x.parquet").exists()


def test_a_file_is_replaced_when_it_is_whole_and_only_then(paes, store, tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("old")
    assert paes("readings", IMPORT, "--out", str(out), "--from", "2025-13-01").code == 1
    assert out.read_text() == "old"
    assert paes("readings", IMPORT, "--out", str(out)).code == 0
    assert out.read_text() == paes("readings", IMPORT).out
    missing = paes("readings", IMPORT, "--out", str(tmp_path / "no" / "out.csv"))
    assert (missing.code, "no/out.csv: cannot be written" in missing.err) == (1, True)


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_full_disk_is_told_in_one_line(paes, store, form):
    done = paes("readings", IMPORT, "--format", form, "--out", "/dev/full")
    assert (done.code, done.err) == (
        1, "paes: /dev/full: cannot be written: No space left on device\n",
    )  # fmt: skip


def test_what_fails_while_parquet_is_written_is_raised_as_it_was():
    def parts():
        yield {"at": Instants(np.arange(3))}
        raise KeyboardInterrupt

    table = Table({"at": Instants(np.empty(0, np.int64))}, parts())
    with pytest.raises(KeyboardInterrupt):
        write_parquet(table, io.BytesIO())


def test_parquet_goes_out_in_groups_of_rows(monkeypatch):
    monkeypatch.setattr(parquet_file, "ROW_GROUP", 20_000)
    written: list[int] = []

    class Watched(io.BytesIO):
        def write(self, data) -> int:
            written.append(len(data))
            return super().write(data)

    target, seen = Watched(), []

    def parts():
        for start in range(0, 80_000, 10_000):
            seen.append(sum(written))
            yield {
                "at": Instants(np.arange(start, start + 10_000)),
                "value": np.sqrt(np.arange(start, start + 10_000)),
                "quality": Coded(np.arange(10_000) % 2, ["good", "schön"]),
            }

    empty = {
        "at": Instants(np.empty(0, np.int64)),
        "value": np.empty(0),
        "quality": Coded(np.empty(0, np.int64), ["good", "schön"]),
    }
    write_parquet(Table(empty, parts()), target)
    assert seen[-1] > seen[4] > seen[0]  # what came first was out before the last was asked for
    file = ParquetFile(io.BytesIO(target.getvalue()))
    assert [group.num_rows for group in file.row_groups] == [20_000] * 4
    frame = file.to_pandas()
    assert frame["value"].tolist() == np.sqrt(np.arange(80_000)).tolist()
    assert frame["quality"].tolist() == ["good", "schön"] * 40_000
