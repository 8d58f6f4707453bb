"""What is done to a store beside writing: derived rows made as readings arrive, old power deleted.

Nothing depends on it but speed and room: rows are made when they are asked for as well, and
readings that have expired can be deleted later. So a store that is away is told once, and tried
again at the next run.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from paes.accounting.ledger import EnergyLedger
from paes.errors import StoreError
from paes.installation import Installation
from paes.meters import Meter
from paes.periods import Clock, Span, from_seconds, now_utc
from paes.store import Store

RECENT = timedelta(days=40)
"""Derived rows are looked after so far back; what was touched later, wherever it lies."""
OVERLAP = timedelta(hours=1)
"""Touches are told by the clocks of those who write; so far they may be apart."""

log = logging.getLogger(__name__)


class Upkeep:
    """The upkeep of one store, run after run; ``stop`` ends the one under way soon."""

    def __init__(
        self,
        installation: Callable[[], Installation],
        store: Callable[[], Store],
        clock: Clock = now_utc,
    ) -> None:
        self._installation = installation
        self._store = store
        self._clock = clock
        self._looked_at = clock() - RECENT
        self._expired_on: date | None = None
        self._failing = False
        self._stopped = threading.Event()

    def run(self) -> None:
        """Make what is missing of recent and touched months; once a day delete what has expired."""
        if self._stopped.is_set():
            return
        try:
            now = self._clock()
            ledger = EnergyLedger(self._installation(), self._store(), self._clock)
            for span, meters in _touched(ledger, self._looked_at - OVERLAP):
                ledger.refresh(span, self._go_on, meters)
            ledger.refresh(Span(now - RECENT, now), self._go_on)
            self._looked_at = now
            if self._expired_on != now.date():
                self._expire(ledger, now)
                self._expired_on = now.date()
        except _Stopped:
            return
        except StoreError as err:
            if not self._failing:
                log.warning("the upkeep of the store waits: %s", err)
            self._failing = True
        else:
            self._failing = False

    def stop(self) -> None:
        """End the run under way, and all later ones, after a few meters."""
        self._stopped.set()

    def _expire(self, ledger: EnergyLedger, now: datetime) -> None:
        """Delete what no class of the installation keeps any longer."""
        installation, store = ledger.installation, ledger.store
        registers = installation.registers
        for told in installation.retention.expiring(store.points(), registers, now):
            deleted = 0
            for done, point in enumerate(told.points):
                self._go_on(done, len(told.points))
                deleted += store.expire([point], told.before)
            if deleted:
                log.info("%d readings of class %s have expired: deleted", deleted, told.of.name)

    def _go_on(self, done: int, of: int) -> None:
        if self._stopped.is_set():
            raise _Stopped


class _Stopped(Exception):
    """Somebody wants to end."""


def _touched(ledger: EnergyLedger, since: datetime) -> Iterator[tuple[Span, list[Meter]]]:
    """What late readings have touched, a month at a time, with the meters it was touched of."""
    registers = ledger.installation.registers
    meters = {register.point: ledger.installation.meters[m] for m, register in registers.items()}
    months: dict[tuple[int, int], dict[str, list[datetime]]] = {}
    for point, touches in ledger.store.touched_since(since).items():
        for day in map(from_seconds, touches.day_s.tolist()):
            if point in meters:
                of_month = months.setdefault((day.year, day.month), {})
                of_month.setdefault(point, []).append(day)
    for _, found in sorted(months.items()):
        days = [day for of_point in found.values() for day in of_point]
        yield Span(min(days), max(days) + timedelta(days=1)), [meters[point] for point in found]
