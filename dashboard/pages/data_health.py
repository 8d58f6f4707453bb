"""The page of the data: are they complete and fresh, and what must a technician do?"""

from __future__ import annotations

from dash import html

from dashboard.asked import Asked
from dashboard.pages.blocks import section
from dashboard.pages.meters_block import meters_block
from dashboard.pages.page import Content, Live, Page, Sheet
from dashboard.queries.meters import ACTIVITY, live_now
from dashboard.sentences.meters import meters_changed


def data_page(asked: Asked) -> Content:
    """How many meters report, which need looking at, and every site's last days."""
    sheet, t = Sheet(asked), asked.language.text
    block = section("meters", t("meters.heading"), [html.Div(_live(sheet).block, id="live")])
    return sheet.content(t("data.title"), [html.H1(t("data.question")), block])


def _live(sheet: Sheet) -> Live:
    asked = sheet.asked
    activity = asked.observatory.kept(ACTIVITY, asked.city.id)
    now = live_now(asked.observatory.sources, asked.city, activity.value)
    time = asked.language.clock_time(now.at, asked.city.time_zone)
    block = meters_block(sheet, now, activity.made_at)
    return Live(block, meters_changed(now, asked.language, time), now.states)


PAGE = Page("data", "/dati", data_page, live=lambda asked: _live(Sheet(asked)))
