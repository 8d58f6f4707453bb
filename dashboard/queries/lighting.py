"""Public lighting of a town: its cabinets, their energy by light point, and works on their lamps.

What is installed is the configuration's; energy is that of ``town_energy``. A cabinet without a
meter stands apart with the reason: its energy is not 0, it is not known. Nights and burning hours
are in ``lit_nights``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from dashboard.queries.town_energy import TownEnergy
from paes.accounting.energy_total import EnergyTotal
from paes.comparison.benchmarks import Benchmark, Per, Use, usual_ranges
from paes.installation import City, Installation
from paes.lighting import lit_sites
from paes.metering import Carrier, Measures, Sector, Site, SiteKind
from paes.meters import Meter
from paes.periods import local_year
from paes.plan.action import Action, Status
from paes.plan.declared_effect import as_if_done, together

_WHOLE_YEAR_S = 360 * 86400
_ANY_YEAR = 2001
"""In which actions work as if they had ended the year before."""


class Lamp(StrEnum):
    """What the register of actions says of a cabinet's lamps."""

    RENEWED = "renewed"  # by an action that is complete
    TO_RENEW = "to_renew"  # by one that is not
    UNTOLD = "untold"


class Unmetered(StrEnum):
    """Why a cabinet tells no energy."""

    NO_METER = "no_meter"
    NOT_READ = "not_read"


@dataclass(frozen=True)
class Cabinet:
    """A place with public lighting; ``points`` None where nobody counted its lamps."""

    site: Site
    meters: tuple[Meter, ...]
    """Those of what it withdraws; empty if it has none."""
    lamp: Lamp
    renewed_by: tuple[str, ...]
    """The actions on its lamps, those that are complete first."""

    @property
    def points(self) -> int | None:
        """How many lamps it feeds."""
        return self.site.light_points

    @property
    def installed_kw(self) -> float | None:
        """What its lamps take together; by the meter's rating where the site does not say it."""
        rated = [meter.rated_power_kw for meter in self.meters]
        return self.site.lighting_power_kw or (rated[0] if len(rated) == 1 else None)


@dataclass(frozen=True)
class CabinetYear:
    """A cabinet in one year."""

    cabinet: Cabinet
    total: EnergyTotal
    is_whole: bool
    """Whether the year is over, and its meters were in use from its start."""

    @property
    def per_point(self) -> tuple[float, float, float] | None:
        """kWh by light point: likely, least, most (infinite where nothing bounds it)."""
        points, total = self.cabinet.points, self.total
        if not points or not total.covered_s:
            return None
        return total.kwh / points, total.low_kwh / points, total.high_kwh / points


@dataclass(frozen=True)
class Declared:
    """What the plan's tables say of the sector in their newest year until the one that is shown."""

    year: int
    mwh: float
    is_rest: bool
    """Beside the sites with meters, and not the whole sector."""
    assumed: bool


@dataclass(frozen=True)
class LitTown:
    """Cabinets in order of name, actions in the register's order."""

    cabinets: tuple[Cabinet, ...]
    actions: tuple[Action, ...]
    usual: Benchmark | None
    """kWh a year by light point."""
    declared_mwh: float = 0.0
    """What the actions save together in a whole year, by their declaration: lamps that two of
    them renew count once."""

    @property
    def metered(self) -> tuple[Cabinet, ...]:
        """Those with a meter."""
        return tuple(cabinet for cabinet in self.cabinets if cabinet.meters)


def lit_town(installation: Installation, city: City) -> LitTown:
    """From the configuration alone: quick."""
    here = [site for site in lit_sites(installation) if site.id in city.sites]
    actions = tuple(a for a in city.actions if a.sector is Sector.PUBLIC_LIGHTING)
    cabinets = sorted((_cabinet(city, site, actions) for site in here), key=lambda c: c.site.name)
    usual = usual_ranges(installation.root).of_site(
        SiteKind.LIGHTING_CABINET, Use.ELECTRICITY, Per.LIGHT_POINT
    )
    return LitTown(tuple(cabinets), actions, usual, declared_saving_mwh(city.actions))


def declared_saving_mwh(actions: Iterable[Action]) -> float:
    """Of those on public lighting, among all of the register, in a year in which all work."""
    done = [as_if_done(action, _ANY_YEAR) for action in actions]
    found = together(done, _ANY_YEAR, lambda *_: 0.0, planned=True)  # energy needs no factor
    of_lamps = (one.effect for one in found if one.action.sector is Sector.PUBLIC_LIGHTING)
    return math.fsum(effect.net(effect.saving_mwh) for effect in of_lamps)


def _cabinet(city: City, site: Site, actions: Sequence[Action]) -> Cabinet:
    meters = tuple(
        m
        for m in city.meters.values()
        if m.site == site.id
        and m.carrier is Carrier.ELECTRICITY
        and m.measures is Measures.WITHDRAWAL
    )
    open_ = (Status.NOT_STARTED, Status.ONGOING, Status.POSTPONED)
    done = [a.id for a in actions if site.id in a.sites and a.status is Status.COMPLETED]
    planned = [a.id for a in actions if site.id in a.sites and a.status in open_]
    lamp = Lamp.RENEWED if done else Lamp.TO_RENEW if planned else Lamp.UNTOLD
    return Cabinet(site, meters, lamp, (*done, *planned))


def cabinet_years(
    town: LitTown, energy: TownEnergy, year: int, now: datetime, tz: str
) -> tuple[list[CabinetYear], list[tuple[Cabinet, Unmetered]]]:
    """Cabinets with readings of ``year``, most by light point first; and those without, and why."""
    told: list[CabinetYear] = []
    untold: list[tuple[Cabinet, Unmetered]] = []
    over = local_year(now, tz) > year
    for cabinet in town.cabinets:
        total = energy.year(cabinet.site.id, Carrier.ELECTRICITY, Measures.WITHDRAWAL, year)
        if not cabinet.meters:
            untold.append((cabinet, Unmetered.NO_METER))
        elif total is None or not total.covered_s:
            untold.append((cabinet, Unmetered.NOT_READ))
        else:
            told.append(CabinetYear(cabinet, total, over and total.span_s >= _WHOLE_YEAR_S))
    return sorted(told, key=_most_by_point), untold


def _most_by_point(one: CabinetYear) -> tuple[float, str]:
    return -(one.per_point[0] if one.per_point else 0.0), one.cabinet.site.name


@dataclass(frozen=True)
class PointGroup:
    """Cabinets whose lamps are alike, together."""

    lamp: Lamp
    cabinets: int
    points: int
    total: EnergyTotal

    @property
    def per_point(self) -> float:
        """kWh by light point."""
        return self.total.kwh / self.points


def point_groups(years: Sequence[CabinetYear]) -> list[PointGroup]:
    """By what the register says of their lamps; of those whose lamps are counted."""
    made = []
    for lamp in Lamp:
        among = [one for one in years if one.cabinet.lamp is lamp and one.per_point]
        if among:
            total = sum((one.total for one in among), EnergyTotal())
            points = sum(one.cabinet.points or 0 for one in among)
            made.append(PointGroup(lamp, len(among), points, total))
    return made


def declared(city: City, until: int) -> Declared | None:
    """The newest year until ``until`` whose electricity of lighting is declared."""
    rows = [
        row
        for row in city.declared
        if row.sector is Sector.PUBLIC_LIGHTING
        and row.carrier is Carrier.ELECTRICITY
        and row.mwh is not None
        and row.year <= until
    ]
    if not rows:
        return None
    year = max(row.year for row in rows)
    of = [row for row in rows if row.year == year]
    mwh = sum(row.mwh or 0.0 for row in of)
    rest = all(str(row.covers) == "rest" for row in of)
    return Declared(year, mwh, rest, any(row.assumed for row in of))


@dataclass(frozen=True)
class Around:
    """kWh by light point in the whole years before and after works on a cabinet's lamps."""

    cabinet: Cabinet
    action: Action
    before_year: int | None
    before: float | None
    after_year: int | None
    after: float | None


def around_works(town: LitTown, energy: TownEnergy, now: datetime, tz: str) -> list[Around]:
    """Of each cabinet and complete action: the last whole year before it, the first one after."""
    made = []
    for action in town.actions:
        if action.status is not Status.COMPLETED:
            continue
        for cabinet in town.metered:
            if cabinet.site.id in action.sites and cabinet.points:
                made.append(_around(cabinet, action, energy, local_year(now, tz)))
    return made


def _around(cabinet: Cabinet, action: Action, energy: TownEnergy, this_year: int) -> Around:
    whole = {}
    for year in energy.years:
        total = energy.year(cabinet.site.id, Carrier.ELECTRICITY, Measures.WITHDRAWAL, year)
        if total and total.span_s >= _WHOLE_YEAR_S and total.covered_s and year < this_year:
            whole[year] = total.kwh / (cabinet.points or 1)
    start, end = _works(action)
    before = max((year for year in whole if start and year < start.year), default=None)
    after = min((year for year in whole if end and year > end.year), default=None)
    return Around(
        cabinet,
        action,
        before,
        whole[before] if before is not None else None,
        after,
        whole[after] if after is not None else None,
    )


def _works(action: Action) -> tuple[date | None, date | None]:
    stated = action.measurement
    if stated is None:
        return action.start, action.end
    return stated.works_start or action.start, stated.works_end or action.end
