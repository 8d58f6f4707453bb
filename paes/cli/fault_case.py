"""One case for people: what it is, what proves it, what it costs, what was said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from paes.cli.fault_picture import chart
from paes.cli.output import number, percent, print_table, tell
from paes.faults.cases.case import Case, State, Step
from paes.faults.money.price import Interval, Price, Waste
from paes.faults.subjects import subject_of
from paes.faults.telling import sentences
from paes.faults.unwatched import why_unwatched
from paes.installation import Installation
from paes.periods import zone

LEAST_SHARE = 0.00005
"""Of the gap; less would be written as nothing."""


def print_case(installation: Installation, case: Case, language: str) -> None:
    """Everything that is kept of ``case``, the sentences of its rule first."""
    root, tz = installation.root, subject_of(installation, case.subject).city.time_zone
    tell(f"{sentences.name(case, language, root)}: {place_text(installation, case)}")
    for text in (sentences.sentence, sentences.what_to_do):
        if told := text(case, language, root):
            tell(told)
    tell("")
    for line in _facts(case, tz):
        tell(line)
    if case.is_open and (why := why_unwatched(installation, case)):
        tell(f"still    nobody looks at it any more: {why}")
    _print_price(case, language, root)
    if case.episode.picture:
        tell("")
        for line in chart(case.episode.picture):
            tell(line)
    _print_evidence(case, tz)
    _print_steps(case, tz)


def place_text(installation: Installation, case: Case) -> str:
    """The site by name, and the meter."""
    site = installation.sites.get(case.site or "")
    where = f"{case.subject}, {case.episode.place}" if case.episode.place else case.subject
    return f"{site.name} ({where})" if site else where


def state_text(case: Case) -> str:
    """``assigned to Rossi``."""
    if case.state is State.ASSIGNED and case.assignee:
        return f"assigned to {case.assignee}"
    return str(case.state)


def day_text(at: datetime, tz: str) -> str:
    """The local date."""
    return f"{at.astimezone(zone(tz)):%Y-%m-%d}"


def _facts(case: Case, tz: str) -> Iterator[str]:
    episode = case.episode
    yield f"case     {case.id}"
    yield f"state    {state_text(case)}{f': {case.reason}' if case.reason else ''}"
    seen = f"{_time(episode.start, tz)} to {_time(episode.end, tz)}"
    yield f"seen     {seen}, {'over' if episode.is_over else 'not over'}"
    found, told = _time(episode.found, tz), _time(case.opened_at, tz)
    yield f"found    {told}, by readings that showed it from {found} on"
    live = [bout for bout in case.bouts if not bout.is_gone]
    if len(live) > 1:
        starts = ", ".join(day_text(bout.episode.start, tz) for bout in live)
        yield f"bouts    {len(live)}, from {starts}"
    yield f"rule     {case.rule}, version {case.version}"


def _print_price(case: Case, language: str, root: Path) -> None:
    """The costs with their bounds, or why there are none."""
    tell("")
    price = case.price
    if price is None:
        tell("price    none: it is not known to waste anything")
        return
    if not price.so_far.eur and not price.so_far.amount.high:
        why = sentences.without_price(case, language, root)
        tell(f"price    {why or 'none: no contract says what it costs'}")
        return
    print_table(
        "What it costs, with its bounds",
        ["", price.unit, "low to high", "EUR", "low to high", "t CO2"],
        [_waste("so far", price.so_far), _waste("a week more", price.per_week)],
    )
    for line in _marks(price):
        tell(line)


def _waste(name: str, waste: Waste) -> list[str]:
    co2 = waste.co2_t
    return [
        name,
        number(waste.amount.likely, 1),
        _between(waste.amount, 1),
        number(waste.eur.likely, 2) if waste.eur else "-",
        _between(waste.eur, 2),
        number(co2.likely, 3) if co2 else "-",
    ]


def _between(interval: Interval | None, digits: int) -> str:
    if interval is None:
        return "-"
    return f"{number(interval.low, digits)} to {number(interval.high, digits)}"


def _marks(price: Price) -> Iterator[str]:
    if price.gap_fraction:
        share = percent(price.gap_fraction, 2)
        share = "less than 0.01 %" if price.gap_fraction < LEAST_SHARE else share
        yield f"a year of it is {share} of what the target still lacks"
    if price.unknown_h >= 1:
        yield f"nobody saw what passed in {number(price.unknown_h)} h of it: they are in no figure"
    if price.unpriced:
        yield f"{number(price.unpriced, 1)} {price.unit} have no contract: they are in no EUR"
    for text in price.rests_on:
        yield f"by {text}"
    if price.is_assumed:
        yield "a tariff or factor of it is assumed"


def _print_evidence(case: Case, tz: str) -> None:
    episode = case.episode
    tell("")
    print_table(
        "What was compared",
        ["number", "value"],
        [[name, f"{value:,.6g}".replace(",", " ")] for name, value in episode.numbers.items()],
    )
    if episode.windows:
        print_table(
            "Windows",
            ["window", "from", "to"],
            [
                [name, _time(span.start, tz), _time(span.end, tz)]
                for name, span in episode.windows.items()
            ],
            left=3,
        )
    print_table(
        "Parameters of the rule",
        ["parameter", "value"],
        [[name, str(value)] for name, value in case.parameters.items()],
    )


def _print_steps(case: Case, tz: str) -> None:
    print_table(
        "How it came to its state",
        ["state", "on", "by", "why"],
        [
            [
                _step_text(step),
                _time(step.at, tz),
                step.decision.author if step.decision else "readings",
                step.sentence,
            ]
            for step in case.steps
        ],
        left=4,
    )


def _step_text(step: Step) -> str:
    to = step.decision.assignee if step.decision else None
    return f"{step.state} to {to}" if step.state is State.ASSIGNED and to else str(step.state)


def _time(at: datetime, tz: str) -> str:
    return f"{at.astimezone(zone(tz)):%Y-%m-%d %H:%M}"
