"""``paes store copy``: everything of one store into another, and the proof that it is there."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from paes.cli import Session
from paes.cli.copy_progress import following
from paes.cli.output import number, print_json, print_table, say
from paes.errors import DataError, StoreError
from paes.periods import from_seconds, now_utc, to_seconds
from paes.store import Store, open_store
from paes.store.copying.checksums import Checksum, month_name
from paes.store.copying.copier import (
    COPIED_FROM,
    CopyResult,
    FirstSecond,
    MonthResult,
    StoreCopy,
)
from paes.store.copying.halving import Refusal

MOST_REASONS = 5


@click.command()
@click.argument("source", metavar="SRC")
@click.argument("target", metavar="DST")
@click.option("--into", is_flag=True, help="Also into a DST that holds other readings.")
@click.option("--compare", is_flag=True, help="Only compare; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def copy(
    session: Session, source: str, target: str, into: bool, compare: bool, as_json: bool
) -> None:
    """Copy readings, events and labels of the store SRC into the store DST, and compare them.

    SRC and DST are files, sqlite:///FILE, or influxdb+http://HOST:PORT/BUCKET. Interrupted, the
    same command goes on where it was. SRC is only read. Nothing is deleted in DST; where it has
    another reading of the same second, that of SRC takes its place. At the end a checksum per month
    (UTC) says whether DST holds all of SRC; the exit code is 1 if not.
    """
    _require_different(source, target)
    require_existing(source)
    if compare:
        require_existing(target)
    with closing(_opened(session, source)) as ours, closing(_opened(session, target)) as theirs:
        if not compare:
            _mark(theirs, source, target, into)
        with following(sys.stderr.isatty()) as follow:
            first_s = _kept_from(session, target)
            result = _run(StoreCopy(ours, theirs, follow, write=not compare, first_s=first_s))
    if as_json:
        print_json(_document(result))
    else:
        _print(result)
    _say_rest(result, target, compare)
    _require_complete(result)


def address_of(url: str) -> str:
    """The one spelling of the address of a store; DataError if it is not understood."""
    path = file_of(url)
    if path is not None:
        return f"sqlite:///{path.resolve()}"
    from paes.store.influx.address import parse_influx_address

    address = parse_influx_address(url)
    return f"influxdb+{address.server.lower()}/{address.bucket}"


def file_of(url: str) -> Path | None:
    """The file of an embedded store; None if ``url`` is that of another kind of store."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return Path(url).expanduser()
    return Path(rest.removeprefix("/")).expanduser() if scheme == "sqlite" else None


def require_existing(url: str) -> None:
    """Refuse a file that is not there: opening it would make an empty store."""
    path = file_of(url)
    if path is not None and not path.is_file():
        raise DataError(f"{path}: there is no such store{_whole_path(url, path)}")


def _whole_path(url: str, path: Path) -> str:
    """Advice, if a whole path was meant and one stroke is lacking."""
    whole = Path("/") / path
    meant = "://" in url and not path.is_absolute() and whole.is_file()
    return f"; for {whole} write sqlite:///{whole}" if meant else ""


def _opened(session: Session, url: str) -> Store:
    """A store; only one on a server needs an installation, which says how long what is kept."""
    return open_store(url, None if file_of(url) else session.installation.retention)


def _kept_from(session: Session, target: str) -> FirstSecond:
    """Since when a server keeps a point: what is older it would refuse, or delete at once."""
    if file_of(target):
        return lambda point: None
    retention, now = session.installation.retention, now_utc()
    for one in retention.limited:
        say(f"class {one.name}: readings of the last {one.keep_days} days, for DST keeps no others")

    def first_s(point: str) -> int | None:
        kept = retention.class_of(point)
        if kept is None or kept.keep_days is None:
            return None
        # A day less, so that nothing gets too old while it is on its way.
        return to_seconds(now - timedelta(days=kept.keep_days - 1))

    return first_s


def _run(copying: StoreCopy) -> CopyResult:
    try:
        return copying.run()
    except (KeyboardInterrupt, StoreError):
        say("not done; the same command goes on where it was")
        raise


def _require_different(source: str, target: str) -> None:
    ours, theirs = file_of(source), file_of(target)
    same = address_of(source) == address_of(target)
    if ours and theirs and ours.exists() and theirs.exists():
        same = os.path.samefile(ours, theirs)  # links, and file systems that ignore case
    if same:
        raise DataError(f"SRC and DST are the same store: {address_of(source)}")


def _mark(target: Store, source_url: str, target_url: str, into: bool) -> None:
    """Label ``target`` as a copy of the source; refuse one that holds something else."""
    address = address_of(source_url)
    known = target.labels().get(COPIED_FROM)
    if known == address:
        return
    if not into and (points := target.points()):
        held = f"a copy of {known}" if known else f"{len(points)} points of its own"
        raise DataError(
            f"{target_url} already holds {held}; choose an empty DST, or --into to bring both"
            " together (nothing is deleted; of two readings of the same second that of SRC stays)"
        )
    target.set_label(COPIED_FROM, address)


def _print(result: CopyResult) -> None:
    rows = []
    for month, found in result.months.items():
        name = month_name(month)
        if found.source == found.target:
            rows.append([name, "equal", *_cells(found.source)])
        else:
            rows.append([name, "SRC", *_cells(found.source)])
            rows.append(["", "DST", *_cells(found.target)])
    print_table(
        "Readings by month (UTC)", ["month", "", "sha256", "readings", "sum of values"], rows, 3
    )


def _cells(checksum: Checksum) -> list[str]:
    total = f"{Decimal(checksum.total).scaleb(-3):,f}".replace(",", " ")
    return [checksum.short, number(checksum.readings), total]


def _say_rest(result: CopyResult, target: str, compare: bool) -> None:
    """What a person should know beside the table."""
    extra = sum(m.only_in_target for m in result.months.values())
    if not compare:
        say(f"{number(result.written)} readings written; {number(result.events)} events")
    if result.replaced:
        say(f"{number(result.replaced)} of them took the place of others in DST")
    if extra:
        say(f"only in DST, and they stay: {number(extra)} readings")
    if result.events_only_in_target:
        say(f"only in DST, and they stay: {number(result.events_only_in_target)} events")
    if result.points_only_in_target:
        say(f"only in DST, and not compared: {_some(result.points_only_in_target)}")
    if result.points_with_newer:
        say(f"copy again to bring what came meanwhile: {_some(result.points_with_newer)}")
    if result.written:
        first = f"{month_name(min(result.months))}-01"
        say(
            "derived rows are not copied; they are made when a page asks for them, or at once by: "
            f"paes --store {shlex.quote(target)} store rebuild --from {first}"
        )
    for refusal in result.refusals[:MOST_REASONS]:
        say(f"refused: {_refusal(refusal)}")
    for event, reason in list(result.event_refusals.items())[:MOST_REASONS]:
        say(f"refused: event {event}: {reason}")


def _require_complete(result: CopyResult) -> None:
    """StoreError that names the first of what is not in the target."""
    if result.is_complete:
        return
    told = []
    if lacking := [(month, found) for month, found in result.months.items() if found.lacking]:
        month, first = lacking[0]
        count = sum(found.lacking for _, found in lacking)
        told.append(f"{number(count)} readings, first in {month_name(month)} {first.first_point}")
    if result.events_lacking:
        told.append(f"{len(result.events_lacking)} events")
    refused = f" ({number(result.refused)} readings were refused)" if result.refused else ""
    raise StoreError(f"DST does not hold all of SRC: {' and '.join(told)}{refused}")


def _refusal(refusal: Refusal) -> str:
    many = f"{number(refusal.readings)} readings from " if refusal.readings > 1 else ""
    first = from_seconds(refusal.first_s)
    return f"{refusal.point}, {many}{first:%Y-%m-%dT%H:%M:%SZ}: {refusal.reason}"


def _some(points: list[str]) -> str:
    more = f" and {len(points) - 3} more points" if len(points) > 3 else ""
    return f"{', '.join(points[:3])}{more}"


def _document(result: CopyResult) -> dict[str, Any]:
    return {
        "complete": result.is_complete,
        "written": result.written,
        "replaced": result.replaced,
        "refused": result.refused,
        "events": result.events,
        "events_lacking": len(result.events_lacking),
        "events_only_in_target": result.events_only_in_target,
        "points_only_in_target": result.points_only_in_target,
        "points_with_newer": result.points_with_newer,
        "months": [_month(month, found) for month, found in result.months.items()],
    }


def _month(month: int, found: MonthResult) -> dict[str, Any]:
    return {
        "month": month_name(month),
        "source": _sums(found.source),
        "target": _sums(found.target),
        "lacking": found.lacking,
        "only_in_target": found.only_in_target,
        "first_point": found.first_point or None,
    }


def _sums(checksum: Checksum) -> dict[str, Any]:
    return {
        "readings": checksum.readings,
        "sum_thousandths": checksum.total,
        "sha256": checksum.sha256.hex(),
    }
