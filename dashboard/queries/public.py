"""What anybody may see: years and months of groups of sites, never a day, never a small group.

Sites of a kind are told together; kinds with fewer sites than ``public.yaml`` asks for go into the
group of all others. If that is too small as well, it takes in the smallest kind, so that no site
can be worked out as a difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add

from dashboard.queries.recipe import Sources
from dashboard.queries.town_energy import TownEnergy
from paes.accounting.energy_total import EnergyTotal
from paes.installation import City
from paes.metering import Carrier, Measures, Sector, SiteKind
from paes.plan.action import Action, Origin, Status
from paes.public_rules import PublicRules, public_rules

OTHERS = "others"
MOST_YEARS = 6
HEAT = (Carrier.NATURAL_GAS, Carrier.HEATING_OIL, Carrier.LIQUID_GAS, Carrier.HEAT_COLD)
ENERGIES = {"electricity": (Carrier.ELECTRICITY,), "heat": HEAT}


@dataclass(frozen=True, slots=True)
class GroupYear:
    """What sites of a kind used of one energy in a whole year."""

    group: str
    """A ``SiteKind``, or ``OTHERS``."""
    year: int
    energy: str
    """``electricity`` or ``heat``."""
    sites: frozenset[str]
    """Those with such a meter in use; only how many they are is told."""
    used: EnergyTotal


@dataclass(frozen=True, slots=True)
class SunYear:
    """What plants of schools made in a whole year; ``kept`` is what was not fed into the grid."""

    year: int
    schools: int
    pupils: int
    made: EnergyTotal
    fed_in: EnergyTotal | None
    """None where nobody meters it."""


@dataclass(frozen=True, slots=True)
class SunMonth:
    """A whole month of the same plants."""

    month: str
    """``2025-03``."""
    made: EnergyTotal


@dataclass(frozen=True)
class PublicEnergy:
    """All that the public page tells of meters."""

    rules: PublicRules
    groups: tuple[GroupYear, ...]
    sun: tuple[SunYear, ...]
    months: tuple[SunMonth, ...]


def public_energy(sources: Sources, city: City, town: TownEnergy, this_year: int) -> PublicEnergy:
    """Of years that are over, the oldest first."""
    rules = public_rules(sources.installation.root)
    years = [year for year in town.years if year < this_year][-MOST_YEARS:]
    schools = _sunny(city, town)
    enough = len(schools) >= rules.groups.least_sites
    return PublicEnergy(
        rules=rules,
        groups=tuple(_group_years(city, town, years, rules.groups.least_sites)),
        sun=tuple(_sun_years(city, schools, town, years)) if enough else (),
        months=tuple(_sun_months(schools, town, years)) if enough else (),
    )


def _group_years(
    city: City, town: TownEnergy, years: Iterable[int], least: int
) -> Iterable[GroupYear]:
    """Grouped for each energy by itself: fewer buildings have a meter of heat."""
    listed = list(years)
    groups = {name: grouped(_kinds(city, town, listed, of), least) for name, of in ENERGIES.items()}
    for year in listed:
        for name, carriers in ENERGIES.items():
            for group, ids in groups[name].items():
                metered = [site for site in ids if _is_metered(town, site, carriers, year)]
                used = _total(town, metered, carriers, Measures.WITHDRAWAL, year)
                if used is not None and len(metered) >= least:
                    yield GroupYear(group, year, name, frozenset(metered), used)


def _kinds(
    city: City, town: TownEnergy, years: Iterable[int], carriers: Iterable[Carrier]
) -> dict[str, list[str]]:
    """Municipal buildings with such a meter that counts, by kind."""
    known: dict[str, list[str]] = {}
    wanted, listed = set(years), tuple(carriers)
    for site in city.sites.values():
        is_seen = any(_is_metered(town, site.id, listed, year) for year in wanted)
        if site.sector is Sector.MUNICIPAL_BUILDINGS and is_seen:
            known.setdefault(str(site.kind), []).append(site.id)
    return known


def _is_metered(town: TownEnergy, site: str, carriers: Iterable[Carrier], year: int) -> bool:
    return any((site, c, Measures.WITHDRAWAL, year) in town.totals for c in carriers)


def grouped(kinds: Mapping[str, list[str]], least: int) -> dict[str, list[str]]:
    """Kinds of at least ``least`` sites, and all others together; nothing if there are too few."""
    large = {kind: ids for kind, ids in kinds.items() if len(ids) >= least}
    rest = [site for kind, ids in kinds.items() if kind not in large for site in ids]
    while rest and len(rest) < least and large:
        smallest = min(large, key=lambda kind: (len(large[kind]), kind))
        rest += large.pop(smallest)
    if len(rest) >= least:
        large[OTHERS] = rest
    return large


def _total(
    town: TownEnergy, ids: Iterable[str], carriers: Iterable[Carrier], of: Measures, year: int
) -> EnergyTotal | None:
    """All of them together; None if none of them has such a meter."""
    listed = tuple(carriers)
    found = [town.totals.get((site, c, of, year)) for site in ids for c in listed]
    known = [total for total in found if total is not None]
    return reduce(add, known) if known else None


def _sunny(city: City, town: TownEnergy) -> list[str]:
    """Schools that make electricity."""
    return [
        site.id
        for site in city.sites.values()
        if site.kind is SiteKind.SCHOOL
        and (site.id, Carrier.ELECTRICITY, Measures.GENERATION) in town.tables
    ]


def _sun_years(
    city: City, schools: list[str], town: TownEnergy, years: Iterable[int]
) -> Iterable[SunYear]:
    power = (Carrier.ELECTRICITY,)
    for year in years:
        made = _total(town, schools, power, Measures.GENERATION, year)
        if made is None or not made.span_s:
            continue
        metered = [
            s for s in schools if (s, Carrier.ELECTRICITY, Measures.FEED_IN, year) in town.totals
        ]
        fed_in = _total(town, schools, power, Measures.FEED_IN, year)
        yield SunYear(
            year,
            len(schools),
            sum(city.sites[s].pupils or 0 for s in schools),
            made,
            fed_in if len(metered) == len(schools) else None,
        )


def _sun_months(schools: list[str], town: TownEnergy, years: Iterable[int]) -> Iterable[SunMonth]:
    tables = [town.tables[s, Carrier.ELECTRICITY, Measures.GENERATION] for s in schools]
    together, wanted = reduce(add, tables), set(years)
    for start, total in zip(town.starts, together.rows(), strict=True):
        if start.year in wanted and total.span_s:
            yield SunMonth(f"{start.year}-{start.month:02d}", total)


def own_actions(city: City, *states: Status) -> list[Action]:
    """The town's own actions in those states, by their end."""
    found = [a for a in city.actions if a.origin is Origin.LOCAL and a.status in states]
    return sorted(found, key=lambda a: (a.end is None, a.end, a.id))
