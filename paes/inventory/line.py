"""One cell of the inventory: energy of a sector and carrier, and its emissions."""

from __future__ import annotations

from dataclasses import dataclass

from paes.activity.activity_data import ActivityData
from paes.factors.emission_factors import FactorMatch
from paes.inventory.evidence import CellEvidence


@dataclass(frozen=True, slots=True)
class InventoryLine:
    """Energy and emissions of one sector and carrier."""

    activity: ActivityData
    factor: FactorMatch

    @property
    def energy_mwh(self) -> float:
        """Final energy."""
        return self.activity.energy_mwh

    @property
    def evidence(self) -> CellEvidence:
        """What the energy rests on, in parts that add up to it."""
        return CellEvidence.of(self.activity)

    @property
    def emissions_t(self) -> float:
        """Emissions, in tonnes of the factor set's gas."""
        return self.energy_mwh * self.factor.factor_t_per_mwh

    @property
    def bounds_t(self) -> tuple[float, float]:
        """Between which the emissions lie, as far as meters decide it.

        A local factor has bounds of its own: what meters of generation missed is in them.
        """
        low, high = self.activity.bounds_mwh
        least, most = self.factor.bounds_t_per_mwh
        return low * least, (high * most if high and most else 0.0)

    @property
    def missing_t(self) -> tuple[float, float]:
        """Bounds of the emissions of energy that meters missed."""
        low, high = self.activity.missing_mwh
        factor = self.factor.factor_t_per_mwh
        return low * factor, (high * factor if factor else 0.0)

    @property
    def assumed(self) -> bool:
        """True if the energy or the factor is an assumption."""
        return self.activity.assumed or self.factor.assumed
