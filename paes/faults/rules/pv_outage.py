"""A photovoltaic plant that makes next to nothing on a day on which there was light.

::

    sign        made < 5 % of what was expected, on a day with 35 % of a clear day's light
    no sign     where snow may lie: not warmer than 2 degC on the day or shortly before
    clear sky   nobody tells the clouds: less than 1 % of a cloudless day, three days in a row

Days of which too little is known neither begin, nor go on, nor end an outage; dark days and days on
which snow may lie do not begin one.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from paes.faults.episode import Episode, Stretch, stretches
from paes.faults.load_curve import Bools
from paes.faults.rule import Parameters, Rule
from paes.faults.signs.sunlight import Sunlit, concerns, is_under_clear_sky, sunlit, touching
from paes.faults.view import View
from paes.series import Floats


class PvOutageParameters(Parameters):
    """See ``config/fault_rules/pv_outage.yaml``."""

    least_made_fraction: float = Field(gt=0, lt=1)
    least_sun_fraction: float = Field(gt=0, lt=1)
    snow_below_degc: float
    snow_lasts_days: int = Field(ge=0)
    days_in_a_row: int = Field(ge=1)
    clear_sky_made_fraction: float = Field(gt=0, lt=1)
    clear_sky_days_in_a_row: int = Field(ge=1)
    back_days: int = Field(ge=1)
    learning_days: int = Field(ge=1)
    uncertain_fraction: float = Field(gt=0, lt=1)


def find(of: Sunlit, p: PvOutageParameters) -> list[Episode]:
    """The outages of a plant, in order of time.

    What was lost is the expectation of these days less what was made; its bounds are
    ``uncertain_fraction`` of a day's expectation on either side. Under a clear sky the upper bound
    is a cloudless day, the lower one a dark day (``least_sun_fraction``), and what is likely lies
    in the middle.
    """
    days, clear_only = of.days, is_under_clear_sky(of)
    least = p.clear_sky_made_fraction if clear_only else p.least_made_fraction
    needed = p.clear_sky_days_in_a_row if clear_only else p.days_in_a_row
    ratio = np.nan_to_num(days.ratio)
    tells = days.known & (np.nan_to_num(days.sun_index) >= p.least_sun_fraction)
    tells &= ~_snow_possible(days.warmest_degc, p) | (ratio >= least)
    tells &= np.cumsum(days.known & (ratio >= least)) >= p.learning_days
    runs = stretches(tells & (ratio < least), tells, needed, p.back_days)
    if not clear_only:
        silent = days.known & (ratio < least) & ~_snow_possible(days.warmest_degc, p)
        runs = [run._replace(first=_since(silent, run.first)) for run in runs]
    return [_episode(of, run, p, clear_only) for run in runs]


def _since(silent: Bools, first: int) -> int:
    """Dark days begin nothing; but where they were silent, too, it began with them."""
    while first > 0 and silent[first - 1]:
        first -= 1
    return first


def _snow_possible(warmest_degc: Floats, p: PvOutageParameters) -> Bools:
    cold = np.nan_to_num(warmest_degc, nan=np.inf) < p.snow_below_degc
    possible = cold.copy()
    for later in range(1, p.snow_lasts_days + 1):
        possible[later:] |= cold[:-later]
    return np.asarray(possible)


def _episode(of: Sunlit, run: Stretch, p: PvOutageParameters, clear_only: bool) -> Episode:
    inside = np.zeros(len(of.days.made_kwh), dtype=np.bool_)
    inside[run.first : run.last + 1] = True
    known = inside & of.days.known
    made, expected = (
        float(column[known].sum()) for column in (of.days.made_kwh, of.days.expected_kwh)
    )
    low = p.least_sun_fraction if clear_only else 1.0 - p.uncertain_fraction
    likely = (1.0 + low) / 2 if clear_only else 1.0
    high = 1.0 if clear_only else 1.0 + p.uncertain_fraction
    return Episode(
        start=of.day_start(run.first),
        end=of.day_start(run.last + 1),
        found=of.day_start(run.found + 1),
        is_over=run.is_over,
        numbers={
            "made_kwh": made,
            "expected_kwh": expected * likely,
            "days": float(known.sum()),
            "lost_kwh": expected * likely - made,
        },
        windows={"seen": of.span(run.first, run.last)},
        excess=of.lost(inside, likely, low, high),
        picture=of.picture(run.first, run.last, likely),
    )


def look(view: View, p: PvOutageParameters) -> list[Episode]:
    """The outages of the plant that touch the view's span."""
    of = sunlit(view)
    return touching(find(of, p), view) if of else []


RULE = Rule("pv_outage", 1, PvOutageParameters, concerns, look)
