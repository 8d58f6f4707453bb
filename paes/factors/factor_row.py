"""A set of emission factors and the lines of its table.

A line is one figure, or its gases apart; for the whole of a fuel, or for what of it is from
sustainable sources and what is not; and it may say when it was added, so that what was published
before can be made again.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from paes.factors.dated_values import Year
from paes.factors.gases import Gases
from paes.metering import Carrier, Sector
from paes.schema import Identifier, Sourced, Stated, Text

BIOGENIC = frozenset({Carrier.PLANT_OIL, Carrier.BIOFUEL, Carrier.OTHER_BIOMASS})
"""Carriers whose CO2 counts as zero if they are from sustainable sources."""

_GASES = ("co2_t_per_mwh", "ch4_t_per_mwh", "n2o_t_per_mwh")


class FactorSet(Sourced):
    """A family of factors that may be used together: one approach, one gas, one version."""

    id: Identifier
    name: Text
    approach: Literal["IPCC", "LCA"]
    gas: Literal["CO2", "CO2eq"]
    version: str
    sustainable_fraction: float = Field(default=1.0, ge=0, le=1)
    """What part of biofuel and biomass counts as sustainable where nobody declares it."""


class FactorRow(Stated):
    """One line of a set's CSV; without a year the factor does not change over time.

    Either ``factor_t_per_mwh``, or the three gases. Beside a factor in CO2 equivalent
    ``co2_t_per_mwh`` alone may tell what part of it no warming potential changes.
    """

    what: ClassVar[str] = "a factor"

    carrier: Carrier
    sector: Sector | None = None
    year: Year | None = None
    factor_t_per_mwh: float | None = Field(default=None, ge=0, le=5)
    co2_t_per_mwh: float | None = Field(default=None, ge=0, le=5)
    ch4_t_per_mwh: float | None = Field(default=None, ge=0, le=0.1)
    n2o_t_per_mwh: float | None = Field(default=None, ge=0, le=0.01)
    sustainable: bool | None = None
    """For fuel from sustainable sources, or for that from others; empty for fuel of either kind,
    which then counts as sustainable."""
    added: date | None = None
    """When it entered the set; empty if it was always there."""

    @property
    def gases(self) -> Gases | None:
        """Its gases; None if they are added up already."""
        co2, ch4, n2o = self.co2_t_per_mwh, self.ch4_t_per_mwh, self.n2o_t_per_mwh
        if co2 is None or ch4 is None or n2o is None:
            return None
        return Gases(co2, ch4, n2o)

    @property
    def key(self) -> tuple[object, ...]:
        """What may stand in a set once only."""
        return self.carrier, self.sector, self.year, self.sustainable, self.added

    @property
    def title(self) -> str:
        """The row in words, for a message."""
        kind = {None: "", True: ", sustainable", False: ", not sustainable"}[self.sustainable]
        return f"{self.carrier}, {self.year}{kind}"

    @model_validator(mode="after")
    def _is_one_factor(self) -> FactorRow:
        given = [name for name in _GASES if getattr(self, name) is not None]
        if self.factor_t_per_mwh is None:
            absent = [name for name in _GASES if name not in given]
            if len(absent) == len(_GASES):
                raise ValueError("factor_t_per_mwh is empty, and no gases are there instead")
            if absent:
                raise ValueError(f"{absent[0]} is empty; gases apart need all three")
        elif set(given) - {"co2_t_per_mwh"}:
            raise ValueError(f"{given[-1]} is there beside factor_t_per_mwh; expected one of them")
        elif self.co2_t_per_mwh is not None and self.co2_t_per_mwh > self.factor_t_per_mwh:
            raise ValueError(
                f"co2_t_per_mwh is {self.co2_t_per_mwh}; expected no more than factor_t_per_mwh, "
                f"{self.factor_t_per_mwh}, of which it is a part"
            )
        if self.sustainable is not None and self.carrier not in BIOGENIC:
            raise ValueError(
                f"sustainable is for {', '.join(sorted(BIOGENIC))}; this row is {self.carrier}"
            )
        return self
