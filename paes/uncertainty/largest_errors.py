"""What one would have to know better to know a total better.

Errors of different cells are told apart, but for a factor, which is one error for all that use it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from paes.metering import Carrier, Sector
from paes.uncertainty.assumptions import Source
from paes.uncertainty.simulation import Draws
from paes.uncertainty.spread import shares

Key = tuple[Source, Sector | None, Carrier]


@dataclass(frozen=True, slots=True)
class LargestError:
    """An error by its source, and its part (0..1) of the variance of all of them."""

    source: Source
    sector: Sector | None
    """None for a factor."""
    carrier: Carrier
    share: float


def largest_errors(draws: Draws, year: int, most: int = 5) -> list[LargestError]:
    """The largest errors of ``year``, the largest first; ``draws`` have cells.

    Each source has its part of the variance of the total, which is divided between its errors by
    their own variances: errors that several cells have in common count in each of them.
    """
    of_source = draws.totals[year].shares
    listed = [
        LargestError(*key, of_source.get(source, 0.0) * part)
        for source, variance in _by_source(draws, year).items()
        for key, part in shares(variance).items()
    ]
    listed = [error for error in listed if error.share > 0]
    return sorted(listed, key=lambda e: (-e.share, e.source, e.sector or "", e.carrier))[:most]


def _by_source(draws: Draws, year: int) -> dict[Source, dict[Key, float]]:
    """The variance of each error; a factor's is that of all that it makes together."""
    found: dict[Source, dict[Key, float]] = {}
    for (of_year, sector, carrier), spread in draws.cells.items():
        if of_year != year:
            continue
        for source, variance in spread.variance_t2.items():
            of = found.setdefault(source, {})
            if source is Source.FACTOR:
                key: Key = source, None, carrier
                of[key] = (math.sqrt(of.get(key, 0.0)) + math.sqrt(variance)) ** 2
            else:
                of[source, sector, carrier] = variance
    return found
