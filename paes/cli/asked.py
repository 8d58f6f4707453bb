"""Options that commands about energy have in common, and the span they name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import click

from paes.cli import Session
from paes.cli.output import say
from paes.periods import By, Span, edges, from_seconds, parse_instant, zone

PERIOD_FORMS = {By.YEAR: "%Y", By.MONTH: "%Y-%m", By.DAY: "%Y-%m-%d"}

from_option = click.option(
    "--from", "start", metavar="TIME", help="Start, e.g. 2025-03-01 (local)."
)
to_option = click.option("--to", "end", metavar="TIME", help="End, not included [now].")
by_option: Callable[[Any], Any] = click.option(
    "--by", type=click.Choice([str(b) for b in By]), default=str(By.MONTH), show_default=True
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
electricity_option = click.option(
    "--electricity",
    type=click.Choice(["current", "frozen"]),
    help="Electricity factor of each year, or frozen at the base year [the plan's choice].",
)
scope_option = click.option(
    "--scope",
    type=click.Choice(["national", "local"]),
    help="Electricity factor of the national mix, or the town's own [the plan's choice].",
)
side_by_side_option = click.option(
    "--side-by-side",
    is_flag=True,
    help="The total by every basis: frozen and current, national and local. Never mixed.",
)
as_of_option = click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Only factors known on this day [the day the inventory was published, else all].",
)
gwp_option = click.option(
    "--gwp", metavar="SET", help="Warming potentials, e.g. ar5 [the plan's choice]."
)


def asked_span(session: Session, start: str | None, end: str | None, by: By) -> Span:
    """The span between two local times; without them the year until now.

    Answers are of whole periods: it is told where these are more than what was asked.
    """
    tz = session.city.time_zone
    finish = parse_instant(end, tz) if end else session.ledger.clock()
    begin = parse_instant(start, tz) if start else finish - timedelta(days=365)
    span = Span(begin, finish)
    whole = edges(span, by, tz)
    first, last = from_seconds(whole[0]), from_seconds(whole[-1])
    if (start and first < begin) or (end and finish < min(last, session.ledger.clock())):
        told = [at.astimezone(zone(tz)).strftime("%Y-%m-%d %H:%M") for at in (first, last)]
        say(f"whole periods: from {told[0]} to {told[1]} (--by {by})")
    return span


def period_text(start: datetime, by: By) -> str:
    """The name of a period by its start."""
    return start.strftime(PERIOD_FORMS.get(by, "%Y-%m-%d %H:%M %z"))
