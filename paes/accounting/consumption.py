"""From a meter's readings to energy, with every gap accounted for.

A register only grows, so energy is the difference of two readings. What can go wrong
with that is decided here, once::

    readings   |--|--|--|--|            |--|--|--X--|--|
    interval    measured     gap: known    measured  ^ a value that is not credible is left
                             amount, un-               out, and a Finding says so
                             known course

* Two good readings close together give a **measured** interval; it is spread evenly inside.
* Two good readings far apart give a **gap whose amount is known** (``low == high``). A period
  that contains it whole counts it (*catch-up*); a period that cuts it has **missing** energy
  between bounds.
* A reset, an unexplained jump, an exchange of the device without registers, and the time
  before the first or after the last reading are gaps **between bounds** only.
* Load curves and bills have no register (``paes.accounting.intervals``): a hole between intervals
  is a gap between bounds, a bill one of known amount.

So nothing is ever invented and no late catch-up is dropped: the true energy of a period lies
in ``[measured + missing_low, measured + missing_high]``. Estimating what is missing is a later
step (``estimation``) that never replaces a measurement.

Pure functions on arrays; amounts are in the register's unit (kWh or m3).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from paes.accounting.account import Account
from paes.accounting.counter_rules import CounterRules
from paes.periods import Seconds
from paes.series import Floats, Gap

OUTSIDE = ("before_first_reading", "after_last_reading")
"""Causes of gaps that have a reading on one side only, or on none within the span."""


def outer_gaps(book: Account, start_s: int, end_s: int, rules: CounterRules) -> list[Gap]:
    """The gaps before the first and after the last reading, within ``[start_s, end_s)``."""
    if len(book.knots_s) == 0:
        return [Gap(start_s, end_s, 0.0, rules.limit(end_s - start_s), "before_first_reading")]
    first, last = int(book.knots_s[0]), int(book.knots_s[-1])
    gaps = []
    if first > start_s:
        stop = min(first, end_s)
        gaps.append(Gap(start_s, stop, 0.0, rules.limit(stop - start_s), "before_first_reading"))
    if last < end_s:
        begin = max(last, start_s)
        gaps.append(Gap(begin, end_s, 0.0, rules.limit(end_s - begin), "after_last_reading"))
    return gaps


def cut(gap: Gap, edges: Seconds, rules: CounterRules) -> list[Gap]:
    """A gap before the first or after the last reading, cut at ``edges``: each part stands alone.

    Any other gap stays whole, for its parts depend on each other.
    """
    if gap.cause not in OUTSIDE:
        return [gap]
    inner = edges[(edges > gap.start_s) & (edges < gap.end_s)].tolist()
    ends = [gap.start_s, *inner, gap.end_s]
    return [Gap(a, b, 0.0, rules.limit(b - a), gap.cause) for a, b in pairwise(ends)]


def buckets(
    book: Account, gaps: Sequence[Gap], edges: Seconds, rules: CounterRules
) -> pd.DataFrame:
    """Energy between consecutive ``edges``: one row a bucket.

    Columns: ``start_s``, ``end_s``, ``measured`` (with ``catch_up`` in it), ``catch_up``,
    ``missing_low``, ``missing_high``, ``covered_s``. ``gaps`` are the account's and the outer
    ones.
    """
    if len(book.knots_s):
        measured = np.diff(np.interp(edges, book.knots_s, book.total))
        covered = np.diff(np.interp(edges, book.knots_s, book.covered))
    else:
        measured = np.zeros(len(edges) - 1)
        covered = np.zeros(len(edges) - 1)
    catch_up, low, high = spread_gaps(gaps, edges, rules)
    return pd.DataFrame(
        {
            "start_s": edges[:-1],
            "end_s": edges[1:],
            "measured": measured + catch_up,
            "catch_up": catch_up,
            "missing_low": low,
            "missing_high": high,
            "covered_s": covered,
        }
    )


def spread_gaps(
    gaps: Sequence[Gap], edges: Seconds, rules: CounterRules
) -> tuple[Floats, Floats, Floats]:
    """What ``gaps`` put into each bucket: known catch-up, and low and high missing amounts.

    A gap inside one bucket gives it its amount, or its bounds. A gap that is cut by an edge
    gives each part the bounds that the rest leaves open: at least what cannot have passed
    outside, at most what can have passed inside. ``edges`` may repeat; an empty bucket has
    nothing.
    """
    n = len(edges) - 1
    catch_up, low, high = np.zeros(n), np.zeros(n), np.zeros(n)
    for gap in gaps:
        first = max(int(np.searchsorted(edges, gap.start_s, side="right")) - 1, 0)
        last = min(int(np.searchsorted(edges, gap.end_s, side="left")), n)
        inside = last - first == 1 and edges[first] <= gap.start_s and gap.end_s <= edges[first + 1]
        if inside and gap.known:
            catch_up[first] += gap.low
        elif inside:
            low[first] += gap.low
            high[first] += gap.high
        else:
            begins, ends = edges[first:last], edges[first + 1 : last + 1]
            parts = np.minimum(gap.end_s, ends) - np.maximum(gap.start_s, begins)
            for part in set(parts[parts > 0].tolist()):  # most are alike
                least, most = bounds_of_part(gap, part, rules)
                low[first:last][parts == part] += least
                high[first:last][parts == part] += most
    return catch_up, low, high


def bounds_of_part(gap: Gap, part_s: int, rules: CounterRules) -> tuple[float, float]:
    """What can have passed in ``part_s`` seconds of a gap, wherever they lie in it."""
    span_s = gap.end_s - gap.start_s
    if gap.low > rules.limit(span_s):
        return 0.0, gap.high  # more passed than the rating allows: it bounds no part either
    return max(0.0, gap.low - rules.limit(span_s - part_s)), min(gap.high, rules.limit(part_s))
