"""Draws of what inventories could be if all is as wrong as it is assumed to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from paes.inventory.inventory import Inventory
from paes.metering import Carrier, Sector
from paes.series import Floats
from paes.uncertainty.assumptions import Assumptions, Source

DRAWS = 10_000
SEED = 2012
"""By which draws are repeated unless another is asked for."""


@dataclass(frozen=True)
class Interval:
    """Between which a figure lies, in ``level`` (0..1) of all draws; infinite where unbounded."""

    low: float
    high: float
    level: float


@dataclass(frozen=True)
class Spread:
    """Draws of one figure, in t.

    What meters missed is not drawn, since nobody knows how it lies between its bounds:
    ``least_t`` are the draws with the least of it and ``most_t`` with the most (infinite if
    nothing bounds it), the same array where nothing is missing.
    """

    least_t: Floats
    most_t: Floats
    variance_t2: Mapping[Source, float]
    """What each source would make alone; of what is missing as if all between were as likely."""

    def interval(self, level: float = 0.90) -> Interval:
        """What holds ``level`` of all draws, wherever between its bounds the missing lies."""
        outside = (1 - level) / 2
        low = float(np.quantile(self.least_t, outside))
        unbounded = bool(np.isinf(self.most_t).any())
        high = np.inf if unbounded else float(np.quantile(self.most_t, 1 - outside))
        return Interval(low, high, level)

    @property
    def shares(self) -> dict[Source, float]:
        """Each source's part (0..1) of the uncertainty; all is what is missing if unbounded."""
        raise NotImplementedError


@dataclass(frozen=True)
class Draws:
    """Every total and every cell of some inventories, drawn together: row ``i`` is one world."""

    seed: int
    count: int
    totals: Mapping[int, Spread]
    cells: Mapping[tuple[int, Sector, Carrier], Spread]

    @property
    def years(self) -> tuple[int, ...]:
        """The years of the inventories, oldest first."""
        return tuple(sorted(self.totals))


def simulate(
    inventories: Iterable[Inventory],
    assumptions: Assumptions,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Draws:
    """Draw the errors of all ``inventories`` (of one city, each year once) together."""
    raise NotImplementedError
