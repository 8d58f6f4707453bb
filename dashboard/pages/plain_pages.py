"""What stands where a page cannot be: not found, not allowed, failed."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.asked import Asked
from dashboard.pages.blocks import rich
from dashboard.pages.markup import data
from dashboard.pages.shell import LOGIN, PUBLIC
from dashboard.texts import Language


def not_found_blocks(asked: Asked, reason: str = "") -> list[Any]:
    """For an address that leads nowhere: says so, and the way back."""
    t, address = asked.language.text, asked.address
    back = "/" if asked.user.role else PUBLIC
    return [
        html.H1(t("not_found.title")),
        html.P(reason or t("not_found.text", path=address.path[:120]), className="lead"),
        html.P(html.A(t("not_found.back"), href=address.link(back))),
    ]


def not_allowed_blocks(asked: Asked, reason: str) -> list[Any]:
    """For what the reader's role does not allow; with the way to log in for who has not."""
    t, address = asked.language.text, asked.address
    told: list[Any] = [html.H1(t("access.not_allowed")), html.P(reason, className="lead")]
    if asked.user.role is None:
        told.append(html.P(html.A(t("access.log_in"), href=address.link(LOGIN))))
    return told


def failed_blocks(language: Language, message: str, again_s: int) -> list[Any]:
    """For a page that could not be made; it is asked for again by itself."""
    t = language.text
    return [
        html.H1(t("notice.failed")),
        html.P(rich(t("notice.failed_next", message=message)), className="lead"),
        html.P(rich(t("notice.failed_hint")), **data(again_s=str(again_s))),
    ]
