"""Events in InfluxDB: found by their start, or, if they began earlier, by their end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from paes.events import Event
from paes.periods import from_seconds
from paes.store.influx_lines import FIRST_S, NO_END, plain_text
from paes.store.influx_link import InfluxLink
from paes.store.influx_select import Question, Row, ask_rows, begins_with, of_names, whole

_EVENTS = Question("event", '"end", "message", "facts"', ("subject", "name"))
_MOST_SUBJECTS = 500


def events(
    link: InfluxLink, first_s: int, last_s: int, subjects: Iterable[str] | None, name: str
) -> list[Event]:
    """Events that touch ``[first_s, last_s)``; see ``Store.events``."""
    question = _EVENTS.where(begins_with("name", name))
    found = [
        _event(row)
        for some in _of_subjects(question, subjects)
        for row in _touching(link, some, first_s, last_s)
    ]
    found = [e for e in found if e.name.startswith(name)]  # "%" also begins what is coded
    return sorted(found, key=lambda e: (e.start, e.subject, e.name))


def _of_subjects(question: Question, subjects: Iterable[str] | None) -> Iterator[Question]:
    if subjects is None:
        yield question
        return
    distinct = sorted({subject for subject in subjects if subject})
    for begin in range(0, len(distinct), _MOST_SUBJECTS):
        yield question.where(of_names("subject", distinct[begin : begin + _MOST_SUBJECTS]))


def _touching(link: InfluxLink, question: Question, first_s: int, last_s: int) -> Iterator[Row]:
    """What begins in ``[first_s, last_s)``, and what began before and ends within or later."""
    yield from ask_rows(link, question, first_s, last_s)
    if first_s > FIRST_S:
        lasting = question.where(f'"end" > {first_s}')
        yield from ask_rows(link, lasting, FIRST_S, min(first_s, last_s))


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
