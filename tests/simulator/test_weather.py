"""The invented weather is believable, the sun is real, and nothing depends on the window."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from collectors.simulator.parameters import Parameters
from collectors.simulator.weather import Weather, dark_fraction

YEAR_S = np.arange(
    int(datetime(2023, 1, 1, tzinfo=UTC).timestamp()),
    int(datetime(2024, 1, 1, tzinfo=UTC).timestamp()),
    900,
)


@pytest.fixture
def weather(parameters: Parameters) -> Weather:
    return Weather(parameters.climate, 2007, 44.1, 9.8)


def at(text: str) -> np.ndarray:
    return np.array([int(datetime.fromisoformat(text).timestamp())])


@pytest.mark.parametrize(
    ("when", "elevation_deg"),
    [
        # 90 - latitude + declination at true noon; declination 23.44 at solstices, 0 at equinoxes.
        # Noon at 9.8 E is 12:00 - 0:39 UTC, less the equation of time (-2, +7 and -2 minutes).
        ("2023-06-21T11:23+00:00", 90 - 44.1 + 23.44),
        ("2023-03-20T11:28+00:00", 90 - 44.1),
        ("2023-12-21T11:19+00:00", 90 - 44.1 - 23.44),
    ],
)
def test_sun_stands_where_astronomy_puts_it(
    weather: Weather, when: str, elevation_deg: float
) -> None:
    sun = weather.sun(at(when))

    assert sun.elevation_deg[0] == pytest.approx(elevation_deg, abs=0.5)
    assert np.degrees(sun.azimuth_rad[0]) % 360 == pytest.approx(180, abs=2)


def test_sun_rises_in_the_east_and_sets_in_the_west(weather: Weather) -> None:
    morning, evening = (
        weather.sun(at("2023-03-20T06:00+00:00")),
        weather.sun(at("2023-03-20T17:00+00:00")),
    )

    assert np.degrees(morning.azimuth_rad[0]) == pytest.approx(97, abs=4)
    assert np.degrees(evening.azimuth_rad[0]) % 360 == pytest.approx(263, abs=4)


def test_months_have_the_mean_temperature_of_the_climate(
    weather: Weather, parameters: Parameters
) -> None:
    means = weather.temperature_degc(YEAR_S)
    months = np.array([datetime.fromtimestamp(s, tz=UTC).month for s in YEAR_S])

    for month, usual in enumerate(parameters.climate.monthly_mean_degc, start=1):
        assert means[months == month].mean() == pytest.approx(usual, abs=2.5)
    assert -6 < means.min() < 3
    assert 29 < means.max() < 38


def test_afternoons_are_warmer_than_nights(weather: Weather) -> None:
    hour = (YEAR_S // 3600) % 24
    temperature = weather.temperature_degc(YEAR_S)

    assert temperature[hour == 14].mean() - temperature[hour == 3].mean() == pytest.approx(6, abs=1)


def test_weather_lasts_for_days(weather: Weather) -> None:
    departure = weather.temperature_degc(YEAR_S) - weather.normal_temperature_degc(YEAR_S)
    daily = departure.reshape(-1, 96).mean(axis=1)

    assert np.corrcoef(daily[:-1], daily[1:])[0, 1] > 0.5
    assert abs(np.corrcoef(daily[:-30], daily[30:])[0, 1]) < 0.3


def test_no_sun_at_night_and_never_more_than_the_sky_gives(weather: Weather) -> None:
    sun = weather.sun(YEAR_S)
    horizontal = weather.horizontal_w_m2(YEAR_S, sun)
    plane = weather.plane_w_m2(YEAR_S, sun, horizontal, 25, 180)
    night = sun.sin_elevation <= 0

    assert night.any()
    assert (horizontal[night] == 0).all()
    assert (plane[night] == 0).all()
    assert 900 < horizontal.max() < 1050
    assert (plane >= 0).all()
    assert plane.max() < 1250


def test_lamps_burn_some_4200_hours_a_year(weather: Weather) -> None:
    edges = np.append(YEAR_S, YEAR_S[-1] + 900)
    dark_h = dark_fraction(weather.sun(edges).elevation_deg, -1.5).sum() / 4

    assert 4000 < dark_h < 4250  # operating hours of the ENEA census


def test_any_window_gives_the_same_weather(weather: Weather) -> None:
    whole = weather.temperature_degc(YEAR_S)
    part = weather.temperature_degc(YEAR_S[5000:5010])

    assert (part == whole[5000:5010]).all()
    assert (weather.cloud_fraction(YEAR_S[7:9]) == weather.cloud_fraction(YEAR_S)[7:9]).all()


def test_another_seed_is_another_weather(parameters: Parameters) -> None:
    one, other = (
        Weather(parameters.climate, seed, 44.1, 9.8).temperature_degc(YEAR_S) for seed in (1, 2)
    )

    assert abs(one - other).mean() > 0.5
