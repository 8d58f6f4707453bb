"""The parts that every page is made of: rich text, badges, cards, filters, tables, chart frames.

Each page answers one question: first in words, then in a picture, then in a table. ``pictured`` is
that shape; ``Sheet`` collects what it draws and tables.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard import formats
from dashboard.asked import Asked
from dashboard.pages.markup import Element, aria, data, tag
from dashboard.pages.page import Drawn, Sheet
from dashboard.tables.table import Cell, Column, Figured, Linked, Marked, Table, cell_text

Content = list[str | Component]
_MARKED = re.compile(r"\*\*|CO2| %|`")


def rich(text: str) -> Content:
    """A catalogue text with its marks as components: bold, and CO2 with the subscript."""
    if not _MARKED.search(text):  # most cells of a table
        return [text] if text else []
    made: Content = []
    for kind, content in formats.pieces(text.replace(" %", f"{formats.NO_BREAK}%")):
        if kind == "co2":
            made += ["CO", html.Sub("2")]
        elif kind == "bold":
            made.append(html.Strong(rich(content)))
        else:
            made += _code(content)
    return made


def _code(text: str) -> Content:
    """Text with what stands between back quotes as code."""
    parts = enumerate(text.split("`"))
    return [html.Code(part) if place % 2 else part for place, part in parts if part]


def icon(name: str) -> Component:
    """A drawn sign beside a word that says the same; hidden from screen readers."""
    return html.Span(className=f"icon icon-{name}", **aria(hidden="true"))


def badge(name: str, word: str) -> Component:
    """A state as icon, word and colour."""
    return html.Span([icon(name), html.Span(word)], className=f"state state-{name}")


def section(name: str, heading: str, children: Sequence[Any]) -> Component:
    """A block of the page under its own heading."""
    return html.Section(
        [html.H2(rich(heading), id=name), *children],
        className="block",
        **aria(labelledby=name),
    )


def chart(
    sheet: Sheet, name: str, figure: Drawn, height: int, *, named_by: str, told_by: str
) -> Component:
    """A chart as one picture: named by its heading, described by the sentence that answers it.

    Only its place, ``height`` pixels high; the figure is drawn when a browser asks for it.
    """
    sheet.charts[name] = figure
    waiting = html.P(sheet.asked.language.text("site.chart_waits"), className="chart-waits")
    return html.Div(
        waiting,
        id=f"{name}-chart",
        role="img",
        className="chart",
        style={"height": f"{height}px"},
        **data(chart=name),
        **aria(labelledby=named_by, describedby=told_by),
    )


def pictured(
    sheet: Sheet,
    name: str,
    heading: str,
    sentence: str,
    *,
    figure: Drawn,
    height: int,
    table: Table,
    caption: str | None = None,
    wide: bool = False,
    more: Sequence[Any] = (),
) -> Component:
    """Question, one sentence, picture, table: the shape of every block."""
    return section(
        name,
        heading,
        [
            html.P(rich(sentence), id=f"{name}-answer", className="answer"),
            html.P(rich(caption), className="caption") if caption else None,
            chart(sheet, name, figure, height, named_by=name, told_by=f"{name}-answer"),
            folded_table(sheet, table, wide),
            *more,
        ],
    )


def folded_table(sheet: Sheet, table: Table, wide: bool = False) -> Component:
    """A table that opens on demand, with its CSV below."""
    shown = sheet.asked.language.text("site.show_table")
    return html.Details(
        [html.Summary([shown, _hidden(f": {table.caption}")]), *shown_table(sheet, table, wide)],
        className="data",
    )


def shown_table(sheet: Sheet, table: Table, wide: bool = False) -> list[Component]:
    """A table in plain sight, with its CSV below."""
    return [html_table(sheet.asked, table, wide), download(sheet, table)]


def download(sheet: Sheet, table: Table, label: str | None = None) -> Component:
    """The link to a table's CSV, which is made of ``table``."""
    sheet.tables[table.id] = lambda: table
    address = sheet.asked.address
    shown = label or sheet.asked.language.text("site.download")
    path = f"{address.path.rstrip('/')}/csv/{table.id}"
    own = dict(address.values)
    return html.P(
        html.A(
            [icon("download"), html.Span(shown), _hidden(f": {table.caption}")],
            href=address.link(path, **own),
            className="download",
        ),
        className="downloads",
    )


def _hidden(text: str) -> Component:
    return html.Span(formats.plain(text), className="sr-text")


def html_table(asked: Asked, table: Table, wide: bool = False) -> Component:
    """A table in a region that scrolls sideways by itself and can be reached by keyboard."""
    sides = [_side(column) for column in table.columns]
    body: Any = tag("tbody", [_row(row, table.columns, sides, asked) for row in table.rows])
    return scrolling(
        html.Table(
            [html.Caption(rich(table.caption)), header(table.columns), body],
            className="table numbers" + (" wide" if wide else ""),
        ),
        asked.language.text("table.scrollable", caption=table.caption),
    )


def scrolling(table: Component, label: str) -> Component:
    """A focusable, named region around a wide table."""
    return html.Div(
        table,
        className="scroll",
        role="region",
        tabIndex=0,
        **aria(label=formats.plain(label)),
    )


def header(columns: Sequence[Column]) -> Component:
    """The heading row; numbers stand to the right like their cells."""
    cells = [html.Th(rich(c.label), scope="col", className=_side(c)) for c in columns]
    return html.Thead(html.Tr(cells))


def _row(
    row: Sequence[Cell], columns: Sequence[Column], sides: Sequence[str], asked: Asked
) -> Element:
    """As plain elements: a page may have thousands of cells."""
    cells = [shown_cell(c, column, asked) for c, column in zip(row, columns, strict=True)]
    rest = zip(cells[1:], sides[1:], strict=True)
    first = Element("th", (cells[0],), {"scope": "row"})
    return Element("tr", (first, *(Element("td", (c,), {"class": side}) for c, side in rest)))


def shown_cell(cell: Cell, column: Column, asked: Asked) -> Any:
    """A cell with what it leads to."""
    text = cell_text(cell, column, asked.language)
    if isinstance(cell, Linked):
        return html.A(rich(text), href=cell.href)
    if isinstance(cell, Figured):
        return passport(asked, text, cell.figure)
    if isinstance(cell, Marked):
        return badge(cell.state, text)
    return rich(text)


def passport(asked: Asked, text: str, figure: str) -> Component:
    """A figure that opens its passport, in a panel beside the page where a browser can."""
    return html.A(
        rich(text),
        href=asked.passport(figure),
        className="figure-link",
        title=asked.language.text("site.passport"),
        **data(figure=figure),
    )


def _side(column: Column) -> str:
    return "text" if column.kind == "text" else "number"


def card(title: str, value: Any, unit: str, lines: Sequence[Any] = ()) -> Component:
    """A figure with its unit, and what it means below; ``value`` is a text or a ``passport``."""
    shown = rich(value) if isinstance(value, str) else value
    line: list[Any] = [html.Span(shown, className="value"), " ", html.Span(rich(unit))]
    rest: list[Any] = [rich(one) if isinstance(one, str) else one for one in lines if one]
    return html.Section(
        [html.H2(rich(title)), html.P(line, className="figure-line"), *map(html.P, rest)],
        className="card-box",
    )


def cards(*of: Component | None) -> Component:
    """Cards side by side."""
    return html.Div([one for one in of if one is not None], className="cards")


def answer_box(state: str, word: str, sentences: Sequence[str]) -> Component:
    """The page's answer: a state as a word, and the first sentence larger than the others."""
    said = [
        html.P(rich(s), className="lead" if not i else "honest") for i, s in enumerate(sentences)
    ]
    return html.Section([badge(state, word), *said], className=f"answer-box answer-{state}")


def notice(text: str) -> Component:
    """What a reader must know before anything else."""
    return html.P(rich(text), className="notice")


def empty(reason: str, next_step: str = "") -> Component:
    """Where there is nothing to show: why, and what to do."""
    told = [html.P(rich(reason), className="empty-reason")]
    if next_step:
        told.append(html.P(rich(next_step), className="empty-next"))
    return html.Div(told, className="empty")


def made(asked: Asked, at: datetime) -> Component:
    """When what is shown was computed."""
    language, tz = asked.language, asked.city.time_zone
    day, time = language.local_day(at, tz), language.clock_time(at, tz)
    return html.P(language.text("site.made", day=day, time=time), className="made")


def crumbs(*steps: tuple[str, str], label: str) -> Component:
    """The way here: the pages above this one, as links."""
    items = [html.Li(html.A(text, href=href)) for text, href in steps]
    return html.Nav(html.Ol(items), className="crumbs", **aria(label=label))


def switch(label: str, options: Sequence[tuple[str, str, bool]]) -> Component:
    """Links side by side of which one is the present state: ``(text, address, is here)``."""
    links = [
        html.Li(html.A(rich(text), href=href, **(aria(current="true") if here else {})))
        for text, href, here in options
    ]
    return html.Nav(
        [html.Span(label, className="switch-label"), html.Ul(links)],
        className="switch",
        **aria(label=label),
    )


@dataclass(frozen=True)
class Select:
    """A filter: one of some values; an empty value is the default and leaves the address short."""

    key: str
    label: str
    options: Sequence[tuple[str, str]]
    """Value and text."""
    chosen: str


@dataclass(frozen=True)
class DayField:
    """A filter: a day (ISO), or empty."""

    key: str
    label: str
    chosen: str
    first: str = ""
    last: str = ""


def filters(
    asked: Asked, *fields: Select | DayField, keep: Sequence[str] = (), label: str = ""
) -> Element:
    """A form whose fields are part of the address; of the page's other values ``keep`` stay.

    A change shows at once where scripts run; without them a button sends it. A second form of a
    page has its own ``label``.
    """
    address, t = asked.address, asked.language.text
    stay = {key: address.values[key] for key in keep if key in address.values}
    hidden = [
        tag("input", type="hidden", name=name, value=value)
        for name, value in {**address.state(), **stay}.items()
    ]
    shown = [_select(field) if isinstance(field, Select) else _day(field) for field in fields]
    button = tag("button", t("site.apply"), type="submit", class_="btn btn-outline-primary apply")
    return tag(
        "form",
        *hidden,
        *shown,
        button,
        method="get",
        action=f"{address.base.rstrip('/')}{address.path}",
        class_="filters",
        role="search",
        aria_label=label or t("site.filters"),
    )


def _select(field: Select) -> Element:
    options = [
        tag("option", text, value=value, selected=value == field.chosen)
        for value, text in field.options
    ]
    name = f"filter-{field.key}"
    return tag(
        "div",
        tag("label", field.label, for_=name),
        tag("select", *options, name=field.key, id=name, class_="form-select"),
        class_="field",
    )


def _day(field: DayField) -> Element:
    name = f"filter-{field.key}"
    limits = {"min": field.first or None, "max": field.last or None}
    control = tag(
        "input",
        type="date",
        name=field.key,
        id=name,
        value=field.chosen,
        class_="form-control",
        **limits,
    )
    return tag("div", tag("label", field.label, for_=name), control, class_="field")


def action_form(asked: Asked, action: str, *fields: Any, label: str | None = None) -> Element:
    """A form that changes something: sent by POST to ``action``, with the token that it needs."""
    token = tag("input", type="hidden", name="csrf_token", value=asked.csrf())
    return tag(
        "form",
        token,
        *fields,
        method="post",
        action=action,
        class_="action",
        aria_label=label,
    )


def entry(key: str, label: str, *, kind: str = "text", value: str = "", **more: Any) -> Element:
    """A labelled field of a form; ``more`` are its attributes (``required=True``)."""
    name = f"entry-{key}"
    control = tag("input", type=kind, name=key, id=name, value=value, class_="form-control", **more)
    return tag("div", tag("label", label, for_=name), control, class_="field")


def button(
    text: str, *, name: str | None = None, value: str | None = None, main: bool = True
) -> Element:
    """A button that sends its form."""
    look = "btn btn-primary" if main else "btn btn-outline-primary"
    return tag("button", text, type="submit", name=name, value=value, class_=look)
