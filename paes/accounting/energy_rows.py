"""Rows of energy by local day, made from judged readings, and by month, made from days.

Pure functions on edges of local periods (Unix seconds) and ``paes.rollups``; read next
``paes.accounting.kept_energy``, which keeps the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from paes.accounting.account import Account
from paes.accounting.consumption import OUTSIDE, buckets, cut
from paes.accounting.counter_needs import needs
from paes.accounting.counter_rules import CounterRules
from paes.accounting.estimate_parts import thinned
from paes.accounting.estimated_gaps import Estimates, Key, estimates_of, key_of, together
from paes.periods import Seconds
from paes.rollups import NEVER_S, Rollups, Shape, shapes_bytes
from paes.series import EstimatedGap, Floats, Gap, ReadingSeries

QUARTER_S = 900
DECIMALS = 6
"""Of what is derived: a thousandth of what stores keep of readings."""


def day_rows(
    readings: ReadingSeries,
    book: Account,
    gaps: Sequence[Gap],
    day_edges: Seconds,
    life_s: tuple[int, int],
    rules: CounterRules,
    all_shapes: bool = True,
) -> Rollups:
    """One row a local day, without seals; what lies outside ``life_s`` has nothing.

    ``gaps`` are the account's and the outer ones. A day that is not over, or on which readings
    to come could throw another light, needs readings up to ``NEVER_S``. Days behind the last
    one that can be kept get a shape only if ``all_shapes`` are wanted.

    Amounts are whole millionths: how far sums had run when the day was made leaves no trace.
    """
    lived = np.clip(day_edges, *life_s)
    inner, others = _parted(gaps, lived)
    table = buckets(book, inner, lived, rules)
    across = [part for g in others for part in cut(g, lived, rules)]
    from_s, to_s = needs(book, readings, day_edges[:-1], day_edges[1:], rules)
    to_s = np.where(day_edges[1:] <= life_s[1], to_s, NEVER_S)
    shaped = len(to_s) if all_shapes else int(np.sum(np.cumsum((to_s < NEVER_S)[::-1]) > 0))
    shapes = _shapes(book, inner, day_edges[: shaped + 1], life_s, rules) if shaped else []
    return Rollups(
        start_s=day_edges[:-1],
        measured=np.round((table["measured"] - table["catch_up"]).to_numpy(), DECIMALS),
        catch_up=np.round(table["catch_up"].to_numpy(), DECIMALS),
        covered_s=table["covered_s"].to_numpy(),
        needs_from_s=from_s,
        needs_to_s=to_s,
        seal=np.zeros(len(from_s), np.int64),
        gaps=_by_period(across, day_edges),
        shapes=shapes + [b""] * (len(to_s) - shaped),
    )


def month_rows(
    days: Rollups,
    month_edges: Seconds,
    life_s: tuple[int, int],
    ended: bool,
    estimates: Estimates | None = None,
) -> Rollups:
    """One row a month of those that have days; ``ended`` if the counter's use ends with them.

    A month needs what its days and its ``estimates`` need (``month_gaps`` are those it asks
    for); one that is not over needs readings up to ``NEVER_S``.
    """
    n, made_of = len(month_edges) - 1, estimates or {}
    place = np.searchsorted(month_edges, days.start_s, side="right") - 1
    from_s, to_s = np.full(n, NEVER_S), np.full(n, -NEVER_S)
    np.minimum.at(from_s, place, days.needs_from_s)
    np.maximum.at(to_s, place, days.needs_to_s)
    catch_up = summed(place, days.catch_up, n)
    lived = np.clip(month_edges, *life_s)
    told: list[tuple[Gap, ...]] = [()] * n
    for i, gaps in month_gaps(days, month_edges).items():
        inner, others = _parted(gaps, lived[i : i + 2])
        catch_up[i] += sum(g.low for g in inner)
        found = [made_of[key_of(g)] for g in others if key_of(g) in made_of]
        from_s[i] = min([int(from_s[i]), *(e.needs_from_s for e in found)])
        to_s[i] = max([int(to_s[i]), *(e.needs_to_s for e in found)])
        told[i] = _told(others, made_of, lived, (i, i + 1))
    made = Rollups(
        start_s=month_edges[:-1],
        measured=summed(place, days.measured, n),
        catch_up=catch_up,
        covered_s=summed(place, days.covered_s, n),
        needs_from_s=from_s,
        needs_to_s=np.where(ended | (month_edges[1:] <= life_s[1]), to_s, NEVER_S),
        seal=np.zeros(n, np.int64),
        gaps=told,
        shapes=(),
    )
    return made.where(np.bincount(place, minlength=n) > 0)


def month_gaps(days: Rollups, month_edges: Seconds) -> dict[int, list[Gap]]:
    """By month, the gaps that its days tell; those before the first reading are put together."""
    found: dict[int, list[Gap]] = {}
    place = np.searchsorted(month_edges, days.start_s, side="right") - 1
    for i, gaps in zip(place.tolist(), days.gaps, strict=True):
        if gaps:
            found.setdefault(i, []).extend(gaps)
    return {i: _put_together(unique(gaps)) for i, gaps in found.items()}


def _told(
    gaps: Sequence[Gap], made_of: Estimates, edges: Seconds, of: tuple[int, int]
) -> tuple[Gap, ...]:
    """The gaps of a month with their estimates: those that lie in it as one.

    One that crosses its edges stays whole, as every row that it touches tells it; if persons cut
    it, it is told without an estimate.
    """
    within, across = [], []
    for gap in gaps:
        made = estimates_of(gap, made_of)
        if within_one(gap, edges[of[0] : of[1] + 1]):
            within += [thinned(g, edges) for g in made]
        else:
            across.append(thinned(made[0], edges) if len(made) == 1 else gap)
    return (*together(within), *across)


def quarters_of(day_edges: Seconds) -> list[Seconds]:
    """The starts of the quarter hours of each day."""
    return [np.arange(a, b, QUARTER_S, dtype=np.int64) for a, b in pairwise(day_edges.tolist())]


def summed(place: npt.NDArray[np.int64], column: Floats, periods: int) -> Floats:
    """What ``column`` adds up to in each period, by the ``place`` of its parts."""
    return np.bincount(place, column, periods).astype(np.float64, copy=False)


def unique(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """Each gap once, though every period that it touches tells it; estimated if any tells that."""
    found: dict[Key, Gap] = {}
    for gap in gaps:
        if isinstance(gap, EstimatedGap) or key_of(gap) not in found:
            found[key_of(gap)] = gap
    return tuple(found.values())


def within_one(gap: Gap, edges: Seconds) -> bool:
    """True if the gap lies within one of the periods between ``edges``."""
    first = int(np.searchsorted(edges, gap.start_s, side="right"))
    last = int(np.searchsorted(edges, gap.end_s, side="left"))
    return first == last and 0 < first < len(edges)


def runs(wanted: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Half-open index runs of True."""
    padded = np.concatenate([[False], wanted, [False]]).astype(np.int8)
    change = np.diff(padded)
    starts, stops = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    yield from zip(starts.tolist(), stops.tolist(), strict=True)


def _parted(gaps: Iterable[Gap], edges: Seconds) -> tuple[list[Gap], list[Gap]]:
    """Those whose amount is known to have passed within one period, and all others."""
    inner: list[Gap] = []
    others: list[Gap] = []
    for gap in gaps:
        (inner if gap.known and within_one(gap, edges) else others).append(gap)
    return inner, others


def _by_period(gaps: Iterable[Gap], edges: Seconds) -> list[tuple[Gap, ...]]:
    """The gaps that touch each period: a row must be right without its neighbours."""
    touching: list[tuple[Gap, ...]] = [()] * (len(edges) - 1)
    for gap in gaps:
        first = max(int(np.searchsorted(edges, gap.start_s, side="right")) - 1, 0)
        last = min(int(np.searchsorted(edges, gap.end_s, side="left")), len(edges) - 1)
        for i in range(first, last):
            touching[i] = (*touching[i], gap)
    return touching


def _shapes(
    book: Account,
    inner: Sequence[Gap],
    day_edges: Seconds,
    life_s: tuple[int, int],
    rules: CounterRules,
) -> list[bytes]:
    """The course of each day; ``inner`` are the known gaps that lie within a day."""
    starts = quarters_of(day_edges)
    lived = np.clip(np.append(np.concatenate(starts), day_edges[-1]), *life_s)
    short, others = _parted(inner, lived)
    table = buckets(book, short, lived, rules)
    course = Shape(
        (table["measured"] - table["catch_up"]).to_numpy(),
        table["catch_up"].to_numpy(),
        table["covered_s"].to_numpy(),
    )
    long: dict[int, list[Gap]] = {}
    for gap in others:
        if gap.start_s < day_edges[-1]:
            day = int(np.searchsorted(day_edges, gap.start_s, side="right")) - 1
            long.setdefault(day, []).append(gap)
    return shapes_bytes(course, [len(q) for q in starts], long)


def _put_together(gaps: Iterable[Gap]) -> list[Gap]:
    """Parts of a gap that was cut at midnights, whose bounds add up, become one again."""
    whole: list[Gap] = []
    for gap in gaps:
        last = whole[-1] if whole else None
        if last and gap.cause in OUTSIDE and (last.end_s, last.cause) == (gap.start_s, gap.cause):
            whole[-1] = Gap(last.start_s, gap.end_s, 0.0, last.high + gap.high, gap.cause)
        else:
            whole.append(gap)
    return whole
