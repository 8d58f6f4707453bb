"""Figures of an inventory: the year, its sectors, its cells, declared rows and other rows.

Made of what the inventory carries: lines with their activity and factor match, and the meters
behind each cell (``Inventory.metered_terms``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from paes.accounting.energy_total import EnergyTotal
from paes.accounting.site_energy import SeenTerm
from paes.activity.declared_row import DeclaredRow
from paes.errors import DataError
from paes.factors.dated_values import How
from paes.factors.emission_factors import FactorMatch
from paes.installation import City, some
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.inventory.local_factors import HIGH, LOW
from paes.inventory.other_emissions import OtherEmissions
from paes.lineage import formulas as f
from paes.lineage.figure import Figure, Input, Source
from paes.lineage.figure_id import (
    ROWS,
    FigureId,
    Kind,
    choices_of,
    inventory_id,
    method_told,
)
from paes.lineage.meter_figures import MeterFigures
from paes.metering import Carrier, Finding, Sector

UNITS = {"t": "t", "mwh": "MWh", "factor": "t/MWh", "metered_kwh": "kWh", "declared_mwh": "MWh"}
"""Of the quantities of a cell; a year and a sector have the first two."""


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
            for quantity in self._quantities(line):
                yield self.id(*_cell(line), quantity=quantity)
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
        makers: dict[str, Callable[[InventoryLine], Figure]] = {
            "t": self._cell_t, "mwh": self._cell_mwh, "factor": self._cell_factor,
            "declared_mwh": self._cell_declared_mwh, "metered_kwh": self._cell_metered_kwh,
        }  # fmt: skip
        for line in self.made.lines:
            if _cell(line) == (sector, carrier) and quantity in self._quantities(line):
                return makers[quantity](line)
        return None

    def _quantities(self, line: InventoryLine) -> Iterator[str]:
        yield from ("t", "mwh", "factor")
        if line.activity.parts:
            yield "declared_mwh"
        if self._terms(line):
            yield "metered_kwh"

    def _cell_t(self, line: InventoryLine) -> Figure:
        cell = _cell(line)
        energy = Input("energy", self.id(*cell, quantity="mwh"), line.energy_mwh, "MWh")
        factor = line.factor.factor_t_per_mwh
        return Figure(
            self.id(*cell),
            f"{line.activity.carrier} in {line.activity.sector} {self.made.year}",
            line.emissions_t,
            "t",
            f.EMISSIONS,
            (energy, Input("factor", self.id(*cell, quantity="factor"), factor, "t/MWh")),
            method=method_told(self.made.method),
            factor=line.factor,
            amounts=line.activity.metered if self._terms(line) else None,
            bounds=line.bounds_t,
            findings=self._findings(f"{self.made.year}/{cell[0]}/{cell[1]}"),
            assumed=line.assumed,
        )

    def _cell_mwh(self, line: InventoryLine) -> Figure:
        activity, cell = line.activity, _cell(line)
        inputs = [self._declared(row) for row in activity.parts]
        if self._terms(line):
            role = "metered" if activity.adds_metered else "inside"
            where = self.id(*cell, quantity="metered_kwh")
            inputs.append(Input(role, where, activity.metered.kwh, "kWh"))
        return Figure(
            self.id(*cell, quantity="mwh"),
            f"final energy: {activity.carrier} in {activity.sector} {self.made.year}",
            line.energy_mwh,
            "MWh",
            f.FINAL_ENERGY,
            tuple(inputs),
            amounts=activity.metered if self._terms(line) else None,
            bounds=activity.bounds_mwh,
            findings=self._findings(f"{self.made.year}/{cell[0]}/{cell[1]}"),
            sources=tuple(
                Source("replaced", f"{one.row.title}: {one.row.energy_mwh:g} MWh", one.row.place)
                for one in activity.replaced
            ),
            assumed=activity.assumed,
        )

    def _cell_declared_mwh(self, line: InventoryLine) -> Figure:
        activity = line.activity
        return Figure(
            self.id(*_cell(line), quantity="declared_mwh"),
            f"declared: {activity.carrier} in {activity.sector} {self.made.year}",
            activity.declared_mwh,
            "MWh",
            f.SUM,
            tuple(self._declared(row) for row in activity.parts),
            assumed=activity.assumed,
        )

    def _cell_metered_kwh(self, line: InventoryLine) -> Figure:
        activity = line.activity
        note = None if activity.adds_metered else "lies inside the declared figure: in no sum"
        return Figure(
            self.id(*_cell(line), quantity="metered_kwh"),
            f"what meters saw: {activity.carrier} in {activity.sector} {self.made.year}",
            activity.metered.kwh,
            "kWh",
            f.METERED,
            tuple(
                Input(
                    "billed" if term.is_billed else "live",
                    self.meters.energy_id(term.term.meter, term.span),
                    term.total.kwh,
                    "kWh",
                    term.term.weight,
                    f"{term.row}/{term.group}",
                    term.total,
                )
                for term in self._terms(line)
            ),
            amounts=activity.metered,
            bounds=(activity.metered.low_kwh, activity.metered.high_kwh),
            note=note,
        )

    def _cell_factor(self, line: InventoryLine) -> Figure:
        match, cell = line.factor, _cell(line)
        year = match.year_used
        place = f"{match.factor_set}, {f'year {year}' if year else 'any year'} ({match.how})"
        return Figure(
            self.id(*cell, quantity="factor"),
            f"emission factor of {match.carrier}, {match.year_asked}",
            match.factor_t_per_mwh,
            "t/MWh",
            _formula(match),
            tuple(self._numbers(match, self.id(*cell, quantity="factor"))),
            method=method_told(self.made.method),
            factor=match,
            bounds=match.bounds_t_per_mwh,
            sources=(Source("table", match.source or match.note or match.factor_set, place),),
            assumed=match.assumed,
            note=match.note,
        )

    def _numbers(self, match: FactorMatch, factor_id: str) -> Iterator[Input]:
        """What a computed factor was worked out from; of the set's own table parts of one row."""
        chosen = choices_of(self.made.method, self.city.plan)
        for name, value in match.numbers.items():
            where = f"{factor_id}#{name}"
            if match.how is How.LOCAL:
                parts = (str(self.made.year),)
                where = str(FigureId(self.city.id, Kind.SUPPLY, parts, name, chosen))
            if name not in (LOW, HIGH):
                yield Input(name, where, value, _unit_of(name))

    def _declared(self, row: DeclaredRow) -> Input:
        return Input("declared", declared_id(self.city.id, row), row.energy_mwh, "MWh")

    def _other(self, row: OtherEmissions) -> Figure:
        formula = f.Formula("other_row", row.formula) if row.formula else None
        return Figure(
            self._row_id(row),
            f"{row.row} {row.year} (row {row.code})",
            row.emissions_t,
            "t",
            formula,
            sources=(Source("declaration", row.source or row.note or "", row.place),),
            assumed=row.assumed,
            note=row.note,
        )

    def _row_id(self, row: OtherEmissions) -> str:
        return self.id(ROWS, _row(row))

    def _terms(self, line: InventoryLine) -> tuple[SeenTerm, ...]:
        key = line.activity.sector, line.activity.carrier
        return self.made.metered_terms.get(key, ())

    def _sectors(self) -> list[Sector]:
        return list(dict.fromkeys(line.activity.sector for line in self.made.lines))

    def _findings(self, subject: str) -> tuple[Finding, ...]:
        return tuple(x for x in self.made.findings if x.subject.startswith(subject))


def declared_id(city: str, row: DeclaredRow) -> str:
    """The id of a declared row."""
    parts = [str(row.year), str(row.sector), str(row.carrier)]
    return str(FigureId(city, Kind.DECLARED, (*parts, *([row.what] if row.what else [])), "mwh"))


def declared_figure(city: City, asked: FigureId) -> Figure:
    """A declared row as a leaf: file, line, source; of an amount, how it became energy."""
    known = {declared_id(city.id, row): row for row in city.declared if row.mwh is not None}
    row = known.get(str(asked))
    if row is None:
        raise DataError(f"no figure {asked}; there is {some(known, most=4, near=str(asked))}")
    sources = [Source("declaration", row.source or row.note or "", row.place)]
    if row.conversion:
        match = row.conversion.net
        origin = (match.source or match.note) if match else None
        told = f"{row.conversion.told} = {row.conversion.kwh:.10g} kWh"
        sources.append(Source("conversion", told, origin))
    return Figure(
        str(asked),
        f"declared: {row.title}",
        row.energy_mwh,
        "MWh",
        sources=tuple(sources),
        assumed=row.rests_on_assumption,
        note=row.note,
    )


def _formula(match: FactorMatch) -> f.Formula | None:
    """The formula of a computed factor in its own words, under a name that can be worked out."""
    if match.formula is None:
        return None
    local = {Carrier.ELECTRICITY: f.EFE, Carrier.HEAT_COLD: f.EFH}
    made = local.get(match.carrier, f.FACTOR) if match.how is How.LOCAL else f.FACTOR
    return replace(made, text=match.formula)


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


def _unit_of(name: str) -> str:
    """The unit that a number's name ends with; nothing for a plain number."""
    if name.endswith("_t_per_mwh"):
        return "t/MWh"
    return "MWh" if name.endswith("_mwh") else ""
