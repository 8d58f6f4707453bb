"""What the pages ask: one installation, one store, and what was computed from them lately.

The only stateful thing of the dashboard. Slow answers (inventories, coverage) come from a
``Memory`` with their time of making; quick ones (last readings) from the store each time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dashboard.address import Address
from dashboard.memory import Memory
from dashboard.meters import Activity, LiveCity, activity_of, live, power_points
from dashboard.queries import CityView, view
from paes.accounting.ledger import EnergyLedger
from paes.errors import PaesError, StoreError
from paes.installation import City, Installation
from paes.inventory.inventory import Inventory
from paes.inventory.method import Method
from paes.progress.progress import make_inventories, usual_simulation
from paes.store import Store
from paes.uncertainty.simulation import Draws

INVENTORIES_FOR_S = 900.0
ACTIVITY_FOR_S = 240.0


@dataclass(frozen=True)
class PageData:
    """All that the page of progress shows; ``problem`` stands where there can be no view."""

    address: Address
    view: CityView | None
    problem: str | None
    inventories_at: datetime | None
    live: LiveCity
    activity_at: datetime
    simulated: bool
    now: datetime


class Observatory:
    """Answers for the pages; safe to share between threads; ``close`` ends its background work."""

    def __init__(
        self, installation: Installation, store: Store, clock: Callable[[], datetime]
    ) -> None:
        self.installation = installation
        self.store = store
        self.clock = clock
        self.ledger = EnergyLedger(installation, store, clock)
        self._memory = Memory(clock)

    def page(self, address: Address) -> PageData:
        """The page at ``address``; StoreError if the store fails."""
        shown, problem, made_at = None, None, None
        try:
            shown, made_at = self.view(address)
        except StoreError:
            raise
        except PaesError as err:
            problem = str(err)
        now, activity_at = self.live(address.city)
        return PageData(
            address=address,
            view=shown,
            problem=problem,
            inventories_at=made_at,
            live=now,
            activity_at=activity_at,
            simulated=self.simulated,
            now=self.clock(),
        )

    def view(self, address: Address) -> tuple[CityView, datetime]:
        """The city against its target, and when its inventories were computed.

        Raises DataError if the target's base year has no inventory.
        """
        city, factor = address.city, address.factor

        def make() -> tuple[dict[int, Inventory], Draws | None]:
            method = Method.of(city.plan, electricity_factor=factor)
            made = make_inventories(city, self.ledger, method)
            # drawn with them, once for all pages and targets: it takes as long as they do
            simulation = usual_simulation(self.installation) if made else None
            return made, simulation.of(made.values(), cells=False) if simulation else None

        kept = self._memory.get(("inventories", city.id, factor), make, INVENTORIES_FOR_S)
        inventories, draws = kept.value
        return view(city, self.ledger, address.target.id, inventories, draws), kept.made_at

    def live(self, city: City) -> tuple[LiveCity, datetime]:
        """The meters now, and when their coverage was computed."""

        def make() -> dict[str, Activity]:
            return activity_of(city, self.ledger)

        activity = self._memory.get(("activity", city.id), make, ACTIVITY_FOR_S)
        power = self._memory.get(
            ("power", city.id), lambda: power_points(self.installation, city), float("inf")
        )
        return live(city, self.ledger, power.value, activity.value), activity.made_at

    @property
    def simulated(self) -> bool:
        """Whether the store's readings come from a simulator."""
        return bool(self.store.labels().get("simulated"))

    def close(self) -> None:
        """End the background work; the store stays the caller's."""
        self._memory.close()
