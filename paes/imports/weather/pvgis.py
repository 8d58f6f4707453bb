"""PVGIS CSV: hourly temperature and irradiance of past years, or of a typical one.

::

    Latitude (decimal degrees):	44.102        Latitude (decimal degrees): 44.102
    Longitude (decimal degrees):	9.824        …
    Elevation (m):	3                           month,year
    Radiation database:	PVGIS-SARAH3           1,2018   …
    Slope: 0 deg.                              time(UTC),T2m,RH,G(h),…
    time,G(i),H_sun,T2m,WS10m,Int              20180101:0000,2.04,94.38,0.0,…
    20230101:0011,0.0,0.0,9.11,1.45,0.0
    (an empty line, and an explanation of the columns)

Times are UTC. A typical year (TMY) is made of months of many years: it says nothing of any real
one, and is refused unless the mapping file says ``typical_year: 2025``; its temperatures are then
put into that year, in a point of their own (``typical_outdoor_temperature``) with quality
*substituted*, and every measurement goes before them.

``G(i)`` (or its parts ``Gb(i)``, ``Gd(i)``, ``Gr(i)``) is the irradiance on the plane that was
asked for, and is taken only with ``Slope: 0``. It is of the minute that the time tells, and kept
under its hour; if the radiation database is that of a satellite (SARAH, NSRDB, CM SAF; not ERA5 or
COSMO, which are weather models), also under its minute in a point of its own.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from paes.climate.weather import (
    GLOBAL_IRRADIANCE,
    HOUR_S,
    OUTDOOR_TEMPERATURE,
    SATELLITE_IRRADIANCE,
    TYPICAL_TEMPERATURE,
    imported_weather,
)
from paes.errors import DataError
from paes.imports.batch import Batch, Context, SourceFile
from paes.imports.tables.sheets import Cell, Sheet, parse_number, place
from paes.imports.weather.weather_files import (
    TO_DEGC,
    WeatherValues,
    column_of,
    first_text,
    headed,
    is_blank,
    only_sheet,
    require_nearby,
    timed_rows,
    weather_values,
)
from paes.metering import Finding, Quality
from paes.periods import FIRST_YEAR, LAST_YEAR, Clock, now_utc, to_seconds

_LATITUDE = re.compile(r"Latitude \(decimal degrees\):\s*(\S+)")
_LONGITUDE = re.compile(r"Longitude \(decimal degrees\):\s*(\S+)")
_SLOPE = re.compile(r"Slope:\s*(-?\d+(?:\.\d+)?)")
_TIME = re.compile(r"(\d{8}):(\d{4})")
_DATABASE = re.compile(r"Radiation database:\s*(\S.*?)\s*$")
_SATELLITES = ("SARAH", "NSRDB", "CMSAF")
_PARTS = ("Gb(i)", "Gd(i)", "Gr(i)")
_TYPICAL = "typical_year"
"""The key of a mapping file that allows a typical year, and says as which."""


class Pvgis:
    """The importer; ``clock`` says what has not been measured yet."""

    name = "pvgis"
    summary = "hourly weather or a typical year, CSV of PVGIS (JRC)"

    def __init__(self, clock: Clock = now_utc) -> None:
        self._clock = clock

    def recognises(self, file: SourceFile) -> bool:
        """By its first line."""
        return first_text(file).startswith("Latitude (decimal degrees):")

    def read(self, file: SourceFile, context: Context) -> Batch:
        """Temperatures and irradiance; DataError for a typical year that was not asked for."""
        sheet = only_sheet(file)
        latitude, longitude = (_header(file, sheet, p) for p in (_LATITUDE, _LONGITUDE))
        require_nearby(file, context, latitude, longitude)
        title = _title(file, sheet)
        year = _typical_year(file, context) if _is_typical(sheet, title) else None
        quality = Quality.GOOD if year is None else Quality.SUBSTITUTED
        values = weather_values(self._clock(), quality)
        findings = _read(file, sheet, title, year, values, context)
        return values.batch(file, context, findings)


def _header(file: SourceFile, sheet: Sheet, pattern: re.Pattern[str]) -> float:
    """A number from the lines above the table."""
    for number, row in enumerate(sheet.rows[:12]):
        if match := pattern.match("\t".join(str(c) for c in row if c is not None)):
            return parse_number(match[1], f"{file.name}: {place(sheet, number)}", ".")
    wanted = pattern.pattern.split(r"\s")[0].replace("\\", "")
    raise DataError(f"{file.name}: no line {wanted!r}; is the head of the file cut off?")


def _title(file: SourceFile, sheet: Sheet) -> int:
    for number, row in enumerate(sheet.rows):
        if row[0] in ("time", "time(UTC)"):
            if column_of(sheet, number, ["T2m"]) is None:
                raise DataError(
                    f"{file.name}: {place(sheet, number)}: no column T2m;"
                    f" it has {headed(sheet, number)}"
                )
            return number
    raise DataError(
        f"{file.name}: no table of hours (a line that begins with time); expected the hourly data"
        " or the typical year of PVGIS, not a monthly result"
    )


def _is_typical(sheet: Sheet, title: int) -> bool:
    return sheet.rows[title][0] == "time(UTC)" or any(
        row[:2] == ["month", "year"] for row in sheet.rows[:title]
    )


def _typical_year(file: SourceFile, context: Context) -> int:
    """As which year the hours are to be taken; DataError if nobody asked for that."""
    asked = (context.mapping or {}).get(_TYPICAL)
    if asked is None:
        raise DataError(
            f"{file.name}: a typical year, made of months of many years; it is no year's weather."
            f" To fill what nobody measured in 2025 with it, write {_TYPICAL}: 2025 in a mapping"
            " file (--format pvgis --map FILE)"
        )
    if not isinstance(asked, int) or not FIRST_YEAR <= asked <= LAST_YEAR:
        raise DataError(f"{_TYPICAL}: {asked!r} in the mapping file; expected a year, e.g. 2025")
    return asked


def _read(
    file: SourceFile,
    sheet: Sheet,
    title: int,
    year: int | None,
    values: WeatherValues,
    context: Context,
) -> list[Finding]:
    temperature = column_of(sheet, title, ["T2m"])
    assert temperature is not None
    name = OUTDOOR_TEMPERATURE if year is None else TYPICAL_TEMPERATURE
    radiation = _radiation(sheet, title) if _slope(sheet, title) == 0.0 else []
    is_satellite = year is None and _is_satellite(sheet, title)
    legend = _legend(sheet, title)
    hours = timed_rows(
        values, sheet, title, legend, lambda cell: _second(cell, year), "20250131:2300"
    )
    for row, second in hours:
        cell, where = sheet.rows[row][temperature], place(sheet, row, temperature)
        values.take(where, name, second, cell, TO_DEGC["degC"])
        if radiation:
            cell, where = _sum(sheet, row, radiation), place(sheet, row, radiation[0])
            hour = second // HOUR_S * HOUR_S
            if values.take(where, GLOBAL_IRRADIANCE, hour, cell, _irradiance) and is_satellite:
                values.take(where, SATELLITE_IRRADIANCE, second, cell, _irradiance)
    if year is None:
        return []
    text = f"{file.name}: a typical year, put into {year} where nobody measured"
    return [Finding("weather.typical_year", imported_weather(context.city.id), text)]


def _radiation(sheet: Sheet, title: int) -> list[int]:
    """The columns that make the irradiance of the plane together; none if it is not there."""
    whole = column_of(sheet, title, ["G(i)"])
    if whole is not None:
        return [whole]
    parts = [column_of(sheet, title, [name]) for name in _PARTS]
    return [part for part in parts if part is not None] if None not in parts else []


def _sum(sheet: Sheet, row: int, columns: list[int]) -> Cell:
    """The cell of a row, or the sum of its parts."""
    cells = [sheet.rows[row][column] for column in columns]
    if len(cells) == 1:
        return cells[0]
    try:
        where = place(sheet, row, columns[0])
        decimal = [parse_number(c, where, "." if isinstance(c, str) else None) for c in cells]
    except DataError:
        return next((c for c in cells if isinstance(c, str)), None)  # is refused by its text
    return sum(decimal)


def _is_satellite(sheet: Sheet, title: int) -> bool:
    """Whether a satellite saw the clouds of the file, by the name of its database."""
    for row in sheet.rows[:title]:
        if match := _DATABASE.match("\t".join(str(c) for c in row if c is not None)):
            return any(name in match[1].upper().replace("-", "") for name in _SATELLITES)
    return False


def _legend(sheet: Sheet, title: int) -> int:
    """The row at which the columns are explained: a blank one that no time comes after."""
    times = (n for n, row in enumerate(sheet.rows) if _TIME.fullmatch(str(row[0] or "")))
    last = max(times, default=title)
    below = range(last + 1, len(sheet.rows))
    return next((n for n in below if is_blank(sheet.rows[n])), len(sheet.rows))


def _irradiance(w_m2: float) -> float:
    """What rounding makes a little less than nothing at night is nothing."""
    return 0.0 if -0.5 < w_m2 < 0.0 else w_m2


def _slope(sheet: Sheet, title: int) -> float | None:
    """The slope of the plane in degrees, as far as the file tells it."""
    for row in sheet.rows[:title]:
        if match := _SLOPE.match(str(row[0] or "")):
            return float(match[1])
    return None


def _second(cell: Cell, year: int | None) -> int | None:
    """Unix seconds of ``20250131:2300``, moved to ``year``; None if it is no time of that year."""
    match = _TIME.fullmatch(str(cell or ""))
    if not match:
        return None
    try:
        at = datetime.strptime(match[1] + match[2], "%Y%m%d%H%M").replace(tzinfo=UTC)
        return to_seconds(at if year is None else at.replace(year=year))
    except ValueError:
        return None


IMPORTER = Pvgis()
