"""A year of a site: hour by day as a carpet, when energy is used, days beside their model."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import plotly.graph_objects as go

from dashboard.figures.canvas import (
    BLUE,
    BROWN,
    GREEN,
    GREY,
    GRID,
    INK,
    blank_figure,
    hatched,
    wrapped,
)
from dashboard.queries.site_year import Habits, Signature, StreamYear, Use
from dashboard.sentences.site_words import dated, percent, power_unit
from dashboard.texts import Language
from paes.baselines.days import Days
from paes.opening import DayKind

CARPET_HEIGHT = 420
HABITS_HEIGHT = 250
SIGNATURE_HEIGHT = 440
SCALE = [[0.0, "#FFF4CC"], [0.25, "#F8C25C"], [0.5, "#E0742F"], [0.75, "#9B2C3F"], [1.0, "#2E0B33"]]
"""From light to dark all along: it reads in grey too."""
_POINTS = 60
TOP_QUANTILE = 0.995
"""What few hours exceed shows as the darkest: one peak does not pale a year."""


def carpet_figure(year: StreamYear, language: Language) -> go.Figure:
    """Every hour of the year: days from left to right, hours upward; gaps are crossed."""
    figure = blank_figure(language, CARPET_HEIGHT)
    power, days = year.power, year.power.shape[1]
    known = power[np.isfinite(power)]
    top = float(np.quantile(known, TOP_QUANTILE)) if known.size else 1.0
    names = [dated(year.first + timedelta(days=n), "EEE d MMM y", language) for n in range(days)]
    hours = list(range(24))
    _add_gap_cells(figure, year, language)
    figure.add_heatmap(
        x=list(range(days)), y=hours, z=np.round(power, 2), zmin=0, zmax=max(top, 1e-6),
        colorscale=SCALE, hoverongaps=False, text=[names] * 24,
        hovertemplate=f"%{{text}}, %{{y}}:00: %{{z:,.1f}} {power_unit(year.stream)}<extra></extra>",
        colorbar={"title": {"text": power_unit(year.stream)}, "thickness": 14, "outlinewidth": 0,
                  "tickformat": ",~r"},
    )  # fmt: skip
    firsts = [n for n in range(days) if (year.first + timedelta(days=n)).day == 1]
    every = firsts[:: max(1, -(-len(firsts) // 6))]
    figure.update_layout(
        xaxis={
            "tickvals": every,
            "ticktext": [dated(year.first + timedelta(days=n), "MMM", language) for n in every],
            "range": [-0.5, days - 0.5],
            "tickangle": 0,
        },
        yaxis={"tickvals": [0, 6, 12, 18, 23], "ticktext": ["0", "6", "12", "18", "23"],
               "title": {"text": language.text("site_page.axis_hour"), "standoff": 14},
               "range": [-0.5, 23.5]},
    )  # fmt: skip
    return figure


def _add_gap_cells(figure: go.Figure, year: StreamYear, language: Language) -> None:
    """Under the carpet, where it has holes: small crosses on grey."""
    hour, day = np.nonzero(~np.isfinite(year.power))
    if not len(hour):
        return
    figure.add_scatter(
        x=day.tolist(), y=hour.tolist(), mode="markers", name=language.text("site_page.legend_gap"),
        marker={"symbol": "x-thin", "size": 4, "line": {"color": GREY, "width": 1}},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip


_USES = {
    Use.OPEN: (BLUE, "", BLUE),
    Use.SHUT_HOURS: (BROWN, "/", "#EAD9B8"),
    Use.RESTING: (GREEN, "x", "#C4E3D6"),
    Use.CLOSED: (GREY, ".", "#CDD5DC"),
}
"""Of each use its border, its hatch, and the hatch's colour: pale, so that numbers can be read."""


def habits_figure(habits: Habits, language: Language) -> go.Figure:
    """Two bars of a hundred: where the hours of the year go, and where the energy."""
    figure = blank_figure(language, HABITS_HEIGHT)
    rows = [language.text("site_page.row_energy"), language.text("site_page.row_hours")]
    for use, (colour, shape, pale) in _USES.items():
        parts = [habits.energy[use], habits.hours[use]]
        if not any(parts):
            continue
        figure.add_bar(
            y=[wrapped(row) for row in rows],
            x=parts,
            orientation="h",
            name=language.text(f"site_page.use_{use.value}"),
            text=[percent(part, language) if part >= 0.04 else "" for part in parts],
            textposition="inside",
            insidetextanchor="middle",
            textfont={"color": "#FFFFFF" if not shape else INK, "size": 14},
            marker={"color": colour if not shape else "#FFFFFF",
                    "line": {"color": colour, "width": 1.5},
                    **({"pattern": hatched(shape, pale)} if shape else {})},
            hovertemplate="%{x:,.1%}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.update_layout(
        barmode="stack",
        bargap=0.35,
        xaxis={"tickformat": ",.0%", "range": [0, 1], "gridcolor": GRID},
        yaxis={"autorange": "reversed"},
        legend={"y": -0.22},
    )
    return figure


_KINDS = {
    DayKind.OPEN: (BLUE, "circle", "solid"),
    DayKind.RESTING: (BROWN, "square-open", "dash"),
    DayKind.CLOSED: (GREY, "x-thin-open", "dot"),
}


def signature_figure(signature: Signature, unit: str, language: Language) -> go.Figure:
    """Days by their temperature, and the line of the year before with the band of its own days."""
    figure = blank_figure(language, SIGNATURE_HEIGHT)
    model = signature.model
    spread = 2 * model.fit_quality.cv_rmse_fraction * model.fit_quality.mean_kwh
    counted = signature.counted
    for kind, (colour, symbol, dash) in _KINDS.items():
        here = counted & (signature.days.kinds == int(kind)) & ~np.isnan(signature.days.degc)
        if not here.any():
            continue
        name = language.text(f"site_page.days_{kind.name.lower()}")
        degc, line = _line_of(signature, kind, here)
        if kind is DayKind.OPEN and np.isfinite(spread):
            _add_band(figure, degc, line, spread, language)
        figure.add_scatter(
            x=np.round(degc, 1).tolist(), y=np.round(line, 1).tolist(), mode="lines",
            line={"color": colour, "width": 2.5, "dash": dash},
            name=language.text("site_page.legend_model", days=name), hoverinfo="skip",
        )  # fmt: skip
        figure.add_scatter(
            x=np.round(signature.days.degc[here], 1).tolist(),
            y=np.round(signature.used[here], 1).tolist(),
            mode="markers", name=name,
            marker={"symbol": symbol, "size": 6, "color": colour, "line": {"color": colour,
                                                                           "width": 1}},
            hovertemplate=f"%{{x:,.1f}} °C: %{{y:,.0f}} {unit}<extra>%{{fullData.name}}</extra>",
        )  # fmt: skip
    figure.update_layout(
        xaxis={"gridcolor": GRID, "zeroline": False, "ticksuffix": " °C", "nticks": 6},
        yaxis={"title": {"text": unit, "standoff": 14}, "rangemode": "tozero", "gridcolor": GRID,
               "tickformat": ",~r"},
        legend={"y": -0.14},
    )  # fmt: skip
    return figure


def _line_of(
    signature: Signature, kind: DayKind, here: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What the model expects of such days by their temperature, in the season of heating."""
    seen = signature.days.degc[here]
    degc = np.linspace(float(np.nanmin(seen)), float(np.nanmax(seen)), _POINTS)
    night = signature.days.night_h
    days = Days(
        signature.days.first,
        degc,
        np.full(_POINTS, int(kind), dtype=np.int8),
        None if night is None else np.full(_POINTS, float(night[here].mean())),
        np.ones(_POINTS, dtype=np.bool_),
    )
    return degc, signature.model.predict(days)


def _add_band(
    figure: go.Figure, degc: np.ndarray, line: np.ndarray, spread: float, language: Language
) -> None:
    low, high = np.maximum(line - spread, 0.0), line + spread
    figure.add_scatter(
        x=np.round(np.concatenate([degc, degc[::-1]]), 1).tolist(),
        y=np.round(np.concatenate([high, low[::-1]]), 1).tolist(),
        fill="toself", mode="lines", fillcolor="rgba(0, 102, 204, 0.12)",
        line={"color": BLUE, "width": 0.5},
        name=language.text("site_page.legend_band"), hoverinfo="skip",
    )  # fmt: skip
