"""The page audit: not written yet."""

from __future__ import annotations

from dash import html

from dashboard.access.rights import Right
from dashboard.asked import Asked
from dashboard.pages.page import Content, Page, Sheet


def audit_page(asked: Asked) -> Content:
    """Nothing yet."""
    title = asked.language.text("nav.audit")
    return Sheet(asked).content(title, [html.H1(title)])


PAGE = Page("audit", "/registro", audit_page, right=Right.ADMINISTER, in_menu=False, upper=None)
