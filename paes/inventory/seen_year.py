"""Everything that meters saw of a town's year: asked once, for inventories by any method."""

from __future__ import annotations

from dataclasses import dataclass

from paes.accounting.ledger import EnergyLedger
from paes.installation import City
from paes.inventory.metered_plants import MeteredPlants, metered_plants
from paes.inventory.metered_year import MeteredYear, metered_year


@dataclass(frozen=True)
class SeenYear:
    """What was bought and what was made, by the meters of the year."""

    bought: MeteredYear
    made: MeteredPlants


def seen_year(city: City, year: int, ledger: EnergyLedger) -> SeenYear:
    """What the meters of ``city`` saw in the local ``year``."""
    return SeenYear(metered_year(city, year, ledger), metered_plants(city, year, ledger))
