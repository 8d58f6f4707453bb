"""The page public: not written yet."""

from __future__ import annotations

from dash import html

from dashboard.access.rights import Right
from dashboard.asked import Asked
from dashboard.pages.page import Content, Page, Sheet


def public_page(asked: Asked) -> Content:
    """Nothing yet."""
    title = asked.language.text("nav.public")
    return Sheet(asked).content(title, [html.H1(title)])


PAGE = Page("public", "/pubblica", public_page, right=Right.PUBLIC, in_menu=False, upper=None)
