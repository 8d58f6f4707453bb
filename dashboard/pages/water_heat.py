"""The page water_heat: not written yet."""

from __future__ import annotations

from dash import html

from dashboard.access.rights import Right
from dashboard.asked import Asked
from dashboard.pages.page import Content, Page, Sheet


def water_heat_page(asked: Asked) -> Content:
    """Nothing yet."""
    title = asked.language.text("nav.water_heat")
    return Sheet(asked).content(title, [html.H1(title)])


PAGE = Page(
    "water_heat", "/acqua-calore", water_heat_page, right=Right.LOOK, in_menu=True, upper=None
)
