"""Progress by every basis of the electricity factor, each path and each year by one method alone.

A target may be met by one basis and missed by another: the grid's fall is in the current factor
and not in the frozen one, the town's own plants are in the local factor alone. Neither answer is
the true one, but a plan has chosen one, and the others show how much the choice is worth.
"""

from __future__ import annotations

from dataclasses import dataclass

from paes.accounting.ledger import EnergyLedger
from paes.errors import FactorMissing
from paes.installation import City
from paes.inventory.method import Method
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
    return [_basis(city, ledger, target_id, one, method) for one in bases(method)]


def _basis(
    city: City, ledger: EnergyLedger, target_id: str | None, method: Method, asked: Method
) -> ProgressBasis:
    try:
        made = make_progress(city, ledger, target_id, method)
    except FactorMissing as err:
        return ProgressBasis(method, method == asked, None, str(err))
    return ProgressBasis(method, method == asked, made)
