"""How far an estimate may be off: the errors of its method where the truth is known.

Gaps are pretended in the weeks around a real one, as long as it and at the same hour, and filled by
the same method; where 95 of 100 of their errors lie, the band of the real one ends. Few weeks give
few gaps, which overlap and resemble each other, so their errors are widened, and no band is
narrower than its floor. Both were chosen so that the truth lies inside in at least 95 of 100 gaps
cut into measured buildings: ``benchmarks/estimation.py`` shows how often it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from paes.accounting.estimation import (
    CELL_S,
    Cells,
    Course,
    expected_of,
    level,
    running_sums,
    weight_of_level,
)
from paes.accounting.estimation_calendar import HOURS
from paes.series import Floats, Gap

CONFIDENCE = 0.95
"""The part of true amounts that lies inside the band."""
WIDENED = 1.25
"""What errors of pretended gaps are multiplied by."""
LEAST_FRACTION = 0.02
"""No band is narrower than this part of the estimate on either side."""
UNKNOWN_FRACTION = 1.0
"""The part where no gap can be pretended: the estimate may be nothing, or twice as much."""
FEWEST = 5
"""With fewer pretended gaps than these nothing is known."""
SEEN_ENOUGH = 0.9
"""A pretended gap needs this part of its time seen."""
DAY_CELLS = 86_400 // CELL_S


@dataclass(frozen=True)
class LineErrors:
    """What lines over pretended gaps were off by, by local hour; for many gaps of one length."""

    course: Course

    @cached_property
    def _found(self) -> dict[tuple[int, int], Floats]:
        return {}

    def margin(self, first: int, cells: int) -> Floats:
        """The error that 95 of 100 lines over ``cells`` quarter hours stay below, by local hour.

        ``first`` is a quarter hour at which the gap begins: figures of whole hours have no finer
        course, and are left out by whole hours. NaN where nothing is known.
        """
        stride = max(self.course.step_s // CELL_S, 1)
        key = first % stride, cells
        if key not in self._found:
            self._found[key] = self._margins(first % stride, cells, stride)
        return self._found[key]

    def _margins(self, phase: int, cells: int, stride: int) -> Floats:
        power = self.course.power
        first = np.arange(phase + stride, len(power) - cells, stride)
        sums = np.concatenate([np.zeros(1), np.cumsum(np.nan_to_num(power))])
        holes = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.isnan(power))])
        whole = holes[first + cells + 1] == holes[first - 1]
        first = first[whole]
        drawn = cells * (power[first - 1] + power[first + cells]) / 2
        error = np.abs(sums[first + cells] - sums[first] - drawn) * CELL_S / 3600
        return _by_hour(error, self.course.kind[first] % HOURS)


def _by_hour(error: Floats, hour: Cells) -> Floats:
    """The bound of errors of each hour; where too few are known, that of all."""
    if len(error) < FEWEST:
        return np.full(HOURS, np.nan)
    bounds = np.full(HOURS, float(np.quantile(error, CONFIDENCE)))
    order = np.argsort(hour, kind="stable")
    cuts = np.searchsorted(hour[order], np.arange(HOURS + 1))
    for h in range(HOURS):
        some = error[order[cuts[h] : cuts[h + 1]]]
        if len(some) >= 4 * FEWEST:
            bounds[h] = np.quantile(some, CONFIDENCE)
    return bounds


def line_margin(errors: LineErrors, gap: Gap, cells: int, amount: float) -> float:
    """The margin of an estimate by a line over the ``cells`` quarter hours that a gap touches."""
    course = errors.course
    first = course.place(gap.start_s)
    hour = int(course.kind[min(first, len(course) - 1)]) % HOURS
    known = float(errors.margin(first, cells)[hour])
    if np.isnan(known):
        return UNKNOWN_FRACTION * amount
    part = (gap.end_s - gap.start_s) / (cells * CELL_S)
    return max(WIDENED * known * part, LEAST_FRACTION * amount)


def typical_margin(errors: Floats, amount: float) -> float:
    """The margin of an estimate by the typical day."""
    if len(errors) < FEWEST:
        return UNKNOWN_FRACTION * amount
    return max(WIDENED * float(np.quantile(np.abs(errors), CONFIDENCE)), LEAST_FRACTION * amount)


def typical_errors(course: Course, usual: Floats, first: int, last: int) -> Floats:
    """What the typical day was off by over gaps pretended whole days before and after a real one.

    Amounts, of whichever sign; the real gap is ``[first, last)`` and was not seen.
    """
    a, b = _pretended(course, first, last)
    expected = expected_of(course, usual)
    sums = running_sums(expected)
    weight = weight_of_level((last - first) * CELL_S)
    filled = (sums[b] - sums[a]) * level(course, expected, a, b) ** weight
    return _scaled(course, course.sums[b] - course.sums[a] - filled, a, b)


def split_errors(course: Course, usual: Floats, first: int, last: int) -> Floats:
    """The same of the first half of gaps whose amount is known."""
    a, b = _pretended(course, first, last)
    half = (a + b) // 2
    expected, sums = running_sums(expected_of(course, usual)), course.sums
    usual_of = expected[b] - expected[a]
    share = np.divide(expected[half] - expected[a], usual_of, where=usual_of > 0,
                      out=np.full(len(a), 0.5))  # fmt: skip
    return _scaled(course, sums[half] - sums[a] - share * (sums[b] - sums[a]), a, b)


def _pretended(course: Course, first: int, last: int) -> tuple[Cells, Cells]:
    """Gaps like ``[first, last)`` at the same hour of other days, of which enough was seen."""
    days = np.arange(-(first // DAY_CELLS), (len(course) - last) // DAY_CELLS + 1)
    a = first + DAY_CELLS * days
    b = a + (last - first)
    seen_s = course.seen_s[b] - course.seen_s[a]
    enough = seen_s >= SEEN_ENOUGH * (last - first) * CELL_S
    return a[enough], b[enough]


def _scaled(course: Course, errors: Floats, a: Cells, b: Cells) -> Floats:
    """Errors as if all of each gap had been seen, and none of it been part of the typical day."""
    if len(a) == 0:
        return errors
    cells = int(b[0] - a[0])
    seen = (course.seen_s[b] - course.seen_s[a]) / (cells * CELL_S)
    known_days = max(float(course.seen_s[-1]) / 86_400, 1.0)
    itself = min(cells / DAY_CELLS / known_days, 0.5)
    return np.asarray(errors / seen / (1 - itself))
