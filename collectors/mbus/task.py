"""One M-Bus behind a level converter: one task owns the connection and reads meter by meter.

::

    request_round(due) ─> connect ─ meter: SND_NKE, REQ_UD2 (FCB 1), REQ_UD2 (FCB 0) … ─> Round
                                  └ or by its number: select, REQ_UD2 at address 253

Invariants: a meter is never asked more often than every ``poll_period_s``, for many live on a
battery; a failed exchange is begun again once, from the reset on (EN 13757-2), and not at all
while the meter's breaker has not seen it well; a reading is stamped when its telegram arrived; an
answer of another meter brings no value.

Read next: ``collectors.mbus.plan``, ``collectors.mbus.dialogue`` (one meter) and
``collectors.mbus.values`` (records to readings).
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from collectors.breaker import Breaker, pause_after
from collectors.field_task import Sink
from collectors.mbus.dialogue import Dialogue
from collectors.mbus.line import MbusLine
from collectors.mbus.plan import MbusPlan, MbusUnit, plan_mbus
from collectors.mbus.values import Heard, values_of
from collectors.plausibility import Plausibility
from collectors.round import Round, UnitReport
from paes.errors import BadReply, ConnectionFailed, FieldError, NoReply
from paes.events import SWAPPED, Event
from paes.metering import Finding, Reading, point_id
from paes.periods import Clock

__all__ = ["MbusPlan", "MbusTask", "MbusUnit", "plan_mbus"]

log = logging.getLogger(__name__)

FIRST_RETRY_S = 1.0
KEEP_OPEN_S = 60
"""An idle connection is closed without a word by converters and firewalls: where rounds are
further apart, it is opened for each."""

_FINDING_OF: dict[type[FieldError], str] = {
    NoReply: "collect.no_reply",
    BadReply: "collect.bad_reply",
    ConnectionFailed: "collect.connection_lost",
}


@dataclass
class _Notes:
    """What a round has gathered so far."""

    readings: list[Reading] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    units: list[UnitReport] = field(default_factory=list)


class MbusTask:
    """Reads one bus; ``run`` as a task, ``request_round`` from anywhere in the loop.

    ``known_serials`` holds the last identification number by meter, as far as it is known;
    ``now_s`` is a clock that never goes back.
    """

    def __init__(
        self,
        plan: MbusPlan,
        sink: Sink,
        clock: Clock,
        known_serials: Mapping[str, str] | None = None,
        jitter: Callable[[], float] = random.random,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.plan = plan
        self.serials = dict(known_serials or {})
        """Identification numbers by meter, as far as known; new ones are there after a round."""
        self._sink = sink
        self._clock = clock
        self._jitter = jitter
        gateway = plan.gateway
        self._line = MbusLine(gateway.host, gateway.port, gateway.timeout_s, plan.baud)
        self._breakers = {unit.name: Breaker(now_s, jitter) for unit in plan.units}
        self._plausibility = {unit.name: Plausibility() for unit in plan.units}
        self._wake = asyncio.Event()
        self._due: datetime | None = None
        self._last_due: datetime | None = None
        self._coalesced = 0
        self._failed_connects = 0
        self._lost: set[str] = set()

    def request_round(self, due: datetime) -> None:
        """Ask for a round; while one waits to be made, the two become one.

        A mark in the poll period that was read already is not for this bus.
        """
        if self._last_due and self._period_of(due) == self._period_of(self._last_due):
            return
        if self._due is not None:
            self._coalesced += 1
        self._due = due
        self._wake.set()

    async def run(self) -> None:
        """Make every round that is asked for, until cancelled.

        A round that could not connect is tried again with growing pauses (1 s doubling to 5 min,
        by a fifth more or less) until the next one falls due; only its outcome is told again.
        """
        retry_s: float | None = None
        try:
            while True:
                due = await self._next_due(retry_s)
                is_retry = due is None
                self._last_due = due or self._last_due
                assert self._last_due is not None
                made = await self._safe_round(self._last_due)
                retry_s = None if made.reached else self._retry_s()
                if made.reached or not is_retry:
                    await self._hand_over(made)
        finally:
            await self.close()

    async def read_round(self, due: datetime) -> Round:
        """One pass over the bus, now."""
        started, notes = self._clock(), _Notes()
        reached = await self._reach(notes)
        for unit in self.plan.units if reached else ():
            if not self._line.connected and not await self._reach(notes):
                break
            await self._read_unit(unit, notes)
        if self.plan.gateway.poll_period_s > KEEP_OPEN_S:
            await self.close()
        coalesced, self._coalesced = self._coalesced, 0
        return Round(
            self.plan.gateway.id,
            due,
            started,
            self._clock(),
            tuple(notes.readings),
            tuple(notes.findings),
            sum(report.requests for report in notes.units),
            reached,
            coalesced,
            tuple(notes.units),
            tuple(notes.events),
        )

    async def close(self) -> None:
        """Close the connection; a later round opens it again."""
        await self._line.close()

    def _period_of(self, due: datetime) -> int:
        return int(due.timestamp()) // self.plan.gateway.poll_period_s

    async def _next_due(self, retry_s: float | None) -> datetime | None:
        """The next mark, or None when ``retry_s`` have passed without one."""
        try:
            async with asyncio.timeout(retry_s):
                await self._wake.wait()
        except TimeoutError:
            return None
        self._wake.clear()
        due, self._due = self._due, None
        return due

    def _retry_s(self) -> float:
        return pause_after(max(1, self._failed_connects), FIRST_RETRY_S, self._jitter())

    async def _safe_round(self, due: datetime) -> Round:
        try:
            return await self.read_round(due)
        except Exception as err:
            log.exception("gateway %s: the round failed", self.plan.gateway.id)
            await self.close()
            now = self._clock()
            finding = Finding("collect.failed", self.plan.gateway.id, f"defect: {err!r}", now)
            return Round(self.plan.gateway.id, due, now, now, (), (finding,), 0, reached=True)

    async def _hand_over(self, made: Round) -> None:
        try:
            waiting = self._sink(made)
            if inspect.isawaitable(waiting):
                await waiting
        except Exception:
            log.exception("gateway %s: a round could not be handed over", made.gateway)

    async def _reach(self, notes: _Notes) -> bool:
        """Connect if need be; False with a finding if that fails."""
        if self._line.connected:
            return True
        name = self.plan.gateway.id
        try:
            await self._line.connect()
        except ConnectionFailed as err:
            self._failed_connects += 1
            notes.findings.append(Finding("collect.gateway_down", name, str(err), self._clock()))
            self._note_lost(f"gateway {name}", str(err))
            return False
        self._failed_connects = 0
        self._note_back(f"gateway {name}")
        return True

    async def _read_unit(self, unit: MbusUnit, notes: _Notes) -> None:
        """Read one meter, or say why not; the others go on in any case."""
        breaker, detail = self._breakers[unit.name], ""
        name = f"gateway {self.plan.gateway.id} meter {unit.name}"
        talk = Dialogue(self._line, unit, self._clock, self.plan.gateway.pause_ms / 1000)
        try:
            if breaker.wait_s > 0:
                detail = f"failed {breaker.failures} times in a row, rests {breaker.wait_s:.0f} s"
                self._tell("collect.skipped", unit, detail, notes)
                return
            heard = await talk.answer(1 if breaker.failures else 2)
        except FieldError as err:
            detail = str(err)
            breaker.failed()
            self._tell(_FINDING_OF.get(type(err), "collect.failed"), unit, detail, notes)
            self._note_lost(name, detail)
        else:
            breaker.good()
            self._note_back(name)
            notes.events += self._swaps(unit, heard[0])
            self._judge(unit, heard, notes)
        finally:
            notes.units.append(self._report(unit, breaker, talk, detail))

    def _judge(self, unit: MbusUnit, heard: list[Heard], notes: _Notes) -> None:
        """Keep what the answer says; what cannot be believed is marked as suspect."""
        plausibility = self._plausibility[unit.name]
        owners = {point_id(meter.id, point.name): (meter, point) for meter, point in unit.wanted}
        for item in values_of(unit, heard):
            if isinstance(item, Finding):
                notes.findings.append(item)
                continue
            reading, suspicion = plausibility.judge_value(*owners[item.point], item)
            notes.readings.append(reading)
            notes.findings += [suspicion] if suspicion else []

    def _swaps(self, unit: MbusUnit, heard: Heard) -> list[Event]:
        """An event for each measuring position behind which another meter answers now."""
        new, events = heard.telegram.identification, []
        for meter in unit.meters:
            old = self.serials.get(meter.id)
            self.serials[meter.id] = new
            if old is None or _is_same_number(old, new):
                continue
            text = f"{meter.id}: meter {new} answers now, it was {old} before"
            facts = {"old_serial": old, "new_serial": new}
            events.append(Event(meter.id, SWAPPED, heard.at, None, text, facts))
            self._plausibility[unit.name] = Plausibility()  # a new meter counts from zero
        return events

    def _tell(self, finding: str, unit: MbusUnit, reason: str, notes: _Notes) -> None:
        now = self._clock()
        notes.findings += [Finding(finding, meter.id, reason, now) for meter in unit.meters]

    def _report(self, unit: MbusUnit, breaker: Breaker, talk: Dialogue, detail: str) -> UnitReport:
        waits = timedelta(seconds=round(breaker.wait_s))
        return UnitReport(
            unit.name,
            tuple(meter.id for meter in unit.meters),
            breaker.state,
            talk.requests,
            talk.timeouts,
            latencies_ms=tuple(talk.latencies_ms),
            failures_in_a_row=breaker.failures,
            next_try=self._clock() + waits if waits else None,
            detail=detail,
        )

    def _note_lost(self, name: str, reason: str) -> None:
        if name not in self._lost:
            self._lost.add(name)
            log.warning("%s lost: %s", name, reason)

    def _note_back(self, name: str) -> None:
        if name in self._lost:
            self._lost.discard(name)
            log.info("%s is back", name)


def _is_same_number(old: str, new: str) -> bool:
    """True if ``old``, as a person may have written it, is the number ``new`` (8 digits)."""
    digits = "".join(c for c in old if c.isdigit()).lstrip("0")
    return bool(digits) and digits == new.lstrip("0")
