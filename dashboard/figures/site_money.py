"""What a site pays by month and time band, and where its own electricity goes."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from dashboard.figures.canvas import (
    BLUE,
    BROWN,
    GREEN,
    GREY,
    GRID,
    LIGHT_BLUE,
    RED,
    blank_figure,
    hatched,
)
from dashboard.queries.site_money import Bought, SiteMoney
from dashboard.sentences.site_words import axis_labels
from dashboard.texts import Language
from paes.periods import By
from paes.self_consumption import Balance

COSTS_HEIGHT = 400
FLOWS_HEIGHT = 420
_LOOKS = ((BLUE, ""), (BROWN, "/"), (GREEN, "x"), (RED, "."), (GREY, "-"), (BLUE, "|"))


def costs_figure(money: SiteMoney, bought: Bought, language: Language) -> go.Figure:
    """EUR by month: the energy of each band, and all else of the bill above it."""
    figure = blank_figure(language, COSTS_HEIGHT)
    at, names = axis_labels(money.starts, By.MONTH, language)
    rows = [(band_name(label, language), values) for label, values in bought.bands.items()]
    rows.append((language.text("site_page.cost_rest"), bought.rest))
    for (name, values), (colour, shape) in zip(rows, _LOOKS * 3, strict=False):
        figure.add_bar(
            x=list(range(len(values))), y=np.round(values, 2).tolist(), name=name,
            marker=_look(colour, shape),
            hovertemplate="%{y:,.0f} €<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.update_layout(
        barmode="stack", bargap=0.25,
        xaxis={"tickvals": list(at), "ticktext": list(names), "tickangle": 0},
        yaxis={"title": {"text": "€"}, "gridcolor": GRID, "tickformat": ",~r"},
        legend={"y": -0.2},
    )  # fmt: skip
    return figure


def band_name(label: str, language: Language) -> str:
    """A time band as its tariff names it; a price without bands in words."""
    return language.text("site_page.band_flat") if label == "flat" else label


def flows_figure(balance: Balance, language: Language) -> go.Figure:
    """Above the line where consumption comes from, below it what was given to the grid."""
    figure = blank_figure(language, FLOWS_HEIGHT)
    at, names = axis_labels(balance.starts, By.MONTH, language)
    parts = (
        ("self", balance.self_consumption, 1.0, GREEN, "", balance.has_feed_in),
        ("withdrawal", balance.withdrawal, 1.0, LIGHT_BLUE, "/", balance.has_withdrawal),
        ("feed_in", balance.feed_in, -1.0, BROWN, "x", balance.has_feed_in),
    )
    for key, table, sign, colour, shape, is_known in parts:
        if not is_known:
            continue
        values = np.where(table.span_s > 0, table.measured + table.estimated, np.nan)
        figure.add_bar(
            x=list(range(len(values))),
            y=[None if np.isnan(v) else round(sign * float(v), 1) for v in values],
            name=language.text(f"site_page.flow_{key}"),
            customdata=[None if np.isnan(v) else round(float(v), 1) for v in values],
            marker=_look(BLUE if colour == LIGHT_BLUE else colour, shape),
            hovertemplate="%{customdata:,.0f} kWh<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(
        barmode="relative", bargap=0.25,
        xaxis={"tickvals": list(at), "ticktext": list(names), "tickangle": 0},
        yaxis={"title": {"text": "kWh"}, "gridcolor": GRID, "zeroline": True,
               "zerolinecolor": GREY, "tickformat": ",~r"},
        legend={"y": -0.2},
    )  # fmt: skip
    return figure


def _look(colour: str, shape: str) -> dict[str, object]:
    if not shape:
        return {"color": colour, "line": {"color": colour, "width": 1}}
    return {"color": "#FFFFFF", "line": {"color": colour, "width": 1},
            "pattern": hatched(shape, colour)}  # fmt: skip
