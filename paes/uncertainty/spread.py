"""Draws of one figure, and what is read off them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from paes.series import Floats
from paes.uncertainty.assumptions import Source

K = TypeVar("K")
T = TypeVar("T", float, Floats)
LEVEL = 0.90
"""Of the intervals that are printed."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Between which a figure lies, in ``level`` (0..1) of all draws; infinite where unbounded."""

    low: float
    high: float
    level: float = LEVEL


@dataclass(frozen=True)
class Spread:
    """Draws of one figure, in t; draw ``i`` of any two figures belongs to one world.

    What meters missed is not drawn, since nobody knows how it lies between its bounds:
    ``least_t`` are the draws with the least of it and ``most_t`` with the most (infinite if
    nothing bounds it), the same array where nothing is missing.
    """

    least_t: Floats
    most_t: Floats
    variance_t2: Mapping[Source, float] = field(default_factory=dict)
    """What each source would make alone; of what is missing as if all between were as likely."""
    deviations_t: Mapping[Source, Floats] = field(default_factory=dict, repr=False)
    """By source, what it alone changes in each draw; of totals only, and not of what is missing."""

    def interval(self, level: float = LEVEL) -> Interval:
        """What holds ``level`` of all draws, wherever between its bounds the missing lies."""
        return interval(self.least_t, self.most_t, level)

    @property
    def shares(self) -> dict[Source, float]:
        """Each source's part (0..1) of the variance; all is what is missing if unbounded."""
        return shares(self.variance_t2)

    @property
    def missing_t(self) -> float:
        """How far what is missing opens it: the mean of the most less that of the least."""
        if self.most_t is self.least_t:
            return 0.0
        return float(np.mean(self.most_t) - np.mean(self.least_t))


def interval(least: Floats, most: Floats, level: float = LEVEL) -> Interval:
    """What holds ``level`` of draws that lie between ``least`` and ``most``, themselves drawn.

    An end at which some draws are infinite is open as a whole.
    """
    outside = (1 - level) / 2
    return Interval(_quantile(least, outside), _quantile(most, 1 - outside), level)


def _quantile(draws: Floats, part: float) -> float:
    infinite = draws[np.isinf(draws)]
    return float(infinite[0]) if len(infinite) else float(np.quantile(draws, part))


def shares(variance: Mapping[K, float]) -> dict[K, float]:
    """Each part (0..1) of a sum of variances, those that are infinite alone; nothing of nothing."""
    unbounded = [key for key, value in variance.items() if math.isinf(value)]
    if unbounded:
        return {key: float(key in unbounded) / len(unbounded) for key in variance}
    total = math.fsum(variance.values())
    return {key: value / total for key, value in variance.items()} if total else {}


def uniform_variance(width: T) -> T:
    """The variance of what may lie anywhere within ``width``."""
    return width * width / 12
