"""One cell of the running year: what of it was seen, is expected, or carried, and its band."""

from __future__ import annotations

import math
from dataclasses import dataclass

from paes.activity.activity_data import latest_rows
from paes.activity.declared_row import DeclaredRow
from paes.forecast.errors import ForecastHow
from paes.forecast.expected_rest import SiteRest
from paes.forecast.running_year import Z90, RunningYear
from paes.installation import City
from paes.inventory.line import InventoryLine
from paes.metering import Carrier, Sector
from paes.uncertainty.assumptions import Z95
from paes.units import KWH_PER_MWH


@dataclass(frozen=True, slots=True)
class CellForecast:
    """One sector and carrier of the running year; energy in MWh.

    ``so_far_mwh`` and ``rest_mwh`` are what meters saw and what is expected of them, as far as
    they add to the cell; ``declared_mwh`` is the rest. ``low_mwh`` and ``high_mwh`` hold it in 9
    of 10 years; ``high_mwh`` is infinite where nothing bounds it.
    """

    sector: Sector
    carrier: Carrier
    so_far_mwh: float
    rest_mwh: float
    declared_mwh: float
    low_mwh: float
    high_mwh: float
    how: tuple[ForecastHow, ...]
    line: InventoryLine

    @property
    def expected_mwh(self) -> float:
        """The whole year."""
        return self.line.energy_mwh

    @property
    def expected_t(self) -> float:
        """Its emissions."""
        return self.line.emissions_t

    @property
    def bounds_t(self) -> tuple[float, float]:
        """The band at the factor of the line, between that one's bounds where it has any.

        That the year's own factor may be another stands apart.
        """
        least, most = self.line.factor.bounds_t_per_mwh
        return self.low_mwh * least, self.high_mwh * most if self.high_mwh and most else 0.0


@dataclass(frozen=True)
class Carried:
    """How far figures may have moved since the year they were declared for."""

    city: City
    year: int
    half_width_per_year: float
    """Of a 95 % interval, as a part of the figure; it grows with the root of the years."""

    def half_fraction(self, declared_year: int) -> float:
        """Half of the 90 % band, as a part of the figure."""
        years = max(0, self.year - declared_year)
        return Z90 / Z95 * self.half_width_per_year * math.sqrt(years)

    def half_mwh(self, line: InventoryLine) -> float:
        """The same of a cell's declared parts, as if all moved the same way."""
        activity = line.activity
        of = latest_rows(self.year, self.city.declared).get((activity.sector, activity.carrier), ())
        since = {row.what: row.year for row in of}
        return math.fsum(
            part.energy_mwh * self.half_fraction(since.get(part.what, part.year))
            for part in activity.parts
        )


def trended(city: City, year: int) -> list[DeclaredRow]:
    """Declared rows that are not there yet, as their stated trends have them."""
    latest = [row for rows in latest_rows(year, city.declared).values() for row in rows]
    return [drawn for row in latest if (drawn := city.outlook.drawn_on(row, year))]


def cell_forecast(line: InventoryLine, running: RunningYear, carried: Carried) -> CellForecast:
    """The cell of an expected inventory, taken apart."""
    activity = line.activity
    sites = running.sites.get((activity.sector, activity.carrier), [])
    standing = {site for part in activity.parts for site in part.sites}
    added = [s for s in sites if activity.adds_metered and s.site.id not in standing]
    rest = math.fsum(s.kwh + s.filled_kwh for s in added)
    low, high = activity.bounds_mwh
    half = carried.half_mwh(line)
    rest_mwh = rest / KWH_PER_MWH
    metered_mwh = activity.energy_mwh - activity.declared_mwh
    so_far_mwh = max(metered_mwh - rest_mwh, 0.0)
    return CellForecast(
        sector=activity.sector,
        carrier=activity.carrier,
        so_far_mwh=so_far_mwh,
        rest_mwh=metered_mwh - so_far_mwh,
        declared_mwh=activity.declared_mwh,
        low_mwh=max(low - half, min(low, so_far_mwh)),
        high_mwh=high + half,
        how=_how(line, added, carried),
        line=line,
    )


def _how(line: InventoryLine, sites: list[SiteRest], carried: Carried) -> tuple[ForecastHow, ...]:
    activity = line.activity
    found = {site.how for site in sites}
    for part in activity.parts:
        trend = carried.city.outlook.trend(activity.sector, activity.carrier)
        is_there = any(row.cell == part.cell for row in carried.city.declared)
        if part.year == carried.year:
            found.add(ForecastHow.DECLARED if is_there or not trend else ForecastHow.TREND)
        else:
            found.add(ForecastHow.CARRIED)
    return tuple(how for how in ForecastHow if how in found)
