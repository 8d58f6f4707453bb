"""Days on which a building was heated though the season was over, or had not begun.

By daily energy alone: what is far above a summer's day is heating. Whether a day lies in the
season is told by ``paes.climate.heating_season``, with all its exceptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from paes.accounting.site_energy import SiteEnergy
from paes.climate.heating_season import heating_allowed
from paes.installation import City
from paes.metering import Carrier, Measures, Site
from paes.periods import By, Span, local_midnight

SURE_DAY = 0.9
"""Coverage with which a day's energy is judged."""
HEATED_FROM = 0.1
"""Of the mean day of the season: what is less than that above a summer's day is no heating."""


@dataclass(frozen=True, slots=True)
class HeatedDay:
    """A day outside the season with more than ``limit_kwh``."""

    day: date
    kwh: float
    limit_kwh: float


def heated_outside(
    of_sites: SiteEnergy,
    city: City,
    site: Site,
    carriers: Sequence[Carrier],
    first: date,
    end: date,
) -> tuple[tuple[HeatedDay, ...], int]:
    """Days of ``[first, end)`` outside the season on which more was used than in summer.

    The limit lies above the median of the days of June to August by three times their median
    deviation, and by at least a tenth of a mean day of the season. Only measured days are judged:
    the second is how many these were. DataError if the city has no climate zone.
    """
    if first >= end:
        return (), 0
    used = _daily_kwh(of_sites, city, site, carriers, first, end)
    days = {d: kwh for d, kwh in used.items() if not heating_allowed(city, d).allowed}
    summer = np.array([kwh for d, kwh in used.items() if 6 <= d.month <= 8])
    season = [kwh for d, kwh in used.items() if d not in days]
    if not len(summer) or not season:
        return (), 0
    middle = float(np.median(summer))
    deviation = float(np.median(np.abs(summer - middle)))
    limit = middle + max(3 * deviation, HEATED_FROM * sum(season) / len(season))
    found = tuple(HeatedDay(d, kwh, limit) for d, kwh in sorted(days.items()) if kwh > limit)
    return found, len(days)


def _daily_kwh(
    of_sites: SiteEnergy,
    city: City,
    site: Site,
    carriers: Sequence[Carrier],
    first: date,
    end: date,
) -> dict[date, float]:
    """What was measured on each day that is known well, over all carriers."""
    tz = city.time_zone
    span = Span(local_midnight(first, tz), local_midnight(end, tz))
    found: dict[date, list[float]] = {}
    for carrier in carriers:
        frame = of_sites.sites([site.id], carrier, Measures.WITHDRAWAL, span, By.DAY)
        is_sure = (frame["span_s"] > 0) & (frame["covered_s"] >= SURE_DAY * frame["span_s"])
        sure = frame.loc[is_sure, "measured_kwh"]
        for start, kwh in zip(pd.DatetimeIndex(sure.index), sure.to_numpy(), strict=True):
            found.setdefault(start.date(), []).append(float(kwh))
    return {d: sum(amounts) for d, amounts in found.items() if len(amounts) == len(carriers)}
