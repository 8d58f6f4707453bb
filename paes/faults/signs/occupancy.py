"""When a building is in use, beside its load curve: by day and by step.

It is what ``paes.opening`` declares; nothing is learnt from the readings. Rules ask it which days
are open, which steps lie within the opening hours, and which belong to a closed span.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from paes.faults.load_curve import Bools, LoadCurve
from paes.metering import Sector, Site, SiteKind
from paes.opening import DayKind, Kinds, Opening
from paes.series import Floats

BUILDINGS = (
    SiteKind.SCHOOL,
    SiteKind.OFFICE,
    SiteKind.LIBRARY,
    SiteKind.SPORTS_HALL,
    SiteKind.CULTURE,
    SiteKind.DEPOT,
)
"""Where people come and go, and where what runs at night is a base load."""
_NOT_BUILDINGS = (Sector.PUBLIC_LIGHTING, Sector.PUBLIC_TRANSPORT, Sector.PRIVATE_TRANSPORT)


def is_building(site: Site) -> bool:
    """Whether the site is a building with opening hours (not lamps, chargers, pumps, plants)."""
    return site.kind in BUILDINGS and site.sector not in _NOT_BUILDINGS


@dataclass(frozen=True)
class Occupancy:
    """Of days in a row: their kind, and from when to when they are open (local hours).

    Days that are not open have NaN hours.
    """

    kinds: Kinds
    from_hour: Floats
    to_hour: Floats

    def __len__(self) -> int:
        return len(self.kinds)

    @property
    def is_open(self) -> Bools:
        """Days on which the building is in use."""
        return np.asarray(self.kinds == DayKind.OPEN)

    @property
    def in_closed_span(self) -> Bools:
        """Days of a closed span, such as a school's summer."""
        return np.asarray(self.kinds == DayKind.CLOSED)

    def occupied(self, curve: LoadCurve) -> Bools:
        """The steps of ``curve``, which begins on the first day, within the opening hours."""
        begin, end = self.from_hour[curve.day], self.to_hour[curve.day]
        return np.asarray((curve.hour >= begin) & (curve.hour < end))

    def vacant(self, curve: LoadCurve, before_h: float) -> Bools:
        """The steps of closed days, and of open days outside the hours.

        ``before_h`` hours before it opens are not counted: a building is warmed up for its users.
        """
        begin, end = self.from_hour[curve.day], self.to_hour[curve.day]
        used = (curve.hour >= begin - before_h) & (curve.hour < end)
        return np.asarray(~used)


def occupancy(curve: LoadCurve, opening: Opening) -> Occupancy:
    """The days that ``curve`` touches, as ``opening`` declares them."""
    return _of_days(opening, curve.first_day, int(curve.day[-1]) + 1 if len(curve) else 0)


@lru_cache(maxsize=64)
def _of_days(opening: Opening, first: date, count: int) -> Occupancy:
    days = [first + timedelta(days=n) for n in range(count)]
    kinds = np.array([opening.kind(day) for day in days], dtype=np.int8)
    hours = [opening.open_hours(day) or (np.nan, np.nan) for day in days]
    table = np.array(hours, dtype=np.float64).reshape(count, 2)
    return Occupancy(kinds, table[:, 0], table[:, 1])
