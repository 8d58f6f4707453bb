"""``paes pv --expected`` and the rules of plants on a store: three schools of the shipped town.

From 1 April to 20 August 2025 each makes its power times the same bell and the same sky; the third
makes a third less from 1 August on.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from paes.accounting.ledger import EnergyLedger
from paes.cli import Session
from paes.cli.pv import pv
from paes.config import load_installation
from paes.faults.rules import pv_outage, pv_slow_loss, pv_string
from paes.faults.watch import watch
from paes.periods import Span, to_seconds
from paes.series import Floats
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore

START, BROKEN, END = (datetime(2025, m, d, tzinfo=UTC) for m, d in ((4, 1), (8, 1), (8, 21)))
PLANTS = {"scuola-2-giugno": 20.0, "scuola-cattaneo": 20.0, "scuola-migliarina": 15.0}
ILL = "scuola-migliarina"
AUGUST = ("--from", "2025-08-03", "--to", "2025-08-20", "--by", "month")
Run = Callable[..., Result]


def quarters() -> np.typing.NDArray[np.int64]:
    return np.arange(to_seconds(START), to_seconds(END) + 1, 900, dtype=np.int64)


def sky() -> Floats:
    """Light of each quarter hour: a bell from 5 to 17 UTC, and days between six tenths and all."""
    at = quarters()
    bell = np.maximum(np.sin((at % 86_400 / 3600 - 4.5) * np.pi / 13), 0.0)
    return np.asarray(bell * (0.8 + 0.2 * np.sin(at // 86_400)))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that is copied for each test, since asking it makes it keep its days."""
    path = tmp_path_factory.mktemp("plants") / "readings.sqlite"
    store = SqliteStore(path)
    for site, power_kw in PLANTS.items():
        part = np.where((quarters() >= to_seconds(BROKEN)) & (site == ILL), 2 / 3, 1.0)
        made_kwh = 0.7 * power_kw * sky() * part / 4
        register = 100 + np.concatenate([[0.0], np.cumsum(made_kwh[:-1])])
        store.write_series(f"{site}.pv/energy_export", quarters(), register)
    store.close()
    return path


@pytest.fixture
def path(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(kept, tmp_path / "readings.sqlite"))


@pytest.fixture
def run(path: Path) -> Iterator[Run]:
    sessions: list[Session] = []

    def call(*arguments: str) -> Result:
        session = Session(None, str(path), None)
        sessions.append(session)
        return CliRunner().invoke(pv, arguments, obj=session, catch_exceptions=False)

    yield call
    for session in sessions:
        session.store.close()


def bring_irradiance(path: Path, name: str) -> None:
    """What a file would bring."""
    store = SqliteStore(path)
    store.write_series(f"la-spezia.weather/{name}", quarters(), 900 * sky())
    store.close()


def test_what_a_plant_should_have_made_is_told_by_its_neighbours(run: Run) -> None:
    """The two others are healthy, so that a third less is two thirds of what was expected."""
    told = json.loads(run("--site", ILL, "--expected", "--json", *AUGUST).stdout)
    (one,) = told["plants"]
    assert told["findings"] == []
    assert (one["meter"], one["expected_by"]) == (f"{ILL}.pv", "neighbours")
    assert {"scuola-2-giugno.pv", "scuola-cattaneo.pv"} <= set(one["neighbours"])
    assert one["calibrated"] is True
    (august,) = one["periods"]
    assert august["made_of_expected_fraction"] == pytest.approx(2 / 3, abs=0.01)
    assert august["expected_low_kwh"] < august["expected_kwh"] < august["expected_high_kwh"]


def test_the_table_says_by_which_light(run: Run) -> None:
    done = run("--site", ILL, "--expected", *AUGUST)
    assert "expected by other plants of the town and near it" in done.stdout
    (row,) = [line for line in done.stdout.splitlines() if "2025-08" in line]
    assert "66." in row or "67." in row


def test_a_satellite_goes_before_neighbours(path: Path, run: Run) -> None:
    bring_irradiance(path, "satellite_irradiance")
    (one,) = json.loads(run("--site", ILL, "--expected", "--json", *AUGUST).stdout)["plants"]
    assert one["expected_by"] == "satellite"


def test_a_weather_model_is_refused_and_that_is_told(path: Path, run: Run) -> None:
    bring_irradiance(path, "global_irradiance")
    told = json.loads(run("--site", ILL, "--expected", "--json", *AUGUST).stdout)
    assert told["plants"][0]["expected_by"] == "neighbours"
    assert [f["name"] for f in told["findings"]] == ["pv.irradiance_refused"]


def test_quarter_hours_are_not_expected(run: Run) -> None:
    with pytest.raises(Exception, match="expected --by hour or longer"):
        run("--site", ILL, "--expected", "--by", "quarter_hour")


def test_a_site_without_a_plant_is_told(run: Run) -> None:
    with pytest.raises(Exception, match="no photovoltaic plant here whose power is known"):
        run("--site", "museo-civico", "--expected")


def test_the_rules_find_the_lost_string_and_nothing_else(path: Path) -> None:
    store = SqliteStore(path)
    ledger = EnergyLedger(load_installation(shipped_config()), store, lambda: END)
    meters = [ledger.installation.meters[f"{site}.pv"] for site in PLANTS]
    rules = (pv_outage.RULE, pv_string.RULE, pv_slow_loss.RULE)
    found = watch(ledger, Span(END - timedelta(days=60), END), meters, rules)
    store.close()
    (one,) = found
    assert (one.rule.id, one.subject) == ("pv_string", f"{ILL}.pv")
    assert abs(one.episode.start - BROKEN) <= timedelta(days=1)  # midnight in Rome
    assert one.episode.numbers["lost_fraction"] == pytest.approx(1 / 3, abs=0.01)
    assert one.episode.excess is not None
    lost_kwh = 0.7 * 15 * sky()[quarters() >= to_seconds(BROKEN)].sum() / 4 / 3
    assert one.episode.excess.likely.sum() == pytest.approx(lost_kwh, rel=0.03)
