"""What a task needs of its connections to a broker, and what they are made of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from collectors.mqtt.payload import Message
from collectors.mqtt.plan import Door
from paes.gateways import Gateway
from paes.periods import Clock

FIRST_RETRY_S = 1.0

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that waits to be taken; ``acknowledge`` does nothing once its line is gone."""

    message: Message
    is_kept: bool
    acknowledge: Callable[[], None]


class Line(Protocol):
    """What a task needs of the connections to a broker."""

    settled: asyncio.Event
    """Every connection was made, or its first attempt failed."""
    refused: dict[str, str]
    """Why the broker does not let us hear a topic filter."""

    @property
    def is_open(self) -> bool: ...

    @property
    def why_down(self) -> str: ...

    def take(self, most: int) -> list[Arrived]:
        """The messages that wait, oldest first."""
        ...

    def take_dropped(self) -> int:
        """How many messages were dropped since it was asked last."""
        ...

    async def keep_open(self) -> None: ...


@dataclass(frozen=True, slots=True)
class LineNeeds:
    """What a line is made of."""

    gateway: Gateway
    doors: tuple[Door, ...]
    clock: Clock
    jitter: Callable[[], float]
    sleep: Sleep
    on_news: Callable[[], None]
    """A message came, or a connection was made or lost."""
    on_open: Callable[[], None]
    """Everything can be heard, from now on."""
