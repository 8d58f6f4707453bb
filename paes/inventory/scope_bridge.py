"""From the emissions of the whole territory down to what a meter saw: levels that add up.

::

    territory ─┬─ municipal ─┬─ metered ─┬─ measured    registers and load curves
               │             │           ├─ billed      bills and deliveries of metered sites
               │             │           ├─ estimated   what stands in for their gaps
               │             │           └─ within      seen, and part of a declared figure
               │             └─ tables ──┬─ declared    tables of the year
               │                         └─ carried     tables of an earlier year
               ├─ elsewhere ─── the same for everybody else's energy
               └─ other         waste, waste water, green electricity: no energy

A level is the sum of those below it, in MWh and in tonnes, so that a few meters never pose as the
town. What is missing has bounds and is told beside the level whose meters missed it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from paes.inventory.evidence import CellEvidence
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.metering import Sector

MUNICIPAL = (Sector.MUNICIPAL_BUILDINGS, Sector.PUBLIC_LIGHTING, Sector.MUNICIPAL_FLEET)
"""The sectors that the Covenant's template calls the municipality's own."""
SEEN = ("measured", "billed", "estimated", "within")
TOLD = ("declared", "carried")


@dataclass(frozen=True)
class BridgeLevel:
    """One level: its energy and emissions, what is missing beside them, and what it is made of."""

    id: str
    """Names from the territory down, with dots: ``municipal.metered.billed``."""
    energy_mwh: float
    emissions_t: float
    missing_mwh: tuple[float, float] = (0.0, 0.0)
    missing_t: tuple[float, float] = (0.0, 0.0)
    parts: tuple[BridgeLevel, ...] = ()

    @property
    def name(self) -> str:
        """Its own name, without those above it."""
        return self.id.rsplit(".", 1)[-1]

    def walk(self, depth: int = 0) -> Iterator[tuple[int, BridgeLevel]]:
        """It and all below it with their depth, each before its parts."""
        yield depth, self
        for part in self.parts:
            yield from part.walk(depth + 1)

    def level(self, level_id: str) -> BridgeLevel:
        """The level of that id in it; KeyError if there is none."""
        for _, one in self.walk():
            if one.id == level_id:
                return one
        raise KeyError(level_id)


def scope_bridge(inventory: Inventory) -> BridgeLevel:
    """The territory's level with all below it; every part of the inventory is in one leaf."""
    own = [line for line in inventory.lines if line.activity.sector in MUNICIPAL]
    others = [line for line in inventory.lines if line.activity.sector not in MUNICIPAL]
    rows_t = math.fsum(row.emissions_t for row in inventory.other_rows)
    return _sum_of(
        "territory",
        [
            _scope("municipal", own),
            _scope("elsewhere", others),
            BridgeLevel("other", 0.0, rows_t),
        ],
    )


def _scope(name: str, lines: list[InventoryLine]) -> BridgeLevel:
    split = [(line, _leaves(line)) for line in lines]
    seen = [_leaf(f"{name}.metered.{leaf}", leaf, split) for leaf in SEEN]
    told = [_leaf(f"{name}.tables.{leaf}", leaf, split) for leaf in TOLD]
    metered = _sum_of(f"{name}.metered", seen)
    with_gaps = BridgeLevel(
        metered.id,
        metered.energy_mwh,
        metered.emissions_t,
        _added(line.activity.missing_mwh for line in lines),
        _added(line.missing_t for line in lines),
        metered.parts,
    )
    return _sum_of(name, [with_gaps, _sum_of(f"{name}.tables", told)])


def _leaves(line: InventoryLine) -> dict[str, float]:
    """The energy of a line by leaf: what was seen within declared figures is taken from these."""
    of, within = line.evidence, CellEvidence.within(line.activity).metered_mwh
    told = of.declared_mwh + of.carried_mwh
    within = min(max(within, 0.0), told)
    unseen = 1.0 - within / told if told else 0.0
    return {
        "measured": of.measured_mwh,
        "billed": of.billed_mwh,
        "estimated": of.estimated_mwh,
        "within": within,
        "declared": of.declared_mwh * unseen,
        "carried": of.carried_mwh * unseen,
    }


def _leaf(
    level_id: str, leaf: str, split: list[tuple[InventoryLine, dict[str, float]]]
) -> BridgeLevel:
    return BridgeLevel(
        level_id,
        math.fsum(of[leaf] for _, of in split),
        math.fsum(of[leaf] * line.factor.factor_t_per_mwh for line, of in split),
    )


def _sum_of(level_id: str, parts: list[BridgeLevel]) -> BridgeLevel:
    return BridgeLevel(
        level_id,
        math.fsum(part.energy_mwh for part in parts),
        math.fsum(part.emissions_t for part in parts),
        _added(part.missing_mwh for part in parts),
        _added(part.missing_t for part in parts),
        tuple(parts),
    )


def _added(bounds: Iterable[tuple[float, float]]) -> tuple[float, float]:
    listed = list(bounds)
    return math.fsum(low for low, _ in listed), math.fsum(high for _, high in listed)
