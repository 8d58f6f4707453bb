"""Outdoor temperatures and irradiance from any table, by a mapping file that says what is what.

The door for exports whose layout is not fixed or not published: regional agencies (ARPAL in
Liguria), a station of one's own. The mapping file is YAML::

    place: [44.107, 9.828]       # latitude and longitude of the station
    time: "Data e ora"           # title of the column; with day: and hour: where they are apart
    time_format: "%d/%m/%Y %H:%M"
    time_zone: UTC               # or Europe/Rome, or UTC+1 for solar time all the year
    temperature: "Temperatura (°C)"
    unit: degC                   # degF, K
    irradiance: "Radiazione (W/m2)"   # of the horizontal plane; with or without a temperature
    irradiance_from: measured    # by a pyranometer; satellite; model (reanalysis, forecast)
    stamp: start                 # end: the time is that of the end of the hour
    sheet: Dati                  # of a workbook with several
    decimal: ","                 # if a point may mean thousands

Irradiance is the mean of the hour of the row. That of a model is kept, and tells no fault: it makes
its own clouds.

In a zone with daylight saving time the hour that occurs twice is told by its order; the hour that
does not exist is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from paes.climate.weather import (
    GLOBAL_IRRADIANCE,
    HOUR_S,
    MEASURED_IRRADIANCE,
    OUTDOOR_TEMPERATURE,
    SATELLITE_IRRADIANCE,
)
from paes.errors import DataError
from paes.imports.batch import Batch, Context, SourceFile
from paes.imports.tables.sheets import Cell, Sheet, place, read_sheets
from paes.imports.weather.weather_files import (
    TO_DEGC,
    WeatherValues,
    column_of,
    headed,
    is_blank,
    refuse_row,
    require_nearby,
    weather_values,
)
from paes.periods import Clock, from_seconds, now_utc, to_seconds, zone
from paes.schema import ConfigModel

_OFFSET = re.compile(r"UTC([+-])(\d{1,2})(?::?(\d{2}))?")
_IRRADIANCE_OF = {
    "measured": (MEASURED_IRRADIANCE, HOUR_S // 2),
    "satellite": (SATELLITE_IRRADIANCE, HOUR_S // 2),
    "model": (GLOBAL_IRRADIANCE, 0),
}
"""The point of irradiance by its origin, and where in its hour it is kept."""
_LOOKED_AT = 40
"""Rows in which the titles are looked for."""
_TIME_FORMATS = ("%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%Y-%m-%d %H:%M:%S")


class WeatherMapping(ConfigModel):
    """The mapping file."""

    place: tuple[Annotated[float, Field(ge=-90, le=90)], Annotated[float, Field(ge=-180, le=180)]]
    time: str | None = None
    day: str | None = None
    hour: str | None = None
    time_format: str | None = None
    time_zone: str
    temperature: str | None = None
    unit: str = "degC"
    irradiance: str | None = None
    irradiance_from: Literal["measured", "satellite", "model"] | None = None
    stamp: Literal["start", "end"] = "start"
    sheet: str | None = None
    decimal: Literal[",", "."] | None = None

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, unit: str) -> str:
        if unit not in TO_DEGC:
            raise ValueError(f"unit {unit!r}; expected degC, degF or K")
        return unit

    @model_validator(mode="after")
    def _when(self) -> WeatherMapping:
        if (self.time is None) == (self.day is None or self.hour is None):
            raise ValueError("expected time: (one column), or day: and hour: (two columns)")
        if self.temperature is None and self.irradiance is None:
            raise ValueError("expected temperature:, or irradiance:, or both")
        if (self.irradiance is None) != (self.irradiance_from is None):
            raise ValueError(
                "irradiance: and irradiance_from: (measured, satellite or model) go together"
            )
        return self

    @property
    def values(self) -> tuple[str, ...]:
        """The titles of the columns with values."""
        return tuple(title for title in (self.temperature, self.irradiance) if title)


class WeatherTable:
    """The importer; it never recognises a file, for only a person knows what is in it."""

    name = "weather-table"
    summary = "temperature, irradiance from any table, by a mapping file (ARPAL, own stations)"

    def __init__(self, clock: Clock = now_utc) -> None:
        self._clock = clock

    def recognises(self, file: SourceFile) -> bool:
        """Never: it is asked for by name."""
        return False

    def read(self, file: SourceFile, context: Context) -> Batch:
        """Temperatures, irradiance; DataError without a mapping, or if a column is not there."""
        mapping = _mapping(file, context)
        require_nearby(file, context, *mapping.place)
        sheet = _sheet(file, mapping)
        title = _title(file, sheet, mapping)
        values = weather_values(self._clock())
        _read(sheet, title, mapping, values, _reader(mapping))
        return values.batch(file, context)


def _mapping(file: SourceFile, context: Context) -> WeatherMapping:
    if not context.mapping:
        raise DataError(
            f"{file.name}: which column is the temperature? expected a mapping file (--map) with"
            " place, time, time_zone and temperature (or irradiance)"
        )
    try:
        return WeatherMapping.model_validate(dict(context.mapping))
    except ValidationError as err:
        told = err.errors()[0]
        key = ".".join(str(part) for part in told["loc"])
        message = told["msg"].removeprefix("Value error, ")
        raise DataError(f"mapping file: {key + ': ' if key else ''}{message}") from err


def _sheet(file: SourceFile, mapping: WeatherMapping) -> Sheet:
    sheets = read_sheets(file)
    if mapping.sheet is None and len(sheets) == 1:
        return sheets[0]
    for sheet in sheets:
        if sheet.name == mapping.sheet:
            return sheet
    names = ", ".join(repr(s.name) for s in sheets)
    raise DataError(f"{file.name}: sheet {mapping.sheet!r} is not there; expected one of {names}")


def _title(file: SourceFile, sheet: Sheet, mapping: WeatherMapping) -> int:
    """The row with the titles that the mapping names."""
    wanted = [*mapping.values, *(t for t in (mapping.time, mapping.day, mapping.hour) if t)]
    for row in range(min(len(sheet.rows), _LOOKED_AT)):
        if all(column_of(sheet, row, [name]) is not None for name in wanted):
            return row
    full = (n for n, row in enumerate(sheet.rows[:_LOOKED_AT]) if not is_blank(row))
    seen = next((headed(sheet, n) for n in full), "nothing")
    raise DataError(
        f"{file.name}: no row has all of the titles {', '.join(map(repr, wanted))}; the first has"
        f" {seen}"
    )


def _read(
    sheet: Sheet,
    title: int,
    mapping: WeatherMapping,
    values: WeatherValues,
    second_of: Callable[[str], int | None],
) -> None:
    columns = _columns(sheet, title, mapping)
    when = [column_of(sheet, title, [t]) for t in (mapping.time, mapping.day, mapping.hour) if t]
    for row in range(title + 1, len(sheet.rows)):
        cells = sheet.rows[row]
        if is_blank(cells):
            continue
        try:
            second = second_of(" ".join(_text(cells[c]) for c in when if c is not None))
        except DataError as err:
            refuse_row(values, sheet, row, str(err))
            continue
        if second is None:
            continue
        for column, name, later_s, convert in columns:
            cell, where = _plain(cells[column], mapping.decimal), place(sheet, row, column)
            values.take(where, name, second + later_s, cell, convert)


def _columns(
    sheet: Sheet, title: int, mapping: WeatherMapping
) -> list[tuple[int, str, int, Callable[[float], float]]]:
    """Of each value its column, its point, how much later than its row it is, and its unit."""
    found = []
    if mapping.temperature:
        column = column_of(sheet, title, [mapping.temperature])
        assert column is not None
        found.append((column, OUTDOOR_TEMPERATURE, 0, TO_DEGC[mapping.unit]))
    if mapping.irradiance and mapping.irradiance_from:
        column = column_of(sheet, title, [mapping.irradiance])
        assert column is not None
        name, later_s = _IRRADIANCE_OF[mapping.irradiance_from]
        found.append((column, name, later_s, float))
    return found


def _plain(cell: Cell, decimal: str | None) -> Cell:
    """A text with a decimal point; other cells as they are."""
    if not isinstance(cell, str):
        return cell
    if decimal == ",":
        return cell.replace(".", "").replace(",", ".")
    return cell.replace(",", ".") if decimal is None and "." not in cell else cell


def _reader(mapping: WeatherMapping) -> Callable[[str], int | None]:
    """From the text of a time to Unix seconds; it remembers the last, to tell a repeated hour."""
    local = _time_zone(mapping.time_zone)
    ends = timedelta(seconds=HOUR_S if mapping.stamp == "end" else 0)
    last: list[int] = []

    def second_of(text: str) -> int:
        at = _parsed(text, mapping.time_format).replace(tzinfo=local) - ends
        second = to_seconds(at.astimezone(UTC))
        back = from_seconds(second).astimezone(local).replace(tzinfo=None)
        if back != at.replace(tzinfo=None):
            raise DataError(f"time {text!r} does not exist in {mapping.time_zone}: clocks skip it")
        later = to_seconds(at.replace(fold=1).astimezone(UTC))
        if later != second and last and last[-1] >= second:
            second = later
        last[:] = [second]
        return second

    return second_of


def _parsed(text: str, written: str | None) -> datetime:
    """The wall clock of ``text``; whose clock that is, is told by the caller."""
    formats = (written,) if written else _TIME_FORMATS
    for one in formats:
        try:
            return datetime.strptime(text, one).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        if written is None:
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        pass
    expected = repr(written) if written else "e.g. 31/01/2025 23:00 (or say time_format)"
    raise DataError(f"time {text!r}; expected {expected}")


def _time_zone(name: str) -> tzinfo:
    """A zone by name, or a fixed offset such as ``UTC+1``."""
    match = _OFFSET.fullmatch(name)
    if not match:
        return zone(name)
    minutes = 60 * int(match[2]) + int(match[3] or 0)
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))


def _text(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    return "" if cell is None else str(cell)


IMPORTER = WeatherTable()
