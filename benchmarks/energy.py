"""From a year of raw quarter hours to monthly energy, with 2 % of all readings missing.

Load curves of which single intervals are lost, hence some 700 gaps a year and meter that no
register knows, each estimated with its band; and polled registers with the same losses. Twice: for
some meters and for a fifth of them, so that it shows how the cost grows. *Kept* is the same table,
asked once more by a new ledger: the first page that somebody opens. Memory is the most that the
process has held so far.

The reference is a plain pandas program that estimates nothing: it takes the stored rows, takes the
differences of registers, and sums them by local month.

    python benchmarks/energy.py [--meters N]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import _figures as figures
import numpy as np
import pandas as pd
from _town import ROME, Town

from paes.accounting.ledger import EnergyLedger
from paes.installation import City, Installation
from paes.metering import Carrier, Register
from paes.meters import ImportedMeter, Meter
from paes.periods import ALWAYS, By
from paes.series import Floats
from paes.store.sqlite import SqliteStore

LOST = 0.02


@dataclass(frozen=True)
class Year:
    """A stored year of some meters, and what accounts them."""

    town: Town
    installation: Installation
    store: SqliteStore
    curves: bool
    readings: int

    def monthly(self) -> Floats:
        """Measured and estimated energy of all meters by month."""
        ledger = EnergyLedger(self.installation, self.store, self.town.clock)
        meters: list[Meter] = list(self.installation.meters.values())
        tables = ledger.tables([(m, ALWAYS) for m in meters], self.town.year, By.MONTH)
        return np.array([t.measured + t.estimated for t, _ in tables]).sum(axis=0)

    def plain(self) -> Floats:
        """The same by pandas, without what is missing."""
        found = np.zeros(12)
        for meter in self.installation.meters.values():
            rows = self.store.read(self.installation.register(meter).point)
            index = pd.to_datetime(rows.seconds, unit="s", utc=True).tz_convert(ROME)
            amounts = pd.Series(rows.values, index)
            if not self.curves:
                amounts = amounts.diff().shift(-1)
            by_month = amounts[index.year == self.town.year.end.year].groupby(index.month[
                index.year == self.town.year.end.year]).sum()  # fmt: skip
            found[by_month.index.to_numpy() - 1] += by_month.to_numpy()
        return found


def stored(folder: Path, count: int, curves: bool) -> Year:
    """A year of ``count`` meters in a store, without the readings that are lost."""
    town = Town(count, 1)
    meters: dict[str, Meter] = {m.id: _meter(m, curves) for m in town.meters}
    city: Any = town.installation.cities["town"]
    new = City(city.facts, city.plan, city.sites, city.gateways, meters, (), ())
    registers = {m: _register(meter) for m, meter in meters.items()}
    factors = town.installation.factors
    made = Installation(Path(), "bench", "town", {"town": new}, factors, (), registers)
    store = SqliteStore(folder / f"{count}-{curves}.sqlite")
    readings = 0
    for number, meter in enumerate(meters.values()):
        shown = town.registers(number) / 1000.0
        at, values = (town.seconds[:-1], np.diff(shown)) if curves else (town.seconds, shown)
        read = np.random.default_rng(number).random(len(at)) >= LOST
        store.write_series(made.register(meter).point, at[read], values[read])
        readings += int(read.sum())
    return Year(town, made, store, curves, readings)


def _meter(meter: Meter, curves: bool) -> Meter:
    electric = meter.model_copy(update={"carrier": Carrier.ELECTRICITY, "rated_power_kw": 100.0,
                                        "rated_flow_m3_h": None})  # fmt: skip
    if not curves:
        return electric
    return ImportedMeter(id=meter.id, carrier=Carrier.ELECTRICITY, rated_power_kw=100.0,
                         valid_from=meter.valid_from)  # fmt: skip


def _register(meter: Meter) -> Register:
    if isinstance(meter, ImportedMeter):
        return meter.register
    return Register(f"{meter.id}/energy_import", "kWh", None, 0.001)


def measure(folder: Path, count: int, curves: bool) -> tuple[float, float]:
    """Print what accounting ``count`` meters costs; seconds for a reading, and once kept."""
    what = f"{count} {'load curves' if curves else 'registers'}"
    figures.progress(f"storing {what}")
    year = stored(folder, count, curves)
    figures.progress(f"accounting {what}")
    plain_s, plain = figures.seconds(year.plain)
    ours_s, ours = figures.seconds(year.monthly)
    kept_s, again = figures.best(year.monthly)
    # What pandas drops of the load curves is 2 %; a register loses nothing but its last reading.
    assert np.allclose(ours, again), "kept months say something else"
    assert 0.95 * ours.sum() < plain.sum() < 1.001 * ours.sum(), (plain.sum(), ours.sum())
    each = f"{1e6 * ours_s / year.readings:.1f} us a reading"
    figures.line(f"{what}, {year.readings:,} readings, to months", ours_s, plain_s, each)
    memory = f"{1e3 * kept_s / count:.2f} ms a meter, {_most_memory_mb():,.0f} MB at most"
    figures.line(f"{what}, the same once kept", kept_s, plain_s, memory)
    year.store.close()
    return ours_s / year.readings, kept_s / count


def _most_memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=6)
    count = parser.parse_args().meters
    figures.head("a year of quarter hours, 2 % missing", "pandas")
    with tempfile.TemporaryDirectory() as folder:
        stored(Path(folder), 1, curves=True).monthly()  # what is loaded once is no cost of a meter
        few = max(count // 5, 1)
        for curves in (False, True):
            first, second = (measure(Path(folder), n, curves) for n in (few, count))
            print(
                f"{count} meters and {few}: {second[0] / first[0]:.2f} x a reading,"
                f" {second[1] / first[1]:.2f} x a kept meter"
            )


if __name__ == "__main__":
    main()
