"""Progress: how far the town is from what it promised, and whom the change is owed to.

The path to a target is a straight line from the base year's emissions to the target year's::

    E_path(y) = E_base * (1 - r * (y - base) / (target - base))

Every year's emissions carry bounds: ``low_t``/``high_t`` count the energy that meters missed, and
what is estimated of it, at its least and at its most; so does the path, which follows from the base
year. A verdict is given only if all ends agree.

The change since the base year is told in parts that add up exactly:

* **grid**: the year's electricity times the fall of its emission factor. Supra-ordinate: the
  town's own doing is not in it. Zero if the factor is frozen.
* **supra-ordinate actions** and **own actions**: what the register declares for actions
  completed since the base year began, by origin. Declared, not measured. What was complete
  before worked in the base year too: it is no part of the change.
* **unexplained**: the rest, of either sign.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from paes.accounting.ledger import EnergyLedger
from paes.errors import DataError
from paes.installation import City
from paes.inventory import ElectricityFactor, Inventory, inventory_years, make_inventory
from paes.metering import Carrier
from paes.plan import Action, Origin, Status, Target


class Verdict(StrEnum):
    """How a year stands against the path or the target."""

    WITHIN = (
        "within"  # at or below, even if the year was at its most and the base year at its least
    )
    ABOVE = "above"  # above, even if the year was at its least and the base year at its most
    UNCERTAIN = "uncertain"  # what is missing or estimated decides


@dataclass(frozen=True, slots=True)
class YearResult:
    """One inventory year beside the target's path; per head if the target is per capita."""

    year: int
    emissions_t: float
    low_t: float
    high_t: float
    path_t: float
    reduction_fraction: float
    required_fraction: float
    verdict: Verdict
    least_reduction_fraction: float
    """The reduction if all that meters missed had been used, and estimates were too low, but those
    of the base year too high: no gap is a saving."""

    @property
    def distance_t(self) -> float:
        """Tonnes above the path (negative: below it)."""
        return self.emissions_t - self.path_t


@dataclass(frozen=True, slots=True)
class Effects:
    """The reduction since the base year by cause, in t (positive: less emissions)."""

    year: int
    total_t: float
    grid_t: float
    supra_actions_t: float
    mixed_actions_t: float
    own_actions_t: float

    @property
    def supra_ordinate_t(self) -> float:
        """Owed to others: the grid, national and regional actions."""
        return self.grid_t + self.supra_actions_t

    @property
    def unexplained_t(self) -> float:
        """What no cause accounts for; may be negative."""
        return self.total_t - self.supra_ordinate_t - self.mixed_actions_t - self.own_actions_t


@dataclass(frozen=True)
class Progress:
    """Where a city stands against one target.

    ``years`` are all inventory years from the base year on; ``at_target`` is the target year's
    (None if it lies ahead or has no inventory); ``latest`` is the newest.
    """

    city: str
    target: Target
    unit: str
    electricity_factor: ElectricityFactor
    base: YearResult
    target_t: float
    years: tuple[YearResult, ...]
    at_target: YearResult | None
    latest: YearResult
    effects: tuple[Effects, ...]
    inventories: tuple[Inventory, ...]

    @property
    def over(self) -> bool:
        """True if the target year lies behind the newest inventory, or is it."""
        return self.latest.year >= self.target.target_year

    def effects_in(self, year: int) -> Effects:
        """The effects of ``year``; DataError if there is no inventory."""
        for effects in self.effects:
            if effects.year == year:
                return effects
        raise DataError(f"no inventory for {year}")


def make_progress(
    city: City,
    ledger: EnergyLedger,
    target_id: str | None = None,
    electricity_factor: ElectricityFactor | None = None,
    inventories: dict[int, Inventory] | None = None,
) -> Progress:
    """Progress of ``city`` against one of its targets (by default the plan's).

    ``inventories`` may bring ready ones by year. Raises DataError if the target is unknown or
    its base year has no inventory.
    """
    target = find_target(city, target_id)
    made = inventories or make_inventories(city, ledger, electricity_factor)
    made = {year: i for year, i in sorted(made.items()) if year >= target.base_year}
    if target.base_year not in made:
        raise DataError(
            f"{city.id}: no activity data for {target.base_year}, the base year of {target.id}"
        )
    base = _emissions(city, target, made[target.base_year])
    years = tuple(_year(city, target, base, inventory) for inventory in made.values())
    by_year = {y.year: y for y in years}
    return Progress(
        city=city.id,
        target=target,
        unit="t" if target.kind == "absolute" else "t per head",
        electricity_factor=made[target.base_year].electricity_factor,
        base=by_year[target.base_year],
        target_t=base.t * (1 - target.reduction_fraction),
        years=years,
        at_target=by_year.get(target.target_year),
        latest=years[-1],
        effects=tuple(_effects(city, made[target.base_year], i) for i in made.values()),
        inventories=tuple(made.values()),
    )


def make_inventories(
    city: City, ledger: EnergyLedger, electricity_factor: ElectricityFactor | None = None
) -> dict[int, Inventory]:
    """Every inventory that can be made, by year."""
    return {
        year: make_inventory(city, year, ledger, electricity_factor)
        for year in inventory_years(city, ledger)
    }


def find_target(city: City, target_id: str | None) -> Target:
    """A target of the city's plan, by default the one it tracks; DataError if unknown."""
    wanted = target_id or city.plan.default_target
    for target in city.plan.targets:
        if target.id == wanted:
            return target
    known = ", ".join(t.id for t in city.plan.targets)
    raise DataError(f"{city.id} has no target {wanted!r}; there is {known}")


def next_target(city: City, after_year: int) -> Target | None:
    """The target that comes due first after ``after_year``; of several, the nearest promise."""
    ahead = [t for t in city.plan.targets if t.target_year > after_year]
    return min(ahead, key=lambda t: (t.target_year, t.reduction_fraction), default=None)


def required_fraction(target: Target, year: int) -> float:
    """The reduction that the straight path asks for in ``year`` (flat outside its ends)."""
    elapsed = (year - target.base_year) / (target.target_year - target.base_year)
    return target.reduction_fraction * min(1.0, max(0.0, elapsed))


@dataclass(frozen=True, slots=True)
class _Emissions:
    """Of a year, and between which bounds they lie; in the target's measure."""

    t: float
    low_t: float
    high_t: float

    def times(self, factor: float) -> _Emissions:
        """A part of them."""
        return _Emissions(
            self.t * factor, self.low_t * factor, self.high_t * factor if factor else 0
        )


def _emissions(city: City, target: Target, inventory: Inventory) -> _Emissions:
    figures = inventory.emissions_t, *inventory.bounds_t
    return _Emissions(*(_measure(city, target, inventory.year, t) for t in figures))


def _year(city: City, target: Target, base: _Emissions, inventory: Inventory) -> YearResult:
    found = _emissions(city, target, inventory)
    required = required_fraction(target, inventory.year)
    path = base.times(1 - required)
    return YearResult(
        year=inventory.year,
        emissions_t=found.t,
        low_t=found.low_t,
        high_t=found.high_t,
        path_t=path.t,
        reduction_fraction=1 - found.t / base.t if base.t else 0.0,
        required_fraction=required,
        least_reduction_fraction=_least_reduction(base, found),
        verdict=_verdict(found, path),
    )


def _least_reduction(base: _Emissions, found: _Emissions) -> float:
    """If the year was at its most, and the base year at its least."""
    if not base.t:
        return 0.0
    return 1 - found.high_t / base.low_t if base.low_t > 0 else -math.inf


def _verdict(found: _Emissions, path: _Emissions) -> Verdict:
    if found.high_t <= path.low_t:
        return Verdict.WITHIN
    return Verdict.ABOVE if found.low_t > path.high_t else Verdict.UNCERTAIN


def _measure(city: City, target: Target, year: int, emissions_t: float) -> float:
    if target.kind == "absolute":
        return emissions_t
    population = city.population(year)
    if population is None:
        raise DataError(f"{city.id}: target {target.id} is per head, but no population is known")
    return emissions_t / population.inhabitants


def _effects(city: City, base: Inventory, inventory: Inventory) -> Effects:
    since = range(base.year, inventory.year)
    return Effects(
        year=inventory.year,
        total_t=base.emissions_t - inventory.emissions_t,
        grid_t=_grid_effect(base, inventory),
        supra_actions_t=_declared(city, since, Origin.NATIONAL, Origin.REGIONAL),
        mixed_actions_t=_declared(city, since, Origin.MIXED),
        own_actions_t=_declared(city, since, Origin.LOCAL),
    )


def _grid_effect(base: Inventory, inventory: Inventory) -> float:
    before = {
        line.activity.sector: line.factor.factor_t_per_mwh
        for line in base.lines
        if line.activity.carrier is Carrier.ELECTRICITY
    }
    general = next(iter(before.values()), None)
    fall = 0.0
    for line in inventory.lines:
        if line.activity.carrier is Carrier.ELECTRICITY:
            factor = before.get(line.activity.sector, general)
            if factor is not None:
                fall += line.energy_mwh * (factor - line.factor.factor_t_per_mwh)
    return fall


def _declared(city: City, since: range, *origins: Origin) -> float:
    return sum(
        action.declared_reduction_t or 0.0
        for action in city.actions
        if action.origin in origins and _effective(action, since)
    )


def _effective(action: Action, since: range) -> bool:
    """True if the action was completed in these years: it worked all the year that follows."""
    return action.status is Status.COMPLETED and action.end is not None and action.end.year in since
