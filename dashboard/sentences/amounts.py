"""Money, energy and bounds as the pages of malfunctions and actions write them."""

from __future__ import annotations

import math

from dashboard import formats
from dashboard.texts import Language
from paes.faults.money.price import Interval

_WHOLE_FROM = 10.0
_UNITS = {"m3": "m³"}


def digits(value: float) -> int:
    """How many decimals say something: none from a hundred on or of whole ones, two below one."""
    size = abs(value)
    if size >= 100 or not math.isfinite(size) or size == round(size):
        return 0
    return 1 if size >= 1 else 2


def euros(value: float, language: Language) -> str:
    """Whole euros from ten on, cents below."""
    return language.quantity(value, "€", 0 if abs(value) >= _WHOLE_FROM or value == 0 else 2)


def low_and_high(amount: Interval, language: Language) -> tuple[str, str]:
    """Both bounds of money."""
    return euros(amount.low, language), euros(amount.high, language)


def quantity(value: float, unit: str, language: Language) -> str:
    """An amount with as many decimals as make sense."""
    return language.quantity(value, _UNITS.get(unit, unit), digits(value))


def number(value: float | None, language: Language) -> str:
    """The same without its unit; a dash of nothing."""
    return formats.NOTHING if value is None else language.number(value, digits(value))


def range_of(amount: Interval, language: Language) -> str:
    """``30–55``, as coarse as what lies between."""
    places = digits(amount.likely)
    low, high = (language.number(v, places) for v in (amount.low, amount.high))
    return f"{low}{formats.NOTHING}{high}"


def tonnes(value: float, language: Language) -> str:
    """Tonnes with as many decimals as say something."""
    return language.quantity(value, "t", digits(value))
