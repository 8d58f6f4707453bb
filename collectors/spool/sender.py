"""From the spool into the store: oldest first, in batches, deleted when acknowledged.

A store that fails (StoreError) is told once, by an ERROR when it is lost and an INFO when it is
back, and tried again with growing pauses, or after the pause that it asks for (StoreBusy) if that
is longer; what was read waits in the spool meanwhile. A store that
works but will not have some readings (StoreRefused) gets the batch in halves until those to blame
are found; they are set aside with the reason, and the rest goes on.

The store is written in a thread of its own: no round ever waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from collectors.backoff import pause_after
from collectors.spool.intake import Intake
from collectors.spool.spool import Batch, Spool
from paes.errors import StoreBusy, StoreError, StoreRefused
from paes.events import Event
from paes.metering import Reading
from paes.periods import Clock

T = TypeVar("T")

log = logging.getLogger(__name__)

BATCH = 5_000
IDLE_S = 30.0
"""Other processes can put refused readings back into the spool; nobody tells us."""
GATHER_S = 0.25
"""Rounds of many gateways end at nearly the same time: they are sent together."""
FIRST_RETRY_S = 1.0
LONGEST_ASKED_PAUSE_S = 600.0
"""A store that asks to be left alone for longer is tried all the same: the spool is bounded."""


class ReadingStore(Protocol):
    """What is asked of a store here; ``paes.store.Store`` is more."""

    def write(self, readings: Sequence[Reading]) -> None: ...

    def write_events(self, events: Sequence[Event]) -> None: ...

    def set_label(self, key: str, value: str) -> None: ...


class LateStore:
    """A store that is opened when it is first written: a start need not wait for it."""

    def __init__(self, open_it: Callable[[], ReadingStore]) -> None:
        self._open_it = open_it
        self._store: ReadingStore | None = None

    def write(self, readings: Sequence[Reading]) -> None:
        """See ``Store.write``."""
        self._opened().write(readings)

    def write_events(self, events: Sequence[Event]) -> None:
        """See ``Store.write_events``."""
        self._opened().write_events(events)

    def set_label(self, key: str, value: str) -> None:
        """See ``Store.set_label``."""
        self._opened().set_label(key, value)

    def _opened(self) -> ReadingStore:
        if self._store is None:
            self._store = self._open_it()
        return self._store


class Sender:
    """Empties ``spool`` into ``store``; ``run`` as a task, one for each spool."""

    def __init__(
        self,
        spool: Spool,
        intake: Intake,
        store: ReadingStore,
        clock: Clock,
        jitter: Callable[[], float] = random.random,
        batch: int = BATCH,
    ) -> None:
        self._spool = spool
        self._intake = intake
        self._store = store
        self._clock = clock
        self._jitter = jitter
        self._batch = batch
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._lock = asyncio.Lock()
        self._wake = asyncio.Event()
        self._failures = 0
        self._asked_pause_s = 0.0
        self._sent: list[Batch] = []
        self._is_labelled = False
        self.failing_since: datetime | None = None
        """Since when the store takes nothing; None if it does."""
        self.reason = ""
        """Why it took nothing last."""
        self.delivered = 0
        """Readings that the store has acknowledged since the start."""

    def wake(self) -> None:
        """There is something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Send whatever comes, until cancelled."""
        while True:
            self._wake.clear()
            if await self._safe_drain():
                await self._rest(IDLE_S)
                await asyncio.sleep(GATHER_S)
            else:
                await asyncio.sleep(self._pause_s())

    async def drain(self) -> bool:
        """Send all that waits; False if the store failed, or the disk that holds the spool.

        What is in memory alone, because the spool's disk takes nothing, goes to the store as well.
        """
        async with self._lock:
            try:
                while await self._in_thread(self._send_batch):
                    pass
            except _StoreLost as err:
                self._lost(err)
                return False
            except StoreError as err:
                self._intake.failed(err)
            if self._intake.failing_since:
                return await self._send_held()
        return True

    async def _safe_drain(self) -> bool:
        """As ``drain``; a defect is told like a store that fails, and costs a pause."""
        try:
            return await self.drain()
        except Exception as err:
            log.exception("sending failed and is tried again")
            self._lost(StoreError(f"defect: {err!r}"))
            return False

    async def close(self) -> None:
        """Release the thread, once it has written what it is writing."""
        await asyncio.to_thread(self._thread.shutdown)

    def _pause_s(self) -> float:
        """How long to leave a lost store alone: what it asks for at least, and ever longer."""
        pause_s = pause_after(self._failures, FIRST_RETRY_S, self._jitter())
        return max(pause_s, self._asked_pause_s)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _send_batch(self) -> bool:
        """Send the oldest batch, in halves if need be; False if nothing waits."""
        self._confirm()
        batch = self._spool.oldest(self._batch)
        if not len(batch):
            self._spool.shrink()
            return False
        parts = [batch]
        while parts:
            part = parts.pop()
            try:
                self._write(part.readings, part.events, part.simulated)
            except StoreRefused as err:
                parts += self._narrowed(part, err)
            else:
                self._sent.append(part)
                self._confirm()
        return True

    def _narrowed(self, part: Batch, err: StoreRefused) -> tuple[Batch, ...]:
        """The halves of a refused batch, first one last; of a single reading none: it is aside."""
        if len(part) > 1:
            return part.halves()[::-1]
        self._spool.set_aside(part, str(err), self._clock())
        log.warning("refused by the store and set aside (see `paes spool`): %s", err)
        return ()

    def _confirm(self) -> None:
        """Delete what the store has; tried again later if the disk does not let us."""
        while self._sent:
            self._spool.done(self._sent[0])
            del self._sent[0]

    async def _send_held(self) -> bool:
        """Bring what the spool's disk does not take to the store; what it refuses stays."""
        if await self._intake.flush():
            if self._intake.failing_since is None:
                self.wake()
            return True
        gone = []
        try:
            for parcel in self._intake.held:
                with suppress(StoreRefused):  # halved and set aside once the disk takes it
                    write = partial(self._write, parcel.readings, parcel.events, parcel.simulated)
                    await self._in_thread(write)
                    gone.append(parcel)
        except _StoreLost as err:
            self._lost(err)
            return False
        finally:
            await self._intake.sent(gone)
        return True

    def _write(self, readings: Sequence[Reading], events: Sequence[Event], simulated: bool) -> None:
        try:
            if readings:
                self._store.write(readings)
            if events:
                self._store.write_events(events)
            if simulated and not self._is_labelled:
                self._store.set_label("simulated", "true")
                self._is_labelled = True
        except StoreRefused:
            raise
        except StoreError as err:
            asked_s = err.retry_after_s if isinstance(err, StoreBusy) else None
            raise _StoreLost(str(err), asked_s or 0.0) from err
        if not readings and not events:
            return
        self.delivered += len(readings)
        if self.failing_since:
            log.info("the store is back")
        self.failing_since, self._failures, self.reason = None, 0, ""

    def _lost(self, err: StoreError) -> None:
        self._failures = min(self._failures + 1, 20)
        asked_s = err.asked_pause_s if isinstance(err, _StoreLost) else 0.0
        self._asked_pause_s = min(asked_s, LONGEST_ASKED_PAUSE_S)
        self.reason = str(err)
        if self.failing_since is None:
            self.failing_since = self._clock()
            log.error("the store failed, readings wait in the spool: %s", err)


class _StoreLost(StoreError):
    """It was the store that failed, not the spool; it may ask for a pause."""

    def __init__(self, message: str, asked_pause_s: float) -> None:
        self.asked_pause_s = asked_pause_s
        super().__init__(message)
