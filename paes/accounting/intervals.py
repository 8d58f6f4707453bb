"""Load curves and amounts of periods, judged: what needs no register to be energy.

A reading of a load curve (``Evidence.INTERVALS``) is what passed in the ``interval_s`` from its
time on; each stands alone::

    readings   |--|--|--|--|        |--|--|--X--|--|--|
    account     measured   hole: gap  measured ^ impossible (below 0, more than the rating allows)
                           in bounds            or overlapping: left out, told, and a gap

Without a register on both sides nobody knows what passed in a hole: between 0 and what the rating
allows. A missing month is missing, never zero.

A reading of ``Evidence.AMOUNTS`` (bills, deliveries) is what passed until the next reading::

    readings   |-------------|-----------|==========|         = a reading without a value ends
    account     amount known   and again  between bounds        the period before it

A reading of quality ``stale`` says nothing any more: its time was once that of a bill which another
one, over a longer period, has replaced (``paes.bills.amounts``); a store forgets no time.

It is a gap of known amount: a period that contains it counts it as catch-up, one that cuts it
knows only bounds. The last amount counts once a reading follows that says until when.

Whether a reading is credible is decided by itself and the two on either side (``REACH_READINGS``).
Pure functions on arrays. Read next: ``consumption`` (periods), ``counter_needs``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from paes.accounting.account import NO_READING, Account
from paes.accounting.counter_findings import (
    absence_finding,
    left_out_finding,
    open_finding,
    rating_finding,
)
from paes.accounting.counter_rules import CounterRules, too_high, too_high_alone
from paes.errors import DataError
from paes.metering import Finding, Quality
from paes.periods import Seconds
from paes.series import CODE_OF, Floats, Gap, ReadingSeries

REACH_READINGS = 3
"""No reading further away decides on one; two do, and one is for the time between them."""
IMPOSSIBLE = "interval.impossible"
OVERLAP = "interval.overlap"
AMOUNT = "amount"
"""Cause of a gap whose amount a bill or a delivery tells."""
_NOTHING, _IMPOSSIBLE, _OVERLAP = 0, 1, 2
_CAUSES = (NO_READING, IMPOSSIBLE, OVERLAP)


def intervals_account(readings: ReadingSeries, rules: CounterRules) -> Account:
    """The account of a load curve; readings that are not good are holes."""
    length = rules.register.interval_s
    if length is None:
        raise DataError(f"{rules.register.point}: a load curve needs the length of its intervals")
    usable = rules.usable(readings)
    t, v = readings.seconds[usable], readings.values[usable]
    spans = np.full(len(t), length, dtype=np.int64)
    odd, findings = _judged(v, spans, t, rules)
    odd[_overlapping(t, length)] = _OVERLAP
    findings += _left_out(t, v, odd, rules)
    kept = odd == _NOTHING
    if not kept.any():
        return Account.empty(tuple(findings))
    starts = t[kept]
    ends = np.column_stack([starts, starts + length]).ravel()  # in order, for none overlap
    is_new = np.concatenate([[True], ends[1:] > ends[:-1]])
    knots, place = ends[is_new], np.cumsum(is_new)[::2] - 1
    amount, covered = np.zeros(len(knots) - 1), np.zeros(len(knots) - 1)
    amount[place], covered[place] = v[kept], length
    gaps = tuple(_holes(knots, covered, t, odd, rules))
    findings += [absence_finding(gap, rules) for gap in gaps if gap.cause == NO_READING]
    return Account(knots, _summed(amount), _summed(covered), gaps, starts, tuple(findings))


def amounts_account(readings: ReadingSeries, rules: CounterRules) -> Account:
    """The account of amounts that passed until the next reading's time."""
    readings = standing(readings)
    t, v, usable = readings.seconds, readings.values, rules.usable(readings)
    if len(t) == 0:
        return Account.empty()
    told = np.where(usable, v, 0.0)[:-1]
    odd, findings = _judged(told, np.diff(t), t[:-1], rules)
    findings += _left_out(t[:-1], told, odd, rules)
    gaps = []
    for i in range(len(t) - 1):
        start_s, end_s = int(t[i]), int(t[i + 1])
        if usable[i] and odd[i] == _NOTHING:
            gaps.append(Gap(start_s, end_s, float(v[i]), float(v[i]), AMOUNT))
        else:
            cause = _CAUSES[odd[i]]
            gaps.append(Gap(start_s, end_s, 0.0, rules.limit(end_s - start_s), cause))
    findings += [absence_finding(gap, rules) for gap in gaps if gap.cause == NO_READING]
    if usable[-1]:
        findings.append(open_finding(int(t[-1]), float(v[-1]), rules))
    flat = np.zeros(len(t))
    return Account(t, flat, flat, tuple(gaps), t, tuple(findings))


def standing(amounts: ReadingSeries) -> ReadingSeries:
    """Amounts without the times that say nothing any more."""
    stands = amounts.codes != CODE_OF[Quality.STALE]
    return ReadingSeries(amounts.seconds[stands], amounts.values[stands], amounts.codes[stands])


def _judged(
    v: Floats, spans: Seconds, t: Seconds, rules: CounterRules
) -> tuple[npt.NDArray[np.int8], list[Finding]]:
    """Which amounts cannot have passed in ``spans``, and whether only the rating is wrong."""
    alone = too_high_alone(v, spans, v, rules)
    odd = np.where((v < 0) | alone, _IMPOSSIBLE, _NOTHING).astype(np.int8)
    where = np.flatnonzero(too_high(v, spans, v, rules) & ~alone)
    if len(where) == 0:
        return odd, []
    return odd, [rating_finding(t[where], v[where], spans[where], rules)]


def _overlapping(t: Seconds, length: int) -> npt.NDArray[np.bool_]:
    """Readings less than one interval from another: which of them is false cannot be told."""
    near = np.concatenate([[False], np.diff(t) < length, [False]])
    return np.asarray(near[:-1] | near[1:], dtype=np.bool_)[: len(t)]


def _holes(
    knots: Seconds, covered: Floats, t: Seconds, odd: npt.NDArray[np.int8], rules: CounterRules
) -> Iterator[Gap]:
    """What lies between kept intervals, and why: the first reading that was left out there."""
    out_s, why = t[odd != _NOTHING], odd[odd != _NOTHING]
    holes = np.flatnonzero(covered == 0)
    starts, ends = knots[holes], knots[holes + 1]
    first = np.searchsorted(out_s, starts)
    is_out = np.append(out_s, ends[-1:])[first] < ends
    reason = np.where(is_out, np.append(why, _NOTHING)[first], _NOTHING)
    for start_s, end_s, i in zip(starts.tolist(), ends.tolist(), reason.tolist(), strict=True):
        yield Gap(start_s, end_s, 0.0, rules.limit(end_s - start_s), _CAUSES[i])


def _left_out(
    t: Seconds, v: Floats, odd: npt.NDArray[np.int8], rules: CounterRules
) -> list[Finding]:
    """One finding for each run of readings that were left out for one reason."""
    if not odd.any():
        return []
    change = np.flatnonzero(np.diff(odd)) + 1
    runs = [run for run in np.split(np.arange(len(odd)), change) if len(run) and odd[run[0]]]
    return [left_out_finding(_CAUSES[odd[run[0]]], t[run], v[run], rules) for run in runs]


def _summed(parts: Floats) -> Floats:
    return np.concatenate([np.zeros(1), np.cumsum(parts)])
