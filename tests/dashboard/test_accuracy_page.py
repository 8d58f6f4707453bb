"""The page of the accuracy card: all rows, in the page's words, in both languages."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from dashboard.app import Dashboard
from dashboard.pages.accuracy import what_in
from dashboard.texts import load_languages
from paes.faults.rule_table import RULES
from paes.report.accuracy_card import accuracy_card
from paes.shipped_files import shipped_config

NAMES = re.compile(r"^(Utrecht|Turin|Turin \u2026|Forli)$")


@pytest.fixture
def client(app: Dashboard) -> FlaskClient:
    return app.server.test_client()


@pytest.mark.parametrize("language", ["it", "en"])
def test_page_shows_every_figure(client: FlaskClient, language: str) -> None:
    answer = client.get(f"/affidabilita?lang={language}")
    text = answer.get_data(as_text=True)

    assert answer.status_code == 200
    assert text.count("<tr>") == len(accuracy_card().rows) + text.count("<thead>")
    assert f'<html lang="{language}">' in text
    measured = {row.rule for row in accuracy_card().rows}
    for rule in RULES:
        if rule.id in measured:
            assert rule.file(shipped_config()).name.in_language(language)[:12] in text


def test_every_word_of_the_card_has_its_italian() -> None:
    italian = load_languages()["it"]
    rows = accuracy_card().rows
    assert rows
    parts = {part.strip() for row in rows for part in re.split("[,:]", row.what)}
    same = {"gas"}
    left = {p for p in parts if what_in(italian, p) == p and not NAMES.match(p)} - same
    assert {p for p in left if re.sub("[0-9.]+", "", p).strip() not in ("l/h", "")} == set()


def test_numbers_keep_their_places() -> None:
    italian = load_languages()["it"]

    assert what_in(italian, "found, 5 l/h, 10 l a pulse, within 7 days") == (
        "trovati, 5 l/h, 10 litri a impulso, entro 7 giorni"
    )
    assert what_in(italian, "alarms, 20 lamps, noise 0.3%") == "allarmi, 20 lampioni, rumore 0,3 %"


def test_footer_leads_to_it(client: FlaskClient) -> None:
    assert 'href="/affidabilita' in client.get("/accessibilita").get_data(as_text=True)
