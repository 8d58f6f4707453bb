"""How far a measured saving may be off: what the model leaves open, and what buildings do anyway.

Two bands, always told apart::

    statistical   half = t * 1.26 * CV(RMSE) * sqrt(n / n' * (1 + 2 / n') / m) * expected
    empirical     half = the k-th smallest |saving| of n years without works * expected,
                  k = ceil((n + 1) * level)

The first is ASHRAE Guideline 14-2014 (annex B): n' = n (1 - r) / (1 + r) independent days of n, by
the lag-1 correlation r of the residuals, and m days that are reported. It knows only what the model
does not explain from day to day: of 100 real pairs of years it held the truth in 27 (electricity),
where 90 were promised. The second knows what a year changes that no model sees. A verdict rests on
the wider one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from paes.baselines.fit_quality import FitQuality
from paes.savings.assumptions import SavingsAssumptions, Use
from paes.series import Floats

DAILY = 1.26
"""The empirical factor in the formula of Guideline 14."""


def statistical_half_kwh(fit: FitQuality, expected_kwh: float, days: int, level: float) -> float:
    """Half the width of the band of ``days`` reported days that expect ``expected_kwh`` together.

    Infinite where a model has no more independent days than parameters.
    """
    independent = fit.independent_days
    free = independent - fit.parameters
    if free <= 0 or days <= 0 or not math.isfinite(fit.cv_rmse_fraction):
        return math.inf
    spread = math.sqrt(fit.days / independent * (1 + 2 / independent) / days)
    return student_t(level, free) * DAILY * fit.cv_rmse_fraction * spread * abs(expected_kwh)


def student_t(level: float, free: float) -> float:
    """How many standard errors on either side hold ``level`` of a t distribution.

    By the expansion of Fisher and Cornish (Abramowitz and Stegun 26.7.5) to the second order: to
    0.001 from 20 degrees of freedom on.
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / free + second / free**2 + third / free**3


def least_pairs(level: float) -> int:
    """With fewer years than this no band of that level can be read off."""
    return math.ceil(level / (1 - level) - 1e-9)


def normal_change(fractions: Floats, level: float) -> float:
    """The band that ``level`` of further years stay within, from those seen (not fewer than
    ``least_pairs``).

    The k-th smallest of n, k = ceil((n + 1) * level), holds the next one with that probability if
    all are alike (Vovk et al. 2005, conformal prediction); pairs that overlap are less than n.
    """
    sizes = np.sort(np.abs(fractions))
    place = math.ceil((len(sizes) + 1) * level - 1e-9)
    return float(sizes[min(place, len(sizes)) - 1])


@dataclass(frozen=True, slots=True)
class EmpiricalBand:
    """Half of the band of one building's year, as a part of what was expected of it.

    ``pairs`` of years and ``buildings`` are those it was read off: of this town, or those of the
    shipped figure's source, which are not counted here.
    """

    use: Use
    fraction: float
    came_from: Literal["town", "shipped"]
    pairs: int = 0
    buildings: int = 0


def shipped_band(use: Use, assumptions: SavingsAssumptions) -> EmpiricalBand:
    """That of ``savings.yaml``."""
    return EmpiricalBand(use, assumptions.shipped_band(use), "shipped")


def alike_buildings(expected_kwh: Sequence[float]) -> float:
    """How many buildings of one size have as much of their changes cancel out as these.

    ``(sum E)^2 / sum E^2``: 1 where one of them takes all, n where all take the same.
    """
    squares = math.fsum(e * e for e in expected_kwh)
    return math.fsum(expected_kwh) ** 2 / squares if squares > 0 else 1.0


def portfolio_half_kwh(
    band: EmpiricalBand, expected_kwh: Sequence[float], assumptions: SavingsAssumptions
) -> float:
    """Half of the empirical band of several buildings together."""
    part = assumptions.portfolio_part(band.use, alike_buildings(expected_kwh))
    return band.fraction * part * math.fsum(expected_kwh)
