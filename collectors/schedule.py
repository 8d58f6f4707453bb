"""The collector: tasks that read, marks that say when, and the way of a round to disk.

::

    marks ─> FieldTask ─> Round ─> readings, absences, state ─> Intake ─> Spool ─> Sender ─> Store

One task a gateway owns its connection; a changed configuration replaces only the tasks whose plan
has changed. Every round is on disk before the task goes on; the store is never waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from collectors.absences import AbsenceBook
from collectors.field_task import FieldPlan, FieldTask
from collectors.installation_plan import MeteredInstallation, plan_installation
from collectors.line_state import GatewayLine, MeterState
from collectors.marks import ClockWatch, Marks
from collectors.night import night_rule
from collectors.reload import ConfigState, PlanChange, plan_change
from collectors.round import Round
from collectors.spool.intake import Intake
from collectors.spool.sender import ReadingStore, Sender
from collectors.spool.spool import Parcel, Spool
from collectors.transports import MakeTask, round_period_s, task_for
from paes.errors import StoreError
from paes.events import SWAPPED, Event
from paes.gateways import Transport
from paes.meters import FieldMeter
from paes.periods import Clock, now_utc

__all__ = ["Collector", "MeteredInstallation", "plan_installation"]

log = logging.getLogger(__name__)

LOOK_S = 5.0
"""How often clock and heartbeat are looked at."""
HEARTBEAT_S = 30.0
RESTART_S = 10.0
CANCEL_AGAIN_S = 5.0
LAST_SEND_S = 10.0
"""How long a stop waits for the store; what is left lies in the spool."""
CLOCK_STEPPED = "clock.stepped"
"""The clock of the machine was set; facts: seconds (forward is positive)."""
COLLECTOR = "collector"
"""The subject of events about the collector itself."""
GATEWAY, ABSENCES = "gateway:", "absences:"
"""What the keys of a gateway's states begin with."""


class Collector:
    """Collects an installation's readings into a store; make it inside the event loop."""

    def __init__(
        self,
        installation: MeteredInstallation,
        store: ReadingStore,
        spool: Spool,
        clock: Clock = now_utc,
        make_task: MakeTask = task_for,
    ) -> None:
        self._installation = installation
        self._clock = clock
        self._make_task = make_task
        self._marks: Marks | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._beat_s = float("-inf")
        self._late: set[str] = set()
        self.spool = spool
        self.intake = Intake(spool, clock)
        self.sender = Sender(spool, self.intake, store, clock)
        self.config = ConfigState(clock())
        self._serials: dict[str, str] = spool.state("serials") or {}
        self.plans: dict[str, FieldPlan] = {}
        self.tasks: dict[str, FieldTask] = {}
        self.lines: dict[str, GatewayLine] = {}
        plans = plan_installation(installation, clock())
        known = _known_absences(spool, plans)
        self._book = AbsenceBook.from_state(known, lambda m, at: self._is_asleep(m, at))
        self._is_asleep = night_rule(installation, plans.values())
        for plan in plans.values():
            self._take_on(plan)

    @property
    def installation(self) -> MeteredInstallation:
        """What it collects now: the newest that could be planned."""
        return self._installation

    @property
    def states(self) -> dict[str, MeterState]:
        """How every meter has been doing, by id."""
        return {id_: m for line in self.lines.values() for id_, m in line.meters.items()}

    @property
    def waiting(self) -> int:
        """Readings that the store has not acknowledged yet."""
        return self.spool.depth().readings + self.intake.held_readings

    async def collect_once(self) -> list[Round]:
        """One round of every gateway, all at the same time, written to the store.

        Raises StoreError if the readings could not be stored; they wait in the spool then.
        """
        now = self._clock()
        rounds = await asyncio.gather(*(self._single(id_, now) for id_ in self.tasks))
        delivered = await self.sender.drain()
        await self.sender.close()
        if not delivered:
            raise StoreError(
                f"{self.waiting} readings could not be stored and wait in {self.spool.path}: "
                f"{self.sender.reason}"
            )
        return list(rounds)

    async def make_round(self, gateway_id: str, due: datetime) -> Round:
        """One complete pass over a gateway, now; in the spool when this returns."""
        plan = self.plans[gateway_id]
        made = await self.tasks[gateway_id].read_round(due)
        await self._take(plan, self._counters(plan), made)
        return made

    async def run(self, stop: asyncio.Event) -> None:
        """Collect on the clock until ``stop`` is set; the first round is made at once.

        What the store has not taken by then lies in the spool.
        """
        await self._note_start()
        self._marks = Marks(self._clock)
        for id_ in self.tasks:
            self._begin(id_)
        sending = asyncio.create_task(self.sender.run(), name="sender")
        self._marks.start()
        log.info("collecting from %d gateways, %d meters", len(self.tasks), len(self.states))
        try:
            await self._watch_clock(stop)
        finally:
            await self._marks.stop()
            await _end([*self._running.values(), sending])
            self._running.clear()
            await self._last_words()

    async def reload(self, installation: MeteredInstallation | None = None) -> PlanChange:
        """Plan anew and replace the tasks of the gateways whose plan has changed, and only these.

        Raises ConfigError or DataError if it cannot be planned; nothing has changed then.
        """
        wanted = installation or self._installation
        plans = await asyncio.to_thread(plan_installation, wanted, self._clock())
        change = plan_change(self.plans, plans)
        self._installation = wanted
        self._is_asleep = night_rule(wanted, plans.values())
        await self._let_go(change.ended + change.changed)
        for id_ in change.begun + change.changed:
            self._take_on(plans[id_])
            if self._marks:
                self._begin(id_)
        # Together, for a meter may have moved: it must not be known twice, nor forgotten.
        gone = {f"{kind}{id_}": None for id_ in change.ended for kind in (GATEWAY, ABSENCES)}
        await self.intake.put(Parcel(state=gone | self._all_absences()))
        return change

    async def note_config(self, state: ConfigState) -> None:
        """Let everybody know whether the configuration on disk is in force."""
        self.config = state
        await self.intake.put(self._parcel())

    def _take_on(self, plan: FieldPlan) -> None:
        gateway = plan.gateway
        self.plans[gateway.id] = plan
        self.lines[gateway.id] = GatewayLine(
            gateway, plan.meters, round_period_s(plan), asyncio.get_running_loop().time()
        )
        serials = {m.id: s for m in plan.meters if (s := self._serials.get(m.id) or _serial(m))}
        sink = partial(self._take, plan, self._counters(plan))
        self.tasks[gateway.id] = self._make_task(plan, sink, self._clock, serials)

    def _begin(self, gateway_id: str) -> None:
        assert self._marks is not None
        task = self.tasks[gateway_id]
        self._running[gateway_id] = asyncio.create_task(_keep_running(task), name=gateway_id)
        self._marks.add(task)

    async def _let_go(self, gateway_ids: tuple[str, ...]) -> None:
        for id_ in gateway_ids:
            if self._marks:
                self._marks.remove(id_)
        await _end([self._running.pop(id_) for id_ in gateway_ids if id_ in self._running])
        for id_ in gateway_ids:
            del self.plans[id_], self.tasks[id_], self.lines[id_]

    async def _watch_clock(self, stop: asyncio.Event) -> None:
        """Return when ``stop`` is set; meanwhile notice a clock that was set, and stay alive."""
        loop = asyncio.get_running_loop()
        watch = ClockWatch(self._clock, loop.time())
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_S)
                return
            stepped = watch.step(loop.time())
            if stepped:
                await self._note_step(*stepped)
            if loop.time() - self._beat_s > HEARTBEAT_S:
                await self.intake.put(self._parcel())

    async def _note_step(self, expected: datetime, step_s: float) -> None:
        way = "forward" if step_s > 0 else "back"
        text = (
            f"the clock was set {way} by {abs(step_s):.0f} s to {self._clock():%Y-%m-%d %H:%M:%S}"
        )
        log.warning("%s UTC: rounds begin anew", text)
        event = Event(COLLECTOR, CLOCK_STEPPED, expected, None, text, {"seconds": round(step_s)})
        await self.intake.put(self._parcel(events=(event,)))
        assert self._marks is not None
        self._marks.renew()

    async def _note_start(self) -> None:
        """Say for how long no collector ran, and that one runs now."""
        now, last = self._clock(), self.spool.state("heartbeat")
        events: list[Event] = []
        if last and (since := datetime.fromisoformat(last)) < now:
            meters = [m for plan in self.plans.values() for m in plan.meters]
            events = self._book.collector_was_down(since, now, meters)
        about = {"pid": os.getpid(), "since": now.isoformat()}
        kept = [(kind, id_) for kind in (GATEWAY, ABSENCES) for id_ in self.spool.states(kind)]
        gone = {f"{kind}{id_}": None for kind, id_ in kept if id_ not in self.plans}
        state = {"collector": about, **gone, **self._all_absences()}
        await self.intake.put(self._parcel(events=tuple(events), state=state))

    async def _single(self, gateway_id: str, due: datetime) -> Round:
        try:
            return await self.make_round(gateway_id, due)
        finally:
            await self.tasks[gateway_id].close()

    def _counters(self, plan: FieldPlan) -> frozenset[str]:
        """The points that are accounted: the last to be given up when the spool is full."""
        return frozenset(self._installation.register(m).point for m in plan.meters)

    async def _take(self, plan: FieldPlan, counters: frozenset[str], made: Round) -> None:
        id_ = made.gateway
        line = self.lines.get(id_)
        if line and self.plans.get(id_) is plan:
            line.note(made, asyncio.get_running_loop().time())
        self._note_late(made)
        events = (*made.events, *self._book.note(made, plan))
        state: dict[str, object] = {f"{ABSENCES}{id_}": self._absences(plan)}
        if line:
            state[f"{GATEWAY}{id_}"] = line.to_state()
        serials = self._serials | self._new_serials(id_, events)
        if serials != self._serials:
            state["serials"] = self._serials = serials
        gauges = frozenset(r.point for r in made.readings) - counters
        parcel = self._parcel(events, state)
        parcel = replace(
            parcel, readings=made.readings, gauges=gauges, simulated=plan.gateway.simulated
        )
        if plan.gateway.transport is Transport.MQTT:
            self.sender.wake()  # where the disk takes nothing, this parcel waits for the store
            await self.intake.put_for_good(parcel)
        else:
            await self.intake.put(parcel)
        self.sender.wake()

    def _note_late(self, made: Round) -> None:
        """Say once that rounds take longer than their period, and once that they do not."""
        if made.coalesced and made.gateway not in self._late:
            self._late.add(made.gateway)
            log.warning(
                "gateway %s: rounds take too long, %d were not made; ask less often, or less",
                made.gateway,
                made.coalesced,
            )
        elif not made.coalesced and made.gateway in self._late:
            self._late.discard(made.gateway)
            log.info("gateway %s: rounds are on time again", made.gateway)

    def _new_serials(self, gateway_id: str, events: Sequence[Event]) -> dict[str, str]:
        """The serial numbers that a round has found out; they must survive a restart."""
        known = task.serials if (task := self.tasks.get(gateway_id)) else {}
        swapped = {e.subject: str(e.facts["new_serial"]) for e in events if e.name == SWAPPED}
        return {**known, **swapped}

    def _absences(self, plan: FieldPlan) -> dict[str, object]:
        return self._book.to_state(m.id for m in plan.meters)

    def _all_absences(self) -> dict[str, object]:
        return {f"{ABSENCES}{id_}": self._absences(plan) for id_, plan in self.plans.items()}

    def _parcel(
        self, events: Sequence[Event] = (), state: Mapping[str, object] | None = None
    ) -> Parcel:
        """A parcel that also says that the collector is alive, and how it is."""
        self._beat_s = asyncio.get_running_loop().time()
        store_since = self.sender.failing_since
        alive = {
            "heartbeat": self._clock().isoformat(),
            "store": {
                "failing_since": store_since and store_since.isoformat(),
                "reason": self.sender.reason,
            },
            "config": {"since": self.config.since.isoformat(), "problem": self.config.problem},
        }
        return Parcel(events=events, state={**alive, **(state or {})})

    async def _last_words(self) -> None:
        """Bring to disk and to the store what there is, within reason."""
        await self.intake.put(self._parcel(state={"collector": None}))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_SEND_S):
                await self.sender.drain()
        await self.sender.close()
        if lost := self.intake.held_readings:
            raise StoreError(f"{lost} readings are lost: neither spool nor store could be written")


async def _keep_running(task: FieldTask) -> None:
    """Run ``task`` until cancelled; a defect in it costs a pause, not the gateway."""
    while True:
        try:
            await task.run()
        except Exception:
            log.exception("gateway %s: the task failed and is begun again", task.plan.gateway.id)
        await asyncio.sleep(RESTART_S)


async def _end(running: Sequence[asyncio.Task[None]]) -> None:
    """Cancel, and again if need be: ``wait_for`` of Python 3.11 can swallow a cancellation."""
    left = set(running)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_S)


def _known_absences(spool: Spool, plans: Mapping[str, FieldPlan]) -> dict[str, Any]:
    """What is known of meters; of one that was moved, what was put where it is read now."""
    kept = spool.states(ABSENCES)
    known = {m: entry for of_gateway in kept.values() for m, entry in of_gateway.items()}
    for id_, plan in plans.items():
        of_gateway = kept.get(id_, {})
        known |= {m.id: of_gateway[m.id] for m in plan.meters if m.id in of_gateway}
    return known


def _serial(meter: FieldMeter) -> str | None:
    """The serial number that a person has read; an assumed one says nothing of the device."""
    return None if meter.assumed else meter.serial
