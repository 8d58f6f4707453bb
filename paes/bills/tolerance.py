"""When a bill and a meter agree, and which ratios of them mean something: ``bill_check.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from paes.metering import Carrier
from paes.meters import FieldMeter, Meter
from paes.schema import ConfigModel, Sourced
from paes.shipped_files import read_own_or_shipped

NAME = "bill_check.yaml"
Fraction = Annotated[float, Field(gt=0, lt=1)]


class MeterError(Sourced):
    """What meters of a carrier may be off by, at most."""

    carrier: Carrier | Literal["water", "other"]
    error_fraction: Fraction


class SameMeter(Sourced):
    """What a bill may differ from the readings of the very meter that it bills."""

    error_fraction: Fraction


class Factors(Sourced):
    """Ratios of transformers and units that are forgotten, or taken twice."""

    values: tuple[Annotated[float, Field(gt=1)], ...]
    near_fraction: Fraction


class Near(Sourced):
    """How near a ratio must come to mean something."""

    near_fraction: Fraction


class Tolerances(ConfigModel):
    """``bill_check.yaml``."""

    schema_: Literal["bill-check/1"] = Field(alias="schema")
    errors: tuple[MeterError, ...]
    same_meter: SameMeter
    factors: Factors
    gross_over_net: Near

    @model_validator(mode="after")
    def _has_other(self) -> Self:
        if "other" not in {e.carrier for e in self.errors}:
            raise ValueError("errors have none for carrier other, which stands for all the rest")
        return self

    def agreement(self, meter: Meter) -> tuple[float, str]:
        """By what part of it a bill may differ from ``meter``, and why, in words."""
        if not isinstance(meter, FieldMeter):
            fraction = self.same_meter.error_fraction
            return fraction, f"rounding of the same meter, {100 * fraction:g} %"
        fraction = self._error(meter)
        return 2 * fraction, f"the errors of two meters, {100 * fraction:g} % each"

    def _error(self, meter: Meter) -> float:
        known = {str(e.carrier): e.error_fraction for e in self.errors}
        carrier = str(meter.carrier) if meter.carrier else "water"
        return known.get(carrier, known["other"])

    def factor_near(self, ratio: float) -> float | None:
        """The known factor that ``ratio`` (or its inverse) is near to, None if there is none."""
        near = self.factors.near_fraction
        for value in self.factors.values:
            for factor in (value, 1.0 / value):
                if abs(ratio / factor - 1.0) <= near:
                    return factor
        return None


def tolerances(root: Path) -> Tolerances:
    """Those of the installation at ``root``, else the shipped ones; ConfigError if wrong."""
    return read_own_or_shipped(root, NAME, Tolerances)
