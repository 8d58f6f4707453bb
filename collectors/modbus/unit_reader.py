"""One unit behind a gateway: everything known of it, and how it is read in a round.

::

    where its points are ─> block ─> block ─> … until the first silence ─> who it is
                              └ refused: taken apart until what is to blame is known

Invariants: a silence ends the unit's part of a round; no value is read apart from its scale
factor; what could not be read is a finding and never a reading; what a failed round left owing is
read in the first round that succeeds.

Findings made here: ``collect.no_reply``, ``collect.refused``, ``collect.bad_reply``,
``collect.connection_lost``, ``collect.skipped``, ``collect.map_error``, ``collect.suspect``, and
those of ``collectors.round``.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import timedelta

from collectors.breaker import Breaker, Consequence, consequence, is_silence
from collectors.devices.point import MOST_REGISTERS
from collectors.devices.registers import stored_name, words_of_point
from collectors.modbus.blocks import Block, smallest, values_of
from collectors.modbus.notes import Notes
from collectors.modbus.read_plan import PollClass, UnitPlan
from collectors.modbus.readings import readings_of
from collectors.modbus.sunspec import BASES
from collectors.modbus.unit_device import UnitDevice
from collectors.modbus.unit_knowledge import (
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    STEPS,
    Knowledge,
    Refusals,
    parts,
    refusal_text,
)
from collectors.modbus.unit_line import SharedLine, Tally, UnitLine
from collectors.plausibility import Plausibility
from collectors.round import UnitReport
from paes.errors import (
    BadReply,
    ConnectionFailed,
    DataError,
    DeviceRefused,
    FieldError,
    NoReply,
)
from paes.metering import Finding, point_id

log = logging.getLogger(__name__)

BUSY_PAUSE_S = 0.2
"""After which a device that was busy is asked once more."""

SEARCH_EVERY = 4
"""Of so many probes of a SunSpec device one asks where another one would begin: it may have been
exchanged for one that is silent where the old one had its model."""

_FINDING_OF: dict[type[FieldError], str] = {
    DeviceRefused: "collect.refused",
    BadReply: "collect.bad_reply",
    ConnectionFailed: "collect.connection_lost",
}


class UnitReader:
    """Reads one unit; lives as long as its gateway's task, and learns."""

    def __init__(
        self, plan: UnitPlan, shared: SharedLine, breaker: Breaker, serials: dict[str, str]
    ) -> None:
        self.plan = plan
        self.breaker = breaker
        self._shared = shared
        self._line = UnitLine(shared, plan.pause_s)
        self._device = UnitDevice(plan, self._line, serials)
        self._owed: set[PollClass] = set()
        self._detail = ""
        self._came_back = False
        self._forget()

    def begin(self, classes: Iterable[PollClass]) -> None:
        """A round begins in which ``classes`` are due."""
        self._owed.update(classes)
        self._line.tally = Tally()
        self._came_back = False

    async def probe(self, notes: Notes) -> bool:
        """Ask one small question; False if the unit is still dead. Any answer is life."""
        function_code, address, count = self._probe_request()
        try:
            await self._line.read(
                function_code, self.plan.unit, address, count, self.plan.timeout_s
            )
        except FieldError as err:
            if not isinstance(err, DeviceRefused) or consequence(err) is Consequence.BACK_OFF:
                self._failed(err, notes)
                return False
        self._came_back = True
        self._device.came_back()
        return True

    async def read(self, notes: Notes) -> FieldError | None:
        """Read what is owed; what ended it early, if anything did."""
        began = self._shared.clock()
        try:
            plan = await self._device.located_plan()
            await self._read_blocks(plan, notes)
            if await self._device.identify(began, notes):
                self._forget()
        except DataError as err:  # the device is well, but is not what the profile describes
            self._tell_meters("collect.map_error", str(err), notes)
            self._detail = str(err)
            self.breaker.good()
            return None
        except FieldError as err:
            self._failed(err, notes)
            return err
        self._owed.clear()
        self.breaker.good()
        return None

    def skip(self, notes: Notes) -> None:
        """The unit is not asked in this round."""
        text = f"unit {self.plan.unit} is not asked after {self.breaker.failures} failures in a row"
        self._tell_meters("collect.skipped", f"{text}; the last: {self._detail}", notes)

    def report(self) -> UnitReport:
        """How the unit did in the round that ends."""
        tally, breaker = self._line.tally, self.breaker
        return UnitReport(
            str(self.plan.unit),
            tuple(m.id for m in self.plan.meters),
            breaker.state,
            tally.requests,
            tally.timeouts,
            dict(tally.exceptions),
            tuple(tally.latencies_ms),
            breaker.failures,
            self._shared.clock() + timedelta(seconds=breaker.wait_s) if breaker.failures else None,
            self._detail,
        )

    def _forget(self) -> None:
        """Another device may be there: nothing learned holds any more."""
        self._knowledge = Knowledge(self._shared.now_s)
        self._plausibility = Plausibility()

    def _failed(self, err: FieldError, notes: Notes) -> None:
        self._detail = str(err)
        name = "collect.no_reply" if is_silence(err) else _FINDING_OF.get(type(err))
        self._tell_meters(name or "collect.failed", str(err), notes)
        if consequence(err) is Consequence.BACK_OFF:
            self.breaker.failed()
        else:
            self.breaker.good()  # it answered

    def _tell_meters(self, name: str, text: str, notes: Notes) -> None:
        now = self._shared.clock()
        notes.findings += [Finding(name, m.id, text, now) for m in self.plan.meters]

    def _probe_request(self) -> tuple[int, int, int]:
        """Function, address and count of a small question.

        Where frames carry no number, every other one is of a length that no request has: answers
        that are late by one question are told by it before a value is believed. (Not every one,
        for there are devices that do not answer what they do not expect.)
        """
        plan, failures = self._device.known_plan, self.breaker.failures
        is_searched = self.plan.profile.is_relative and failures % SEARCH_EVERY == 0
        if plan is None or is_searched:
            return 3, BASES[failures % len(BASES)], 2  # where "SunS" may stand
        block = smallest(plan.blocks, plan.profile)
        count = block.count
        if not self._shared.has_numbered_frames and failures % 2:
            due = plan.blocks_of(self._owed, self._knowledge.limits())
            others = {b.count for b in (*plan.blocks, *due)}
            count = next(n for n in (count, *range(1, MOST_REGISTERS)) if n not in others)
        return block.function_code, block.address, count

    async def _ask(self, block: Block) -> list[int]:
        """The words of ``block``; a busy device is asked once more."""
        request = (block.function_code, self.plan.unit, block.address, block.count)
        try:
            return await self._line.read(*request, self.plan.timeout_s)
        except DeviceRefused as err:
            if consequence(err) is not Consequence.ASK_ONCE_MORE:
                raise
        await asyncio.sleep(BUSY_PAUSE_S)
        return await self._line.read(*request, self.plan.timeout_s)

    async def _read_blocks(self, plan: UnitPlan, notes: Notes) -> None:
        known = self._knowledge
        limits = known.limits()
        queue = deque(plan.blocks_of(self._owed, limits))
        self._detail = ""
        self._tell_left_out(plan, limits.without, notes)
        if known.refuses_all and queue and not await self._answers_again(plan, queue, notes):
            return
        refusals = Refusals()
        while queue:
            block = queue.popleft()
            try:
                words = await self._ask(block)
            except NoReply:
                if self._came_back and block.count > STEPS[-1]:
                    known.shorten(block)  # it answered a small question a moment ago
                raise
            except DeviceRefused as err:
                if consequence(err) is not Consequence.MAP_ERROR:
                    raise
                queue = deque([*self._taken_apart(plan, block, queue, err, refusals)])
                continue
            refusals.answered = True
            known.note_read(block)
            self._take(plan, block, words, notes)
        self._conclude(plan, refusals, notes)

    def _taken_apart(
        self,
        plan: UnitPlan,
        block: Block,
        rest: Sequence[Block],
        err: DeviceRefused,
        refusals: Refusals,
    ) -> list[Block]:
        """What to ask for after a refusal: in shorter requests, or the block's parts first."""
        refusals.last = err
        known = self._knowledge
        pieces = parts(plan.profile, block)
        if err.code == ILLEGAL_VALUE and pieces and known.shorten(block):
            limits = known.limits()
            log.info("%s; asking for at most %d registers at a time", err, known.max_registers)
            return [
                shorter for b in (block, *rest) for shorter in plan.blocks_for(values_of(b), limits)
            ]
        if err.code == ILLEGAL_FUNCTION:
            pieces = []
        if pieces:
            refusals.whole.append(block)
        else:
            refusals.single.append((block, refusal_text(block, plan.profile, err)))
        return [*pieces, *rest]

    def _conclude(self, plan: UnitPlan, refusals: Refusals, notes: Notes) -> None:
        """Learn from what was refused; tell the technician which registers are not there."""
        if refusals.last is None:
            return
        known = self._knowledge
        self._detail = str(refusals.last)
        if not refusals.answered and PollClass.COUNTERS in self._owed:
            known.refuses_all = True
            self._tell_refuses_all(refusals.last, notes)
            return
        for block, text in refusals.single:
            names = {p.name for p in values_of(block)}
            if not names & set(known.bad):
                log.warning("%s", text)
            known.note_bad(names, text)
            self._tell_left_out(plan, names, notes)
        for block in refusals.whole:
            known.conclude(plan.profile, block)

    async def _answers_again(self, plan: UnitPlan, blocks: Sequence[Block], notes: Notes) -> bool:
        """Whether a device that refused everything still does, by its smallest request."""
        try:
            await self._ask(smallest(blocks, plan.profile))
        except DeviceRefused as err:
            if consequence(err) is not Consequence.MAP_ERROR:
                raise
            self._tell_refuses_all(err, notes)
            return False
        self._knowledge.refuses_all = False
        return True

    def _tell_refuses_all(self, err: DeviceRefused, notes: Notes) -> None:
        self._detail = f"every register is refused: {err}; is {self.plan.profile.id} the profile?"
        self._tell_meters("collect.map_error", self._detail, notes)

    def _tell_left_out(self, plan: UnitPlan, names: Iterable[str], notes: Notes) -> None:
        now, bad = self._shared.clock(), self._knowledge.bad
        for meter, point in plan.wanted:
            if point.name in names:
                name = point_id(meter.id, stored_name(meter, point))
                text = bad[point.name].message
                self._detail = text
                notes.findings.append(Finding("collect.map_error", name, text, now))

    def _take(self, plan: UnitPlan, block: Block, words: Sequence[int], notes: Notes) -> None:
        """Readings and findings of one answer, stamped when it came."""
        at = self._line.answered_at.replace(microsecond=0)
        own = plan.own_points
        for item in readings_of(plan, block, words, at):
            if isinstance(item, Finding):
                notes.findings.append(item)
                continue
            meter, point = own[item.point]
            its_words = words_of_point(point, block.address, words)
            reading, suspicion = self._plausibility.judge(meter, point, its_words, item)
            notes.readings.append(reading)
            notes.findings += [suspicion] if suspicion else []
