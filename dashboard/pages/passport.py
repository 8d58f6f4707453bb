"""The passport of a figure: what it is, what it was made of, and where that comes from."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.asked import Asked
from dashboard.pages.blocks import rich
from dashboard.pages.page import Content, Page, Sheet
from paes.lineage.tracing import Tracer


def passport_page(asked: Asked) -> Content:
    """The passport of the figure that the address names."""
    figure = asked.address.values.get("id", "")
    title = asked.language.text("site.passport")
    return Sheet(asked).content(title, passport_block(asked, figure))


def passport_block(asked: Asked, figure: str) -> list[Any]:
    """The figure with its formula, inputs, factor and sources."""
    found = Tracer(asked.city, asked.observatory.ledger).figure(figure)
    return [
        html.H2(rich(found.title)),
        html.P([html.Strong(asked.language.number(float(found.value), 3)), " ", found.unit]),
        html.Code(found.id),
    ]


PAGE = Page("passport", "/passaporto", passport_page, in_menu=False)
