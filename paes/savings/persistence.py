"""Whether a saving lasts: month by month after the works, its running sum, and whether it decays.

The running sum of avoided energy (CUSUM) rises in a straight line while a saving lasts, apart from
its season, and bends where it is lost. The last months are held against the same months of the
first year, so that a winter is not compared with a summer::

    decayed   first - last > band of the last months   and   first - last > a stated part of first

with the avoided parts of what was expected in the same calendar months, ``first`` those of the
first year.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from paes.savings.assumptions import PersistenceRules
from paes.savings.avoided import AvoidedEnergy

LEAST_DAYS = 15
"""A month of which fewer days can be compared is left out."""


@dataclass(frozen=True, slots=True)
class SavingMonth:
    """A local month after the works, and the sum of all until its end; kWh."""

    first: date
    adjusted_kwh: float
    avoided_kwh: float
    low_kwh: float
    high_kwh: float
    sum_kwh: float
    seen_days: int


@dataclass(frozen=True, slots=True)
class Persistence:
    """The saving by months, and what the last of them are beside the first year's."""

    months: tuple[SavingMonth, ...]
    first_fraction: float | None = None
    last_fraction: float | None = None
    """Avoided parts in the same months; None while there is nothing to compare."""
    band_fraction: float | None = None
    has_decayed: bool = False


def persistence(
    months: Sequence[AvoidedEnergy], band_fraction: float, rules: PersistenceRules
) -> Persistence:
    """From whole months in order, the first one after the works.

    ``band_fraction`` is the band of a year's saving as a part of what was expected.
    """
    told = tuple(_told(months))
    last, first = _alike(months, rules.last_months)
    if not first:
        return Persistence(told)
    before, now = _fraction(first), _fraction(last)
    # What gaps leave open is no decay: the most that may have been avoided counts.
    most = _fraction(last, most=True)
    lost = before - most
    decayed = before > 0 and lost > band_fraction and lost > rules.lost_fraction * before
    return Persistence(told, before, now, band_fraction, decayed)


def _alike(
    months: Sequence[AvoidedEnergy], count: int
) -> tuple[list[AvoidedEnergy], list[AvoidedEnergy]]:
    """The last months and those of the first year of the same names; none if they are the same."""
    if len(months) < 12 + count:
        return [], []
    of_first = {m.span.first.month: m for m in months[:12] if m.seen_days >= LEAST_DAYS}
    last = [
        m for m in months[-count:] if m.seen_days >= LEAST_DAYS and m.span.first.month in of_first
    ]
    return last, [of_first[m.span.first.month] for m in last]


def _fraction(of: Sequence[AvoidedEnergy], most: bool = False) -> float:
    avoided = math.fsum(m.high_kwh if most else m.kwh for m in of)
    expected = math.fsum(m.adjusted_kwh for m in of)
    return avoided / expected if expected > 0 else 0.0


def _told(months: Sequence[AvoidedEnergy]) -> list[SavingMonth]:
    sums = np.cumsum([m.kwh for m in months])
    return [
        SavingMonth(
            m.span.first, m.adjusted_kwh, m.kwh, m.low_kwh, m.high_kwh, float(s), m.seen_days
        )
        for m, s in zip(months, sums, strict=True)
    ]
