"""``paes store copy`` as it is typed: what it says, refuses and returns."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from field_commands import CommandLine, command_line
from influx_server import TOKEN_VARIABLE, InfluxServer

from paes.cli.copy_progress import following
from paes.events import Event
from paes.metering import Reading
from paes.periods import from_seconds, now_utc, to_seconds
from paes.store import Store
from paes.store.copying.copier import COPIED_FROM
from paes.store.sqlite import SqliteStore

T0 = to_seconds(datetime(2025, 1, 30, tzinfo=UTC))
SCHOOL, OFFICE = "school.main/energy_import", "office.main/energy_import"


@pytest.fixture
def paes(tmp_path, monkeypatch, capfd) -> CommandLine:
    return command_line(tmp_path, monkeypatch, capfd)


@pytest.fixture
def source(tmp_path) -> SqliteStore:
    """``source.sqlite`` with 192 readings of January and 108 of February, of two points."""
    store = SqliteStore(tmp_path / "source.sqlite")
    for point in (SCHOOL, OFFICE):
        seconds = T0 + np.arange(300, dtype=np.int64) * 900
        store.write_series(point, seconds, np.arange(300) / 4)
    return store


def test_a_copy_tells_a_checksum_for_every_month(paes, source, tmp_path):
    done = paes("store", "copy", "source.sqlite", "sqlite:///target.sqlite")
    assert done.code == 0, done.err
    january, february = (line.split("│") for line in done.out.splitlines() if "2025-" in line)
    assert [c.strip() for c in (*january[1:3], *january[4:6])] == [
        "2025-01", "equal", "384", "9 168.000",
    ]  # fmt: skip
    assert [c.strip() for c in (*february[1:3], *february[4:5])] == ["2025-02", "equal", "216"]
    assert "600 readings written" in done.err
    assert "paes --store sqlite:///target.sqlite store rebuild --from 2025-01-01" in done.err
    target = SqliteStore(tmp_path / "target.sqlite")
    assert target.read(SCHOOL).values.tolist() == source.read(SCHOOL).values.tolist()
    assert target.labels() == {COPIED_FROM: f"sqlite:///{tmp_path / 'source.sqlite'}"}
    assert source.labels() == {}


def test_the_same_as_a_document(paes, source):
    done = paes("store", "copy", "source.sqlite", "target.sqlite", "--json")
    document = json.loads(done.out)
    assert (document["complete"], document["written"], document["refused"]) == (True, 600, 0)
    january, _ = document["months"]
    assert january["source"] == january["target"]
    assert january["source"]["sum_thousandths"] == 2 * sum(250 * i for i in range(192))
    assert len(january["source"]["sha256"]) == 64


def test_copying_again_finds_late_readings(paes, source, tmp_path):
    paes("store", "copy", "source.sqlite", "target.sqlite")
    source.write([Reading(SCHOOL, from_seconds(T0 + 1), 5.0)])
    source.write([Reading(OFFICE, from_seconds(T0), 6.0)])
    compared = paes("store", "copy", "source.sqlite", "target.sqlite", "--compare")
    assert compared.code == 1
    assert compared.err.splitlines()[-1] == (
        f"paes: DST does not hold all of SRC: 2 readings, first in 2025-01 {OFFICE}"
    )
    assert "SRC" in compared.out
    assert "DST" in compared.out
    again = paes("store", "copy", "source.sqlite", "target.sqlite")
    assert again.code == 0
    assert "2 readings written" in again.err
    assert "1 of them took the place of others in DST" in again.err
    assert paes("store", "copy", "source.sqlite", "target.sqlite", "--compare").code == 0


def test_a_target_with_other_readings_is_left_alone_unless_told(paes, source, tmp_path):
    target = SqliteStore(tmp_path / "target.sqlite")
    target.write(
        [Reading("x/y", from_seconds(T0), 1.0), Reading(SCHOOL, from_seconds(T0 + 1), 2.0)]
    )
    target.write_events([Event("x", "clock.set", from_seconds(T0))])
    refused = paes("store", "copy", "source.sqlite", "target.sqlite")
    assert refused.code == 1
    assert "target.sqlite already holds 2 points of its own; choose an empty DST, or --into" in (
        refused.err
    )
    assert len(target.read(SCHOOL)) == 1
    done = paes("store", "copy", "source.sqlite", "target.sqlite", "--into")
    assert done.code == 0, done.err
    assert "only in DST, and they stay: 1 readings" in done.err
    assert "only in DST, and they stay: 1 events" in done.err
    assert "only in DST, and not compared: x/y" in done.err
    assert len(target.read(SCHOOL)) == 301
    assert paes("store", "copy", "source.sqlite", "target.sqlite").code == 0


def test_a_copy_of_another_store_is_left_alone(paes, source):
    paes("store", "copy", "source.sqlite", "target.sqlite")
    paes("store", "copy", "source.sqlite", "other.sqlite")
    refused = paes("store", "copy", "other.sqlite", "target.sqlite")
    assert refused.code == 1
    assert "holds a copy of sqlite:///" in refused.err


def test_a_store_is_not_copied_into_itself(paes, source, tmp_path):
    Path("folder").mkdir()
    os.symlink("source.sqlite", "link.sqlite")
    os.link("source.sqlite", "hard.sqlite")
    for other in (
        "source.sqlite",
        "sqlite:///source.sqlite",
        f"sqlite:///{tmp_path}/source.sqlite",
        "folder/../source.sqlite",
        "link.sqlite",
        "hard.sqlite",
    ):
        done = paes("store", "copy", "source.sqlite", other)
        assert (done.code, "the same store" in done.err) == (1, True), other
    influx = "influxdb+http://LOCALHOST:8086/town", "influxdb+http://localhost:8086/town?org=a"
    assert "the same store" in paes("store", "copy", *influx).err


def test_a_source_that_is_not_there_is_not_made(paes, tmp_path):
    done = paes("store", "copy", "nowhere.sqlite", "target.sqlite")
    assert (done.code, done.err) == (1, "paes: nowhere.sqlite: there is no such store\n")
    assert list(tmp_path.iterdir()) == []
    assert "unknown kind of store" in paes("store", "copy", "ftp://a/b", "target.sqlite").err
    SqliteStore(tmp_path / "empty.sqlite")
    done = paes("store", "copy", "empty.sqlite", "target.sqlite", "--compare")
    assert (done.code, (tmp_path / "target.sqlite").exists()) == (1, False)


def test_an_empty_store_is_copied_too(paes, tmp_path):
    SqliteStore(tmp_path / "empty.sqlite")
    done = paes("store", "copy", "empty.sqlite", "target.sqlite")
    assert done.code == 0
    assert "0 readings written; 0 events" in done.err


POWER = "school.main/active_power"


@pytest.fixture
def town_with_limits(small) -> str:
    """The folder of an installation that keeps powers for 40 days."""
    (small.root / "retention.yaml").write_text(
        "classes:\n  - name: power\n    quantities: [active_power]\n    keep_days: 40\n"
        "    source: test\n"
    )
    return str(small.root)


def test_what_the_target_refuses_is_told_with_the_reason(
    paes, town_with_limits, tmp_path, influx_server: InfluxServer, monkeypatch
):
    monkeypatch.setenv(TOKEN_VARIABLE, influx_server.token)
    bucket = influx_server.new_bucket()  # that of powers keeps less than is configured:
    influx_server.query(f'CREATE DATABASE "{bucket}-power" WITH DURATION 30d SHARD DURATION 1d')
    daily_readings(SqliteStore(tmp_path / "source.sqlite"), POWER, days=33)
    url = influx_server.url(bucket)
    done = paes("--config", town_with_limits, "store", "copy", "source.sqlite", url)
    assert done.code == 1
    refused = [line for line in done.err.splitlines() if line.startswith(f"refused: {POWER}, ")]
    assert len(refused) == 3
    assert all("retention" in line for line in refused), refused
    assert "30 readings written" in done.err
    last = done.err.splitlines()[-1]
    assert last.startswith("paes: DST does not hold all of SRC: 3 readings, first in ")
    assert last.endswith(f"{POWER} (3 readings were refused)")


def daily_readings(store: Store, point: str, days: int) -> None:
    """One a day, the last one half a day ago."""
    last = to_seconds(now_utc() - timedelta(hours=12))
    seconds = last - np.arange(days, dtype=np.int64)[::-1] * 86400
    store.write_series(point, seconds, np.arange(float(days)))


def test_sqlite_to_influxdb_and_back(paes, source, influx_server: InfluxServer, monkeypatch):
    monkeypatch.setenv(TOKEN_VARIABLE, influx_server.token)
    url = influx_server.url(influx_server.new_bucket())
    there = paes("store", "copy", "source.sqlite", url, "--json")
    assert there.code == 0, there.err
    back = paes("store", "copy", url, "back.sqlite", "--json")
    assert back.code == 0, back.err
    assert json.loads(there.out)["months"] == json.loads(back.out)["months"]
    assert influx_server.token not in there.err + back.err
    bucket = paes("store", "copy", "source.sqlite", influx_server.url("missing"))
    assert bucket.code == 1
    assert "missing" in bucket.err


def test_without_a_terminal_a_line_now_and_then(capfd):
    seconds = count(0, 10)
    with following(is_terminal=False, clock=lambda: float(next(seconds))) as follow:
        for done in range(1, 5):
            follow("copying", done / 10, done * 1000)
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("copying: ")
    assert " readings/s" in err


def test_on_a_terminal_a_bar(capfd, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    seconds = count(0, 10)
    with following(is_terminal=True, clock=lambda: float(next(seconds))) as follow:
        follow("copying", 0.5, 10_000)
        follow("comparing", 1.0, 10_000)
    assert "readings/s" in capfd.readouterr().err


def test_a_class_with_a_limit_is_copied_from_its_limit_on(
    paes, town_with_limits, tmp_path, influx_server: InfluxServer, monkeypatch
):
    monkeypatch.setenv(TOKEN_VARIABLE, influx_server.token)
    url = influx_server.url(influx_server.new_bucket())
    assert paes("--config", town_with_limits, "--store", url, "store", "init").code == 0
    store = SqliteStore(tmp_path / "source.sqlite")
    for point in (POWER, SCHOOL):
        daily_readings(store, point, days=100)
    done = paes("--config", town_with_limits, "store", "copy", "source.sqlite", url)
    assert done.code == 0, done.err
    assert "class power: readings of the last 40 days" in done.err
    assert "139 readings written" in done.err
