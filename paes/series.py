"""Arrays that travel between a store and the accounting: readings, gaps, and books of energy.

Times are ``int64`` Unix seconds, ascending, so that nothing here knows a calendar. Amounts are
in the register's canonical unit (kWh or m3).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from paes.metering import Quality
from paes.periods import Seconds

Floats: TypeAlias = npt.NDArray[np.float64]
Codes: TypeAlias = npt.NDArray[np.int8]

QUALITIES: tuple[Quality, ...] = (
    Quality.GOOD,
    Quality.NOT_AVAILABLE,
    Quality.OUT_OF_RANGE,
    Quality.SUSPECT,
    Quality.STALE,
    Quality.COMM_ERROR,
    Quality.SUBSTITUTED,
)
"""Quality by its stored code. Append only: the codes are in every store."""
CODE_OF = {quality: code for code, quality in enumerate(QUALITIES)}
GOOD_CODES = (CODE_OF[Quality.GOOD], CODE_OF[Quality.SUBSTITUTED])
"""Readings that may be counted with."""


@dataclass(frozen=True)
class ReadingSeries:
    """Readings of one point in order of time: three arrays of one length."""

    seconds: Seconds
    values: Floats
    codes: Codes

    def __len__(self) -> int:
        return len(self.seconds)

    @classmethod
    def empty(cls) -> ReadingSeries:
        """No readings."""
        return cls(np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.int8))


@dataclass(frozen=True)
class Summary:
    """Good readings by steps of time: how many, their mean and extremes; columns of one length."""

    start_s: Seconds
    count: npt.NDArray[np.int64]
    mean: Floats
    lowest: Floats
    highest: Floats


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch without interval data: how much passed in it is bounded, and why it is there.

    With registers on both sides ``low == high``: the amount is known, only not *when* inside
    the gap it passed. ``high`` is infinite when nothing bounds it.
    """

    start_s: int
    end_s: int
    low: float
    high: float
    cause: str

    @property
    def known(self) -> bool:
        """True if the amount is known and only its course is not."""
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class Stated:
    """An amount that passed in several gaps of ``[start_s, end_s)``; nobody knows in which."""

    start_s: int
    end_s: int
    amount: float


@dataclass(frozen=True, slots=True)
class EstimatedGap(Gap):
    """A gap with what is estimated of it: its amount, or of a known amount its course.

    ``sums`` is what passed from its start until each of ``knots_s``, from 0 to ``amount``: it can
    be cut there. The amount is true to ``margin`` on either side; of an amount that is certain,
    ``margin`` is that of its halves.
    """

    amount: float
    margin: float
    method: str
    knots_s: tuple[int, ...]
    sums: tuple[float, ...]
    whole: Stated | None = None
    """What is certain of several gaps together, of which this is one."""


@dataclass(frozen=True)
class EnergyBook:
    """The accounts of one point by consecutive periods: quarter hours, local days, or months.

    Per period (by its start): what was measured with its course (``measured``), what is known of
    gaps that lie within the period (``catch_up``), and the covered seconds. ``gaps`` are those
    that cross a period's edge or whose amount is not known.
    """

    start_s: Seconds
    measured: Floats
    catch_up: Floats
    covered_s: Floats
    gaps: tuple[Gap, ...] = field(default=())

    @classmethod
    def empty(cls) -> EnergyBook:
        """No periods."""
        nothing = np.empty(0, np.float64)
        return cls(np.empty(0, np.int64), nothing, nothing, nothing)
