"""Brings each gap the course around it, and what persons say of it, and has it estimated.

A gap is estimated from its own window of readings whatever else is asked, so that it is worth the
same in every table. The course is that of the days that are kept; so an estimate needs what those
days need, and it is settled once three weeks have followed the gap.

Read next: ``paes.accounting.estimated_gaps`` (what is made of it) and ``kept_energy`` (who asks).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from paes.accounting.consumption import OUTSIDE, bounds_of_part
from paes.accounting.edits import ManualEnergy
from paes.accounting.energy_rows import quarters_of
from paes.accounting.estimate_parts import is_cut, lacks_course
from paes.accounting.estimated_gaps import Estimated, Estimates, Key, Share, estimate, key_of
from paes.accounting.estimation import AROUND_DAYS, CELL_S, LONG_S, SHORT_S, Course
from paes.accounting.estimation_band import LineErrors
from paes.accounting.estimation_calendar import Kinds, kinds
from paes.accounting.judging import Counter
from paes.opening import Opening
from paes.periods import By, Clock, Seconds, Span, edges, from_seconds, to_seconds
from paes.rollups import DAY_S, NEVER_S, Rollups, shape_of
from paes.series import EstimatedGap, Floats, Gap, Stated

BESIDE_MONTH_DAYS = 14
"""Errors of lines are those of the local month of a gap and of so many days on either side."""
Days = Callable[[Sequence[Counter], Span], list[Rollups]]
"""Gives the days of counters with their courses."""


def wanting(counter: Counter, gaps: Iterable[Gap], of: Seconds) -> list[Gap]:
    """The gaps of which tables by the edges ``of`` need an estimate that they have not."""
    return [_bare(gap) for gap in gaps if _wants(counter, gap, of)]


def _wants(counter: Counter, gap: Gap, of: Seconds) -> bool:
    if isinstance(gap, EstimatedGap):
        return lacks_course(gap, of)
    if gap.known:
        return is_cut(gap, of)
    if stated_of(counter, gap):
        return True
    return gap.cause not in OUTSIDE and gap.end_s - gap.start_s <= LONG_S


def _bare(gap: Gap) -> Gap:
    return Gap(gap.start_s, gap.end_s, gap.low, gap.high, gap.cause)


def stated_of(counter: Counter, gap: Gap) -> list[ManualEnergy]:
    """What persons say of the time of a gap; nothing counts where the amount is known."""
    if gap.known:
        return []
    return [
        s
        for s in counter.stated
        if to_seconds(s.span.start) < gap.end_s and to_seconds(s.span.end) > gap.start_s
    ]


class Estimating:
    """Estimates gaps of many counters that have a time zone in common."""

    def __init__(self, days: Days, clock: Clock) -> None:
        self._days = days
        self._clock = clock

    def estimates(
        self, counters: Sequence[Counter], wanted: Sequence[Sequence[Gap]]
    ) -> list[Estimates]:
        """The ``wanted`` gaps of each counter, estimated; those that cannot be as they are."""
        found: list[Estimates] = [{} for _ in counters]
        groups: dict[tuple[Span, bool], list[int]] = {}
        for i, (counter, gaps) in enumerate(zip(counters, wanted, strict=True)):
            if gaps:
                groups.setdefault(self._around(counter, gaps), []).append(i)
        for (span, is_open), places in groups.items():
            some = [counters[i] for i in places]
            calendar = _Calendar(span, some[0].time_zone)
            for i, rows in zip(places, self._days(some, span), strict=True):
                seen = _Seen(counters[i], rows, calendar, is_open)
                found[i] = {key_of(gap): seen.estimated(gap) for gap in wanted[i]}
        return found

    def _around(self, counter: Counter, gaps: Sequence[Gap]) -> tuple[Span, bool]:
        """The time that estimates of ``gaps`` rest on, and whether it may still grow."""
        reach = (AROUND_DAYS + BESIDE_MONTH_DAYS + 7) * DAY_S
        stated = [s.span for gap in gaps for s in stated_of(counter, gap)]
        start_s = min([*(g.start_s for g in gaps), *(to_seconds(s.start) for s in stated)])
        end_s = max([*(g.end_s for g in gaps), *(to_seconds(s.end) for s in stated)])
        wide = Span(from_seconds(start_s - reach), from_seconds(end_s + reach))
        days = edges(wide, By.DAY, counter.time_zone)
        now = from_seconds(to_seconds(self._clock()))
        last = min(now, counter.dead) if counter.dead else now
        around = Span(from_seconds(days[0]), from_seconds(days[-1])).clip(counter.born, last)
        assert around is not None  # a gap was asked for, and so some of its time was lived
        return around, last != counter.dead


class _Calendar:
    """Local days, months and kinds of quarter hours of a span, and of gaps that reach beyond it."""

    def __init__(self, span: Span, tz: str) -> None:
        self.span, self.tz = span, tz
        self.days = edges(span, By.DAY, tz)
        self.quarters = quarters_of(self.days)
        self._kinds: dict[tuple[Opening | None, int, int], Kinds] = {}

    def kinds(self, opening: Opening | None, start_s: int, cells: int) -> Kinds:
        """Of consecutive quarter hours."""
        key = opening, start_s, cells
        if key not in self._kinds:
            starts = start_s + CELL_S * np.arange(cells, dtype=np.int64)
            self._kinds[key] = kinds(starts, self.tz, opening)
        return self._kinds[key]

    def month(self, at_s: int) -> tuple[int, int]:
        """The local month of an instant."""
        begin, end, *_ = edges(Span(from_seconds(at_s), from_seconds(at_s + 1)), By.MONTH, self.tz)
        return int(begin), int(end)


@dataclass
class _Seen:
    """What is known of one counter around its gaps."""

    counter: Counter
    rows: Rollups
    calendar: _Calendar
    is_open: bool
    """True if readings to come may lie in a window that ends with the span."""
    _decoded: dict[int, tuple[Floats, Floats, Floats, tuple[Gap, ...]]] = field(
        default_factory=dict
    )
    _errors: dict[tuple[int, int], LineErrors] = field(default_factory=dict)
    _months: list[tuple[int, int]] = field(default_factory=list)

    def estimated(self, gap: Gap) -> Estimated:
        """One gap, cut where persons state the amount of a part of it."""
        windows = [self._window(gap)]
        stated = stated_of(self.counter, gap)
        windows += [(to_seconds(s.span.start), to_seconds(s.span.end)) for s in stated]
        found: list[Gap] = []
        for part in _cut_at(gap, stated, self.counter):
            said = [self._shared(s, part) for s in stated_of(self.counter, part)]
            if said or (part.cause not in OUTSIDE and part.end_s - part.start_s <= LONG_S):
                found.append(self._estimate(part, said[0] if said else None))
            else:
                found.append(self._estimate(part, None) if part.known else part)
        return Estimated(tuple(found), *self._needs(windows))

    def _estimate(self, gap: Gap, stated: Share | None) -> Gap:
        errors = self._line_errors(gap)
        is_short = gap.end_s - gap.start_s <= SHORT_S
        course = errors.course if is_short else self._course(*self._window(gap))
        return estimate(gap, course, self.counter.rules, errors, stated)

    def _window(self, gap: Gap) -> tuple[int, int]:
        if gap.end_s - gap.start_s <= SHORT_S:
            start_s, end_s = self._month(gap.start_s)
            beside = BESIDE_MONTH_DAYS * DAY_S
        else:
            start_s, end_s = gap.start_s // CELL_S * CELL_S, -(-gap.end_s // CELL_S) * CELL_S
            beside = AROUND_DAYS * DAY_S
        return start_s - beside, end_s + beside

    def _month(self, at_s: int) -> tuple[int, int]:
        for month in self._months:
            if month[0] <= at_s < month[1]:
                return month
        self._months.append(self.calendar.month(at_s))
        return self._months[-1]

    def _line_errors(self, gap: Gap) -> LineErrors:
        start_s, end_s = self._month(gap.start_s)
        if (start_s, end_s) not in self._errors:
            beside = BESIDE_MONTH_DAYS * DAY_S
            self._errors[start_s, end_s] = LineErrors(
                self._course(start_s - beside, end_s + beside)
            )
        return self._errors[start_s, end_s]

    def _course(self, start_s: int, end_s: int) -> Course:
        """What was seen in ``[start_s, end_s)``, which are whole quarter hours."""
        cells = (end_s - start_s) // CELL_S
        amount, covered_s = np.zeros(cells), np.zeros(cells)
        for day in self._days_of(start_s, end_s):
            measured, covered, _, _ = self._day(day)
            first = int(self.calendar.quarters[day][0] - start_s) // CELL_S
            a, b = max(first, 0), min(first + len(measured), cells)
            of = slice(a - first, b - first)
            amount[a:b], covered_s[a:b] = measured[of], covered[of]
        step_s = self.counter.rules.register.interval_s or CELL_S
        kind = self.calendar.kinds(self.counter.opening, start_s, cells)
        return Course(start_s, amount, covered_s, kind, step_s)

    def _days_of(self, start_s: int, end_s: int) -> range:
        days = self.calendar.days
        first = max(int(np.searchsorted(days, start_s, side="right")) - 1, 0)
        return range(first, min(int(np.searchsorted(days, end_s)), len(days) - 1))

    def _day(self, day: int) -> tuple[Floats, Floats, Floats, tuple[Gap, ...]]:
        """Measured amount, covered seconds, catch-up and gaps of a day, by quarter hours."""
        if day not in self._decoded:
            shape = shape_of(self.rows.shapes[day], len(self.calendar.quarters[day]))
            gaps = (*shape.gaps, *self.rows.gaps[day])
            self._decoded[day] = shape.measured, shape.covered_s, shape.catch_up, gaps
        return self._decoded[day]

    def _needs(self, windows: Sequence[tuple[int, int]]) -> tuple[int, int]:
        from_s, to_s = NEVER_S, -NEVER_S
        for start_s, end_s in windows:
            days = self._days_of(start_s, end_s)
            if len(days):
                of = slice(days.start, days.stop)
                from_s = min(from_s, int(self.rows.needs_from_s[of].min()))
                to_s = max(to_s, int(self.rows.needs_to_s[of].max()))
            if self.is_open and end_s > to_seconds(self.calendar.span.end):
                to_s = NEVER_S
        return from_s, to_s

    def _shared(self, stated: ManualEnergy, gap: Gap) -> Share:
        """What a stated amount leaves for a gap: less what was measured, by time.

        What lies in the future, or outside of the meter's life, has its part too.
        """
        start_s, end_s = to_seconds(stated.span.start), to_seconds(stated.span.end)
        known, gaps = 0.0, dict[Key, Gap]()
        for day in self._days_of(start_s, end_s):
            measured, _, catch_up, told = self._day(day)
            begin = self.calendar.quarters[day]
            inside = np.clip(
                np.minimum(begin + CELL_S, end_s) - np.maximum(begin, start_s), 0, CELL_S
            )
            part = inside / CELL_S
            known += float(((measured + catch_up) * part).sum())
            gaps |= {key_of(g): g for g in told}
        gap_s = gap.end_s - gap.start_s
        lived_s = to_seconds(self.calendar.span.start), to_seconds(self.calendar.span.end)
        unseen = [(gap.start_s, gap.end_s), (start_s, lived_s[0]), (lived_s[1], end_s)]
        for other in gaps.values():
            if other.known:
                common = min(other.end_s, end_s) - max(other.start_s, start_s)
                known += other.low * max(common, 0) / (other.end_s - other.start_s)
            else:
                unseen.append((max(other.start_s, start_s), min(other.end_s, end_s)))
        rest_s = _length_s(unseen)
        rest = max(stated.amount - known, 0.0)
        amount = rest if rest_s == gap_s else rest * gap_s / rest_s
        return Share(amount, Stated(start_s, end_s, rest), rest_s, stated.is_guess)


def _length_s(spans: Iterable[tuple[int, int]]) -> int:
    """How long spans are together, each second counted once; what ends before it begins is none."""
    length, until = 0, -NEVER_S
    for start_s, end_s in sorted(spans):
        length += max(0, end_s - max(start_s, until))
        until = max(until, end_s)
    return length


def _cut_at(gap: Gap, stated: Sequence[ManualEnergy], counter: Counter) -> Iterator[Gap]:
    """The gap in parts that lie within what persons state, or outside of all of it."""
    inner = {to_seconds(at) for s in stated for at in (s.span.start, s.span.end)}
    cuts = sorted(at for at in inner if gap.start_s < at < gap.end_s)
    if not cuts:
        yield gap
        return
    for start_s, end_s in pairwise([gap.start_s, *cuts, gap.end_s]):
        yield Gap(start_s, end_s, *bounds_of_part(gap, end_s - start_s, counter.rules), gap.cause)
