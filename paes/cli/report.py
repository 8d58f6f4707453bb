"""``paes report``: a year of a city as files."""

from __future__ import annotations

from pathlib import Path

import click

from paes.cli import Session
from paes.cli.output import say_marks
from paes.periods import local_year
from paes.report.files import write_report


@click.command()
@click.argument("year", type=int, required=False)
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder."
)
@click.pass_obj
def report(session: Session, year: int | None, out: Path) -> None:
    """Write inventory and progress up to YEAR [the last whole one] as JSON and CSV files."""
    city = session.city
    last = local_year(session.ledger.clock(), city.time_zone) - 1
    wanted = last if year is None else year
    for path in write_report(city, wanted, session.ledger, out):
        click.echo(str(path))
    say_marks(None, session.store.labels())


COMMANDS = (report,)
