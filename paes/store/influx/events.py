"""Events in InfluxDB: found by their start, or, if they began earlier, by their end.

A server finds rows by time, and looks through all of them for anything else. So an event longer
than ``LONG_S`` is kept a second time in ``event_long``, which stays small: what lasts into a span
began at most so long before it, or is found there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from paes.events import Event
from paes.periods import from_seconds, to_seconds
from paes.rollups import DAY_S
from paes.store.influx.lines import FIRST_S, NO_END, event_line, plain_text
from paes.store.influx.link import InfluxLink
from paes.store.influx.questions import Question, Row, ask_rows, begins_with, of_names, whole

LONG_S = 7 * DAY_S
_EVENTS = Question("event", '"end", "message", "facts"', ("subject", "name"))
_LONG_EVENTS = replace(_EVENTS, measurement="event_long")
_MOST_SUBJECTS = 500


def write_events(link: InfluxLink, events: Sequence[Event]) -> None:
    """See ``Store.write_events``."""
    told = {(e.subject, e.name, to_seconds(e.start)): e for e in events}
    lines = [event_line(e) for e in told.values()]
    if not lines:
        return
    starts = [start_s for _, _, start_s in told]
    known = ask_rows(link, _LONG_EVENTS, min(starts), max(starts) + 1)
    # One that was long stays in both places, for nothing can be deleted.
    both = {_key(_event(row)) for row in known} | {k for k, e in told.items() if _is_long(e)}
    link.write([event_line(told[key], _LONG_EVENTS.measurement) for key in told if key in both])
    link.write(lines)


def events(
    link: InfluxLink,
    first_s: int,
    last_s: int,
    subjects: Iterable[str] | None,
    name: str | tuple[str, ...],
) -> list[Event]:
    """Events that touch ``[first_s, last_s)``; see ``Store.events``."""
    found = [
        _event(row)
        for of_some in _of_subjects(subjects)
        for row in _touching(link, (of_some, begins_with("name", name)), first_s, last_s)
    ]
    found = [e for e in found if e.name.startswith(name)]
    return sorted(found, key=lambda e: (e.start, e.subject, e.name))


def _of_subjects(subjects: Iterable[str] | None) -> Iterator[str]:
    """Conditions that take ``subjects``, some hundreds at a time."""
    if subjects is None:
        yield ""
        return
    distinct = sorted({subject for subject in subjects if subject})
    for begin in range(0, len(distinct), _MOST_SUBJECTS):
        yield of_names("subject", distinct[begin : begin + _MOST_SUBJECTS])


def _touching(
    link: InfluxLink, conditions: tuple[str, str], first_s: int, last_s: int
) -> Iterator[Row]:
    """What begins in ``[first_s, last_s)``, and what began before and ends within or later."""
    yield from ask_rows(link, _EVENTS.where(*conditions), first_s, last_s)
    if first_s > FIRST_S:
        lasting, near_s, before_s = f'"end" > {first_s}', first_s - LONG_S, min(first_s, last_s)
        yield from ask_rows(link, _EVENTS.where(*conditions, lasting), near_s, before_s)
        far_s = min(near_s, before_s)
        yield from ask_rows(link, _LONG_EVENTS.where(*conditions, lasting), FIRST_S, far_s)


def _is_long(event: Event) -> bool:
    return event.end is not None and (event.end - event.start).total_seconds() > LONG_S


def _key(event: Event) -> tuple[str, str, int]:
    return event.subject, event.name, to_seconds(event.start)


def _event(row: Row) -> Event:
    start_s, end_s, message, facts, subject, name = row
    return Event(
        plain_text(str(subject)),
        plain_text(str(name)),
        from_seconds(whole(start_s)),
        None if end_s == NO_END else from_seconds(whole(end_s)),
        plain_text(str(message)),
        json.loads(plain_text(str(facts))),
    )
