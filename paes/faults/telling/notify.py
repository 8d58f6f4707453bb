"""Who is to be told is told: by every way of its own, once, and not in quiet hours.

::

    cases ─ unsaid news ─ kept as "sending" ─ sent ─ kept as "told"
                                                └── kept as "failed", tried again later

Told is written when the server has accepted; the store is written *before* anything is sent, so
that whoever was killed in between sends the very same news again, under the same id, once. One way
that fails does not stop the other.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from paes.errors import NoticeError, NoticeRefused
from paes.faults.cases.register import all_cases, case_of
from paes.faults.telling.digest import digest, digest_id
from paes.faults.telling.mail import letter, send_mail
from paes.faults.telling.news import (
    NOTICE,
    WAYS,
    News,
    Telling,
    Told,
    telling_event,
    tellings,
    unsaid,
)
from paes.faults.telling.notices import Environment, Notices
from paes.faults.telling.one_teller import new_token, only_teller
from paes.faults.telling.webhook import send_webhook
from paes.installation import Installation
from paes.periods import Clock, now_utc
from paes.report.notice_documents import notice_document
from paes.store import Store

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=6)
PAUSE_AFTER_REFUSAL = timedelta(hours=24)
"""Somebody has to set something right; a changed notices.yaml is tried at once."""
LOOK_AGAIN = timedelta(hours=1)
"""Cases change between runs too: people dismiss them, and make runs by hand."""
IN_FLIGHT = timedelta(minutes=10)
"""For so long what is being sent may be in the hands of another process."""
MOST_TRIES = 3
"""So often is sent again what may have arrived; then it counts as told."""

Knows = Mapping[tuple[str, str], Told]


@dataclass
class _Pause:
    """How a way has been failing."""

    until: datetime
    failures: int
    reason: str
    notices: Notices


class Notifier:
    """Tells of one installation's cases; ``tell`` again and again, from one thread."""

    def __init__(
        self,
        installation: Callable[[], Installation],
        store: Callable[[], Store],
        clock: Clock = now_utc,
        environment: Environment = os.environ,
    ) -> None:
        self._installation = installation
        self._store = store
        self._clock = clock
        self._environment = environment
        self._pauses: dict[str, _Pause] = {}
        self._rest_until: datetime | None = None
        self._token = new_token()
        self._stepped_back = False

    def wake(self) -> None:
        """There may be something new: look at the next ``tell``."""
        self._rest_until = None

    @property
    def failing(self) -> list[str]:
        """Why nobody could be told last, by each way that failed."""
        return [pause.reason for pause in self._pauses.values()]

    def tell(self) -> int:
        """Send what is due by each way that may be tried now; how many news were told.

        Raises StoreError if the store cannot be read or written; nothing was sent then that is
        not sent again under the same id.
        """
        installation, now = self._installation(), self._clock()
        notices = installation.notices
        ways = [way for way in WAYS if getattr(notices, way) and self._may_try(way, notices, now)]
        if not ways or (self._rest_until and now < self._rest_until):
            return 0
        if notices.quiet and notices.quiet.covers(now, installation.city().time_zone):
            return 0
        self._stepped_back = False
        told = sum(self._tell_alone(way, installation, now) for way in ways)
        is_busy = told or self._pauses or self._stepped_back
        self._rest_until = None if is_busy else now + LOOK_AGAIN
        return told

    def _tell_alone(self, way: str, installation: Installation, now: datetime) -> int:
        store = self._store()
        if not next_news(store, way, installation.notices, now)[1]:
            return 0
        with only_teller(store, way, self._token, now, IN_FLIGHT) as is_only:
            if is_only:  # what there is to tell is looked at again: another may just have told it
                return self._tell_by(way, installation, now)
        self._stepped_back = True
        return 0

    def _may_try(self, way: str, notices: Notices, now: datetime) -> bool:
        pause = self._pauses.get(way)
        return pause is None or now >= pause.until or pause.notices != notices

    def _tell_by(self, way: str, installation: Installation, now: datetime) -> int:
        store = self._store()
        known, news = next_news(store, way, installation.notices, now)
        if not news:
            return 0
        id_ = _id(way, news, known)
        tries = _tries(news, known) + 1
        whole = [News(n.what, case_of(store, n.case.id), n.number) for n in news]
        self._keep(store, whole, way, Telling.SENDING, id_, tries)
        try:
            self._send(way, whole, installation, id_, now)
        except NoticeError as err:
            self._failed(way, installation.notices, now, err)
            if not err.is_doubtful:
                self._keep(store, whole, way, Telling.FAILED, id_, tries)
                return 0
            if tries < MOST_TRIES:
                return 0
            log.warning("%s: sent %d times without an answer, not again", way, tries)
        self._keep(store, whole, way, Telling.TOLD, id_, tries)
        if self._pauses.pop(way, None):
            log.info("notices by %s are accepted again", way)
        return len(whole)

    def _send(
        self, way: str, news: list[News], installation: Installation, id_: str, now: datetime
    ) -> None:
        notices, simulated = installation.notices, is_simulated(self._store())
        if way == "mail" and notices.mail:
            made = replace(digest(news, installation, now, way, simulated), id=id_)
            send_mail(letter(made, notices.mail, now), notices.mail, self._environment)
        elif notices.webhook:
            document = notice_document(id_, news, installation, now, simulated)
            send_webhook(id_, document, notices.webhook, now, self._environment)

    def _keep(
        self, store: Store, news: Iterable[News], way: str, state: Telling, id_: str, tries: int
    ) -> None:
        at = self._clock()
        store.write_events([telling_event(one, way, state, id_, at, tries) for one in news])

    def _failed(self, way: str, notices: Notices, now: datetime, err: NoticeError) -> None:
        before = self._pauses.get(way)
        failures = before.failures + 1 if before else 1
        pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
        if isinstance(err, NoticeRefused):
            pause = PAUSE_AFTER_REFUSAL
        if before is None or before.reason != str(err):
            until = f"{(now + pause).isoformat(timespec='minutes')}"
            log.warning("news of malfunctions wait: %s; tried again at %s", err, until)
        self._pauses[way] = _Pause(now + pause, failures, str(err), notices)


def next_news(store: Store, way: str, notices: Notices, now: datetime) -> tuple[Knows, list[News]]:
    """What was told by ``way``, and what is to be told next: what was cut off before all else."""
    known = tellings(store.events(name=f"{NOTICE}{way}."), way)
    news = unsaid(all_cases(store), known, notices.least_eur_per_week)
    cut_off = [one for one in known.values() if one.state is Telling.SENDING]
    if not cut_off:
        return known, news
    oldest = min(cut_off, key=lambda one: (one.at, one.id))
    if now - oldest.at < IN_FLIGHT:
        return known, []
    again = {one.key for one in cut_off if one.id == oldest.id}
    return known, [one for one in news if one.key in again] or news


def _id(way: str, news: Iterable[News], known: Knows) -> str:
    """The id under which ``news`` were sent before, if they were cut off; else their own."""
    for one in news:
        told = known.get(one.key)
        if told and told.state is Telling.SENDING:
            return told.id
    return digest_id(way, news)


def _tries(news: Iterable[News], known: Knows) -> int:
    """How often ``news`` were sent without an answer."""
    told = [known[one.key] for one in news if one.key in known]
    return max((one.tries for one in told if one.state is Telling.SENDING), default=0)


def is_simulated(store: Store) -> bool:
    return store.labels().get("simulated") == "true"
