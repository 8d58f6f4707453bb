"""The picture of the path: inventories with their bands, targets, and where the town is going.

Every difference has two channels: colour and dash, marker shape, or filled and hollow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard.figures.canvas import (
    BLUE,
    BROWN,
    GREEN,
    GREY,
    GRID,
    INK,
    LIGHT_BLUE,
    blank_figure,
)
from dashboard.figures.targets import label_places
from dashboard.formats import for_plot
from dashboard.queries.outlook import Course, YearBand
from dashboard.queries.progress import CityView, Milestone
from dashboard.texts import Language
from paes.inventory.inventory import Inventory
from paes.progress.path import YearResult
from paes.scenarios.scenarios import ScenarioId

_ASSUMED_FROM = 0.005
PATH_HEIGHT = 460
_PAST, _PLANNED, _GRID_BAND = (
    "rgba(0, 102, 204, 0.16)",
    "rgba(153, 92, 0, 0.18)",
    "rgba(0, 128, 85, 0.16)",
)


def path_figure(view: CityView, language: Language) -> go.Figure:
    """Inventories beside the path, targets as diamonds, others' inventories hollow."""
    figure = blank_figure(language, height=PATH_HEIGHT)
    _add_past_band(figure, view, language)
    _add_outlook(figure, view, language)
    _add_path(figure, view, language)
    _add_inventories(figure, view, language)
    _add_bounds_legend(figure, view, language)
    _add_published(figure, view, language)
    _add_milestones(figure, view, language)
    axis = "path.axis_per_head" if view.per_head else "path.axis"
    figure.update_yaxes(
        title_text=for_plot(language.text(axis)),
        rangemode="tozero",
        gridcolor=GRID,
        zeroline=True,
        tickformat=",.2f" if view.per_head else ",.0f",
    )
    years = [y.year for y in view.progress.years] + [m.target.target_year for m in view.milestones]
    if view.outlook:
        years.append(view.outlook.to_year)
    figure.update_xaxes(
        range=[min(years) - 0.9, max(years) + 6], dtick=5, tickformat="d", hoverformat="d"
    )
    return figure


def _hover(view: CityView) -> str:
    unit = ":,.2f" if view.per_head else ":,.0f"
    return "%{x}: %{y" + unit + "} t<extra>%{fullData.name}</extra>"


def _add_band(
    figure: go.Figure, band: Sequence[YearBand], colour: str, name: str, edge: dict[str, Any]
) -> None:
    """A surface between the ends of each year, with an edge; years without an end are left out."""
    known = [b for b in band if math.isfinite(b.high_t)]
    if len(known) < 2:
        return
    back = list(reversed(known))
    figure.add_scatter(
        x=[b.year for b in known] + [b.year for b in back],
        y=[b.high_t for b in known] + [b.low_t for b in back],
        mode="lines",
        line={"width": 1, **edge},
        fill="toself",
        fillcolor=colour,
        name=name,
        hoverinfo="skip",
    )


def _add_past_band(figure: go.Figure, view: CityView, language: Language) -> None:
    edge = {"color": BLUE, "dash": "solid"}
    _add_band(figure, view.bands, _PAST, language.text("outlook.legend_past"), edge)


def _add_outlook(figure: go.Figure, view: CityView, language: Language) -> None:
    """As usual as a line; planned actions with their band, without and with a cleaner grid."""
    if view.outlook is None:
        return
    usual = view.outlook.course(ScenarioId.AS_USUAL)
    planned = view.outlook.course(ScenarioId.PLANNED)
    cleaner = view.outlook.course(ScenarioId.PLANNED, grid=True)
    if planned:
        name = language.text("outlook.legend_planned")
        edge = {"color": BROWN, "dash": "dashdot"}
        _add_band(figure, planned.years, _PLANNED, language.text("outlook.legend_band"), edge)
        _add_course(figure, planned, name, BROWN, "dashdot", view)
    if cleaner:
        name = language.text("outlook.legend_grid")
        edge, of_band = {"color": GREEN, "dash": "longdash"}, "outlook.legend_grid_band"
        _add_band(figure, cleaner.years, _GRID_BAND, language.text(of_band), edge)
        _add_course(figure, cleaner, name, GREEN, "longdash", view)
    if usual:
        _add_course(figure, usual, language.text("outlook.legend_usual"), INK, "dot", view)


def _add_course(
    figure: go.Figure, course: Course, name: str, colour: str, dash: str, view: CityView
) -> None:
    figure.add_scatter(
        x=[b.year for b in course.years],
        y=[b.t for b in course.years],
        mode="lines",
        name=name,
        line={"color": colour, "width": 2, "dash": dash},
        hovertemplate=_hover(view),
    )


def _add_path(figure: go.Figure, view: CityView, language: Language) -> None:
    """From the base year by interim points to the target, and level after it."""
    figure.add_scatter(
        x=[year for year, _ in view.path],
        y=[float(t) for _, t in view.path],
        mode="lines",
        name=language.text("path.legend_path"),
        line={"color": GREY, "width": 2, "dash": "dash"},
        hovertemplate=_hover(view),
    )


def _add_inventories(figure: go.Figure, view: CityView, language: Language) -> None:
    """One line through all years; its markers tell assumed inventories from sourced ones."""
    years = view.progress.years
    figure.add_scatter(
        x=[y.year for y in years],
        y=[float(y.emissions_t) for y in years],
        mode="lines",
        line={"color": BLUE, "width": 2.5},
        hoverinfo="skip",
        showlegend=False,
    )
    for assumed in (False, True):
        chosen = [
            y
            for y, inventory in zip(years, view.progress.inventories, strict=True)
            if _is_assumed(inventory) is assumed
        ]
        if chosen:
            figure.add_trace(_inventory_markers(chosen, assumed, view, language))


def _inventory_markers(
    years: Sequence[YearResult], assumed: bool, view: CityView, language: Language
) -> go.Scatter:
    bounded = any(y.high_t > y.emissions_t and math.isfinite(y.high_t) for y in years)
    key = "path.legend_assumed" if assumed else "path.legend_sourced"
    return go.Scatter(
        x=[y.year for y in years],
        y=[float(y.emissions_t) for y in years],
        mode="markers",
        name=for_plot(language.text(key)),
        marker={
            "symbol": "square" if assumed else "circle",
            "size": 10,
            "color": LIGHT_BLUE if assumed else BLUE,
            "line": {"color": BLUE, "width": 2},
        },
        error_y=_error_bars(years) if bounded else None,
        hovertemplate=_hover(view),
    )


def _error_bars(years: Sequence[YearResult]) -> dict[str, Any]:
    """How far what meters missed can move a year; no bar where nothing bounds it."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [float(y.high_t - y.emissions_t) if math.isfinite(y.high_t) else 0 for y in years],
        "arrayminus": [float(max(0.0, y.emissions_t - y.low_t)) for y in years],
        "color": INK,
        "thickness": 1.2,
    }


def _add_bounds_legend(figure: go.Figure, view: CityView, language: Language) -> None:
    """Plotly gives error bars no entry of their own."""
    if any(y.high_t > y.emissions_t and math.isfinite(y.high_t) for y in view.progress.years):
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="markers",
            name=language.text("path.legend_bounds"),
            marker={"symbol": "line-ns-open", "size": 12, "color": INK, "line": {"width": 1.5}},
        )


def _is_assumed(inventory: Inventory) -> bool:
    return inventory.assumed_fraction > _ASSUMED_FROM


def _add_published(figure: go.Figure, view: CityView, language: Language) -> None:
    if not view.published or view.per_head:
        return
    figure.add_scatter(
        x=[p.year for p in view.published],
        y=[p.total_t for p in view.published],
        mode="markers",
        name=language.text("path.legend_published"),
        marker={"symbol": "circle-open", "size": 17, "color": BROWN, "line": {"width": 2.5}},
        hovertemplate=_hover(view),
    )


def _add_milestones(figure: go.Figure, view: CityView, language: Language) -> None:
    latest = max(y.year for y in view.progress.years)
    latest = max(latest, view.outlook.to_year) if view.outlook else latest
    for tracked in (True, False):
        chosen = [m for m in view.milestones if m.tracked is tracked]
        if not chosen:
            continue
        name = (
            language.text("path.legend_target", year=chosen[0].target.target_year)
            if tracked
            else language.text("path.legend_later")
        )
        figure.add_scatter(
            x=[m.target.target_year for m in chosen],
            y=[float(m.emissions_t) for m in chosen],
            # Spaces keep the text clear of the diamond.
            text=[f" {promise(m, language)} " for m in chosen],
            textposition=label_places(chosen, view.milestones, latest),
            textfont={"color": GREEN, "size": 14},
            mode="markers+text",
            name=name,
            marker={
                "symbol": "diamond" if tracked else "diamond-open",
                "size": 14,
                "color": GREEN,
                "line": {"width": 2, "color": GREEN},
            },
            hovertemplate=_hover(view),
        )


def promise(milestone: Milestone, language: Language) -> str:
    """What a target promises, as a signed percentage."""
    return language.percent(-milestone.target.reduction_fraction, 0, sign=True)
