"""The pictures of the page: pure functions from data and a language to a Plotly figure.

Only traces of Plotly's cartesian bundle. Every difference has two channels: colour and dash, marker
shape or hatch.
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
    hatched,
    wrapped,
)
from dashboard.formats import for_plot
from dashboard.queries.progress import CityView, Milestone
from dashboard.sentences.progress import amount
from dashboard.texts import Language
from paes.causes.cause import Basis, Cause, Owed, causes_of
from paes.inventory.inventory import Inventory
from paes.progress.path import YearResult

_ASSUMED_FROM = 0.005
_ROW_HEIGHT = 45
"""Pixels: a label of two lines has room."""
PATH_HEIGHT = 420
_HOVER = "%{x}: %{y:,.0f} t<extra>%{fullData.name}</extra>"


def path_figure(view: CityView, language: Language) -> go.Figure:
    """Inventories beside the path, targets as diamonds, others' inventories hollow."""
    figure = blank_figure(language, height=PATH_HEIGHT)
    _add_path(figure, view, language)
    _add_inventories(figure, view, language)
    _add_bounds_legend(figure, view, language)
    _add_published(figure, view, language)
    _add_milestones(figure, view, language)
    axis = "path.axis_per_head" if view.progress.target.kind == "per_capita" else "path.axis"
    figure.update_yaxes(
        title_text=for_plot(language.text(axis)),
        rangemode="tozero",
        gridcolor=GRID,
        zeroline=True,
        tickformat=",.2f" if view.progress.target.kind == "per_capita" else ",.0f",
    )
    years = [y.year for y in view.progress.years] + [m.target.target_year for m in view.milestones]
    figure.update_xaxes(
        range=[min(years) - 0.9, max(years) + 0.9], dtick=5, tickformat="d", hoverformat="d"
    )
    return figure


def _add_path(figure: go.Figure, view: CityView, language: Language) -> None:
    """From the base year by interim points to the target, and level after it."""
    progress = view.progress
    last = max(progress.target.target_year, progress.latest.year)
    points = [
        (progress.base.year, progress.base.emissions_t),
        *(
            (point.year, progress.base.emissions_t * (1 - point.reduction_fraction))
            for point in progress.target.interim
        ),
        (progress.target.target_year, progress.target_t),
        (last, progress.target_t),
    ]
    figure.add_scatter(
        x=[year for year, _ in points],
        y=[float(t) for _, t in points],
        mode="lines",
        name=language.text("path.legend_path"),
        line={"color": GREY, "width": 2, "dash": "dash"},
        hovertemplate=_HOVER,
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
            figure.add_trace(_inventory_markers(chosen, assumed, language))


def _inventory_markers(
    years: Sequence[YearResult], assumed: bool, language: Language
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
        hovertemplate=_HOVER,
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
    if not view.published or view.progress.target.kind != "absolute":
        return
    figure.add_scatter(
        x=[p.year for p in view.published],
        y=[p.total_t for p in view.published],
        mode="markers",
        name=language.text("path.legend_published"),
        marker={"symbol": "circle-open", "size": 17, "color": BROWN, "line": {"width": 2.5}},
        hovertemplate=_HOVER,
    )


def _add_milestones(figure: go.Figure, view: CityView, language: Language) -> None:
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
            text=[f"{_promise(m, language)}   " for m in chosen],
            textposition="top left" if tracked else "middle left",
            textfont={"color": GREEN, "size": 14},
            mode="markers+text",
            name=name,
            marker={
                "symbol": "diamond" if tracked else "diamond-open",
                "size": 14,
                "color": GREEN,
                "line": {"width": 2, "color": GREEN},
            },
            hovertemplate=_HOVER,
        )


def _promise(milestone: Milestone, language: Language) -> str:
    return language.percent(-milestone.target.reduction_fraction, 0, sign=True)


def effects_height(view: CityView) -> int:
    """Pixels that ``effects_figure`` needs: a row for each part promised, each cause, the total."""
    target = view.progress.target
    split = target.supra_ordinate_fraction is not None and target.own_fraction is not None
    told = sum(cause.is_told for cause in causes_of(view.effects))
    return 80 + _ROW_HEIGHT * ((2 if split else 1) + told + 1)


def effects_figure(view: CityView, language: Language) -> go.Figure:
    """What was promised, split as the act splits it, above the reduction step by step.

    A waterfall made of bars, in percentage points of the base year's emissions.
    """
    rows = _promise_rows(view, language) + _effect_rows(view, language)
    figure = blank_figure(language, height=effects_height(view))
    for label, start, length, colour, hatch in rows:
        figure.add_bar(
            y=[for_plot(wrapped(label))],
            x=[length],
            base=[start],
            orientation="h",
            marker={
                "color": colour,
                "line": {"color": colour, "width": 1},
                "pattern": hatched(hatch, colour),
            },
            text=[language.signed(length, 1)],
            textposition="outside",
            cliponaxis=False,
            textfont={"color": INK, "size": 14},
            showlegend=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    ends = [start for _, start, _, _, _ in rows] + [s + n for _, s, n, _, _ in rows]
    low, high = min(0.0, *ends), max(0.0, *ends)
    room = 0.2 * (high - low or 1.0)
    figure.update_xaxes(
        range=[low - (room if low < 0 else 0), high + room],
        gridcolor=GRID,
        zeroline=True,
        zerolinecolor=INK,
    )
    figure.update_yaxes(autorange="reversed", automargin=True, ticksuffix="  ")
    figure.update_layout(barmode="overlay", bargap=0.28)
    return figure


_Row = tuple[str, float, float, str, str]


def _promise_rows(view: CityView, language: Language) -> list[_Row]:
    target = view.progress.target
    supra, own = target.supra_ordinate_fraction, target.own_fraction
    if supra is None or own is None:
        label = language.text("effects.promised")
        return [(label, 0.0, target.reduction_fraction * 100, GREEN, "")]
    return [
        (language.text("effects.promised_supra"), 0.0, supra * 100, GREEN, "/"),
        (language.text("effects.promised_own"), supra * 100, own * 100, GREEN, ""),
    ]


def _effect_rows(view: CityView, language: Language) -> list[_Row]:
    told, base_t = view.effects, view.base_inventory.emissions_t
    rows: list[_Row] = []
    reached = 0.0
    for cause in causes_of(told):
        if cause.is_told:
            points = float(cause.t) / base_t * 100 if base_t else 0.0
            label = language.text(f"effects.{cause.name}")
            rows.append((label, reached, points, *_look(cause)))
            reached += points
    rows.append((f"**{language.text('effects.total')}**", 0.0, reached, INK, ""))
    return rows


_COLOUR = {
    Owed.CIRCUMSTANCES: BROWN,
    Owed.SUPRA_ORDINATE: GREY,
    Owed.SEVERAL: BLUE,
    Owed.OWN: BLUE,
    Owed.NOBODY_KNOWS: BROWN,
}
_HATCH = {Basis.COMPUTED: "", Basis.DECLARED: "/", Basis.REMAINS: "x"}


def _look(cause: Cause) -> tuple[str, str]:
    """Colour by whom it is owed to, hatch by how it is known."""
    return _COLOUR[cause.owed], _HATCH[cause.basis]


def sectors_height(view: CityView) -> int:
    """Pixels that ``sectors_figure`` needs."""
    return max(240, 62 * len(view.sectors) + 90)


def sectors_figure(view: CityView, language: Language) -> go.Figure:
    """Emissions by sector, base year against the newest inventory."""
    rows = list(view.sectors)
    figure = blank_figure(language, height=sectors_height(view))
    base, newest = view.base_inventory.year, view.newest.year
    shown: tuple[tuple[str, list[float], str, str], ...] = (
        (language.text("sectors.legend_base", year=base), [r.base_t for r in rows], GREY, "/"),
        (language.text("sectors.legend_latest", year=newest), [r.latest_t for r in rows], BLUE, ""),
    )
    for name, values, colour, hatch in shown:
        figure.add_bar(
            y=[wrapped(language.text(f"sector.{row.sector}")) for row in rows],
            x=[float(v) for v in values],
            orientation="h",
            name=name,
            marker={
                "color": colour,
                "pattern": hatched(hatch, colour),
            },
            text=[language.number(v) for v in values],
            textposition="outside",
            cliponaxis=False,
            textfont={"size": 13, "color": INK},
            hovertemplate="%{y}: %{text} t<extra>" + name + "</extra>",
        )
    values_t = [t for row in rows for t in (row.base_t, row.latest_t)]
    most, least = max([1.0, *values_t]), min([0.0, *values_t])
    figure.update_xaxes(
        range=[least * 1.16, most * 1.16],
        title_text=for_plot(language.text("path.axis")),
        gridcolor=GRID,
        tickformat=",.0f",
        nticks=6,
    )
    figure.update_yaxes(autorange="reversed", automargin=True, ticksuffix="  ")
    figure.update_layout(barmode="group", bargap=0.3, bargroupgap=0.08)
    return figure


def describe_targets(view: CityView, language: Language) -> str:
    """The later targets in words, for the chart's description."""
    later = [m for m in view.milestones if not m.tracked]
    if not later:
        return ""
    items = [
        language.text(
            "path.later_item",
            threshold=amount(m.emissions_t, view, language),
            year=m.target.target_year,
            reduction=_promise(m, language),
        )
        for m in later
    ]
    return language.text("path.later", list="; ".join(items))
