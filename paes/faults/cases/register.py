"""The register of cases: what a run makes of it, and what it holds.

::

    a run's sightings ─┐                             ┌─ events of the store
                       ├─ matched ─ priced ─ written ┤
    kept cases ────────┘                             └─ cases, with what people said

A run (``paes.faults.cases.run``) follows what is not over to the present, so it does not matter in
which order spans are judged, but for the ids: a case keeps that under which it was first told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from paes.accounting.ledger import EnergyLedger
from paes.errors import DataError
from paes.faults.cases.bouts import together
from paes.faults.cases.case import Case, CaseUpdate, Decision, Word
from paes.faults.cases.decisions import SAID, added, decisions_in, event_of
from paes.faults.cases.events import CASE, SERIES, KeptCase, cases_in, differs, events_of
from paes.faults.cases.life import days_of, require_sayable, steps
from paes.faults.cases.matching import matched
from paes.faults.cases.run import CaseRun, Follow, run_event
from paes.faults.rule import Rule
from paes.faults.rule_table import RULES
from paes.installation import some
from paes.meters import Meter
from paes.periods import Clock, Span, now_utc
from paes.store import Store


def update_cases(
    ledger: EnergyLedger,
    span: Span,
    follow: Follow | None = None,
    meters: Iterable[Meter] | None = None,
    rules: Iterable[Rule[Any]] = RULES,
) -> CaseUpdate:
    """Judge ``span``, put what is found to what is kept, and write what changed.

    ``meters``: only these (None: all). Rules that the installation switched off are left out: their
    cases stay as they are. ``follow`` is called with (meters done, meters in all).
    """
    store, installation = ledger.store, ledger.installation
    run = CaseRun(
        ledger,
        span,
        list(installation.meters.values() if meters is None else meters),
        [one for one in rules if installation.faults.is_on(one.id)],
        meters is None,
    )
    events = store.events(name=(CASE, SERIES, SAID))
    kept, said = cases_in(events), decisions_in(events)
    seen = run.seen(list(kept.values()), follow)
    found = matched(kept.values(), seen, run.judged, run.begin)
    before = {record.id: _case(record, kept, said) for record in _own(kept.values())}
    priced = [run.priced(record, kept.get(record.id)) for record in found]
    written = [record for record in priced if differs(record, kept.get(record.id))]
    store.write_events([e for record in written for e in events_of(record)])
    failures = tuple(run.failures.told)
    store.write_events([run_event(run.now, span, failures)])
    records = {record.id: record for record in priced}
    cases = [_case(record, records, said) for record in _own(priced)]
    return replace(_update(before, cases), failures=failures)


def _own(records: Iterable[KeptCase]) -> list[KeptCase]:
    """Those that are cases of their own."""
    return [record for record in records if record.into is None]


def _case(
    record: KeptCase, records: Mapping[str, KeptCase], said: Mapping[str, Sequence[Decision]]
) -> Case:
    """The case with what was said of it, and of those that turned out to be parts of it."""
    told = [d for name in (record.id, *record.parts) for d in said.get(name, ())]
    decisions = tuple(sorted(told, key=lambda d: (d.at, d.number)))
    made = steps(record.bouts, decisions, days_of(record.parameters, "patience_days"))
    return Case(
        id=record.id,
        rule=record.rule,
        version=record.version,
        subject=record.subject,
        site=record.site,
        city=record.city,
        parameters=record.parameters,
        episode=together(record.bouts),
        state=made[-1].state,
        price=record.price,
        decisions=decisions,
        opened_at=record.opened_at,
        bouts=record.bouts,
        steps=made,
    )


def _update(before: Mapping[str, Case], cases: Sequence[Case]) -> CaseUpdate:
    known = [(before[case.id], case) for case in cases if case.id in before]
    closed = [case for old, case in known if old.is_open and not case.is_open]
    changed = [case for old, case in known if case not in closed and _told(old) != _told(case)]
    return CaseUpdate(
        tuple(case for case in cases if case.id not in before),
        tuple(changed),
        tuple(closed),
        tuple(cases),
    )


def _told(case: Case) -> tuple[object, ...]:
    return case.state, case.episode.start, case.episode.end, case.episode.is_over, case.version


def all_cases(store: Store, series: bool = False) -> list[Case]:
    """Every case that is kept, closed ones too, in order of id.

    ``series``: with the amounts and pictures of their episodes, which who only lists does not need.
    """
    events = store.events(name=(CASE, SERIES, SAID) if series else (CASE, SAID))
    records, said = cases_in(events), decisions_in(events)
    return [
        _case(record, records, said) for _, record in sorted(records.items()) if not record.into
    ]


def case_of(store: Store, name: str) -> Case:
    """The case of that id, whole; of one that became a part of another, that other.

    DataError if there is none.
    """
    record = _record(store, name)
    while record.into is not None:
        record = _record(store, record.into)
    said = decisions_in(store.events(subjects=[record.id, *record.parts], name=SAID))
    return _case(record, {record.id: record}, said)


def _record(store: Store, name: str) -> KeptCase:
    found = cases_in(store.events(subjects=[name], name=(CASE, SERIES))).get(name)
    if found is None:
        known = cases_in(store.events(name=CASE))
        raise DataError(f"no case {name!r}; there is {some(known, near=name)}")
    return found


def decide(
    store: Store,
    name: str,
    word: Word,
    author: str,
    reason: str = "",
    assignee: str | None = None,
    clock: Clock = now_utc,
) -> Case:
    """Keep what ``author`` says of a case; the case as it stands then.

    DataError if the case is not known, or nobody may say so of it as it stands.
    """
    case = case_of(store, name)
    require_sayable(case, word)
    decision = Decision(case.id, word, author, reason, clock(), assignee)
    store.write_events([event_of(added(decision, case.decisions))])
    return case_of(store, case.id)
