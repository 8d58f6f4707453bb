"""What people say of cases: kept as events of the case, told by whom, when and why.

Nothing that was said is ever deleted or replaced; who changes his mind says so. A dismissal is a
*label*: what the rule saw, and that a person calls it no malfunction. ``labels`` are for those who
tune the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from paes.errors import DataError, StoreError
from paes.events import Event
from paes.faults.cases.case import Decision, Word

SAID = "fault.said."


def event_of(decision: Decision) -> Event:
    """What the store keeps."""
    number = "" if decision.number == 1 else f".{decision.number}"
    facts: dict[str, str | float] = {"author": decision.author, "reason": decision.reason}
    if decision.assignee is not None:
        facts["assignee"] = decision.assignee
    name = f"{SAID}{decision.word}{number}"
    return Event(decision.case, name, decision.at, None, decision.reason, facts)


def decision_of(event: Event) -> Decision:
    """The decision that an event tells; StoreError if it tells none."""
    word, _, number = event.name.removeprefix(SAID).partition(".")
    facts = event.facts
    try:
        return Decision(
            event.subject,
            Word(word),
            str(facts["author"]),
            str(facts["reason"]),
            event.start,
            str(facts["assignee"]) if "assignee" in facts else None,
            int(number or 1),
        )
    except (KeyError, ValueError, DataError) as err:
        raise StoreError(
            f"{event.subject}: the event {event.name} of {event.start:%Y-%m-%dT%H:%M:%SZ} is no"
            f" decision that can be understood: {err}"
        ) from err


def decisions_in(events: Iterable[Event]) -> dict[str, list[Decision]]:
    """The decisions among ``events`` by case, in the order in which they were said."""
    found: dict[str, list[Decision]] = {}
    for event in events:
        if event.name.startswith(SAID):
            found.setdefault(event.subject, []).append(decision_of(event))
    return {case: sorted(said, key=_order) for case, said in found.items()}


def added(decision: Decision, among: Sequence[Decision]) -> Decision:
    """``decision`` as it can stand beside others of its case: none is replaced, and of what was
    said in one second the last is the last.
    """
    together = [d.number for d in among if d.at == decision.at]
    return replace(decision, number=max(together, default=0) + 1)


def _order(decision: Decision) -> tuple[datetime, int]:
    return decision.at, decision.number
