"""What the server answers: language and status on the first byte, headers, CSV, health."""

from __future__ import annotations

import _thread
import signal
import socket
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from page_request import charts_request
from shown_town import MovingClock, plain_town
from werkzeug.test import TestResponse

from dashboard import app as app_module
from dashboard.app import Dashboard, create_app, serve
from paes.errors import DataError, PaesError, StoreError
from paes.installation import Installation
from paes.store.sqlite import SqliteStore


@pytest.fixture
def client(still_app: Dashboard) -> FlaskClient:
    return still_app.server.test_client()


def page(client: FlaskClient, address: str) -> str:
    """The document at ``address`` as text."""
    return client.get(address).get_data(as_text=True)


def charts(client: FlaskClient, address: str) -> dict[str, Any]:
    """The figures of the page at ``address`` as the browser asks for them."""
    asked = charts_request(f"http://localhost{address}")
    answer = client.post("/_dash-update-component", json=asked)
    assert answer.status_code == 200
    return dict(answer.get_json()["response"]["charts"]["data"])


@pytest.mark.parametrize(
    ("address", "lang", "title"),
    [
        ("/", "it", "Obiettivo 2020 – La Spezia"),
        ("/?lang=en", "en", "Target 2020 – La Spezia"),
        ("/?lang=de&city=lerici", "it", "Obiettivo 2020 – Lerici"),
        ("/?target=2030-40", "it", "Obiettivo 2030 – La Spezia"),
    ],
)
def test_language_and_title_are_right_on_the_first_byte(
    client: FlaskClient, address: str, lang: str, title: str
) -> None:
    text = client.get(address).get_data(as_text=True)
    assert text.startswith(f'<!DOCTYPE html>\n<html lang="{lang}">')
    assert f"<title>{title}" in text


def test_skip_link_comes_before_everything_else(client: FlaskClient) -> None:
    body = client.get("/").get_data(as_text=True).split("<body>", 1)[1]
    assert body.strip().startswith('<a class="skip" href="#content">Vai al contenuto</a>')


@pytest.mark.parametrize("path", ["/", "/accessibilita", "/nothing-here", "/csv/path", "/salute"])
def test_every_answer_carries_the_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("style-src")[0]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/nothing-here", "/azioni/12", "/csv/unknown", "/csv/a/b"])
def test_unknown_page_is_not_found_and_says_the_way_back(client: FlaskClient, path: str) -> None:
    answer = client.get(f"{path}?lang=en")
    assert answer.status_code == 404
    assert "Go to the page of the target" in answer.get_data(as_text=True)


def test_unknown_path_is_escaped(client: FlaskClient) -> None:
    text = client.get("/<script>alert(1)</script>").get_data(as_text=True)
    assert "<script>alert" not in text


def test_health_answers_without_touching_the_data(client: FlaskClient) -> None:
    assert client.get("/salute").status_code == 200


@pytest.mark.parametrize(
    "path", ["/csv/path", "/csv/effects", "/csv/sectors", "/csv/lines", "/csv/findings"]
)
def test_each_table_is_a_csv_in_the_readers_convention(client: FlaskClient, path: str) -> None:
    italian, english = client.get(path), client.get(f"{path}?lang=en")
    name = path.rpartition("/")[2]
    assert italian.mimetype == "text/csv"
    assert f"la-spezia-{name}.csv" in italian.headers["Content-Disposition"]
    assert italian.get_data().startswith(b"\xef\xbb\xbf")
    assert not english.get_data().startswith(b"\xef\xbb\xbf")
    assert ";" in italian.get_data(as_text=True).splitlines()[0]


def test_charts_come_by_the_address_of_their_page(client: FlaskClient) -> None:
    found = charts(client, "/?lang=en&target=2030-40")
    assert set(found["figures"]) >= {"path", "effects", "sectors"}
    assert all(figure["data"] for figure in found["figures"].values())
    assert found["config"]["locale"] == "en"
    assert charts(client, "/accessibilita")["figures"] == {}


def test_answers_are_compressed_for_who_takes_it(client: FlaskClient) -> None:
    packed = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in client.get("/").headers


def test_compressed_asset_is_confirmed_by_its_tag(client: FlaskClient) -> None:
    first = client.get("/assets/page.css", headers={"Accept-Encoding": "gzip"})
    first.close()
    tag = first.headers["ETag"]
    assert status(client.get("/assets/page.css", headers={"If-None-Match": tag})) == 304
    assert "max-age=31536000" in first.headers["Cache-Control"]


def status(answer: TestResponse) -> int:
    answer.close()
    return answer.status_code


def test_unknown_values_fall_back_with_a_visible_message(client: FlaskClient) -> None:
    content = page(client, "/?city=roma&target=moon&factor=x&lang=en")
    for asked in ("roma", "moon", "“x”"):
        assert asked in content


def test_city_without_baseline_says_what_is_missing_and_what_to_do(
    assets: None, installation: Installation, empty_store: SqliteStore, clock: MovingClock
) -> None:
    town = plain_town(installation)
    rows = tuple(r for r in town.city().declared if r.year > 2007)
    city = replace(town.city(), declared=rows)
    bare = replace(town, cities={city.id: city})
    app = create_app(bare, empty_store, clock=clock)
    content = page(app.server.test_client(), "/?lang=en")
    app.close()
    assert "the baseline inventory is missing" in content
    assert "paes check" in content


def test_store_without_readings_says_how_to_begin(
    assets: None, installation: Installation, empty_store: SqliteStore, clock: MovingClock
) -> None:
    app = create_app(installation, empty_store, clock=clock)
    content = page(app.server.test_client(), "/dati?lang=en")
    app.close()
    assert "paes collect" in content
    assert "paes simulate" in content


@pytest.mark.parametrize(
    ("failure", "says", "status"),
    [
        (StoreError("10.0.0.3 is gone"), "the store of readings does not answer", 503),
        (DataError("no inventory of 1850"), "no inventory of 1850", 503),
        (ZeroDivisionError("defect"), "internal error", 500),
    ],
)
def test_whatever_fails_the_reader_gets_words_and_the_log_the_cause(
    still_app: Dashboard,
    client: FlaskClient,
    monkeypatch: Any,
    caplog: Any,
    failure: Exception,
    says: str,
    status: int,
) -> None:
    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(still_app.observatory, "kept", fail)
    answer = client.get("/?lang=en")
    content = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert "The page could not be prepared" in content
    assert says in content
    assert "ZeroDivisionError" not in content
    assert "10.0.0.3" not in content
    assert caplog.records[-1].levelname in ("WARNING", "ERROR")


def test_missing_assets_name_the_command_that_fetches_them(
    installation: Installation, empty_store: SqliteStore, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(app_module, "ASSETS", tmp_path)
    with pytest.raises(PaesError, match="make assets"):
        create_app(installation, empty_store)


def test_port_in_use_is_one_line(app: Dashboard) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PaesError, match=f"127.0.0.1:{port}") as caught:
            serve(app, port=port)
    assert "\n" not in str(caught.value)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """SIGINT heard as in a terminal: a test run in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_served_application_answers_and_ends_on_interrupt(app: Dashboard) -> None:
    answers: list[int] = []

    def ask(address: str) -> None:
        def visit() -> None:
            try:
                with urllib.request.urlopen(f"{address}salute", timeout=90) as answer:
                    answers.append(answer.status)
            finally:
                _thread.interrupt_main()

        threading.Thread(target=visit, daemon=True).start()

    serve(app, port=0, ready=ask)
    assert answers == [200]
