"""Why meters bring no readings: absences kept while rounds are made, with their causes.

An absence of a meter lies between two readings of its accounted register, or what is known of
them so far; it is told again with a later end as long as it lasts, and cut where the cause
changes::

    reading        no_reply             planned          reading
       |──────────────────────────|────────────────────────|
       start                      a round with another     end: the first reading again
                                  cause

Invariants: absences of a meter never overlap and no reading lies within one (readings stand at
their ends); every complete round without a reading lies in one. No I/O and no clock: times are
those of the rounds. What cannot be known is not told: absences of a time that comes again,
because the clock was set back, stay as they were told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from collectors.field_task import FieldPlan
from collectors.round import Round
from paes.accounting.counter_rules import GAP_AFTER_PERIODS
from paes.events import Cause, Event, absence
from paes.metering import Finding, Quality, Reading, meter_of, point_id
from paes.meters import FieldMeter
from paes.units import canonical_unit

__all__ = ["AbsenceBook"]

CLOCK_ERROR = timedelta(days=1)
"""A reading that lies further in the future was stamped by a wrong clock: it is forgotten."""

_CAUSE_OF = {
    "collect.no_reply": Cause.NO_REPLY,
    "collect.refused": Cause.REFUSED,
    "collect.bad_reply": Cause.BAD_REPLY,
    "collect.suspect": Cause.BAD_REPLY,
    "collect.connection_lost": Cause.CONNECTION_LOST,
    "collect.gateway_down": Cause.GATEWAY_DOWN,
    "collect.not_available": Cause.NOT_AVAILABLE,
    "collect.out_of_range": Cause.OUT_OF_RANGE,
    "collect.stale": Cause.NO_REPLY,
    "collect.failed": Cause.DEFECT,
    "collect.map_error": Cause.REFUSED,
}
_SKIPPED = "collect.skipped"
_COUNTS = (Quality.GOOD, Quality.SUBSTITUTED)

Asleep = Callable[[str, datetime], bool]
Why = tuple[Cause, str]


@dataclass(frozen=True, slots=True)
class _Absence:
    """One that lasts; ``end`` is what is known of it so far."""

    cause: Cause
    start: datetime
    end: datetime
    message: str


@dataclass(slots=True)
class _Known:
    """What the book knows of a meter."""

    period_s: float
    last: datetime | None = None
    """The newest reading."""
    lasting: _Absence | None = None
    line: Why | None = None
    """What the line said last: why its unit is not asked any more."""

    @property
    def told_until(self) -> datetime | None:
        """Up to when it is told what was read and what was not."""
        return self.lasting.end if self.lasting else self.last

    def is_news(self, at: datetime) -> bool:
        """True if a reading of ``at`` ends an absence or is newer than all before it."""
        since = self.lasting.start if self.lasting else self.last
        return since is None or at > since

    def misses_a_round(self, last: datetime, until: datetime) -> bool:
        """True if the accounting would take what lies between for a gap."""
        return (until - last).total_seconds() > GAP_AFTER_PERIODS * self.period_s

    def forget_after(self, latest: datetime) -> None:
        """Forget what a wrong clock stamped with a time after ``latest``."""
        if self.last and self.last > latest:
            self.last = None
        if self.lasting and self.lasting.start > latest:
            self.lasting = None


class AbsenceBook:
    """The absences of all meters of a collector; one book a collector, used by one task.

    ``is_asleep(meter_id, at)`` says whether a meter is expected to be silent because the sun is
    down at its site (PV inverters).
    """

    def __init__(self, is_asleep: Asleep = lambda _meter, _at: False) -> None:
        self._is_asleep = is_asleep
        self._known: dict[str, _Known] = {}

    def note(self, made: Round, plan: FieldPlan) -> list[Event]:
        """What ``made`` says of the absence of the plan's meters, to be stored with its readings.

        An incomplete round can end an absence, but not begin one.
        """
        brought: dict[str, list[Reading]] = {}
        for reading in made.readings:
            if reading.quality in _COUNTS:
                brought.setdefault(meter_of(reading.point), []).append(reading)
        events = []
        for meter in plan.meters:
            known = self._known.setdefault(meter.id, _Known(plan.gateway.poll_period_s))
            known.period_s = plan.gateway.poll_period_s
            known.forget_after(made.finished + CLOCK_ERROR)
            times = [r.at for r in brought.get(meter.id, ()) if _is_accounted(meter, r.point)]
            news = [at for at in times if known.is_news(at)]
            if news:
                event = _back(meter.id, known, news, made.coalesced)
            elif made.complete and meter.id not in made.not_due:
                event = _gone(meter.id, known, made, self._why(meter, known, made, plan))
            else:
                continue
            events += [event] if event else []
        return events

    def collector_was_down(
        self, since: datetime, until: datetime, meters: Iterable[FieldMeter]
    ) -> list[Event]:
        """The collector did not run in ``[since, until)``: called once, before its first round.

        A stop that was too short for a meter to miss a round is no absence of it, nor is there
        one of a meter that is not in use or was never asked before. The time before ``since``
        belongs to it only back to a reading that was not long ago: a meter that speaks when it
        likes may have been silent for hours.
        """
        message = f"the collector did not run from {since:%Y-%m-%d %H:%M:%S} UTC"
        why = (Cause.COLLECTOR_DOWN, message)
        events = []
        for meter in meters:
            known = self._known.get(meter.id)
            if known is None or _not_in_use(meter, until):
                continue
            told = known.told_until or since
            asked = since - timedelta(seconds=known.period_s)  # at the latest, while it ran
            if known.misses_a_round(max(told, asked), until):
                start = since if known.misses_a_round(told, since) else told
                events.append(_lengthen(meter.id, known, start, until, why))
        return events

    def to_state(self, meters: Iterable[str] | None = None) -> dict[str, Any]:
        """What is known of ``meters`` (all if None) as JSON, by meter: states may be merged."""
        wanted = self._known if meters is None else [m for m in meters if m in self._known]
        return {meter: _written(self._known[meter]) for meter in wanted}

    @classmethod
    def from_state(
        cls, state: Mapping[str, Any], is_asleep: Asleep = lambda _meter, _at: False
    ) -> AbsenceBook:
        """The book that ``to_state`` was asked of."""
        book = cls(is_asleep)
        book._known = {meter: _read(entry) for meter, entry in state.items()}
        return book

    def _why(self, meter: FieldMeter, known: _Known, made: Round, plan: FieldPlan) -> Why:
        """Why ``made`` brought nothing of ``meter``: what was to be expected, else the line."""
        line = _line_cause(meter, known, made)
        known.line = line
        unused = _not_in_use(meter, made.due)
        if unused:
            return Cause.NOT_COMMISSIONED, unused
        outage = plan.gateway.outage_at(made.due)
        if outage:
            return Cause.PLANNED, outage.reason
        if self._is_asleep(meter.id, made.due):
            return Cause.NIGHT, "the sun is down, the inverter sleeps"
        return line


def _gone(meter: str, known: _Known, made: Round, why: Why) -> Event | None:
    """``made`` brought no reading: begin an absence, or lengthen or cut the one that lasts."""
    end = made.finished.replace(microsecond=0) + timedelta(seconds=1)  # the round lies in it
    if known.told_until and end <= known.told_until:
        return None  # the clock was set back: this time is accounted for
    start = known.last or made.started
    return _lengthen(meter, known, start, end, why)


def _lengthen(meter: str, known: _Known, start: datetime, end: datetime, why: Why) -> Event:
    """Tell what lasts up to ``end``, if it is of that cause, else begin another absence."""
    cause, message = why
    lasting = known.lasting
    if lasting and lasting.cause is cause:
        start, message = lasting.start, lasting.message
    elif lasting:
        start = lasting.end
    known.lasting = _Absence(cause, start, end, message)
    return absence(meter, cause, start, end, message)


def _back(meter: str, known: _Known, news: list[datetime], coalesced: int) -> Event | None:
    """Readings came at ``news``: what lasted has ended with the first of them."""
    lasting, last, first = known.lasting, known.last, min(news)
    known.last, known.lasting, known.line = max(news), None, None
    if lasting:
        return absence(meter, lasting.cause, lasting.start, first, lasting.message)
    if coalesced and last and known.misses_a_round(last, first):
        text = f"{coalesced} rounds were skipped, for the one before took too long"
        return absence(meter, Cause.OVERRUN, last, first, text)
    return None


def _line_cause(meter: FieldMeter, known: _Known, made: Round) -> Why:
    """What the line said of ``meter``, or still says while its unit is not asked."""
    found = _finding(meter, made)
    if found is None and made.coalesced:
        return Cause.OVERRUN, f"{made.coalesced} rounds were skipped"
    if found is None and meter.id in {meter_of(r.point) for r in made.readings}:
        return Cause.NO_REPLY, "the device sent nothing new of its accounted register"
    if found is None:
        return Cause.DEFECT, "the round brought neither a reading nor a reason"
    if found.name == _SKIPPED:
        return known.line or (Cause.NO_REPLY, found.message)
    return _CAUSE_OF.get(found.name, Cause.DEFECT), found.message


def _finding(meter: FieldMeter, made: Round) -> Finding | None:
    """The finding that explains best why ``meter`` brought nothing: the nearest to its register.

    A register that is not there says little of another one, so it explains the least.
    """
    of_point = [f for f in made.findings if _is_point_of(meter, f.subject)]
    near = [f for f in of_point if _is_accounted(meter, f.subject)]
    of_meter = [f for f in made.findings if f.subject == meter.id]
    of_gateway = [f for f in made.findings if f.subject == made.gateway]
    ordered = [*near, *of_meter, *of_gateway]
    plain = [f for f in ordered if f.name != "collect.map_error"]
    return next(iter([*plain, *ordered]), None)


def _is_point_of(meter: FieldMeter, subject: str) -> bool:
    return "/" in subject and meter_of(subject) == meter.id


def _is_accounted(meter: FieldMeter, point: str) -> bool:
    """True if ``point`` is the meter's accounted register, or if nobody said which one is."""
    if meter.pulse:
        name = "volume" if canonical_unit(meter.pulse.unit) == "m3" else "energy_import"
        return point == point_id(meter.id, name)
    return meter.register_name is None or point == point_id(meter.id, meter.register_name)


def _not_in_use(meter: FieldMeter, at: datetime) -> str | None:
    """Why ``meter`` is not in use at ``at``, if it is not; days are compared in UTC."""
    if meter.valid_from and at.date() < meter.valid_from:
        return f"in use from {meter.valid_from} on"
    if meter.valid_to and at.date() >= meter.valid_to:
        return f"not in use any more since {meter.valid_to}"
    return None


def _written(known: _Known) -> dict[str, Any]:
    a, line = known.lasting, known.line
    return {
        "period_s": known.period_s,
        "last": known.last.isoformat() if known.last else None,
        "lasting": [str(a.cause), a.start.isoformat(), a.end.isoformat(), a.message] if a else None,
        "line": [str(line[0]), line[1]] if line else None,
    }


def _read(entry: Mapping[str, Any]) -> _Known:
    last, lasting, line = entry["last"], entry["lasting"], entry["line"]
    known = _Known(entry["period_s"], datetime.fromisoformat(last) if last else None)
    if lasting:
        cause, start, end, message = lasting
        start, end = datetime.fromisoformat(start), datetime.fromisoformat(end)
        known.lasting = _Absence(Cause(cause), start, end, message)
    if line:
        known.line = (Cause(line[0]), line[1])
    return known
