"""A small picture of a malfunction's evidence, drawn by the server: there without any script."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from dashboard.pages.markup import Element, tag
from dashboard.queries.cases import Spark

WIDTH, HEIGHT = 220, 56
_EDGE = 3.0
"""Room for the line's own width."""
_DOT = 1.6


def sparkline(spark: Spark, told: str) -> Element:
    """Seen (full line) beside usual (dashed) and its band; the days of the malfunction shaded.

    ``told`` says the same in words. What nobody knows is a break in the line.
    """
    points = spark.points
    columns = (points.seen, points.usual, points.low, points.high)
    known = [value for column in columns for value in column if value is not None]
    least, most = min([0.0, *known]), max([0.0, *known])
    span = (most - least) or 1.0
    count = max(len(points.seen), 2)

    def at(i: float, value: float) -> tuple[float, float]:
        x = _EDGE + i * (WIDTH - 2 * _EDGE) / (count - 1)
        return x, HEIGHT - _EDGE - (value - least) / span * (HEIGHT - 2 * _EDGE)

    left, _ = at(max(spark.first - 0.5, 0), 0)
    right, _ = at(min(max(spark.last - 0.5, spark.first + 0.5), count - 1), 0)
    days = tag(
        "rect", x=_n(left), y=0, width=_n(max(right - left, 2)), height=HEIGHT, class_="days"
    )
    return tag(
        "svg",
        days,
        *_lines([[at(i, v) for i, v in run] for run in _runs(points.usual)], "usual"),
        *_lines([[at(i, v) for i, v in run] for run in _runs(points.seen)], "seen"),
        class_="spark",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=told,
    )


def _runs(column: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """Stretches in which something is known."""
    parts = groupby(enumerate(column), key=lambda pair: pair[1] is None)
    return [[(i, v) for i, v in part if v is not None] for is_gap, part in parts if not is_gap]


def _lines(runs: Sequence[Sequence[tuple[float, float]]], name: str) -> list[Element]:
    """A line for each stretch; a dot where a step stands alone."""
    drawn = []
    for run in runs:
        if len(run) == 1:
            x, y = run[0]
            drawn.append(tag("circle", cx=_n(x), cy=_n(y), r=_DOT, class_=f"{name} dot"))
        else:
            path = " ".join(f"{_n(x)},{_n(y)}" for x, y in run)
            drawn.append(tag("polyline", points=path, class_=name))
    return drawn


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
