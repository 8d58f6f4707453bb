"""A map drawn by the server: borders, scale, north, and a mark for each site that leads to it.

Kinds differ by shape and colour, amounts by size; a mark that needs looking at has a second,
dashed ring. Every mark is a link with its words, and the same sites stand in the table beside the
map. Nothing is asked of a map server unless the installation names one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.pages.markup import Element, tag
from dashboard.queries.map import Paper, spread, tiles_of
from paes.metering import SiteKind
from paes.outline import MapTiles, Outline, Ring

_LEAST_RADIUS, _MOST_RADIUS = 9.0, 24.0
_LABEL_PX, _CHARACTER = 17.0, 0.52
"""Size of a name on the paper, and the width of a letter as a part of it."""
SHAPES = {
    SiteKind.SCHOOL: "school",
    SiteKind.OFFICE: "building",
    SiteKind.LIBRARY: "building",
    SiteKind.SPORTS_HALL: "building",
    SiteKind.CULTURE: "building",
    SiteKind.PORT: "building",
    SiteKind.DEPOT: "building",
    SiteKind.LIGHTING_CABINET: "lighting",
    SiteKind.PV_PLANT: "pv",
    SiteKind.WATER: "water",
    SiteKind.TROLLEYBUS_SUBSTATION: "transport",
    SiteKind.CHARGING_STATION: "transport",
    SiteKind.BIKE_SHARING: "transport",
}
_PATHS = {
    "school": "M-.89-.89H.89V.89H-.89Z",
    "building": "M0-1A1 1 0 1 1 0 1A1 1 0 1 1 0-1Z",
    "lighting": "M0-1.2 1.2 0 0 1.2-1.2 0Z",
    "pv": "M0-1.15 1.1 .85H-1.1Z",
    "water": "M0-1.3C.9-.3 1 .1 1 .35A1 1 0 0 1-1 .35C-1 .1-.9-.3 0-1.3Z",
    "transport": "M-.5-1H.5L1.1 0 .5 1H-.5L-1.1 0Z",
}
"""Of radius 1; of about one area."""


@dataclass(frozen=True)
class Mark:
    """One site on the map."""

    latitude: float
    longitude: float
    shape: str
    label: str
    """Its name."""
    words: str
    """What is read of it: name, kind, amount."""
    href: str
    share: float
    """Its amount as a part (0..1) of the largest; the area of the mark follows it."""
    is_notable: bool = False


def site_map(
    paper: Paper,
    outline: Outline | None,
    istat_code: str | None,
    marks: Sequence[Mark],
    named: int,
    *,
    label: str,
    north: str,
    distance: str,
    tiles: MapTiles | None = None,
) -> Element:
    """The map as SVG; the ``named`` first of ``marks`` get their names where there is room.

    ``label`` names it for a screen reader; ``distance`` is the text of the scale bar.
    """
    sizes = [_LEAST_RADIUS + (_MOST_RADIUS - _LEAST_RADIUS) * m.share**0.5 for m in marks]
    places = spread([paper.place(m.latitude, m.longitude) for m in marks], [r + 1 for r in sizes])
    placed = list(zip(marks, places.tolist(), sizes, strict=True))
    largest_first = sorted(placed, key=lambda one: -one[2])
    return tag(
        "svg",
        *(_tiled(paper, tiles) if tiles else _ground(paper, outline, istat_code)),
        tag("g", *(_mark(*one) for one in largest_first), class_="marks"),
        tag("g", *_names(placed, named, paper), class_="names", aria_hidden="true"),
        *_scale(paper, distance),
        *_north(paper, north),
        viewBox=f"0 0 {paper.width:.0f} {paper.height:.0f}",
        class_="site-map",
        role="group",
        aria_label=label,
    )


def key_of_shapes(shapes: Iterable[tuple[str, str]]) -> Element:
    """The legend: each shape beside its word."""
    items = [
        tag("li", _sample(f"mark mark-{shape}", _PATHS[shape]), tag("span", word))
        for shape, word in shapes
    ]
    return tag("ul", *items, class_="map-key")


def notable_key(word: str) -> Element:
    """The legend of the second ring."""
    return tag(
        "ul", tag("li", _sample("ring", _PATHS["building"]), tag("span", word)), class_="map-key"
    )


def _sample(look: str, path: str) -> Element:
    return tag(
        "svg",
        tag("path", d=path, class_=look, transform="scale(8)", vector_effect="non-scaling-stroke"),
        viewBox="-12 -12 24 24",
        width="22",
        height="22",
        aria_hidden="true",
    )


def _tiled(paper: Paper, tiles: MapTiles) -> Iterable[Element]:
    for one in tiles_of(paper, tiles.most_zoom):
        yield tag(
            "image",
            href=tiles.address(one.z, one.x, one.y),
            x=f"{one.left:.1f}",
            y=f"{one.top:.1f}",
            width=f"{one.size:.1f}",
            height=f"{one.size:.1f}",
        )


def _ground(paper: Paper, outline: Outline | None, istat_code: str | None) -> list[Element]:
    """The town, and what lies around it; a plain grid of kilometres where nobody told."""
    if outline is None or outline.town(istat_code) is None:
        return [_grid(paper)]
    around = [t for t in outline.towns if t.istat_code != istat_code]
    here = outline.town(istat_code)
    return [
        tag("rect", width="100%", height="100%", class_="sea"),
        tag("path", d=_drawn(paper, (r for t in around for r in t.rings)), class_="around"),
        tag("path", d=_drawn(paper, here.rings if here else ()), class_="town"),
    ]


def _drawn(paper: Paper, rings: Iterable[Ring]) -> str:
    parts = []
    for ring in rings:
        points = [paper.place(*point) for point in ring]
        parts.append("M" + " ".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z")
    return "".join(parts)


def _grid(paper: Paper) -> Element:
    step = paper.km * paper.bar_km
    down = [f"M{x * step:.1f} 0V{paper.height:.0f}" for x in range(1, int(paper.width / step) + 1)]
    over = [f"M0 {y * step:.1f}H{paper.width:.0f}" for y in range(1, int(paper.height / step) + 1)]
    return tag("path", d="".join([*down, *over]), class_="grid")


def _mark(mark: Mark, at: Sequence[float], radius: float) -> Element:
    path = _PATHS[mark.shape]
    children: list[Any] = [tag("title", mark.words)]
    if mark.is_notable:
        children.append(_shape("ring", _PATHS["building"], radius * 1.32))
    children.append(_shape(f"mark mark-{mark.shape}", path, radius))
    return tag(
        "a",
        tag("g", *children, transform=f"translate({at[0]:.1f} {at[1]:.1f})"),
        href=mark.href,
        aria_label=mark.words,
    )


def _shape(look: str, path: str, radius: float) -> Element:
    size = f"scale({radius:.2f})"
    return tag("path", d=path, class_=look, transform=size, vector_effect="non-scaling-stroke")


def _names(
    placed: Sequence[tuple[Mark, Sequence[float], float]], named: int, paper: Paper
) -> Iterable[Element]:
    """Names beside their marks, to the right or the left, none over another or over a mark."""
    taken = [(x - r, y - r, x + r, y + r) for _, (x, y), r in placed]
    for mark, (x, y), radius in placed[:named]:
        wide = len(mark.label) * _LABEL_PX * _CHARACTER
        for left in (x + radius + 6, x - radius - 6 - wide):
            box = left, y - _LABEL_PX / 2, left + wide, y + _LABEL_PX / 2
            if box[0] > 0 and box[2] < paper.width and not any(_meet(box, t) for t in taken):
                taken.append(box)
                yield tag("text", mark.label, x=f"{left:.1f}", y=f"{y + _LABEL_PX / 3:.1f}")
                break


def _meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _scale(paper: Paper, distance: str) -> list[Element]:
    long, left, down = paper.bar_km * paper.km, 24.0, paper.height - 24
    return [
        tag("path", d=f"M{left} {down - 8}V{down}H{left + long:.1f}V{down - 8}", class_="bar"),
        tag("text", distance, x=f"{left + 6:.0f}", y=f"{down - 10:.0f}", class_="bar-text"),
    ]


def _north(paper: Paper, north: str) -> list[Element]:
    x, y = paper.width - 36, 62.0
    return [
        tag("path", d=f"M{x} {y - 40}L{x + 11} {y - 10} {x} {y - 17} {x - 11} {y - 10}Z",
            class_="north"),
        tag("text", north, x=f"{x:.0f}", y=f"{y + 10:.0f}", text_anchor="middle",
            class_="bar-text"),
    ]  # fmt: skip
