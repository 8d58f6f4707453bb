"""Marks on the clock: when a round of which gateway is due.

APScheduler only says "now"; the work is done by one task a gateway. Ticks are multiples of the
period since midnight UTC, so that readings of all meters lie close together and on quarter hours;
each gateway is moved by a few seconds of its own, so that they do not all start at once.
"""

from __future__ import annotations

import asyncio
import zlib
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from collectors.field_task import FieldTask
from collectors.transports import round_period_s
from paes.periods import Clock, last_tick

MOST_STAGGER_S = 5.0
CLOCK_STEP_S = 10.0
"""Clocks that part by more than this between two looks: somebody set one of them."""


def stagger_s(gateway_id: str, period_s: int) -> float:
    """The gateway's own delay after a tick: the same in every run, below 5 s and a tenth."""
    return zlib.crc32(gateway_id.encode()) % 1000 / 1000 * min(MOST_STAGGER_S, period_s / 10)


class Marks:
    """The marks of all gateways; used from one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._tasks: dict[str, FieldTask] = {}

    def start(self) -> None:
        """Begin to mark."""
        self._scheduler.start()

    def add(self, task: FieldTask) -> None:
        """Mark rounds of ``task`` from now on; the first one is due at once."""
        gateway = task.plan.gateway
        self._tasks[gateway.id] = task
        period_s = round_period_s(task.plan)
        period = timedelta(seconds=period_s)
        tick = last_tick(self._clock(), period)
        delay = timedelta(seconds=stagger_s(gateway.id, period_s))

        async def mark() -> None:
            task.request_round(last_tick(self._clock() - delay, period))

        task.request_round(tick)
        self._scheduler.add_job(
            mark,
            IntervalTrigger(seconds=period_s, start_date=tick + period + delay, timezone=UTC),
            id=gateway.id,
            replace_existing=True,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    def remove(self, gateway_id: str) -> None:
        """Mark no more rounds of a gateway."""
        del self._tasks[gateway_id]
        self._scheduler.remove_job(gateway_id)

    def renew(self) -> None:
        """Begin anew, for the clock was set.

        The scheduler waits for times of day: without new ones it would sleep until the old come
        round again, for as long as the clock was set back.
        """
        for task in self._tasks.values():
            self.add(task)

    async def stop(self) -> None:
        """Mark nothing any more."""
        self._scheduler.remove_all_jobs()
        await asyncio.sleep(0)  # a mark that was just submitted is made, not cancelled
        self._scheduler.shutdown(wait=False)


class ClockWatch:
    """Notices when the clock of the machine was set."""

    def __init__(self, clock: Clock, now_s: float) -> None:
        self._clock = clock
        self._at = clock()
        self._now_s = now_s

    def step(self, now_s: float) -> tuple[datetime, float] | None:
        """What the clock should have shown, and by how many seconds it was set, if it was.

        ``now_s`` is a clock that nobody sets (the event loop's).
        """
        expected = self._at + timedelta(seconds=now_s - self._now_s)
        self._at, self._now_s = self._clock(), now_s
        step_s = (self._at - expected).total_seconds()
        return (expected, step_s) if abs(step_s) > CLOCK_STEP_S else None
