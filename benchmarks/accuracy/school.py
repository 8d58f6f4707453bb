"""What a school's calendar is worth: one measured school, told more and more of its days.

CV(RMSE) of the daily baseline over the year it was made from, with every day alike, with week
ends, with the school's holidays as closed spans, and with its summer too (``tests/data/school``).
"""

from __future__ import annotations

import csv
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np

from benchmarks.accuracy.rows import Row
from paes.baselines.baseline import Baseline
from paes.baselines.days import days_of
from paes.opening import Opening
from paes.series import Floats

FILE = Path(__file__).parents[2] / "tests" / "data" / "school" / "daily_2018.csv"
FIRST = date(2018, 1, 1)
SUMMER = ("summer_maintenance", "summer_school")
Spans = tuple[tuple[date, date], ...]


@lru_cache(maxsize=1)
def school() -> tuple[Floats, Floats, tuple[str, ...]]:
    """Energy in kWh, temperature in degC, and the mode of each day of 2018; NaN: not measured."""
    rows = list(csv.DictReader(FILE.read_text().splitlines()))
    kwh, degc = (np.array([float(row[c] or "nan") for row in rows]) for c in ("kwh", "degc"))
    return kwh, degc, tuple(row["mode"] for row in rows)


def spans(modes: tuple[str, ...]) -> Spans:
    """The days of these modes, as closed spans: single days in a row are one."""
    found: list[tuple[date, date]] = []
    for number, mode in enumerate(school()[2]):
        day = FIRST + timedelta(days=number)
        if mode in modes and found and day - found[-1][1] == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        elif mode in modes:
            found.append((day, day))
    return tuple(found)


def calendars() -> dict[str, Opening]:
    """What the baseline is told, from nothing to all."""
    week = Opening(holidays="none")
    return {
        "without a calendar": Opening(holidays="none", weekdays=(0, 1, 2, 3, 4, 5, 6)),
        "with week ends": week,
        "with school holidays": week.model_copy(update={"closed": spans(("holidays",))}),
        "with holidays and summer": week.model_copy(
            update={"closed": spans(("holidays", *SUMMER))}
        ),
    }


def cv_rmse(opening: Opening) -> float:
    """CV(RMSE) of the daily baseline of the year, with this calendar."""
    kwh, degc, _ = school()
    return Baseline.fit(kwh, days_of(FIRST, degc, opening)).fit_quality.cv_rmse_fraction


def measure() -> list[Row]:
    """One row a calendar."""
    on = "one school in the United States, 2018, 360 days"
    return [
        Row("baseline", f"CV(RMSE) of a school {what}", cv_rmse(opening), "fraction", on,
            slack=0.01, real=True)
        for what, opening in calendars().items()
    ]  # fmt: skip
