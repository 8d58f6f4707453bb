"""Answers that take long: made ahead, kept with their time, shared by all who serve pages.

A ``Recipe`` says how an answer is made from ``Sources`` and a few words (a city's id, a year), how
old it may become, and which are worth making before anybody asks. Its function must be a pure one
of sources and words, and its answer picklable: it may be made in another process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from dashboard.queries.field_report import Field
from paes.accounting.ledger import EnergyLedger
from paes.installation import City, Installation
from paes.periods import Clock
from paes.store import Store

T = TypeVar("T")


@dataclass(frozen=True)
class Sources:
    """What every answer is made of."""

    installation: Installation
    store: Store
    clock: Clock
    ledger: EnergyLedger
    folder: Path | None = None
    """Where the dashboard keeps what it makes itself (reports); None: nowhere."""
    field: Field | None = None
    """Tells of the collector on this machine; None: nobody can. Recipes do without it."""

    @classmethod
    def of(
        cls,
        installation: Installation,
        store: Store,
        clock: Clock,
        folder: Path | None = None,
        field: Field | None = None,
    ) -> Sources:
        """With a ledger over them."""
        ledger = EnergyLedger(installation, store, clock)
        return cls(installation, store, clock, ledger, folder, field)

    def city(self, city_id: str) -> City:
        """The city of that id."""
        return self.installation.cities[city_id]


def of_every_city(installation: Installation) -> Iterable[tuple[str, ...]]:
    """The words of a recipe that is asked by a city's id alone."""
    return [(city_id,) for city_id in installation.cities]


@dataclass(frozen=True)
class Recipe(Generic[T]):
    """How an answer is made: ``make(sources, *words)``."""

    name: str
    make: Callable[..., T]
    max_age_s: float
    ahead: Callable[[Installation], Iterable[tuple[str, ...]]] = of_every_city
    """The words of which answers are made before they are asked for."""


AnyRecipe = Recipe[Any]
