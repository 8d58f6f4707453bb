"""One gateway: one task owns its connection and its queue, and reads it round by round.

::

    request_round(due) ─> mark ─> task: connect ─ unit 1: block, block ─ unit 2: … ─> Round ─> sink

Invariants: nobody else may use the connection; marks are never stacked (a round that is late
swallows the marks that came meanwhile, and counts them); a reading is stamped when its reply
arrived, once; a failed or missing value is a ``Finding`` and never a reading; the first failure of
a unit ends this unit's round, and the other units go on.

Findings made here: ``collect.gateway_down``, ``collect.no_reply``, ``collect.refused``,
``collect.bad_reply``, ``collect.connection_lost``, ``collect.not_available``,
``collect.out_of_range``, ``collect.failed`` (a defect of the program).
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from collectors.modbus import ModbusConnection
from collectors.read_plan import GatewayPlan, UnitPlan
from collectors.round import Round, readings_of
from paes.errors import BadReply, ConnectionFailed, DeviceRefused, FieldError, NoReply
from paes.gateways import Gateway
from paes.metering import Finding, Reading
from paes.periods import Clock

__all__ = ["Connection", "GatewayTask", "Round", "modbus_connection"]

log = logging.getLogger(__name__)

LONGEST_BACKOFF_S = 300.0
_MAP_ERRORS = (2, 3)  # illegal data address or value: the request asks for what is not there

_FINDING_OF: dict[type[FieldError], str] = {
    NoReply: "collect.no_reply",
    DeviceRefused: "collect.refused",
    BadReply: "collect.bad_reply",
    ConnectionFailed: "collect.connection_lost",
}


class Connection(Protocol):
    """What a gateway task needs of a connection; ``ModbusConnection`` is one."""

    @property
    def connected(self) -> bool: ...

    async def connect(self) -> None: ...

    async def close(self) -> None: ...

    async def read(
        self,
        function_code: int,
        unit: int,
        address: int,
        count: int,
        timeout_s: float | None = None,
    ) -> list[int]: ...


Sink = Callable[[Round], Awaitable[None] | None]
Connect = Callable[[Gateway], Connection]
UnitKey = tuple[int, str]


def modbus_connection(gateway: Gateway) -> ModbusConnection:
    """The connection that the gateway's configuration describes, not yet open."""
    return ModbusConnection(gateway.host, gateway.port, gateway.transport, gateway.timeout_s)


@dataclass
class _Notes:
    """What a round has gathered so far."""

    readings: list[Reading] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    requests: int = 0


class GatewayTask:
    """Reads one gateway; ``run`` as a task, ``request_round`` from anywhere in the loop."""

    def __init__(
        self,
        plan: GatewayPlan,
        sink: Sink,
        clock: Clock,
        connect: Connect = modbus_connection,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.plan = plan
        self._sink = sink
        self._clock = clock
        self._connection = connect(plan.gateway)
        self._jitter = jitter
        self._wake = asyncio.Event()
        self._due: datetime | None = None
        self._coalesced = 0
        self._failed_connects = 0
        self._lost: set[str] = set()
        self._careful: set[UnitKey] = set()

    def request_round(self, due: datetime) -> None:
        """Ask for a round; while one waits to be made, the two become one."""
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
        last_due: datetime | None = None
        try:
            while True:
                due = await self._next_due(retry_s)
                is_retry = due is None
                last_due = due or last_due
                assert last_due is not None
                made = await self._safe_round(last_due)
                retry_s = None if made.reached else self._backoff_s()
                if made.reached or not is_retry:
                    await self._hand_over(made)
        finally:
            await self.close()

    async def read_round(self, due: datetime) -> Round:
        """One pass over the gateway, now."""
        started, notes = self._clock(), _Notes()
        reached = await self._reach(notes)
        if reached:
            for unit in self.plan.units:
                if not self._connection.connected and not await self._reach(notes):
                    break
                await self._read_unit(unit, notes)
        coalesced, self._coalesced = self._coalesced, 0
        return Round(
            self.plan.gateway.id,
            due,
            started,
            self._clock(),
            tuple(notes.readings),
            tuple(notes.findings),
            notes.requests,
            reached,
            coalesced,
        )

    async def close(self) -> None:
        """Close the connection; a later round opens it again."""
        await self._connection.close()

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

    def _backoff_s(self) -> float:
        pause = min(LONGEST_BACKOFF_S, 2.0 ** (self._failed_connects - 1))
        return pause * (0.8 + 0.4 * self._jitter())

    async def _reach(self, notes: _Notes) -> bool:
        """Connect if need be; False with a finding if that fails."""
        if self._connection.connected:
            return True
        gateway = self.plan.gateway.id
        try:
            await self._connection.connect()
        except ConnectionFailed as err:
            self._failed_connects = min(self._failed_connects + 1, 10)
            notes.findings.append(Finding("collect.gateway_down", gateway, str(err), self._clock()))
            self._note_lost(f"gateway {gateway}", err)
            return False
        self._failed_connects = 0
        self._note_back(f"gateway {gateway}")
        if self.plan.connect_delay_s:
            await asyncio.sleep(self.plan.connect_delay_s)
        return True

    async def _read_unit(self, unit: UnitPlan, notes: _Notes) -> None:
        """Read one unit's blocks up to its first failure."""
        name = f"gateway {self.plan.gateway.id} unit {unit.unit}"
        key = (unit.unit, unit.profile.id)
        try:
            try:
                await self._read_blocks(unit, key in self._careful, notes)
            except DeviceRefused as err:
                if err.code not in _MAP_ERRORS or not self._can_be_careful(unit, key):
                    raise
                log.info("%s: %s; from now on without gaps", name, err)
                self._careful.add(key)
                await self._read_blocks(unit, True, notes)
        except FieldError as err:
            kind = _FINDING_OF.get(type(err), "collect.failed")
            now = self._clock()
            notes.findings += [Finding(kind, m.id, str(err), now) for m in unit.meters]
            self._note_lost(name, err)
            return
        self._note_back(name)

    def _can_be_careful(self, unit: UnitPlan, key: UnitKey) -> bool:
        return key not in self._careful and unit.careful_blocks != unit.blocks

    async def _read_blocks(self, unit: UnitPlan, careful: bool, notes: _Notes) -> None:
        for block in unit.careful_blocks if careful else unit.blocks:
            notes.requests += 1
            words = await self._connection.read(
                block.function_code, unit.unit, block.address, block.count, unit.timeout_s
            )
            at = self._clock().replace(microsecond=0)
            for item in readings_of(unit, block, words, at):
                if isinstance(item, Reading):
                    notes.readings.append(item)
                else:
                    notes.findings.append(item)
            if unit.pause_s:
                await asyncio.sleep(unit.pause_s)

    def _note_lost(self, name: str, err: FieldError) -> None:
        if name not in self._lost:
            self._lost.add(name)
            log.warning("%s lost: %s", name, err)

    def _note_back(self, name: str) -> None:
        if name in self._lost:
            self._lost.discard(name)
            log.info("%s is back", name)
