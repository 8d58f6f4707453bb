"""What a person's factor makes of an account: amounts that were measured wrong by a known ratio.

A current transformer of 200/5 that was configured as 100/5 lets a meter show half. The readings
stay; amounts in the factor's span are multiplied. Measured intervals pass evenly, so that what an
end of the span cuts is divided in proportion. A gap whose amount is known is multiplied where it
lies in the span; where an end cuts it, nobody knows how much of it passed inside: then only
bounds are known. What is bounded by the rating is not multiplied, for the rating is of the truth.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from paes.accounting.account import Account
from paes.accounting.counter_rules import CounterRules
from paes.accounting.edits import Factor
from paes.periods import to_seconds
from paes.series import Gap


def scaled(book: Account, rules: CounterRules) -> Account:
    """``book`` with the factors of ``rules`` applied, one after the other."""
    for factor in rules.factors:
        book = _scaled(book, factor, rules)
    return book


def _scaled(book: Account, edit: Factor, rules: CounterRules) -> Account:
    ends = np.array([to_seconds(edit.span.start), to_seconds(edit.span.end)], dtype=np.int64)
    gaps = tuple(_gap(gap, int(ends[0]), int(ends[1]), edit.factor, rules) for gap in book.gaps)
    if len(book.knots_s) == 0:
        return book
    inner = ends[(ends > book.knots_s[0]) & (ends < book.knots_s[-1])]
    knots = np.union1d(book.knots_s, inner)
    steps = np.diff(np.interp(knots, book.knots_s, book.total))
    within = (knots[:-1] >= ends[0]) & (knots[1:] <= ends[1])
    steps = np.where(within, steps * edit.factor, steps)
    return replace(
        book,
        knots_s=knots,
        total=np.concatenate([np.zeros(1), np.cumsum(steps)]),
        covered=np.interp(knots, book.knots_s, book.covered),
        gaps=gaps,
    )


def _gap(gap: Gap, start_s: int, end_s: int, factor: float, rules: CounterRules) -> Gap:
    """One gap; what of its amount may have passed in the span is multiplied."""
    inside = min(gap.end_s, end_s) - max(gap.start_s, start_s)
    whole = gap.end_s - gap.start_s
    if inside <= 0:
        return gap
    if inside == whole and gap.known:
        return replace(gap, low=gap.low * factor, high=gap.high * factor)
    least, most = _inside(gap, inside, rules)
    if gap.known:
        changes = sorted(((factor - 1) * least, (factor - 1) * most))
        return replace(gap, low=gap.low + changes[0], high=gap.high + changes[1])
    low = gap.low * (factor if inside == whole else min(1.0, factor))
    most = max(gap.high, min(gap.high * factor, rules.limit(whole)))
    return replace(gap, low=low, high=max(low, most))


def _inside(gap: Gap, inside_s: int, rules: CounterRules) -> tuple[float, float]:
    """How much a meter may have counted of a gap's amount within ``inside_s`` of it."""
    outside_s = gap.end_s - gap.start_s - inside_s
    if rules.limit_per_h is None or gap.low > rules.ceiling(gap.end_s - gap.start_s):
        return 0.0, gap.low
    return max(0.0, gap.low - rules.ceiling(outside_s)), min(gap.low, rules.ceiling(inside_s))
