"""``paes faults losses``: what malfunctions cost month by month, each hour counted once."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import click

from paes.cli import Session
from paes.cli.asked import from_option, json_option, to_option
from paes.cli.output import number, print_json, print_table, say, say_marks, tell
from paes.errors import DataError
from paes.faults.cases.case import Case
from paes.faults.cases.register import all_cases
from paes.faults.money.losses import Loss, Losses, losses_by_month, summed
from paes.faults.money.price import Interval, Waste
from paes.faults.money.pricing import PricingContext
from paes.faults.rule_table import RULES, rule
from paes.installation import some
from paes.periods import By, Span, edges, from_seconds, parse_instant
from paes.report.loss_documents import losses_document, overlap_text

_TOLD = 5
"""Of so many overlaps the text says what they are."""


@click.command()
@from_option
@to_option
@click.option("--site", metavar="ID", help="Only of a site.")
@click.option("--rule", "rule_id", metavar="ID", help="Only of a rule, e.g. water_leak.")
@click.option(
    "--by",
    type=click.Choice(["row", "month", "rule", "site"]),
    default="row",
    show_default=True,
    help="A line for each month, rule and site, or sums.",
)
@click.option(
    "--lang", type=click.Choice(["it", "en"]), default="en", show_default=True, help="Of the names."
)
@json_option
@click.pass_obj
def losses(
    session: Session,
    start: str | None,
    end: str | None,
    site: str | None,
    rule_id: str | None,
    by: Literal["row", "month", "rule", "site"],
    lang: str,
    as_json: bool,
) -> None:
    """The ledger of avoidable losses: kWh, m3, EUR and tonnes by month, rule and site.

    An hour of which two cases tell is counted once, by the larger. What was dismissed was no
    loss. Amounts lie between the bounds beside them; whole months, of all cases that are kept.
    """
    cases = _cases(session, site, rule_id)
    span = _whole_months(session, start, end)
    found = _only(losses_by_month(PricingContext(session.ledger), cases, span), site, rule_id)
    if as_json:
        labels = session.store.labels()
        marks = {"simulated": labels.get("simulated") == "true"}
        print_json({"city": session.city.id, **losses_document(found), **marks})
        return
    if not found.rows:
        say("no losses: no case wasted anything then; cases are made by paes faults run")
    else:
        _print(session, found, by, lang)
    _say_notes(found)
    say_marks(None, session.store.labels())


def _cases(session: Session, site: str | None, rule_id: str | None) -> list[Case]:
    """All cases of the city; DataError if what is asked for is not known."""
    if site:
        session.installation.site(site)
    cases = all_cases(session.store, series=True)
    known = {one.id for one in RULES} | {case.rule for case in cases}
    if rule_id and rule_id not in known:
        raise DataError(f"no rule {rule_id!r}; there is {some(known, near=rule_id)}")
    return [case for case in cases if case.city == session.city.id]


def _only(found: Losses, site: str | None, rule_id: str | None) -> Losses:
    """The rows of a site or rule: an hour that counts elsewhere is not in them."""
    rows = tuple(r for r in found.rows if site in (None, r.site) and rule_id in (None, r.rule))
    told = {case for row in rows for case in row.cases}
    overlaps = tuple(o for o in found.overlaps if {o.case, o.by} & told or rows == found.rows)
    return replace(found, rows=rows, overlaps=overlaps)


def _whole_months(session: Session, start: str | None, end: str | None) -> Span | None:
    """The local months that are asked about; None for all."""
    if not start and not end:
        return None
    tz = session.city.time_zone
    finish = parse_instant(end, tz) if end else session.ledger.clock()
    begin = parse_instant(start, tz) if start else from_seconds(0)
    months = edges(Span(begin, finish), By.MONTH, tz)
    return Span(from_seconds(months[0]), from_seconds(months[-1]))


def _print(
    session: Session, found: Losses, by: Literal["row", "month", "rule", "site"], lang: str
) -> None:
    if by == "row":
        names = ["month", "what", "where"]
        rows = [_row(session, row, lang) for row in found.rows]
    else:
        names = [{"month": "month", "rule": "what", "site": "where"}[by]]
        rows = [
            [_name(session, by, name, lang), *_figures(waste, unit)]
            for (name, unit), waste in summed(found, by).items()
        ]
    blank = [""] * (len(names) - 1)
    for unit in sorted({row.unit for row in found.rows}):
        whole = found.total(unit)
        if whole:
            rows.append([f"all, {unit}", *blank, *_figures(whole, unit)])
    columns = [*names, "so much", "from … to", "EUR", "from … to", "t CO2"]
    print_table(f"{session.city.name}: avoidable losses", columns, rows, left=len(names))
    money = found.total()
    if money and money.eur:
        tell(f"in all {_between(money.eur, 2)} EUR")


def _row(session: Session, row: Loss, lang: str) -> list[str]:
    what = _name(session, "rule", row.rule, lang)
    where = _name(session, "site", row.site or "", lang)
    return [f"{row.month:%Y-%m}", what, where, *_figures(row.waste, row.unit)]


def _name(session: Session, by: str, name: str, lang: str) -> str:
    """What a person calls a rule or site; a month is called as it is."""
    if by == "rule":
        known = rule(name)
        return known.file(session.root).name.in_language(lang) if known else name
    if by == "site":
        site = session.installation.sites.get(name)
        return site.name if site else name or "-"
    return name


def _figures(waste: Waste, unit: str) -> list[str]:
    amount = waste.amount if waste.amount.high else None
    return [
        "-" if amount is None else f"{number(amount.likely, 1)} {unit}",
        _bounds(amount, 1),
        "-" if waste.eur is None else number(waste.eur.likely, 2),
        _bounds(waste.eur, 2),
        "-" if waste.co2_t is None or not amount else number(waste.co2_t.likely, 3),
    ]


def _bounds(interval: Interval | None, digits: int) -> str:
    if interval is None:
        return "-"
    return f"{number(interval.low, digits)} … {number(interval.high, digits)}"


def _between(interval: Interval, digits: int) -> str:
    return f"{number(interval.likely, digits)} ({_bounds(interval, digits)})"


def _say_notes(found: Losses) -> None:
    for overlap in found.overlaps[:_TOLD]:
        say(overlap_text(overlap))
    if len(found.overlaps) > _TOLD:
        say(f"{len(found.overlaps) - _TOLD} more overlaps; --json has all")
    for unit, amount in sorted(found.unpriced.items()):
        say(f"{number(amount, 1)} {unit} have no price: no contract was in force then")
    if found.left_out:
        n = len(found.left_out)
        cases = "case was dismissed or is" if n == 1 else "cases were dismissed or are"
        say(f"{n} {cases} not shown any more: no losses")
    if found.is_assumed:
        say("some tariffs or factors behind these figures are assumed")
