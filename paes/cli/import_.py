"""Files of distributors, suppliers and offices into the store: import."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from paes.cli import Session
from paes.cli.output import bar, number, print_json, print_table, say
from paes.errors import DataError, StoreError
from paes.periods import zone

if TYPE_CHECKING:
    from paes.events import Event
    from paes.imports.importing import Importing
    from paes.imports.report import FileReport, PointReport, TableReport
    from paes.store import Store

MOST = 10
"""Refusals and remarks of one file that are printed; JSON has them all."""
COLUMNS = ("file", "format", "what", "period", "new", "changed", "same", "refused")


@click.command(name="import")
@click.argument("files", nargs=-1, metavar="FILE…", type=click.Path(path_type=Path))
@click.option("--format", "format_name", metavar="NAME", help="Format [recognised by itself].")
@click.option("--meter", metavar="ID", help="Whose figures they are, if the file does not say.")
@click.option("--map", "map_file", metavar="FILE", type=click.Path(path_type=Path),
              help="Mapping file for tables of any other layout.")  # fmt: skip
@click.option("--author", metavar="NAME", help="Who imports, for the record [this user].")
@click.option("--dry-run", is_flag=True, help="Say what would be done, write nothing.")
@click.option("--list", "list_", is_flag=True, help="What was imported so far, and the formats.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def import_files(
    session: Session,
    files: tuple[Path, ...],
    format_name: str | None,
    meter: str | None,
    map_file: Path | None,
    author: str | None,
    dry_run: bool,
    list_: bool,
    as_json: bool,
) -> None:
    """Load curves, bills, activity tables, weather: compare with what is there, and take it.

    Importing a file again changes nothing. Each file is taken whole by itself; what in it cannot
    be understood is refused with its place, and the exit code is 1.
    """
    if list_:
        with _store(session, only_looked_at=True) as store:
            _list(store, session.city.time_zone, as_json)
        return
    if not files:
        raise click.UsageError("name the files to import, or --list")
    from paes.imports.importing import Importing, Wishes, months_absent

    wishes = Wishes(
        author or _this_user(), format_name, meter, _mapping(map_file, format_name), dry_run
    )
    with _store(session, only_looked_at=dry_run) as store:
        importing = Importing(session.installation, session.city, store, wishes)
        reports = list(_taken(importing, files))
        absent = months_absent(store, reports)
    if as_json:
        documents = [report.document() for report in reports]
        print_json({"dry_run": dry_run, "files": documents, "months_absent": absent})
    else:
        _print(reports, absent, dry_run)
    if not all(report.is_whole for report in reports):
        sys.exit(1)


@contextmanager
def _store(session: Session, only_looked_at: bool) -> Iterator[Store]:
    """The store of the call; an empty one that is gone afterwards where looking would make one."""
    from paes.cli.store_copy import file_of
    from paes.store import open_store

    path = file_of(session.store_url)
    if not only_looked_at or path is None or path.exists():
        yield session.store
        return
    with TemporaryDirectory(prefix="paes-import-") as folder:
        empty = open_store(str(Path(folder) / path.name), session.installation.retention)
        try:
            yield empty
        finally:
            empty.close()


def _taken(importing: Importing, files: Sequence[Path]) -> Iterator[FileReport]:
    """Each file's report; one that is not understood does not keep the others out."""
    from paes.imports.batch import one_line
    from paes.imports.report import FileReport

    with bar() as progress:
        task = progress.add_task("import", total=len(files))
        for path in files:
            progress.update(task, description=path.name)
            try:
                yield importing.take(path)
            except DataError as err:
                yield FileReport(str(path), error=one_line(str(err)))
            except StoreError as err:
                yield FileReport(str(path), error=f"not imported: {err}")
            progress.advance(task)


def _mapping(path: Path | None, format_name: str | None) -> dict[str, Any] | None:
    if path is None:
        return None
    from paes.imports.tables.mapping import read_mapping

    return read_mapping(path, format_name)


def _this_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _print(reports: Sequence[FileReport], absent: dict[str, list[str]], dry_run: bool) -> None:
    rows = [row for report in reports for row in _rows(report)]
    if rows:
        title = "Would be imported (dry run: nothing was written)" if dry_run else "Imported"
        print_table(title, COLUMNS, rows, left=4)
    for report in reports:
        for line in _remarks(report):
            click.echo(line)
    for point, months in absent.items():
        click.echo(f"{point}: no readings for {', '.join(months)}: missing, not zero")


def _rows(report: FileReport) -> Iterator[tuple[str, ...]]:
    """A row a point, a table, and the events of a file; the first says how much was refused."""
    whats = [*map(_point_row, report.points), *map(_table_row, report.tables)]
    events = report.new_events, report.changed_events, report.same_events
    if any(events):
        whats.append(("bills and other documents", "", *map(number, events)))
    if not whats and not report.error:
        whats.append(("nothing", "", "0", "0", "0"))
    for index, what in enumerate(whats):
        first = index == 0
        refused = number(len(report.refused)) if first else ""
        name = Path(report.file).name if first else ""
        yield (name, report.format if first else "", *what, refused)


def _point_row(point: PointReport) -> tuple[str, ...]:
    counts = point.new, point.changed, point.same
    return (point.point, point.period, *map(number, counts))


def _table_row(table: TableReport) -> tuple[str, ...]:
    counts = table.new, len(table.changed), table.same
    return (f"table {table.name}", "", *map(number, counts))


def _remarks(report: FileReport) -> Iterator[str]:
    """What a person should know of one file, the worst first."""
    name = Path(report.file).name
    if report.error:
        error = report.error
        yield error if name in error else f"{name}: {error}"
        return
    for refusal in report.refused[:MOST]:
        yield f"{name}: refused: {refusal.place + ': ' if refusal.place else ''}{refusal.message}"
    if len(report.refused) > MOST:
        yield f"{name}: and {len(report.refused) - MOST} more refused (--json has them all)"
    yield from (f"{name}: {text}" for text in _changes(report))
    if report.was_interrupted:
        verb = "was interrupted" + ("; it is whole now" if report.is_written else "")
        yield f"{name}: an earlier import of this file {verb}"
    elif report.imported_before:
        yield f"{name}: this very file was imported before, on {report.imported_before}"
    for finding in report.findings[:MOST]:
        told = finding.message
        about = (
            "" if finding.subject == name or told.startswith(finding.subject) else finding.subject
        )
        yield f"{name}: {about + ': ' if about else ''}{told}"
    if len(report.findings) > MOST:
        yield f"{name}: and {len(report.findings) - MOST} more remarks (--json has them all)"


def _changes(report: FileReport) -> Iterator[str]:
    for point in report.points:
        if point.changed:
            months = ", ".join(point.changed_months)
            yield f"CHANGED {number(point.changed)} values of {point.point} in {months}:"
            yield from (f"  {text}" for text in point.first_changes)
    for table in report.tables:
        yield from (f"CHANGED in {table.name}: {text}" for text in table.changed)
        if table.kept:
            yield f"{table.name}: {table.kept} rows that the file has not were left as they are"
    if report.changed_events:
        yield f"CHANGED {number(report.changed_events)} of the bills and other documents"


def _list(store: Store, tz: str, as_json: bool) -> None:
    """Every import that the store knows of, at its local time, and the formats there are."""
    from paes.imports.formats import formats
    from paes.imports.trail import all_imports

    events = all_imports(store)
    if as_json:
        known = [{"name": f.name, "summary": f.summary} for f in formats()]
        print_json({"imports": [dict(e.facts) for e in events], "formats": known})
        return
    columns = ("imported", "file", "format", "by", "new", "changed", "same", "refused", "state")
    print_table("Imports", columns, [_listed(e, tz) for e in events], left=4)
    print_table("Formats", ("format", "what"), [(f.name, f.summary) for f in formats()], left=2)
    if any(_listed(e, tz)[-1] != "whole" for e in events):
        say("an interrupted import is completed by importing the same file again")


def _listed(event: Event, tz: str) -> tuple[str, ...]:
    from paes.imports.trail import IMPORT, is_unfinished

    facts = event.facts
    counts = [number(float(facts.get(n, 0))) for n in ("new", "changed", "same", "refused")]
    return (
        f"{event.start.astimezone(zone(tz)):%Y-%m-%d %H:%M}",
        str(facts.get("file", "")),
        event.name.removeprefix(IMPORT),
        str(facts.get("author", "")),
        *counts,
        "interrupted" if is_unfinished(event) else "whole",
    )


COMMANDS = (import_files,)
