"""An action of the plan: what it is, who does it, what was declared for it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import Field, model_validator

from paes.metering import Sector
from paes.schema import Identifier, Sourced, Text


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
