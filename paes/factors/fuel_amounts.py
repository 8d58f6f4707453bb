"""Amounts of fuel, heat and electricity as bills, delivery notes and tables say them.

What an amount means must be clear before it is turned into energy
(``paes.factors.calorific_values``): kWh of gas may be net or gross, m3 of a meter need its
coefficient, tep of electricity may be primary energy. What may be two things is refused, with
what to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from paes.errors import DataError
from paes.metering import Carrier
from paes.units import fuel_unit, kwh_in

SM3_PER_NM3 = 288.15 / 273.15
"""The same gas at 15 degC instead of 0 degC, both at 101325 Pa (ideal gas)."""
_NO_FUEL = (Carrier.ELECTRICITY, Carrier.HEAT_COLD, Carrier.SOLAR_THERMAL, Carrier.GEOTHERMAL)
_LIQUIDS = (
    Carrier.HEATING_OIL, Carrier.DIESEL, Carrier.GASOLINE, Carrier.PLANT_OIL, Carrier.BIOFUEL,
)  # fmt: skip


class Basis(StrEnum):
    """Which calorific value energy is counted on."""

    NET = "net"  # PCI: without the heat of condensation
    GROSS = "gross"  # PCS: with it


@dataclass(frozen=True, slots=True)
class BillValue:
    """A calorific value as a bill prints it: 38.52, MJ/Sm3, gross."""

    value: float
    unit: str
    basis: Basis

    @property
    def per(self) -> str:
        """What it is the energy of one of: Sm3, kg, l."""
        return fuel_unit(self.unit.partition("/")[2])

    @property
    def kwh_per_unit(self) -> float:
        """In kWh; DataError for a unit that is no energy per amount."""
        energy, slash, _ = self.unit.partition("/")
        factor = kwh_in(energy)
        if not slash or factor is None:
            raise DataError(f"calorific value in {self.unit!r}; expected one such as MJ/Sm3")
        return self.value * factor


@dataclass(frozen=True, slots=True)
class FuelAmount:
    """An amount of fuel, heat or electricity as a bill, a delivery note or a table says it.

    ``unit`` is one of energy or of quantity. ``basis`` is that of an energy (natural gas needs
    it), ``bill_value`` the value that the bill itself prints, ``volume_correction`` the
    coefficient C of a gas meter, for m3.
    """

    carrier: Carrier
    amount: float
    unit: str
    fuel: str | None = None
    basis: Basis | None = None
    bill_value: BillValue | None = None
    volume_correction: float | None = None


def require_telling(given: FuelAmount) -> None:
    """DataError for an energy that may be one of two things."""
    in_toe = fuel_unit(given.unit) == "toe"
    if in_toe and given.carrier is Carrier.ELECTRICITY:
        raise DataError(
            "electricity in tep may be primary energy (0.187 tep/MWh) or final (0.086); give kWh"
        )
    if given.basis is not None and given.carrier in _NO_FUEL:
        raise DataError(f"{given.carrier} has no {given.basis} value; leave the basis out")
    if given.carrier is Carrier.NATURAL_GAS and given.basis is None and not in_toe:
        raise DataError(
            f"{given.unit} of natural gas: say whether they are net (PCI) or gross (PCS), as on "
            "most bills"
        )


def quantity_of(given: FuelAmount) -> tuple[float, str]:
    """The amount in Sm3, kg or l; DataError if it is none of these of the carrier."""
    unit, carrier = fuel_unit(given.unit), given.carrier
    if carrier in _NO_FUEL:
        raise DataError(f"{carrier} in {given.unit}; expected a unit of energy such as kWh")
    if given.basis is not None:
        raise DataError(f"basis {given.basis} goes with energy, and this is in {given.unit}")
    if unit == "t":
        return given.amount * 1000.0, "kg"
    if unit == "Nm3":
        return given.amount * SM3_PER_NM3, "Sm3"
    if unit != "m3":
        return given.amount, unit
    if carrier in _LIQUIDS:
        return given.amount * 1000.0, "l"
    if carrier is Carrier.NATURAL_GAS and given.volume_correction:
        return given.amount * given.volume_correction, "Sm3"
    if carrier is Carrier.NATURAL_GAS:
        raise DataError("m3 of a gas meter need its coefficient C (Sm3 = m3 x C); bills print both")
    raise DataError(f"m3 of {carrier} may be anything; give kg, l or Sm3")
