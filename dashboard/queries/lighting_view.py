"""What the page of public lighting shows of one choice (a year, one cabinet), as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from statistics import median

from dashboard.queries.lighting import (
    Around,
    Cabinet,
    CabinetYear,
    Declared,
    LitTown,
    PointGroup,
    Unmetered,
    around_works,
    cabinet_years,
    declared,
    point_groups,
)
from dashboard.queries.lit_nights import Follows, Habit, TownNights, habit
from dashboard.queries.recipe import Sources
from dashboard.queries.town_energy import TownEnergy
from paes.accounting.energy_total import EnergyTotal
from paes.installation import City
from paes.lighting import Light, lights_now
from paes.periods import local_year


@dataclass(frozen=True)
class CabinetHabit:
    """A cabinet and what it did in its last known nights."""

    cabinet: Cabinet
    habit: Habit
    follows: Follows


@dataclass(frozen=True)
class LightingView:
    """``chosen`` is the cabinet of the pictures of single nights: the worst, if none is said."""

    town: LitTown
    year: int
    is_over: bool
    years: tuple[CabinetYear, ...]
    """Most by light point first."""
    untold: tuple[tuple[Cabinet, Unmetered], ...]
    groups: tuple[PointGroup, ...]
    declared: Declared | None
    around: tuple[Around, ...]
    nights: TownNights
    habits: tuple[CabinetHabit, ...]
    """Those that do not follow the sun first, the farthest off first."""
    chosen: Cabinet | None

    @property
    def total(self) -> EnergyTotal:
        """Of all cabinets with readings."""
        return sum((one.total for one in self.years), EnergyTotal())

    @property
    def points(self) -> int:
        """Light points of which the energy is known."""
        return sum(group.points for group in self.groups)

    @property
    def per_point(self) -> float | None:
        """kWh by light point of those together."""
        kwh = sum(group.total.kwh for group in self.groups)
        return kwh / self.points if self.points else None

    @property
    def wrong(self) -> tuple[CabinetHabit, ...]:
        """Those that do not follow the sun."""
        return tuple(one for one in self.habits if one.follows is not Follows.SUN)

    @property
    def without_hours(self) -> tuple[Cabinet, ...]:
        """The cabinets of which nobody knows when they burn."""
        known = {one.cabinet.site.id for one in self.habits}
        return tuple(c for c in self.town.cabinets if c.site.id not in known)

    @property
    def median_h(self) -> tuple[float, float]:
        """Hours a night of burning and of darkness over all habits; there is one at least."""
        habits = [one.habit for one in self.habits]
        return median(h.burning_h for h in habits), median(h.dark_h for h in habits)


def lighting_view(
    city: City,
    town: LitTown,
    energy: TownEnergy,
    nights: TownNights,
    year: int,
    site_id: str,
    now: datetime,
) -> LightingView:
    """The choice, ready to be told; an empty ``site_id`` leaves it to the nights."""
    years, untold = cabinet_years(town, energy, year, now, city.time_zone)
    habits = _habits(town, nights)
    chosen = next((c for c in town.cabinets if c.site.id == site_id), None)
    return LightingView(
        town=town,
        year=year,
        is_over=local_year(now, city.time_zone) > year,
        years=tuple(years),
        untold=tuple(untold),
        groups=tuple(point_groups(years)),
        declared=declared(city, year),
        around=tuple(around_works(town, energy, now, city.time_zone)),
        nights=nights,
        habits=tuple(habits),
        chosen=chosen or (habits[0].cabinet if habits else None),
    )


def _habits(town: LitTown, nights: TownNights) -> list[CabinetHabit]:
    found = []
    for cabinet in town.cabinets:
        of = nights.by_site.get(cabinet.site.id)
        told = habit(of) if of else None
        if told:
            found.append(CabinetHabit(cabinet, told, nights.judged(told)))
    return sorted(found, key=lambda c: (c.follows is Follows.SUN, -abs(c.habit.extra_min)))


@dataclass(frozen=True)
class Now:
    """What the lamps of the cabinets do now, by their last readings; a stale one is unknown."""

    burning: int
    dark: int
    unknown: int
    newest: datetime | None
    """Of the readings that count."""

    @property
    def all(self) -> int:
        """How many there are."""
        return self.burning + self.dark + self.unknown


def lit_now(sources: Sources, town: LitTown, nights: TownNights) -> Now:
    """Of every cabinet: its own meters burn, are dark, or nobody knows."""
    states = lights_now(sources.ledger, nights.lamps)
    burning = sum(state.light is Light.BURNING for state in states)
    dark = sum(state.light is Light.DARK for state in states)
    known = [s.at for s in states if s.at and s.light is not Light.UNKNOWN]
    unknown = len(town.cabinets) - burning - dark
    return Now(burning, dark, unknown, max(known, default=None))
