"""Which days are alike: the kind of day and the local hour of every quarter hour.

A building takes much the same at the same hour of days of the same kind: working days, Saturdays,
Sundays with public holidays, and days on which its site is closed. Hours are those of the clock on
the wall, so that nothing moves when the clocks change.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from paes.opening import DayKind, Opening
from paes.periods import Seconds, wall_seconds

HOURS = 24
WORKDAY, SATURDAY, SUNDAY, CLOSED = range(4)
STAND_INS = {
    WORKDAY: (WORKDAY, SATURDAY, SUNDAY, CLOSED),
    SATURDAY: (SATURDAY, SUNDAY, WORKDAY, CLOSED),
    SUNDAY: (SUNDAY, CLOSED, SATURDAY, WORKDAY),
    CLOSED: (CLOSED, SUNDAY, SATURDAY, WORKDAY),
}
"""Whose figures stand in for a kind of day that was not seen, the nearest first."""

Kinds = npt.NDArray[np.int64]
"""Kind of day times 24 plus the local hour."""

_EPOCH = date(1970, 1, 1)
_DAY_S = 86_400


def kinds(starts_s: Seconds, tz: str, opening: Opening | None) -> Kinds:
    """The kind of each stretch that begins at one of ``starts_s``; a site without hours is
    taken to rest on Italy's holidays."""
    wall = wall_seconds(starts_s, tz)
    day, hour = wall // _DAY_S, wall % _DAY_S // 3600
    first, last = int(day.min()), int(day.max())
    of_day = np.array(
        [_kind(_EPOCH + timedelta(days=d), opening) for d in range(first, last + 1)], np.int64
    )
    return of_day[day - first] * HOURS + hour


@lru_cache(maxsize=50_000)
def _kind(day: date, opening: Opening | None) -> int:
    hours = opening or Opening()
    if hours.kind(day) is DayKind.CLOSED:
        return CLOSED
    weekday = day.weekday()
    if weekday == 6 or (hours.is_holiday(day) and not hours.event_on(day)):
        return SUNDAY
    return SATURDAY if weekday == 5 else WORKDAY


def month_of(at_s: int, tz: str) -> date:
    """The first day of the local month of an instant."""
    wall = int(wall_seconds(np.array([at_s], np.int64), tz)[0])
    return datetime.fromtimestamp(wall, tz=UTC).date().replace(day=1)
