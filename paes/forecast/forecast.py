"""The running year: what meters saw so far, and what is to be expected of the rest of it.

::

    expected = seen so far + the rest of the year of each site (``paes.forecast.expected_rest``)
    band     = what such forecasts were seen to miss, or more where past weather differs more
    declared = the latest figure that is there, carried, or as a stated trend has it

The year's cells then take the same way as any inventory's (``paes.inventory.making``): their
factors are the latest known, and what is expected stands in them as estimated energy between its
bounds. A band holds 9 of 10 years. Bands of cells add up as if all erred the same way, as they do
with the weather: the total's is rather too wide than too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from paes.accounting.ledger import EnergyLedger
from paes.climate.past_weather import PastWeather, past_weather
from paes.forecast.cells import Carried, CellForecast, cell_forecast, trended
from paes.forecast.expected_rest import Follow, SiteRest, expected_rest
from paes.forecast.running_year import Band, running_year
from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.inventory.making import inventory_of, make_inventory
from paes.inventory.metered_year import metered_year, site_rows
from paes.inventory.method import Method
from paes.metering import Finding
from paes.periods import local_midnight, zone
from paes.plan.target import Target
from paes.progress.path import Emissions, Verdict, emissions_of, required_fraction, verdict_of
from paes.progress.progress import find_target


@dataclass(frozen=True)
class Forecast:
    """The running year of a city: up to ``until`` (not included) seen, from then on expected."""

    city: str
    year: int
    until: date
    weather: PastWeather
    sites: tuple[SiteRest, ...]
    cells: tuple[CellForecast, ...]
    inventory: Inventory
    target: Target
    unit: str
    expected: Emissions
    """In the target's measure: t, or t per head."""
    base: Emissions
    path: Emissions
    target_emissions: float
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """How the year is expected to stand against the path; uncertain if the band holds it."""
        return verdict_of(self.expected, self.path)

    @property
    def seen_fraction(self) -> float:
        """The part of the expected emissions (0..1) that meters saw already."""
        return self._fraction(lambda c: c.so_far_mwh)

    @property
    def expected_fraction(self) -> float:
        """The part that is expected of meters."""
        return self._fraction(lambda c: c.rest_mwh)

    @property
    def declared_fraction(self) -> float:
        """The part that rests on declared figures, carried ones as a rule."""
        return 1 - self.seen_fraction - self.expected_fraction

    def _fraction(self, energy_mwh: Callable[[CellForecast], float]) -> float:
        total = self.inventory.emissions_t
        parts = (energy_mwh(c) * c.line.factor.factor_t_per_mwh for c in self.cells)
        return math.fsum(parts) / total if total else 0.0


def make_forecast(
    city: City,
    ledger: EnergyLedger,
    target_id: str | None = None,
    method: Method | None = None,
    follow: Follow | None = None,
) -> Forecast:
    """The running year of ``city`` beside the path to a target (by default the plan's).

    It is made as of last midnight. ``follow`` is told how many of how many meters are done.
    DataError if the target is unknown or its base year has no inventory.
    """
    target = find_target(city, target_id)
    until = ledger.clock().astimezone(zone(city.time_zone)).date()
    year, after = until.year, date(until.year + 1, 1, 1)
    midnight = local_midnight(until, city.time_zone)
    then = EnergyLedger(ledger.installation, ledger.store, clock=lambda: midnight)
    expectations = ledger.installation.expectations
    course = expectations.errors.reference_course
    weather = past_weather(ledger.store, city, until, after, course)
    sites = expected_rest(city, then, until, weather, follow)
    elapsed = (until - date(year, 1, 1)).days / (after - date(year, 1, 1)).days
    band = Band(expectations.errors, weather, 12 * elapsed)
    seen = metered_year(city, year, then)
    running = running_year(seen, sites, site_rows(city, year), band, elapsed)
    drawn_on = replace(city, declared=(*city.declared, *trended(city, year)))
    inventory = inventory_of(
        drawn_on, year, then, running.metered, running.billed, method, running.of_sites
    )
    carried = Carried(
        city, year, ledger.installation.uncertainty.carried.half_width_per_year_fraction
    )
    cells = tuple(cell_forecast(line, running, carried) for line in inventory.lines)
    base = emissions_of(city, target, make_inventory(city, target.base_year, ledger, method))
    return Forecast(
        city=city.id,
        year=year,
        until=until,
        weather=weather,
        sites=tuple(sites),
        cells=cells,
        inventory=inventory,
        target=target,
        unit="t" if target.kind == "absolute" else "t per head",
        expected=_expected(drawn_on, target, inventory, cells, carried),
        base=base,
        path=base.times(1 - required_fraction(target, year)),
        target_emissions=base.t * (1 - target.reduction_fraction),
        findings=(
            *(f for f in inventory.findings if f.name not in _OF_WHOLE_YEARS),
            *(rest.finding for rest in sites if rest.finding),
        ),
    )


_OF_WHOLE_YEARS = ("activity.meters_changed",)
"""Findings that count meters by the part of the year they were in use, which has just begun."""


def _expected(
    city: City,
    target: Target,
    inventory: Inventory,
    cells: tuple[CellForecast, ...],
    carried: Carried,
) -> Emissions:
    """The expected emissions between the bounds of all cells and other rows."""
    in_measure = emissions_of(city, target, inventory).t
    per_t = in_measure / inventory.emissions_t if inventory.emissions_t else 1.0
    bounds = [cell.bounds_t for cell in cells]
    for row in inventory.other_rows:
        half = abs(row.emissions_t) * carried.half_fraction(row.declared_year)
        bounds.append((row.emissions_t - half, row.emissions_t + half))
    low, high = (math.fsum(b[end] for b in bounds) for end in (0, 1))
    return Emissions(in_measure, low * per_t, high * per_t)
