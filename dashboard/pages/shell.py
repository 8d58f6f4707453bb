"""The document around every page: head, skip link, menu and footer, there on the first byte."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from dash import html

from dashboard import formats
from dashboard.access.rights import NOBODY, Right, User
from dashboard.address import Address
from dashboard.pages.blocks import icon
from dashboard.pages.markup import aria, data, markup, tag
from dashboard.texts import LANGUAGES, Language
from paes import __version__
from paes.installation import City

ACCESSIBILITY = "/accessibilita"
ACCURACY = "/affidabilita"
PUBLIC = "/pubblica"
LOGIN, LOGOUT = "/accesso", "/esci"
AUDIT = "/registro"


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A page as the menu names it."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What the document needs besides its content.

    ``top`` is the path of the menu's entry that the page belongs to; ``menu`` what the reader may
    see; ``has_login`` whether there is anything to log in to.
    """

    address: Address
    language: Language
    cities: tuple[City, ...]
    style_sheets: tuple[str, ...]
    icon: str
    top: str = "/"
    menu: tuple[MenuEntry, ...] = ()
    user: User = NOBODY
    has_login: bool = False
    csrf: Callable[[], str] = str
    """The token of the form that logs out."""
    scripts: str = ""
    """The tags of what the page runs; empty on pages that run nothing."""


def document(frame: Frame, title: str, content: str) -> str:
    """The whole HTML text: ``content`` inside the main landmark, all of it escaped already."""
    sheets = "".join(f'<link rel="stylesheet" href="{escape(s)}">' for s in frame.style_sheets)
    skip = html.A(frame.language.text("site.skip"), href="#content", className="skip")
    return (
        f'<!DOCTYPE html>\n<html lang="{frame.language.code}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(formats.plain(title))}</title>\n{sheets}\n"
        f'<link rel="icon" type="image/svg+xml" href="{escape(frame.icon)}">\n'
        "</head>\n<body>\n"
        f"{markup(skip)}\n{markup(_header(frame))}\n"
        f'<main id="content" tabindex="-1" class="wrap">\n{content}\n</main>\n'
        f"{markup(_status(frame))}\n{markup(_footer(frame))}\n{frame.scripts}\n</body>\n</html>\n"
    )


def page_title(topic: str, address: Address, language: Language) -> str:
    """What the browser's tab says."""
    return language.text("site.title", topic=topic, city=address.city.name)


def _header(frame: Frame) -> Any:
    address, t = frame.address, frame.language.text
    home = html.A(
        [
            html.Span(className="crest", **aria(hidden="true")),
            html.Span(
                [
                    html.Strong(t("site.municipality", city=address.city.name)),
                    html.Span(t("site.service"), className="service"),
                ],
                className="names",
            ),
        ],
        href=address.link("/" if frame.menu else PUBLIC),
        className="home",
    )
    bar = [home, _cities(frame), _person(frame), _language_link(frame)]
    if frame.menu:
        bar.append(_menu_button(frame))
    rows = [html.Div(bar, className="wrap bar"), _menu(frame) if frame.menu else None]
    return html.Header(rows, className="site-header", id="header")


def _menu_button(frame: Frame) -> Any:
    """Only for narrow screens and with scripts; without them the menu is open."""
    return tag(
        "button",
        frame.language.text("site.menu"),
        type="button",
        class_="menu-button",
        aria_expanded="false",
        aria_controls="menu",
    )


def _menu(frame: Frame) -> Any:
    t = frame.language.text
    items = []
    for entry in frame.menu:
        here = aria(current="page") if entry.path == frame.top else {}
        items.append(
            html.Li(html.A(t(f"nav.{entry.name}"), href=frame.address.link(entry.path), **here))
        )
    return html.Nav(
        html.Div(html.Ul(items), className="wrap"),
        className="menu",
        id="menu",
        **aria(label=t("site.pages")),
    )


def _cities(frame: Frame) -> Any:
    if len(frame.cities) < 2:
        return None
    links = [_city_link(frame, city) for city in frame.cities]
    return html.Nav(
        html.Ul([html.Li(link) for link in links]),
        className="cities",
        **aria(label=frame.language.text("site.cities")),
    )


def _city_link(frame: Frame, city: City) -> Any:
    here = aria(current="true") if city.id == frame.address.city.id else {}
    return html.A(city.name, href=frame.address.link(frame.top, city=city.id), **here)


def _person(frame: Frame) -> Any:
    """Who is logged in and the way out, or the way in."""
    t, address = frame.language.text, frame.address
    if not frame.has_login:
        return None
    if frame.user.role is None:
        return html.A(t("access.log_in"), href=address.link(LOGIN), className="log-in")
    name = frame.user.full_name or frame.user.name
    role = t(f"role.{frame.user.role.value}")
    who = html.Span([html.Strong(name), html.Span(role, className="role")], className="person")
    out = tag(
        "form",
        tag("input", type="hidden", name="csrf_token", value=frame.csrf()),
        tag("button", t("access.log_out"), type="submit", class_="log-out"),
        method="post",
        action=address.link(LOGOUT),
    )
    return tag("div", who, out, class_="account")


def _language_link(frame: Frame) -> Any:
    other = next(code for code in LANGUAGES if code != frame.language.code)
    t = frame.language.text
    return html.A(
        t("site.other_language"),
        href=frame.address.link(lang=other),
        lang=other,
        hrefLang=other,
        className="language",
        title=t("site.other_language_label"),
    )


def _status(frame: Frame) -> list[Any]:
    """What scripts say to a screen reader, and where a passport opens beside the page."""
    t = frame.language.text
    close = tag("button", t("site.close"), type="button", class_="btn btn-outline-primary close")
    panel = tag(
        "div",
        tag("div", close, class_="panel-bar"),
        tag("div", id="panel-content", class_="panel-content"),
        id="panel",
        hidden=True,
        tabindex="-1",
        role="dialog",
        aria_label=t("site.passport"),
    )
    said = {
        "updated": t("site.updated"),
        "away": t("site.away"),
        "ended": t("site.session_ended"),
        "chart_failed": t("site.chart_failed"),
    }
    return [html.P("", id="status", role="status", className="sr-text", **data(**said)), panel]


def _footer(frame: Frame) -> Any:
    t, link = frame.language.text, frame.address.link
    parts: list[Any] = [
        html.Span(t("site.municipality", city=frame.address.city.name)),
        html.A(t("nav.public"), href=link(PUBLIC)),
        html.A(t("nav.audit"), href=link(AUDIT)) if _reads_audit(frame) else None,
        html.A(t("accuracy.link"), href=link(ACCURACY)),
        html.A(t("accessibility.title"), href=link(ACCESSIBILITY)),
        html.Span(t("site.footer", version=__version__)),
    ]
    items = html.Ul([html.Li(part) for part in parts if part is not None])
    return html.Footer(html.Div(items, className="wrap"))


def _reads_audit(frame: Frame) -> bool:
    return frame.has_login and frame.user.may(Right.ADMINISTER)


def waiting(language: Language, since: str, again_s: int) -> Sequence[Any]:
    """A page whose figures are being computed for the first time: it comes by itself."""
    t = language.text
    bars = [html.Div(className=f"bone bone-{width}") for width in ("wide", "half", "tall")]
    return [
        html.H1(t("site.preparing")),
        html.P([icon("clock"), " ", t("site.preparing_since", time=since)], className="lead"),
        html.P(t("site.preparing_hint")),
        html.Div(bars, className="bones", **data(again_s=str(again_s)), **aria(hidden="true")),
    ]
