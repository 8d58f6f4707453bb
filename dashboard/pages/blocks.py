"""The parts that every page is made of: rich text, badges, tables, the frame around a chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from dash import dcc, html
from dash.development.base_component import Component

from dashboard import formats
from dashboard.address import Address
from dashboard.pages.markup import aria
from dashboard.tables import Cell, Column, Table, cell_text
from dashboard.texts import Language

Content = list[str | Component]


def rich(text: str) -> Content:
    """A catalogue text with its marks as components: bold, and CO2 with the subscript."""
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


def chart(name: str, figure: go.Figure, config: Any, named_by: str, told_by: str) -> Component:
    """A chart as one picture: named by its heading, described by the sentence that answers it."""
    graph = dcc.Graph(
        id=f"{name}-graph",
        figure=figure,
        config=config,
        style={"height": f"{figure.layout.height}px"},
        responsive=True,
    )
    labels = aria(labelledby=named_by, describedby=told_by)
    return html.Div(graph, role="img", className="chart", **labels)


def folded_table(
    table: Table, language: Language, address: Address, wide: bool = False
) -> Component:
    """A table that opens on demand, with its CSV below."""
    return html.Details(
        [
            html.Summary([language.text("site.show_table"), _hidden(f": {table.caption}")]),
            html_table(table, language, wide),
            download(table.id, table.caption, language, address),
        ],
        className="data",
    )


def download(
    table_id: str, caption: str, language: Language, address: Address, label: str | None = None
) -> Component:
    """The link to a table's CSV."""
    shown = label or language.text("site.download")
    return html.P(
        html.A(
            [icon("download"), html.Span(shown), _hidden(f": {caption}")],
            href=address.link(f"/csv/{table_id}"),
            className="download",
        ),
        className="downloads",
    )


def _hidden(text: str) -> Component:
    return html.Span(formats.plain(text), className="sr-text")


def html_table(table: Table, language: Language, wide: bool = False) -> Component:
    """A table in a region that scrolls sideways by itself and can be reached by keyboard."""
    body = html.Tbody([_row(row, table.columns, language) for row in table.rows])
    return scrolling(
        html.Table(
            [html.Caption(rich(table.caption)), header(table.columns), body],
            className="table numbers" + (" wide" if wide else ""),
        ),
        language.text("table.scrollable", caption=table.caption),
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


def _row(row: Sequence[Cell], columns: Sequence[Column], language: Language) -> Component:
    shown = [cell_text(cell, column, language) for cell, column in zip(row, columns, strict=True)]
    cells = [
        html.Td(rich(text), className=_side(column))
        for text, column in zip(shown[1:], columns[1:], strict=True)
    ]
    return html.Tr([html.Th(rich(shown[0]), scope="row"), *cells])


def _side(column: Column) -> str:
    return "text" if column.kind == "text" else "number"
