"""What was found about a meter's readings, in the reader's language.

The core's own sentence (``Finding.message``) is English; a kind that nobody has translated is told
by it, so that nothing is ever left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.queries.gaps import UNKNOWN, gap_of
from dashboard.texts import Language
from paes.metering import Finding, meter_of

_DAYS_FROM_H = 48
_UNITS = {"kwh": "kWh", "m3": "m³", "sm3": "Sm³"}


def reading_finding(finding: Finding, language: Language) -> str:
    """A finding of the accounting of a register."""
    gap = gap_of(meter_of(finding.subject), finding)
    if gap:
        told = language.text("reading_finding.data_gap", length=_length(gap.hours, language))
        causes = [
            language.text(f"absence_cause.{cause}") for cause in gap.causes if cause != UNKNOWN
        ]
        return f"{told}: {', '.join(causes)}" if causes else told
    key = f"reading_finding.{finding.name.replace('.', '_')}"
    if not language.knows(key):
        return finding.message
    return language.text(key, value=_value(finding.numbers, language))


def _length(hours: float, language: Language) -> str:
    if hours < _DAYS_FROM_H:
        return language.quantity(hours, "h", 1)
    return language.text("reading_finding.days", n=language.number(hours / 24, 1))


def _value(numbers: Mapping[str, float], language: Language) -> str:
    """The amount that a finding is about, with its unit; a dash if it has none."""
    for name, value in numbers.items():
        kind, _, unit = name.partition("_")
        if kind in ("value", "amount", "sum", "seen"):
            return language.quantity(value, _UNITS.get(unit, unit), 1)
    return "–"
