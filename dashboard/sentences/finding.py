"""A finding of the core in the reader's language."""

from __future__ import annotations

import math

from dashboard.texts import Language
from paes.metering import Finding

_SMALL = 10.0
"""Numbers below deserve a decimal."""


def finding_text(finding: Finding, language: Language) -> str:
    """A finding in the reader's language; its own English sentence if it is a new kind."""
    key = f"finding.{finding.name}"
    infinite = any(math.isinf(n) for n in finding.numbers.values())
    if infinite and language.knows(f"{key}_unbounded"):
        key = f"{key}_unbounded"
    if not language.knows(key):
        return finding.message
    return language.text(key, **{n: _told(n, v, language) for n, v in finding.numbers.items()})


def _told(name: str, value: float, language: Language) -> str:
    """A finding's number; its name ends with its unit."""
    if name.endswith("_fraction"):
        return language.percent(value, 0)
    if name.endswith("_t_per_mwh"):
        return language.number(float(value), 4)
    return language.number(float(value), 1 if 0 < abs(value) < _SMALL else 0)
