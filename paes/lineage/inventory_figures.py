"""Figures of an inventory: the year, its sectors, its cells, declared rows and other rows.

Made of what the inventory carries: lines with their activity and factor match, and the meters
behind each cell (``Inventory.metered_terms``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from paes.accounting.energy_total import EnergyTotal
from paes.errors import DataError
from paes.installation import City, some
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.inventory.other_emissions import OtherEmissions
from paes.lineage import formulas as f
from paes.lineage.cell_figures import CellFigures
from paes.lineage.figure import Figure, Input, Source
from paes.lineage.figure_id import (
    ROWS,
    FigureId,
    choices_of,
    inventory_id,
    method_told,
)
from paes.lineage.meter_figures import MeterFigures
from paes.metering import Finding, Sector

UNITS = {"t": "t", "mwh": "MWh"}
"""Of the quantities of a year and of a sector."""


@dataclass(frozen=True)
class InventoryFigures:
    """Figures of one inventory."""

    city: City
    made: Inventory
    meters: MeterFigures

    def ids(self) -> Iterator[str]:
        """The id of every figure that there is, the year's first."""
        for quantity in ("t", "mwh"):
            yield self.id(quantity=quantity)
        for sector in self._sectors():
            for quantity in ("t", "mwh"):
                yield self.id(sector, quantity=quantity)
        for line in self.made.lines:
            of = self._cell(line)
            yield from (of.id(quantity) for quantity in of.quantities())
        for row in self.made.other_rows:
            yield self._row_id(row)

    def id(self, *cell: str, quantity: str = "t") -> str:
        """The id of a figure of this inventory."""
        chosen = choices_of(self.made.method, self.city.plan)
        return inventory_id(self.city.id, self.made.year, *cell, quantity=quantity, choices=chosen)

    def figure(self, asked: FigureId) -> Figure:
        """The figure that is named; DataError, with near ids, if there is none."""
        _, *cell = asked.parts
        makers: dict[int, Callable[..., Figure | None]] = {
            0: self._year, 1: self._sector, 2: self._of_cell,
        }  # fmt: skip
        found = makers[len(cell)](*cell, asked.quantity)
        if found is None:
            raise DataError(
                f"no figure {asked}; there is {some(self.ids(), most=4, near=str(asked))}"
            )
        return found

    def _year(self, quantity: str) -> Figure | None:
        if quantity not in ("t", "mwh"):
            return None
        parts = [self._sector(str(sector), quantity) for sector in self._sectors()]
        inputs = [_part(figure) for figure in parts if figure]
        if quantity == "t":
            inputs += [
                Input("part", self._row_id(row), row.emissions_t, "t")
                for row in self.made.other_rows
            ]
        made = self.made
        value, bounds = (
            (made.emissions_t, made.bounds_t) if quantity == "t" else (made.energy_mwh, None)
        )
        return Figure(
            self.id(quantity=quantity),
            f"{made.kind} {made.year} of {self.city.name}",
            value,
            UNITS[quantity],
            f.SUM,
            tuple(inputs),
            method=method_told(made.method),
            amounts=_amounts(made.lines),
            bounds=bounds,
            findings=made.findings,
            sources=(
                Source("factors", f"{made.factor_set.id}, version {made.factor_set.version}"),
            ),
            assumed=made.assumed_fraction > 0,
            note=f"{100 * made.assumed_fraction:.1f} % of it rests on assumptions"
            if made.assumed_fraction
            else None,
        )

    def _sector(self, sector: str, quantity: str) -> Figure | None:
        lines = [line for line in self.made.lines if line.activity.sector == sector]
        if not lines or quantity not in ("t", "mwh"):
            return None
        of = [(line, _value(line, quantity)) for line in lines]
        low, high = (math.fsum(line.bounds_t[end] for line in lines) for end in (0, 1))
        return Figure(
            self.id(sector, quantity=quantity),
            f"{sector} {self.made.year}",
            math.fsum(value for _, value in of),
            UNITS[quantity],
            f.SUM,
            tuple(
                Input("part", self.id(*_cell(line), quantity=quantity), value, UNITS[quantity])
                for line, value in of
            ),
            method=method_told(self.made.method),
            amounts=_amounts(lines),
            bounds=(low, high) if quantity == "t" else None,
            findings=self._findings(f"{self.made.year}/{sector}"),
            assumed=any(line.assumed for line in lines),
        )

    def _of_cell(self, sector: str, carrier: str, quantity: str) -> Figure | None:
        if sector == ROWS:
            return next((self._other(r) for r in self.made.other_rows if _row(r) == carrier), None)
        for line in self.made.lines:
            if _cell(line) == (sector, carrier):
                return self._cell(line).figure(quantity)
        return None

    def _cell(self, line: InventoryLine) -> CellFigures:
        return CellFigures(self.city, self.made, self.meters, line)

    def _other(self, row: OtherEmissions) -> Figure:
        formula = replace(f.OTHER_ROW, text=row.formula) if row.formula else None
        where = self._row_id(row)
        return Figure(
            where,
            f"{row.row} {row.year} (row {row.code})",
            row.emissions_t,
            "t",
            formula,
            tuple(Input(name, f"{where}#{name}", one, "") for name, one in row.numbers.items()),
            sources=(Source("declaration", row.source or row.note or "", row.place),),
            assumed=row.assumed,
            note=row.note,
        )

    def _row_id(self, row: OtherEmissions) -> str:
        return self.id(ROWS, _row(row))

    def _sectors(self) -> list[Sector]:
        return list(dict.fromkeys(line.activity.sector for line in self.made.lines))

    def _findings(self, subject: str) -> tuple[Finding, ...]:
        return tuple(x for x in self.made.findings if x.subject.startswith(subject))


def _part(figure: Figure) -> Input:
    """A sum as a part of a sum: it brings the numbers it was made of."""
    addends = tuple(one.value for one in figure.inputs)
    return Input("part", figure.id, figure.value, figure.unit, addends=addends)


def _cell(line: InventoryLine) -> tuple[str, str]:
    return str(line.activity.sector), str(line.activity.carrier)


def _value(line: InventoryLine, quantity: str) -> float:
    return line.emissions_t if quantity == "t" else line.energy_mwh


def _row(row: OtherEmissions) -> str:
    return f"{row.code}.{row.use}" if row.use else row.code


def _amounts(lines: Iterable[InventoryLine]) -> EnergyTotal | None:
    """What meters saw of several cells; None where no meter is."""
    found = [line.activity.metered for line in lines if line.activity.metered.span_s]
    return sum(found[1:], found[0]) if found else None
