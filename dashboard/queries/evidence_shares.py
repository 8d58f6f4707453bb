"""What the newest inventory rests on, sector by sector: measured, billed, declared, assumed.

Parts of one line stand apart: of a line that is assumed, what meters saw is still measured, and
only what was declared for it is assumed. The parts of a sector add up to its emissions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields

from dashboard.queries.changes import Row, row_of
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.inventory.other_emissions import OtherEmissions


@dataclass(frozen=True, slots=True)
class Shares:
    """Emissions by how they are known, t."""

    measured_t: float = 0.0
    billed_t: float = 0.0
    estimated_t: float = 0.0
    declared_t: float = 0.0
    """By a source that is named, of the year itself."""
    carried_t: float = 0.0
    """The same of an earlier year."""
    assumed_t: float = 0.0
    """Declared without a source, or by a factor without one."""
    missing_high_t: float = 0.0
    """What meters missed, at the most; in no sum (maybe infinite)."""

    @property
    def total_t(self) -> float:
        """All but what is missing."""
        parts = (getattr(self, name) for name in PARTS)
        return math.fsum(parts)

    @classmethod
    def sum(cls, parts: Iterable[Shares]) -> Shares:
        """Several together."""
        listed = list(parts)
        return cls(*(math.fsum(getattr(one, f.name) for one in listed) for f in fields(cls)))


PARTS = ("measured_t", "billed_t", "estimated_t", "declared_t", "carried_t", "assumed_t")


@dataclass(frozen=True, slots=True)
class SectorShares:
    """Of one sector, or row without energy."""

    sector: Row
    shares: Shares


def sector_shares(inventory: Inventory) -> tuple[SectorShares, ...]:
    """Every sector, the largest first; sinks and what is taken off are left out of pictures."""
    by_row: dict[Row, list[Shares]] = {}
    for part in inventory.parts:
        by_row.setdefault(row_of(part), []).append(_shares(part, inventory.year))
    rows = [SectorShares(row, Shares.sum(parts)) for row, parts in by_row.items()]
    return tuple(sorted(rows, key=lambda row: (-row.shares.total_t, row.sector)))


def _shares(part: InventoryLine | OtherEmissions, year: int) -> Shares:
    if isinstance(part, OtherEmissions):
        return _declared(part.emissions_t, 0.0, part.assumed, part.declared_year != year)
    parts, factor = part.evidence, part.factor.factor_t_per_mwh
    seen = Shares(
        measured_t=parts.measured_mwh * factor,
        billed_t=parts.billed_mwh * factor,
        estimated_t=parts.estimated_mwh * factor,
        missing_high_t=parts.missing_high_mwh * factor if parts.missing_high_mwh else 0.0,
    )
    told = parts.declared_mwh * factor, parts.carried_mwh * factor
    return Shares.sum([seen, _declared(*told, part.assumed, False)])


def _declared(own_t: float, carried_t: float, assumed: bool, is_carried: bool) -> Shares:
    if assumed:
        return Shares(assumed_t=own_t + carried_t)
    if is_carried:
        return Shares(carried_t=own_t + carried_t)
    return Shares(declared_t=own_t, carried_t=carried_t)
