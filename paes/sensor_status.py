"""How each sensor is doing now: as ``paes.meter_status``, for what counts nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import numpy as np

from paes.accounting.ledger import EnergyLedger
from paes.events import ABSENCE, Event
from paes.meter_status import SILENT_AFTER, MeterState, MeterStatus, in_use
from paes.metering import Reading
from paes.meters import Sensor
from paes.periods import Span, last_tick, to_seconds
from paes.series import GOOD_CODES


def sensor_states(ledger: EnergyLedger, sensors: Iterable[Sensor]) -> list[MeterStatus]:
    """The status of ``sensors`` now, by the ledger's clock, in order of id.

    The coverage of the last day is the part of its rounds that brought a good value.
    """
    ordered = sorted(sensors, key=lambda s: s.id)
    if not ordered:
        return []
    latest = ledger.store.latest([s.point for s in ordered])
    told = ledger.store.events(
        ledger.clock() - SILENT_AFTER, None, [s.id for s in ordered], ABSENCE
    )
    absences = {event.subject: event for event in told}  # the last one of each
    return [_status(ledger, s, latest.get(s.point), absences.get(s.id)) for s in ordered]


def _status(
    ledger: EnergyLedger, sensor: Sensor, last: Reading | None, absence: Event | None
) -> MeterStatus:
    now, period = ledger.clock(), ledger.poll_period(sensor)
    end = last_tick(now, period)
    life = ledger.life(sensor, Span(end - timedelta(days=1), end))
    at = last.at if last and last.at <= now + period else None
    if life is None:
        return MeterStatus(sensor.id, MeterState.OUTSIDE, at, None, None)
    coverage = _coverage(ledger, sensor, life, period.total_seconds())
    return in_use(sensor.id, at, now, period, coverage, absence)


def _coverage(ledger: EnergyLedger, sensor: Sensor, life: Span, period_s: float) -> float:
    series = ledger.store.read(sensor.point, life.start, life.end)
    good = series.seconds[np.isin(series.codes, GOOD_CODES)]
    rounds = len(np.unique((good - to_seconds(life.start)) // period_s))
    return min(1.0, rounds * period_s / life.seconds)
