"""The weather of a city: which points tell its outdoor temperature, and what they told.

::

    city.yaml  weather:   a sensor of the town          scuola.meteo/outdoor_temperature
                          what files brought            <city>.weather/outdoor_temperature
    hour by hour          the first of them that measured in it

A temperature is taken at an instant; an hour has the mean of what was measured in it. What was
put in by a typical year (a point of its own, quality *substituted*) fills hours that nobody
measured, and is told apart. Read next: ``paes.climate.degree_days``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from paes.metering import Quality, point_id
from paes.periods import Seconds, Span, from_seconds, to_seconds
from paes.schema import Sourced
from paes.series import CODE_OF, Floats, ReadingSeries
from paes.store import Store

OUTDOOR_TEMPERATURE = "outdoor_temperature"
"""degC, at the instant of the reading."""
TYPICAL_TEMPERATURE = "typical_outdoor_temperature"
"""The same of a typical year: a point of its own, so that it never overwrites a measurement."""
GLOBAL_IRRADIANCE = "global_irradiance"
"""W/m2 on the horizontal plane, mean of the hour that begins at the reading."""
SATELLITE_IRRADIANCE = "satellite_irradiance"
MEASURED_IRRADIANCE = "measured_irradiance"
"""The same from pictures of a satellite, and of a pyranometer: at the instant of the reading, or
the mean of a stretch (of an hour at most) in whose middle the reading stands."""
HOUR_S = 3600
_MEASURED = CODE_OF[Quality.GOOD]
_SUBSTITUTED = CODE_OF[Quality.SUBSTITUTED]


class WeatherSource(Sourced):
    """A point that tells the outdoor temperature; the first in a city's list is believed first."""

    point: Annotated[str, Field(pattern=r"^[a-z0-9-]+\.[a-z0-9-]+/[A-Za-z][A-Za-z0-9_]*$")]


class ReferenceDegreeDays(Sourced):
    """The degree days of a town's usual winter, by which consumption is normalised."""

    degree_days: Annotated[float, Field(gt=0)]
    base_degc: float = 20.0


@dataclass(frozen=True)
class HourlyTemperatures:
    """One value an hour from ``start_s`` on (UTC); NaN where nobody told it.

    ``is_measured`` is False for what is missing and for what a typical year put in; ``hours_by``
    says how many hours each point was taken for.
    """

    start_s: int
    degc: Floats
    is_measured: npt.NDArray[np.bool_]
    hours_by: dict[str, int]

    @property
    def hours(self) -> Seconds:
        """The start of each hour."""
        return self.start_s + HOUR_S * np.arange(len(self.degc), dtype=np.int64)


def imported_weather(city_id: str) -> str:
    """What stands in a meter's place for the weather that files bring to a city."""
    return f"{city_id}.weather"


def imported_temperature(city_id: str) -> str:
    """The point of imported outdoor temperatures."""
    return point_id(imported_weather(city_id), OUTDOOR_TEMPERATURE)


def temperature_points(city_id: str, sources: Iterable[WeatherSource]) -> list[str]:
    """The points to be asked, the most trusted first.

    What files brought comes behind those that are named, and a typical year is always the last.
    """
    named = [source.point for source in sources]
    typical = point_id(imported_weather(city_id), TYPICAL_TEMPERATURE)
    return list(dict.fromkeys([*named, imported_temperature(city_id), typical]))


def outdoor_temperatures(store: Store, points: Iterable[str], span: Span) -> HourlyTemperatures:
    """The temperature of each hour that ``span`` touches, from the first point that has one.

    All measurements go before what was substituted, whichever point it is of.
    """
    start_s = to_seconds(span.start) // HOUR_S * HOUR_S
    count = -(-(to_seconds(span.end) - start_s) // HOUR_S)
    degc = np.full(count, np.nan)
    is_measured = np.zeros(count, dtype=np.bool_)
    hours_by: dict[str, int] = {}
    end = from_seconds(start_s + count * HOUR_S)
    told = {p: store.read(p, from_seconds(start_s), end) for p in points}
    for code in (_MEASURED, _SUBSTITUTED):
        for point, series in told.items():
            means = _hourly_means(series, code, start_s, count)
            taken = np.isnan(degc) & ~np.isnan(means)
            degc[taken] = means[taken]
            is_measured |= taken & (code == _MEASURED)
            if taken.any():
                hours_by[point] = hours_by.get(point, 0) + int(taken.sum())
    return HourlyTemperatures(start_s, degc, is_measured, hours_by)


def _hourly_means(series: ReadingSeries, code: int, start_s: int, count: int) -> Floats:
    """The mean of the readings of one quality in each hour; NaN where there is none."""
    wanted = series.codes == code
    hour = (series.seconds[wanted] - start_s) // HOUR_S
    number = np.bincount(hour, minlength=count)
    total = np.bincount(hour, weights=series.values[wanted], minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(number > 0, total / number, np.nan)
