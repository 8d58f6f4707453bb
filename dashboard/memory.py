"""What took long to compute, kept for a while and honest about its age.

A ``Memory`` belongs to one application. Inventories and coverage are asked of it by key; a value
that is too old is still handed out while it is made anew in the background, so that a page that
has been seen once never waits. A first value is waited for, but no longer than a reader would:
then ``Pending`` says since when it is being made. ``Kept.made_at`` is the time that a page prints.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")
WAIT_S = 120.0
"""So long a first value is waited for unless it is said otherwise."""
_BRIEF = 64
log = logging.getLogger(__name__)


class Pending(Exception):
    """A first value is still being made, since ``since`` (aware UTC)."""

    def __init__(self, since: datetime) -> None:
        super().__init__(f"being made since {since.isoformat(timespec='seconds')}")
        self.since = since


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """A value and when it was made (aware UTC)."""

    value: T
    made_at: datetime


@dataclass(frozen=True, slots=True)
class _Making:
    future: Future[Kept[Any]]
    since: datetime


class Memory:
    """Values by key; safe to share between threads; ``close`` waits for what is being made."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        timer: Callable[[], float] = time.monotonic,
        wait_s: float = WAIT_S,
    ) -> None:
        self._clock = clock
        self._timer = timer
        self._wait_s = wait_s
        self._kept: dict[Hashable, tuple[Kept[Any], float]] = {}
        self._making: dict[Hashable, _Making] = {}
        self._brief: OrderedDict[Hashable, tuple[Any, float]] = OrderedDict()
        self._guard = threading.Lock()
        self._visits = threading.local()
        self._workers: ThreadPoolExecutor | None = None
        self._closed = False

    def get(self, key: Hashable, make: Callable[[], T], max_age_s: float) -> Kept[T]:
        """The value at ``key``; made now if there is none, soon if it is too old.

        What ``make`` raises passes through the first time and is not kept. ``make`` must not ask
        this memory. Raises Pending if the first value takes longer than a reader waits.
        """
        with self._guard:
            found = self._kept.get(key)
            if found and self._timer() - found[1] <= max_age_s:
                return cast(Kept[T], found[0])
            making = self._making.get(key) or self._begin(key, make)
        if found:
            return cast(Kept[T], found[0])
        if making is None:
            raise Pending(self._clock())
        try:
            return cast(Kept[T], making.future.result(max(0.0, self._wait_until() - self._timer())))
        except TimeoutError:
            if making.future.done():  # it was the maker's own
                raise
            raise Pending(making.since) from None

    def make_first(self, key: Hashable, make: Callable[[], object]) -> None:
        """Have a value at ``key``, however long the first takes; what ``make`` raises passes."""
        with self._guard:
            if key in self._kept:
                return
            making = self._making.get(key) or self._begin(key, make)
        if making:
            making.future.result()

    @contextmanager
    def one_wait(self) -> Iterator[None]:
        """All first values that this thread asks for inside are together waited for as long as one.

        A page of several answers would else keep its reader before nothing several times.
        """
        self._visits.until_s = self._timer() + self._wait_s
        try:
            yield
        finally:
            del self._visits.until_s

    def _wait_until(self) -> float:
        """By the timer."""
        until_s: float | None = getattr(self._visits, "until_s", None)
        return self._timer() + self._wait_s if until_s is None else until_s

    def brief(self, key: Hashable, make: Callable[[], T], max_age_s: float) -> T:
        """The value at ``key`` if it is younger than ``max_age_s``, else made here and now."""
        with self._guard:
            found = self._brief.get(key)
        if found and self._timer() - found[1] <= max_age_s:
            return cast(T, found[0])
        value = make()
        with self._guard:
            self._brief[key] = value, self._timer()
            self._brief.move_to_end(key)
            while len(self._brief) > _BRIEF:
                self._brief.popitem(last=False)
        return value

    def renew(self, key: Hashable, make: Callable[[], object]) -> None:
        """Make the value at ``key`` anew soon: something that it rests on was changed."""
        with self._guard:
            if key not in self._making:
                self._begin(key, make)

    def close(self) -> None:
        """Make nothing more, and wait for what is under way."""
        with self._guard:
            self._closed = True
            workers, self._workers = self._workers, None
        if workers:
            workers.shutdown(wait=True, cancel_futures=True)

    def _begin(self, key: Hashable, make: Callable[[], Any]) -> _Making | None:
        """Begin to make it in the background; None once closed."""
        if self._closed:
            return None
        if self._workers is None:
            self._workers = ThreadPoolExecutor(2, thread_name_prefix="answers")
        is_first = key not in self._kept
        making = _Making(self._workers.submit(self._make, key, make, is_first), self._clock())
        self._making[key] = making
        return making

    def _make(self, key: Hashable, make: Callable[[], Any], is_first: bool) -> Kept[Any]:
        at = self._clock()  # before it: what comes in meanwhile may not be in the value
        try:
            kept = Kept(make(), at)
            with self._guard:
                self._kept[key] = kept, self._timer()
            return kept
        except Exception:
            if not is_first:  # nobody waits for it
                log.exception("cannot renew %s", key)
            raise
        finally:
            with self._guard:
                self._making.pop(key, None)
