"""Every page of a simulated town as a whole: its words, its charts and its tables, made here.

The store is that of ``town_server`` (fourteen months, malfunctions, a clock that stands still),
made by a process of its own. What is shown in a browser is tested in ``test_pages_in_browser``.
"""

from __future__ import annotations

import csv
import html
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from page_request import charts_request
from town_server import NOW

from dashboard.app import create_app
from paes.installation import Installation
from paes.store.sqlite import SqliteStore

pytestmark = pytest.mark.timeout(300)

SCHOOL = "/edifici/scuola-2-giugno"
PAGES = (
    "/", "/?target=2030-40&unit=head", "/?factor=frozen&scope=local", "/edifici",
    "/edifici?energy=heat&kind=school", "/edifici?order=change", "/edifici?city=lerici",
    SCHOOL, f"{SCHOOL}?what=natural_gas&period=2026-01", f"{SCHOOL}?what=generation&period=2026",
    f"{SCHOOL}?period=2026-W12", f"{SCHOOL}?period=2026-03-29", f"{SCHOOL}?period=all",
    f"{SCHOOL}?meter=scuola-2-giugno.main", "/edifici/quadro-fossamastra",
    "/edifici/piscina-comunale",
    "/fotovoltaico", "/fotovoltaico?site=scuola-2-giugno", "/illuminazione",
    "/illuminazione?site=quadro-fossamastra", "/acqua-calore", "/allarmi", "/allarmi?state=closed",
    "/azioni", "/dati", "/dati?meter=scuola-2-giugno.main", "/relazione", "/relazione?show=preview",
    "/pubblica", "/pubblica?city=lerici", "/passaporto?id=la-spezia/inventory/2025/t",
    "/passaporto?id=la-spezia/site/scuola-2-giugno/used/2026/kwh", "/passaporto", "/registro",
)  # fmt: skip
LED_FROM = {"/allarmi": r'href="(/allarmi/[^"?/]+)"', "/azioni": r'href="(/azioni/[^"?/]+)"'}
MOST_LED = 12
UNPRINTABLE = (">None<", "NaN", "undefined", " nan", "Traceback")


@pytest.fixture(scope="module")
def client(
    assets: None, installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("whole")
    program = Path(__file__).with_name("town_server.py")
    subprocess.run([sys.executable, str(program), str(folder), "--fill"], check=True, timeout=240)
    store = SqliteStore(folder / "town.sqlite")
    app = create_app(installation, store, clock=lambda: NOW, folder=folder / "made")
    yield app.server.test_client()
    app.close()
    store.close()


def check(client: FlaskClient, path: str) -> str:
    """The page in both languages, its charts and CSV files; the Italian document."""
    shown = {
        lang: client.get(f"{path}{'&' if '?' in path else '?'}lang={lang}") for lang in ("en", "it")
    }
    for lang, answer in shown.items():
        text = answer.get_data(as_text=True)
        assert answer.status_code == 200, f"{path} in {lang}"
        assert "data-again-s" not in text, f"{path} in {lang} is not whole"
        assert [word for word in UNPRINTABLE if word in text] == [], f"{path} in {lang}"
    text = shown["it"].get_data(as_text=True)
    names = set(re.findall(r'data-chart="([^"]+)"', text))
    asked = charts_request(f"http://localhost{path}")
    answer = client.post("/_dash-update-component", json=asked)
    figures = answer.get_json()["response"]["charts"]["data"]["figures"]
    assert names <= figures.keys(), path
    assert [name for name, figure in figures.items() if not figure or not figure["data"]] == [], (
        path
    )
    for address in set(
        re.findall(r'href="([^"]+)" class="download"|class="download" href="([^"]+)"', text)
    ):
        check_csv(client, html.unescape("".join(address)))
    return text


def check_csv(client: FlaskClient, address: str) -> None:
    """A table with as many cells in each row as in its heading."""
    answer = client.get(address)
    assert answer.mimetype == "text/csv", address
    rows = list(
        csv.reader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff")), delimiter=";")
    )
    assert rows[0], address
    assert {len(row) for row in rows} == {len(rows[0])}, address


@pytest.mark.parametrize("path", PAGES)
def test_page_is_whole_with_its_charts_and_tables(client: FlaskClient, path: str) -> None:
    check(client, path)


@pytest.mark.parametrize("path", LED_FROM)
def test_what_a_list_leads_to_is_whole(client: FlaskClient, path: str) -> None:
    led = list(dict.fromkeys(re.findall(LED_FROM[path], client.get(path).get_data(as_text=True))))
    assert len(led) > 3
    for each in led[:MOST_LED]:
        check(client, html.unescape(each))
