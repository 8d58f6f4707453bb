"""How well a baseline tells the days it was made from, in the words of ASHRAE Guideline 14."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paes.series import Floats


@dataclass(frozen=True, slots=True)
class FitQuality:
    """Of a model with ``parameters`` over ``days`` that were used.

    ::

        CV(RMSE) = sqrt(sum (y - m)^2 / (n - p)) / mean y
        NMBE     = sum (y - m) / ((n - p) * mean y)         positive: the model is too low

    (ASHRAE Guideline 14-2014, 5.2.11.3). ``autocorrelation`` is that of residuals of days that
    follow each other: with it fewer days than ``days`` are independent of each other.
    """

    days: int
    parameters: int
    mean_kwh: float
    cv_rmse_fraction: float
    nmbe_fraction: float
    autocorrelation: float

    @property
    def independent_days(self) -> float:
        """``days`` that would say as much if none was like its neighbour: n (1 - r) / (1 + r)."""
        r = min(max(self.autocorrelation, 0.0), 0.99)
        return self.days * (1 - r) / (1 + r)


def fit_quality(actual: Floats, modelled: Floats, parameters: int) -> FitQuality:
    """The quality over days in order; those whose ``actual`` or ``modelled`` is NaN do not count.

    Without a mean, or with no more days than parameters, the fractions are infinite.
    """
    residual = actual - modelled
    known = ~np.isnan(residual)
    n, mean = int(known.sum()), float(actual[known].mean()) if known.any() else 0.0
    free = n - parameters
    scale = abs(mean) * free if free > 0 else 0.0
    squares, total = float(np.square(residual[known]).sum()), float(residual[known].sum())
    return FitQuality(
        days=n,
        parameters=parameters,
        mean_kwh=mean,
        cv_rmse_fraction=float(np.sqrt(squares / free)) / abs(mean) if scale else float("inf"),
        nmbe_fraction=total / scale if scale else float("inf"),
        autocorrelation=_autocorrelation(residual),
    )


def _autocorrelation(residual: Floats) -> float:
    """Of neighbouring days that are both known; 0 if there are few, or nothing varies."""
    centred = residual - np.nanmean(residual) if np.isfinite(residual).any() else residual
    both = ~np.isnan(centred[1:]) & ~np.isnan(centred[:-1])
    before, after = centred[:-1][both], centred[1:][both]
    spread = float(np.sqrt(np.square(before).sum() * np.square(after).sum()))
    return float((before * after).sum()) / spread if len(before) > 2 and spread > 0 else 0.0
