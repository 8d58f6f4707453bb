"""The running year: what meters saw so far, and what is to be expected of the rest of it.

::

    expected = seen so far + rest of the year by each site's model, at past years' weather
    band     = what past weather makes of it, at least the error such forecasts were seen to have
    declared = the latest figure that is there, carried (or a stated trend)

The year's cells then take the same way as any inventory's (``paes.inventory.making``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from paes.accounting.ledger import EnergyLedger
from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.inventory.method import Method
from paes.metering import Carrier, Finding, Sector
from paes.plan.target import Target


class ForecastHow(StrEnum):
    """What the rest of the year is expected by."""

    MODEL = "model"  # a model of each site, at past years' weather
    LAST_YEAR = "last_year"  # what was used in the same days of last year
    CARRIED = "carried"  # nothing is metered: the latest declared figure
    UNKNOWN = "unknown"  # neither model nor last year: only what was seen so far


@dataclass(frozen=True, slots=True)
class CellForecast:
    """One sector and carrier of the running year; energy in MWh, emissions in t.

    ``low_mwh`` and ``high_mwh`` are a band of 90 %; ``high_mwh`` is infinite where nothing bounds
    it.
    """

    sector: Sector
    carrier: Carrier
    so_far_mwh: float
    rest_mwh: float
    declared_mwh: float
    low_mwh: float
    high_mwh: float
    factor_t_per_mwh: float
    how: tuple[ForecastHow, ...]

    @property
    def expected_mwh(self) -> float:
        """The whole year."""
        return self.so_far_mwh + self.rest_mwh + self.declared_mwh


@dataclass(frozen=True)
class Forecast:
    """The running year of a city, up to ``until`` (not included) seen, then expected."""

    city: str
    year: int
    until: date
    weather_years: tuple[int, ...]
    cells: tuple[CellForecast, ...]
    low_t: float
    high_t: float
    inventory: Inventory
    target: Target
    findings: tuple[Finding, ...]

    @property
    def expected_t(self) -> float:
        """Emissions to be expected of the whole year."""
        return self.inventory.emissions_t


def make_forecast(
    city: City,
    ledger: EnergyLedger,
    target_id: str | None = None,
    method: Method | None = None,
) -> Forecast:
    """The running year of ``city`` beside the path to a target (by default the plan's)."""
    raise NotImplementedError
