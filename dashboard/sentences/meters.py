"""How many meters report, in a sentence; and what is said when that changes."""

from __future__ import annotations

from dashboard.queries.meters import LiveCity
from dashboard.texts import Language
from paes.meter_status import MeterState


def meters(now: LiveCity, language: Language) -> str:
    """How many meters report."""
    if not now.heard:
        return language.text("meters.none")
    counts = now.counts
    total = sum(counts.values())
    key = "meters.all_live" if counts[MeterState.LIVE] == total else "meters.sentence"
    return language.text(
        key, live=language.number(counts[MeterState.LIVE]), total=language.number(total)
    )


def meters_changed(now: LiveCity, language: Language, time: str) -> str:
    """What a screen reader is told when a meter's state has changed."""
    words = {state.value: language.number(n) for state, n in now.counts.items()}
    return language.text("meters.status", time=time, **words)
