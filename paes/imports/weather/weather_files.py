"""Weather from files: what the formats of Open-Meteo, PVGIS and tables have in common.

Every file ends in the points ``<city>.weather/outdoor_temperature`` (degC, at an instant) and,
where the file has it on the horizontal plane, ``<city>.weather/global_irradiance`` (W/m2, mean
of the hour that begins at the reading). Irradiance that a satellite saw or a pyranometer measured
goes into a point of its own (``satellite_irradiance``, ``measured_irradiance``), at the instant of
which it is: only such tells whether a plant is ill. A value that is not there is no reading; what
cannot be, or is not over yet, is refused with its line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from paes.climate.weather import (
    GLOBAL_IRRADIANCE,
    MEASURED_IRRADIANCE,
    SATELLITE_IRRADIANCE,
    imported_weather,
)
from paes.errors import DataError
from paes.imports.batch import Batch, Context, Refusal, SourceFile
from paes.imports.tables.sheets import Cell, Sheet, parse_number, place, read_sheets
from paes.metering import Finding, Quality, point_id
from paes.periods import from_seconds, to_seconds
from paes.series import CODE_OF, ReadingSeries

FARTHEST_KM = 50.0
"""Weather from farther away is that of another place."""
EARTH_RADIUS_KM = 6371.0
COLDEST_DEGC, WARMEST_DEGC = -50.0, 55.0
"""Beyond, nothing was ever measured in Italy (-49.6 and 48.8 degC)."""
STRONGEST_W_M2 = 1500.0
"""More than the sun outside of the air; the edge of a cloud can add a little at the ground."""
_IRRADIANCES = (GLOBAL_IRRADIANCE, SATELLITE_IRRADIANCE, MEASURED_IRRADIANCE)
_MISSING = ("", "NaN", "nan", "null", "None", "-", "NA", "N/A")

ToDegC = Callable[[float], float]
TO_DEGC: dict[str, ToDegC] = {
    "°C": lambda t: t,
    "degC": lambda t: t,
    "C": lambda t: t,
    "°F": lambda t: (t - 32.0) / 1.8,
    "degF": lambda t: (t - 32.0) / 1.8,
    "F": lambda t: (t - 32.0) / 1.8,
    "K": lambda t: t - 273.15,
}
"""Degrees Celsius from what files are written in."""


@dataclass
class WeatherValues:
    """Values as they are read from rows, until they become a batch."""

    latest_s: int
    """Nothing later than this can have been measured."""
    quality: Quality = Quality.GOOD
    refused: list[Refusal] = field(default_factory=list)
    missing: int = 0
    _values: dict[str, dict[int, float]] = field(default_factory=dict)

    def take(self, where: str, name: str, second: int, cell: Cell, convert: ToDegC) -> bool:
        """One cell of one point; what is wrong with it is refused with the place ``where``.

        True if it was taken.
        """
        if cell is None or (isinstance(cell, str) and cell in _MISSING):
            self.missing += 1
            return False
        try:
            value = convert(parse_number(cell, where, "." if isinstance(cell, str) else None))
            self._check(where, name, second, value)
        except DataError as err:
            self.refused.append(Refusal(where, str(err).removeprefix(f"{where}: ")))
            return False
        self._values.setdefault(name, {})[second] = value
        return True

    def _check(self, where: str, name: str, second: int, value: float) -> None:
        low, high, unit = COLDEST_DEGC, WARMEST_DEGC, "degC"
        if name in _IRRADIANCES:
            low, high, unit = 0.0, STRONGEST_W_M2, "W/m2"
        if not low <= value <= high:
            raise DataError(f"{value:g} {unit} cannot be; expected {low:g} to {high:g}")
        if second > self.latest_s:
            at = from_seconds(second)
            raise DataError(f"{at:%Y-%m-%d %H:%M} UTC is not over yet; a forecast is not measured")
        before = self._values.get(name, {}).get(second)
        if before is not None and not math.isclose(before, value, abs_tol=5e-4):
            raise DataError(
                f"{from_seconds(second):%Y-%m-%d %H:%M} UTC stands there twice, with"
                f" {before:g} and {value:g}; the first was taken"
            )

    def batch(self, file: SourceFile, context: Context, findings: Sequence[Finding] = ()) -> Batch:
        """What was read; DataError if there is not one value."""
        if not self._values:
            why = f" (the first: {self.refused[0].message})" if self.refused else ""
            raise DataError(f"{file.name}: not one temperature could be read{why}")
        meter = imported_weather(context.city.id)
        told = list(findings)
        if self.missing:
            told.append(
                Finding(
                    "weather.values_missing",
                    meter,
                    f"{file.name}: {self.missing} values are not there; they stay missing",
                    None,
                    {"values": float(self.missing)},
                )
            )
        series = {point_id(meter, name): self._series(name) for name in sorted(self._values)}
        return Batch(series=series, refused=tuple(self.refused), findings=tuple(told))

    def _series(self, name: str) -> ReadingSeries:
        known = sorted(self._values[name].items())
        seconds = np.array([s for s, _ in known], dtype=np.int64)
        values = np.array([v for _, v in known], dtype=np.float64)
        codes = np.full(len(known), CODE_OF[self.quality], dtype=np.int8)
        return ReadingSeries(seconds, values, codes)


def weather_values(now: datetime, quality: Quality = Quality.GOOD) -> WeatherValues:
    """An empty collection; nothing after ``now`` is taken."""
    return WeatherValues(to_seconds(now), quality)


def first_text(file: SourceFile) -> str:
    """The first kilobytes as text, for a look at what the file is; never raises."""
    return file.data[:8192].decode("latin-1").removeprefix("\xef\xbb\xbf")


def only_sheet(file: SourceFile) -> Sheet:
    """The one table of ``file``; DataError if it has none, or several."""
    sheets = [sheet for sheet in read_sheets(file) if sheet.rows]
    if len(sheets) != 1:
        names = ", ".join(repr(sheet.name) for sheet in sheets) or "none"
        raise DataError(f"{file.name}: expected one table, seen {names}")
    return sheets[0]


def require_nearby(file: SourceFile, context: Context, latitude: float, longitude: float) -> None:
    """DataError if the file is of a place too far from the city."""
    city = context.city.facts
    distance_km = great_circle_km(latitude, longitude, city.latitude, city.longitude)
    if distance_km > FARTHEST_KM:
        raise DataError(
            f"{file.name}: it is of {latitude:.2f} N {longitude:.2f} E, {distance_km:.0f} km from"
            f" {city.name}; expected at most {FARTHEST_KM:.0f} km (another city: paes --city ID)"
        )


def great_circle_km(lat_1: float, lon_1: float, lat_2: float, lon_2: float) -> float:
    """The distance on a sphere, by the haversine formula."""
    a, b = math.radians(lat_1), math.radians(lat_2)
    across = math.sin(math.radians(lon_2 - lon_1) / 2) ** 2 * math.cos(a) * math.cos(b)
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(math.sin((b - a) / 2) ** 2 + across))


def column_of(sheet: Sheet, row: int, names: Iterable[str]) -> int | None:
    """The first column of a header row with one of ``names``."""
    cells = [str(cell) if cell is not None else "" for cell in sheet.rows[row]]
    return next((cells.index(name) for name in names if name in cells), None)


def headed(sheet: Sheet, row: int) -> str:
    """The titles of a header row, for a message."""
    return ", ".join(str(cell) for cell in sheet.rows[row] if cell is not None)


def is_blank(row: Sequence[Cell]) -> bool:
    """True if nothing stands in the row."""
    return all(cell is None for cell in row)


def timed_rows(
    values: WeatherValues,
    sheet: Sheet,
    title: int,
    end: int,
    second_of: Callable[[Cell], int | None],
    example: str,
) -> Iterator[tuple[int, int]]:
    """The rows below ``title`` up to ``end`` that a program wrote whole, each with its second.

    Blank ones are passed over; those of another width, or whose first cell is no time such as
    ``example``, are refused.
    """
    for row in range(title + 1, end):
        if is_blank(sheet.rows[row]):
            continue
        if slip := _slip_of(sheet, row, title):
            refuse_row(values, sheet, row, slip)
        elif (second := second_of(sheet.rows[row][0])) is None:
            message = f"time {sheet.rows[row][0]!r}; expected e.g. {example}"
            refuse_row(values, sheet, row, message)
        else:
            yield row, second


def _slip_of(sheet: Sheet, row: int, title: int) -> str:
    """What is wrong with the width of a row that a program wrote; empty if nothing is."""
    if sheet.widths and sheet.widths[row] != sheet.widths[title]:
        return f"{sheet.widths[row]} cells under {sheet.widths[title]} titles; expected as many"
    return ""


def refuse_row(values: WeatherValues, sheet: Sheet, row: int, message: str) -> None:
    """Note a row that says nothing that can be understood."""
    values.refused.append(Refusal(place(sheet, row), message))
