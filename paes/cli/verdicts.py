"""Verdicts in words: of each year, and what leaves one open."""

from __future__ import annotations

from collections.abc import Iterable

from paes.progress.path import OpenBy, Verdict, YearResult

_VERDICTS = {
    Verdict.WITHIN: "within the path",
    Verdict.ABOVE: "above the path",
    Verdict.UNCERTAIN: "open",
}
_OPEN = {
    OpenBy.METERS: "what meters missed, or what is estimated, decides",
    OpenBy.KEYS: "what is left out (notation keys NE, C) decides",
    OpenBy.BOTH: "what meters missed and what is left out (notation keys NE, C) decide",
}


def verdict_words(year: YearResult) -> str:
    """For the cell of a table."""
    return _VERDICTS[year.verdict]


def open_verdicts(years: Iterable[YearResult]) -> list[str]:
    """A sentence for each reason why verdicts are open, with the years that it leaves open."""
    listed = list(years)
    told = {by: [str(y.year) for y in listed if y.open_by is by] for by in OpenBy}
    return [f"open in {', '.join(found)}: {_OPEN[by]}" for by, found in told.items() if found]
