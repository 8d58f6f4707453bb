"""Irradiance from files: what a satellite saw, a pyranometer measured, or a model made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from paes.config import load_installation
from paes.errors import DataError
from paes.imports.batch import Batch, Context, SourceFile
from paes.imports.weather.open_meteo import OpenMeteo
from paes.imports.weather.pvgis import Pvgis
from paes.imports.weather.weather_table import WeatherTable
from paes.shipped_files import shipped_config

MODEL, SATELLITE, MEASURED = (
    f"la-spezia.weather/{name}_irradiance" for name in ("global", "satellite", "measured")
)
PVGIS = """\
Latitude (decimal degrees):\t44.102
Longitude (decimal degrees):\t9.824
Radiation database:\t{database}
Slope: 0 deg.

time,{columns},H_sun,T2m,WS10m,Int
20230601:1011,{values},50.0,21.40,1.5,0.0
{night}
"""
OPEN_METEO = """\
latitude,longitude,elevation,utc_offset_seconds,timezone,timezone_abbreviation
44.102,9.824,3.0,0,GMT,GMT

time,shortwave_radiation (W/m²)
2025-06-01T11:00,712.0
"""
STATION = "Ora;Radiazione\n01/06/2025 10:00;712,5\n"
MAPPING = {
    "place": [44.107, 9.828],
    "time": "Ora",
    "time_zone": "UTC",
    "irradiance": "Radiazione",
    "irradiance_from": "measured",
}
Format = OpenMeteo | Pvgis | WeatherTable


def now() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def context() -> Context:
    installation = load_installation(shipped_config())
    return Context(installation, installation.city("la-spezia"))


def read(
    importer: Format, text: str, context: Context, mapping: Mapping[str, Any] | None = None
) -> Batch:
    file = SourceFile(Path("file.csv"), text.encode(), "0")
    return importer.read(file, replace(context, mapping=mapping))


def told(batch: Batch, point: str) -> dict[str, float]:
    series = batch.series[point]
    return {
        f"{datetime.fromtimestamp(s, UTC):%H:%M}": v
        for s, v in zip(series.seconds.tolist(), series.values.tolist(), strict=True)
    }


def pvgis(database: str, columns: str = "G(i)", values: str = "700.0") -> str:
    zeros = ",".join("0.0" for _ in columns.split(","))
    night = "".join(f"20230601:{hour}11,{zeros},0.0,15.00,1.5,0.0\n" for hour in range(20, 24))
    return PVGIS.format(database=database, columns=columns, values=values, night=night)


@pytest.mark.parametrize("database", ["PVGIS-SARAH3", "PVGIS-SARAH2", "PVGIS-NSRDB", "PVGIS-CMSAF"])
def test_what_a_satellite_saw_is_kept_at_its_minute(database: str, context: Context) -> None:
    batch = read(Pvgis(now), pvgis(database), context)
    assert told(batch, SATELLITE)["10:11"] == 700.0
    assert told(batch, MODEL)["10:00"] == 700.0


@pytest.mark.parametrize("database", ["PVGIS-ERA5", "PVGIS-COSMO"])
def test_a_weather_model_is_no_satellite(database: str, context: Context) -> None:
    assert SATELLITE not in read(Pvgis(now), pvgis(database), context).series


def test_the_parts_of_the_light_make_it_together(context: Context) -> None:
    text = pvgis("PVGIS-SARAH3", "Gb(i),Gd(i),Gr(i)", "500.5,190.0,10.0")
    assert told(read(Pvgis(now), text, context), SATELLITE)["10:11"] == 700.5


def test_irradiance_that_cannot_be_is_refused_once(context: Context) -> None:
    batch = read(Pvgis(now), pvgis("PVGIS-SARAH3", values="2000.0"), context)
    assert [r.message for r in batch.refused] == ["2000 W/m2 cannot be; expected 0 to 1500"]


def test_open_meteo_is_a_model_unless_a_mapping_says_satellite(context: Context) -> None:
    """The mean of 10 to 11 o'clock stands at its middle; satellites tell no temperature."""
    batch = read(OpenMeteo(now), OPEN_METEO, context, {"irradiance_from": "satellite"})
    assert told(batch, SATELLITE) == {"10:30": 712.0}
    with pytest.raises(DataError, match="no hourly temperature_2m"):
        read(OpenMeteo(now), OPEN_METEO, context)
    with pytest.raises(DataError, match="irradiance_from: 'moon' in the mapping file; expected"):
        read(OpenMeteo(now), OPEN_METEO, context, {"irradiance_from": "moon"})


@pytest.mark.parametrize(
    ("origin", "point", "at"),
    [("measured", MEASURED, "10:30"), ("satellite", SATELLITE, "10:30"), ("model", MODEL, "10:00")],
)
def test_a_table_says_where_its_irradiance_is_from(
    origin: str, point: str, at: str, context: Context
) -> None:
    mapping = {**MAPPING, "irradiance_from": origin}
    batch = read(WeatherTable(now), STATION, context, mapping)
    assert set(batch.series) == {point}
    assert told(batch, point) == {at: 712.5}


@pytest.mark.parametrize(
    ("left_out", "message"),
    [
        (("irradiance_from",), r"irradiance: and irradiance_from: .* go together"),
        (("irradiance", "irradiance_from"), "expected temperature:, or irradiance:, or both"),
    ],
)
def test_a_mapping_that_does_not_say_it_is_refused(
    left_out: tuple[str, ...], message: str, context: Context
) -> None:
    mapping = {key: value for key, value in MAPPING.items() if key not in left_out}
    with pytest.raises(DataError, match=message):
        read(WeatherTable(now), STATION, context, mapping)
