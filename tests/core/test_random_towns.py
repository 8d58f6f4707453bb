"""What holds for any town: totals agree wherever they are told, and a gap is never a saving.

Towns of random rows, meters, plants, trade and purchases, by every choice of a method; nothing is
compared with a figure of the code's own but with its parts, or with the same town before a gap.
"""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from typing import Any

import pytest
from factor_town import (  # fmt: skip
    BIOFUEL,
    GAS,
    HEAT,
    HOMES,
    LIGHTING,
    OFFICES,
    POWER,
    WOOD,
    factor,
    ledger_of,
    library,
    row,
    town,
)

from paes.accounting.energy_total import EnergyTotal
from paes.covenant_tables.tables import RowKind, table_a, table_b
from paes.covenant_tables.template import template
from paes.inventory.inventory import Inventory
from paes.inventory.making import inventory_of
from paes.inventory.metered_plants import MeteredPlants
from paes.inventory.method import Method
from paes.inventory.other_emissions import DeclaredOther
from paes.inventory.scope_bridge import scope_bridge
from paes.progress.path import Verdict
from paes.progress.progress import make_progress
from paes.report.inventory_documents import inventory_document
from paes.shipped_files import shipped_config
from paes.supply.declared_supply import DeclaredSupply
from paes.supply.green_electricity import GreenPurchase
from paes.supply.local_supply import Amount
from paes.supply.metered import Metered
from paes.supply.plants import DeclaredPlant, HeatTrade, PlantFuelRow

YEARS = (2007, 2016, 2020)
CARRIERS = (POWER, GAS, HEAT, WOOD, BIOFUEL)
CELLS = [(sector, carrier) for sector in (HOMES, OFFICES, LIGHTING) for carrier in CARRIERS]
METHODS = [
    {"electricity_factor": when, "electricity_scope": scope, "green_electricity": green}
    for when in ("frozen", "current")
    for scope in ("national", "local")
    for green in ("in_factor", "own_row", "not_counted")
]
FACTORS = library(
    factor(POWER, 0.5, year=2007), factor(POWER, 0.3, year=2016), factor(GAS, 0.2),
    factor(HEAT, 0.25), factor(WOOD, 0.0), factor(BIOFUEL, 0.0),
    factor(WOOD, 0.4, sustainable=False), factor(BIOFUEL, 0.3, sustainable=False),
)  # fmt: skip


class Case:
    """One random town, with what its meters saw by year."""

    def __init__(self, seed: int, folder: Any) -> None:
        self.r = random.Random(seed)
        cells = self.r.sample(CELLS, 6)
        rows = [self._row(year, *cell) for year in YEARS for cell in cells if self.r.random() < 0.8]
        rows += [row(2007, GAS, 100.0, sector=HOMES, use="always", covers="rest")]
        self.city = town(*rows, supply=self._supply(), other_emissions=self._others())
        self.metered = {
            y: {c: self._total() for c in cells if self.r.random() < 0.5} for y in YEARS
        }
        made = Amount.exactly(self._size())
        seen = Metered(1, made, without_feed_in=made, heat=Amount.exactly(self._size()))
        self.plants = {year: MeteredPlants({"chp": seen}) for year in YEARS}
        self.ledger = ledger_of(self.city, FACTORS, folder)
        self.method = Method.of(self.city.plan, **self.r.choice(METHODS))

    def inventory(self, year: int) -> Inventory:
        return inventory_of(
            self.city, year, self.ledger, self.metered[year], {}, self.method,
            plants=self.plants[year],
        )  # fmt: skip

    def _size(self) -> float:
        return self.r.choice((0.0, self.r.uniform(0, 1), 10 ** self.r.uniform(0, 6)))

    def _row(self, year: int, sector: Any, carrier: Any) -> Any:
        if self.r.random() < 0.1:
            key = self.r.choice(("NO", "NE", "C"))
            return row(year, carrier, None, sector, notation=key, note="why")
        part = {"sustainable_fraction": self.r.random()} if carrier in (WOOD, BIOFUEL) else {}
        covers = "rest" if CELLS.index((sector, carrier)) % 2 else "sector"
        use = {"use": "other"} if (sector, carrier) == (HOMES, GAS) else {}
        covers = "rest" if use else covers
        return row(year, carrier, self._size(), sector, covers=covers, **part, **use)

    def _total(self) -> EnergyTotal:
        guess = self._size()
        return EnergyTotal(1000 * self._size(), 0, guess, guess / 2, guess * 2, 0, self._size())

    def _supply(self) -> DeclaredSupply:
        chp = DeclaredPlant(
            id="chp", name="chp", kind="chp", heat_efficiency=0.9, electric_efficiency=0.4,
            used_on_the_spot_fraction=self.r.random(), capacity_mw=1, source="s",
        )  # fmt: skip
        fuel = PlantFuelRow(
            year=2007, plant="chp", fuel="natural_gas", mwh=self._size(), source="s"
        )
        trade = HeatTrade(
            year=2007, direction="import", mwh=self._size(), factor_t_per_mwh=0.1, source="s"
        )
        green = GreenPurchase(year=2016, mwh=self._size(), source="s")
        return DeclaredSupply((chp,), (), (fuel,), (trade,), (green,))

    def _others(self) -> tuple[DeclaredOther, ...]:
        waste = DeclaredOther(year=2007, row="waste_management", t=self._size(), source="s")
        trees = DeclaredOther(
            year=2016, row="other", use="trees", t=-self._size() / 9, source="s", note="trees"
        )
        return waste, trees


def near(inventory: Inventory, figure: float) -> Any:
    """To the gram, or the last digits of what was added up."""
    size = sum(abs(part.emissions_t) for part in inventory.parts)
    return pytest.approx(figure, abs=1e-6 + 1e-12 * size)


@pytest.mark.parametrize("seed", range(12))
def test_a_total_is_the_same_wherever_it_is_told(tmp_path, seed):
    case = Case(seed, tmp_path)
    for year in YEARS:
        made, shown = case.inventory(year), template(shipped_config())
        assert made.lines
        parts_t = math.fsum(part.emissions_t for part in made.parts)
        totals = [
            [one for one in table.rows if one.kind is RowKind.TOTAL][-1].values[-1]
            for table in (table_a(made, shown), table_b(made, shown))
        ]
        bridge, document = scope_bridge(made), inventory_document(case.city, made, {})
        json.dumps(document, allow_nan=False)
        told = (made.emissions_t, totals[1], bridge.emissions_t, document["emissions_t"])
        assert [near(made, parts_t)] * 4 == list(told)
        energy_mwh = math.fsum(line.evidence.energy_mwh for line in made.lines)
        assert [pytest.approx(energy_mwh)] * 2 == [totals[0], bridge.energy_mwh]
        low_t, high_t = made.bounds_t
        assert low_t < made.emissions_t or low_t == near(made, made.emissions_t)
        assert high_t > made.emissions_t or high_t == near(made, made.emissions_t)


@pytest.mark.parametrize("seed", range(12))
def test_a_gap_in_any_meter_only_widens_what_is_told(tmp_path, seed):
    case = Case(seed, tmp_path)
    made = {year: case.inventory(year) for year in YEARS}
    before = make_progress(case.city, case.ledger, method=case.method, inventories=made)
    year = case.r.choice([y for y in YEARS if case.metered[y]] or [2007])
    for cell, total in case.metered[year].items():
        lost = total.measured_kwh * case.r.random()
        case.metered[year][cell] = replace(
            total, measured_kwh=total.measured_kwh - lost,
            missing_high_kwh=total.missing_high_kwh + lost * case.r.choice((1.0, 2.0, math.inf)),
        ) if lost else total  # fmt: skip
    whole = case.plants[year].declared["chp"]
    seen = Amount(whole.electricity.mwh / 2, whole.electricity.mwh / 2, whole.electricity.mwh)
    case.plants[year] = MeteredPlants(
        {"chp": replace(whole, electricity=seen, without_feed_in=seen)}
    )
    now = case.inventory(year)
    least, most = made[year].bounds_t
    slack = 1e-6 + 1e-9 * sum(abs(part.emissions_t) for part in made[year].parts)
    assert now.bounds_t[0] <= least + slack
    assert now.bounds_t[1] >= most - slack
    after = make_progress(
        case.city, case.ledger, method=case.method, inventories={**made, year: now}
    )
    assert len(after.years) == 3
    for then, later in zip(before.years, after.years, strict=True):
        assert later.verdict in (then.verdict, Verdict.UNCERTAIN)
    assert all(one.own_actions_t == 0.0 for one in after.effects)
