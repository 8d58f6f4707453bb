"""Which plants make less than expected, and since when: the months below it until now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dashboard.queries.photovoltaics import Expected, PvSite, PvTown
from paes.solar.expected import How
from paes.solar.made_beside import Beside

LEAST_LIGHT = 0.5
"""A month is judged if so much of its daylight fell into hours that are known in both."""
LEAST_DAYS = 10
"""And, if it is not over, once so many days of it are."""


@dataclass(frozen=True)
class Behind:
    """A site that has made less than expected, month after month until now."""

    site: PvSite
    since: datetime
    months: int
    ratio: float
    """Made over expected, of those months."""
    lost_kwh: float
    least_lost_kwh: float
    """Against the lower bound of what was expected."""


@dataclass(frozen=True)
class Judged:
    """One month of a site: None where it cannot be judged."""

    start: datetime
    ratio: float | None
    is_below: bool


def judged_months(expected: Expected, now: datetime) -> list[Judged]:
    """Each month: made less than the least that was expected, or not."""
    return [_judged(month, now) for month in expected.months]


def _judged(month: Beside, now: datetime) -> Judged:
    enough = month.known_fraction >= LEAST_LIGHT and month.expected_kwh > 0
    if not enough or (now - month.start).days < LEAST_DAYS:
        return Judged(month.start, None, False)
    return Judged(month.start, month.ratio, month.made_kwh < month.low_kwh)


def behind(
    town: PvTown, expected: Mapping[str, Expected], now: datetime
) -> tuple[list[Behind], list[PvSite]]:
    """The sites below what was expected by now, the greatest loss first; and those not judged.

    Months that cannot be judged neither end a run nor lengthen it. Under a clear sky alone what
    is expected is the most that can be: nothing is below it.
    """
    below: list[Behind] = []
    unknown: list[PvSite] = []
    for site in town.sites:
        of = expected.get(site.id)
        told = [j.ratio is not None for j in judged_months(of, now)] if of else []
        if of is None or of.how is How.CLEAR_SKY or not any(told[-2:]):
            unknown.append(site)
        elif found := _behind(site, of, now):
            below.append(found)
    return sorted(below, key=lambda one: -one.lost_kwh), unknown


def _behind(site: PvSite, expected: Expected, now: datetime) -> Behind | None:
    run: list[Beside] = []
    for month in reversed(expected.months):
        judged = _judged(month, now)
        if judged.ratio is None:
            continue
        if not judged.is_below:
            break
        run.append(month)
    if not run:
        return None
    made, full, low = (
        sum(getattr(month, name) for month in run)
        for name in ("made_kwh", "expected_kwh", "low_kwh")
    )
    return Behind(site, run[-1].start, len(run), made / full, full - made, low - made)
