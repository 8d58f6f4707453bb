"""Eight measured buildings as rules see them, and what is injected into them.

``tests/data/estates``: University of Cambridge, 2016 to 2018. The publisher put 0 for what was
missing: hours of electricity and winter days of gas without any are unknown here. Which clock the
hours have is not said; the local one is assumed. Four buildings were used to choose parameters,
the other four to see what these are worth: alternating, by size of their number.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np

from benchmarks.estimation import REST_DAYS
from paes.baselines.days import Days
from paes.faults.load_curve import Bools, LoadCurve
from paes.faults.signs.occupancy import Occupancy, occupancy
from paes.opening import Opening
from paes.series import Floats

FOLDER = Path(__file__).parents[2] / "tests" / "data" / "estates"
TUNED_ON = ("b0", "b19", "b36", "b58")
REPORTED_ON = ("b8", "b25", "b40", "b118")
FIRST = date(2016, 1, 1)
TZ = "Europe/London"
WINTER = (11, 12, 1, 2, 3)
SEASON = ((10, 15), (4, 30))
"""Both included: when these buildings heat. Great Britain has no season by law, so that only days
above the balance point are off season here."""


def _gas_until() -> dict[str, date]:
    lines = (FOLDER / "gas_until.csv").read_text().splitlines()
    told = [line.split(",") for line in lines if line.startswith("b") and line[1].isdigit()]
    return {building: date.fromisoformat(day) for building, day in told}


GAS_UNTIL = _gas_until()
"""Up to when the gas of these meters is in one unit: afterwards it falls to a thirtieth (of b40 to
a fiftieth) for good in all hours alike, in three of them after a month of zeros. It is unknown."""
REST = Opening(
    holidays="none",
    closed=tuple((date.fromisoformat(a), date.fromisoformat(b)) for a, b in REST_DAYS),
)
"""Bank holidays and Christmas are closed spans, week ends rest."""


@dataclass(frozen=True)
class Building:
    """A meter of a building, its days, what they were like, and on which it may be heated."""

    name: str
    curve: LoadCurve
    used: Occupancy
    days: Days
    season: Bools

    @property
    def is_tuned(self) -> bool:
        """Whether parameters were chosen on it."""
        return self.name in TUNED_ON

    def with_amounts(self, by_day: Floats) -> LoadCurve:
        """Its curve with other hours, one row a day; what is unknown stays so."""
        amounts = np.where(self.curve.known, by_day.ravel(), np.nan)
        return self.curve.with_amounts(amounts)

    @property
    def disciplined(self) -> Building:
        """The same with a fifth of its amounts on closed days and at night: a building whose
        heating is turned down, with the shapes of a real one."""
        vacant = self.used.vacant(self.curve, before_h=4.0)
        amounts = np.where(vacant, 0.2 * self.curve.amounts, self.curve.amounts)
        return replace(self, curve=self.curve.with_amounts(amounts))

    @property
    def table(self) -> Floats:
        """Hours by day: 24 columns of the clock of the data."""
        return self.curve.amounts.reshape(-1, 24).copy()


@lru_cache(maxsize=2)
def buildings(carrier: str) -> tuple[Building, ...]:
    """The meters of ``electricity`` or ``gas``."""
    with gzip.open(FOLDER / "hourly_2016_2018.csv.gz", "rt") as file:
        rows = csv.reader(file)
        names = next(rows)
        hours = np.array(list(rows), dtype=np.float64)
    lines = (FOLDER / "daily_degc_2016_2018.csv").read_text().splitlines()
    degc = np.array([float(line.split(",")[1]) for line in lines if line[0].isdigit()])
    every = [FIRST + timedelta(days=n) for n in range(len(degc))]
    season = np.array(
        [(d.month, d.day) >= SEASON[0] or (d.month, d.day) <= SEASON[1] for d in every]
    )
    cold = np.array([day.month in WINTER for day in every])
    start_s = int(datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC).timestamp())
    found = []
    for n, name in enumerate(names):
        if name.startswith(carrier):
            short = name.split("_")[1]
            amounts = _known(hours[:, n].reshape(-1, 24), cold, carrier == "gas")
            if carrier == "gas" and short in GAS_UNTIL:
                amounts[24 * (GAS_UNTIL[short] - FIRST).days :] = np.nan
            curve = LoadCurve(start_s, 3600, amounts, TZ)
            used = occupancy(curve, REST)
            days = Days(FIRST, degc, used.kinds)
            found.append(Building(short, curve, used, days, season))
    return tuple(found)


def _known(table: Floats, cold: Bools, is_gas: bool) -> Floats:
    missing = (
        (table == 0)
        if not is_gas
        else np.repeat(((table == 0).all(axis=1) & cold)[:, None], 24, axis=1)
    )
    return np.where(missing, np.nan, table).ravel()
