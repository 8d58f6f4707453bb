"""What took long to compute, kept for a while and honest about its age.

A ``Memory`` belongs to one application. Inventories and coverage are asked of it by key; a value
that is too old is still handed out while one background thread makes it anew, so that a page that
has been seen once never waits. ``Kept.made_at`` is the time that the page prints beside it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """A value and when it was made (aware UTC)."""

    value: T
    made_at: datetime


class Memory:
    """Values by key; safe to share between threads; ``close`` waits for what is being made."""

    def __init__(
        self, clock: Callable[[], datetime], timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._timer = timer
        self._kept: dict[Hashable, tuple[Kept[Any], float]] = {}
        self._locks: dict[Hashable, threading.Lock] = {}
        self._renewing: set[Hashable] = set()
        self._guard = threading.Lock()
        self._worker: ThreadPoolExecutor | None = None
        self._closed = False

    def get(self, key: Hashable, make: Callable[[], T], max_age_s: float) -> Kept[T]:
        """The value at ``key``; made now if there is none, soon if it is too old.

        What ``make`` raises passes through the first time and is not kept.
        """
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        found = self._kept.get(key)
        if found is None:
            with lock:
                found = self._kept.get(key) or self._make(key, make)
        elif self._timer() - found[1] > max_age_s:
            self._renew(key, make)
        return cast(Kept[T], found[0])

    def close(self) -> None:
        """Make nothing more, and wait for what is under way."""
        with self._guard:
            self._closed = True
            worker, self._worker = self._worker, None
        if worker:
            worker.shutdown(wait=True, cancel_futures=True)

    def _make(self, key: Hashable, make: Callable[[], Any]) -> tuple[Kept[Any], float]:
        kept = Kept(make(), self._clock()), self._timer()
        self._kept[key] = kept
        return kept

    def _renew(self, key: Hashable, make: Callable[[], Any]) -> None:
        with self._guard:
            if key in self._renewing or self._closed:
                return
            self._renewing.add(key)
            if self._worker is None:
                self._worker = ThreadPoolExecutor(1, thread_name_prefix="renew")
            self._worker.submit(self._renewal, key, make)

    def _renewal(self, key: Hashable, make: Callable[[], Any]) -> None:
        try:
            self._make(key, make)
        except Exception:
            log.exception("cannot renew %s", key)
        finally:
            self._renewing.discard(key)
