"""How much each driver was in two years, and by which method that is known.

Degree days come from the store where both years are known there by measurement, else both from
``drivers.csv``: one of each would be the difference of two methods. What is not known for both
years by one method is not told; its part of a change stays in what nobody explains, and a finding
says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from paes.accounting.ledger import EnergyLedger
from paes.causes.driver_data import Driver
from paes.climate.daily_temperature import daily_temperatures
from paes.climate.degree_days import ITALIAN, degree_days
from paes.installation import City
from paes.metering import Carrier, Finding, Sector

LEAST_MEASURED = 0.95
"""Of a year's heating season: with less, its degree days are no measurement of the year."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A driver in two years, and whether either figure is an assumption."""

    before: float
    after: float
    assumed: bool
    source: str


@dataclass
class DriverYears:
    """The drivers of a city in any two years; keeps what it has read of the store."""

    city: City
    ledger: EnergyLedger
    _measured: dict[int, float | None] = field(default_factory=dict, repr=False)

    def degree_days(self, base: int, year: int) -> Pair | None:
        """Of both calendar years; None if they are not known by one method."""
        measured = self._stored(base)
        also = self._stored(year) if measured else None
        if measured and also:
            return Pair(measured, also, False, "outdoor temperatures in the store")
        return self._declared(Driver.DEGREE_DAYS, None, base, year)

    def activity(self, driver: Driver, sector: Sector, base: int, year: int) -> Pair | None:
        """Of a sector in both years; None if one of them is not known.

        Inhabitants that ``drivers.csv`` does not tell are those of ``city.yaml``.
        """
        found = self._declared(driver, sector, base, year)
        if found is None and driver is Driver.INHABITANTS:
            return self._inhabitants(base, year)
        return found

    def weather(self, sector: Sector, carrier: Carrier, days: Pair) -> tuple[float, float]:
        """How much a cell's energy follows the weather of both years; 1 in a usual winter.

        ``w = 1 - s + s * degree days / those of a usual winter`` with s from
        ``weather_dependence.yaml``. Where nobody says what is usual, it is the mean of both years.
        """
        share = self.ledger.installation.dependence.weather_fraction(sector, carrier)
        usual = self._usual(days)
        return (
            1 - share + share * days.before / usual,
            1 - share + share * days.after / usual,
        )

    def _usual(self, days: Pair) -> float:
        reference = self.city.facts.reference_degree_days
        if reference and reference.base_degc == ITALIAN.base_degc:
            return reference.degree_days
        return (days.before + days.after) / 2

    def _stored(self, year: int) -> float | None:
        if year not in self._measured:
            self._measured[year] = self._read(year)
        return self._measured[year]

    def _read(self, year: int) -> float | None:
        city = self.city
        if city.facts.climate_zone is None or city.heating_seasons is None:
            return None
        found = degree_days(
            daily_temperatures(
                self.ledger.store,
                city.temperature_points,
                date(year, 1, 1),
                date(year + 1, 1, 1),
                city.time_zone,
            ),
            ITALIAN,
            city,
        )
        known = found.unknown_days == 0 and (found.coverage or 0.0) >= LEAST_MEASURED
        return found.value if known and found.value > 0 else None

    def _declared(self, driver: Driver, sector: Sector | None, base: int, year: int) -> Pair | None:
        """The sector's own rows, else those of all sectors; both years from the same."""
        for of in dict.fromkeys((sector, None)):
            rows = {
                row.year: row
                for row in self.city.drivers
                if row.driver is driver and row.sector is of
            }
            if base in rows and year in rows:
                before, after = rows[base], rows[year]
                assumed = before.assumed or after.assumed
                return Pair(before.value, after.value, assumed, "drivers.csv")
        return None

    def _inhabitants(self, base: int, year: int) -> Pair | None:
        before, after = self.city.population(base), self.city.population(year)
        if before is None or after is None:
            return None
        assumed = before.assumed or after.assumed or (before.year, after.year) != (base, year)
        return Pair(before.inhabitants, after.inhabitants, assumed, "city.yaml")


def not_told(subject: str, what: str, base: int, year: int) -> Finding:
    """A driver that is not known for both years."""
    return Finding(
        "cause.not_told",
        subject,
        f"{what} is not known for {base} and {year} by one method: its part of the change is in "
        "what is unexplained",
    )
