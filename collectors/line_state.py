"""How gateways, units and meters have been doing since the start: what a technician watches.

Kept in memory by the collector, round by round, and written as plain values into the spool with
every round, so that ``paes watch`` and ``paes status`` can show it from another process.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from collectors.round import Round, UnitReport, UnitState
from paes.gateways import Gateway
from paes.metering import Finding, meter_of
from paes.meters import FieldMeter

LATENCIES = 64
"""So many answers back the 95th percentile looks; there may be thousands of units."""


@dataclass(slots=True)
class MeterState:
    """How a meter has been doing since the collector started."""

    meter: str
    last_reading_at: datetime | None = None
    last_failure: Finding | None = None
    """Why the latest round brought nothing; None if it brought something."""
    failed_rounds: int = 0
    """Rounds without a reading in a row."""


@dataclass(slots=True)
class UnitLine:
    """One unit since the start."""

    unit: str
    meters: tuple[str, ...] = ()
    state: UnitState = UnitState.OK
    requests: int = 0
    timeouts: int = 0
    exceptions: Counter[int] = field(default_factory=Counter)
    latencies_ms: array[float] = field(default_factory=lambda: array("d"))
    failures_in_a_row: int = 0
    next_try: datetime | None = None
    detail: str = ""

    @property
    def p95_ms(self) -> float | None:
        """What 95 of 100 of its latest answers were faster than (nearest rank)."""
        return p95(self.latencies_ms)

    def note(self, report: UnitReport) -> None:
        """Add what a round says."""
        self.meters = tuple(dict.fromkeys((*self.meters, *report.meters)))
        self.state = report.state
        self.requests += report.requests
        self.timeouts += report.timeouts
        self.exceptions.update(report.exceptions)
        self.latencies_ms.extend(report.latencies_ms)
        del self.latencies_ms[:-LATENCIES]
        self.failures_in_a_row = report.failures_in_a_row
        self.next_try = report.next_try
        self.detail = report.detail


class GatewayLine:
    """One gateway since the start, with its units and meters."""

    def __init__(
        self, gateway: Gateway, meters: Iterable[FieldMeter], period_s: float, since_s: float
    ) -> None:
        self.gateway = gateway
        self.period_s = period_s
        """How often a round is due."""
        self.handed_over_s = since_s
        """When the latest round came, on a clock that is never set; at first, when it began."""
        self.units: dict[str, UnitLine] = {}
        self.meters = {meter.id: MeterState(meter.id) for meter in meters}
        self.rounds = 0
        self.skipped = 0
        self.reached = True
        self.last: Round | None = None
        self.interval_s: float | None = None
        """From the start of the round before to the start of the latest one."""

    def note(self, made: Round, at_s: float) -> None:
        """Add a round that was handed over at ``at_s``."""
        if self.last:
            self.interval_s = (made.started - self.last.started).total_seconds()
        self.last, self.handed_over_s, self.reached = made, at_s, made.reached
        self.rounds += 1
        self.skipped += made.coalesced
        for report in made.units:
            self.units.setdefault(report.unit, UnitLine(report.unit)).note(report)
        self._note_meters(made)

    def late_s(self, now_s: float) -> float:
        """For how long a round has been overdue; negative while none is."""
        return now_s - self.handed_over_s - 2 * self.period_s - 60

    def to_state(self) -> dict[str, Any]:
        """All of it as plain values; times as ISO 8601 in UTC."""
        last = self.last
        return {
            "place": self.gateway.place,
            "transport": str(self.gateway.transport),
            "period_s": self.period_s,
            "reached": self.reached,
            "rounds": self.rounds,
            "skipped": self.skipped,
            "started": last and last.started.isoformat(),
            "duration_s": last and last.duration_s,
            "interval_s": self.interval_s,
            "units": [_unit_state(unit) for unit in self.units.values()],
            "meters": {m.meter: _meter_state(m) for m in self.meters.values()},
        }

    def _note_meters(self, made: Round) -> None:
        latest = {meter_of(r.point): r.at for r in made.readings}
        failures = {f.subject: f for f in made.findings}
        for state in self.meters.values():
            if state.meter in latest:
                state.last_reading_at = latest[state.meter]
                state.last_failure, state.failed_rounds = None, 0
            elif made.complete:
                state.last_failure = failures.get(state.meter) or failures.get(made.gateway)
                state.failed_rounds += 1


def p95(values: Iterable[float]) -> float | None:
    """The 95th percentile by nearest rank; None of nothing."""
    ordered = sorted(values)
    return ordered[math.ceil(0.95 * len(ordered)) - 1] if ordered else None


def _unit_state(unit: UnitLine) -> dict[str, Any]:
    return {
        "unit": unit.unit,
        "meters": list(unit.meters),
        "state": str(unit.state),
        "requests": unit.requests,
        "timeouts": unit.timeouts,
        "exceptions": {str(code): count for code, count in sorted(unit.exceptions.items())},
        "p95_ms": unit.p95_ms,
        "failures_in_a_row": unit.failures_in_a_row,
        "next_try": unit.next_try and unit.next_try.isoformat(),
        "detail": unit.detail,
    }


def _meter_state(meter: MeterState) -> dict[str, Any]:
    failure = meter.last_failure
    return {
        "last_reading_at": meter.last_reading_at and meter.last_reading_at.isoformat(),
        "failed_rounds": meter.failed_rounds,
        "why": failure.message if failure else "",
    }
