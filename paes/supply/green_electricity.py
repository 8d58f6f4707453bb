"""Certified green electricity that the municipality buys: rows M510 and M520 of the template.

Where it counts is a choice of the method: in the local factor (``in_factor``), as a row of its own
that is taken off (``own_row``), or nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from paes.config_table import read_csv, repeated_rows
from paes.errors import ConfigError
from paes.factors.emission_factors import Year
from paes.schema import Identifier, Stated

FILE = "green_electricity.csv"


class GreenPurchase(Stated):
    """What was bought under a contract in a year: one line of ``green_electricity.csv``."""

    what: ClassVar[str] = "a purchase"

    year: Year
    contract: Identifier | None = None
    """Which purchase, where there are several in a year."""
    mwh: float = Field(ge=0)
    factor_t_per_mwh: Annotated[float, Field(ge=0, le=5)] | None = None
    """Its life-cycle factor (row M520); the standard approach counts nothing."""


def read_green_electricity(path: Path) -> tuple[GreenPurchase, ...]:
    """The rows of ``path``, () if there is no file; ConfigError with every problem."""
    if not path.is_file():
        return ()
    rows = read_csv(path, GreenPurchase)
    problems = repeated_rows(
        [(path, rows)],
        lambda row: (row.year, row.contract),
        lambda row: f"green electricity{f' of {row.contract}' if row.contract else ''}, {row.year}",
    )
    if problems:
        raise ConfigError(problems)
    return tuple(row for _, row in rows)


def bought_in(purchases: Iterable[GreenPurchase], year: int) -> list[GreenPurchase]:
    """The purchases of ``year``; nothing is carried over, for a contract may have ended."""
    return [purchase for purchase in purchases if purchase.year == year]
