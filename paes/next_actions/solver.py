"""Yes-or-no choices under linear limits, by SciPy's HiGHS; the only module that imports SciPy."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse

from paes.errors import DataError

Floats = npt.NDArray[np.float64]
TIME_LIMIT_S = 60.0
"""After so long the best choice found is taken, if its distance from the best bound is told."""


@dataclass
class Problem:
    """Minimise ``cost @ x`` under rows ``low <= a @ x <= high``; each x is 0 or 1, or between."""

    costs: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    fixed: dict[int, float] = field(default_factory=dict)
    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)

    def variable(self, cost: float = 0.0, *, whole: bool = True) -> int:
        """A new variable between 0 and 1, and its place."""
        self.costs.append(cost)
        self.whole.append(whole)
        return len(self.costs) - 1

    def require(self, terms: dict[int, float], low: float = -np.inf, high: float = np.inf) -> None:
        """A row that a solution must keep."""
        self.rows.append((terms, low, high))


@dataclass(frozen=True)
class Solution:
    """The best values, and whether they are proved to be the best."""

    values: Floats
    cost: float
    proved: bool


def solve(problem: Problem, costs: Sequence[float] | None = None) -> Solution | None:
    """The best solution; None if there is none. ``costs`` take the place of the problem's own.

    Raises DataError if the solver ends without an answer.
    """
    if not problem.costs:
        kept = all(low <= 0 <= high for _, low, high in problem.rows)
        return Solution(np.zeros(0), 0.0, proved=True) if kept else None
    lower, upper = np.zeros(len(problem.costs)), np.ones(len(problem.costs))
    for place, value in problem.fixed.items():
        lower[place] = upper[place] = value
    wanted = np.asarray(problem.costs if costs is None else costs, dtype=np.float64)
    scale = float(np.abs(wanted).max()) or 1.0
    with _silent():
        made = optimize.milp(
            wanted / scale,
            integrality=np.asarray(problem.whole, dtype=np.int8),
            bounds=optimize.Bounds(lower, upper),
            constraints=_constraints(problem),
            options={"time_limit": TIME_LIMIT_S, "mip_rel_gap": 0.0},
        )
    if made.x is None:
        if made.status == 2:
            return None
        raise DataError(f"the choice of actions found no answer: {made.message}")
    values = np.where(problem.whole, np.round(made.x), made.x)
    return Solution(values, float(wanted @ values), proved=made.status == 0)


def _constraints(problem: Problem) -> list[optimize.LinearConstraint]:
    """The rows, each by its largest factor: euro and tonnes are of one size to the solver."""
    if not problem.rows:
        return []
    scales = np.array([max(1.0, *map(abs, terms.values()), 1.0) for terms, _, _ in problem.rows])
    matrix = sparse.lil_array((len(problem.rows), len(problem.costs)))
    for row, (terms, _, _) in enumerate(problem.rows):
        for place, factor in terms.items():
            matrix[row, place] = factor / scales[row]
    low = np.array([low for _, low, _ in problem.rows]) / scales
    high = np.array([high for _, _, high in problem.rows]) / scales
    return [optimize.LinearConstraint(matrix.tocsr(), low, high)]


@contextmanager
def _silent() -> Iterator[None]:
    """Nothing reaches standard output: HiGHS writes lines there that no option of SciPy stops.

    They would stand in the JSON of a command. Its buffer is the C library's, and is emptied
    before standard output is put back.
    """
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # there is no standard output
        yield
        return
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        with suppress(OSError, TypeError):  # elsewhere than on Unix there is no such name
            ctypes.CDLL(None).fflush(None)
        os.dup2(kept, 1)
        os.close(kept)
