"""What importing costs: load curves of a year and of ten, beside plain pandas and sqlite3.

The reference is the shortest honest script on the same disk: ``read_csv`` with decimal commas, the
columns melted to rows, times localised, ``executemany`` into a table of point, time and value, in
WAL with ``synchronous=FULL``. It knows no supply points, places of mistakes, qualities or tokens,
compares with nothing, and takes the second row of a day in October for the first one's. Both hold
the same number of readings and the same energy in the end. Ratios below 1 are faster.

    python benchmarks/imports.py [--years N] [--folder DIR]
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import tempfile
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
from _figures import best, head, line, rates, row, seconds

from paes.cli import Session
from paes.imports.formats import formats
from paes.imports.importing import Importing, Wishes
from paes.shipped_files import shipped_config
from paes.store import Store, open_store

METER = "carducci.main"
FIRST_YEAR = 2015
QUARTERS = 96
CHANGES = {"2015-10-25", "2016-10-30", "2017-10-29", "2018-10-28", "2019-10-27",
           "2020-10-25", "2021-10-31", "2022-10-30", "2023-10-29", "2024-10-27",
           "2015-03-29", "2016-03-27", "2017-03-26", "2018-03-25", "2019-03-31",
           "2020-03-29", "2021-03-28", "2022-03-27", "2023-03-26", "2024-03-31"}  # fmt: skip
"""Days that are left out: plain pandas can say nothing of them, and this is about speed."""


def curve(first: date, days: int) -> str:
    """A load curve in the distributor's form."""
    labels = [f"{q // 4:02d}:{q % 4 * 15:02d}" for q in range(QUARTERS)]
    lines = ["Giorno;" + ";".join(labels)]
    for number in range(days):
        day = first + timedelta(days=number)
        if day.isoformat() not in CHANGES:
            values = (
                f"{(number * 7 + q) % 400 / 8:.3f}".replace(".", ",") for q in range(QUARTERS)
            )
            lines.append(f"{day:%d/%m/%Y};" + ";".join(values))
    return "\n".join(lines) + "\n"


def plainly(path: Path, database: Path) -> int:
    """The reference: the file into a new database; how many rows."""
    table = pd.read_csv(path, sep=";", decimal=",")
    long = table.melt("Giorno", var_name="clock", value_name="kwh")
    at = pd.to_datetime(long["Giorno"] + " " + long["clock"], format="%d/%m/%Y %H:%M")
    utc = at.dt.tz_localize("Europe/Rome").dt.tz_convert("UTC")
    rows = zip(utc.dt.as_unit("s").astype("int64"), long["kwh"].tolist(), strict=True)
    with sqlite3.connect(database) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(
            "CREATE TABLE r (point INTEGER, at INTEGER, kwh REAL, PRIMARY KEY (point, at))"
            " WITHOUT ROWID"
        )
        db.executemany("INSERT INTO r VALUES (1, ?, ?)", [(int(s), v) for s, v in rows])
    return len(long)


class Bench:
    """Imports into new stores of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._number = 0
        self.installation = Session(str(shipped_config()), None, None).installation
        formats()  # their modules are loaded once, and not what is asked for here

    def new(self, suffix: str) -> Path:
        self._number += 1
        return self.folder / f"{self._number}.{suffix}"

    def store(self) -> Store:
        return open_store(f"sqlite:///{self.new('db')}")

    def take(self, path: Path, store: Store) -> int:
        """Import one file; how many readings were in it."""
        wishes = Wishes("benchmark", meter=METER)
        report = Importing(self.installation, self.installation.city(), store, wishes).take(path)
        assert report.is_whole, report.refused
        return sum(p.new + p.changed + p.same for p in report.points)


def compare(bench: Bench, what: str, path: Path) -> None:
    """A file for the first time, again, and with every value changed."""
    ours, count = best(lambda: bench.take(path, bench.store()))
    theirs, rows = best(lambda: plainly(path, bench.new("plain")))
    assert count == rows, (count, rows)
    line(f"{what}: new", ours, theirs, rates(count, ours, theirs))
    store = bench.store()
    bench.take(path, store)
    again, _ = best(lambda: bench.take(path, store))
    line(f"{what}: again, nothing new", again, theirs, f"{1e6 * again / count:.1f} µs a reading")
    path.write_text(path.read_text().replace(",125", ",126"))
    changed, _ = seconds(lambda: bench.take(path, store))
    line(f"{what}: an eighth changed", changed, theirs, f"{1e6 * changed / count:.1f} µs a reading")


def grow(bench: Bench, years: int) -> None:
    """Month after month into one store: the last as fast as the first?"""
    store, times = bench.store(), []
    for month in range(12 * years):
        first = date(FIRST_YEAR + month // 12, month % 12 + 1, 1)
        after = date(first.year + month % 12 // 11, first.month % 12 + 1, 1)
        path = bench.new("csv")
        path.write_text(curve(first, (after - first).days))
        times.append(seconds(lambda p=path: bench.take(p, store))[0])
    quarter = max(1, len(times) // 4)
    early, late = (sorted(part)[len(part) // 2] for part in (times[:quarter], times[-quarter:]))
    line(
        f"a month's file, the last of {12 * years} / the first", late, early, "median of a quarter"
    )


def main() -> None:
    """Print what a year and several cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--folder", type=Path)
    wished = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=wished.folder) as name:
        bench = Bench(Path(name))
        head("load curves, quarter-hours", "plain")
        for years in sorted({1, wished.years}):
            path = bench.new("csv")
            path.write_text(curve(date(FIRST_YEAR, 1, 1), 365 * years))
            compare(bench, f"{years} year{'s' if years > 1 else ''} in one file", path)
        grow(bench, wished.years)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row("memory at most (both)", f"{peak_mb:.0f} MB", "", "", "")


if __name__ == "__main__":
    main()
