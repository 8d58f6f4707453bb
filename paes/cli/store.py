"""``paes store``: what is in the store, and what keeps it sound.

What is done to the file of an embedded store needs no installation, so that a backup does not
fail because a meter is described wrongly.
"""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from paes.cli import Session
from paes.cli.output import bar, number, print_json, say
from paes.cli.store_copy import copy, file_of, require_existing
from paes.cli.store_info import embedded, info, opened_store, time_text
from paes.errors import DataError
from paes.periods import Span, now_utc, parse_instant, zone
from paes.retention import Expiring
from paes.store import Store

_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.group()
def store() -> None:
    """The store: what is in it, check, backup, compaction, how long readings are kept."""


@store.command()
@click.option("--thorough", is_flag=True, help="Read every row; may take minutes.")
@_json
@click.pass_obj
def check(session: Session, thorough: bool, as_json: bool) -> None:
    """Whether the store is sound; exit 1 if anything is wrong with it."""
    with closing(opened_store(session)) as opened:
        problems = opened.check(thorough)
    if as_json:
        print_json({"address": session.store_url, "thorough": thorough, "problems": problems})
    for text in problems if not as_json else ():
        say(text)
    if not problems and not as_json:
        click.echo(f"sound: {session.store_url}")
    sys.exit(1 if problems else 0)


@store.command()
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace FILE if it is there.")
@_json
@click.pass_obj
def backup(session: Session, target: Path, overwrite: bool, as_json: bool) -> None:
    """Copy an embedded store into FILE; others may write on.

    The copy is checked before it gets its name. It is a store itself: `paes --store FILE …` reads
    it; to go back to it, stop what writes and put it in the place of the store's file.
    """
    from paes.store.sqlite.copies import back_up, require_target
    from paes.store.sqlite.upkeep import megabytes

    path = _require_file(session, "back it up by the tools of its server, or by paes store copy")
    embedded(path).close()  # a file of an older version is led to today's, a foreign one refused
    require_target(path, target, overwrite)
    with bar() as shown:
        task = shown.add_task("pages", total=None)

        def told(done: int, total: int) -> None:
            what = "checking the copy" if done == total else "pages"
            shown.update(task, completed=done, total=total, description=what)

        size = back_up(path, target, overwrite, told)
    if as_json:
        print_json({"store": str(path), "backup": str(target), "bytes": size})
    else:
        click.echo(f"{target}: {megabytes(size)}, sound")


@store.command()
@_json
@click.pass_obj
def compact(session: Session, as_json: bool) -> None:
    """Give back the room of what was deleted.

    Only of an embedded store. Writers wait until it is done; a collector keeps its readings in the
    spool meanwhile.
    """
    from paes.store.sqlite import copies as sqlite_copies
    from paes.store.sqlite.upkeep import megabytes

    path = _require_file(session, "its server compacts by itself")
    embedded(path).close()
    before, after = sqlite_copies.compact(path)
    if as_json:
        print_json({"store": str(path), "bytes_before": before, "bytes_after": after})
    else:
        click.echo(f"{path}: {megabytes(before)} before, {megabytes(after)} after")


@store.command()
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
@_json
@click.pass_obj
def expire(session: Session, dry_run: bool, as_json: bool) -> None:
    """Delete what no class of retention.yaml keeps any longer.

    Registers and all that counts are kept for ever. `paes collect` does the same once a day.
    """
    with closing(opened_store(session)) as opened:
        installation = session.installation
        expiring = installation.retention.expiring(
            opened.points(), installation.registers, now_utc()
        )
        rows = [_expire(opened, e, dry_run) for e in expiring]
    if as_json:
        print_json({"deleted": not dry_run, "classes": rows})
    else:
        _print_expired(rows, dry_run)


@store.command()
@click.pass_obj
def init(session: Session) -> None:
    """Make the store: its file, or its buckets on an InfluxDB.

    There is one bucket for what is kept for ever and one for each class with a limit. What is there
    stays as it is. Creating buckets takes a token that may.
    """
    path = file_of(session.store_url)
    if path is not None:
        was_there = path.is_file()
        embedded(path).close()
        click.echo(f"{path}: {'is there already, of today’s form' if was_there else 'made'}")
        return
    from paes.store.influx.address import parse_influx_address
    from paes.store.influx.setup import prepare_server

    address = parse_influx_address(session.store_url)
    buckets: dict[str, timedelta | None] = {address.bucket: None}
    for kept in session.installation.retention.limited:
        buckets[f"{address.bucket}-{kept.name}"] = timedelta(days=kept.keep_days or 0)
    for text in prepare_server(address, buckets):
        click.echo(text)


@store.command()
@click.option("--from", "start", metavar="DATE", required=True, help="Start, e.g. 2024-01-01.")
@click.option("--to", "end", metavar="DATE", help="End, not included [now].")
@click.pass_obj
def rebuild(session: Session, start: str, end: str | None) -> None:
    """Make derived energy again from the readings.

    Of whole months, for every meter: quarter hours, days and months. It is never needed for right
    figures, for rows that late readings touched are made again by themselves.
    """
    require_existing(session.store_url)
    span = _span(session, start, end)
    with bar() as shown:
        task = shown.add_task("meters", total=None)
        session.ledger.refresh(
            span, lambda done, of: shown.update(task, completed=done, total=of), afresh=True
        )
    click.echo(f"made again: {len(session.installation.meters)} meters from {start}")


def _span(session: Session, start: str, end: str | None) -> Span:
    tz = session.city.time_zone
    first = parse_instant(start, tz)
    last = parse_instant(end, tz) if end else now_utc()
    if last <= first:
        seen = last.astimezone(zone(tz))
        raise DataError(f"the end {seen:%Y-%m-%d %H:%M} is not after its start {start}")
    return Span(first, last)


def _require_file(session: Session, instead: str) -> Path:
    """The file of the store, which must be an embedded one and be there."""
    require_existing(session.store_url)
    path = file_of(session.store_url)
    if path is None:
        raise DataError(f"{session.store_url} is no embedded store; {instead}")
    return path


def _expire(opened: Store, expiring: Expiring, dry_run: bool) -> dict[str, Any]:
    from paes.store.sqlite import SqliteStore

    if not dry_run:
        readings: int | None = opened.expire(expiring.points, expiring.before)
    elif isinstance(opened, SqliteStore):
        readings = opened.count_before(expiring.points, expiring.before)
    else:
        readings = None
    return {
        "class": expiring.of.name,
        "keep_days": expiring.of.keep_days,
        "before": time_text(expiring.before),
        "points": len(expiring.points),
        "readings": readings if isinstance(opened, SqliteStore) else None,
    }


def _print_expired(rows: list[dict[str, Any]], dry_run: bool) -> None:
    done = "would be deleted" if dry_run else "deleted"
    for row in rows:
        before = str(row["before"])[:10]
        text = f"its server deletes by itself what is before {before}, of {row['points']} points"
        if row["readings"] is not None:
            many = f"{number(row['readings'])} readings {done}"
            text = f"{many} of {row['points']} points, before {before}"
        click.echo(f"class {row['class']}: {text}")
    if not rows:
        click.echo("no class of retention.yaml has a limit: everything is kept for ever")
    elif not dry_run and any(row["readings"] for row in rows):
        say("the room is used again; to give it back to the disk: paes store compact")


store.add_command(copy)
store.add_command(info)
COMMANDS = (store,)
