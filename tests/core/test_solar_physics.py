"""The sun and the plants under it, against published examples and hand calculation."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from paes.metering import Quality
from paes.periods import to_seconds
from paes.series import CODE_OF, Floats, ReadingSeries
from paes.solar.irradiance import hourly_w_m2
from paes.solar.physics import (
    Irradiance,
    Plane,
    PlantModel,
    ac_kw,
    cell_degc,
    clear_kw,
    plane_w_m2,
    split,
    sun_course,
)

SOUTH = Plane(20.0, 180.0)
PLACE = (44.10, 9.82)
YEAR_S = to_seconds(datetime(2025, 1, 1, tzinfo=UTC)) + 3600 * np.arange(8760, dtype=np.int64)


def plant(peak_kw: float = 20.0, most_ac_kw: float | None = None) -> PlantModel:
    return PlantModel(peak_kw, SOUTH, -0.004, 0.14, 0.96, 0.2, most_ac_kw)


def test_the_sun_stands_where_the_published_example_has_it() -> None:
    """Reda and Andreas 2004, table A5.1: 17 October 2003, 12:30:30 at UTC-7, Golden, Colorado.

    Azimuth 194.34024 degrees, zenith 50.11162 with refraction at 820 mbar; the true one is 0.016
    more. The example lies 1,830 m high, which moves neither by a thousandth.
    """
    at = np.array([to_seconds(datetime(2003, 10, 17, 19, 30, 30, tzinfo=UTC))])
    sun = sun_course(39.742476, -105.1786, at, 0)
    assert sun.azimuth_deg[0] == pytest.approx(194.34024, abs=0.002)
    assert sun.zenith_deg[0] == pytest.approx(50.11162 + 0.016, abs=0.003)


def test_noon_of_midsummer_is_as_high_as_geometry_has_it() -> None:
    """90 - 44.10 + 23.44 degrees on 21 June; hours are looked at in their middle."""
    day = YEAR_S[171 * 24 : 172 * 24]
    sun = sun_course(*PLACE, day, 3600)
    assert (90 - sun.zenith_deg).max() == pytest.approx(69.34, abs=0.5)
    assert sun.seconds[0] == day[0] + 1800


def test_a_clear_year_makes_what_another_way_through_pvlib_made() -> None:
    """33.3 MWh of 20 kWp, by pvlib's ModelChain.with_pvwatts for the same place and plane."""
    sun = sun_course(*PLACE, YEAR_S, 3600)
    made = clear_kw(plant(), sun, np.full(8760, 20.0))
    assert made.sum() == pytest.approx(33_300, rel=0.02)
    assert made[sun.zenith_deg > 90].max() == 0.0


def test_the_middle_of_an_hour_stands_for_it_and_its_edge_does_not() -> None:
    """Against means of five minutes of a clear June week: 2 against more than 30 W/m2."""
    hours = YEAR_S[3600:3768]
    fine = hours[0] + 300 * np.arange(168 * 12, dtype=np.int64)
    means = _on_plane(fine, 300).reshape(-1, 12).mean(axis=1)
    middle = np.sqrt(np.mean((_on_plane(hours, 3600) - means) ** 2))
    edge = np.sqrt(np.mean((_on_plane(hours, 0) - means) ** 2))
    assert middle < 5.0
    assert edge > 30.0


def _on_plane(starts_s: np.typing.NDArray[np.int64], step_s: int) -> Floats:
    sun = sun_course(*PLACE, starts_s, step_s)
    return plane_w_m2(sun, sun.clear, SOUTH, 0.2)


def test_a_plant_gives_what_the_manual_of_pvwatts_makes_of_it() -> None:
    """1,000 W/m2 at cells of 25 degC: 20 kW x 0.86 = 17.2 kW of direct current.

    Of the inverter's 20 / 0.96 kW that is z = 0.8256; its efficiency is then
    0.96 / 0.9637 x (-0.0162 z - 0.0059 / z + 0.9858) = 0.96158. The cells are
    e^(-3.635) x 1,000 + 3 = 29.39 degrees warmer than the air.
    """
    air, light = np.array([25.0 - 29.39]), np.array([1000.0])
    assert cell_degc(light, air)[0] == pytest.approx(25.0, abs=0.02)
    assert ac_kw(plant(), light, air)[0] == pytest.approx(17.2 * 0.96158, rel=1e-3)
    warm = ac_kw(plant(), light, air + 25.0)[0]
    assert warm / ac_kw(plant(), light, air)[0] == pytest.approx(0.9, abs=0.005)  # 25 x 0.4 %


def test_an_inverter_gives_no_more_than_it_can_and_an_unknown_light_nothing_known() -> None:
    made = ac_kw(plant(20.0, 10.0), np.array([1000.0, 0.0, np.nan]), np.full(3, 20.0))
    assert made[:2].tolist() == [10.0, 0.0]
    assert np.isnan(made[2])


def test_light_is_split_so_that_its_parts_make_it_again() -> None:
    """Global = diffuse + beam x cos(zenith), by the meaning of the words."""
    sun = sun_course(*PLACE, YEAR_S[3600:3624], 3600)
    told = 0.6 * sun.clear.global_w_m2
    told[5] = np.nan
    parts = split(told, sun)
    high = (sun.zenith_deg < 80) & ~np.isnan(told)
    beam = parts.beam_w_m2 * np.cos(np.radians(sun.zenith_deg))
    assert high.sum() > 10
    assert (parts.diffuse_w_m2 + beam)[high] == pytest.approx(told[high], rel=1e-6)
    assert np.isnan(plane_w_m2(sun, parts, SOUTH, 0.2)[5])


def test_a_flat_plane_sees_the_horizontal_light() -> None:
    sun = sun_course(*PLACE, YEAR_S[3600:3624], 3600)
    light = Irradiance(sun.clear.global_w_m2, sun.clear.beam_w_m2, sun.clear.diffuse_w_m2)
    flat = plane_w_m2(sun, light, Plane(0.0, 180.0), 0.2)
    high = sun.zenith_deg < 80
    assert flat[high] == pytest.approx(light.global_w_m2[high], rel=0.01)


def told_at(at: np.typing.NDArray[np.int64], values: Floats) -> ReadingSeries:
    return ReadingSeries(at, values, np.full(len(at), CODE_OF[Quality.GOOD], dtype=np.int8))


def test_irradiance_of_another_minute_is_carried_by_its_clearness() -> None:
    """PVGIS tells the 11th minute; six tenths of a clear sky there are six tenths of the hour."""
    hours = YEAR_S[3600:3648]
    at = np.concatenate([hours + 660, [hours[-1] + 4260]])
    seen = told_at(at, 0.6 * sun_course(*PLACE, at, 0).clear.global_w_m2)
    sun = sun_course(*PLACE, hours, 3600)
    hourly = hourly_w_m2(seen, sun)
    assert hourly == pytest.approx(0.6 * sun.clear.global_w_m2, abs=0.01)
    assert hourly.max() > 400


def test_an_hour_without_irradiance_on_both_sides_is_unknown() -> None:
    hours = YEAR_S[3600:3624]
    at = np.delete(hours + 1800, 12)
    sun = sun_course(*PLACE, hours, 3600)
    hourly = hourly_w_m2(told_at(at, np.full(23, 300.0)), sun)
    assert np.flatnonzero(np.isnan(hourly)).tolist() == [12]
    assert hourly[0] == 0.0  # by night
    assert hourly[11] == pytest.approx(300.0, abs=0.01)
