"""The bars of the page: whom the reduction is owed to, sectors, distance, and what all rests on.

Pure functions from data and a language to a Plotly figure, of traces of its cartesian bundle alone.
Every difference has two channels: colour and hatch. The path is in ``figures.path``.
"""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.figures.canvas import (
    BLUE,
    BROWN,
    GREEN,
    GREY,
    GRID,
    INK,
    blank_figure,
    hatched,
    wrapped,
)
from dashboard.figures.rows import legend_above
from dashboard.formats import for_plot
from dashboard.queries.distance import Part
from dashboard.queries.evidence_shares import PARTS, Shares
from dashboard.queries.progress import CityView
from dashboard.texts import Language
from paes.causes.cause import Basis, Cause, Owed, causes_of

_ROW_HEIGHT = 45
"""Pixels: a label of two lines has room."""


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


def distance_height(rows: Sequence[Part]) -> int:
    """Pixels that ``distance_figure`` needs."""
    return 110 + 70 * len(rows)


def distance_figure(
    rows: Sequence[Part],
    language: Language,
    height: int | None = None,
    names: Sequence[str] | None = None,
) -> go.Figure:
    """Promised and reached side by side, own and supra-ordinate apart, in points.

    ``names`` of the rows take the place of the usual ones; where it is low, the axis has no title.
    """
    figure = blank_figure(language, height=height or distance_height(rows))
    usual = [language.text(f"distance.{row.name}") for row in rows]
    labels = [for_plot(wrapped(name)) for name in names or usual]
    promised = [None if r.promised is None else r.promised * 100 for r in rows]
    reached = [row.reached * 100 for row in rows]
    for name, values, colour, hatch in (
        (language.text("distance.legend_promised"), promised, GREEN, "/"),
        (language.text("distance.legend_reached"), reached, BLUE, ""),
    ):
        figure.add_bar(
            y=labels,
            x=values,
            orientation="h",
            name=name,
            marker={
                "color": colour,
                "line": {"color": colour, "width": 1},
                "pattern": hatched(hatch, colour),
            },
            text=["" if v is None else language.signed(v, 1) for v in values],
            textposition="outside",
            cliponaxis=False,
            textfont={"color": INK, "size": 14},
            hovertemplate="%{y}: %{text}<extra>" + name + "</extra>",
        )
    ends = [v for v in (*promised, *reached) if v is not None]
    low, high = min(0.0, *ends), max(0.0, *ends)
    room = 0.2 * (high - low or 1.0)
    figure.update_xaxes(
        range=[low - (room if low < 0 else 0), high + room],
        title_text=None if height else for_plot(language.text("distance.axis")),
        gridcolor=GRID,
        zeroline=True,
        zerolinecolor=INK,
    )
    figure.update_yaxes(autorange="reversed", automargin=True, ticksuffix="  ")
    figure.update_layout(barmode="group", bargap=0.3, bargroupgap=0.08)
    if not height:
        legend_above(figure)  # under the picture stands the axis title
    return figure


_KNOWN_BY = {
    "measured_t": (GREEN, ""),
    "billed_t": (BLUE, ""),
    "estimated_t": (BROWN, "."),
    "declared_t": (BLUE, "/"),
    "carried_t": (GREY, "\\"),
    "assumed_t": (BROWN, "x"),
}


def evidence_height(view: CityView) -> int:
    """Pixels that ``evidence_figure`` needs."""
    return 150 + 40 * len(view.evidence)


def evidence_figure(view: CityView, language: Language) -> go.Figure:
    """What each sector's emissions rest on, in parts of 100; the whole town first."""
    figure = blank_figure(language, height=evidence_height(view))
    whole = Shares.sum(row.shares for row in view.evidence)
    rows = [(language.text("evidence.whole"), whole)]
    rows += [(language.text(f"sector.{r.sector}"), r.shares) for r in view.evidence]
    for part, (colour, hatch) in _KNOWN_BY.items():
        values = [_share(shares, part) for _, shares in rows]
        if not any(values):
            continue
        name = language.text(f"evidence.{part.removesuffix('_t')}")
        figure.add_bar(
            y=[for_plot(wrapped(label)) for label, _ in rows],
            x=values,
            orientation="h",
            name=name,
            marker={
                "color": colour,
                "line": {"color": colour, "width": 1},
                "pattern": hatched(hatch, colour),
            },
            customdata=[language.percent(v / 100) for v in values],
            hovertemplate="%{y}: %{customdata}<extra>" + name + "</extra>",
        )
    figure.update_xaxes(range=[0, 100], ticksuffix="\u00a0%", gridcolor=GRID)
    figure.update_yaxes(autorange="reversed", automargin=True, ticksuffix="  ")
    figure.update_layout(barmode="stack", bargap=0.3)
    return figure


def _share(shares: Shares, part: str) -> float:
    """Of all that has a figure, whatever its sign, in per cent."""
    whole = sum(abs(getattr(shares, name)) for name in PARTS)
    return 100 * abs(getattr(shares, part)) / whole if whole else 0.0
