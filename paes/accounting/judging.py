"""The readings of a span, judged with as many around it as that takes.

Few suffice as a rule; where a night of nonsense or a reset lies at an end of the span more are
asked for, until ``counter_needs`` finds that no others could change the account. Read next:
``kept_energy``, which makes rows of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from paes.accounting.account import Account
from paes.accounting.consumption import outer_gaps
from paes.accounting.counter import account
from paes.accounting.counter_needs import needs
from paes.accounting.counter_rules import CONTEXT_READINGS, SWAP_NOTICED_AFTER_S, CounterRules
from paes.accounting.edits import ManualEnergy
from paes.accounting.estimation import ESTIMATION_VERSION
from paes.opening import Opening
from paes.periods import Span, to_seconds
from paes.rollups import ALWAYS_S, NEVER_S
from paes.series import Gap, ReadingSeries
from paes.store import Store


@dataclass(frozen=True)
class Counter:
    """A register and the time it was in use: what its energy rests on, beside the readings."""

    rules: CounterRules
    time_zone: str
    born: datetime | None = None
    dead: datetime | None = None
    opening: Opening | None = None
    """When its site is in use: which days are alike."""
    stated: tuple[ManualEnergy, ...] = ()
    """What persons say of gaps."""

    @property
    def point(self) -> str:
        """Where its readings are."""
        return self.rules.register.point

    @cached_property
    def seal(self) -> int:
        """All of it as a number of 63 bits."""
        return _number(self._identity)

    @cached_property
    def month_seal(self) -> int:
        """The same with all that its estimates rest on: they are kept with months."""
        stated = ";".join(
            f"{s.span.start},{s.span.end},{s.amount},{s.is_guess}" for s in self.stated
        )
        opening = self.opening.model_dump_json() if self.opening else ""
        return _number(f"{self._identity}|{ESTIMATION_VERSION}|{opening}|{stated}")

    @property
    def _identity(self) -> str:
        return f"{self.rules.key}|{self.time_zone}|{(self.born, self.dead)}"


def _number(identity: str) -> int:
    return int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8]) >> 1


@dataclass(frozen=True)
class Judged:
    """The readings of a span and around it, judged; ``gaps`` are all that touch the span."""

    readings: ReadingSeries
    book: Account
    gaps: list[Gap]
    complete: bool
    """False if readings further away could change it."""


def judged(store: Store, counters: Sequence[Counter], span: Span) -> list[Judged]:
    """The readings of ``span`` of each counter; they are all in memory at once."""
    start_s, end_s = to_seconds(span.start), to_seconds(span.end)
    found: dict[int, Judged] = {}
    by_start: dict[int, list[int]] = {}
    beside: list[int] = []
    for i, counter in enumerate(counters):
        by_start.setdefault(_first_needed(counter.rules, start_s, end_s), []).append(i)
    for from_s, waiting in by_start.items():
        for margin in CONTEXT_READINGS:
            points = [counters[i].point for i in waiting]
            readings = store.around(points, from_s, end_s, margin)
            for i in waiting:
                of, rules = readings[counters[i].point], counters[i].rules
                found[i] = _judge(of, rules, from_s, (start_s, end_s), margin)
            waiting = [i for i in waiting if not found[i].complete]
            if not waiting:
                break
        beside += [i for i in waiting if counters[i].rules.ignored]
    for i in beside:
        found[i] = _beyond_ignored(store, counters[i], span)
    return [found[i] for i in range(len(counters))]


def _first_needed(rules: CounterRules, start_s: int, end_s: int) -> int:
    """An exchange that is noticed may have been made, and is told, before it: from when on."""
    for swap in sorted(rules.noticed, key=lambda s: s.at, reverse=True):
        noticed_s = to_seconds(swap.at)
        if start_s <= noticed_s and noticed_s - SWAP_NOTICED_AFTER_S <= end_s:
            start_s = min(start_s, noticed_s - SWAP_NOTICED_AFTER_S)
    return start_s


def _beyond_ignored(store: Store, counter: Counter, span: Span) -> Judged:
    """``span`` beside so many ignored readings that it takes those behind them all to judge it."""
    ignored = [i.span for i in counter.rules.ignored]
    from_s = min(to_seconds(s.start) for s in (span, *ignored))
    to_s = max(to_seconds(s.end) for s in (span, *ignored))
    margin, span_s = CONTEXT_READINGS[-1], (to_seconds(span.start), to_seconds(span.end))
    of = store.around([counter.point], from_s, to_s, margin)[counter.point]
    return _judge(of, counter.rules, from_s, span_s, margin, to_s)


def _judge(
    readings: ReadingSeries,
    rules: CounterRules,
    from_s: int,
    span_s: tuple[int, int],
    margin: int,
    to_s: int | None = None,
) -> Judged:
    """``readings`` are those from ``from_s`` to ``to_s``, and ``margin`` around.

    Without ``to_s`` they reach to the end of the span.
    """
    book = account(readings, rules)
    start_s, end_s = span_s
    gaps = [g for g in book.gaps if g.end_s > start_s and g.start_s < end_s]
    starts, ends = np.array([start_s], dtype=np.int64), np.array([end_s], dtype=np.int64)
    first, last = needs(book, readings, starts, ends, rules)
    before = int(np.searchsorted(readings.seconds, from_s))
    after = len(readings) - int(np.searchsorted(readings.seconds, to_s or end_s))
    begins, stops = first[0] > ALWAYS_S or before < margin, last[0] < NEVER_S or after < margin
    return Judged(
        readings, book, gaps + outer_gaps(book, start_s, end_s, rules), bool(begins and stops)
    )
