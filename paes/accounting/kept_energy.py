"""Energy by quarter hour, local day and month: kept in the store, made where it is missing.

Days are made from readings, months from days and from the estimates of gaps, which they keep. A
row is kept once enough readings have followed it that no later one can change it, and holds for as
long as its seal does (``paes.rollups``). So a page never recomputes ten years, and a late reading
remakes exactly what rests on it.

Everything is asked for many counters at once that have a time zone and a span in common: a store
on the network answers for all of them together. Read next: ``paes.accounting.ledger``, which asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, pairwise

import numpy as np

from paes.accounting.energy_books import one_book, quarter_book, read_book, row_book, stretches
from paes.accounting.energy_rows import (
    day_rows,
    month_gaps,
    month_rows,
    quarters_of,
    runs,
    unique,
)
from paes.accounting.estimated_gaps import estimates_of
from paes.accounting.estimating import Estimating, wanting
from paes.accounting.judging import Counter, judged
from paes.accounting.row_seals import holding, settled_rows, until_next, waits
from paes.periods import By, Clock, Seconds, Span, edges, from_seconds, now_utc, to_seconds
from paes.rollups import (
    ALWAYS_S,
    DAY_S,
    NEVER_S,
    Rollups,
    Touches,
    joined,
)
from paes.series import EnergyBook
from paes.store import Store

PIECE_DAYS = 120
"""Days that are accounted at once: memory stays bounded however often a meter is read."""
METER_DAYS = 2_000
"""Counters times days whose readings are in memory at once."""
MOST_COUNTERS = 100
"""Counters that are accounted at once, however little there is to read of them."""
REACH_S = 40 * DAY_S
"""How far beyond a span its days rest on readings, as a rule; further only over long gaps."""


class KeptEnergy:
    """Books of energy over one store; the counters of a call share time zone and span.

    A span is cut to the time in which they were in use, and to now; it begins and ends with
    whole local days (months), but for these cuts. With ``afresh`` all is made from readings.
    """

    def __init__(self, store: Store, clock: Clock = now_utc) -> None:
        self._store, self._clock = store, clock
        self._estimating = Estimating(lambda of, span: self._days(of, span, True, False), clock)

    def books(
        self, counters: Sequence[Counter], span: Span, by: By, afresh: bool = False
    ) -> list[EnergyBook]:
        """The book of each counter by months, days or quarter hours (of whole days)."""
        if by is By.MONTH:
            return [row_book(rows) for rows in self._months(counters, span, afresh)]
        shapes = by is By.QUARTER_HOUR
        found = self._days(counters, span, shapes, afresh)
        if not shapes:
            return [row_book(rows) for rows in found]
        quarters = quarters_of(edges(span, By.DAY, counters[0].time_zone))
        return [quarter_book(rows, quarters) for rows in found]

    def rows(self, counters: Sequence[Counter], span: Span, by: By) -> list[Rollups]:
        """The months or days of each counter, with what each rests on; without courses."""
        if by is By.MONTH:
            return self._months(counters, span, False)
        return self._days(counters, span, False, False)

    def whole(self, counters: Sequence[Counter], span: Span) -> list[EnergyBook]:
        """The book of each counter over exactly ``span``, in periods of any length.

        Months and days that lie in it are kept; readings are read only of the parts of days at
        its ends.
        """
        parts: list[list[EnergyBook]] = [[] for _ in counters]
        for part, by in stretches(span, counters[0].time_zone):
            if by:
                found = self.books(counters, part, by)
            else:
                found = [read_book(j, part) for j in judged(self._store, counters, part)]
            for books, book in zip(parts, found, strict=True):
                books.append(book)
        return [one_book(books) for books in parts]

    def estimated(
        self, counters: Sequence[Counter], books: Sequence[EnergyBook], of: Seconds
    ) -> list[EnergyBook]:
        """``books`` with the estimates that tables by the edges ``of`` need.

        Those that months keep are there already, and nothing is read for them.
        """
        wanted = [wanting(c, book.gaps, of) for c, book in zip(counters, books, strict=True)]
        if not any(wanted):
            return list(books)
        made = self._estimating.estimates(counters, wanted)
        return [
            replace(book, gaps=tuple(g for gap in book.gaps for g in estimates_of(gap, found)))
            for book, found in zip(books, made, strict=True)
        ]

    def _months(self, counters: Sequence[Counter], span: Span, afresh: bool) -> list[Rollups]:
        month_edges = edges(span, By.MONTH, counters[0].time_zone)
        kept = self._kept(counters, By.MONTH, span, month_edges, False, afresh)
        parts = [[rows] for rows in kept]
        for first, last, which in _missing(
            kept,
            month_edges,
            self._read_to(counters, kept, month_edges),
            METER_DAYS // 30,
            METER_DAYS // 30,
        ):
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
            lived = np.clip(month_edges, *life_s)
            gaps = [unique(chain(*month_gaps(of, month_edges).values())) for of in days]
            wanted = [wanting(c, of, lived) for c, of in zip(counters, gaps, strict=True)]
            estimates = self._estimating.estimates(counters, wanted)
            made = [
                month_rows(rows, month_edges, life_s, part.end == counter.dead, of)
                for rows, counter, of in zip(days, counters, estimates, strict=True)
            ]
            over = month_edges[:-1][month_edges[1:] <= life_s[1]]
            silent_s = to_seconds(self._clock()) - DAY_S
            return [
                until_next(rows, over) if ALWAYS_S < at_s <= silent_s else rows
                for rows, at_s in zip(made, self._latest(counters), strict=True)
            ]

        return self._sealed(counters, By.MONTH, part, make)

    def _days(
        self, counters: Sequence[Counter], span: Span, shapes: bool, afresh: bool
    ) -> list[Rollups]:
        day_edges = edges(span, By.DAY, counters[0].time_zone)
        kept = self._kept(counters, By.DAY, span, day_edges, shapes, afresh)
        parts = [[rows] for rows in kept]
        for first, last, which in _missing(
            kept, day_edges, self._read_to(counters, kept, day_edges), PIECE_DAYS, METER_DAYS
        ):
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

    def _read_to(
        self, counters: Sequence[Counter], kept: Sequence[Rollups], of: Seconds
    ) -> list[int]:
        """The last reading of counters that miss much; they may be silent, or were never read."""
        much = PIECE_DAYS * DAY_S * (len(of) - 1) // int(of[-1] - of[0])
        asked = [
            c.point for c, rows in zip(counters, kept, strict=True) if len(rows) + much < len(of)
        ]
        latest = self._store.latest(asked) if asked else {}
        silent = {p: to_seconds(latest[p].at) if p in latest else ALWAYS_S for p in asked}
        return [silent.get(c.point, NEVER_S) for c in counters]

    def _latest(self, counters: Sequence[Counter]) -> list[int]:
        """When each counter was read last; ``ALWAYS_S`` if never."""
        latest = self._store.latest([c.point for c in counters]) if counters else {}
        return [to_seconds(latest[c.point].at) if c.point in latest else ALWAYS_S for c in counters]

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
        is_small = by is By.DAY and part.seconds < REACH_S
        latest_s = self._latest(counters) if by is By.MONTH else [ALWAYS_S] * len(counters)
        for from_s, to_s in (near, all_known) if is_small else (all_known,):
            touches = self._store.touches(points, from_s, to_s)
            made = make()
            if all(_reaches(rows, from_s, to_s) for rows in made):
                break
        no_touches = Touches.none()
        settled = {
            c.point: kept
            for c, rows, at_s in zip(counters, made, latest_s, strict=True)
            if len(kept := settled_rows(_seal(c, by), rows, touches.get(c.point, no_touches), at_s))
        }
        if settled:
            self._store.save_rollups(settled, by)
        return made

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
        waiting = [c for c in counters if c.point in found and waits(found[c.point]).any()]
        latest_s = dict(zip((c.point for c in waiting), self._latest(waiting), strict=True))
        held = [
            holding(_seal(c, by), found.get(c.point), touches.get(c.point), latest_s.get(c.point))
            for c in counters
        ]
        if of[-1] <= to_seconds(span.end):
            return held
        # Kept by a clock that was ahead: more than is asked for.
        return [
            rows if c.dead == span.end else rows.where(rows.start_s < of[-2])
            for c, rows in zip(counters, held, strict=True)
        ]


def _seal(counter: Counter, by: By) -> int:
    return counter.month_seal if by is By.MONTH else counter.seal


def _missing(
    kept: Sequence[Rollups], of: Seconds, read_to: Sequence[int], longest: int, most: int
) -> Iterator[tuple[int, int, list[int]]]:
    """Runs of periods that are missing, and for which counters; at most ``longest`` each.

    Counters times periods are at most ``most``, or it is one counter. Periods after ``read_to``
    do not count: there is nothing to read in them.
    """
    whose: dict[tuple[int, int], list[int]] = {}
    read: dict[tuple[int, int], int] = {}
    for i, rows in enumerate(kept):
        if len(rows) == len(of) - 1:
            continue
        silent = int(np.searchsorted(of, read_to[i], side="right"))
        for first, last in runs(~np.isin(of[:-1], rows.start_s)):
            begins = range(first, max(first + 1, min(silent, last)), longest)
            for begin, end in pairwise([*begins, last]):
                whose.setdefault((begin, end), []).append(i)
                read[begin, end] = max(read.get((begin, end), 1), min(end, silent) - begin)
    for (first, last), counters in sorted(whose.items()):
        together = max(1, min(most // read[first, last], MOST_COUNTERS))
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
