"""Terms of the local factors of electricity and heat, down to cells, plants and their meters.

What a town used is the sum of its cells. What it made is table C, or D: figures of plants, which
meters of generation and feed-in saw or ``plants.yaml`` declares.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SiteEnergy
from paes.errors import DataError
from paes.factors.dated_values import How
from paes.factors.emission_factors import FactorMatch
from paes.installation import City, some
from paes.inventory.inventory import Inventory
from paes.inventory.local_factors import HIGH, LOW
from paes.lineage import formulas as f
from paes.lineage.figure import Figure, Input, Source
from paes.lineage.figure_id import FigureId, Kind, choices_of, inventory_id, method_told
from paes.lineage.meter_figures import MeterFigures
from paes.metering import Carrier, Measures
from paes.periods import year_span

CONSUMPTION = {"tce_mwh": Carrier.ELECTRICITY, "lhc_mwh": Carrier.HEAT_COLD}
"""Terms that are what the lines of a carrier hold."""
MADE = ("lpe_mwh", "own_use_mwh", "co2lpe_t", "co2lph_t")
"""Terms that rest on what plants of the territory made."""


@dataclass(frozen=True)
class SupplyFigures:
    """The terms of the local factors of one inventory."""

    city: City
    made: Inventory
    ledger: EnergyLedger

    def ids(self) -> Iterator[str]:
        """The id of every term."""
        for name in self._terms():
            yield self.id(name)

    def id(self, name: str) -> str:
        """The id of a term."""
        chosen = choices_of(self.made.method, self.city.plan)
        return str(FigureId(self.city.id, Kind.SUPPLY, (str(self.made.year),), name, chosen))

    def figure(self, asked: FigureId) -> Figure:
        """The term that is named; DataError, with those that there are, if there is none."""
        terms = self._terms()
        if asked.quantity not in terms:
            near = some(self.ids(), near=str(asked))
            raise DataError(f"no figure {asked}; there is {near}")
        match, value = terms[asked.quantity]
        name = asked.quantity
        inputs = tuple(self._inputs(name))
        formula = f.SUM if name in CONSUMPTION else f.TABLE_C if inputs else None
        return Figure(
            self.id(name),
            f"{name.rpartition('_')[0].upper()} of {match.carrier}, {self.made.year}",
            value,
            _unit(name),
            formula,
            inputs,
            method=method_told(self.made.method),
            sources=tuple(self._sources(name, match)),
            assumed=match.assumed,
            note=match.note,
        )

    def _terms(self) -> dict[str, tuple[FactorMatch, float]]:
        found: dict[str, tuple[FactorMatch, float]] = {}
        for line in self.made.lines:
            if line.factor.how is How.LOCAL:
                for name, value in line.factor.numbers.items():
                    if name not in (LOW, HIGH):
                        found.setdefault(name, (line.factor, value))
        return found

    def _inputs(self, name: str) -> Iterator[Input]:
        chosen = choices_of(self.made.method, self.city.plan)
        for line in self.made.lines:
            if line.activity.carrier is CONSUMPTION.get(name):
                cell = str(line.activity.sector), str(line.activity.carrier)
                where = inventory_id(
                    self.city.id, self.made.year, *cell, quantity="mwh", choices=chosen
                )
                yield Input("part", where, line.energy_mwh, "MWh")
        if name in MADE:
            carrier = Carrier.HEAT_COLD if name == "co2lph_t" else Carrier.ELECTRICITY
            yield from self._meters(carrier)

    def _meters(self, carrier: Carrier) -> Iterator[Input]:
        """The meters of the plants: what they made, and what they gave to the grid."""
        span = year_span(self.made.year, self.city.time_zone)
        figures, energy = MeterFigures(self.city.id, self.ledger), SiteEnergy(self.ledger)
        for kind in (Measures.GENERATION, Measures.FEED_IN):
            for term in energy.terms(self.city.sites, carrier, kind):
                life = self.ledger.life(term.meter, span)
                if life:
                    total = self.ledger.total(term.meter, life)
                    where = figures.energy_id(term.meter, life)
                    yield Input(str(kind), where, total.kwh, "kWh", term.weight, amounts=total)

    def _sources(self, name: str, match: FactorMatch) -> Iterator[Source]:
        if name in CONSUMPTION:
            return
        place = None if name.startswith("neefe") else "plants.yaml and tables beside it"
        yield Source("declaration", match.source or match.note or match.factor_set, place)
        for plant in self.made.supply.plants if self.made.supply and name in MADE else ():
            text = f"{plant.name}: {plant.electricity.mwh:.6g} MWh"
            yield Source("plant", text, "; ".join(plant.sources) or f"{plant.meters} meters")


def _unit(name: str) -> str:
    return {"mwh": "MWh", "t": "t"}.get(name.rpartition("_")[2], "t/MWh")
