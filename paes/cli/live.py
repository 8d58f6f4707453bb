"""Commands about a collector at work: watch, spool."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from collectors.spool.spool import Depth, Refused, Spool
from paes.cli import Session
from paes.cli.output import PIPED_WIDTH, print_json, print_table, say, table
from paes.cli.spool_file import spool_file, spool_option

SHOWN_REFUSED = 50
SHOWN_REASONS = 5
SILENT_AFTER = timedelta(seconds=90)
"""A collector at work says so every 30 s."""
_COLUMNS = ("gateway", "unit", "meters", "state", "last reading", "age", "p95 ms", "time-outs",
            "next try")  # fmt: skip
_TEXT_COLUMNS = 4
_FIRST = ("unreachable", "open", "failing", "ok", "-")
_STYLES = {"ok": "green", "failing": "yellow", "open": "red", "unreachable": "red"}


@click.command()
@click.option("--once", is_flag=True, help="Print the table once.")
@click.option("--every", default=2.0, show_default=True, type=click.FloatRange(0.2, 3600),
              help="Seconds from one look to the next.")  # fmt: skip
@spool_option
@click.pass_obj
def watch(session: Session, once: bool, every: float, spool: Path | None) -> None:
    """Watch a collector at work: every unit with its state, latency and last reading.

    Shows what the collector on this machine last wrote into its spool (Ctrl-C ends it).
    """
    with closing(Spool(spool_file(session, spool), create=False)) as opened:
        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = PIPED_WIDTH
        if once:
            console.print(_view(opened, datetime.now(UTC), console.width))
            return
        with (
            suppress(KeyboardInterrupt),
            Live(console=console, screen=console.is_terminal, auto_refresh=False) as live,
        ):
            while True:
                live.update(_view(opened, datetime.now(UTC), console.width), refresh=True)
                time.sleep(every)


@click.command()
@click.option("--retry", is_flag=True, help="Offer what was refused to the store again.")
@click.option("--drop-refused", is_flag=True, help="Throw away what was refused.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@spool_option
@click.pass_obj
def spool(
    session: Session, retry: bool, drop_refused: bool, as_json: bool, spool: Path | None
) -> None:
    """What waits for the store, and what the store refused and why."""
    if retry and drop_refused:
        raise click.UsageError("either --retry or --drop-refused")
    with closing(Spool(spool_file(session, spool), create=False)) as opened:
        if retry:
            say(f"{opened.retry_refused()} refused readings and events wait for the store again")
        if drop_refused:
            say(f"{opened.drop_refused()} refused readings and events were dropped")
        depth, refused = opened.depth(), opened.refused(SHOWN_REFUSED)
        if as_json:
            print_json(_document(opened.path, depth, opened.refused(depth.refused or 1)))
            return
    print_table(
        str(opened.path),
        ["", "waiting"],
        [
            ["readings", str(depth.readings)],
            ["oldest reading (UTC)", f"{depth.oldest:%Y-%m-%d %H:%M:%S}" if depth.oldest else "-"],
            ["events", str(depth.events)],
            ["refused", str(depth.refused)],
        ],
    )
    if refused:
        _print_refused(refused, depth.refused)


def _document(path: Path, depth: Depth, refused: list[Refused]) -> dict[str, Any]:
    return {
        "spool": str(path),
        "readings": depth.readings,
        "events": depth.events,
        "oldest": depth.oldest and depth.oldest.isoformat(),
        "refused": [
            {"since": r.since.isoformat(), "reason": r.reason, **r.what} for r in refused
        ],
    }  # fmt: skip


def _print_refused(refused: list[Refused], total: int) -> None:
    print_table(
        "refused by the store (paes spool --retry or --drop-refused)",
        ["point or subject", "reason", "value", "since (UTC)"],
        [
            [r.subject, r.reason, str(r.what.get("value", "-")), f"{r.since:%Y-%m-%d %H:%M:%S}"]
            for r in refused
        ],
        left=2,
    )
    if total > len(refused):
        say(f"and {total - len(refused)} more: paes spool --json")


def _view(opened: Spool, now: datetime, width: int) -> Group:
    """Everything there is to see: how the collector itself does, and a row a unit.

    What is in trouble stands first: a terminal may be too short for all.
    """
    lines = sorted(opened.states("gateway:").items())
    rows = [row for gateway, line in lines for row in _rows(gateway, line, now)]
    shown: list[list[str | Text]] = [
        [*row[:3], Text(row[3], style=_STYLES.get(row[3], "")), *row[4:]]
        for row in sorted(rows, key=lambda r: _FIRST.index(r[3]))
    ]
    states = Counter(row[3] for row in rows)
    units = ", ".join(f"{states[state]} {state}" for state in _FIRST if states[state])
    head = [f"{now:%Y-%m-%d %H:%M:%S} UTC   units: {units or 'none'}", *_head(opened, now)]
    return Group(
        *(Text(text) for text in head),
        *(Text(text, style="yellow") for text in _reasons(dict(lines))),
        table(_COLUMNS, shown, left=_TEXT_COLUMNS, width=width),
    )


def _reasons(lines: Mapping[str, Any]) -> Iterator[str]:
    """Why meters bring nothing, each reason of a gateway once; not more than the eye takes in."""
    meters: dict[tuple[str, str], list[str]] = {}
    for gateway, line in lines.items():
        for meter, seen in line["meters"].items():
            if why := seen.get("why"):
                meters.setdefault((gateway, why), []).append(meter)
    for (gateway, why), names in list(meters.items())[:SHOWN_REASONS]:
        yield f"{names[0] if len(names) == 1 else f'{gateway}, {len(names)} meters'}: {why}"
    if len(meters) > SHOWN_REASONS:
        yield f"and {len(meters) - SHOWN_REASONS} reasons more: paes status --json"


def _rows(gateway: str, line: Mapping[str, Any], now: datetime) -> Iterator[tuple[str, ...]]:
    if not line["units"]:
        state = "-" if line["reached"] else "unreachable"
        yield (gateway, "-", ", ".join(line["meters"]), state, *_last(line, line["meters"], now),
               "-", "-", "-")  # fmt: skip
    for unit in line["units"]:
        yield (
            gateway,
            unit["unit"],
            ", ".join(unit["meters"]),
            unit["state"] if line["reached"] else "unreachable",
            *_last(line, unit["meters"], now),
            "-" if unit["p95_ms"] is None else f"{unit['p95_ms']:.0f}",
            f"{unit['timeouts']} of {unit['requests']}",
            "-" if unit["next_try"] is None else f"{_at(unit['next_try']):%H:%M:%S}",
        )


def _last(line: Mapping[str, Any], meters: list[str], now: datetime) -> tuple[str, str]:
    """When one of ``meters`` was last read, and how long ago."""
    times = [line["meters"].get(m, {}).get("last_reading_at") for m in meters]
    known = [_at(t) for t in times if t]
    if not known:
        return "-", "-"
    return f"{max(known):%H:%M:%S}", _age(now - max(known))


def _head(opened: Spool, now: datetime) -> Iterator[str]:
    yield _collector(opened.state("collector"), opened.state("heartbeat"), now)
    depth = opened.depth()
    oldest = f", oldest {_age(now - depth.oldest)} ago" if depth.oldest else ""
    yield f"spool: {depth.readings} readings wait{oldest}; {depth.refused} refused"
    store, config = opened.state("store") or {}, opened.state("config") or {}
    if store.get("failing_since"):
        yield f"STORE takes nothing since {store['failing_since']}: {store['reason']}"
    if config.get("problem"):
        yield f"CONFIGURATION on disk is not in force: {config['problem']}"


def _collector(owner: Mapping[str, Any] | None, beat: str | None, now: datetime) -> str:
    """Whether a collector runs, by the sign of life that it gave last."""
    if beat is None:
        return "no collector has run with this spool yet"
    silent_for = now - _at(beat)
    if owner is None:
        return f"no collector runs; the last round was put here {_age(silent_for)} ago"
    if silent_for > SILENT_AFTER:
        return f"NO SIGN OF LIFE of the collector (process {owner['pid']}) for {_age(silent_for)}"
    return f"collector: process {owner['pid']}, since {_at(owner['since']):%Y-%m-%d %H:%M:%S} UTC"


def _age(age: timedelta) -> str:
    return str(timedelta(seconds=max(0, int(age.total_seconds()))))


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


COMMANDS: tuple[click.Command, ...] = (watch, spool)
