"""Believable outdoor temperature, cloud and sun for a place: the same for ever by (seed, time).

Times are Unix seconds (UTC, numpy arrays); a value holds at that instant. Nothing has a state,
so any window can be computed alone. The sun is real, the weather is invented.

Sources: [1] J. W. Spencer, "Fourier series representation of the position of the sun", Search
2(5), 1971, p. 172. [2] B. Haurwitz, "Insolation in relation to cloudiness and cloud density",
J. Meteorol. 2, 1945, p. 154. [3] F. Kasten, G. Czeplak, Solar Energy 24, 1980, p. 177,
doi 10.1016/0038-092X(80)90391-6. [4] D. G. Erbs, S. A. Klein, J. A. Duffie, Solar Energy 28,
1982, p. 293, doi 10.1016/0038-092X(82)90302-4. [5] B. Y. H. Liu, R. C. Jordan, Solar Energy 7,
1963, p. 53, doi 10.1016/0038-092X(63)90006-9.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from collectors.simulator.parameters import Climate
from collectors.simulator.randomness import Floats, Ints, key, smooth

DAY_S = 86400.0
_YEAR_S = 365.2425 * DAY_S
_YEAR_2000_S = 946684800.0
_SOLAR_CONSTANT_W_M2 = 1361.0
_LOWEST_SIN_ELEVATION = 0.02  # below, a ratio of sines means nothing and there is no beam


@dataclass(frozen=True, slots=True)
class Sun:
    """Where the sun stands: sine of its elevation, and its azimuth (radians from north, east +)."""

    sin_elevation: Floats
    azimuth_rad: Floats

    @property
    def elevation_deg(self) -> Floats:
        """Geometric elevation above the horizon in degrees, without refraction."""
        return np.asarray(np.degrees(np.arcsin(np.clip(self.sin_elevation, -1.0, 1.0))))


@dataclass(frozen=True, slots=True)
class Weather:
    """The invented weather of one place under the real sun."""

    climate: Climate
    seed: int
    latitude: float
    longitude: float

    def normal_temperature_degc(self, at: Ints) -> Floats:
        """What is usual at this time of the year and of the day."""
        solar_hour = (at / 3600.0 + self.longitude / 15.0) % 24.0
        swing = self.climate.daily_swing_degc * np.cos((solar_hour - 14.5) * (np.pi / 12.0))
        return np.asarray(_monthly(self.climate.monthly_mean_degc, at) + swing)

    def temperature_degc(self, at: Ints) -> Floats:
        """Air temperature: the usual one and departures that last for days and for hours."""
        days = at / DAY_S
        departure = (
            0.7 * smooth(key(self.seed, "temperature", 6), days / 6.0)
            + 0.6 * smooth(key(self.seed, "temperature", 2), days / 2.0)
            + 0.38 * smooth(key(self.seed, "temperature", 0), days * 6.0)
        )
        return np.asarray(
            self.normal_temperature_degc(at) + self.climate.weather_noise_degc * departure
        )

    def cloud_fraction(self, at: Ints) -> Floats:
        """Share of the sky that is covered, 0 to 1; bad weather lasts for a day or two."""
        days = at / DAY_S
        noise = 0.85 * smooth(key(self.seed, "cloud", 1), days / 1.3) + 0.53 * smooth(
            key(self.seed, "cloud", 0), days * 8.0
        )
        mean = _monthly(self.climate.monthly_mean_cloud_fraction, at)
        return np.asarray(np.clip(mean + self.climate.cloud_noise_fraction * noise, 0.0, 1.0))

    def sun(self, at: Ints) -> Sun:
        """The sun's place by Spencer's series [1]; better than half a degree."""
        angle = _year_angle(at)
        declination = _declination_rad(angle)
        hours = (at / 3600.0) % 24.0 + self.longitude / 15.0 + _equation_of_time_h(angle)
        turn = (hours - 12.0) * (np.pi / 12.0)
        latitude = np.radians(self.latitude)
        sin_elevation = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(
            declination
        ) * np.cos(turn)
        east = -np.cos(declination) * np.sin(turn)
        north = np.cos(latitude) * np.sin(declination) - np.sin(latitude) * np.cos(
            declination
        ) * np.cos(turn)
        return Sun(np.asarray(sin_elevation), np.arctan2(east, north))

    def horizontal_w_m2(self, at: Ints, sun: Sun) -> Floats:
        """Global irradiance on the ground: clear sky [2], less what clouds take [3]; 0 at night."""
        sine = np.maximum(sun.sin_elevation, 1e-6)
        clear = np.where(sun.sin_elevation > 0, 1098.0 * sine * np.exp(-0.057 / sine), 0.0)
        return np.asarray(clear * (1.0 - 0.75 * self.cloud_fraction(at) ** 3.4))

    def plane_w_m2(
        self, at: Ints, sun: Sun, horizontal_w_m2: Floats, tilt_deg: float, azimuth_deg: float
    ) -> Floats:
        """Irradiance on a tilted plane from the horizontal one.

        Diffuse share by the clearness index [4], beam by geometry, an equally bright sky and
        ground [5]. 0 at night.
        """
        sine = np.maximum(sun.sin_elevation, _LOWEST_SIN_ELEVATION)
        extraterrestrial = _SOLAR_CONSTANT_W_M2 * (1 + 0.033 * np.cos(_year_angle(at))) * sine
        diffuse = horizontal_w_m2 * _diffuse_fraction(horizontal_w_m2 / extraterrestrial)
        tilt = np.radians(tilt_deg)
        incidence = sun.sin_elevation * np.cos(tilt) + np.sqrt(
            np.maximum(1.0 - sun.sin_elevation**2, 0.0)
        ) * np.sin(tilt) * np.cos(sun.azimuth_rad - np.radians(azimuth_deg))
        beam = (horizontal_w_m2 - diffuse) / sine * np.maximum(incidence, 0.0)
        sky = diffuse * (1.0 + np.cos(tilt)) / 2.0
        ground = horizontal_w_m2 * self.climate.albedo * (1.0 - np.cos(tilt)) / 2.0
        return np.asarray(np.where(horizontal_w_m2 > 0, beam + sky + ground, 0.0))


def dark_fraction(elevation_deg: Floats, threshold_deg: float) -> Floats:
    """Share of each step between n + 1 elevations in which the sun is below the threshold."""
    low = np.minimum(elevation_deg[:-1], elevation_deg[1:])
    high = np.maximum(elevation_deg[:-1], elevation_deg[1:])
    part = (threshold_deg - low) / np.maximum(high - low, 1e-9)
    return np.asarray(np.clip(part, 0.0, 1.0))


def _year_angle(at: Ints) -> Floats:
    return np.asarray(2.0 * np.pi * (((at - _YEAR_2000_S) / _YEAR_S) % 1.0))


def _monthly(values: tuple[float, ...], at: Ints) -> Floats:
    """Monthly means as a curve through the middle of the months."""
    part = ((at - _YEAR_2000_S) / _YEAR_S) % 1.0
    middles = (np.arange(12) + 0.5) / 12.0
    return np.asarray(np.interp(part, middles, np.asarray(values), period=1.0))


def _declination_rad(angle: Floats) -> Floats:
    return np.asarray(
        0.006918
        - 0.399912 * np.cos(angle)
        + 0.070257 * np.sin(angle)
        - 0.006758 * np.cos(2 * angle)
        + 0.000907 * np.sin(2 * angle)
        - 0.002697 * np.cos(3 * angle)
        + 0.00148 * np.sin(3 * angle)
    )


def _equation_of_time_h(angle: Floats) -> Floats:
    radians = (
        0.000075
        + 0.001868 * np.cos(angle)
        - 0.032077 * np.sin(angle)
        - 0.014615 * np.cos(2 * angle)
        - 0.040849 * np.sin(2 * angle)
    )
    return np.asarray(radians * (12.0 / np.pi))


def _diffuse_fraction(clearness: Floats) -> Floats:
    k = np.clip(clearness, 0.0, 1.0)
    middle = 0.9511 - 0.1604 * k + 4.388 * k**2 - 16.638 * k**3 + 12.336 * k**4
    return np.asarray(np.where(k <= 0.22, 1.0 - 0.09 * k, np.where(k > 0.8, 0.165, middle)))
