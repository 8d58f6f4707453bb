"""A finding about a meter's readings in the reader's language."""

from __future__ import annotations

from dashboard.texts import Language
from paes.metering import Finding

_LONG_H = 48


def finding_words(finding: Finding, language: Language) -> str:
    """What it is, with how long or how much; the core's own sentence of a kind without words."""
    key = f"meter_finding.{finding.name.replace('.', '_')}"
    if not language.knows(key):
        return finding.message
    return language.text(key, **_values(finding, language))


def _values(finding: Finding, language: Language) -> dict[str, str]:
    """The words that any of the texts may ask for."""
    hours = finding.numbers.get("hours", 0.0)
    return {"length": duration(hours, language), "amount": _amount(finding, language)}


def duration(hours: float, language: Language) -> str:
    """``7,8 ore``; days from two on, minutes below one hour."""
    if hours >= _LONG_H:
        return language.text("meter_finding.days", n=language.number(hours / 24, 1))
    if hours >= 1:
        return language.text("meter_finding.hours", n=language.number(hours, 1))
    return language.text("meter_finding.minutes", n=language.number(hours * 60))


def _amount(finding: Finding, language: Language) -> str:
    """The first amount among its numbers, whose name ends with its unit."""
    for name, value in finding.numbers.items():
        for prefix in ("amount_", "step_", "seen_", "sum_"):
            if name.startswith(prefix):
                unit = name.removeprefix(prefix).replace("kwh", "kWh").replace("m3", "m³")
                return language.quantity(value, unit, 0 if abs(value) >= 10 else 2)
    return language.text("meter_finding.unknown")
