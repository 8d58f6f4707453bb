"""The report's page: what is lacking, the preview, editions that never change.

The town of ``plain_town``: in 2025 1000 MWh of electricity declared and 1100 MWh of gas assumed;
the series of the electricity factor ends in 2020.
"""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from shown_town import NOW, MovingClock, plain_town

from dashboard.access.rights import LOCAL, Role, User
from dashboard.app import Dashboard, create_app
from dashboard.queries.editions import THREAD, shelf
from dashboard.queries.progress import view
from dashboard.queries.recipe import Sources
from dashboard.queries.report import Weight, checklist
from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.errors import DataError
from paes.installation import Installation
from paes.progress.progress import make_inventories
from paes.report.edition import edition, editions, make_edition, reserve, unfinished
from paes.store.sqlite import SqliteStore

CITY = "la-spezia"
Make = Callable[[User], Dashboard]


@pytest.fixture
def town(installation: Installation) -> Installation:
    return plain_town(installation)


@pytest.fixture
def made(
    assets: None, town: Installation, empty_store: SqliteStore, tmp_path: Path
) -> Iterator[Make]:
    apps: list[Dashboard] = []

    def make(user: User = LOCAL) -> Dashboard:
        apps.append(
            create_app(
                town, empty_store, clock=MovingClock(), folder=tmp_path / "own", who=lambda: user
            )
        )
        return apps[-1]

    yield make
    for app in apps:
        app.close()


def finished() -> None:
    """Wait for the editions that are being made."""
    for thread in threading.enumerate():
        if thread.name == THREAD:
            thread.join(60)


def test_checklist_names_what_is_assumed_old_missing_and_unmeasured(
    installation: Installation, town: Installation, empty_store: SqliteStore
) -> None:
    ledger = EnergyLedger(town, empty_store, MovingClock())
    city = town.city()
    shown = view(city, ledger, city.plan.default_target, make_inventories(city, ledger))
    full = installation.city()
    seen = {
        "scuola-2-giugno.main": EnergyTotal(measured_kwh=9, covered_s=7200, span_s=7200),
        "palazzo-civico.main": EnergyTotal(estimated_kwh=2, covered_s=3600, span_s=7200),
        "biblioteca-civica.main": EnergyTotal(missing_high_kwh=5, span_s=7200),
    }
    told = checklist(replace(full, declared=city.declared), shown, seen).groups
    assert [(p.kind, p.subject, p.year) for p in told["inventory"]] == [
        ("assumed", "industry/natural_gas", 2025)
    ]
    assert told["inventory"][0].amount == pytest.approx(1100 * 0.202)
    assert [(p.kind, p.subject, p.amount) for p in told["meters"]] == [
        ("meter_missing", "biblioteca-civica.main", 2.0),
        ("meter_estimated", "palazzo-civico.main", 1.0),
    ]
    assert ("factor_earlier", "electricity", 2020) in {
        (p.kind, p.subject, p.year) for p in told["factors"]
    }
    bare = {a.id for a in full.actions if a.status not in ("cancelled", "postponed")}
    assert bare
    assert {p.subject for p in told["actions"]} <= bare
    assert told["actions"][0].weight is Weight.MISSING


def test_edition_is_whole_hashed_numbered_and_refuses_to_have_been_changed(
    town: Installation, empty_store: SqliteStore, tmp_path: Path
) -> None:
    ledger, city = EnergyLedger(town, empty_store, MovingClock()), town.city()
    first = reserve(tmp_path, CITY, 2025, "Anna Bianchi", NOW)
    second = reserve(tmp_path, CITY, 2025, "Anna Bianchi", NOW)
    assert (first.number, second.number) == (1, 2)
    assert editions(tmp_path, CITY) == []
    one = make_edition(first, city, ledger)
    assert (one.number, one.by, one.made_at, one.simulated) == (1, "Anna Bianchi", NOW, False)
    assert [u.number for u in unfinished(tmp_path, CITY)] == [2]

    on_disk = {p.name: p.read_bytes() for p in one.folder.iterdir()}
    assert on_disk.keys() == {f.name for f in one.files} | {"manifest.json"}
    for file in one.files:
        assert hashlib.sha256(on_disk[file.name]).hexdigest() == file.sha256
        assert len(on_disk[file.name]) == file.bytes
    assert one.zipped() == edition(tmp_path, CITY, 2025, 1).zipped()
    assert one.file("../1/manifest.json") is None

    with pytest.raises(DataError, match="1850"):
        make_edition(reserve(tmp_path, CITY, 1850, "x", NOW), city, ledger)
    failed = [u for u in unfinished(tmp_path, CITY) if u.year == 1850]
    assert failed[0].reason
    changed = one.folder / one.files[0].name
    changed.write_text("changed")
    with pytest.raises(DataError, match="SHA-256"):
        one.file(changed.name)


def test_edition_is_made_from_the_page_and_each_file_can_be_had(made: Make) -> None:
    app = made(LOCAL)
    told: list[tuple[str, str]] = []
    app.visits.audit = lambda user, what, subject, _: told.append((what, subject))
    client = app.server.test_client()
    answer = client.post("/relazione", data={"year": "2025"})
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("#editions")
    assert told == [("report.make", f"{CITY}/2025/1")]
    finished()
    content = client.get("/relazione?lang=en").get_data(as_text=True)
    assert "One edition" in content
    assert "2025/1/manifest.json" in content

    manifest = json.loads(client.get("/relazione/file/2025/1/manifest.json").data)
    assert manifest["by"] == "local"
    names = [file["name"] for file in manifest["files"]]
    assert f"{CITY}-2025-inventory.csv" in names
    for file in manifest["files"]:
        answer = client.get(f"/relazione/file/2025/1/{file['name']}")
        assert hashlib.sha256(answer.data).hexdigest() == file["sha256"]
        assert file["name"] in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(client.get("/relazione/file/2025/1/all.zip").data)) as archive:
        packed = {name.split("/")[-1] for name in archive.namelist()}
    assert packed == {*names, "manifest.json"}

    lost = ("2025/2/manifest.json", "2025/1/started.json", "2025/1/../1/manifest.json",
            "2025/1/%2e%2e/manifest.json", "../../etc/passwd", "x/1/manifest.json")  # fmt: skip
    for name in lost:
        assert client.get(f"/relazione/file/{name}").status_code == 404, name
    assert client.get("/dati/file/2025/1/manifest.json").status_code == 404


def test_a_manifest_that_cannot_be_read_hides_no_other_edition(
    made: Make, town: Installation, empty_store: SqliteStore, tmp_path: Path
) -> None:
    ledger = EnergyLedger(town, empty_store, MovingClock())
    ones = [
        make_edition(reserve(tmp_path / "own", CITY, 2025, "Anna", NOW), town.city(), ledger)
        for _ in range(4)
    ]
    names = json.loads((ones[1].folder / "manifest.json").read_text("utf-8"))
    names["files"][0]["name"] = "../../../../../etc/passwd"
    (ones[1].folder / "manifest.json").write_text(json.dumps(names))
    (ones[2].folder / "manifest.json").write_text('{"city": ')
    (ones[3].folder / "manifest.json").unlink()
    broken = reserve(tmp_path / "own", CITY, 2025, "Anna", NOW)
    (broken.folder / "started.json").write_text('["at"]')
    client = made(LOCAL).server.test_client()
    page = client.get("/relazione?lang=en")
    assert page.status_code == 200
    assert "2025/1/all.zip" in page.text
    for number in (2, 3, 4):
        assert f"2025/{number}/all.zip" not in page.text
        assert client.get(f"/relazione/file/2025/{number}/all.zip").status_code == 404
    assert page.text.count("not a manifest of an edition") == 2
    assert page.text.count("cannot be read") == 1
    assert client.get(f"/relazione/file/{'9' * 5000}/1/all.zip").status_code == 404


def test_who_may_not_make_one_and_what_is_no_year_are_refused(made: Make, tmp_path: Path) -> None:
    client = made(User("viewer", Role.VIEWER)).server.test_client()
    assert client.post("/relazione", data={"year": "2025"}).status_code == 403
    assert 'method="post"' not in client.get("/relazione").get_data(as_text=True)
    manager = made(User("manager", Role.ENERGY_MANAGER)).server.test_client()
    for year in ("2007", "1850", "2025x", ""):
        answer = manager.post("/relazione?lang=en", data={"year": year})
        assert "is no year that a report can be made of" in answer.get_data(as_text=True)
    assert not (tmp_path / "own" / "reports").exists()


def test_what_was_cut_off_is_told_after_half_an_hour(
    made: Make, town: Installation, empty_store: SqliteStore, tmp_path: Path
) -> None:
    folder = tmp_path / "own"
    reserve(folder, CITY, 2025, "Anna Bianchi", NOW - timedelta(minutes=5))
    page = made(LOCAL).server.test_client().get("/relazione?lang=en").get_data(as_text=True)
    assert "is being made since" in page
    assert "data-again-s" in page
    later = Sources.of(town, empty_store, MovingClock(NOW + timedelta(hours=1)), folder)
    assert [one.by for one in shelf(later, CITY).failed] == ["Anna Bianchi"]
    assert not shelf(later, CITY).making


@pytest.mark.parametrize("lang", ["it", "en"])
def test_preview_is_the_year_in_words_and_tables(made: Make, lang: str) -> None:
    app = made(LOCAL)
    client = app.server.test_client()
    address = f"/relazione?show=preview&year=2020&lang={lang}"
    content = client.get(address).get_data(as_text=True)
    assert "<h1>La Spezia: " in content
    for table in ("sectors", "lines", "path", "effects", "evidence", "checklist"):
        answer = client.get(address.replace("?", f"/csv/{table}?"))
        assert answer.status_code == 200, table
    rows = client.get(address.replace("?", "/csv/path?")).get_data(as_text=True)
    assert "2020" in rows
    assert "2025" not in rows  # the report of 2020 knows nothing of later years
    asked, page = app.visits.asked_by(address)
    assert page is not None
    charts = page.make(asked).charts
    assert charts.keys() == {"path", "effects", "evidence"}
    assert all(draw().data for draw in charts.values())
