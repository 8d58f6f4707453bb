"""The nightly run: malfunctions are looked for once a night, and who is to be told is told.

Works in a thread of its own beside collecting, so that no round waits. Which nights were judged is
kept in the store (an event), so that a collector that was off in the night makes up for it when it
is back; of several missed nights one run makes up. A store that is away is told once and tried
again with growing pauses; whoever stops waits for a few meters at most.

The time is looked at, not waited for: a clock that is set, a machine that sleeps, or a changed
``notices.yaml`` need nothing special.
"""

from __future__ import annotations

import logging
import os
import threading
import time as stopwatch
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from paes.accounting.ledger import EnergyLedger
from paes.errors import PaesError, StoreError
from paes.events import Event
from paes.faults.cases.case import CaseUpdate
from paes.faults.cases.register import update_cases
from paes.faults.telling.notices import Environment
from paes.faults.telling.notify import Notifier
from paes.installation import Installation
from paes.periods import Clock, Span, local_instant, now_utc, zone
from paes.store import Store

LOOK_S = 60.0
"""How often the clock is looked at."""
JUDGED = timedelta(days=60)
"""So far back a night looks at least: longer than any rule waits before it calls a case over."""
MOST_JUDGED = timedelta(days=400)
"""So far back the first run looks, and one after a long stop."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
NIGHT = "nightly.run"
"""A night that was judged; its start is when it was due. Facts: at, new, changed, closed, run_s."""
SUBJECT = "faults"
LAST_WAIT_S = 10.0

Update = Callable[[EnergyLedger, Span, Callable[[int, int], None]], CaseUpdate]

log = logging.getLogger(__name__)


def last_due(now: datetime, at: time, tz: str) -> datetime:
    """The latest instant not after ``now`` at which the clocks in ``tz`` showed ``at``."""
    today: date = now.astimezone(zone(tz)).date()
    due = (local_instant(today - timedelta(days=back), at, tz) for back in range(3))
    return next(instant for instant in due if instant <= now)


def last_night(store: Store, now: datetime) -> datetime | None:
    """When the last night that was judged had been due; None if there was none for a year."""
    events = store.events(now - MOST_JUDGED, None, [SUBJECT], NIGHT)
    return max((event.start for event in events), default=None)


class Nightly:
    """The nights of one installation: ``start`` and ``stop``, or ``look`` by hand."""

    def __init__(
        self,
        installation: Callable[[], Installation],
        store: Callable[[], Store],
        clock: Clock = now_utc,
        update: Update = update_cases,
        environment: Environment = os.environ,
    ) -> None:
        self._installation = installation
        self._store = store
        self._clock = clock
        self._update = update
        self._notifier = Notifier(installation, store, clock, environment)
        self._judged: datetime | None = None
        self._failures = 0
        self._wait_until: datetime | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, look_s: float = LOOK_S) -> None:
        """Look at the clock every ``look_s`` in a thread of its own, until ``stop``."""
        # A daemon: a mail server that keeps us waiting must not keep the process alive. What it
        # was sent is known, and is sent under the same id if it was not accepted.
        self._thread = threading.Thread(
            target=self._keep_looking, args=(look_s,), name="nightly", daemon=True
        )
        self._thread.start()

    def stop(self, wait_s: float = LAST_WAIT_S) -> None:
        """End the run under way after a few meters; back soon in any case."""
        self._stopped.set()
        if self._thread:
            self._thread.join(wait_s)

    def look(self) -> None:
        """Judge the night if it is due, and tell who is to be told; never raises."""
        now = self._clock()
        if self._stopped.is_set() or (self._wait_until and now < self._wait_until):
            return
        try:
            self._judge_if_due(now)
            self._notifier.tell()
        except _Stopped:
            return
        except StoreError as err:
            self._failed(now, f"the nightly run waits for the store: {err}")
        except PaesError as err:
            self._failed(now, f"the nightly run failed and is tried again: {err}")
        except Exception:
            if self._is_news:
                log.exception("the nightly run failed and is tried again")
            self._failed(now)
        else:
            self._failures, self._wait_until = 0, None

    def _keep_looking(self, look_s: float) -> None:
        while not self._stopped.wait(look_s):
            self.look()

    def _judge_if_due(self, now: datetime) -> None:
        installation = self._installation()
        tz = installation.city().time_zone
        due = last_due(now, installation.notices.night_run, tz)
        if self._judged is not None and self._judged >= due:
            return
        store = self._store()
        last = last_night(store, now)
        if last is None or last < due:
            self._judge(EnergyLedger(installation, store, self._clock), now, due, last)
            self._notifier.wake()
        self._judged = due

    def _judge(
        self, ledger: EnergyLedger, now: datetime, due: datetime, last: datetime | None
    ) -> None:
        begun = now - MOST_JUDGED
        if last is not None:
            begun = max(last - JUDGED, begun)
        begun_s = stopwatch.monotonic()
        made = self._update(ledger, Span(begun, now), self._go_on)
        run_s = stopwatch.monotonic() - begun_s
        new, changed, closed = (len(cases) for cases in (made.new, made.changed, made.closed))
        text = f"malfunctions: {new} new, {changed} changed, {closed} closed in {run_s:.0f} s"
        facts = {"new": new, "changed": changed, "closed": closed, "run_s": round(run_s, 1)}
        if made.failures:
            facts["failed"] = len(made.failures)
            text += f"; {len(made.failures)} times a rule failed: paes faults"
        event = Event(SUBJECT, NIGHT, due, None, text, {"at": now.isoformat(), **facts})
        ledger.store.write_events([event])
        log.info("%s", text)

    def _go_on(self, _done: int, _of: int) -> None:
        if self._stopped.is_set():
            raise _Stopped

    @property
    def _is_news(self) -> bool:
        """Only the first failure in a row is told, and none once it is to end."""
        return not self._failures and not self._stopped.is_set()

    def _failed(self, now: datetime, text: str = "") -> None:
        if text and self._is_news:
            log.warning("%s", text)
        pause = min(FIRST_PAUSE * 2 ** min(self._failures, 10), LONGEST_PAUSE)
        self._failures += 1
        self._wait_until = now + pause


class _Stopped(Exception):
    """Somebody wants to end."""
