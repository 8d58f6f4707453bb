"""The accessibility statement: what was done, what was not examined, where to complain."""

from __future__ import annotations

from dash import html

from dashboard.access.rights import Right
from dashboard.asked import Asked
from dashboard.pages.page import Content, Page, Sheet
from dashboard.pages.shell import ACCESSIBILITY

_DONE = ("done_axe", "done_keyboard", "done_charts", "done_colour", "done_reflow")
_OPEN = ("open_readers", "open_browsers", "open_points")


def statement(asked: Asked) -> Content:
    """The whole statement."""
    t = asked.language.text
    told = [
        html.H1(t("accessibility.title")),
        html.P(t("accessibility.intro"), className="lead"),
        html.H2(t("accessibility.status_heading")),
        html.P(t("accessibility.status")),
        html.H2(t("accessibility.done_heading")),
        html.Ul([html.Li(t(f"accessibility.{key}")) for key in _DONE]),
        html.H2(t("accessibility.open_heading")),
        html.Ul([html.Li(t(f"accessibility.{key}")) for key in _OPEN]),
        html.H2(t("accessibility.feedback_heading")),
        html.P(t("accessibility.feedback")),
    ]
    return Sheet(asked).content(t("accessibility.title"), [html.Div(told, className="prose")])


PAGE = Page("statement", ACCESSIBILITY, statement, right=Right.PUBLIC, in_menu=False)
