"""``paes store info``: what is in the store, and how long readings are kept."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paes.cli import Session
from paes.cli.output import number, print_json, say
from paes.cli.store_copy import file_of, require_existing
from paes.retention import Retention
from paes.store import Store, open_store

if TYPE_CHECKING:
    from paes.store.sqlite import SqliteStore

SHOWN = 6
"""Patterns of a class that are listed; the file has them all."""


@click.command()
@click.option(
    "--count", is_flag=True, help="Count every reading of an embedded store; may take minutes."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def info(session: Session, count: bool, as_json: bool) -> None:
    """What is in the store, and how long readings are kept."""
    with closing(opened_store(session)) as opened:
        document = _info(opened, count) | {
            "address": session.store_url,
            "labels": opened.labels(),
            "retention": _retention(session.installation.retention),
        }
    if count and document["kind"] != "embedded":
        say("not counted: readings are counted in an embedded store only")
    if as_json:
        print_json(document)
    else:
        _print_info(document)


def opened_store(session: Session) -> Store:
    """The store, which must be there: looking at one that is not would make it."""
    require_existing(session.store_url)
    path = file_of(session.store_url)
    if path is not None:
        return embedded(path)
    return open_store(session.store_url, session.installation.retention)


def embedded(path: Path) -> SqliteStore:
    """The embedded store in the file ``path``, made or led to today's form if need be."""
    from paes.store.sqlite import SqliteStore

    return SqliteStore(path)


def _info(opened: Store, count: bool) -> dict[str, Any]:
    from paes.store.sqlite import SqliteStore

    if isinstance(opened, SqliteStore):
        facts = asdict(opened.facts(count))
        return {"kind": "embedded"} | facts | {k: time_text(facts[k]) for k in ("first", "last")}
    points = opened.points()
    last = max((r.at for r in opened.latest(points).values()), default=None)
    return {"kind": "influxdb", "points": len(points), "last": time_text(last)}


def time_text(at: datetime | None) -> str | None:
    """A time as documents have it."""
    return None if at is None else at.isoformat()


def _retention(retention: Retention) -> list[dict[str, Any]]:
    return [
        {"class": c.name, "keep_days": c.keep_days, "quantities": list(c.quantities)}
        for c in retention.classes
    ]


def _print_info(document: dict[str, Any]) -> None:
    """One fact a line; what was not counted, or is not known of this kind of store, has none."""
    from paes.store.sqlite.upkeep import megabytes

    rows = [(key, document.get(key)) for key in ("address", "kind", "schema", "points")]
    rows += [
        (f"{name} (UTC)", (document[name] or "-")[:19].replace("T", " "))
        for name in ("first", "last")
        if name in document
    ]
    sizes = {"file": "file_bytes", "log beside it": "log_bytes", "unused in it": "unused_bytes"}
    rows += [(name, megabytes(document[key])) for name, key in sizes.items() if key in document]
    by_year = document.get("readings_by_year") or {}
    rows += [(f"readings of {year}", number(count)) for year, count in by_year.items()]
    derived = (("derived days", "derived_days"), ("derived months", "derived_months"))
    rows += [(name, number(document[key])) for name, key in derived if document.get(key)]
    rows += [(f"label {key}", value) for key, value in document["labels"].items()]
    for kept in document["retention"]:
        days = f"{kept['keep_days']} days" if kept["keep_days"] else "for ever"
        rows.append((f"class {kept['class']}", f"{days} ({_some(kept['quantities'])})"))
    rows.append(("all else", "for ever"))
    for name, value in rows:
        if value is not None:
            click.echo(f"{name:<17} {value}")


def _some(quantities: list[str]) -> str:
    more = f" and {len(quantities) - SHOWN} more" if len(quantities) > SHOWN else ""
    return ", ".join(quantities[:SHOWN]) + more
