"""What the pages ask: one installation, one store, and what was computed from them lately.

The only stateful thing of the dashboard. Slow answers come from a ``Memory`` by recipe, with their
time of making (``kept``); those of one page that its document, charts and tables share for a
moment (``recent``); quick ones (last readings) from the store each time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from dashboard.memory import Kept, Memory
from dashboard.queries.field_report import Field
from dashboard.queries.recipe import Recipe, Sources
from paes.accounting.ledger import EnergyLedger
from paes.installation import Installation
from paes.store import Store

T = TypeVar("T")
RECENT_S = 20.0
"""A page's document, its charts and its files come within so many seconds of each other."""


class Observatory:
    """Answers for the pages; safe to share between threads; ``close`` ends its background work."""

    def __init__(
        self,
        installation: Installation,
        store: Store,
        clock: Callable[[], datetime],
        memory: Memory | None = None,
        folder: Path | None = None,
        field: Field | None = None,
    ) -> None:
        self.sources = Sources.of(installation, store, clock, folder, field)
        self.memory = memory or Memory(clock)

    @property
    def installation(self) -> Installation:
        """What is observed."""
        return self.sources.installation

    @property
    def store(self) -> Store:
        """Where its readings are."""
        return self.sources.store

    @property
    def clock(self) -> Callable[[], datetime]:
        """By which everything is told."""
        return self.sources.clock

    @property
    def ledger(self) -> EnergyLedger:
        """Its energy."""
        return self.sources.ledger

    def kept(self, recipe: Recipe[T], *words: str) -> Kept[T]:
        """The answer of ``recipe`` for ``words``, and when it was made.

        Raises ``Pending`` while the first one takes longer than a reader waits; what the recipe
        raises passes through.
        """
        key = (recipe.name, *words)
        return self.memory.get(key, lambda: recipe.make(self.sources, *words), recipe.max_age_s)

    def make_first(self, recipe: Recipe[T], *words: str) -> None:
        """Have that answer, however long the first one takes; what the recipe raises passes."""
        key = (recipe.name, *words)
        self.memory.make_first(key, lambda: recipe.make(self.sources, *words))

    def recent(self, key: Hashable, make: Callable[[Sources], T]) -> T:
        """What ``make`` returns, kept for the moment that document, charts and files are apart."""
        return self.memory.brief(("recent", key), lambda: make(self.sources), RECENT_S)

    @property
    def simulated(self) -> bool:
        """Whether the store's readings come from a simulator."""
        return bool(self.store.labels().get("simulated"))

    def close(self) -> None:
        """End the background work; the store stays the caller's."""
        self.memory.close()
