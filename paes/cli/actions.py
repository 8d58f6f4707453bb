"""``paes actions``: the register of actions, how far it is, and one action whole."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import click

from paes.cli import Session
from paes.cli.action_facts import action_facts
from paes.cli.asked import json_option
from paes.cli.output import number, percent, print_json, print_table, say
from paes.cli.saving_words import measured_short
from paes.cli.savings import measured_savings
from paes.errors import DataError
from paes.installation import City, some
from paes.inventory.inventory import Inventory
from paes.inventory.making import make_inventory
from paes.inventory.method import Method
from paes.metering import Finding, Sector
from paes.periods import now_utc, zone
from paes.plan.action import Origin, Status
from paes.plan.declared_effect import PLANNED, OriginTotals
from paes.plan.findings import register_findings, underived_findings
from paes.plan.register import Chosen, Entry, RegisterStatus, Sums, register_status
from paes.plausibility.action_checks import implicit_factor_findings, plan_findings
from paes.plausibility.limits import ActionLimits, limits
from paes.progress.action_factors import action_factors
from paes.report.action_documents import entry_document, register_document
from paes.report.documents import finding_document
from paes.savings.action_saving import ActionSaving

_WIDTH = 100
_LABEL = 22


@click.command()
@click.argument("action_id", metavar="[ID]", required=False)
@click.option("--status", type=click.Choice([str(s) for s in Status]), help="Only these.")
@click.option("--sector", type=click.Choice([str(s) for s in Sector]), help="Only of a sector.")
@click.option("--origin", type=click.Choice([str(o) for o in Origin]), help="Only of an origin.")
@click.option("--work-table", metavar="ID", help="Only of a work table of the masterplan.")
@click.option("--theme", metavar="ID", help="Only of a theme of the masterplan.")
@click.option("--year", type=int, help="Effects of this year [the last whole one].")
@click.option("--as-of", metavar="DAY", help="What is late on this day, e.g. 2025-12-31 [today].")
@click.option("--measured/--no-measured", "measure", default=True, show_default=True,
              help="Measured savings beside declared ones; they take some seconds.")  # fmt: skip
@json_option
@click.pass_obj
def actions(
    session: Session,
    action_id: str | None,
    status: str | None,
    sector: str | None,
    origin: str | None,
    work_table: str | None,
    theme: str | None,
    year: int | None,
    as_of: str | None,
    measure: bool,
    as_json: bool,
) -> None:
    """The register of actions: counts, money and declared effects by status; or the action ID.

    Effects are declared ones, net of what another action declares too. Tonnes that the register
    does not declare are derived from energy by the year's factors, and marked. Beside them stands
    what was measured of a year, with a verdict (paes savings).
    """
    city = session.city
    day = _day(as_of) if as_of else now_utc().astimezone(zone(city.time_zone)).date()
    _check_names(city, action_id, work_table, theme)
    chosen = Chosen(
        Status(status) if status else None,
        Sector(sector) if sector else None,
        work_table,
        Origin(origin) if origin else None,
        theme,
    )
    found = _status(session, day, year or day.year - 1, chosen)
    asked = {e.action.id for e in found.entries} if measure else set()
    measured = measured_savings(session, asked, action_id)
    findings = _findings(session, day, found)
    findings += [f for saving in measured.values() for f in saving.findings]
    if action_id:
        _tell_action(session, found, action_id, findings, measured.get(action_id), as_json)
    elif as_json:
        lists = session.installation.covenant
        print_json(register_document(city, found, findings, lists, measured))
    else:
        _print_register(city, found, day, measured)
        _say(findings)


def _findings(session: Session, day: date, found: RegisterStatus) -> list[Finding]:
    """What is odd about the actions asked for; it is looked for among all."""
    made = register_findings(session.city.actions, day, session.installation.covenant)
    made += underived_findings((e.action, e.effect) for e in found.entries)
    of = limits(session.root).actions
    made += implicit_factor_findings(session.city.actions, of)
    asked = {e.action.id for e in found.entries}
    told = [finding for finding in made if finding.subject in asked]
    if len(asked) == len(session.city.actions):
        told += _plan_findings(session, found, of)
    return told


def _plan_findings(session: Session, found: RegisterStatus, of: ActionLimits) -> list[Finding]:
    """The whole register beside targets and the base year, as far as that has an inventory.

    Nobody who asks for the register makes a store by it, and what is wrong with an inventory is
    told where inventories are asked for.
    """
    city = session.city
    if not session.has_store:
        return []
    try:
        base = make_inventory(city, city.plan.base_year, session.ledger)
    except DataError:
        return []
    reduction_t = math.fsum(e.whole.net_reduction_t for e in found.entries)
    return plan_findings(city.actions, city.plan.targets, base, reduction_t, of)


def _tell_action(
    session: Session,
    found: RegisterStatus,
    action_id: str,
    findings: list[Finding],
    saving: ActionSaving | None,
    as_json: bool,
) -> None:
    entry = next((e for e in found.entries if e.action.id == action_id), None)
    if entry is None:
        raise DataError(f"action {action_id} is none of those that were asked for")
    told = [f for f in findings if f.subject == action_id]
    if as_json:
        document = entry_document(entry, session.installation.covenant, saving)
        print_json({**document, "findings": [finding_document(f) for f in told]})
        return
    for label, value in action_facts(session, entry, saving):
        if value:
            click.echo(_wrapped(f"{label:<{_LABEL}}{value}", _LABEL))
    _say(told)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as err:
        raise DataError(f"--as-of {text}: expected a day such as 2025-12-31") from err


def _check_names(
    city: City, action_id: str | None, work_table: str | None, theme: str | None
) -> None:
    """Refuse what is not there: an empty list would pass for an answer."""
    plan = city.masterplan
    there = [
        ("action", action_id, [a.id for a in city.actions]),
        ("work table", work_table, [t.id for t in plan.work_tables] if plan else []),
        ("theme", theme, [t.id for t in plan.themes] if plan else []),
    ]
    for what, name, known in there:
        if name and name not in known:
            raise DataError(f"{city.id}: no {what} {name!r}; there is {some(known, near=name)}")


def _status(session: Session, day: date, year: int, chosen: Chosen) -> RegisterStatus:
    city = session.city
    method = Method.of(city.plan)
    made: dict[int, Inventory] = {}
    if method.electricity_scope == "local":  # its factor comes out of the inventory
        made[year] = make_inventory(city, year, session.ledger, method)
    factor_of = action_factors(session.installation.factors, method, made)
    return register_status(city.actions, year, day, factor_of, chosen)


def _print_register(
    city: City, found: RegisterStatus, day: date, measured: Mapping[str, ActionSaving]
) -> None:
    total = found.total
    if not total.actions:
        click.echo(f"{city.name}: no action of {len(city.actions)} was asked for, as of {day}")
        return
    without = total.actions - total.with_cost
    print_table(
        f"{city.name}: {total.actions} actions, {total.cost_eur / 1e6:,.2f} MEUR"
        f"{f' ({without} without a cost)' if without else ''}, as of {day}",
        ["status", "actions", "late", "cost kEUR", "spent kEUR", "funded kEUR", "saved MWh",
         "made MWh", "t a year", f"t in {found.year}"],
        [
            *(_sums_row(str(s).replace("_", " "), sums) for s, sums in found.by_status.items()),
            _sums_row("total", total),
        ],
    )  # fmt: skip
    print_table(
        "Actions, with effects of a whole year, net of what counts with another",
        ["action", "status", "end", "cost kEUR", "MWh", "measured MWh", "t", f"t in {found.year}",
         ""],
        [_entry_row(entry, measured.get(entry.action.id)) for entry in found.entries],
        left=3,
    )  # fmt: skip
    for text in _told(found):
        click.echo(_wrapped(text))


def _told(found: RegisterStatus) -> Iterator[str]:
    """What the tables do not say."""
    if Status.COMPLETED in found.by_status:
        yield _origin_text(f"completed, t in {found.year}", found.completed)
    if any(status in found.by_status for status in PLANNED):
        yield _origin_text("ongoing and not started, t a year", found.planned)
    total = found.total
    if total.derived_t:
        yield (
            f"derived from declared energy by factors of {found.year}: "
            f"{number(total.derived_t, 1)} t of {number(total.reduction_t, 1)} t a year"
        )
    nothing = [e.action.id for e in found.entries if not e.effect.declares]
    if nothing:
        yield f"{len(nothing)} declare no effect: {', '.join(nothing)}"
    assumed = sum(e.action.assumed for e in found.entries)
    if assumed:
        yield f"{assumed} of {total.actions} rest on assumed figures (paes actions ID says which)"


def _sums_row(name: str, sums: Sums) -> list[str]:
    return [
        name,
        str(sums.actions),
        str(sums.late) if sums.late else "-",
        number(sums.cost_eur / 1e3),
        number(sums.spent_eur / 1e3),
        number(sums.funded_eur / 1e3),
        number(sums.saving_mwh),
        number(sums.production_mwh),
        number(sums.reduction_t, 1),
        number(sums.in_year_t, 1),
    ]


def _entry_row(entry: Entry, saving: ActionSaving | None) -> list[str]:
    action, effect = entry.action, entry.effect
    energy = effect.net(effect.saving_mwh) + effect.net(effect.production_mwh)
    counts = effect.part_of_year > 0
    has_energy = effect.saving_mwh is not None or effect.production_mwh is not None
    has_tonnes = effect.reduction_t is not None
    cost = action.cost_eur
    return [
        action.id,
        str(action.status).replace("_", " "),
        str(action.end or "-"),
        "-" if cost is None else number(cost / 1e3),
        number(energy) if has_energy and counts else "-",
        measured_short(saving),
        number(entry.whole.net_reduction_t, 1) if has_tonnes and counts else "-",
        number(entry.in_year.net_reduction_t, 1) if has_tonnes and counts else "-",
        ", ".join(_marks(entry, saving)),
    ]


def _marks(entry: Entry, saving: ActionSaving | None) -> Iterator[str]:
    if entry.late:
        yield "late"
    if saving and saving.is_open_again:
        yield "open again"
    if entry.effect.derived:
        yield "derived"
    if entry.effect.counted_fraction < 1:
        yield f"{percent(1 - entry.effect.counted_fraction, 0)} elsewhere"


def _origin_text(title: str, totals: OriginTotals) -> str:
    others = number(totals.supra_ordinate_t, 1)
    text = f"{title}: {number(totals.own_t, 1)} own, {others} supra-ordinate"
    if totals.unsplit_t:
        text += f", {number(totals.unsplit_t, 1)} mixed (own part unknown)"
    return text


def _wrapped(text: str, indent: int = 2) -> str:
    """Lines of at most the width; addresses stay whole, to be copied."""
    return textwrap.fill(
        text,
        _WIDTH,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _say(findings: Iterable[Finding]) -> None:
    for finding in findings:
        say(f"{finding.name}: {finding.subject}: {finding.message}")


COMMANDS = (actions,)
