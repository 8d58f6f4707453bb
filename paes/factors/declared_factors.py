"""Factors that a city declares as its own: its district heat, or electricity worked out elsewhere.

They stand in ``cities/<city>/inventory/local_factors.csv``. Heat has no other: it is local by
nature. A declared factor of electricity is a local one and counts where the plan asks for the
local factor; that of any other carrier stands in the place of the set's.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import ClassVar

from pydantic import Field, PrivateAttr

from paes.config_table import read_csv, repeated_rows
from paes.errors import ConfigError
from paes.factors.dated_values import How, Year, best, known_by, newest
from paes.factors.emission_factors import FactorMatch
from paes.metering import Carrier, Sector
from paes.schema import Stated

FILE = "local_factors.csv"


class DeclaredFactor(Stated):
    """One line of ``local_factors.csv``, t/MWh of the plan's factor set's gas.

    Without a sector it is for all, without a year it does not change.
    """

    what: ClassVar[str] = "a factor"

    carrier: Carrier
    sector: Sector | None = None
    year: Year | None = None
    factor_t_per_mwh: float = Field(ge=0, le=5)
    added: date | None = None
    """When it was declared; empty if it was always known."""
    _place: str | None = PrivateAttr(None)

    @property
    def place(self) -> str | None:
        """File and line where it stands; None if it comes from no file."""
        return self._place

    def standing_at(self, place: str) -> DeclaredFactor:
        """The factor as one that stands at ``place``, a file and line."""
        made = self.model_copy()
        made._place = place
        return made


def read_declared_factors(path: Path) -> tuple[DeclaredFactor, ...]:
    """The rows of ``path``, () if there is no file; ConfigError with every problem."""
    if not path.is_file():
        return ()
    rows = read_csv(path, DeclaredFactor)
    problems = repeated_rows(
        [(path, rows)],
        lambda row: (row.carrier, row.sector, row.year, row.added),
        lambda row: f"{row.carrier} in {row.sector or 'all sectors'}, {row.year or 'every year'}",
    )
    if problems:
        raise ConfigError(problems)
    return tuple(row.standing_at(f"{path.name}:{line}") for line, row in rows)


def declared_factor(
    declared: Iterable[DeclaredFactor],
    factor_set: str,
    carrier: Carrier,
    sector: Sector,
    year: int,
    as_of: date | None = None,
) -> FactorMatch | None:
    """The city's own factor; None if it declares none for that year or an earlier one.

    A row for the sector beats a general one; then the exact year, a constant, and last the
    latest earlier year, in which case ``how`` is EARLIER and not DECLARED. Rows that were added
    after ``as_of`` are unknown; of several for one year the one added last counts.
    """
    known = [row for row in declared if row.carrier is carrier and known_by(row, as_of)]
    of_sector = [row for row in known if row.sector is sector]
    row, how = best(newest(of_sector or [row for row in known if row.sector is None]), year)
    if row is None:
        return None
    return FactorMatch(
        factor_set=factor_set,
        carrier=carrier,
        year_asked=year,
        year_used=row.year,
        factor_t_per_mwh=row.factor_t_per_mwh,
        how=How.EARLIER if how is How.EARLIER else How.DECLARED,
        source=row.source or "",
        assumed=row.assumed,
        note=row.note,
        added=row.added,
        declared_at=row.place,
    )
