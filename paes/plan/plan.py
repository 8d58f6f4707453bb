"""The plan of a city: its targets, inventories published elsewhere, and how it reckons."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from paes.factors.emission_factors import Year
from paes.plan.target import PublishedInventory, Target
from paes.schema import ConfigModel, Identifier, Sourced

ElectricityFactor = Literal["current", "frozen"]
"""Whose factor electricity has in a monitoring inventory: the year's, or the base year's."""
ElectricityScope = Literal["national", "local"]
"""The factor of the national mix, or the local one by the JRC's formula (``paes.supply``)."""
GreenElectricity = Literal["in_factor", "own_row", "not_counted"]
"""Where certified green electricity that the town buys counts: in the local factor, as a row of its
own that is taken off, or nowhere."""


class Publication(Sourced):
    """An inventory that was made public: its factors are those that were known on the day."""

    year: Year
    published_on: date


class Plan(ConfigModel):
    """``plan.yaml`` of a city."""

    base_year: Year
    factor_set: Identifier
    electricity_factor: ElectricityFactor
    electricity_scope: ElectricityScope = "national"
    green_electricity: GreenElectricity = "not_counted"
    gwp: Identifier | None = None
    """The set of warming potentials, where the factor set keeps its gases apart."""
    default_target: Identifier
    targets: tuple[Target, ...] = Field(min_length=1)
    published_inventories: tuple[PublishedInventory, ...] = ()
    """Totals printed elsewhere, which are not ours."""
    publications: tuple[Publication, ...] = ()
    """Our own inventories that were made public."""

    @model_validator(mode="after")
    def _default_exists(self) -> Plan:
        ids = [t.id for t in self.targets]
        if len(set(ids)) != len(ids):
            raise ValueError(f"two targets have one id: {', '.join(ids)}")
        if self.default_target not in ids:
            raise ValueError(f"default_target {self.default_target!r} is none of {', '.join(ids)}")
        return self
