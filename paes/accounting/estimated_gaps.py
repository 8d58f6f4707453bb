"""A gap with its estimate: made from the course around it, and cut into periods.

Parts of a gap add up to its amount. Their bands do not add up, and need not: the amount of a week
is known better than that of each of its days. A part has the margin of the whole times the root of
its share, as if errors were independent, or more. So it is where persons state one amount for time
that has several gaps: each has its share by time with a band, and all together the amount.

Pure functions; read next ``estimating``, which brings the course, and ``energy_table``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from paes.accounting.consumption import bounds_of_part
from paes.accounting.counter_rules import CounterRules
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
from paes.periods import Seconds, from_seconds
from paes.series import EstimatedGap, Floats, Gap, Stated

_REGISTER = {
    Method.LINEAR: Method.REGISTER_LINEAR,
    Method.TYPICAL_DAY: Method.REGISTER_TYPICAL_DAY,
}
Key = tuple[int, int, str]
"""Start, end and cause: what tells one gap of a counter from all others."""
Drawn = tuple[Floats, Method, float]
"""What passed in each quarter hour of a gap, by which method, and the margin of their sum."""
Columns = tuple[Floats, Floats, Floats, Floats]
"""Catch-up, estimate, and its low and high, by period."""
SAME = 1e-6
"""Amounts that differ by less are one."""


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


@dataclass(frozen=True, slots=True)
class Estimate:
    """One stretch that was not measured and is estimated; amounts are in the register's unit.

    The amount lies between ``low`` and ``high`` in 95 of 100 cases; with the methods that begin
    with ``register`` it is known, and its course is estimated.
    """

    start: datetime
    end: datetime
    amount: float
    low: float
    high: float
    method: Method
    cause: str


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


def is_certain(gap: EstimatedGap) -> bool:
    """True if the amount is known or stated, and only its course estimated."""
    return gap.known or (gap.method == Method.MANUAL and gap.whole is None)


def bounds(gap: EstimatedGap) -> tuple[float, float]:
    """The band of the whole amount, within the gap's own bounds."""
    if is_certain(gap):
        return gap.amount, gap.amount
    most = min(gap.high, gap.amount + gap.margin)
    if gap.whole:
        most = max(min(most, gap.whole.amount), gap.amount)
    return max(gap.low, gap.amount - gap.margin), most


def estimates_within(gaps: Iterable[Gap], edges: Seconds, rules: CounterRules) -> list[Estimate]:
    """What tables by ``edges`` show as estimated: each stretch, as far as they reach."""
    found = []
    ends = edges[[0, -1]]
    for gap in gaps:
        if not isinstance(gap, EstimatedGap) or (gap.known and not is_cut(gap, edges)):
            continue
        start_s, end_s = np.clip([gap.start_s, gap.end_s], *ends).tolist()
        if start_s < end_s:
            known, estimated, low, high = spread_estimates([gap], ends, rules)
            amount = float(known[0] + estimated[0])
            band = (amount, amount) if gap.known and not is_cut(gap, ends) else (low[0], high[0])
            at = from_seconds(start_s), from_seconds(end_s)
            found.append(
                Estimate(*at, amount, float(band[0]), float(band[1]), Method(gap.method), gap.cause)
            )
    return sorted(found, key=lambda e: e.start)


def spread_estimates(
    gaps: Sequence[EstimatedGap], edges: Seconds, rules: CounterRules
) -> tuple[Floats, Floats, Floats, Floats]:
    """What ``gaps`` put into each bucket between ``edges``: catch-up, estimate, its low and high.

    A known amount that passed within one bucket is catch-up. A gap that an edge cuts gives each
    side its part of the course. What a person stated of several gaps is certain of all together.
    """
    alone = [gap for gap in gaps if gap.whole is None]
    found = _spread(alone, edges, rules)
    for whole, of in _shared(gaps).items():
        part = _spread(of, edges, rules)
        if math.isclose(math.fsum(g.amount for g in of), whole.amount, abs_tol=SAME):
            part = _closed(whole, of, part, edges, rules)
        found = (found[0] + part[0], found[1] + part[1], found[2] + part[2], found[3] + part[3])
    return found


def _shared(gaps: Iterable[EstimatedGap]) -> dict[Stated, list[EstimatedGap]]:
    """The gaps that share what a person stated."""
    found: dict[Stated, list[EstimatedGap]] = {}
    for gap in gaps:
        if gap.whole:
            found.setdefault(gap.whole, []).append(gap)
    return found


def _closed(
    whole: Stated, of: Sequence[EstimatedGap], part: Columns, edges: Seconds, rules: CounterRules
) -> Columns:
    """The columns of all gaps that share ``whole``: each bucket leaves the others the rest."""
    ends = np.array([min(g.start_s for g in of), max(g.end_s for g in of)])
    before = np.array([min(ends[0], edges[0]), edges[0]])
    after = np.array([edges[-1], max(ends[1], edges[-1])])
    outside = [_spread(of, beyond, rules) for beyond in (before, after)]
    catch_up, estimated, low, high = part
    least = low.sum() + sum(float(o[2].sum()) for o in outside)
    most = high.sum() + sum(float(o[3].sum()) for o in outside)
    return (
        catch_up,
        estimated,
        np.minimum(np.maximum(low, whole.amount - (most - high)), estimated),
        np.maximum(np.minimum(high, whole.amount - (least - low)), estimated),
    )


def _spread(gaps: Sequence[EstimatedGap], edges: Seconds, rules: CounterRules) -> Columns:
    """As ``spread_estimates``, each gap by itself."""
    n = len(edges) - 1
    catch_up, estimated, low, high = (np.zeros(n) for _ in range(4))
    for gap in gaps:
        first = max(int(np.searchsorted(edges, gap.start_s, side="right")) - 1, 0)
        last = min(int(np.searchsorted(edges, gap.end_s, side="left")), n)
        if last - first == 1 and edges[first] <= gap.start_s and gap.end_s <= edges[last]:
            if gap.known:
                catch_up[first] += gap.low
                continue
            least, most = bounds(gap)
            estimated[first] += gap.amount
            low[first] += least
            high[first] += most
        elif last > first:
            part, least_of, most_of = _parts(gap, edges[first : last + 1], rules)
            estimated[first:last] += part
            low[first:last] += least_of
            high[first:last] += most_of
    return catch_up, estimated, low, high


def _parts(gap: EstimatedGap, edges: Seconds, rules: CounterRules) -> tuple[Floats, Floats, Floats]:
    """A gap's parts between ``edges``, with the band of each."""
    inside = np.clip(edges, gap.start_s, gap.end_s)
    part = np.diff(np.interp(inside, gap.knots_s, gap.sums))
    part_s = np.diff(inside)
    in_time = part_s / (gap.end_s - gap.start_s)
    in_amount = part / gap.amount if gap.amount > 0 else in_time
    if is_certain(gap):
        share = np.maximum(in_time * (1 - in_time), in_amount * (1 - in_amount))
        margin = 2 * gap.margin * np.sqrt(np.clip(share, 0, None))
    else:
        margin = gap.margin * np.sqrt(np.clip(np.maximum(in_time, in_amount), 0, 1))
    whole = _stated(gap) if is_certain(gap) else gap
    hard = [bounds_of_part(whole, int(s), rules) if s else (0.0, 0.0) for s in part_s.tolist()]
    least = np.array([h[0] for h in hard])
    most = np.array([h[1] for h in hard])
    return (
        part,
        np.minimum(np.maximum(part - margin, least), part),
        np.maximum(np.minimum(part + margin, most), part),
    )


def _stated(gap: EstimatedGap) -> Gap:
    """As one whose amount is known to be that of its estimate."""
    return Gap(gap.start_s, gap.end_s, gap.amount, gap.amount, gap.cause)


def thinned(gap: Gap, edges: Seconds) -> Gap:
    """The same with a course that can be cut at ``edges`` only."""
    if not isinstance(gap, EstimatedGap):
        return gap
    inner = edges[(edges > gap.start_s) & (edges < gap.end_s)]
    knots = np.concatenate([[gap.start_s], inner, [gap.end_s]])
    sums = np.interp(knots, gap.knots_s, gap.sums).tolist()
    sums[-1] = gap.amount
    return replace(gap, knots_s=tuple(knots.tolist()), sums=tuple(sums))


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


def is_cut(gap: Gap, edges: Seconds) -> bool:
    """True if one of ``edges`` lies inside the gap."""
    after = int(np.searchsorted(edges, gap.start_s, side="right"))
    return after < len(edges) and bool(edges[after] < gap.end_s)


def lacks_course(gap: EstimatedGap, edges: Seconds) -> bool:
    """True if one of ``edges`` cuts the gap where its course is not known."""
    inner = edges[(edges > gap.start_s) & (edges < gap.end_s)]
    return len(inner) > 0 and not np.isin(inner, gap.knots_s).all()
