"""How bright the sky was over a town: horizontal irradiance from files, and where it is known from.

::

    <city>.weather/measured_irradiance     of a pyranometer                     believed first
    <city>.weather/satellite_irradiance    from pictures of clouds (SARAH, NSRDB …)
    <city>.weather/global_irradiance       of a weather model, or of unknown origin: for no alarm

A satellite sees the clouds that were there. A weather model (reanalysis: ERA5, MERRA-2) makes its
own, and over plants that were healthy it gave 2 to 12 false alarms a year; it is refused here.

What is carried from instant to instant is the *clearness*: irradiance over that of a cloudless
sky, which hardly changes within an hour; the irradiance itself does. Read next:
``paes.solar.expected``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from paes.climate.weather import (
    GLOBAL_IRRADIANCE,
    HOUR_S,
    MEASURED_IRRADIANCE,
    SATELLITE_IRRADIANCE,
    imported_weather,
)
from paes.metering import Finding, Quality, point_id
from paes.periods import Seconds, from_seconds
from paes.series import CODE_OF, Floats, ReadingSeries
from paes.solar.physics import SunCourse, sun_course
from paes.store import Store

LEAST_CLEAR_W_M2 = 20.0
"""Below, a ratio to the cloudless sky means nothing."""
MOST_CLEARNESS = 1.4
"""Edges of clouds can add so much to a cloudless sky; more is an error of low sun."""


class Source(StrEnum):
    """Where irradiance is known from, the most trusted first."""

    MEASURED = "measured"
    SATELLITE = "satellite"


POINT_OF = {Source.MEASURED: MEASURED_IRRADIANCE, Source.SATELLITE: SATELLITE_IRRADIANCE}


@dataclass(frozen=True)
class SkyHistory:
    """Horizontal irradiance of each hour, W/m2; NaN where the source does not tell it."""

    source: Source
    global_w_m2: Floats


def sky_history(store: Store, city_id: str, sun: SunCourse, source: Source) -> SkyHistory | None:
    """What ``source`` told of the hours at whose centres ``sun`` stands; None if nothing."""
    begin, end = (int(s) for s in (sun.seconds[0] - HOUR_S, sun.seconds[-1] + HOUR_S))
    point = point_id(imported_weather(city_id), POINT_OF[source])
    told = store.read(point, from_seconds(begin), from_seconds(end))
    good = told.codes == CODE_OF[Quality.GOOD]
    if not good.any():
        return None
    told = ReadingSeries(told.seconds[good], told.values[good], told.codes[good])
    return SkyHistory(source, hourly_w_m2(told, sun))


def hourly_w_m2(told: ReadingSeries, sun: SunCourse) -> Floats:
    """Horizontal irradiance of each hour from values at any instants, by their clearness.

    An hour is known where values are known within an hour on both sides of its centre; hours in
    which a cloudless sky gives less than 20 W/m2 take the clearness of the nearest. By night 0.
    """
    clear = sun.clear.global_w_m2
    at = told.seconds
    bright = _clear_at(at, sun)
    useful = bright >= LEAST_CLEAR_W_M2
    if not useful.any():
        return np.where(clear > 0, np.nan, 0.0)
    clearness = np.clip(told.values[useful] / bright[useful], 0.0, MOST_CLEARNESS)
    drawn = np.interp(sun.seconds, at[useful], clearness)
    is_told = _is_between(at, sun.seconds)
    return np.where(clear > 0, np.where(is_told, drawn * clear, np.nan), 0.0)


def _clear_at(at: Seconds, sun: SunCourse) -> Floats:
    """A cloudless sky's irradiance at the instants ``at``."""
    latitude, longitude = sun.place
    return sun_course(latitude, longitude, at, 0).clear.global_w_m2


def _is_between(at: Seconds, centres: Seconds) -> np.typing.NDArray[np.bool_]:
    """Where a value lies within an hour before (or at) and one within an hour after each centre."""
    after = np.searchsorted(at, centres, side="left")
    follows = at[np.minimum(after, len(at) - 1)] - centres
    before = np.searchsorted(at, centres, side="right") - 1
    behind = centres - at[np.maximum(before, 0)]
    near = (after < len(at)) & (follows < HOUR_S) & (before >= 0) & (behind < HOUR_S)
    return np.asarray(near)


def refused_irradiance(store: Store, city_id: str, sun: SunCourse) -> Finding | None:
    """Says that there is irradiance of a model only, which no alarm is told by; None else."""
    meter = imported_weather(city_id)
    span = from_seconds(sun.seconds[0]), from_seconds(sun.seconds[-1])
    if not len(store.read(point_id(meter, GLOBAL_IRRADIANCE), *span)):
        return None
    if any(len(store.read(point_id(meter, name), *span)) for name in POINT_OF.values()):
        return None
    return Finding(
        "pv.irradiance_refused",
        meter,
        "the irradiance brought by files is that of a weather model, or of an origin that nobody "
        "told; expected production does not use it, as it cries wolf: bring that of a satellite "
        "(PVGIS-SARAH) or of a pyranometer",
    )
