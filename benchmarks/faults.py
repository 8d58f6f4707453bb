"""What the nightly look at every meter takes: all rules over a town of 500 meters, and its memory.

The town is the shipped one, simulated for fourteen months with its planted malfunctions and copied
until there are enough meters: schools with PV and boilers, water, offices, street lighting. The
reference, in the same run and over the same store, is the least that any such program has to do:
plain pandas takes each meter's registers of that time and makes hourly amounts, the lowest hour
of each night, and its running median of 28 nights. It prices nothing, and explains nothing.

    OPENBLAS_NUM_THREADS=1 python benchmarks/faults.py [--meters N] [--days N]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import _figures as figures
import numpy as np
import pandas as pd

from collectors.simulator import Town, fill_history, planted
from paes.accounting.ledger import EnergyLedger
from paes.config import load_installation
from paes.faults.cases.register import update_cases
from paes.faults.rule_table import RULES
from paes.faults.watch import watch
from paes.installation import City, Installation
from paes.metering import meter_of
from paes.meters import Meter
from paes.periods import Span
from paes.shipped_files import shipped_config
from paes.solar.physics import sun_course
from paes.store.sqlite import SqliteStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NIGHTLY = timedelta(days=60)


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=500)
    parser.add_argument("--days", type=int, default=440)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "readings.sqlite")
        town = _town(store, asked.meters, asked.days)
        _measure(town, store, asked.days)
        store.close()


def _measure(town: Installation, store: SqliteStore, days: int) -> None:
    meters = list(town.meters.values())
    span = Span(NOW - min(NIGHTLY, timedelta(days=days)), NOW)
    plain, _ = figures.seconds(lambda: _plain(town, store, meters, days))
    first, _ = figures.seconds(
        lambda: EnergyLedger(town, store, lambda: NOW).refresh(
            Span(NOW - timedelta(days=days), NOW)
        )
    )
    sun_course(44.1, 9.8, np.zeros(1, dtype=np.int64), 3600)  # what a collector has loaded long ago
    figures.head(f"{len(meters)} meters x {days} days, {len(RULES)} rules", "pandas")
    note = f"{figures.duration(first)} once, to account the past"
    ours, found = figures.seconds(
        lambda: watch(EnergyLedger(town, store, lambda: NOW), span, follow=_follow)
    )
    figures.line("episodes of every rule", ours, plain, note)
    ours, cases = figures.seconds(
        lambda: update_cases(EnergyLedger(town, store, lambda: NOW), span, _follow)
    )
    figures.line("cases with their prices, kept", ours, plain, f"{len(cases.all)} cases")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    a_meter = figures.duration(ours / len(meters))
    print(f"  {len(found)} episodes; {a_meter} a meter; {peak:,.0f} MB at most")


def _plain(town: Installation, store: SqliteStore, meters: list[Meter], days: int) -> int:
    """Nights above their usual, by pandas alone."""
    above = 0
    for meter in meters:
        rows = store.read(town.register(meter).point, NOW - timedelta(days=days), NOW)
        index = pd.to_datetime(rows.seconds, unit="s", utc=True).tz_convert("Europe/Rome")
        register = pd.Series(rows.values, index)
        hours = register.resample("1h").last().interpolate().diff().shift(-1)
        nights = hours[(hours.index.hour >= 1) & (hours.index.hour < 5)].resample("1D").min()
        above += int((nights > nights.rolling(28).median().shift(1)).sum())
    return above


def _town(store: SqliteStore, count: int, days: int) -> Installation:
    """The shipped town with its past, in as many copies as it takes."""
    shipped = load_installation(shipped_config())
    if count < len(shipped.meters):
        shipped = _only(shipped, count)
    start = NOW - timedelta(days=days)
    simulated = Town(shipped, epoch=start)
    simulated = simulated.with_malfunctions(planted(shipped, simulated.parameters, NOW))
    copies = -(-count // len(shipped.meters))
    fill_history(simulated, store, start, NOW)
    cities = dict(shipped.cities)
    for number in range(1, copies):
        cities |= {f"{id_}-{number}": _copy(c, number) for id_, c in shipped.cities.items()}
    whole = replace(shipped, cities=cities, registers=dict(_registers(shipped, copies)))
    _copy_readings(store, whole, copies)
    return whole


def _copy(city: City, number: int) -> City:
    """The same city with other ids."""

    def renamed(meter: Meter) -> Meter:
        new = {"id": _other(meter.id, number)}
        if meter.parent:
            new["parent"] = _other(meter.parent, number)
        return meter.model_copy(update=new)

    meters = {m.id: m for m in map(renamed, city.meters.values())}
    sites = {f"{id_}-{number}": s.model_copy(update={"id": f"{id_}-{number}"})
             for id_, s in city.sites.items()}  # fmt: skip
    contracts = tuple(_renamed_contract(c, number) for c in city.contracts)
    facts = city.facts.model_copy(update={"id": f"{city.id}-{number}"})
    return replace(city, facts=facts, sites=sites, meters=meters, contracts=contracts,
                   virtual_meters={}, sensors={})  # fmt: skip


def _renamed_contract(contract: Any, number: int) -> Any:
    if contract.meter:
        return contract.model_copy(update={"meter": _other(contract.meter, number)})
    return contract.model_copy(update={"site": f"{contract.site}-{number}"})


def _other(meter_id: str, number: int) -> str:
    site, name = meter_id.split(".", 1)
    return f"{site}-{number}.{name}"


def _registers(shipped: Installation, copies: int) -> Iterator[tuple[str, Any]]:
    yield from shipped.registers.items()
    for number in range(1, copies):
        for meter_id, register in shipped.registers.items():
            name = register.point.rsplit("/", 1)[1]
            point = f"{_other(meter_id, number)}/{name}"
            yield _other(meter_id, number), replace(register, point=point)


def _copy_readings(store: SqliteStore, whole: Installation, copies: int) -> None:
    points = [p for p in store.points() if copies > 1 and meter_of(p) in whole.meters]
    for done, point in enumerate(points, 1):
        rows = store.read(point)
        for number in range(1, copies):
            name = f"{_other(meter_of(point), number)}/{point.rsplit('/', 1)[1]}"
            store.write_series(name, rows.seconds, rows.values, rows.codes)
        _follow(done, len(points))


def _only(town: Installation, count: int) -> Installation:
    """The first meters of the town alone."""
    left = count
    cities = {}
    for id_, city in town.cities.items():
        meters = dict(list(city.meters.items())[:left])
        left -= len(meters)
        cities[id_] = replace(city, meters=meters)
    return replace(town, cities=cities)


def _follow(done: int, of: int) -> None:
    figures.progress(f"{done} of {of}")


if __name__ == "__main__":
    main()
