"""How the saving of an action is measured: IPMVP option, works, meters, what else changed.

Data of ``actions.yaml`` (``measurement:`` of an action); the reckoning is ``paes.savings``.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from paes.metering import Carrier
from paes.schema import ConfigModel, Identifier, Stated

BASELINE_DAYS = 365
"""A whole year before the works: all seasons once (IPMVP; CalTRACK 2.0)."""
Fraction = Annotated[float, Field(gt=0, le=1)]
PositiveKw = Annotated[float, Field(gt=0)]


class Option(StrEnum):
    """The options of the IPMVP that are known here."""

    A = "A"  # the part that was changed: its power is stated, its hours and energy are measured
    B = "B"  # the part that was changed, all of it measured
    C = "C"  # the whole building


class NonRoutine(Stated):
    """A change of use that is not the action's: a new class, longer hours, a building left empty.

    ``kwh_per_day`` more (or, negative, less) is used by it on each day from ``first`` to ``last``,
    both included, or ``factor`` times as much as without it. Without ``last`` it goes on.
    """

    first: date
    last: date | None = None
    kwh_per_day: float | None = None
    factor: Annotated[float, Field(gt=0, le=10)] | None = None
    carrier: Carrier | None = None
    """Of several carriers that are measured, the one that it changes."""
    site: Identifier | None = None
    """Of several sites, the one where it happened."""
    reason: str = Field(min_length=1)

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if (self.kwh_per_day is None) == (self.factor is None):
            raise ValueError("expected kwh_per_day or factor, and one of them only")
        if self.last and self.last < self.first:
            raise ValueError(f"ends {self.last}, before it begins on {self.first}")
        return self


class Measurement(ConfigModel):
    """What the measured saving of an action is made from.

    ``works_start`` and ``works_end`` are the first and last day of works: the year before is the
    baseline, what follows is reported, and the days between are blacked out.
    """

    option: Option
    works_start: date
    works_end: date
    sites: tuple[Identifier, ...] = ()
    """The sites that are measured; the action's own if empty."""
    meters: tuple[str, ...] = ()
    """Meters that are measured in place of whole sites."""
    carriers: tuple[Carrier, ...] = ()
    """What is measured; the action's carrier if empty. What one saves and another takes more of
    is one saving."""
    declared_fraction: Fraction = 1.0
    """The part of the declared effect that is owed to what is measured here."""
    installed_before_kw: PositiveKw | None = None
    """Option A: what the lamps took before, all together at full light."""
    installed_after_kw: PositiveKw | None = None
    non_routine: tuple[NonRoutine, ...] = ()

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.works_end < self.works_start:
            raise ValueError(f"works end {self.works_end}, before they begin {self.works_start}")
        if self.option is Option.A and self.installed_before_kw is None:
            raise ValueError("option A needs installed_before_kw, the power before the works")
        if self.option is not Option.A and self.installed_before_kw is not None:
            raise ValueError(f"installed_before_kw is of option A, and this is {self.option}")
        return self
