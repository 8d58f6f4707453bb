"""The life of a case: from what was seen and what was said to where it stands.

::

    new ── acknowledged ── assigned ── repaired ──┐
     │          └──────────────┴── dismissed      ├── verified     (consumption is usual again)
     └────────────────────────────────────────────┘       │
          rearmed ◄── it goes on, or comes back ◄─────────┘

Pure: the same bouts and decisions always give the same steps, in whatever order a run or a person
came to tell of them. Nobody's word verifies a case, and none is needed for it. What is dismissed
stays so while it lasts, and when it comes back within the rule's ``rearm_days``; what comes later
is another case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from paes.errors import DataError
from paes.faults.cases.bouts import apart
from paes.faults.cases.case import Bout, Case, Cause, Decision, State, Step, Word
from paes.faults.episode import Episode
from paes.faults.rule import Parameters

STATE_OF = {
    Word.ACKNOWLEDGE: State.ACKNOWLEDGED,
    Word.ASSIGN: State.ASSIGNED,
    Word.DISMISS: State.DISMISSED,
    Word.REPAIRED: State.REPAIRED,
}
_ALL = tuple(STATE_OF)
MAY_SAY: dict[State, tuple[Word, ...]] = {
    State.NEW: _ALL,
    State.ACKNOWLEDGED: (Word.ASSIGN, Word.DISMISS, Word.REPAIRED),
    State.ASSIGNED: (Word.ASSIGN, Word.DISMISS, Word.REPAIRED),
    State.REPAIRED: (Word.ASSIGN, Word.DISMISS),
    State.REARMED: _ALL,
    State.DISMISSED: (Word.ACKNOWLEDGE, Word.ASSIGN),
    State.VERIFIED: (Word.DISMISS,),
    State.RETRACTED: (),
}
"""What a person may say of a case in each state. What is over can still be called a false alarm.

A note may be added in any: it changes none.
"""


def days_of(parameters: Mapping[str, Any], name: str) -> timedelta:
    """A parameter that all rules have, in days; its usual value where an old case has none."""
    return timedelta(days=float((Parameters().model_dump() | dict(parameters))[name]))


def steps(
    bouts: Iterable[Bout], decisions: Iterable[Decision], patience: timedelta
) -> tuple[Step, ...]:
    """How a case came into its state, first to last; never empty.

    ``patience``: so long the sign may go on after the word that it is repaired. A decision counts
    for the bout in which (or after which) it was said.
    """
    known = list(bouts)
    seen = apart(known)
    said = sorted((d for d in decisions if d.word in STATE_OF), key=lambda d: (d.at, d.number))
    if not seen:
        return _retracted(known, said)
    told: list[Step] = []
    for i, episode in enumerate(seen):
        until = seen[i + 1].start if i + 1 < len(seen) else None
        own = [d for d in said if (i == 0 or d.at >= episode.start) and _before(d, until)]
        _begin(told, episode)
        for decision in own:
            _check_repair(told, episode, patience, decision)
            told.append(Step(STATE_OF[decision.word], decision.at, Cause.SAID, decision))
        _check_repair(told, episode, patience, None)
        _end(told, episode)
    return tuple(told)


def _before(decision: Decision, until: datetime | None) -> bool:
    return until is None or decision.at < until


def _begin(told: list[Step], episode: Episode) -> None:
    if not told:
        told.append(Step(State.NEW, episode.found, Cause.SEEN))
    elif told[-1].state is not State.DISMISSED:
        told.append(Step(State.REARMED, episode.found, Cause.CAME_BACK, _repair(told)))


def _check_repair(
    told: list[Step], episode: Episode, patience: timedelta, following: Decision | None
) -> None:
    """Arm again what was called repaired, if the sign went on before anybody said more."""
    last = told[-1]
    too_long = last.at + patience
    if last.state is not State.REPAIRED or episode.end <= too_long:
        return
    if following is None or following.at > too_long:
        told.append(Step(State.REARMED, too_long, Cause.GOES_ON, last.decision))


def _end(told: list[Step], episode: Episode) -> None:
    if episode.is_over and told[-1].state is not State.DISMISSED:
        repair = _repair(told)
        cause = Cause.USUAL_AFTER_REPAIR if repair else Cause.USUAL_UNTOLD
        told.append(Step(State.VERIFIED, episode.end, cause, repair))


def _repair(told: Sequence[Step]) -> Decision | None:
    """The word of a repair that still holds."""
    last = told[-1]
    if last.state in (State.REPAIRED, State.VERIFIED):
        return last.decision
    return None


def _retracted(bouts: Sequence[Bout], said: Sequence[Decision]) -> tuple[Step, ...]:
    """Of a case that no reading shows any more."""
    first = min(b.episode.found for b in bouts)
    told = [Step(State.NEW, first, Cause.SEEN)]
    told += [Step(STATE_OF[d.word], d.at, Cause.SAID, d) for d in said]
    if told[-1].state is not State.DISMISSED:
        at = max(b.seen_until for b in bouts)
        told.append(Step(State.RETRACTED, at, Cause.NOT_SHOWN))
    return tuple(told)


def require_sayable(case: Case, word: Word) -> None:
    """DataError if nobody may say ``word`` of ``case`` as it stands."""
    may = MAY_SAY[case.state]
    if word in may or word is Word.NOTE:
        return
    last = case.steps[-1]
    by = last.decision if last.cause is Cause.SAID else None
    who = f"{by.author} said so" if by else last.sentence
    then = f"one can still say: {', '.join(may)}" if may else "there is nothing more to say of it"
    raise DataError(
        f"{case.id}: {word} is not for a case that is {case.state} (since {last.at:%Y-%m-%d}:"
        f" {who}); {then}"
    )
