"""Cases that tell of the same hours of the same energy: which of them counts.

Meters are a forest: a meter contains its submeters. All hours of which the same cases tell are
judged together, for hour by hour the larger of two would be more than either has in all: of
several cases of one meter the largest counts; then what counts at its submeters together is held
against it, and the larger of both stays. Of equals the first case (by id), and the meter above,
stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paes.faults.cases.case import Case
from paes.faults.load_curve import Bools, Ints
from paes.faults.money.pricing import PricedSteps
from paes.series import Floats

HOUR_S = 3600
Dropped = tuple[str, str, int, float, str]
"""Case, the case that counts instead, hours, amount, unit."""


@dataclass(frozen=True)
class Claimed:
    """What a case says was wasted; ``inside`` are the steps that are asked about.

    ``path`` is its meter, and those that contain it, from the nearest up.
    """

    case: Case
    unit: str
    steps: PricedSteps
    inside: Bools
    path: tuple[str, ...]


def counted_once(claims: Sequence[Claimed]) -> tuple[list[Bools], list[Dropped]]:
    """The steps of each claim that count, and what does not, by case and case instead."""
    kept = [claim.inside.copy() for claim in claims]
    dropped: list[Dropped] = []
    trees: dict[str, list[int]] = {}
    for n, claim in enumerate(claims):
        trees.setdefault(claim.path[-1], []).append(n)
    for places in trees.values():
        if len(places) < 2:
            continue
        tree = _Tree([claims[n] for n in places])
        for n, counts in zip(places, tree.counts, strict=True):
            kept[n] = counts
        dropped += tree.dropped()
    return kept, dropped


class _Tree:
    """The claims of one main meter and all that it contains, on one grid of hours.

    ``amount`` and ``wins`` have a column for each set of claims that tell of the same hours;
    ``column`` is that of each hour.
    """

    def __init__(self, claims: Sequence[Claimed]) -> None:
        self.claims = claims
        every = [c.steps.starts_s[c.inside] // HOUR_S for c in claims]
        self.hours: Ints = np.unique(np.concatenate(every))
        by_hour = np.stack([self._by_hour(c) for c in claims])
        telling, column = np.unique(np.isfinite(by_hour), axis=1, return_inverse=True)
        self.column: Ints = column.reshape(-1)
        known = np.where(np.isfinite(by_hour), by_hour, 0.0)
        count = telling.shape[1]
        sums = [np.bincount(self.column, weights=of, minlength=count) for of in known]
        self.amount = np.where(telling, np.stack(sums), -np.inf)
        self.length = np.bincount(self.column, minlength=count)
        self.wins = np.zeros(self.amount.shape, dtype=np.bool_)
        self._settle(claims[0].path[-1], 1)
        self.counts = [self._steps(n) for n in range(len(claims))]

    def _by_hour(self, claim: Claimed) -> Floats:
        """The likely amount of each hour; -inf where it tells of none."""
        here = np.searchsorted(self.hours, claim.steps.starts_s[claim.inside] // HOUR_S)
        found = np.full(len(self.hours), -np.inf)
        found[here] = 0.0
        np.add.at(found, here, claim.steps.amount[claim.inside, 1])
        return found

    def _settle(self, meter: str, depth: int) -> Floats:
        """What counts at ``meter`` in each column; ``depth`` is how far up the path it stands."""
        own = [n for n, c in enumerate(self.claims) if c.path[0] == meter]
        under = {
            c.path[-depth - 1]: True
            for c in self.claims
            if len(c.path) > depth and c.path[-depth] == meter
        }
        below = np.full(self.amount.shape[1], -np.inf)
        for child in under:
            value = self._settle(child, depth + 1)
            below = np.where(np.isinf(below), value, below + np.where(np.isinf(value), 0.0, value))
        if not own:
            return below
        best = np.argmax(self.amount[own], axis=0)
        largest = self.amount[own].max(axis=0)
        stays = (largest >= below) & np.isfinite(largest)
        for n, claim in enumerate(self.claims):
            if meter in claim.path[1:]:
                self.wins[n] &= ~stays
        for place, n in enumerate(own):
            self.wins[n] = stays & (best == place)
        return np.where(stays, largest, below)

    def _steps(self, n: int) -> Bools:
        """The steps of a claim in hours that count."""
        claim = self.claims[n]
        at = np.searchsorted(self.hours, claim.steps.starts_s // HOUR_S)
        at = np.minimum(at, len(self.hours) - 1)
        return np.asarray(claim.inside & self.wins[n][self.column[at]])

    def dropped(self) -> list[Dropped]:
        """What does not count of each case, and in whose favour: of several the largest."""
        found: list[Dropped] = []
        for n, claim in enumerate(self.claims):
            lost = np.isfinite(self.amount[n]) & ~self.wins[n] & (self.amount[n] > 0)
            related = np.array([self._is_related(n, m) for m in range(len(self.claims))])
            rivals = np.where(self.wins & related[:, None], self.amount, -np.inf)
            favoured = np.argmax(rivals, axis=0)
            for m in np.unique(favoured[lost]).tolist():
                here = lost & (favoured == m)
                amount, hours = float(self.amount[n][here].sum()), int(self.length[here].sum())
                other = self.claims[m].case.id
                found.append((claim.case.id, other, hours, amount, claim.unit))
        return found

    def _is_related(self, n: int, m: int) -> bool:
        one, other = self.claims[n].path, self.claims[m].path
        return n != m and (one[0] in other or other[0] in one)
