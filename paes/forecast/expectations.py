"""What an installation expects of years to come: its own files, else the shipped ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from paes.config_file import attempt
from paes.forecast.errors import ForecastErrors
from paes.plan.outlook import GridProjection, GridProjectionsFile
from paes.shipped_files import read_own_or_shipped


@dataclass(frozen=True)
class Expectations:
    """How wrong forecasts were seen to be, and what others expect of the grid."""

    errors: ForecastErrors
    grids: tuple[GridProjection, ...]


def read_expectations(root: Path, problems: list[str]) -> Expectations | None:
    """``forecast.yaml`` and ``grid_projections.yaml``; None if one of them is wrong."""
    errors = attempt(problems, read_own_or_shipped, root, "forecast.yaml", ForecastErrors)
    grids = attempt(
        problems, read_own_or_shipped, root, "grid_projections.yaml", GridProjectionsFile
    )
    return Expectations(errors, grids.projections) if errors and grids else None
