"""How wrong meters, tables and factors may be: ``uncertainty.yaml``.

Every half-width is that of a 95 % interval and a part of the figure (0.05: the truth lies within
5 % of it in 95 of 100 cases; of large ones see ``errors.told_error``); limits of meters are limits.
``margin`` widens them all: no list of errors is complete, and an interval that is too
narrow is worse than one too wide.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from paes.activity.declared_row import DeclaredRow, KnownFrom
from paes.inventory.other_emissions import OtherRow
from paes.metering import Carrier, Sector
from paes.meters import FieldMeter, Meter
from paes.schema import ConfigModel, Stated

Fraction = Annotated[float, Field(ge=0, le=1)]
Z95 = 1.959963984540054
"""So many standard deviations on either side hold 95 % of a normal distribution."""
MODELLED = (Sector.PUBLIC_TRANSPORT, Sector.PRIVATE_TRANSPORT)
"""Sectors whose declared energy is that of a model, unless a row says how it is known."""


class Source(StrEnum):
    """What makes a figure uncertain."""

    METER = "meter"
    ESTIMATE = "estimate"
    MISSING = "missing"
    DECLARED = "declared"
    FACTOR = "factor"


class Margin(Stated):
    """By how much every half-width is widened."""

    fraction: Fraction

    @property
    def times(self) -> float:
        """What half-widths are multiplied by."""
        return 1 + self.fraction


class MeterLimit(Stated):
    """The largest error that meters of a carrier may have in use."""

    carrier: Carrier
    limit_fraction: Fraction


class TransformerLimit(Stated):
    """What measuring transformers add to the error of a meter behind them."""

    limit_fraction: Fraction


class CalorificWidth(Stated):
    """How well the energy in a metered cubic metre or litre is known; one error for a year."""

    carrier: Carrier
    half_width_fraction: Fraction
    between_years_correlation: Fraction


class DeclaredWidth(Stated):
    """How well a declared figure is known, by what it is known from.

    ``between_years_correlation`` is that of the errors of one series in two years,
    ``within_sector_correlation`` that of two carriers of one sector in one year.
    """

    known_from: KnownFrom
    half_width_fraction: Fraction
    between_years_correlation: Fraction
    within_sector_correlation: Fraction = 0.0


class CarriedWidth(Stated):
    """What each year adds for which an earlier figure stands in; it grows with their root."""

    half_width_per_year_fraction: Fraction


class OtherWidth(Stated):
    """How well emissions are known that no final energy causes.

    Green electricity has no row of its own: it is as uncertain as the electricity factor is.
    """

    row: OtherRow
    half_width_fraction: Fraction
    between_years_correlation: Fraction


class FactorWidth(Stated):
    """The 95 % range of a carrier's factor, as parts of it or in kg/GJ as tables print it.

    One error for all sites and sectors. Of factors that hold for one year, those of two years have
    ``between_years_correlation``.
    """

    carrier: Carrier
    low_kg_per_gj: float | None = Field(default=None, gt=0)
    default_kg_per_gj: float | None = Field(default=None, gt=0)
    high_kg_per_gj: float | None = Field(default=None, gt=0)
    half_width_fraction: Fraction | None = None
    between_years_correlation: Fraction = 1.0

    @property
    def below_fraction(self) -> float:
        """How far below the factor the range goes, as a part of it."""
        if self.low_kg_per_gj and self.default_kg_per_gj:
            return 1 - self.low_kg_per_gj / self.default_kg_per_gj
        return self.half_width_fraction or 0.0

    @property
    def above_fraction(self) -> float:
        """How far above the factor the range goes, as a part of it."""
        if self.high_kg_per_gj and self.default_kg_per_gj:
            return self.high_kg_per_gj / self.default_kg_per_gj - 1
        return self.half_width_fraction or 0.0

    @model_validator(mode="after")
    def _is_one_range(self) -> Self:
        of_table = (self.low_kg_per_gj, self.default_kg_per_gj, self.high_kg_per_gj)
        given = [value for value in of_table if value is not None]
        if len(given) not in (0, 3):
            raise ValueError("low_kg_per_gj, default_kg_per_gj and high_kg_per_gj go together")
        if bool(given) == (self.half_width_fraction is not None):
            raise ValueError("expected half_width_fraction, or a range in kg/GJ")
        if given != sorted(given):
            raise ValueError(f"low, default, high in kg/GJ must rise, seen {given}")
        return self


class StaleWidth(Stated):
    """What each year adds for which an earlier factor stands in; it grows with their root."""

    half_width_per_year_fraction: Fraction


class LifeCycleWidth(Stated):
    """How well factors over the life cycle are known, of every carrier."""

    half_width_fraction: Fraction
    between_years_correlation: Fraction


class Realisation(Stated):
    """What part of a declared saving comes true: likely, and the ends of its 90 % interval."""

    low_fraction: Annotated[float, Field(ge=0, le=3)]
    likely_fraction: Annotated[float, Field(ge=0, le=3)]
    high_fraction: Annotated[float, Field(ge=0, le=3)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        seen = [self.low_fraction, self.likely_fraction, self.high_fraction]
        if seen != sorted(seen):
            raise ValueError(f"low, likely and high fraction must rise, seen {seen}")
        return self


class Assumptions(ConfigModel):
    """All of ``uncertainty.yaml``."""

    margin: Margin
    meters: tuple[MeterLimit, ...]
    transformers: TransformerLimit
    calorific_values: tuple[CalorificWidth, ...] = ()
    declared: tuple[DeclaredWidth, ...]
    carried: CarriedWidth
    other_rows: tuple[OtherWidth, ...]
    factors: tuple[FactorWidth, ...]
    stale_factors: StaleWidth
    life_cycle: LifeCycleWidth
    realisation: Realisation

    def meter_limit(self, meter: Meter | None, carrier: Carrier) -> float:
        """The largest relative error of a meter, its transformers included.

        What the meter itself says (``accuracy_fraction``) goes before its carrier's usual limit.
        """
        usual = next(m.limit_fraction for m in self.meters if m.carrier is carrier)
        own = meter.accuracy_fraction if meter else None
        limit = usual if own is None else own
        if isinstance(meter, FieldMeter) and meter.transformer_ratio != 1:
            return math.hypot(limit, self.transformers.limit_fraction)
        return limit

    def calorific(self, carrier: Carrier) -> CalorificWidth | None:
        """How well metered amounts of ``carrier`` become energy; None if metered as energy."""
        return next((c for c in self.calorific_values if c.carrier is carrier), None)

    def of_row(self, row: DeclaredRow) -> DeclaredWidth:
        """How well a declared row is known; its own ``uncertainty_fraction`` goes before."""
        kind = known_from(row)
        width = next(d for d in self.declared if d.known_from is kind)
        if row.uncertainty_fraction is None:
            return width
        return width.model_copy(update={"half_width_fraction": row.uncertainty_fraction})

    def other_row(self, row: OtherRow) -> OtherWidth:
        """How well a row without energy is known."""
        return next(o for o in self.other_rows if o.row is row)

    def factor(self, carrier: Carrier, approach: str = "IPCC") -> FactorWidth:
        """The range of a carrier's factor in a set of that approach (IPCC or LCA)."""
        if approach == "LCA":
            return FactorWidth(carrier=carrier, **self.life_cycle.model_dump())
        return next(f for f in self.factors if f.carrier is carrier)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        _require("meters", [m.carrier for m in self.meters], Carrier)
        _require("declared", [d.known_from for d in self.declared], KnownFrom)
        _require("factors", [f.carrier for f in self.factors], Carrier)
        waste_and_other = [row for row in OtherRow if row is not OtherRow.GREEN_ELECTRICITY]
        _require("other_rows", [o.row for o in self.other_rows], waste_and_other)
        return self


def known_from(row: DeclaredRow) -> KnownFrom:
    """What a declared row is known from: as it says, else by its marks and its sector."""
    if row.known_from:
        return row.known_from
    if row.rests_on_assumption:
        return KnownFrom.ASSUMPTION
    return KnownFrom.MODEL if row.sector in MODELLED else KnownFrom.STATISTICS


def _require(key: str, seen: Sequence[StrEnum], of: Iterable[StrEnum]) -> None:
    for name in of:
        if seen.count(name) != 1:
            raise ValueError(f"{key} has {seen.count(name)} times {name}; expected it once")
