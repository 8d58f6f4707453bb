"""The metered energy of a year that is not over: seen so far, and expected, between bounds.

What is expected stands as estimated energy in the same totals that an inventory is made of. Half of
its band of 90 % is the larger of two::

    seen                                      what such forecasts were seen to miss
    sqrt((part * seen)^2 + weather^2)         the part of it that is not the weather's, and what the
                                              weather of past years makes here

What gaps leave open comes on top, and it never reaches below what was surely used already.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np

from paes.accounting.energy_total import EnergyTotal
from paes.activity.activity_data import Cell
from paes.activity.declared_row import DeclaredRow
from paes.activity.site_meters import RowKey, SiteMeters
from paes.climate.past_weather import PastWeather, WeatherFrom
from paes.forecast.errors import ForecastErrors, ForecastHow
from paes.forecast.expected_rest import SiteRest
from paes.inventory.metered_year import MeteredYear

Z90 = 1.6448536269514722
"""So many standard deviations on either side hold 90 % of a normal distribution."""
_STUDENT_90 = (6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833)
"""The same of Student's t with 1 to 9 degrees of freedom (any table of it, p = 0.95)."""


@dataclass(frozen=True)
class RunningYear:
    """Metered energy as ``inventory_of`` asks for it, whole years; the sites behind each cell."""

    metered: dict[Cell, EnergyTotal]
    billed: dict[Cell, EnergyTotal]
    of_sites: dict[RowKey, SiteMeters]
    sites: dict[Cell, list[SiteRest]]


def running_year(
    seen: MeteredYear,
    rests: Iterable[SiteRest],
    named: Sequence[DeclaredRow],
    band: Band,
    elapsed: float,
) -> RunningYear:
    """What meters saw of ``elapsed`` (0..1) of the year, and what is expected of their sites.

    ``named`` are the declared rows that name their sites: what these use belongs to their row.
    """
    row_of = {(site, row.carrier): row for row in named for site in row.sites}
    of_cells: dict[Cell, list[SiteRest]] = {}
    of_rows: dict[RowKey, list[SiteRest]] = {row.cell: [] for row in named}
    of_all: dict[Cell, list[SiteRest]] = {}
    for rest in rests:
        cell = rest.site.sector, rest.carrier
        of_all.setdefault(cell, []).append(rest)
        row = row_of.get((rest.site.id, rest.carrier))
        if row and (row.sector, row.carrier) == cell:
            of_rows[row.cell].append(rest)
        else:
            of_cells.setdefault(cell, []).append(rest)
    so_far = seen.metered
    cells = sorted(so_far.keys() | of_cells.keys())
    nothing = EnergyTotal()
    return RunningYear(
        {c: band.whole_year(so_far.get(c, nothing), of_cells.get(c, [])) for c in cells},
        seen.billed,
        {key: _of_row(one, of_rows[key], band, elapsed) for key, one in seen.of_sites.items()},
        of_all,
    )


def _of_row(seen: SiteMeters, rests: Sequence[SiteRest], band: Band, elapsed: float) -> SiteMeters:
    """A row's meters are expected to see the rest of the year, if they are there now."""
    sites_known = bool(rests) and all(rest.how is not ForecastHow.UNKNOWN for rest in rests)
    covered = seen.covered_fraction + (1 - elapsed if sites_known else 0.0)
    return replace(
        seen, metered=band.whole_year(seen.metered, rests), covered_fraction=min(1.0, covered)
    )


@dataclass(frozen=True)
class Band:
    """How wide 9 of 10 years lie around what is expected, after so many months of the year."""

    errors: ForecastErrors
    weather: PastWeather
    months: float

    def whole_year(self, seen: EnergyTotal, rests: Sequence[SiteRest]) -> EnergyTotal:
        """``seen`` with what is expected as estimated energy, between its bounds."""
        rest = math.fsum(r.kwh for r in rests)
        filled = math.fsum(r.filled_kwh for r in rests) if seen.missing_high_kwh else 0.0
        expected, half = seen.kwh + filled + rest, self.half_kwh(rests)
        opened = [math.fsum(r.open_kwh[end] for r in rests) for end in (0, 1)]
        low = expected - half - opened[0] - max(seen.kwh + filled - seen.low_kwh, 0.0)
        high = expected + half + opened[1] + max(seen.high_kwh - seen.kwh - filled, 0.0)
        return EnergyTotal(
            measured_kwh=seen.measured_kwh,
            catch_up_kwh=seen.catch_up_kwh,
            estimated_kwh=expected - seen.measured_kwh,
            estimated_low_kwh=max(low, seen.low_kwh) - seen.measured_kwh,
            estimated_high_kwh=high - seen.measured_kwh,
            covered_s=seen.covered_s,
            span_s=seen.span_s,
        )

    def half_kwh(self, rests: Sequence[SiteRest]) -> float:
        """Half of the band of these sites together, without what gaps leave open."""
        if not rests:
            return 0.0
        known = self.errors.known_weather_part
        missed = [self._seen_error(r) for r in rests]
        apart = [m * known(r.how, r.carrier) for m, r in zip(missed, rests, strict=True)]
        of_all = math.hypot(math.fsum(apart), self.weather_half_kwh(rests))
        return max(math.fsum(missed), of_all)

    def weather_half_kwh(self, rests: Sequence[SiteRest]) -> float:
        """Half of the band that the weather of the rest of the year makes."""
        sums = reduce(add, (rest.by_weather_kwh for rest in rests), np.zeros(1))
        follows = math.fsum(rest.follows_weather_kwh for rest in rests)
        if self.weather.came_from is not WeatherFrom.YEARS:
            return Z90 * self.errors.no_years.spread_fraction * follows
        n = len(self.weather.years)
        spread = float(np.std(sums, ddof=1)) if len(sums) > 1 else 0.0
        one_more = math.sqrt(1 + 1 / n)
        few = self.errors.few_years
        if n < few.fewer_than_years:
            return Z90 * max(spread, few.spread_fraction * follows) * one_more
        return _STUDENT_90[n - 2] * spread * one_more

    def _seen_error(self, rest: SiteRest) -> float:
        """What 9 of 10 forecasts of such a site stayed below, in kWh."""
        if rest.how is ForecastHow.UNKNOWN:
            return 0.0  # what is open of it has no bound anyway
        fraction = self.errors.error_fraction(rest.how, rest.carrier, self.months)
        return fraction * abs(rest.year_kwh)
