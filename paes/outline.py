"""The borders of municipalities, and where map tiles come from if an installation wants any.

``outline.geojson`` of the installation is a GeoJSON of polygons, each with ``istat_code`` and
``name``; its members ``source``, ``credit`` and ``licence`` say whose data they are. Without it a
map has only places, a scale and north.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from paes.errors import ConfigError
from paes.schema import ConfigModel, Name

OUTLINE = "outline.geojson"
Ring = tuple[tuple[float, float], ...]
"""Latitude and longitude, closed."""


class MapTiles(ConfigModel):
    """``map_tiles`` of ``installation.yaml``: a server of tiles, which readers' browsers ask."""

    url: str
    """With ``{z}``, ``{x}`` and ``{y}``, such as ``https://tiles.example.org/{z}/{x}/{y}.png``."""
    credit: Name
    """Whose map it is; printed beside it."""
    most_zoom: Annotated[int, Field(ge=1, le=22)] = 18

    @field_validator("url")
    @classmethod
    def _names_a_tile(cls, url: str) -> str:
        parts = urlsplit(url)
        is_plain = not any(c in url for c in " ;,'\"<>")
        if parts.scheme not in ("http", "https") or not parts.hostname or not is_plain:
            raise ValueError("expected an address that begins with https:// (or http://)")
        if any(part not in parts.path for part in ("{z}", "{x}", "{y}")):
            raise ValueError("expected {z}, {x} and {y} in the address")
        return url

    @property
    def origin(self) -> str:
        """What a page must allow, to show them: ``https://tiles.example.org``."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def address(self, z: int, x: int, y: int) -> str:
        """Of one tile."""
        return self.url.replace("{z}", str(z)).replace("{x}", str(x)).replace("{y}", str(y))


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
