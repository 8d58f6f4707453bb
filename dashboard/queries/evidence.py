"""How the emissions of an inventory are known, sector by sector: seen by meters, or not.

Tonnes of a sector are those of its energy, told apart by how the energy is known; rows without
energy (waste, waste water) are declared or assumed. What meters missed has bounds and is in no
sum. A factor that is assumed is not told here: this is about the data of the town.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from dashboard.queries.changes import Row, row_of
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.inventory.other_emissions import OtherRow


class KnownAs(StrEnum):
    """How energy is known, the surest first."""

    MEASURED = "measured"  # by meters and bills of the town's own sites
    ESTIMATED = "estimated"  # stands in for gaps of meters
    DECLARED = "declared"  # tables and statistics of the year itself
    CARRIED = "carried"  # the same of an earlier year
    ASSUMED = "assumed"  # nobody's figure


@dataclass(frozen=True)
class SectorEvidence:
    """One sector's emissions by how they are known."""

    sector: Row
    by_t: Mapping[KnownAs, float]
    missing_high_t: float = 0.0
    """What meters missed at most, in no sum; infinite if nothing bounds it."""

    @property
    def all_t(self) -> float:
        """The sector's emissions."""
        return math.fsum(self.by_t.values())

    @property
    def unseen_t(self) -> float:
        """All that no meter and no bill of a site saw."""
        return math.fsum(t for known, t in self.by_t.items() if known is not KnownAs.MEASURED)


@dataclass(frozen=True)
class Evidence:
    """An inventory's emissions by how they are known; the sector least seen first."""

    year: int
    sectors: tuple[SectorEvidence, ...]

    @property
    def all_t(self) -> float:
        """All emissions, without what is taken off."""
        return math.fsum(sector.all_t for sector in self.sectors)

    def of_t(self, known: KnownAs) -> float:
        """All sectors together."""
        return math.fsum(sector.by_t.get(known, 0.0) for sector in self.sectors)


def evidence_of(inventory: Inventory) -> Evidence:
    """Every sector that emits; green electricity, which is taken off, has no evidence here."""
    parts: dict[Row, dict[KnownAs, float]] = defaultdict(lambda: defaultdict(float))
    missing: dict[Row, float] = defaultdict(float)
    for line in inventory.lines:
        for known, tonnes in _of_line(line):
            parts[row_of(line)][known] += tonnes
        missing[row_of(line)] += line.missing_t[1]
    for other in inventory.other_rows:
        if other.row is not OtherRow.GREEN_ELECTRICITY:
            late = other.declared_year != inventory.year
            parts[row_of(other)][_declared(other.assumed, late)] += other.emissions_t
    sectors = [SectorEvidence(row, dict(by_t), missing[row]) for row, by_t in parts.items()]
    shown = [sector for sector in sectors if sector.all_t > 0]
    return Evidence(inventory.year, tuple(sorted(shown, key=lambda s: -s.unseen_t)))


def _of_line(line: InventoryLine) -> Iterator[tuple[KnownAs, float]]:
    evidence, factor = line.evidence, line.factor.factor_t_per_mwh
    yield KnownAs.MEASURED, (evidence.measured_mwh + evidence.billed_mwh) * factor
    yield KnownAs.ESTIMATED, evidence.estimated_mwh * factor
    for part in line.activity.parts:
        late = part.year != line.activity.year
        yield _declared(part.rests_on_assumption, late), part.energy_mwh * factor


def _declared(assumed: bool, late: bool) -> KnownAs:
    if assumed:
        return KnownAs.ASSUMED
    return KnownAs.CARRIED if late else KnownAs.DECLARED
