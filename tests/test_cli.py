"""The command line's contract: exit codes, one-line errors, one JSON document, help for all.

Commands run in this process through ``main`` as the console script does; ``test_demo`` starts
the real process.
"""

from __future__ import annotations

import csv
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click
import numpy as np
import pytest
import yaml
from field_commands import serving

from collectors.simulator import Fault, Simulator
from paes.cli import main
from paes.cli import paes as group
from paes.config import config_root, load_installation
from paes.store.sqlite import SqliteStore

ROOT = Path(__file__).parents[1]
COMMANDS = (
    "check", "collect", "dashboard", "demo", "energy", "inventory", "probe", "progress",
    "readings", "report", "simulate", "status",
)  # fmt: skip


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line that a failure must be."""
        lines = self.err.strip().splitlines()
        assert self.code == 1, self.err
        assert "Traceback" not in self.err
        assert len(lines) >= 1
        return lines[-1]


@pytest.fixture
def paes(tmp_path, monkeypatch, capfd):
    """Runs a command in an empty folder with a store of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PAES_CONFIG", raising=False)
    monkeypatch.setenv("PAES_STORE", str(tmp_path / "readings.sqlite"))

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["paes", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        out, err = capfd.readouterr()
        return Done(code, out, err)

    return run


@pytest.fixture
def simulated_town() -> Iterator[Simulator]:
    """The shipped installation served at the ports it is configured for, in a thread."""
    with serving(Simulator(load_installation(config_root(None)))) as simulator:
        yield simulator


@pytest.fixture
def dead_town(tmp_path) -> Path:
    """Portovenere alone, with gateways that are said to be real and that nobody answers for."""
    root = tmp_path / "dead"
    shipped = config_root(None)
    shutil.copytree(shipped / "cities" / "portovenere", root / "cities" / "portovenere")
    shutil.copytree(shipped / "calendars", root / "calendars")
    shutil.copytree(shipped / "tariffs", root / "tariffs")
    (root / "installation.yaml").write_text("name: Dead\ndefault_city: portovenere\n")
    meters = root / "cities" / "portovenere" / "meters.yaml"
    text = meters.read_text(encoding="utf-8").replace("simulated: true", "simulated: false")
    meters.write_text(text, encoding="utf-8")
    return root


def test_every_command_has_help_and_a_line_in_the_readme(paes):
    listed = paes("--help")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert listed.code == 0
    for name in COMMANDS:
        assert f"  {name} " in listed.out
        assert f"`paes {name}" in readme
        done = paes(name, "--help")
        assert done.code == 0
        assert "Usage: " in done.out


def test_a_wrong_call_exits_with_2(paes):
    assert paes("inventory").code == 2
    assert paes("no-such-command").code == 2
    assert paes("inventory", "soon").code == 2
    assert paes("probe").code == 2
    assert paes("probe", "--host", "127.0.0.1").code == 2


def test_a_command_says_with_which_code_it_ends(paes, monkeypatch):
    check = group.get_command(click.Context(group), "check")
    monkeypatch.setattr(check, "callback", lambda **_: click.get_current_context().exit(3))
    assert paes("check").code == 3


def test_version(paes):
    assert paes("--version").out.startswith("paes, version ")


def test_the_shipped_configuration_is_sound(paes):
    done = paes("check", "--json")
    checked = json.loads(done.out)
    assert (done.code, checked["problems"]) == (0, [])
    assert checked["counts"]["meters"] >= 80


def test_check_prints_every_problem_with_its_place(paes, small):
    folder = next((small.root / "cities").iterdir())
    sites = folder / "sites.yaml"
    sites.write_text(sites.read_text(encoding="utf-8") + "\nnonsense: 1\n", encoding="utf-8")
    done = paes("--config", str(small.root), "check")
    assert done.code == 1
    assert "sites.yaml:" in done.err
    assert "nonsense: unknown key" in done.err
    assert paes("--config", str(small.root), "status").error.startswith("paes: ")


def test_a_folder_that_is_no_installation(paes, tmp_path):
    error = paes("--config", str(tmp_path), "check").err
    assert "not an installation" in error


def test_an_unreachable_gateway_is_a_warning(paes, dead_town):
    done = paes("--config", str(dead_town), "check", "--json")
    checked = json.loads(done.out)
    assert done.code == 0, checked
    assert len(checked["warnings"]) == checked["counts"]["gateways"]
    assert all("nobody answers at 127.0.0.1:" in w for w in checked["warnings"])
    assert paes("--config", str(dead_town), "check", "--no-reach").err == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("inventory", "2099"), "2099 is not over"),
        (
            ("inventory", "1950"),
            "for 1950 or any earlier year; the first is of 2007",
        ),
        (("--city", "atlantis", "progress"), "no city 'atlantis'; there is la-spezia"),
        (("progress", "--target", "x"), "has no target 'x'; there is piano-energetico-2020"),
        (("energy", "--meter", "x.y"), "no meter 'x.y'"),
        (("energy", "--site", "x"), "no site 'x'"),
        (("energy", "--from", "yesterday"), "cannot read time 'yesterday'"),
        (("energy", "--from", "2025-02-01", "--to", "2025-01-01"), "not after its start"),
        (("energy", "--from", "0001-01-01"), "expected 1900 to 2200"),
        (("energy", "--to", "0001-06-01"), "expected 1900 to 2200"),
        (("energy", "--to", "9999-12-31T23:59-05:00"), "expected 1900 to 2200"),
        (("report", "0", "--out", "never"), "year 0 is out of range"),
        (("readings", "x/y"), "no readings of 'x/y'"),
        (("probe", "--host", "127.0.0.1", "--unit", "1", "--profile", "x"), "no device profile"),
        (("probe", "nobody.main"), "no meter 'nobody.main'"),
        (("simulate", "--fault", "palazzo-civico.main=sulky"), "unknown kind of fault 'sulky'"),
        (("simulate", "--fault", "x.y=silent"), "x.y"),
        (("--store", "mysql://x", "status"), "unknown kind of store 'mysql'"),
        (("--store", "/proc/no/way.sqlite", "status"), "cannot make its folder"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(paes, arguments, says):
    error = paes(*arguments).error
    assert error.startswith("paes: ")
    assert says in error


def test_energy_of_a_meter_says_what_was_wrong_with_its_readings(paes, tmp_path):
    """A meter that carries twice what it is said to: nothing is lost, and it is told."""
    meter = load_installation(config_root(None)).meter("palazzo-civico.main")
    seconds = int(datetime(2025, 3, 1, tzinfo=UTC).timestamp()) + 900 * np.arange(40)
    store = SqliteStore(tmp_path / "readings.sqlite")
    values = 2 * meter.rated_power_kw * np.arange(40) / 4
    store.write_series("palazzo-civico.main/energy_import", seconds, values)
    store.close()
    asked = ("energy", "--meter", meter.id, "--from", "2025-03-01", "--to", "2025-03-02")
    done = paes(*asked, "--by", "day")
    assert "meter.rating_exceeded: 1x, last 2025-03-01 00:00 UTC" in done.err
    assert "630.0 seen, 315 declared; correct the rating" in done.err
    (day,) = json.loads(paes(*asked, "--by", "day", "--json").out)[0]["periods"]
    assert day["measured_kwh"] == pytest.approx(float(values[-1]))


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("short", "expected"),
        ("wrong_unit", "unit"),
        ("absent", "gateway target"),
        ("busy", "busy"),
        ("refuse", "illegal data address"),
    ],
)
def test_a_faulty_device_is_named_in_one_line(paes, kind, says):
    fault = Fault("portovenere-municipio.main", kind)
    town = load_installation(config_root(None))
    only = replace(town, cities={"portovenere": town.city("portovenere")})
    with serving(Simulator(only, port=0, faults=[fault])) as simulator:
        host, port = simulator.addresses["gw-portovenere-municipio"]
        meter = town.meter(fault.meter)
        done = paes("probe", "--host", host, "--port", str(port), "--unit", str(meter.unit),
                    "--profile", meter.device)  # fmt: skip
    assert f"{host}:{port} unit {meter.unit}" in done.error
    assert says in done.error


def test_a_dead_port_says_so(paes):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    done = paes("probe", "--host", "127.0.0.1", "--port", port, "--unit", "1",
                "--profile", "eastron-sdm630")  # fmt: skip
    assert f"127.0.0.1:{port}" in done.error


def test_collecting_with_nobody_there_fails_and_stores_nothing(paes, dead_town):
    done = paes("--config", str(dead_town), "collect", "--once")
    assert "none of the 3 gateways could be reached" in done.error
    states = json.loads(paes("--config", str(dead_town), "status", "--json").out)
    assert {s["state"] for s in states} == {"never"}


def test_inventory_and_progress_print_tables_and_json(paes):
    table = paes("inventory", "2007")
    assert table.code == 0
    assert "La Spezia 2007: BEI" in table.out
    assert "rest on assumed figures" in table.err
    document = json.loads(paes("inventory", "2007", "--json").out)
    assert document["kind"] == "BEI"
    assert document["emissions_t"] == pytest.approx(
        sum(x["emissions_t"] for x in document["lines"])
    )
    progress = json.loads(paes("progress", "--json").out)
    assert progress["target"]["reduction_fraction"] == 0.14
    assert progress["target"]["own_fraction"] == pytest.approx(0.07)
    for effects in progress["effects"]:
        parts = [cause["t"] for cause in effects["causes"]]
        assert sum(parts) == pytest.approx(effects["total_t"])
    frozen = json.loads(paes("progress", "--electricity", "frozen", "--json").out)
    assert frozen["electricity_factor"] == "frozen"
    assert {e["grid_t"] for e in frozen["effects"]} == {0.0}
    assert "Reduction 2007-" in paes("progress").out


def test_report_writes_whole_files_that_agree_with_the_commands(paes, tmp_path):
    done = paes("report", "2022", "--out", str(tmp_path / "out"))
    assert done.code == 0
    written = sorted(Path(line).name for line in done.out.split())
    assert written == [
        "la-spezia-2022-causes.csv",
        "la-spezia-2022-declared.csv",
        "la-spezia-2022-inventory.csv",
        "la-spezia-2022-inventory.json",
        "la-spezia-2022-local-generation.csv",
        "la-spezia-2022-progress.csv",
        "la-spezia-2022-progress.json",
    ]
    document = json.loads(
        (tmp_path / "out" / "la-spezia-2022-inventory.json").read_text(encoding="utf-8")
    )
    assert document == json.loads(paes("inventory", "2022", "--json").out)
    text = (tmp_path / "out" / "la-spezia-2022-inventory.csv").read_text(encoding="utf-8")
    table = list(csv.DictReader(text.splitlines()))
    assert [float(r["emissions_t"]) for r in table] == [x["emissions_t"] for x in document["lines"]]
    assert {r["factor_year"] for r in table} == {"", "2020"}
    progress = json.loads(
        (tmp_path / "out" / "la-spezia-2022-progress.json").read_text(encoding="utf-8")
    )
    assert progress["targets"][0]["latest"]["year"] == 2022
    again = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    assert paes("report", "2022", "--out", str(tmp_path / "out")).code == 0
    assert again == {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    (tmp_path / "file").write_text("")
    assert "cannot be written" in paes("report", "2022", "--out", str(tmp_path / "file" / "x")).err


def test_one_round_waits_in_the_spool_for_a_store_that_cannot_be_opened(
    paes, simulated_town, tmp_path
):
    spool = str(tmp_path / "waiting.spool")
    lost = paes("--store", "/proc/no/way.sqlite", "collect", "--once", "--spool", spool)
    assert "readings could not be stored and wait in" in lost.error
    assert "cannot make its folder" in lost.error
    found = paes("collect", "--once", "--spool", spool)
    assert found.code == 0, found.err
    point = "scuola-2-giugno.main/energy_import"
    assert len(json.loads(paes("readings", point, "--format", "json").out)) == 2


def test_a_day_in_the_field(paes, simulated_town):
    done = paes("collect", "--once")
    assert done.code == 0, done.err
    assert "from 50 of 50 gateways" in done.err
    states = json.loads(paes("status", "--json").out)
    assert {s["state"] for s in states} == {"live"}
    assert "scuola-2-giugno.main" in paes("status").out
    point = "scuola-2-giugno.main/energy_import"
    lines = paes("readings", point).out.splitlines()
    assert lines[0] == "at,value,quality"
    assert len(lines) == 2
    (reading,) = json.loads(paes("readings", point, "--format", "json").out)
    assert reading["quality"] == "good"
    shown = simulated_town.town.register_at(
        "scuola-2-giugno.main", np.array([_seconds(reading["at"])])
    )
    assert reading["value"] == pytest.approx(float(shown[0]), rel=1e-6, abs=0.02)
    assert "there is scuola-2-giugno.main/" in paes("readings", "scuola-2-giugno.main/x").error
    assert "simulated readings" in paes("progress").err

    energy = json.loads(paes("energy", "--meter", "scuola-2-giugno.main", "--json").out)
    assert energy[0]["meter"] == "scuola-2-giugno.main"
    assert energy[0]["periods"][-1]["missing_high_kwh"] > 0
    site = paes("energy", "--site", "scuola-2-giugno", "--by", "year")
    assert "generation" in site.out
    assert "water is a volume" in site.err

    probed = paes("probe", "scuola-2-giugno.main")
    assert probed.code == 0
    assert "energy_import" in probed.out
    as_json = json.loads(paes("probe", "scuola-2-giugno.main", "--json").out)
    assert as_json["points"]
    gateway = simulated_town.addresses["gw-scuola-2-giugno"]
    wrong = paes("probe", "--host", gateway[0], "--port", str(gateway[1]), "--unit", "99",
                 "--profile", "eastron-sdm630")  # fmt: skip
    assert "unit 99" in wrong.error
    busy = paes("simulate", "--port", str(gateway[1]))
    assert str(gateway[1]) in busy.error


def test_collecting_goes_on_until_it_is_stopped_and_keeps_everything(dead_town, tmp_path):
    """The real process, told to stop by SIGTERM as a service is."""
    town = load_installation(dead_town)
    file = tmp_path / "readings.sqlite"
    with serving(Simulator(town, port=0)) as simulator:
        meters = dead_town / "cities" / "portovenere" / "meters.yaml"
        described = yaml.safe_load(meters.read_text(encoding="utf-8"))
        for gateway in described["gateways"]:
            gateway["host"], gateway["port"] = simulator.addresses[gateway["id"]]
        meters.write_text(yaml.safe_dump(described), encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "paes", "--config", str(dead_town), "--store", str(file),
             "collect"],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        store = SqliteStore(file)
        until = time.monotonic() + 60
        while len(store.latest(r.point for r in town.registers.values())) < len(town.meters):
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < until, store.points()
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
        store.close()
    assert process.returncode == 0
    assert "collecting from 3 gateways" in err
    assert err.rstrip().endswith("stopped; every reading is stored")


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
