"""The heating of a town's buildings in a winter or a year: made ahead, for it reads every day.

By city and period: ``2025`` (a calendar year) or ``2025-26`` (a heating season). Normalised
figures are there only where they mean something; a finding says why not. Read next
``paes.climate.heating``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dashboard.queries.recipe import Recipe, Sources
from paes.climate.degree_days import DegreeDays
from paes.climate.heating import (
    HeatingPeriod,
    HeatingUse,
    heated_sites,
    heating_use,
    season_period,
    year_period,
)
from paes.climate.heating_season import season_name
from paes.installation import City, Installation
from paes.periods import Clock, now_utc, zone

SEASONS = 3
"""So many winters can be asked for, the running one included."""


@dataclass(frozen=True)
class TownHeating:
    """The heating of each building that has a meter for it, by site."""

    period: HeatingPeriod | None
    """None if the city has no climate zone, or no such building."""
    uses: Mapping[str, HeatingUse]

    @property
    def degree_days(self) -> DegreeDays | None:
        """Of the period, the same for all buildings."""
        return next((use.degree_days for use in self.uses.values()), None)

    @property
    def reference_degree_days(self) -> float | None:
        """Those of a usual year."""
        return next((use.reference_degree_days for use in self.uses.values()), None)


def seasons(city: City, clock: Clock) -> list[str]:
    """The winters that have begun, the newest first; empty if the city has no climate zone."""
    if city.facts.climate_zone is None or city.heating_seasons is None:
        return []
    today = clock().astimezone(zone(city.time_zone)).date()
    years = range(today.year, today.year - SEASONS - 1, -1)
    begun = [y for y in years if season_period(city, y, today).first < today]
    return [season_name(year) for year in begun[:SEASONS]]


def last_over(city: City, clock: Clock) -> str | None:
    """The newest winter of which every day is over; None if none has been since."""
    today = clock().astimezone(zone(city.time_zone)).date()
    for name in seasons(city, clock):
        period = season_period(city, int(name[:4]), today)
        if period.end == period.whole_end:
            return name
    return None


def make_heating(sources: Sources, city_id: str, period: str) -> TownHeating:
    """Every heated building of the city in ``period``."""
    city, ledger = sources.city(city_id), sources.ledger
    if city.facts.climate_zone is None or city.heating_seasons is None:
        return TownHeating(None, {})
    today = ledger.clock().astimezone(zone(city.time_zone)).date()
    first = int(period[:4])
    of = season_period(city, first, today) if "-" in period else year_period(first, today)
    uses = {site.id: heating_use(ledger, city, site, of) for site in heated_sites(ledger, city)}
    return TownHeating(of, uses)


def _usual(installation: Installation) -> Iterable[tuple[str, ...]]:
    """The winters that can be asked for, and the last whole year."""
    for city in installation.cities.values():
        for name in seasons(city, now_utc):
            yield city.id, name
        last = now_utc().astimezone(zone(city.time_zone)).year - 1
        yield city.id, str(last)
        yield city.id, str(last - 1)


HEATING = Recipe("heating", make_heating, max_age_s=3 * 3600.0, ahead=_usual)
"""By city and period."""
