"""What all charts have in common: colours, type, the empty figure, and how it is shown.

Colours are those of Bootstrap Italia with at least 3:1 on white. Plotly's own template is left out,
so that a figure is small and looks the same in every version.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dashboard.texts import Language

BLUE, GREEN, RED, BROWN, GREY = "#0066CC", "#008055", "#CC334D", "#995C00", "#5D7083"
LIGHT_BLUE, INK, GRID = "#BFDFFF", "#1A1A1A", "#E3E7EB"
FONT = "Titillium Web, Geneva, Tahoma, sans-serif"
_FOREIGN = re.compile(r"<(?!/?(?:br|b|sub|extra)/?>)")
_SEPARATORS = {"it": ",.", "en": ".,"}


def config(language: Language, locales: dict[str, Any]) -> dict[str, Any]:
    """What every chart is shown with: no tool bar, nothing that could leave this machine."""
    return {
        "displayModeBar": False,
        "displaylogo": False,
        "showSendToCloud": False,
        "plotlyServerURL": "",
        "scrollZoom": False,
        "doubleClick": False,
        "responsive": True,
        "locale": language.code,
        "locales": locales,
    }


def blank_figure(language: Language, height: int) -> go.Figure:
    """A figure without traces, ``height`` pixels high, with numbers as the language writes them."""
    return go.Figure(
        layout={
            "template": {},
            "height": height,
            "margin": {"l": 10, "r": 16, "t": 16, "b": 10},
            "font": {"family": FONT, "size": 14, "color": INK},
            "separators": _SEPARATORS[language.code],
            "paper_bgcolor": "#FFFFFF",
            "plot_bgcolor": "#FFFFFF",
            "dragmode": False,
            "hoverlabel": {"namelength": -1, "font": {"family": FONT, "size": 14}},
            "legend": {"orientation": "h", "y": -0.18, "x": 0, "font": {"size": 14}},
            "xaxis": {"automargin": True, "fixedrange": True, "linecolor": GREY},
            "yaxis": {"automargin": True, "fixedrange": True, "ticklabelstandoff": 5},
        }
    )


def hatched(shape: str, colour: str) -> dict[str, Any]:
    """A hatch in the bar's colour on white: the second channel beside colour."""
    return {"shape": shape, "fgcolor": colour, "bgcolor": "#FFFFFF", "size": 7, "solidity": 0.45}


def without_markup(figure: Any) -> Any:
    """A figure, or a part of one, whose texts cannot be more than texts.

    Plotly takes HTML in every text, links too. Names of sites and actions come from files and
    people: what is left is what our own charts use, line breaks and the box of the hover text.
    """
    if isinstance(figure, go.Figure):
        figure = figure.to_plotly_json()
    if isinstance(figure, dict):
        return {key: without_markup(value) for key, value in figure.items()}
    if isinstance(figure, (list, tuple)):
        return [without_markup(value) for value in figure]
    if isinstance(figure, np.ndarray) and figure.dtype.kind in "OU":
        return [without_markup(value) for value in figure.tolist()]
    return _FOREIGN.sub("&lt;", figure) if isinstance(figure, str) else figure


def wrapped(label: str) -> str:
    """A label in short lines, so that a phone keeps room for the bars."""
    words = label.split(" ")
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) > 16 and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)
