"""What drawing the errors of inventories takes.

First a year of sites with four carriers each, every one with a meter; then ten such years, drawn
together; then all years of the shipped town (from tables alone: its store is empty), and the same
with every cell kept. The reference is what one writes first: a loop over the draws, each in numpy,
with an error for every meter or table and one for every factor. It knows neither lopsided ranges,
nor gaps, nor which errors years have in common.

    python benchmarks/uncertainty.py [--draws N] [--sites N]
"""

from __future__ import annotations

import argparse
import math
import tempfile
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from _figures import best, head, line, row

from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import SeenTerm
from paes.activity.activity_data import ActivityData
from paes.config import load_installation
from paes.factors.emission_factors import FactorMatch, How
from paes.installation import Installation
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.inventory.method import Method
from paes.meter_trees.tree import Term
from paes.metering import Carrier, Sector
from paes.meters import ImportedMeter
from paes.periods import year_span
from paes.progress.progress import make_inventories
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore
from paes.uncertainty.simulation import Draws, simulate

FACTORS = {
    Carrier.ELECTRICITY: 0.28,
    Carrier.NATURAL_GAS: 0.202,
    Carrier.HEATING_OIL: 0.267,
    Carrier.LIQUID_GAS: 0.227,
}
MWH = 120.0
YEARS = range(2016, 2026)


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--sites", type=int, default=200)
    asked = parser.parse_args()
    town = load_installation(shipped_config())
    years = [_metered_year(town, year, asked.sites) for year in YEARS]
    declared = _declared_years(town)
    head(f"{asked.draws:,} draws", "loop")
    meters = f"{asked.sites} sites x {len(FACTORS)} carriers"
    _compare(f"{meters}, one year", town, years[-1:], asked.draws)
    _compare(f"{meters}, {len(YEARS)} years together", town, years, asked.draws)
    _compare(f"the shipped town, {len(declared)} years together", town, declared, asked.draws)
    drawn = _compare("the same, with every cell kept", town, declared, asked.draws, cells=True)
    row(f"  memory of its {len(drawn.cells)} cells", _megabytes(town, declared, asked.draws),
        "-", "-", "at most, while drawing")  # fmt: skip


def _compare(
    what: str, town: Installation, made: Sequence[Inventory], draws: int, cells: bool = False
) -> Draws:
    ours = partial(simulate, made, town.uncertainty, draws, cells=cells)
    ours_s, drawn = best(ours)
    reference_s, totals = best(lambda: _loop(town, made, draws), runs=1)
    spread = drawn.totals[made[-1].year].least_t
    note = (
        f"sd {np.std(spread) / np.mean(spread):.1%} (loop {np.std(totals) / np.mean(totals):.1%})"
    )
    line(what, ours_s, reference_s, note)
    return drawn


def _loop(town: Installation, made: Sequence[Inventory], draws: int) -> np.ndarray:
    """Totals of the last inventory, all of them drawn one draw after the other."""
    numbers = np.random.default_rng(1)
    prepared = [_plain(town, inventory) for inventory in made]
    totals = np.empty(draws)
    for i in range(draws):
        for one in prepared:
            totals[i] = one(numbers)
    return totals


def _plain(town: Installation, inventory: Inventory) -> Callable[[np.random.Generator], float]:
    """One draw of an inventory's total."""
    rules = town.uncertainty
    wider = rules.margin.times / 1.96
    carriers = sorted({x.activity.carrier for x in inventory.lines})
    mwh, widths, place = [], [], []
    for x in inventory.lines:
        cell = x.activity.sector, x.activity.carrier
        number = carriers.index(x.activity.carrier)
        for term in inventory.metered_terms.get(cell, ()):
            mwh.append(term.total.measured_kwh / 1000)
            widths.append(rules.meter_limit(term.term.meter, cell[1]) * 1.96 / math.sqrt(3))
            place.append(number)
        for part in x.activity.parts:
            mwh.append(part.energy_mwh)
            widths.append(rules.of_row(part).half_width_fraction)
            place.append(number)
    factors = np.array([_factor(inventory, carrier) for carrier in carriers])
    factor_widths = np.array([rules.factor(carrier).above_fraction for carrier in carriers])
    energy, width, index = np.array(mwh), np.array(widths), np.array(place)

    def draw(numbers: np.random.Generator) -> float:
        wrong = energy * (1 + wider * width * numbers.standard_normal(len(energy)))
        of_carrier = np.bincount(index, wrong, minlength=len(factors))
        off = 1 + wider * factor_widths * numbers.standard_normal(len(factors))
        return float(of_carrier @ (factors * off))

    return draw


def _factor(inventory: Inventory, carrier: Carrier) -> float:
    lines = [x for x in inventory.lines if x.activity.carrier is carrier]
    return lines[0].factor.factor_t_per_mwh


def _megabytes(town: Installation, made: Sequence[Inventory], draws: int) -> str:
    tracemalloc.start()
    simulate(made, town.uncertainty, draws)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return f"{peak / 1e6:.0f} MB"


def _declared_years(town: Installation) -> list[Inventory]:
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "readings.sqlite")
        try:
            return list(make_inventories(town.city(), EnergyLedger(town, store)).values())
        finally:
            store.close()


def _metered_year(town: Installation, year: int, sites: int) -> Inventory:
    """An inventory of municipal buildings, each with a meter for every carrier."""
    sector, span = Sector.MUNICIPAL_BUILDINGS, year_span(year, "Europe/Rome")
    lines, terms = [], {}
    for carrier, factor in FACTORS.items():
        meters = [ImportedMeter(id=f"site-{n}.{carrier.replace('_', '-')}", carrier=carrier)
                  for n in range(sites)]  # fmt: skip
        seen = EnergyTotal(measured_kwh=1000 * MWH)
        terms[sector, carrier] = tuple(
            SeenTerm(Term(meter, 1.0), span, seen, meter.id, is_billed=False) for meter in meters
        )
        metered = EnergyTotal(measured_kwh=1000 * MWH * sites)
        activity = ActivityData(year, sector, carrier, (), metered, adds_metered=True)
        match = FactorMatch("trial", carrier, year, None, factor, How.CONSTANT, "s", False, None)
        lines.append(InventoryLine(activity, match))
    factor_set = town.factors.sets[town.city().plan.factor_set]
    method = Method(factor_set=factor_set.id, base_year=YEARS[0])
    return Inventory(
        "trial", year, "MEI", factor_set, method, tuple(lines), (), metered_terms=terms
    )


if __name__ == "__main__":
    main()
