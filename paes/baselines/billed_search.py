"""How the model of bills is found: every pair of balance points, by weighted least squares.

Few periods make small systems, so all of a grid are solved at once. Rows are the mean days of
periods, weighted by their length; a term with a negative coefficient is no term.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from paes.baselines.search import COOLING_DEGC, HEATING_DEGC
from paes.errors import DataError
from paes.series import Floats

LEAST_FREE = 2
"""So many periods more than parameters, or anything fits."""
LEAST_BEYOND = 3
"""Periods with days beyond a balance point: with fewer a term is chance."""


@dataclass(frozen=True)
class BilledTerms:
    """The terms of a model; see ``paes.baselines.billed``."""

    base: float
    heating: float
    balance_heating: float | None
    cooling: float
    balance_cooling: float | None
    parameters: int

    def predict(self, degc: Floats) -> Floats:
        """kWh of each day; NaN where the temperature is needed and unknown."""
        energy = np.full(len(degc), self.base)
        if self.balance_heating is not None:
            energy = energy + self.heating * np.maximum(self.balance_heating - degc, 0.0)
        if self.balance_cooling is not None:
            energy = energy + self.cooling * np.maximum(degc - self.balance_cooling, 0.0)
        return energy


@dataclass(frozen=True)
class _Shape:
    base: bool
    heating: bool
    cooling: bool

    @property
    def parameters(self) -> int:
        """Coefficients and balance points."""
        return self.base + 2 * self.heating + 2 * self.cooling


def best_billed(kwh_a_day: Floats, days: Floats, degc: Sequence[Floats]) -> BilledTerms:
    """The model with the least BIC of periods of ``days`` with these daily temperatures.

    ``degc`` holds the known temperatures of each period, of which there is one at least.
    """
    search = _Search(kwh_a_day, days, degc)
    found = [search.best(shape) for shape in _shapes(len(kwh_a_day))]
    solved = [one for one in found if one]
    if not solved:
        raise DataError(f"no model fits {len(kwh_a_day)} billed periods")
    return min(solved, key=lambda one: one[0])[1]


def _shapes(periods: int) -> Iterator[_Shape]:
    """Those that so many periods can tell; a base alone always can."""
    for base, heating, cooling in product((True, False), (False, True), (False, True)):
        shape = _Shape(base, heating, cooling)
        if 0 < shape.parameters <= max(periods - LEAST_FREE, 1):
            yield shape


class _Search:
    def __init__(self, kwh_a_day: Floats, days: Floats, degc: Sequence[Floats]) -> None:
        self.energy = kwh_a_day
        self.weight = days / days.mean()
        self.below = np.stack(
            [np.maximum(HEATING_DEGC - of[:, None], 0.0).mean(axis=0) for of in degc]
        )
        self.above = np.stack(
            [np.maximum(of[:, None] - COOLING_DEGC, 0.0).mean(axis=0) for of in degc]
        )
        self.least = 1e-12 * max(float(self.weight @ np.square(kwh_a_day)), 1e-300)

    def best(self, shape: _Shape) -> tuple[float, BilledTerms] | None:
        """Its BIC and terms; None if no balance point makes sense."""
        heating, cooling = self._points(shape)
        if not len(heating):
            return None
        columns = [np.ones((len(heating), len(self.energy)))] if shape.base else []
        columns += [self.below.T[heating]] if shape.heating else []
        columns += [self.above.T[cooling]] if shape.cooling else []
        rows = np.stack(columns, axis=2)
        solved = self._solve(rows)
        left = self.energy - (rows * solved[:, None, :]).sum(axis=2)
        n = len(self.energy)
        squares = np.maximum((self.weight * np.square(left)).sum(axis=1), self.least)
        bic = n * np.log(squares / n) + shape.parameters * np.log(n)
        bic[(solved < 0).any(axis=1)] = np.inf
        at = int(np.argmin(bic))
        if not np.isfinite(bic[at]):
            return None
        return float(bic[at]), _terms(shape, solved[at], int(heating[at]), int(cooling[at]))

    def _points(self, shape: _Shape) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of balance points, heating at or below cooling; 0 stands for one not needed."""
        cold = np.flatnonzero((self.below > 0).sum(axis=0) >= LEAST_BEYOND)
        warm = np.flatnonzero((self.above > 0).sum(axis=0) >= LEAST_BEYOND)
        first, second = np.meshgrid(
            cold if shape.heating else np.array([0]),
            warm if shape.cooling else np.array([0]),
            indexing="ij",
        )
        heating, cooling = first.ravel(), second.ravel()
        if shape.heating and shape.cooling:
            in_order = HEATING_DEGC[heating] <= COOLING_DEGC[cooling]
            heating, cooling = heating[in_order], cooling[in_order]
        return heating, cooling

    def _solve(self, rows: Floats) -> Floats:
        """Coefficients by weighted least squares, of each pair of balance points."""
        scale = np.sqrt(np.square(rows).sum(axis=1, keepdims=True))
        unit = rows / np.where(scale > 0, scale, 1.0)
        weighed = unit * self.weight[None, :, None]
        products = weighed.transpose(0, 2, 1) @ unit + 1e-12 * np.eye(rows.shape[2])
        right = weighed.transpose(0, 2, 1) @ self.energy
        solved = np.linalg.solve(products, right[:, :, None])[:, :, 0]
        return np.asarray(solved / np.where(scale > 0, scale, 1.0)[:, 0, :])


def _terms(shape: _Shape, solved: Floats, heating: int, cooling: int) -> BilledTerms:
    values = iter(solved.tolist())
    base = next(values) if shape.base else 0.0
    cold = next(values) if shape.heating else 0.0
    warm = next(values) if shape.cooling else 0.0
    return BilledTerms(
        base=base,
        heating=cold,
        balance_heating=float(HEATING_DEGC[heating]) if shape.heating else None,
        cooling=warm,
        balance_cooling=float(COOLING_DEGC[cooling]) if shape.cooling else None,
        parameters=shape.parameters,
    )
