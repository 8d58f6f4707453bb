"""What the tasks of all lines do alike: wait for marks, hand rounds over, tell losses once.

A mark that comes while a round is waited for or made becomes one with the next; a round is handed
over to the end, also when the task is cancelled meanwhile; what is lost is told once, and once
when it is back.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable
from datetime import datetime

from collectors.field_task import Sink
from collectors.round import Round

log = logging.getLogger(__name__)


class PendingRound:
    """The round that a task owes."""

    def __init__(self) -> None:
        self._wake = asyncio.Event()
        self._due: datetime | None = None
        self._coalesced = 0
        self._swallowed = 0

    def ask(self, due: datetime) -> None:
        """A round is due; while one is owed already, the two become one."""
        if self._due is not None:
            self._coalesced += 1
        self._due = due
        self._wake.set()

    async def wait(self, limit_s: float | None) -> datetime | None:
        """The next mark, or None when ``limit_s`` have passed without one."""
        try:
            async with asyncio.timeout(limit_s):
                await self._wake.wait()
        except TimeoutError:
            return None
        self._wake.clear()
        due, self._due = self._due, None
        self._swallowed, self._coalesced = self._coalesced, 0
        return due

    def take_swallowed(self) -> int:
        """How many marks the last one has swallowed; told once."""
        swallowed, self._swallowed = self._swallowed, 0
        return swallowed


class Losses:
    """What is lost at present; logs a change and nothing else."""

    def __init__(self) -> None:
        self._lost: set[str] = set()

    def note(self, name: str, reason: str) -> None:
        """``name`` failed."""
        if name not in self._lost:
            self._lost.add(name)
            log.warning("%s lost: %s", name, reason)

    def over(self, name: str) -> None:
        """``name`` is well."""
        if name in self._lost:
            self._lost.discard(name)
            log.info("%s is back", name)


async def hand_over(sink: Sink, made: Round) -> None:
    """Give ``made`` to ``sink``; what fails there is logged, for the next round must go on."""
    try:
        waiting = sink(made)
        if inspect.isawaitable(waiting):
            await _to_the_end(waiting)
    except Exception:
        log.exception("gateway %s: a round could not be handed over", made.gateway)


async def _to_the_end(waiting: Awaitable[None]) -> None:
    """Await what must not be left half done, also when we are cancelled meanwhile."""
    task = asyncio.ensure_future(waiting)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
