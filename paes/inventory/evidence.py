"""What a figure of energy rests on: measured, billed, estimated, declared, carried, missing.

The first five are parts that add up to the figure; what is missing has bounds and is in no sum.
A declared figure that stands rests on the declaration alone: what meters saw within it, of its
sector or its sites, adds nothing and is told apart (``within``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from typing import Self

from paes.accounting.energy_total import EnergyTotal
from paes.activity.activity_data import ActivityData
from paes.units import KWH_PER_MWH


@dataclass(frozen=True, slots=True)
class CellEvidence:
    """Energy by how it is known, MWh.

    ``measured_mwh`` is what registers and load curves saw, ``billed_mwh`` what bills and
    deliveries of metered sites told, ``estimated_mwh`` what stands in for their gaps,
    ``declared_mwh`` what tables say of the year itself and ``carried_mwh`` what they say of an
    earlier one. Of what is missing nothing is known but its bounds (infinite if nothing bounds
    it).
    """

    measured_mwh: float = 0.0
    billed_mwh: float = 0.0
    estimated_mwh: float = 0.0
    declared_mwh: float = 0.0
    carried_mwh: float = 0.0
    missing_low_mwh: float = 0.0
    missing_high_mwh: float = 0.0

    @classmethod
    def of(cls, activity: ActivityData) -> Self:
        """What the figure of a cell rests on; the parts add up to ``activity.energy_mwh``."""
        added = activity.metered if activity.adds_metered else EnergyTotal()
        billed = activity.billed if activity.adds_metered else EnergyTotal()
        return cls(
            *_seen(added, billed),
            declared_mwh=_declared(activity, carried=False),
            carried_mwh=_declared(activity, carried=True),
            missing_low_mwh=added.missing_low_kwh / KWH_PER_MWH,
            missing_high_mwh=added.missing_high_kwh / KWH_PER_MWH,
        )

    @classmethod
    def within(cls, activity: ActivityData) -> Self:
        """What meters saw within declared figures, to which it adds nothing."""
        of_sites = cls(*_seen(activity.within.metered, activity.within.billed))
        if activity.adds_metered:
            return of_sites
        return cls.sum([of_sites, cls(*_seen(activity.metered, activity.billed))])

    @property
    def energy_mwh(self) -> float:
        """The figure: all but what is missing."""
        return math.fsum(astuple(self)[:5])

    @property
    def metered_mwh(self) -> float:
        """What meters and bills of sites account for, estimates among it."""
        return math.fsum((self.measured_mwh, self.billed_mwh, self.estimated_mwh))

    @classmethod
    def sum(cls, parts: Iterable[CellEvidence]) -> Self:
        """Several figures together."""
        listed = list(parts)
        return cls(*(math.fsum(getattr(one, f.name) for one in listed) for f in fields(cls)))


def _seen(total: EnergyTotal, billed: EnergyTotal) -> tuple[float, float, float]:
    """Measured live, billed and estimated, MWh."""
    live_kwh = total.measured_kwh - billed.measured_kwh
    return (
        live_kwh / KWH_PER_MWH,
        billed.measured_kwh / KWH_PER_MWH,
        total.estimated_kwh / KWH_PER_MWH,
    )


def _declared(activity: ActivityData, *, carried: bool) -> float:
    return math.fsum(
        part.energy_mwh for part in activity.parts if (part.year != activity.year) is carried
    )
