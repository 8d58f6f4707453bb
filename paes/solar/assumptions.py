"""What is assumed of photovoltaic plants where nobody says more (``photovoltaics.yaml``)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from paes.schema import Sourced
from paes.shipped_files import read_own_or_shipped

FILE = "photovoltaics.yaml"
Fraction = Annotated[float, Field(gt=0, lt=1)]


class PvAssumptions(Sourced):
    """``photovoltaics.yaml``; each of a plant's own facts goes before it."""

    tilt_deg: Annotated[float, Field(ge=0, le=90)]
    azimuth_deg: Annotated[float, Field(ge=0, lt=360)]
    temperature_coefficient_per_degc: Annotated[float, Field(le=0, gt=-0.01)]
    losses_fraction: Fraction
    inverter_efficiency: Fraction
    albedo: Fraction
    air_degc: float
    """Of the air, where it was not measured."""
    uncalibrated_fraction: Fraction
    """How far off what is expected may be before a plant's own first year is known."""
    least_uncertain_fraction: Fraction
    """How far off it may be after that at the least."""
    least_healthy_fraction: Fraction
    """Of the town's usual yield: a plant that makes less on a day is no reference on it."""
    least_neighbours: Annotated[int, Field(ge=2)]
    neighbours_within_km: Annotated[float, Field(ge=0)]
    """Plants of towns whose middles are so near are neighbours, too."""
    sunny_fraction: Fraction
    """Of what a clear day would give: from there on a day is sunny."""
    learning_sunny_days: Annotated[int, Field(ge=10)]


def pv_assumptions(root: Path) -> PvAssumptions:
    """Those of the installation at ``root``, else the shipped ones; ConfigError if wrong."""
    return read_own_or_shipped(root, FILE, PvAssumptions)
