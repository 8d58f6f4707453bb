"""How well gaps are estimated: cut at random into measured buildings, filled, and compared.

Errors are those of a gap's amount in % of mean load times length: median, and the tenth that is
worst begins at (P90). The references are computed in the same run: a line between the neighbours,
and the same hours one week before. *Published* is the best of each line of a table made of more of
these buildings and years by the same rules (median and P90), which we want to be no worse than.
*Inside* is how often the truth lies in the stated band, which means 95 %.

Data: ``tests/data/estates`` (eight buildings of the University of Cambridge, 2016).

    python benchmarks/estimation.py [--draws N] [--seed N]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from paes.accounting.counter_rules import CounterRules
from paes.accounting.estimated_gaps import bounds, estimate
from paes.accounting.estimation import AROUND_DAYS, CELL_S, Course, line
from paes.accounting.estimation_band import LineErrors
from paes.accounting.estimation_calendar import kinds
from paes.metering import Opening, Register
from paes.periods import to_seconds
from paes.rollups import DAY_S
from paes.series import EstimatedGap, Floats, Gap

DATA = Path(__file__).parents[1] / "tests" / "data" / "estates" / "hourly_2016.csv.gz"
HOUR_S, WEEK_S = 3600, 7 * DAY_S
CELLS_AN_HOUR = HOUR_S // CELL_S
HOURS = (1, 3, 12, 24, 168, 336)
PUBLISHED = {
    "electricity": {1: (1.9, 14), 3: (3.0, 15), 12: (2.9, 11), 24: (2.8, 11), 168: (2.4, 10),
                    336: (2.8, 10)},
    "gas": {24: (6.9, 34), 168: (7.8, 27)},
}  # fmt: skip
RULES = CounterRules(Register("building/energy", "kWh", None, 0.0), gap_after_s=HOUR_S)
REST_DAYS = (
    ("2016-01-01", "2016-01-03"), ("2016-03-25", "2016-03-28"), ("2016-05-02", "2016-05-02"),
    ("2016-05-30", "2016-05-30"), ("2016-08-29", "2016-08-29"), ("2016-12-24", "2017-01-02"),
)  # fmt: skip
"""Bank holidays of England (www.gov.uk/bank-holidays), with the days between those of Christmas."""
CLOSED = Opening(
    holidays="none",
    closed=tuple((date.fromisoformat(a), date.fromisoformat(b)) for a, b in REST_DAYS),
)


@dataclass(frozen=True)
class Errors:
    """Of many gaps of one length: each a part of mean load times length, and which are inside."""

    ours: Floats
    by_line: Floats
    week_before: Floats
    inside: Floats
    width: Floats


def buildings(carrier: str) -> Iterator[Course]:
    """The course of each building, seen without a gap."""
    table = pd.read_csv(DATA)
    start_s = to_seconds(pd.Timestamp("2016-01-01", tz="UTC").to_pydatetime())
    cells = len(table) * CELLS_AN_HOUR
    starts = start_s + CELL_S * np.arange(cells, dtype=np.int64)
    kind = kinds(starts, "Europe/London", CLOSED)
    for name in table.columns:
        if name.startswith(carrier):
            amount = np.repeat(table[name].to_numpy(np.float64), CELLS_AN_HOUR) / CELLS_AN_HOUR
            yield Course(start_s, amount, np.full(cells, float(CELL_S)), kind, HOUR_S)


def errors(carrier: str, hours: int, draws: int, seed: int) -> Errors:
    """The errors of gaps of so many hours, ``draws`` cut into each building."""
    random = np.random.default_rng([seed, hours])
    rows = []
    for course in buildings(carrier):
        margin = (AROUND_DAYS + 1) * 24
        last = len(course) // CELLS_AN_HOUR - margin - hours
        for hour in random.integers(margin, last, draws).tolist():
            rows.append(_one(course, course.start_s + hour * HOUR_S, hours))
    return Errors(*np.array(rows).T)


def _one(course: Course, start_s: int, hours: int) -> tuple[float, float, float, float, float]:
    end_s = start_s + hours * HOUR_S
    a, b = course.place(start_s), course.place(end_s)
    truth = float(course.amount[a:b].sum())
    usual = max(float(course.amount.mean()) * (b - a), 1e-9)
    around = _cut(course.part(start_s - AROUND_DAYS * DAY_S, end_s + AROUND_DAYS * DAY_S),
                  start_s, end_s)  # fmt: skip
    gap = Gap(start_s, end_s, 0.0, np.inf, "no_reading")
    made = estimate(gap, around, RULES, LineErrors(around))
    assert isinstance(made, EstimatedGap)
    low, high = bounds(made)
    drawn = line(around, start_s, end_s)
    assert drawn is not None
    by_line = float(drawn.sum()) * CELL_S / HOUR_S
    weeks = max(-(-hours * HOUR_S // WEEK_S), 1) * WEEK_S // CELL_S
    before = float(course.amount[a - weeks : b - weeks].sum())
    is_inside = low - 1e-9 <= truth <= high + 1e-9
    off = (abs(x - truth) / usual for x in (made.amount, by_line, before))
    return (*off, float(is_inside), (high - low) / 2 / usual)  # type: ignore[return-value]


def _cut(course: Course, start_s: int, end_s: int) -> Course:
    amount, covered_s = course.amount.copy(), course.covered_s.copy()
    inside = slice(course.place(start_s), course.place(end_s))
    amount[inside] = covered_s[inside] = 0.0
    return Course(course.start_s, amount, covered_s, course.kind, course.step_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=150, help="gaps in each building")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print("error in % of mean load x length: median (P90)")
    columns = ("gap", "ours", "line", "week before", "published", "ours / line", "inside", "band")
    print("{:<18}{:>14}{:>14}{:>14}{:>14}{:>13}{:>9}{:>9}".format(*columns))
    for carrier, published in PUBLISHED.items():
        for hours in HOURS:
            found = errors(carrier, hours, args.draws, args.seed)
            known = published.get(hours)
            best = f"{known[0]:.1f} ({known[1]:.0f})" if known else "-"
            ratio = np.median(found.ours) / np.median(found.by_line)
            told = [_told(x) for x in (found.ours, found.by_line, found.week_before)]
            print(
                f"{carrier:<12}{_length(hours):>6}{told[0]:>14}{told[1]:>14}{told[2]:>14}{best:>14}"
                f"{ratio:>11.2f} x{found.inside.mean():>9.1%}{np.median(found.width):>9.1%}",
                flush=True,
            )


def _told(parts: Floats) -> str:
    return f"{100 * np.median(parts):.1f} ({100 * np.quantile(parts, 0.9):.0f})"


def _length(hours: int) -> str:
    return f"{hours // 24} d" if hours > 24 else f"{hours} h"


if __name__ == "__main__":
    main()
