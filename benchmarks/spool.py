"""What the spool costs: rounds written and drained per second, beside bare sqlite3 in the same run.

The reference is the shortest honest script on the same disk: one table, WAL, ``synchronous=FULL``,
``executemany`` and a transaction a round; the drain reads 5,000 rows and deletes them. It knows no
points, qualities, events or states. Ratios below 1 mean faster than the reference.

    python benchmarks/spool.py [--rounds N] [--folder DIR]
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from collectors.spool.spool import Parcel, Spool
from paes.metering import Reading

READINGS_A_ROUND = 15
"""Five meters behind a gateway, a register and two gauges each."""
TOGETHER = 50
"""Rounds that end while the disk is busy, and go to it in one transaction."""
BATCH = 5_000
NOW = datetime(2025, 6, 1, tzinfo=UTC)


class Bare:
    """Plain sqlite3."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute("CREATE TABLE r (id INTEGER PRIMARY KEY, p TEXT, at INTEGER, v REAL)")

    def put(self, rows: list[tuple[str, int, float]]) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany("INSERT INTO r (p, at, v) VALUES (?, ?, ?)", rows)
        self.db.execute("COMMIT")

    def drain(self) -> int:
        total = 0
        while rows := self.db.execute(
            "SELECT id, p, at, v FROM r ORDER BY id LIMIT ?", (BATCH,)
        ).fetchall():
            self.db.execute("DELETE FROM r WHERE id BETWEEN ? AND ?", (rows[0][0], rows[-1][0]))
            total += len(rows)
        return total


def parcels(rounds: int) -> list[Parcel]:
    made = []
    for number in range(rounds):
        at, gateway = NOW + timedelta(seconds=number), number % 200
        readings = [
            Reading(f"site-{gateway}.m{meter}/{name}", at, float(number))
            for meter in range(READINGS_A_ROUND // 3)
            for name in ("energy_import", "active_power", "flow_temperature")
        ]
        gauges = frozenset(r.point for r in readings if not r.point.endswith("energy_import"))
        state = {f"gateway:gw-{gateway}": {"reached": True, "rounds": number, "units": []}}
        made.append(Parcel(readings, (), state, gauges))
    return made


def plain(parcel: Parcel) -> list[tuple[str, int, float]]:
    return [(r.point, int(r.at.timestamp()), r.value) for r in parcel.readings]


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def drained(spool: Spool) -> int:
    total = 0
    while len(batch := spool.oldest(BATCH)):
        spool.done(batch)
        total += len(batch)
    return total


def line(what: str, count: int, ours: float, bare: float) -> None:
    print(
        f"{what:<44} {count / ours:10,.0f}/s {count / bare:10,.0f}/s {ours / bare:7.2f} x"
        f" {1e3 * ours:9.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=4_000)
    parser.add_argument("--folder", type=Path, help="On the disk to be measured [a temporary one].")
    arguments = parser.parse_args()
    made = parcels(arguments.rounds)
    rows = [plain(p) for p in made]
    total = sum(len(r) for r in rows)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        spool, bare = Spool(Path(folder) / "a.spool"), Bare(Path(folder) / "b.db")
        print(f"{arguments.rounds} rounds of {READINGS_A_ROUND} readings".ljust(44),
              f"{'spool':>12} {'sqlite3':>12}   ratio")  # fmt: skip
        ours = seconds(lambda: [spool.put(p) for p in made])
        theirs = seconds(lambda: [bare.put(r) for r in rows])
        line("rounds written, a transaction each", len(made), ours, theirs)
        spool.close()  # what is in the log goes into the file; it opens again by itself
        size = (Path(folder) / "a.spool").stat().st_size / total
        assert drained(spool) == bare.drain() == total
        groups = [made[n : n + TOGETHER] for n in range(0, len(made), TOGETHER)]
        flat = [[row for p in group for row in plain(p)] for group in groups]
        ours = seconds(lambda: [spool.put(*group) for group in groups])
        theirs = seconds(lambda: [bare.put(group) for group in flat])
        line(f"readings written, {TOGETHER} rounds together", total, ours, theirs)
        ours, theirs = seconds(lambda: drained(spool)), seconds(bare.drain)
        line(f"readings drained, batches of {BATCH}", total, ours, theirs)
        assert spool.depth().readings == 0
        spool.close()
    print(f"{size:.0f} bytes a reading on disk")


if __name__ == "__main__":
    main()
