"""Amounts in equal steps of time, with the local calendar beside them: what rules look at.

An amount is kWh (m3 of water) that passed in its step; NaN where it is not known for sure. Every
function leaves the unknown out, and says nothing of a day of which too little is known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from paes.errors import DataError
from paes.periods import Seconds, wall_seconds
from paes.series import Floats

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
_EPOCH = date(1970, 1, 1)
_DAY_S = 86_400


@dataclass(frozen=True)
class LoadCurve:
    """Amounts in steps of ``step_s`` from ``start_s`` (Unix seconds) on, on the clock of ``tz``."""

    start_s: int
    step_s: int
    amounts: Floats
    tz: str

    def __post_init__(self) -> None:
        if self.step_s not in (900, 1800, 3600) or self.start_s % self.step_s:
            raise DataError(
                f"a load curve has whole quarter, half or full hours, not {self.step_s} s"
            )

    def __len__(self) -> int:
        return len(self.amounts)

    @property
    def end_s(self) -> int:
        """Where its last step ends."""
        return self.start_s + self.step_s * len(self)

    @property
    def seconds(self) -> Seconds:
        """The start of each step."""
        return self.start_s + self.step_s * np.arange(len(self), dtype=np.int64)

    @property
    def known(self) -> Bools:
        """Where the amount is known."""
        return ~np.isnan(self.amounts)

    @property
    def per_hour(self) -> Floats:
        """Mean power in kW (m3/h)."""
        return self.amounts * (3600.0 / self.step_s)

    @property
    def hour(self) -> Floats:
        """The hour on the local clock at which each step begins, 0 up to 24."""
        return _calendar(self.start_s, self.step_s, len(self), self.tz).hour

    @property
    def first_day(self) -> date:
        """The local day of the first step."""
        return _calendar(self.start_s, self.step_s, len(self), self.tz).first_day

    @property
    def day(self) -> Ints:
        """The local day of each step, counted from ``first_day``."""
        return _calendar(self.start_s, self.step_s, len(self), self.tz).day

    @property
    def days(self) -> list[date]:
        """Every local day that it touches, in order."""
        count = int(self.day[-1]) + 1 if len(self) else 0
        return [self.first_day + timedelta(days=n) for n in range(count)]

    def with_amounts(self, amounts: Floats) -> Self:
        """The same steps with other amounts."""
        return replace(self, amounts=amounts)

    def between(self, start_s: int, end_s: int) -> Self:
        """The steps that begin in ``[start_s, end_s)``."""
        first = max(-(-(start_s - self.start_s) // self.step_s), 0)
        last = max(-(-(end_s - self.start_s) // self.step_s), first)
        part = self.amounts[first:last]
        return replace(self, start_s=self.start_s + first * self.step_s, amounts=part)

    def of_hours(self, from_hour: float, to_hour: float) -> Bools:
        """The steps that begin at these local hours; over midnight if they are not in order."""
        if from_hour <= to_hour:
            return np.asarray((self.hour >= from_hour) & (self.hour < to_hour))
        return np.asarray((self.hour >= from_hour) | (self.hour < to_hour))

    def by_day(self, among: Bools | None = None, least_known: float = 1.0) -> Floats:
        """The sum of each local day, of the steps ``among`` (all); in kWh (m3).

        NaN where fewer than ``least_known`` (0..1) of these steps are known; what is unknown of
        the others counts as their mean.
        """
        known, asked = self._counts(among)
        mean = self.mean_by_day(among, least_known) * (self.step_s / 3600.0)
        return np.asarray(mean * np.where(known >= 0, asked, 0))

    def mean_by_day(self, among: Bools | None = None, least_known: float = 1.0) -> Floats:
        """Mean power of each local day over these steps, in kW (m3/h); NaN as above."""
        used = self.known if among is None else self.known & among
        known, asked = self._counts(among)
        total = np.bincount(self.day[used], self.per_hour[used], minlength=len(asked))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(known >= np.maximum(least_known * asked, 1), total / known, np.nan)

    def least_by_day(self, among: Bools | None = None, least_known: float = 1.0) -> Floats:
        """The lowest power of each local day among these steps, in kW (m3/h); NaN as above."""
        used = self.known if among is None else self.known & among
        known, asked = self._counts(among)
        lowest = np.full(len(asked), np.inf)
        np.minimum.at(lowest, self.day[used], self.per_hour[used])
        return np.where(known >= np.maximum(least_known * asked, 1), lowest, np.nan)

    def _counts(self, among: Bools | None) -> tuple[Floats, Floats]:
        """How many of the steps asked for are known on each local day, and how many there are."""
        count = int(self.day[-1]) + 1 if len(self) else 0
        asked = np.ones(len(self), dtype=np.bool_) if among is None else among
        known = np.bincount(self.day[asked & self.known], minlength=count)
        return known.astype(np.float64), np.bincount(self.day[asked], minlength=count).astype(float)


class _Calendar(NamedTuple):
    first_day: date
    day: Ints
    hour: Floats


@lru_cache(maxsize=8)
def _calendar(start_s: int, step_s: int, count: int, tz: str) -> _Calendar:
    """Of steps in a row; the curves of a town have the same, and nobody may write into it."""
    wall = wall_seconds(start_s + step_s * np.arange(count, dtype=np.int64), tz)
    whole, hour = wall // _DAY_S, wall % _DAY_S / 3600.0
    first = int(whole[0]) if count else start_s // _DAY_S
    day = whole - first
    day.flags.writeable = hour.flags.writeable = False
    return _Calendar(_EPOCH + timedelta(days=first), day, hour)
