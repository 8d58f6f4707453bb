"""Emission factors and calorific values: versioned sets, and a look-up that says how it matched.

Invariant: nobody gets a bare number. Every factor has a set, a unit, a source and a year, and
every answer says whether it was found for the year asked or carried over from an earlier one.
Sets live in ``factors/sets.yaml`` with one CSV a set; an installation may add its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal, TypeVar

from pydantic import Field, model_validator

from paes.errors import FactorMissing
from paes.metering import Carrier, Sector
from paes.schema import Identifier, Sourced, Text

Year = Annotated[int, Field(ge=1900, le=2200)]


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


class CalorificRow(Sourced):
    """Energy in one unit of a fuel; ``basis`` net is what factors per MWh are made for."""

    carrier: Carrier
    unit: Literal["Sm3", "kg", "l"]
    kwh_per_unit: float = Field(gt=0, le=50)
    basis: Literal["net", "gross"]
    year: Year | None = None


R = TypeVar("R", FactorRow, CalorificRow)


class How(StrEnum):
    """How an answer matched the question."""

    EXACT = "exact"  # a value for the very year asked
    CONSTANT = "constant"  # the value does not depend on the year
    EARLIER = "earlier"  # the series ends before the year asked: its last value was taken
    FROZEN = "frozen"  # the base year's value was asked for on purpose


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


@dataclass(frozen=True, slots=True)
class CalorificMatch:
    """Energy per unit of fuel in kWh (net), with its origin."""

    carrier: Carrier
    unit: str
    kwh_per_unit: float
    year_used: int | None
    how: How
    source: str
    assumed: bool


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
        self._calorific = tuple(calorific)

    def find(self, set_id: str, carrier: Carrier, sector: Sector, year: int) -> FactorMatch:
        """The factor of ``carrier`` used in ``sector`` in ``year``.

        A row for the sector beats a general one; then the exact year, a constant, and last the
        latest earlier year. Raises FactorMissing if the set has none.
        """
        candidates = [r for r in self._rows.get(set_id, ()) if r.carrier is carrier]
        of_sector = [r for r in candidates if r.sector is sector]
        row, how = _best(of_sector or [r for r in candidates if r.sector is None], year)
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

    def calorific_value(self, carrier: Carrier, unit: str, year: int) -> CalorificMatch:
        """Net kWh in one ``unit`` (Sm3, kg, l) of ``carrier``; FactorMissing if unknown."""
        rows = [
            r
            for r in self._calorific
            if r.carrier is carrier and r.unit == unit and r.basis == "net"
        ]
        row, how = _best(rows, year)
        if row is None:
            raise FactorMissing(f"no net calorific value for {carrier} per {unit} in {year}")
        return CalorificMatch(
            carrier=carrier,
            unit=unit,
            kwh_per_unit=row.kwh_per_unit,
            year_used=row.year,
            how=how,
            source=row.source or "",
            assumed=row.assumed,
        )


def _best(rows: Sequence[R], year: int) -> tuple[R | None, How]:
    dated = {r.year: r for r in rows if r.year is not None and r.year <= year}
    if year in dated:
        return dated[year], How.EXACT
    constant = next((r for r in rows if r.year is None), None)
    if constant is not None:
        return constant, How.CONSTANT
    if dated:
        return dated[max(dated)], How.EARLIER
    return None, How.EXACT
