"""Cells of the inventory without a figure: the notation keys, and what follows from them.

A key is one of the Global Covenant's: NO, nothing of the kind occurs; IE, it is included
elsewhere; C, it is confidential; NE, it is not estimated. A row with a key has no energy, and its
note explains it. What is left out (NE, C) where the base year has a figure is no saving: the
inventory then has no upper bound.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from paes.activity.activity_data import Cell, latest_rows
from paes.activity.declared_row import DeclaredRow, Notation
from paes.errors import FactorMissing
from paes.inventory.factor_choice import FactorChoice
from paes.metering import Carrier, Finding, Sector

LEFT_OUT = (Notation.NOT_ESTIMATED, Notation.CONFIDENTIAL)


@dataclass(frozen=True, slots=True)
class NotedCell:
    """A cell, or a use of it, with a key in place of a figure.

    ``base_mwh`` is what the base year declares of it, None if nothing; ``base_t`` its emissions,
    None if there is no factor.
    """

    year: int
    sector: Sector
    carrier: Carrier
    notation: Notation
    explanation: str
    declared_year: int
    use: str | None = None
    included_in: Cell | None = None
    """Where it is included, for IE."""
    place: str | None = None
    """File and line where it is declared."""
    base_mwh: float | None = None
    base_t: float | None = None
    elsewhere_has_figure: bool = True
    """False if the cell in which it is said to be included has no figure in the year."""

    @property
    def not_comparable(self) -> bool:
        """True if it is left out, and the base year has a figure for it."""
        return self.notation in LEFT_OUT and bool(self.base_mwh)

    @property
    def subject(self) -> str:
        """The cell in one name."""
        use = f"/{self.use}" if self.use else ""
        return f"{self.year}/{self.sector}/{self.carrier}{use}"


def noted_cells(
    declared: Iterable[DeclaredRow], year: int, choice: FactorChoice
) -> list[NotedCell]:
    """Every cell and use that has a key in ``year``, by sector and carrier."""
    rows = tuple(declared)
    now = latest_rows(year, rows)
    base = latest_rows(choice.method.base_year, rows)
    return [
        _noted(row, year, now, base, choice)
        for _, of_cell in sorted(now.items())
        for row in of_cell
        if row.notation
    ]


def notation_findings(noted: Iterable[NotedCell], base_year: int) -> list[Finding]:
    """What keys do to an inventory: figures that went, and rows that are included nowhere."""
    return [finding for one in noted for finding in _findings(one, base_year)]


def _noted(
    row: DeclaredRow,
    year: int,
    now: dict[Cell, tuple[DeclaredRow, ...]],
    base: dict[Cell, tuple[DeclaredRow, ...]],
    choice: FactorChoice,
) -> NotedCell:
    cell = row.sector, row.carrier
    told = {other.what for other in now[cell] if not other.notation}
    lost = [
        other.energy_mwh
        for other in base.get(cell, ())
        if not other.notation and (other.what == row.what or row.what is None)
        if other.what not in told
    ]
    base_mwh = math.fsum(lost) if lost and year > choice.method.base_year else None
    inside = row.included_cell
    return NotedCell(
        year=year,
        sector=row.sector,
        carrier=row.carrier,
        notation=row.notation or Notation.NOT_ESTIMATED,
        explanation=row.note or "",
        declared_year=row.year,
        use=row.what,
        included_in=inside,
        place=row.place,
        base_mwh=base_mwh,
        base_t=_base_t(base_mwh, row, choice),
        elsewhere_has_figure=not inside or any(not r.notation for r in now.get(inside, ())),
    )


def _base_t(base_mwh: float | None, row: DeclaredRow, choice: FactorChoice) -> float | None:
    if base_mwh is None:
        return None
    try:
        base = choice.method.base_year
        return base_mwh * choice.of_cell(row.carrier, row.sector, base).factor_t_per_mwh
    except FactorMissing:
        return None


def _findings(one: NotedCell, base_year: int) -> Iterable[Finding]:
    if one.not_comparable:
        numbers = {"base_mwh": one.base_mwh or 0.0}
        worth = f"{one.base_mwh or 0.0:,.1f} MWh"
        if one.base_t is not None:
            numbers["base_t"] = one.base_t
            worth = f"{one.base_t:,.1f} t"
        yield Finding(
            "notation.not_comparable",
            one.subject,
            f"{one.notation} where {base_year} has a figure: not comparable, and the {worth} of "
            f"{base_year} are no saving",
            numbers=numbers,
        )
    if one.notation is Notation.INCLUDED_ELSEWHERE:
        yield from _elsewhere(one)
    if one.declared_year != one.year:
        yield Finding(
            "notation.carried",
            one.subject,
            f"nothing declared for {one.year}: the key {one.notation} of {one.declared_year} "
            "stands in",
        )


def _elsewhere(one: NotedCell) -> Iterable[Finding]:
    if one.included_in is None:
        yield Finding(
            "notation.nowhere_included",
            one.subject,
            "IE, and nothing says where: name the cell under included_in",
        )
    elif not one.elsewhere_has_figure:
        sector, carrier = one.included_in
        yield Finding(
            "notation.nowhere_included",
            one.subject,
            f"IE in {sector}/{carrier}, which has no figure: it is included nowhere",
        )
