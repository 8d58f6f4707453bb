"""When a unit that fails is asked again: a pure state machine with a clock of its own.

::

    OK ──failed──> FAILING ──failed──> OPEN ──failed──> OPEN …
     ^                │                  │         pauses of 2 s, 4 s, 8 s … 5 min,
     └────── good ────┴───────── good ───┘         a fifth more or less

A unit that is not OK is asked one small question, and only when its pause is over.
What an exception means for it is told by ``Consequence``: silence is not the only way to be dead,
and an exception need not be a fault at all.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from enum import StrEnum

from collectors.backoff import pause_after
from collectors.round import UnitState
from paes.errors import DeviceRefused, FieldError, NoReply

FIRST_PAUSE_S = 2.0


class Consequence(StrEnum):
    """What follows from a failed request."""

    BACK_OFF = "back_off"  # silent, broken or garbled: the breaker opens
    ASK_ONCE_MORE = "ask_once_more"  # busy: 200 ms later it may be able to answer
    MAP_ERROR = "map_error"  # the device is well, the question is wrong


_OF_EXCEPTION = {
    1: Consequence.MAP_ERROR,
    2: Consequence.MAP_ERROR,
    3: Consequence.MAP_ERROR,
    5: Consequence.ASK_ONCE_MORE,
    6: Consequence.ASK_ONCE_MORE,
}
_SILENT_BEHIND_A_GATEWAY = (10, 11)


def consequence(failure: FieldError) -> Consequence:
    """What follows from ``failure``.

    A device failure (4) backs off; a gateway that says that the unit is not there (10, 11) has
    waited for it, so the unit is as dead as a silent one.
    """
    if isinstance(failure, DeviceRefused):
        return _OF_EXCEPTION.get(failure.code, Consequence.BACK_OFF)
    return Consequence.BACK_OFF


def is_silence(failure: FieldError) -> bool:
    """True if the unit did not answer: we waited for it, or the gateway says that it has."""
    if isinstance(failure, DeviceRefused):
        return failure.code in _SILENT_BEHIND_A_GATEWAY
    return isinstance(failure, NoReply)


class Breaker:
    """Whether one unit is asked; ``now_s`` is a clock that never goes back, in seconds."""

    def __init__(
        self, now_s: Callable[[], float], jitter: Callable[[], float] = random.random
    ) -> None:
        self._now_s = now_s
        self._jitter = jitter
        self.failures = 0
        """In a row."""
        self.next_try_s = 0.0
        """When it is asked again, by the breaker's clock."""

    @property
    def state(self) -> UnitState:
        """How the unit is doing."""
        if not self.failures:
            return UnitState.OK
        return UnitState.FAILING if self.failures == 1 else UnitState.OPEN

    @property
    def wait_s(self) -> float:
        """How long until it may be asked; 0 if it may be now."""
        return max(0.0, self.next_try_s - self._now_s()) if self.failures else 0.0

    def good(self) -> None:
        """The unit answered."""
        self.failures = 0

    def failed(self) -> None:
        """The unit failed once more; its pause grows."""
        self.failures += 1
        self.next_try_s = self._now_s() + pause_after(self.failures, FIRST_PAUSE_S, self._jitter())
