"""Open-Meteo CSV: hourly temperature (and irradiance) of a place.

::

    latitude,longitude,elevation,utc_offset_seconds,timezone,timezone_abbreviation
    44.094902,9.821429,3.0,3600,Europe/Rome,GMT+1
                                                     blocks, each with a title row: 15 minutes,
    time,temperature_2m (°C),shortwave_radiation (W/m²)                   hourly, daily …
    2025-01-01T00:00,7.4,0.0

Times are UTC plus ``utc_offset_seconds`` in the whole file, also beyond a change of the clocks,
as the program that writes it does (open-meteo, ForecastapiResultSet, CSV writer); with
``timeformat=unixtime`` they are Unix seconds. A temperature is that of the instant, radiation the
mean of the hour before (Open-Meteo's documentation), and is kept under the hour's start.

The file does not say where its radiation is from. That of the satellite API (which may come
without temperatures) is told by a mapping file with ``irradiance_from: satellite``, and kept at the
middle of its hour in a point of its own; all other is taken for that of a weather model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from paes.climate.weather import (
    GLOBAL_IRRADIANCE,
    HOUR_S,
    OUTDOOR_TEMPERATURE,
    SATELLITE_IRRADIANCE,
    imported_weather,
)
from paes.errors import DataError
from paes.imports.batch import Batch, Context, SourceFile
from paes.imports.tables.sheets import Cell, Sheet, parse_number, place
from paes.imports.weather.weather_files import (
    TO_DEGC,
    WeatherValues,
    first_text,
    headed,
    is_blank,
    only_sheet,
    require_nearby,
    timed_rows,
    weather_values,
)
from paes.metering import Finding
from paes.periods import Clock, now_utc, to_seconds

_TITLE = re.compile(r"(?P<name>\w+) \((?P<unit>[^)]*)\)")
_UNIX = re.compile(r"\d{9,10}")
_FROM = "irradiance_from"
"""The key of a mapping file that says where the radiation is from."""
_TEMPERATURE, _RADIATION = "temperature_2m", "shortwave_radiation"


@dataclass(frozen=True)
class _Block:
    """A title row and the rows below it, up to an empty one."""

    title: int
    end: int


class OpenMeteo:
    """The importer; ``clock`` says what has not been measured yet."""

    name = "open-meteo"
    summary = "hourly weather of a place, CSV of open-meteo.com"

    def __init__(self, clock: Clock = now_utc) -> None:
        self._clock = clock

    def recognises(self, file: SourceFile) -> bool:
        """By its title row."""
        first = first_text(file).splitlines()[:1]
        return bool(first) and "utc_offset_seconds" in first[0] and "latitude" in first[0]

    def read(self, file: SourceFile, context: Context) -> Batch:
        """Temperatures and irradiance; DataError if it is of several places, or of a far one."""
        sheet = only_sheet(file)
        offset_s = _place_and_offset(file, sheet, context)
        block = _hourly(file, sheet, _RADIATION if _is_satellite(context) else _TEMPERATURE)
        values = weather_values(self._clock())
        findings = _read(sheet, block, offset_s, values, file, context)
        return values.batch(file, context, findings)


def _place_and_offset(file: SourceFile, sheet: Sheet, context: Context) -> int:
    """How many seconds the file's times are ahead of UTC, once its place is found near."""
    titles = ["" if cell is None else str(cell) for cell in sheet.rows[0]]
    if "location_id" in titles:
        raise DataError(f"{file.name}: of several places; expected a file of one (ask for one)")
    if len(sheet.rows) < 2 or is_blank(sheet.rows[1]):
        raise DataError(f"{file.name}: line 2 is empty; expected latitude, longitude, offset …")
    found: dict[str, float] = {}
    for title in ("latitude", "longitude", "utc_offset_seconds"):
        if title not in titles:
            raise DataError(f"{file.name}: line 1 has no {title!r}; is it cut off?")
        column = titles.index(title)
        where = f"{file.name}: {place(sheet, 1, column)}"
        found[title] = parse_number(sheet.rows[1][column], where, ".")
    require_nearby(file, context, found["latitude"], found["longitude"])
    return round(found["utc_offset_seconds"])


def _is_satellite(context: Context) -> bool:
    """Whether the mapping file says that a satellite saw the clouds; DataError for another word."""
    told = (context.mapping or {}).get(_FROM)
    if told not in (None, "satellite", "model"):
        raise DataError(f"{_FROM}: {told!r} in the mapping file; expected satellite or model")
    return told == "satellite"


def _hourly(file: SourceFile, sheet: Sheet, wanted: str) -> _Block:
    """The block with what is wanted: the hourly one comes after that of quarter hours."""
    blocks = [b for b in _blocks(sheet) if _column(sheet, b, wanted) is not None]
    if not blocks:
        seen = "; ".join(headed(sheet, b.title) for b in _blocks(sheet)) or "no table at all"
        raise DataError(
            f"{file.name}: no hourly {wanted}; expected hourly={wanted} to be asked"
            f" for, seen {seen}"
        )
    return blocks[-1]


def _blocks(sheet: Sheet) -> list[_Block]:
    """Every table below the place."""
    starts = [n for n, row in enumerate(sheet.rows) if n > 1 and row[0] == "time"]
    ends = [*starts, len(sheet.rows)][1:]
    return [_Block(start, end) for start, end in zip(starts, ends, strict=True)]


def _column(sheet: Sheet, block: _Block, name: str) -> tuple[int, str] | None:
    """The column of a variable and its unit."""
    for column, cell in enumerate(sheet.rows[block.title]):
        match = _TITLE.fullmatch(str(cell or ""))
        if match and match["name"] == name:
            return column, match["unit"]
    return None


def _read(
    sheet: Sheet,
    block: _Block,
    offset_s: int,
    values: WeatherValues,
    file: SourceFile,
    context: Context,
) -> list[Finding]:
    temperature = _column(sheet, block, _TEMPERATURE)
    radiation = _column(sheet, block, _RADIATION)
    if temperature and temperature[1] not in TO_DEGC:
        where = f"{file.name}: {place(sheet, block.title, temperature[0])}"
        raise DataError(f"{where}: temperature in {temperature[1]!r}; expected °C or °F")
    if radiation and radiation[1] != "W/m²":
        radiation = None
    hours = timed_rows(
        values, sheet, block.title, block.end, lambda cell: _second(cell, offset_s),
        "2025-01-31T23:00",
    )  # fmt: skip
    for row, second in hours:
        if temperature:
            cell, where = sheet.rows[row][temperature[0]], place(sheet, row, temperature[0])
            values.take(where, OUTDOOR_TEMPERATURE, second, cell, TO_DEGC[temperature[1]])
        if radiation:
            cell, where = sheet.rows[row][radiation[0]], place(sheet, row, radiation[0])
            taken = values.take(where, GLOBAL_IRRADIANCE, second - HOUR_S, cell, float)
            if taken and _is_satellite(context):
                values.take(where, SATELLITE_IRRADIANCE, second - HOUR_S // 2, cell, float)
    unit = temperature[1] if temperature else "°C"
    if unit in ("°C", "degC"):
        return []
    subject = imported_weather(context.city.id)
    text = f"{file.name}: temperatures are in {unit}; they were converted to degC"
    return [Finding("weather.converted", subject, text)]


def _second(cell: Cell, offset_s: int) -> int | None:
    """Unix seconds of a time as the file writes it; None if it is none."""
    if isinstance(cell, datetime):
        return to_seconds(cell.replace(tzinfo=UTC)) - offset_s
    text = str(cell or "")
    if _UNIX.fullmatch(text):
        return int(text)
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return None
    if local.tzinfo is not None or "T" not in text:
        return None
    return to_seconds(local.replace(tzinfo=UTC)) - offset_s


IMPORTER = OpenMeteo()
