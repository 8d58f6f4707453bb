"""What the schedule needs of whatever reads a gateway: Modbus, M-Bus and MQTT look alike to it.

A *plan* is computed before the first request and says everything that will be asked; two plans
that are equal need no new task. A *task* owns the connection; it makes ``Round``s and gives each
to its sink, and nobody else may use the connection.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Protocol

from collectors.round import Round
from paes.gateways import Gateway
from paes.meters import FieldMeter

Sink = Callable[[Round], Awaitable[None] | None]
"""Takes each round as soon as it is made; the task waits for it."""


class FieldPlan(Protocol):
    """What is read behind one gateway; comparable with ``==``."""

    @property
    def gateway(self) -> Gateway: ...

    @property
    def meters(self) -> tuple[FieldMeter, ...]: ...


class FieldTask(Protocol):
    """One gateway at work; ``run`` as a task, the rest from anywhere in the event loop."""

    @property
    def plan(self) -> FieldPlan: ...

    @property
    def serials(self) -> Mapping[str, str]:
        """Serial numbers of the devices by meter, as far as known; they must survive a restart."""
        ...

    def request_round(self, due: datetime) -> None:
        """Ask for a round; while one waits to be made, the two become one."""
        ...

    async def run(self) -> None:
        """Make every round that is asked for, until cancelled; closes the connection then."""
        ...

    async def read_round(self, due: datetime) -> Round:
        """One complete pass, now (``paes collect --once``)."""
        ...

    async def close(self) -> None:
        """Close the connection; a later round opens it again."""
        ...
