"""Use above what is expected: a building takes more than its own past, weather and calendar ask.

::

    expected    change-point baseline of the year before the last 1 April or 1 October, frozen
    error       its sums of 14 days in that year: nine of ten were nearer than ``error``
    sign        the last 14 days took 15 % more than expected, and twice ``error`` more;
                looked at once a week
    start       where the CUSUM of what was beyond an allowance last left zero

Of a site with plants it is what the site used that is judged, and not what it bought. What one
sign begins is judged by its own baseline until it is over. A rule that knows the cause (base load,
heating) may tell the same days; what is lost is counted once, elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from pydantic import Field

from paes.baselines.baseline import Baseline, obstacle
from paes.baselines.days import Days
from paes.climate.heating import HEATING_CARRIERS
from paes.faults.episode import Episode, Excess, Stretch, stretches
from paes.faults.load_curve import Bools, LoadCurve
from paes.faults.rule import Parameters, Rule
from paes.faults.signs.day_numbers import months, years
from paes.faults.signs.occupancy import is_building, occupancy
from paes.faults.signs.windows import daily_picture, day_start
from paes.faults.view import View
from paes.metering import Carrier, Measures, Site
from paes.meters import Meter
from paes.periods import Span
from paes.series import Floats

YEAR_DAYS = 365
WEEK_DAYS = 7
_HALF = 0.5


class AboveExpectedParameters(Parameters):
    """See ``config/fault_rules/above_expected.yaml``."""

    anew_in_months: tuple[int, ...] = Field(min_length=1)
    seen_days: int = Field(ge=7)
    least_known_days: int = Field(ge=1)
    least_known_fraction: float = Field(gt=0, le=1)
    least_days_of_year: int = Field(ge=180)
    rise_fraction: float = Field(gt=0)
    error_quantile: float = Field(gt=0.5, lt=1)
    errors: float = Field(gt=0)
    still_fraction: float = Field(gt=0, le=1)
    allowance_fraction: float = Field(ge=0, lt=1)
    back_to_usual_weeks: int = Field(ge=1)


@dataclass(frozen=True)
class _Judged:
    """What a baseline expects of every day, and the error of its 14 days, in kWh."""

    expected: Floats
    error_kwh: float


def find(curve: LoadCurve, days: Days, p: AboveExpectedParameters) -> list[Episode]:
    """Every spell of use above what is expected, in order of time; ``days`` are the curve's.

    The excess of an hour is its share of what the day took beyond what was expected (of some days
    less than nothing: sums are what counts), with twice the error of 14 days, as the sign asks, as
    its band. Of a day that was measured in half the known hours are in it.
    """
    daily = curve.by_day(least_known=p.least_known_fraction)
    clean, since = daily.copy(), 0
    found: list[Episode] = []
    starts = _starts(days, p)
    for begin, end in zip(starts, [*starts[1:], len(days)], strict=True):
        judged = _judged(clean, days, begin, p) if since < end else None
        while judged is not None and since < end:
            stretch = _stretch(daily, days, judged, max(begin, since), p)
            if stretch is None or stretch.first >= end:
                break
            first = _first_day(daily, judged, stretch.first, max(begin, since), p)
            stretch = stretch._replace(first=first)
            episode, last = _episode(curve, daily, judged, stretch, begin, p), stretch.last
            found.append(episode)
            since = last + 1 if stretch.is_over else len(days)
            clean[first:since] = np.nan
    return found


def _starts(days: Days, p: AboveExpectedParameters) -> list[int]:
    """The days from which on a new baseline judges: there must be a year before."""
    month, year = months(days.first, len(days)), years(days.first, len(days))
    before = np.concatenate([[-1], month[:-1]])
    begins = np.isin(month, p.anew_in_months) & (month != before) & (year > 0)
    return [int(n) for n in np.flatnonzero(begins) if n >= p.least_days_of_year]


def _judged(clean: Floats, days: Days, begin: int, p: AboveExpectedParameters) -> _Judged | None:
    """The baseline of the year before day ``begin``; None if it cannot be made."""
    first = max(begin - YEAR_DAYS, 0)
    day = days.first
    year = days.between(day + timedelta(days=first), day + timedelta(days=begin))
    learnt = clean[first:begin]
    if obstacle("meter", learnt, year, p.least_days_of_year) is not None:
        return None
    baseline = Baseline.fit(learnt, year, p.least_days_of_year)
    expected = baseline.predict(days)
    beyond, _ = _sums(learnt, expected[first:begin], p)
    errors = np.abs(beyond[~np.isnan(beyond)])
    return _Judged(expected, float(np.quantile(errors, p.error_quantile))) if len(errors) else None


def _sums(seen: Floats, expected: Floats, p: AboveExpectedParameters) -> tuple[Floats, Floats]:
    """What the last 14 days took beyond what was expected, and that; NaN with too few of them."""
    known = ~np.isnan(seen) & ~np.isnan(expected)
    window = np.ones(p.seen_days)

    def trailing(values: Floats) -> Floats:
        return np.convolve(np.where(known, values, 0.0), window)[: len(seen)]

    enough = trailing(np.ones(len(seen))) >= p.least_known_days
    enough[: p.seen_days - 1] = False
    beyond, told = trailing(seen - expected), trailing(expected)
    return np.where(enough, beyond, np.nan), np.where(enough, told, np.nan)


def _stretch(
    daily: Floats, days: Days, judged: _Judged, since: int, p: AboveExpectedParameters
) -> Stretch | None:
    """The first spell from day ``since`` on; over when only a part of the threshold is left."""
    sign, known = _signs(daily, days, judged, since, p, 1.0)
    first = next(iter(stretches(sign, known, 1, 1)), None)
    if first is None:
        return None
    still, known = _signs(daily, days, judged, since, p, p.still_fraction)
    known &= np.arange(len(daily)) >= first.first
    return stretches(still, known, 1, p.back_to_usual_weeks)[0]


def _signs(
    daily: Floats, days: Days, judged: _Judged, since: int, p: AboveExpectedParameters, part: float
) -> tuple[Bools, Bools]:
    """On Sundays: whether the last 14 days, all judged, are beyond ``part`` of the threshold."""
    at = np.arange(len(daily))
    beyond, told = _sums(np.where(at >= since, daily, np.nan), judged.expected, p)
    threshold = part * np.maximum(p.rise_fraction * told, p.errors * judged.error_kwh)
    weekly = (at + days.first.weekday()) % WEEK_DAYS == WEEK_DAYS - 1
    known = weekly & ~np.isnan(beyond) & (at >= since)
    return known & (np.nan_to_num(beyond) > np.nan_to_num(threshold, nan=np.inf)), known


def _first_day(
    daily: Floats, judged: _Judged, sign: int, since: int, p: AboveExpectedParameters
) -> int:
    """Where the CUSUM last left zero in the four weeks to the sign; unknown days add nothing."""
    since = max(since, sign - 2 * p.seen_days + 1)
    part = slice(since, sign + 1)
    beyond = np.nan_to_num(daily[part] - judged.expected[part] * (1 + p.allowance_fraction))
    total = np.concatenate([[0.0], np.cumsum(beyond)])
    return min(since + int(len(total) - 1 - np.argmin(total[::-1])), sign)


def _episode(
    curve: LoadCurve,
    daily: Floats,
    judged: _Judged,
    stretch: Stretch,
    begin: int,
    p: AboveExpectedParameters,
) -> Episode:
    first, last = stretch.first, stretch.last
    seen = slice(first, last + 1)
    known = ~np.isnan(daily[seen]) & ~np.isnan(judged.expected[seen])
    used, told = daily[seen][known].sum(), judged.expected[seen][known].sum()
    start, end = day_start(curve, first), day_start(curve, last + 1)
    return Episode(
        start=start,
        end=end,
        found=day_start(curve, stretch.found + 1),
        is_over=stretch.is_over,
        numbers={
            "used_kwh": float(used),
            "expected_kwh": float(told),
            "rise_fraction": float(used / told - 1) if told > 0 else 1.0,
            "rise_threshold_fraction": p.rise_fraction,
            "error_of_14_days_kwh": judged.error_kwh,
            "days": float(last + 1 - first),
        },
        windows={
            "seen": Span(start, end),
            "learnt": Span(day_start(curve, max(begin - YEAR_DAYS, 0)), day_start(curve, begin)),
        },
        excess=_excess(curve, judged, stretch, p),
        picture=daily_picture(curve, "kWh", daily, judged.expected, first, last),
    )


def _excess(
    curve: LoadCurve, judged: _Judged, stretch: Stretch, p: AboveExpectedParameters
) -> Excess:
    doubt_kwh = p.errors * judged.error_kwh / p.seen_days
    daily = curve.by_day(least_known=_HALF)
    share = np.divide(curve.amounts, daily[curve.day], where=daily[curve.day] > 0,
                      out=np.full(len(curve), np.nan))  # fmt: skip
    used = (curve.day >= stretch.first) & (curve.day <= stretch.last)
    used &= ~np.isnan(share) & ~np.isnan(judged.expected[curve.day])
    beyond = (daily - judged.expected)[curve.day[used]]
    low, likely, high = ((beyond + off) * share[used] for off in (-doubt_kwh, 0.0, doubt_kwh))
    return Excess(curve.seconds[used], curve.step_s, likely, low, high)


def concerns(meter: Meter, site: Site) -> bool:
    """What buildings are supplied with: electricity, fuel, heat."""
    of = (Carrier.ELECTRICITY, *HEATING_CARRIERS)
    return meter.measures is Measures.WITHDRAWAL and meter.carrier in of and is_building(site)


def used_hours(view: View) -> LoadCurve:
    """What the site used in each hour: of one with plants what it bought and made, less feed-in.

    What it buys follows the sun, of which the baseline knows nothing. Where only production is
    metered, and not what is fed in, its use is not known: then what it bought has to do.
    """
    curve, meter = view.hours, view.meter
    if meter.carrier is not Carrier.ELECTRICITY:
        return curve
    beside = [m for m in view.installation.meters.values() if m.site == meter.site]
    made = [m for m in beside if m.measures is Measures.GENERATION]
    given = [m for m in beside if m.measures is Measures.FEED_IN]
    if not made or not given:
        return curve
    amounts = curve.amounts.copy()
    for other in made:
        amounts += view.town.meter(other).hours.amounts
    for other in given:
        amounts -= view.town.meter(other).hours.amounts
    return curve.with_amounts(np.maximum(amounts, 0.0))


def look(view: View, p: AboveExpectedParameters) -> list[Episode]:
    """The episodes of the meter that touch the view's span."""
    curve = used_hours(view)
    used = occupancy(curve, view.opening)
    degc = view.degc(curve.first_day, len(used))
    heats = view.meter.carrier is not Carrier.ELECTRICITY
    season = view.in_season(curve.first_day, len(used)) if heats else None
    found = find(curve, Days(curve.first_day, degc, used.kinds, None, season), p)
    return [e for e in found if e.end > view.span.start and e.start < view.span.end]


RULE = Rule("above_expected", 1, AboveExpectedParameters, concerns, look)
