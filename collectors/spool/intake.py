"""The way into the spool: rounds wait in memory only for as long as the disk takes to write them.

Rounds that end while the disk is busy are written together, in one transaction: a slow disk costs
a wait for each batch of rounds, not for each round. A disk that takes nothing is told once (ERROR)
and tried again, with one round, whenever another comes; what was read stays in memory, up to a
bound, and the sender takes it from here to the store.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from collectors.spool.spool import DROPPED, SPOOL, Parcel, Spool
from paes.errors import StoreError
from paes.events import Event
from paes.periods import Clock

log = logging.getLogger(__name__)

MOST_HELD = 200_000
"""Readings in memory while the disk takes nothing, about 100 MB."""
MOST_TOGETHER = 500
"""Rounds in one transaction."""
RETRY_S = 1.0


class Intake:
    """The only writer of rounds into ``spool``; used from one event loop, writes in a thread."""

    def __init__(self, spool: Spool, clock: Clock, most_held: int = MOST_HELD) -> None:
        self._spool = spool
        self._clock = clock
        self._most_held = most_held
        self._held: list[Parcel] = []
        self._for_good: list[Parcel] = []
        self._lock = asyncio.Lock()
        self.failing_since: datetime | None = None
        """Since when the spool takes nothing; None if it does."""
        self.given_up = 0
        """Readings that neither the spool nor memory could take."""

    @property
    def held(self) -> tuple[Parcel, ...]:
        """What is in memory alone, oldest first."""
        return tuple(self._held)

    @property
    def held_readings(self) -> int:
        """How many readings are in memory alone."""
        return sum(len(p.readings) for p in self._held)

    async def put(self, parcel: Parcel) -> bool:
        """Take ``parcel``; True once it is on disk, False if it must stay in memory.

        It is taken even if the caller is cancelled meanwhile.
        """
        self._held.append(parcel)
        return await self.flush()

    async def put_for_good(self, parcel: Parcel) -> None:
        """Take ``parcel`` and return only once it is on disk or in the store.

        For those who hear what nobody says twice: a broker keeps what is not acknowledged.
        """
        self._for_good.append(parcel)
        try:
            await self.put(parcel)
            while any(held is parcel for held in self._held):
                await asyncio.sleep(RETRY_S)
                await self.flush()
        finally:
            self._for_good = [p for p in self._for_good if p is not parcel]

    async def flush(self) -> bool:
        """Bring to disk what is in memory; False if the disk takes nothing."""
        return await asyncio.shield(asyncio.ensure_future(self._flush()))

    async def sent(self, parcels: Sequence[Parcel]) -> None:
        """The store has the readings and events of ``parcels``; only their state must be kept."""
        gone = {id(p) for p in parcels}
        async with self._lock:  # what is being written just now must not be told once more later
            self._held = _merged(Parcel(state=p.state) if id(p) in gone else p for p in self._held)

    def failed(self, err: StoreError) -> None:
        """The spool could not be written; told once."""
        if self.failing_since is None:
            self.failing_since = self._clock()
            log.error("the spool failed, %d readings in memory: %s", self.held_readings, err)

    def _release(self, parcels: Sequence[Parcel]) -> None:
        gone = {id(p) for p in parcels}
        self._held = [p for p in self._held if id(p) not in gone]

    async def _flush(self) -> bool:
        async with self._lock:
            many = 1 if self.failing_since else MOST_TOGETHER
            waiting = self.held  # none if somebody else's write took ours along
            while waiting:
                parcels, waiting = waiting[:many], waiting[many:]
                try:
                    await asyncio.to_thread(self._write, parcels)
                except StoreError as err:
                    self.failed(err)
                    surplus = self.held_readings - self._most_held
                    if surplus > 0:
                        self._give_up(surplus)
                    return False
                except Exception:
                    log.exception("%d rounds cannot be written as they are", len(parcels))
                    many, rest = 1, self._without_defect(parcels)
                    waiting = (*rest, *waiting)
                    continue
                self._release(parcels)
                many = min(2 * many, MOST_TOGETHER)
                if self.failing_since and not self._held:
                    log.info("the spool takes readings again")
                    self.failing_since = None
            return True

    def _without_defect(self, parcels: Sequence[Parcel]) -> Sequence[Parcel]:
        """What to try instead of ``parcels``, which cannot be written: one after the other, and
        of the one to blame its readings alone. It must not keep all others in memory for ever.
        """
        if len(parcels) > 1:
            return parcels
        (blamed,) = parcels
        bare = replace(blamed, events=(), state={})
        may_help = bool(bare.readings and (blamed.events or blamed.state))
        instead = [bare] if may_help else []
        at = next(n for n, held in enumerate(self._held) if held is blamed)
        self._held[at : at + 1] = instead
        return instead

    def _write(self, parcels: Sequence[Parcel]) -> None:
        self._spool.put(*parcels)
        given_up = 0
        with suppress(StoreError):  # they are on disk; what is too much can go with the next ones
            given_up = self._spool.trim(self._clock())
        if given_up:
            log.error("readings lost: %d of the oldest did not fit into the spool", given_up)

    def _give_up(self, surplus: int) -> None:
        """Drop the oldest gauges and, if these are not enough, the oldest readings of all."""
        before = self.held_readings
        kept = {id(p) for p in self._for_good}  # their broker has them, and waits
        rest = _thin(self._held, surplus, lambda p, at: id(p) not in kept and at in p.gauges)
        _thin(self._held, rest, lambda p, _point: id(p) not in kept)
        lost = before - self.held_readings
        self.given_up += lost
        log.error("readings lost: %d of the oldest did not fit into memory", lost)
        since = self.failing_since or self._clock()
        text = f"the spool could not be written: {self.given_up} readings did not fit into memory"
        facts = {"readings": float(self.given_up)}
        told = Event(SPOOL, DROPPED, since, max(since, self._clock()), text, facts)
        self._held = _merged([*self._held, Parcel(events=(told,))])


def _merged(parcels: Iterable[Parcel]) -> list[Parcel]:
    """``parcels``, neighbours without readings made into one, so that memory is bounded.

    What is told again replaces what was told before, as it does on disk.
    """
    merged: list[Parcel] = []
    for parcel in parcels:
        if not parcel.readings and merged and not merged[-1].readings:
            before = merged.pop()
            events = {(e.subject, e.name, e.start): e for e in (*before.events, *parcel.events)}
            parcel = Parcel(events=tuple(events.values()), state={**before.state, **parcel.state})
        if parcel.readings or parcel.events or parcel.state:
            merged.append(parcel)
    return merged


def _thin(parcels: list[Parcel], surplus: int, may_go: Callable[[Parcel, str], bool]) -> int:
    """Take what may go out of the oldest ``parcels``; how much is still too much."""
    for number, parcel in enumerate(parcels):
        if surplus <= 0:
            break
        going = [r for r in parcel.readings if may_go(parcel, r.point)][:surplus]
        surplus -= len(going)
        if not going:
            continue
        gone = {id(r) for r in going}
        kept = [r for r in parcel.readings if id(r) not in gone]
        parcels[number] = replace(parcel, readings=kept)
    return surplus
