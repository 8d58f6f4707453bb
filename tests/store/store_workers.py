"""Processes that write to and read from a SQLite store, one a request, to be killed at will.

Run as a program: it loads the store once and then forks a worker for every line on standard
input, so that a test may start dozens of processes without paying for their imports::

    write FILE POINT FIRST_BATCH COUNT     writes COUNT batches (0: for ever), one transaction each
    read FILE POINT LAST_BATCH             reads until batch LAST_BATCH is there
    collect FILE POINT ROUNDS              as a collector: rounds of many points, some of them late
    import FILE POINT ROUNDS               as an import: older and older readings of POINT
    show FILE POINT ROUNDS                 as a dashboard: small questions, derived rows kept
    report FILE POINT ROUNDS               as a report: every reading and derived row
    OPERATION FILE POINT NUMBER            kills itself before the NUMBERth statement (sqlite_cuts)

Answers on standard output: ``PID started``, ``PID batch N`` once batch N is acknowledged,
``PID reads N`` when a reader is through, ``PID ended STATUS``.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np
import sqlite_cuts

from paes.metering import Reading
from paes.periods import By, from_seconds
from paes.rollups import Rollups
from paes.store.sqlite import SqliteStore

TOWN = tuple(f"site{n}.main/energy_import" for n in range(12))
"""What ``collect`` writes and the others look at."""
STEP_S = 900
DAY_S = 86400
BATCH = 40
"""Readings in one batch; batch n holds the seconds from n * BATCH, with value = second / 8."""
READER_GIVES_UP_AFTER_S = 60.0
"""A number of reads would say nothing: a reader is a thousand times faster than a slow disk."""


def write_batches(path: Path, point: str, first: int, count: int) -> None:
    """Write batches from number ``first``; says so after each."""
    store = SqliteStore(path)
    number = first
    while count == 0 or number < first + count:
        seconds = np.arange(number * BATCH, (number + 1) * BATCH, dtype=np.int64)
        store.write_series(point, seconds, seconds / 8)
        say(f"{os.getpid()} batch {number}")
        number += 1


def read_until(path: Path, point: str, last: int) -> None:
    """Read again and again: batches come whole, in order, and never go away."""
    store = SqliteStore(path)
    seen = reads = 0
    give_up_at = time.monotonic() + READER_GIVES_UP_AFTER_S
    while time.monotonic() < give_up_at:
        series = store.read(point)
        reads += 1
        assert len(series) % BATCH == 0, f"half a batch: {len(series)} readings"
        assert len(series) >= seen, f"{seen} readings became {len(series)}"
        assert (series.values == series.seconds / 8).all()
        seen = len(series)
        if seen >= (last + 1) * BATCH:
            say(f"{os.getpid()} reads {reads}")
            return
    raise AssertionError(f"batch {last} did not come; {seen} readings are there")


def collect(path: Path, _point: str, rounds: int) -> None:
    """Round after round; every fifth comes with readings of the day before, corrected."""
    store = SqliteStore(path)
    for number in range(rounds):
        second = number * STEP_S
        store.write([Reading(p, from_seconds(second), number) for p in TOWN])
        if number % 5 == 4:
            late = from_seconds(second - 4 * STEP_S)
            store.write([Reading(p, late, number - 4) for p in TOWN])
    store.close()


def import_old(path: Path, point: str, rounds: int) -> None:
    """A meter's past, the latest part first, so that every part touches days that are there."""
    store = SqliteStore(path)
    for number in reversed(range(rounds)):
        seconds = np.arange(number * 500, (number + 1) * 500, dtype=np.int64) * STEP_S
        store.write_series(point, seconds, seconds / 8)
    store.close()


def show(path: Path, point: str, rounds: int) -> None:
    """What pages ask; of the days that they see they keep derived rows."""
    store = SqliteStore(path)
    points = (*TOWN, point)
    for number in range(rounds):
        store.latest(points)
        store.around(points, 0, 7 * DAY_S, 3)
        store.summary(points, 0, 7 * DAY_S, 3600)
        store.touches(points, 0, 400 * DAY_S)
        whole, amount = np.array([number * DAY_S], np.int64), np.array([1.5])
        seal = np.array([number + 1], np.int64)
        rows = Rollups(whole, amount, amount, amount, whole, whole, seal, [""], [b""])
        store.save_rollups({TOWN[number % len(TOWN)]: rows}, By.DAY)
        store.load_rollups(points, By.DAY, 0, 400 * DAY_S, shapes=True)
    store.close()


def report(path: Path, _point: str, rounds: int) -> None:
    """Every reading, in order, and every derived row."""
    store = SqliteStore(path)
    for _ in range(rounds):
        for one in store.points():
            seconds = [s for part in store.chunks(one) for s in part.seconds.tolist()]
            assert seconds == sorted(set(seconds))
        store.load_rollups(store.points(), By.DAY, 0, 400 * DAY_S)
        store.events()
    store.close()


def open_files(
    folder: Path, count: int, points: int, barrier: Barrier, answers: Queue[str]
) -> None:
    """Open so many stores, each at the same moment as the other processes."""
    try:
        for number in range(count):
            barrier.wait(30)
            store = SqliteStore(folder / f"{number}.db")
            assert len(store.points()) == points
            store.close()
        answers.put("opened them all")
    except BaseException as err:
        barrier.abort()
        answers.put(repr(err))
        raise


def work(request: list[str]) -> int:
    """Do what ``request`` says; the exit status of the worker."""
    kind, path, point, *numbers = request
    kinds = {"write": write_batches, "read": read_until, "collect": collect, "import": import_old,
             "show": show, "report": report, **sqlite_cuts.OPERATIONS}  # fmt: skip
    try:
        kinds[kind](Path(path), point, *map(int, numbers))
    except BaseException:  # noqa: BLE001 - a forked child must not run on into the parent's code
        traceback.print_exc()
        return 1
    return 0


def watch(request: list[str]) -> None:
    """Start the worker of ``request`` and tell how it ended."""
    worker = os.fork()
    if worker == 0:
        os._exit(work(request))
    say(f"{worker} started")
    _, status = os.waitpid(worker, 0)
    say(f"{worker} ended {status}")


def say(line: str) -> None:
    """One line, in one piece even when several processes speak."""
    os.write(1, f"{line}\n".encode())


def main() -> None:
    """A watcher for each request, until standard input ends."""
    watchers = []
    for line in sys.stdin:
        watcher = os.fork()
        if watcher == 0:
            watch(line.split())
            os._exit(0)
        watchers.append(watcher)
    for watcher in watchers:
        os.waitpid(watcher, 0)


if __name__ == "__main__":
    main()
