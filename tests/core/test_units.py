"""Conversions against published relations, never against the table under test."""

from __future__ import annotations

import pytest

from paes.errors import DataError
from paes.units import canonical_unit, factor_to_canonical, fuel_unit, known_units, kwh_in

# IEA, OECD, Eurostat: Energy Statistics Manual (2005), annex 3: 1 Gcal = 4.1868 GJ = 1.163 MWh,
# 1 GJ = 0.2778 MWh, 1 toe = 10 Gcal = 11.63 MWh. SI Brochure, 9th
# edition (BIPM 2019), table 8: 1 h = 3600 s, 1 l = 1e-3 m3.


@pytest.mark.parametrize(
    ("amount", "unit", "canonical", "expected"),
    [
        (1.0, "GJ", "kWh", 277.7777777777778),
        (3.6, "GJ", "kWh", 1000.0),
        (3.6, "MJ", "kWh", 1.0),
        (1.0, "Gcal", "kWh", 1163.0),
        (4.1868, "GJ", "kWh", 1163.0),
        (1.0, "toe", "kWh", 11_630.0),
        (1000.0, "kcal", "kWh", 1.163),
        (1.0, "MWh", "kWh", 1000.0),
        (1500.0, "Wh", "kWh", 1.5),
        (2.5, "kWh", "kWh", 2.5),
        (2500.0, "varh", "kvarh", 2.5),
        (2500.0, "VAh", "kVAh", 2.5),
        (1.2, "kW", "W", 1200.0),
        (0.5, "MW", "W", 500_000.0),
        (1.2, "kvar", "var", 1200.0),
        (1.2, "kVA", "VA", 1200.0),
        (230_000.0, "mV", "V", 230.0),
        (5000.0, "mA", "A", 5.0),
        (2.0, "MOhm", "Ohm", 2e6),
        (250.0, "l", "m3", 0.25),
        (250.0, "l/h", "m3/h", 0.25),
        (45.0, "%", "1", 0.45),
        (15.0, "min", "s", 900.0),
        (1.0, "h", "s", 3600.0),
        (1.0, "d", "s", 86_400.0),
    ],
)
def test_an_amount_in_its_canonical_unit(
    amount: float, unit: str, canonical: str, expected: float
) -> None:
    assert canonical_unit(unit) == canonical
    assert amount * factor_to_canonical(unit) == pytest.approx(expected, rel=1e-12)


def test_a_canonical_unit_is_its_own() -> None:
    units = known_units()
    assert len(units) > 30
    for unit in units:
        canonical = canonical_unit(unit)
        assert canonical_unit(canonical) == canonical
        assert factor_to_canonical(canonical) == 1.0
        assert factor_to_canonical(unit) > 0


@pytest.mark.parametrize("unit", ["kwh", "KWh", "therm", "degF", " kWh"])
def test_an_unknown_unit_is_refused_with_those_that_are_known(unit: str) -> None:
    for ask in (canonical_unit, factor_to_canonical):
        with pytest.raises(DataError, match=rf"unknown unit '{unit}'; expected one of: .*kWh, "):
            ask(unit)


@pytest.mark.parametrize(
    ("spelling", "unit", "kwh"),
    [
        ("Smc", "Sm3", None),
        ("mc", "m3", None),
        ("m³", "m3", None),
        ("litri", "l", None),
        ("KG", "kg", None),
        ("tep", "toe", 11_630.0),
        ("kwh", "kWh", 1.0),
        (" MWh ", "MWh", 1000.0),
        ("gcal", "Gcal", 1163.0),
    ],
)
def test_units_of_fuel_are_known_as_italian_bills_spell_them(
    spelling: str, unit: str, kwh: float | None
) -> None:
    assert fuel_unit(spelling) == unit
    assert kwh_in(spelling) == kwh


def test_an_unknown_unit_of_fuel_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(DataError) as told:
        fuel_unit("quintali")
    assert str(told.value) == (
        "unknown unit 'quintali' of fuel or energy; expected one of: "
        "Gcal, GJ, kcal, kg, kWh, l, m3, MJ, MWh, Nm3, Sm3, t, toe, Wh"
    )
