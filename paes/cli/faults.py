"""``paes faults``: malfunctions ranked by money, their evidence, and what people say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click

from paes.cli import Session
from paes.cli.asked import from_option, json_option, to_option
from paes.cli.fault_case import day_text, place_text, print_case, state_text
from paes.cli.fault_losses import losses
from paes.cli.fault_notices import notify
from paes.cli.fault_words import WORDS, labels, say_if_another
from paes.cli.output import bar, number, print_json, print_table, say, say_marks, tell
from paes.errors import DataError
from paes.faults.cases.case import Case, CaseUpdate, State
from paes.faults.cases.register import all_cases, case_of, update_cases
from paes.faults.cases.run import last_run
from paes.faults.cases.same_event import Twice, told_twice
from paes.faults.money.losses import NO_LOSS
from paes.faults.money.price import Interval, Price
from paes.faults.rule_table import RULES
from paes.faults.telling import sentences
from paes.faults.telling.nightly import JUDGED
from paes.faults.unwatched import why_unwatched
from paes.installation import some
from paes.periods import Span, parse_instant, zone
from paes.report.fault_documents import (
    case_document,
    list_document,
    update_document,
)

_TOLD = 10
"""Of so many cases the list says what they are."""
_STATES = ("open", "all", *(str(state) for state in State))
lang_option: Callable[[Any], Any] = click.option(
    "--lang", type=click.Choice(["it", "en"]), default="en", show_default=True
)


@click.group(invoke_without_command=True)
@from_option
@to_option
@click.option("--site", metavar="ID", help="Only of a site.")
@click.option("--rule", metavar="ID", help="Only of a rule, e.g. water_leak.")
@click.option(
    "--state",
    type=click.Choice(_STATES),
    help="Only these [open; with --from or --to all that were not retracted].",
)
@lang_option
@json_option
@click.pass_context
def faults(
    context: click.Context,
    start: str | None,
    end: str | None,
    site: str | None,
    rule: str | None,
    state: str | None,
    lang: str,
    as_json: bool,
) -> None:
    """Malfunctions that the meters show: what they cost, ranked by money a week.

    Without a command: the open cases, or those seen between --from and --to. They are made by
    `paes faults run`, which a collector does every night.
    """
    if context.invoked_subcommand:
        return
    session: Session = context.obj
    chosen = ranked(_chosen(session, start, end, site, rule, state))
    last = last_run(session.store)
    if as_json:
        marks = session.store.labels()
        print_json(list_document(session.city.id, chosen, last, session.root, marks))
        return
    if last is None:
        say("nobody has looked for malfunctions yet: paes faults run")
    elif not chosen:
        say("no such case")
    if last:
        at = last.at.astimezone(zone(session.city.time_zone))
        say(f"looked for last {at:%Y-%m-%d %H:%M}, from {last.span.start:%Y-%m-%d} on")
        for failure in last.failures:
            say(f"could not be looked at then: {failure}")
    _print_list(session, chosen, lang)
    say_marks(None, session.store.labels())


def _chosen(
    session: Session,
    start: str | None,
    end: str | None,
    site: str | None,
    rule: str | None,
    state: str | None,
) -> list[Case]:
    """The cases of the city that are asked for."""
    if site:
        session.installation.site(site)
    known = {one.id for one in RULES}
    cases = all_cases(session.store)
    if rule and rule not in known | {case.rule for case in cases}:
        raise DataError(f"no rule {rule!r}; there is {some(known, near=rule)}")
    tz = session.city.time_zone
    first, last = (parse_instant(at, tz) if at else None for at in (start, end))
    wanted = state or ("seen" if start or end else "open")
    return [
        case
        for case in cases
        if case.city == session.city.id
        and site in (None, case.site)
        and rule in (None, case.rule)
        and _is_in(case, wanted)
        and Span(case.episode.start, case.episode.end).clip(first, last)
    ]


def _is_in(case: Case, wanted: str) -> bool:
    if wanted == "open":
        return case.is_open
    if wanted == "seen":
        return case.state is not State.RETRACTED
    return wanted in ("all", case.state)


def ranked(cases: Iterable[Case]) -> list[Case]:
    """The dearest a week first, then the dearest so far; what is closed costs nothing a week."""
    return sorted(cases, key=lambda case: (*_cost(case), case.id))


def _price(case: Case) -> Price | None:
    """What it costs; nothing of what was called none, or is not shown any more."""
    return None if case.state in NO_LOSS else case.price


def _cost(case: Case) -> tuple[float, float]:
    price = _price(case)
    week = price.per_week.eur if price and case.is_open else None
    so_far = price.so_far.eur if price else None
    return (-week.likely if week else 0.0), (-so_far.likely if so_far else 0.0)


def _print_list(session: Session, cases: list[Case], lang: str) -> None:
    if not cases:
        return
    print_table(
        f"{session.city.name}: {len(cases)} {'case' if len(cases) == 1 else 'cases'}",
        ["", "what", "where", "since", "state", "EUR a week", "EUR so far", "so far", "t CO2"],
        [[str(i), *_row(session, case, lang)] for i, case in enumerate(cases, 1)],
        left=5,
    )
    twice = told_twice(cases, session.installation.meters)
    place = {case.id: i for i, case in enumerate(cases, 1)}
    for i, case in enumerate(cases, 1):
        if i <= _TOLD:
            tell(f"{i}. {sentences.sentence(case, lang, session.root)}")
            if case.episode.is_over:
                tell(f"   over since {day_text(case.episode.end, session.city.time_zone)}")
            for text in _same_events(case, twice.values(), place):
                tell(f"   {text}")
        tell(f"{f'{i}.' if i > _TOLD else '  '} paes faults show {case.id}")
    for case in cases:
        if case.is_open and (why := why_unwatched(session.installation, case)):
            say(f"nobody looks at {case.id} any more: {why}; paes faults dismiss")
    if twice:
        say("what two cases tell of counts once in paes faults losses")


def _same_events(case: Case, twice: Iterable[Twice], place: Mapping[str, int]) -> Iterable[str]:
    """Which other cases of the list probably tell of the same, by their places in it."""
    for one in twice:
        if case.id == one.case.id:
            yield f"probably {'the same as' if one.is_all else 'a part of'} {place[one.of.id]}"
        elif case.id == one.of.id:
            yield f"{place[one.case.id]} is probably {'the same' if one.is_all else 'a part of it'}"


def _row(session: Session, case: Case, lang: str) -> list[str]:
    price = _price(case)
    return [
        sentences.name(case, lang, session.root),
        place_text(session.installation, case),
        day_text(case.episode.start, session.city.time_zone),
        state_text(case),
        _likely(price.per_week.eur if price and case.is_open else None, 2),
        _likely(price.so_far.eur if price else None, 2),
        _amount(price),
        _likely(price.so_far.co2_t if price else None, 3),
    ]


def _amount(price: Price | None) -> str:
    if price is None or not price.so_far.amount.high:
        return "-"
    return f"{number(price.so_far.amount.likely, 1)} {price.unit}"


def _likely(interval: Interval | None, digits: int) -> str:
    return "-" if interval is None else number(interval.likely, digits)


@faults.command()
@from_option
@to_option
@lang_option
@json_option
@click.pass_obj
def run(session: Session, start: str | None, end: str | None, lang: str, as_json: bool) -> None:
    """Look for malfunctions now: every rule, every meter [the last 60 days, as a night does].

    What is not over is followed to the present, however long ago it began.
    """
    tz, now = session.city.time_zone, session.ledger.clock()
    finish = parse_instant(end, tz) if end else now
    begin = parse_instant(start, tz) if start else finish - JUDGED
    if begin >= min(finish, now):
        raise DataError(f"--from {start} is not before {f'--to {end}' if end else 'now'}")
    with bar() as progress:
        task = progress.add_task("meters", total=len(session.installation.meters))
        update = update_cases(
            session.ledger,
            Span(begin, finish),
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    if as_json:
        print_json(update_document(update, session.root))
    else:
        for line in _changes(session, update):
            tell(line)
        _print_list(session, ranked(case for case in update.new if case.is_open), lang)
    if update.failures:
        raise DataError(
            f"{len(update.failures)} times a rule failed, and the others looked:"
            f" {'; '.join(map(str, update.failures[:_TOLD]))}"
        )


def _changes(session: Session, update: CaseUpdate) -> Iterable[str]:
    still = sum(case.is_open for case in update.new)
    yield (
        f"{len(update.new)} new, of which {still} open; {len(update.changed)} changed,"
        f" {len(update.closed)} closed; {sum(c.is_open for c in update.all)} open now:"
        " paes faults"
    )
    for case in update.closed:
        yield f"closed: {place_text(session.installation, case)}, {case.id}: {case.reason}"
    for case in update.changed:
        if case.state is State.REARMED:
            yield f"open again: {place_text(session.installation, case)}, {case.id}: {case.reason}"


@faults.command()
@click.argument("case_id", metavar="ID")
@lang_option
@json_option
@click.pass_obj
def show(session: Session, case_id: str, lang: str, as_json: bool) -> None:
    """One case: numbers, windows, parameters, price, picture, and what was said of it."""
    case = case_of(session.store, case_id)
    say_if_another(case_id, case)
    if as_json:
        print_json(case_document(case, session.root, series=True))
        return
    print_case(session.installation, case, lang)
    say_marks(None, session.store.labels())


for _command in (*WORDS, labels, notify, losses):
    faults.add_command(_command)


COMMANDS: tuple[click.Command, ...] = (faults,)
