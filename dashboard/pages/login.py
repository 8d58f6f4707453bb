"""The pages of login and logout. Layout only; ``dashboard.access.login`` answers their forms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from dash import html

from dashboard.access.rights import Right
from dashboard.asked import Asked
from dashboard.pages.blocks import action_form, button, empty, entry, icon, rich
from dashboard.pages.markup import tag
from dashboard.pages.page import Content, Page
from dashboard.pages.shell import LOGIN, LOGOUT, PUBLIC


@dataclass(frozen=True, slots=True)
class LoginForm:
    """What the page of the login shows; ``problem`` is the key of a text."""

    next: str
    """Where the reader goes on to; a path of this application."""
    problem: str = ""
    wait_s: int = 0
    name: str = ""
    local_accounts: bool = True
    nobody_yet: bool = False
    provider: str = ""
    """What the button of the municipality's provider says; empty without one."""
    provider_href: str = ""


def login_page(asked: Asked, form: LoginForm, status: int = 200) -> Content:
    """Name and password, or the provider's button; what went wrong stands above."""
    t = asked.language.text
    blocks: list[Any] = [html.H1(t("login.title")), html.P(rich(t("login.lead")), className="lead")]
    if form.problem:
        blocks.append(_problem(asked, form))
    if form.nobody_yet:
        blocks.append(empty(t("login.nobody"), t("login.nobody_next")))
    ways = [_password(asked, form)] if form.local_accounts else []
    if form.provider:
        ways.append(_provider(asked, form))
    blocks.append(html.Div(ways, className="login-ways"))
    blocks.append(html.P(html.A(t("login.public"), href=asked.link(PUBLIC, next=None))))
    return Content(t("login.title"), blocks, status=status)


def logout_page(asked: Asked) -> Content:
    """A button to log out, for who came by a link."""
    t = asked.language.text
    who = asked.user.full_name or asked.user.name
    form = action_form(asked, asked.link(LOGOUT), button(t("access.log_out")))
    blocks = [html.H1(t("login.out")), html.P(t("login.out_who", name=who), className="lead"), form]
    return Content(t("login.out"), blocks)


def expired_page(asked: Asked) -> Content:
    """For a form that was opened before the present session began: nothing was changed."""
    t = asked.language.text
    again = html.A(t("login.expired_again"), href=asked.link())
    blocks = [
        html.H1(t("login.expired")),
        html.P(t("login.expired_why"), className="lead"),
        html.P(again),
    ]
    return Content(t("login.expired"), blocks, status=400)


def _problem(asked: Asked, form: LoginForm) -> Any:
    minutes = asked.language.number(max(1, math.ceil(form.wait_s / 60)))
    told = asked.language.text(form.problem, minutes=minutes)
    return html.P([icon("above"), " ", *rich(told)], className="login-problem", role="alert")


def _password(asked: Asked, form: LoginForm) -> Any:
    """Fields that password managers know."""
    t = asked.language.text
    name: dict[str, Any] = {"autocomplete": "username", "autocapitalize": "none"}
    password: dict[str, Any] = {"autocomplete": "current-password"}
    return action_form(
        asked,
        asked.link(LOGIN, next=None),
        tag("input", type="hidden", name="next", value=form.next),
        entry("name", t("login.name"), value=form.name, required=True, spellcheck="false", **name),
        entry("password", t("login.password"), kind="password", required=True, **password),
        button(t("access.log_in")),
        label=t("login.title"),
    )


def _provider(asked: Asked, form: LoginForm) -> Any:
    """A link, since a form may not lead to another host."""
    text = asked.language.text("login.provider", name=form.provider)
    look = "btn btn-outline-primary" if form.local_accounts else "btn btn-primary"
    return html.P(html.A(text, href=form.provider_href, className=look))


PAGE = Page(
    "login",
    LOGIN,
    lambda asked: login_page(asked, LoginForm(next=asked.address.base)),
    right=Right.PUBLIC,
    in_menu=False,
)
"""Not in the table of pages: ``dashboard.access.login`` answers it, where there is a login."""
