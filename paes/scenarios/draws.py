"""How likely a scenario reaches its target: draws of a year that is still to come.

One world is one draw of: what the base year and the last inventory may have wrong
(``paes.uncertainty``), how far emissions as usual wander, and what part of all declared effects
comes true. The last is one number for all actions: who calculates too well does it for all of
them. A projection of the grid is taken as it stands; that it may not come true is what the
scenario without it tells.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from paes.series import Floats
from paes.uncertainty.assumptions import Realisation
from paes.uncertainty.chances import Asked, YearChances, year_chances
from paes.uncertainty.simulation import Draws
from paes.uncertainty.spread import Spread

Z95_ONE_SIDED = 1.6448536269514722
"""So many standard deviations to either end of a 90 % interval."""


@dataclass(frozen=True)
class ToCome:
    """A year to come as parts of the last inventory and what is taken off, in t."""

    year: int
    last_year: int
    growth: float
    """Emissions as usual by those of the last inventory."""
    grid_fraction: float
    """The part of them that a cleaner grid takes off."""
    declared_t: float
    """All that actions declare, net, at a realisation of one."""


@dataclass(frozen=True)
class FutureDraws:
    """Draws of base and last year with what else may turn out otherwise; row ``i`` is one world."""

    draws: Draws
    realised: Floats
    wander: Floats
    """Standard normal; times the spread of growth it is how far a year is off as usual."""
    spread_per_year: float

    @classmethod
    def of(cls, draws: Draws, realisation: Realisation, spread_per_year: float) -> FutureDraws:
        """By the seed of ``draws``, with numbers that are independent of theirs."""
        dice = np.random.default_rng([draws.seed, 2030])
        normal = dice.standard_normal((2, draws.count))
        return cls(draws, realised_fractions(realisation, normal[0]), normal[1], spread_per_year)

    def spread(self, to_come: ToCome) -> Spread:
        """Emissions of that year, least and most as the last inventory's gaps leave open."""
        years = to_come.year - to_come.last_year
        off = np.maximum(1 + self.spread_per_year * math.sqrt(years) * self.wander, 0.0)
        usual = to_come.growth * (1 - to_come.grid_fraction) * off
        less = to_come.declared_t * self.realised
        last = self.draws.totals[to_come.last_year]
        least = _less(last.least_t * usual, less)
        is_same = last.most_t is last.least_t
        most = least if is_same else _less(last.most_t * usual, less)
        return Spread(least, most)

    def chances(
        self, to_come: ToCome, base_year: int, asked: Asked, base_per_t: float = 1.0
    ) -> YearChances:
        """How likely the year keeps to the path and meets the target."""
        base = self.draws.totals[base_year]
        return year_chances(to_come.year, base, self.spread(to_come), asked, base_per_t)


def _less(usual_t: Floats, less_t: Floats) -> Floats:
    """What is left of emissions as usual; actions never make it negative."""
    return np.maximum(usual_t - less_t, np.minimum(usual_t, 0.0))


def realised_fractions(realisation: Realisation, normal: Floats) -> Floats:
    """What part of declared savings comes true, from standard normal draws.

    Two halves of normal distributions that meet at the likely value, each as wide as its own end
    of the 90 % interval says; never below zero.
    """
    likely = realisation.likely_fraction
    below = (likely - realisation.low_fraction) / Z95_ONE_SIDED
    above = (realisation.high_fraction - likely) / Z95_ONE_SIDED
    return np.maximum(likely + normal * np.where(normal < 0, below, above), 0.0)
