"""An inventory: all lines of a year, and the method they were made by.

``BEI`` is the baseline emission inventory of the plan's base year, ``MEI`` that of any later
year. Each line keeps its activity and its factor match, so that a reader can follow every
tonne.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from paes.accounting.site_energy import SeenTerm
from paes.activity.activity_data import Cell
from paes.factors.emission_factors import FactorSet
from paes.inventory.line import InventoryLine
from paes.inventory.method import Method
from paes.inventory.notation import NotedCell
from paes.inventory.other_emissions import OtherEmissions
from paes.metering import Finding
from paes.supply.local_supply import LocalSupply


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
    supply: LocalSupply | None = None
    """What the territory made itself: tables C and D."""
    other_rows: tuple[OtherEmissions, ...] = ()
    """Waste, waste water, other, and green electricity where it is taken off: no energy."""
    noted: tuple[NotedCell, ...] = ()
    """Cells, or uses of them, that have a notation key in place of a figure."""
    factors_as_of: date | None = None
    """The day by which its factors were known; None for all that are known now."""
    frozen_as_of: date | None = None
    """The same for a frozen factor of electricity, which is one for all years."""
    metered_terms: Mapping[Cell, tuple[SeenTerm, ...]] = field(default_factory=dict, repr=False)
    """The meters behind each cell, with what each saw: how a figure is followed to its reads."""

    @property
    def parts(self) -> tuple[InventoryLine | OtherEmissions, ...]:
        """All that its total is the sum of."""
        return (*self.lines, *self.other_rows)

    @property
    def energy_mwh(self) -> float:
        """Final energy of all lines."""
        return math.fsum(line.energy_mwh for line in self.lines)

    @property
    def emissions_t(self) -> float:
        """Emissions of all lines and other rows, without what meters missed."""
        return math.fsum(part.emissions_t for part in self.parts)

    @property
    def energy_emissions_t(self) -> float:
        """Emissions of all lines: what final energy causes."""
        return math.fsum(line.emissions_t for line in self.lines)

    @property
    def other_t(self) -> float:
        """Emissions of the rows that have no energy."""
        return math.fsum(row.emissions_t for row in self.other_rows)

    @property
    def bounds_t(self) -> tuple[float, float]:
        """Between which all emissions lie, as far as meters and keys decide it.

        What is not estimated, or confidential, where the base year has a figure has no upper one.
        """
        low, high = self.known_bounds_t
        return low, math.inf if self.lacks_cells else high

    @property
    def known_bounds_t(self) -> tuple[float, float]:
        """Between which lie the emissions of all that has a figure, whatever keys leave out."""
        bounds = [line.bounds_t for line in self.lines]
        low, high = (math.fsum(b[end] for b in bounds) for end in (0, 1))
        return low + self.other_t, high + self.other_t

    @property
    def missing_t(self) -> tuple[float, float]:
        """Bounds of the emissions that nobody could estimate: what meters or keys leave out."""
        bounds = [line.missing_t for line in self.lines]
        low, high = (math.fsum(b[end] for b in bounds) for end in (0, 1))
        return low, math.inf if self.lacks_cells else high

    @property
    def lacks_cells(self) -> bool:
        """True if a key (NE, C) leaves something out that the base year has a figure for."""
        return any(one.not_comparable for one in self.noted)

    @property
    def gwp(self) -> str | None:
        """The warming potentials that any of its factors was worked out with."""
        return next((line.factor.gwp for line in self.lines if line.factor.gwp), None)

    @property
    def assumed_fraction(self) -> float:
        """The part of the emissions (0..1) that rests on an assumption, by size of its figures."""
        total = math.fsum(abs(part.emissions_t) for part in self.parts)
        assumed = math.fsum(abs(part.emissions_t) for part in self.parts if part.assumed)
        return assumed / total if total else 0.0

    @property
    def metered_fraction(self) -> float:
        """The part of the emissions of energy (0..1) that was seen by meters."""
        total = self.energy_emissions_t
        seen = (line.emissions_t * line.activity.metered_fraction for line in self.lines)
        return math.fsum(seen) / total if total else 0.0
