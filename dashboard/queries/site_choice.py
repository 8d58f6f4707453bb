"""What a list of sites is asked: which months, which energy, which sites, in which order.

Periods are whole local months, so that a month that still runs makes no site look thrifty: the
last twelve, or those of a calendar year that are over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from paes.climate.heating import HEATING_CARRIERS
from paes.lineage.spans import span_text
from paes.metering import Carrier, Sector, SiteKind
from paes.periods import Span, local_midnight

TWELVE = "12m"
"""The last twelve whole months."""
ALL, ELECTRICITY, HEAT = "all", "electricity", "heat"
Places = npt.NDArray[np.int64]


class Order(StrEnum):
    """By what sites are ranked; the worst first."""

    PER_M2 = "kwh_m2"
    PER_POINT = "kwh_point"
    ENERGY = "kwh"
    MONEY = "eur"
    EMISSIONS = "t"
    CHANGE = "change"
    SIMILAR = "similar"


@dataclass(frozen=True)
class Months:
    """A period of whole months: their places in the town's months."""

    key: str
    """``12m``, or the year."""
    places: Places
    starts: pd.DatetimeIndex

    @property
    def year(self) -> int | None:
        """The calendar year; None of the last twelve months."""
        return None if self.key == TWELVE else int(self.key)

    @cached_property
    def years(self) -> Places:
        """The calendar year of each month."""
        return np.asarray(self.starts.year, dtype=np.int64)

    def within(self, starts: pd.DatetimeIndex) -> Places | None:
        """The places of its months among ``starts``; None if they are not all there."""
        found = np.flatnonzero(starts.isin(self.starts))
        return found if len(found) == len(self.places) else None

    @cached_property
    def stretch(self) -> str:
        """As it stands in the id of a figure."""
        first, tz = self.starts[0].date(), str(self.starts.tz)
        after = (self.starts[-1].date() + timedelta(days=32)).replace(day=1)
        return span_text(Span(local_midnight(first, tz), local_midnight(after, tz)), tz)

    @property
    def is_whole_year(self) -> bool:
        """Whether a year by m2 can be told of it."""
        return len(self.places) == 12

    @cached_property
    def before(self) -> Places:
        """The same months a year earlier, -1 where the town was not read yet."""
        return np.maximum(self.places - 12, -1)


@dataclass(frozen=True, slots=True)
class SiteChoice:
    """What a list shows; ``energy`` is ``all``, ``electricity``, ``heat`` or a carrier."""

    period: str
    energy: str = ALL
    sector: Sector | None = None
    kind: SiteKind | None = None
    order: Order = Order.PER_M2
    corrected: bool = False
    """Heat at the weather of a usual year."""

    def carriers(self, present: Sequence[Carrier]) -> list[Carrier]:
        """Those of ``present`` that are shown."""
        if self.energy == ALL:
            return list(present)
        if self.energy == HEAT:
            return [c for c in present if c in HEATING_CARRIERS]
        return [c for c in present if c.value == self.energy]

    @property
    def is_heat(self) -> bool:
        """Whether heat is part of it."""
        return self.energy not in (ELECTRICITY,)


def periods(starts: pd.DatetimeIndex, now: datetime) -> list[Months]:
    """What can be asked of months that begin at ``starts``: the last twelve, then years, newest."""
    over = int((starts + pd.offsets.MonthBegin(1) <= pd.Timestamp(now)).sum())
    places = np.arange(over, dtype=np.int64)
    found = [Months(TWELVE, places[-12:], starts[places[-12:]])] if over >= 12 else []
    years = starts.year[:over]
    for year in sorted(set(years.tolist()), reverse=True):
        of = places[years == year]
        found.append(Months(str(year), of, starts[of]))
    return found
