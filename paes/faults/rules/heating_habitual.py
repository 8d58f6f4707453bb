"""Habitual heating in closed hours: what a building has done for longer, once a season.

No alarm: nothing broke, and nobody has to run. It is a saving that waits, with its price. A season
is told when enough of its closed days or nights could be judged and a third of them were heated
(``paes.faults.signs.heated_hours``); days of a new episode (``heating_closed_hours``) are in none.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from pydantic import Field

from paes.faults.episode import Episode
from paes.faults.load_curve import Bools, LoadCurve
from paes.faults.rule import Rule
from paes.faults.rules import heating_closed_hours
from paes.faults.signs.heated_hours import (
    NIGHT_H,
    HeatedHours,
    HeatedHoursParameters,
    amounts_beyond,
    follows_cold,
    heated_hours,
)
from paes.faults.signs.occupancy import Occupancy, occupancy
from paes.faults.signs.windows import daily_picture, day_start, excess_between
from paes.faults.view import View
from paes.periods import Span
from paes.series import Floats


class HeatingHabitualParameters(HeatedHoursParameters):
    """See ``config/fault_rules/heating_habitual.yaml``."""

    told_fraction: float = Field(gt=0, le=1)


def find(
    curve: LoadCurve,
    used: Occupancy,
    degc: Floats,
    in_season: Bools,
    new: Bools,
    p: HeatingHabitualParameters,
) -> list[Episode]:
    """One episode a season in which heating in closed hours was a habit.

    ``degc``, ``in_season`` and ``new`` (days of an episode that is an alarm) are those of the
    curve's local days. An episode is over when another season has begun.
    """
    if not follows_cold(curve, used, degc, in_season, p):
        return []
    heated = heated_hours(curve, used, degc, in_season, p)
    closed = np.where(new, np.nan, heated.closed_on_h)
    night = np.where(new, np.nan, heated.night_on_h)
    found = []
    for year in np.unique(heated.season).tolist():
        of = heated.season == year
        days = [
            np.flatnonzero(of & (np.nan_to_num(closed) >= p.least_on_h)),
            np.flatnonzero(of & (np.nan_to_num(night) >= NIGHT_H)),
        ]
        judged = [int((of & ~np.isnan(on)).sum()) for on in (closed, night)]
        least = (p.least_closed_days, p.least_nights)
        told = [
            len(d) >= p.told_fraction * n
            for d, n, enough in zip(days, judged, least, strict=True)
            if n >= enough
        ]
        if any(told):
            found.append(_episode(heated, days, judged, year, p))
    return found


def _episode(
    heated: HeatedHours,
    days: list[np.ndarray[tuple[int], np.dtype[np.int64]]],
    judged: list[int],
    year: int,
    p: HeatingHabitualParameters,
) -> Episode:
    curve = heated.curve
    both = np.concatenate(days)
    first, last = int(both.min()), int(both.max())
    steps, likely, low, high = amounts_beyond(heated, first, last, p)
    steps = steps & np.isin(curve.day, both)
    on = np.bincount(curve.day[steps & curve.known], minlength=len(heated))
    hours = np.where(np.isnan(curve.by_day(least_known=0.9)), np.nan, on * curve.step_s / 3600.0)
    begin, end = day_start(curve, first), day_start(curve, last + 1)
    return Episode(
        start=begin,
        end=end,
        found=end,
        is_over=bool((heated.season > year).any()),
        numbers={
            "heated_hours": float(np.nansum(hours[first : last + 1])),
            "closed_days": float(len(days[0])),
            "judged_closed_days": float(judged[0]),
            "nights": float(len(days[1])),
            "judged_nights": float(judged[1]),
            "threshold_kw": float(heated.threshold_kw[last]),
        },
        windows={"seen": Span(begin, max(end, begin + timedelta(days=1)))},
        excess=excess_between(curve, steps, likely, low, high),
        picture=daily_picture(curve, "h", hours, np.zeros(len(heated)), first, last),
    )


def look(view: View, p: HeatingHabitualParameters) -> list[Episode]:
    """The episodes of the meter that touch the view's span."""
    curve = view.hours
    used = occupancy(curve, view.opening)
    degc = view.degc(curve.first_day, len(used))
    season = view.in_season(curve.first_day, len(used))
    alarm = heating_closed_hours.RULE.file(view.installation.root).parameters
    new = np.zeros(len(used), dtype=np.bool_)
    for episode in heating_closed_hours.find(curve, used, degc, season, alarm):
        day = curve.day[(curve.seconds >= episode.start.timestamp())
                        & (curve.seconds < episode.end.timestamp())]  # fmt: skip
        new[day] = True
    found = find(curve, used, degc, season, new, p)
    return [e for e in found if e.end > view.span.start and e.start < view.span.end]


RULE = Rule(
    "heating_habitual",
    1,
    HeatingHabitualParameters,
    heating_closed_hours.concerns,
    look,
    is_alarm=False,
)
