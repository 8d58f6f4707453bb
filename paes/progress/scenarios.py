"""What may become of the town by a later year: as usual, with the planned actions, with more.

::

    as usual          E(last) / inhabitants(last) * inhabitants(year)      (no action; no target)
    planned           less what ongoing and not started actions declare, from their end on
    planned + chosen  less what was chosen besides

Own and supra-ordinate effects stand apart; a grid that becomes cleaner is a projection with a
source, and every scenario is told with and without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paes.accounting.ledger import EnergyLedger
from paes.installation import City
from paes.inventory.inventory import Inventory
from paes.inventory.method import Method
from paes.metering import Finding
from paes.plan.target import Target


@dataclass(frozen=True, slots=True)
class ScenarioYear:
    """Emissions of a year, in t, and what they were made lower by."""

    year: int
    as_usual_t: float
    own_t: float
    supra_ordinate_t: float
    grid_t: float
    emissions_t: float


@dataclass(frozen=True)
class Scenario:
    """A line of years; ``chance`` is the probability (0..1) that the target is reached."""

    id: str
    years: tuple[ScenarioYear, ...]
    actions: tuple[str, ...]
    with_grid: bool
    gap_t: float
    low_t: float
    high_t: float
    chance: float | None


@dataclass(frozen=True)
class Scenarios:
    """The scenarios of a city from its latest inventory to the target's year."""

    city: str
    target: Target
    base_t: float
    target_t: float
    last: Inventory
    to_year: int
    scenarios: tuple[Scenario, ...]
    findings: tuple[Finding, ...]


def make_scenarios(
    city: City,
    ledger: EnergyLedger,
    target_id: str | None = None,
    to_year: int | None = None,
    chosen: Sequence[str] = (),
    method: Method | None = None,
) -> Scenarios:
    """The scenarios of ``city``; DataError if an action or a target is not known."""
    raise NotImplementedError
