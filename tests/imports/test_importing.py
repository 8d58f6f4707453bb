"""From a file to the store: new, changed, same; twice; told for ever; killed at any step."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from import_town import AT, CURVE_POD, SAMPLES, importing
from influx_server import TOKEN_VARIABLE, InfluxServer
from small_installation import SmallInstallation

from paes.config import load_installation
from paes.errors import DataError
from paes.events import Event
from paes.imports import importing as importing_module
from paes.imports.batch import Batch, Context, DeclaredTable, SourceFile
from paes.imports.declared_tables import COLUMNS
from paes.imports.importing import Importing, Wishes, months_absent
from paes.imports.trail import all_imports, is_unfinished
from paes.shipped_files import shipped_config
from paes.store import Store, open_store

POINT = "molo.luce/energy_import_intervals"
MARCH = (SAMPLES / "load_curves" / "ExportData_marzo.csv").read_text()
FIRST = datetime(2024, 3, 28, 23, tzinfo=UTC)  # 29 March 2024, 00:00 in Rome
DAY_KWH = 70.75


@pytest.fixture
def curve(tmp_path: Path) -> Path:
    """The sample of March under a name that says whose and of what it is."""
    path = tmp_path / f"{CURVE_POD} prelievo.csv"
    path.write_text(MARCH)
    return path


def content(store: Store) -> tuple[dict[str, list[tuple[float, ...]]], list[Event]]:
    """Everything in the store."""
    found = {}
    for point in store.points():
        of = store.read(point)
        columns = (of.seconds.tolist(), of.values.tolist(), of.codes.tolist())
        found[point] = list(zip(*columns, strict=True))
    return found, store.events()


# New, changed, the same


def test_a_new_file_is_taken_whole_and_leaves_a_trail(
    town: SmallInstallation, any_store: Store, curve: Path
) -> None:
    report = importing(town, any_store, format="e-distribuzione").take(curve)
    (point,) = report.points
    assert (point.point, point.new, point.changed, point.same) == (POINT, 284, 0, 0)
    assert (point.period, point.months) == ("2024-03-29 … 2024-03-31", ("2024-03",))
    assert any_store.read(POINT).values.sum() == pytest.approx(3 * DAY_KWH - 2.5)
    own, of_point = sorted(any_store.events(name="import."), key=lambda e: e.subject)
    assert own.subject == report.sha256
    assert (own.name, own.start) == ("import.e-distribuzione", AT)
    wanted = {"file": curve.name, "author": "Anna", "new": 284, "changed": 0, "refused": 0}
    assert {name: own.facts[name] for name in wanted} == wanted
    assert (of_point.subject, of_point.start) == (POINT, FIRST)
    assert of_point.facts["sha256"] == report.sha256
    assert all_imports(any_store) == [own]


def test_importing_twice_changes_nothing(
    town: SmallInstallation, any_store: Store, curve: Path
) -> None:
    importing(town, any_store, format="e-distribuzione").take(curve)
    before, touched = content(any_store), any_store.touched_since(datetime(2000, 1, 1, tzinfo=UTC))
    again = importing(town, any_store, format="e-distribuzione").take(curve)
    (point,) = again.points
    assert (point.new, point.changed, point.same) == (0, 0, 284)
    assert (again.is_written, again.imported_before) == (False, AT.isoformat())
    assert content(any_store) == before
    later = any_store.touched_since(datetime(2000, 1, 1, tzinfo=UTC))
    assert later.keys() == touched.keys()


def test_a_dry_run_tells_the_same_and_writes_nothing(
    town: SmallInstallation, file_store: Store, curve: Path
) -> None:
    dry = importing(town, file_store, dry_run=True).take(curve)
    assert content(file_store) == ({}, [])
    assert replace(dry, is_written=True) == importing(town, file_store).take(curve)


def test_a_changed_value_is_written_and_the_old_one_stays_known(
    town: SmallInstallation, any_store: Store, curve: Path
) -> None:
    importing(town, any_store, format="e-distribuzione").take(curve)
    curve.write_text(MARCH.replace("29/03/2024;0,00;0,25", "29/03/2024;0,00;9,25"))
    report = importing(town, any_store, format="e-distribuzione").take(curve)
    (point,) = report.points
    assert (point.new, point.changed, point.same) == (0, 1, 283)
    assert point.changed_months == ("2024-03",)
    assert point.first_changes == (f"{POINT} 2024-03-28T23:15Z: 0.25 -> 9.25",)
    assert any_store.read(POINT).values[1] == 9.25
    (change,) = any_store.events(name="import.changed.")
    assert (change.subject, change.start) == (POINT, datetime(2024, 3, 28, 23, 15, tzinfo=UTC))
    assert change.facts["2024-03-28T23:15:00Z"] == "0.25"
    assert change.facts["sha256"] == report.sha256
    assert any_store.events(subjects=[report.sha256])[0].facts["changed_1"] == (
        f"{POINT} 2024-03-28T23:15Z: 0.25 -> 9.25"
    )


def test_what_a_store_rounded_does_not_look_changed(
    town: SmallInstallation, any_store: Store, curve: Path
) -> None:
    curve.write_text(MARCH.replace("0,25", "0,2504"))
    importing(town, any_store, format="e-distribuzione").take(curve)
    (point,) = importing(town, any_store, format="e-distribuzione").take(curve).points
    assert (point.new, point.changed) == (0, 0)


def test_a_file_with_refusals_is_imported_without_them_and_says_so(
    town: SmallInstallation, file_store: Store, curve: Path
) -> None:
    curve.write_text(MARCH.replace("29/03/2024;0,00;0,25", "29/03/2024;0,00;?"))
    report = importing(town, file_store).take(curve)
    assert (report.points[0].new, len(report.refused), report.is_whole) == (283, 1, False)
    assert all_imports(file_store)[0].facts["refused"] == 1


def test_a_file_that_is_not_understood_leaves_nothing(
    town: SmallInstallation, file_store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "lettera.txt"
    path.write_text("Gentile cliente,\nle inviamo i dati.\n")
    with pytest.raises(DataError, match=r"lettera\.txt: of no format that is recognised"):
        importing(town, file_store).take(path)
    assert content(file_store) == ({}, [])


@pytest.mark.parametrize(
    ("name", "message"),
    [("none.csv", "none.csv: no such file; expected a file to import"),
     (".", ": a folder; expected a file to import")],
)  # fmt: skip
def test_what_is_no_file_is_named(
    town: SmallInstallation, file_store: Store, tmp_path: Path, name: str, message: str
) -> None:
    with pytest.raises(DataError) as error:
        importing(town, file_store).take(tmp_path / name)
    assert str(error.value).endswith(message)


def test_an_unknown_meter_is_told_before_any_file_is_read(
    town: SmallInstallation, file_store: Store
) -> None:
    with pytest.raises(DataError, match=r"no meter 'molo\.lux'"):
        importing(town, file_store, meter="molo.lux")


def test_months_without_readings_in_the_covered_range_are_named(
    town: SmallInstallation, file_store: Store, tmp_path: Path
) -> None:
    header, day, *_ = MARCH.splitlines()
    paths = []
    for month in ("01", "02", "05"):
        paths.append(tmp_path / f"{CURVE_POD} prelievo {month}.csv")
        paths[-1].write_text(f"{header}\n{day.replace('/03/', f'/{month}/')}\n")
    reports = [importing(town, file_store).take(path) for path in paths]
    assert [r.refused for r in reports] == [(), (), ()]
    assert months_absent(file_store, reports) == {POINT: ["2024-03", "2024-04"]}
    april = np.array([int(datetime(2024, 4, 10, tzinfo=UTC).timestamp())])
    file_store.write_series(POINT, april, np.array([1.0]))
    assert months_absent(file_store, reports) == {POINT: ["2024-03"]}


# Killed half-way

KILLS = 6
NEVER = 10**9


class Worker:
    """The program ``import_worker``: imports in processes that are killed before a step."""

    def __init__(self, token: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("import_worker.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env={**os.environ, TOKEN_VARIABLE: token},
        )  # fmt: skip

    def run(self, root: Path, url: str, file: Path, step: int) -> tuple[bool, int]:
        """Import ``file``: whether the process came to its end, and how many steps it took."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\t".join(map(str, (root, url, file, step))) + "\n")
        _, status, steps = self.process.stdout.readline().split()
        return status == "0", int(steps)

    def close(self) -> None:
        with self.process:
            assert self.process.stdin
            self.process.stdin.close()


@pytest.fixture
def worker(any_store_url: str) -> Iterator[Worker]:
    """The program, with the token of the server of ``any_store_url``, if it has one."""
    program = Worker(os.environ.get(TOKEN_VARIABLE, ""))
    yield program
    program.close()


@pytest.fixture
def new_store(
    any_store_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[[], tuple[str, Store]]:
    """Makes one more empty store of the kind of ``any_store_url``: its address, and it."""
    numbers = itertools.count()

    def another() -> tuple[str, Store]:
        if any_store_url.startswith("sqlite"):
            url = f"sqlite:///{tmp_path / f'{next(numbers)}.db'}"
        else:
            server: InfluxServer = request.getfixturevalue("influx_server")
            url = server.url(server.new_bucket())
        return url, open_store(url)

    return another


def without_completion(events: list[Event]) -> list[Event]:
    return [
        replace(e, facts={n: f for n, f in e.facts.items() if n != "completed_at"}) for e in events
    ]


def test_killed_at_any_step_nothing_is_half_and_the_next_import_completes_it(
    town: SmallInstallation,
    curve: Path,
    worker: Worker,
    new_store: Callable[[], tuple[str, Store]],
) -> None:
    """A corrected file over an older one, with a day of its own, in a process that is killed."""
    corrected = curve.with_name(f"{CURVE_POD} prelievo 2.csv")
    corrected.write_text(MARCH.replace("30/03/2024;0,00;0,25", "30/03/2024;0,00;7,25")
                         .replace("29/03/2024", "28/03/2024"))  # fmt: skip

    def stored() -> tuple[str, Store]:
        url, store = new_store()
        importing(town, store, format="e-distribuzione").take(curve)
        return url, store

    url, store = stored()
    before = content(store)
    came_to_its_end, steps = worker.run(town.root, url, corrected, NEVER)
    after = content(store)
    store.close()
    assert came_to_its_end
    assert steps > KILLS
    assert (len(before[0][POINT]), len(after[0][POINT])) == (284, 284 + 96)
    half_told = 0
    for step in sorted({round(s) for s in np.linspace(1, steps, KILLS)}):
        url, store = stored()
        came_to_its_end, _ = worker.run(town.root, url, corrected, step)
        assert not came_to_its_end, f"not killed before step {step} of {steps}"
        readings, events = content(store)
        told = [e for e in all_imports(store) if is_unfinished(e)]
        half_told += len(told)
        if not told:
            assert (readings, events) in (before, after), f"step {step} of {steps}"
        assert set(readings[POINT]) <= set(before[0][POINT]) | set(after[0][POINT])
        if readings != before[0]:
            changes = [e for e in events if e.name.startswith("import.changed.")]
            assert [e.facts["2024-03-29T23:15:00Z"] for e in changes] == ["0.25"]
        report = importing(town, store, format="e-distribuzione").take(corrected)
        assert report.was_interrupted == bool(told)
        readings, events = content(store)
        assert (readings, without_completion(events)) == after, f"step {step} of {steps}"
        store.close()
    assert half_told > 0 or url.startswith("sqlite"), "a server was never caught in the middle"
    assert half_told == 0 or not url.startswith("sqlite"), "an embedded store has all or nothing"


# Declared tables

TABLE = DeclaredTable(
    "seap-2011.csv",
    "From the plan of 2011",
    [
        {"year": "2007", "sector": "industry", "carrier": "electricity", "mwh": "12.5",
         "source": "the plan"},
        {"year": "2007", "sector": "industry", "carrier": "natural_gas", "mwh": "7",
         "source": "the plan"},
    ],
)  # fmt: skip


class Tables:
    """A format that brings one table, whatever is in the file."""

    name, summary = "tables", "For tests."
    table = TABLE

    def recognises(self, file: SourceFile) -> bool:
        return True

    def read(self, file: SourceFile, context: Context) -> Batch:
        return Batch(tables=[self.table])


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> Tables:
    """Every file is one of ``Tables``."""
    importer = Tables()
    monkeypatch.setattr(importing_module, "format_of", lambda _file: importer)
    return importer


def declared(town: SmallInstallation) -> list[tuple[int, str, float]]:
    rows = load_installation(town.root).city().declared
    return [(r.year, str(r.carrier), r.mwh) for r in rows if str(r.sector) == "industry"]


def activity(town: SmallInstallation) -> list[str]:
    return sorted(p.name for p in (town.root / "cities/porto/activity").iterdir())


def test_a_table_is_put_in_place_once_and_can_be_loaded(
    town: SmallInstallation, file_store: Store, curve: Path, tables: Tables
) -> None:
    first = importing(town, file_store).take(curve)
    (told,) = first.tables
    assert (told.name, told.new, told.changed, told.same) == ("seap-2011.csv", 2, (), 0)
    assert declared(town) == [(2007, "electricity", 12.5), (2007, "natural_gas", 7.0)]
    text = (town.root / "cities/porto/activity/seap-2011.csv").read_text()
    assert text == (
        "# From the plan of 2011\n"
        "year,sector,carrier,mwh,source\n"
        "2007,industry,electricity,12.5,the plan\n"
        "2007,industry,natural_gas,7.0,the plan\n"
    )
    again = importing(town, file_store).take(curve)
    assert ([t.same for t in again.tables], again.is_written) == ([2], False)
    assert activity(town) == ["bollette.csv", "seap-2011.csv", "trasporti.csv"]


def test_a_changed_row_is_told_and_a_row_of_a_person_stays(
    town: SmallInstallation, file_store: Store, curve: Path, tables: Tables
) -> None:
    importing(town, file_store).take(curve)
    path = town.root / "cities/porto/activity/seap-2011.csv"
    path.write_text(path.read_text() + "2008,industry,electricity,3,ours\n")
    tables.table = replace(TABLE, rows=[{**TABLE.rows[0], "mwh": "13"}, TABLE.rows[1]])
    (told,) = importing(town, file_store).take(curve).tables
    assert told.changed == (
        "2007 industry electricity: 12.5 MWh (the plan) -> 13.0 MWh (the plan)",
    )
    assert (told.new, told.same, told.kept) == (0, 1, 1)
    assert declared(town)[0] == (2007, "electricity", 13.0)
    assert (2008, "electricity", 3.0) in declared(town)
    own = all_imports(file_store)[-1]
    assert own.facts["table_1_changed_1"] == told.changed[0]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"year": "2005", "sector": "private_transport", "carrier": "diesel", "mwh": "1",
             "source": "x"},
            ("with this table the configuration would not load any more: {root}/cities/porto/"
            "activity/trasporti.csv:2: diesel in private_transport, 2005 is there already"
            " (seap-2011.csv:2)"),
        ),
        (
            {"year": "2005", "sector": "private_transport", "carrier": "steam", "mwh": "1",
             "source": "x"},
            ("with this table the configuration would not load any more: {root}/cities/porto/"
            "activity/seap-2011.csv:2: carrier: expected 'electricity', 'heat_cold',"
            " 'natural_gas', 'liquid_gas', 'heating_oil', 'diesel', 'gasoline', 'lignite', 'coal',"
            " 'other_fossil', 'plant_oil', 'biofuel', 'other_biomass', 'solar_thermal' or"
            " 'geothermal', seen 'steam'"),
        ),
        ({"year": "2005", "mwh": "many"}, "mwh 'many': expected a number of MWh"),
        ({"year": "2005", "energy": "2"}, "unknown column 'energy'; expected some of "
         + ", ".join(COLUMNS)),
    ],
)  # fmt: skip
def test_a_table_never_breaks_the_configuration(
    town: SmallInstallation, file_store: Store, curve: Path, tables: Tables, row: Any, message: str
) -> None:
    tables.table = replace(TABLE, comment="", rows=[row])
    with pytest.raises(DataError) as error:
        importing(town, file_store).take(curve)
    assert str(error.value) == message.format(root=town.root)
    assert activity(town) == ["bollette.csv", "trasporti.csv"]
    assert content(file_store) == ({}, [])


@pytest.mark.parametrize("name", ["../sites.csv", "seap.yaml", "a/b.csv"])
def test_a_table_goes_nowhere_else(
    town: SmallInstallation, file_store: Store, curve: Path, tables: Tables, name: str
) -> None:
    tables.table = replace(TABLE, name=name)
    with pytest.raises(DataError, match="no name of a table"):
        importing(town, file_store).take(curve)


def test_the_shipped_installation_is_not_written_to(
    file_store: Store, curve: Path, tables: Tables
) -> None:
    root = shipped_config()
    installation = load_installation(root)
    wishes = Wishes("Anna")
    with pytest.raises(DataError) as error:
        Importing(installation, installation.city(), file_store, wishes).take(curve)
    assert str(error.value) == (
        f"{root}/cities/la-spezia/activity: the installation is the shipped one; copy it to a"
        " folder of your own and name that with --config"
    )


def test_killed_before_the_table_is_in_place_the_next_import_completes_it(
    town: SmallInstallation,
    file_store: Store,
    curve: Path,
    tables: Tables,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def die(_tables: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(importing_module, "put_in_place", die)
        with pytest.raises(KeyboardInterrupt):
            importing(town, file_store).take(curve)
    assert [is_unfinished(e) for e in all_imports(file_store)] == [True]
    assert activity(town) == ["bollette.csv", "trasporti.csv"]
    assert importing(town, file_store).take(curve).was_interrupted
    assert [is_unfinished(e) for e in all_imports(file_store)] == [False]
    assert declared(town) == [(2007, "electricity", 12.5), (2007, "natural_gas", 7.0)]


class Overtaken(Importing):
    """An import between whose reading and writing another one is done."""

    def __init__(self, *given: Any, other: Callable[[], object]) -> None:
        super().__init__(*given)
        self._other = other

    def _write(self, *given: Any) -> bool:
        self._other()
        return super()._write(*given)


@pytest.mark.parametrize("earlier", ["01", "02"])
def test_two_imports_at_once_leave_the_series_of_both_their_bills(
    town: SmallInstallation, any_store: Store, tmp_path: Path, earlier: str
) -> None:
    """Each knows its own bill only when it settles; January's end is where February begins."""
    days = {"01": "31", "02": "28"}
    bills = {}
    for month, last in days.items():
        bills[month] = tmp_path / f"{month}.csv"
        bills[month].write_text(
            "PDR;Dal;Al;Smc;Documento\n"
            f"00881111222233;01/{month}/2025;{last}/{month}/2025;{int(month)}00;G/{month}\n"
        )
    later = next(month for month in days if month != earlier)
    installation = load_installation(town.root)
    Overtaken(
        installation, installation.city(), any_store, Wishes("Anna"), lambda: AT,
        other=lambda: importing(town, any_store).take(bills[earlier]),
    ).take(bills[later])  # fmt: skip
    point = load_installation(town.root).meter("scuola.metano").register.point
    assert any_store.read(point).values.tolist() == [100.0, 200.0, 0.0]
