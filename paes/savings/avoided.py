"""Avoided energy of a stretch of days: what was expected less what was used, gaps between bounds.

::

    avoided   = sum over known days of (expected - used) + unseen days, within their bounds
    low, high = the same with the least and the most that unseen days leave open

An unseen day saves nothing: of what its bounds leave open the figure nearest to zero counts. Where
the register knows what passed in a gap, both bounds meet, and nothing is left open.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from paes.baselines.days import Bools
from paes.savings.metered import Metered
from paes.savings.periods import DaySpan
from paes.series import Floats


@dataclass(frozen=True, slots=True)
class AvoidedEnergy:
    """Of one measured part over ``span``; kWh, positive where less was used than expected.

    ``expected_kwh`` is what the baseline says of the weather and calendar of the days that can be
    compared, without ``non_routine_kwh``; ``days`` are those days, of which ``seen_days`` are known
    and ``no_weather_days`` of the span are left out, on both sides, for want of a temperature.
    """

    span: DaySpan
    expected_kwh: float
    non_routine_kwh: float
    kwh: float
    low_kwh: float
    high_kwh: float
    days: int
    seen_days: int
    no_weather_days: int

    @property
    def adjusted_kwh(self) -> float:
        """What would have been used without the works."""
        return self.expected_kwh + self.non_routine_kwh

    @property
    def used_kwh(self) -> float:
        """What was used."""
        return self.adjusted_kwh - self.kwh

    @property
    def fraction(self) -> float:
        """The avoided part of what would have been used; NaN of nothing."""
        return self.kwh / self.adjusted_kwh if self.adjusted_kwh > 0 else math.nan


def avoided_energy(
    metered: Metered, span: DaySpan, expected_kwh: Floats, added_kwh: Floats
) -> AvoidedEnergy:
    """Of ``span``; columns are those of ``metered``, ``expected_kwh`` is NaN where unknown."""
    at = metered.at(span)
    adjusted = (expected_kwh + added_kwh)[at]
    used = metered.sure_kwh[at]
    compared = ~np.isnan(adjusted)
    seen = compared & ~np.isnan(used)
    known = float((adjusted - used)[seen].sum())
    least, most = _unseen(metered, at.start, compared, seen, used)
    unseen = float(adjusted[compared & ~seen].sum())
    low, high = unseen - most, unseen - least
    return AvoidedEnergy(
        span=span,
        expected_kwh=float(expected_kwh[at][compared].sum()),
        non_routine_kwh=float(added_kwh[at][compared].sum()),
        kwh=known + min(max(0.0, low), high),
        low_kwh=known + low,
        high_kwh=known + high,
        days=int(compared.sum()),
        seen_days=int(seen.sum()),
        no_weather_days=int((~compared).sum()),
    )


def together(found: Sequence[AvoidedEnergy]) -> AvoidedEnergy:
    """Several parts over the same days; days are those of the part that was seen least."""
    return AvoidedEnergy(
        span=found[0].span,
        expected_kwh=math.fsum(a.expected_kwh for a in found),
        non_routine_kwh=math.fsum(a.non_routine_kwh for a in found),
        kwh=math.fsum(a.kwh for a in found),
        low_kwh=math.fsum(a.low_kwh for a in found),
        high_kwh=math.fsum(a.high_kwh for a in found),
        days=min(a.days for a in found),
        seen_days=min(a.seen_days for a in found),
        no_weather_days=max(a.no_weather_days for a in found),
    )


def _unseen(
    metered: Metered, offset: int, compared: Bools, seen: Bools, used: Floats
) -> tuple[float, float]:
    """The least and the most that passed on days that are compared and were not seen."""
    least = most = 0.0
    for begin, end in _runs(compared):
        if seen[begin:end].all():
            continue
        low, high = metered.bounds(metered.day(offset + begin), metered.day(offset + end))
        known = float(used[begin:end][seen[begin:end]].sum())
        least += max(low - known, 0.0)
        most += max(high - known, 0.0)
    return least, most


def _runs(which: Bools) -> Iterator[tuple[int, int]]:
    """Beginnings and ends of what is true in a row."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], which, [False]]).astype(np.int8)))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        yield int(begin), int(end)
