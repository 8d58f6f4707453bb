"""Models of consumption: how well they tell the year after, beside another program's."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.accuracy.estates import GAS_UNTIL
from benchmarks.accuracy.rows import Row
from paes.baselines.baseline import Baseline, obstacle

TESTS = Path(__file__).parents[2] / "tests"
OPENDSM = TESTS / "data" / "opendsm" / "expected.json"
YEARS = (2016, 2017)


@dataclass(frozen=True)
class NextYear:
    """What a model of one year says of the next, in ours and in OpenDSM's words."""

    meter: str
    days: int
    actual_kwh: float
    predicted_kwh: float
    cv_rmse_fraction: float
    theirs: dict[str, dict[str, Any]]
    """By model (``current``, ``legacy``); see ``tests/data/opendsm``."""

    @property
    def missed_fraction(self) -> float:
        """How far the year is missed by ours."""
        return abs(self.predicted_kwh / self.actual_kwh - 1)

    def apart_fraction(self, model: str) -> float:
        """How far ours is from theirs."""
        return abs(self.predicted_kwh / float(self.theirs[model]["predicted_kwh"]) - 1)


def next_years() -> list[NextYear]:
    """Each measured meter and baseline year of which a model can be made."""
    sys.path.insert(0, str(TESTS / "core"))
    from measured_buildings import measured_buildings

    days, energy = measured_buildings()
    told = json.loads(OPENDSM.read_text())["meters"]
    found = []
    for name, kwh in energy.items():
        for year in YEARS:
            first, turn, end = (date(y, 1, 1) for y in (year, year + 1, year + 2))
            a, b, c = ((day - days.first).days for day in (first, turn, end))
            base, after = days.between(first, turn), days.between(turn, end)
            if _changes_unit(name, end) or obstacle(name, kwh[a:b], base):
                continue
            predicted = Baseline.fit(kwh[a:b], base).predict(after)
            known = ~np.isnan(kwh[b:c])
            actual, error = kwh[b:c][known], (kwh[b:c] - predicted)[known]
            theirs = {model: of[str(year)]["next"] for model, of in told[name].items()}
            found.append(
                NextYear(
                    name,
                    len(actual),
                    float(actual.sum()),
                    float(predicted[known].sum()),
                    float(np.sqrt(np.mean(error**2)) / actual.mean()),
                    theirs,
                )
            )
    return found


def _changes_unit(name: str, end: date) -> bool:
    """True if the publisher's gas changes its unit before ``end``: it is no energy then."""
    carrier, building = name.split("_", 1)
    return carrier == "gas" and GAS_UNTIL.get(building, end) < end


def measure() -> list[Row]:
    """Errors of days and years, and the distance from the other program."""
    found = next_years()
    rows = []
    for carrier in ("electricity", "gas"):
        of = [one for one in found if one.meter.startswith(carrier)]
        on = f"{len(of)} pairs of years of 8 measured buildings; weather known, no works known"
        theirs = median(one.theirs["current"]["cv_rmse_fraction"] for one in of)
        cv = median(one.cv_rmse_fraction for one in of)
        missed = median(one.missed_fraction for one in of)
        apart = median(one.apart_fraction("current") for one in of)
        rows += [
            _row(f"{carrier}: next year missed by, median", missed, on),
            _row(f"{carrier}: CV(RMSE) of next year's days, median", cv, on, 1.2 * theirs),
            _row(f"{carrier}: CV(RMSE) of OpenDSM 1.2.7 on the same days, median", theirs, on),
            _row(f"{carrier}: next year apart from OpenDSM, median", apart, on, 0.02),
        ]
    return rows


def _row(what: str, figure: float, on: str, bar: float | None = None) -> Row:
    if bar is None:
        return Row("baseline", what, figure, "fraction", on, slack=0.002, real=True)
    bar = round(bar, 2)
    return Row("baseline", what, figure, "fraction", on, bar, "at_most", 0.002, real=True)
