"""What an installation expects of years to come: its own files, else the shipped ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from paes.config_file import attempt, read_yaml
from paes.forecast.errors import ForecastErrors
from paes.plan.outlook import GridProjection, GridProjectionsFile


@dataclass(frozen=True)
class Expectations:
    """How wrong forecasts were seen to be, and what others expect of the grid."""

    errors: ForecastErrors
    grids: tuple[GridProjection, ...]


def read_expectations(root: Path, shipped: Path, problems: list[str]) -> Expectations | None:
    """``forecast.yaml`` and ``grid_projections.yaml``; None if one of them is wrong."""
    paths = [
        own if (own := root / name).is_file() else shipped / name
        for name in ("forecast.yaml", "grid_projections.yaml")
    ]
    errors = attempt(problems, read_yaml, paths[0], ForecastErrors)
    grids = attempt(problems, read_yaml, paths[1], GridProjectionsFile)
    return Expectations(errors, grids.projections) if errors and grids else None
