"""Eight measured buildings by day, 2016 to 2018, with their weather (``tests/data/estates``).

Days are open on working days of England, and resting at week ends and on bank holidays. The
publisher put 0 for hours that were missing: a day of zeros has no energy here, of gas only in the
months of heating, for a boiler may well rest in summer. From the day on which a gas meter changes
its unit (``gas_until.csv``) nothing of it is known.
"""

from __future__ import annotations

import csv
import gzip
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np

from paes.baselines.days import Days
from paes.opening import DayKind
from paes.public_holidays import public_holidays
from paes.series import Floats

FOLDER = Path(__file__).parents[1] / "data" / "estates"
FIRST = date(2016, 1, 1)
HEATING_MONTHS = (1, 2, 3, 11, 12)


@lru_cache(maxsize=1)
def measured_buildings() -> tuple[Days, dict[str, Floats]]:
    """All days, and the energy of each meter (``electricity_…``, ``gas_…``) on them."""
    lines = (FOLDER / "daily_degc_2016_2018.csv").read_text().splitlines()
    degc = np.array([float(line.split(",")[1]) for line in lines if line[0].isdigit()])
    every = [FIRST + timedelta(days=n) for n in range(len(degc))]
    kinds = np.array([_kind(day) for day in every], dtype=np.int8)
    with gzip.open(FOLDER / "hourly_2016_2018.csv.gz", "rt") as file:
        rows = csv.reader(file)
        names = next(rows)
        hours = np.array(list(rows), dtype=np.float64).reshape(len(degc), 24, len(names))
    cold = np.array([day.month in HEATING_MONTHS for day in every])
    energy = {}
    for n, name in enumerate(names):
        is_missing = (hours[:, :, n] == 0).all(axis=1)
        if name.startswith("gas"):
            is_missing &= cold
            is_missing |= np.arange(len(degc)) >= (until(name) - FIRST).days
        energy[name] = np.where(is_missing, np.nan, hours[:, :, n].sum(axis=1))
    return Days(FIRST, degc, kinds), energy


@lru_cache(maxsize=1)
def gas_until() -> dict[str, date]:
    """The first day in another unit, of the gas meters that change it; by building."""
    lines = (FOLDER / "gas_until.csv").read_text().splitlines()
    told = [line.split(",") for line in lines if line.startswith("b") and line[1].isdigit()]
    return {building: date.fromisoformat(day) for building, day in told}


def until(meter: str) -> date:
    """Up to when the values of a gas meter (``gas_…``) are in one unit."""
    return gas_until().get(meter.split("_")[1], date.max)


def _kind(day: date) -> DayKind:
    rests = day.weekday() >= 5 or day in public_holidays("GB", day.year)
    return DayKind.RESTING if rests else DayKind.OPEN
