"""Public holidays of a country, on which a building is used as on a Sunday.

The one module that imports ``holidays``. Those that count for the bands of a tariff are others:
they are data (``paes.tariffs.bands``).
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache


@lru_cache(maxsize=256)
def public_holidays(country: str, year: int) -> frozenset[date]:
    """The public holidays of ``year``; none in the country called ``none``."""
    if country == "none":
        return frozenset()
    import holidays  # takes a while, which the technician's commands need not wait for

    return frozenset(holidays.country_holidays(country, years=year))
