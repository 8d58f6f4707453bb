"""What passed in a gap, estimated from the course around it: amount, course, method and band.

Registers come first: an amount that both sides know is never estimated, only its course, and only
where a period cuts it. Methods by the length of the gap::

    up to 3 h       a line between the neighbours on either side
    up to 14 days   the typical day: the mean of the same hour of days of the same kind within
                    three weeks, times what the 24 h on either side took of theirs
    longer          stays missing, between bounds; a known amount still gets a typical course

A person's own figure (``edit.energy``) goes before every method, and a measurement before all.

The band is that of the same method on gaps that are none: of the same length, in the weeks around,
where the truth is known (``paes.accounting.estimation_band``). It means 95 of 100. What is hard,
registers and what can pass at most, bounds it further.

The order and its limits are those that validation, estimation and editing (VEE) of interval data
uses; lengths and window were chosen on measured buildings: see ``benchmarks/estimation.py``.

Pure functions on arrays; amounts are in the register's unit. Read next: ``estimating``, which
brings the course.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt

from paes.accounting.estimation_calendar import HOURS, STAND_INS, Kinds
from paes.periods import Seconds
from paes.series import Floats

Cells = npt.NDArray[np.int64]
"""Places of quarter hours in a course."""

ESTIMATION_VERSION = "3"
"""Part of the identity of every kept month; raise it whenever an estimate changes."""
CELL_S = 900
"""Courses are by quarter hours of UTC."""
SHORT_S = 3 * 3600
"""The longest gap that is bridged by a line."""
LONG_S = 14 * 86_400
"""The longest gap whose amount is estimated."""
AROUND_DAYS = 21
"""How many days on either side a typical day is made of."""
NEIGHBOURS_S = 86_400
"""How long before and after a gap the level is taken from; hours next to it weigh most."""
LEVEL_HOLDS_S = 86_400
"""The longest gap for all of which the level beside it holds."""
LEAST_LEVEL_S = 6 * 3600
"""With less than this covered beside the gap, as it weighs, the typical day stands as it is."""
MOST_LEVEL = 4.0
"""A level is taken as true up to this factor, and down to one over it."""
LEAST_SEEN_S = 300
"""A quarter hour with less than this covered tells no power."""
BESIDE_CELLS = 12
"""How many quarter hours from its ends a line may be tied to: three hours."""


class Method(StrEnum):
    """How an estimate was made; kept with it."""

    LINEAR = "linear"
    TYPICAL_DAY = "typical_day"
    REGISTER_LINEAR = "register+linear"
    REGISTER_TYPICAL_DAY = "register+typical_day"
    REGISTER_EVEN = "register+even"
    MANUAL = "manual"
    BILL = "estimated_bill"
    SEVERAL = "several"
    """Estimates of one month that are told together."""


@dataclass(frozen=True)
class Course:
    """Consecutive quarter hours: what passed in each as far as it was seen, and its kind.

    ``amount`` is that of the ``covered_s`` seen seconds of each; ``step_s`` is how fine the
    figures are that it was made of.
    """

    start_s: int
    amount: Floats
    covered_s: Floats
    kind: Kinds
    step_s: int = CELL_S

    def __len__(self) -> int:
        return len(self.amount)

    @property
    def starts_s(self) -> Seconds:
        """The start of each quarter hour."""
        return self.start_s + CELL_S * np.arange(len(self), dtype=np.int64)

    def place(self, at_s: int) -> int:
        """The quarter hour that holds an instant; within the course."""
        return min(max((at_s - self.start_s) // CELL_S, 0), len(self))

    def part(self, start_s: int, end_s: int) -> Course:
        """The quarter hours that touch ``[start_s, end_s)``, as far as the course goes."""
        a, b = self.place(start_s), self.place(end_s + CELL_S - 1)
        of = slice(a, b)
        return Course(
            self.start_s + CELL_S * a, self.amount[of], self.covered_s[of], self.kind[of],
            self.step_s,
        )  # fmt: skip

    @cached_property
    def power(self) -> Floats:
        """Amount per hour of each quarter hour; NaN where too little was seen."""
        seen = self.covered_s >= LEAST_SEEN_S
        return np.where(seen, self.amount * 3600.0 / np.where(seen, self.covered_s, 1.0), np.nan)

    @cached_property
    def sums(self) -> Floats:
        """The running sum of ``amount``, from 0."""
        return running_sums(self.amount)

    @cached_property
    def seen_s(self) -> Floats:
        """The running sum of ``covered_s``, from 0."""
        return running_sums(self.covered_s)


def line(course: Course, start_s: int, end_s: int) -> Floats | None:
    """Power in each quarter hour of a gap, on a line between its neighbours.

    None unless both sides have one near.
    """
    a, b = course.place(start_s), course.place(end_s + CELL_S - 1)
    before, after = _last_seen(course.power, a, start_s % CELL_S > 0), _first_seen(course.power, b)
    if before is None or after is None:
        return None
    x = np.arange(a, b, dtype=np.float64)
    return np.asarray(
        np.interp(x, [before, after], course.power[[before, after]]), dtype=np.float64
    )


def _last_seen(power: Floats, a: int, itself: bool) -> int | None:
    near = power[max(a + itself - BESIDE_CELLS, 0) : a + itself]
    seen = np.flatnonzero(~np.isnan(near))
    return None if len(seen) == 0 else max(a + itself - BESIDE_CELLS, 0) + int(seen[-1])


def _first_seen(power: Floats, b: int) -> int | None:
    seen = np.flatnonzero(~np.isnan(power[b : b + BESIDE_CELLS]))
    return None if len(seen) == 0 else b + int(seen[0])


def typical(course: Course, first: int, last: int) -> Floats | None:
    """Mean power by kind of day and hour around a gap ``[first, last)``; None if nothing was seen.

    Near days weigh more, falling to nothing behind ``AROUND_DAYS``; hours that were not seen take
    those of the next kind that was.
    """
    kinds = len(STAND_INS) * HOURS
    cells = np.arange(len(course), dtype=np.float64)
    away_days = np.maximum(np.maximum(first - cells, cells - last + 1), 0) * CELL_S / 86_400
    weight = np.maximum(1 - away_days / (AROUND_DAYS + 1), 0)
    seen_s = np.bincount(course.kind, weight * course.covered_s, kinds).reshape(-1, HOURS)
    if not seen_s.any():
        return None
    amount = np.bincount(course.kind, weight * course.amount, kinds).reshape(-1, HOURS)
    mean = np.where(seen_s > 0, amount * 3600.0 / np.where(seen_s > 0, seen_s, 1.0), np.nan)
    if np.isnan(mean).any():
        mean = _completed(mean, float(amount.sum() * 3600.0 / seen_s.sum()))
    return mean.ravel()


def _completed(mean: Floats, overall: float) -> Floats:
    found = np.empty_like(mean)
    for kind, order in STAND_INS.items():
        found[kind] = overall
        for stand_in in reversed(order):
            found[kind] = np.where(np.isnan(mean[stand_in]), found[kind], mean[stand_in])
    return found


def level(course: Course, expected: Floats, first: Cells, last: Cells) -> Floats:
    """What the 24 h on either side of gaps ``[first, last)`` took, of what is typical of them.

    Hours next to a gap weigh most, falling straight to nothing. ``expected`` is what is typical of
    the seen part of each quarter hour.
    """
    usual = _beside(expected, first, last)
    seen_s = _beside(course.covered_s, first, last)
    known = (usual > 0) & (seen_s >= LEAST_LEVEL_S)
    found = np.where(known, _beside(course.amount, first, last) / np.where(known, usual, 1.0), 1.0)
    return np.clip(found, 1.0 / MOST_LEVEL, MOST_LEVEL)


def _beside(values: Floats, first: Cells, last: Cells) -> Floats:
    """The weighted sum of ``values`` on both sides of gaps ``[first, last)``."""
    n, reach = len(values), NEIGHBOURS_S // CELL_S
    sums = running_sums(values)
    moments = running_sums(values * (np.arange(n) + 0.5))
    first, last = np.clip(first, 0, n), np.clip(last, 0, n)
    a, b = np.maximum(first - reach, 0), np.minimum(last + reach, n)
    before = (reach - first) * (sums[first] - sums[a]) + moments[first] - moments[a]
    after = (reach + last) * (sums[b] - sums[last]) - moments[b] + moments[last]
    return np.maximum(np.asarray(before + after) / reach, 0.0)


def weight_of_level(length_s: int) -> float:
    """How far the level beside a gap holds for all of it, as a power (1: fully).

    The longer a gap, the less its neighbours tell of its middle: a half for 14 days (chosen on
    measured buildings, see ``benchmarks/estimation.py``).
    """
    return min(1.0, LEVEL_HOLDS_S / length_s) ** 0.25 if length_s else 1.0


def expected_of(course: Course, usual: Floats) -> Floats:
    """What is typical of the seen part of each quarter hour."""
    return np.asarray(usual[course.kind] * course.covered_s / 3600.0)


def running_sums(values: Floats) -> Floats:
    """The sum of all before each place, from 0 to that of all."""
    return np.concatenate([np.zeros(1), np.cumsum(values)])
