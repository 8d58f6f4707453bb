"""A target: what was promised, by which act, over which base year.

It is data, never a constant, and says how much of it is expected from outside (supra-ordinate:
national and regional measures, the grid), by interim points on the way if the act names some.
Progress against it is computed in ``paes.progress``.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from paes.factors.emission_factors import Year
from paes.schema import ConfigModel, Identifier, Sourced, Text

Fraction = Annotated[float, Field(gt=0, le=1)]


class InterimPoint(ConfigModel):
    """A reduction promised for a year on the way to the target."""

    year: Year
    reduction_fraction: Annotated[float, Field(ge=0, le=1)]
    supra_ordinate_fraction: Annotated[float, Field(ge=0, le=1)] | None = None
    """The part of ``reduction_fraction`` expected from outside, if the act names one for this year;
    else it has the share that it has at the target."""

    @model_validator(mode="after")
    def _coherent(self) -> InterimPoint:
        _refuse_more_than_whole(self.supra_ordinate_fraction, self.reduction_fraction)
        return self


class PopulationEstimate(Sourced):
    """Inhabitants that a plan expects in its target year."""

    inhabitants: Annotated[int, Field(gt=0)]


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
    population_estimate: PopulationEstimate | None = None
    """Of the target year; a plan per head is nothing without it."""
    interim: tuple[InterimPoint, ...] = ()
    """By year; without any the path is straight."""
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
        _refuse_more_than_whole(self.supra_ordinate_fraction, self.reduction_fraction)
        if self.kind == "per_capita" and self.population_estimate is None:
            raise ValueError(
                f"kind is per_capita: population_estimate is missing, the inhabitants expected in "
                f"{self.target_year}"
            )
        self._check_interim()
        return self

    def _check_interim(self) -> None:
        """Between the ends, in order, and never more than was promised for later."""
        for point in self.interim:
            if not self.base_year < point.year < self.target_year:
                raise ValueError(
                    f"interim point {point.year} is not between {self.base_year} and "
                    f"{self.target_year}"
                )
        points = [(p.year, p.reduction_fraction) for p in self.interim]
        for (year, part), (later, more) in pairwise(
            [*points, (self.target_year, self.reduction_fraction)]
        ):
            if later <= year:
                raise ValueError(
                    f"interim points: {later} comes after {year}; expected them in order"
                )
            if more < part:
                raise ValueError(
                    f"interim points: {part} of {year} comes before {more} of {later}; expected "
                    "no less with every year"
                )


def _refuse_more_than_whole(supra: float | None, whole: float) -> None:
    if (supra or 0) > whole:
        raise ValueError(f"supra-ordinate {supra} exceeds the whole reduction {whole}")


class PublishedInventory(Sourced):
    """A total printed elsewhere, to be shown beside ours and never mixed with it."""

    year: Year
    total_t: float = Field(gt=0)
    gas: Literal["CO2", "CO2eq"] | None = None
