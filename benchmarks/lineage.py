"""What it costs that every figure of an inventory carries what it was made from.

An inventory of a year with some meters, whose months are kept. *Without* is the same inventory
by the same code that forgets the meters behind each cell; both have the same total to the last bit.
The two are made in turns, and the best of each counts. Memory is what an inventory holds while it
lives. Then what it costs to ask: every figure of the year, the way down to the reads of one day,
and the year worked out again down to days made of their reads, each beside the making of the
inventory itself.

    python benchmarks/lineage.py [--meters N]
"""

from __future__ import annotations

import argparse
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import _figures as figures
from _town import LAST_YEAR, ROME, Town

from paes.accounting.ledger import EnergyLedger
from paes.accounting.site_energy import Seen, SiteEnergy
from paes.activity.declared_row import DeclaredRow
from paes.factors.emission_factors import CalorificRow, FactorLibrary, FactorRow, FactorSet
from paes.installation import Installation
from paes.inventory.inventory import Inventory
from paes.inventory.making import make_inventory
from paes.lineage.spans import parse_span
from paes.lineage.tracing import Tracer
from paes.lineage.walking import Focus, verify, walk
from paes.metering import Carrier, Sector
from paes.meters import Meter
from paes.periods import By
from paes.plan.plan import Plan
from paes.plan.target import Target
from paes.schema import Text
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore

SOURCE = "a round number for benchmarks"
HELD = 20
"""Inventories that are kept in memory to measure one."""
TURNS = 15
NAME = Text(it="Prova", en="Trial")


def installed(town: Town) -> Installation:
    """The town with a plan, factors and declared rows beside its meters."""
    whole = town.installation
    of_set = FactorSet(id="trial", name=NAME, approach="IPCC", gas="CO2", version="1")
    carriers = (Carrier.ELECTRICITY, Carrier.NATURAL_GAS, Carrier.HEAT_COLD)
    rows = [FactorRow(carrier=c, factor_t_per_mwh=0.25, source=SOURCE) for c in carriers]
    gas = CalorificRow(
        carrier=Carrier.NATURAL_GAS, unit="Sm3", kwh_per_unit=9.5, basis="net", source=SOURCE
    )
    target = Target(
        id="less", name=NAME, base_year=LAST_YEAR, target_year=LAST_YEAR + 5,
        reduction_fraction=0.2, source=SOURCE,
    )  # fmt: skip
    plan = Plan(
        base_year=LAST_YEAR, factor_set="trial", electricity_factor="current",
        default_target="less", targets=(target,),
    )  # fmt: skip
    declared = DeclaredRow.model_validate(
        {"year": LAST_YEAR, "sector": Sector.MUNICIPAL_BUILDINGS, "carrier": Carrier.ELECTRICITY,
         "mwh": 100.0, "covers": "rest", "source": SOURCE}
    )  # fmt: skip
    read = {m.id: m.model_copy(update={"device": "eastron-sdm630"}) for m in town.meters}
    meters: dict[str, Meter] = {**read}
    city = replace(whole.cities["town"], plan=plan, declared=(declared,), meters=meters)
    library = FactorLibrary([of_set], {"trial": rows}, [gas])
    folders = (shipped_config() / "devices",)
    return replace(whole, cities={"town": city}, factors=library, device_folders=folders)


@contextmanager
def forgetting() -> Iterator[None]:
    """Sums forget what they are the sum of."""
    apart: Any = SiteEnergy._apart

    def without(self: SiteEnergy, *of: Any) -> Seen:
        return replace(apart(self, *of), terms=())

    with mock.patch.object(SiteEnergy, "_apart", without):
        yield


def held_kb(make: Callable[[], Inventory]) -> float:
    """Memory of one inventory, of many that live at once."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    kept = [make() for _ in range(HELD)]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept) == HELD
    return (after - before) / HELD / 1024


def measure(ledger: EnergyLedger) -> None:
    """Print what carrying costs, and what asking costs."""
    city = ledger.installation.city()

    def make() -> Inventory:
        return make_inventory(city, LAST_YEAR, ledger)

    def make_plain() -> Inventory:
        with forgetting():
            return make()

    figures.progress("making inventories")
    ours, plain = make(), make_plain()
    turns = [(figures.seconds(make)[0], figures.seconds(make_plain)[0]) for _ in range(TURNS)]
    ours_s, plain_s = (min(of) for of in zip(*turns, strict=True))
    ours_kb, plain_kb = held_kb(make), held_kb(make_plain)
    assert ours.metered_terms
    assert not any(plain.metered_terms.values()), "the reference remembers"
    assert ours.emissions_t == plain.emissions_t
    terms = sum(len(of) for of in ours.metered_terms.values())
    figures.line(f"inventory of a year, {terms} meters", ours_s, plain_s)
    figures.row(
        "memory of an inventory", f"{ours_kb:,.0f} KB", f"{plain_kb:,.0f} KB",
        f"{ours_kb / plain_kb:.2f} x", f"{(ours_kb - plain_kb) / terms:.2f} KB a meter",
    )  # fmt: skip
    _measure_asking(ledger, ours_s)


def _measure_asking(ledger: EnergyLedger, made_s: float) -> None:
    """Times of a trace beside that of making the inventory."""
    city = ledger.installation.city()
    meter = next(iter(city.meters.values()))
    whole = f"town/inventory/{LAST_YEAR}/t"
    tracer = Tracer(city, ledger)
    tracer.figure(whole)
    ids = list(tracer.of_year(LAST_YEAR).ids())
    all_s, _ = figures.best(lambda: [tracer.figure(one) for one in ids])
    note = f"{len(ids)} figures, {1e3 * all_s / len(ids):.2f} ms each"
    figures.line("every figure of the year, inventory at hand", all_s, made_s, note)
    span = parse_span(f"{LAST_YEAR}-03-14", ROME)
    way_s, way = figures.best(lambda: walk(Tracer(city, ledger), whole, Focus(1, meter, span)))
    opened = sum(node.figure is not None for node in way.all())
    figures.line("total to the reads of one day", way_s, made_s, f"{opened} figures opened")
    figures.progress("working all of it out again")
    again_s, checked = figures.seconds(lambda: verify(Tracer(city, ledger), whole))
    assert checked.equal, checked.wrong
    note = f"{checked.figures} figures, {checked.days} days made of reads"
    figures.line("all of it worked out again", again_s, made_s, note)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=30)
    town = Town(parser.parse_args().meters, 1)
    figures.head("lineage of an inventory", "without, or the making")
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "town.sqlite")
        figures.progress(f"storing {town.readings:,} readings")
        for number in range(town.count):
            store.write_series(town.point(number), town.seconds, town.registers(number) / 1000.0)
        ledger = EnergyLedger(installed(town), store, town.clock)
        figures.progress("accounting")
        ledger.tables([(m, town.span) for m in town.meters], town.year, By.MONTH)
        measure(ledger)
        store.close()


if __name__ == "__main__":
    main()
