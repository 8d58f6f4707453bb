"""What a technician should see to, meter by meter: which do not report, since when, and why.

The reason is the newest that anybody knows: what the running collector says of the meter's unit,
else the last absence that it stored, else only that nothing comes. A meter whose figures come from
files is nobody's work here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.queries.field_report import FieldReport, UnitSeen
from dashboard.queries.meters import LiveCity, LiveMeter, LiveSite
from paes.events import ABSENCE, Cause, Event
from paes.meter_status import MeterState
from paes.meters import FieldMeter
from paes.store import Store

WATCHED = (MeterState.NEVER, MeterState.SILENT, MeterState.STALE)
"""States that ask for somebody, the worst first."""
LOOK_BACK = timedelta(days=92)


@dataclass(frozen=True)
class FieldTask:
    """One meter to see to."""

    site: LiveSite
    meter: LiveMeter
    cause: Cause | None
    """None: nobody knows."""
    unit: UnitSeen | None = None
    why: str = ""
    """What the collector said, in its own words."""

    @property
    def place(self) -> str:
        """The gateway that leads to it."""
        of = self.meter.meter
        return of.gateway if isinstance(of, FieldMeter) else ""


_EVERYWHERE = (Cause.COLLECTOR_DOWN, Cause.SPOOL_FULL, Cause.PLANNED, Cause.NIGHT, Cause.DEFECT)
_OF_A_GATEWAY = (Cause.GATEWAY_DOWN, Cause.CONNECTION_LOST, Cause.OVERRUN)


def together(tasks: Sequence[FieldTask]) -> list[list[FieldTask]]:
    """Tasks that one errand settles: of a cause that is everywhere, or of one gateway.

    In the order of the first of each; a meter by itself is a list of one.
    """
    groups: dict[tuple[str, ...], list[FieldTask]] = {}
    for task in tasks:
        key: tuple[str, ...] = ("meter", task.meter.meter.id)
        if task.cause in _EVERYWHERE:
            key = ("cause", str(task.cause))
        elif task.cause in _OF_A_GATEWAY:
            key = ("gateway", str(task.cause), task.place)
        groups.setdefault(key, []).append(task)
    return list(groups.values())


def last_absences(store: Store, now: LiveCity) -> dict[str, Event]:
    """The newest stored absence of each meter that does not report."""
    watched = [m.meter.id for s in now.sites for m in s.meters if m.state in WATCHED]
    if not watched:
        return {}
    told = store.events(now.at - LOOK_BACK, None, watched, ABSENCE)
    return {event.subject: event for event in told}


def field_work(
    now: LiveCity, absences: Mapping[str, Event], report: FieldReport | None
) -> list[FieldTask]:
    """Every meter in use that does not report, the longest silent first within each state."""
    found = [
        _task(site, meter, absences.get(meter.meter.id), report, now.at)
        for site in now.sites
        for meter in site.meters
        if meter.state in WATCHED
    ]
    return sorted(found, key=lambda t: (WATCHED.index(t.meter.state), -(t.meter.age_s or 0.0)))


def _task(
    site: LiveSite,
    meter: LiveMeter,
    absence: Event | None,
    report: FieldReport | None,
    now: datetime,
) -> FieldTask:
    unit = report.unit_of(meter.meter.id) if report else None
    why = report.reasons.get(meter.meter.id, "") if report else ""
    if report and not report.is_running(now):
        return FieldTask(site, meter, Cause.COLLECTOR_DOWN, unit, why)
    if unit and unit.state == "unreachable":
        return FieldTask(site, meter, Cause.GATEWAY_DOWN, unit, why)
    if unit and unit.state == "open":
        return FieldTask(site, meter, Cause.NO_REPLY, unit, why)
    return FieldTask(site, meter, _still(absence, meter.last_at), unit, why)


def _still(absence: Event | None, last_at: datetime | None) -> Cause | None:
    """The cause of an absence that no reading has ended."""
    if absence is None or absence.end is None:
        return None
    return absence.cause if last_at is None or absence.end > last_at else None
