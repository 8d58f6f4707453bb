"""Emissions that no final energy causes: waste, waste water, other; and green electricity.

They are rows of the inventory beside its lines and part of its total. Those that a city declares
stand in ``cities/<city>/inventory/other_emissions.csv``, each in tonnes with its source; one that
is not declared for a year takes its latest earlier figure and says so, as declared energy does.
Certified green electricity is taken off only where the plan wants it as a row of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from pydantic import Field, PrivateAttr, model_validator

from paes.config_table import read_csv, repeated_rows
from paes.errors import ConfigError, FactorMissing
from paes.factors.emission_factors import FactorMatch, Year
from paes.metering import Finding
from paes.schema import Identifier, Stated
from paes.supply.green_electricity import GreenPurchase, bought_in

FILE = "other_emissions.csv"
GREEN_FORMULA = "mwh * (certified_t_per_mwh - electricity_t_per_mwh)"


class OtherRow(StrEnum):
    """Rows of the Covenant's table B that have no energy."""

    WASTE_MANAGEMENT = "waste_management"
    WASTE_WATER = "waste_water"
    OTHER = "other"
    GREEN_ELECTRICITY = "green_electricity"


CODES = {
    OtherRow.WASTE_MANAGEMENT: "M91",
    OtherRow.WASTE_WATER: "M92",
    OtherRow.OTHER: "M93",
    OtherRow.GREEN_ELECTRICITY: "M510",
}
"""The rows' codes in the Covenant's template of 2010; M109 is their total without the last."""


class DeclaredOther(Stated):
    """One line of ``other_emissions.csv``: tonnes of the factor set's gas in a year.

    A removal (trees that take up CO2) is negative; only the row ``other`` may hold one.
    """

    what: ClassVar[str] = "a declared figure"

    year: Year
    row: OtherRow
    use: Identifier | None = None
    """What of the row it is (landfill, incineration), where several lines stand side by side."""
    t: float
    uncertainty_fraction: float | None = Field(default=None, ge=0, le=2)
    """Half the width of the figure's 95 % interval, as a part of it."""
    _place: str | None = PrivateAttr(None)

    @property
    def key(self) -> tuple[object, ...]:
        """What may be declared once only."""
        return self.year, self.row, self.use

    @property
    def title(self) -> str:
        """The row in words, for a message."""
        return f"{self.row}{f' ({self.use})' if self.use else ''}, {self.year}"

    @property
    def place(self) -> str | None:
        """File and line where it stands; None if it comes from no file."""
        return self._place

    def standing_at(self, place: str) -> DeclaredOther:
        """The row as one that stands at ``place``, a file and line."""
        made = self.model_copy()
        made._place = place
        return made

    @model_validator(mode="after")
    def _is_credible(self) -> DeclaredOther:
        if self.row is OtherRow.GREEN_ELECTRICITY:
            raise ValueError("green electricity is declared in MWh, in green_electricity.csv")
        if self.t < 0 and (self.row is not OtherRow.OTHER or not self.note):
            raise ValueError(
                f"t is {self.t}: what is taken off stands in the row other, with a note that "
                "says what removes it"
            )
        return self


@dataclass(frozen=True, slots=True)
class OtherEmissions:
    """One such row: tonnes, negative where something is taken off."""

    year: int
    row: OtherRow
    emissions_t: float
    declared_year: int
    source: str
    use: str | None = None
    assumed: bool = False
    note: str | None = None
    place: str | None = None
    """File and line where it is declared."""
    uncertainty_fraction: float | None = None
    """Half the width of the figure's 95 % interval, as a part of it."""
    formula: str | None = None
    """How it was worked out, where it is not declared in tonnes."""
    numbers: Mapping[str, float] = field(default_factory=dict, hash=False)
    """What it was worked out from; names end with their unit."""

    @property
    def code(self) -> str:
        """The row's code in the template."""
        return CODES[self.row]

    @property
    def what(self) -> str:
        """Row and use in one name."""
        return f"{self.row}/{self.use}" if self.use else str(self.row)

    @property
    def carried(self) -> bool:
        """True if an earlier year's figure stands in."""
        return self.declared_year != self.year


def read_other_emissions(path: Path) -> tuple[DeclaredOther, ...]:
    """The rows of ``path``, () if there is no file; ConfigError with every problem."""
    if not path.is_file():
        return ()
    rows = read_csv(path, DeclaredOther)
    problems = repeated_rows([(path, rows)], lambda row: row.key, lambda row: row.title)
    if problems:
        raise ConfigError(problems)
    return tuple(row.standing_at(f"{path.name}:{line}") for line, row in rows)


def other_rows(
    declared: Iterable[DeclaredOther], year: int
) -> tuple[list[OtherEmissions], list[Finding]]:
    """The rows of ``year``, each with its latest figure, and what is odd about them."""
    latest: dict[tuple[OtherRow, str], DeclaredOther] = {}
    for row in sorted(declared, key=lambda r: r.year):
        if row.year <= year:
            latest[row.row, row.use or ""] = row
    rows = [_row(row, year) for _, row in sorted(latest.items())]
    findings = [_carried(row) for row in rows if row.carried]
    return rows, findings + [_undivided(row) for row in rows if _may_hold_others(row, rows)]


def green_row(
    purchases: Iterable[GreenPurchase], year: int, electricity: FactorMatch, life_cycle: bool
) -> OtherEmissions | None:
    """What certified purchases of ``year`` take off where they are a row of their own.

    Each takes off its energy times the difference between the factor of electricity and its own:
    row M520 where the set counts a ``life_cycle``, nothing in the standard approach. None if
    nothing was bought. Raises FactorMissing for a purchase whose life cycle nobody tells.
    """
    bought = bought_in(purchases, year)
    if not bought:
        return None
    mwh = math.fsum(one.mwh for one in bought)
    certified_t = math.fsum(_life_cycle_t(one) for one in bought) if life_cycle else 0.0
    return OtherEmissions(
        year=year,
        row=OtherRow.GREEN_ELECTRICITY,
        emissions_t=certified_t - mwh * electricity.factor_t_per_mwh,
        declared_year=year,
        source="; ".join(dict.fromkeys(one.source or one.note or "" for one in bought)),
        assumed=electricity.assumed or any(one.assumed for one in bought),
        formula=GREEN_FORMULA,
        numbers={
            "mwh": mwh,
            "electricity_t_per_mwh": electricity.factor_t_per_mwh,
            "certified_t_per_mwh": certified_t / mwh if mwh else 0.0,
        },
    )


def _life_cycle_t(purchase: GreenPurchase) -> float:
    if purchase.factor_t_per_mwh is None:
        raise FactorMissing(
            f"green_electricity.csv: what was bought in {purchase.year} has no factor_t_per_mwh, "
            "and the plan's set counts life cycles; give the certified plants' own"
        )
    return purchase.mwh * purchase.factor_t_per_mwh


def _row(row: DeclaredOther, year: int) -> OtherEmissions:
    return OtherEmissions(
        year=year,
        row=row.row,
        emissions_t=row.t,
        declared_year=row.year,
        source=row.source or "",
        use=row.use,
        assumed=row.assumed,
        note=row.note,
        place=row.place,
        uncertainty_fraction=row.uncertainty_fraction,
    )


def _carried(row: OtherEmissions) -> Finding:
    return Finding(
        "other_emissions.carried",
        f"{row.year}/{row.what}",
        f"nothing declared for {row.year}: the figure of {row.declared_year} stands in",
        numbers={"declared_t": row.emissions_t},
    )


def _may_hold_others(row: OtherEmissions, rows: list[OtherEmissions]) -> bool:
    """True if an older figure without a use stands beside uses that may be its parts."""
    later = (o for o in rows if o.row is row.row and o.declared_year > row.declared_year)
    return row.use is None and bool(row.emissions_t) and any(later)


def _undivided(row: OtherEmissions) -> Finding:
    return Finding(
        "other_emissions.undivided",
        f"{row.year}/{row.what}",
        f"the figure of {row.declared_year} without a use stands beside later ones of uses: if "
        "they are its parts, declare what remains of it (0 if nothing), or they count twice",
        numbers={"declared_t": row.emissions_t},
    )
