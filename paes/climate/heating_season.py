"""When buildings may be heated: the season of a climate zone, and the days that differ from it.

The law gives each zone its days and hours (``config/heating_seasons.yaml``); a decree may shorten
a winter for all, a mayor may lengthen it for one town (``heating_exceptions`` in ``city.yaml``).
All of it is dated data. A season has the year in which it begins: 2024 is the winter of 2024-25.

The *conventional* season, by which degree days are counted, is the zone's own: no exception
moves it, or two winters could not be compared.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from paes.errors import DataError
from paes.schema import ConfigModel, Sourced

if TYPE_CHECKING:
    from paes.installation import City

MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
"""Month and day: ``11-01``."""
HoursPerDay = Annotated[float, Field(ge=0, le=24)]


class ClimateZone(StrEnum):
    """The zones of DPR 412/1993, from the warmest on."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


class ZoneSeason(ConfigModel):
    """The days of a zone, both included, and its hours a day."""

    first: MonthDay = Field(alias="from")
    last: MonthDay = Field(alias="to")
    hours_per_day: HoursPerDay
    unlimited: bool = False
    """Heating is free all the year; the days serve to count degree days."""

    def days(self, season: int) -> tuple[date, date]:
        """First and last day of the season that begins in the year ``season``."""
        first = date.fromisoformat(f"{season}-{self.first}")
        last = date.fromisoformat(f"{season}-{self.last}")
        return first, last if last > first else date.fromisoformat(f"{season + 1}-{self.last}")


class ShortenedSeason(Sourced):
    """A winter that was made shorter in the whole country."""

    season: Annotated[int, Field(ge=1900, le=2200)]
    days_later: Annotated[int, Field(ge=0)] = 0
    days_earlier: Annotated[int, Field(ge=0)] = 0
    hours_less: Annotated[float, Field(ge=0)] = 0.0
    not_in_zones: tuple[ClimateZone, ...] = ()


class HeatingSeasons(Sourced):
    """``heating_seasons.yaml``: the law's seasons, and the winters that differed everywhere."""

    zones: dict[ClimateZone, ZoneSeason]
    outside_fraction: Annotated[float, Field(ge=0, le=1)]
    """Of the zone's hours: what is allowed outside the season, if the weather justifies it."""
    exceptions: tuple[ShortenedSeason, ...] = ()

    @model_validator(mode="after")
    def _every_zone(self) -> HeatingSeasons:
        missing = [zone.value for zone in ClimateZone if zone not in self.zones]
        if missing:
            raise ValueError(f"these climate zones are missing: {', '.join(missing)}")
        return self


class HeatingException(Sourced):
    """Days, both included, for which a mayor allowed other hours than the law."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")
    hours_per_day: HoursPerDay
    """0 forbids heating."""

    @model_validator(mode="after")
    def _in_order(self) -> HeatingException:
        if self.last < self.first:
            raise ValueError(f"ends on {self.last}, before it begins on {self.first}")
        return self


class HeatingDay(NamedTuple):
    """What is allowed on one day; ``max_hours`` outside the season needs weather that asks for it.

    ``why`` is where the rule is from.
    """

    allowed: bool
    max_hours: float
    why: str


def heating_allowed(city: City, day: date) -> HeatingDay:
    """Whether buildings of ``city`` may be heated on ``day``, and for how many hours.

    A mayor's exception goes before a shortened season, and that before the law. Outside the
    season ``allowed`` is False and ``max_hours`` what unusual weather would justify. DataError if
    the city has no climate zone.
    """
    seasons, zone = city_seasons(city)
    for exception in city.facts.heating_exceptions:
        if exception.first <= day <= exception.last:
            why = exception.source or exception.note or "mayor's exception"
            return HeatingDay(exception.hours_per_day > 0, exception.hours_per_day, why)
    law = seasons.zones[zone]
    if law.unlimited:
        return HeatingDay(True, law.hours_per_day, f"zone {zone}: no limit")
    season = day.year if day >= law.days(day.year)[0] else day.year - 1
    first, last = law.days(season)
    hours, why = law.hours_per_day, f"zone {zone}"
    for shorter in seasons.exceptions:
        if shorter.season == season and zone not in shorter.not_in_zones:
            first += timedelta(days=shorter.days_later)
            last -= timedelta(days=shorter.days_earlier)
            hours -= shorter.hours_less
            why = shorter.source or why
    if first <= day <= last:
        return HeatingDay(True, hours, why)
    return HeatingDay(False, law.hours_per_day * seasons.outside_fraction, "outside the season")


def season_days(city: City, first: date, count: int) -> npt.NDArray[np.bool_]:
    """On which of ``count`` days from ``first`` on heating is allowed; all where nobody knows."""
    if city.facts.climate_zone is None or city.heating_seasons is None:
        return np.ones(count, dtype=np.bool_)
    days = (first + timedelta(days=n) for n in range(count))
    return np.array([heating_allowed(city, day).allowed for day in days], dtype=np.bool_)


def conventional_season(city: City, season: int) -> tuple[date, date]:
    """First and last day of the zone's own season, by which degree days are counted."""
    seasons, zone = city_seasons(city)
    return seasons.zones[zone].days(season)


def in_conventional_season(city: City, day: date) -> bool:
    """Whether degree days of ``day`` count."""
    return any(
        first <= day <= last
        for first, last in (conventional_season(city, y) for y in (day.year - 1, day.year))
    )


def city_seasons(city: City) -> tuple[HeatingSeasons, ClimateZone]:
    """The seasons that hold for ``city`` and its zone; DataError if one of them is not known."""
    if city.facts.climate_zone is None:
        raise DataError(
            f"city {city.id}: its climate zone is not known; write climate_zone: (A to F) in"
            " city.yaml"
        )
    if city.heating_seasons is None:
        raise DataError("no heating_seasons.yaml: nobody can say when heating is allowed")
    return city.heating_seasons, city.facts.climate_zone


def season_name(season: int) -> str:
    """``2024-25``."""
    return f"{season}-{(season + 1) % 100:02d}"
