"""Bills, load curves, edits, estimates, trees and costs, once on SQLite and once on InfluxDB.

A small town is filled by the same commands over each store: readings with holes, files, edits of
persons. Every answer of a command, and every file of the report, is the same on both, and still the
same after the store was copied into the other kind and back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from billed_town import ROME, SAMPLES, billed_town
from click.testing import CliRunner, Result
from influx_server import TOKEN_VARIABLE, InfluxServer
from small_installation import SmallInstallation

from paes.cli import paes
from paes.config import load_installation
from paes.periods import local_midnight, to_seconds
from paes.store import Store, open_store

pytestmark = [pytest.mark.untraced, pytest.mark.timeout(300)]
CURVE_POD = "IT001E11112222"
MORE_METERS = f"""\
  - id: molo.curva
    carrier: electricity
    pod: {CURVE_POD}
    brings: intervals
    rated_power_kw: 20
sensors:
  - id: scuola.outdoor
    device: aria
    gateway: gw-scuola
    unit: 9
virtual_meters:
  - id: scuola.aule
    carrier: electricity
    formula: main - palestra
"""
DEVICE = """\
schema: mbdev/1
id: aria
points:
  - {name: outdoor_temperature, kind: gauge, unit: degC, type: i16, quantity: temperature}
"""
TARIFF = """\
name: Three bands
carrier: electricity
unit: kWh
bands: italy
periods:
  - valid_from: 2024-01-01
    energy_eur_per_unit: {F1: 0.20, F2: 0.18, F3: 0.15}
    fixed_eur_per_month: 12
    vat_fraction: 0.22
    source: a letter
    assumed: true
    note: invented for tests
"""
FACTORS = """\
carrier,year,factor_t_per_mwh,source
electricity,,0.483,invented for tests
natural_gas,,0.202,invented for tests
heating_oil,,0.267,invented for tests
diesel,,0.267,invented for tests
"""
CONTRACTS = "contracts:\n  - {meter: scuola.main, tariff: three, valid_from: 2024-01-01}\n"
WHO = ("--reason", "read beside the meter", "--author", "Rossi")
SPAN = ("--from", "2024-01-01", "--to", "2024-11-01")
QUESTIONS: dict[str, tuple[str, ...]] = {
    "months of the town": ("energy", *SPAN, "--by", "month", "--json"),
    "days of the school": ("energy", "--site", "scuola", *SPAN, "--by", "day", "--json"),
    "quarters of March": (
        "energy", "--meter", "scuola.main", "--from", "2024-03-01", "--to", "2024-04-01",
        "--by", "quarter_hour", "--json",
    ),
    "a week lost": ("energy", "--meter", "scuola.palestra", *SPAN, "--by", "day", "--json"),
    "a load curve": ("energy", "--meter", "molo.curva", *SPAN, "--by", "day", "--json"),
    "bills alone": ("energy", "--meter", "molo.luci", *SPAN, "--by", "month", "--json"),
    "what is left of a meter": ("energy", "--meter", "scuola.aule", *SPAN, "--json"),
    "costs": ("costs", *SPAN, "--json"),
    "bands": ("bands", "--meter", "scuola.main", *SPAN, "--json"),
    "bills beside the meter": ("bills", "--json"),
}  # fmt: skip


@dataclass
class Filled:
    """A store in which the town is, and how its commands are called."""

    root: Path
    url: str

    def run(self, *arguments: str) -> Result:
        options = ["--config", str(self.root), "--store", self.url]
        return CliRunner().invoke(
            paes, [*options, *arguments], catch_exceptions=False, standalone_mode=False
        )

    def document(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments).stdout)

    def store(self) -> Store:
        return open_store(self.url)


def town(folder: Path) -> Path:
    """The installation."""
    small = SmallInstallation(folder)
    small.write(
        {
            "devices/aria.yaml": DEVICE,
            "tariffs/three.yaml": TARIFF,
            "cities/porto/contracts.yaml": CONTRACTS,
            "factors/prova.csv": FACTORS,
        }
    )
    billed_town(small)
    meters = small.root / "cities/porto/meters.yaml"
    text = meters.read_text(encoding="utf-8")
    swaps = text.split("ct_ratio: 40\n")[1].split("  - id")[0]
    text = text.replace(swaps, "    rated_power_kw: 10\n", 1)
    meters.write_text(text + MORE_METERS, encoding="utf-8")
    load_installation(small.root)
    return small.root


def put_readings(store: Store) -> None:
    """2 kW and 0.5 kW of January to March 2024, 2 % of them and a week of one lost."""
    start, end = (to_seconds(local_midnight(d, ROME)) for d in (date(2024, 1, 1), date(2024, 4, 1)))
    seconds = np.arange(start, end + 1, 900)
    week = to_seconds(local_midnight(date(2024, 2, 5), ROME)) + np.array([0, 7 * 86400])
    for number, (point, kw) in enumerate(
        {"scuola.main/energy_import": 2.0, "scuola.palestra/energy_import": 0.5}.items()
    ):
        read = np.random.default_rng(number).random(len(seconds)) >= 0.02
        if number:
            read &= (seconds < week[0]) | (seconds > week[1])
        at = seconds[read]
        store.write_series(point, at, np.round(kw * (at - start) / 3600, 3))
    store.write_series("scuola.outdoor/outdoor_temperature", seconds, (seconds % 86400) / 8640)


def fill(filled: Filled, folder: Path) -> Filled:
    """As a clerk does it: files, then corrections."""
    with closing(filled.store()) as store:
        put_readings(store)
    curves = SAMPLES / "load_curves"
    for name in ("ExportData_marzo.csv", "ExportData_ottobre.csv"):
        copy = folder / CURVE_POD / "attiva prelevata" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((curves / name).read_bytes())
        done = filled.run("import", str(copy))
        assert done.exit_code == 0, done.output
    for folder_name, name in (("bills_table", "bollette.csv"), ("deliveries", "gasolio.csv")):
        filled.run("import", str(SAMPLES / folder_name / name))
    for edit in (
        ("factor", "--from", "2024-01-10", "--to", "2024-01-12", "--factor", "2"),
        ("ignore", "--from", "2024-03-01T10:00", "--to", "2024-03-01T18:30"),
        ("withdraw", "factor", "--from", "2024-01-10"),
    ):
        done = filled.run("edit", "scuola.main", *edit, *WHO)
        assert done.exit_code == 0, done.output
    stated = ("--from", "2024-04-02", "--to", "2024-04-04", "--amount", "17.5")
    done = filled.run("edit", "molo.curva", "energy", *stated, *WHO)
    assert done.exit_code == 0, done.output
    return filled


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, influx_server: InfluxServer
) -> Iterator[dict[str, Filled]]:
    """The same town in both stores."""
    folder = tmp_path_factory.mktemp("evidence")
    root = town(folder / "town")
    urls = {
        "sqlite": str(folder / "town.sqlite"),
        "influx": influx_server.url(influx_server.new_bucket()),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(TOKEN_VARIABLE, influx_server.token)
        yield {name: fill(Filled(root, url), folder) for name, url in urls.items()}


@pytest.fixture(scope="module")
def copies(
    both: dict[str, Filled],
    tmp_path_factory: pytest.TempPathFactory,
    influx_server: InfluxServer,
) -> dict[str, Filled]:
    """Each store copied into the other kind."""
    root = both["sqlite"].root
    urls = {
        "sqlite": influx_server.url(influx_server.new_bucket()),
        "influx": str(tmp_path_factory.mktemp("copies") / "copy.sqlite"),
    }
    for name, url in urls.items():
        done = both[name].run("store", "copy", both[name].url, url, "--json")
        assert done.exit_code == 0, done.output
        told = json.loads(done.stdout)
        assert told["events"] >= 8  # imports, bills, edits
    return {name: Filled(root, url) for name, url in urls.items()}


def events(filled: Filled, *, timeless: bool = False) -> list[Any]:
    """All events; ``timeless``: without the moment of writing, which differs between two runs."""
    with closing(filled.store()) as store:
        found = store.events()
    if not timeless:
        return found
    own = [(e.subject, e.name, {**e.facts, "at": None}) for e in found]
    return sorted(own, key=repr)


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_is_the_same_on_both_stores_and_after_a_copy(both, copies, question) -> None:
    first = both["sqlite"].document(*QUESTIONS[question])
    assert first
    for other in (both["influx"], *copies.values()):
        assert other.document(*QUESTIONS[question]) == first


def test_the_town_has_all_kinds_of_evidence(both) -> None:
    """Else the test above would compare nothing."""
    methods = {
        question: {
            e["method"] for e in both["sqlite"].document(*QUESTIONS[question])[0]["estimates"]
        }
        for question in ("quarters of March", "a week lost", "a load curve")
    }
    assert methods == {
        "quarters of March": {"register+linear", "register+typical_day"},
        "a week lost": {"register+typical_day"},
        "a load curve": {"typical_day", "manual"},
    }
    (luci,) = both["sqlite"].document(*QUESTIONS["bills alone"])
    assert sum(p["measured_kwh"] + p["estimated_kwh"] for p in luci["periods"]) > 0
    (curve,) = both["sqlite"].document(*QUESTIONS["a load curve"])
    # Six days at 70.75 kWh: the hour that March loses is the one that October has twice.
    assert sum(p["measured_kwh"] for p in curve["periods"]) == pytest.approx(6 * 70.75)
    assert both["sqlite"].document(*QUESTIONS["bills beside the meter"])
    assert both["sqlite"].document(*QUESTIONS["costs"])


def test_events_say_the_same_on_both_and_are_all_copied(both, copies) -> None:
    assert events(both["sqlite"], timeless=True) == events(both["influx"], timeless=True)
    for name, copy in copies.items():
        assert events(copy) == events(both[name])
        assert copy.document("edit", "scuola.main", "--list", "--json") == both[name].document(
            "edit", "scuola.main", "--list", "--json"
        )


def test_every_point_is_copied_as_it_is(both, copies) -> None:
    for name, copy in copies.items():
        with closing(both[name].store()) as one, closing(copy.store()) as other:
            points = sorted(one.points())
            assert sorted(other.points()) == points
            assert "scuola.outdoor/outdoor_temperature" in points
            assert "molo.curva/energy_import_intervals" in points
            assert any(p.endswith("_amounts") for p in points)
            for point in points:
                a, b = one.read(point), other.read(point)
                assert a.seconds.tolist() == b.seconds.tolist(), point
                assert a.values.tolist() == b.values.tolist(), point
                assert a.codes.tolist() == b.codes.tolist(), point


def test_a_copy_is_sound_and_files_imported_again_change_nothing(both, copies) -> None:
    for copy in (*both.values(), *copies.values()):
        assert copy.document("store", "check", "--thorough", "--json")["problems"] == []
        before = events(copy)
        again = copy.document("import", str(SAMPLES / "bills_table" / "bollette.csv"), "--json")
        assert again
        assert events(copy) == before


def test_derived_rows_made_anew_say_the_same(both, copies) -> None:
    for copy in (*both.values(), *copies.values()):
        question = QUESTIONS["months of the town"]
        before = copy.document(*question)
        assert copy.run("store", "rebuild", *SPAN).exit_code == 0
        assert copy.document(*question) == before


def test_the_report_is_the_same_byte_by_byte(both, copies, tmp_path: Path) -> None:
    files = []
    for number, filled in enumerate((*both.values(), *copies.values())):
        out = tmp_path / str(number)
        assert filled.run("report", "2024", "--out", str(out)).exit_code == 0
        files.append({f.name: f.read_bytes() for f in out.iterdir()})
    assert len(files[0]) >= 4
    assert all(each == files[0] for each in files)


def test_a_backup_has_events_and_answers(both, tmp_path: Path) -> None:
    one = both["sqlite"]
    target = tmp_path / "backup.sqlite"
    assert one.run("store", "backup", str(target)).exit_code == 0
    backup = Filled(one.root, str(target))
    assert events(backup) == events(one)
    for question in ("months of the town", "costs", "bills beside the meter"):
        assert backup.document(*QUESTIONS[question]) == one.document(*QUESTIONS[question])
