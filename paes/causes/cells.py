"""The cells of two inventories as products of factors, and what each factor contributed.

::

    emissions = activity * weather * intensity  *  national factor * local ratio * other factor
                `------------ energy ---------'    `---------------- t/MWh ------------------'

Electricity has a national factor, and its own as a ratio to that where it was worked out here;
heat that was made here has a factor that is local altogether; any other carrier has one that is
neither. Intensity is what is left: energy by activity and weather.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from paes.activity.activity_data import Cell
from paes.activity.declared_row import Notation
from paes.causes.lmdi import Floats, contributions
from paes.factors.dated_values import How
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.metering import Carrier

NATIONAL = "neefe_t_per_mwh"
"""Under this name a factor that was worked out here tells the national one it was made from."""
_ABSENT = (Notation.INCLUDED_ELSEWHERE, Notation.CONFIDENTIAL, Notation.NOT_ESTIMATED)


class Part(IntEnum):
    """The factors of a cell."""

    ACTIVITY = 0
    WEATHER = 1
    INTENSITY = 2
    GRID = 3
    LOCAL_SUPPLY = 4
    OTHER_FACTOR = 5


@dataclass(frozen=True, slots=True)
class CellPair:
    """One cell that is there in both years, with what its energy follows."""

    before: InventoryLine
    after: InventoryLine
    before_mwh: float
    after_mwh: float
    """Without what joined or left."""
    activity: tuple[float, float] = (1.0, 1.0)
    weather: tuple[float, float] = (1.0, 1.0)

    def factors(self) -> tuple[list[float], list[float]]:
        """The factors in both years, in the order of ``Part``."""
        grid, local, other = _split(self.before, self.after)
        energy = (self.before_mwh, self.after_mwh)
        made = []
        for n in (0, 1):
            size = self.activity[n] * self.weather[n]
            intensity = energy[n] / size if size else energy[n]
            made.append([self.activity[n], self.weather[n], intensity, grid[n], local[n], other[n]])
        return made[0], made[1]


def falls_by_part(pairs: Iterable[CellPair]) -> dict[Part, float]:
    """What each factor took off the emissions of all cells together, in t."""
    listed = [pair.factors() for pair in pairs]
    if not listed:
        return dict.fromkeys(Part, 0.0)
    before, after = (np.array(year, dtype=np.float64).T for year in zip(*listed, strict=True))
    parts: Floats = contributions(after, before).sum(axis=1)
    return {part: float(parts[part]) for part in Part}


@dataclass(frozen=True)
class Matched:
    """Lines of two inventories by cell: those in both, and what only one of them has."""

    both: dict[Cell, tuple[InventoryLine, InventoryLine]] = field(default_factory=dict)
    only_before: dict[Cell, InventoryLine] = field(default_factory=dict)
    only_after: dict[Cell, InventoryLine] = field(default_factory=dict)


def match(base: Inventory, inventory: Inventory) -> Matched:
    """Lines that stand for the same in two years; a cell with a notation key is not there.

    Not so one that does not occur (NO): it is there, and is 0.
    """
    before, after = _lines(base), _lines(inventory)
    return Matched(
        {cell: (before[cell], after[cell]) for cell in before if cell in after},
        {cell: line for cell, line in before.items() if cell not in after},
        {cell: line for cell, line in after.items() if cell not in before},
    )


def _lines(inventory: Inventory) -> dict[Cell, InventoryLine]:
    return {
        (line.activity.sector, line.activity.carrier): line
        for line in inventory.lines
        if line.energy_mwh or line.activity.notation not in _ABSENT
    }


_Two = tuple[float, float]


def _split(before: InventoryLine, after: InventoryLine) -> tuple[_Two, _Two, _Two]:
    """National, local and other part of both years' factors; 1 where there is none."""
    carrier = before.activity.carrier
    used = (before.factor.factor_t_per_mwh, after.factor.factor_t_per_mwh)
    is_local = any(line.factor.how in (How.LOCAL, How.DECLARED) for line in (before, after))
    none = (1.0, 1.0)
    if carrier is Carrier.HEAT_COLD and is_local:
        return none, used, none
    if carrier is not Carrier.ELECTRICITY:
        return none, none, used
    grid = _national(before), _national(after)
    if not is_local or grid[0] is None or grid[1] is None:
        return (none, used, none) if is_local else (used, none, none)
    return (grid[0], grid[1]), (used[0] / grid[0], used[1] / grid[1]), none


def _national(line: InventoryLine) -> float | None:
    """The national factor behind the one used; None if nobody knows it, or it is 0."""
    factor = line.factor
    if factor.how in (How.LOCAL, How.DECLARED):
        return factor.numbers.get(NATIONAL) or None
    return factor.factor_t_per_mwh or None
