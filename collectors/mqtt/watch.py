"""Which meters behind a broker spoke, when, what they said last, and which are silent.

Devices speak when they like, so silence is the only sign that one is gone: a meter that was not
heard for more than two poll periods is told as silent. At each tick a round is made of what is
known: of a meter that spoke, what it said last, under its own time (the same reading again is the
same reading); of a silent one, a finding. No I/O and no clock.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from collectors.mqtt.payload import Message, Told, is_meant, parsed, told
from collectors.mqtt.plan import MqttPlan, MqttUnit
from collectors.round import UnitReport, UnitState
from paes.errors import BadReply
from paes.metering import Finding, Quality, Reading, name_of
from paes.meters import FieldMeter

log = logging.getLogger(__name__)

SILENT_AFTER_PERIODS = 2
_MOST_TOPICS_TOLD = 1000


@dataclass(slots=True)
class _Heard:
    """What was heard of one meter."""

    at: datetime | None = None
    """When its newest message arrived."""
    last: Told = field(default_factory=Told)
    messages: int = 0
    """Since they were reported last."""
    failures: int = 0
    """Messages in a row that brought no reading."""
    others: int = 0
    """Messages since the newest that were not of those that its profile reads."""


@dataclass(frozen=True, slots=True)
class Marked:
    """What is known of all meters at a tick."""

    readings: tuple[Reading, ...]
    findings: tuple[Finding, ...]
    units: tuple[UnitReport, ...]
    not_due: frozenset[str]
    """Meters that spoke well not long ago, or have still time to speak."""


@dataclass(slots=True)
class Watch:
    """What was heard of the meters of ``plan`` since ``since``."""

    plan: MqttPlan
    since: datetime
    """Since when the line has been open without a break."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Why the broker does not let us hear a topic filter."""
    unknown: int = 0
    """How many messages were of no meter of the plan."""
    _heard: dict[str, _Heard] = field(default_factory=dict)
    _topics_told: set[str] = field(default_factory=set)

    @property
    def unheard(self) -> list[MqttUnit]:
        """The units that have not spoken yet."""
        return [u for u in self.plan.units if self._heard.get(u.meter.id, _Heard()).at is None]

    def hear(self, message: Message, is_kept: bool) -> list[tuple[MqttUnit | None, Told]]:
        """What ``message`` says of each meter that it is of; None stands for the gateway."""
        units = [u for u in self.plan.units if u.is_kept is is_kept and u.hears(message.topic)]
        said: list[tuple[MqttUnit | None, Told]]
        try:
            content = parsed(message)
        except BadReply as err:
            said = [(u, _garbage(u, message, err)) for u in units if not u.profile.device_id]
            if not units:
                self._note_unknown(message.topic)
            elif not said:  # nobody knows whose it was
                text = f"under {message.topic[:80]!r}: {err}"
                finding = Finding("collect.bad_reply", self.plan.gateway.id, text, message.at)
                said = [(None, Told(findings=(finding,)))]
        else:
            meant = [u for u in units if is_meant(u.meter, u.profile, content)]
            if not meant and all(u.profile.device_id for u in units):
                self._note_unknown(message.topic)
            said = [(u, told(u.meter, u.profile, u.points, content, message)) for u in meant]
            for unit in units:
                if unit not in meant and not unit.profile.device_id:
                    self._heard.setdefault(unit.meter.id, _Heard()).others += 1
        for speaker, what in said:
            if speaker:
                self._note(speaker, message.at, what)
        return said

    def _note(self, unit: MqttUnit, at: datetime, what: Told) -> None:
        heard = self._heard.setdefault(unit.meter.id, _Heard())
        heard.at, heard.last, heard.others = at, what, 0
        heard.messages += 1
        heard.failures = 0 if what.readings else heard.failures + 1

    def _note_unknown(self, topic: str) -> None:
        self.unknown += 1
        if topic not in self._topics_told and len(self._topics_told) < _MOST_TOPICS_TOLD:
            self._topics_told.add(topic)
            log.info(
                "gateway %s: messages under %s are of no meter; left out (told once)",
                self.plan.gateway.id,
                topic,
            )

    def mark(self, now: datetime, is_open: bool) -> Marked:
        """What is known at ``now``; while the line is not open nobody is called silent."""
        readings: list[Reading] = []
        findings: list[Finding] = []
        not_due: set[str] = set()
        for unit in self.plan.units:
            heard = self._heard.get(unit.meter.id, _Heard())
            reason = self._why_silent(unit, heard, now, is_open)
            if reason:
                findings.append(reason)
            elif heard.at and not self._is_long(heard.at, now):
                readings += heard.last.readings
                findings += heard.last.findings
                if any(_is_accounted(unit.meter, r) for r in heard.last.readings):
                    not_due.add(unit.meter.id)
            elif is_open:
                not_due.add(unit.meter.id)
        report = self.report(now)
        return Marked(tuple(readings), tuple(findings), report, frozenset(not_due))

    def report(
        self, now: datetime, only: Iterable[MqttUnit] | None = None
    ) -> tuple[UnitReport, ...]:
        """How the units (or ``only`` some) did since they were reported last."""
        wanted = self.plan.units if only is None else {u.meter.id: u for u in only}.values()
        return tuple(self._report(unit, now) for unit in wanted)

    def _report(self, unit: MqttUnit, now: datetime) -> UnitReport:
        heard = self._heard.get(unit.meter.id, _Heard())
        reason = self._why_silent(unit, heard, now, is_open=True)
        detail = reason.message if reason else ""
        if not reason and heard.failures:
            detail = heard.last.findings[0].message if heard.last.findings else ""
        messages, heard.messages = heard.messages, 0
        return UnitReport(
            unit.address,
            (unit.meter.id,),
            UnitState.FAILING if reason or heard.failures else UnitState.OK,
            requests=messages,
            failures_in_a_row=heard.failures,
            detail=detail,
        )

    def _why_silent(
        self, unit: MqttUnit, heard: _Heard, now: datetime, is_open: bool
    ) -> Finding | None:
        meter = unit.meter.id
        if unit.topic_filter in self.refused:
            text = f"{meter}: {self.refused[unit.topic_filter]}"
            return Finding("collect.refused", meter, text, now)
        if not is_open or not self._is_long(max(heard.at or self.since, self.since), now):
            return None
        silent_s = (now - (heard.at or self.since)).total_seconds()
        kind = "no message for" if heard.at else "no message yet; heard for"
        expected = span_text(self.plan.gateway.poll_period_s)
        text = f"{meter}: {kind} {span_text(silent_s)}; expected every {expected}"
        text += f" (listening to {unit.topic_filter}"
        if heard.others:
            text += f"; {heard.others} messages without {unit.profile.only_with}"
        text += ")"
        return Finding("collect.no_reply", meter, text, now, {"silent_s": silent_s})

    def _is_long(self, since: datetime, now: datetime) -> bool:
        longest_s = SILENT_AFTER_PERIODS * self.plan.gateway.poll_period_s
        return (now - since).total_seconds() > longest_s


def _is_accounted(meter: FieldMeter, reading: Reading) -> bool:
    """True if ``reading`` is a good one of the register that is accounted."""
    names = (None, name_of(reading.point))
    return reading.quality is Quality.GOOD and (
        meter.pulse is not None or meter.register_name in names
    )


def _garbage(unit: MqttUnit, message: Message, err: BadReply) -> Told:
    text = f"{unit.meter.id}: under {message.topic[:80]!r}: {err}"
    return Told(findings=(Finding("collect.bad_reply", unit.meter.id, text, message.at),))


def span_text(seconds: float) -> str:
    """``11400`` as ``3 h 10 min``: two steps at most, rounded down."""
    steps = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    rest = int(seconds)
    parts: list[tuple[int, str]] = []
    for length, name in steps:
        count, rest = divmod(rest, length)
        if count or parts:
            parts.append((count, name))
    told = [f"{count} {name}" for count, name in parts[:2] if count]
    return " ".join(told) or "0 s"
