"""Several municipalities beside each other and together, each with its own plan.

Tonnes are added only if they were made by one method: the same factor set, and electricity
treated alike. Otherwise the towns stand side by side and the total says why it is not there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from paes.accounting.ledger import EnergyLedger
from paes.comparison.benchmarks import Benchmarks
from paes.comparison.key_figures import KeyFigure, site_figures, town_figures
from paes.errors import DataError
from paes.installation import City, Installation
from paes.inventory.inventory import Inventory
from paes.inventory.making import make_inventory
from paes.inventory.method import Method
from paes.progress.progress import Progress, make_inventories, make_progress


@dataclass(frozen=True)
class Town:
    """One municipality in a year: its inventory, its plan's progress, its key figures."""

    city: City
    inventory: Inventory
    progress: Progress | None
    """Against the target that the plan tracks; None if its base year has no inventory."""
    figures: tuple[KeyFigure, ...]
    site_figures: tuple[KeyFigure, ...]

    @property
    def inhabitants(self) -> int | None:
        """In the year, as far as known."""
        known = self.city.population(self.inventory.year)
        return known.inhabitants if known else None

    @property
    def t_per_inhabitant(self) -> float | None:
        """Emissions by head; None where nobody knows the heads."""
        return self.inventory.emissions_t / self.inhabitants if self.inhabitants else None

    @property
    def mwh_per_inhabitant(self) -> float | None:
        """Final energy by head."""
        return self.inventory.energy_mwh / self.inhabitants if self.inhabitants else None


@dataclass(frozen=True)
class Together:
    """What towns make together; emissions only where one method made them all."""

    energy_mwh: float
    inhabitants: int | None
    emissions_t: float | None
    bounds_t: tuple[float, float] | None
    base_year: int | None
    """That all plans share, and for which all towns have an inventory; else None."""
    base_emissions_t: float | None
    not_added: str | None
    """Why emissions are not added up; None if they are."""

    @property
    def reduction_fraction(self) -> float | None:
        """Since the base year that all share; None if there is none."""
        if self.emissions_t is None or not self.base_emissions_t:
            return None
        return 1 - self.emissions_t / self.base_emissions_t


@dataclass(frozen=True)
class Comparison:
    """Towns of an installation in one year."""

    year: int
    towns: tuple[Town, ...]
    together: Together
    without: tuple[tuple[str, str], ...]
    """Towns that have no inventory of the year, and why."""


def compare_towns(
    installation: Installation, year: int, ledger: EnergyLedger, usual: Benchmarks
) -> Comparison:
    """Every town of the installation in ``year``; DataError if none has an inventory."""
    towns, without = [], []
    for city in installation.cities.values():
        try:
            towns.append(_town(city, year, ledger, usual))
        except DataError as err:
            without.append((city.id, str(err)))
    if not towns:
        reasons = "; ".join(dict.fromkeys(why for _, why in without))
        raise DataError(f"no town has an inventory of {year}: {reasons}")
    return Comparison(year, tuple(towns), _together(towns), tuple(without))


def _town(city: City, year: int, ledger: EnergyLedger, usual: Benchmarks) -> Town:
    inventory = make_inventory(city, year, ledger)
    made = {y: i for y, i in make_inventories(city, ledger).items() if y <= year}
    made[year] = inventory
    target = next(t for t in city.plan.targets if t.id == city.plan.default_target)
    has_base = target.base_year in made
    return Town(
        city=city,
        inventory=inventory,
        progress=make_progress(city, ledger, inventories=made) if has_base else None,
        figures=tuple(town_figures(city, inventory, usual)),
        site_figures=tuple(site_figures(city, year, ledger, usual)),
    )


def _together(towns: Sequence[Town]) -> Together:
    heads = [town.inhabitants for town in towns]
    inhabitants = None if None in heads else sum(h for h in heads if h)
    why = _why_not([town.inventory for town in towns])
    bounds = [town.inventory.bounds_t for town in towns]
    base_year, base_t = _shared_base(towns) if why is None else (None, None)
    return Together(
        energy_mwh=math.fsum(town.inventory.energy_mwh for town in towns),
        inhabitants=inhabitants,
        emissions_t=None if why else math.fsum(t.inventory.emissions_t for t in towns),
        bounds_t=None
        if why
        else (math.fsum(b[0] for b in bounds), math.fsum(b[1] for b in bounds)),
        base_year=base_year,
        base_emissions_t=base_t,
        not_added=why,
    )


def _why_not(inventories: Sequence[Inventory]) -> str | None:
    """Why tonnes of ``inventories`` cannot be added; None if they can."""
    methods = {i.city: _without_base_year(i.method) for i in inventories}
    if len(set(methods.values())) == 1:
        return None
    told = "; ".join(
        f"{city}: {m.factor_set}, electricity {m.electricity_factor} and {m.electricity_scope}"
        for city, m in methods.items()
    )
    return f"the towns reckon by different methods ({told})"


def _without_base_year(method: Method) -> Method:
    """The base year decides nothing where electricity has the factor of the year."""
    return replace(method, base_year=0) if method.electricity_factor == "current" else method


def _shared_base(towns: Sequence[Town]) -> tuple[int | None, float | None]:
    progress = [town.progress for town in towns if town.progress]
    years = {p.base.year for p in progress}
    if len(progress) < len(towns) or len(years) != 1:
        return None, None
    return years.pop(), math.fsum(p.inventories[0].emissions_t for p in progress)
