"""The SQLite store beside plain ``sqlite3``: ingest, size, and the questions of a town.

500 meters, a register every quarter of an hour for a year are 17.5 million readings; by default
it is less, so that all takes a minute. The reference is one table, ``executemany``, and SQL that
answers the same from registers without gaps, resets or late data. Ratios below 1 mean faster.

    python benchmarks/store.py [--meters 500] [--years 1] [--folder DIR]
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path

import numpy as np
import numpy.typing as npt
from _places import Amounts, Place, Registers
from _questions import Benchmark, arguments
from _town import ROME, Thousandths, Town

from paes.metering import Carrier
from paes.periods import By, Span, edges, to_seconds
from paes.store.sqlite import SqliteStore
from paes.store.sqlite.copies import compact

Rows = list[tuple[int, int, int, int]]

SCHEMA = """
CREATE TABLE meter (id INTEGER PRIMARY KEY, site TEXT, carrier TEXT);
CREATE TABLE reading (
    meter INTEGER, at INTEGER, value INTEGER, quality INTEGER, PRIMARY KEY (meter, at)
) WITHOUT ROWID;
CREATE TABLE day (
    meter INTEGER, start INTEGER, used INTEGER, PRIMARY KEY (meter, start)
) WITHOUT ROWID;
CREATE TEMP TABLE period (a INTEGER PRIMARY KEY, b INTEGER)
"""
DAYS = """
SELECT (SELECT value FROM reading WHERE meter = m.id AND at = p.b)
     - (SELECT value FROM reading WHERE meter = m.id AND at = p.a)
FROM meter m CROSS JOIN period p ORDER BY m.id, p.a
"""
KEEP_DAYS = """
INSERT OR REPLACE INTO day SELECT m.id, p.a,
       (SELECT value FROM reading WHERE meter = m.id AND at = p.b)
     - (SELECT value FROM reading WHERE meter = m.id AND at = p.a)
FROM meter m CROSS JOIN period p
"""
MONTHS = """
SELECT m.site, m.carrier, sum(d.used)
FROM meter m CROSS JOIN period p JOIN day d ON d.meter = m.id AND d.start >= p.a AND d.start < p.b
WHERE m.site IN (SELECT value FROM json_each(?))
GROUP BY m.site, m.carrier, p.a ORDER BY m.site, m.carrier, p.a
"""
KEPT_MONTHS = "SELECT point, sum(measured) FROM rollup WHERE by = 1 GROUP BY point"


class PlainSqlite:
    """Registers in one table, in WAL mode, safe from a power cut."""

    name = "sqlite3"

    def __init__(self, path: Path, town: Town) -> None:
        self.path = path
        self._town = town
        self._db = sqlite3.connect(path)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA cache_size = -32000")  # what the store has
        self._db.executescript(SCHEMA)
        meters = [(n, m.site, m.carrier) for n, m in enumerate(town.meters)]
        with self._db:
            self._db.executemany("INSERT INTO meter VALUES (?, ?, ?)", meters)

    def prepared(self, registers: Registers) -> Rows:
        return [
            (number, at, value, 0)
            for number, (times, values) in registers.items()
            for at, value in zip(times.tolist(), values.tolist(), strict=True)
        ]

    def ingest(self, prepared: Rows) -> None:
        with self._db:
            self._db.executemany("INSERT OR REPLACE INTO reading VALUES (?, ?, ?, ?)", prepared)

    def registers(self, number: int, span: Span) -> Thousandths:
        rows = self._db.execute(
            "SELECT at, value FROM reading WHERE meter = ? AND at BETWEEN ? AND ? ORDER BY at",
            (number, to_seconds(span.start), to_seconds(span.end)),
        ).fetchall()
        return np.array([value for _, value in rows], np.int64)

    def days(self, span: Span) -> npt.NDArray[np.int64]:
        self._set_periods(span, By.DAY)
        used = self._db.execute(DAYS).fetchall()
        return np.array(used, np.int64).reshape(self._town.count, -1)

    def keep_days(self, span: Span) -> None:
        self._set_periods(span, By.DAY)
        with self._db:
            self._db.execute(KEEP_DAYS)

    def months(self, sites: Sequence[str], span: Span) -> Amounts:
        self._set_periods(span, By.MONTH)
        rows = self._db.execute(MONTHS, (json.dumps(sites),)).fetchall()
        return {
            (site, Carrier(carrier)): np.array([used for *_, used in of], np.int64)
            for (site, carrier), of in groupby(rows, key=itemgetter(0, 1))
        }

    def compacted_bytes(self) -> int:
        self._db.execute("VACUUM")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return self.path.stat().st_size

    def close(self) -> None:
        self._db.close()

    def _set_periods(self, span: Span, by: By) -> None:
        with self._db:
            self._db.execute("DELETE FROM period")
            pairs = pairwise(edges(span, by, ROME).tolist())
            self._db.executemany("INSERT INTO period VALUES (?, ?)", pairs)


def main() -> None:
    asked = arguments(__doc__, meters=30, years=2, town_days=90).parse_args()
    town = Town(asked.meters, asked.years)
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        path, town_path = folder / "store.sqlite", folder / "town.sqlite"
        with (
            closing(SqliteStore(path)) as store,
            closing(PlainSqlite(folder / "plain", town)) as plain,
        ):
            place = Place(
                store,
                plain,
                lambda: (compact(path)[1], plain.compacted_bytes()),
                town_url=str(town_path),
                plain_question=("sqlite", str(town_path), KEPT_MONTHS),
            )
            Benchmark(town, place, asked).run()


if __name__ == "__main__":
    main()
