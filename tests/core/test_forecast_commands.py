"""``paes forecast`` and ``paes scenarios`` as a person calls them, over a town of known figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from forecast_town import (
    GAS,
    HOMES,
    NAME,
    POWER,
    blow,
    count,
    declared,
    heats,
    ledger,
    meter,
    town,
)

from paes.accounting.ledger import EnergyLedger
from paes.cli import Session, paes
from paes.installation import Installation
from paes.plan.action import Action, Status
from paes.store import Store
from paes.store.sqlite import SqliteStore

TODAY = date(2026, 4, 1)
ROWS = (
    declared(2007, 5000.0),
    declared(2025, 4000.0),
    declared(2025, 10.0, sector="municipal_buildings", covers="rest"),
    declared(2025, 0.0, sector="municipal_buildings", carrier="electricity", covers="rest"),
)
STOVES = Action(id="stoves", name=NAME, sector=HOMES, status=Status.NOT_STARTED, carrier=GAS,
                declared_saving_mwh=500.0, end=date(2028, 12, 31), source="s")  # fmt: skip
LATER = STOVES.model_copy(update={"id": "later", "status": Status.POSTPONED})
Called = Callable[..., Result]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """A school with gas and a new heat pump, and weather since 2024."""
    opened = SqliteStore(Path(tmp_path_factory.mktemp("town")) / "town.sqlite")
    blow(opened, 2024, TODAY)
    heats(opened, "school.gas", TODAY)
    count(opened, "school.pump", date(2026, 3, 1), np.full(31, 5.0))
    yield opened
    opened.close()


@pytest.fixture
def called(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> Called:
    pump = meter("school.pump", POWER, valid_from=date(2026, 3, 1), rated_power_kw=None)
    installation = town(ROWS, meter("school.gas"), pump, actions=(STOVES, LATER))

    def its_installation(session: Session) -> Installation:
        return installation

    def its_store(session: Session) -> Store:
        return store

    def its_ledger(session: Session) -> EnergyLedger:
        return ledger(installation, store, TODAY)

    monkeypatch.setattr(Session, "installation", property(its_installation))
    monkeypatch.setattr(Session, "store", property(its_store))
    monkeypatch.setattr(Session, "ledger", property(its_ledger))
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *arguments: CliRunner().invoke(paes, list(arguments))


def document(called: Called, *arguments: str) -> Any:
    done = called(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_running_year_is_told_so_far_expected_and_beside_the_path(called: Called) -> None:
    done = called("forecast", "--sites")
    assert done.exit_code == 0, done.output
    assert "2026, seen until 2026-04-01, the rest expected" in done.stdout
    assert "expected 2026" in done.stdout
    assert "target 2030" in done.stdout
    assert "how sure tables and factors are (paes inventory 2025)" in done.stderr
    assert "heats below" in done.stdout
    assert "15 degC" in done.stdout
    assert "2 past years, 2024 to 2025; ten would be better" in done.stderr
    assert "no factor for 2026 yet; that of 2024 was used (0.25 t/MWh)" in done.stderr
    assert "school/electricity: 31 days with measured energy" in done.stderr


def test_the_document_of_a_forecast_has_every_part_of_a_cell(called: Called) -> None:
    found = document(called, "forecast")
    cells = {(c["sector"], c["carrier"]): c for c in found["cells"]}
    gas = cells["municipal_buildings", "natural_gas"]
    assert gas["expected_mwh"] == pytest.approx(
        gas["so_far_mwh"] + gas["rest_mwh"] + gas["declared_mwh"]
    )
    assert gas["declared_mwh"] == 10.0
    assert gas["low_mwh"] < gas["expected_mwh"] < gas["high_mwh"]
    assert gas["how"] == ["model", "carried"]
    pump = cells["municipal_buildings", "electricity"]
    assert pump["how"] == ["carried", "unknown"]
    assert pump["high_mwh"] is None  # nothing bounds it
    assert found["weather"]["years"] == [2025, 2024]
    assert found["verdict"] == "above"  # homes alone: 800 t beside 670 of the path
    assert found["expected"]["high"] is None
    models = {s["carrier"]: s["model"] for s in found["sites"]}
    assert models["natural_gas"]["balance_heating_degc"] == 15.0
    assert models["electricity"] is None


def test_scenarios_are_told_with_gap_and_chance(called: Called) -> None:
    """5,000 MWh at 0.2 in 2007: 1,000 t, of which 600 are allowed in 2030."""
    done = called("scenarios", "--with", "later", "--draws", "200")
    assert done.exit_code == 0, done.output
    assert "2030 beside test" in done.stdout
    assert "planned + chosen, year by year" in done.stdout
    assert "allowed in 2030: 600 t" in done.stderr
    assert "what it brings is supra-ordinate" in done.stderr


def test_the_document_of_scenarios_names_their_actions_and_draws(called: Called) -> None:
    found = document(called, "scenarios", "--with", "later", "--draws", "200", "--seed", "7")
    assert (found["draws"], found["seed"]) == (200, 7)
    lines = {(s["id"], s["grid"] is not None): s for s in found["scenarios"]}
    assert set(lines) == {
        (name, grid) for name in ("as_usual", "planned", "chosen") for grid in (False, True)
    }
    planned, chosen = lines["planned", False], lines["chosen", False]
    assert (planned["actions"], chosen["actions"]) == (["stoves"], ["stoves", "later"])
    assert planned["years"][-1]["own_actions_t"] == pytest.approx(80.0)
    assert chosen["gap_t"] == pytest.approx(planned["gap_t"] - 80.0)
    assert lines["as_usual", False]["gap_t"] == pytest.approx(planned["gap_t"] + 80.0)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("forecast", "--target", "x"), "town has no target 'x'"),
        (("scenarios", "--with", "x"), "no action 'x'"),
        (("scenarios", "--to", "2020"), "expected --to 2026 or later"),
    ],
)
def test_wrong_calls_say_what_there_is(
    called: Called, arguments: tuple[str, ...], told: str
) -> None:
    done = called(*arguments)
    assert done.exit_code == 1
    assert told in str(done.exception)


def test_what_is_expected_of_the_installation_is_read_and_refused_by_file_and_line(
    tmp_path: Path,
) -> None:
    """A band that falls out of order, and a projection without a source."""
    from paes.forecast.expectations import read_expectations

    (tmp_path / "grid_projections.yaml").write_text(
        "projections:\n  - id: x\n    name: {it: x, en: x}\n"
        "    points:\n      - {year: 2030, factor_t_per_mwh: 0.1}\n"
    )
    problems: list[str] = []
    assert read_expectations(tmp_path, problems) is None
    (told,) = problems
    assert "grid_projections.yaml" in told
    assert "needs a source, or assumed: true with a note" in told
