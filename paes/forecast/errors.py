"""How wrong forecasts of a year's energy were seen to be: ``forecast.yaml``.

``error_fraction`` is what 9 of 10 forecasts stayed below, as a part of the year's energy, by how
many months of it were over. A forecast whose band is narrower than that promises too much.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from paes.climate.reference_course import ReferenceCourse
from paes.metering import Carrier
from paes.plan.outlook import Growth
from paes.schema import ConfigModel, Stated

Fraction = Annotated[float, Field(ge=0, le=2)]
EnergyGroup = Literal["electricity", "heating"]
"""Electricity; and all else, which follows the weather."""


class ForecastHow(StrEnum):
    """What the rest of a year is expected by."""

    MODEL = "model"  # a model of each site, at past years' weather
    LAST_YEAR = "last_year"  # what was used in the same days of last year
    CARRIED = "carried"  # nothing is metered: the latest declared figure
    TREND = "trend"  # the latest declared figure, and a stated change a year
    DECLARED = "declared"  # declared for the year already
    UNKNOWN = "unknown"  # neither model nor last year: only what was seen so far


class SeenErrors(Stated):
    """The errors of one way to forecast, by months that are over; straight between them."""

    how: Literal["model", "last_year"]
    energy: EnergyGroup
    after_months: tuple[Annotated[float, Field(ge=0, le=12)], ...] = Field(min_length=2)
    error_fraction: tuple[Fraction, ...]
    known_weather_part: Annotated[float, Field(ge=0, le=1)] = 1.0
    """What would be left of the error if the weather to come was known."""

    @model_validator(mode="after")
    def _one_each(self) -> Self:
        if len(self.after_months) != len(self.error_fraction):
            raise ValueError(
                f"{len(self.after_months)} after_months beside {len(self.error_fraction)}"
                " error_fraction; expected one each"
            )
        if list(self.after_months) != sorted(set(self.after_months)):
            raise ValueError(f"after_months must rise, seen {list(self.after_months)}")
        return self

    def at(self, months: float) -> float:
        """The error once so many months are over."""
        return float(np.interp(months, self.after_months, self.error_fraction))


class FewYears(Stated):
    """What is taken for the spread of weather where too few years were measured to tell.

    ``spread_fraction`` is one standard deviation of a year's heating, as a part of what follows
    the weather.
    """

    fewer_than_years: Annotated[int, Field(ge=2)]
    spread_fraction: Fraction


class NoYears(Stated):
    """The same where no year was measured at all."""

    spread_fraction: Fraction


class ForecastErrors(ConfigModel):
    """All of ``forecast.yaml``."""

    seen: tuple[SeenErrors, ...]
    few_years: FewYears
    no_years: NoYears
    reference_course: ReferenceCourse
    usual_growth: Growth
    """Where a city's outlook does not say how far emissions as usual may be off."""

    def error_fraction(self, how: ForecastHow, carrier: Carrier, months: float) -> float:
        """What 9 of 10 forecasts stayed below; infinite if nobody measured it."""
        found = self._of(how, carrier)
        return float("inf") if found is None else found.at(months)

    def known_weather_part(self, how: ForecastHow, carrier: Carrier) -> float:
        """What of that error is not the weather's."""
        found = self._of(how, carrier)
        return 1.0 if found is None else found.known_weather_part

    def _of(self, how: ForecastHow, carrier: Carrier) -> SeenErrors | None:
        group = energy_group(carrier)
        return next((s for s in self.seen if s.how == how.value and s.energy == group), None)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        there = [(s.how, s.energy) for s in self.seen]
        for how in ("model", "last_year"):
            for energy in ("electricity", "heating"):
                if there.count((how, energy)) != 1:
                    raise ValueError(
                        f"seen has {there.count((how, energy))} times {how} of {energy};"
                        " expected it once"
                    )
        return self


def energy_group(carrier: Carrier) -> EnergyGroup:
    """Whose errors a carrier's forecast has."""
    return "electricity" if carrier is Carrier.ELECTRICITY else "heating"
