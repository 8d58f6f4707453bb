"""Base load: a building takes more at night than before, and than a year ago.

::

    night           mean power from 00 to 05 of a local day, where all of it was measured
    seen            median of the last 14 nights
    usual           median of the 8 weeks before these; and of the same weeks of last year, less
                    what the 8 weeks have fallen since last year: who saved is held to it
    sign            seen > 1.2 x the one and > 1.1 x the other, and 0.2 kW more than both

Nights of a closed span (a school's summer) are compared with those of closed spans only. When an
episode begins its reference of eight weeks is frozen; nights of an episode are in no reference.
Without last year's nights a larger rise is asked for, so that a change of season is none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

import numpy as np
from pydantic import Field

from paes.faults.episode import Episode, Excess, Stretch, stretches
from paes.faults.load_curve import Bools, Ints, LoadCurve
from paes.faults.rule import Parameters, Rule
from paes.faults.signs.occupancy import Occupancy, is_building, occupancy
from paes.faults.signs.windows import (
    daily_picture,
    day_start,
    excess_between,
    window_median,
)
from paes.faults.view import View
from paes.metering import Carrier, Measures, Site
from paes.meters import Meter
from paes.periods import Span
from paes.series import Floats

YEAR_DAYS = 364
"""A year in whole weeks: the same weekday one year before."""


class BaseLoadParameters(Parameters):
    """See ``config/fault_rules/base_load.yaml``."""

    from_hour: float = Field(ge=0, le=24)
    to_hour: float = Field(ge=0, le=24)
    seen_days: int = Field(ge=3)
    usual_days: int = Field(ge=14)
    last_year_days: int = Field(ge=7)
    least_known_fraction: float = Field(gt=0, le=1)
    least_known_of_usual_fraction: float = Field(gt=0, le=1)
    rise_fraction: float = Field(gt=0)
    rise_on_last_year_fraction: float = Field(gt=0)
    rise_alone_fraction: float = Field(gt=0)
    least_rise_kw: float = Field(gt=0)
    lasting_days: int = Field(ge=1)
    back_to_usual_days: int = Field(ge=1)


@dataclass(frozen=True)
class _Nights:
    """Of each local day, in kW: its night, the median seen, and both references.

    ``fallen`` is what the eight weeks before are to those of last year, at most 1;
    ``alone_fraction`` the rise that is asked for where one reference is not known.
    """

    night: Floats
    seen: Floats
    before: Floats
    year_before: Floats
    fallen: Floats
    in_closed_span: Bools
    alone_fraction: Floats
    p: BaseLoadParameters

    @cached_property
    def last_year(self) -> Floats:
        """The same weeks of last year, less what was saved since."""
        return np.asarray(self.year_before * self.fallen)

    @cached_property
    def usual(self) -> Floats:
        """The greater of both references: what is beyond it is not explained by either."""
        return np.fmax(self.before, self.last_year)

    @cached_property
    def threshold(self) -> Floats:
        """Above what the seen nights are a sign; NaN without a reference."""
        p = self.p
        both = np.maximum(
            self.before * (1 + p.rise_fraction), self.last_year * (1 + p.rise_on_last_year_fraction)
        )
        alone = self.usual * (1 + self.alone_fraction)
        wanted = np.where(np.isnan(both), alone, both)
        return np.maximum(wanted, self.usual + p.least_rise_kw)

    @property
    def known(self) -> Bools:
        """Days on which there is something to compare."""
        return ~np.isnan(self.seen) & ~np.isnan(self.threshold)

    @property
    def sign(self) -> Bools:
        """Days on which it is beyond the threshold."""
        return self.known & (np.nan_to_num(self.seen) > np.nan_to_num(self.threshold, nan=np.inf))


def find(curve: LoadCurve, used: Occupancy, p: BaseLoadParameters) -> list[Episode]:
    """Every rise of the base load in ``curve``, in order of time.

    The excess of an hour is what the seen nights lie above the usual ones; its low bound counts
    the hours in which the building is not in use (there it is seen) above the higher of the
    references and their scatter, its high bound every hour above the lower reference less their
    scatter. Days without a reference of their kind (the first of a closed span) go on as before,
    and are nothing at the least.
    """
    night = curve.mean_by_day(curve.of_hours(p.from_hour, p.to_hour))
    reference, since = night.copy(), 0
    found: list[Episode] = []
    while True:
        rolling = _nights(night, reference, used, p)
        known = rolling.known & (np.arange(len(night)) >= since)
        first = next(iter(stretches(rolling.sign, known, p.lasting_days, len(night))), None)
        if first is None:
            return found
        frozen = _frozen(night, reference, used, first.first, p)
        known &= frozen.known & (np.arange(len(night)) >= first.first)
        lasting = stretches(frozen.sign, known, p.lasting_days, p.back_to_usual_days)
        if not lasting:
            since = first.first + 1  # it lasted by references that moved along only
            continue
        stretch = lasting[0]
        begin, end = _first_night(frozen, stretch.first, p), _last_night(frozen, stretch, p)
        since = stretch.last + 1 if stretch.is_over else len(night)
        found.append(_episode(curve, used, frozen, stretch._replace(first=begin, last=end), p))
        reference[begin:since] = np.nan


def _nights(night: Floats, reference: Floats, used: Occupancy, p: BaseLoadParameters) -> _Nights:
    """Nights with references that move along; those of ``reference`` that are NaN are in none."""
    least_seen = max(int(p.least_known_fraction * p.seen_days), 1)
    some = p.least_known_of_usual_fraction

    def medians(of: Floats, length: int, ends_before: int, least: int) -> Floats:
        apart = used.in_closed_span
        both = [
            window_median(np.where(apart == closed, of, np.nan), length, ends_before, least)
            for closed in (False, True)
        ]
        return np.where(apart, both[1], both[0])

    around = YEAR_DAYS + p.seen_days // 2 - p.last_year_days // 2
    seen = medians(night, p.seen_days, 0, least_seen)
    least = int(some * p.usual_days)
    before = medians(reference, p.usual_days, p.seen_days, least)
    year_before = medians(reference, p.usual_days, p.seen_days + YEAR_DAYS, least)
    year = medians(reference, p.last_year_days, around, int(some * p.last_year_days))
    with np.errstate(invalid="ignore", divide="ignore"):
        fallen = np.nan_to_num(np.clip(before / year_before, 0.0, 1.0), nan=1.0)
    alone = np.full(len(night), p.rise_alone_fraction)
    return _Nights(night, seen, before, year, fallen, used.in_closed_span, alone, p)


def _frozen(
    night: Floats, reference: Floats, used: Occupancy, at: int, p: BaseLoadParameters
) -> _Nights:
    """The same with the eight weeks before day ``at`` for all days of its kind since.

    It goes on in days of the other kind (a school's summer) as long as these lie as far above last
    year's, which is all there is to compare. What was seen since is in no reference: of an episode
    that is older than a year, last year is the one before it began.
    """
    clean = np.where(np.arange(len(night)) <= at - p.seen_days, reference, np.nan)
    nights = _nights(night, clean, used, p)
    alike = used.in_closed_span == used.in_closed_span[at]
    since = np.arange(len(night)) >= at
    kept = np.where(alike, nights.before[at], np.nan)
    before = np.where(since, kept, nights.before)
    fallen = np.where(since, nights.fallen[at], nights.fallen)
    year = nights.year_before
    earlier = np.concatenate([np.full(YEAR_DAYS, np.nan), year])[: len(year)]
    year = np.where(since & np.isnan(year), earlier, year)
    year = np.where(since & np.isnan(year) & alike, year[at], year)
    alone = np.where(since & ~alike, p.rise_fraction, p.rise_alone_fraction)
    return replace(nights, before=before, fallen=fallen, year_before=year, alone_fraction=alone)


def _above(nights: _Nights, first: int, last: int, at: int) -> Ints:
    """The nights of these days above the threshold of day ``at``, of days of its kind."""
    days = np.arange(first, last + 1)
    alike = nights.in_closed_span[days] == nights.in_closed_span[at]
    return np.asarray(days[alike & (nights.night[days] > nights.threshold[at])])


def _first_night(nights: _Nights, sign: int, p: BaseLoadParameters) -> int:
    """The first night of those seen on the day of the first sign that was above the threshold."""
    above = _above(nights, max(sign - p.seen_days + 1, 0), sign, sign)
    return int(above[0]) if len(above) else sign


def _last_night(nights: _Nights, stretch: Stretch, p: BaseLoadParameters) -> int:
    """The last night above the threshold: the median goes on for a week after it is over.

    Of what lasts the last night that is known: the median goes on for a week without readings, too.
    """
    last = stretch.last
    above = _above(nights, max(last - p.seen_days + 1, stretch.first), last, last)
    if stretch.is_over and len(above):
        return int(above[-1])
    measured = np.flatnonzero(~np.isnan(nights.night[: last + 1]))
    return max(int(measured[-1]), stretch.first) if len(measured) else last


def _episode(
    curve: LoadCurve, used: Occupancy, nights: _Nights, stretch: Stretch, p: BaseLoadParameters
) -> Episode:
    first, last = stretch.first, stretch.last
    usual, seen = nights.usual[stretch.found], nights.seen[stretch.found]
    lately = float(np.nanmedian(nights.seen[max(last - p.seen_days, first) : last + 1]))
    numbers = {
        "night_power_kw": lately,
        "usual_power_kw": float(usual),
        "extra_power_kw": max(lately - float(usual), 0.0),
        "night_power_when_found_kw": float(seen),
        "threshold_kw": float(nights.threshold[stretch.found]),
        "rise_fraction": lately / float(usual) - 1 if usual > 0 else 1.0,
        "days": float(last + 1 - first),
    }
    references = {"weeks_before_kw": nights.before, "last_year_kw": nights.last_year}
    numbers |= {
        name: float(of[stretch.found])
        for name, of in references.items()
        if not np.isnan(of[stretch.found])
    }
    begin = day_start(curve, first)
    windows = {
        "seen": Span(begin, day_start(curve, last + 1)),
        "usual": Span(begin - timedelta(days=p.usual_days), begin),
        "last_year": Span(begin - timedelta(days=YEAR_DAYS + p.last_year_days // 2), begin
                          - timedelta(days=YEAR_DAYS - p.last_year_days // 2)),
    }  # fmt: skip
    return Episode(
        start=begin,
        end=day_start(curve, last + 1),
        found=day_start(curve, stretch.found) + timedelta(hours=p.to_hour),
        is_over=stretch.is_over,
        numbers=numbers,
        windows=windows,
        excess=_excess(curve, used, nights, stretch),
        picture=daily_picture(curve, "kW", nights.night, nights.usual, first, last),
    )


def _excess(curve: LoadCurve, used: Occupancy, nights: _Nights, stretch: Stretch) -> Excess:
    day = curve.day
    where = (day >= stretch.first) & (day <= stretch.last)
    at = nights.seen.copy()
    at[stretch.first : stretch.found] = nights.seen[stretch.found]
    usual, least = nights.usual, np.fmin(nights.before, nights.last_year)
    before = nights.night[max(stretch.first - 56, 0) : stretch.first]
    centre = np.nanmedian(before) if np.isfinite(before).any() else 0.0
    scatter = float(np.nanmedian(np.abs(before - centre))) if np.isfinite(before).any() else 0.0
    hours = curve.step_s / 3600.0
    likely = _going_on(at - usual, stretch)[day] * hours
    low = np.where(used.vacant(curve, 0.0), (at - usual - scatter)[day] * hours, 0.0)
    high = _going_on(at - least + scatter, stretch)[day] * hours
    most = np.where(np.isnan(curve.amounts), 0.0, curve.amounts)
    low = np.nan_to_num(low)
    return excess_between(curve, where, np.minimum(likely, most), low, np.minimum(high, most))


def _going_on(extra_kw: Floats, stretch: Stretch) -> Floats:
    """The same, with the last known day for those of ``stretch`` of which nothing is known."""
    days = np.arange(len(extra_kw))
    inside = (days >= stretch.first) & (days <= stretch.last)
    last = np.maximum.accumulate(np.where(inside & ~np.isnan(extra_kw), days, -1))
    return np.where(inside & (last >= 0), extra_kw[last], extra_kw)


def concerns(meter: Meter, site: Site) -> bool:
    """Electricity that buildings are supplied with."""
    is_supply = meter.measures is Measures.WITHDRAWAL and meter.carrier is Carrier.ELECTRICITY
    return is_supply and is_building(site)


def look(view: View, p: BaseLoadParameters) -> list[Episode]:
    """The episodes of the meter that touch the view's span."""
    curve = view.hours
    found = find(curve, occupancy(curve, view.opening), p)
    return [e for e in found if e.end > view.span.start and e.start < view.span.end]


RULE = Rule("base_load", 1, BaseLoadParameters, concerns, look)
