"""A worker's memory: long answers come from the preparer, the rest is the worker's own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from dashboard.memory import Kept, Memory, Pending
from dashboard.serving.answers import Answers, Key, NotKept

T = TypeVar("T")
LOOK_S = 0.03
"""How often a reader's thread looks whether the first answer has come."""
SAME_FAILURE = timedelta(seconds=5)
"""A failure younger than that is passed on as it is, not tried again."""
log = logging.getLogger(__name__)


class SharedMemory(Memory):
    """``get`` reads what the preparer made; the keys that it does not know are made here."""

    def __init__(
        self,
        answers: Answers,
        shared: Iterable[str],
        clock: Callable[[], datetime],
        wait_s: float,
        timer: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """``shared``: the names of recipes that the preparer makes."""
        super().__init__(clock, timer, wait_s)
        self._answers = answers
        self._shared = frozenset(shared)
        self._pause = pause
        self._is_lost = False

    def get(self, key: Hashable, make: Callable[[], T], max_age_s: float) -> Kept[T]:
        """See ``Memory.get``; a failure of the preparer's first attempt passes through too."""
        if not (isinstance(key, tuple) and key and key[0] in self._shared):
            return super().get(key, make, max_age_s)
        found: Kept[T] | None = self._answers.get(key)
        if found and (self._clock() - found.made_at).total_seconds() <= max_age_s:
            return found
        if not self._is_tended():
            return super().get(key, make, max_age_s)
        try:
            if found is None:
                return self._first(key)
            self._answers.wish(key)
            return found
        except NotKept as err:
            log.warning("%s", err)
            return super().get(key, make, max_age_s)

    def renew(self, key: Hashable, make: Callable[[], object]) -> None:
        """See ``Memory.renew``."""
        if isinstance(key, tuple) and key and key[0] in self._shared and self._is_tended():
            with suppress(NotKept):  # then it becomes too old by itself
                self._answers.wish(key)
        else:
            super().renew(key, make)

    def _first(self, key: Key) -> Kept[T]:
        """Wait for the first answer, or for its failure; Pending if that takes too long."""
        before = self._answers.failure(key)
        if before and self._clock() - before[0] < SAME_FAILURE:
            raise before[1]
        since, until_s = self._answers.wish(key), self._wait_until()
        while self._timer() < until_s:
            self._pause(LOOK_S)
            found = self._answers.get(key)
            if found is not None:
                return found
            failed = self._answers.failure(key)
            if failed and (before is None or failed[0] > before[0]):
                raise failed[1]
        raise Pending(since)

    def _is_tended(self) -> bool:
        """Whether there is a preparer; its loss and return are logged once each."""
        is_tended = self._answers.is_tended
        if is_tended is self._is_lost:
            self._is_lost = not is_tended
            if is_tended:
                log.info("answers are prepared again")
            else:
                log.warning("nobody prepares answers: they are made by the workers themselves")
        return is_tended
