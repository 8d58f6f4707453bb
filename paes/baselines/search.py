"""How a baseline is found: every balance point of a grid at once, by one table of products.

All columns that any model may have (a base by kind of day, degrees below and above every balance
point, hours of night) stand in one matrix; its products with itself and with the energy hold the
normal equations of every model, so that a model costs one small system of equations. Which terms
stay is decided by BIC: n log(SSE / n) + p log n, the least of all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from paes.baselines.days import Bools, Days
from paes.opening import DayKind, Kinds
from paes.series import Floats

HEATING_DEGC = np.arange(8.0, 22.25, 0.5)
COOLING_DEGC = np.arange(12.0, 28.25, 0.5)
LEAST_OF_KIND = 10
"""Days of a kind, or of days beyond a balance point: with fewer a term is chance."""
SWEEPS = 3
"""How often both balance points are sought in turn."""
Indices = npt.NDArray[np.int64]
_STAND_IN = {DayKind.CLOSED: DayKind.RESTING, DayKind.RESTING: DayKind.OPEN}


@dataclass(frozen=True)
class Found:
    """The terms of a model; see ``paes.baselines.baseline``."""

    base: dict[DayKind, float]
    heating: dict[DayKind, float]
    balance_heating: float | None
    cooling: dict[DayKind, float]
    balance_cooling: float | None
    per_night_h: float
    parameters: int
    heats_in_season: bool = False
    """True if it heats on days of the season only, however cold others are."""

    def predict(self, days: Days) -> Floats:
        """kWh of each day, never negative; NaN where the temperature is needed and unknown."""
        energy = _by_kind(self.base, days.kinds)
        if self.balance_heating is not None:
            below = np.maximum(self.balance_heating - days.degc, 0.0)
            if self.heats_in_season and days.in_season is not None:
                below = np.where(days.in_season, below, 0.0)
            energy = energy + _by_kind(self.heating, days.kinds) * below
        if self.balance_cooling is not None:
            above = np.maximum(days.degc - self.balance_cooling, 0.0)
            energy = energy + _by_kind(self.cooling, days.kinds) * above
        if self.per_night_h and days.night_h is not None:
            energy = energy + self.per_night_h * days.night_h
        return np.maximum(energy, 0.0)


def best_model(energy_kwh: Floats, days: Days) -> Found:
    """The model with the least BIC; days with NaN are left out.

    Where the season is known, heating within it and heating whenever it is cold are both tried.
    """
    used = ~np.isnan(energy_kwh) & ~np.isnan(days.degc)
    ways = (False,) if days.in_season is None else (False, True)
    tried = [_Columns(energy_kwh[used], days, used, in_season) for in_season in ways]
    candidates = [(columns.best(), columns) for columns in tried]
    best, columns = min(candidates, key=lambda c: c[0].bic)
    return columns.found(best)


def _by_kind(values: dict[DayKind, float], kinds: Kinds) -> Floats:
    """The value of each day's kind; of a kind that was never seen that of the nearest."""
    table = np.zeros(len(DayKind))
    for kind in DayKind:
        stand_in: DayKind | None = kind
        while stand_in not in values and stand_in in _STAND_IN:
            stand_in = _STAND_IN[stand_in]
        nearest = values.get(stand_in) if stand_in is not None else None
        table[kind] = next(iter(values.values()), 0.0) if nearest is None else nearest
    return np.asarray(table[kinds])


@dataclass(frozen=True)
class _Shape:
    """Which terms a model has; ``by_kind``: slopes of open days differ from those of others."""

    heating: bool
    cooling: bool
    by_kind: bool
    night: bool


@dataclass(frozen=True)
class _Candidate:
    """A solved model: which columns, their coefficients, and its BIC."""

    shape: _Shape
    heating_at: int | None
    cooling_at: int | None
    columns: Indices
    coefficients: Floats
    bic: float


class _Columns:
    """All columns of one building, and the products that every model is solved from."""

    def __init__(self, energy: Floats, days: Days, used: Bools, in_season: bool) -> None:
        degc = days.degc[used]
        self.heats_in_season = in_season
        self.kinds, self.stands_for = _present(days.kinds[used])
        self.has_open = DayKind.OPEN in self.kinds and len(self.kinds) > 1
        of_day = np.array([self.stands_for[k] for k in DayKind])[days.kinds[used]]
        is_open = (of_day == DayKind.OPEN).astype(np.float64)[:, None]
        below = np.maximum(HEATING_DEGC - degc[:, None], 0.0)
        if in_season and days.in_season is not None:
            below = below * days.in_season[used][:, None]
        above = np.maximum(degc[:, None] - COOLING_DEGC, 0.0)
        base = np.stack([(of_day == kind).astype(np.float64) for kind in self.kinds], axis=1)
        night = None if days.night_h is None else days.night_h[used][:, None]
        self.has_night = night is not None
        parts = [base, below, above]
        if self.has_open:
            parts = [base, below, below * is_open, above, above * is_open]
        matrix = np.concatenate([*parts, night] if night is not None else parts, axis=1)
        self.scale = np.sqrt(np.square(matrix).sum(axis=0))
        matrix /= np.where(self.scale > 0, self.scale, 1.0)
        self.products = matrix.T @ matrix
        self.with_energy = matrix.T @ energy
        self.squares = float(energy @ energy)
        self.days = len(energy)
        self.is_heating = (below > 0).sum(axis=0) >= LEAST_OF_KIND
        self.is_cooling = (above > 0).sum(axis=0) >= LEAST_OF_KIND

    def best(self) -> _Candidate:
        """The model with the least BIC of all shapes."""
        solved = [c for shape in self._shapes() for c in self._of_shape(shape)]
        return min(solved, key=lambda c: c.bic)

    def _shapes(self) -> Iterator[_Shape]:
        either = (False, True)
        for heating, cooling, by_kind, night in product(either, repeat=4):
            if by_kind and not (self.has_open and (heating or cooling)):
                continue
            if night and not self.has_night:
                continue
            yield _Shape(heating, cooling, by_kind, night)

    def _of_shape(self, shape: _Shape) -> list[_Candidate]:
        """The best of the shape: its balance points are sought in turn until they rest."""
        heating = np.flatnonzero(self.is_heating)
        cooling = np.flatnonzero(self.is_cooling)
        if (shape.heating and not len(heating)) or (shape.cooling and not len(cooling)):
            return []
        if not shape.heating or not shape.cooling:
            points = heating if shape.heating else cooling if shape.cooling else np.array([0])
            return self._solve(shape, points, points)
        found: list[_Candidate] = []
        warm = cooling[len(cooling) // 2]
        for _ in range(SWEEPS):
            below = heating[HEATING_DEGC[heating] <= COOLING_DEGC[warm]]
            if not len(below):
                break
            found = self._solve(shape, below, np.full(len(below), warm)) or found
            cold = found[0].heating_at if found and found[0].heating_at is not None else below[-1]
            above = cooling[COOLING_DEGC[cooling] >= HEATING_DEGC[cold]]
            if not len(above):
                break
            found = self._solve(shape, np.full(len(above), cold), above) or found
            if not found or found[0].cooling_at in (None, warm):
                break
            warm = found[0].cooling_at
        return found

    def _solve(self, shape: _Shape, heating: Indices, cooling: Indices) -> list[_Candidate]:
        """The best model of all these balance points whose slopes make sense; or none."""
        columns = self._indices(shape, heating, cooling)
        p = columns.shape[1]
        products = self.products[columns[:, :, None], columns[:, None, :]] + 1e-10 * np.eye(p)
        right = self.with_energy[columns]
        solved = np.linalg.solve(products, right[:, :, None])[:, :, 0]
        left = np.maximum(self.squares - (solved * right).sum(axis=1), 1e-12 * self.squares)
        count = p + shape.heating + shape.cooling
        bic = self.days * np.log(np.maximum(left, 1e-300) / self.days) + count * np.log(self.days)
        bic[~self._is_sensible(shape, columns, solved)] = np.inf
        at = int(np.argmin(bic))
        if not np.isfinite(bic[at]):
            return []
        return [
            _Candidate(
                shape,
                int(heating[at]) if shape.heating else None,
                int(cooling[at]) if shape.cooling else None,
                columns[at],
                solved[at],
                float(bic[at]),
            )
        ]

    def _indices(self, shape: _Shape, heating: Indices, cooling: Indices) -> Indices:
        k, h, c = len(self.kinds), len(HEATING_DEGC), len(COOLING_DEGC)
        ways = 2 if self.has_open else 1
        count = len(heating)
        columns = [np.full(count, n) for n in range(k)]
        if shape.heating:
            columns += [k + heating] + ([k + h + heating] if shape.by_kind else [])
        if shape.cooling:
            begin = k + ways * h
            columns += [begin + cooling] + ([begin + c + cooling] if shape.by_kind else [])
        if shape.night:
            columns.append(np.full(count, k + ways * (h + c)))
        return np.stack(columns, axis=1)

    def _is_sensible(self, shape: _Shape, columns: Indices, solved: Floats) -> Bools:
        """Colder or warmer days never take less."""
        real = solved / np.where(self.scale > 0, self.scale, 1.0)[columns]
        good = np.ones(len(solved), dtype=np.bool_)
        at = len(self.kinds)
        for has in (shape.heating, shape.cooling):
            if has:
                good &= real[:, at] >= 0
                if shape.by_kind:
                    good &= real[:, at] + real[:, at + 1] >= 0
                at += 2 if shape.by_kind else 1
        return good

    def found(self, best: _Candidate) -> Found:
        """Its terms, by name."""
        real = best.coefficients / self.scale[best.columns]
        at = len(self.kinds)
        base = {kind: float(real[n]) for n, kind in enumerate(self.kinds)}
        slopes: list[dict[DayKind, float]] = []
        for has in (best.shape.heating, best.shape.cooling):
            of: dict[DayKind, float] = {}
            if has:
                more = float(real[at + 1]) if best.shape.by_kind else 0.0
                of = {k: float(real[at]) + more * (k is DayKind.OPEN) for k in self.kinds}
                at += 2 if best.shape.by_kind else 1
            slopes.append(of)
        cold, warm = best.heating_at, best.cooling_at
        return Found(
            base=base,
            heating=slopes[0],
            balance_heating=None if cold is None else float(HEATING_DEGC[cold]),
            cooling=slopes[1],
            balance_cooling=None if warm is None else float(COOLING_DEGC[warm]),
            per_night_h=float(real[at]) if best.shape.night else 0.0,
            parameters=len(best.columns) + best.shape.heating + best.shape.cooling,
            heats_in_season=self.heats_in_season and best.shape.heating,
        )


def _present(kinds: Kinds) -> tuple[list[DayKind], dict[DayKind, DayKind]]:
    """Kinds with days enough, and which of them stands for each kind."""
    counts = np.bincount(kinds, minlength=len(DayKind))
    present = [k for k in DayKind if counts[k] >= LEAST_OF_KIND]
    stands_for = {}
    for kind in DayKind:
        stand_in = kind
        while stand_in not in present and stand_in in _STAND_IN:
            stand_in = _STAND_IN[stand_in]
        stands_for[kind] = stand_in if stand_in in present else present[0]
    return present, stands_for
