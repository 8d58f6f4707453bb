"""An action of the plan: what it is, who does it, what it costs, what was declared for it.

Words are those of the Covenant's reporting template; areas, instruments and sources of money are
codes of ``covenant_lists.yaml``. Declared figures are yearly ones, once the action is complete.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from paes.metering import Carrier, Sector
from paes.plan.measurement import Measurement
from paes.schema import ConfigModel, Identifier, Sourced, Text

Fraction = Annotated[float, Field(ge=0, le=1)]


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


class Funding(ConfigModel):
    """Where money of an action comes from."""

    source: Identifier
    """A code of the Covenant's list."""
    name: str | None = None
    """The fund or programme (POR-FESR, Conto Termico …)."""
    eur: Annotated[float, Field(ge=0)] | None = None


class Overlap(ConfigModel):
    """A part of an action's declared effect that another action declares too."""

    action: Identifier
    fraction: Annotated[float, Field(gt=0, le=1)]
    """Of this action's effect; not counted where the other action counts."""


class Action(Sourced):
    """One action of the plan with what was declared for it; yearly values once complete."""

    id: Identifier
    name: Text
    description: Text | None = None
    sector: Sector
    area: str | None = None
    """The Covenant's area of intervention (``A11`` …)."""
    instrument: str | None = None
    """The Covenant's policy instrument."""
    origin: Origin = Origin.LOCAL
    own_fraction: Fraction | None = None
    """Of a mixed action: the part of its effect that is the town's own."""
    status: Status
    responsible: str | None = None
    """The office, body or company that answers for it."""
    partners: tuple[str, ...] = ()
    stakeholders: tuple[Identifier, ...] = ()
    """Whom it concerns; codes of the Covenant's list."""
    work_table: Identifier | None = None
    themes: tuple[Identifier, ...] = ()
    start: date | None = None
    end: date | None = None
    completed_fraction: Fraction | None = None
    cost_eur: float | None = Field(default=None, ge=0)
    spent_eur: float | None = Field(default=None, ge=0)
    funding: tuple[Funding, ...] = ()
    lifetime_years: Annotated[int, Field(ge=1, le=100)] | None = None
    yearly_cost_eur: float | None = None
    """What it changes in running costs a year, without energy; negative if it saves."""
    carrier: Carrier | None = None
    """What it saves, or what it produces."""
    declared_saving_mwh: float | None = Field(default=None, ge=0)
    declared_production_mwh: float | None = Field(default=None, ge=0)
    declared_reduction_t: float | None = Field(default=None, ge=0)
    sites: tuple[Identifier, ...] = ()
    meters: tuple[str, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    excludes: tuple[Identifier, ...] = ()
    """Actions that cannot be done beside it."""
    requires: tuple[Identifier, ...] = ()
    """Actions without which it cannot be done."""
    measurement: Measurement | None = None
    """How what it really saves is measured; None if it is not."""

    @model_validator(mode="after")
    def _coherent(self) -> Action:
        if self.start and self.end and self.end < self.start:
            raise ValueError(f"ends {self.end}, before its start {self.start}")
        if self.own_fraction is not None and self.origin is not Origin.MIXED:
            raise ValueError(f"own_fraction is that of a mixed action, and this is {self.origin}")
        return self
