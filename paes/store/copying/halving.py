"""Writing readings of which a store refuses some: all others are kept, the refused are listed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paes.errors import StoreRefused
from paes.series import ReadingSeries
from paes.store import Store
from paes.store.copying.checksums import rows_of
from paes.store.copying.patience import Patience

MOST_ALONE = 200
"""Readings of a point that are refused one by one, before a refused part is given up as a whole
whose first and last reading are refused: a year in halves, as of one kept too short, takes days."""
SMALLEST_PART = 1000


@dataclass(frozen=True, slots=True)
class Refusal:
    """Readings of ``point`` in ``[first_s, last_s]`` that a store would not have, and why."""

    point: str
    first_s: int
    last_s: int
    readings: int
    reason: str


class HalvingWriter:
    """Writes into ``store``; what it refuses is halved until the readings to blame are found."""

    def __init__(self, store: Store, patience: Patience) -> None:
        self._store, self._patience = store, patience
        self._alone: Counter[str] = Counter()
        self.written = 0
        self.refusals: list[Refusal] = []

    @property
    def refused(self) -> int:
        """How many readings the store would not have."""
        return sum(r.readings for r in self.refusals)

    def put(self, point: str, series: ReadingSeries) -> None:
        """Write readings of one point; StoreError if the store fails otherwise than by refusal."""
        parts = [series] if len(series) else []
        while parts:
            part = parts.pop()
            try:
                self._write(point, part)
            except StoreRefused as err:
                parts += self._narrowed(point, part, err)
            else:
                self.written += len(part)

    def not_refused(self, point: str, series: ReadingSeries) -> npt.NDArray[np.bool_]:
        """Which of ``series`` were not refused so far: trying again is of no use."""
        wanted = np.ones(len(series), np.bool_)
        for r in self.refusals:
            if r.point == point:
                wanted &= (series.seconds < r.first_s) | (series.seconds > r.last_s)
        return wanted

    def _write(self, point: str, part: ReadingSeries) -> None:
        self._patience.get(
            lambda: self._store.write_series(point, part.seconds, part.values, part.codes)
        )

    def _narrowed(self, point: str, part: ReadingSeries, err: StoreRefused) -> list[ReadingSeries]:
        """The halves of a refused part, first one last; of what is given up none."""
        n = len(part)
        if n > 1 and not self._is_refused_as_a_whole(point, part):
            return [rows_of(part, slice(n // 2, n)), rows_of(part, slice(0, n // 2))]
        self._alone[point] += n == 1
        first, last = int(part.seconds[0]), int(part.seconds[-1])
        self.refusals.append(Refusal(point, first, last, n, str(err)))
        return []

    def _is_refused_as_a_whole(self, point: str, part: ReadingSeries) -> bool:
        if self._alone[point] < MOST_ALONE or len(part) > SMALLEST_PART:
            return False
        for end in (slice(0, 1), slice(-1, None)):
            try:
                self._write(point, rows_of(part, end))
            except StoreRefused:
                continue
            return False
        return True
