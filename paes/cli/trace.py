"""``paes trace``: what a figure was made from, down to the reads of a register."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from paes.cli import Session
from paes.cli.asked import from_option, json_option, to_option
from paes.cli.output import bar, print_json, say
from paes.cli.passport import passport_lines
from paes.errors import DataError
from paes.installation import City
from paes.lineage.figure_id import FigureId, Kind
from paes.lineage.spans import parse_span
from paes.lineage.touched import touched_by, touched_by_row, touched_by_weather
from paes.lineage.tracing import Tracer
from paes.lineage.walking import Checked, Focus, verify, walk
from paes.meters import Meter
from paes.periods import Span, parse_instant
from paes.report.lineage_documents import checked_document, node_document

EXAMPLES = 12
"""Ids of each year that a list begins with; --json has all of them."""


@click.command()
@click.argument("figure", metavar="[ID]", required=False)
@click.option("--meter", metavar="METER", help="Walk to this meter only, down to its reads.")
@click.option("--month", metavar="YYYY-MM", help="With --meter: its days in this month.")
@click.option("--day", metavar="YYYY-MM-DD", help="With --meter: intervals and reads of this day.")
@click.option("--depth", type=click.IntRange(1, 20), help="Levels that are opened [1].")
@click.option("--verify", "is_verified", is_flag=True, help="Work all of it out again.")
@click.option(
    "--touched-by", "touching", metavar="METER|ID",
    help="List what readings of a meter (--from, --to), or a declared row, can change.",
)  # fmt: skip
@from_option
@to_option
@json_option
@click.pass_obj
def trace(
    session: Session, figure: str | None, meter: str | None, month: str | None, day: str | None,
    depth: int | None, is_verified: bool, touching: str | None, start: str | None,
    end: str | None, as_json: bool,
) -> None:  # fmt: skip
    """What the figure ID was made from; without ID what can be traced.

    Ids stand in every document (paes inventory --json, paes progress --json). A method that is
    not the plan's is part of an id: la-spezia/inventory/2025/t?electricity=frozen
    """
    if touching:
        _print_touched(session, touching, start, end, as_json)
    elif figure is None:
        _print_known(Tracer(session.city, session.ledger), as_json)
    else:
        tracer = Tracer(_city(session, figure), session.ledger)
        toward = session.installation.meter(meter) if meter else None
        focus = Focus(depth or 1, toward, _asked(session, toward, month, day))
        _print_walk(tracer, figure, focus, is_verified, as_json)


def _city(session: Session, wanted: str) -> City:
    return session.installation.city(FigureId.parse(wanted).city)


def _asked(
    session: Session, meter: Meter | None, month: str | None, day: str | None
) -> Span | None:
    if month is None and day is None:
        return None
    if meter is None:
        raise DataError("--month and --day go with --meter: whose days are they?")
    span = parse_span(day or month or "", session.installation.time_zone(meter.id))
    if day and span.seconds > 25 * 3600:
        raise DataError(f"--day {day}: expected one day, such as {date(2025, 3, 14)}")
    return span


def _print_walk(
    tracer: Tracer, wanted: str, focus: Focus, is_verified: bool, as_json: bool
) -> None:
    node = walk(tracer, wanted, focus)
    checked = _verified(tracer, wanted, focus.meter) if is_verified else None
    if as_json:
        document = node_document(node)
        print_json(document | ({"verified": checked_document(checked)} if checked else {}))
        return
    for line in passport_lines(node):
        click.echo(line)
    if checked:
        _say_checked(checked)


def _verified(tracer: Tracer, wanted: str, meter: Meter | None) -> Checked:
    with bar() as progress:
        task = progress.add_task("worked out again", total=None)
        return verify(tracer, wanted, meter, lambda _: progress.advance(task))


def _say_checked(checked: Checked) -> None:
    what = f"{checked.figures} figures worked out again"
    if checked.days:
        what += f", {checked.days} days made anew of their reads"
    if checked.equal:
        click.echo(f"{what}: all equal")
        return
    raise DataError(f"{what}: {len(checked.wrong)} differ, the first is {checked.wrong[0]}")


def _print_known(tracer: Tracer, as_json: bool) -> None:
    known = list(tracer.ids())
    if as_json:
        print_json({"city": tracer.city.id, "ids": known})
        return
    for year in tracer.years:
        click.echo(tracer.of_year(year).id())
    click.echo(f"\nin {tracer.years[-1]}:" if tracer.years else "no year has an inventory")
    newest = [one for one in known if f"/{Kind.INVENTORY}/{tracer.years[-1]}/" in one]
    for one in newest[:EXAMPLES]:
        click.echo(one)
    target = tracer.city.plan.default_target
    tracked = f"/{Kind.PROGRESS}/{target}/{tracer.years[-1]}/" if tracer.years else "/"
    click.echo(f"\nprogress against {target}:")
    for one in [one for one in known if tracked in one][:EXAMPLES]:
        click.echo(one)
    say(f"{len(known)} figures; all of them: paes trace --json")


def _print_touched(
    session: Session, touching: str, start: str | None, end: str | None, as_json: bool
) -> None:
    if "/" in touching:
        tracer = Tracer(_city(session, touching), session.ledger)
        found = touched_by_row(tracer, touching)
    else:
        sensor = session.installation.sensors.get(touching)
        meter = sensor or session.installation.meter(touching)
        tracer = Tracer(session.installation.city_of(meter), session.ledger)
        if not start or not end:
            raise DataError(f"--touched-by {touching}: between which times? add --from and --to")
        tz = tracer.city.time_zone
        begin, finish = parse_instant(start, tz), parse_instant(end, tz)
        if finish <= begin:
            raise DataError(f"--to {end} is not after --from {start}; the end is not included")
        span = Span(begin, finish)
        found = touched_by_weather(tracer, span) if sensor else touched_by(tracer, meter, span)
    if as_json:
        document: dict[str, Any] = {"touched_by": touching, "from": start, "to": end}
        print_json({**document, "ids": found})
        return
    for one in found:
        click.echo(one)
    say(f"{len(found)} figures can change")


COMMANDS = (trace,)
