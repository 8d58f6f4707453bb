"""Values with a year: which one answers a question about a year, and how well.

Emission factors and calorific values are looked up alike. Nobody gets a bare number: every
answer says whether it was made for the year asked or stands in for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Protocol, TypeVar

from pydantic import Field

Year = Annotated[int, Field(ge=1900, le=2200)]


class Dated(Protocol):
    """Something that holds for a year, or for every year if it has none."""

    @property
    def year(self) -> int | None: ...


R = TypeVar("R", bound=Dated)


class Added(Dated, Protocol):
    """A dated value that may say when it became known."""

    @property
    def added(self) -> date | None: ...


A = TypeVar("A", bound=Added)


class How(StrEnum):
    """How an answer matched the question."""

    EXACT = "exact"  # a value for the very year asked
    CONSTANT = "constant"  # the value does not depend on the year
    EARLIER = "earlier"  # the series ends before the year asked: its last value was taken
    FROZEN = "frozen"  # the base year's value was asked for on purpose
    LOCAL = "local"  # worked out here, from what is produced and bought in the territory
    DECLARED = "declared"  # the city declares a factor of its own


def known_by(row: Added, as_of: date | None) -> bool:
    """True if ``row`` was known on that day; None asks for no day."""
    return row.added is None or as_of is None or row.added <= as_of


def newest(rows: Iterable[A]) -> list[A]:
    """Of rows for one year the one that was added last."""
    by_year = {row.year: row for row in sorted(rows, key=lambda r: r.added or date.min)}
    return list(by_year.values())


def best(rows: Sequence[R], year: int) -> tuple[R | None, How]:
    """The row of the very year, else one without a year, else the latest earlier one, else None."""
    dated = {r.year: r for r in rows if r.year is not None and r.year <= year}
    if year in dated:
        return dated[year], How.EXACT
    constant = next((r for r in rows if r.year is None), None)
    if constant is not None:
        return constant, How.CONSTANT
    if dated:
        return dated[max(dated)], How.EARLIER
    return None, How.EXACT
