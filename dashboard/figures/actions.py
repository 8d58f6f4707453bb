"""The pictures of actions: when, declared beside measured, the curve of costs, month by month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import plotly.graph_objects as go

from dashboard.figures.canvas import (
    BLUE,
    BROWN,
    GREEN,
    GREY,
    GRID,
    INK,
    RED,
    blank_figure,
    hatched,
)
from dashboard.figures.rows import short
from dashboard.formats import for_plot
from dashboard.queries.actions import Next
from dashboard.sentences.actions import dated, name_of, told_kwh
from dashboard.texts import Language
from paes.plan.action import Status
from paes.plan.register import Entry
from paes.savings.action_saving import ActionSaving
from paes.savings.persistence import Persistence, SavingMonth
from paes.savings.verdict import Verdict

_ROW, _THIN_ROW = 40, 32
_LABEL = {"size": 12.5}
CURVE_HEIGHT, MONTHS_HEIGHT = 380, 340
_STATUS = {
    Status.COMPLETED: (GREEN, ""),
    Status.ONGOING: (BLUE, "/"),
    Status.NOT_STARTED: (GREY, "."),
    Status.POSTPONED: (BROWN, "x"),
    Status.CANCELLED: (BROWN, "-"),
}
_SYMBOL = {
    Verdict.CONFIRMED: ("circle", GREEN),
    Verdict.NOT_DETECTABLE: ("square", BROWN),
    Verdict.CONTRADICTED: ("triangle-up", RED),
    Verdict.NOT_MEASURABLE: ("x", GREY),
}
_LONGEST = 24
"""Characters of a label, so that a phone keeps room for the bars."""
_A_DAY_MS = 86_400_000.0
_LEAST_DAYS = 45
"""A bar that is shorter would not be seen."""


def rows_height(count: int) -> int:
    """Pixels of a picture with a row for each of ``count``."""
    return 110 + _ROW * max(count, 2)


def timeline_height(count: int) -> int:
    """The same with narrow rows."""
    return 100 + _THIN_ROW * max(count, 2)


def timeline_figure(entries: Sequence[Entry], today: date, language: Language) -> go.Figure:
    """A bar for each action from its start to its end, by its state; today as a line."""
    known = dated(entries)
    figure = blank_figure(language, timeline_height(len(known)))
    names = [_label(name_of(e.action, language), i) for i, e in enumerate(known)]
    for status, (colour, shape) in _STATUS.items():
        chosen = [(e, name) for e, name in zip(known, names, strict=True)
                  if e.action.status is status]  # fmt: skip
        if chosen:
            figure.add_bar(
                orientation="h",
                base=[_start(e) for e, _ in chosen],
                x=[_days(e) * _A_DAY_MS for e, _ in chosen],
                y=[name for _, name in chosen],
                name=language.text(f"action_status.{status}"),
                marker={"pattern": hatched(shape, colour), "color": None if shape else colour,
                        "line": {"color": colour, "width": 1}},
                hovertemplate="%{y}<extra>%{fullData.name}</extra>",
            )  # fmt: skip
    figure.add_shape(
        type="line", xref="x", yref="paper", x0=today, x1=today, y0=0, y1=1,
        line={"color": INK, "width": 1.5, "dash": "dot"},
    )  # fmt: skip
    figure.add_annotation(x=today, y=1, yref="paper", yanchor="bottom", showarrow=False,
                          text=language.text("actions.today"))  # fmt: skip
    figure.update_layout(barmode="overlay", margin={"t": 28}, legend={"y": -0.06})
    figure.update_xaxes(type="date", gridcolor=GRID, tickformat="%Y", nticks=8)
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], tickfont=_LABEL)
    return figure


def _label(name: str, place: int) -> str:
    """Short enough for a phone; alike names stay apart."""
    return short(name, 2, _LONGEST) + "\N{ZERO WIDTH SPACE}" * place


def _start(entry: Entry) -> date:
    """When its bar begins."""
    action = entry.action
    day = action.start or action.end
    assert day is not None  # who is dated has one of both
    return day if action.start else day - timedelta(days=_LEAST_DAYS)


def _days(entry: Entry) -> float:
    end = entry.action.end or (_start(entry) + timedelta(days=_LEAST_DAYS))
    return float(max((end - _start(entry)).days, _LEAST_DAYS))


def compare_figure(found: Sequence[ActionSaving], language: Language) -> go.Figure:
    """For each action the declared saving (diamond) beside the measured one with its bounds."""
    figure, t = blank_figure(language, rows_height(len(found)) + 30), language.text
    names = [_label(name_of(s.action, language), i) for i, s in enumerate(found)]
    figure.add_scatter(
        x=[(s.declared_kwh or 0.0) / 1000 for s in found],
        y=names,
        mode="markers",
        name=t("actions.compare_declared"),
        marker={"symbol": "diamond-open", "size": 13, "color": INK, "line": {"width": 2}},
        hovertemplate="%{x:,.1f} MWh<extra>%{fullData.name}</extra>",
    )
    for verdict, (symbol, colour) in _SYMBOL.items():
        chosen = [(s, name, of) for s, name in zip(found, names, strict=True)
                  if s.verdict is verdict and (of := told_kwh(s))]  # fmt: skip
        if chosen:
            figure.add_scatter(
                x=[of.likely / 1000 for _, _, of in chosen],
                y=[name for _, name, _ in chosen],
                mode="markers",
                name=language.text(f"saving_verdict.{verdict}"),
                marker={"symbol": symbol, "size": 11, "color": colour},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [(of.high - of.likely) / 1000 for _, _, of in chosen],
                    "arrayminus": [(of.likely - of.low) / 1000 for _, _, of in chosen],
                    "color": colour,
                    "thickness": 2,
                },
                hovertemplate="%{x:,.1f} MWh<extra>%{fullData.name}</extra>",
            )
    figure.update_xaxes(title_text=t("actions.compare_axis"), gridcolor=GRID, zeroline=True,
                        zerolinecolor=GREY)  # fmt: skip
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], tickfont=_LABEL)
    figure.update_layout(legend={"y": 1.02, "yanchor": "bottom"}, margin={"t": 44})
    return figure


def curve_figure(found: Next, language: Language) -> go.Figure:
    """Each open action as wide as its tonnes and as high as what one of them costs."""
    figure, t = blank_figure(language, CURVE_HEIGHT), language.text
    for is_chosen, key, colour, shape in (
        (True, "curve_chosen", BLUE, ""),
        (False, "curve_other", GREY, "/"),
    ):
        steps = [step for step in found.steps if step.is_chosen is is_chosen]
        if steps:
            figure.add_bar(
                x=[step.from_t for step in steps],
                y=[step.eur_per_t for step in steps],
                width=[step.net_t for step in steps],
                offset=0,
                name=t(f"actions.{key}"),
                customdata=[step.name[language.code] for step in steps],
                marker={"pattern": hatched(shape, colour), "color": None if shape else colour,
                        "line": {"color": "#FFFFFF" if not shape else colour, "width": 1}},
                hovertemplate="%{customdata}: %{y:,.0f} €/t<extra></extra>",
            )  # fmt: skip
    last = found.steps[-1]
    figure.update_xaxes(
        title_text=for_plot(t("actions.curve_axis_t")),
        tickformat=",.0f",
        range=[0, last.from_t + last.net_t],
    )
    figure.update_yaxes(title_text=t("actions.curve_axis_eur"), gridcolor=GRID, zeroline=True,
                        zerolinecolor=INK, tickformat=",.0f")  # fmt: skip
    return figure


def months_figure(found: Persistence, language: Language) -> go.Figure:
    """What was avoided month by month with its bounds, and the sum of all."""
    figure, t = blank_figure(language, MONTHS_HEIGHT), language.text
    months = found.months
    x = [month.first for month in months]
    for is_less, key, colour, shape in (
        (True, "action.months_bar", GREEN, "/"),
        (False, "action.months_more_bar", RED, "x"),
    ):
        chosen = [m for m in months if (m.avoided_kwh >= 0) is is_less]
        if chosen:
            figure.add_bar(
                x=[m.first for m in chosen],
                y=[m.avoided_kwh / 1000 for m in chosen],
                name=t(key),
                marker={"pattern": hatched(shape, colour), "line": {"color": colour, "width": 1}},
                error_y=_bounds(chosen),
                hovertemplate="%{x|%b %Y}: %{y:,.2f} MWh<extra>%{fullData.name}</extra>",
            )
    figure.add_scatter(
        x=x,
        y=[month.sum_kwh / 1000 for month in months],
        mode="lines+markers",
        name=t("action.months_sum"),
        line={"color": BLUE, "width": 2},
        marker={"size": 5},
        hovertemplate="%{x|%b %Y}: %{y:,.1f} MWh<extra>%{fullData.name}</extra>",
    )
    figure.update_layout(barmode="overlay")
    figure.update_yaxes(title_text="MWh", gridcolor=GRID, zeroline=True, zerolinecolor=GREY)
    figure.update_xaxes(type="date", tickformat="%b %Y")
    return figure


def _bounds(months: Sequence[SavingMonth]) -> dict[str, Any]:
    """How far what meters missed can move each month."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(0.0, m.high_kwh - m.avoided_kwh) / 1000 for m in months],
        "arrayminus": [max(0.0, m.avoided_kwh - m.low_kwh) / 1000 for m in months],
        "color": INK,
        "thickness": 1,
    }
