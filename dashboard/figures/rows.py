"""Charts with a row for each site: short names, and a legend above, where rows do not push it."""

from __future__ import annotations

import plotly.graph_objects as go


def short(name: str, lines: int = 2, width: int = 20) -> str:
    """A name in so many short lines at the most: rows stay apart, and a phone keeps its bars."""
    shown = [""]
    for word in name.split():
        if shown[-1] and len(shown[-1]) + 1 + len(word) > width:
            shown.append("")
        shown[-1] = f"{shown[-1]} {word}".strip()
    if len(shown) > lines:
        shown = [*shown[: lines - 1], shown[lines - 1][: width - 1].rstrip() + "…"]
    return "<br>".join(shown)


def legend_above(figure: go.Figure) -> None:
    """The legend over the picture, in the order of its traces."""
    figure.update_layout(
        legend={"y": 1.0, "yanchor": "bottom", "traceorder": "normal"}, margin={"t": 30}
    )


def month_labels(figure: go.Figure, labels: list[str]) -> None:
    """Months in their order; of many every second has its name, so that a phone has room."""
    shown = labels if len(labels) < 9 else labels[len(labels) % 2 == 0 :: 2]
    figure.update_xaxes(
        categoryorder="array", categoryarray=labels, tickvals=shown, ticktext=shown, tickangle=0
    )
