"""From an amount of fuel to kWh on the net calorific value, with a passport of how.

Emission factors per MWh are made for *net* energy (PCI). Gas is sold by its *gross* value
(PCS), which is a tenth higher: the gross value of a bill is therefore never used as if it were
net, energy that was given gross is converted, and a value that looks like the other one is
refused. Gas volumes are standard ones (Sm3: 15 degC, 101325 Pa); those of a meter need its
coefficient C.

Values are rows of ``factors/calorific_values.csv``; an installation may add its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from pydantic import Field

from paes.errors import DataError, FactorMissing
from paes.factors.dated_values import How, Year, best
from paes.factors.fuel_amounts import Basis, BillValue, FuelAmount, quantity_of, require_telling
from paes.metering import Carrier
from paes.schema import Identifier, Sourced
from paes.units import fuel_unit, kwh_in

MJ_PER_KWH = 3.6
PLAUSIBLE = (0.8, 1.2)
"""A calorific value of a bill beside the one of the table."""
LIKE_GROSS = 0.97
"""A value said to be net is taken for a gross one from this part of the table's gross value on."""


class CalorificRow(Sourced):
    """Energy in one unit of a fuel; ``fuel`` tells those of one carrier apart (wood, pellet)."""

    carrier: Carrier
    fuel: Identifier | None = None
    unit: Literal["Sm3", "kg", "l"]
    kwh_per_unit: float = Field(gt=0, le=50)
    basis: Basis
    year: Year | None = None


@dataclass(frozen=True, slots=True)
class CalorificMatch:
    """Energy per unit of fuel in kWh, net unless ``basis`` says otherwise, with its origin."""

    carrier: Carrier
    unit: str
    kwh_per_unit: float
    year_used: int | None
    how: How
    source: str
    assumed: bool
    basis: Basis = Basis.NET
    fuel: str | None = None
    note: str | None = None


class Way(StrEnum):
    """How an amount became net energy."""

    ENERGY = "energy"  # it was net energy, or energy that knows no such difference
    GROSS_ENERGY = "gross_energy"  # gross energy, times net / gross of the table
    NET_VALUE = "net_value"  # quantity times the table's net value
    BILL_NET = "bill_net"  # quantity times the net value of the bill
    BILL_GROSS = "bill_gross"  # quantity times the gross value of the bill, times net / gross


@dataclass(frozen=True, slots=True)
class FuelEnergy:
    """Net energy in kWh with everything needed to follow it.

    ``net`` and ``gross`` are the values of the table that were used, None where none was.
    """

    given: FuelAmount
    kwh: float
    way: Way
    net: CalorificMatch | None = None
    gross: CalorificMatch | None = None

    @property
    def assumed(self) -> bool:
        """True if a value of the table that it rests on is an assumption."""
        return any(match.assumed for match in (self.net, self.gross) if match)

    @property
    def told(self) -> str:
        """The conversion in words, with the values used."""
        given = f"{self.given.amount:g} {self.given.unit}"
        bill = self.given.bill_value
        steps = {
            Way.ENERGY: "as energy",
            Way.NET_VALUE: f"x {_value(self.net)}",
            Way.GROSS_ENERGY: f"gross x {_ratio(self.net, self.gross)}",
            Way.BILL_NET: f"x {bill.value:g} {bill.unit} net (bill)" if bill else "",
            Way.BILL_GROSS: (
                f"x {bill.value:g} {bill.unit} gross (bill) x {_ratio(self.net, self.gross)}"
                if bill
                else ""
            ),
        }
        coefficient = self.given.volume_correction
        c = f" x C {coefficient:g}" if coefficient and fuel_unit(self.given.unit) == "m3" else ""
        return f"{given}{c} {steps[self.way]}"


class CalorificValues:
    """The calorific values of an installation."""

    def __init__(self, rows: Iterable[CalorificRow] = ()) -> None:
        self._rows = tuple(rows)

    def find(
        self,
        carrier: Carrier,
        unit: str,
        year: int,
        basis: Basis = Basis.NET,
        fuel: str | None = None,
    ) -> CalorificMatch:
        """kWh in one ``unit`` (Sm3, kg, l) of ``carrier``; FactorMissing if unknown."""
        of_carrier = [r for r in self._rows if r.carrier is carrier and r.basis is basis]
        row, how = best([r for r in of_carrier if (r.unit, r.fuel) == (unit, fuel)], year)
        if row is None:
            named = f"{carrier} ({fuel})" if fuel else carrier
            known = sorted({f"{r.fuel or carrier} per {r.unit}" for r in of_carrier})
            raise FactorMissing(
                f"no {basis} calorific value for {named} per {unit} in {year}; "
                f"there is {', '.join(known) or 'none of this carrier'}"
            )
        return CalorificMatch(
            carrier=carrier,
            unit=unit,
            kwh_per_unit=row.kwh_per_unit,
            year_used=row.year,
            how=how,
            source=row.source or "",
            assumed=row.assumed,
            basis=basis,
            fuel=fuel,
            note=row.note,
        )

    def energy(self, given: FuelAmount, year: int) -> FuelEnergy:
        """``given`` in kWh on the net calorific value.

        DataError if it cannot be told what the amount means (m3 without C, kWh of gas without
        basis, a value of a bill that looks like the other one), FactorMissing if the table has
        no value for it.
        """
        factor = kwh_in(given.unit)
        if factor is not None:
            return self._from_energy(given, given.amount * factor, year)
        quantity, unit = quantity_of(given)
        if given.bill_value is not None:
            return self._from_bill(given, given.bill_value, quantity, unit, year)
        net = self.find(given.carrier, unit, year, fuel=given.fuel)
        return FuelEnergy(given, quantity * net.kwh_per_unit, Way.NET_VALUE, net)

    def _from_energy(self, given: FuelAmount, kwh: float, year: int) -> FuelEnergy:
        require_telling(given)
        if given.basis is not Basis.GROSS:
            return FuelEnergy(given, kwh, Way.ENERGY)
        net, gross = self._pair(given.carrier, year, given.fuel)
        net_kwh = kwh * net.kwh_per_unit / gross.kwh_per_unit
        return FuelEnergy(given, net_kwh, Way.GROSS_ENERGY, net, gross)

    def _from_bill(
        self, given: FuelAmount, bill: BillValue, quantity: float, unit: str, year: int
    ) -> FuelEnergy:
        if bill.per != unit:
            raise DataError(f"calorific value per {bill.per} for an amount in {unit}")
        net = self.find(given.carrier, unit, year, Basis.NET, given.fuel)
        kwh = quantity * bill.kwh_per_unit
        if bill.basis is Basis.NET:
            _require_net(bill, net, self._gross(given, unit, year))
            return FuelEnergy(given, kwh, Way.BILL_NET)
        gross = self.find(given.carrier, unit, year, Basis.GROSS, given.fuel)
        _require_gross(bill, net, gross)
        net_kwh = kwh * net.kwh_per_unit / gross.kwh_per_unit
        return FuelEnergy(given, net_kwh, Way.BILL_GROSS, net, gross)

    def _gross(self, given: FuelAmount, unit: str, year: int) -> CalorificMatch | None:
        try:
            return self.find(given.carrier, unit, year, Basis.GROSS, given.fuel)
        except FactorMissing:
            return None

    def _pair(
        self, carrier: Carrier, year: int, fuel: str | None
    ) -> tuple[CalorificMatch, CalorificMatch]:
        """Net and gross value of one and the same unit, which make the relation of the two."""
        units = [
            r.unit
            for r in self._rows
            if (r.carrier, r.fuel, r.basis) == (carrier, fuel, Basis.GROSS)
        ]
        per = units[0] if units else "Sm3" if carrier is Carrier.NATURAL_GAS else "kg"
        gross = self.find(carrier, per, year, Basis.GROSS, fuel)
        return self.find(carrier, per, year, Basis.NET, fuel), gross


def _require_net(bill: BillValue, net: CalorificMatch, gross: CalorificMatch | None) -> None:
    """DataError for a net value that is far from the table's, or looks like a gross one."""
    _require_plausible(bill, net)
    if gross and bill.kwh_per_unit >= LIKE_GROSS * gross.kwh_per_unit:
        raise DataError(
            f"net calorific value (PCI) of {bill.value:g} {bill.unit} looks like a gross one "
            f"(PCS); {_usual(net)}, {_usual(gross)}: give it as gross"
        )


def _require_gross(bill: BillValue, net: CalorificMatch, gross: CalorificMatch) -> None:
    """DataError for a gross value that is far from the table's, or looks like a net one."""
    _require_plausible(bill, gross)
    if bill.kwh_per_unit <= net.kwh_per_unit:
        raise DataError(
            f"gross calorific value (PCS) of {bill.value:g} {bill.unit} looks like a net one "
            f"(PCI); {_usual(net)}, {_usual(gross)}: give it as net"
        )


def _require_plausible(bill: BillValue, table: CalorificMatch) -> None:
    low, high = (table.kwh_per_unit * part for part in PLAUSIBLE)
    if not low <= bill.kwh_per_unit <= high:
        raise DataError(
            f"{bill.basis} calorific value of {bill.value:g} {bill.unit} cannot be "
            f"({bill.kwh_per_unit:.4g} kWh/{table.unit}); {_usual(table)}"
        )


def _usual(match: CalorificMatch) -> str:
    return (
        f"usual is {match.kwh_per_unit:.2f} kWh/{match.unit} "
        f"({match.kwh_per_unit * MJ_PER_KWH:.2f} MJ) {match.basis}"
    )


def _value(match: CalorificMatch | None) -> str:
    return f"{match.kwh_per_unit:g} kWh/{match.unit} {match.basis}" if match else ""


def _ratio(net: CalorificMatch | None, gross: CalorificMatch | None) -> str:
    if net is None or gross is None:
        return ""
    return f"{net.kwh_per_unit / gross.kwh_per_unit:.3f} net/gross"
