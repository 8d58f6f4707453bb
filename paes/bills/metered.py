"""What the meter says of the period of a bill, in the unit in which the meter is accounted.

The same question for all bills of one period is asked once. Time outside of the meter's life, and
after now, was not seen: a bill of it cannot be judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from paes.accounting.energy_table import EnergyTable
from paes.accounting.ledger import EnergyLedger
from paes.meters import Meter
from paes.periods import By, Span, local_midnight, to_seconds, zone


@dataclass(frozen=True)
class Metered:
    """An amount in ``unit``; the truth lies in ``[low, high]`` if the whole period was lived."""

    unit: str
    amount: float
    """Measured and estimated."""
    measured: float
    low: float
    high: float
    covered_s: float
    span_s: float
    period_s: float

    @property
    def is_whole(self) -> bool:
        """True if the meter was in use for the whole period."""
        return self.span_s >= self.period_s

    @property
    def coverage(self) -> float:
        """The part of the period with interval data."""
        return self.covered_s / self.period_s

    @property
    def open(self) -> float:
        """How far apart the bounds are; infinite if nothing bounds what is missing."""
        return self.high - self.low if self.is_whole else float("inf")


def metered(ledger: EnergyLedger, asked: Sequence[tuple[Meter, Span]]) -> list[Metered]:
    """The amount of each meter over its span, which begins and ends at local midnight."""
    groups: dict[tuple[Span, str], list[int]] = {}
    for place, (meter, span) in enumerate(asked):
        groups.setdefault((span, ledger.installation.time_zone(meter.id)), []).append(place)
    found: dict[int, Metered] = {}
    for (span, _), places in groups.items():
        edges_s = np.array([to_seconds(span.start), to_seconds(span.end)], dtype=np.int64)
        tables = ledger.between([asked[place] for place in places], edges_s, By.DAY)
        for place, table in zip(places, tables, strict=True):
            unit = ledger.installation.register(asked[place][0]).unit
            found[place] = _metered(table, unit, span)
    return [found[place] for place in range(len(asked))]


def largest_edge_day(ledger: EnergyLedger, meter: Meter, span: Span) -> float:
    """The largest amount of the local days on either side of the two ends of ``span``.

    Registers that were read at another hour, or a day early or late, move so much at most.
    """
    tz = ledger.installation.time_zone(meter.id)
    days = [
        local_midnight(end.astimezone(zone(tz)).date() + timedelta(days=offset), tz)
        for end in (span.start, span.end)
        for offset in (-1, 0, 1)
    ]
    edges_s = np.array(sorted({to_seconds(day) for day in days}), dtype=np.int64)
    around = Span(min(days), max(days))
    (table,) = ledger.between([(meter, around)], edges_s, By.DAY)
    is_day = np.diff(edges_s) <= timedelta(hours=25).total_seconds()
    return float(np.max((table.measured + table.estimated)[is_day], initial=0.0))


def _metered(table: EnergyTable, unit: str, span: Span) -> Metered:
    measured, estimated = float(table.measured.sum()), float(table.estimated.sum())
    return Metered(
        unit=unit,
        amount=measured + estimated,
        measured=measured,
        low=measured + float((table.estimated_low + table.missing_low).sum()),
        high=measured + float((table.estimated_high + table.missing_high).sum()),
        covered_s=float(table.covered_s.sum()),
        span_s=float(table.span_s.sum()),
        period_s=span.seconds,
    )
