"""What is to be expected of a town beside its actions: ``outlook.yaml``.

Inhabitants of years to come, and changes a year that somebody states. Nothing of it is a target.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import Field

from paes.activity.declared_row import DeclaredRow
from paes.config_file import read_yaml
from paes.factors.emission_factors import Year
from paes.metering import Carrier, Sector
from paes.schema import ConfigModel, Identifier, Stated, Text

YearlyChange = Annotated[float, Field(ge=-0.5, le=0.5)]
"""0.01: one hundredth more every year."""


class ExpectedPopulation(Stated):
    """Inhabitants that are expected in a year to come."""

    year: Year
    inhabitants: Annotated[int, Field(gt=0)]


class CellTrend(Stated):
    """How declared energy of a sector (of one carrier, or all) changes while nobody declares it."""

    sector: Sector
    carrier: Carrier | None = None
    yearly_change_fraction: YearlyChange


class UsualTrend(Stated):
    """How emissions per head change every year if nobody acts."""

    yearly_change_fraction: YearlyChange


class Growth(Stated):
    """How far emissions as usual may be off: one standard deviation, after one year.

    It grows with the root of the years.
    """

    spread_fraction_per_year: Annotated[float, Field(ge=0, le=0.5)]


class Outlook(ConfigModel):
    """All of ``outlook.yaml``."""

    population: tuple[ExpectedPopulation, ...] = ()
    declared_trends: tuple[CellTrend, ...] = ()
    usual_trend: UsualTrend | None = None
    growth: Growth | None = None

    def trend(self, sector: Sector, carrier: Carrier) -> CellTrend | None:
        """The trend of a cell; one that names the carrier goes before one of the sector."""
        of = [t for t in self.declared_trends if t.sector is sector]
        named = [t for t in of if t.carrier is carrier]
        return next(iter(named or [t for t in of if t.carrier is None]), None)

    def drawn_on(self, row: DeclaredRow, year: int) -> DeclaredRow | None:
        """The latest row of a cell as its trend has it in ``year``; None without a trend."""
        trend = self.trend(row.sector, row.carrier)
        if trend is None or row.year >= year or row.mwh is None:
            return None
        factor = (1 + trend.yearly_change_fraction) ** (year - row.year)
        told = trend.source or trend.note
        return row.model_copy(
            update={
                "year": year,
                "mwh": row.mwh * factor,
                "assumed": True,
                "note": f"{row.year}'s figure, {trend.yearly_change_fraction:+.1%} a year: {told}",
            }
        )


class GridPoint(ConfigModel):
    """What the factor of electricity is expected to be in a year."""

    year: Year
    factor_t_per_mwh: Annotated[float, Field(ge=0, le=2)]


class GridProjection(Stated):
    """An expectation of others for the electricity of the grid; straight between its points."""

    id: Identifier
    name: Text
    points: tuple[GridPoint, ...] = Field(min_length=1)

    def factor(self, last_year: int, last_t_per_mwh: float, year: int) -> float:
        """The factor in ``year``, straight from the latest known one; flat after the last point."""
        known = [(last_year, last_t_per_mwh)]
        known += sorted((p.year, p.factor_t_per_mwh) for p in self.points if p.year > last_year)
        for (a, low), (b, high) in pairwise(known):
            if year <= b:
                return low + (high - low) * max(year - a, 0) / (b - a)
        return known[-1][1]


class GridProjectionsFile(ConfigModel):
    """``grid_projections.yaml``."""

    projections: tuple[GridProjection, ...]


def read_outlook(path: Path) -> Outlook:
    """The file; without one nothing is expected."""
    return read_yaml(path, Outlook) if path.is_file() else Outlook()
