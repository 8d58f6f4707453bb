"""Energy by quarter hour, local day and month: kept in the store, made where it is missing.

Days are made from readings, months from days; a row is kept once enough readings have followed
it that no later one can change it, and holds for as long as its seal does (``paes.rollups``). So
a page never recomputes ten years, and a late reading remakes exactly what rests on it.

Everything is asked for many counters at once that have a time zone and a span in common: a store
on the network answers for all of them together. Read next: ``paes.ledger``, which asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from paes.energy_rows import day_rows, month_rows, quarters_of, runs, unique
from paes.judging import METER_DAYS, Counter, Judged, judged
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
from paes.series import EnergyBook
from paes.store import Store

PIECE_DAYS = 120
"""Days that are accounted at once: memory stays bounded however often a meter is read."""
REACH_S = 40 * DAY_S
"""How far beyond a span its days rest on readings, as a rule; further only over long gaps."""


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

    def whole(self, counters: Sequence[Counter], span: Span) -> list[EnergyBook]:
        """The book of each counter over exactly ``span``, in periods of any length.

        Months and days that lie in it are kept; readings are read only of the parts of days at
        its ends.
        """
        parts: list[list[EnergyBook]] = [[] for _ in counters]
        for part, by in _stretches(span, counters[0].time_zone):
            if by:
                found = self.books(counters, part, by)
            else:
                found = [_read_book(j, part) for j in judged(self._store, counters, part)]
            for books, book in zip(parts, found, strict=True):
                books.append(book)
        return [_together(books) for books in parts]

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
                for c, j in zip(counters, judged(self._store, counters, part), strict=True)
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


def _book(rows: Rollups) -> EnergyBook:
    told = (gap for gaps in rows.gaps for gap in gaps)
    return EnergyBook(rows.start_s, rows.measured, rows.catch_up, rows.covered_s, unique(told))


def _stretches(span: Span, tz: str) -> Iterator[tuple[Span, By | None]]:
    """``span`` cut into whole months, whole days around them, and parts of days at its ends."""
    cuts: list[tuple[int, By | None]] = [(to_seconds(span.start), None)]
    days = _inside(span, By.DAY, tz)
    if days:
        months = _inside(days, By.MONTH, tz)
        cuts.append((to_seconds(days.start), By.DAY))
        if months:
            cuts += [(to_seconds(months.start), By.MONTH), (to_seconds(months.end), By.DAY)]
        cuts.append((to_seconds(days.end), None))
    cuts.append((to_seconds(span.end), None))
    for (start_s, by), (end_s, _) in pairwise(cuts):
        if start_s < end_s:
            yield Span(from_seconds(start_s), from_seconds(end_s)), by


def _inside(span: Span, by: By, tz: str) -> Span | None:
    """The whole periods that lie in ``span``; None if there are none."""
    of = edges(span, by, tz)
    within = of[(of >= to_seconds(span.start)) & (of <= to_seconds(span.end))]
    return Span(from_seconds(within[0]), from_seconds(within[-1])) if len(within) > 1 else None


def _read_book(judged: Judged, span: Span) -> EnergyBook:
    """One period, straight from the readings."""
    ends = np.array([to_seconds(span.start), to_seconds(span.end)], dtype=np.int64)
    book = judged.book
    if len(book.knots_s) == 0:
        return EnergyBook(ends[:1], np.zeros(1), np.zeros(1), np.zeros(1), tuple(judged.gaps))
    return EnergyBook(
        ends[:1],
        np.diff(np.interp(ends, book.knots_s, book.total)),
        np.zeros(1),
        np.diff(np.interp(ends, book.knots_s, book.covered)),
        tuple(judged.gaps),
    )


def _together(books: Sequence[EnergyBook]) -> EnergyBook:
    """Books of consecutive stretches as one."""
    return EnergyBook(
        np.concatenate([b.start_s for b in books]),
        np.concatenate([b.measured for b in books]),
        np.concatenate([b.catch_up for b in books]),
        np.concatenate([b.covered_s for b in books]),
        unique(gap for b in books for gap in b.gaps),
    )


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
