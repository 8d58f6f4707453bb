"""The load of a site: what was measured, estimated and not known, beside before and the weather.

Months and days are bars, hours and quarter hours lines. What is estimated is hatched or dotted,
what is missing an open bar up to its bound, or a striped stretch without a line: never 0. Steps
stand at 0, 1, 2 … so that marks, labels and both series share one axis in any language.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
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
from dashboard.formats import for_plot
from dashboard.queries.site_events import Mark
from dashboard.queries.site_load import Load, StepState
from dashboard.queries.site_period import Zoom
from dashboard.sentences.site_words import axis_labels, beside_name, power_unit, step_names
from dashboard.texts import Language
from paes.metering import Measures
from paes.periods import By
from paes.series import Floats

HEIGHT = 470
YEARS_HEIGHT = 430
_PER_HOUR = {By.HOUR: 1.0, By.QUARTER_HOUR: 4.0}
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")
_COLOURS = (BLUE, GREEN, BROWN, RED, GREY, INK)


def load_figure(load: Load, marks: Sequence[Mark], language: Language) -> go.Figure:
    """The picture of a period; of all years each year as a line of its own."""
    if load.period.zoom is Zoom.ALL:
        return _years_figure(load, language)
    figure = blank_figure(language, HEIGHT)
    if load.period.by in _PER_HOUR:
        _add_lines(figure, load, language)
    else:
        _add_bars(figure, load, language)
    _add_weather(figure, load, language)
    _add_marks(figure, load, marks, language)
    at, names = axis_labels(load.starts, load.period.by, language)
    unit = power_unit(load.stream) if load.period.by in _PER_HOUR else load.stream.unit
    figure.update_layout(
        barmode="stack",
        bargap=0.25,
        xaxis={
            "tickvals": list(at), "ticktext": list(names), "anchor": "y2",
            "range": [-0.6, len(load.starts) - 0.4], "tickangle": 0,
        },
        yaxis={
            "domain": [0.30, 1.0], "title": {"text": unit}, "rangemode": "tozero",
            "gridcolor": GRID, "zeroline": True, "tickformat": ",~r",
        },
        yaxis2={
            "domain": [0.0, 0.2], "title": {"text": "°C"}, "gridcolor": GRID, "fixedrange": True,
            "automargin": True, "nticks": 4, "zeroline": False,
        },
        legend={"y": -0.16},
    )  # fmt: skip
    return figure


def _names(load: Load, language: Language) -> list[str]:
    return step_names(load.starts, load.period.by, language)


def _add_bars(figure: go.Figure, load: Load, language: Language) -> None:
    t, table = language.text, load.table
    outside = np.array([s is StepState.OUTSIDE for s in load.states])
    at, names = list(range(len(load.starts))), _names(load, language)
    unit = load.stream.unit
    colour = _colour(load)
    common = {"x": at, "customdata": names}
    shown = f"%{{customdata}}: %{{y:,.0f}} {unit}<extra>%{{fullData.name}}</extra>"
    running = load.is_running & ~outside
    figure.add_bar(
        **common,
        y=_known(np.where(outside | running, np.nan, table.measured)),
        name=t("site_page.legend_measured"),
        marker={"color": colour, "line": {"color": colour, "width": 1}},
        hovertemplate=shown,
    )
    if running.any():
        figure.add_bar(
            **common,
            y=_known(np.where(running, table.measured, np.nan)),
            name=t("site_page.legend_running"),
            marker=_hollow("\\", colour),
            hovertemplate=shown,
        )
    if (table.estimated > 0).any():
        figure.add_bar(
            **common,
            y=_known(np.where(table.estimated > 0, table.estimated, np.nan)),
            name=t("site_page.legend_estimated"),
            marker=_hollow("/", colour),
            hovertemplate=shown,
        )
    lost = np.array([s is StepState.MISSING for s in load.states])
    if lost.any():
        _add_missing_bars(figure, load, lost, names, language)
    if not np.isnan(load.earlier).all():
        figure.add_scatter(
            **common,
            y=_known(np.where(load.is_running, np.nan, load.earlier)),
            mode="markers",
            name=beside_name(load.period, language),
            marker={"symbol": "diamond", "size": 10, "color": "#FFFFFF",
                    "line": {"color": INK, "width": 2}},
            hovertemplate=shown,
        )  # fmt: skip


def _add_missing_bars(
    figure: go.Figure, load: Load, lost: np.ndarray, names: list[str], language: Language
) -> None:
    """Up to what may have passed at most; of what nothing bounds, a sign above the bar."""
    most = np.where(lost & np.isfinite(load.table.missing_high), load.table.missing_high, np.nan)
    at = list(range(len(names)))
    if not np.isnan(most).all():
        figure.add_bar(
            x=at,
            y=_known(most),
            customdata=names,
            name=language.text("site_page.legend_missing"),
            marker=_hollow(".", RED),
            hovertemplate=f"%{{customdata}}: %{{y:,.0f}} {load.stream.unit}"
            "<extra>%{fullData.name}</extra>",
        )
    endless = lost & ~np.isfinite(load.table.missing_high)
    if endless.any():
        figure.add_scatter(
            x=[i for i in at if endless[i]],
            y=_known(np.nan_to_num(load.amounts[endless])),
            mode="markers",
            marker={"symbol": "x", "size": 12, "color": RED},
            name=language.text("site_page.legend_unbounded"),
            hovertemplate="%{fullData.name}<extra></extra>",
        )


def _add_lines(figure: go.Figure, load: Load, language: Language) -> None:
    """Means of power: a line that stops where nothing is known, dotted where it is estimated."""
    t, factor = language.text, _PER_HOUR[load.period.by]
    names, unit = _names(load, language), power_unit(load.stream)
    known = np.array([s is StepState.MEASURED for s in load.states]) & ~load.is_running
    guessed = np.array([s is StepState.ESTIMATED for s in load.states])
    amounts = load.amounts * factor
    at = list(range(len(names)))
    shown = f"%{{customdata}}: %{{y:,.2f}} {unit}<extra>%{{fullData.name}}</extra>"
    if not np.isnan(load.earlier).all():
        figure.add_scatter(
            x=at, y=_known(load.earlier * factor), customdata=names, mode="lines",
            name=beside_name(load.period, language),
            line={"color": GREY, "width": 1.5, "dash": "dash", "shape": "hvh"},
            hovertemplate=shown,
        )  # fmt: skip
    figure.add_scatter(
        x=at, y=_known(np.where(known, amounts, np.nan)), customdata=names, mode="lines",
        name=t("site_page.legend_measured"),
        line={"color": _colour(load), "width": 2.2, "shape": "hvh"},
        hovertemplate=shown,
    )  # fmt: skip
    if guessed.any():
        figure.add_scatter(
            x=at, y=_known(np.where(guessed, amounts, np.nan)), customdata=names,
            mode="lines+markers", name=t("site_page.legend_estimated"),
            line={"color": BROWN, "width": 2, "dash": "dot", "shape": "hvh"},
            marker={"symbol": "circle-open", "size": 5},
            hovertemplate=shown,
        )  # fmt: skip
    _add_gaps(figure, load, language)


def _add_gaps(figure: go.Figure, load: Load, language: Language) -> None:
    """Stretches of which nothing is known, as striped areas with an entry in the legend."""
    lost = np.array([s is StepState.MISSING for s in load.states])
    if not lost.any():
        return
    edges = np.flatnonzero(np.diff(np.concatenate([[0], lost.astype(int), [0]])))
    for begin, stop in zip(edges[::2], edges[1::2], strict=True):
        figure.add_shape(
            type="rect", xref="x", yref="y domain", x0=float(begin) - 0.5, x1=float(stop) - 0.5,
            y0=0, y1=1, fillcolor="#EEF1F4", line={"color": GREY, "width": 1, "dash": "dot"},
            layer="below",
        )  # fmt: skip
    figure.add_scatter(
        x=[None], y=[None], mode="markers", name=language.text("site_page.legend_gap"),
        marker={"symbol": "square", "size": 14, "color": "#EEF1F4",
                "line": {"color": GREY, "width": 1.5}},
    )  # fmt: skip


def _add_weather(figure: go.Figure, load: Load, language: Language) -> None:
    for values, key, dash, colour in (
        (load.earlier_degc, "site_page.legend_degc_before", "dot", GREY),
        (load.degc, "site_page.legend_degc", "solid", BROWN),
    ):
        if np.isnan(values).all():
            continue
        few = len(values) <= 40
        figure.add_scatter(
            x=list(range(len(values))), y=_known(values), yaxis="y2",
            mode="lines+markers" if few else "lines", name=language.text(key),
            line={"color": colour, "width": 1.8, "dash": dash}, marker={"size": 5},
            customdata=_names(load, language),
            hovertemplate="%{customdata}: %{y:,.1f} °C<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    if np.isnan(load.degc).all():
        figure.add_annotation(
            x=0.5, xref="paper", y=0.5, yref="y2 domain", showarrow=False,
            text=language.text("site_page.no_weather"), font={"color": GREY},
        )  # fmt: skip


def _add_marks(figure: go.Figure, load: Load, marks: Sequence[Mark], language: Language) -> None:
    """Exchanged meters, works and events, each with a letter that the list below explains."""
    for letter, at in placed(load, marks):
        figure.add_shape(
            type="line", xref="x", yref="paper", x0=at, x1=at, y0=0, y1=1,
            line={"color": INK, "width": 1.5, "dash": "dashdot"},
        )  # fmt: skip
        figure.add_annotation(
            x=at, xref="x", y=1.0, yref="paper", text=letter, showarrow=False, yanchor="bottom",
            font={"size": 13, "color": "#FFFFFF"}, bgcolor=INK, borderpad=2,
        )  # fmt: skip
    if marks:
        figure.update_layout(margin={"t": 28})


def placed(load: Load, marks: Sequence[Mark]) -> list[tuple[str, float]]:
    """The letter of each mark, and where on the axis of steps it stands."""
    days: list[date] = [start.date() for start in load.starts]
    found = []
    for n, mark in enumerate(marks):
        at = int(np.searchsorted(np.array(days, dtype="datetime64[D]"), np.datetime64(mark.at),
                                 side="right")) - 1  # fmt: skip
        found.append((letter_of(n), float(max(at, 0))))
    return found


def letter_of(place: int) -> str:
    """A, B, C … of the marks in a picture."""
    return chr(ord("A") + place % 26)


def _years_figure(load: Load, language: Language) -> go.Figure:
    """Every year as a line over its months; marker, dash and colour tell them apart."""
    figure = blank_figure(language, YEARS_HEIGHT)
    whole = np.array([s in (StepState.MEASURED, StepState.ESTIMATED) for s in load.states])
    amounts = np.where(whole & ~load.is_running, load.amounts, np.nan)
    years, months = np.asarray(load.starts.year), np.asarray(load.starts.month)
    newest = int(years.max())
    for year in sorted(set(years.tolist())):
        here = years == year
        place = newest - year
        figure.add_scatter(
            x=months[here].tolist(), y=_known(amounts[here]), mode="lines+markers", name=str(year),
            line={"color": _COLOURS[place % 6], "width": 3 if year == newest else 1.6,
                  "dash": _DASHES[place % 6]},
            marker={"symbol": _SYMBOLS[place % 7], "size": 9},
            hovertemplate=f"%{{y:,.0f}} {load.stream.unit}<extra>%{{fullData.name}}</extra>",
        )  # fmt: skip
    twelve = load.starts[np.unique(months, return_index=True)[1]]
    names = step_names(twelve, By.MONTH, language)
    figure.update_layout(
        xaxis={"tickvals": sorted(set(months.tolist())),
               "ticktext": [name.rsplit(" ", 1)[0] for name in names]},
        yaxis={"title": {"text": for_plot(load.stream.unit)}, "rangemode": "tozero",
               "gridcolor": GRID, "tickformat": ",~r"},
    )  # fmt: skip
    return figure


def _colour(load: Load) -> str:
    return GREEN if load.stream.measures in (Measures.GENERATION, Measures.FEED_IN) else BLUE


def _hollow(shape: str, colour: str) -> dict[str, object]:
    return {"color": "#FFFFFF", "line": {"color": colour, "width": 1},
            "pattern": hatched(shape, colour)}  # fmt: skip


def _known(values: Floats) -> list[float | None]:
    """For Plotly, which draws None as a gap."""
    return [None if np.isnan(v) else round(float(v), 3) for v in values]
