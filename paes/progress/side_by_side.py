"""Progress by every basis of the electricity factor, each path and each year by one method alone.

A target may be met by one basis and missed by another: the grid's fall is in the current factor
and not in the frozen one, the town's own plants are in the local factor alone. Neither answer is
the true one, but a plan has chosen one, and the others show how much the choice is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paes.accounting.ledger import EnergyLedger
from paes.errors import FactorMissing
from paes.installation import City
from paes.inventory.making import inventory_years, make_inventory
from paes.inventory.method import Method
from paes.inventory.seen_year import SeenYear, seen_year
from paes.inventory.side_by_side import bases, basis_name
from paes.progress.progress import Progress, make_progress


@dataclass(frozen=True)
class ProgressBasis:
    """Progress by one method; None with the reason where it cannot be told."""

    method: Method
    is_asked: bool
    """True for the method that was asked for: the plan's, unless another was."""
    progress: Progress | None
    problem: str | None = None

    @property
    def name(self) -> str:
        """The choice of electricity factor in words."""
        return basis_name(self.method)


def progress_side_by_side(
    city: City, ledger: EnergyLedger, target_id: str | None, method: Method
) -> list[ProgressBasis]:
    """Progress against a target by each basis; DataError as ``make_progress``."""
    seen = {year: seen_year(city, year, ledger) for year in inventory_years(city, ledger)}
    return [_basis(city, ledger, target_id, one, method, seen) for one in bases(method)]


def _basis(
    city: City,
    ledger: EnergyLedger,
    target_id: str | None,
    method: Method,
    asked: Method,
    seen: Mapping[int, SeenYear],
) -> ProgressBasis:
    try:
        made = {
            year: make_inventory(city, year, ledger, method, of_year)
            for year, of_year in seen.items()
        }
        progress = make_progress(city, ledger, target_id, method, made)
    except FactorMissing as err:
        return ProgressBasis(method, method == asked, None, str(err))
    return ProgressBasis(method, method == asked, progress)
