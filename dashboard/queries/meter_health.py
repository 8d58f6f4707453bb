"""One meter: its raw readings of the last days, and what was found about them.

Readings are as they were stored, each with its quality; what lacks is not among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from dashboard.queries.recipe import Sources
from paes.meter_status import STALE_AFTER_PERIODS
from paes.metering import Finding, Quality, Reading
from paes.meters import FieldMeter, Meter
from paes.periods import Span, from_seconds
from paes.series import CODE_OF, QUALITIES, ReadingSeries

LAST = timedelta(days=7)
LAST_FINDINGS = timedelta(days=92)
DRAWN = 1200
"""So many points are drawn at most."""
LISTED = 120
"""So many of the newest are listed."""


@dataclass(frozen=True)
class RawReadings:
    """Readings of the accounted register, the oldest first."""

    point: str
    unit: str
    thinned: tuple[Reading, ...]
    """For a picture: every n-th, and all that are not good."""
    newest: tuple[Reading, ...]
    """The last ``LISTED``, the newest first."""
    count: int
    doubtful: int
    """Those whose quality is not good."""
    step: int
    """Every how manieth good one is in ``thinned``."""
    broken_after_s: float
    """Two readings of the picture further apart have a gap between them."""


def raw_readings(sources: Sources, meter: Meter) -> RawReadings:
    """Those of the last ``LAST``; of a meter that brings bills, of two years."""
    register, now = sources.installation.register(meter), sources.clock()
    field = isinstance(meter, FieldMeter)
    back = LAST if field else timedelta(days=731)
    series = sources.store.read(register.point, now - back, now + timedelta(seconds=1))
    good = series.codes == CODE_OF[Quality.GOOD]
    step = max(1, len(series) // DRAWN)
    drawn = np.flatnonzero(~good | (np.arange(len(series)) % step == 0))[-2 * DRAWN :]
    listed = np.arange(len(series))[-LISTED:][::-1]
    period = sources.ledger.poll_period(meter)
    return RawReadings(
        point=register.point,
        unit=register.unit,
        thinned=tuple(_reading(register.point, series, place) for place in drawn),
        newest=tuple(_reading(register.point, series, place) for place in listed),
        count=len(series),
        doubtful=int(np.count_nonzero(~good)),
        step=step,
        broken_after_s=(STALE_AFTER_PERIODS + step) * period.total_seconds(),
    )


def last_findings(sources: Sources, meter: Meter) -> list[Finding]:
    """What was wrong in the last quarter of a year, the newest first."""
    now = sources.clock()
    return list(reversed(sources.ledger.findings(meter, Span(now - LAST_FINDINGS, now))))


def _reading(point: str, series: ReadingSeries, place: int) -> Reading:
    at, quality = from_seconds(series.seconds[place]), QUALITIES[int(series.codes[place])]
    return Reading(point, at, float(series.values[place]), quality)
