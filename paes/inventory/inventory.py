"""An inventory: all lines of a year, and the method they were made by.

``BEI`` is the baseline emission inventory of the plan's base year, ``MEI`` that of any later
year. Each line keeps its activity and its factor match, so that a reader can follow every
tonne.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from paes.factors.emission_factors import FactorSet
from paes.inventory.line import InventoryLine
from paes.inventory.method import Method
from paes.metering import Finding


@dataclass(frozen=True)
class Inventory:
    """All lines of a year, and the choices they were made with."""

    city: str
    year: int
    kind: Literal["BEI", "MEI"]
    factor_set: FactorSet
    method: Method
    lines: tuple[InventoryLine, ...]
    findings: tuple[Finding, ...]

    @property
    def energy_mwh(self) -> float:
        """Final energy of all lines."""
        return math.fsum(line.energy_mwh for line in self.lines)

    @property
    def emissions_t(self) -> float:
        """Emissions of all lines, without what meters missed."""
        return math.fsum(line.emissions_t for line in self.lines)

    @property
    def bounds_t(self) -> tuple[float, float]:
        """Between which the emissions of all lines lie, as far as meters decide it."""
        bounds = [line.bounds_t for line in self.lines]
        return math.fsum(b[0] for b in bounds), math.fsum(b[1] for b in bounds)

    @property
    def missing_t(self) -> tuple[float, float]:
        """Bounds of the emissions that meters missed and that nobody could estimate."""
        bounds = [line.missing_t for line in self.lines]
        return math.fsum(b[0] for b in bounds), math.fsum(b[1] for b in bounds)

    @property
    def assumed_fraction(self) -> float:
        """The part of the emissions (0..1) that rests on an assumption."""
        return self._fraction(lambda line: line.emissions_t if line.assumed else 0.0)

    @property
    def metered_fraction(self) -> float:
        """The part of the emissions (0..1) whose energy was seen by meters."""
        return self._fraction(lambda line: line.emissions_t * line.activity.metered_fraction)

    def _fraction(self, part: Callable[[InventoryLine], float]) -> float:
        total = self.emissions_t
        return math.fsum(part(line) for line in self.lines) / total if total else 0.0
