"""The passport of a figure: what it is, what it was made of, and where that comes from.

One block, for the page of its own and for the panel beside a page; every input opens in turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.asked import Asked
from dashboard.pages.blocks import badge, empty, html_table, made, passport, rich
from dashboard.pages.page import Content, Page, Sheet
from dashboard.queries.passport import NoFigure, Passport, first_ids, passport_of
from dashboard.sentences import passport as told
from dashboard.tables.passport import inputs_table
from dashboard.texts import Language
from paes.installation import City

_CHOICES = ("factor_set", "electricity_factor", "electricity_scope", "gwp")


def passport_page(asked: Asked) -> Content:
    """The passport of the figure that the address names; where to begin if it names none."""
    figure = asked.address.values.get("id", "")
    title, sheet = asked.language.text("site.passport"), Sheet(asked)
    if not figure:
        return sheet.content(title, _beginning(asked, title))
    try:
        found = passport_of(asked.observatory, asked.city, figure)
    except NoFigure as err:
        return sheet.content(title, _nothing(asked, figure, err, html.H1), status=404)
    name = told.title(str(found.id), found.city, asked.language)
    heading, value, *rest = _blocks(asked, found, html.H1)
    shown = [heading, value, html.H2(title), *rest]
    return sheet.content(name, [html.Div(shown, className="passport")])


def passport_block(asked: Asked, figure: str) -> list[Any]:
    """The same for the panel; says so where there is no such figure."""
    try:
        found = passport_of(asked.observatory, asked.city, figure)
    except NoFigure as err:
        return _nothing(asked, figure, err, html.H2)
    return _blocks(asked, found, html.H2)


def _blocks(asked: Asked, of: Passport, heading: Any) -> list[Any]:
    language = asked.language
    parts = [
        heading(rich(told.title(str(of.id), of.city, language))),
        _value(of, language),
        _part_of(asked, of),
        *_formula(of, language),
        *_inputs(asked, of),
        *_seen(of, language),
        *_factor(of, language),
        *_listed("passport.sources", [_source(of, i, language) for i in _places(of)], language),
        *_listed("passport.findings", [rich(t) for t in told.findings(of.figure, language)],
                 language),
        *_method(of, language),
        html.H3(language.text("passport.command")),
        html.P(html.Code(f"paes trace '{of.id}'", className="command")),
        made(asked, of.made_at),
    ]  # fmt: skip
    return [part for part in parts if part is not None]


def _value(of: Passport, language: Language) -> Any:
    """The figure itself, large, between its bounds, and whether it rests on an assumption."""
    lines: list[Any] = [html.Span(told.figure_amount(of.figure, language), className="value")]
    between = told.bounds(of.figure, language)
    if between:
        lines += [" ", html.Span(between, className="hint")]
    marks = []
    if of.figure.assumed:
        marks.append(badge("assumed", language.text("passport.assumed")))
    note = html.P(of.figure.note, className="note", lang="en") if of.figure.note else None
    return html.Div([html.P(lines, className="figure-line"), *marks, note], className="is")


def _part_of(asked: Asked, of: Passport) -> Any:
    """Upwards: what it is a part of."""
    above = told.part_of(of)
    if not above:
        return None
    links = [html.Li(passport(asked, told.title(i, of.city, asked.language), i)) for i in above]
    label = asked.language.text("passport.part_of")
    return html.Div([html.Span(label, className="switch-label"), html.Ul(links)], className="above")


def _formula(of: Passport, language: Language) -> list[Any]:
    words, figure = told.formula(of.figure, language), of.figure
    if words is None or figure.formula is None:
        return []
    numbers = told.numbers(figure, language)
    parts: list[Any] = [html.H3(language.text("passport.formula")), html.P(rich(words))]
    if numbers:
        parts.append(html.P(numbers, className="worked"))
    version = language.text("passport.version", name=figure.formula_version)
    parts.append(html.P(version, className="hint"))
    if figure.formula.source:
        parts.append(html.P(figure.formula.source, className="note", lang="en"))
    return parts


def _inputs(asked: Asked, of: Passport) -> list[Any]:
    if not of.figure.inputs:
        return []
    table = inputs_table(of, asked.language)
    return [html.H3(asked.language.text("passport.inputs")), html_table(asked, table)]


def _seen(of: Passport, language: Language) -> list[Any]:
    return _listed("passport.seen", [rich(t) for t in told.rests_on(of.figure, language)], language)


def _factor(of: Passport, language: Language) -> list[Any]:
    """The factor's value, year, how it was matched, and its source."""
    match, t = of.figure.factor, language.text
    if match is None:
        return []
    year = str(match.year_used) if match.year_used else t("passport.any_year")
    rows = [
        (t("passport.factor_value"), told.amount(match.factor_t_per_mwh, "t/MWh", language)),
        (t("passport.factor_year"), year),
        (t("passport.factor_how"), t(f"how.{match.how}")),
        (t("passport.factor_set"), match.factor_set),
        (t("passport.factor_source"), match.source or match.note or ""),
    ]
    return [html.H3(t("passport.factor")), _pairs(rows)]


def _places(of: Passport) -> range:
    return range(len(of.figure.sources))


def _source(of: Passport, place: int, language: Language) -> list[Any]:
    one = of.figure.sources[place]
    kind, text = told.source(one, language)
    parts: list[Any] = [html.Strong(kind), ": ", html.Span(text, lang="en")]
    if one.place:
        parts += [" ", html.Code(one.place)]
    return parts


def _listed(heading: str, items: Sequence[Any], language: Language) -> list[Any]:
    if not items:
        return []
    return [html.H3(language.text(heading)), html.Ul([html.Li(item) for item in items])]


def _method(of: Passport, language: Language) -> list[Any]:
    t = language.text
    rows = [
        (t(f"passport.method_{name}"), of.figure.method[name])
        for name in _CHOICES
        if name in of.figure.method
    ]
    shown = [(name, t(f"passport.is_{v}") if language.knows(f"passport.is_{v}") else v)
             for name, v in rows]  # fmt: skip
    return [html.H3(t("passport.method")), _pairs(shown)] if shown else []


def _pairs(rows: Sequence[tuple[str, str]]) -> Any:
    return html.Dl([each for name, value in rows for each in (html.Dt(name), html.Dd(value))])


def _nothing(asked: Asked, figure: str, err: NoFigure, heading: Any) -> list[Any]:
    """There is no such figure: which look like it, and where to begin."""
    t = asked.language.text
    parts = [
        heading(t("passport.none")),
        empty(t("passport.none_reason", id=figure[:120]), t("passport.none_next")),
    ]
    ids = err.near or tuple(first_ids(asked.observatory, asked.city))
    key = "passport.near" if err.near else "passport.begin"
    return [*parts, html.H3(t(key)), _links(asked, asked.city, ids)]


def _beginning(asked: Asked, title: str) -> list[Any]:
    t = asked.language.text
    ids = first_ids(asked.observatory, asked.city)
    return [
        html.H1(title),
        html.P(t("passport.what"), className="lead"),
        html.H2(t("passport.begin")),
        _links(asked, asked.city, ids) if ids else html.P(t("passport.no_inventory")),
    ]


def _links(asked: Asked, city: City, ids: Sequence[str]) -> Any:
    items = [
        html.Li([passport(asked, told.title(i, city, asked.language), i), " ", html.Code(i)])
        for i in ids
    ]
    return html.Ul(items, className="ids")


PAGE = Page("passport", "/passaporto", passport_page, in_menu=False)
