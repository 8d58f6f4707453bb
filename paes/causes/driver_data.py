"""What a change is measured by: drivers of a city, and what of its energy follows them.

``cities/<city>/drivers.csv`` has a figure a year, driver and sector; ``activity_drivers.yaml``
says which driver is the activity of a sector, ``weather_dependence.yaml`` which part of a sector
and carrier follows the degree days. A figure is sourced or assumed, like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from paes.config_table import read_csv, repeated_rows
from paes.errors import ConfigError, problem_text
from paes.factors.dated_values import Year
from paes.metering import Carrier, Sector
from paes.schema import ConfigModel, Stated


class Driver(StrEnum):
    """What energy grows and falls with."""

    DEGREE_DAYS = "degree_days"  # Italian ones: base 20 degC, conventional season
    INHABITANTS = "inhabitants"
    FLOOR_AREA_M2 = "floor_area_m2"
    LIGHT_POINTS = "light_points"
    VEHICLE_KM = "vehicle_km"
    EMPLOYEES = "employees"
    VALUE_ADDED_EUR = "value_added_eur"  # at constant prices


class DriverRow(Stated):
    """One line of ``drivers.csv``: a driver's figure in a year."""

    year: Year
    driver: Driver
    sector: Sector | None = None
    """None for all sectors alike: degree days, inhabitants."""
    value: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def _is_of_a_sector(self) -> Self:
        if self.driver is Driver.DEGREE_DAYS and self.sector is not None:
            raise ValueError(f"degree days are those of the whole city, and this is {self.sector}")
        return self


class WeatherShare(Stated):
    """The part of a sector's use of a carrier that follows the degree days, in a usual winter."""

    sector: Sector
    carrier: Carrier
    fraction: Annotated[float, Field(ge=0, le=1)]


class ActivityMeasure(Stated):
    """The driver that stands for how much there is of a sector."""

    sector: Sector
    driver: Driver

    @model_validator(mode="after")
    def _is_no_weather(self) -> Self:
        if self.driver is Driver.DEGREE_DAYS:
            raise ValueError("degree days are weather and no activity")
        return self


class WeatherFile(ConfigModel):
    """``weather_dependence.yaml``."""

    shares: tuple[WeatherShare, ...]

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        _refuse_repeated([f"{s.sector} and {s.carrier}" for s in self.shares])
        return self


class ActivityFile(ConfigModel):
    """``activity_drivers.yaml``."""

    sectors: tuple[ActivityMeasure, ...]

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        _refuse_repeated([str(s.sector) for s in self.sectors])
        return self


@dataclass(frozen=True)
class Dependence:
    """What of an installation's energy follows the weather, and what measures activity."""

    weather: tuple[WeatherShare, ...] = ()
    activity: tuple[ActivityMeasure, ...] = ()

    def weather_fraction(self, sector: Sector, carrier: Carrier) -> float:
        """The part (0..1) that follows the degree days; 0 where nobody says any."""
        share = self._share(sector, carrier)
        return share.fraction if share else 0.0

    def is_assumed(self, sector: Sector, carrier: Carrier) -> bool:
        """True if that part is an assumption."""
        share = self._share(sector, carrier)
        return share is not None and share.assumed

    def _share(self, sector: Sector, carrier: Carrier) -> WeatherShare | None:
        cell = (sector, carrier)
        return next((s for s in self.weather if (s.sector, s.carrier) == cell), None)

    def measure(self, sector: Sector) -> Driver | None:
        """What measures the activity of ``sector``; None if nothing does."""
        return next((m.driver for m in self.activity if m.sector is sector), None)


def read_drivers(path: Path) -> tuple[DriverRow, ...]:
    """The rows of ``drivers.csv``; () if there is none. ConfigError with every problem."""
    if not path.is_file():
        return ()
    table = read_csv(path, DriverRow)
    problems = repeated_rows([(path, table)], lambda r: (r.year, r.driver, r.sector), _title)
    if problems:
        raise ConfigError(problems)
    return tuple(row for _, row in table)


def idle_drivers(path: Path, rows: Iterable[DriverRow], dependence: Dependence) -> Iterator[str]:
    """A problem for each driver of a sector by which that sector's activity is not measured."""
    idle = {
        (row.driver, row.sector): dependence.measure(row.sector)
        for row in rows
        if row.sector is not None and dependence.measure(row.sector) is not row.driver
    }
    for (driver, sector), measure in idle.items():
        by = f"is measured by {measure}" if measure else "has no measure"
        message = f"{driver} of {sector} would be used for nothing: its activity {by}"
        yield problem_text(path, None, "driver", f"{message} (activity_drivers.yaml)")


def _title(row: DriverRow) -> str:
    return f"{row.driver}{f' of {row.sector}' if row.sector else ''}, {row.year}"


def _refuse_repeated(names: Iterable[str]) -> None:
    seen = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{name} is there twice")
        seen.add(name)
