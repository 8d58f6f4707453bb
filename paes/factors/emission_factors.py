"""Emission factors and calorific values: versioned sets, and a look-up that says how it matched.

Invariant: nobody gets a bare number. Every factor has a set, a unit, a source and a year, and
every answer says whether it was found for the year asked or carried over from an earlier one.
Sets live in ``factors/sets.yaml`` with one CSV a set; an installation may add its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from paes.errors import FactorMissing
from paes.factors.calorific_values import CalorificMatch as CalorificMatch
from paes.factors.calorific_values import CalorificRow as CalorificRow
from paes.factors.calorific_values import CalorificValues, FuelEnergy
from paes.factors.dated_values import How as How
from paes.factors.dated_values import Year as Year
from paes.factors.dated_values import best
from paes.factors.fuel_amounts import FuelAmount
from paes.metering import Carrier, Sector
from paes.schema import Identifier, Sourced, Text


class FactorSet(Sourced):
    """A family of factors that may be used together: one approach, one gas, one version."""

    id: Identifier
    name: Text
    approach: Literal["IPCC", "LCA"]
    gas: Literal["CO2", "CO2eq"]
    version: str


class FactorRow(Sourced):
    """One line of a set's CSV; without a year the factor does not change over time."""

    carrier: Carrier
    sector: Sector | None = None
    year: Year | None = None
    factor_t_per_mwh: float = Field(ge=0, le=5)

    @model_validator(mode="after")
    def _has_origin(self) -> FactorRow:
        if not self.source and not (self.assumed and self.note):
            raise ValueError("a factor needs a source, or assumed: true with a note")
        return self


@dataclass(frozen=True, slots=True)
class FactorMatch:
    """A factor in t/MWh with everything needed to defend it."""

    factor_set: str
    carrier: Carrier
    year_asked: int
    year_used: int | None
    factor_t_per_mwh: float
    how: How
    source: str
    assumed: bool
    note: str | None
    formula: str | None = None
    """How it was worked out, where it is not a figure of a table."""
    numbers: Mapping[str, float] = field(default_factory=dict, hash=False)
    """What it was worked out from; names end with their unit."""


class FactorLibrary:
    """All factor sets and calorific values of an installation."""

    def __init__(
        self,
        sets: Iterable[FactorSet],
        rows: Mapping[str, Iterable[FactorRow]],
        calorific: Iterable[CalorificRow] = (),
    ) -> None:
        self.sets = {s.id: s for s in sets}
        self._rows = {set_id: tuple(of_set) for set_id, of_set in rows.items()}
        self._calorific = CalorificValues(calorific)

    def find(
        self,
        set_id: str,
        carrier: Carrier,
        sector: Sector,
        year: int,
        *,
        gwp: str | None = None,
        sustainable: float | None = None,
        as_of: date | None = None,
    ) -> FactorMatch:
        """The factor of ``carrier`` used in ``sector`` in ``year``.

        A row for the sector beats a general one; then the exact year, a constant, and last the
        latest earlier year. Raises FactorMissing if the set has none.
        """
        candidates = [r for r in self._rows.get(set_id, ()) if r.carrier is carrier]
        of_sector = [r for r in candidates if r.sector is sector]
        row, how = best(of_sector or [r for r in candidates if r.sector is None], year)
        if row is None:
            raise FactorMissing(
                f"factor set {set_id!r} has no factor for {carrier} in {sector}, {year}; "
                f"it knows {', '.join(sorted({r.carrier for r in self._rows.get(set_id, ())}))}"
            )
        return FactorMatch(
            factor_set=set_id,
            carrier=carrier,
            year_asked=year,
            year_used=row.year,
            factor_t_per_mwh=row.factor_t_per_mwh,
            how=how,
            source=row.source or "",
            assumed=row.assumed,
            note=row.note,
        )

    def calorific_value(
        self, carrier: Carrier, unit: str, year: int, fuel: str | None = None
    ) -> CalorificMatch:
        """Net kWh in one ``unit`` (Sm3, kg, l) of ``carrier``; FactorMissing if unknown."""
        return self._calorific.find(carrier, unit, year, fuel=fuel)

    def energy(self, given: FuelAmount, year: int) -> FuelEnergy:
        """An amount of fuel or energy as net kWh (``CalorificValues.energy``)."""
        return self._calorific.energy(given, year)
