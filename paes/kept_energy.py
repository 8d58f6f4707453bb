"""Energy by quarter hour, local day and month: kept in the store, made where it is missing.

Days are made from readings, months from days; a row is kept once enough readings have followed
it that no later one can change it, and holds for as long as its seal does (``paes.rollups``). So
a page never recomputes ten years, and a late reading remakes exactly what rests on it.

Everything is asked for many counters at once that have a time zone and a span in common: a store
on the network answers for all of them together. Read next: ``paes.ledger``, which asks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import numpy as np

from paes.consumption import outer_gaps
from paes.counter import Account, account
from paes.counter_needs import needs
from paes.counter_rules import CONTEXT_READINGS, SWAP_NOTICED_AFTER_S, CounterRules
from paes.energy_rows import day_rows, month_rows, quarters_of, runs, unique
from paes.periods import By, Seconds, Span, edges, from_seconds, to_seconds
from paes.rollups import (
    ALWAYS_S,
    DAY_S,
    NEVER_S,
    Rollups,
    Touches,
    joined,
    seals,
    shape_of,
)
from paes.series import EnergyBook, Gap, ReadingSeries
from paes.store import Store

PIECE_DAYS = 120
"""Days that are accounted at once: memory stays bounded however often a meter is read."""
METER_DAYS = 2_000
"""Counters times days whose readings are in memory at once."""
REACH_S = 40 * DAY_S
"""How far beyond a span its days rest on readings, as a rule; further only over long gaps."""


@dataclass(frozen=True)
class Counter:
    """A register and the time it was in use: what its energy rests on, beside the readings."""

    rules: CounterRules
    time_zone: str
    born: datetime | None = None
    dead: datetime | None = None

    @property
    def point(self) -> str:
        """Where its readings are."""
        return self.rules.register.point

    @cached_property
    def seal(self) -> int:
        """All of it as a number of 63 bits."""
        identity = f"{self.rules.key}|{self.time_zone}|{(self.born, self.dead)}"
        return int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8]) >> 1


@dataclass(frozen=True)
class Judged:
    """The readings of a span and around it, judged; ``gaps`` are all that touch the span."""

    readings: ReadingSeries
    book: Account
    gaps: list[Gap]
    complete: bool
    """False if readings further away could change it."""


class KeptEnergy:
    """Books of energy over one store; the counters of a call share time zone and span.

    A span is cut to the time in which they were in use, and to now; it begins and ends with
    whole local days (months), but for these cuts. With ``afresh`` all is made from readings.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def books(
        self, counters: Sequence[Counter], span: Span, by: By, afresh: bool = False
    ) -> list[EnergyBook]:
        """The book of each counter by months, days or quarter hours (of whole days)."""
        if by is By.MONTH:
            return [_book(rows) for rows in self._months(counters, span, afresh)]
        shapes = by is By.QUARTER_HOUR
        found = self._days(counters, span, shapes, afresh)
        if not shapes:
            return [_book(rows) for rows in found]
        quarters = quarters_of(edges(span, By.DAY, counters[0].time_zone))
        return [_quarter_book(rows, quarters) for rows in found]

    def judged(self, counters: Sequence[Counter], span: Span) -> Iterator[Judged]:
        """The readings of ``span`` itself, for what no row can answer; a few counters at once."""
        together = max(1, int(METER_DAYS * DAY_S / max(span.seconds, DAY_S)))
        for begin in range(0, len(counters), together):
            yield from self._judged_at_once(counters[begin : begin + together], span)

    def _judged_at_once(self, counters: Sequence[Counter], span: Span) -> list[Judged]:
        start_s, end_s = to_seconds(span.start), to_seconds(span.end)
        found: dict[int, Judged] = {}
        by_start: dict[int, list[int]] = {}
        for i, counter in enumerate(counters):
            by_start.setdefault(_first_needed(counter.rules, start_s, end_s), []).append(i)
        for from_s, waiting in by_start.items():
            for margin in CONTEXT_READINGS:
                points = [counters[i].point for i in waiting]
                readings = self._store.around(points, from_s, end_s, margin)
                for i in waiting:
                    of, rules = readings[counters[i].point], counters[i].rules
                    found[i] = _judge(of, rules, from_s, (start_s, end_s), margin)
                waiting = [i for i in waiting if not found[i].complete]
                if not waiting:
                    break
        return [found[i] for i in range(len(counters))]

    def _months(self, counters: Sequence[Counter], span: Span, afresh: bool) -> list[Rollups]:
        month_edges = edges(span, By.MONTH, counters[0].time_zone)
        kept = self._kept(counters, By.MONTH, span, month_edges, False, afresh)
        parts = [[rows] for rows in kept]
        for first, last, which in _missing(kept, month_edges, METER_DAYS // 30, METER_DAYS // 30):
            part = _part(span, month_edges, first, last)
            made = self._made_months(
                [counters[i] for i in which], part, month_edges[first : last + 1], afresh
            )
            for i, rows in zip(which, made, strict=True):
                parts[i].append(rows)
        return [joined(p) for p in parts]

    def _made_months(
        self, counters: list[Counter], part: Span, month_edges: Seconds, afresh: bool
    ) -> list[Rollups]:
        life_s = to_seconds(part.start), to_seconds(part.end)

        def make() -> list[Rollups]:
            days = self._days(counters, part, False, afresh)
            return [
                month_rows(rows, month_edges, life_s, part.end == counter.dead)
                for rows, counter in zip(days, counters, strict=True)
            ]

        return self._sealed(counters, By.MONTH, part, make)

    def _days(
        self, counters: Sequence[Counter], span: Span, shapes: bool, afresh: bool
    ) -> list[Rollups]:
        day_edges = edges(span, By.DAY, counters[0].time_zone)
        kept = self._kept(counters, By.DAY, span, day_edges, shapes, afresh)
        parts = [[rows] for rows in kept]
        for first, last, which in _missing(kept, day_edges, PIECE_DAYS, METER_DAYS):
            part = _part(span, day_edges, first, last)
            of = [counters[i] for i in which]
            made = self._made_days(of, part, day_edges[first : last + 1], shapes)
            for i, rows in zip(which, made, strict=True):
                parts[i].append(rows if shapes else replace(rows, shapes=()))
        return [joined(p) for p in parts]

    def _made_days(
        self, counters: list[Counter], part: Span, day_edges: Seconds, shapes: bool
    ) -> list[Rollups]:
        life_s = to_seconds(part.start), to_seconds(part.end)

        def make() -> list[Rollups]:
            return [
                day_rows(j.readings, j.book, j.gaps, day_edges, life_s, c.rules, shapes)
                for c, j in zip(counters, self.judged(counters, part), strict=True)
            ]

        return self._sealed(counters, By.DAY, part, make)

    def _sealed(
        self, counters: list[Counter], by: By, part: Span, make: Callable[[], list[Rollups]]
    ) -> list[Rollups]:
        """What ``make`` makes, kept as far as it is settled.

        Its seals are of touches that were known before it was made: if something is written
        meanwhile, they do not hold.
        """
        points = [c.point for c in counters]
        near = to_seconds(part.start) - REACH_S, to_seconds(part.end) + REACH_S
        all_known = ALWAYS_S, NEVER_S
        for from_s, to_s in (near, all_known) if part.seconds < REACH_S else (all_known,):
            touches = self._store.touches(points, from_s, to_s)
            made = make()
            if all(_reaches(rows, from_s, to_s) for rows in made):
                break
        for counter, rows in zip(counters, made, strict=True):
            self._keep(counter, by, rows, touches.get(counter.point, Touches.none()))
        return made

    def _keep(self, counter: Counter, by: By, rows: Rollups, touches: Touches) -> None:
        seal, closed = seals(counter.seal, touches, rows.needs_from_s, rows.needs_to_s)
        settled = replace(rows, seal=seal).where(closed & (rows.needs_to_s < NEVER_S))
        if len(settled):
            self._store.save_rollups(counter.point, by, settled)

    def _kept(
        self,
        counters: Sequence[Counter],
        by: By,
        span: Span,
        of: Seconds,
        shapes: bool,
        afresh: bool,
    ) -> list[Rollups]:
        """The rows that the store has and that still hold."""
        if afresh:
            return [Rollups.none()] * len(counters)
        points = [c.point for c in counters]
        found = self._store.load_rollups(points, by, int(of[0]), int(of[-1]), shapes)
        if not found:
            return [Rollups.none()] * len(counters)
        from_s = min(int(rows.needs_from_s.min()) for rows in found.values())
        to_s = max(int(rows.needs_to_s.max()) for rows in found.values())
        touches = self._store.touches(list(found), from_s - DAY_S, to_s + 1)
        held = [_holding(c, found.get(c.point), touches.get(c.point)) for c in counters]
        if of[-1] <= to_seconds(span.end):
            return held
        # Kept by a clock that was ahead: more than is asked for.
        return [
            rows if c.dead == span.end else rows.where(rows.start_s < of[-2])
            for c, rows in zip(counters, held, strict=True)
        ]


def _holding(counter: Counter, rows: Rollups | None, touches: Touches | None) -> Rollups:
    """The rows whose seal is today's."""
    if rows is None:
        return Rollups.none()
    if touches is None:
        return rows.where(rows.seal == counter.seal)
    seal, closed = seals(counter.seal, touches, rows.needs_from_s, rows.needs_to_s)
    return rows.where((rows.seal == seal) & closed)


def _missing(
    kept: Sequence[Rollups], of: Seconds, longest: int, most: int
) -> Iterator[tuple[int, int, list[int]]]:
    """Runs of periods that are missing, at most ``longest`` each, and for which counters.

    Counters times periods are at most ``most``, or it is one counter.
    """
    whose: dict[tuple[int, int], list[int]] = {}
    for i, rows in enumerate(kept):
        if len(rows) == len(of) - 1:
            continue
        for first, last in runs(~np.isin(of[:-1], rows.start_s)):
            for begin in range(first, last, longest):
                whose.setdefault((begin, min(begin + longest, last)), []).append(i)
    for (first, last), counters in sorted(whose.items()):
        together = max(1, most // (last - first))
        for begin in range(0, len(counters), together):
            yield first, last, counters[begin : begin + together]


def _part(span: Span, of: Seconds, first: int, last: int) -> Span:
    part = span.clip(from_seconds(of[first]), from_seconds(of[last]))
    assert part is not None  # every period between edges of a span touches it
    return part


def _reaches(rows: Rollups, from_s: int, to_s: int) -> bool:
    """True if all readings that settled rows need lie where touches are known."""
    settled = rows.needs_to_s < NEVER_S
    if from_s == ALWAYS_S or not settled.any():
        return True
    earliest = int(rows.needs_from_s[settled].min())
    return earliest >= from_s + DAY_S and int(rows.needs_to_s[settled].max()) < to_s


def _first_needed(rules: CounterRules, start_s: int, end_s: int) -> int:
    """An exchange that is noticed may have been made, and is told, before it: from when on."""
    for swap in sorted(rules.noticed, key=lambda s: s.at, reverse=True):
        noticed_s = to_seconds(swap.at)
        if start_s <= noticed_s and noticed_s - SWAP_NOTICED_AFTER_S <= end_s:
            start_s = min(start_s, noticed_s - SWAP_NOTICED_AFTER_S)
    return start_s


def _judge(
    readings: ReadingSeries, rules: CounterRules, from_s: int, span_s: tuple[int, int], margin: int
) -> Judged:
    """``readings`` are those from ``from_s`` to the end of the span, and ``margin`` around."""
    book = account(readings, rules)
    start_s, end_s = span_s
    gaps = [g for g in book.gaps if g.end_s > start_s and g.start_s < end_s]
    starts, ends = np.array([start_s], dtype=np.int64), np.array([end_s], dtype=np.int64)
    first, last = needs(book, readings, starts, ends, rules)
    before = int(np.searchsorted(readings.seconds, from_s))
    after = len(readings) - int(np.searchsorted(readings.seconds, end_s))
    begins, stops = first[0] > ALWAYS_S or before < margin, last[0] < NEVER_S or after < margin
    return Judged(
        readings, book, gaps + outer_gaps(book, start_s, end_s, rules), bool(begins and stops)
    )


def _book(rows: Rollups) -> EnergyBook:
    told = (gap for gaps in rows.gaps for gap in gaps)
    return EnergyBook(rows.start_s, rows.measured, rows.catch_up, rows.covered_s, unique(told))


def _quarter_book(rows: Rollups, quarters: Sequence[Seconds]) -> EnergyBook:
    """The days' courses one after the other."""
    days = [shape_of(data, len(q)) for data, q in zip(rows.shapes, quarters, strict=True)]
    told = (gap for gaps in rows.gaps for gap in gaps)
    return EnergyBook(
        np.concatenate(list(quarters)),
        np.concatenate([d.measured for d in days]),
        np.concatenate([d.catch_up for d in days]),
        np.concatenate([d.covered_s for d in days]),
        (*unique(told), *(gap for day in days for gap in day.gaps)),
    )
