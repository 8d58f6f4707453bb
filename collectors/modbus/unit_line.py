"""The line as one unit behind it is asked over it: requests are counted, and the line rests.

A gateway's units share one connection. What each of them costs and how it answers is told apart
here, whoever asks: the round, the search for SunSpec models, the question for the serial number.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from paes.errors import BadReply, ConnectionFailed, DeviceRefused, NoReply
from paes.periods import Clock


class Connection(Protocol):
    """What is needed of a connection; ``ModbusConnection`` is one."""

    @property
    def connected(self) -> bool: ...

    async def connect(self) -> None: ...

    async def close(self) -> None: ...

    async def read(
        self,
        function_code: int,
        unit: int,
        address: int,
        count: int,
        timeout_s: float | None = None,
    ) -> list[int]: ...


@dataclass
class SharedLine:
    """What the units behind a gateway share; one task uses it."""

    connection: Connection
    clock: Clock
    now_s: Callable[[], float]
    """A clock that never goes back, in seconds."""
    has_numbered_frames: bool = True
    epoch: int = 0
    """How often the line was opened, not counting that we closed it after a silence: behind a new
    one there may be other devices."""
    closed_by_us: bool = False
    rests_until_s: float = 0.0
    """By the event loop's clock: before that nobody is asked."""

    async def open(self) -> None:
        """Open the line, or ConnectionFailed; one that was not there for a while is new."""
        try:
            await self.connection.connect()
        except ConnectionFailed:
            self.closed_by_us = False
            raise
        self.epoch += not self.closed_by_us
        self.closed_by_us = False


@dataclass
class Tally:
    """How one unit answered in a round."""

    requests: int = 0
    timeouts: int = 0
    exceptions: Counter[int] = field(default_factory=Counter)
    latencies_ms: list[float] = field(default_factory=list)


class UnitLine:
    """The shared line, counting and resting for one unit."""

    def __init__(self, shared: SharedLine, pause_s: float) -> None:
        self.shared = shared
        self.tally = Tally()
        self.answered_at = shared.clock()
        """When the last answer came: what its values are stamped with."""
        self._pause_s = pause_s

    @property
    def connected(self) -> bool:
        """True until either side closes."""
        return self.shared.connection.connected

    async def connect(self) -> None:
        """Open the connection, or ConnectionFailed."""
        await self.shared.open()

    async def read(
        self, function_code: int, unit: int, address: int, count: int, timeout_s: float
    ) -> list[int]:
        """As the connection reads; after an answer the line rests as long as the plan says.

        It rests before the next question, for a stop while it rests must not lose the answer.
        """
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self.shared.rests_until_s - loop.time()))
        began_s = self.shared.now_s()
        self.tally.requests += 1
        try:
            words = await self.shared.connection.read(
                function_code, unit, address, count, timeout_s
            )
        except (NoReply, BadReply) as err:
            self.tally.timeouts += isinstance(err, NoReply)
            self.shared.closed_by_us = not self.connected
            raise
        except DeviceRefused as err:
            self.tally.exceptions[err.code] += 1
            self._answered(began_s)
            raise
        self._answered(began_s)
        return words

    def _answered(self, began_s: float) -> None:
        self.answered_at = self.shared.clock()
        self.tally.latencies_ms.append(1000 * (self.shared.now_s() - began_s))
        if self._pause_s:
            self.shared.rests_until_s = asyncio.get_running_loop().time() + self._pause_s
