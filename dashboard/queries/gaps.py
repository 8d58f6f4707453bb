"""Gaps of a town's meters in the last quarter of a year: how long, how many, and why.

A gap is what the accounting tells as ``data.gap``; its causes are the absences that the collector
stored beside it. What of a gap no absence explains has no cause, and is told as that. The other
findings about registers (resets, spikes, values put in by hand) are beside them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.queries.recipe import Recipe, Sources
from paes.accounting.estimation import LONG_S
from paes.events import Cause
from paes.metering import Finding
from paes.periods import Span

LOOK_BACK = timedelta(days=92)
UNKNOWN = "unknown"
"""Stands for the part of a gap that no stored absence explains."""
LENGTHS_H = (1.0, 24.0, LONG_S / 3600)
"""Edges of the classes of length: an hour, a day, and as long as a gap is estimated."""
_GAP = "data.gap"


@dataclass(frozen=True)
class GapSeen:
    """One gap of a meter's register."""

    meter: str
    at: datetime
    hours: float
    causes: Mapping[str, float]
    """Hours by cause; they add up to ``hours``."""

    @property
    def length(self) -> int:
        """Its class of length: 0 the shortest."""
        return sum(self.hours >= edge for edge in LENGTHS_H)


@dataclass(frozen=True)
class CauseSum:
    """What one cause has brought about."""

    cause: str
    hours: tuple[float, ...]
    """By class of length of the gaps it had a part in."""
    gaps: int
    meters: int

    @property
    def all_hours(self) -> float:
        """Of all lengths."""
        return math.fsum(self.hours)


@dataclass(frozen=True)
class Gaps:
    """All gaps of the span, and the other findings, of a town's meters."""

    span: Span
    gaps: tuple[GapSeen, ...]
    others: tuple[tuple[str, Finding], ...] = ()
    """Meter and finding, in order of time."""

    @property
    def hours(self) -> float:
        """All of them together."""
        return math.fsum(gap.hours for gap in self.gaps)

    def by_cause(self) -> list[CauseSum]:
        """The cause with most hours first."""
        causes = dict.fromkeys(cause for gap in self.gaps for cause in gap.causes)
        return sorted((self._sum(cause) for cause in causes), key=lambda one: -one.all_hours)

    def _sum(self, cause: str) -> CauseSum:
        of = [gap for gap in self.gaps if cause in gap.causes]
        hours = [0.0] * (len(LENGTHS_H) + 1)
        for gap in of:
            hours[gap.length] += gap.causes[cause]
        return CauseSum(cause, tuple(hours), len(of), len({gap.meter for gap in of}))


def gap_of(meter: str, finding: Finding) -> GapSeen | None:
    """A finding as a gap; None if it is none."""
    if finding.name != _GAP or finding.at is None:
        return None
    hours = finding.numbers["hours"]
    known = {
        cause.value: finding.numbers[f"{cause}_hours"]
        for cause in Cause
        if f"{cause}_hours" in finding.numbers
    }
    rest = hours - math.fsum(known.values())
    causes = known | ({UNKNOWN: rest} if rest > 1e-6 * hours or not known else {})
    return GapSeen(meter, finding.at, hours, causes)


def split(told: Iterable[tuple[str, Finding]], span: Span) -> Gaps:
    """Meters' findings as gaps and others."""
    gaps, others = [], []
    for meter, finding in told:
        gap = gap_of(meter, finding)
        if gap:
            gaps.append(gap)
        else:
            others.append((meter, finding))
    others.sort(key=lambda pair: pair[1].at or span.start)
    return Gaps(span, tuple(gaps), tuple(others))


def make_gaps(sources: Sources, city_id: str) -> Gaps:
    """Of every meter of the city that has any reading."""
    now, ledger = sources.clock(), sources.ledger
    span = Span(now - LOOK_BACK, now)
    meters = sources.city(city_id).meters.values()
    return split(((m.id, f) for m in meters for f in ledger.findings(m, span)), span)


GAPS = Recipe("gaps", make_gaps, max_age_s=1800.0)
"""By city."""
