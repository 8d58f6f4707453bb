"""How fast a demo's past is made: simulated registers, stored, accounted.

The reference is what cannot be avoided: writing the same number of rows with plain ``sqlite3``.

    python benchmarks/history.py [--years N]
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from collectors.simulator import Town, fill_history
from paes.accounting.ledger import EnergyLedger
from paes.config import load_installation
from paes.periods import Span
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=1)
    years = parser.parse_args().years
    end = datetime(2026, 1, 1, tzinfo=UTC)
    span = Span(end.replace(year=end.year - years), end)
    installation = load_installation(shipped_config())
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "readings.sqlite")
        start = time.perf_counter()
        town = Town(installation, epoch=span.start)
        made = fill_history(town, store, span.start, span.end)
        filled = time.perf_counter() - start
        start = time.perf_counter()
        EnergyLedger(installation, store, lambda: end).refresh(span)
        accounted = time.perf_counter() - start
        start = time.perf_counter()
        _plain(Path(folder) / "plain.sqlite", made.meters, made.readings // made.meters)
        plain = time.perf_counter() - start
    rate = made.readings / filled
    print(f"{made.meters} meters, {years} year(s), {made.readings:,} readings")
    print(f"simulated and stored {filled:7.1f} s  {rate:12,.0f} readings/s")
    print(f"accounted by day     {accounted:7.1f} s  {made.readings / accounted:12,.0f} readings/s")
    print(f"plain sqlite3 rows   {plain:7.1f} s")
    print(f"ratio (stored)       {filled / plain:7.2f} x")


def _plain(path: Path, meters: int, rows: int) -> None:
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(
        "CREATE TABLE reading (point INTEGER, at INTEGER, value INTEGER,"
        " PRIMARY KEY (point, at)) WITHOUT ROWID"
    )
    for meter in range(meters):
        with db:
            db.executemany(
                "INSERT OR REPLACE INTO reading VALUES (?, ?, ?)",
                [(meter, 900 * i, 17 * i) for i in range(rows)],
            )
    db.close()


if __name__ == "__main__":
    main()
