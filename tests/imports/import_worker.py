"""Imports in processes of their own, each killed before one of the steps that it takes.

Run as a program: it loads everything once and then forks a process for every line on standard
input: ``ROOT STORE FILE STEP``. A step is a statement to SQLite or a request to InfluxDB, from the
moment the file has been parsed; before step number STEP the process kills itself. It answers
``ended STATUS STEPS``: how it ended, and how many steps it took.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from paes.config import load_installation
from paes.imports.formats import formats
from paes.imports.importing import Importing, Wishes
from paes.store import open_store
from paes.store.influx.link import InfluxLink
from paes.store.sqlite import store as sqlite

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Steps:
    """Counts, and kills this process before step ``last``."""

    def __init__(self, last: int) -> None:
        self.last, self.count = last, 0

    def take(self, _what: object = None) -> None:
        self.count += 1
        if self.count == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


def count_in(steps: Steps) -> None:
    """Let every statement and every request be a step."""
    connect = sqlite.connect

    def traced(path: Path, busy_timeout_s: float) -> Any:
        db = connect(path, busy_timeout_s)
        db.set_trace_callback(steps.take)
        return db

    sqlite.connect = traced  # type: ignore[attr-defined]
    for name in ("write", "query"):
        original = getattr(InfluxLink, name)

        def stepping(link: InfluxLink, *arguments: Any, _call: Any = original) -> Any:
            steps.take()
            return _call(link, *arguments)

        setattr(InfluxLink, name, stepping)


def work(root: str, url: str, file: str, last: int, steps: Steps) -> None:
    """Import ``file``, if nobody kills us."""
    installation = load_installation(Path(root))
    count_in(steps)
    store = open_store(url)
    wishes = Wishes("Anna", "e-distribuzione")
    importing = Importing(installation, installation.city(), store, wishes, clock=lambda: AT)
    importing.take(Path(file))
    store.close()


def main() -> None:
    """A process for each request, until standard input ends."""
    formats()
    for line in sys.stdin:
        root, url, file, last = line.rstrip("\n").split("\t")
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            steps, status = Steps(int(last)), 0
            try:
                work(root, url, file, int(last), steps)
            except BaseException:  # noqa: BLE001 - a forked child must not run on
                traceback.print_exc()
                status = 1
            os.write(writing, str(steps.count).encode())
            os._exit(status)
        os.close(writing)
        with os.fdopen(reading) as answer:
            count = answer.read()
        _, ended = os.waitpid(child, 0)
        print(f"ended {ended} {count or 0}", flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
