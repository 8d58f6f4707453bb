"""The page of the data: are they complete and fresh, and what must a technician do?

One address has two pages: the town's data, and with ``?meter=`` those of one meter.
"""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.asked import Asked
from dashboard.pages import meter_health
from dashboard.pages.blocks import answer_box, section
from dashboard.pages.data_blocks import (
    coverage_block,
    evidence_block,
    field_block,
    gaps_block,
    imports_block,
)
from dashboard.pages.markup import aria
from dashboard.pages.meters_block import meters_block
from dashboard.pages.page import Content, Live, Page, Sheet
from dashboard.queries.coverage import COVERAGE
from dashboard.queries.field_report import Seen, seen
from dashboard.queries.field_work import WATCHED, FieldTask, field_work, last_absences
from dashboard.queries.meters import ACTIVITY, LiveCity, live_now
from dashboard.sentences.meters import meters_changed

_SECTIONS = ("coverage", "gaps", "field", "imports", "evidence")


def data_page(asked: Asked) -> Content:
    """How many meters report, what to do, where data lacks and why, what is not seen at all."""
    if asked.address.values.get(meter_health.KEY):
        return meter_health.meter_page(asked)
    sheet, t = Sheet(asked), asked.language.text
    now, tasks, told = _now(asked)
    live = html.Div(_live(sheet, now, tasks, told).block, id="live")
    blocks = [
        html.H1(t("data.question")),
        _answer(asked, now),
        _contents(asked),
        section("meters", t("meters.heading"), [live]),
        coverage_block(sheet),
        gaps_block(sheet),
        field_block(sheet, told),
        imports_block(sheet),
        evidence_block(sheet),
    ]
    return sheet.content(t("data.title"), blocks)


def _answer(asked: Asked, now: LiveCity) -> Any:
    """Whether all meters talk, and how much of a year's data is there."""
    t, counts = asked.language.text, now.counts
    if not now.heard:
        return answer_box("uncertain", t("data_page.word_none"), [t("data_page.answer_none")])
    silent = sum(counts[state] for state in WATCHED)
    year = asked.observatory.kept(COVERAGE, asked.city.id).value.last_months(12)
    fraction = year.of(year.meters).fraction
    values = {
        "total": asked.language.number(sum(counts.values())),
        "silent": asked.language.number(silent),
        "coverage": "–" if fraction is None else asked.language.percent(fraction),
    }
    if silent:
        told = t("data_page.answer_some", **values)
        return answer_box("uncertain", t("data_page.word_work"), [told])
    return answer_box("within", t("data_page.word_fine"), [t("data_page.answer_all", **values)])


def _contents(asked: Asked) -> Any:
    """The sections, as links: the page is long."""
    t = asked.language.text
    here = asked.link()
    links = [
        html.Li(html.A(t(f"data_{name}.heading"), href=f"{here}#{name}")) for name in _SECTIONS
    ]
    return html.Nav(html.Ul(links), className="contents", **aria(label=t("data_page.on_page")))


def _now(asked: Asked) -> tuple[LiveCity, list[FieldTask], Seen]:
    """The meters at this moment, what is to be done for them, and what the collector says."""
    sources = asked.observatory.sources
    activity = asked.observatory.kept(ACTIVITY, asked.city.id)
    now, told = live_now(sources, asked.city, activity.value), seen(sources.field)
    absences = last_absences(sources.store, now)
    return now, field_work(now, absences, told.report), told


def _live(sheet: Sheet, now: LiveCity, tasks: list[FieldTask], told: Seen) -> Live:
    asked = sheet.asked
    activity = asked.observatory.kept(ACTIVITY, asked.city.id)
    time = asked.language.clock_time(now.at, asked.city.time_zone)
    block = meters_block(sheet, now, activity.made_at, tasks, told.report is not None)
    return Live(block, meters_changed(now, asked.language, time), now.states)


def live(asked: Asked) -> Live:
    """The block that stays live, of the town or of one meter."""
    if asked.address.values.get(meter_health.KEY):
        return meter_health.live(asked)
    return _live(Sheet(asked), *_now(asked))


PAGE = Page("data", "/dati", data_page, live=live)
