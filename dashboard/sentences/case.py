"""One malfunction in words: what the meters saw, how it came to its state, what it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.queries.cases import Points
from dashboard.sentences.amounts import quantity
from dashboard.texts import Language
from paes.faults.cases.case import Case, Cause, Decision, Step
from paes.faults.episode import Episode
from paes.faults.money.price import Price


def evidence(points: Points, episode: Episode, language: Language) -> str:
    """What was seen in the time of the malfunction beside what is usual, and what nobody saw."""
    t, unit = language.text, points.unit
    inside = [
        i
        for i, start in enumerate(points.starts)
        if start + points.step > episode.start and start < episode.end
    ]
    seen = _known([points.seen[i] for i in inside])
    usual = _known([points.usual[i] for i in inside])
    if not seen:
        return t("malfunction.evidence_unknown")
    mean, most = (
        quantity(sum(seen) / len(seen), unit, language),
        quantity(max(seen), unit, language),
    )
    if usual:
        usually = quantity(sum(usual) / len(usual), unit, language)
        told = t("malfunction.evidence", seen=mean, usual=usually, most=most)
    else:
        told = t("malfunction.evidence_seen", seen=mean, most=most)
    gaps = sum(value is None for value in points.seen)
    if gaps:
        n, whole = language.number(gaps), language.number(len(points.seen))
        told += " " + t("malfunction.evidence_gaps", n=n, all=whole)
    return told


def _known(column: Sequence[float | None]) -> list[float]:
    return [value for value in column if value is not None]


def why(step: Step, language: Language) -> str:
    """Why the case came into a state: the person's reason where a person did it."""
    if step.cause is Cause.SAID and step.decision:
        return step.decision.reason
    return language.text(f"case_cause.{step.cause}")


def step_word(step: Step, language: Language) -> str:
    """The state, and to whom where it is assigned."""
    to = step.decision.assignee if step.cause is Cause.SAID and step.decision else None
    if to:
        return language.text("malfunctions.assigned_to", name=to)
    return language.text(f"case_state.{step.state}")


def author(decision: Decision | None, cause: Cause, language: Language) -> str:
    """Who did it: a person, or readings."""
    if decision and cause is Cause.SAID:
        return decision.author
    return language.text("malfunction.readings")


def price_notes(case: Case, price: Price, language: Language) -> list[str]:
    """What is in no figure, and whether something is assumed."""
    t, told = language.text, []
    if price.unknown_h >= 1:
        hours = language.quantity(price.unknown_h, "h")
        told.append(t("malfunction.unknown_hours", hours=hours))
    if price.unpriced:
        told.append(
            t("malfunction.unpriced", amount=quantity(price.unpriced, price.unit, language))
        )
    if price.is_assumed:
        told.append(t("malfunction.assumed"))
    return told


def rule_told(case: Case, tz: str, language: Language) -> str:
    """Which rule, and since when it is known."""
    return language.text(
        "malfunction.rule",
        rule=case.rule,
        version=case.version,
        opened=language.moment(case.opened_at, tz),
        found=language.moment(case.episode.found, tz),
    )
