"""``paes store``: every command on an embedded store, and what concerns a server on a real one."""

from __future__ import annotations

import json
import sqlite3
from calendar import isleap
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from field_commands import CommandLine, command_line
from influx_server import TOKEN_VARIABLE, InfluxServer
from small_installation import SmallInstallation

from paes.metering import Reading
from paes.periods import By, now_utc, to_seconds
from paes.store import open_store
from paes.store.sqlite import SqliteStore

RETENTION = """\
classes:
  - {name: fast, quantities: ["power*"], keep_days: 365}
"""
POWER, ENERGY = "scuola.main/power", "scuola.main/energy_import"
DAYS = 800


@pytest.fixture
def paes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    return command_line(tmp_path, monkeypatch, capfd)


@pytest.fixture
def town(small: SmallInstallation, monkeypatch: pytest.MonkeyPatch) -> SmallInstallation:
    """A small town that keeps its power for a year."""
    small.write({"retention.yaml": RETENTION})
    monkeypatch.setenv("PAES_CONFIG", str(small.root))
    return small


@pytest.fixture
def file(tmp_path: Path, town: SmallInstallation) -> Path:
    """Its store: two years and a bit of power and of energy, one reading a day, to this morning."""
    path = tmp_path / "readings.sqlite"
    store = SqliteStore(path)
    days = np.arange(1 - DAYS, 1, dtype=np.int64) * 86400 + to_seconds(now_utc()) - 43200
    for point in (POWER, ENERGY):
        store.write_series(point, days, np.arange(DAYS) * 1.0)
    store.set_label("simulated", "true")
    store.close()
    return path


def readings(path: Path) -> dict[str, int]:
    store = SqliteStore(path)
    found = {p: len(store.read(p)) for p in store.points()}
    store.close()
    return found


# What is in it


def test_info_tells_what_is_in_the_store_and_how_long_it_is_kept(
    paes: CommandLine, file: Path
) -> None:
    done = paes("store", "info", "--count")
    assert done.code == 0, done.err
    lines = dict(line.split(None, 1) for line in done.out.splitlines())
    assert (lines["kind"], lines["points"], lines["schema"]) == ("embedded", "2", "3")
    assert "label simulated   true" in done.out
    assert "class fast        365 days (power*)" in done.out
    assert "all else          for ever" in done.out
    year = now_utc().year - 1
    days = 366 if isleap(year) else 365
    assert f"readings of {year}  {2 * days}" in done.out


def test_info_is_one_json_document(paes: CommandLine, file: Path) -> None:
    document = json.loads(paes("store", "info", "--json").out)
    assert document["address"] == str(file)
    assert document["points"] == 2
    assert document["readings_by_year"] is None
    assert document["retention"] == [{"class": "fast", "keep_days": 365, "quantities": ["power*"]}]
    counted = json.loads(paes("store", "info", "--count", "--json").out)
    assert sum(counted["readings_by_year"].values()) == 2 * DAYS


# Check


def test_a_sound_store_is_said_to_be_sound(paes: CommandLine, file: Path) -> None:
    for arguments in ((), ("--thorough",)):
        done = paes("store", "check", *arguments)
        assert (done.code, done.out, done.err) == (0, f"sound: {file}\n", "")


def test_what_is_wrong_with_a_store_is_told_and_exits_with_1(paes: CommandLine, file: Path) -> None:
    with closing(sqlite3.connect(file)) as db:
        db.execute("DELETE FROM point WHERE name = ?", (POWER,))
        db.commit()
    assert paes("store", "check").code == 0
    done = paes("store", "check", "--thorough")
    assert (done.code, done.out) == (1, "")
    assert "table reading has rows of 1 points that do not exist; restore a backup" in done.err
    document = json.loads(paes("store", "check", "--thorough", "--json").out)
    assert [p.startswith(str(file)) for p in document["problems"]] == [True]


def test_paes_check_looks_at_the_store_as_well(
    paes: CommandLine, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PAES_CONFIG")
    assert paes("check", "--no-reach").err == ""
    monkeypatch.setattr(SqliteStore, "check", lambda self: [f"{self.path}: it has a fault"])
    done = paes("check", "--no-reach")
    assert (done.code, f"{file}: it has a fault" in done.err) == (1, True)


# Backup and compaction


def test_a_backup_is_a_store(paes: CommandLine, file: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.sqlite"
    done = paes("store", "backup", str(target))
    assert done.code == 0, done.err
    assert done.out.startswith(f"{target}: 0.")
    assert done.out.endswith(" MB, sound\n")
    assert readings(target) == readings(file)
    assert paes("--store", str(target), "store", "check").code == 0


def test_a_backup_overwrites_only_when_asked_to(
    paes: CommandLine, file: Path, tmp_path: Path
) -> None:
    target = tmp_path / "backup.sqlite"
    target.write_text("mine")
    done = paes("store", "backup", str(target))
    said = f"paes: {target}: is there already; name another file, or say --overwrite"
    assert (done.code, done.err.strip()) == (1, said)
    assert target.read_text() == "mine"
    document = json.loads(paes("store", "backup", str(target), "--overwrite", "--json").out)
    assert document == {"store": str(file), "backup": str(target), "bytes": target.stat().st_size}


def test_a_backup_does_not_need_a_sound_installation(
    paes: CommandLine, file: Path, town: SmallInstallation, tmp_path: Path
) -> None:
    town.write({"retention.yaml": "nonsense"})
    assert paes("store", "info").code == 1
    assert paes("store", "backup", str(tmp_path / "backup.sqlite")).code == 0
    assert paes("store", "compact").code == 0


def test_compaction_says_what_it_gave_back(paes: CommandLine, file: Path) -> None:
    store = SqliteStore(file)
    store.write_series("big.main/power", np.arange(40_000), np.arange(40_000) / 8)
    store.expire(["big.main/power"], now_utc())
    store.close()
    document = json.loads(paes("store", "compact", "--json").out)
    assert document["bytes_after"] < document["bytes_before"] / 2
    assert document["bytes_after"] == file.stat().st_size
    assert "MB before, " in paes("store", "compact").out


# Retention


def test_expiring_deletes_what_the_classes_give_up(paes: CommandLine, file: Path) -> None:
    dry = paes("store", "expire", "--dry-run").out
    assert dry.startswith("class fast: 435 readings would be deleted of 1 points, before 20")
    assert readings(file) == {POWER: DAYS, ENERGY: DAYS}
    done = paes("store", "expire")
    assert done.out.startswith("class fast: 435 readings deleted of 1 points, before 20")
    assert "paes store compact" in done.err
    assert readings(file) == {POWER: 365, ENERGY: DAYS}
    document = json.loads(paes("store", "expire", "--json").out)
    assert document["deleted"] is True
    assert [(c["class"], c["points"], c["readings"]) for c in document["classes"]] == [
        ("fast", 1, 0)
    ]


def test_without_classes_nothing_expires(
    paes: CommandLine, file: Path, town: SmallInstallation
) -> None:
    (town.root / "retention.yaml").unlink()
    assert "everything is kept for ever" in paes("store", "expire").out
    assert readings(file) == {POWER: DAYS, ENERGY: DAYS}


# Made, and made again


def test_init_makes_the_file_once(
    paes: CommandLine, town: SmallInstallation, tmp_path: Path
) -> None:
    file = tmp_path / "readings.sqlite"
    assert paes("store", "init").out == f"{file}: made\n"
    assert "is there already" in paes("store", "init").out
    assert readings(file) == {}


@pytest.mark.parametrize("command", ["info", "check", "compact", "expire", "backup", "rebuild"])
def test_a_store_that_is_not_there_is_not_made_by_looking_at_it(
    paes: CommandLine, town: SmallInstallation, tmp_path: Path, command: str
) -> None:
    more = {"backup": ["x.db"], "rebuild": ["--from", "2025-01-01"]}.get(command, [])
    done = paes("store", command, *more)
    assert (done.code, "there is no such store" in done.err) == (1, True)
    assert not list(tmp_path.glob("*.sqlite*"))


def test_a_command_that_makes_the_store_says_so(
    paes: CommandLine, town: SmallInstallation, caplog: pytest.LogCaptureFixture
) -> None:
    said = "readings.sqlite: there was no store; an empty one was made"
    paes("energy", "--json")
    assert said in caplog.text
    caplog.clear()
    paes("energy", "--json")
    assert said not in caplog.text


def test_a_whole_path_that_lacks_its_stroke_is_explained(paes: CommandLine, file: Path) -> None:
    done = paes("--store", f"sqlite://{file}", "store", "check")
    assert (done.code, f"write sqlite:///{file}" in done.err) == (1, True)
    assert paes("--store", f"sqlite:///{file}", "store", "check").code == 0


def test_rebuilding_makes_derived_rows_again(paes: CommandLine, file: Path) -> None:
    first = f"{now_utc() - timedelta(days=100):%Y-%m-%d}"
    done = paes("store", "rebuild", "--from", first)
    assert done.code == 0, done.err
    assert done.out == f"made again: 3 meters from {first}\n"
    store = SqliteStore(file)
    made = store.load_rollups([ENERGY], By.DAY, 0, 2**40)[ENERGY]
    store.close()
    assert len(made) > 60


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--from", "soon"), "cannot read time 'soon'"),
        (("--from", "2025-02-01", "--to", "2025-01-01"), "the end 2025-01-01 00:00 is not after"),
    ],
)
def test_a_span_that_is_none_is_refused(
    paes: CommandLine, file: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = paes("store", "rebuild", *arguments)
    assert (done.code, says in done.err) == (1, True)


def test_a_wrong_call_exits_with_2(paes: CommandLine) -> None:
    assert paes("store").code == 2
    assert paes("store", "polish").code == 2
    assert paes("store", "backup").code == 2
    assert paes("store", "rebuild").code == 2


# On a server


@pytest.fixture
def bucket(
    influx_server: InfluxServer, town: SmallInstallation, monkeypatch: pytest.MonkeyPatch
) -> str:
    monkeypatch.setenv(TOKEN_VARIABLE, influx_server.token)
    return f"store-{influx_server.new_bucket()}"


def test_init_makes_a_bucket_for_ever_and_one_for_each_class(
    paes: CommandLine, influx_server: InfluxServer, bucket: str, town: SmallInstallation
) -> None:
    url = influx_server.url(bucket)
    done = paes("--store", url, "store", "init")
    assert done.code == 0, done.err
    assert done.out.splitlines() == [
        f"bucket '{bucket}': created, keeps readings for ever",
        f"bucket '{bucket}-fast': created, keeps readings for 365 days",
    ]
    again = paes("--store", url, "store", "init").out
    assert again.count("there already") == 2
    check = paes("--store", url, "store", "check")
    assert (check.code, check.out) == (0, f"sound: {url}\n"), check.err


def test_what_concerns_a_file_is_refused_for_a_server(
    paes: CommandLine, influx_server: InfluxServer, bucket: str
) -> None:
    url = influx_server.url(bucket)
    assert paes("--store", url, "store", "init").code == 0
    for arguments, instead in (
        (("backup", "x.db"), "back it up by the tools of its server, or by paes store copy"),
        (("compact",), "its server compacts by itself"),
    ):
        done = paes("--store", url, "store", *arguments)
        assert (done.code, done.err) == (1, f"paes: {url} is no embedded store; {instead}\n")


def test_info_and_expire_tell_of_a_server_what_can_be_known(
    paes: CommandLine, influx_server: InfluxServer, bucket: str
) -> None:
    url = influx_server.url(bucket)
    assert paes("--store", url, "store", "init").code == 0
    store = open_store(url)
    store.write([Reading(ENERGY, now_utc(), 1.0)])
    store.close()
    document = json.loads(paes("--store", url, "store", "info", "--json").out)
    assert (document["kind"], document["points"]) == ("influxdb", 1)
    shown = paes("--store", url, "store", "info", "--count")
    assert "kind              influxdb" in shown.out
    assert "last (UTC)" in shown.out
    assert "first" not in shown.out
    assert "not counted" in shown.err
    assert "its server deletes by itself" in paes("--store", url, "store", "expire").out
