"""A malfunction with a life: what was seen, what people said of it, and the state that makes.

A *bout* is one episode as it was seen last. A *case* is one bout, or several with fewer quiet days
between them than the rule's ``rearm_days``. ``Case.state`` follows from bouts and decisions alone
(``paes.faults.cases.life``): the same readings and the same words always make the same state.
Cases are kept by ``paes.faults.cases.register``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from paes.errors import DataError
from paes.faults.cases.failures import Failure
from paes.faults.episode import Episode
from paes.faults.money.price import Price
from paes.periods import require_utc


class State(StrEnum):
    """Where a case stands; only consumption, not a person, makes it ``VERIFIED``."""

    NEW = "new"  # seen, and nobody has said a word
    ACKNOWLEDGED = "acknowledged"  # somebody knows of it
    ASSIGNED = "assigned"  # somebody is to see to it
    REPAIRED = "repaired"  # somebody says so; consumption has not yet
    REARMED = "rearmed"  # it goes on after the repair, or came back
    DISMISSED = "dismissed"  # somebody says it is none, and why: a label
    VERIFIED = "verified"  # consumption is usual again
    RETRACTED = "retracted"  # the readings as they are now do not show it any more


MOST_SAID = 2000
"""Characters of one text that a person says of a case."""
OPEN = (State.NEW, State.ACKNOWLEDGED, State.ASSIGNED, State.REPAIRED, State.REARMED)
"""States of a case that somebody still has to see to."""


class Word(StrEnum):
    """What a person can say of a case."""

    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    DISMISS = "dismiss"
    REPAIRED = "repaired"
    NOTE = "note"  # what was seen or is known; it changes no state


@dataclass(frozen=True, slots=True)
class Decision:
    """What ``author`` said of a case at ``at``, and why; never deleted.

    ``assignee`` is who is to see to it (of ``ASSIGN`` only). ``number`` tells what was said in one
    second apart. Texts are lines: what would steer a terminal, or break a letter, is a blank.
    """

    case: str
    word: Word
    author: str
    reason: str
    at: datetime
    assignee: str | None = None
    number: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", require_utc(self.at).replace(microsecond=0))
        for name in ("author", "reason", "assignee"):
            text = getattr(self, name)
            if text is not None:
                object.__setattr__(self, name, _line(text))
                if len(text) > MOST_SAID:
                    raise DataError(
                        f"{self.case}: {name} has {len(text)} characters; expected {MOST_SAID} at"
                        " the most"
                    )
        if not self.author.strip():
            raise DataError(f"{self.case}: who says {self.word}? a decision needs its author")
        if self.word is Word.DISMISS and not self.reason.strip():
            raise DataError(f"{self.case}: a case is dismissed with a reason, and none is given")
        if self.word is Word.NOTE and not self.reason.strip():
            raise DataError(f"{self.case}: a note needs its text, and none is given")
        if (self.word is Word.ASSIGN) != bool(self.assignee and self.assignee.strip()):
            raise DataError(f"{self.case}: to whom? {Word.ASSIGN}, and no other word, names one")


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


@dataclass(frozen=True)
class Bout:
    """An episode as it was seen last: by readings until ``seen_until``.

    ``is_gone``: readings as they are now (late ones, a correction, another version of the rule) do
    not show it any more.
    """

    episode: Episode
    seen_until: datetime
    is_gone: bool = False


class Cause(StrEnum):
    """What brought a case into a state."""

    SEEN = "seen"  # the rule saw it
    SAID = "said"  # a person's word
    GOES_ON = "goes_on"  # the sign did not stop after the word that it is repaired
    CAME_BACK = "came_back"  # it was over, for fewer days than the rule waits
    USUAL_AFTER_REPAIR = "usual_after_repair"  # consumption is back, as somebody had said
    USUAL_UNTOLD = "usual_untold"  # consumption is back, and nobody has said a word of repair
    NOT_SHOWN = "not_shown"  # the readings as they are now do not show it


_SENTENCES = {
    Cause.SEEN: "seen, and nobody has said a word",
    Cause.SAID: "",
    Cause.GOES_ON: "it goes on, though somebody said that it is repaired",
    Cause.CAME_BACK: "it came back",
    Cause.USUAL_AFTER_REPAIR: "consumption is usual again, after the repair that was told",
    Cause.USUAL_UNTOLD: "consumption is usual again, and nobody told of a repair",
    Cause.NOT_SHOWN: "the readings, as they are now, do not show it any more",
}


@dataclass(frozen=True, slots=True)
class Step:
    """The case came into ``state`` at ``at``.

    ``decision`` is the word that did it, or of which it became clear that it holds (verified) or
    does not (rearmed); None where nobody had said one.
    """

    state: State
    at: datetime
    cause: Cause
    decision: Decision | None = None

    @property
    def sentence(self) -> str:
        """Why, in English: the person's reason where a person did it."""
        if self.cause is Cause.SAID and self.decision:
            return self.decision.reason
        return _SENTENCES[self.cause]


@dataclass(frozen=True)
class Case:
    """A malfunction of ``subject`` (a meter, or what stands for several), found by ``rule``.

    ``id`` is ``<subject>/<rule>/<local date of start>`` as it was first told; it stays when late
    readings move the start. ``episode`` is that of all its bouts together; it is without excess
    and picture where cases were read without their series. ``parameters`` and ``version`` are
    those of the last sighting. ``price`` is None of a rule that tells of no waste.
    """

    id: str
    rule: str
    version: int
    subject: str
    site: str | None
    city: str
    parameters: Mapping[str, Any]
    episode: Episode
    state: State
    price: Price | None
    decisions: tuple[Decision, ...]
    opened_at: datetime
    """When a run first told of it."""
    bouts: tuple[Bout, ...] = ()
    steps: tuple[Step, ...] = field(default=(), repr=False)
    """How it came into its state, first to last."""

    @property
    def is_open(self) -> bool:
        """True while somebody has to see to it."""
        return self.state in OPEN

    @property
    def assignee(self) -> str | None:
        """Who is to see to it, as was said last."""
        told = [d.assignee for d in self.decisions if d.word is Word.ASSIGN]
        return told[-1] if told else None

    @property
    def notes(self) -> tuple[Decision, ...]:
        """What people noted of it, first to last."""
        return tuple(d for d in self.decisions if d.word is Word.NOTE)

    @property
    def reason(self) -> str | None:
        """Why it is in its state."""
        return self.steps[-1].sentence if self.steps else None


@dataclass(frozen=True)
class CaseUpdate:
    """What a run changed.

    ``new`` cases were not there before (they may be over already: ask ``is_open``); ``closed`` ones
    were open and are ``VERIFIED`` or ``RETRACTED`` now; ``changed`` ones are in another state, or
    longer, and still known. ``all`` are those and all others, closed ones too.
    """

    new: tuple[Case, ...] = ()
    changed: tuple[Case, ...] = ()
    closed: tuple[Case, ...] = ()
    all: tuple[Case, ...] = ()
    failures: tuple[Failure, ...] = ()
    """Rules that could not look at a meter; their cases stay as they are."""
