"""The saving of some days as it is told: energy, money and tonnes, each with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from paes.faults.money.price import Interval
from paes.savings.avoided import AvoidedEnergy, together
from paes.savings.worth import UnitWorth


@dataclass(frozen=True, slots=True)
class SavingFigure:
    """Avoided energy with both bands (halves of their widths), its money and its tonnes.

    ``kwh`` has the wider band and what gaps leave open; so have ``eur`` (None without a contract)
    and ``co2_t`` (None without a factor).
    """

    avoided: AvoidedEnergy
    statistical_half_kwh: float
    empirical_half_kwh: float
    eur: Interval | None
    co2_t: Interval | None
    is_price_assumed: bool = False

    @property
    def half_kwh(self) -> float:
        """Of the wider band."""
        return max(self.statistical_half_kwh, self.empirical_half_kwh)

    @property
    def kwh(self) -> Interval:
        """What was avoided."""
        half, of = self.half_kwh, self.avoided
        return Interval(of.low_kwh - half, of.kwh, of.high_kwh + half)

    @property
    def half_fraction(self) -> float:
        """The wider band as a part of what would have been used."""
        adjusted = self.avoided.adjusted_kwh
        return self.half_kwh / adjusted if adjusted > 0 else math.inf


def saving_figure(
    found: Sequence[AvoidedEnergy],
    worth: Sequence[UnitWorth],
    statistical_half_kwh: float,
    empirical_half_kwh: float,
) -> SavingFigure:
    """Of several parts together.

    Money and tonnes are those of each part's energy; their bounds are as far away as those of the
    energy, at the mean price of what would have been used.
    """
    total = together(found)
    bare = SavingFigure(total, statistical_half_kwh, empirical_half_kwh, None, None)
    eur = _valued(found, [w.eur_per_kwh for w in worth], bare)
    per_kwh = [None if w.t_per_mwh is None else w.t_per_mwh / 1000 for w in worth]
    tonnes = _valued(found, per_kwh, bare)
    assumed = any(w.is_assumed for w in worth)
    return SavingFigure(total, statistical_half_kwh, empirical_half_kwh, eur, tonnes, assumed)


def _valued(
    found: Sequence[AvoidedEnergy], per_kwh: Sequence[float | None], of: SavingFigure
) -> Interval | None:
    known = [value for value in per_kwh if value is not None]
    if len(known) < len(found):
        return None
    weights = [max(abs(a.adjusted_kwh), abs(a.kwh)) for a in found]
    likely = math.fsum(a.kwh * v for a, v in zip(found, known, strict=True))
    total = math.fsum(weights)
    mean = math.fsum(w * v for w, v in zip(weights, known, strict=True)) / total if total else 0.0
    energy = of.kwh
    low = likely - _times(energy.likely - energy.low, mean)
    return Interval(low, likely, likely + _times(energy.high - energy.likely, mean))


def _times(width: float, price: float) -> float:
    """What nothing bounds stays unbounded, even of what is worth nothing."""
    return width * price if math.isfinite(width) else width
