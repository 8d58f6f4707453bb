"""The page photovoltaics: not written yet."""

from __future__ import annotations

from dash import html

from dashboard.access.rights import Right
from dashboard.asked import Asked
from dashboard.pages.page import Content, Page, Sheet


def photovoltaics_page(asked: Asked) -> Content:
    """Nothing yet."""
    title = asked.language.text("nav.photovoltaics")
    return Sheet(asked).content(title, [html.H1(title)])


PAGE = Page(
    "photovoltaics", "/fotovoltaico", photovoltaics_page, right=Right.LOOK, in_menu=True, upper=None
)
