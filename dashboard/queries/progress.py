"""What the page of progress shows, as plain data.

``view`` turns a city, a target and ready inventories into a ``CityView``. Everything that a
sentence, a figure or a table needs is in it, so that they can never disagree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from dashboard.queries.changes import LineChange, SectorChange, line_changes, sector_changes
from dashboard.queries.evidence_shares import SectorShares, sector_shares
from dashboard.queries.measure import UNITS, Measure, can_choose, unit_of
from dashboard.queries.outlook import Outlook, YearBand, bands, outlook
from dashboard.queries.recipe import Recipe, Sources
from paes.accounting.ledger import EnergyLedger
from paes.causes.effects import Effects
from paes.installation import City, Installation
from paes.inventory.inventory import Inventory
from paes.inventory.method import Method
from paes.lineage.figure_id import choices_of
from paes.metering import Finding
from paes.periods import local_year
from paes.plan.action import Action, Origin, Status
from paes.plan.plan import ElectricityFactor
from paes.plan.target import PublishedInventory, Target
from paes.progress.path import YearResult
from paes.progress.progress import (
    Progress,
    make_inventories,
    make_progress,
    next_target,
    usual_simulation,
)
from paes.report.inventory_report import compared
from paes.uncertainty.chances import Chances, YearChances
from paes.uncertainty.simulation import Draws

SCOPES = ("national", "local")


@dataclass(frozen=True, slots=True)
class NextStep:
    """The target that comes due next, and what it still asks for (in the target's unit)."""

    target: Target
    target_t: float
    latest: YearResult
    gap_t: float
    """Above the target; negative if the newest inventory is already below it."""
    per_year_t: float
    """The mean fall that each year up to the target needs; 0 if there is no gap."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """A target as a point of the chart: where it lies if measured by its own base year."""

    target: Target
    emissions_t: float
    tracked: bool


@dataclass(frozen=True, slots=True)
class ActionCount:
    """How many actions there are, and are complete."""

    all: int
    completed: int


@dataclass(frozen=True)
class CityView:
    """A city against one target, ready to be told, drawn and tabled."""

    city: City
    progress: Progress
    newest: Inventory
    next_step: NextStep | None
    milestones: tuple[Milestone, ...]
    sectors: tuple[SectorChange, ...]
    lines: tuple[LineChange, ...]
    own_actions: ActionCount
    published: tuple[PublishedInventory, ...]
    findings: tuple[Finding, ...] = ()
    """About the newest inventory, its comparison with the base year, and the causes of a change."""
    chances: Chances | None = None
    """How likely each year keeps to the path and meets the target; None if nothing was drawn."""
    unit: str = "town"
    """In which tonnes are shown: of the whole ``town``, or by ``head``."""
    units: tuple[str, ...] = ()
    """Those that there are; one alone where nobody knows the inhabitants."""
    own: Progress | None = None
    """The same in the target's own measure; None where that is what is shown."""
    path: tuple[tuple[int, float], ...] = ()
    """The target's path as shown: where it bends, by year."""
    bands: tuple[YearBand, ...] = ()
    """What holds 9 of 10 draws of each inventory."""
    outlook: Outlook | None = None
    """Years to come up to the tracked target, or to the next one if that lies behind."""
    evidence: tuple[SectorShares, ...] = ()

    @cached_property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """What of the method is not the plan's, as it stands in ids of figures."""
        return choices_of(self.progress.method, self.city.plan)

    @cached_property
    def newest_cells(self) -> frozenset[tuple[str, ...]]:
        """Sectors and cells of the newest inventory that have a passport."""
        return _cells(self.newest)

    @cached_property
    def base_cells(self) -> frozenset[tuple[str, ...]]:
        """The same of the base year's."""
        return _cells(self.base_inventory)

    @property
    def per_head(self) -> bool:
        """Whether tonnes are shown by inhabitant."""
        return self.unit == "head"

    @property
    def native(self) -> Progress:
        """Progress in the target's own measure."""
        return self.own or self.progress

    @property
    def base_inventory(self) -> Inventory:
        """The inventory of the target's base year."""
        return self.progress.inventories[0]

    @property
    def judged(self) -> YearResult:
        """The year by which the target is judged: its own, else the newest inventory's."""
        return self.progress.at_target or self.progress.latest

    @property
    def effects(self) -> Effects:
        """Whom the reduction of the judged year is owed to."""
        return self.progress.effects_in(self.judged.year)

    @property
    def newest_effects(self) -> Effects:
        """Whom the reduction of the newest year is owed to."""
        return self.progress.effects_in(self.progress.latest.year)

    @property
    def judged_chances(self) -> YearChances | None:
        """Those of the judged year; None if nothing was drawn."""
        return self.chances.of(self.judged.year) if self.chances else None

    @property
    def unbounded(self) -> bool:
        """True if nothing bounds what the meters missed in the newest year."""
        return math.isinf(self.progress.latest.high_t)


def _cells(inventory: Inventory) -> frozenset[tuple[str, ...]]:
    cells = [(str(i.activity.sector), str(i.activity.carrier)) for i in inventory.lines]
    return frozenset([*cells, *((sector,) for sector, _ in cells)])


def view(
    city: City,
    ledger: EnergyLedger,
    target_id: str,
    inventories: dict[int, Inventory],
    draws: Draws | None = None,
    unit: str = "",
) -> CityView:
    """The city against a target; DataError if the target's base year has no inventory.

    ``draws`` are those of the inventories' totals; without them there are no chances. ``unit`` is
    how tonnes are shown (``measure.UNITS``); by default as the target is told.
    """
    own = make_progress(city, ledger, target_id, inventories=inventories)
    units = UNITS if can_choose(city, own) else (unit_of(own.target),)
    chosen = unit if unit in units else unit_of(own.target)
    by = Measure(city, own.target, chosen, own.latest.year)
    progress = by.shown(own)
    base, newest = progress.inventories[0], progress.inventories[-1]
    sectors = sector_changes(base, newest)
    ahead = _next_step(city, ledger, inventories, by.unit)
    return CityView(
        city=city,
        progress=progress,
        newest=newest,
        next_step=ahead,
        milestones=_milestones(city, own, by),
        sectors=sectors,
        lines=line_changes(base, newest, sectors),
        own_actions=_count(a for a in city.actions if a.origin is Origin.LOCAL),
        published=city.plan.published_inventories,
        findings=_findings(progress, ledger),
        chances=own.chances_by(draws) if draws else None,
        unit=by.unit,
        units=units,
        own=own,
        path=by.path(own),
        bands=bands({i.year: i for i in progress.inventories}, draws, by),
        outlook=outlook(city, ledger, _ahead(own, ahead), inventories, draws, by),
        evidence=sector_shares(newest),
    )


def _ahead(progress: Progress, step: NextStep | None) -> Target | None:
    """The target that years to come are told for: the tracked one, else the next, if alike."""
    target = progress.target
    if not progress.over:
        return target
    return step.target if step and step.target.kind == target.kind else None


def _findings(progress: Progress, ledger: EnergyLedger) -> tuple[Finding, ...]:
    """Each once: of the newest year by itself, beside the base year, and of its causes."""
    base, newest = progress.inventories[0], progress.inventories[-1]
    compared_with_base = compared(newest, base, ledger)
    causes = progress.effects_in(newest.year).findings
    return (*newest.findings, *compared_with_base, *causes)


def _next_step(
    city: City, ledger: EnergyLedger, inventories: dict[int, Inventory], unit: str
) -> NextStep | None:
    """The first target that is due this year or later, as it is shown."""
    last_year = local_year(ledger.clock(), city.time_zone) - 1
    target = next_target(city, last_year)
    if target is None or target.base_year not in inventories:
        return None
    found = make_progress(city, ledger, target.id, inventories=inventories)
    by = Measure(city, target, unit, found.latest.year)
    ahead = by.shown(found)
    # Of the newest year's inhabitants: fewer of them by the target's year are no reduction.
    gap_t = (found.latest.emissions_t - found.target_t) * by.of_target(found.latest.year)
    years = max(1, target.target_year - ahead.latest.year)
    return NextStep(target, ahead.target_t, ahead.latest, gap_t, max(0.0, gap_t) / years)


def _milestones(city: City, progress: Progress, by: Measure) -> tuple[Milestone, ...]:
    """Every target of the plan that can be drawn on the tracked target's axes."""
    tracked = progress.target
    return tuple(
        Milestone(
            t,
            progress.base.emissions_t * (1 - t.reduction_fraction) * by.of_target(t.target_year),
            t.id == tracked.id,
        )
        for t in city.plan.targets
        if t.base_year == tracked.base_year and t.kind == tracked.kind
    )


def _count(actions: Iterable[Action]) -> ActionCount:
    listed = list(actions)
    return ActionCount(len(listed), sum(a.status is Status.COMPLETED for a in listed))


@dataclass(frozen=True)
class Inventories:
    """All inventories of a city by one factor, and draws of their totals."""

    by_year: dict[int, Inventory]
    draws: Draws | None


def make_all(sources: Sources, city_id: str, factor: str, scope: str = "") -> Inventories:
    """Drawn with them, once for all pages and targets: it takes as long as they do."""
    city = sources.city(city_id)
    chosen: ElectricityFactor = "frozen" if factor == "frozen" else "current"
    of = scope if scope in SCOPES else city.plan.electricity_scope
    method = Method.of(city.plan, electricity_factor=chosen, electricity_scope=of)
    made = make_inventories(city, sources.ledger, method)
    simulation = usual_simulation(sources.installation) if made else None
    return Inventories(made, simulation.of(made.values(), cells=False) if simulation else None)


def _usual(installation: Installation) -> Iterable[tuple[str, ...]]:
    return [(c.id, c.plan.electricity_factor) for c in installation.cities.values()]


INVENTORIES = Recipe("inventories", make_all, max_age_s=900.0, ahead=_usual)
"""By city and factor of electricity (and its scope, where that is not the plan's)."""


def inventory_words(city: City, factor: str, scope: str = "") -> tuple[str, ...]:
    """The words of ``INVENTORIES``: one way to say each method, so that it is made once."""
    return (city.id, factor, *([scope] if scope not in ("", city.plan.electricity_scope) else []))


def scopes_of(city: City) -> tuple[str, ...]:
    """The scopes of electricity that a town can be told by: a local one where it has plants."""
    own = city.plan.electricity_scope
    return SCOPES if city.supply.plants or own == "local" else (own,)
