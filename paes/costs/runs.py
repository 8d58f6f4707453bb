"""Time cut into runs: each of one period, and of one kind of price or band.

Pure functions on Unix seconds. Runs begin and end at any instant; ``counted`` asks the ledger on
whole quarter hours and parts those that a run cuts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from paes.accounting.energy_rows import summed
from paes.accounting.energy_table import EnergyTable
from paes.accounting.ledger import EnergyLedger
from paes.meters import Meter
from paes.periods import By, Seconds, Span, edges, from_seconds
from paes.tariffs.bands import Bands

Places = npt.NDArray[np.int64]
QUARTER_S = 900


@dataclass(frozen=True)
class Kinds:
    """The kind of each time, as steps: ``kind[i]`` holds from ``start_s[i]`` to the next start.

    The first step begins at or before all times that are asked about.
    """

    start_s: Seconds
    kind: Places

    def at(self, times_s: Seconds) -> Places:
        """The kind in force at each of ``times_s``."""
        return self.kind[np.searchsorted(self.start_s, times_s, side="right") - 1]


@dataclass(frozen=True)
class Runs:
    """Consecutive runs between ``edges_s``, each with its kind."""

    edges_s: Seconds
    kind: Places

    def periods(self, period_edges_s: Seconds) -> Places:
        """The period of each run; every edge of a period is one of a run."""
        return np.searchsorted(period_edges_s, self.edges_s[:-1], side="right") - 1


def band_kinds(bands: Bands, start_s: int, end_s: int) -> Kinds:
    """The bands of a stretch as kinds: their places in ``bands.names``."""
    quarters = np.arange(start_s // QUARTER_S * QUARTER_S, end_s, QUARTER_S, dtype=np.int64)
    labels = bands.labels(quarters).astype(np.int64)
    changes = np.flatnonzero(np.diff(labels, prepend=-1))
    return Kinds(np.maximum(quarters[changes], start_s), labels[changes])


def runs_of(kinds: Kinds, period_edges_s: Seconds) -> Runs:
    """Periods cut where the kind changes."""
    first, last = period_edges_s[0], period_edges_s[-1]
    inner = kinds.start_s[(kinds.start_s > first) & (kinds.start_s < last)]
    cuts = np.union1d(period_edges_s, inner)
    kind = kinds.at(cuts[:-1])
    needed = np.append(np.diff(kind, prepend=-2) != 0, True) | np.isin(cuts, period_edges_s)
    return Runs(cuts[needed], kind[needed[:-1]])


def counted(
    ledger: EnergyLedger, asked: Sequence[tuple[Meter, Span]], edges_s: Seconds, tz: str
) -> list[EnergyTable]:
    """What each meter counted in its stretch between ``edges_s``, in the unit of its register.

    What passed in a quarter hour that an edge cuts is parted by time, as if it had passed evenly;
    what is not measured of it may have passed on either side.
    """
    low, high = edges_s // QUARTER_S * QUARTER_S, -(-edges_s // QUARTER_S) * QUARTER_S
    whole = np.union1d(low, high)
    tables = ledger.between(asked, whole, _step(whole, tz))
    if len(whole) == len(edges_s) and np.array_equal(low, edges_s):
        return tables
    return [_parted(table, whole, edges_s) for table in tables]


def _step(edges_s: Seconds, tz: str) -> By:
    """The coarsest step on whose edges all of ``edges_s`` lie."""
    span = Span(from_seconds(edges_s[0]), from_seconds(edges_s[-1]))
    for by in (By.MONTH, By.DAY):
        if np.isin(edges_s, edges(span, by, tz)).all():
            return by
    return By.QUARTER_HOUR


def _parted(table: EnergyTable, whole_s: Seconds, edges_s: Seconds) -> EnergyTable:
    """A table between whole quarter hours as one between ``edges_s``, which may cut them."""
    inner = edges_s[(edges_s > whole_s[0]) & (edges_s < whole_s[-1])]
    fine = np.union1d(whole_s, inner)
    source = np.searchsorted(whole_s, fine[:-1], side="right") - 1
    part = np.diff(fine) / np.diff(whole_s)[source]
    cut = part < 1
    sure = np.where(cut, 0.0, 1.0)
    place = np.searchsorted(edges_s, fine[:-1], side="right") - 1
    inside = (place >= 0) & (place < len(edges_s) - 1)
    columns = []
    for name in (f.name for f in fields(table)):
        values = getattr(table, name)[source]
        share = sure if name.endswith("_low") else 1.0 if name.endswith("_high") else part
        weighed = np.where(values == 0, 0.0, values * share)
        columns.append(summed(place[inside], weighed[inside], len(edges_s) - 1))
    return EnergyTable(*columns)
