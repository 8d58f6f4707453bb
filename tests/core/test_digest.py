"""The digest: its subject, its order, its pictures, and that nothing breaks out of it."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import numpy as np
import pytest
from told_cases import OPENED, back, leak, picture, town

from paes.config_file import read_yaml
from paes.faults.cases.case import Decision, State, Word
from paes.faults.episode import Picture
from paes.faults.money.price import Interval, Price, Waste
from paes.faults.telling.digest import Digest, DigestWords, digest, digest_id
from paes.faults.telling.digest_html import MOST_CHARACTERS
from paes.faults.telling.digest_parts import Bar, drawing
from paes.faults.telling.news import News, What
from paes.metering import Sector, Site, SiteKind
from paes.periods import to_seconds
from paes.shipped_files import shipped_config

ROME = "Europe/Rome"


class Read(HTMLParser):
    """The text of a page, with every tag that it opens and does not close."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def new(*cases, **notices) -> Digest:
    return digest([News(What.NEW, case) for case in cases], town(**notices), OPENED)


def one_spaced(text: str) -> str:
    return " ".join(text.split())


def test_plain_text_and_page_say_the_same():
    acted = (Decision("x", Word.ASSIGN, "Anna", "", OPENED, "Bruno"),)
    made = new(leak(decisions=acted))
    page = Read(made.html)
    assert page.open == []
    for told in (one_spaced(made.text), one_spaced(page.text)):
        assert "Perdita d’acqua" in told
        assert "passano almeno 120 litri d’acqua all’ora, mentre di solito ne passano 4,3." in told
        assert "Se nessuno interviene: 42 € (34–50) a settimana; finora 168 € (134–202)." in told
        assert "2 ottobre 2025" in told
        assert "42 € (34–50), cioè 21 m³" in told
        assert "168 € (134–202), cioè 84 m³" in told
        assert "Chiudere tutti i rubinetti" in told
        assert "Bruno" in told
        assert "hall.water/water_leak/2025-10-02" in told


def test_english_is_spoken_on_demand():
    made = new(leak(), leak("hall.x", 1300), language="en")
    assert made.subject == "PAES Monitor: 2 new malfunctions, 1,342\u00a0€ a week"
    assert "while 4.3 are usual" in one_spaced(made.text)


def test_the_parts_come_in_order_and_closed_ones_cost_nothing_more():
    closed = leak("hall.a", 90, (State.NEW, State.VERIFIED))
    gone = leak("hall.b", 80, (State.NEW, State.RETRACTED))
    news = [
        News(What.CLOSED, closed), News(What.CLOSED, gone),
        News(What.REARMED, back(leak("hall.c", 7))), News(What.NEW, leak("hall.d", 5)),
    ]  # fmt: skip
    made = digest(news, town(), OPENED)
    assert made.subject == (
        "PAES Monitor: 1 nuova anomalia, 1 tornata, 2 risolte, 12\u00a0€ a settimana"
    )
    text = one_spaced(made.text)
    places = [text.index(f"hall.{name}/") for name in "dcab"]
    assert places == sorted(places)
    assert (
        "come al solito: caso chiuso. Era cominciato il 2 ottobre 2025 ed è costato 360 €" in text
    )
    assert "Con i dati completi o corretti non risulta più: caso chiuso." in text


def test_what_is_not_known_of_a_price_is_said():
    nothing = Interval(0.0, 0.0, 0.0)
    some = Interval(1.0, 2.0, 3.0)
    unpriced = Price("kWh", Waste(some, None, None), Waste(some, None, None), unknown_h=30.0)
    assumed = Price("kWh", Waste(nothing, some, None), Waste(nothing, some, None), is_assumed=True)
    text = one_spaced(new(leak("hall.a", price=unpriced), leak("hall.b", price=assumed)).text)
    assert "Costo a settimana: 2 kWh, nessun prezzo noto" in text
    assert "Non contato: ciò che è passato in 30 h non misurate" in text
    assert "Costo a settimana: 2,00 € (1,00–3,00), con prezzi o fattori ipotizzati Costo" in text
    assert "nessuno: non si spreca energia" in one_spaced(new(leak("hall.c", None)).text)


def test_only_the_dearest_are_told_one_by_one():
    cases = [leak(f"hall.m{n}", 10.0 + n) for n in range(6)]
    made = new(*cases, most_cases=4)
    text = one_spaced(made.text)
    assert made.subject.startswith("PAES Monitor: 6 nuove anomalie, 75")  # 10 + … + 15
    assert "Altri 2 casi, per 21 € a settimana" in text
    assert "hall.m2/" in text
    assert "hall.m1/" not in text


def test_gmail_does_not_cut_the_longest_digest():
    wild = np.abs(np.sin(np.arange(56.0))) + 0.1
    drawn = Picture(picture().start_s, 86_400, "kWh", wild, wild[::-1].copy())
    cases = [
        leak(f"hall.m{n}", 10.0, episode=replace(leak().episode, picture=drawn)) for n in range(15)
    ]
    page = new(*cases).html
    assert len(page) < MOST_CHARACTERS < 102 * 1024
    assert page.count("hall.m") >= 15
    assert page.count('aria-hidden="true"') >= 3
    assert Read(page).open == []


def test_names_cannot_add_tags_or_lines_to_the_subject():
    evil = '<script>alert("1")</script> Bcc: a@b.example'  # of more than one line is refused
    site = Site(id="hall", name=evil, kind=SiteKind.OFFICE, sector=Sector.MUNICIPAL_BUILDINGS)
    of = town()
    city = replace(of.city(), sites={"hall": site})
    of = replace(of, cities={"town": city}, name=evil)
    made = digest([News(What.NEW, leak("hall.<b>"))], of, OPENED)
    read = Read(made.html)
    assert "script" not in read.tags
    assert read.tags.count("b") == 1  # the place itself is bold
    assert '<script>alert("1")</script>' in read.text


def test_the_id_follows_from_what_is_told_by_which_way_alone():
    one, two = News(What.NEW, leak("hall.a")), News(What.NEW, leak("hall.b"))
    dearer = News(What.NEW, leak("hall.a", 99.0))
    assert digest_id("mail", [one, two]) == digest_id("mail", [two, dearer])
    others = [
        digest_id("mail", [one]), digest_id("webhook", [one]), digest_id("mail", [one, two]),
        digest_id("mail", [News(What.CLOSED, one.case)]),
        digest_id("mail", [News(What.CLOSED, one.case, 2)]),
    ]  # fmt: skip
    assert len(set(others)) == 5


def test_a_picture_shows_usual_beyond_and_short_by_day():
    seen, usual = np.array([2.0, 1.0, np.nan, 4.0]), np.array([2.0, 2.0, 2.0, 2.0])
    drawn = drawing(Picture(0, 86_400, "kWh", seen, usual), ROME)
    assert drawn
    assert drawn.bars == [
        Bar(0.5, 0.0, 0.0), Bar(0.25, 0.0, 0.25), Bar(0.0, 0.0, 0.0), Bar(0.5, 0.5, 0.0),
    ]  # fmt: skip
    assert (drawn.last, drawn.highest, drawn.unit) == (date(1970, 1, 4), 4.0, "kWh")


def test_hours_become_local_days_also_where_one_has_25():
    # From the local midnight of 25 October 2025: 24 hours of 1, then 25 of 3, then 1 of 5.
    start = to_seconds(datetime(2025, 10, 24, 22, tzinfo=UTC))
    seen = np.array([1.0] * 24 + [3.0] * 24 + [np.nan] + [5.0])
    drawn = drawing(Picture(start, 3600, "kW", seen, np.full(50, 5.0)), ROME)
    assert drawn
    assert [bar.usual for bar in drawn.bars] == pytest.approx([0.2, 0.6, 1.0])
    assert drawn.last == date(2025, 10, 27)


def test_a_picture_without_anything_in_it_is_not_drawn():
    unknown = np.full(5, np.nan)
    assert drawing(Picture(0, 86_400, "kWh", unknown, unknown), ROME) is None
    assert drawing(Picture(0, 86_400, "kWh", np.zeros(5), np.zeros(5)), ROME) is None
    assert drawing(None, ROME) is None


def test_the_words_ask_for_the_same_figures_in_both_languages():
    words = read_yaml(shipped_config() / "digest_words.yaml", DigestWords)
    named = {key: (text.it, text.en) for key, text in words}
    assert len(named) > 25
    for key, texts in named.items():
        figures = [sorted(f for _, f, _, _ in string.Formatter().parse(t) if f) for t in texts]
        assert figures[0] == figures[1], key
