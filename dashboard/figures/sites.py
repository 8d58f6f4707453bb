"""The picture of the ranking: one bar a site, the worst on top, with what is usual beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import wrap

import plotly.graph_objects as go

from dashboard.figures.canvas import BLUE, BROWN, GREY, GRID, INK, blank_figure, hatched
from dashboard.formats import for_plot
from dashboard.queries.site_choice import Order
from dashboard.queries.sites import Ranking, SiteRow
from dashboard.sentences import sites as sentences
from dashboard.texts import Language

MOST = 20
"""Bars in one picture; the table has all."""
_ROW_HEIGHT, _REST_HEIGHT = 40, 110
_LABEL = 21
"""Letters of a name in one line."""


def ranking_height(found: Ranking) -> int:
    """Pixels."""
    return _REST_HEIGHT + _ROW_HEIGHT * min(MOST, len(found.ranked))


def ranking_figure(found: Ranking, language: Language) -> go.Figure:
    """Sites much above their like are brown and hatched; a diamond is the median of the kind."""
    figure = blank_figure(language, height=ranking_height(found))
    shown, order = found.ranked[:MOST], found.choice.order
    for notable in (False, True):
        of = [row for row in shown if sentences.is_notable(row) is notable]
        if of:
            figure.add_trace(_bars(of, order, notable, language))
    if order in (Order.PER_M2, Order.PER_POINT):
        _add_medians(figure, shown, language)
    figure.update_yaxes(
        categoryorder="array",
        categoryarray=[_label(row) for row in reversed(shown)],
        type="category",
        tickfont={"size": 13},
    )
    is_share = order in (Order.CHANGE, Order.SIMILAR)
    figure.update_xaxes(
        title_text=for_plot(language.text(f"sites.axis.{order.value}")),
        gridcolor=GRID,
        zeroline=True,
        zerolinecolor=GREY,
        tickformat=",.0%" if is_share else ",.0f",
    )
    figure.update_layout(barmode="overlay", bargap=0.28, legend={"y": -70 / figure.layout.height})
    return figure


def _bars(rows: Sequence[SiteRow], order: Order, notable: bool, language: Language) -> go.Bar:
    values = [row.value(order) or 0.0 for row in rows]
    colour = BROWN if notable else BLUE
    key = "sites.legend_notable" if notable else "sites.legend_usual"
    bounds = [_bounds(row, order) for row in rows]
    return go.Bar(
        x=values,
        y=[_label(row) for row in rows],
        orientation="h",
        name=language.text(key, limit=language.percent(sentences.NOTABLE, 0)),
        marker={
            "color": colour,
            "line": {"color": colour, "width": 1.5},
            **({"pattern": hatched("/", colour)} if notable else {}),
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [high for _, high in bounds],
            "arrayminus": [low for low, _ in bounds],
            "color": INK,
            "thickness": 1.5,
            "visible": any(low > 0 or high > 0 for low, high in bounds),
        },
        text=[sentences.value_text(row, order, language) for row in rows],
        textposition="none",
        hovertemplate="%{y}: %{text}<extra></extra>",
    )


def _bounds(row: SiteRow, order: Order) -> tuple[float, float]:
    """How much less and how much more it may be, by what meters missed."""
    energy, value = row.figures.energy, row.value(order)
    if energy is None or value is None or energy.kwh <= 0:
        return 0.0, 0.0
    if order not in (Order.PER_M2, Order.PER_POINT, Order.ENERGY):
        return 0.0, 0.0
    high = energy.high_kwh if math.isfinite(energy.high_kwh) else energy.kwh
    scale = value / energy.kwh
    low_kwh, high_kwh = energy.kwh - energy.low_kwh, high - energy.kwh
    least = 0.005 * energy.kwh  # thinner than the bar's edge
    return (scale * low_kwh if low_kwh > least else 0.0), (
        scale * high_kwh if high_kwh > least else 0.0
    )


def _add_medians(figure: go.Figure, rows: Sequence[SiteRow], language: Language) -> None:
    of = [row for row in rows if row.median_kwh is not None]
    if not of:
        return
    figure.add_scatter(
        x=[row.median_kwh for row in of],
        y=[_label(row) for row in of],
        mode="markers",
        name=language.text("sites.legend_median"),
        marker={"symbol": "diamond", "size": 11, "color": "#FFFFFF",
                "line": {"color": INK, "width": 2}},
        hovertemplate="%{y}: %{x:,.0f}<extra>%{fullData.name}</extra>",
    )  # fmt: skip


def _label(row: SiteRow) -> str:
    return "<br>".join(wrap(row.site.name, _LABEL))
