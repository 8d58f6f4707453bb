"""Causes of the change since the base year, in parts that add up exactly.

Every cell's emissions are a product; what each factor of it contributed is told by log means
(``paes.causes.lmdi``), so that nothing is left over between them:

* **weather**: degree days, for the part of the energy that follows them.
* **grid**: the fall of the national electricity factor. Supra-ordinate: the town's own doing is
  not in it. 0 if the factor is frozen.
* **local supply**: local plants and green purchases, as far as they are in the factors of
  electricity and heat.
* **other factors**: those of fuels.
* **activity**: more or fewer inhabitants, floor area, light points, kilometres.
* **boundary**: sites that opened or closed, cells that only one of the years has.
* **other rows**: waste, waste water, other, certified green electricity.
* **intensity**, which is what remains of the energy, is told by what the register declares:
  **supra-ordinate**, **mixed** and **own actions**; and the rest is **unexplained**.

Declared effects are no measurement: own actions carry an interval. What meters missed enters no
cause: it is in ``unexplained_t``, whose bounds say how much of it may be a gap.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from paes.accounting.ledger import EnergyLedger
from paes.causes.boundary import ChangedSites, changed_sites
from paes.causes.cells import Matched, Part, falls_by_part, match
from paes.causes.declared_causes import declared_causes
from paes.causes.driven_cells import with_drivers, without_boundary
from paes.causes.drivers import DriverYears
from paes.errors import DataError
from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.metering import Finding

CAUSES = (
    "weather_t",
    "grid_t",
    "local_supply_t",
    "other_factors_t",
    "activity_t",
    "boundary_t",
    "other_rows_t",
    "supra_actions_t",
    "mixed_actions_t",
    "own_actions_t",
)
"""What is told, and what is subtracted from the whole change to leave ``unexplained_t``."""


@dataclass(frozen=True, slots=True)
class Effects:
    """The reduction since the base year by cause, in t (positive: less emissions).

    The causes and ``unexplained_t`` add up to ``total_t``. ``less_by_gaps_t`` is how much smaller
    the whole reduction may be, ``more_by_gaps_t`` how much larger, for what meters missed or what
    was estimated in either year; infinite where nothing bounds it.
    """

    year: int
    total_t: float
    grid_t: float = 0.0
    weather_t: float = 0.0
    local_supply_t: float = 0.0
    other_factors_t: float = 0.0
    activity_t: float = 0.0
    boundary_t: float = 0.0
    supra_actions_t: float = 0.0
    mixed_actions_t: float = 0.0
    own_actions_t: float = 0.0
    own_low_t: float = 0.0
    own_high_t: float = 0.0
    other_rows_t: float = 0.0
    less_by_gaps_t: float = 0.0
    more_by_gaps_t: float = 0.0
    assumed: frozenset[str] = frozenset()
    """Causes that rest on an assumed driver, or on assumed shares of the energy."""
    findings: tuple[Finding, ...] = field(default=(), compare=False)

    @property
    def supra_ordinate_t(self) -> float:
        """Owed to others: the grid, national and regional actions."""
        return self.grid_t + self.supra_actions_t

    @property
    def told_t(self) -> float:
        """All that a cause accounts for."""
        return math.fsum(getattr(self, cause) for cause in CAUSES)

    @property
    def unexplained_t(self) -> float:
        """What no cause accounts for; may be negative."""
        return math.fsum((self.total_t, *(-getattr(self, cause) for cause in CAUSES)))

    @property
    def unexplained_bounds_t(self) -> tuple[float, float]:
        """Between which it lies, as far as gaps and estimates of meters decide it."""
        unexplained = self.unexplained_t
        return unexplained - self.less_by_gaps_t, unexplained + self.more_by_gaps_t


def make_effects(
    city: City, ledger: EnergyLedger, inventories: Mapping[int, Inventory]
) -> tuple[Effects, ...]:
    """The causes of the change from the first of ``inventories`` to each of them.

    Raises DataError if they are not made by one method.
    """
    drivers, (base, *others) = DriverYears(city, ledger), inventories.values()
    if any(one.method != base.method for one in others):
        raise DataError(f"{city.id}: inventories of two methods have no change in common")
    return tuple(_effects(drivers, base, inventory) for inventory in inventories.values())


def _effects(drivers: DriverYears, base: Inventory, inventory: Inventory) -> Effects:
    whole = _whole(base, inventory)
    if inventory is base:
        return whole
    city, ledger = drivers.city, drivers.ledger
    changed = changed_sites(city, base.year, inventory.year, ledger)
    matched = match(base, inventory)
    pairs, boundary_t = without_boundary(matched, changed)
    known = with_drivers(pairs, drivers, changed, base.year, inventory.year)
    fall = falls_by_part(known.pairs)
    declared = declared_causes(city, base, inventory, ledger)
    return replace(
        whole,
        weather_t=fall[Part.WEATHER],
        grid_t=fall[Part.GRID],
        local_supply_t=fall[Part.LOCAL_SUPPLY],
        other_factors_t=fall[Part.OTHER_FACTOR],
        activity_t=fall[Part.ACTIVITY],
        boundary_t=boundary_t,
        other_rows_t=_other_rows(base) - _other_rows(inventory),
        supra_actions_t=declared.supra_t,
        mixed_actions_t=declared.mixed_t,
        own_actions_t=declared.own_t,
        own_low_t=declared.own_low_t,
        own_high_t=declared.own_high_t,
        assumed=known.assumed,
        findings=(*known.findings, *_boundary_findings(matched, changed, inventory.year)),
    )


def _whole(base: Inventory, inventory: Inventory) -> Effects:
    """The change with its bounds, before any cause is told."""
    total = base.emissions_t - inventory.emissions_t
    if inventory is base:
        return Effects(year=inventory.year, total_t=0.0)
    (base_low, base_high), (low, high) = base.bounds_t, inventory.bounds_t
    return Effects(
        year=inventory.year,
        total_t=total,
        less_by_gaps_t=max(0.0, total - (base_low - high)),
        more_by_gaps_t=max(0.0, (base_high - low) - total),
    )


def _other_rows(inventory: Inventory) -> float:
    return math.fsum(row.emissions_t for row in inventory.other_rows)


def _boundary_findings(matched: Matched, changed: ChangedSites, year: int) -> list[Finding]:
    """Which cells and sites make the boundary."""
    alone = [*matched.only_before.items(), *matched.only_after.items()]
    findings = [
        Finding(
            "cause.cell_in_one_year",
            f"{year}/{sector}/{carrier}",
            "only one of the two years has it: all of it counts as boundary, none as saved or "
            "added use",
            numbers={"emissions_t": line.emissions_t},
        )
        for (sector, carrier), line in alone
        if line.emissions_t
    ]
    findings += changed.findings
    if changed.sites:
        names = ", ".join(site.id for site in changed.sites)
        message = f"opened or closed between the two years, and counted as boundary: {names}"
        findings.append(Finding("cause.sites_changed", f"{year}/boundary", message))
    return findings
