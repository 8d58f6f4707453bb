"""One gateway: one task owns its connection and its queue, and reads it round by round.

::

    request_round(due) ─> mark ─> task: connect ─ living units ─ dead units ─> Round ─> sink

Invariants: nobody else may use the connection; marks are never stacked (a round that is late
swallows the marks that came meanwhile, and counts them); a reading is stamped when its reply
arrived, once; a failed or missing value is a ``Finding`` and never a reading; a unit that fails
costs its neighbours one time-out, and all that are dead together cost them one a round.

Findings made here: ``collect.gateway_down`` and ``collect.failed`` (a defect of the program);
those of a unit in ``collectors.modbus.unit_reader``.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from collectors.backoff import pause_after
from collectors.breaker import Breaker
from collectors.field_task import Sink
from collectors.modbus.connection import ModbusConnection
from collectors.modbus.notes import Notes
from collectors.modbus.read_plan import EVERY_CLASS, GatewayPlan, PollClass, period_of
from collectors.modbus.unit_line import Connection, SharedLine
from collectors.modbus.unit_reader import UnitReader
from collectors.round import Round
from collectors.task_duties import Losses, PendingRound, hand_over
from paes.errors import ConnectionFailed
from paes.gateways import Gateway
from paes.metering import Finding
from paes.periods import Clock, last_tick

__all__ = ["Connection", "GatewayTask", "Round", "modbus_connection"]

log = logging.getLogger(__name__)

FIRST_RETRY_S = 1.0
_NO_SERIALS: Mapping[str, str] = MappingProxyType({})

Connect = Callable[[Gateway], Connection]


def modbus_connection(gateway: Gateway) -> ModbusConnection:
    """The connection that the gateway's configuration describes, not yet open."""
    return ModbusConnection.for_gateway(gateway)


class GatewayTask:
    """Reads one gateway; ``run`` as a task, ``request_round`` from anywhere in the loop.

    ``known_serials`` are the serial numbers of the devices by meter, as far as known from before;
    another one is told as an event (``meter.swapped``). ``now_s`` is a clock that never goes back.
    """

    def __init__(
        self,
        plan: GatewayPlan,
        sink: Sink,
        clock: Clock,
        connect: Connect = modbus_connection,
        jitter: Callable[[], float] = random.random,
        *,
        known_serials: Mapping[str, str] = _NO_SERIALS,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.plan = plan
        self.serials = dict(known_serials)
        """Serial numbers by meter, as far as known; the new ones are there after a round."""
        self._sink = sink
        self._clock = clock
        self._jitter = jitter
        self._line = SharedLine(
            connect(plan.gateway), clock, now_s, plan.gateway.transport.has_numbered_frames
        )
        self._units = [
            UnitReader(unit, self._line, Breaker(now_s, jitter), self.serials)
            for unit in plan.units
        ]
        self._pending = PendingRound()
        self._failed_rounds = 0
        self._read_for: dict[PollClass, datetime] = {}
        self._losses = Losses()
        self._making: _Making | None = None

    def request_round(self, due: datetime) -> None:
        """Ask for a round; while one waits to be made, the two become one.

        Ask every ``plan.round_period_s``. Which classes of points are read is told by ``due``:
        those whose own period began since they were read last. Where no fast period is
        configured every round brings counters and gauges, however often it is asked for.
        """
        self._pending.ask(due)

    async def run(self) -> None:
        """Make every round that is asked for, until cancelled.

        A round that reached nobody is tried again with growing pauses (1 s doubling to 5 min,
        by a fifth more or less) until the next one falls due; only its outcome is told again.
        When cancelled, what was read of the round in hand is still given to the sink.
        """
        retry_s: float | None = None
        due: datetime | None = None
        classes: Collection[PollClass] = ()
        try:
            while True:
                mark = await self._pending.wait(retry_s)
                if mark is not None:
                    due, classes = mark, self._classes_due(mark)
                assert due is not None
                made = await self._safe_round(due, classes)
                retry_s = self._backoff_s() if self._nobody_answered(made) else None
                if mark is not None or retry_s is None or made.readings:
                    await hand_over(self._sink, made)
        except asyncio.CancelledError:
            await self._hand_over_unfinished()
            raise
        finally:
            await self.close()

    async def read_round(self, due: datetime) -> Round:
        """One complete pass over the gateway, now: every class of points."""
        return await self._make(due, EVERY_CLASS)

    async def close(self) -> None:
        """Close the connection; a later round opens it again."""
        await self._line.connection.close()

    def _classes_due(self, due: datetime) -> frozenset[PollClass]:
        """The classes whose period began since they were read last."""
        gateway = self.plan.gateway
        classes = {
            poll
            for poll in PollClass
            if poll not in self._read_for
            or last_tick(due, period_of(gateway, poll)) != self._read_for[poll]
        }
        if gateway.fast_period_s is None:
            classes |= {PollClass.COUNTERS, PollClass.GAUGES}
        classes.add(PollClass.GAUGES)
        for poll in classes:
            self._read_for[poll] = last_tick(due, period_of(gateway, poll))
        return frozenset(classes)

    async def _make(self, due: datetime, classes: Collection[PollClass]) -> Round:
        making = _Making(due, self._clock(), PollClass.COUNTERS in classes)
        self._making = making
        living = [unit for unit in self._units if not unit.breaker.failures]
        dead = [unit for unit in self._units if unit.breaker.failures]
        for unit in self._units:
            unit.begin(classes)
        making.reached = await self._reach(making.notes)
        if making.reached and await self._read_units(living, making.notes):
            await self._ask_the_dead(dead, making.notes)
            self._tell_if_all_are_dead(making.notes)
        return self._finished(making)

    async def _read_units(self, units: Sequence[UnitReader], notes: Notes) -> bool:
        """Read one after the other; False if the gateway was lost meanwhile."""
        for unit in units:
            if not await self._reach(notes):
                return False
            await self._read_unit(unit, notes)
        return True

    async def _read_unit(self, unit: UnitReader, notes: Notes) -> bool:
        """Read what is owed of one unit; False if it failed."""
        name = f"gateway {self.plan.gateway.id} unit {unit.plan.unit}"
        failure = await unit.read(notes)
        if failure:
            self._losses.note(name, str(failure))
        else:
            self._losses.over(name)
        return failure is None

    async def _ask_the_dead(self, dead: Sequence[UnitReader], notes: Notes) -> None:
        """One small question to each whose pause is over, until the first that fails.

        Who has only just failed is asked first, for it need not wait its turn among the dead;
        then who has waited longest. Whoever answers is read at once, so that nothing is lost by
        the pause.
        """
        may_ask = True
        for unit in sorted(dead, key=lambda u: (u.breaker.failures > 1, u.breaker.next_try_s)):
            if not may_ask or unit.breaker.wait_s > 0:
                unit.skip(notes)
            elif await self._reach(notes):
                may_ask = await unit.probe(notes) and await self._read_unit(unit, notes)
            else:
                may_ask = False

    def _tell_if_all_are_dead(self, notes: Notes) -> None:
        if len(self._units) > 1 and self._all_dead:
            gateway = self.plan.gateway
            text = f"{gateway.place}: connected, but none of its {len(self._units)} units answers"
            notes.findings.append(Finding("collect.gateway_down", gateway.id, text, self._clock()))

    @property
    def _all_dead(self) -> bool:
        return all(unit.breaker.failures for unit in self._units)

    def _finished(self, making: _Making) -> Round:
        self._making = None
        reports = tuple(unit.report() for unit in self._units)
        notes = making.notes
        return Round(
            self.plan.gateway.id,
            making.due,
            making.started,
            self._clock(),
            tuple(notes.readings),
            tuple(notes.findings),
            sum(report.requests for report in reports),
            making.reached,
            self._pending.take_swallowed(),
            reports,
            tuple(notes.events),
            making.complete,
        )

    async def _safe_round(self, due: datetime, classes: Collection[PollClass]) -> Round:
        try:
            return await self._make(due, classes)
        except Exception as err:
            gateway, now = self.plan.gateway.id, self._clock()
            log.exception("gateway %s: the round failed", gateway)
            await self.close()
            making = self._making or _Making(due, now, True)
            making.reached = True
            making.notes.findings.append(
                Finding("collect.failed", gateway, f"defect: {err!r}", now)
            )
            return self._finished(making)

    async def _hand_over_unfinished(self) -> None:
        """What was read of the round that is cut off; what was not asked yet is not absent."""
        making = self._making
        if making is not None and (making.notes.readings or making.notes.events):
            making.complete = False
            await hand_over(self._sink, self._finished(making))

    def _nobody_answered(self, made: Round) -> bool:
        if made.reached and not self._all_dead:
            self._failed_rounds = 0
            return False
        self._failed_rounds += 1
        return True

    def _backoff_s(self) -> float:
        return pause_after(self._failed_rounds, FIRST_RETRY_S, self._jitter())

    async def _reach(self, notes: Notes) -> bool:
        """Connect if need be; False with a finding if that fails."""
        if self._line.connection.connected:
            return True
        gateway = self.plan.gateway.id
        try:
            await self._line.open()
        except ConnectionFailed as err:
            notes.findings.append(Finding("collect.gateway_down", gateway, str(err), self._clock()))
            self._losses.note(f"gateway {gateway}", str(err))
            return False
        self._losses.over(f"gateway {gateway}")
        if self.plan.connect_delay_s:
            await asyncio.sleep(self.plan.connect_delay_s)
        return True


@dataclass
class _Making:
    """A round while it is made."""

    due: datetime
    started: datetime
    complete: bool
    notes: Notes = field(default_factory=Notes)
    reached: bool = False
