"""The pictures of water and heat: months, nights, buildings."""

from __future__ import annotations

from datetime import timedelta
from textwrap import wrap

import plotly.graph_objects as go

from dashboard.figures.canvas import BLUE, BROWN, GREEN, GREY, GRID, blank_figure, hatched
from dashboard.queries.water import TownWater
from dashboard.queries.water_heat import HeatedBuilding, WaterMonths, Winter
from dashboard.texts import Language

MONTHS_HEIGHT, NIGHTS_HEIGHT = 360, 380
MOST = 20
"""Buildings in one picture."""
_LINES = ((BLUE, "solid"), (BROWN, "dash"), (GREEN, "dot"), (GREY, "dashdot"))


def months_figure(of: WaterMonths, language: Language) -> go.Figure:
    """Full bars are measured, hatched ones partly estimated or missing; a line is the year before.

    A month of which nothing is known has no bar.
    """
    figure = blank_figure(language, MONTHS_HEIGHT)
    t, labels = language.text, [f"{s:%Y-%m-01}" for s in of.starts]
    for is_known, key in ((True, "measured"), (False, "partly")):
        chosen = of.is_known == is_known
        if not chosen.any():
            continue
        figure.add_bar(
            x=[label for label, one in zip(labels, chosen, strict=True) if one],
            y=of.m3[chosen],
            name=t(f"water_heat.legend.{key}"),
            marker={
                "color": BLUE,
                "line": {"color": BLUE, "width": 1.5},
                **({} if is_known else {"pattern": hatched("/", BLUE)}),
            },
            hovertemplate="%{x|%B %Y}: %{y:,.0f} m³<extra>%{fullData.name}</extra>",
        )
    figure.add_scatter(
        x=labels,
        y=of.before_m3,
        name=t("water_heat.legend.before"),
        mode="lines+markers",
        line={"color": BROWN, "dash": "dash", "width": 2},
        marker={"symbol": "diamond", "size": 8},
        hovertemplate="%{x|%B %Y}: %{y:,.0f} m³<extra>%{fullData.name}</extra>",
    )
    figure.update_yaxes(title_text="m³", rangemode="tozero", gridcolor=GRID, tickformat=",.0f")
    figure.update_xaxes(type="date", tickformat="%b\n%Y", dtick="M1" if len(labels) < 4 else None)
    return figure


def nights_figure(water: TownWater, language: Language) -> go.Figure:
    """One line a meter; a night of which the flow is not known breaks it."""
    figure = blank_figure(language, NIGHTS_HEIGHT)
    for n, meter in enumerate(m for m in water.meters if len(m.known)):
        colour, dash = _LINES[n % len(_LINES)]
        days = [meter.first_day + timedelta(days=d) for d in range(len(meter.night_l_h))]
        figure.add_scatter(
            x=days,
            y=meter.night_l_h,
            mode="lines",
            connectgaps=False,
            name=meter.site.name,
            line={"color": colour, "dash": dash, "width": 2, "shape": "hv"},
            hovertemplate="%{x|%d.%m.%Y}: %{y:,.0f} l/h<extra>%{fullData.name}</extra>",
        )
    title = language.text("water_heat.axis_nights")
    figure.update_yaxes(title_text=title, rangemode="tozero", gridcolor=GRID, tickformat=",.0f")
    figure.update_layout(showlegend=True)
    return figure


def _label(building: HeatedBuilding) -> str:
    return "<br>".join(wrap(building.site.name, 21))


def buildings_height(of: Winter) -> int:
    """Pixels."""
    return 110 + 40 * min(MOST, len([b for b in of.buildings if b.kwh_m2 is not None]))


def buildings_figure(of: Winter, language: Language) -> go.Figure:
    """Full bars are at usual weather, hatched ones as it was; a diamond is the winter before."""
    figure = blank_figure(language, buildings_height(of))
    shown = [b for b in of.buildings if b.kwh_m2 is not None][:MOST]
    for is_normalised, key in ((True, "normalised"), (False, "raw")):
        chosen = [b for b in shown if b.is_normalised is is_normalised]
        if chosen:
            figure.add_bar(
                x=[b.kwh_m2 for b in chosen],
                y=[_label(b) for b in chosen],
                orientation="h",
                name=language.text(f"water_heat.legend.{key}"),
                marker={
                    "color": BLUE,
                    "line": {"color": BLUE, "width": 1.5},
                    **({} if is_normalised else {"pattern": hatched("/", BLUE)}),
                },
                hovertemplate="%{y}: %{x:,.0f} kWh/m²<extra>%{fullData.name}</extra>",
            )
    last = [b for b in shown if b.before_kwh_m2 is not None]
    if last:
        figure.add_scatter(
            x=[b.before_kwh_m2 for b in last],
            y=[_label(b) for b in last],
            mode="markers",
            name=language.text("water_heat.legend.last_winter"),
            marker={"symbol": "diamond", "size": 11, "color": "#FFFFFF",
                    "line": {"color": "#1A1A1A", "width": 2}},
            hovertemplate="%{y}: %{x:,.0f} kWh/m²<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    names = [_label(b) for b in reversed(shown)]
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=names, tickfont={"size": 13}
    )
    title = language.text("water_heat.axis_heat")
    figure.update_xaxes(title_text=title, gridcolor=GRID, rangemode="tozero", tickformat=",.0f")
    legend = {"y": -70 / figure.layout.height}
    figure.update_layout(barmode="overlay", bargap=0.28, legend=legend, showlegend=True)
    return figure
