"""The document around every page: head, skip link, header and footer, there on the first byte."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

from dash import html

from dashboard import formats
from dashboard.address import Address
from dashboard.pages.blocks import icon
from dashboard.pages.markup import aria, markup
from dashboard.texts import LANGUAGES, Language
from paes import __version__
from paes.installation import City

ACCESSIBILITY = "/accessibilita"
ACCURACY = "/affidabilita"


@dataclass(frozen=True, slots=True)
class Frame:
    """What the document needs besides its content; ``path`` is where its links stay."""

    address: Address
    language: Language
    cities: tuple[City, ...]
    style_sheets: tuple[str, ...]
    icon: str
    path: str = "/"


def document(frame: Frame, title: str, content: str, scripts: str = "") -> str:
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
        f"{markup(_footer(frame))}\n{scripts}\n</body>\n</html>\n"
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
        href=address.link("/"),
        className="home",
    )
    return html.Header(
        html.Div([home, _cities(frame), _language_link(frame)], className="wrap bar"),
        className="site-header",
    )


def _cities(frame: Frame) -> Any:
    links = [_city_link(frame, city) for city in frame.cities]
    return html.Nav(
        html.Ul([html.Li(link) for link in links]),
        className="cities",
        **aria(label=frame.language.text("site.cities")),
    )


def _city_link(frame: Frame, city: City) -> Any:
    here = aria(current="page") if city.id == frame.address.city.id else {}
    return html.A(city.name, href=frame.address.link("/", city=city.id), **here)


def _language_link(frame: Frame) -> Any:
    other = next(code for code in LANGUAGES if code != frame.language.code)
    t = frame.language.text
    return html.A(
        t("site.other_language"),
        href=frame.address.link(frame.path, lang=other),
        lang=other,
        hrefLang=other,
        className="language",
        title=t("site.other_language_label"),
    )


def _footer(frame: Frame) -> Any:
    t = frame.language.text
    parts = [
        html.Span(t("site.municipality", city=frame.address.city.name)),
        html.A(t("accuracy.link"), href=frame.address.link(ACCURACY)),
        html.A(t("accessibility.title"), href=frame.address.link(ACCESSIBILITY)),
        html.Span(t("site.footer", version=__version__)),
    ]
    return html.Footer(html.Div(html.Ul([html.Li(p) for p in parts]), className="wrap"))


def loading(language: Language, downloads: Iterable[tuple[str, str]]) -> str:
    """What stands where the page will be: a text, and tables for a browser without scripts."""
    t = language.text
    links = [html.Li(html.A(label, href=href)) for label, href in downloads]
    return (
        '<div id="react-entry-point">'
        f"{markup(html.P([icon('clock'), ' ', t('site.loading')], className='loading'))}</div>"
        f"<noscript>{markup(html.P(t('site.no_script')))}{markup(html.Ul(links))}</noscript>"
    )
