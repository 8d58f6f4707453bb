"""A store and what it is compared with: what the benchmarks ask of either kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from _town import Thousandths

from paes.metering import Carrier
from paes.periods import By, Seconds, Span
from paes.rollups import Rollups
from paes.store import Store

P = TypeVar("P")
Registers = Mapping[int, tuple[Seconds, Thousandths]]
"""By number of the meter: times, and the register at them."""
Amounts = dict[tuple[str, Carrier | None], npt.NDArray[np.int64]]
"""Thousandths of the register's unit by period, of each site and carrier."""


class Reference(Protocol[P]):
    """Plain access to a place of its own, of the same kind as the store's.

    The shortest honest program. It knows registers without gaps, resets, late data or quality,
    in one time zone.
    """

    name: str

    def prepared(self, registers: Registers) -> P:
        """What ``ingest`` takes; making it is not measured."""
        ...

    def ingest(self, prepared: P) -> None:
        """Write, as safe from a power cut as the store writes."""
        ...

    def registers(self, number: int, span: Span) -> Thousandths:
        """What one meter showed in ``[span.start, span.end]``: both ends."""
        ...

    def days(self, span: Span) -> npt.NDArray[np.int64]:
        """Thousandths by meter (rows) and local day (columns), from registers."""
        ...

    def keep_days(self, span: Span) -> None:
        """Keep what ``days`` finds, with site and carrier, for ``months``."""
        ...

    def months(self, sites: Sequence[str], span: Span) -> Amounts:
        """By local month, from kept days."""
        ...


@dataclass(frozen=True)
class Place(Generic[P]):
    """A store, what it is compared with, and what only its kind knows."""

    store: Store
    reference: Reference[P]
    compacted_bytes: Callable[[], tuple[int, int]]
    """Compacts both; what the store and the reference then have on disk."""
    town_url: str
    """Of an empty store for the shipped town."""
    plain_question: Sequence[str]
    """Arguments of ``_cold_start.py`` that ask the store at ``town_url`` without our code."""


class Counted:
    """A store that counts the derived rows it is given."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.rows = {By.DAY: 0, By.MONTH: 0}

    def save_rollups(self, rows: Mapping[str, Rollups], by: By) -> None:
        """See ``Store.save_rollups``."""
        self.rows[by] += sum(map(len, rows.values()))
        self._store.save_rollups(rows, by)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
