"""The SQLite store beside plain ``sqlite3``: ingest, and three questions of a town.

500 meters, a register every quarter of an hour for a year would be 17.5 million readings; by
default a tenth of the meters is used (``--meters 500`` for all). The reference is the shortest
honest script: one table, ``executemany``, and SQL that answers the same question from registers
without gaps, resets or late data. Ratios below 1 mean faster than the reference.

    python benchmarks/store.py [--meters N]
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from paes.emission_factors import FactorLibrary
from paes.gateways import Gateway
from paes.installation import City, CityFile, Installation
from paes.ledger import EnergyLedger
from paes.metering import Carrier, Measures, Meter, Register, Sector, Site, SiteKind
from paes.periods import By, edges, year_span
from paes.store.sqlite import SqliteStore

ROME = "Europe/Rome"
SPAN = year_span(2025, ROME)
SECONDS = np.arange(SPAN.start.timestamp(), SPAN.end.timestamp() + 1, 900).astype(np.int64)


def timed(work: Callable[[], object]) -> float:
    """Seconds of the best of two runs."""
    best = float("inf")
    for _ in range(2):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def once(work: Callable[[], object]) -> float:
    """Seconds of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def town(count: int) -> Installation:
    """``count`` electricity meters at ``count / 2`` sites."""
    sites = {
        f"s{i}": Site(
            id=f"s{i}", name=f"s{i}", kind=SiteKind.SCHOOL, sector=Sector.MUNICIPAL_BUILDINGS
        )
        for i in range(max(1, count // 2))
    }
    meters = {
        f"s{i % len(sites)}.m{i}": Meter(
            id=f"s{i % len(sites)}.m{i}", carrier=Carrier.ELECTRICITY, device="x", gateway="gw",
            unit=1, rated_power_kw=100.0, valid_from=date(2025, 1, 1),
        )
        for i in range(count)
    }  # fmt: skip
    city = City(
        CityFile(id="town", name="Town", latitude=44, longitude=10),
        None,  # type: ignore[arg-type]
        sites, {"gw": Gateway(id="gw", host="127.0.0.1")}, meters, (), (),
    )  # fmt: skip
    registers = {m: Register(f"{m}/energy_import", "kWh", None, 0.001) for m in meters}
    return Installation(
        Path(), "bench", "town", {"town": city}, FactorLibrary((), {}), (), registers
    )


class Reference:
    """Plain sqlite3 with the same table."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute(
            "CREATE TABLE reading (point INTEGER, at INTEGER, value INTEGER,"
            " PRIMARY KEY (point, at)) WITHOUT ROWID"
        )

    def ingest(self, point: int, values: list[int]) -> None:
        with self.db:
            rows = zip([point] * len(values), SECONDS.tolist(), values, strict=True)
            self.db.executemany("INSERT OR REPLACE INTO reading VALUES (?, ?, ?)", rows)

    def one_meter_year(self) -> list[tuple[int, int]]:
        return self.db.execute("SELECT at, value FROM reading WHERE point = 1").fetchall()

    def periods(self, by: By) -> list[tuple[int, int, int]]:
        starts = edges(SPAN, by, ROME).tolist()
        self.db.execute("CREATE TEMP TABLE IF NOT EXISTS cal (a INTEGER, b INTEGER)")
        self.db.execute("DELETE FROM cal")
        pairs = list(pairwise(starts))
        self.db.executemany("INSERT INTO cal VALUES (?, ?)", pairs)
        return self.db.execute(
            "SELECT p.point, cal.a,"
            " (SELECT value FROM reading WHERE point = p.point AND at = cal.b)"
            " - (SELECT value FROM reading WHERE point = p.point AND at = cal.a)"
            " FROM (SELECT DISTINCT point FROM reading) p CROSS JOIN cal"
        ).fetchall()


def line(what: str, ours: float, reference: float, note: str = "") -> None:
    print(f"{what:<52} {ours:9.3f} s {reference:9.3f} s {ours / reference:7.2f} x  {note}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=50)
    count = parser.parse_args().meters
    random = np.random.default_rng(1)
    wh = np.cumsum(random.integers(0, 5000, (1, len(SECONDS))), axis=1)[0]
    with tempfile.TemporaryDirectory() as folder:
        store, plain = SqliteStore(Path(folder) / "a"), Reference(Path(folder) / "b")
        installation = town(count)
        ledger = EnergyLedger(installation, store, lambda: datetime(2026, 2, 1, tzinfo=UTC))
        meters = list(installation.meters.values())
        print(
            f"{count} meters x {len(SECONDS)} registers".ljust(52),
            f"{'ours':>10} {'sqlite3':>11}   ratio",
        )
        ours = once(
            lambda: [
                store.write_series(installation.register(m).point, SECONDS, wh / 1000.0)
                for m in meters
            ]
        )
        bare = once(lambda: [plain.ingest(i, wh.tolist()) for i in range(count)])
        total = count * len(SECONDS)
        line("ingest", ours, bare, f"{total / ours:,.0f} readings/s")
        point = installation.register(meters[0]).point
        line("one meter-year at 15 minutes, raw", timed(lambda: store.read(point)),
             timed(plain.one_meter_year))  # fmt: skip
        line("  … accounted: energy, gaps, coverage",
             timed(lambda: ledger.meter(meters[0], SPAN, By.QUARTER_HOUR)),
             timed(plain.one_meter_year))  # fmt: skip
        days = lambda: [ledger.meter(m, SPAN, By.DAY) for m in meters]  # noqa: E731
        bare_days = timed(lambda: plain.periods(By.DAY))
        line("daily totals of all meters, first time", once(days), bare_days)
        line("daily totals of all meters, kept", timed(days), bare_days)
        months = lambda: [  # noqa: E731
            ledger.sites([s], Carrier.ELECTRICITY, Measures.WITHDRAWAL, SPAN, By.MONTH)
            for s in installation.sites
        ]
        line("monthly totals of all sites", timed(months), timed(lambda: plain.periods(By.MONTH)))
        check = sum(float(f["measured_kwh"].sum()) for f in months())
        assert abs(check - count * (wh[-1] - wh[0]) / 1000.0) < 1e-3, "totals differ"
        size = sum(p.stat().st_size for p in Path(folder).glob("a*"))
        print(f"{size / total:.1f} bytes a reading")


if __name__ == "__main__":
    main()
