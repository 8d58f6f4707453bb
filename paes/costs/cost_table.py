"""Costs by period as arrays that add up: parts of a bill, each known, estimated or bounded.

EUR and the meter's unit are never rounded here; a table rounds when it is printed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from paes.series import Floats

A = TypeVar("A", "Amounts", "Money")


@dataclass(frozen=True)
class Money:
    """EUR by period: of what is measured, of what is estimated, and between which bounds.

    The true amount lies between ``low_eur`` and ``high_eur`` (infinite if nothing bounds it).
    """

    measured_eur: Floats
    estimated_eur: Floats
    low_eur: Floats
    high_eur: Floats

    @classmethod
    def nothing(cls, periods: int) -> Money:
        """No money."""
        zero = np.zeros(periods)
        return cls(zero, zero, zero, zero)

    @classmethod
    def certain(cls, eur: Floats) -> Money:
        """An amount that follows from the contract alone."""
        return cls(eur, np.zeros(len(eur)), eur, eur)

    def __add__(self, other: Money) -> Money:
        return Money(
            self.measured_eur + other.measured_eur,
            self.estimated_eur + other.estimated_eur,
            self.low_eur + other.low_eur,
            self.high_eur + other.high_eur,
        )

    def times(self, weight: float) -> Money:
        """A part of it; with a negative weight, something that is taken off."""
        low, high = self.low_eur * weight, self.high_eur * weight
        return Money(
            self.measured_eur * weight,
            self.estimated_eur * weight,
            np.minimum(low, high),
            np.maximum(low, high),
        )

    def within(self, parts: Money) -> Money:
        """All time, with bounds no wider than those of its ``parts`` together."""
        low = np.maximum(self.low_eur, parts.low_eur.sum())
        high = np.minimum(self.high_eur, parts.high_eur.sum())
        return replace(self, low_eur=low, high_eur=np.maximum(low, high))

    @property
    def eur(self) -> Floats:
        """Measured and estimated together: the figure to reckon with."""
        return self.measured_eur + self.estimated_eur


@dataclass(frozen=True)
class Amounts:
    """An amount of energy (kWh, Sm3, m3 …) by period, as ``Money`` is one of money."""

    measured: Floats
    estimated: Floats
    low: Floats
    high: Floats

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(
            self.measured + other.measured,
            self.estimated + other.estimated,
            self.low + other.low,
            self.high + other.high,
        )

    def times(self, weight: float) -> Amounts:
        """A part of it, as of money."""
        low, high = self.low * weight, self.high * weight
        return Amounts(
            self.measured * weight,
            self.estimated * weight,
            np.minimum(low, high),
            np.maximum(low, high),
        )

    def within(self, parts: Amounts) -> Amounts:
        """All time, with bounds no wider than those of its ``parts`` together."""
        low = np.maximum(self.low, parts.low.sum())
        high = np.minimum(self.high, parts.high.sum())
        return replace(self, low=low, high=np.maximum(low, high))


@dataclass(frozen=True)
class CostTable:
    """What supplies of one kind cost, by period.

    ``amounts`` and ``energy`` are by band (``flat`` for a price without bands); ``total`` is the
    sum of all parts with bounds of its own, which are closer than the sum of theirs, and of what
    is missing in it ``missing_low_eur`` to ``missing_high_eur``. ``unpriced`` is what was used in
    the ``unpriced_s`` seconds in which no contract was in force: it is in no part, and its cost
    is not known.
    """

    unit: str
    amounts: dict[str, Amounts]
    energy: dict[str, Money]
    fixed: Money
    power: Money
    taxes: Money
    vat: Money
    total: Money
    missing_low_eur: Floats
    missing_high_eur: Floats
    unpriced: Floats
    unpriced_s: Floats
    covered_s: Floats
    span_s: Floats
    assumed: frozenset[str] = field(default=frozenset())
    """The tariffs in it whose prices are assumed."""

    @classmethod
    def nothing(cls, unit: str, periods: int) -> CostTable:
        """No supply."""
        none, zero = Money.nothing(periods), np.zeros(periods)
        return cls(unit, {}, {}, none, none, none, none, none, *(zero,) * 6)

    def __add__(self, other: CostTable) -> CostTable:
        if self.unit != other.unit:
            raise ValueError(f"{self.unit} and {other.unit} cannot be added")
        return CostTable(
            self.unit,
            _merged(self.amounts, other.amounts),
            _merged(self.energy, other.energy),
            self.fixed + other.fixed,
            self.power + other.power,
            self.taxes + other.taxes,
            self.vat + other.vat,
            self.total + other.total,
            self.missing_low_eur + other.missing_low_eur,
            self.missing_high_eur + other.missing_high_eur,
            self.unpriced + other.unpriced,
            self.unpriced_s + other.unpriced_s,
            self.covered_s + other.covered_s,
            self.span_s + other.span_s,
            self.assumed | other.assumed,
        )

    def times(self, weight: float) -> CostTable:
        """A part of the money and amounts; the time stays, for it was or was not covered."""
        missing = self.missing_low_eur * weight, self.missing_high_eur * weight
        return replace(
            self,
            amounts={label: of.times(weight) for label, of in self.amounts.items()},
            energy={label: of.times(weight) for label, of in self.energy.items()},
            fixed=self.fixed.times(weight),
            power=self.power.times(weight),
            taxes=self.taxes.times(weight),
            vat=self.vat.times(weight),
            total=self.total.times(weight),
            missing_low_eur=np.minimum(*missing),
            missing_high_eur=np.maximum(*missing),
            unpriced=self.unpriced * weight,
        )

    def within(self, periods: CostTable) -> CostTable:
        """The table of all time, with bounds no wider than those of its ``periods`` together.

        What is certain of each month is so of all, even if bands could have shared it otherwise.
        """
        return replace(
            self,
            amounts={k: of.within(periods.amounts[k]) for k, of in self.amounts.items()},
            energy={k: of.within(periods.energy[k]) for k, of in self.energy.items()},
            fixed=self.fixed.within(periods.fixed),
            power=self.power.within(periods.power),
            taxes=self.taxes.within(periods.taxes),
            vat=self.vat.within(periods.vat),
            total=self.total.within(periods.total),
        )

    @property
    def parts(self) -> dict[str, Money]:
        """The parts of the bill, by name: energy of all bands, power, fixed, taxes, VAT."""
        energy = sum(self.energy.values(), Money.nothing(len(self.span_s)))
        return {
            "energy": energy,
            "power": self.power,
            "fixed": self.fixed,
            "taxes": self.taxes,
            "vat": self.vat,
        }


def _merged(one: dict[str, A], other: dict[str, A]) -> dict[str, A]:
    """Both by name; what both have is added up."""
    both = {name: one[name] + other[name] for name in one.keys() & other.keys()}
    return dict(sorted((one | other | both).items()))
