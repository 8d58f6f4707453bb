"""The pictures of the data: coverage by month and day, hours of gaps by cause, what is not seen.

Coverage is drawn from light (all there) to dark (nothing), so that it is told without hues; a cell
without colour is time in which a meter was not in use.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from babel.dates import format_date

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
    wrapped,
)
from dashboard.formats import for_plot
from dashboard.queries.coverage import Coverage, DaysSeen
from dashboard.queries.evidence import Evidence, KnownAs
from dashboard.queries.gaps import LENGTHS_H, Gaps
from dashboard.queries.meter_health import RawReadings
from dashboard.sentences.data_health import cause_word, length_word
from dashboard.tables.data_health import CoverageRow
from dashboard.texts import Language
from paes.metering import Quality
from paes.periods import zone

SCALE = [[0.0, "#5C0F1E"], [0.5, "#C2554A"], [0.9, "#F2C28B"], [0.995, "#E8EEF4"], [1.0, "#CFE3F5"]]
MOST_ROWS = 40
"""More rows than this are not read in a picture; the table has them all."""
_TOLD_BELOW = 0.9
_WRITTEN_COLUMNS = 12
READINGS_HEIGHT = 320
DAYS_HEIGHT = 430
_LENGTH_LOOKS: tuple[tuple[str, str], ...] = (
    (LIGHT_BLUE, ""),
    (BLUE, ""),
    (BROWN, "/"),
    (RED, "x"),
)
_KNOWN_LOOKS: dict[KnownAs, tuple[str, str]] = {
    KnownAs.MEASURED: (GREEN, ""),
    KnownAs.ESTIMATED: (GREEN, "/"),
    KnownAs.DECLARED: (BLUE, ""),
    KnownAs.CARRIED: (BLUE, "\\"),
    KnownAs.ASSUMED: (BROWN, "x"),
}


def coverage_height(rows: Sequence[CoverageRow]) -> int:
    """Pixels for ``coverage_figure``."""
    return 130 + 24 * min(len(rows), MOST_ROWS)


def coverage_figure(rows: Sequence[CoverageRow], shown: Coverage, language: Language) -> go.Figure:
    """A row a site, a column a month; what lacks most stands on top."""
    few = rows[:MOST_ROWS]
    figure = blank_figure(language, coverage_height(few))
    z = np.array([row.seen.fractions for row in few])
    labels = [_month(start, language) for start in shown.starts]
    every = max(1, len(labels) // 4)
    # Sites may have one name: the place tells them apart, the label is their name.
    figure.add_trace(_heat(z, labels, list(range(len(few))), language, labels_of=few))
    figure.update_yaxes(
        autorange="reversed",
        tickvals=list(range(len(few))),
        ticktext=[_short(row.site.name) for row in few],
        showgrid=False,
    )
    figure.update_xaxes(
        side="top",
        showgrid=False,
        type="category",
        tickangle=0,
        tickvals=labels[::every],
        ticktext=[label.replace(" ", "<br>") for label in labels[::every]],
    )
    return figure


def days_figure(days: DaysSeen, language: Language) -> go.Figure:
    """A row a month, a column a day of it."""
    figure = blank_figure(language, DAYS_HEIGHT)
    z = np.full((12, 31), np.nan)
    for day, fraction in zip(days.days, days.seen.fractions, strict=True):
        z[day.month - 1, day.day - 1] = fraction
    first = days.days[0]
    months = [_month(first.replace(month=month), language) for month in range(1, 13)]
    figure.add_trace(_heat(z, list(range(1, 32)), months, language, written=False))
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    figure.update_xaxes(side="top", dtick=5, tick0=1, showgrid=False)
    return figure


def _heat(
    z: Any,
    x: Sequence[Any],
    y: Sequence[Any],
    language: Language,
    *,
    labels_of: Sequence[CoverageRow] = (),
    written: bool = True,
) -> go.Heatmap:
    """Fractions as cells; what lacks is written in where there is room."""
    room = written and len(x) <= _WRITTEN_COLUMNS
    told = [["" if np.isnan(f) else language.percent(f, 0) for f in line] for line in z]
    names = [[row.site.name] * len(x) for row in labels_of] or [[str(one)] * len(x) for one in y]
    short = [
        ["" if np.isnan(f) or f >= _TOLD_BELOW or not room else f"{f * 100:.0f}" for f in line]
        for line in z
    ]
    custom = np.dstack([np.array(names, dtype=object), np.array(told, dtype=object)])
    ticks = [0.0, 0.5, 1.0]
    return go.Heatmap(
        z=[[None if np.isnan(f) else round(float(f), 4) for f in line] for line in z],
        x=list(x),
        y=list(y),
        text=short,
        texttemplate="%{text}",
        textfont={"size": 11},
        customdata=custom,
        hovertemplate="%{customdata[0]}, %{x}: %{customdata[1]}<extra></extra>",
        hoverongaps=False,
        colorscale=SCALE,
        zmin=0,
        zmax=1,
        xgap=1,
        ygap=1,
        colorbar={
            "tickvals": ticks,
            "ticktext": [language.percent(tick, 0) for tick in ticks],
            "orientation": "h",
            "y": -0.02,
            "yanchor": "top",
            "thickness": 12,
            "len": 0.8,
            "x": 0,
            "xanchor": "left",
        },
    )


def causes_height(gaps: Gaps) -> int:
    """Pixels for ``causes_figure``."""
    return 150 + 44 * len(gaps.by_cause())


def causes_figure(gaps: Gaps, language: Language) -> go.Figure:
    """Hours by cause, each bar cut by how long the gaps were."""
    figure = blank_figure(language, causes_height(gaps))
    sums = gaps.by_cause()
    labels = [wrapped(cause_word(one.cause, language)) for one in sums]
    for length in range(len(LENGTHS_H) + 1):
        colour, shape = _LENGTH_LOOKS[length]
        hours = [one.hours[length] for one in sums]
        if not any(hours):
            continue
        figure.add_bar(
            x=hours,
            y=labels,
            orientation="h",
            name=length_word(length, language),
            marker=_look(colour, shape),
            hovertemplate="%{y}: %{x:,.1f} h<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(barmode="stack", legend={"traceorder": "normal"}, showlegend=True)
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(
        gridcolor=GRID, title_text=language.text("data_gaps.axis"), tickformat=",.0f"
    )
    return figure


def evidence_height(evidence: Evidence) -> int:
    """Pixels for ``evidence_figure``."""
    return 150 + 54 * len(evidence.sectors)


def evidence_figure(evidence: Evidence, language: Language) -> go.Figure:
    """Tonnes by sector, each bar cut by how its energy is known."""
    figure = blank_figure(language, evidence_height(evidence))
    labels = [wrapped(language.text(f"sector.{one.sector}")) for one in evidence.sectors]
    for known, (colour, shape) in _KNOWN_LOOKS.items():
        if not evidence.of_t(known):
            continue
        figure.add_bar(
            x=[one.by_t.get(known, 0.0) for one in evidence.sectors],
            y=labels,
            orientation="h",
            name=language.text(f"known_as.{known.value}"),
            marker=_look(colour, shape),
            hovertemplate="%{y}: %{x:,.0f} t<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(barmode="stack", legend={"traceorder": "normal"})
    figure.update_yaxes(autorange="reversed")
    axis = for_plot(language.text("data_evidence.axis"))
    figure.update_xaxes(gridcolor=GRID, title_text=axis, tickformat=",.0f", nticks=6)
    return figure


def _look(colour: str, shape: str) -> dict[str, Any]:
    """A bar's colour and, where it has one, its hatch."""
    look: dict[str, Any] = {"color": colour, "line": {"color": colour, "width": 1}}
    if shape:
        look["pattern"] = hatched(shape, colour)
    return look


def readings_figure(readings: RawReadings, tz: str, language: Language) -> go.Figure:
    """What the register showed; broken where readings lack, crossed where they are doubtful."""
    figure = blank_figure(language, READINGS_HEIGHT)
    of = zone(tz)
    good = [one for one in readings.thinned if one.quality is Quality.GOOD]
    odd = [one for one in readings.thinned if one.quality is not Quality.GOOD]
    x: list[Any] = []
    y: list[float | None] = []
    for one in good:
        if x and (one.at - x[-1]).total_seconds() > readings.broken_after_s:
            x.append(one.at)
            y.append(None)
        x.append(one.at)
        y.append(one.value)
    figure.add_scatter(
        x=[at.astimezone(of).replace(tzinfo=None) for at in x],
        y=y,
        mode="lines+markers",
        name=language.text("reading_quality.good"),
        line={"color": BLUE, "width": 2},
        marker={"size": 4, "color": BLUE},
        hovertemplate="%{x|%d/%m %H:%M}: %{y:,.2f}<extra></extra>",
    )
    if odd:
        figure.add_scatter(
            x=[one.at.astimezone(of).replace(tzinfo=None) for one in odd],
            y=[one.value for one in odd],
            mode="markers",
            name=language.text("data_meter.not_good"),
            marker={"symbol": "x", "size": 9, "color": RED, "line": {"color": INK, "width": 1}},
            text=[language.text(f"reading_quality.{one.quality.value}") for one in odd],
            hovertemplate="%{x|%d/%m %H:%M}: %{y:,.2f}, %{text}<extra></extra>",
        )
    figure.update_yaxes(title_text=readings.unit, gridcolor=GRID, tickformat=",")
    figure.update_xaxes(gridcolor=GRID, linecolor=GREY, nticks=6, tickformat="%-d %b")
    figure.update_layout(showlegend=bool(odd))
    return figure


def _month(at: Any, language: Language) -> str:
    """``nov 26``: a month in little room."""
    return str(format_date(at, "MMM yy", locale=language.code)).replace(".", "")


def _short(name: str) -> str:
    return name if len(name) <= 20 else f"{name[:19]}…"
