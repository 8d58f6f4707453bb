"""Sunlight on a tilted plane and what modules and inverter make of it, by pvlib.

The only module that imports pvlib, and only when it is needed (0.8 s, 60 MB).

Every function takes steps of equal length by their starts and computes the sun at their *centre*:
at the left edge, hourly values are wrong by 44 W/m2 (against the mean of 5-minute values of a
clear year at 44 N; at the centre by 2). Angles are degrees, azimuths clockwise from north.

Sources: [1] I. Reda, A. Andreas, "Solar position algorithm", Solar Energy 76, 2004, p. 577,
doi 10.1016/j.solener.2003.12.003. [2] P. Ineichen, R. Perez, Solar Energy 73, 2002, p. 151,
doi 10.1016/S0038-092X(02)00045-2. [3] D. G. Erbs, S. A. Klein, J. A. Duffie, Solar Energy 28,
1982, p. 293, doi 10.1016/0038-092X(82)90302-4. [4] J. E. Hay, J. A. Davies, 1980, as in pvlib.
[5] A. P. Dobos, "PVWatts Version 5 Manual", NREL/TP-6A20-62641, 2014.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from paes.periods import Seconds
from paes.series import Floats

_LOWEST_COS_ZENITH = 0.065
"""Of the sun at 3.7 degrees: lower, the split into beam and diffuse means nothing (pvlib)."""


@dataclass(frozen=True)
class Plane:
    """How modules stand: ``tilt_deg`` from the horizontal, ``azimuth_deg`` (180 is south)."""

    tilt_deg: float
    azimuth_deg: float


@dataclass(frozen=True)
class PlantModel:
    """What the modules and the inverter of a plant are (PVWatts [5])."""

    peak_kw: float
    plane: Plane
    temperature_coefficient_per_degc: float
    losses_fraction: float
    inverter_efficiency: float
    albedo: float
    most_ac_kw: float | None = None
    """What its inverter can give; None if nobody said."""


@dataclass(frozen=True)
class Irradiance:
    """W/m2: global and diffuse on the horizontal plane, beam on a plane that faces the sun."""

    global_w_m2: Floats
    beam_w_m2: Floats
    diffuse_w_m2: Floats


@dataclass(frozen=True)
class SunCourse:
    """Where the sun stands over one place at the centre of each step; shared by a town's plants.

    Arrays of one length; zeniths and azimuth in degrees, ``extra_w_m2`` is the beam outside of the
    air. ``place`` is latitude and longitude.
    """

    place: tuple[float, float]
    seconds: Seconds
    zenith_deg: Floats
    apparent_zenith_deg: Floats
    azimuth_deg: Floats
    extra_w_m2: Floats
    clear: Irradiance


def sun_course(latitude: float, longitude: float, starts_s: Seconds, step_s: int) -> SunCourse:
    """The sun [1] and a cloudless sky's light [2] at the centre of each step.

    The haze is the monthly mean of the place (pvlib's table of Linke turbidity), the height that
    of the sea, which in an Italian town costs less than the haze is uncertain. ``step_s`` 0 takes
    the instants themselves.
    """
    from pvlib import clearsky, irradiance, solarposition
    from pvlib.atmosphere import get_absolute_airmass, get_relative_airmass

    seconds = np.asarray(starts_s, dtype=np.int64) + step_s // 2
    at = pd.DatetimeIndex(pd.to_datetime(seconds, unit="s", utc=True))
    sun = solarposition.get_solarposition(at, latitude, longitude)
    apparent = sun["apparent_zenith"].to_numpy(np.float64)
    extra = np.asarray(irradiance.get_extra_radiation(_day_of_year(seconds)), dtype=np.float64)
    turbidity = _turbidity(latitude, longitude, seconds)
    airmass = get_absolute_airmass(get_relative_airmass(apparent))
    with np.errstate(divide="ignore", invalid="ignore"):  # by night
        sky = clearsky.ineichen(apparent, airmass, turbidity, 0.0, extra)
    return SunCourse(
        (latitude, longitude),
        seconds,
        sun["zenith"].to_numpy(np.float64),
        apparent,
        sun["azimuth"].to_numpy(np.float64),
        extra,
        Irradiance(*(np.nan_to_num(np.asarray(sky[n], np.float64)) for n in ("ghi", "dni", "dhi"))),
    )


def _turbidity(latitude: float, longitude: float, seconds: Seconds) -> Floats:
    """The haze (Linke) of the place, drawn between the middles of the months."""
    from pvlib import clearsky

    middles = pd.DatetimeIndex([f"2025-{month:02}-15" for month in range(1, 13)], tz="UTC")
    monthly = clearsky.lookup_linke_turbidity(
        middles, latitude, longitude, interp_turbidity=False
    ).to_numpy(np.float64)
    days = middles.day_of_year.to_numpy(np.float64)
    return np.asarray(np.interp(_day_of_year(seconds), days, monthly, period=365.25))


def _day_of_year(seconds: Seconds) -> Floats:
    at = pd.DatetimeIndex(pd.to_datetime(seconds, unit="s", utc=True))
    return np.asarray(at.day_of_year, dtype=np.float64)


def split(global_w_m2: Floats, sun: SunCourse) -> Irradiance:
    """Beam and diffuse light out of the horizontal irradiance [3]; NaN stays NaN."""
    from pvlib import irradiance

    day = _day_of_year(sun.seconds)
    parts = irradiance.erbs(global_w_m2, sun.zenith_deg, day, min_cos_zenith=_LOWEST_COS_ZENITH)
    beam = np.asarray(parts["dni"], dtype=np.float64)
    diffuse = np.asarray(parts["dhi"], dtype=np.float64)
    unknown = np.isnan(global_w_m2)
    return Irradiance(
        global_w_m2, np.where(unknown, np.nan, beam), np.where(unknown, np.nan, diffuse)
    )


def plane_w_m2(sun: SunCourse, light: Irradiance, plane: Plane, albedo: float) -> Floats:
    """Irradiance on the plane of the modules [4]; 0 at night, NaN where it is not known."""
    from pvlib import irradiance

    on_plane = irradiance.get_total_irradiance(
        plane.tilt_deg,
        plane.azimuth_deg,
        sun.apparent_zenith_deg,
        sun.azimuth_deg,
        light.beam_w_m2,
        light.global_w_m2,
        light.diffuse_w_m2,
        dni_extra=sun.extra_w_m2,
        albedo=albedo,
        model="haydavies",
    )["poa_global"]
    found = np.asarray(on_plane, dtype=np.float64)
    is_night = sun.zenith_deg >= 90.0
    return np.where(is_night, 0.0, np.where(np.isnan(light.global_w_m2), np.nan, found))


def cell_degc(on_plane_w_m2: Floats, air_degc: Floats) -> Floats:
    """Temperature of the cells in a light wind of 1 m/s, of modules on a roof's frame [5]."""
    from pvlib import temperature

    kind = temperature.TEMPERATURE_MODEL_PARAMETERS["sapm"]["open_rack_glass_polymer"]
    return np.asarray(temperature.sapm_cell(on_plane_w_m2, air_degc, 1.0, **kind), np.float64)


def ac_kw(plant: PlantModel, on_plane_w_m2: Floats, air_degc: Floats) -> Floats:
    """What the plant gives to the building's wires [5], in kW; NaN where the light is not known.

    Never less than 0, nor more than its inverter can.
    """
    from pvlib import inverter, pvsystem

    cells = cell_degc(on_plane_w_m2, air_degc)
    dc_kw = pvsystem.pvwatts_dc(
        on_plane_w_m2, cells, plant.peak_kw, plant.temperature_coefficient_per_degc
    )
    dc_kw = np.asarray(dc_kw, np.float64) * (1.0 - plant.losses_fraction)
    largest_ac_kw = plant.most_ac_kw or plant.peak_kw
    ac = inverter.pvwatts(
        dc_kw, largest_ac_kw / plant.inverter_efficiency, plant.inverter_efficiency
    )
    return np.asarray(np.clip(ac, 0.0, largest_ac_kw), dtype=np.float64)


def clear_kw(plant: PlantModel, sun: SunCourse, air_degc: Floats) -> Floats:
    """What the plant would give under a cloudless sky, in kW."""
    return ac_kw(plant, plane_w_m2(sun, sun.clear, plant.plane, plant.albedo), air_degc)
