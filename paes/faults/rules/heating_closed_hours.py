"""Heating in closed hours: a building is heated though nobody is there, which it was not before.

By the declared calendar (``paes.faults.signs.heated_hours``): closed days with hours on, two in a
row, or open days whose night was heated throughout, three in a row; and more than what was a habit
in the season before. What is a habit is no alarm: ``heating_habitual`` tells it. Nights and closed
days that come together are one episode.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import numpy as np
from pydantic import Field

from paes.climate.heating import HEATING_CARRIERS
from paes.faults.episode import Episode, Stretch, stretches
from paes.faults.load_curve import Bools, LoadCurve
from paes.faults.rule import Rule
from paes.faults.signs.heated_hours import (
    NIGHT_H,
    HeatedHours,
    HeatedHoursParameters,
    amounts_beyond,
    follows_cold,
    habit,
    heated_hours,
)
from paes.faults.signs.occupancy import Occupancy, is_building, occupancy
from paes.faults.signs.windows import daily_picture, day_start, excess_between
from paes.faults.view import View
from paes.metering import Carrier, Measures, Site
from paes.meters import Meter
from paes.periods import Span
from paes.series import Floats


class HeatingClosedHoursParameters(HeatedHoursParameters):
    """See ``config/fault_rules/heating_closed_hours.yaml``."""

    habit_fraction: float = Field(gt=0, lt=1)
    more_than_usual_closed_h: float = Field(gt=0)
    more_than_usual_night_h: float = Field(gt=0)
    lasting_closed_days: int = Field(ge=1)
    lasting_nights: int = Field(ge=1)
    quiet_closed_days: int = Field(ge=1)
    quiet_nights: int = Field(ge=1)


class _Way(NamedTuple):
    """Closed days, or nights of open days: hours on of each, and what makes a sign."""

    on_h: Floats
    least_h: float
    more_h: float
    lasting: int
    quiet: int
    least_known: int
    habit_fraction: float


class _Part(NamedTuple):
    """A stretch of one way, and what was usual there."""

    stretch: Stretch
    usual_h: float


def find(
    curve: LoadCurve,
    used: Occupancy,
    degc: Floats,
    in_season: Bools,
    p: HeatingClosedHoursParameters,
) -> list[Episode]:
    """Every new habit of heating in closed hours, in order of time.

    ``degc`` and ``in_season`` are those of the curve's local days. Without a season before it
    that is known well enough, a season is not judged.
    """
    if not follows_cold(curve, used, degc, in_season, p):
        return []
    heated = heated_hours(curve, used, degc, in_season, p)
    closed = _Way(
        heated.closed_on_h,
        p.least_on_h,
        p.more_than_usual_closed_h,
        p.lasting_closed_days,
        p.quiet_closed_days,
        p.least_closed_days,
        p.habit_fraction,
    )
    night = _Way(
        heated.night_on_h,
        NIGHT_H,
        p.more_than_usual_night_h,
        p.lasting_nights,
        p.quiet_nights,
        p.least_nights,
        p.habit_fraction,
    )
    parts = [*_parts(heated, closed), *_parts(heated, night)]
    return [_episode(heated, group, p) for group in _together(parts)]


def _parts(heated: HeatedHours, way: _Way) -> list[_Part]:
    """The stretches of one way, season by season, each by the habits of the season before."""
    found: list[_Part] = []
    habits = way.on_h.copy()
    for year in np.unique(heated.season).tolist():
        before = habits[heated.season == year - 1]
        usual = habit(before, way.habit_fraction, way.least_known)
        if np.isnan(usual):
            continue
        of_season = heated.season == year
        hours = np.nan_to_num(way.on_h)
        sign = (hours >= way.least_h) & (hours >= usual + way.more_h)
        known = of_season & ~np.isnan(way.on_h)
        for stretch in stretches(sign, known, way.lasting, way.quiet):
            found.append(_Part(_ended_with_season(heated, stretch, year), usual))
            habits[stretch.first : stretch.last + 1] = np.nan
    return found


def _ended_with_season(heated: HeatedHours, stretch: Stretch, year: int) -> Stretch:
    """Over as soon as another season has begun: the next one is judged for itself."""
    return stretch._replace(is_over=stretch.is_over or bool((heated.season > year).any()))


def _together(parts: list[_Part]) -> list[list[_Part]]:
    """Those that overlap, or follow each other within a week, are of one episode."""
    groups: list[list[_Part]] = []
    for part in sorted(parts, key=lambda one: one.stretch.first):
        reach = max((one.stretch.last for one in groups[-1]), default=-1) if groups else -1
        if groups and part.stretch.first <= reach + 7:
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def _episode(heated: HeatedHours, parts: list[_Part], p: HeatingClosedHoursParameters) -> Episode:
    curve = heated.curve
    first = min(one.stretch.first for one in parts)
    last = max(one.stretch.last for one in parts)
    sure = min(one.stretch.found for one in parts)
    where, likely, low, high = amounts_beyond(heated, first, last, p)
    days = slice(first, last + 1)
    closed = heated.closed_on_h[days]
    nights = heated.night_on_h[days]
    on = np.bincount(curve.day[heated.is_on & curve.known], minlength=len(heated))
    hours = np.where(np.isnan(curve.by_day(least_known=0.9)), np.nan, on * curve.step_s / 3600.0)
    begin = day_start(curve, first)
    return Episode(
        start=begin,
        end=day_start(curve, last + 1),
        found=day_start(curve, sure + 1),
        is_over=all(one.stretch.is_over for one in parts),
        numbers={
            "heated_hours": float(np.nansum(hours[days])),
            "closed_days": float((closed >= p.least_on_h).sum()),
            "nights": float((nights >= NIGHT_H).sum()),
            "usual_hours": max(one.usual_h for one in parts),
            "threshold_kw": float(heated.threshold_kw[sure]),
            "level_kw": float(heated.level_kw[sure]),
            "days": float(last + 1 - first),
        },
        windows={
            "seen": Span(begin, day_start(curve, last + 1)),
            "usual": Span(begin - timedelta(days=365), begin),
        },
        excess=excess_between(curve, where, likely, low, high),
        picture=daily_picture(curve, "h", hours, _usual_by_day(heated, parts), first, last),
    )


def _usual_by_day(heated: HeatedHours, parts: list[_Part]) -> Floats:
    """Hours on that were a habit, of closed days and of the nights of others."""
    of_closed = ~np.isnan(heated.closed_on_h)
    is_closed_part = [bool(of_closed[one.stretch.first]) for one in parts]
    closed = max((o.usual_h for o, c in zip(parts, is_closed_part, strict=True) if c), default=0.0)
    night = max(
        (o.usual_h for o, c in zip(parts, is_closed_part, strict=True) if not c), default=0.0
    )
    return np.where(of_closed, closed, night)


def concerns(meter: Meter, site: Site) -> bool:
    """Fuel and heat of buildings, and electricity of their parts (heat pumps)."""
    if not is_building(site):
        return False
    heats = meter.measures in (Measures.WITHDRAWAL, Measures.SUBMETER)
    if meter.carrier is Carrier.ELECTRICITY:
        return meter.measures is Measures.SUBMETER
    return heats and meter.carrier in HEATING_CARRIERS


def look(view: View, p: HeatingClosedHoursParameters) -> list[Episode]:
    """The episodes of the meter that touch the view's span."""
    curve = view.hours
    used = occupancy(curve, view.opening)
    degc = view.degc(curve.first_day, len(used))
    season = view.in_season(curve.first_day, len(used))
    found = find(curve, used, degc, season, p)
    return [e for e in found if e.end > view.span.start and e.start < view.span.end]


RULE = Rule("heating_closed_hours", 1, HeatingClosedHoursParameters, concerns, look)
