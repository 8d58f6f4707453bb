"""Inventory, progress, forecast and lineage, once on SQLite and once on InfluxDB.

The school of the small installation takes 4 kW from 1 January 2024 on, read every hour but for one
hour in fifty and a week of March 2025, beside a declared rest of 520.5 MWh. Every document of a
command is the same on both stores, character by character.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from influx_server import TOKEN_VARIABLE, InfluxServer
from small_installation import SmallInstallation

from paes.accounting.ledger import EnergyLedger
from paes.cli import paes
from paes.config import load_installation
from paes.forecast.forecast import make_forecast
from paes.periods import local_midnight, to_seconds
from paes.report.forecast_documents import forecast_document
from paes.store import Store, open_store

pytestmark = [pytest.mark.untraced, pytest.mark.timeout(300)]
ROME = "Europe/Rome"
CELL = "porto/inventory/2025/municipal_buildings/electricity/mwh"
NOW = datetime(2025, 10, 15, tzinfo=UTC)
QUESTIONS: dict[str, tuple[str, ...]] = {
    "the inventory": ("inventory", "2025"),
    "its bridge": ("inventory", "2025", "--bridge"),
    "electricity frozen and current": ("inventory", "2025", "--side-by-side"),
    "progress": ("progress",),
    "progress, frozen and current": ("progress", "--side-by-side"),
    "years to come": ("scenarios", "--to", "2030"),
    "towns and sites": ("compare", "2025", "--sites"),
    "a total": ("trace", "porto/inventory/2025/t", "--depth", "6"),
    "what the town achieved": ("trace", "porto/progress/t2020/2025/reduction", "--depth", "3"),
    "reads of a day": ("trace", CELL, "--meter", "scuola.main", "--day", "2025-03-14"),
    "a week lost": ("trace", CELL, "--meter", "scuola.main", "--month", "2025-03"),
}


@dataclass
class Filled:
    """A store in which the town is, and how its commands are called."""

    root: Path
    url: str

    def answer(self, *arguments: str) -> str:
        options = ["--config", str(self.root), "--store", self.url]
        done = CliRunner().invoke(paes, [*options, *arguments, "--json"], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    def document(self, *arguments: str) -> Any:
        return json.loads(self.answer(*arguments))


def town(folder: Path) -> Path:
    """The installation: one meter, and declared rows of 2005 and 2025."""
    small = SmallInstallation(folder)
    meters, table = "cities/porto/meters.yaml", "cities/porto/activity/bollette.csv"
    text = (small.root / meters).read_text(encoding="utf-8")
    swaps = text.split("ct_ratio: 40\n")[1].split("  - id")[0]
    small.replace(meters, swaps, "    rated_power_kw: 10\n    valid_from: 2024-01-01\n")
    small.replace(table, "520.5,sector,bills,,", "520.5,rest,bills,,")
    later = "\n2025,public_lighting,electricity,10,sector,bills,,"
    small.replace(table, "\n# between two rows", later)
    gas = "natural_gas,,0.202,invented for tests\n"
    small.replace("factors/prova.csv", gas, f"{gas}diesel,,0.25,invented for tests\n")
    return small.root


def put_readings(store: Store) -> None:
    """Of 2024, 2025 and a day more."""
    start, lost, end = (
        to_seconds(local_midnight(day, ROME))
        for day in (date(2024, 1, 1), date(2025, 3, 10), date(2026, 1, 2))
    )
    seconds = np.arange(start, end + 1, 3600, dtype=np.int64)
    is_read = np.random.default_rng(7).random(len(seconds)) >= 0.02
    years = [to_seconds(local_midnight(date(y, 1, 1), ROME)) for y in (2024, 2025, 2026)]
    is_read |= np.isin(seconds, years)  # so that no year's amount is cut
    at = seconds[is_read & ((seconds < lost) | (seconds > lost + 7 * 86_400))]
    store.write_series("scuola.main/energy_import", at, (at - start) / 900.0)


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, influx_server: InfluxServer
) -> Iterator[dict[str, Filled]]:
    """The same town in both stores."""
    folder = tmp_path_factory.mktemp("plan")
    root = town(folder / "town")
    urls = {
        "sqlite": str(folder / "town.sqlite"),
        "influx": influx_server.url(influx_server.new_bucket()),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(TOKEN_VARIABLE, influx_server.token)
        for url in urls.values():
            with closing(open_store(url)) as store:
                put_readings(store)
        yield {name: Filled(root, url) for name, url in urls.items()}


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_is_the_same_on_both_stores(both: dict[str, Filled], question: str) -> None:
    first = both["sqlite"].answer(*QUESTIONS[question])
    assert len(first) > 100
    assert both["influx"].answer(*QUESTIONS[question]) == first


def test_the_same_from_kept_months_and_made_anew(both: dict[str, Filled]) -> None:
    for filled in both.values():
        before = filled.answer(*QUESTIONS["progress"])
        root = ["--config", str(filled.root), "--store", filled.url]
        rebuild = [*root, "store", "rebuild", "--from", "2024-01-01", "--to", "2026-01-01"]
        assert CliRunner().invoke(paes, rebuild, catch_exceptions=False).exit_code == 0
        assert filled.answer(*QUESTIONS["progress"]) == before


def test_both_answer_what_the_school_took(both: dict[str, Filled]) -> None:
    """8,760 h at 4 kW: 35.04 MWh; with the declared rest, at 0.483 t/MWh, 268.32582 t."""
    for filled in both.values():
        node = filled.document("trace", CELL)
        assert node["value"] == pytest.approx(520.5 + 35.04, abs=1e-9)
        node = filled.document("trace", CELL.replace("/mwh", "/t"))
        assert node["value"] == pytest.approx(268.32582, abs=1e-5)


def test_the_running_year_is_expected_alike(both: dict[str, Filled]) -> None:
    found = []
    for filled in both.values():
        installation = load_installation(filled.root)
        with closing(open_store(filled.url)) as store:
            ledger = EnergyLedger(installation, store, lambda: NOW)
            made = make_forecast(installation.city(), ledger)
            found.append(forecast_document(installation.city(), made, {}))
    assert json.dumps(found[0]) == json.dumps(found[1])
    assert found[0]["year"] == 2025
