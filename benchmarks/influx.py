"""The InfluxDB store beside raw HTTP to the same server: ingest, size, and the questions of a town.

A real InfluxDB (Debian's influxd 1.6.7 behind nginx, as in the tests) on loopback, with its data
in a temporary folder. The reference posts line protocol that was made before, 5,000 lines at
once, and lets the server answer in InfluxQL. Ratios below 1 mean faster.

    python benchmarks/influx.py [--meters 500] [--years 1] [--folder DIR]
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import numpy.typing as npt
from _figures import progress
from _places import Amounts, Place, Registers
from _questions import Benchmark, arguments
from _town import LAST_YEAR, ROME, Thousandths, Town

from paes.metering import Carrier
from paes.periods import By, Span, edges, to_seconds, year_span
from paes.store import open_store

sys.path.append(str(Path(__file__).parents[1] / "tests"))
try:
    import pytest
    from influx_server import TOKEN_VARIABLE, InfluxServer
except ImportError as err:
    print(f"skipped: {err.name} is missing; `make test` installs what tests need")
    sys.exit()

LINES = 5_000
"""In a request, as the store has it."""
QUICKLY = {
    "INFLUXDB_DATA_CACHE_SNAPSHOT_WRITE_COLD_DURATION": "1s",
    "INFLUXDB_DATA_COMPACT_FULL_WRITE_COLD_DURATION": "2s",
}
"""What the server compacts after ten minutes and four hours otherwise."""
DAYS = (
    'SELECT NON_NEGATIVE_DIFFERENCE(FIRST("value")) FROM "reading"'
    " WHERE time >= {start}s AND time <= {end}s"
    " GROUP BY time(1d), \"meter\" fill(none) tz('Europe/Rome')"
)
"""The register at each local midnight less the one before: right on all days of this town."""
MONTHS = (
    'SELECT "used" FROM "day" WHERE time >= {start}s AND time < {end}s AND "site" =~ /^({sites})$/'
    ' GROUP BY "site", "carrier"'
)


class RawHttp:
    """Line protocol and InfluxQL over one connection, in a bucket of its own."""

    name = "raw HTTP"

    def __init__(self, server: InfluxServer, bucket: str, town: Town) -> None:
        self._server, self._bucket, self._town = server, bucket, town
        self._numbers = {m.id: n for n, m in enumerate(town.meters)}
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)

    def prepared(self, registers: Registers) -> list[bytes]:
        lines = [
            f"{head} value={value}i,quality=0i {at}"
            for number, (times, values) in registers.items()
            for head in [_series(self._town.point(number))]
            for at, value in zip(times.tolist(), values.tolist(), strict=True)
        ]
        return ["\n".join(lines[n : n + LINES]).encode() for n in range(0, len(lines), LINES)]

    def ingest(self, prepared: list[bytes]) -> None:
        asked = urlencode({"bucket": self._bucket, "precision": "s"})
        for body in prepared:
            self._ask("POST", f"/api/v2/write?{asked}", body, 204)

    def registers(self, number: int, span: Span) -> Thousandths:
        meter = self._town.meters[number].id
        found = self._query(
            f'SELECT "value" FROM "reading" WHERE "meter" = \'{meter}\''
            f" AND time >= {to_seconds(span.start)}s AND time <= {to_seconds(span.end)}s"
        )
        return np.array([value for _, value in found[0]["values"]], np.int64)

    def days(self, span: Span) -> npt.NDArray[np.int64]:
        starts = edges(span, By.DAY, ROME)
        used = np.zeros((self._town.count, len(starts) - 1), np.int64)
        for series in self._query(DAYS.format(start=starts[0], end=starts[-1])):
            rows = np.array(series["values"], np.int64)
            rows = rows[rows[:, 0] > starts[0]]
            day = np.searchsorted(starts, rows[:, 0]) - 1
            used[self._numbers[series["tags"]["meter"]], day] = rows[:, 1]
        return used

    def keep_days(self, span: Span) -> None:
        lines = []
        for start, used in self._days_by_year(span):
            for meter, row in zip(self._town.meters, used.tolist(), strict=True):
                head = f"day,meter={meter.id},site={meter.site},carrier={meter.carrier}"
                lines += [f"{head} used={v}i {s}" for s, v in zip(start, row, strict=True)]
        self.ingest(["\n".join(lines[n : n + LINES]).encode() for n in range(0, len(lines), LINES)])

    def months(self, sites: Sequence[str], span: Span) -> Amounts:
        months = edges(span, By.MONTH, ROME)
        asked = MONTHS.format(start=months[0], end=months[-1], sites="|".join(sites))
        found = {}
        for series in self._query(asked):
            rows = np.array(series["values"], np.int64)
            first_rows = np.searchsorted(rows[:, 0], months[:-1])
            key = series["tags"]["site"], Carrier(series["tags"]["carrier"])
            found[key] = np.add.reduceat(rows[:, 1], first_rows)
        return found

    def close(self) -> None:
        self._connection.close()

    def _days_by_year(self, span: Span) -> Iterator[tuple[list[int], npt.NDArray[np.int64]]]:
        for year in range(LAST_YEAR + 1 - self._town.years, LAST_YEAR + 1):
            part = year_span(year, ROME)
            if part.start >= span.start and part.end <= span.end:
                yield edges(part, By.DAY, ROME)[:-1].tolist(), self.days(part)

    def _query(self, influxql: str) -> list[dict[str, Any]]:
        path = f"/query?{urlencode({'db': self._bucket, 'epoch': 's', 'q': influxql})}"
        (result,) = json.loads(self._ask("GET", path, None, 200))["results"]
        assert "error" not in result, result["error"]
        series: list[dict[str, Any]] = result["series"]
        return series

    def _ask(self, method: str, path: str, body: bytes | None, expected: int) -> bytes:
        headers = {"Authorization": f"Token {self._server.token}"}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        assert answer.status == expected, content
        return content


def main() -> None:
    parser = arguments(__doc__, meters=9, years=2, town_days=30)
    parser.add_argument(
        "--quiet-s", type=float, default=8.0,
        help="the server has compacted if no file changes for so long [%(default)s]",
    )  # fmt: skip
    asked = parser.parse_args()
    town = Town(asked.meters, asked.years)
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        try:
            server = InfluxServer(Path(name))
        except pytest.skip.Exception as missing:
            print(f"skipped: {missing.msg}")
            return
        os.environ[TOKEN_VARIABLE] = server.token
        with closing(server):
            server.start()
            measure(server, Path(name), town, asked)


def measure(server: InfluxServer, folder: Path, town: Town, asked: Namespace) -> None:
    """Ours in one bucket, the reference in another, the shipped town in a third."""
    for bucket in ("ours", "raw", "town"):
        server.create_bucket(bucket)
    kept = 'SELECT SUM("measured") FROM "energy_month" GROUP BY "meter"'
    question = urlencode({"db": "town", "epoch": "s", "q": kept})

    def compacted_bytes() -> tuple[int, int]:
        raw.close()  # it opens again by itself
        with compacted(server, folder, asked.quiet_s):
            ours, theirs = (sizes(folder / "data" / bucket) for bucket in ("ours", "raw"))
            return sum(ours.values()), sum(theirs.values())

    with (
        closing(open_store(server.url("ours"))) as store,
        closing(RawHttp(server, "raw", town)) as raw,
    ):
        place = Place(
            store,
            raw,
            compacted_bytes,
            town_url=server.url("town"),
            plain_question=(
                "http",
                f"http://127.0.0.1:{server.port}/query?{question}",
                TOKEN_VARIABLE,
            ),
        )
        Benchmark(town, place, asked).run()


@contextmanager
def compacted(server: InfluxServer, folder: Path, quiet_s: float) -> Iterator[None]:
    """The server is down meanwhile, and its files are what a few quiet hours make of them."""
    server.stop()
    os.environ.update(QUICKLY)
    server.start()
    until_quiet(folder, quiet_s)
    server.stop()
    for name in QUICKLY:
        del os.environ[name]
    yield
    server.start()


def until_quiet(folder: Path, quiet_s: float) -> None:
    """Return once no file of readings has changed for a while."""
    seen, since = None, time.monotonic()
    while time.monotonic() - since < quiet_s:
        time.sleep(0.5)
        files = sizes(folder)
        if files != seen:
            seen, since = files, time.monotonic()
            progress(f"the server compacts, {len(files)} files")


def sizes(folder: Path) -> dict[Path, int]:
    """What the server has on disk of readings and rows, without its log and its index.

    These are the files that grow with readings. The index takes 70 kB a week and bucket more.
    """
    found = {}
    for file in folder.rglob("*.tsm"):
        with suppress(FileNotFoundError):  # it was joined with another just now
            found[file] = file.stat().st_size
    return found


def _series(point: str) -> str:
    meter, _, quantity = point.rpartition("/")
    return f"reading,meter={meter},quantity={quantity}"


if __name__ == "__main__":
    main()
