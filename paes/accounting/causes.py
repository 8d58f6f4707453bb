"""Why readings are missing, in words: the stored absences of a meter beside a gap of its register.

An absence (``paes.events``) says when the collector got nothing, and why; a gap says between
which readings energy has no course. The first explains the second and changes no amount.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from paes.events import Cause, Event
from paes.metering import Finding
from paes.periods import duration_text, to_seconds

UNEXPLAINED = 0.02
"""The part of a gap that may have no known cause without being told."""

CAUSE_TEXTS: dict[Cause, str] = {
    Cause.NO_REPLY: "no reply from the device",
    Cause.REFUSED: "the device refused to answer",
    Cause.BAD_REPLY: "answers that cannot be trusted",
    Cause.CONNECTION_LOST: "connection lost",
    Cause.GATEWAY_DOWN: "gateway not reached",
    Cause.NOT_AVAILABLE: "the device had no value",
    Cause.OUT_OF_RANGE: "the device sent what cannot be",
    Cause.NIGHT: "inverter asleep at night",
    Cause.PLANNED: "planned outage",
    Cause.NOT_COMMISSIONED: "not in use",
    Cause.COLLECTOR_DOWN: "collector not running",
    Cause.OVERRUN: "rounds skipped, the one before took too long",
    Cause.SPOOL_FULL: "dropped, the store was away for too long",
    Cause.DEFECT: "a defect of the program",
}


def shares(absences: Iterable[Event], start_s: int, end_s: int) -> dict[Cause, int]:
    """Seconds of ``[start_s, end_s)`` by cause, the longest first; none is counted twice."""
    found: dict[Cause, int] = {}
    told_until = start_s
    for event in sorted(absences, key=lambda e: e.start):
        if event.cause is None or event.end is None:
            continue
        begin, stop = max(told_until, to_seconds(event.start)), min(end_s, to_seconds(event.end))
        if stop > begin:
            found[event.cause] = found.get(event.cause, 0) + stop - begin
            told_until = stop
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def explained(finding: Finding, absences: Sequence[Event]) -> Finding:
    """A gap's finding with its causes and their share of it; as it is if nobody knows any.

    The finding says when the gap began (``at``) and how long it is (``hours``).
    """
    if finding.name != "data.gap" or finding.at is None:
        return finding
    start_s, length_s = to_seconds(finding.at), round(finding.numbers["hours"] * 3600)
    by_cause = shares(absences, start_s, start_s + length_s)
    if not by_cause:
        return finding
    hours = {CAUSE_TEXTS[cause]: seconds / 3600 for cause, seconds in by_cause.items()}
    rest_s = length_s - sum(by_cause.values())
    if rest_s > UNEXPLAINED * length_s:
        hours["unknown"] = rest_s / 3600
    told = ", ".join(f"{text} ({duration_text(h)})" for text, h in hours.items())
    how_long, then, what_passed = finding.message.partition("; ")
    numbers = {f"{cause}_hours": seconds / 3600 for cause, seconds in by_cause.items()}
    return replace(
        finding,
        message=f"{how_long}: {told}{then}{what_passed}",
        numbers={**finding.numbers, **numbers},
    )


def is_explained(finding: Finding) -> bool:
    """True if any cause of the gap is known."""
    return any(f"{cause}_hours" in finding.numbers for cause in Cause)
