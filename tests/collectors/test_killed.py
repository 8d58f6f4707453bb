"""A collector killed at any moment loses nothing that it has read, and stores nothing twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from few_meters import counting_server

from paes.store.sqlite import SqliteStore

KILLS = 50
LINE_LIMIT_S = 60.0
"""A line that takes so long will never come; a slow disk takes a thousandth of it."""


class Workers:
    """The program ``collector_workers``, and what its workers say."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._requests, self._answers = process, process.stdin, process.stdout
        self.rounds: dict[int, float] = {}
        """Register by second, of every round that a worker said is in the spool."""

    async def ask(self, kind: str, port: int, folder: Path, second: int) -> int:
        """Start a worker; its process id."""
        self._requests.write(f"{kind} {port} {folder} {second}\n".encode())
        while (answer := await self.hear())[1] != "started":
            pass
        return int(answer[0])

    async def hear(self) -> list[str]:
        """The next line; rounds are noted."""
        line = await asyncio.wait_for(self._answers.readline(), LINE_LIMIT_S)
        assert line, "the workers' program ended"
        answer = line.decode().split()
        if answer[1] == "round":
            self.rounds[int(answer[2])] = float(answer[3])
        return answer

    async def rest_of(self, pid: int) -> int:
        """Everything the worker still says; its status (a signal's number if it was killed)."""
        while (answer := await self.hear())[:2] != [str(pid), "ended"]:
            pass
        return int(answer[2])


@asynccontextmanager
async def workers() -> AsyncIterator[Workers]:
    here = Path(__file__).parent
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(here / "collector_workers.py"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{here}:{here.parent}"},
    )
    try:
        yield Workers(process)
    finally:
        if process.stdin:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


@pytest.mark.timeout(240)
async def test_fifty_kills_at_random_moments_lose_nothing_and_store_nothing_twice(
    tmp_path: Path,
) -> None:
    """Each value of the register is served once, so one that is lost or doubled is seen."""
    chance = random.Random(20260722)
    async with counting_server() as served, workers() as program:
        for kill in range(KILLS):
            pid = await program.ask("collect", served.port, tmp_path, 1_000_000 + 1000 * kill)
            for _ in range(chance.randrange(6)):
                assert (await program.hear())[1] == "round"
            await asyncio.sleep(chance.random() * 0.02)  # any moment of the next rounds
            os.kill(pid, signal.SIGKILL)
            assert await program.rest_of(pid) == signal.SIGKILL
        pid = await program.ask("drain", served.port, tmp_path, 2_000_000)
        assert await program.rest_of(pid) == 0
    store = SqliteStore(tmp_path / "a.sqlite")
    series = store.read("g0.main/energy_import")
    store.close()
    stored = dict(zip(series.seconds.tolist(), series.values.tolist(), strict=True))
    assert len(program.rounds) > KILLS
    assert {second: stored.get(second) for second in program.rounds} == program.rounds
    assert len(set(stored.values())) == len(stored)  # no register under two times
    assert set(stored.values()) <= set(served.values)
    for kill in range(KILLS):
        first = 1_000_000 + 1000 * kill
        seconds = sorted(s for s in stored if first <= s < first + 1000)
        assert seconds == list(range(first, first + len(seconds)))  # no gap before the kill
