"""Errors by name: whoever shares a name shares the error.

Draws are standard normal. The same seed and name make the same draws, whatever else is drawn and
in whatever order, so that a figure does not move because another one was asked for too.
"""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict

import numpy as np

from paes.series import Floats
from paes.uncertainty.assumptions import Z95

KEPT = 128
"""Draws that are kept for who asks next; 10,000 of them take 80 kB."""


class Dice:
    """Draws of one seed, ``count`` to a name."""

    def __init__(self, seed: int, count: int) -> None:
        self.seed = seed
        self.count = count
        self._kept: OrderedDict[str, Floats] = OrderedDict()

    def normal(self, *name: object) -> Floats:
        """The draws of ``name``; those of two names are independent."""
        key = "\x1f".join(str(part) for part in name)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        digest = hashlib.blake2b(key.encode(), digest_size=16).digest()
        drawn = np.random.default_rng([self.seed, int.from_bytes(digest)])
        made = drawn.standard_normal(self.count)
        made.flags.writeable = False
        self._kept[key] = made
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return made

    def alike(self, correlation: float, shared: tuple[object, ...], own: object) -> Floats:
        """Draws of ``own``, of which any two under the same ``shared`` name correlate so much."""
        if correlation == 1:
            return self.normal(*shared)
        apart = self.normal(*shared, own)
        if correlation == 0:
            return apart
        return math.sqrt(correlation) * self.normal(*shared) + math.sqrt(1 - correlation) * apart

    def walk(self, name: tuple[object, ...], start: int, end: int) -> Floats:
        """A random walk of one step a year from ``start`` to ``end``; zero if they are the same."""
        steps = [self.normal(*name, "step", year) for year in range(start + 1, end + 1)]
        return np.asarray(sum(steps, np.zeros(self.count)))


def within_range(normal: Floats, below: float, above: float) -> Floats:
    """Draws whose median is 0 and whose 95 % interval is ``-below`` to ``above``.

    Half of a normal distribution on either side, each with its own width: exactly the range that
    is stated, and no more often above than below.
    """
    return np.where(normal < 0, normal * below, normal * above) / Z95


def told_error(half_widths: Floats) -> Floats:
    """The relative error of a figure that somebody told, from half-widths times normal draws.

    The logarithm of truth over figure is normal: for 20 % the truth lies between 0.82 and 1.22
    times the figure in 95 of 100 cases. It is never negative, and holds whether one looks from
    the truth or from the figure; a normal error around the figure does not, once it is large.
    """
    made: Floats = np.expm1(half_widths / Z95)
    return made
