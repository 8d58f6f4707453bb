"""What a reader waits for in a large town, what it weighs, and what fifty at once do to it.

A town of ``--meters`` meters and ``--years`` years is made of the shipped one, several times over
(``_large_town``), and served as ``paes dashboard`` serves it: workers, and the process that makes
long answers ahead. Times are those of a reader on the same machine, to the last byte, compressed.
The reference is the shortest answer of the same server, ``/salute``.

    python benchmarks/pages.py [--folder F] [--workers N] [--readers N] [--seconds S]
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from _browser import chromium, looks
from _figures import duration, head, line, progress, row, seconds
from _large_town import DETAILED, fill, large_town
from _reader import Answer, Reader

from dashboard.pages.page import Page
from dashboard.pages.table import PAGES

HEALTH = "/salute"
PATIENCE_S = 900
THINK_S = (2.0, 6.0)
"""So long a reader looks at a page before the next one."""


def main() -> None:
    """Print the figures."""
    asked = _arguments()
    with _folder(asked.folder) as folder:
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        installation = large_town(
            folder / "installation", asked.meters, asked.years, now, asked.town
        )
        store = folder / "readings.sqlite"
        took_s, kept = seconds(lambda: fill(installation, store, asked.years, now, asked.detailed))
        kept.close()
        head(
            f"{len(installation.meters)} meters, {len(installation.sites)} sites, {asked.years}"
            f" years, {store.stat().st_size / 1e6:,.0f} MB", HEALTH,
        )  # fmt: skip
        row("its readings and derived rows, made or found", duration(took_s), "-", "-", "")
        with _served(folder, store, asked.workers) as (process, address):
            _measure(process, address, asked)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, usual, what in (
        ("meters", 500, "about so many"), ("years", 10, "whole ones, and this one"),
        ("workers", 2, "processes that answer"), ("rounds", 15, "of each page"),
        ("pages", len(PAGES), "the first so many"), ("filters", 4, "other states of each page"),
        ("readers", 50, "at once; 0: none"), ("seconds", 60, "so long they read"),
        ("looks", 5, "of the browser at each page; 0: no browser"),
        ("detailed", DETAILED.days, "last days by quarter hours, before that by hours"),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", type=int, default=usual, help=f"{what} [%(default)s]")
    parser.add_argument("--town", default="la-spezia", help="the shipped one [%(default)s]")
    parser.add_argument("--folder", type=Path, help="keep the town there [a temporary one]")
    return parser.parse_args()


def _measure(process: int, address: str, asked: argparse.Namespace) -> None:
    reader = Reader(address)
    pages = _pages(reader, PAGES[: asked.pages])
    filters = [path for page in pages for path in _filters(reader, page, asked.filters)]
    for path in filters:
        reader.wait_for(path, PATIENCE_S)
    reference = _median([reader.get(HEALTH) for _ in range(10 * asked.rounds)])
    _print_pages(reader, [*pages, *filters], asked.rounds, reference)
    reader.close()
    if asked.looks:
        _print_looks(address, pages, asked.looks)
    _print_memory(process, "before readers")
    if asked.readers:
        _print_load(address, [*pages, *filters], asked.readers, asked.seconds)
        _print_memory(process, "after them")


# -- what there is to see ---------------------------------------------------------------------


def _pages(reader: Reader, table: Sequence[Page]) -> list[str]:
    """Every page of the table, whole; of those with parts the first that a page leads to."""
    plain = [page.path for page in table if "<part>" not in page.path]
    first_s = {path: reader.wait_for(path, PATIENCE_S) for path in plain}
    links = [link for path in plain for link in reader.get(path).links()]
    parts = {page.path: _part(page.path, links) for page in table if "<part>" in page.path}
    for path, part in parts.items():
        if part:
            first_s[part] = reader.wait_for(part, PATIENCE_S)
        else:
            row(f"{path}: no page leads there", "-", "-", "-", "")
    row("until every page was whole, from the start", duration(sum(first_s.values())), "-", "-", "")
    return list(first_s)


def _part(path: str, links: Sequence[str]) -> str | None:
    above = path.removesuffix("<part>")
    return next((x for x in links if x.startswith(above) and "/csv/" not in x), None)


def _filters(reader: Reader, page: str, count: int) -> list[str]:
    """Other states of a page that it leads to itself."""
    own = page.partition("?")[0]
    states = [x for x in reader.get(page).links() if x.startswith(f"{own}?") and "lang=" not in x]
    return states[:: max(1, len(states) // max(1, count))][:count]


# -- one reader -------------------------------------------------------------------------------


def _print_pages(reader: Reader, paths: Sequence[str], rounds: int, reference: float) -> None:
    """Round after round, so that no page is asked for while its last answer is still at hand."""
    documents: list[Answer] = []
    asked: dict[str, list[tuple[Answer, Answer]]] = {path: [] for path in paths}
    for number in range(rounds):
        for path in paths:
            progress(f"round {number + 1} of {rounds}: {path}")
            asked[path].append((reader.get(path), reader.charts(path)))
    for path, pairs in asked.items():
        answers, charts = [get for get, _ in pairs], [drawn for _, drawn in pairs]
        if not all(answer.is_whole for answer in answers):
            statuses = {answer.status for answer in answers if not answer.is_whole}
            row(path, "-", "-", "-", f"not whole: {sorted(statuses)}")
            continue
        documents += answers
        note = (
            f"p95 {duration(_part_of(answers, 0.95))}, charts {duration(_median(charts))}, "
            f"{answers[0].wire_bytes / 1e3:,.0f} + {charts[0].wire_bytes / 1e3:,.0f} kB"
        )
        line(path[:56], _median(answers), reference, note)
    line("all pages and filters, median", _median(documents), reference,
         f"p95 {duration(_part_of(documents, 0.95))}")  # fmt: skip


def _median(answers: Sequence[Answer]) -> float:
    return statistics.median(answer.took_s for answer in answers)


def _part_of(answers: Sequence[Answer], part: float) -> float:
    """So that ``part`` of them took no longer."""
    times = sorted(answer.took_s for answer in answers)
    return times[min(len(times) - 1, int(part * len(times)))]


# -- a browser --------------------------------------------------------------------------------


def _print_looks(address: str, pages: Sequence[str], times: int) -> None:
    with chromium() as browser:
        if browser is None:
            row("no chromium on this machine: no times of a browser", "-", "-", "-", "")
            return
        for path in pages:
            progress(f"browser: {path}")
            first, again = looks(browser, address.rstrip("/") + path, times)
            painted = statistics.median(look.painted_ms for look in again)
            drawn = statistics.median(look.drawn_ms for look in again)
            row(
                f"browser {path}"[:56], f"{first.painted_ms:.0f} ms", f"{painted:.0f} ms", "",
                f"first words, cold and warm; charts {first.drawn_ms:.0f} and {drawn:.0f} ms;"
                f" {first.wire_bytes / 1e3:,.0f} and {again[-1].wire_bytes / 1e3:,.0f} kB",
            )  # fmt: skip


# -- many readers -----------------------------------------------------------------------------


@dataclass
class _Crowd:
    """What its readers got."""

    answers: list[Answer] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def _print_load(address: str, paths: Sequence[str], readers: int, seconds_s: int) -> None:
    crowd, until = _Crowd(), time.monotonic() + seconds_s
    threads = [
        threading.Thread(target=_read, args=(crowd, address, paths, number, until))
        for number in range(readers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failed = [a for a in crowd.answers if a.status != 200]
    row(
        f"{readers} readers for {seconds_s} s: median, p95",
        duration(_median(crowd.answers)), duration(_part_of(crowd.answers, 0.95)), "",
        f"p99 {duration(_part_of(crowd.answers, 0.99))}, {len(crowd.answers)} answers,"
        f" {len(crowd.answers) / seconds_s:.1f} a second,"
        f" {len(failed)} refused, {len(crowd.broken)} broken",
    )  # fmt: skip
    for reason in sorted(set(crowd.broken))[:3]:
        print(f"  {reason}")


def _read(crowd: _Crowd, address: str, paths: Sequence[str], number: int, until: float) -> None:
    """A page and its charts, a pause, the next page."""
    choice, reader = random.Random(number), Reader(address)
    time.sleep(choice.uniform(0.0, min(THINK_S[1], max(0.0, until - time.monotonic()))))
    while True:
        path = choice.choice(paths)
        try:
            crowd.answers.append(reader.get(path))
            crowd.answers.append(reader.charts(path))
        except OSError as err:
            crowd.broken.append(f"{path}: {err}")
        pause_s = choice.uniform(*THINK_S)
        if time.monotonic() + pause_s > until:
            break
        time.sleep(pause_s)
    reader.close()


# -- the server -------------------------------------------------------------------------------


@contextmanager
def _served(folder: Path, store: Path, workers: int) -> Iterator[tuple[int, str]]:
    program = Path(__file__).with_name("_served_town.py")
    command = [sys.executable, program, folder / "installation", store, str(workers)]
    with (folder / "served.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout
        address = process.stdout.readline().strip()
        if not address:
            raise RuntimeError((folder / "served.log").read_text())
        yield process.pid, address
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _print_memory(process: int, when: str) -> None:
    """Of each process what is its own, and what it has in use with what it shares."""
    for number, pid in enumerate([process, *_children(process)]):
        # The order in which they are started: the arbiter, the preparer, the workers.
        name = ("arbiter", "preparer")[number] if number < 2 else f"worker {number - 1}"
        own, used = _memory_mb(pid)
        row(f"memory of {name}, {when}: own, with shared", f"{own:.0f} MB", f"{used:.0f} MB",
            "", "")  # fmt: skip


def _children(process: int) -> list[int]:
    path = Path(f"/proc/{process}/task/{process}/children")
    return [int(pid) for pid in path.read_text().split()] if path.is_file() else []


def _memory_mb(process: int) -> tuple[float, float]:
    path = Path(f"/proc/{process}/smaps_rollup")
    if not path.is_file():
        return float("nan"), float("nan")
    fields = {x[0]: int(x[1]) for x in map(str.split, path.read_text().splitlines()[1:])}
    return (fields["Private_Dirty:"] + fields["Private_Clean:"]) / 1e3, fields["Rss:"] / 1e3


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


if __name__ == "__main__":
    main()
