"""Where a register stands still or repeats itself: what ``stuck_meter`` looks for, as arrays.

Unknown hours and days neither count nor end a standstill.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from paes.faults.load_curve import Bools, LoadCurve


class Standstill(NamedTuple):
    """Steps of a curve: the first and the last of it, and when it was sure.

    ``hours`` that are known of it had ``amount`` each; ``expected`` is what an hour has at least,
    or, of days, as a rule.
    """

    first: int
    last: int
    sure: int
    is_over: bool
    hours: float
    amount: float
    expected: float


class Usual(NamedTuple):
    """What must be known of the time before, so that standing still is none of its kind.

    ``days`` are those compared, of which ``least_days`` must be known; ``least`` is the amount
    that must be expected of the whole standstill, by all but ``fraction`` of them. More standstills
    than ``most_before`` in these days are a habit.
    """

    days: int
    least_days: int
    least: float
    fraction: float
    most_before: int = 0


def repeated(
    curve: LoadCurve, needed: int, least: float, step: float, times_usual: float, usual_days: int
) -> Iterator[Standstill]:
    """``needed`` known hours or more, one after another, with one amount of at least ``least``.

    So many must be known without a gap between them, and it must be ``times_usual`` as long as any
    of the days before: lamps on standby draw the same from sunrise to sunset.
    """
    at = np.flatnonzero(curve.known)
    amounts = curve.amounts[at]
    same = (np.abs(np.diff(amounts)) < step / 2) & (amounts[1:] >= least)
    whole, until = np.array(_runs(same & (np.diff(at) == 1))).reshape(-1, 2), -1
    hours = whole[:, 1] - whole[:, 0] + 2
    for n in np.flatnonzero(hours >= needed).tolist():
        first = int(whole[n, 0])
        since = np.searchsorted(at, at[first] - usual_days * 24)
        usual = hours[:n][whole[:n, 0] >= since]
        asked = max(needed, round(times_usual * int(usual.max(initial=0))))
        if hours[n] < asked or first <= until:
            continue
        changes = np.flatnonzero(~same[first:])
        until = first + int(changes[0]) - 1 if len(changes) else len(same) - 1
        begin, end, sure = (int(at[i]) for i in (first, until + 1, first + asked - 1))
        over, amount = until + 2 < len(amounts), float(amounts[first])
        yield Standstill(begin, end, sure, over, float(until - first + 2), amount, amount)


def unchanged_hours(
    curve: LoadCurve, certain: Bools, needed: int, usual: Usual, step: float
) -> Iterator[Standstill]:
    """``needed`` certain hours or more, one after another, without any.

    So many hours had ``usual.least`` before, all but ``usual.fraction`` of them.
    """
    at = np.flatnonzero(curve.known & certain)
    amounts = curve.amounts[at]
    if len(at) < needed:
        return
    sums = np.convolve(amounts, np.ones(needed), "valid")
    runs = [run for run in _runs(amounts < step / 2) if run[1] - run[0] + 1 >= needed]
    for n, (first, last) in enumerate(runs):
        since = int(np.searchsorted(at, at[first] - usual.days * 24))
        before = sums[since : max(first - needed + 1, since)]
        is_known = at[first] - at[since] >= usual.least_days * 24
        is_habit = sum(1 for _, end in runs[:n] if end >= since) > usual.most_before
        if is_habit or not is_known or len(before) < usual.least_days * needed:
            continue
        low = float(np.quantile(before, usual.fraction))
        if low >= usual.least:
            begin, end, sure = (int(at[i]) for i in (first, last, first + needed - 1))
            hours, over = float(last - first + 1), last + 1 < len(at)
            yield Standstill(begin, end, sure, over, hours, 0.0, low / needed)


def unchanged_days(
    curve: LoadCurve, certain: Bools, needed: int, usual: Usual, step: float
) -> Iterator[Standstill]:
    """Days without any in a row, ``needed`` of them or more certain ones.

    Of the certain days before, all but ``usual.fraction`` had some, and the middle one had
    ``usual.least``. ``certain`` is by local day.
    """
    days = curve.by_day()
    known = np.flatnonzero(~np.isnan(days))
    for first, last in _runs(days[known] < step / 2):
        of, earlier = known[first : last + 1], known[:first]
        counted = of[certain[of]]
        before = days[earlier[certain[earlier]][-usual.days :]]
        if len(counted) < needed or len(before) < usual.least_days:
            continue
        middle = float(np.median(before))
        if np.mean(before < step / 2) <= usual.fraction and middle >= usual.least:
            begin = int(np.searchsorted(curve.day, of[0]))
            end, sure = (
                int(np.searchsorted(curve.day, d, side="right")) - 1
                for d in (of[-1], counted[needed - 1])
            )
            hours, over = 24.0 * len(of), last + 1 < len(known)
            yield Standstill(begin, end, sure, over, hours, 0.0, middle / 24)


def _runs(sign: Bools) -> list[tuple[int, int]]:
    """The first and the last of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], sign, [False]]).astype(np.int8)))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]
