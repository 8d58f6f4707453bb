"""The figure of any id, made when it is asked for; inventories are made once.

Start here: ``Tracer(city, ledger).figure(id)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from paes.accounting.ledger import EnergyLedger
from paes.errors import DataError
from paes.installation import City, some
from paes.inventory.inventory import Inventory
from paes.inventory.making import inventory_years, make_inventory
from paes.inventory.method import Method
from paes.lineage.declared_figures import declared_figure
from paes.lineage.figure import Figure
from paes.lineage.figure_id import FigureId, Kind
from paes.lineage.inventory_figures import InventoryFigures
from paes.lineage.meter_figures import MeterFigures
from paes.lineage.progress_figures import ProgressFigures, action_figure, inhabitants_figure
from paes.lineage.site_figures import SiteFigures
from paes.lineage.supply_figures import SupplyFigures
from paes.progress.progress import Progress, make_progress


class Tracer:
    """Finds figures of one city by their ids; inventories that are ``ready`` are not made again."""

    def __init__(self, city: City, ledger: EnergyLedger, ready: Iterable[Inventory] = ()) -> None:
        self.city, self.ledger = city, ledger
        self.meters = MeterFigures(city.id, ledger)
        self._made = {(made.year, made.method): made for made in ready}
        self._progress: dict[tuple[str, Method], Progress] = {}

    @cached_property
    def years(self) -> list[int]:
        """The years that have an inventory."""
        return inventory_years(self.city, self.ledger)

    def figure(self, wanted: str | FigureId) -> Figure:
        """The figure that is named; DataError, with near names, if there is none."""
        asked = FigureId.parse(wanted) if isinstance(wanted, str) else wanted
        if asked.city != self.city.id:
            raise DataError(f"{asked}: this is {self.city.id}; expected an id of it")
        makers = {
            Kind.INVENTORY: self._of_inventory,
            Kind.PROGRESS: self._of_progress,
            Kind.DECLARED: lambda of: declared_figure(self.city, of),
            Kind.ACTION: lambda of: action_figure(self.city, of),
            Kind.INHABITANTS: lambda of: inhabitants_figure(self.city, of),
            Kind.SUPPLY: self._of_supply,
            Kind.SITE: SiteFigures(self.city, self.ledger, self.meters).figure,
            Kind.METER: self.meters.figure,
        }
        return makers[asked.kind](asked)

    def inventory(self, year: int, method: Method | None = None) -> Inventory:
        """The inventory of a year by a method, made once; DataError if it cannot be made."""
        key = year, method or Method.of(self.city.plan)
        if key not in self._made:
            if year not in self.years:
                raise DataError(
                    f"{self.city.id} has no inventory of {year}; there is"
                    f" {some(map(str, self.years), most=12)}"
                )
            self._made[key] = make_inventory(self.city, year, self.ledger, key[1])
        return self._made[key]

    def of_year(self, year: int, method: Method | None = None) -> InventoryFigures:
        """All figures of an inventory."""
        return InventoryFigures(self.city, self.inventory(year, method), self.meters)

    def progress(self, target: str, method: Method | None = None) -> ProgressFigures:
        """All figures of progress against a target."""
        chosen = method or Method.of(self.city.plan)
        if (target, chosen) not in self._progress:
            made = {year: self.inventory(year, chosen) for year in self.years}
            self._progress[target, chosen] = make_progress(
                self.city, self.ledger, target, chosen, made
            )
        return ProgressFigures(self.city, self._progress[target, chosen], self.ledger)

    def ids(self) -> Iterator[str]:
        """Every figure of inventories and progress by the plan's method, newest year first."""
        for year in reversed(self.years):
            yield from self.of_year(year).ids()
        for target in self.city.plan.targets:
            if target.base_year in self.years:
                yield from self.progress(target.id).ids()

    def _of_inventory(self, asked: FigureId) -> Figure:
        return self.of_year(asked.year, asked.method(self.city.plan)).figure(asked)

    def _of_progress(self, asked: FigureId) -> Figure:
        return self.progress(asked.parts[0], asked.method(self.city.plan)).figure(asked)

    def _of_supply(self, asked: FigureId) -> Figure:
        made = self.inventory(asked.year, asked.method(self.city.plan))
        return SupplyFigures(self.city, made, self.ledger).figure(asked)
