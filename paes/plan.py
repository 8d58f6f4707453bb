"""The plan: targets with their source, published inventories, and the register of actions.

A target is data, never a constant: what was promised, by which act, over which base year, and
how much of it is expected from outside (supra-ordinate: national and regional measures, the
grid). Progress against it is computed in ``paes.progress``.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from paes.factors.emission_factors import Year
from paes.metering import Sector
from paes.schema import ConfigModel, Identifier, Sourced, Text

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


class Plan(ConfigModel):
    """``plan.yaml`` of a city."""

    base_year: Year
    factor_set: Identifier
    electricity_factor: Literal["current", "frozen"]
    """Which year's electricity factor a monitoring inventory uses: its own, or the base year's."""
    default_target: Identifier
    targets: tuple[Target, ...] = Field(min_length=1)
    published_inventories: tuple[PublishedInventory, ...] = ()

    @model_validator(mode="after")
    def _default_exists(self) -> Plan:
        ids = [t.id for t in self.targets]
        if len(set(ids)) != len(ids):
            raise ValueError(f"two targets have one id: {', '.join(ids)}")
        if self.default_target not in ids:
            raise ValueError(f"default_target {self.default_target!r} is none of {', '.join(ids)}")
        return self


class Origin(StrEnum):
    """Who an action's effect is owed to (the Covenant's "origin of action")."""

    LOCAL = "local"
    REGIONAL = "regional"
    NATIONAL = "national"
    MIXED = "mixed"


class Status(StrEnum):
    """How far an action is (the Covenant's implementation status)."""

    NOT_STARTED = "not_started"
    ONGOING = "ongoing"
    COMPLETED = "completed"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"


class Action(Sourced):
    """One action of the plan with what was declared for it; yearly values once complete."""

    id: Identifier
    name: Text
    sector: Sector
    origin: Origin = Origin.LOCAL
    status: Status
    responsible: str | None = None
    start: date | None = None
    end: date | None = None
    cost_eur: float | None = Field(default=None, ge=0)
    declared_saving_mwh: float | None = Field(default=None, ge=0)
    declared_production_mwh: float | None = Field(default=None, ge=0)
    declared_reduction_t: float | None = Field(default=None, ge=0)
    sites: tuple[Identifier, ...] = ()

    @model_validator(mode="after")
    def _dates_in_order(self) -> Action:
        if self.start and self.end and self.end < self.start:
            raise ValueError(f"ends {self.end}, before its start {self.start}")
        return self
