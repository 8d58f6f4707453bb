"""What the page of progress shows, as plain data: no words, no colours, no Dash.

``view`` turns a city, a target and ready inventories into a ``CityView``. Everything that a
sentence, a figure or a table needs is in it, so that they can never disagree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from paes.accounting.ledger import EnergyLedger
from paes.factors.emission_factors import FactorMatch
from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.metering import Carrier, Sector
from paes.periods import local_year
from paes.plan.action import Action, Origin, Status
from paes.plan.target import PublishedInventory, Target
from paes.progress.effects import Effects
from paes.progress.path import YearResult
from paes.progress.progress import Progress, make_progress, next_target


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
class SectorChange:
    """One sector in the base year and in the newest inventory."""

    sector: Sector
    base_t: float
    latest_t: float
    base_mwh: float
    latest_mwh: float
    metered_fraction: float

    @property
    def change_fraction(self) -> float | None:
        """The change of emissions since the base year; None without a base."""
        return self.latest_t / self.base_t - 1 if self.base_t else None


@dataclass(frozen=True, slots=True)
class LineChange:
    """One sector and carrier in the newest inventory, with its emissions in the base year."""

    sector: Sector
    carrier: Carrier
    energy_mwh: float
    emissions_t: float
    base_t: float
    metered_fraction: float
    declared_year: int | None
    assumed: bool
    factor: FactorMatch

    @property
    def change_fraction(self) -> float | None:
        """The change of emissions since the base year; None without a base."""
        return self.emissions_t / self.base_t - 1 if self.base_t else None


@dataclass(frozen=True, slots=True)
class ActionCount:
    """How many actions there are, are complete, and declare a reduction in tonnes."""

    all: int
    completed: int
    declaring: int


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
    def unbounded(self) -> bool:
        """True if nothing bounds what the meters missed in the newest year."""
        return math.isinf(self.progress.latest.high_t)


def view(
    city: City,
    ledger: EnergyLedger,
    target_id: str,
    inventories: dict[int, Inventory],
) -> CityView:
    """The city against a target; DataError if the target's base year has no inventory."""
    progress = make_progress(city, ledger, target_id, inventories=inventories)
    base, newest = progress.inventories[0], progress.inventories[-1]
    sectors = _sectors(base, newest)
    return CityView(
        city=city,
        progress=progress,
        newest=newest,
        next_step=_next_step(city, ledger, inventories),
        milestones=_milestones(city, progress),
        sectors=sectors,
        lines=_lines(base, newest, sectors),
        own_actions=_count(a for a in city.actions if a.origin is Origin.LOCAL),
        published=city.plan.published_inventories,
    )


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


def _sectors(base: Inventory, newest: Inventory) -> tuple[SectorChange, ...]:
    """Every sector of either year, the largest of the newest first."""
    names = {line.activity.sector for line in (*base.lines, *newest.lines)}
    rows = []
    for sector in names:
        before, after = _of_sector(base, sector), _of_sector(newest, sector)
        mwh = math.fsum(line.energy_mwh for line in after)
        seen = math.fsum(line.energy_mwh * line.activity.metered_fraction for line in after)
        rows.append(
            SectorChange(
                sector=sector,
                base_t=math.fsum(line.emissions_t for line in before),
                latest_t=math.fsum(line.emissions_t for line in after),
                base_mwh=math.fsum(line.energy_mwh for line in before),
                latest_mwh=mwh,
                metered_fraction=seen / mwh if mwh else 0.0,
            )
        )
    return tuple(sorted(rows, key=lambda row: (-row.latest_t, row.sector)))


def _of_sector(inventory: Inventory, sector: Sector) -> list[InventoryLine]:
    return [line for line in inventory.lines if line.activity.sector is sector]


def _lines(
    base: Inventory, newest: Inventory, sectors: tuple[SectorChange, ...]
) -> tuple[LineChange, ...]:
    before = {(i.activity.sector, i.activity.carrier): i.emissions_t for i in base.lines}
    rows = [
        LineChange(
            sector=line.activity.sector,
            carrier=line.activity.carrier,
            energy_mwh=float(line.energy_mwh),
            emissions_t=float(line.emissions_t),
            base_t=float(before.get((line.activity.sector, line.activity.carrier), 0.0)),
            metered_fraction=float(line.activity.metered_fraction),
            declared_year=line.activity.declared_year,
            assumed=line.assumed,
            factor=line.factor,
        )
        for line in newest.lines
    ]
    order = {row.sector: place for place, row in enumerate(sectors)}
    return tuple(sorted(rows, key=lambda row: (order[row.sector], -row.emissions_t)))


def _count(actions: Iterable[Action]) -> ActionCount:
    listed = list(actions)
    completed = [a for a in listed if a.status is Status.COMPLETED]
    declaring = [a for a in completed if a.declared_reduction_t is not None]
    return ActionCount(len(listed), len(completed), len(declaring))
