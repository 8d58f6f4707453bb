"""What the actions of a town share: its measured parts, and its years without works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cached_property

from paes.accounting.ledger import EnergyLedger
from paes.installation import City
from paes.metering import Finding, Measures, SiteKind
from paes.periods import zone
from paes.plan.action import Action
from paes.savings.assumptions import SavingsAssumptions
from paes.savings.metered import Metered
from paes.savings.null_savings import BuildingYears, NormalChanges, NullSaving, null_savings
from paes.savings.other_actions import measured_carriers, measured_sites, works_at
from paes.savings.parts import TownParts
from paes.savings.periods import periods_of

Follow = Callable[[int, int], None]
ALIKE = (
    SiteKind.SCHOOL, SiteKind.OFFICE, SiteKind.LIBRARY, SiteKind.SPORTS_HALL, SiteKind.CULTURE,
    SiteKind.DEPOT, SiteKind.LIGHTING_CABINET,
)  # fmt: skip
"""Kinds of sites whose years say what a building changes by itself; a quay is none."""


class TownYears:
    """The years of one city's sites as of its ledger's now."""

    def __init__(
        self,
        ledger: EnergyLedger,
        city: City,
        assumptions: SavingsAssumptions,
        follow: Follow | None = None,
    ) -> None:
        self.ledger, self.city, self.assumptions = ledger, city, assumptions
        self._follow = follow
        self.today: date = ledger.clock().astimezone(zone(city.time_zone)).date()

    @property
    def measured(self) -> list[Action]:
        """The actions that say how they are measured."""
        return [a for a in self.city.actions if a.measurement]

    @cached_property
    def changes(self) -> NormalChanges:
        """What building years of this town change without works."""
        return NormalChanges(list(self._null_savings()), self.assumptions)

    @cached_property
    def parts(self) -> TownParts:
        """The measured parts of the city, from the first baseline or the kept years on."""
        years = self.today - timedelta(days=365 * self.assumptions.own_years.history_years)
        baselines = [
            periods_of(a.measurement, self.today).baseline.first
            for a in self.measured
            if a.measurement
        ]
        oldest = max(min([years, *baselines]), self._first_day(years))
        yesterday = self.today - timedelta(days=1)  # all meters may be still to come
        return TownParts(self.ledger, self.city, min(oldest, yesterday), self.today)

    def parts_of(self, action: Action) -> tuple[list[Metered], list[Finding]]:
        """What is measured of an action, and what should be and has no meter."""
        meters = (action.measurement.meters if action.measurement else ()) or (
            () if measured_sites(action) else action.meters
        )
        if meters:
            found = [self.parts.meter(self.city.meters[m]) for m in meters]
            return [part for part in found if part], []
        parts: list[Metered] = []
        missing: list[str] = []
        for site in measured_sites(action):
            if action.declared_production_mwh is not None:
                plants = self._plants(site)
                parts += plants
                missing += [] if plants else [f"production at {site}"]
                continue
            for carrier in measured_carriers(action):
                part = self.parts.site(site, carrier)
                parts += [part] if part else []
                missing += [] if part else [f"{carrier} at {site}"]
        return parts, [_unmetered(action, what) for what in missing]

    def _first_day(self, years: date) -> date:
        """No meter was in use before it, as far as meters say since when they are."""
        since = [m.valid_from for m in self.city.meters.values()]
        known = [day for day in since if day]
        return min(known) if known and len(known) == len(since) else years

    def _null_savings(self) -> Iterator[NullSaving]:
        parts = [p for p in self.parts.sites() if p.site.kind in ALIKE and p.use]
        for n, part in enumerate(parts):
            if part.use and not part.is_net_metered:
                works = works_at(self.city, part.site.id, part.carrier)
                of = BuildingYears(part.name, part.use, part.days, part.sure_kwh, works)
                yield from null_savings(of, self.assumptions)
            if self._follow:
                self._follow(n + 1, len(parts))

    def _plants(self, site: str) -> list[Metered]:
        """The plants of a site, each with its meter."""
        here = [m for m in self.city.meters.values() if m.site == site]
        plants = [m for m in here if m.measures is Measures.GENERATION]
        return [part for meter in plants if (part := self.parts.meter(meter))]


def _unmetered(action: Action, what: str) -> Finding:
    text = (
        f"no meter of {what}; expected one, or in measurement: the sites and carriers that are "
        "metered, with the declared_fraction that is theirs"
    )
    return Finding("saving.no_meter", action.id, text)
