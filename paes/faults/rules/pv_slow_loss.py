"""A photovoltaic plant that slowly makes less: dirt, growing shadows, ageing. A report, no alarm.

::

    performance   made / expected of the sunny days of a month: the performance ratio of IEC
                  61724-1, corrected for temperature, over that of the plant's own first year
    a year        this month / the same month of the year before, - 1
    change        median of these over the last 12 months
    told          a loss of more than 3 % a year; or, after a month that was so low, a rise of more
                  than 5 % to the next, as cleaning and rain bring

The expectation holds light and temperature of each hour, so that weather is in neither. Beside a
town's other plants as the light only what a plant loses *more than they* is seen; under a clear
sky nothing is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from pydantic import Field

from paes.faults.episode import Episode, Stretch, stretches
from paes.faults.load_curve import Bools, Ints
from paes.faults.rule import Parameters, Rule
from paes.faults.rules import pv_string
from paes.faults.signs.sunlight import Sunlit, concerns, is_under_clear_sky, sunlit, touching
from paes.faults.view import View
from paes.series import Floats


class PvSlowLossParameters(Parameters):
    """See ``config/fault_rules/pv_slow_loss.yaml``."""

    sunny_fraction: float = Field(gt=0, lt=1)
    outage_fraction: float = Field(gt=0, lt=1)
    least_sunny_days: int = Field(ge=3)
    least_pairs: int = Field(ge=3)
    loss_fraction_a_year: float = Field(gt=0, lt=1)
    recovery_fraction: float = Field(gt=0, lt=1)
    back_months: int = Field(ge=1)


@dataclass(frozen=True)
class Months:
    """Local months of a plant that are over: ``first_day`` of each, and ``end_day`` after the last
    (numbers as in the load curve); the performance of its sunny days, NaN of too few.
    """

    first_day: Ints
    end_day: int
    performance: Floats

    @property
    def changes(self) -> Floats:
        """Each month over the same of the year before, less 1; NaN where one is not known."""
        found = np.full(len(self.performance), np.nan)
        found[12:] = self.performance[12:] / self.performance[:-12] - 1.0
        return found


def months_of(of: Sunlit, p: PvSlowLossParameters, without: Bools | None = None) -> Months:
    """The months of a plant that are over; the days ``without`` are left out of them."""
    days, curve = of.days, of.made
    dates = np.datetime64(curve.first_day) + np.arange(len(days.made_kwh))
    month = dates.astype("datetime64[M]").astype(np.int64)
    month -= month[0]
    ratio = np.nan_to_num(days.ratio)
    sunny = days.known & (np.nan_to_num(days.sun_index) > p.sunny_fraction)
    sunny &= ratio >= p.outage_fraction
    if without is not None:
        sunny &= ~without
    count = int(month[-1])  # the last is not over
    enough = np.bincount(month[sunny], minlength=count + 1) >= p.least_sunny_days
    made = np.bincount(month[sunny], days.made_kwh[sunny], minlength=count + 1)
    expected = np.bincount(month[sunny], days.expected_kwh[sunny], minlength=count + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        performance = np.where(enough, made / expected, np.nan)
    first = np.searchsorted(month, np.arange(count + 1))
    return Months(first[:count], int(first[count]), performance[:count])


def find(of: Sunlit, p: PvSlowLossParameters, without: Bools | None = None) -> list[Episode]:
    """The slow losses of a plant, in order of time; each from the month on that told it.

    The days ``without``, on which a string was lost, are compared with nothing.

    What was lost is that part of each hour's expectation by which the months lie below those of
    the year before; the bounds are the quartiles of the months.
    """
    if is_under_clear_sky(of):
        return []
    months = months_of(of, p, without)
    seen = [_seen(months, last, p) for last in range(len(months.performance))]
    known = np.array([one is not None for one in seen], dtype=np.bool_)
    sign = np.array([one is not None and one.is_loss(p) for one in seen], dtype=np.bool_)
    found = []
    for run in stretches(sign, known, 1, p.back_months):
        told = seen[run.last]
        assert told  # a run ends with a sign
        found.append(_episode(of, months, run, told))
    return found


class _Seen(NamedTuple):
    """What the last twelve months show, each beside the same of the year before."""

    changes: Floats
    rise: float

    @property
    def change(self) -> float:
        return float(np.median(self.changes))

    def is_loss(self, p: PvSlowLossParameters) -> bool:
        low_before = float(np.min(self.changes)) <= -p.loss_fraction_a_year
        recovered = self.rise >= p.recovery_fraction and low_before
        return self.change <= -p.loss_fraction_a_year or recovered


def _seen(months: Months, last: int, p: PvSlowLossParameters) -> _Seen | None:
    """None where too few months can be compared."""
    changes = months.changes[max(last - 11, 0) : last + 1]
    known = changes[~np.isnan(changes)]
    if len(known) < p.least_pairs:
        return None
    return _Seen(known, _recovery(changes))


def _recovery(changes: Floats) -> float:
    """The largest rise from one month to the next, beside that of the year before.

    So that what the season brings every year is none.
    """
    rises = np.diff(changes)
    return float(np.nanmax(rises, initial=0.0)) if (~np.isnan(rises)).any() else 0.0


def _episode(of: Sunlit, months: Months, run: Stretch, seen: _Seen) -> Episode:
    count = len(of.days.made_kwh)
    ends = np.append(months.first_day[1:], months.end_day)
    begin, end = int(months.first_day[run.first]), int(ends[run.last]) - 1
    inside: Bools = np.zeros(count, dtype=np.bool_)
    inside[begin : end + 1] = True
    likely, low, high = _usual_parts(of, inside, seen.change, seen.changes)
    return Episode(
        start=of.day_start(begin),
        end=of.day_start(end + 1),
        found=of.day_start(int(ends[run.found])),
        is_over=run.is_over,
        numbers={
            "yearly_loss_fraction": max(-seen.change, 0.0),
            "recovery_fraction": seen.rise,
            "months": float(len(seen.changes)),
            "made_kwh": float(of.days.made_kwh[inside & of.days.known].sum()),
        },
        windows={"seen": of.span(begin, end), "usual": of.span(max(begin - 365, 0), begin)},
        excess=of.lost(inside, likely, low, high),
        picture=of.picture(begin, end, likely),
    )


def _usual_parts(
    of: Sunlit, inside: Bools, change: float, known: Floats
) -> tuple[float, float, float]:
    """Of the expectation: what the year before would have made, likely and between quartiles."""
    days, counted = of.days, inside & of.days.known
    seen = float(days.made_kwh[counted].sum() / days.expected_kwh[counted].sum())
    strong, weak = np.quantile(known, [0.25, 0.75])
    likely = seen / (1.0 + min(change, 0.0))
    low = seen / (1.0 + min(float(weak), 0.0))
    high = seen / (1.0 + min(float(strong), 0.0))
    return likely, min(low, likely), max(high, likely)


def look(view: View, p: PvSlowLossParameters) -> list[Episode]:
    """The slow losses of the plant that touch the view's span."""
    of = sunlit(view)
    if of is None:
        return []
    return touching(find(of, p, _of_strings(of, view)), view)


def _of_strings(of: Sunlit, view: View) -> Bools:
    """The days on which part of the plant was lost at once: those are another rule's."""
    found: Bools = np.zeros(len(of.days.made_kwh), dtype=np.bool_)
    for loss in pv_string.losses(of.days, pv_string.RULE.file(view.installation.root).parameters):
        found[loss.first : (loss.last + 1) if loss.is_over else None] = True
    return found


RULE = Rule("pv_slow_loss", 1, PvSlowLossParameters, concerns, look, is_alarm=False)
