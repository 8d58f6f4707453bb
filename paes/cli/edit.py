"""``paes edit``: a person's corrections of a meter's figures, with a reason, and taken back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from paes.accounting.edits import Edit, EditKind, added, all_edits
from paes.accounting.energy_total import EnergyTotal
from paes.cli import Session
from paes.cli.output import number, percent, print_json, print_table, say
from paes.errors import DataError
from paes.metering import Measures
from paes.meters import Meter
from paes.periods import Span, parse_instant, zone

WITHDRAW = "withdraw"
ACTIONS = (*(str(k) for k in EditKind), WITHDRAW)
FORM = "%Y-%m-%d %H:%M %z"


@click.command()
@click.argument("meter")
@click.argument("action", type=click.Choice(ACTIONS), required=False)
@click.argument("kind", type=click.Choice([str(k) for k in EditKind]), required=False)
@click.option("--from", "start", metavar="TIME", help="Start, e.g. 2025-03-01T14:15 (local).")
@click.option("--to", "end", metavar="TIME", help="End, not included.")
@click.option("--factor", type=float, help="factor: what measured amounts are multiplied by.")
@click.option("--amount", type=float, help="energy: what passed, in the unit of the register.")
@click.option("--reason", metavar="TEXT", help="Why; required.")
@click.option("--author", metavar="NAME", help="Who says so; required.")
@click.option("--list", "is_list", is_flag=True, help="All edits of the meter, withdrawn ones too.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def edit(
    session: Session,
    meter: str,
    action: str | None,
    kind: str | None,
    start: str | None,
    end: str | None,
    factor: float | None,
    amount: float | None,
    reason: str | None,
    author: str | None,
    is_list: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Correct the figures of METER from a time to another; no reading is ever changed.

    \b
    ignore    the readings are false: they are left out, and leave a gap
    factor    measured amounts times --factor, e.g. for a wrong CT ratio
    energy    --amount passed, as an estimate where nothing was measured
    withdraw  take back an edit: its KIND (ignore, factor or energy) and --from

    Shows the energy of that time before and after. What was edited, by whom and why is kept, and
    told with the meter's findings.
    """
    one = session.installation.meter(meter)
    if is_list:
        _list(session, one, as_json)
        return
    if action is None:
        raise click.UsageError(f"say what to do: {', '.join(ACTIONS)} or --list")
    if start is None or not author or not reason:
        raise click.UsageError("--from, --author and --reason are required")
    tz = session.installation.time_zone(one.id)
    begin = parse_instant(start, tz)
    if action == WITHDRAW:
        changed = _taken_back(session, one, kind, begin).withdrawn(author, reason)
    else:
        if end is None:
            raise click.UsageError("--to is required")
        finish = parse_instant(end, tz)
        if finish <= begin:
            raise DataError(f"--to {end} is not after --from {start}; the end is not included")
        span = Span(begin, finish)
        value = _value(EditKind(action), factor, amount)
        changed = _new(session, one, EditKind(action), span, value, author, reason)
    _change(session, one, changed, dry_run, as_json)


def _value(kind: EditKind, factor: float | None, amount: float | None) -> float | None:
    """The number that goes with an edit; a wrong call if it is another's."""
    given = {"--factor": factor, "--amount": amount}
    wanted = {EditKind.FACTOR: "--factor", EditKind.ENERGY: "--amount"}.get(kind)
    for option, value in given.items():
        if (value is None) == (option == wanted):
            verb = "needs" if value is None else "takes no"
            raise click.UsageError(f"{kind} {verb} {option}")
    return given[wanted] if wanted else None


def _new(
    session: Session,
    meter: Meter,
    kind: EditKind,
    span: Span,
    value: float | None,
    author: str,
    reason: str,
) -> Edit:
    """The edit that is asked for, if it can stand beside the others."""
    now, tz = session.ledger.clock(), session.installation.time_zone(meter.id)
    if span.end > now:
        end = span.end.astimezone(zone(tz))
        raise DataError(
            f"{meter.id}: the edit ends {end:%Y-%m-%d %H:%M %z}, and that is still to come;"
            " only what is past can be corrected"
        )
    said = Edit(meter.id, kind, span, value, author, reason, now)
    return added(said, all_edits(session.store, meter.id), tz)


def _taken_back(session: Session, meter: Meter, kind: str | None, start: datetime) -> Edit:
    """The edit in force of that kind and start, whichever it is if only one begins then."""
    known = [e for e in all_edits(session.store, meter.id) if kind in (None, e.kind)]
    found = [e for e in known if e.span.start == start and e.in_force]
    if len(found) == 1:
        return found[0]
    at = start.astimezone(zone(session.installation.time_zone(meter.id))).strftime(FORM)
    if found:
        which = " or ".join(str(e.kind) for e in found)
        raise DataError(f"{meter.id}: {len(found)} edits begin {at}; say which: {which}")
    what = f"edit {kind}" if kind else "edit"
    raise DataError(f"{meter.id}: no {what} in force begins {at}; see: paes edit {meter.id} --list")


def _change(session: Session, meter: Meter, edit: Edit, dry_run: bool, as_json: bool) -> None:
    """Show what the edit makes of its time's energy, and write it."""
    from paes.accounting.considered import considered
    from paes.accounting.ledger import EnergyLedger

    ledger = session.ledger
    then = EnergyLedger(session.installation, considered(session.store, [edit.event]), ledger.clock)
    before, after = ledger.total(meter, edit.span), then.total(meter, edit.span)
    if not dry_run:
        session.store.write_events([edit.event])
    if as_json:
        document = {"edit": _record(edit), "written": not dry_run}
        totals = {"before": _total_record(before), "after": _total_record(after)}
        print_json({**document, **totals})
        return
    tz = zone(session.installation.time_zone(meter.id))
    _print_change(meter, edit, before, after, tz)
    say("dry run: nothing was written" if dry_run else f"written; see: paes edit {meter.id} --list")


def _print_change(
    meter: Meter, edit: Edit, before: EnergyTotal, after: EnergyTotal, tz: ZoneInfo
) -> None:
    unit = "m3" if meter.measures is Measures.WATER else "kWh"
    what = str(edit.kind) if edit.in_force else f"{edit.kind} withdrawn"
    start, end = (at.astimezone(tz).strftime(FORM) for at in (edit.span.start, edit.span.end))
    print_table(
        f"{meter.id}: {what}, {start} to {end}",
        ["", f"measured {unit}", "of it catch-up", "estimated", "missing", "coverage"],
        [
            [
                name,
                number(total.measured_kwh, 1),
                number(total.catch_up_kwh, 1),
                number(total.estimated_kwh, 1),
                _missing(total),
                percent(total.coverage),
            ]
            for name, total in (("before", before), ("after", after))
        ],
    )


def _missing(total: EnergyTotal) -> str:
    if not total.missing_high_kwh:
        return "-"
    return f"{number(total.missing_low_kwh, 1)} to {number(total.missing_high_kwh, 1)}"


def _list(session: Session, meter: Meter, as_json: bool) -> None:
    found = all_edits(session.store, meter.id)
    if as_json:
        print_json([_record(e) for e in found])
        return
    if not found:
        say(f"{meter.id}: nobody edited it")
        return
    tz = zone(session.installation.time_zone(meter.id))
    unit = session.installation.register(meter).unit
    print_table(
        f"{meter.id}: {len(found)} {'edit' if len(found) == 1 else 'edits'}",
        ["edit", "from", "to", "value", "by", "reason", "in force"],
        [
            [
                str(e.kind),
                e.span.start.astimezone(tz).strftime(FORM),
                e.span.end.astimezone(tz).strftime(FORM),
                _value_text(e, unit),
                f"{e.author}, {e.at.astimezone(tz):%Y-%m-%d}",
                e.reason,
                "yes" if e.in_force else f"withdrawn by {e.withdrawn_by}: {e.withdrawn_reason}",
            ]
            for e in found
        ],
        left=7,
    )


def _value_text(edit: Edit, unit: str) -> str:
    if edit.value is None:
        return "-"
    return f"x {edit.value:g}" if edit.kind is EditKind.FACTOR else f"{edit.value:g} {unit}"


def _record(edit: Edit) -> dict[str, Any]:
    return {
        "meter": edit.meter,
        "kind": str(edit.kind),
        "from": edit.span.start.isoformat(),
        "to": edit.span.end.isoformat(),
        "value": edit.value,
        "author": edit.author,
        "reason": edit.reason,
        "at": edit.at.isoformat(),
        "withdrawn_by": edit.withdrawn_by,
        "withdrawn_reason": edit.withdrawn_reason,
    }


def _total_record(total: EnergyTotal) -> dict[str, float | None]:
    bounded = {k: None if v == float("inf") else v for k, v in asdict(total).items()}
    return {**bounded, "coverage": total.coverage}


COMMANDS = (edit,)
