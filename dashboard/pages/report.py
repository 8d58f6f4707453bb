"""The page report: not written yet."""

from __future__ import annotations

from dash import html

from dashboard.access.rights import Right
from dashboard.asked import Asked
from dashboard.pages.page import Content, Page, Sheet


def report_page(asked: Asked) -> Content:
    """Nothing yet."""
    title = asked.language.text("nav.report")
    return Sheet(asked).content(title, [html.H1(title)])


PAGE = Page("report", "/relazione", report_page, right=Right.LOOK, in_menu=True, upper=None)
