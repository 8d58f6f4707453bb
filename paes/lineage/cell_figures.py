"""Figures of one cell of an inventory: tonnes, energy, factor, and what both are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from paes.accounting.site_energy import SeenTerm
from paes.activity.declared_row import DeclaredRow
from paes.factors.dated_values import How
from paes.factors.emission_factors import FactorMatch
from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.inventory.local_factors import HIGH, LOW
from paes.lineage import formulas as f
from paes.lineage.declared_figures import declared_id
from paes.lineage.figure import Figure, Input, Source
from paes.lineage.figure_id import FigureId, Kind, choices_of, inventory_id, method_told
from paes.lineage.meter_figures import MeterFigures
from paes.metering import Carrier, Finding


@dataclass(frozen=True)
class CellFigures:
    """Figures of one line of an inventory."""

    city: City
    made: Inventory
    meters: MeterFigures
    line: InventoryLine

    @property
    def cell(self) -> tuple[str, str]:
        """Sector and carrier, as they stand in ids."""
        return str(self.line.activity.sector), str(self.line.activity.carrier)

    def id(self, quantity: str) -> str:
        """The id of a figure of the cell."""
        chosen = choices_of(self.made.method, self.city.plan)
        year = self.made.year
        return inventory_id(self.city.id, year, *self.cell, quantity=quantity, choices=chosen)

    def figure(self, quantity: str) -> Figure | None:
        """The figure with this quantity; None if the cell has none."""
        makers: dict[str, Callable[[], Figure]] = {
            "t": self._t, "mwh": self._mwh, "factor": self._factor,
            "declared_mwh": self._declared_mwh, "metered_kwh": self._metered_kwh,
        }  # fmt: skip
        return makers[quantity]() if quantity in self.quantities() else None

    def quantities(self) -> Iterator[str]:
        """What can be asked of the cell."""
        yield from ("t", "mwh", "factor")
        if self.line.activity.parts:
            yield "declared_mwh"
        if self._terms():
            yield "metered_kwh"

    def _t(self) -> Figure:
        energy = Input("energy", self.id("mwh"), self.line.energy_mwh, "MWh")
        factor = self.line.factor.factor_t_per_mwh
        return Figure(
            self.id("t"),
            f"{self.line.activity.carrier} in {self.line.activity.sector} {self.made.year}",
            self.line.emissions_t,
            "t",
            f.EMISSIONS,
            (energy, Input("factor", self.id("factor"), factor, "t/MWh")),
            method=method_told(self.made.method),
            factor=self.line.factor,
            amounts=self.line.activity.metered if self._terms() else None,
            bounds=self.line.bounds_t,
            findings=self._findings(),
            assumed=self.line.assumed,
        )

    def _mwh(self) -> Figure:
        activity = self.line.activity
        inputs = [self._declared(row) for row in activity.parts]
        if self._terms():
            role = "metered" if activity.adds_metered else "inside"
            where = self.id("metered_kwh")
            inputs.append(Input(role, where, activity.metered.kwh, "kWh"))
        return Figure(
            self.id("mwh"),
            f"final energy: {activity.carrier} in {activity.sector} {self.made.year}",
            self.line.energy_mwh,
            "MWh",
            f.FINAL_ENERGY,
            tuple(inputs),
            amounts=activity.metered if self._terms() else None,
            bounds=activity.bounds_mwh,
            findings=self._findings(),
            sources=tuple(
                Source("replaced", f"{one.row.title}: {one.row.energy_mwh:g} MWh", one.row.place)
                for one in activity.replaced
            ),
            assumed=activity.assumed,
        )

    def _declared_mwh(self) -> Figure:
        activity = self.line.activity
        return Figure(
            self.id("declared_mwh"),
            f"declared: {activity.carrier} in {activity.sector} {self.made.year}",
            activity.declared_mwh,
            "MWh",
            f.SUM,
            tuple(self._declared(row) for row in activity.parts),
            assumed=activity.assumed,
        )

    def _metered_kwh(self) -> Figure:
        activity = self.line.activity
        note = None if activity.adds_metered else "lies inside the declared figure: in no sum"
        return Figure(
            self.id("metered_kwh"),
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
                for term in self._terms()
            ),
            amounts=activity.metered,
            bounds=(activity.metered.low_kwh, activity.metered.high_kwh),
            note=note,
        )

    def _factor(self) -> Figure:
        match = self.line.factor
        year = match.year_used
        place = f"{match.factor_set}, {f'year {year}' if year else 'any year'} ({match.how})"
        return Figure(
            self.id("factor"),
            f"emission factor of {match.carrier}, {match.year_asked}",
            match.factor_t_per_mwh,
            "t/MWh",
            _formula(match),
            tuple(self._numbers(match, self.id("factor"))),
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

    def _terms(self) -> tuple[SeenTerm, ...]:
        key = self.line.activity.sector, self.line.activity.carrier
        return self.made.metered_terms.get(key, ())

    def _findings(self) -> tuple[Finding, ...]:
        """What is odd about the cell."""
        subject = "/".join([str(self.made.year), *self.cell])
        return tuple(x for x in self.made.findings if x.subject.startswith(subject))


def _formula(match: FactorMatch) -> f.Formula | None:
    """The formula of a computed factor in its own words, under a name that can be worked out."""
    if match.formula is None:
        return None
    local = {Carrier.ELECTRICITY: f.EFE, Carrier.HEAT_COLD: f.EFH}
    made = local.get(match.carrier, f.FACTOR) if match.how is How.LOCAL else f.FACTOR
    return replace(made, text=match.formula)


def _unit_of(name: str) -> str:
    """The unit that a number's name ends with; nothing for a plain number."""
    if name.endswith("_t_per_mwh"):
        return "t/MWh"
    return "MWh" if name.endswith("_mwh") else ""
