"""What is measured of an action: energy by local day of a site or meter, each day known or not.

A day counts (``sure_kwh``) if its energy is measured whole and nothing of it is estimated. What the
other days took lies between bounds that are asked of the register over the whole stretch: a counter
that was not read for a week knows the week, if not its days.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from paes.baselines.days import Bools, Days
from paes.metering import Carrier, Site
from paes.meters import Meter
from paes.savings.assumptions import Use
from paes.savings.periods import DaySpan
from paes.series import Floats

Bounds = Callable[[date, date], tuple[float, float]]
"""The least and the most (kWh) that passed from one day up to another, not included."""


@dataclass(frozen=True)
class Metered:
    """One measured part: a site's carrier, or a meter; columns are local days from ``first`` on.

    ``days`` have the temperature where it was measured; ``likely_degc`` has estimates as well, for
    days that are asked about and not learnt from. Of a plant ``use`` is None.
    """

    name: str
    site: Site
    carrier: Carrier
    use: Use | None
    days: Days
    likely_degc: Floats
    sure_kwh: Floats
    bounds: Bounds
    paying: Meter | None
    """Whose contract says what its energy costs."""
    is_net_metered: bool = False
    """True if a plant stands behind its meter whose feed-in nobody measures."""

    @property
    def first(self) -> date:
        """The first day."""
        return self.days.first

    def at(self, span: DaySpan) -> slice:
        """Where the days of ``span`` stand."""
        begin = min(max((span.first - self.first).days, 0), len(self.days))
        return slice(begin, min(max((span.end - self.first).days, begin), len(self.days)))

    def among(self, first: date, end: date | None) -> Bools:
        """True on the days from ``first`` up to ``end`` (None: all that follow)."""
        number = np.arange(len(self.days))
        begin = (first - self.first).days
        stop = len(self.days) if end is None else (end - self.first).days
        return np.asarray((number >= begin) & (number < stop))

    def day(self, number: int) -> date:
        """The day that stands at ``number``."""
        return self.first + timedelta(days=number)
