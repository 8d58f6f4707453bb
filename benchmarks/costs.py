"""What a year of costs takes: one meter, and how it grows with the number of meters.

Meters of 15 minutes, read without a gap or with the share of lost readings that is asked for, on a
tariff of three bands and on one with the highest quarter hour. The reference is plain pandas on
quarter hours that are in memory already: bands by local hour and weekday, sums by month, prices.
It knows no gaps, no validity of prices and no bounds.

    python benchmarks/costs.py [--meters N] [--lost FRACTION]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from _figures import best, duration, head, line, row, seconds

from paes.accounting.ledger import EnergyLedger
from paes.config import load_installation
from paes.costs.costing import Costing
from paes.installation import Installation
from paes.meters import FieldMeter
from paes.periods import By, Seconds, Span, edges, year_span
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore
from paes.tariffs.contracts import Contract

TZ = "Europe/Rome"
YEAR = year_span(2025, TZ)
READ = Span(YEAR.start, YEAR.end + timedelta(days=31))
"""Meters go on after the year, so that its last days are settled."""
PRICES = {"F1": 0.185, "F2": 0.188, "F3": 0.162}
EXCISE, FIXED, POWER, VAT = 0.0125, 19.0, 2.8 * 50, 0.22


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=150)
    parser.add_argument("--lost", type=float, default=0.002)
    asked = parser.parse_args()
    installation = _town(asked.meters)
    meters = list(installation.meters.values())
    quarters = edges(READ, By.QUARTER_HOUR, TZ)
    year = len(edges(YEAR, By.QUARTER_HOUR, TZ)) - 1
    kwh = _course(len(quarters) - 1)
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "readings.sqlite")
        _fill(store, installation, quarters, kwh, asked.lost)
        costing = Costing(EnergyLedger(installation, store, lambda: READ.end))
        first, _ = seconds(lambda: costing.meters(meters, YEAR, By.MONTH))
        _print(costing, meters, quarters[:year], kwh[:year], first)
        store.close()


def _print(
    costing: Costing, meters: list[FieldMeter], starts: Seconds, kwh: pd.Series, first_s: float
) -> None:
    head(f"a year of costs by month, {len(starts):,} quarter hours a meter", "pandas")
    reference, plain = best(lambda: _plain_costs(starts, kwh))
    banded, peak = meters[0], meters[-1]
    ours, costs = best(lambda: costing.meter(banded, YEAR, By.MONTH))
    line("one meter, three bands", ours, reference)
    line("one meter, two rates and highest quarter hour",
         best(lambda: costing.meter(peak, YEAR, By.MONTH))[0], reference)  # fmt: skip
    known = costs.periods.total
    inside = (known.low_eur - 0.01 <= plain) & (plain <= known.high_eur + 0.01)
    print(f"  {int(inside.sum())} of 12 months agree; {float(plain.sum()):,.2f} EUR a year")
    for count in _counts(len(meters)):
        ours, _ = best(partial(costing.meters, meters[:count], YEAR, By.MONTH), runs=2)
        reference, _ = best(partial(_plain_many, starts, kwh, count), runs=1)
        line(f"{count} meters", ours, reference, f"{duration(ours / count)} a meter")
    row(f"{len(meters)} meters for the first time, from readings", duration(first_s), "-", "-",
        f"{duration(first_s / len(meters))} a meter")  # fmt: skip


def _plain_many(starts: Seconds, kwh: pd.Series, count: int) -> list[np.ndarray]:
    return [_plain_costs(starts, kwh) for _ in range(count)]


def _counts(most: int) -> Iterable[int]:
    return [n for n in (1, 10, 50, 150) if n < most] + [most]


def _plain_costs(starts: Seconds, kwh: pd.Series) -> np.ndarray:
    """Months of one meter in plain pandas."""
    local = pd.DatetimeIndex(starts.astype("datetime64[s]"), tz="UTC").tz_convert(TZ)
    day, hour = local.day_of_week, local.hour
    free = (local.month * 100 + local.day).isin(HOLIDAYS) | (day == 6)
    band = np.where((hour < 7) | (hour == 23) | free, "F3", "F2")
    band = np.where((day < 5) & (hour >= 8) & (hour < 19) & ~free, "F1", band)
    sums = pd.Series(kwh.to_numpy()).groupby([local.month, band]).sum().unstack()
    energy = sum(sums[name] * price for name, price in PRICES.items())
    return ((energy + sums.sum(axis=1) * EXCISE + FIXED + POWER) * (1 + VAT)).to_numpy()


HOLIDAYS = [101, 106, 421, 425, 501, 602, 815, 1101, 1208, 1225, 1226]
"""Those of 2025, with Easter Monday."""


def _course(quarters: int) -> pd.Series:
    """A building's quarter hours: a day's course with noise, in kWh."""
    noise = np.random.default_rng(5)
    day = 2 + 6 * np.clip(np.sin((np.arange(quarters) % 96 - 28) / 96 * 2 * np.pi), 0, None)
    return pd.Series(np.round(day * noise.uniform(0.8, 1.2, quarters), 3))


def _fill(
    store: SqliteStore, town: Installation, edges_s: Seconds, kwh: pd.Series, lost: float
) -> None:
    values = np.concatenate([[0.0], np.cumsum(kwh.to_numpy())])
    for number, meter in enumerate(town.meters.values()):
        noise = np.random.default_rng(number)
        kept = noise.uniform(size=len(edges_s)) >= lost
        kept[[0, -1]] = True
        store.write_series(town.register(meter).point, edges_s[kept], values[kept])


def _town(count: int) -> Installation:
    """Copies of one meter on the shipped tariffs: every tenth on the highest quarter hour."""
    shipped = load_installation(shipped_config())
    city = shipped.city()
    fields = (m for m in city.meters.values() if isinstance(m, FieldMeter))
    model = next(m for m in fields if m.carrier == "electricity")
    meters, contracts = {}, []
    for number in range(count):
        meter = model.model_copy(update={"id": f"{model.site}.m{number}", "valid_from": None})
        meters[meter.id] = meter
        is_large = number % 10 == 9 or number == count - 1 > 0
        contracts.append(Contract(
            meter=meter.id, contract_power_kw=50, valid_from="2023-01-01",
            tariff="electricity-medium-voltage" if is_large else "electricity-three-bands",
        ))  # fmt: skip
    town = replace(city, meters=meters, contracts=tuple(contracts), virtual_meters={})
    register = shipped.register(model)
    registers = {m: replace(register, point=f"{m}/energy_import", modulus=None) for m in meters}
    return replace(shipped, cities={city.id: town}, registers=registers)


if __name__ == "__main__":
    main()
