"""What part of a biofuel or of biomass is from sustainable sources, as far as it is declared."""

from __future__ import annotations

import math

from paes.activity.activity_data import ActivityData
from paes.factors.emission_factors import BIOGENIC


def undeclared_mwh(row: ActivityData) -> float:
    """Energy of biofuel or biomass of which nobody says where it comes from; meters cannot."""
    if row.carrier not in BIOGENIC:
        return 0.0
    if all(part.sustainable_fraction is None for part in row.parts):
        return row.energy_mwh
    told = math.fsum(p.energy_mwh for p in row.parts if p.sustainable_fraction is not None)
    return max(0.0, row.energy_mwh - told)


def sustainable_fraction(row: ActivityData, where_undeclared: float) -> float | None:
    """The part (0..1) of the cell's energy from sustainable sources.

    ``where_undeclared`` is taken for what nobody declares. None if nothing of it is declared, or
    the carrier is no biofuel.
    """
    declared = {part.sustainable_fraction for part in row.parts} - {None}
    if row.carrier not in BIOGENIC or not declared or not row.energy_mwh:
        return None
    rest = undeclared_mwh(row)
    if not rest and len(declared) == 1:
        return declared.pop()
    parts = (p.energy_mwh * (p.sustainable_fraction or 0.0) for p in row.parts)
    share = (math.fsum(parts) + rest * where_undeclared) / row.energy_mwh
    return min(1.0, max(0.0, share))
