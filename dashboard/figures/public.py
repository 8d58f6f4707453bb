"""The pictures of the public page: small, few words, readable on paper without colour."""

from __future__ import annotations

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
from dashboard.figures.targets import label_places
from dashboard.formats import for_plot
from dashboard.queries.progress import CityView
from dashboard.queries.public import PublicEnergy
from dashboard.sentences.public import group_name
from dashboard.texts import Language

HEIGHT = 300
_KWH_PER_MWH = 1000.0
MOST_SECTORS = 6


def emissions_figure(view: CityView, language: Language) -> go.Figure:
    """Inventories as a line, the promise as a dashed one, targets as diamonds."""
    figure = blank_figure(language, height=HEIGHT)
    figure.add_scatter(
        x=[year for year, _ in view.path],
        y=[float(t) for _, t in view.path],
        mode="lines",
        name=language.text("public.legend_promise"),
        line={"color": GREY, "width": 2, "dash": "dash"},
        hovertemplate="%{x}: %{y:,.0f} t<extra>%{fullData.name}</extra>",
    )
    years = view.progress.years
    figure.add_scatter(
        x=[y.year for y in years],
        y=[float(y.emissions_t) for y in years],
        mode="lines+markers",
        name=for_plot(language.text("public.legend_emissions")),
        line={"color": BLUE, "width": 2.5},
        marker={"size": 9, "color": LIGHT_BLUE, "line": {"color": BLUE, "width": 2}},
        hovertemplate="%{x}: %{y:,.0f} t<extra>%{fullData.name}</extra>",
    )
    latest = max([y.year for y in years] + [year for year, _ in view.path])
    for symbol, tracked in (("diamond", True), ("diamond-open", False)):
        chosen = [m for m in view.milestones if m.tracked is tracked]
        if not chosen:
            continue
        figure.add_scatter(
            x=[m.target.target_year for m in chosen],
            y=[float(m.emissions_t) for m in chosen],
            text=[
                f" {language.percent(-m.target.reduction_fraction, 0, sign=True)} " for m in chosen
            ],
            textposition=label_places(chosen, view.milestones, latest),
            textfont={"color": GREEN, "size": 13},
            mode="markers+text",
            name=language.text("public.legend_target" if tracked else "public.legend_later"),
            marker={
                "symbol": symbol, "size": 13, "color": GREEN, "line": {"width": 2, "color": GREEN},
            },
            hovertemplate="%{x}: %{y:,.0f} t<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.update_yaxes(rangemode="tozero", gridcolor=GRID, tickformat=",.0f", nticks=6)
    shown = [y.year for y in years] + [m.target.target_year for m in view.milestones]
    figure.update_xaxes(
        range=[min(shown) - 1, max(shown) + 6], dtick=5, tickformat="d", hoverformat="d"
    )
    return figure


def sectors_figure(view: CityView, language: Language) -> go.Figure:
    """The heaviest sectors of the newest inventory, the rest together."""
    figure = blank_figure(language, height=HEIGHT)
    rows = [(language.text(f"sector.{r.sector}"), float(r.latest_t)) for r in view.sectors]
    shown, rest = rows[:MOST_SECTORS], rows[MOST_SECTORS:]
    if rest:
        shown.append((language.text("public.rest"), sum(t for _, t in rest)))
    figure.add_bar(
        y=[for_plot(wrapped(label)) for label, _ in shown],
        x=[t for _, t in shown],
        orientation="h",
        marker={"color": BLUE},
        text=[language.number(t) for _, t in shown],
        textposition="outside",
        cliponaxis=False,
        textfont={"size": 13, "color": INK},
        showlegend=False,
        hovertemplate="%{y}: %{text} t<extra></extra>",
    )
    most = max([1.0, *(t for _, t in shown)])
    figure.update_xaxes(range=[0, most * 1.22], gridcolor=GRID, tickformat=",.0f", nticks=4)
    figure.update_yaxes(autorange="reversed", automargin=True, ticksuffix="  ")
    figure.update_layout(bargap=0.25)
    return figure


_LOOKS = (
    (BLUE, ""),
    (GREEN, "/"),
    (BROWN, "x"),
    (GREY, "\\"),
    (BLUE, "."),
    (GREEN, "-"),
    (BROWN, "|"),
)


def buildings_figure(energy: PublicEnergy, language: Language) -> go.Figure:
    """Electricity and heat of groups of buildings, year by year, in MWh."""
    figure = blank_figure(language, height=HEIGHT)
    names = list(dict.fromkeys(row.group for row in energy.groups))
    for place, name in enumerate(names):
        colour, hatch = _LOOKS[place % len(_LOOKS)]
        rows = [row for row in energy.groups if row.group == name]
        years = sorted({row.year for row in rows})
        figure.add_bar(
            x=[str(year) for year in years],
            y=[sum(r.used.kwh for r in rows if r.year == year) / _KWH_PER_MWH for year in years],
            name=group_name(name, language),
            marker={
                "color": colour,
                "line": {"color": colour, "width": 1},
                "pattern": hatched(hatch, colour),
            },
            hovertemplate="%{x}: %{y:,.0f} MWh<extra>%{fullData.name}</extra>",
        )
    figure.update_yaxes(title_text="MWh", gridcolor=GRID, tickformat=",.0f", nticks=6)
    figure.update_xaxes(type="category")
    figure.update_layout(barmode="stack", bargap=0.35)
    return figure


def sun_figure(energy: PublicEnergy, language: Language) -> go.Figure:
    """What the schools' panels made: kept at school, and given to the grid, in MWh."""
    figure = blank_figure(language, height=HEIGHT)
    years = [str(row.year) for row in energy.sun]
    made = [row.made.kwh / _KWH_PER_MWH for row in energy.sun]
    given = [row.fed_in.kwh / _KWH_PER_MWH if row.fed_in else 0.0 for row in energy.sun]
    parts: tuple[tuple[str, list[float], str, str], ...] = (
        ("public.legend_made", made, GREEN, ""),
    )
    if all(row.fed_in for row in energy.sun):
        kept = [m - g for m, g in zip(made, given, strict=True)]
        parts = (
            ("public.legend_kept", kept, GREEN, ""),
            ("public.legend_given", given, BROWN, "/"),
        )
    for key, values, colour, hatch in parts:
        figure.add_bar(
            x=years,
            y=values,
            name=language.text(key),
            marker={
                "color": colour,
                "line": {"color": colour, "width": 1},
                "pattern": hatched(hatch, colour),
            },
            hovertemplate="%{x}: %{y:,.1f} MWh<extra>%{fullData.name}</extra>",
        )
    figure.update_yaxes(title_text="MWh", gridcolor=GRID, tickformat=",.0f", nticks=6)
    figure.update_xaxes(type="category")
    figure.update_layout(barmode="stack", bargap=0.35)
    return figure
