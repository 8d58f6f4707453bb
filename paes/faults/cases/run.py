"""One run of the rules over a span: what they find, followed to the present, and its price.

What began before the span is judged from its start, and what is not over where the span ends until
now: no case rests on half an episode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from paes.accounting.ledger import EnergyLedger
from paes.events import Event
from paes.faults.cases.bouts import overlap, together
from paes.faults.cases.events import KeptCase, differs
from paes.faults.cases.failures import Failure, Failures, as_text, from_text
from paes.faults.cases.matching import Seen
from paes.faults.money.pricing import PricingContext, price_of
from paes.faults.rule import Rule
from paes.faults.rule_table import rule
from paes.faults.subjects import Subject, case_id, subject_of
from paes.faults.watch import Sighting, watch
from paes.meters import Meter
from paes.periods import Span
from paes.store import Store

Follow = Callable[[int, int], None]
"""Told of meters done, and meters in all."""
Told = tuple[str, str]
"""Rule and subject."""
RUN = "fault.run"
_RUN_OF, _RUN_AT = "faults", datetime(2000, 1, 1, tzinfo=UTC)
"""The one event that tells of the last run; told again it replaces itself."""


@dataclass(frozen=True)
class LastRun:
    """When cases were last made, and of which span."""

    at: datetime
    span: Span
    failures: tuple[Failure, ...] = ()
    """The first of what could not be looked at."""
    failed: int = 0
    """How many there were."""


class CaseRun:
    """One run of the rules."""

    def __init__(
        self,
        ledger: EnergyLedger,
        span: Span,
        meters: Sequence[Meter],
        rules: Sequence[Rule[Any]],
        is_all: bool,
    ) -> None:
        self.ledger = ledger
        self.span = span
        self.meters = {meter.id: meter for meter in meters}
        self.rules = {one.id: one for one in rules}
        self.is_all = is_all
        self.now = ledger.clock()
        self.until = min(span.end, self.now)
        self._context: PricingContext | None = None
        self.failures = Failures()
        self._again: dict[Told, Span] = {}
        """What was judged beyond the span, by rule and subject."""

    def seen(self, kept: Sequence[KeptCase], follow: Follow | None) -> list[Seen]:
        """What the rules find in the span, and what becomes of what is not over."""
        if self.until <= self.span.start or not self.rules:
            return []
        of, by = self.meters.values(), self.rules.values()
        found = watch(self.ledger, self.span, of, by, follow, self.failures)
        first = [_seen(one, self.until) for one in found]
        starts: dict[Told, datetime] = {}
        for key, start in [*self._lasting(first), *self._kept_open(kept)]:
            starts[key] = min(start, starts.get(key, start), self.span.start)
        seen = [one for one in first if (one.rule, one.subject) not in starts]
        for meters, rules, start in self._lookings(starts):
            seen += self._look_again(meters, rules, start, starts)
        return [one for one in seen if not self._is_exempt(one, kept)]

    def _lasting(self, seen: Iterable[Seen]) -> list[tuple[Told, datetime]]:
        """What was not over where the span ends, if that is past."""
        if self.span.end >= self.now:
            return []
        lasting = [one for one in seen if not one.episode.is_over]
        return [((one.rule, one.subject), one.episode.start) for one in lasting]

    def _kept_open(self, kept: Iterable[KeptCase]) -> list[tuple[Told, datetime]]:
        """What was not over when it was seen last, and is not wholly in the span."""
        return [
            ((record.rule, record.subject), bout.episode.start)
            for record in kept
            for bout in record.bouts
            if self._looks_at(record.rule, record.subject)
            and not (bout.episode.is_over or bout.is_gone)
            and (bout.episode.start < self.span.start or self.span.end < self.now)
        ]

    def _lookings(
        self, starts: Mapping[Told, datetime]
    ) -> Iterator[tuple[list[Meter], list[Rule[Any]], datetime]]:
        """Each meter that is looked at again, with its rules; all of them where a rule groups."""
        of_meter: dict[str, list[str]] = {}
        grouping: dict[str, list[str]] = {}
        for rule_id, subject in starts:
            groups = self.rules[rule_id].group is not None
            by = grouping.setdefault(rule_id, []) if groups else of_meter.setdefault(subject, [])
            by.append(subject if groups else rule_id)
        for subject, rules in of_meter.items():
            start = min(starts[rule_id, subject] for rule_id in rules)
            yield [self.meters[subject]], [self.rules[rule_id] for rule_id in rules], start
        for rule_id, subjects in grouping.items():
            start = min(starts[rule_id, subject] for subject in subjects)
            yield list(self.meters.values()), [self.rules[rule_id]], start

    def _look_again(
        self,
        meters: Sequence[Meter],
        rules: Sequence[Rule[Any]],
        start: datetime,
        wanted: Mapping[Told, datetime],
    ) -> list[Seen]:
        span = Span(start, self.now)
        found = watch(self.ledger, span, meters, rules, failures=self.failures)
        ids, subjects = {one.id for one in rules}, {meter.id for meter in meters}
        for rule_id, subject in wanted:
            if rule_id in ids and (subject in subjects or self.rules[rule_id].group):
                self._again[rule_id, subject] = span
        return [_seen(s, self.now) for s in found if (s.rule.id, s.subject) in wanted]

    def _looks_at(self, rule_id: str, subject: str) -> bool:
        if rule_id not in self.rules:
            return False
        if subject in self.ledger.installation.meters:
            return subject in self.meters
        return self.is_all and self.rules[rule_id].group is not None

    def judged(self, rule_id: str, subject: str) -> Span | None:
        """What of its time was looked at."""
        if self.until <= self.span.start or not self._looks_at(rule_id, subject):
            return None
        if self.failures.concern(rule_id, subject, self.rules[rule_id].group is not None):
            return None
        return self._again.get((rule_id, subject), Span(self.span.start, self.until))

    def _is_exempt(self, one: Seen, kept: Iterable[KeptCase]) -> bool:
        """True if nobody wants a case of it; what is a case already goes on to its end."""
        subject = self.subject(one.subject)
        settings, tz = self.ledger.installation.faults, subject.city.time_zone
        if not settings.exemption(one.rule, one.subject, subject.site, one.episode, tz):
            return False
        return not any(
            (r.rule, r.subject, r.place) == one.key and overlap(bout.episode, one.episode)
            for r in kept
            for bout in r.bouts
            if not bout.is_gone
        )

    def subject(self, subject: str) -> Subject:
        """Where a subject belongs."""
        return subject_of(self.ledger.installation, subject)

    def begin(self, one: Seen) -> KeptCase:
        """The record of a new case, without its bouts."""
        subject, episode = self.subject(one.subject), one.episode
        tz = subject.city.time_zone
        return KeptCase(
            case_id(one.subject, one.rule, episode.start, tz, episode.place),
            one.rule,
            one.version,
            one.subject,
            subject.site,
            subject.city.id,
            one.parameters,
            self.now,
        )

    def priced(self, record: KeptCase, before: KeptCase | None) -> KeptCase:
        """With its price as it is now, if it wastes; an old one keeps that which it had."""
        of, meter = rule(record.rule) or self.rules.get(record.rule), self._meter(record)
        if of is None or not of.wastes or meter is None or not record.bouts:
            return record
        episode = together(record.bouts)
        same = before is not None and not differs(record, before)
        if same and (episode.is_over or record.rule not in self.rules):
            return record
        self._context = self._context or PricingContext(self.ledger)
        with self.failures.kept(record.rule, record.subject):
            return replace(record, price=price_of(self._context, meter, episode, self.now))
        return record  # it could not be priced now, and keeps the price that it had

    def _meter(self, record: KeptCase) -> Meter | None:
        return self.ledger.installation.meters.get(record.subject)


def _seen(one: Sighting, until: datetime) -> Seen:
    return Seen(one.rule.id, one.rule.version, one.subject, one.parameters, one.episode, until)


def run_event(now: datetime, span: Span, failures: Sequence[Failure] = ()) -> Event:
    facts: dict[str, str | float] = {
        "at": now.isoformat(),
        "from": span.start.isoformat(),
        "to": span.end.isoformat(),
        "failed": len(failures),
        "failures": as_text(failures),
    }
    return Event(_RUN_OF, RUN, _RUN_AT, None, "", facts)


def last_run(store: Store) -> LastRun | None:
    """The last run that was made into ``store``; None if there was none."""
    for event in store.events(subjects=[_RUN_OF], name=RUN):
        facts = event.facts
        at, start, end = (datetime.fromisoformat(str(facts[f])) for f in ("at", "from", "to"))
        failures = from_text(str(facts.get("failures", "[]")))
        return LastRun(at, Span(start, end), failures, int(facts.get("failed", 0)))
    return None
