"""The pictures of public lighting: kWh by point, hours beside the sun, months, nights. Pure."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go

from dashboard.figures.canvas import (
    BLUE,
    BROWN,
    GREEN,
    GREY,
    GRID,
    INK,
    LIGHT_BLUE,
    RED,
    blank_figure,
    hatched,
)
from dashboard.figures.rows import legend_above, month_labels, short
from dashboard.queries.lighting import CabinetYear, Lamp
from dashboard.queries.lighting_view import CabinetHabit, LightingView
from dashboard.queries.lit_nights import Carpet, Follows, Months
from dashboard.texts import Language

_ROW = 44
MOST_ROWS = 30
"""More cabinets than this are in the table alone."""
MONTHS_HEIGHT, CARPET_HEIGHT = 380, 520
_LOOK = {Lamp.RENEWED: (BLUE, ""), Lamp.TO_RENEW: (BROWN, "/"), Lamp.UNTOLD: (GREY, "x")}


def _counted(view: LightingView) -> list[CabinetYear]:
    return [one for one in view.years if one.per_point][:MOST_ROWS]


def points_height(view: LightingView) -> int:
    """Pixels that ``points_figure`` needs."""
    return 120 + _ROW * max(len(_counted(view)), 2)


def points_figure(view: LightingView, language: Language) -> go.Figure:
    """kWh by light point of each cabinet, with bounds, by what was done to its lamps."""
    rows = _counted(view)
    figure = blank_figure(language, points_height(view))
    for lamp, (colour, hatch) in _LOOK.items():
        among = [one for one in rows if one.cabinet.lamp is lamp]
        if among:
            figure.add_bar(
                y=[short(one.cabinet.site.name) for one in among],
                x=[one.per_point[0] for one in among if one.per_point],
                orientation="h",
                name=language.text(f"light.lamp_{lamp.value}"),
                marker={"color": colour, "pattern": hatched(hatch, colour)},
                text=[language.number(one.per_point[0]) for one in among if one.per_point],
                textposition="outside",
                cliponaxis=False,
                error_x=_bounds(among),
                hovertemplate="%{y}: %{x:,.0f} kWh<extra>%{fullData.name}</extra>",
            )
    if view.town.usual and view.is_over:
        _add_usual(figure, view, language)
    order = [short(one.cabinet.site.name) for one in rows]
    figure.update_yaxes(
        categoryorder="array", categoryarray=order, autorange="reversed", ticksuffix="  "
    )
    axis = language.text("light.points.axis")
    figure.update_xaxes(title_text=axis, gridcolor=GRID, tickformat=",d", rangemode="tozero")
    figure.update_layout(barmode="overlay", bargap=0.3)
    legend_above(figure)
    return figure


def _bounds(among: list[CabinetYear]) -> dict[str, object] | None:
    """How far what meters missed may move a figure; no bar where that is nothing."""
    found = [one.per_point for one in among if one.per_point]
    above = [high - kwh if math.isfinite(high) else 0.0 for kwh, _, high in found]
    below = [kwh - low for kwh, low, _ in found]
    if max([*above, *below], default=0.0) < 1.0:
        return None
    return {
        "type": "data",
        "symmetric": False,
        "array": above,
        "arrayminus": below,
        "color": INK,
        "thickness": 1.5,
    }


def _add_usual(figure: go.Figure, view: LightingView, language: Language) -> None:
    assert view.town.usual
    for bound in (view.town.usual.low_kwh, view.town.usual.high_kwh):
        figure.add_vline(x=bound, layer="below", line={"color": GREEN, "width": 2, "dash": "dot"})
    figure.add_scatter(
        x=[None],
        y=[None],
        mode="lines",
        line={"color": GREEN, "width": 2, "dash": "dot"},
        name=language.text("light.points.usual"),
    )


def hours_height(view: LightingView) -> int:
    """Pixels that ``hours_figure`` needs."""
    return 120 + _ROW * max(len(view.habits[:MOST_ROWS]), 2)


def hours_figure(view: LightingView, language: Language) -> go.Figure:
    """Hours of burning a night of each cabinet beside the hours of darkness."""
    rows = view.habits[:MOST_ROWS]
    figure = blank_figure(language, hours_height(view))
    for is_wrong in (True, False):
        among = [one for one in rows if (one.follows is not Follows.SUN) is is_wrong]
        if among:
            key = "light.hours.burning_wrong" if is_wrong else "light.hours.burning"
            figure.add_bar(
                y=[_label(one) for one in among],
                x=[one.habit.burning_h for one in among],
                orientation="h",
                name=language.text(key),
                marker={
                    "color": "#F6C9D0" if is_wrong else LIGHT_BLUE,
                    "line": {"color": RED if is_wrong else BLUE, "width": 2},
                },
                text=[language.number(one.habit.burning_h, 1) for one in among],
                textposition="inside",
                insidetextanchor="start",
                textfont={"color": INK, "size": 13},
                hovertemplate="%{y}: %{x:.1f} h<extra>%{fullData.name}</extra>",
            )
    figure.add_scatter(
        y=[_label(one) for one in rows],
        x=[one.habit.dark_h for one in rows],
        mode="markers",
        marker={"symbol": "line-ns", "size": 26, "line": {"color": INK, "width": 4}},
        name=language.text("light.hours.dark"),
        hovertemplate="%{y}: %{x:.1f} h<extra>%{fullData.name}</extra>",
    )
    figure.update_yaxes(
        categoryorder="array",
        categoryarray=[_label(one) for one in rows],
        autorange="reversed",
        ticksuffix="  ",
    )
    axis = language.text("light.hours.axis")
    figure.update_xaxes(title_text=axis, range=[0, 24], dtick=4, gridcolor=GRID)
    figure.update_layout(barmode="overlay", bargap=0.3)
    legend_above(figure)
    return figure


def _label(one: CabinetHabit) -> str:
    name = short(one.cabinet.site.name)
    return name if one.follows is Follows.SUN else f"▼ {name}"


def months_figure(of: Months, language: Language) -> go.Figure:
    """Hours of burning and of darkness a night, by month of one cabinet."""
    figure = blank_figure(language, MONTHS_HEIGHT)
    labels = [language.month(m.year, m.month)[:3] + f"<br>{m:%y}" for m in of.starts]
    figure.add_bar(
        x=labels,
        y=of.burning_h.tolist(),
        name=language.text("light.hours.burning"),
        marker={"color": LIGHT_BLUE, "line": {"color": BLUE, "width": 2}},
        hovertemplate="%{x}: %{y:.1f} h<extra>%{fullData.name}</extra>",
    )
    figure.add_scatter(
        x=labels,
        y=of.dark_h.tolist(),
        mode="lines+markers",
        line={"color": INK, "width": 2, "dash": "dash"},
        marker={"symbol": "diamond", "size": 8},
        name=language.text("light.hours.dark"),
        hovertemplate="%{x}: %{y:.1f} h<extra>%{fullData.name}</extra>",
    )
    axis = language.text("light.months.axis")
    figure.update_yaxes(title_text=axis, gridcolor=GRID, rangemode="tozero")
    month_labels(figure, labels)
    legend_above(figure)
    return figure


def carpet_figure(of: Carpet, language: Language) -> go.Figure:
    """Power of each night from noon to noon, with sunset and sunrise; white is not known."""
    figure = blank_figure(language, CARPET_HEIGHT)
    evenings = [evening.isoformat() for evening in of.evenings]
    hours = [row / 4 + 0.125 for row in range(of.level.shape[0])]
    level = np.round(of.level * 100, 0)
    figure.add_heatmap(
        x=evenings,
        y=hours,
        z=[[None if np.isnan(v) else float(v) for v in row] for row in level],
        zmin=0,
        zmax=100,
        colorscale=[[0, "#31435A"], [0.05, "#31435A"], [0.06, "#B8860B"], [1, "#FFF2A8"]],
        colorbar={
            "title": {"text": language.text("light.carpet.level"), "side": "top"},
            "orientation": "h",
            "ticksuffix": " %",
            "thickness": 12,
            "y": -0.12,
            "yanchor": "top",
        },
        hoverongaps=False,
        hovertemplate="%{x|%d/%m}: %{z:.0f} %<extra></extra>",
    )
    for name, values, dash in (
        ("sunset", of.sunset_h, "dash"),
        ("sunrise", of.sunrise_h, "dot"),
    ):
        figure.add_scatter(
            x=evenings,
            y=[None if np.isnan(v) else float(v) for v in values],
            mode="lines",
            line={"color": RED, "width": 3, "dash": dash},
            name=language.text(
                "light.carpet.sunset" if name == "sunset" else "light.carpet.sunrise"
            ),
            hoverinfo="skip",
        )
    clock = [(12 + hour) % 24 for hour in range(0, 25, 4)]
    figure.update_yaxes(
        range=[24, 0],
        tickvals=list(range(0, 25, 4)),
        ticktext=[f"{hour}:00" for hour in clock],
        title_text=language.text("light.carpet.hour"),
    )
    figure.update_xaxes(type="date", nticks=6, tickformat="%d/%m")
    legend_above(figure)
    return figure
