"""The pictures of photovoltaics: yield, flows, made beside expected, worth. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

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
from dashboard.queries.pv_view import PvView, SiteMonths
from dashboard.queries.pv_years import PvYear
from dashboard.sentences.photovoltaics import compared
from dashboard.texts import Language
from paes.self_consumption import BalancePeriod

_ROW, _CELL = 44, 30
MOST_ROWS = 30
"""More plants than this are in the table alone."""
MONTHS_HEIGHT = 380
_PALE_RED, _PALE = "#F6C9D0", "#DCEBFA"


def _rows(view: PvView) -> list[PvYear]:
    """The least yield first."""
    known = [row for row in view.rows if row.per_kw is not None]
    same = compared(view.rows)
    return sorted(known, key=lambda row: _shown(row, same))[:MOST_ROWS]


def _shown(row: PvYear, same: int) -> float:
    return (row.now_per_kw if same else row.per_kw) or 0.0


def yields_height(view: PvView) -> int:
    """Pixels that ``yields_figure`` needs."""
    return MONTHS_HEIGHT if view.site else 120 + _ROW * max(len(_rows(view)), 2)


def yields_figure(view: PvView, language: Language) -> go.Figure:
    """kWh/kWp by plant beside the year before; of one plant by month."""
    if view.site:
        return _own_yield(view, language)
    rows, same = _rows(view), compared(view.rows)
    figure = blank_figure(language, yields_height(view))
    low_ids = {one.site.id for one in view.below}
    values = [_shown(row, same) for row in rows]
    for is_below in (False, True):
        among = [i for i, row in enumerate(rows) if (row.site.id in low_ids) is is_below]
        if among:
            key = "pv.yields.now_below" if is_below else "pv.yields.now"
            figure.add_bar(
                y=[_label(rows[i], is_below) for i in among],
                x=[values[i] for i in among],
                orientation="h",
                name=language.text(key, year=view.year),
                marker={
                    "color": _PALE_RED if is_below else BLUE,
                    "line": {"color": RED if is_below else BLUE, "width": 2},
                },
                text=[language.number(values[i]) for i in among],
                textposition="inside",
                insidetextanchor="start",
                textfont={"color": INK if is_below else "#FFFFFF", "size": 13},
                hovertemplate="%{y}: %{x:,.0f} kWh/kW<extra>%{fullData.name}</extra>",
            )
    _add_year_before(figure, rows, low_ids, view, language)
    if view.usual and (same == 12 or (view.is_over and not same)):
        _add_usual(figure, view, language)
    order = [_label(row, row.site.id in low_ids) for row in rows]
    figure.update_yaxes(
        categoryorder="array", categoryarray=order, autorange="reversed", ticksuffix="  "
    )
    figure.update_xaxes(title_text=language.text("pv.yields.axis"), gridcolor=GRID, tickformat=",d")
    figure.update_layout(barmode="overlay", bargap=0.3)
    legend_above(figure)
    return figure


def _label(row: PvYear, is_below: bool) -> str:
    return f"▼ {short(row.site.name)}" if is_below else short(row.site.name)


def _add_year_before(
    figure: go.Figure,
    rows: Sequence[PvYear],
    low_ids: Collection[str],
    view: PvView,
    language: Language,
) -> None:
    known = [row for row in rows if row.before_per_kw is not None]
    if known:
        figure.add_scatter(
            y=[_label(row, row.site.id in low_ids) for row in known],
            x=[row.before_per_kw for row in known],
            mode="markers",
            name=language.text("pv.yields.before", year=view.year - 1),
            marker={
                "symbol": "diamond",
                "size": 11,
                "color": "#FFFFFF",
                "line": {"color": INK, "width": 2},
            },
            hovertemplate="%{y}: %{x:,.0f} kWh/kW<extra>%{fullData.name}</extra>",
        )


def _add_usual(figure: go.Figure, view: PvView, language: Language) -> None:
    assert view.usual
    for bound in (view.usual.low_kwh, view.usual.high_kwh):
        figure.add_vline(x=bound, line={"color": GREEN, "width": 2, "dash": "dot"})
    figure.add_scatter(
        x=[None],
        y=[None],
        mode="lines",
        line={"color": GREEN, "width": 2, "dash": "dot"},
        name=language.text("pv.yields.usual_legend"),
    )


def _own_yield(view: PvView, language: Language) -> go.Figure:
    figure = blank_figure(language, MONTHS_HEIGHT)
    kw = (view.site.units_kw if view.site else None) or math.nan
    for periods, year, colour, hatch in (
        (view.before, view.year - 1, GREY, "/"),
        (view.months, view.year, BLUE, ""),
    ):
        if periods:
            figure.add_bar(
                x=[_month(p, language) for p in periods],
                y=[_known(p) / kw for p in periods],
                name=str(year),
                marker={"color": colour, "pattern": hatched(hatch, colour)},
                hovertemplate="%{x}: %{y:,.1f} kWh/kW<extra>%{fullData.name}</extra>",
            )
    figure.update_layout(barmode="group", bargap=0.25)
    months = max((view.before, view.months), key=len)
    month_labels(figure, [_month(p, language) for p in months])
    figure.update_yaxes(title_text=language.text("pv.yields.axis"), gridcolor=GRID)
    legend_above(figure)
    return figure


def _known(period: BalancePeriod) -> float:
    """NaN of a month that nobody read: no bar, and never 0."""
    made = period.production
    return made.kwh if made.covered_s or made.estimated_kwh else math.nan


def _month(period: BalancePeriod, language: Language) -> str:
    """``gen``: the year is said above the chart."""
    return language.month(period.start.year, period.start.month)[:3]


def flows_figure(view: PvView, language: Language) -> go.Figure:
    """By month: used here, fed in, and what is missing at most, in MWh."""
    figure = blank_figure(language, MONTHS_HEIGHT)
    months = [_month(p, language) for p in view.months]
    split = [p.has_feed_in for p in view.months]
    made = [_known(p) / 1000 for p in view.months]
    kept = [p.self_consumption.kwh / 1000 for p in view.months]
    fed = [p.feed_in.kwh / 1000 for p in view.months]
    most = [_missing(p) / 1000 for p in view.months]
    shown: list[tuple[str, list[float], str, str]] = []
    if any(split):
        shown += [("used", kept, BLUE, ""), ("fed", fed, GREEN, "/")]
    else:
        shown += [("unsplit", made, GREY, "")]
    if any(value > 0.01 * (m if m == m else 0.0) for value, m in zip(most, made, strict=True)):
        shown.append(("missing", most, BROWN, "x"))
    for name, values, colour, hatch in shown:
        figure.add_bar(
            x=months,
            y=values,
            name=language.text(f"pv.flow_{name}"),
            marker={"color": colour, "pattern": hatched(hatch, colour)},
            hovertemplate="%{x}: %{y:,.2f} MWh<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.25)
    month_labels(figure, months)
    figure.update_yaxes(title_text=language.text("pv.flows.axis"), gridcolor=GRID)
    legend_above(figure)
    return figure


def _missing(period: BalancePeriod) -> float:
    most = period.production.missing_high_kwh
    return most if math.isfinite(most) else 0.0


def expected_height(view: PvView) -> int:
    """Pixels that ``expected_figure`` needs."""
    return MONTHS_HEIGHT if view.site else 90 + _CELL * max(len(view.beside[:MOST_ROWS]), 2)


def expected_figure(view: PvView, language: Language) -> go.Figure:
    """Made over expected by plant and month; of one plant both, with the band."""
    if view.site:
        return _own_expected(view.beside[0], language)
    shown = view.beside[:MOST_ROWS]
    figure = blank_figure(language, expected_height(view))
    months = [
        language.month(m.start.year, m.start.month)[:3] + f"<br>{m.start:%y}"
        for m in shown[0].months
    ]
    figure.add_heatmap(
        x=months,
        y=[short(one.site.name, 1, 24) for one in shown],
        z=[[_level(j.ratio, j.is_below) for j in one.judged] for one in shown],
        text=[[_sign(j.ratio, j.is_below) for j in one.judged] for one in shown],
        customdata=[[_cell(j.ratio, language) for j in one.judged] for one in shown],
        texttemplate="%{text}",
        textfont={"size": 12, "color": INK},
        colorscale=[[0, _PALE_RED], [0.34, _PALE_RED], [0.34, "#FFFFFF"], [0.67, "#FFFFFF"],
                    [0.67, _PALE], [1, _PALE]],
        zmin=0,
        zmax=2,
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="%{y}, %{x}: %{customdata}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", ticksuffix="  ", tickfont={"size": 12})
    figure.update_xaxes(side="top", tickfont={"size": 11}, tickangle=0)
    figure.update_layout(margin={"t": 40})
    return figure


def _level(ratio: float | None, is_below: bool) -> int:
    return 1 if ratio is None else 0 if is_below else 2


def _sign(ratio: float | None, is_below: bool) -> str:
    """Beside the colour; a number would have no room on a phone, and stands in the table."""
    return "–" if ratio is None else "▼" if is_below else ""


def _cell(ratio: float | None, language: Language) -> str:
    return "–" if ratio is None else language.percent(ratio, 0)


def _own_expected(one: SiteMonths, language: Language) -> go.Figure:
    figure = blank_figure(language, MONTHS_HEIGHT)
    labels = [language.month(m.start.year, m.start.month)[:3] + f"<br>{m.start:%y}"
              for m in one.months]  # fmt: skip
    known = [m.known_fraction > 0 for m in one.months]
    columns = {
        name: [getattr(m, name) if k else None for m, k in zip(one.months, known, strict=True)]
        for name in ("low_kwh", "high_kwh", "expected_kwh", "made_kwh")
    }
    for name, fill in (("high_kwh", None), ("low_kwh", "tonexty")):
        figure.add_scatter(
            x=labels,
            y=columns[name],
            mode="lines",
            line={"color": GREY, "width": 1, "dash": "dot"},
            fill=fill,
            fillcolor=LIGHT_BLUE,
            name=language.text("pv.expected.band"),
            showlegend=fill is not None,
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=labels,
        y=columns["expected_kwh"],
        mode="lines",
        line={"color": INK, "width": 2, "dash": "dash"},
        name=language.text("pv.expected.full"),
    )
    for is_below in (False, True):
        at = [i for i, j in enumerate(one.judged) if j.is_below is is_below]
        if at:
            key = "pv.expected.made_below" if is_below else "pv.expected.made"
            figure.add_scatter(
                x=[labels[i] for i in at],
                y=[columns["made_kwh"][i] for i in at],
                mode="markers",
                marker={
                    "symbol": "triangle-down" if is_below else "circle",
                    "size": 12,
                    "color": RED if is_below else BLUE,
                },
                name=language.text(key),
                hovertemplate="%{x}: %{y:,.0f} kWh<extra>%{fullData.name}</extra>",
            )
    month_labels(figure, labels)
    figure.update_yaxes(title_text="kWh", gridcolor=GRID, rangemode="tozero", tickformat=",d")
    legend_above(figure)
    return figure


def worth_height(view: PvView) -> int:
    """Pixels that ``worth_figure`` needs."""
    return 120 + _ROW * max(len(_valued(view)), 1)


def _valued(view: PvView) -> list[PvYear]:
    found = [row for row in view.rows if row.avoided or row.earned]
    return sorted(found, key=lambda row: -_eur(row))[:MOST_ROWS]


def _eur(row: PvYear) -> float:
    return sum(one.eur for one in (row.avoided, row.earned) if one)


def worth_figure(view: PvView, language: Language) -> go.Figure:
    """EUR by plant: bills not paid, and what feeding in earned."""
    rows = _valued(view)
    figure = blank_figure(language, worth_height(view))
    for name, colour, hatch in (("avoided", BLUE, ""), ("earned", GREEN, "/")):
        amounts = [getattr(row, name) for row in rows]
        figure.add_bar(
            y=[short(row.site.name) for row in rows],
            x=[amount.eur if amount else None for amount in amounts],
            orientation="h",
            name=language.text("pv.worth.avoided" if name == "avoided" else "pv.worth.earned"),
            marker={"color": colour, "pattern": hatched(hatch, colour)},
            hovertemplate="%{y}: %{x:,.0f} €<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.3)
    figure.update_yaxes(autorange="reversed", ticksuffix="  ")
    figure.update_xaxes(title_text=language.text("pv.worth.axis"), gridcolor=GRID, tickformat=",d")
    legend_above(figure)
    return figure
