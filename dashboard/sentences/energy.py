"""Energy, shares, and what meters saw of them, as pages of plants and lamps write them."""

from __future__ import annotations

import math

from dashboard.texts import Language
from paes.accounting.energy_total import EnergyTotal

_TINY = 0.001
"""A smaller part is not worth a word."""


def energy(kwh: float, language: Language) -> str:
    """MWh from ten thousand kWh on."""
    if abs(kwh) >= 10_000:
        return language.quantity(kwh / 1000, "MWh", 0 if abs(kwh) >= 100_000 else 1)
    return language.quantity(kwh, "kWh", 1 if 0 < abs(kwh) < 10 else 0)


def share(value: float, language: Language) -> str:
    """Whole per cent; one decimal below ten."""
    return language.percent(value, 0 if value >= 0.0995 or value == 0 else 1)


def covered(total: EnergyTotal, language: Language) -> str:
    """What of the production was read, estimated and missing."""
    if total.coverage is None:
        return ""
    t = language.text
    most = total.missing_high_kwh
    if math.isinf(most):
        missing = t("seen.missing_open")
    elif most <= _TINY * max(total.kwh, 1.0):
        missing = t("seen.missing_none")
    else:
        missing = t("seen.missing_most", kwh=energy(most, language))
    estimated = t("seen.estimated_none")
    if total.estimated_kwh > _TINY * max(total.kwh, 1.0):
        estimated = t("seen.estimated_some", kwh=energy(total.estimated_kwh, language))
    coverage = language.percent(total.coverage, 1)
    return t("seen.covered", coverage=coverage, estimated=estimated, missing=missing)
