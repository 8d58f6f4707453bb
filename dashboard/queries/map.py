"""Where things are: coordinates on a drawn map, and the borders of municipalities around them.

Web Mercator, so that tiles of a map server would lie under the same coordinates; distances are
those at the middle of the map. Borders come from the installation's own ``outline.geojson`` (its
members ``source``, ``credit`` and ``licence`` say whose they are); without it there are only
places, a scale and north.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from paes.errors import ConfigError
from paes.series import Floats

OUTLINE = "outline.geojson"
WIDTH = 1000.0
"""Of every map, in its own units; a browser scales it."""
_LEAST_HEIGHT, _MOST_HEIGHT = 480.0, 760.0
_MARGIN = 0.1
_EARTH_KM = 40_075.017
"""Around the equator."""
_BARS_KM = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
Ring = tuple[tuple[float, float], ...]
"""Latitude and longitude, closed."""


@dataclass(frozen=True)
class Town:
    """A municipality on the map."""

    istat_code: str
    name: str
    rings: tuple[Ring, ...]


@dataclass(frozen=True)
class Outline:
    """Municipalities around, and whose data they are."""

    towns: tuple[Town, ...]
    credit: str
    licence: str

    def town(self, istat_code: str | None) -> Town | None:
        """The one of that code."""
        return next((t for t in self.towns if t.istat_code == istat_code), None)


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


def read_outline(root: Path) -> Outline | None:
    """The installation's borders; None if it has none, ConfigError if they cannot be read."""
    path = root / OUTLINE
    return _kept(path, path.stat().st_mtime_ns) if path.is_file() else None


@lru_cache(maxsize=4)
def _kept(path: Path, _written_ns: int) -> Outline:
    try:
        document = json.loads(path.read_text("utf-8"))
        towns = tuple(_town(feature) for feature in document["features"])
        return Outline(towns, str(document["credit"]), str(document["licence"]))
    except (ValueError, KeyError, TypeError) as err:
        raise ConfigError.at(
            path,
            None,
            "",
            "no GeoJSON of municipalities; expected credit, licence, and features of polygons with "
            f"istat_code and name ({err})",
        ) from err


def _town(feature: dict[str, Any]) -> Town:
    told, geometry = feature["properties"], feature["geometry"]
    parts = geometry["coordinates"]
    polygons = parts if geometry["type"] == "MultiPolygon" else [parts]
    rings = tuple(
        tuple((float(latitude), float(longitude)) for longitude, latitude in ring)
        for polygon in polygons
        for ring in polygon
    )
    return Town(str(told["istat_code"]), str(told["name"]), rings)
