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
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from collectors.backoff import pause_after
from collectors.breaker import Breaker
from collectors.field_task import Sink
from collectors.mbus.dialogue import Dialogue
from collectors.mbus.line import MbusLine
from collectors.mbus.plan import MbusPlan, MbusUnit, plan_mbus
from collectors.mbus.values import Heard, values_of
from collectors.plausibility import Plausibility
from collectors.round import Round, UnitReport
from collectors.task_duties import Losses, PendingRound, hand_over
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


@dataclass
class _Making:
    """A round while it is made."""

    due: datetime
    started: datetime
    notes: _Notes = field(default_factory=_Notes)
    reached: bool = False


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
        self._pending = PendingRound()
        self._last_due: datetime | None = None
        self._failed_connects = 0
        self._losses = Losses()
        self._making: _Making | None = None

    def request_round(self, due: datetime) -> None:
        """Ask for a round; while one waits to be made, the two become one.

        A mark in the poll period that was read already is not for this bus.
        """
        if self._last_due and self._period_of(due) == self._period_of(self._last_due):
            return
        self._pending.ask(due)

    async def run(self) -> None:
        """Make every round that is asked for, until cancelled.

        A round that could not connect is tried again with growing pauses (1 s doubling to 5 min,
        by a fifth more or less) until the next one falls due; only its outcome is told again.
        When cancelled, what was read of the round in hand is still given to the sink.
        """
        retry_s: float | None = None
        try:
            while True:
                due = await self._pending.wait(retry_s)
                is_retry = due is None
                self._last_due = due or self._last_due
                assert self._last_due is not None
                made = await self._safe_round(self._last_due)
                retry_s = None if made.reached else self._retry_s()
                if made.reached or not is_retry:
                    await hand_over(self._sink, made)
        except asyncio.CancelledError:
            making = self._making
            if making is not None and making.notes.readings:
                await hand_over(self._sink, self._finished(making, complete=False))
            raise
        finally:
            await self.close()

    async def read_round(self, due: datetime) -> Round:
        """One pass over the bus, now."""
        self._making = making = _Making(due, self._clock())
        making.reached = await self._reach(making.notes)
        for unit in self.plan.units if making.reached else ():
            if not self._line.connected and not await self._reach(making.notes):
                break
            await self._read_unit(unit, making.notes)
        if self.plan.gateway.poll_period_s > KEEP_OPEN_S:
            await self.close()
        return self._finished(making, complete=True)

    async def close(self) -> None:
        """Close the connection; a later round opens it again."""
        await self._line.close()

    def _period_of(self, due: datetime) -> int:
        return int(due.timestamp()) // self.plan.gateway.poll_period_s

    def _retry_s(self) -> float:
        return pause_after(max(1, self._failed_connects), FIRST_RETRY_S, self._jitter())

    def _finished(self, making: _Making, complete: bool) -> Round:
        """The round with what there is; what an incomplete one did not ask for is not absent."""
        self._making, notes = None, making.notes
        return Round(
            self.plan.gateway.id,
            making.due,
            making.started,
            self._clock(),
            tuple(notes.readings),
            tuple(notes.findings),
            sum(report.requests for report in notes.units),
            making.reached,
            self._pending.take_swallowed(),
            tuple(notes.units),
            tuple(notes.events),
            complete,
        )

    async def _safe_round(self, due: datetime) -> Round:
        try:
            return await self.read_round(due)
        except Exception as err:
            gateway, now = self.plan.gateway.id, self._clock()
            log.exception("gateway %s: the round failed", gateway)
            await self.close()
            making = self._making or _Making(due, now)
            making.reached = True
            text = f"defect: {err!r}"
            making.notes.findings.append(Finding("collect.failed", gateway, text, now))
            return self._finished(making, complete=True)

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
            self._losses.note(f"gateway {name}", str(err))
            return False
        self._failed_connects = 0
        self._losses.over(f"gateway {name}")
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
            self._losses.note(name, detail)
        else:
            breaker.good()
            self._losses.over(name)
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


def _is_same_number(old: str, new: str) -> bool:
    """True if ``old``, as a person may have written it, is the number ``new`` (8 digits)."""
    digits = "".join(c for c in old if c.isdigit()).lstrip("0")
    return bool(digits) and digits == new.lstrip("0")
