"""What a measured saving is held against: ``savings.yaml``, the installation's or the shipped."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from paes.metering import Carrier, SiteKind
from paes.schema import ConfigModel, Stated
from paes.shipped_files import read_own_or_shipped

NAME = "savings.yaml"
Fraction = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[float, Field(gt=0, lt=1)]


class Use(StrEnum):
    """What changes by itself in its own way."""

    ELECTRICITY = "electricity"
    HEATING = "heating"  # all that is burnt or delivered for heat
    LIGHTING = "lighting"  # street lamps


def use_of(kind: SiteKind, carrier: Carrier) -> Use:
    """Whose normal change a site's carrier has."""
    if kind is SiteKind.LIGHTING_CABINET:
        return Use.LIGHTING
    return Use.ELECTRICITY if carrier is Carrier.ELECTRICITY else Use.HEATING


class NormalChange(Stated):
    """What a year changes without works, of one building, as a part of what was expected."""

    of: Use
    band_fraction: Annotated[float, Field(gt=0, le=2)]


class Portfolio(Stated):
    """How much of one building's band is left where several are added up."""

    of: Use
    buildings: tuple[Annotated[int, Field(ge=1)], ...] = Field(min_length=1)
    part_of_one: tuple[Share | Annotated[float, Field(ge=1, le=1)], ...]

    @model_validator(mode="after")
    def _one_each(self) -> Self:
        if len(self.buildings) != len(self.part_of_one):
            raise ValueError(
                f"{len(self.buildings)} buildings beside {len(self.part_of_one)} part_of_one; "
                "expected one each"
            )
        if self.buildings[0] != 1 or list(self.buildings) != sorted(set(self.buildings)):
            raise ValueError(f"buildings must rise from 1, seen {list(self.buildings)}")
        return self

    def part(self, buildings: float) -> float:
        """What is left of the band of one for ``buildings`` of like size."""
        known = np.log(np.array(self.buildings, dtype=np.float64))
        return float(np.interp(np.log(max(buildings, 1.0)), known, self.part_of_one))


class OwnYears(Stated):
    """When the town's own building years are enough."""

    least_pairs: Annotated[int, Field(ge=9)]
    least_buildings: Annotated[int, Field(ge=2)]
    step_days: Annotated[int, Field(ge=1, le=365)]
    history_years: Annotated[int, Field(ge=2, le=20)]
    """So far back they are looked for."""


class WholeYears(Stated):
    """Days with validated energy and known temperature that a year needs."""

    baseline_least: Annotated[int, Field(ge=180, le=365)]
    reporting_least: Annotated[int, Field(ge=180, le=365)]


class ScaleBreak(Stated):
    """So many times more or less in a month is no change of use."""

    times: Annotated[float, Field(gt=1)]


class VerdictRules(Stated):
    """From and below which part of the declared saving a measured one is what it is called."""

    confirmed_from_fraction: Fraction
    contradicted_below_fraction: Fraction

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.confirmed_from_fraction > self.contradicted_below_fraction:
            raise ValueError("confirmed_from_fraction is more than contradicted_below_fraction")
        return self


class PersistenceRules(Stated):
    """When a saving has decayed."""

    last_months: Annotated[int, Field(ge=1, le=12)]
    lost_fraction: Share


class OptionA(Stated):
    """How well stated power and hours of night are known (half of a 90 % interval)."""

    power_half_width_fraction: Fraction
    night_hours_half_width_fraction: Fraction
    measured_nights_least: Share


class Plants(Stated):
    """How far a year's production says what was declared for a usual one (half of 90 %)."""

    year_half_width_fraction: Fraction
    meter_half_width_fraction: Fraction


class SavingsAssumptions(ConfigModel):
    """All of ``savings.yaml``."""

    level: Annotated[float, Field(ge=0.5, lt=1)]
    normal_change: tuple[NormalChange, ...]
    portfolio: tuple[Portfolio, ...]
    own_years: OwnYears
    days: WholeYears
    scale_break: ScaleBreak
    verdict: VerdictRules
    persistence: PersistenceRules
    option_a: OptionA
    plants: Plants

    @model_validator(mode="after")
    def _complete(self) -> Self:
        _once("normal_change", [n.of for n in self.normal_change])
        _once("portfolio", [p.of for p in self.portfolio])
        return self

    def shipped_band(self, use: Use) -> float:
        """The band of one building, as a part of what was expected of its year."""
        return next(n.band_fraction for n in self.normal_change if n.of is use)

    def portfolio_part(self, use: Use, buildings: float) -> float:
        """What is left of it for several buildings together."""
        return next(p for p in self.portfolio if p.of is use).part(buildings)


def read_savings_assumptions(root: Path) -> SavingsAssumptions:
    """``savings.yaml`` of the installation at ``root``, else the shipped one; ConfigError."""
    return read_own_or_shipped(root, NAME, SavingsAssumptions)


def _once(key: str, seen: Sequence[Use]) -> None:
    for use in Use:
        if seen.count(use) != 1:
            raise ValueError(f"{key} has {seen.count(use)} times {use}; expected it once")
