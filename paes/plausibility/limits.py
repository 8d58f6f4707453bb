"""What is plausible, and when meters stand for declared rows: ``inventory_checks.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from paes.factors.emission_factors import FactorSet
from paes.metering import Carrier
from paes.schema import ConfigModel, Identifier, Sourced
from paes.shipped_files import read_own_or_shipped

NAME = "inventory_checks.yaml"
Positive = Annotated[float, Field(gt=0)]
Factor = Annotated[float, Field(ge=0)]


class SiteMeterLimits(Sourced):
    """How much of the year meters must see to stand for a declared row of their sites."""

    needed_fraction: Annotated[float, Field(gt=0, le=1)]


class PerHead(Sourced):
    """Energy of a year an inhabitant, MWh."""

    kwh_typed_as_mwh: Positive
    least: Positive


class NationalPerHead(Sourced):
    """What the country uses a head outside of industry, MWh, and how often that is too much."""

    electricity: Positive
    other: Positive
    times_electricity: Positive
    times_other: Positive


class FactorLimits(Sourced):
    """How far a factor may be from the reference of its approach and gas."""

    references: Mapping[Identifier, tuple[Literal["IPCC", "LCA"], Literal["CO2", "CO2eq"]]]
    differs_by: Positive
    local_times: Positive
    unsourced_times: Positive

    def reference(self, of: FactorSet) -> str | None:
        """The set that ``of`` is compared with; None if there is none."""
        wanted = (of.approach, of.gas)
        return next((name for name, kind in self.references.items() if kind == wanted), None)


class Screening(ConfigModel):
    """The most that a carrier without a reference may have, t/MWh."""

    carrier: Carrier
    ipcc_co2: Factor
    ipcc_co2eq: Factor
    lca_co2eq: Factor

    def most(self, of: FactorSet) -> float:
        """For the approach and gas of a set."""
        if of.approach == "LCA":
            return self.lca_co2eq
        return self.ipcc_co2 if of.gas == "CO2" else self.ipcc_co2eq


class ActionLimits(Sourced):
    """What declared effects of actions may add up to."""

    reductions_exceed_target_by: Positive
    savings_of_base_energy: Positive
    least_t_per_mwh: Positive
    most_t_per_mwh: Positive
    least_reduction_t: Factor


class GreenLimits(Sourced):
    """How much more green electricity may be bought than is used."""

    exceeds_by: Factor


class Comparability(Sourced):
    """How often a figure may be that of the base year, or the inverse, from ``least_mwh`` on; and
    by how much the part that meters tell of it may differ."""

    times: Annotated[float, Field(gt=1)]
    least_mwh: Factor
    metered_differs_by: Annotated[float, Field(gt=0, le=1)]


class Limits(ConfigModel):
    """``inventory_checks.yaml``."""

    schema_: Literal["inventory-checks/1"] = Field(alias="schema")
    site_meters: SiteMeterLimits
    energy_per_head: PerHead
    national_energy_per_head: NationalPerHead
    factors: FactorLimits
    screening: tuple[Screening, ...]
    screening_source: str
    actions: ActionLimits
    green_electricity: GreenLimits
    comparability: Comparability

    def screened(self, carrier: Carrier) -> Screening | None:
        """The bounds of a carrier that has no reference."""
        return next((one for one in self.screening if one.carrier is carrier), None)


def limits(root: Path) -> Limits:
    """Those of the installation at ``root``, else the shipped ones; ConfigError if wrong."""
    return read_own_or_shipped(root, NAME, Limits)
