"""When what is read: rounds on the clock, for every gateway of an installation.

APScheduler only says "now"; the work is done by one task a gateway. Ticks are multiples of the
poll period since midnight UTC, so that readings of all meters lie close together and on quarter
hours; each gateway is moved by a few seconds of its own, so that they do not all start at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from collectors.delivery import Delivery, ReadingStore
from collectors.device_profile import DeviceProfile, load_profile
from collectors.gateway import Connect, GatewayTask, modbus_connection
from collectors.read_plan import GatewayPlan, plan_gateway
from collectors.round import Round
from paes.gateways import Gateway
from paes.metering import Finding, Meter, Register, meter_of, name_of
from paes.periods import Clock, last_tick, now_utc

log = logging.getLogger(__name__)

MOST_STAGGER_S = 5.0
CLOCK_CHECK_S = 30.0
CLOCK_STEP_S = 10.0
"""A clock that falls behind by more than this between two checks was set back."""


class MeteredInstallation(Protocol):
    """What is asked of an installation here; ``paes.installation.Installation`` is more."""

    @property
    def gateways(self) -> Mapping[str, Gateway]: ...

    def meters_behind(self, gateway_id: str) -> list[Meter]: ...

    def device_file(self, device_id: str) -> Path: ...

    def register(self, meter: Meter) -> Register: ...


@dataclass(slots=True)
class MeterState:
    """How a meter has been doing since the collector started."""

    meter: str
    last_reading_at: datetime | None = None
    last_failure: Finding | None = None
    """Why the latest round brought nothing; None if it brought something."""
    failed_rounds: int = 0
    """Rounds without a reading in a row."""


def stagger_s(gateway_id: str, period_s: int) -> float:
    """The gateway's own delay after a tick: the same in every run, below 5 s and a tenth."""
    return zlib.crc32(gateway_id.encode()) % 1000 / 1000 * min(MOST_STAGGER_S, period_s / 10)


def plan_installation(
    installation: MeteredInstallation, now: datetime | None = None
) -> dict[str, GatewayPlan]:
    """The plan of every gateway with meters in use at ``now``, by gateway id.

    Raises ConfigError for a wrong profile, DataError for a meter that cannot be planned.
    """
    profiles: dict[str, DeviceProfile] = {}
    plans: dict[str, GatewayPlan] = {}
    for gateway in installation.gateways.values():
        meters = [
            _with_register(m, installation.register(m))
            for m in installation.meters_behind(gateway.id)
            if _in_use(m, now)
        ]
        for meter in meters:
            if meter.device not in profiles:
                profiles[meter.device] = load_profile(installation.device_file(meter.device))
        if meters:
            plans[gateway.id] = plan_gateway(gateway, meters, profiles)
    return plans


class Collector:
    """Collects an installation's readings into a store; make it inside the event loop."""

    def __init__(
        self,
        installation: MeteredInstallation,
        store: ReadingStore,
        clock: Clock = now_utc,
        connect: Connect = modbus_connection,
    ) -> None:
        self._clock = clock
        self._delivery = Delivery(store)
        self.plans = plan_installation(installation, clock())
        self.tasks = {
            id_: GatewayTask(plan, self._take, clock, connect) for id_, plan in self.plans.items()
        }
        self.states = {
            meter.id: MeterState(meter.id)
            for plan in self.plans.values()
            for unit in plan.units
            for meter in unit.meters
        }

    @property
    def waiting(self) -> int:
        """Readings that the store has not acknowledged yet."""
        return self._delivery.waiting

    async def collect_once(self) -> list[Round]:
        """One round of every gateway, all at the same time, written to the store.

        Raises StoreError if the readings could not be stored.
        """
        now = self._clock()
        rounds = await asyncio.gather(*(self._single(task, now) for task in self.tasks.values()))
        await self._delivery.flush()
        return list(rounds)

    async def run(self, stop: asyncio.Event, period_s: int | None = None) -> None:
        """Collect on the clock until ``stop`` is set; the first round is made at once.

        ``period_s`` overrides the gateways' own poll periods. Raises StoreError if readings are
        left that the store does not take.
        """
        scheduler = AsyncIOScheduler(timezone=UTC)
        running = [asyncio.create_task(t.run(), name=id_) for id_, t in self.tasks.items()]
        self._schedule_all(scheduler, period_s)
        scheduler.start()
        log.info("collecting from %d gateways, %d meters", len(self.tasks), len(self.states))
        try:
            while not await self._stopped(stop):
                scheduler.remove_all_jobs()
                self._schedule_all(scheduler, period_s)
        finally:
            scheduler.remove_all_jobs()
            await asyncio.sleep(0)  # a mark that was just submitted is made, not cancelled
            scheduler.shutdown(wait=False)
            for task_ in running:
                task_.cancel()
            for task_ in running:
                with contextlib.suppress(asyncio.CancelledError):
                    await task_
            await self._delivery.flush()

    async def _stopped(self, stop: asyncio.Event) -> bool:
        """True when ``stop`` is set, False when the clock was set back before.

        The scheduler waits for times of day: without new ones it would sleep until the old come
        round again, as long as the clock was set back.
        """
        loop = asyncio.get_running_loop()
        while True:
            at, elapsed = self._clock(), loop.time()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), CLOCK_CHECK_S)
                return True
            passed_s = (self._clock() - at).total_seconds()
            if passed_s < loop.time() - elapsed - CLOCK_STEP_S:
                log.warning("the clock was set back to %s: rounds begin anew", self._clock())
                return False

    def _schedule_all(self, scheduler: AsyncIOScheduler, period_s: int | None) -> None:
        for task in self.tasks.values():
            self._schedule(scheduler, task, period_s or task.plan.gateway.poll_period_s)

    def _schedule(self, scheduler: AsyncIOScheduler, task: GatewayTask, period_s: int) -> None:
        period = timedelta(seconds=period_s)
        tick = last_tick(self._clock(), period)
        delay = timedelta(seconds=stagger_s(task.plan.gateway.id, period_s))

        async def mark() -> None:
            task.request_round(last_tick(self._clock() - delay, period))

        task.request_round(tick)
        scheduler.add_job(
            mark,
            IntervalTrigger(seconds=period_s, start_date=tick + period + delay, timezone=UTC),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    async def _single(self, task: GatewayTask, due: datetime) -> Round:
        try:
            made = await task.read_round(due)
        finally:
            await task.close()
        await self._take(made)
        return made

    async def _take(self, made: Round) -> None:
        plan = self.plans[made.gateway]
        self._remember(plan, made)
        if made.coalesced:
            log.warning(
                "gateway %s: %d rounds were not made, the one before took too long",
                made.gateway,
                made.coalesced,
            )
        await self._delivery.put(made.readings, plan.gateway.simulated)

    def _remember(self, plan: GatewayPlan, made: Round) -> None:
        latest = {meter_of(r.point): r.at for r in made.readings}
        failures = {f.subject: f for f in made.findings}
        for unit in plan.units:
            for meter in unit.meters:
                state = self.states[meter.id]
                if meter.id in latest:
                    state.last_reading_at = latest[meter.id]
                    state.last_failure = None
                    state.failed_rounds = 0
                else:
                    state.last_failure = failures.get(meter.id) or failures.get(made.gateway)
                    state.failed_rounds += 1


def _with_register(meter: Meter, accounted: Register) -> Meter:
    """``meter`` naming its accounted register, so that what is accounted is always read."""
    if meter.pulse or meter.register_name:
        return meter
    return meter.model_copy(update={"register_name": name_of(accounted.point)})


def _in_use(meter: Meter, now: datetime | None) -> bool:
    # Days are compared in UTC: on the day of its change a meter is asked some hours more or less.
    if now is None:
        return True
    day = now.date()
    return (meter.valid_from is None or meter.valid_from <= day) and (
        meter.valid_to is None or day < meter.valid_to
    )
