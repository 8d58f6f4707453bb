"""A target: what was promised, by which act, over which base year.

It is data, never a constant, and says how much of it is expected from outside (supra-ordinate:
national and regional measures, the grid). Progress against it is computed in ``paes.progress``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from paes.factors.emission_factors import Year
from paes.schema import Identifier, Sourced, Text

Fraction = Annotated[float, Field(gt=0, le=1)]


class Target(Sourced):
    """A promised reduction of emissions between a base year and a target year."""

    id: Identifier
    name: Text
    base_year: Year
    target_year: Year
    reduction_fraction: Fraction
    supra_ordinate_fraction: Annotated[float, Field(ge=0, le=1)] | None = None
    """The part of ``reduction_fraction`` expected from outside; None if the act does not say."""
    kind: Literal["absolute", "per_capita"] = "absolute"
    adopted_by: str | None = None

    @property
    def own_fraction(self) -> float | None:
        """The part left to the town itself; None if the act does not split."""
        if self.supra_ordinate_fraction is None:
            return None
        return self.reduction_fraction - self.supra_ordinate_fraction

    @model_validator(mode="after")
    def _coherent(self) -> Target:
        if self.target_year <= self.base_year:
            raise ValueError(f"target year {self.target_year} is not after {self.base_year}")
        if (self.supra_ordinate_fraction or 0) > self.reduction_fraction:
            raise ValueError(
                f"supra-ordinate {self.supra_ordinate_fraction} exceeds the whole reduction "
                f"{self.reduction_fraction}"
            )
        return self


class PublishedInventory(Sourced):
    """A total printed elsewhere, to be shown beside ours and never mixed with it."""

    year: Year
    total_t: float = Field(gt=0)
    gas: Literal["CO2", "CO2eq"] | None = None
