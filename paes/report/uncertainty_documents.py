"""How far figures may be from the truth, as plain data: intervals, probabilities, sources."""

from __future__ import annotations

from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.report.documents import Document, finite
from paes.uncertainty.chances import Chance, Chances, YearChances
from paes.uncertainty.largest_errors import largest_errors
from paes.uncertainty.simulation import Draws
from paes.uncertainty.spread import Interval, Spread

WIDE = 0.95
"""The level of the wider interval that documents tell beside the printed one."""


def total_uncertainty(inventory: Inventory, draws: Draws | None) -> Document | None:
    """Of an inventory's total, and how it was drawn; None without draws."""
    if draws is None:
        return None
    spread = spread_document(draws.totals[inventory.year])
    return {
        "method": "monte_carlo",
        "draws": draws.count,
        "seed": draws.seed,
        **spread,
        "largest": [
            {
                "source": str(error.source),
                "sector": str(error.sector) if error.sector else None,
                "carrier": str(error.carrier),
                "share": error.share,
            }
            for error in largest_errors(draws, inventory.year)
        ],
    }


def line_uncertainty(line: InventoryLine, draws: Draws | None) -> Document:
    """Of one sector and carrier, in keys that are columns too; nothing without draws.

    An end that nothing bounds is None.
    """
    if draws is None:
        return {}
    activity = line.activity
    spread = draws.cells[activity.year, activity.sector, activity.carrier]
    usual, wide = spread.interval(), spread.interval(WIDE)
    largest = max(spread.shares.items(), key=lambda item: item[1], default=None)
    return {
        "low_90_t": finite(usual.low),
        "high_90_t": finite(usual.high),
        "low_95_t": finite(wide.low),
        "high_95_t": finite(wide.high),
        "most_uncertain_by": str(largest[0]) if largest else None,
    }


def chances_columns(chances: Document | None, year: int) -> Document:
    """What ``chances_document`` tells of a year, one value to a key; nothing without chances."""
    if chances is None:
        return {}
    told = next(y for y in chances["years"] if y["year"] == year)
    named = {
        "reduction_{}_90": told["reduction_interval_90"],
        "probability_on_path_{}": told["probability_on_path"],
        "probability_target_{}": told["probability_target"],
    }
    return {
        name.format(end): value
        for name, values in named.items()
        for end, value in zip(("low", "high"), values, strict=True)
    }


def spread_document(spread: Spread) -> Document:
    """Of one figure in t: its intervals, and each source's part of its variance.

    An end that nothing bounds is None.
    """
    usual, wide = spread.interval(), spread.interval(WIDE)
    return {
        "interval_90_t": _ends(usual),
        "interval_95_t": _ends(wide),
        "shares": {str(source): part for source, part in sorted(spread.shares.items())},
    }


def chances_document(chances: Chances) -> Document:
    """The reduction of each year, and how likely it is enough."""
    return {
        "method": "monte_carlo",
        "draws": chances.draws,
        "seed": chances.seed,
        "years": [year_chances_document(year) for year in chances.years],
    }


def year_chances_document(chances: YearChances) -> Document:
    """Of one year; a probability is a range where what is missing decides."""
    return {
        "year": chances.year,
        "reduction_interval_90": _ends(chances.reduction),
        "probability_on_path": _range(chances.on_path),
        "probability_target": _range(chances.meets_target),
        "shares": {str(source): part for source, part in sorted(chances.shares.items())},
    }


def _ends(interval: Interval) -> list[float | None]:
    return [finite(interval.low), finite(interval.high)]


def _range(chance: Chance) -> list[float]:
    return [chance.low, chance.high]
