"""How well gaps are estimated: cut at random into measured buildings, filled, and compared.

Errors are those of a gap's amount in % of mean load times length: median, and the tenth that is
worst begins at (P90). The references are computed in the same run, on the same gaps: a line between
the neighbours, the same hours one week before, and the published rule: the mean of the same hour of
days of the same kind within four weeks times what the 24 h on either side took of theirs. *Table*
is the best of each line of a table made of more of these buildings and years (median and P90),
which we want to be no worse than. *Inside* is how often the truth lies in the stated band, which
means 95 %.

Data: ``tests/data/estates`` (eight buildings of the University of Cambridge, 2016 to 2018). The
publisher put 0 for what was missing: most of a day at 0, of electricity, or of gas in winter, is
taken for missing, and nothing is cut there.

    python benchmarks/estimation.py [--draws N] [--seed N]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from paes.accounting.counter_rules import CounterRules
from paes.accounting.estimate_parts import bounds
from paes.accounting.estimated_gaps import estimate
from paes.accounting.estimation import AROUND_DAYS, CELL_S, Course, line
from paes.accounting.estimation_band import LineErrors
from paes.accounting.estimation_calendar import kinds
from paes.metering import Register
from paes.opening import Opening
from paes.periods import to_seconds
from paes.rollups import DAY_S
from paes.series import EstimatedGap, Floats, Gap

DATA = Path(__file__).parents[1] / "tests" / "data" / "estates" / "hourly_2016_2018.csv.gz"
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
    ("2017-04-14", "2017-04-17"), ("2017-05-01", "2017-05-01"), ("2017-05-29", "2017-05-29"),
    ("2017-08-28", "2017-08-28"), ("2017-12-23", "2018-01-01"), ("2018-03-30", "2018-04-02"),
    ("2018-05-07", "2018-05-07"), ("2018-05-28", "2018-05-28"), ("2018-08-27", "2018-08-27"),
    ("2018-12-24", "2019-01-01"),
)  # fmt: skip
"""Bank holidays of England (www.gov.uk/bank-holidays), with the days between those of Christmas."""
WINTER = (11, 12, 1, 2, 3)
MISSING_HOURS = 20
"""Zeros of this many hours in a row are what the publisher put for missing."""
RULE_DAYS = 28
MARGIN_DAYS = RULE_DAYS + 1
"""No gap is cut nearer to the ends of the data."""
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
    by_rule: Floats
    inside: Floats
    width: Floats


@lru_cache
def buildings(carrier: str) -> tuple[Course, ...]:
    """The course of each building, seen but for what was missing."""
    return tuple(_buildings(carrier))


def _buildings(carrier: str) -> Iterator[Course]:
    table = pd.read_csv(DATA)
    hours = pd.date_range("2016-01-01", periods=len(table), freq="h", tz="UTC")
    start_s = to_seconds(hours[0].to_pydatetime())
    cells = len(table) * CELLS_AN_HOUR
    starts = start_s + CELL_S * np.arange(cells, dtype=np.int64)
    kind = kinds(starts, "Europe/London", CLOSED)
    told = hours.month.isin(WINTER) | (carrier == "electricity")
    for name in table.columns:
        if name.startswith(carrier):
            energy = table[name].to_numpy(np.float64)
            seen = np.repeat(~_is_missing(energy, told), CELLS_AN_HOUR)
            amount = np.repeat(energy, CELLS_AN_HOUR) / CELLS_AN_HOUR
            yield Course(start_s, amount, np.where(seen, float(CELL_S), 0.0), kind, HOUR_S)


def _is_missing(energy: Floats, told: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Runs of zeros that are long, and begin or end where a zero tells that nothing was read."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], energy == 0, [0]]).astype(np.int64)))
    missing = np.zeros(len(energy), dtype=bool)
    for first, last in edges.reshape(-1, 2).tolist():
        if last - first >= MISSING_HOURS and told[first:last].any():
            missing[first:last] = True
    return missing


def errors(carrier: str, hours: int, draws: int, seed: int) -> Errors:
    """The errors of gaps of so many hours, ``draws`` cut into each building."""
    random = np.random.default_rng([seed, hours])
    rows = []
    for course in buildings(carrier):
        margin = MARGIN_DAYS * 24
        last = len(course) // CELLS_AN_HOUR - margin - hours
        cut = 0
        while cut < draws:
            start_s = course.start_s + int(random.integers(margin, last)) * HOUR_S
            if _is_seen(course, start_s - HOUR_S, start_s + (hours + 1) * HOUR_S):
                rows.append(_one(course, start_s, hours))
                cut += 1
    return Errors(*np.array(rows).T)


def _is_seen(course: Course, start_s: int, end_s: int) -> bool:
    return bool(course.covered_s[course.place(start_s) : course.place(end_s)].all())


def _one(course: Course, start_s: int, hours: int) -> tuple[float, ...]:
    end_s = start_s + hours * HOUR_S
    a, b = course.place(start_s), course.place(end_s)
    truth = float(course.amount[a:b].sum())
    mean = float(course.amount.sum() / course.covered_s.sum()) * CELL_S
    usual = max(mean * (b - a), 1e-9)
    around = _around(course, AROUND_DAYS, start_s, end_s)
    gap = Gap(start_s, end_s, 0.0, np.inf, "no_reading")
    made = estimate(gap, around, RULES, LineErrors(around))
    assert isinstance(made, EstimatedGap)
    low, high = bounds(made)
    drawn = line(around, start_s, end_s)
    assert drawn is not None
    by_line = float(drawn.sum()) * CELL_S / HOUR_S
    weeks = max(-(-hours * HOUR_S // WEEK_S), 1) * WEEK_S // CELL_S
    before = float(course.amount[a - weeks : b - weeks].sum())
    by_rule = _by_rule(_around(course, RULE_DAYS, start_s, end_s), start_s, end_s)
    is_inside = low - 1e-9 <= truth <= high + 1e-9
    off = (abs(x - truth) / usual for x in (made.amount, by_line, before, by_rule))
    return (*off, float(is_inside), (high - low) / 2 / usual)


def _by_rule(course: Course, start_s: int, end_s: int) -> float:
    """The published rule, written once more: nothing of it is shared with what is measured."""
    frame = pd.DataFrame({"kind": course.kind, "kwh": course.amount, "seen": course.covered_s > 0})
    mean = frame[frame.seen].groupby("kind").kwh.mean()
    frame["usual"] = frame.kind.map(mean).fillna(frame[frame.seen].kwh.mean())
    a, b = course.place(start_s), course.place(end_s)
    day = DAY_S // CELL_S
    beside = pd.concat([frame.iloc[max(a - day, 0) : a], frame.iloc[b : b + day]])
    beside = beside[beside.seen]
    level = beside.kwh.sum() / beside.usual.sum() if beside.usual.sum() > 0 else 1.0
    return float(frame.usual.iloc[a:b].sum() * level)


def _around(course: Course, days: int, start_s: int, end_s: int) -> Course:
    wide = course.part(start_s - days * DAY_S, end_s + days * DAY_S)
    return _cut(wide, start_s, end_s)


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
    columns = (
        "gap",
        "ours",
        "line",
        "week before",
        "rule",
        "table",
        "ours / rule",
        "inside",
        "band",
    )
    print("{:<18}{:>13}{:>13}{:>13}{:>13}{:>13}{:>12}{:>8}{:>8}".format(*columns))
    for carrier, published in PUBLISHED.items():
        for hours in HOURS:
            found = errors(carrier, hours, args.draws, args.seed)
            known = published.get(hours)
            best = f"{known[0]:.1f} ({known[1]:.0f})" if known else "-"
            ratio = np.median(found.ours) / np.median(found.by_rule)
            by = (found.ours, found.by_line, found.week_before, found.by_rule)
            told = "".join(f"{_told(x):>13}" for x in by)
            print(
                f"{carrier:<12}{_length(hours):>6}{told}{best:>13}"
                f"{ratio:>10.2f} x{found.inside.mean():>8.1%}{np.median(found.width):>8.1%}",
                flush=True,
            )


def _told(parts: Floats) -> str:
    return f"{100 * np.median(parts):.2f} ({100 * np.quantile(parts, 0.9):.0f})"


def _length(hours: int) -> str:
    return f"{hours // 24} d" if hours > 24 else f"{hours} h"


if __name__ == "__main__":
    main()
