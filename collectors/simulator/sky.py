"""The weather over one place in each quarter hour of one local year: what the loads look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from collectors.simulator.local_year import SLOT_S, LocalYear
from collectors.simulator.parameters import Parameters
from collectors.simulator.randomness import Floats
from collectors.simulator.weather import Weather, dark_fraction
from paes.errors import DataError
from paes.installation import Installation
from paes.metering import Site

_PLACE_STEP_DEG = 0.05  # about 5 km: the sites of a town share one sky


@dataclass(frozen=True, eq=False)
class Sky:
    """Arrays over the slots of a year, all at the middle of the slot."""

    temperature_degc: Floats
    normal_temperature_degc: Floats
    horizontal_w_m2: Floats
    plane_w_m2: Floats
    """On the plane of the town's PV plants."""
    dark_fraction: Floats
    """Share of the slot in which street lamps are lit."""


def sky_over(weather: Weather, parameters: Parameters, calendar: LocalYear) -> Sky:
    """The sky of a year; about 20 ms, so callers keep it."""
    middle = calendar.slots + SLOT_S // 2
    sun = weather.sun(middle)
    horizontal = weather.horizontal_w_m2(middle, sun)
    plants = parameters.photovoltaics
    plane = weather.plane_w_m2(middle, sun, horizontal, plants.tilt_deg, plants.azimuth_deg)
    elevation = weather.sun(calendar.edges).elevation_deg
    return Sky(
        temperature_degc=weather.temperature_degc(middle),
        normal_temperature_degc=weather.normal_temperature_degc(middle),
        horizontal_w_m2=horizontal,
        plane_w_m2=np.maximum(plane, 0.0),
        dark_fraction=dark_fraction(elevation, parameters.lighting.on_below_elevation_deg),
    )


def coordinates_of(installation: Installation, site: Site) -> tuple[float, float]:
    """Where the sky of a site stands: its own coordinates, rounded, so that neighbours share it.

    Else the mean of its town's sites, else the town's; DataError if none is known.
    """
    latitude, longitude = _known_coordinates(installation, site)
    return _rounded(latitude), _rounded(longitude)


def _known_coordinates(installation: Installation, site: Site) -> tuple[float, float]:
    if site.latitude is not None and site.longitude is not None:
        return site.latitude, site.longitude
    city = next(c for c in installation.cities.values() if site.id in c.sites)
    known = [
        (s.latitude, s.longitude)
        for s in city.sites.values()
        if s.latitude is not None and s.longitude is not None
    ]
    if known:
        return (
            sum(latitude for latitude, _ in known) / len(known),
            sum(longitude for _, longitude in known) / len(known),
        )
    if city.facts.latitude is None or city.facts.longitude is None:
        raise DataError(f"city {city.id}: no coordinates, so nobody knows where its sun stands")
    return city.facts.latitude, city.facts.longitude


def _rounded(degrees: float) -> float:
    return round(degrees / _PLACE_STEP_DEG) * _PLACE_STEP_DEG
