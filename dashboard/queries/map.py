"""Where things are: coordinates on a drawn map, and the tiles that would lie under it.

Web Mercator, as map servers have it; distances are those at the middle of the map. Borders of
municipalities are told by ``paes.outline``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from paes.series import Floats

WIDTH = 1000.0
"""Of every map, in its own units; a browser scales it."""
_LEAST_HEIGHT, _MOST_HEIGHT = 480.0, 760.0
_MARGIN = 0.1
_EARTH_KM = 40_075.017
"""Around the equator."""
_BARS_KM = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
_TILE = 256.0
"""Units of the paper that a tile is about as wide as."""


@dataclass(frozen=True)
class Paper:
    """A stretch of the earth on paper: ``width`` by ``height`` from ``west`` and ``north``.

    ``west`` and ``north`` are Mercator's, 0..1 around the earth; ``unit`` is how much of it one
    unit of the paper is.
    """

    west: float
    north: float
    unit: float
    width: float
    height: float

    def place(self, latitude: float, longitude: float) -> tuple[float, float]:
        """Right and down, in units of the paper."""
        x, y = mercator(latitude, longitude)
        return (x - self.west) / self.unit, (y - self.north) / self.unit

    @property
    def km(self) -> float:
        """Units of the paper in a kilometre at its middle."""
        middle = self.north + self.unit * self.height / 2
        latitude = math.atan(math.sinh(math.pi * (1 - 2 * middle)))
        return 1.0 / (self.unit * _EARTH_KM * math.cos(latitude))

    @property
    def bar_km(self) -> float:
        """A round distance of about a sixth of the paper's width."""
        return max((b for b in _BARS_KM if b * self.km <= self.width / 5), default=_BARS_KM[0])


def mercator(latitude: float, longitude: float) -> tuple[float, float]:
    """Web Mercator as parts of the earth's width: right from 180° west, down from the north."""
    radians = math.radians(latitude)
    y = 0.5 - math.asinh(math.tan(radians)) / (2 * math.pi)
    return longitude / 360.0 + 0.5, y


def paper_of(places: Iterable[tuple[float, float]]) -> Paper | None:
    """The paper on which all ``places`` (latitude, longitude) lie; None without any."""
    points = [mercator(*place) for place in places]
    if not points:
        return None
    (west, east), (north, south) = ((min(axis), max(axis)) for axis in zip(*points, strict=True))
    least = 1.0 / _EARTH_KM  # so that a single place has surroundings
    wide, high = max(east - west, least), max(south - north, least)
    unit = max(wide / (WIDTH * (1 - 2 * _MARGIN)), high / (_MOST_HEIGHT * (1 - 2 * _MARGIN)))
    height = max(_LEAST_HEIGHT, high / unit / (1 - 2 * _MARGIN))
    middle = (west + east) / 2, (north + south) / 2
    return Paper(middle[0] - unit * WIDTH / 2, middle[1] - unit * height / 2, unit, WIDTH, height)


def spread(places: Sequence[tuple[float, float]], radii: Sequence[float]) -> Floats:
    """``places`` moved apart, as little as it takes, so that none hides another; shape (n, 2)."""
    return _spread(tuple(places), tuple(radii)).copy()


@lru_cache(maxsize=64)
def _spread(places: tuple[tuple[float, float], ...], radii: tuple[float, ...]) -> Floats:
    """Kept, for of a large town it takes as long as the rest of its page."""
    at = np.array(places, dtype=np.float64).reshape(-1, 2)
    size = np.array(radii, dtype=np.float64)
    least = size[:, None] + size[None, :]
    np.fill_diagonal(least, 0.0)
    for _ in range(60):
        apart = at[:, None, :] - at[None, :, :]
        far = np.hypot(apart[..., 0], apart[..., 1])
        # Two at one place part by their order, for any direction is as good.
        same = (far < 1e-9) & (least > 0)
        order = np.sign(np.arange(len(at))[:, None] - np.arange(len(at))[None, :])
        apart[..., 0] += same * order * 1e-3
        far = np.where(same, 1e-3, far)
        push = np.clip(least - far, 0.0, None)
        if not push.any():
            break
        at += 0.5 * (apart / np.maximum(far, 1e-9)[..., None] * push[..., None]).sum(axis=1)
    return at


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile of a map server, and where it lies on the paper."""

    z: int
    x: int
    y: int
    left: float
    top: float
    size: float


def tiles_of(paper: Paper, most_zoom: int) -> list[Tile]:
    """The tiles that cover ``paper``, of a zoom at which they are about as large as drawn."""
    zoom = max(0, min(most_zoom, round(math.log2(1.0 / (paper.unit * _TILE)))))
    side = 0.5**zoom
    first_x, first_y = math.floor(paper.west / side), math.floor(paper.north / side)
    last_x = math.floor((paper.west + paper.unit * paper.width) / side)
    last_y = math.floor((paper.north + paper.unit * paper.height) / side)
    return [
        Tile(
            zoom,
            x,
            y,
            (x * side - paper.west) / paper.unit,
            (y * side - paper.north) / paper.unit,
            side / paper.unit,
        )
        for y in range(first_y, last_y + 1)
        for x in range(first_x, last_x + 1)
    ]
