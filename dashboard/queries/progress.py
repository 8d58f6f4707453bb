"""What the page of progress shows, as plain data.

``view`` turns a city, a target and ready inventories into a ``CityView``. Everything that a
sentence, a figure or a table needs is in it, so that they can never disagree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.queries.changes import LineChange, SectorChange, line_changes, sector_changes
from dashboard.queries.recipe import Recipe, Sources
from paes.accounting.ledger import EnergyLedger
from paes.causes.effects import Effects
from paes.installation import City, Installation
from paes.inventory.inventory import Inventory
from paes.inventory.method import Method
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


def view(
    city: City,
    ledger: EnergyLedger,
    target_id: str,
    inventories: dict[int, Inventory],
    draws: Draws | None = None,
) -> CityView:
    """The city against a target; DataError if the target's base year has no inventory.

    ``draws`` are those of the inventories' totals; without them there are no chances.
    """
    progress = make_progress(city, ledger, target_id, inventories=inventories)
    base, newest = progress.inventories[0], progress.inventories[-1]
    sectors = sector_changes(base, newest)
    return CityView(
        city=city,
        progress=progress,
        newest=newest,
        next_step=_next_step(city, ledger, inventories),
        milestones=_milestones(city, progress),
        sectors=sectors,
        lines=line_changes(base, newest, sectors),
        own_actions=_count(a for a in city.actions if a.origin is Origin.LOCAL),
        published=city.plan.published_inventories,
        findings=_findings(progress, ledger),
        chances=progress.chances_by(draws) if draws else None,
    )


def _findings(progress: Progress, ledger: EnergyLedger) -> tuple[Finding, ...]:
    """Each once: of the newest year by itself, beside the base year, and of its causes."""
    base, newest = progress.inventories[0], progress.inventories[-1]
    compared_with_base = compared(newest, base, ledger)
    causes = progress.effects_in(newest.year).findings
    return (*newest.findings, *compared_with_base, *causes)


def _next_step(
    city: City, ledger: EnergyLedger, inventories: dict[int, Inventory]
) -> NextStep | None:
    """The first target that is due this year or later."""
    last_year = local_year(ledger.clock(), city.time_zone) - 1
    target = next_target(city, last_year)
    if target is None or target.base_year not in inventories:
        return None
    ahead = make_progress(city, ledger, target.id, inventories=inventories)
    gap_t = ahead.latest.emissions_t - ahead.target_t
    years = max(1, target.target_year - ahead.latest.year)
    return NextStep(target, ahead.target_t, ahead.latest, gap_t, max(0.0, gap_t) / years)


def _milestones(city: City, progress: Progress) -> tuple[Milestone, ...]:
    """Every target of the plan that can be drawn on the tracked target's axes."""
    tracked = progress.target
    return tuple(
        Milestone(t, progress.base.emissions_t * (1 - t.reduction_fraction), t.id == tracked.id)
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


def make_all(sources: Sources, city_id: str, factor: str) -> Inventories:
    """Drawn with them, once for all pages and targets: it takes as long as they do."""
    city = sources.city(city_id)
    chosen: ElectricityFactor = "frozen" if factor == "frozen" else "current"
    method = Method.of(city.plan, electricity_factor=chosen)
    made = make_inventories(city, sources.ledger, method)
    simulation = usual_simulation(sources.installation) if made else None
    return Inventories(made, simulation.of(made.values(), cells=False) if simulation else None)


def _usual(installation: Installation) -> Iterable[tuple[str, ...]]:
    return [(c.id, c.plan.electricity_factor) for c in installation.cities.values()]


INVENTORIES = Recipe("inventories", make_all, max_age_s=900.0, ahead=_usual)
"""By city and factor of electricity."""
