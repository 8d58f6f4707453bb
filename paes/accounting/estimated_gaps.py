"""A gap with its estimate, made from the course around it.

Pure functions; read next ``estimating``, which brings the course, and ``estimate_parts``, which
cuts what was estimated into periods.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from paes.accounting.counter_rules import CounterRules
from paes.accounting.estimate_parts import bounds, is_certain
from paes.accounting.estimation import (
    CELL_S,
    SHORT_S,
    Course,
    Method,
    expected_of,
    level,
    line,
    typical,
    weight_of_level,
)
from paes.accounting.estimation_band import (
    LineErrors,
    line_margin,
    split_errors,
    typical_errors,
    typical_margin,
)
from paes.periods import Seconds
from paes.series import EstimatedGap, Floats, Gap, Stated

_REGISTER = {
    Method.LINEAR: Method.REGISTER_LINEAR,
    Method.TYPICAL_DAY: Method.REGISTER_TYPICAL_DAY,
}


Key = tuple[int, int, str]
"""Start, end and cause: what tells one gap of a counter from all others."""


Drawn = tuple[Floats, Method, float]
"""What passed in each quarter hour of a gap, by which method, and the margin of their sum."""


@dataclass(frozen=True)
class Estimated:
    """What became of one gap, and which readings that rests on."""

    gaps: tuple[Gap, ...]
    needs_from_s: int
    needs_to_s: int


@dataclass(frozen=True, slots=True)
class Share:
    """What persons say of a gap: its part, by time, of what is left ``of`` a stated amount.

    ``rest_s`` is how long all gaps are for which that is left. A guess, as of an estimated bill,
    bounds nothing: it may be off by as much as it is.
    """

    amount: float
    of: Stated
    rest_s: int
    is_guess: bool = False

    @property
    def is_all(self) -> bool:
        """True if there is no other gap, so that the amount is certain."""
        return self.amount == self.of.amount and not self.is_guess

    @property
    def whole(self) -> Stated | None:
        """What is certain of several gaps together, if anything is."""
        return None if self.is_all or self.is_guess else self.of


Estimates = Mapping[Key, Estimated]
"""By the gaps that were asked for."""


def key_of(gap: Gap) -> Key:
    """What a gap is found by."""
    return gap.start_s, gap.end_s, gap.cause


def estimates_of(gap: Gap, found: Estimates) -> tuple[Gap, ...]:
    """What became of ``gap``; itself if nothing did."""
    made = found.get(key_of(gap))
    return made.gaps if made else (gap,)


def estimate(
    gap: Gap, course: Course, rules: CounterRules, errors: LineErrors, stated: Share | None = None
) -> Gap:
    """``gap`` with an estimate; as it is if its amount is not known and nothing was seen near.

    ``course`` is that of its window, ``errors`` are those of lines near; persons ``stated`` its
    amount. What is estimated keeps within the gap's bounds, in every part of it.
    """
    edges = _cell_edges(gap, course)
    seconds = np.diff(edges).astype(np.float64)
    drawn = _drawn(gap, course, seconds, errors)
    if drawn is None and not gap.known and stated is None:
        return gap
    if gap.known or stated is not None:
        amount = min(max(stated.amount, gap.low), gap.high) if stated else gap.low
        parts, method, margin = _of_amount(amount, drawn, seconds)
        if stated:
            method = Method.BILL if stated.is_guess else Method.MANUAL
            margin = margin if stated.is_all else _share_margin(gap, amount, stated, drawn, rules)
    else:
        assert drawn is not None
        parts, method, margin = drawn
        amount = min(max(float(_capped(parts, seconds, gap, rules).sum()), gap.low), gap.high)
        margin += 2 * rules.register.resolution  # the readings on both sides are rounded
    sums = np.cumsum(_brought_to(amount, parts, seconds, gap, rules))
    knots_s = tuple(edges.tolist())
    return EstimatedGap(
        gap.start_s, gap.end_s, gap.low, gap.high, gap.cause,
        amount, float(margin), str(method), knots_s, (0.0, *sums[:-1].tolist(), amount),
        stated.whole if stated else None,
    )  # fmt: skip


def _cell_edges(gap: Gap, course: Course) -> Seconds:
    """The ends of a gap and the quarter hours that begin in it."""
    a, b = course.place(gap.start_s), course.place(gap.end_s + CELL_S - 1)
    edges = course.start_s + CELL_S * np.arange(a, b + 1, dtype=np.int64)
    return np.clip(edges, gap.start_s, gap.end_s)


def _drawn(gap: Gap, course: Course, seconds: Floats, errors: LineErrors) -> Drawn | None:
    a = course.place(gap.start_s)
    if gap.end_s - gap.start_s <= SHORT_S:
        power = line(course, gap.start_s, gap.end_s)
        if power is not None:
            parts = power * seconds / 3600
            margin = line_margin(errors, gap, len(parts), float(parts.sum()))
            return parts, Method.LINEAR, margin
    usual = typical(course, a, a + len(seconds))
    if usual is None:
        return None
    first, last = np.array([a]), np.array([a + len(seconds)])
    times = level(course, expected_of(course, usual), first, last)
    weight = weight_of_level(gap.end_s - gap.start_s)
    parts = usual[course.kind[a : a + len(seconds)]] * seconds / 3600 * times**weight
    find = split_errors if gap.known else typical_errors
    margin = typical_margin(find(course, usual, a, a + len(seconds)), float(parts.sum()))
    return parts, Method.TYPICAL_DAY, margin


def _of_amount(amount: float, drawn: Drawn | None, seconds: Floats) -> tuple[Floats, Method, float]:
    """The course of an amount that is certain; evenly if nothing tells better."""
    if drawn is None or not drawn[0].sum() > 0:
        return seconds, Method.REGISTER_EVEN, amount
    parts, method, margin = drawn
    return parts, _REGISTER[method], min(margin * amount / float(parts.sum()), amount)


def _share_margin(
    gap: Gap, amount: float, stated: Share, drawn: Drawn | None, rules: CounterRules
) -> float:
    """How far a gap's share may be off: as an estimate, and by no more than the others leave."""
    if stated.is_guess:
        return amount
    others_s = stated.rest_s - (gap.end_s - gap.start_s)
    least = max(gap.low, stated.of.amount - rules.limit(others_s))
    most = min(gap.high, stated.of.amount)
    if drawn:
        parts, _, margin = drawn
        likely = float(parts.sum())
        least, most = max(least, likely - margin), min(most, likely + margin)
    return max(amount - least, most - amount, 0.0)


def _capped(parts: Floats, seconds: Floats, gap: Gap, rules: CounterRules) -> Floats:
    most = rules.limit(1.0)
    if math.isinf(most) or gap.low > rules.limit(gap.end_s - gap.start_s):
        return parts
    return np.minimum(parts, most * seconds)


def _brought_to(
    amount: float, parts: Floats, seconds: Floats, gap: Gap, rules: CounterRules
) -> Floats:
    """``parts`` that add up to ``amount``, none above what can pass at most."""
    total = float(parts.sum())
    scaled = parts * (amount / total) if total > 0 else seconds * (amount / float(seconds.sum()))
    kept = _capped(scaled, seconds, gap, rules)
    rest = amount - float(kept.sum())
    if rest <= 0:
        return kept
    room = _capped(np.full(len(kept), np.inf), seconds, gap, rules) - kept
    if not np.isfinite(room).all() or not room.sum() > 0:
        return scaled
    return np.asarray(kept + room * min(rest / float(room.sum()), 1.0))


def together(gaps: Iterable[Gap]) -> list[Gap]:
    """Gaps within one month, with the estimates of unknown amounts told as one."""
    alike: list[EstimatedGap] = []
    others: list[Gap] = []
    for gap in gaps:
        if isinstance(gap, EstimatedGap) and not is_certain(gap) and gap.whole is None:
            alike.append(gap)
        else:
            others.append(gap)
    if len(alike) < 2:
        return [*others, *alike]
    low, high = (math.fsum(of) for of in zip(*(bounds(g) for g in alike), strict=True))
    amount = math.fsum(g.amount for g in alike)
    start_s, end_s = min(g.start_s for g in alike), max(g.end_s for g in alike)
    one = EstimatedGap(
        start_s, end_s, low, high, "several",
        amount, max(amount - low, high - amount), str(Method.SEVERAL),
        (start_s, end_s), (0.0, amount),
    )  # fmt: skip
    return [*others, one]
