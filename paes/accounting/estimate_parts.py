"""An estimated gap cut into periods: its parts, their bands, and what is shown of them.

Parts of a gap add up to its amount. Their bands do not add up, and need not: the amount of a week
is known better than that of each of its days. A part has the margin of the whole times the root of
its share, as if errors were independent, or more. So it is where persons state one amount for time
that has several gaps: each has its share by time with a band, and all together the amount.

Pure functions; read ``estimated_gaps`` for how a gap is estimated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from paes.accounting.consumption import bounds_of_part
from paes.accounting.counter_rules import CounterRules
from paes.accounting.estimation import (
    Method,
)
from paes.periods import Seconds, from_seconds
from paes.series import EstimatedGap, Floats, Gap, Stated

Columns = tuple[Floats, Floats, Floats, Floats]
"""Catch-up, estimate, and its low and high, by period."""


SAME = 1e-6
"""Amounts that differ by less are one."""


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


def is_cut(gap: Gap, edges: Seconds) -> bool:
    """True if one of ``edges`` lies inside the gap."""
    after = int(np.searchsorted(edges, gap.start_s, side="right"))
    return after < len(edges) and bool(edges[after] < gap.end_s)


def lacks_course(gap: EstimatedGap, edges: Seconds) -> bool:
    """True if one of ``edges`` cuts the gap where its course is not known."""
    inner = edges[(edges > gap.start_s) & (edges < gap.end_s)]
    return len(inner) > 0 and not np.isin(inner, gap.knots_s).all()
