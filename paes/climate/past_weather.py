"""The weather that the rest of a year may bring: what the same days of past years had.

In this order, the first that is there::

    years       the last years, up to ten, of which these days were measured
    typical     a typical year that was imported
    reference   a smooth course whose season has the degree days of the city's usual winter
    nothing     no course at all

A year counts if 95 of 100 of the days are known; the others are drawn straight between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from paes.climate.daily_temperature import DailyTemperatures, daily_temperatures
from paes.climate.degree_days import ITALIAN
from paes.climate.heating_season import conventional_season
from paes.climate.reference_course import ReferenceCourse
from paes.installation import City
from paes.series import Floats
from paes.store import Store

MOST_YEARS = 10
LEAST_KNOWN = 0.95


class WeatherFrom(StrEnum):
    """Where courses of temperature are from."""

    YEARS = "years"
    TYPICAL = "typical"
    REFERENCE = "reference"
    NOTHING = "nothing"


@dataclass(frozen=True)
class PastWeather:
    """Courses of daily mean temperature (degC) over the days from ``first`` up to ``end``.

    Of ``years``, one course a year; a typical or reference year has none of its own.
    """

    first: date
    end: date
    came_from: WeatherFrom
    years: tuple[int, ...]
    courses: tuple[Floats, ...]


def past_weather(
    store: Store, city: City, first: date, end: date, reference: ReferenceCourse
) -> PastWeather:
    """What the days from ``first`` up to ``end`` (not included, of one year) had in past years."""
    days = [first + timedelta(days=n) for n in range((end - first).days)]
    years: list[int] = []
    courses: list[Floats] = []
    typical: Floats | None = None
    for year in range(first.year - 1, first.year - 1 - MOST_YEARS, -1):
        measured, filled = _course(store, city, days, year)
        if measured is not None:
            years.append(year)
            courses.append(measured)
        elif typical is None:
            typical = filled
    if courses:
        return PastWeather(first, end, WeatherFrom.YEARS, tuple(years), tuple(courses))
    if typical is not None:
        return PastWeather(first, end, WeatherFrom.TYPICAL, (), (typical,))
    shapes = tuple(_reference_courses(city, days, reference))
    how = WeatherFrom.REFERENCE if shapes else WeatherFrom.NOTHING
    return PastWeather(first, end, how, (), shapes)


def _course(
    store: Store, city: City, days: Sequence[date], year: int
) -> tuple[Floats | None, Floats | None]:
    """The days in ``year``: as they were measured, and with what a typical year put in."""
    if not days:
        return np.empty(0), None
    there = [_in_year(day, year) for day in days]
    stop = there[-1] + timedelta(days=1)
    known = daily_temperatures(store, city.temperature_points, there[0], stop, city.time_zone)
    at = np.array([(day - there[0]).days for day in there])
    return _filled(known, at, known.is_measured), _filled(known, at, ~np.isnan(known.mean))


def _in_year(day: date, year: int) -> date:
    """The same day of another year; of 29 February the day before, where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


def _filled(known: DailyTemperatures, at: np.ndarray, counts: np.ndarray) -> Floats | None:
    """The mean of each day; None if too few of them count."""
    if counts[at].mean() < LEAST_KNOWN:
        return None
    there = np.flatnonzero(~np.isnan(known.mean))
    return np.asarray(np.interp(at, there, known.mean[there]))


def _reference_courses(
    city: City, days: Sequence[date], shape: ReferenceCourse
) -> Iterator[Floats]:
    """Days as usual, colder and warmer, each as likely; none without the city's degree days."""
    reference, zone = city.facts.reference_degree_days, city.facts.climate_zone
    if reference is None or zone is None or city.heating_seasons is None:
        return
    opens, closes = conventional_season(city, 2000)
    season = [opens + timedelta(days=n) for n in range((closes - opens).days + 1)]
    swing = _swing(season, shape)
    low, high = -20.0, 60.0
    while high - low > 1e-6:
        mean = (low + high) / 2
        colder = float(ITALIAN.of(mean + swing).sum()) > reference.degree_days
        low, high = (mean, high) if colder else (low, mean)
    # The middles of five equally likely fifths of a normal distribution.
    for deviation in (-1.2816, -0.5244, 0.0, 0.5244, 1.2816):
        yield low + _swing(days, shape) + deviation * shape.day_to_day_degc


def _swing(days: Sequence[date], shape: ReferenceCourse) -> Floats:
    of_year = np.array([day.timetuple().tm_yday for day in days], dtype=np.float64)
    turn = 2 * np.pi * (of_year - shape.coldest_day) / 365
    return np.asarray(-shape.half_range_degc * np.cos(turn))
