"""Weather from files: Open-Meteo, PVGIS and any table; what is wrong with each, in full.

The samples have the layout of the programs that write them, with invented values.
"""

from __future__ import annotations

import hashlib
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
from paes.imports.weather.weather_files import great_circle_km
from paes.imports.weather.weather_table import WeatherTable
from paes.metering import Quality
from paes.series import CODE_OF
from paes.shipped_files import shipped_config

SAMPLES = Path(__file__).parent / "samples" / "weather"
TEMPERATURE = "la-spezia.weather/outdoor_temperature"
TYPICAL = "la-spezia.weather/typical_outdoor_temperature"
IRRADIANCE = "la-spezia.weather/global_irradiance"
Format = OpenMeteo | Pvgis | WeatherTable
STATION = {
    "place": [44.107, 9.828],
    "time": "Data e ora",
    "time_zone": "Europe/Rome",
    "temperature": "Temperatura (°C)",
}


def now() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def context() -> Context:
    installation = load_installation(shipped_config())
    return Context(installation, installation.city("la-spezia"))


def sample(name: str) -> SourceFile:
    path = SAMPLES / name
    data = path.read_bytes()
    return SourceFile(path, data, hashlib.sha256(data).hexdigest())


def read(
    importer: Format, name: str, context: Context, mapping: Mapping[str, Any] | None = None
) -> Batch:
    return importer.read(sample(name), replace(context, mapping=mapping))


def told(batch: Batch, point: str = TEMPERATURE) -> dict[str, float]:
    series = batch.series[point]
    return {
        f"{datetime.fromtimestamp(s, UTC):%Y-%m-%d %H:%M}": v
        for s, v in zip(series.seconds.tolist(), series.values.tolist(), strict=True)
    }


def refused(batch: Batch) -> list[str]:
    return [f"{r.place}: {r.message}" for r in batch.refused]


def test_each_format_knows_its_own_files_and_no_other() -> None:
    names = sorted(p.name for p in SAMPLES.iterdir())
    assert len(names) > 15
    for name in names:
        file = sample(name)
        assert OpenMeteo().recognises(file) is name.startswith("open-meteo"), name
        assert Pvgis().recognises(file) is name.startswith("pvgis"), name
        assert not WeatherTable().recognises(file)
    nothing = SourceFile(Path("x.csv"), b"", "")
    assert not OpenMeteo().recognises(nothing)
    assert not Pvgis().recognises(nothing)


def test_open_meteo_keeps_one_offset_over_a_change_of_the_clocks(context: Context) -> None:
    """48 rows from 29 March 2025, 00:00 at UTC+1, on; clocks went forward on the 30th."""
    batch = read(OpenMeteo(now), "open-meteo.csv", context)
    found = told(batch)
    assert len(found) == 48
    assert found["2025-03-28 23:00"] == 9.2  # the first row: 00:00 at UTC+1
    assert found["2025-03-30 01:00"] == found["2025-03-29 01:00"] == 8.1  # rows of 02:00
    assert list(found)[-1] == "2025-03-30 22:00"
    assert batch.refused == ()
    assert batch.findings == ()


def test_radiation_of_the_hour_before_is_kept_under_its_start(context: Context) -> None:
    found = told(read(OpenMeteo(now), "open-meteo.csv", context), IRRADIANCE)
    assert found["2025-03-29 11:00"] == 600.0  # the row of 13:00 at UTC+1 is of 11 to 12 UTC
    assert next(iter(found)) == "2025-03-28 22:00"


def test_the_daily_block_below_is_left_alone(context: Context) -> None:
    assert "16.0" in sample("open-meteo.csv").data.decode()
    assert len(read(OpenMeteo(now), "open-meteo.csv", context).series[TEMPERATURE]) == 48


def test_fahrenheit_is_converted_and_said(context: Context) -> None:
    batch = read(OpenMeteo(now), "open-meteo-fahrenheit.csv", context)
    assert list(told(batch).values()) == pytest.approx([5.0, -10.0])  # 41 and 14 degF
    assert [f.message for f in batch.findings] == [
        "open-meteo-fahrenheit.csv: temperatures are in °F; they were converted to degC"
    ]


def test_unix_times_need_no_offset(context: Context) -> None:
    """1735686000 is 31 December 2024, 23:00 UTC (date -u -d @1735686000)."""
    found = told(read(OpenMeteo(now), "open-meteo-unixtime.csv", context))
    assert found == {"2024-12-31 23:00": 7.5, "2025-01-01 00:00": 7.0}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "open-meteo-places.csv",
            "open-meteo-places.csv: of several places; expected a file of one (ask for one)",
        ),
        (
            "open-meteo-far.csv",
            (
                "open-meteo-far.csv: it is of 45.07 N 7.69 E, 200 km from La Spezia; expected at"
                " most 50 km (another city: paes --city ID)"
            ),
        ),
        (
            "open-meteo-daily.csv",
            (
                "open-meteo-daily.csv: no hourly temperature_2m; expected hourly=temperature_2m to"
                " be asked for, seen time, temperature_2m_max (°C), temperature_2m_min (°C)"
            ),
        ),
        (
            "open-meteo-head-only.csv",
            "open-meteo-head-only.csv: line 2 is empty; expected latitude, longitude, offset …",
        ),
        (
            "open-meteo-no-offset.csv",
            (
                "open-meteo-no-offset.csv: line 2, column 4: expected a number with a decimal"
                " point, seen 'ora'"
            ),
        ),
        (
            "open-meteo-kelvin.csv",
            "open-meteo-kelvin.csv: line 4, column 2: temperature in 'Ra'; expected °C or °F",
        ),
        (
            "open-meteo-nothing.csv",
            "open-meteo-nothing.csv: not one temperature could be read",
        ),
    ],
)
def test_what_no_temperature_can_be_had_of_is_refused_whole(
    name: str, message: str, context: Context
) -> None:
    with pytest.raises(DataError) as caught:
        read(OpenMeteo(now), name, context)
    assert str(caught.value) == message


def test_wrong_rows_are_refused_with_their_line_and_the_others_are_taken(context: Context) -> None:
    batch = read(OpenMeteo(now), "open-meteo-rows.csv", context)
    assert told(batch) == {"2024-12-31 23:00": 7.0}
    assert refused(batch) == [
        "line 6: time '01/01/2025 01:00'; expected e.g. 2025-01-31T23:00",
        "line 8, column 2: 71 degC cannot be; expected -50 to 55",
        "line 9, column 2: expected a number with a decimal point, seen 'sette'",
        (
            "line 10, column 2: 2024-12-31 23:00 UTC stands there twice, with 7 and 8; the first"
            " was taken"
        ),
        "line 11, column 2: 2098-12-31 23:00 UTC is not over yet; a forecast is not measured",
    ]
    assert [(f.name, f.message) for f in batch.findings] == [
        (
            "weather.values_missing",
            "open-meteo-rows.csv: 2 values are not there; they stay missing",
        )
    ]


def test_pvgis_hours_are_utc_and_end_above_the_explanations(context: Context) -> None:
    batch = read(Pvgis(now), "pvgis-hourly.csv", context)
    found = told(batch)
    assert len(found) == 24
    assert found["2023-10-29 14:11"] == 17.0  # 14 + 3 degC at 14 h, as the sample was made
    assert told(batch, IRRADIANCE)["2023-10-29 12:00"] == 300.0  # of 12:11, under its hour
    assert batch.refused == ()


def test_irradiance_of_a_tilted_plane_is_not_taken(context: Context) -> None:
    batch = read(Pvgis(now), "pvgis-tilted.csv", context)
    assert set(batch.series) == {TEMPERATURE}


def test_a_typical_year_is_refused_unless_it_was_asked_for(context: Context) -> None:
    with pytest.raises(DataError) as caught:
        read(Pvgis(now), "pvgis-tmy.csv", context)
    assert str(caught.value) == (
        "pvgis-tmy.csv: a typical year, made of months of many years; it is no year's weather. To"
        " fill what nobody measured in 2025 with it, write typical_year: 2025 in a mapping file"
        " (--format pvgis --map FILE)"
    )
    with pytest.raises(DataError, match=r"typical_year: 'x' in the mapping file; expected a year"):
        read(Pvgis(now), "pvgis-tmy.csv", context, {"typical_year": "x"})


def test_a_typical_year_that_was_asked_for_is_marked_as_substituted(context: Context) -> None:
    batch = read(Pvgis(now), "pvgis-tmy.csv", context, {"typical_year": 2025})
    assert set(batch.series) == {TYPICAL}  # it may not overwrite what was measured
    series = batch.series[TYPICAL]
    assert told(batch, TYPICAL)["2025-01-01 14:00"] == 9.0
    assert set(series.codes.tolist()) == {CODE_OF[Quality.SUBSTITUTED]}
    assert refused(batch) == ["line 43: time '20080229:0000'; expected e.g. 20250131:2300"]
    assert [f.name for f in batch.findings] == ["weather.typical_year"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "pvgis-no-temperature.csv",
            "pvgis-no-temperature.csv: line 9: no column T2m; it has time, G(i), H_sun, WS10m, Int",
        ),
        (
            "pvgis-monthly.csv",
            (
                "pvgis-monthly.csv: no table of hours (a line that begins with time); expected the"
                " hourly data or the typical year of PVGIS, not a monthly result"
            ),
        ),
        (
            "pvgis-headless.csv",
            (
                "pvgis-headless.csv: no line 'Longitude (decimal degrees):'; is the head of the"
                " file cut off?"
            ),
        ),
    ],
)
def test_what_is_no_hourly_pvgis_file_is_refused_whole(
    name: str, message: str, context: Context
) -> None:
    with pytest.raises(DataError) as caught:
        read(Pvgis(now), name, context)
    assert str(caught.value) == message


def test_wrong_rows_of_pvgis_are_refused_with_their_line(context: Context) -> None:
    batch = read(Pvgis(now), "pvgis-rows.csv", context)
    assert told(batch) == {"2023-10-29 00:11": 14.0, "2023-10-29 02:11": 13.8}
    assert refused(batch) == [
        "line 11: time '2023-10-29 01:11'; expected e.g. 20250131:2300",
        "line 12, column 2: 2000 W/m2 cannot be; expected 0 to 1500",
        "line 13, column 4: -99 degC cannot be; expected -50 to 55",
    ]


def test_a_table_by_a_mapping_knows_both_changes_of_the_clocks(context: Context) -> None:
    batch = read(WeatherTable(now), "station.csv", context, STATION)
    assert told(batch) == {
        "2024-10-26 21:00": 15.2,
        "2024-10-26 22:00": 15.0,
        "2024-10-26 23:00": 14.8,
        "2024-10-27 00:00": 14.6,  # 02:00, the first
        "2024-10-27 01:00": 14.4,  # 02:00, the second
        "2024-10-27 02:00": 14.2,
        "2025-03-30 01:00": 9.1,
    }
    assert refused(batch) == [
        "line 10: time '30/03/2025 02:00' does not exist in Europe/Rome: clocks skip it",
        "line 12: time '31/13/2025 03:00'; expected e.g. 31/01/2025 23:00 (or say time_format)",
    ]


def test_a_time_may_be_that_of_the_end_of_the_hour_and_of_a_fixed_offset(context: Context) -> None:
    mapping = {**STATION, "time_zone": "UTC+1", "stamp": "end"}
    found = told(read(WeatherTable(now), "station.csv", context, mapping))
    assert found["2024-10-26 21:00"] == 15.2  # 23:00 at UTC+1 is the end of 21 to 22 UTC
    assert found["2025-03-30 00:00"] == 9.0  # an hour that exists where clocks do not change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {},
            (
                "station.csv: which column is the temperature? expected a mapping file (--map) with"
                " place, time, time_zone and temperature"
            ),
        ),
        ({"unit": "R"}, "mapping file: unit: unit 'R'; expected degC, degF or K"),
        (
            {"time": None},
            "mapping file: expected time: (one column), or day: and hour: (two columns)",
        ),
        ({"colour": "red"}, "mapping file: colour: Extra inputs are not permitted"),
        (
            {"temperature": "T"},
            (
                "station.csv: no row has all of the titles 'T', 'Data e ora'; the first has"
                " Stazione, La Spezia"
            ),
        ),
        ({"time_zone": "Rome"}, "unknown time zone 'Rome'"),
        ({"sheet": "Dati"}, "station.csv: sheet 'Dati' is not there; expected one of ''"),
        (
            {"place": [45.46, 9.19]},
            (
                "station.csv: it is of 45.46 N 9.19 E, 159 km from La Spezia; expected at most 50"
                " km (another city: paes --city ID)"
            ),
        ),
    ],
)
def test_a_mapping_that_does_not_fit_says_so(
    change: dict[str, Any], message: str, context: Context
) -> None:
    mapping = {k: v for k, v in {**STATION, **change}.items() if v is not None} if change else None
    with pytest.raises(DataError) as caught:
        read(WeatherTable(now), "station.csv", context, mapping)
    assert str(caught.value).startswith(message)


def test_distances_are_those_of_a_map() -> None:
    """Milan to Rome: 477 km as the crow flies (any atlas)."""
    assert great_circle_km(45.4642, 9.19, 41.9028, 12.4964) == pytest.approx(477, abs=2)


def test_a_blank_line_within_the_hours_hides_nothing(context: Context) -> None:
    for name, importer in (("open-meteo.csv", OpenMeteo(now)), ("pvgis-hourly.csv", Pvgis(now))):
        whole = sample(name)
        lines = whole.data.decode().splitlines(keepends=True)
        lines.insert(20, "\n")
        spoilt = replace(whole, data="".join(lines).encode())
        assert told(importer.read(spoilt, context)) == told(importer.read(whole, context))


def test_a_row_that_lacks_a_cell_is_refused(context: Context) -> None:
    """Each cell behind it would be taken for that of the next column: wind for temperature."""
    whole = sample("pvgis-hourly.csv")
    spoilt = whole.data.replace(b"20231029:1011,150.0,0.0,15.50", b"20231029:1011,0.0,15.50")
    assert spoilt != whole.data
    batch = Pvgis(now).read(replace(whole, data=spoilt), context)
    assert refused(batch) == ["line 20: 5 cells under 6 titles; expected as many"]
