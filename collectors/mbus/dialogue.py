"""What is said with one M-Bus meter: reset or select it, then fetch its telegrams one by one.

The frame count bit tells a meter whether its last telegram arrived: with the same bit it says it
again, with the other it goes on (EN 13757-2). After a failure all is begun again from the reset
on, so that no telegram is taken for another. An answer of another meter is never taken.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from collectors.mbus.frames import Telegram, telegram_of
from collectors.mbus.line import MbusLine
from collectors.mbus.link import ACK, SELECTED, request, reset, select, shown
from collectors.mbus.plan import MbusUnit
from collectors.mbus.values import Heard
from paes.errors import BadReply, FieldError, NoReply
from paes.periods import Clock


class Dialogue:
    """The exchange with one meter in one round, and what it cost."""

    def __init__(self, line: MbusLine, unit: MbusUnit, clock: Clock, pause_s: float) -> None:
        self.requests = 0
        self.timeouts = 0
        self.latencies_ms: list[float] = []
        self._line, self._unit = line, unit
        self._clock = clock
        self._pause_s = pause_s
        self._name = f"{line.place} {'meter' if unit.secondary else 'address'} {unit.name}"

    async def answer(self, attempts: int) -> list[Heard]:
        """All that the meter says, begun again after a failure as long as there are attempts.

        Raises NoReply, BadReply, ConnectionFailed.
        """
        while True:
            try:
                return await self._read()
            except (NoReply, BadReply) as err:
                self.timeouts += isinstance(err, NoReply)
                attempts -= 1
                await self._line.wait_for_quiet()
                if not attempts or not self._line.connected:
                    raise

    async def _read(self) -> list[Heard]:
        """Reset or select the meter, then fetch telegram after telegram."""
        unit = self._unit
        opening = select(unit.secondary) if unit.secondary else reset(unit.address)
        frame = await self._ask(opening)
        if frame != ACK:
            raise BadReply(f"{self._name}: {shown(frame)} instead of an acknowledgement (E5)")
        try:
            return await self._telegrams()
        finally:
            if unit.secondary and self._line.connected:
                await self._release()

    async def _telegrams(self) -> list[Heard]:
        heard: list[Heard] = []
        frame_count_bit = True
        while len(heard) < self._unit.max_telegrams:
            frame = await self._ask(request(self._unit.address, frame_count_bit))
            at = self._clock().replace(microsecond=0)
            telegram = self._checked(frame, sum(len(h.telegram.records) for h in heard))
            if heard and _says_the_same(telegram, heard[-1].telegram):
                break  # a meter that always announces more, and has none
            heard.append(Heard(telegram, at))
            if not telegram.more_follow:
                break
            frame_count_bit = not frame_count_bit
        return heard

    async def _release(self) -> None:
        """Let a selected meter go, which also sets it to its first telegram for the next time."""
        with suppress(FieldError):  # what it said before is what counts
            await self._ask(reset(SELECTED))

    async def _ask(self, frame: bytes) -> bytes:
        self.requests += 1
        begun_s = time.monotonic()
        answer = await self._line.ask(frame, self._name)
        self.latencies_ms.append((time.monotonic() - begun_s) * 1000)
        if self._pause_s:
            await asyncio.sleep(self._pause_s)
        return answer

    def _checked(self, frame: bytes, first_index: int) -> Telegram:
        """The telegram in ``frame``; BadReply if it is damaged or another meter's."""
        unit = self._unit
        try:
            telegram = telegram_of(frame, first_index)
        except BadReply as err:
            raise BadReply(f"{self._name}: {err}") from err
        if unit.secondary and telegram.identification != unit.secondary:
            raise BadReply(f"{self._name}: meter {telegram.identification} answered instead")
        if unit.address != SELECTED and telegram.address != unit.address:
            raise BadReply(
                f"{self._name}: answer of address {telegram.address}, a late one or that of "
                "another meter"
            )
        return telegram


def _says_the_same(telegram: Telegram, before: Telegram) -> bool:
    """True if only the places of the records differ."""

    def contents(of: Telegram) -> list[object]:
        return [(str(r), r.unit, r.value, r.fault) for r in of.records]

    return contents(telegram) == contents(before)
