"""What plants made beside what was expected of the same hours, by periods."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from paes.errors import DataError
from paes.periods import By, Span, edges, from_seconds, zone
from paes.series import Floats
from paes.solar.expected import Calibration, How
from paes.solar.plants import SolarPlant
from paes.solar.town import SolarTown


@dataclass(frozen=True, slots=True)
class Beside:
    """One period from the local ``start`` on, of the hours in which both are known, in kWh.

    ``known_fraction`` is the part of its daylight (by what a cloudless sky gives) that these hours
    hold; hours before the plant's first reading and after now are in none.
    """

    start: datetime
    made_kwh: float
    expected_kwh: float
    low_kwh: float
    high_kwh: float
    known_fraction: float

    @property
    def ratio(self) -> float | None:
        """Made over expected; None where nothing was expected."""
        return self.made_kwh / self.expected_kwh if self.expected_kwh > 0 else None


@dataclass(frozen=True)
class PlantBeside:
    """A plant by periods; ``how`` says by which light production was expected."""

    plant: SolarPlant
    how: How
    calibration: Calibration
    neighbours: tuple[str, ...]
    periods: tuple[Beside, ...]


def made_beside(town: SolarTown, plant: SolarPlant, span: Span, by: By) -> PlantBeside:
    """A plant in whole periods around ``span``; DataError for periods shorter than an hour."""
    if by is By.QUARTER_HOUR:
        raise DataError("production is expected by the hour; expected --by hour or longer")
    expected, made = town.expected(plant), town.made(plant).amounts
    bounds = edges(span, by, town.city.time_zone)
    place = np.searchsorted(bounds, town.seconds, side="right") - 1
    lived = np.cumsum(~np.isnan(made)) > 0
    inside = lived & (place >= 0) & (place < len(bounds) - 1)
    both = inside & ~np.isnan(made) & ~np.isnan(expected.kwh)

    def summed(values: Floats, among: np.typing.NDArray[np.bool_] = both) -> list[float]:
        sums = np.bincount(place[among], values[among], minlength=len(bounds) - 1)
        return [float(one) for one in sums]

    starts = [from_seconds(start).astimezone(zone(town.city.time_zone)) for start in bounds[:-1]]
    light = zip(summed(expected.clear_kwh), summed(expected.clear_kwh, inside), strict=True)
    known = [seen / full if full > 0 else 0.0 for seen, full in light]
    columns = (made, expected.kwh, expected.low_kwh, expected.high_kwh)
    rows = zip(starts, *(summed(column) for column in columns), known, strict=True)
    periods = tuple(Beside(*row) for row in rows)
    return PlantBeside(plant, expected.how, expected.calibration, expected.neighbours, periods)
