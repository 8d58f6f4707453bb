"""Asking again where a store is away or busy for a while, for work that nobody watches.

Only ``StoreBusy`` is waited for: what else fails would fail again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar

from paes.errors import StoreBusy
from paes.periods import from_seconds
from paes.series import ReadingSeries
from paes.store import Store

T = TypeVar("T")
Wait = Callable[[float], None]

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
MOST_PAUSES = 10
"""With pauses that double: some six minutes."""

log = logging.getLogger(__name__)


class Patience:
    """Does what a store is asked for, and asks again a few times if the store is busy."""

    def __init__(self, wait: Wait = time.sleep) -> None:
        self._wait = wait

    def get(self, ask: Callable[[], T]) -> T:
        """What ``ask`` returns; StoreBusy only after a last try."""
        for pauses in range(MOST_PAUSES + 1):
            try:
                return ask()
            except StoreBusy as err:
                self._pause(pauses, err)
        raise AssertionError("the last pause raises")

    def chunks(
        self, store: Store, point: str, start_s: int | None, end_s: int
    ) -> Iterator[ReadingSeries]:
        """``Store.chunks`` of ``[start_s, end_s)``, begun again behind the last whole chunk."""
        pauses, end = 0, from_seconds(end_s)
        while True:
            try:
                for chunk in store.chunks(point, _instant(start_s), end):
                    start_s, pauses = int(chunk.seconds[-1]) + 1, 0
                    yield chunk
                return
            except StoreBusy as err:
                self._pause(pauses, err)
                pauses += 1

    def _pause(self, pauses: int, err: StoreBusy) -> None:
        if pauses >= MOST_PAUSES:
            raise err
        pause_s = max(min(FIRST_PAUSE_S * 2**pauses, LONGEST_PAUSE_S), err.retry_after_s or 0.0)
        log.warning("asked again in %.0f s: %s", pause_s, err)
        self._wait(pause_s)


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else from_seconds(seconds)
