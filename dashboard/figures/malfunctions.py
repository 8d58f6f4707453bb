"""The pictures of malfunctions: the evidence of one, and what all have cost month by month."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.figures.canvas import BLUE, BROWN, GREY, GRID, INK, LIGHT_BLUE, blank_figure, hatched
from dashboard.queries.cases import Points
from dashboard.sentences.malfunctions import month_text
from dashboard.texts import Language
from paes.faults.episode import Episode
from paes.faults.money.losses import Losses, summed
from paes.faults.money.price import Interval
from paes.periods import zone

EVIDENCE_HEIGHT, LOSSES_HEIGHT = 380, 340
_MONTHS = 24
"""The newest that the picture shows; the table has all."""
_SHADE = "#F3E5D0"


def evidence_figure(points: Points, episode: Episode, tz: str, language: Language) -> go.Figure:
    """Seen (full line) beside usual (dashed) with its band; the malfunction's time is shaded."""
    figure, t = blank_figure(language, EVIDENCE_HEIGHT), language.text
    days = points.step.total_seconds() >= 86_400
    local = zone(tz)
    x = [at.date() if days else at.astimezone(local).replace(tzinfo=None) for at in points.starts]
    unit = points.unit.replace("m3", "m³")
    if points.low and points.high:
        band = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        figure.add_scatter(x=x, y=points.low, showlegend=False, **band)
        name = t("malfunction.axis_band")
        figure.add_scatter(x=x, y=points.high, fill="tonexty", fillcolor=LIGHT_BLUE, name=name,
                           **band)  # fmt: skip
    hover = f"%{{x}}: %{{y:,.2f}} {unit}<extra>%{{fullData.name}}</extra>"
    if any(value is not None for value in points.usual):
        figure.add_scatter(
            x=x, y=points.usual, mode="lines", name=t("malfunction.axis_usual"),
            line={"color": GREY, "width": 2, "dash": "dash"}, hovertemplate=hover,
        )  # fmt: skip
    figure.add_scatter(
        x=x, y=points.seen, mode="lines+markers" if len(x) < 120 else "lines",
        name=t("malfunction.axis_seen"), line={"color": BLUE, "width": 2}, marker={"size": 4},
        connectgaps=False, hovertemplate=hover,
    )  # fmt: skip
    _shade(figure, episode, tz, language)
    figure.update_yaxes(title_text=unit, gridcolor=GRID, rangemode="tozero", zeroline=True)
    return figure


def _shade(figure: go.Figure, episode: Episode, tz: str, language: Language) -> None:
    """The time in which the malfunction was seen, with its words."""
    local = zone(tz)
    start, end = (at.astimezone(local).replace(tzinfo=None) for at in (episode.start, episode.end))
    name = language.text("malfunction.axis_time")
    figure.add_shape(
        type="rect", xref="x", yref="paper", x0=start, x1=end, y0=0, y1=1, layer="below",
        fillcolor=_SHADE, line={"width": 1, "color": BROWN, "dash": "dot"},
    )  # fmt: skip
    marker = {"symbol": "square", "size": 12, "color": _SHADE, "line": {"color": BROWN, "width": 1}}
    figure.add_scatter(x=[None], y=[None], mode="markers", name=name, marker=marker)


def losses_figure(found: Losses, language: Language) -> go.Figure:
    """A bar for each of the newest months, with its bounds."""
    figure, t = blank_figure(language, LOSSES_HEIGHT), language.text
    months = _by_month(found)[-_MONTHS:]
    likely = [eur.likely for _, eur in months]
    figure.add_bar(
        x=[month for month, _ in months],
        y=likely,
        customdata=[month_text(month, language) for month, _ in months],
        name=t("malfunctions.losses_legend"),
        marker={
            "pattern": hatched("/", BROWN),
            "color": BROWN,
            "line": {"color": BROWN, "width": 1},
        },
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [eur.high - eur.likely for _, eur in months],
            "arrayminus": [eur.likely - eur.low for _, eur in months],
            "color": INK,
            "thickness": 1.4,
        },
        hovertemplate="%{customdata}: %{y:,.0f} €<extra></extra>",
    )
    figure.update_yaxes(title_text=t("malfunctions.losses_axis"), gridcolor=GRID, tickformat=",.0f")
    figure.update_xaxes(type="date", tickformat="%b %Y", dtick="M3" if len(months) > 8 else "M1")
    return figure


def _by_month(found: Losses) -> list[tuple[str, Interval]]:
    """Money by month (``2026-03``) in order; of a month without losses there is nothing."""
    months: dict[str, Interval] = {}
    for (month, _), waste in summed(found, "month").items():
        if waste.eur:
            months[month] = months[month] + waste.eur if month in months else waste.eur
    return sorted(months.items())
