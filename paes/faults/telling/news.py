"""What there is to tell of cases, and what was told already: events beside each case.

Told are that a case is *new*, that it is *back* after it was repaired or quiet, and that one which
was told is *closed*. The subject of the event is the case, its name ``notice.<way>.<what>`` and its
start the case's, so that it is kept once however often it is written. Its fact ``state`` says how
far it is::

    sending   handed over just now; after a while: the sender was killed, or nobody knows
    failed    it was not accepted, and may go out with other news
    told      accepted by the server
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from paes.events import Event
from paes.faults.cases.case import Case, State
from paes.faults.rule_table import rule

NOTICE = "notice."
"""What the names of all these events begin with."""
WAYS = ("mail", "webhook")


class What(StrEnum):
    """What is to be told of a case."""

    NEW = "new"
    REARMED = "rearmed"
    CLOSED = "closed"


class Telling(StrEnum):
    """How far a telling is."""

    SENDING = "sending"
    FAILED = "failed"
    TOLD = "told"


@dataclass(frozen=True)
class News:
    """One thing to tell of a case; ``number`` counts how often it came back, or was closed."""

    what: What
    case: Case
    number: int = 1

    @property
    def name(self) -> str:
        """Its name among those of its case."""
        return f"{self.what}.{self.number}"

    @property
    def key(self) -> tuple[str, str]:
        """Which case, and what of it."""
        return self.case.id, self.name

    @property
    def eur_per_week(self) -> float | None:
        """What it costs in a week if nobody steps in; None if that is not known."""
        eur = self.case.price.per_week.eur if self.case.price else None
        return eur.likely if eur else None


@dataclass(frozen=True, slots=True)
class Told:
    """What the store keeps of one telling by one way; ``id`` is the digest's."""

    case: str
    name: str
    way: str
    state: Telling
    id: str
    at: datetime
    tries: int

    @property
    def key(self) -> tuple[str, str]:
        """Which case, and what of it."""
        return self.case, self.name


def telling_event(news: News, way: str, state: Telling, id_: str, at: datetime, n: int) -> Event:
    """The event that says how far ``news`` is by ``way``, after ``n`` tries."""
    facts: dict[str, str | float] = {"state": state, "id": id_, "at": at.isoformat(), "tries": n}
    message = f"{news.what} by {way}: {state}"
    return Event(
        news.case.id, f"{NOTICE}{way}.{news.name}", news.case.opened_at, None, message, facts
    )


def tellings(events: Iterable[Event], way: str) -> dict[tuple[str, str], Told]:
    """What was told by ``way``, by case and name."""
    prefix = f"{NOTICE}{way}."
    found = {}
    for event in events:
        if event.name.startswith(prefix):
            one = _told(event, way, event.name.removeprefix(prefix))
            found[one.key] = one
    return found


def unsaid(
    cases: Iterable[Case], told: Mapping[tuple[str, str], Told], least_eur_per_week: float
) -> list[News]:
    """What is still to be told, the dearest first and what has no price last.

    A case that was dismissed is not told, nor what a rule only lists (``Rule.is_alarm``), nor that
    one was closed whose beginning was not told.
    """
    said = {key for key, one in told.items() if one.state is Telling.TOLD}
    known = {case for case, _ in said}
    found = [
        news
        for case in cases
        if _is_alarm(case)
        for news in _news_of(case)
        if news.key not in said and _is_worth_it(news, known, least_eur_per_week)
    ]
    return ranked(found)


def ranked(news: Iterable[News]) -> list[News]:
    """New ones, those that came back, and closed ones; each by money."""
    order = list(What)

    def rank(one: News) -> tuple[int, float, datetime, str]:
        eur = one.eur_per_week
        return order.index(one.what), -(eur or 0.0), one.case.episode.start, one.case.id

    return sorted(news, key=rank)


def _news_of(case: Case) -> Sequence[News]:
    """What holds of ``case`` now: what was so in between is not worth telling any more."""
    back = sum(step.state is State.REARMED for step in case.steps)
    if case.state in (State.VERIFIED, State.RETRACTED):
        return [News(What.CLOSED, case, back + 1)]
    if not case.is_open:
        return []
    return (
        [News(What.REARMED, case, back)] if case.state is State.REARMED else [News(What.NEW, case)]
    )


def _is_alarm(case: Case) -> bool:
    """Not of what is told in lists and reports only; a rule that is gone was one."""
    found = rule(case.rule)
    return found is None or found.is_alarm


def _is_worth_it(news: News, known: set[str], least_eur_per_week: float) -> bool:
    if news.what is What.CLOSED:
        return news.case.id in known
    if news.what is What.NEW and news.case.id in known:
        return False  # it is back, and was acknowledged: told when it came back
    eur = news.eur_per_week
    return eur is None or eur >= least_eur_per_week


def _told(event: Event, way: str, name: str) -> Told:
    facts = event.facts
    return Told(
        event.subject,
        name,
        way,
        Telling(str(facts["state"])),
        str(facts["id"]),
        datetime.fromisoformat(str(facts["at"])),
        int(float(facts["tries"])),
    )
