"""Sensors in ``meters.yaml``: what is taken, and what each mistake is told as, with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_installation import SmallInstallation

from paes.cli import paes
from paes.config import load_installation
from paes.errors import ConfigError
from paes.metering import Measures

METERS = "cities/porto/meters.yaml"
GOOD = "sensors:\n  - {id: scuola.meteo, device: xy-md02, gateway: gw-scuola, unit: 20}\n"
TWO = GOOD + "  - {id: scuola.main, device: xy-md02, gateway: gw-scuola, unit: 21}\n"


def add(small: SmallInstallation, text: str) -> int:
    """Add ``text`` to the file of meters; the line of its first entry."""
    path = small.root / METERS
    before = path.read_text()
    path.write_text(before + text)
    return before.count("\n") + 2


def problems_of(small: SmallInstallation) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_installation(small.root)
    return [p.removeprefix(f"{small.root}/{METERS}:") for p in caught.value.problems]


def test_a_sensor_is_read_behind_its_gateway_and_is_no_meter(small: SmallInstallation) -> None:
    before = load_installation(small.root)
    add(small, GOOD)
    installation = load_installation(small.root)
    sensor = installation.sensors["scuola.meteo"]
    assert sensor.point == "scuola.meteo/outdoor_temperature"
    assert sensor in installation.meters_behind("gw-scuola")
    assert installation.register(sensor).unit == "degC"
    assert installation.register(sensor).resolution == pytest.approx(0.1)
    assert installation.time_zone("scuola.meteo") == "Europe/Rome"
    assert installation.meters == before.meters
    assert installation.registers == before.registers


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "id: scuola.meteo",
            "id: palestra.meteo",
            "sensors[palestra.meteo].id: no site 'palestra' in sites.yaml; there is molo, scuola",
        ),
        (
            "gw-scuola, unit: 20",
            "gw-palestra, unit: 20",
            "sensors[scuola.meteo].gateway: no gateway 'gw-palestra'; there is gw-molo, gw-scuola",
        ),
        (
            "unit: 20",
            "unit: 20, register: humidity",
            (
                "sensors[scuola.meteo].register: sensor scuola.meteo: device xy-md02 has no gauge"
                " 'humidity'; it has outdoor_temperature, relative_humidity; say which with"
                " register:"
            ),
        ),
        (
            "device: xy-md02",
            "device: impulsi",
            (
                "sensors[scuola.meteo].register: sensor scuola.meteo: device impulsi has no gauge"
                " 'outdoor_temperature'; it has none; say which with register:"
            ),
        ),
        (
            "unit: 20",
            "unit: 20, carrier: electricity",
            "sensors[scuola.meteo]: a water meter has no carrier, and every other meter has one",
        ),
    ],
)
def test_a_sensor_that_cannot_be_is_told_with_its_line(
    small: SmallInstallation, old: str, new: str, problem: str
) -> None:
    line = add(small, GOOD.replace(old, new))
    assert problems_of(small) == [f"{line}: {problem}"]


def test_a_sensor_with_a_meter_s_id_is_told(small: SmallInstallation) -> None:
    line = add(small, TWO)
    assert problems_of(small) == [
        f"{line + 1}: sensors[scuola.main].id: this id is a meter's already"
    ]


def test_what_measures_the_weather_is_refused_among_the_meters(small: SmallInstallation) -> None:
    text = (small.root / METERS).read_text()
    meter = "  - {id: scuola.meteo, measures: weather, device: xy-md02, gateway: gw-scuola}\n"
    (small.root / METERS).write_text(text + meter)
    line = text.count("\n") + 1
    assert problems_of(small) == [
        (
            f"{line}: meters[scuola.meteo]: what measures the weather is no meter; list it under"
            " sensors:"
        )
    ]


def test_measures_of_a_sensor_is_the_weather() -> None:
    assert str(Measures.WEATHER) == "weather"


def test_status_shows_it_below_the_meters(small: SmallInstallation, tmp_path: Path) -> None:
    add(small, GOOD)
    options = ["--config", str(small.root), "--store", str(tmp_path / "town.sqlite")]
    done = CliRunner().invoke(paes, [*options, "status", "--json"])
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    assert [row["meter"] for row in rows][-1] == "scuola.meteo"
    assert rows[-1]["state"] == "never"
    shown = CliRunner().invoke(paes, [*options, "status"]).stdout
    assert f"Porto: {len(rows) - 1} meters, sensors: 1" in shown


def test_checking_the_configuration_counts_no_sensor_as_a_meter(small: SmallInstallation) -> None:
    before = CliRunner().invoke(paes, ["--config", str(small.root), "check", "--json"])
    add(small, GOOD)
    after = CliRunner().invoke(paes, ["--config", str(small.root), "check", "--json"])
    meters = [json.loads(done.stdout)["counts"]["meters"] for done in (before, after)]
    assert meters[0] == meters[1] > 0
