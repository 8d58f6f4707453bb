"""Pages without charts, served as they are: the accessibility statement, and "not found"."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.pages.blocks import rich
from dashboard.pages.markup import markup
from dashboard.pages.shell import Frame, document, page_title

_DONE = ("done_axe", "done_keyboard", "done_charts", "done_colour", "done_reflow")
_OPEN = ("open_readers", "open_browsers", "open_points")


def accessibility_page(frame: Frame) -> str:
    """What was done for accessibility, what was not examined, and where to complain."""
    t = frame.language.text
    content = [
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
    return _plain(frame, t("accessibility.title"), content)


def not_found_page(frame: Frame, path: str) -> str:
    """For an address that leads nowhere: says so, and the way back."""
    t = frame.language.text
    content = [
        html.H1(t("not_found.title")),
        html.P(t("not_found.text", path=path[:120]), className="lead"),
        html.P(html.A(t("not_found.back"), href=frame.address.link("/"))),
    ]
    return _plain(frame, t("not_found.title"), content)


def error_page(frame: Frame, message: str) -> str:
    """For a page that could not be made; ``message`` is the program's own line."""
    t = frame.language.text
    content = [
        html.H1(t("error.title")),
        html.P(t("error.text"), className="lead"),
        html.P(rich(t("notice.failed_next", message=message))),
    ]
    return _plain(frame, t("error.title"), content)


def _plain(frame: Frame, title: str, content: Any) -> str:
    body = markup(html.Div(content, className="prose"))
    return document(frame, page_title(title, frame.address, frame.language), body)
