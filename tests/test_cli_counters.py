"""What the command line tells of lamps, of causes of gaps, and of corrections."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from small_installation import SmallInstallation

from paes.accounting.ledger import EnergyLedger
from paes.cli import Session
from paes.cli.energy import energy
from paes.cli.lighting import lighting
from paes.config import load_installation
from paes.errors import ConfigError, DataError
from paes.events import SWAPPED, Cause, Event, absence
from paes.store.sqlite import SqliteStore

START = datetime(2025, 3, 3, 11, tzinfo=UTC)  # noon in Rome
SITE = "  - id: scuola\n    name: Scuola\n    kind: school\n"
LIT = (
    SITE.replace("school", "lighting_cabinet") + "    lighting_power_kw: 10\n    light_points: 40\n"
)
PULSE = "    pulse: {weight: 0.1, unit: m3}\n"

Run = Callable[..., Result]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "readings.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def run(small: SmallInstallation, store: SqliteStore) -> Iterator[Run]:
    sessions: list[Session] = []

    def call(command: object, *arguments: str) -> Result:
        session = Session(str(small.root), str(store.path), None)
        sessions.append(session)
        runner = CliRunner()
        return runner.invoke(command, arguments, obj=session, catch_exceptions=False)  # type: ignore[arg-type]

    yield call
    for session in sessions:
        session.store.close()


def every_quarter(hours: float) -> np.ndarray:
    return int(START.timestamp()) + 900 * np.arange(int(hours * 4) + 1, dtype=np.int64)


def test_lighting_tells_burning_hours_by_night(
    small: SmallInstallation, store: SqliteStore, run: Run
):
    small.replace("cities/porto/sites.yaml", SITE, LIT)
    seconds = every_quarter(24)
    power_w = np.where(np.arange(len(seconds)) < 48, 0.0, 8000.0)  # lit from midnight on
    store.write_series("scuola.main/power", seconds, power_w)
    store.write_series("scuola.main/energy_import", seconds, np.arange(len(seconds)) * 1.0)
    night = ("--from", "2025-03-03T12:00", "--to", "2025-03-04T12:00")
    told = json.loads(run(lighting, "scuola", *night, "--json").stdout)
    assert [one["meter"] for one in told] == ["scuola.main"]
    assert told[0]["installed_kw"] == 10.0
    assert told[0]["now"]["light"] == "unknown"  # read long ago
    (period,) = told[0]["periods"]
    assert period["start"] == "2025-03-03T12:00:00+01:00"
    assert period["burning_h"] == pytest.approx(12.125)
    assert (period["missing_h"], period["level"]) == (0, pytest.approx(0.8))
    assert told[0]["light_points"] == 40
    assert period["energy_kwh"] == pytest.approx(96)  # 1 kWh a quarter of an hour
    assert period["kwh_per_point"] == pytest.approx(2.4)
    assert period["energy_coverage"] == pytest.approx(1.0)

    table = run(lighting, "scuola", *night)
    assert "scuola.main: 10.0 kW installed, 40 light points; now unknown" in table.stdout
    assert "12.12" in table.stdout
    unread = run(lighting, "--from", "2025-02-01", "--to", "2025-02-02")
    assert "no readings in this time of scuola.main/power;" in unread.stderr
    (line,) = [n for n in unread.stdout.splitlines() if n.startswith("│scuola.main")]
    hours = [cell.strip() for cell in line.strip("│").split("│")][3:6]
    assert hours == ["-", "-", "24.00"]  # a lamp that nobody saw burned neither 0 h nor any
    summary = run(lighting, *night)
    assert "1 meters of lamps" in summary.stdout
    assert "80 %" in summary.stdout


def test_lighting_says_what_a_site_needs(run: Run):
    with pytest.raises(DataError, match=r"site molo \(port\) has no public lighting"):
        run(lighting, "molo")
    with pytest.raises(DataError, match="no site with lamps"):
        run(lighting)


def test_energy_of_a_meter_names_the_causes_of_its_gaps(store: SqliteStore, run: Run):
    seconds = every_quarter(48)
    there = np.ones(len(seconds), dtype=bool)
    there[21:60] = False
    store.write_series(
        "scuola.palestra/energy_import", seconds[there], seconds[there] / 3600.0 % 1e5
    )
    lost = START + timedelta(hours=5)
    store.write_events(
        [absence("scuola.palestra", Cause.GATEWAY_DOWN, lost, lost + timedelta(hours=10))]
    )
    told = run(energy, "--meter", "scuola.palestra", "--from", "2025-03-03", "--to", "2025-03-05")
    assert "data.gap: 1x" in told.stderr
    assert "no readings for 10.0 h: gateway not reached (10.0 h); 10.000 kWh" in told.stderr


def test_energy_of_a_meter_tells_of_an_exchange_once(store: SqliteStore, run: Run):
    seconds = every_quarter(48)
    values = np.where(np.arange(len(seconds)) < 100, 5000.0, 0.0) + np.arange(len(seconds)) / 4
    store.write_series("scuola.palestra/energy_import", seconds, values)
    at = START + timedelta(hours=24, minutes=50)
    facts = {"old_serial": "A1", "new_serial": "B2"}
    store.write_events([Event("scuola.palestra", SWAPPED, at, None, "", facts)])
    told = run(energy, "--meter", "scuola.palestra", "--from", "2025-03-03", "--to", "2025-03-05")
    assert told.stderr.count("meter.replaced: 1x") == 1
    assert "the device A1 was exchanged for B2" in told.stderr


def test_corrections_are_read_from_the_file(small: SmallInstallation, store: SqliteStore):
    correction = (
        "{at: 2025-03-03T12:00:00+01:00, pulses: 500, reading: 100, by: M. Rossi, reason: yearly}"
    )
    with_it = PULSE.replace("m3}", f"m3, corrections: [{correction}]}}")
    small.replace("cities/porto/meters.yaml", PULSE, with_it)
    installation = load_installation(small.root)
    (read,) = EnergyLedger(installation, store).rules(installation.meter("molo.gas")).corrections
    assert read.at == START
    # 500 pulses of 0.1 m3 at zero, and 100 m3 on the dial; C = 1.02
    assert (read.before, read.after) == (pytest.approx(51.0), pytest.approx(102.0))


def test_a_correction_without_a_name_is_refused_with_its_line(small: SmallInstallation):
    bad = "{at: 2025-03-03T12:00:00+01:00, pulses: 500, reading: 100, reason: yearly}"
    small.replace(
        "cities/porto/meters.yaml", PULSE, PULSE.replace("m3}", f"m3, corrections: [{bad}]}}")
    )
    with pytest.raises(ConfigError, match=r"pulse\.corrections\.0\.by|corrections.*by"):
        load_installation(small.root)
