"""One line of an activity table: declared energy, or an amount that becomes energy.

What rows of a year add up to, and how they meet the meters, is ``paes.activity.activity_data``.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, PrivateAttr, field_validator, model_validator

from paes.errors import DataError
from paes.factors.calorific_values import FuelEnergy
from paes.factors.emission_factors import BIOGENIC, FactorLibrary, Year
from paes.factors.fuel_amounts import Basis, FuelAmount
from paes.metering import Carrier, Sector
from paes.schema import Identifier, Sourced
from paes.units import KWH_PER_MWH, fuel_unit

_OF_AMOUNTS = ("unit", "basis", "volume_correction")
_OF_FIGURES = ("mwh", "amount", "unit", "sustainable_fraction", "uncertainty_fraction", "sessions")


class Covers(StrEnum):
    """What a declared row stands for."""

    SECTOR = "sector"
    REST = "rest"
    SITES = "sites"
    """What the row's ``sites`` used: their meters take its place once they see the year."""


class Notation(StrEnum):
    """Why a cell has no figure: the Global Covenant's keys."""

    NOT_OCCURRING = "NO"
    INCLUDED_ELSEWHERE = "IE"
    CONFIDENTIAL = "C"
    NOT_ESTIMATED = "NE"


class KnownFrom(StrEnum):
    """What a declared figure is known from, which decides how uncertain it is."""

    DISTRIBUTOR = "distributor"
    BILLS = "bills"
    STATISTICS = "statistics"
    MODEL = "model"
    ASSUMPTION = "assumption"


class DeclaredRow(Sourced):
    """One line of an activity CSV: declared final energy of a sector and carrier in a year.

    Of fuels it is net energy. ``mwh`` is None only in a row with an amount that was not
    ``converted`` yet; a loaded installation has none of these.
    """

    year: Year
    sector: Sector
    carrier: Carrier
    use: Identifier | None = None
    """What of the sector it is for, where several rows stand side by side."""
    mwh: float | None = Field(default=None, ge=0)
    amount: float | None = Field(default=None, ge=0)
    """Instead of ``mwh``: so much of ``unit`` (l, kg, Sm3, kWh, Gcal, tep …)."""
    unit: str | None = None
    basis: Basis | None = None
    """On which calorific value an amount in kWh of gas is counted: net or gross."""
    volume_correction: float | None = Field(default=None, gt=0)
    """Coefficient C, for an amount in m3 of a gas meter."""
    fuel: Identifier | None = None
    """Which of a carrier's fuels (pellet, wood, biodiesel), for an amount."""
    covers: Covers = Covers.SECTOR
    sites: tuple[Identifier, ...] = ()
    """Whose energy it is, if it ``covers: sites``; in a table their ids with spaces between."""
    sessions: int | None = Field(default=None, ge=0)
    """How often vehicles were charged; a count that goes into no sum of energy."""
    notation: Notation | None = None
    """Instead of a figure: why there is none; ``note`` explains it."""
    included_in: str | None = None
    """Where a row with the key IE is included: a sector, or ``sector/carrier``."""
    sustainable_fraction: float | None = Field(default=None, ge=0, le=1)
    """The part of a biofuel or biomass that is from sustainable sources."""
    uncertainty_fraction: float | None = Field(default=None, ge=0, le=2)
    """Half the width of the figure's 95 % interval, as a part of it."""
    known_from: KnownFrom | None = None
    """A distributor's meters, bills, statistics …; else by its marks and its sector."""
    _conversion: FuelEnergy | None = PrivateAttr(None)
    _place: str | None = PrivateAttr(None)

    @property
    def cell(self) -> tuple[int, Sector, Carrier, str | None]:
        """What may be declared once only."""
        return self.year, self.sector, self.carrier, self.what

    @property
    def what(self) -> str | None:
        """What of the sector it is: its use, or its sites; None for all of it, or all the rest."""
        return self.use or "+".join(sorted(self.sites)) or None

    @property
    def title(self) -> str:
        """The row in words, for a message."""
        what = f" ({self.what})" if self.what else ""
        return f"{self.carrier} in {self.sector}{what}, {self.year}"

    @property
    def energy_mwh(self) -> float:
        """Its energy; DataError if it is an amount that was not converted."""
        if self.notation:
            raise DataError(f"{self.title}: notation key {self.notation} in place of a figure")
        if self.mwh is None:
            raise DataError(f"{self.title}: {self.amount} {self.unit} was not converted to MWh")
        return self.mwh

    @property
    def included_cell(self) -> tuple[Sector, Carrier] | None:
        """Where it is included, if it is included elsewhere; without a carrier, in its own."""
        if self.included_in is None:
            return None
        sector, _, carrier = self.included_in.partition("/")
        return Sector(sector), Carrier(carrier) if carrier else self.carrier

    @property
    def place(self) -> str | None:
        """File and line where it stands; None if it comes from no file."""
        return self._place

    def standing_at(self, place: str) -> DeclaredRow:
        """The row as one that stands at ``place``, a file and line."""
        made = self.model_copy()
        made._place = place
        return made

    @property
    def conversion(self) -> FuelEnergy | None:
        """How its amount became energy; None if it was declared as energy."""
        return self._conversion

    @property
    def rests_on_assumption(self) -> bool:
        """True if the figure, or the calorific value it was made with, is an assumption."""
        return self.assumed or bool(self._conversion and self._conversion.assumed)

    def converted(self, factors: FactorLibrary) -> DeclaredRow:
        """The row with its energy; DataError if its amount cannot be turned into energy."""
        if self.amount is None or self.unit is None:
            return self
        given = FuelAmount(
            carrier=self.carrier,
            amount=self.amount,
            unit=self.unit,
            fuel=self.fuel,
            basis=self.basis,
            volume_correction=self.volume_correction,
        )
        conversion = factors.energy(given, self.year)
        made = self.model_copy(update={"mwh": conversion.kwh / KWH_PER_MWH})
        made._conversion = conversion
        return made

    @field_validator("sites", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return tuple(value.split()) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _names_its_sites(self) -> DeclaredRow:
        if self.sites and self.covers is not Covers.SITES:
            raise ValueError(f"covers {self.covers}, and sites are named; write covers sites")
        if self.covers is Covers.SITES and not self.sites:
            raise ValueError("covers sites, and names none; write their ids under sites")
        if len(set(self.sites)) < len(self.sites):
            raise ValueError("sites names one of them twice")
        return self

    @model_validator(mode="after")
    def _has_origin(self) -> DeclaredRow:
        if not self.source and not self.assumed and not self.notation:
            raise ValueError("a declared figure needs a source, or assumed: true with a note")
        return self

    @model_validator(mode="after")
    def _is_one_figure(self) -> DeclaredRow:
        _require_its_place(self)
        if self.notation:
            _require_no_figure(self)
            return self
        if self.mwh is not None and self.amount is not None:
            raise ValueError("amount is there beside mwh; expected one of them")
        if self.mwh is None and self.amount is None:
            raise ValueError("mwh is empty, and no amount with its unit is there instead")
        if self.amount is None:
            idle = [name for name in _OF_AMOUNTS if getattr(self, name) is not None]
            if idle:
                raise ValueError(f"{idle[0]} goes with an amount, and this row is in mwh")
        elif self.unit is None:
            raise ValueError("amount needs a unit, such as l, kg, Sm3 or kWh")
        if self.unit is not None:
            _require_unit(self.unit)
        return self


def _require_its_place(row: DeclaredRow) -> None:
    """ValueError for columns that do not go with the row."""
    if row.sustainable_fraction is not None and row.carrier not in BIOGENIC:
        raise ValueError(
            f"sustainable_fraction is for {', '.join(sorted(BIOGENIC))}; this row is {row.carrier}"
        )
    if row.included_in is None:
        return
    if row.notation is not Notation.INCLUDED_ELSEWHERE:
        raise ValueError("included_in goes with notation key IE")
    try:
        inside = row.included_cell
    except ValueError as err:
        raise ValueError(
            f"included_in is {row.included_in!r}; expected a sector, or sector/carrier"
        ) from err
    if inside == (row.sector, row.carrier):
        raise ValueError("included_in names the row's own cell")


def _require_no_figure(row: DeclaredRow) -> None:
    given = [name for name in _OF_FIGURES if getattr(row, name) is not None]
    if given:
        seen = f"{given[0]} {getattr(row, given[0])}"
        raise ValueError(f"{seen} is there beside notation key {row.notation}; expected one")
    if not row.note:
        raise ValueError(f"notation key {row.notation} needs a note that explains it")


def _require_unit(unit: str) -> None:
    try:
        fuel_unit(unit)
    except DataError as err:
        raise ValueError(f"unit: {err}") from err
