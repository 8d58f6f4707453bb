"""Units of measurement and their one canonical form.

Inside the product every quantity has one unit: kWh, W, var, VA, V, A, Hz, m3, degC, … ;
``to_canonical`` converts at the edge, where a register or a file is read. Inventories use MWh
and t. Nothing else in the product multiplies by 1000 to change a unit.
"""

from __future__ import annotations

from paes.errors import DataError

KWH_PER_MWH = 1000.0

# unit as written in a profile or a file -> (canonical unit, factor, offset)
_CANONICAL: dict[str, tuple[str, float]] = {
    "Wh": ("kWh", 1e-3),
    "kWh": ("kWh", 1.0),
    "MWh": ("kWh", 1e3),
    "GJ": ("kWh", 1e6 / 3600.0),  # 1 kWh = 3.6 MJ exactly
    "MJ": ("kWh", 1.0 / 3.6),
    "Gcal": ("kWh", 1163.0),  # international table calorie: 4.1868 J exactly
    "kcal": ("kWh", 1.163e-3),
    "toe": ("kWh", 11630.0),  # 10 Gcal exactly; of electricity it may be primary energy
    "varh": ("kvarh", 1e-3),
    "kvarh": ("kvarh", 1.0),
    "VAh": ("kVAh", 1e-3),
    "kVAh": ("kVAh", 1.0),
    "W": ("W", 1.0),
    "kW": ("W", 1e3),
    "MW": ("W", 1e6),
    "var": ("var", 1.0),
    "kvar": ("var", 1e3),
    "VA": ("VA", 1.0),
    "kVA": ("VA", 1e3),
    "V": ("V", 1.0),
    "mV": ("V", 1e-3),
    "A": ("A", 1.0),
    "mA": ("A", 1e-3),
    "Hz": ("Hz", 1.0),
    "deg": ("deg", 1.0),
    "Ohm": ("Ohm", 1.0),
    "MOhm": ("Ohm", 1e6),
    "m3": ("m3", 1.0),
    "l": ("m3", 1e-3),
    "Sm3": ("Sm3", 1.0),  # gas at 15 degC and 101325 Pa
    "kg": ("kg", 1.0),
    "t": ("kg", 1e3),
    "m3/h": ("m3/h", 1.0),
    "l/h": ("m3/h", 1e-3),
    "degC": ("degC", 1.0),
    "K": ("K", 1.0),
    "%": ("1", 1e-2),
    "1": ("1", 1.0),
    "": ("", 1.0),
    "pulse": ("pulse", 1.0),
    "s": ("s", 1.0),
    "min": ("s", 60.0),
    "h": ("s", 3600.0),
    "d": ("s", 86400.0),
}

# Other spellings of units of fuel and energy on Italian bills and tables, in lower case.
_FUEL_SPELLINGS = {
    "smc": "Sm3", "sm3": "Sm3", "sm³": "Sm3", "stm3": "Sm3",
    "nmc": "Nm3", "nm3": "Nm3", "nm³": "Nm3",
    "mc": "m3", "m3": "m3", "m³": "m3",
    "l": "l", "lt": "l", "litri": "l", "litro": "l", "litre": "l", "litres": "l",
    "kg": "kg", "chilogrammi": "kg",
    "t": "t", "ton": "t", "tonnellate": "t", "tonnes": "t",
    "tep": "toe", "toe": "toe",
}  # fmt: skip
_ENERGIES = {
    unit.lower(): unit for unit, (canonical, _) in _CANONICAL.items() if canonical == "kWh"
}
_FUEL_UNITS = {**_ENERGIES, **_FUEL_SPELLINGS}


def fuel_unit(text: str) -> str:
    """A unit of fuel or energy by its usual name: ``Smc`` -> ``Sm3``, ``tep`` -> ``toe``.

    DataError for anything else, with what is known.
    """
    unit = _FUEL_UNITS.get(text.strip().lower())
    if unit is None:
        known = ", ".join(sorted(set(_FUEL_UNITS.values()), key=str.lower))
        raise DataError(f"unknown unit {text!r} of fuel or energy; expected one of: {known}")
    return unit


def kwh_in(text: str) -> float | None:
    """kWh in one of a unit of energy, in any spelling; None if it is a unit of quantity."""
    canonical, factor = _CANONICAL.get(fuel_unit(text), ("", 0.0))
    return factor if canonical == "kWh" else None


def canonical_unit(unit: str) -> str:
    """The canonical unit of ``unit`` (``Wh`` -> ``kWh``); raises DataError if unknown."""
    return _entry(unit)[0]


def factor_to_canonical(unit: str) -> float:
    """What a number in ``unit`` is multiplied by to be in its canonical unit."""
    return _entry(unit)[1]


def known_units() -> list[str]:
    """Every unit that a profile or a file may use."""
    return sorted(_CANONICAL)


def _entry(unit: str) -> tuple[str, float]:
    try:
        return _CANONICAL[unit]
    except KeyError as err:
        known = ", ".join(u for u in known_units() if u)
        raise DataError(f"unknown unit {unit!r}; expected one of: {known}") from err
