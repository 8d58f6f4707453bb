"""Part of a photovoltaic plant is lost: a string of modules, or one of several inverters.

::

    sunny day   more than half of a clear day's light
    low sun     noon below 36 degrees: trees and houses shade what they do not in summer. Such days
                count only by what the plant made of earlier ones with the same height of the sun,
                in spring or in years before
    seen        sum made / sum expected of the last 10 sunny days (of the last 4)
    usual       median of the 60 sunny days before these
    sign        seen 10 % below usual after 10 days, or 25 % below after 4; in low sun 20 and 40 %

``usual`` is frozen when an episode begins; its days are in no later reference. Days without any
production are an outage's, and not looked at here. A clear sky as the only light is too coarse for
this rule: it stays silent.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

import numpy as np
from pydantic import Field

from paes.faults.episode import Episode
from paes.faults.load_curve import Ints
from paes.faults.rule import Parameters, Rule
from paes.faults.signs.sunlight import (
    Sunlit,
    concerns,
    is_under_clear_sky,
    solar_town,
    sunlit,
    touching,
)
from paes.faults.view import View
from paes.solar.expected import PlantDays

MOST_STRINGS = 10
"""A loss smaller than one of so many is told as one of so many."""


class PvStringParameters(Parameters):
    """See ``config/fault_rules/pv_string.yaml``."""

    sunny_fraction: float = Field(gt=0, lt=1)
    low_sun_deg: float = Field(ge=0, le=90)
    same_sun_deg: float = Field(gt=0)
    same_sun_apart_days: int = Field(ge=0)
    least_same_sun_days: int = Field(ge=3)
    outage_fraction: float = Field(gt=0, lt=1)
    seen_days: int = Field(ge=2)
    loss_fraction: float = Field(gt=0, lt=1)
    fast_days: int = Field(ge=1)
    fast_loss_fraction: float = Field(gt=0, lt=1)
    low_sun_loss_fraction: float = Field(gt=0, lt=1)
    low_sun_fast_loss_fraction: float = Field(gt=0, lt=1)
    usual_days: int = Field(ge=10)
    most_excused_fraction: float = Field(ge=0, lt=1)
    back_days: int = Field(ge=2)
    back_fraction: float = Field(gt=0, lt=1)
    least_doubt_fraction: float = Field(ge=0, lt=1)


@dataclass(frozen=True)
class Loss:
    """A loss by local days; ``usual`` is the frozen ratio, between the bounds of its days."""

    first: int
    last: int
    sure: int
    is_over: bool
    usual: float
    low: float
    high: float
    reference: tuple[int, int]


def losses(days: PlantDays, p: PvStringParameters) -> list[Loss]:
    """Every loss of a part of the plant, in order of time."""
    return watched(days, p).told()


def watched(days: PlantDays, p: PvStringParameters) -> Watch:
    """All days of a plant, looked at."""
    watch = Watch(days, p)
    bright = days.known & (np.nan_to_num(days.sun_index) > p.sunny_fraction)
    for day in np.flatnonzero(bright & (np.nan_to_num(days.ratio) >= p.outage_fraction)).tolist():
        watch.see(day)
    return watch


class Watch:
    """Goes through the sunny days once; the reference rests on days without a loss.

    ``useful`` are the days by which it judges: sunny, and with a known usual if the sun is low.
    """

    def __init__(self, days: PlantDays, p: PvStringParameters) -> None:
        self._days, self._p = days, p
        self._ratio = np.nan_to_num(days.ratio)
        self._shape = np.ones(len(self._ratio))
        """How much less is usual of a day because the sun stays low on it; 1 of high ones."""
        self._usual: list[int] = []
        """Sunny days without a loss."""
        self._low: list[int] = []
        """Sunny days of a low sun without a loss: what later ones are compared with."""
        self._recent: list[int] = []
        """Of the usual ones the last, which may be the first of a loss."""
        self._lasting: Loss | None = None
        self._after: list[int] = []
        """Sunny days of a lasting loss."""
        self._told: list[Loss] = []
        self.useful: list[int] = []

    def see(self, day: int) -> None:
        """One more sunny day."""
        p = self._p
        if self._days.noon_deg[day] < p.low_sun_deg:
            self._shape[day] = self._shape_of(day)
            if not self._lasting:
                self._low.append(day)
            if np.isnan(self._shape[day]):
                return
        self.useful.append(day)
        if self._lasting:
            self._go_on(day, self._lasting)
            return
        self._recent.append(day)
        if len(self._recent) > p.seen_days:
            self._usual.append(self._recent.pop(0))
        for length in (p.fast_days, p.seen_days):
            if self._is_lost(length):
                self._begin(length)
                return

    def told(self) -> list[Loss]:
        """The losses seen so far; the last may last."""
        return [*self._told, *([self._lasting] if self._lasting else [])]

    def _is_lost(self, length: int) -> bool:
        seen = self._recent[-length:]
        before = [*self._usual, *self._recent[:-length]][-self._p.usual_days :]
        if len(seen) < length or len(before) < self._p.usual_days:
            return False
        return self._relative(seen, before) < 1.0 - self._least_loss(seen)

    def _least_loss(self, seen: list[int]) -> float:
        """What part must be lost: more of few days, and more where the sun stays low."""
        p = self._p
        low = sum(self._days.noon_deg[seen] < p.low_sun_deg) > len(seen) / 2
        if len(seen) < p.seen_days:
            return p.low_sun_fast_loss_fraction if low else p.fast_loss_fraction
        return p.low_sun_loss_fraction if low else p.loss_fraction

    def _begin(self, length: int) -> None:
        p, recent = self._p, self._recent
        before = [*self._usual, *recent[:-length]][-p.usual_days :]
        begun = self._first_lost(before, self._relative(recent[-length:], before))
        ratios = self._ratio[before] / self._shape[before]
        low, high = np.quantile(ratios, [0.25, 0.75])
        usual = float(np.median(ratios))
        reference = (before[0], before[-1])
        self._usual += recent[:begun]
        self._after = recent[begun:]
        self._low = [day for day in self._low if day < self._after[0]]
        self._lasting = Loss(
            self._after[0], recent[-1], recent[-1], False, usual,
            float(low), float(high), reference,
        )  # fmt: skip
        self._recent = []

    def _first_lost(self, before: list[int], level: float) -> int:
        """From which of the recent days on they fit the lower level better than the usual one."""
        relative = np.array([self._relative([day], before) for day in self._recent])
        steps = (relative - 1.0) ** 2 - (relative - level) ** 2
        gain = np.cumsum(steps[::-1])[::-1]
        return int(np.argmax(gain))

    def _go_on(self, day: int, loss: Loss) -> None:
        p = self._p
        self._after.append(day)
        last = self._after[-p.back_days :]
        before = self._reference(loss)
        back = len(last) == p.back_days and (self._relative(last, before) >= 1.0 - p.back_fraction)
        if not back:
            still = self._relative([day], before) < 1.0 - p.loss_fraction
            self._lasting = _until(loss, day if still else loss.last)
            return
        lost = [d for d in last if self._relative([d], before) < 1.0 - p.loss_fraction]
        ended = max([loss.first, *(d for d in self._after if d < last[0]), *lost])
        self._told.append(_until(loss, ended, is_over=True))
        self._lasting, self._after = None, []
        self._recent = [day for day in last if day > ended]
        self._low += [day for day in self._recent if self._days.noon_deg[day] < p.low_sun_deg]

    def _reference(self, loss: Loss) -> list[int]:
        first, last = loss.reference
        return [day for day in self._usual if first <= day <= last]

    def _relative(self, seen: list[int], before: list[int]) -> float:
        """Made of the days ``seen`` over what is usual of them by the days ``before``."""
        days = self._days
        made = days.made_kwh[seen].sum()
        expected = (days.expected_kwh[seen] * self._shape[seen]).sum()
        return float(made / expected / self._usual_of(before))

    def _usual_of(self, before: list[int]) -> float:
        """The median ratio of high sun that these days tell."""
        return float(median((self._ratio[before] / self._shape[before]).tolist()))

    def _shape_of(self, day: int) -> float:
        """What part of high sun's ratio days with as low a sun had, some weeks ago at least.

        Not more than 1; NaN if nobody knows, as in a plant's first winter.
        """
        p, noon = self._p, self._days.noon_deg
        near = [
            d
            for d in self._low
            if abs(noon[d] - noon[day]) <= p.same_sun_deg and d <= day - p.same_sun_apart_days
        ]
        if len(near) < p.least_same_sun_days or not self._usual:
            return float("nan")
        high = [d for d in self._usual if noon[d] >= p.low_sun_deg] or self._usual
        part = np.median(self._ratio[near]) / np.median(self._ratio[high[-p.usual_days :]])
        return float(np.clip(part, 1.0 - p.most_excused_fraction, 1.0))


def _until(loss: Loss, last: int, is_over: bool = False) -> Loss:
    return Loss(
        loss.first, max(last, loss.first), loss.sure, is_over, loss.usual, loss.low, loss.high,
        loss.reference,
    )  # fmt: skip


def find(of: Sunlit, p: PvStringParameters, strings: int | None = None) -> list[Episode]:
    """The losses of a plant of so many ``strings`` (None: not known), in order of time.

    What was lost is what the plant usually makes of the expectation, less what it made; bounds are
    the quartiles of the reference's days, and no nearer than ``least_doubt_fraction``: the seasons
    move the usual ratio.
    """
    if is_under_clear_sky(of):
        return []
    return [_episode(of, loss, strings, p) for loss in losses(of.days, p)]


def _episode(of: Sunlit, loss: Loss, strings: int | None, p: PvStringParameters) -> Episode:
    days = of.days
    count = len(days.made_kwh)
    last = loss.last if loss.is_over else _last_known(days, count)
    inside = np.zeros(count, dtype=np.bool_)
    inside[loss.first : last + 1] = True
    known = inside & days.known
    made, expected = (float(c[known].sum()) for c in (days.made_kwh, days.expected_kwh))
    seen = made / expected
    lost = 1.0 - seen / loss.usual
    of_strings = strings or int(np.clip(round(1.0 / max(lost, 0.01)), 2, MOST_STRINGS))
    return Episode(
        start=of.day_start(loss.first),
        end=of.day_start(loss.last + 1),
        found=of.day_start(loss.sure + 1),
        is_over=loss.is_over,
        numbers={
            "seen_fraction": seen / loss.usual,
            "lost_fraction": lost,
            "seen_ratio": seen,
            "usual_ratio": loss.usual,
            "made_kwh": made,
            "usual_kwh": expected * loss.usual,
            "days": float(known.sum()),
            "strings_lost": float(np.clip(round(lost * of_strings), 1, of_strings)),
            "strings": float(of_strings),
        },
        windows={
            "seen": of.span(loss.first, loss.last),
            "usual": of.span(*loss.reference),
        },
        excess=of.lost(
            inside,
            loss.usual,
            min(loss.low, loss.usual * (1 - p.least_doubt_fraction)),
            max(loss.high, loss.usual * (1 + p.least_doubt_fraction)),
        ),
        picture=of.picture(loss.first, last, loss.usual),
    )


def _last_known(days: PlantDays, count: int) -> int:
    known: Ints = np.flatnonzero(days.known)
    return int(known[-1]) if len(known) else count - 1


def look(view: View, p: PvStringParameters) -> list[Episode]:
    """The losses of the plant that touch the view's span."""
    of = sunlit(view)
    if of is None:
        return []
    strings = solar_town(view).plants[view.meter.id].strings
    return touching(find(of, p, strings), view)


RULE = Rule("pv_string", 1, PvStringParameters, concerns, look)
