"""From finished rounds into the store, with nothing lost in silence.

Readings wait in memory, in order, until the store has acknowledged them. A store that fails is
told once (ERROR) and tried again with every later round. Memory is bounded: when it is full the
oldest readings are dropped, and the log says how many.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from paes.errors import StoreError
from paes.metering import Reading

log = logging.getLogger(__name__)

MOST_WAITING = 200_000
"""About 100 MB; 1,000 meters with 5 points every quarter of an hour fill it in ten hours."""


class ReadingStore(Protocol):
    """What is asked of a store here; ``paes.store.Store`` is more."""

    def write(self, readings: Sequence[Reading]) -> None: ...

    def set_label(self, key: str, value: str) -> None: ...


class Delivery:
    """The queue before one store; used from one event loop, writes in a thread."""

    def __init__(self, store: ReadingStore, most_waiting: int = MOST_WAITING) -> None:
        self._store = store
        self._most_waiting = most_waiting
        self._waiting: list[Reading] = []
        self._simulated = False
        self._labelled = False
        self._failing = False
        self._lock = asyncio.Lock()

    @property
    def waiting(self) -> int:
        """Readings that the store has not acknowledged yet."""
        return len(self._waiting)

    async def put(self, readings: Sequence[Reading], simulated: bool = False) -> bool:
        """Take ``readings`` and write all that wait; False if the store failed.

        Once a simulated reading is among them, the store is labelled ``simulated: true``. They
        are taken even if the caller is cancelled while another write is under way.
        """
        self._waiting += readings
        self._simulated |= simulated and bool(readings)
        async with self._lock:
            self._drop_oldest()
            return await self._write()

    async def flush(self) -> None:
        """Write all that waits; raises StoreError if the store still fails."""
        if not await self.put(()):
            raise StoreError(f"{self.waiting} readings could not be stored; see the log")

    async def _write(self) -> bool:
        if not self._waiting:
            return True
        batch = tuple(self._waiting)
        try:
            await asyncio.to_thread(self._write_batch, batch)
        except StoreError as err:
            if not self._failing:
                log.error("the store failed, %d readings wait: %s", self.waiting, err)
            self._failing = True
            return False
        if self._failing:
            log.info("the store is back; %d readings written", len(batch))
        self._failing = False
        del self._waiting[: len(batch)]
        return True

    def _write_batch(self, batch: Sequence[Reading]) -> None:
        self._store.write(batch)
        if self._simulated and not self._labelled:
            self._store.set_label("simulated", "true")
            self._labelled = True

    def _drop_oldest(self) -> None:
        surplus = len(self._waiting) - self._most_waiting
        if surplus > 0:
            del self._waiting[:surplus]
            log.error("readings lost: %d of the oldest, for the store fails too long", surplus)
