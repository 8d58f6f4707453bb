"""The technician's commands as they are typed, against simulated devices on loopback."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from field_commands import NOON_S, CommandLine, Done, command_line, serving

from collectors.devices.profile import ReadLimits
from collectors.simulator import Simulator
from collectors.simulator.framing import Framing
from paes.config import config_root, load_installation

SITES = """\
sites:
  - {id: scuola, name: Scuola, kind: school, sector: municipal_buildings, floor_area_m2: 1500}
"""
METERS = """\
gateways:
  - {id: gw-scuola, host: 127.0.0.1, port: 5020, poll_period_s: 60}
meters:
  - {id: scuola.main, carrier: electricity, device: eastron-sdm630, gateway: gw-scuola, unit: 1,
     rated_power_kw: 55}
  - {id: scuola.palestra, carrier: electricity, measures: submeter, parent: scuola.main,
     device: abb-b23-b24, gateway: gw-scuola, unit: 2, rated_power_kw: 30}
  - {id: scuola.gas, carrier: natural_gas, device: wirenboard-wb-mcm8, gateway: gw-scuola, unit: 10,
     register: pulses_1, pulse: {weight: 0.1, unit: m3}, volume_correction: 1.02,
     rated_flow_m3_h: 60}
"""
OTHER_LINES = """\
gateways:
  - {id: gw-mbus, transport: mbus_tcp, host: 192.0.2.20, poll_period_s: 3600}
  - {id: broker, transport: mqtt, host: 192.0.2.30, poll_period_s: 3600}
meters:
  - {id: scuola.cold, measures: water, device: mbus-generic-water, gateway: gw-mbus,
     secondary_address: "12345678"}
  - {id: scuola.water, measures: water, device: mqtt-tts-water, gateway: broker, topic: w1}
"""


@pytest.fixture
def paes(tmp_path, monkeypatch, capfd) -> CommandLine:
    return command_line(tmp_path, monkeypatch, capfd)


class School:
    """A town of one school: its folder, and its meters as they really are, simulated."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shipped = config_root(None)
        city = folder / "cities" / "portovenere"
        shutil.copytree(shipped / "cities" / "portovenere", city)
        (folder / "installation.yaml").write_text("name: P\ndefault_city: portovenere\n")
        (city / "sites.yaml").write_text(SITES)
        (city / "contracts.yaml").unlink()  # they are of other meters
        self.meters = city / "meters.yaml"
        self.meters.write_text(METERS)
        self.simulator: Simulator | None = None

    def write(self, old: str, new: str) -> None:
        """Change the one place in ``meters.yaml`` that says ``old``."""
        text = self.meters.read_text("utf-8")
        assert text.count(old) == 1, text
        self.meters.write_text(text.replace(old, new), "utf-8")

    def display(self, meter: str, ratio: float = 1.0) -> float:
        """What the meter's display shows."""
        assert self.simulator is not None
        now = np.array([int(NOON_S)])
        return float(self.simulator.town.register_at(meter, now)[0]) / ratio


@pytest.fixture
def school(tmp_path) -> Iterator[School]:
    town = School(tmp_path / "town")
    town.simulator = Simulator(load_installation(town.folder), port=0, clock=lambda: NOON_S)
    with serving(town.simulator):
        port = town.simulator.addresses["gw-scuola"][1]
        town.write("port: 5020", f"port: {port}")
        yield town


def test_commissioning_accepts_the_right_meter_and_finds_the_wrong_ratio(paes, school, tmp_path):
    """The gym's meter has its transformers set in itself; meters.yaml multiplies once more."""
    school.write("unit: 2, rated_power_kw: 30", "unit: 2, rated_power_kw: 1200, ct_ratio: 40")
    main_display, gym_display = school.display("scuola.main"), school.display("scuola.palestra")
    typed = f"\n{main_display:.1f}\nnonsense\n{gym_display:.2f}\n".replace(".", ",")
    done = paes("--config", str(school.folder), "commission", "scuola", "--by", "Anna Bianchi",
                typed=typed[1:] + "\n")  # fmt: skip
    assert done.code == 1
    assert "cannot read display 'nonsense'" in done.err
    assert "ok: agrees" in _line(done.out, "scuola.main")
    assert "NO: differs" in _line(done.out, "scuola.palestra")
    assert "CT ratio applied twice" in done.err
    assert "2 of 3 meters of scuola not accepted: scuola.palestra, scuola.gas" in done.err
    (record,) = (tmp_path / "commissioning").glob("*.yaml")
    entries = {m["meter"]: m for m in yaml.safe_load(record.read_text("utf-8"))["meters"]}
    assert [entries[m]["verdict"] for m in ("scuola.main", "scuola.palestra", "scuola.gas")] == [
        "agrees", "differs", "not_compared",
    ]  # fmt: skip
    assert entries["scuola.main"]["register"]["words"]
    for language, title in (("it", "Verbale di messa in servizio"), ("en", "Commissioning sheet")):
        assert title in record.with_suffix(f".{language}.md").read_text("utf-8")
    assert "as it was written by Anna Bianchi" in paes("commission", "--verify", str(record)).out
    record.write_text(record.read_text("utf-8").replace("Anna", "Enna"), "utf-8")
    changed = paes("commission", "--verify", str(record))
    assert changed.code == 1
    assert "was changed after it was written" in changed.err


def test_everything_right_is_accepted_from_the_command_line(paes, school):
    readings = [
        f"scuola.main={school.display('scuola.main') / 1000:.4f} MWh",
        f"scuola.palestra={school.display('scuola.palestra'):.2f}",
        f"scuola.gas={school.display('scuola.gas', 1.02):.1f}",
    ]
    arguments = [a for reading in readings for a in ("--reading", reading)]
    done = paes("--config", str(school.folder), "commission", "scuola", "--by", "Anna", "--json",
                *arguments)  # fmt: skip
    record = json.loads(done.out)
    assert (done.code, record["accepted"]) == (0, True), done.err


def test_a_pulse_meter_is_made_right_by_the_line_that_is_proposed(paes, school):
    """The dial began 500 m3 later than the pulses: the line to paste makes it agree."""
    dial = school.display("scuola.gas", 1.02) + 500.0
    arguments = ("--config", str(school.folder), "commission", "scuola", "--by", "Anna", "--json",
                 "--reading", f"scuola.gas={dial:.1f}", "--out")  # fmt: skip
    first = json.loads(paes(*arguments, "first").out)
    entry = next(m for m in first["meters"] if m["meter"] == "scuola.gas")
    assert entry["verdict"] == "differs"
    line = yaml.safe_load(entry["paste"])
    assert line["initial_reading"] == pytest.approx(500.0, abs=0.11)
    initial = f"unit: m3, initial_reading: {line['initial_reading']}}}"
    school.write("unit: m3}", initial)
    second = json.loads(paes(*arguments, "second").out)
    entry = next(m for m in second["meters"] if m["meter"] == "scuola.gas")
    assert (entry["verdict"], entry["accepted"]) == ("agrees", True)


def test_a_meter_that_does_not_answer_does_not_end_the_visit(paes, school):
    school.write("unit: 2, ", "unit: 77, ")
    done = paes("--config", str(school.folder), "commission", "scuola", "--by", "Anna",
                "--reading", f"scuola.main={school.display('scuola.main'):.1f}")  # fmt: skip
    assert "scuola.palestra: NOT READ" in done.err
    assert "ok: agrees" in _line(done.out, "scuola.main")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("commission",), 2, "give either a SITE or --verify"),
        (("commission", "nowhere"), 1, "no site 'nowhere'"),
        (("commission", "scuola", "--reading", "x.y=1"), 1, "no meter 'x.y' at this site"),
        (("commission", "scuola", "--by", "A", "--reading", "scuola.main=lots"), 1,
         "cannot read display 'lots'"),
        (("commission", "scuola", "--by", "A", "--reading", "scuola.main=1@noon"), 1,
         "cannot read time 'noon'"),
        (("commission", "scuola", "--by", "A", "--reading", "scuola.main"), 1,
         "expected METER=VALUE"),
        (("commission", "scuola"), 1, "no keyboard to answer with: give --by NAME"),
        (("commission", "scuola", "--by", "A", "--out", "/proc/nothing"), 1, "cannot be made"),
        (("commission", "--verify", "none.yaml"), 1, "cannot be read"),
        (("record", "scuola.main", "--out", "no/such/file.yaml"), 1, "no such folder"),
        (("record", "--host", "::1", "--unit", "1", "--range", "3:0-9", "--timeout", "0"), 2,
         "'--timeout'"),
        (("scan", "/dev/nothing", "--baud", "0"), 2, "'--baud'"),
        (("replay", "/proc/version"), 1, "not a recording of a device"),
        (("plan",), 2, "give either a METER or --gateway"),
        (("plan", "--gateway", "nope"), 1, "no gateway 'nope'"),
        (("probe", "scuola.main", "--serial", "/dev/ttyUSB0"), 2, "give either a METER"),
        (("probe", "--serial", "/dev/ttyUSB0"), 2, "need --unit and --profile"),
        (("bench-device",), 2, "give either a METER"),
        (("probe", "--host", "a b", "--unit", "1", "--profile", "eastron-sdm120"), 2, "'a b'"),
        (("probe", "--host", "::1", "--unit", "1", "--profile", "mbus-generic-heat"), 1,
         "mbus-generic-heat is no Modbus device"),
        (("bench-device", "--serial", "/dev/nothing", "--unit", "1", "--profile",
          "eastron-sdm120"), 1, "/dev/nothing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(paes, tmp_path, arguments, code, says):
    """Nobody answers at the school: what is wrong is wrong before anything is asked."""
    done = paes("--config", str(School(tmp_path / "town").folder), *arguments)
    assert done.code == code
    assert says in done.err


def test_plan_shows_requests_registers_and_time_on_the_line(paes, school):
    """SDM630: power at 52, energies at 72 and 74, so one block of 24 registers; on 9600 8N1
    16.5 + 48 + 3.5 characters of 1.0417 ms and 20 ms to turn round are 90.8 ms."""
    asked = ("--config", str(school.folder), "plan")
    shown = paes(*asked, "scuola.main")
    assert "4:52+24" in shown.out
    document = json.loads(paes(*asked, "scuola.main", "--json").out)
    (unit,) = document["units"]
    (request,) = unit["requests"]
    assert request["classes"] == ["counters", "gauges"]
    assert request["bus_time_s"] == pytest.approx(0.0908, abs=1e-4)
    whole = json.loads(paes(*asked, "--gateway", "gw-scuola", "--json").out)
    assert [u["unit"] for u in whole["units"]] == [1, 2, 10]
    assert whole["bus_time_s"] == pytest.approx(sum(u["bus_time_s"] for u in whole["units"]))
    assert whole["longest_fraction"] == pytest.approx(whole["bus_time_s"] / 60)
    assert not whole["too_much"]


def test_plan_says_when_a_line_is_asked_for_too_much(paes, school):
    school.write("poll_period_s: 60", "poll_period_s: 1, serial: {device: x, baud: 300}")
    done = paes("--config", str(school.folder), "plan", "--gateway", "gw-scuola")
    assert done.code == 0
    assert "TOO MUCH for this line" in done.err


def test_probe_shows_all_word_orders_and_what_will_be_stored(paes, school):
    done = paes("--config", str(school.folder), "probe", "scuola.main")
    assert done.code == 0, done.err
    assert "word order: the profile's ABCD makes" in done.err
    assert re.search(r"frequency .*\*\[(49\.9|50\.0)", done.out)
    assert "kWh" in _line(done.out, "energy_import")


def test_probe_says_that_a_device_is_another_one(paes, school):
    """An SDM630's registers read as those of an EM24: floats taken for integers."""
    address = school.simulator.addresses["gw-scuola"]
    done = paes("probe", "--host", address[0], "--port", str(address[1]), "--unit", "1",
                "--profile", "carlo-gavazzi-em24-rs485")  # fmt: skip
    assert "WORD ORDER: none makes sense" in done.err


def test_bench_device_prints_a_line_that_a_profile_may_hold(paes, school):
    done = paes("--config", str(school.folder), "bench-device", "scuola.main", "--repeats", "2")
    assert done.code == 0, done.err
    line = yaml.safe_load(done.out.strip().splitlines()[-1])
    limits = ReadLimits.model_validate(line["read"])
    assert limits.max_registers == 80
    document = json.loads(
        paes("--config", str(school.folder), "bench-device", "scuola.main", "--repeats", "2",
             "--json").out
    )  # fmt: skip
    assert document["best_registers"] == 80
    assert document["sizes"][0]["answers"] == 2


@pytest.mark.parametrize("on_a_line", [True, False])
def test_a_device_on_a_serial_line_or_behind_a_converter_is_probed(paes, tmp_path, on_a_line):
    town = load_installation(School(tmp_path / "town").folder)
    simulator = Simulator(town, port=0, clock=lambda: NOON_S, framing=Framing.RTU,
                          on_lines=on_a_line)  # fmt: skip
    with serving(simulator):
        if on_a_line:
            place = ["--serial", simulator.lines["gw-scuola"]]
        else:
            host, port = simulator.addresses["gw-scuola"]
            place = ["--rtu-over-tcp", "--host", host, "--port", str(port)]
        done = paes("probe", *place, "--unit", "1", "--profile", "eastron-sdm630", "--timeout",
                    "20", "--json")  # fmt: skip
    assert done.code == 0, done.err
    values = {p["name"]: p["value"] for p in json.loads(done.out)["points"]}
    assert 49 < values["frequency"] < 51


def test_lines_that_are_no_modbus_are_shown_by_what_travels_over_them(paes, tmp_path):
    town = School(tmp_path / "town")
    town.meters.write_text(OTHER_LINES)

    def asked(*arguments: str) -> Done:
        return paes("--config", str(town.folder), *arguments)

    assert "12345678" in asked("plan", "scuola.cold").out
    assert "one request a meter every 3600 s" in asked("plan", "scuola.cold").err
    assert "v3/+/devices/w1/up" in asked("plan", "scuola.water").out
    (unit,) = json.loads(asked("plan", "--gateway", "broker", "--json").out)["units"]
    assert unit == {"topic": "v3/+/devices/w1/up", "meters": ["scuola.water"], "points": ["volume"]}
    (unit,) = json.loads(asked("plan", "--gateway", "gw-mbus", "--json").out)["units"]
    assert unit["address"] == "12345678"
    assert "is a broker: its devices cannot be asked" in asked("probe", "scuola.water").err
    assert "speaks mqtt; only Modbus has registers" in asked("bench-device", "scuola.water").err
    assert "speaks mbus_tcp; only Modbus has registers" in asked("bench-device", "scuola.cold").err


def _line(text: str, word: str) -> str:
    """The first line of a table that holds ``word``."""
    return next(line for line in text.splitlines() if word in line)
