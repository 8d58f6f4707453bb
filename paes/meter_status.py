"""How each meter is doing now: its last reading, its age, why it is silent, its last day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.events import ABSENCE, Cause, Event
from paes.metering import Reading
from paes.meters import FieldMeter, Meter
from paes.periods import Span, from_seconds, last_tick, to_seconds

STALE_AFTER_PERIODS = 2
SILENT_AFTER = timedelta(days=1)


class MeterState(StrEnum):
    """What a person should think of a meter."""

    LIVE = "live"  # read within two poll periods
    STALE = "stale"  # the last reading is older than two poll periods
    SILENT = "silent"  # nothing for more than a day
    NEVER = "never"  # nothing ever
    OUTSIDE = "outside"  # not commissioned yet, or taken out of use
    FROM_FILES = "from_files"  # nobody reads it: files bring its figures when they come


@dataclass(frozen=True, slots=True)
class MeterStatus:
    """The state of one meter at one time; ``age_s`` and coverage are None if unknown.

    ``cause`` says why a meter that is not live brings nothing, as far as the collector stored it.
    """

    meter: str
    state: MeterState
    last_at: datetime | None
    age_s: float | None
    coverage_last_day: float | None
    cause: Cause | None = None


def meter_states(ledger: EnergyLedger, meters: Iterable[Meter]) -> list[MeterStatus]:
    """The status of ``meters`` now, by the ledger's clock, in order of id."""
    ordered = sorted(meters, key=lambda m: m.id)
    points = {m.id: ledger.installation.register(m).point for m in ordered}
    latest = ledger.store.latest(points.values())
    told = ledger.store.events(ledger.clock() - SILENT_AFTER, None, points, ABSENCE)
    absences = {event.subject: event for event in told}  # the last one of each
    # Up to the reading that is due: the minutes since then are not a gap.
    ends = [last_tick(ledger.clock(), ledger.poll_period(m)) for m in ordered]
    days = [Span(end - timedelta(days=1), end) for end in ends]
    totals = ledger.totals(list(zip(ordered, days, strict=True)))
    return [
        _status(ledger, m, latest.get(points[m.id]), absences.get(m.id), total)
        for m, total in zip(ordered, totals, strict=True)
    ]


def _status(
    ledger: EnergyLedger,
    meter: Meter,
    last: Reading | None,
    absence: Event | None,
    last_day: EnergyTotal,
) -> MeterStatus:
    now, period = ledger.clock(), ledger.poll_period(meter)
    at = last.at if last else None
    if last and last.at > now + period:  # stamped by a clock that was wrong: no sign of life
        past = ledger.store.around([last.point], to_seconds(now), to_seconds(now), 1)[last.point]
        at = next((from_seconds(s) for s in past.seconds if s < to_seconds(now)), None)
    if not last_day.span_s:
        return MeterStatus(meter.id, MeterState.OUTSIDE, at, None, None)
    if not isinstance(meter, FieldMeter):
        age_s = (now - at).total_seconds() if at else None
        return MeterStatus(meter.id, MeterState.FROM_FILES, at, age_s, None)
    return in_use(meter.id, at, now, period, last_day.coverage, absence)


def in_use(
    meter: str,
    at: datetime | None,
    now: datetime,
    period: timedelta,
    coverage: float | None,
    absence: Event | None,
) -> MeterStatus:
    """The status of what is in use, was last read ``at`` and is read every ``period``."""
    age = now - at if at else None
    state = state_of(age, period)
    lasts = absence and absence.end and (at is None or absence.end > at)
    return MeterStatus(
        meter=meter,
        state=state,
        last_at=at,
        age_s=age.total_seconds() if age is not None else None,
        coverage_last_day=coverage,
        cause=absence.cause if absence and lasts and state is not MeterState.LIVE else None,
    )


def state_of(age: timedelta | None, period: timedelta) -> MeterState:
    """The state of a meter in use whose last reading is ``age`` old (None: there is none)."""
    if age is None:
        return MeterState.NEVER
    if age > max(SILENT_AFTER, STALE_AFTER_PERIODS * period):
        return MeterState.SILENT
    return MeterState.STALE if age > STALE_AFTER_PERIODS * period else MeterState.LIVE
