"""Amounts of fuel as net energy; every expected figure is worked out by hand beside it."""

from __future__ import annotations

import pytest

from paes.errors import DataError, FactorMissing
from paes.factors.calorific_values import CalorificRow, CalorificValues, Way
from paes.factors.dated_values import How
from paes.factors.fuel_amounts import Basis, BillValue, FuelAmount
from paes.metering import Carrier

GAS = Carrier.NATURAL_GAS
VALUES = CalorificValues(
    CalorificRow.model_validate(
        {"carrier": carrier, "fuel": fuel, "unit": unit, "kwh_per_unit": value, "basis": basis,
         "year": year, "source": "by hand", "assumed": assumed, "note": "by hand"}
    )
    for carrier, fuel, unit, value, basis, year, assumed in [
        ("natural_gas", None, "Sm3", 9.6, "net", None, False),
        ("natural_gas", None, "Sm3", 9.9, "net", 2018, False),
        ("natural_gas", None, "Sm3", 10.6, "gross", None, False),
        ("natural_gas", None, "Sm3", 11.0, "gross", 2018, True),
        ("heating_oil", None, "l", 10.0, "net", None, True),
        ("heating_oil", None, "kg", 11.86, "net", None, False),
        ("liquid_gas", None, "l", 6.9, "net", None, False),
        ("other_biomass", "pellet", "kg", 5.0, "net", None, False),
        ("other_biomass", "wood", "kg", 4.3, "net", None, False),
    ]
)  # fmt: skip


def energy(carrier: Carrier, amount: float, unit: str, year: int = 2020, **more):
    return VALUES.energy(FuelAmount(carrier, amount, unit, **more), year)


@pytest.mark.parametrize(
    ("carrier", "amount", "unit", "fuel", "kwh"),
    [
        (GAS, 1000.0, "Sm3", None, 9600.0),
        (GAS, 1000.0, "Smc", None, 9600.0),
        (GAS, 1000.0, "Nm3", None, 9600.0 * 288.15 / 273.15),
        (Carrier.HEATING_OIL, 1500.0, "l", None, 15_000.0),
        (Carrier.HEATING_OIL, 1.5, "m3", None, 15_000.0),
        (Carrier.HEATING_OIL, 2.0, "t", None, 23_720.0),
        (Carrier.OTHER_BIOMASS, 3.0, "t", "pellet", 15_000.0),
        (Carrier.OTHER_BIOMASS, 3.0, "t", "wood", 12_900.0),
        (Carrier.HEAT_COLD, 2.0, "Gcal", None, 2326.0),
        (Carrier.HEAT_COLD, 7.2, "GJ", None, 2000.0),
        (Carrier.ELECTRICITY, 5.0, "MWh", None, 5000.0),
        (Carrier.DIESEL, 1.0, "tep", None, 11_630.0),
    ],
)
def test_an_amount_in_net_kwh(carrier, amount, unit, fuel, kwh):
    assert energy(carrier, amount, unit, fuel=fuel).kwh == pytest.approx(kwh, rel=1e-12)


def test_the_passport_says_which_value_and_how_it_matched():
    made = energy(GAS, 100.0, "Sm3", 2018)
    assert (made.way, made.kwh) == (Way.NET_VALUE, pytest.approx(990.0))
    assert made.net is not None
    assert (made.net.how, made.net.year_used, made.net.basis) == (How.EXACT, 2018, Basis.NET)
    assert not made.assumed
    assert made.told == "100 Sm3 x 9.9 kWh/Sm3 net"
    assert energy(Carrier.HEATING_OIL, 1.0, "l").assumed


def test_gross_energy_is_converted_and_never_taken_as_net():
    # 11,000 kWh gross x 9.9 / 11.0 = 9,900 kWh net; taken as net it would be 11 % too much
    made = energy(GAS, 11_000.0, "kWh", 2018, basis=Basis.GROSS)
    assert made.kwh == pytest.approx(9900.0)
    assert made.way is Way.GROSS_ENERGY
    assert made.assumed  # the gross value of 2018 is
    assert made.told == "11000 kWh gross x 0.900 net/gross"


def test_net_energy_stays_what_it_is():
    made = energy(GAS, 9900.0, "kWh", basis=Basis.NET)
    assert (made.kwh, made.way) == (9900.0, Way.ENERGY)


def test_energy_of_gas_must_say_on_which_value():
    with pytest.raises(DataError) as told:
        energy(GAS, 9900.0, "kWh")
    assert str(told.value) == (
        "kWh of natural gas: say whether they are net (PCI) or gross (PCS), as on most bills"
    )


def test_a_meters_volume_needs_its_coefficient():
    # 1,000 m3 x 1.02 = 1,020 Sm3 x 9.6 kWh
    made = energy(GAS, 1000.0, "mc", volume_correction=1.02)
    assert made.kwh == pytest.approx(9792.0)
    assert made.told == "1000 mc x C 1.02 x 9.6 kWh/Sm3 net"
    with pytest.raises(DataError) as told:
        energy(GAS, 1000.0, "mc")
    assert str(told.value) == (
        "m3 of a gas meter need its coefficient C (Sm3 = m3 x C); bills print both"
    )


@pytest.mark.parametrize(("value", "unit"), [(38.52, "MJ/Smc"), (0.03852, "GJ/Sm3")])
def test_the_gross_value_of_a_bill_is_brought_to_net(value, unit):
    # 100 Sm3 x 38.52 MJ / 3.6 = 1,070 kWh gross x 9.9 / 11.0 = 963 kWh net
    bill = BillValue(value, unit, Basis.GROSS)
    made = energy(GAS, 100.0, "Smc", 2018, bill_value=bill)
    assert made.kwh == pytest.approx(963.0)
    assert made.way is Way.BILL_GROSS
    assert made.told == f"100 Smc x {value:g} {unit} gross (bill) x 0.900 net/gross"


def test_the_net_value_of_a_bill_is_used_as_it_is():
    # 100 Sm3 x 34.92 MJ / 3.6 = 970 kWh
    made = energy(GAS, 100.0, "Sm3", bill_value=BillValue(34.92, "MJ/Sm3", Basis.NET))
    assert (made.kwh, made.way) == (pytest.approx(970.0), Way.BILL_NET)
    pellet = BillValue(18.0, "MJ/kg", Basis.NET)  # nothing says what is gross here
    made = energy(Carrier.OTHER_BIOMASS, 10.0, "kg", fuel="pellet", bill_value=pellet)
    assert made.kwh == pytest.approx(50.0)


@pytest.mark.parametrize(
    ("bill", "message"),
    [
        (
            BillValue(38.52, "MJ/Sm3", Basis.NET),
            (
                "net calorific value (PCI) of 38.52 MJ/Sm3 looks like a gross one (PCS); usual is "
                "9.60 kWh/Sm3 (34.56 MJ) net, usual is 10.60 kWh/Sm3 (38.16 MJ) gross: give it as "
                "gross"
            ),
        ),
        (
            BillValue(34.0, "MJ/Sm3", Basis.GROSS),
            (
                "gross calorific value (PCS) of 34 MJ/Sm3 looks like a net one (PCI); usual is "
                "9.60 kWh/Sm3 (34.56 MJ) net, usual is 10.60 kWh/Sm3 (38.16 MJ) gross: give it as "
                "net"
            ),
        ),
        (
            BillValue(38.52, "GJ/Sm3", Basis.GROSS),
            (
                "gross calorific value of 38.52 GJ/Sm3 cannot be (1.07e+04 kWh/Sm3); usual is "
                "10.60 kWh/Sm3 (38.16 MJ) gross"
            ),
        ),
        (BillValue(38.5, "MJ", Basis.GROSS), "unknown unit '' of fuel or energy; expected one of"),
        (BillValue(38.5, "l/Sm3", Basis.GROSS), "calorific value in 'l/Sm3'; expected one such as"),
        (BillValue(38.5, "MJ/kg", Basis.GROSS), "calorific value per kg for an amount in Sm3"),
    ],
)
def test_a_value_of_a_bill_that_cannot_be_meant_is_refused(bill, message):
    with pytest.raises(DataError) as told:
        energy(GAS, 100.0, "Sm3", bill_value=bill)
    assert str(told.value).startswith(message)


@pytest.mark.parametrize(
    ("carrier", "unit", "more", "message"),
    [
        (Carrier.ELECTRICITY, "tep", {}, "electricity in tep may be primary energy (0.187"),
        (Carrier.ELECTRICITY, "Sm3", {}, "electricity in Sm3; expected a unit of energy such as"),
        (Carrier.HEAT_COLD, "kWh", {"basis": Basis.GROSS}, "heat_cold has no gross value; leave"),
        (Carrier.LIQUID_GAS, "m3", {}, "m3 of liquid_gas may be anything; give kg, l or Sm3"),
        (GAS, "Sm3", {"basis": Basis.GROSS}, "basis gross goes with energy, and this is in Sm3"),
    ],
)
def test_an_amount_that_may_be_two_things_is_refused(carrier, unit, more, message):
    with pytest.raises(DataError) as told:
        energy(carrier, 1.0, unit, **more)
    assert str(told.value).startswith(message)


def test_a_value_that_is_not_there_is_missing_and_names_those_that_are():
    with pytest.raises(FactorMissing) as told:
        energy(Carrier.OTHER_BIOMASS, 1.0, "kg")
    assert str(told.value) == (
        "no net calorific value for other_biomass per kg in 2020; "
        "there is pellet per kg, wood per kg"
    )
