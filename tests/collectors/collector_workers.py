"""Collectors in processes of their own, one a request, to be killed at any moment.

Run as a program: it loads the collector once and then forks a worker for every line on standard
input, so that dozens of processes cost no imports::

    collect PORT FOLDER FIRST_SECOND    reads gateway g0 at PORT, a round a second of its own clock
    drain PORT FOLDER FIRST_SECOND      sends what waits in the spool to the store, and ends

Answers on standard output: ``PID started``, ``PID round SECOND VALUE`` once a round is in the spool
(VALUE is the register of energy), ``PID drained``, ``PID ended STATUS``.
"""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

from few_meters import installation

from collectors.schedule import Collector
from collectors.spool.spool import Spool
from paes.store.sqlite import SqliteStore


async def work(kind: str, port: str, folder: str, first_second: str) -> None:
    """Be the collector that the request asks for."""
    now = datetime.fromtimestamp(int(first_second), UTC)
    spool = Spool(Path(folder) / "a.spool")
    spool.claim()
    store = SqliteStore(Path(folder) / "a.sqlite")
    collector = Collector(installation(int(port)), store, spool, lambda: now)
    if kind == "drain":
        assert await collector.sender.drain()
        await collector.sender.close()
        say(f"{os.getpid()} drained")
        return
    sending = asyncio.create_task(collector.sender.run())
    while not sending.done():
        made = await collector.make_round("g0", now)
        (energy,) = [r for r in made.readings if r.point == "g0.main/energy_import"]
        say(f"{os.getpid()} round {int(now.timestamp())} {energy.value:.0f}")
        now += timedelta(seconds=1)
    await sending  # it failed: say how


def watch(request: list[str]) -> None:
    """Start the worker of ``request`` and tell how it ended."""
    worker = os.fork()
    if worker == 0:
        status = 1
        try:
            asyncio.run(work(*request))
            status = 0
        except BaseException:  # noqa: BLE001 - a forked child must not run on into this loop
            traceback.print_exc()
        os._exit(status)
    say(f"{worker} started")
    _, status = os.waitpid(worker, 0)
    say(f"{worker} ended {status}")


def say(line: str) -> None:
    """One line, in one piece even when several processes speak."""
    os.write(1, f"{line}\n".encode())


def main() -> None:
    """One request after the other, until standard input ends."""
    for line in sys.stdin:
        watch(line.split())


if __name__ == "__main__":
    main()
