"""The command about own plants: production, feed-in, self-consumption and autarky."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from paes.accounting.energy_total import EnergyTotal
from paes.accounting.site_energy import SiteEnergy
from paes.cli import Session
from paes.cli.asked import asked_span, by_option, from_option, json_option, period_text, to_option
from paes.cli.output import number, percent, print_json, print_table, say
from paes.cli.pv_expected import show_expected
from paes.costs.cost_table import Money
from paes.costs.costing import Costing
from paes.costs.pv_value import PvValue, pv_value
from paes.errors import DataError
from paes.installation import some
from paes.metering import Site
from paes.periods import By, Span
from paes.report.cost_documents import value_document
from paes.report.documents import finding_document
from paes.report.generation import balance_document
from paes.self_consumption import (
    CLOSE,
    Balance,
    BalancePeriod,
    Share,
    balance_findings,
    balances,
    together,
)

_COLUMNS = ["produced kWh", "fed in", "used here", "withdrawn", "self-consumption", "autarky"]


@click.command()
@click.option("--site", metavar="ID", help="One site [every site with a plant, and the town].")
@from_option
@to_option
@by_option
@click.option("--expected", is_flag=True, help="What plants should have made, beside it.")
@click.option("--value", "with_value", is_flag=True, help="Also what it was worth, in EUR.")
@json_option
@click.pass_obj
def pv(
    session: Session,
    site: str | None,
    start: str | None,
    end: str | None,
    by: str,
    expected: bool,
    with_value: bool,
    as_json: bool,
) -> None:
    """Own generation of electricity: what was used here, and what was given to the grid.

    Self-consumption is the part of the production that was used on the spot, autarky the part of
    the consumption that came from own plants. Where something is missing or has no meter, bounds
    stand in the place of a figure. With --value: what self-consumption saved at the prices in
    force, and what feeding in earned. With --expected: what each plant made beside what it should
    have made by the light of the same hours, and by which light that is known.
    """
    span, sites = asked_span(session, start, end, By(by)), _asked(session, site)
    if expected:
        show_expected(session, sites, span, By(by), as_json)
        return
    energy = SiteEnergy(session.ledger)
    found = balances(energy, sites, span, By(by))
    if not found:
        raise DataError("no meter of generation of electricity here; see: paes status")
    town = None if site else together(energy, found, sites, span, By(by))
    findings = list(balance_findings(found))
    values = list(_values(session, found, span, By(by))) if with_value else []
    if as_json:
        named = [("site", name, balance) for name, balance in found.items()]
        named += [("city", session.city.id, town)] if town else []
        print_json(
            {
                "balances": [
                    {kind: name, "periods": [balance_document(p) for p in balance.periods]}
                    for kind, name, balance in named
                ],
                "findings": [finding_document(f) for f in findings],
                **({"values": [value_document(*of) for of in values]} if with_value else {}),
            }
        )
        return
    for name, balance in found.items():
        _print(name, balance, By(by))
    if town:
        _print(f"{session.city.name}, with all that its sites withdraw", town, By(by))
    for name, value in values:
        _print_value(name, value, By(by))
    _say_unmetered(found)
    for finding in findings:
        say(f"{finding.name}: {finding.subject}: {finding.message}")


def _asked(session: Session, site: str | None) -> list[Site]:
    if site:
        return [session.installation.site(site)]
    return list(session.city.sites.values())


def _print(title: str, balance: Balance, by: By) -> None:
    print_table(
        title,
        ["from", *_COLUMNS],
        [[period_text(period.start, by), *_row(period)] for period in balance.periods],
    )


def _values(
    session: Session, sites: Iterable[str], span: Span, by: By
) -> Iterator[tuple[str, PvValue]]:
    """What the plants of ``sites`` were worth; it is said of which that cannot be told."""
    costing = Costing(session.ledger)
    for site in sites:
        try:
            yield site, pv_value(costing, site, span, by)
        except DataError as err:
            say(str(err))


def _print_value(site: str, value: PvValue, by: By) -> None:
    print_table(
        f"{site}: what it was worth",
        ["from", "saved EUR", "earned EUR"],
        [
            [period_text(start, by), _eur(value.avoided, i), _eur(value.earned, i)]
            for i, start in enumerate(value.starts)
        ],
    )


def _eur(money: Money, i: int) -> str:
    """The amount, or its bounds where these are a cent apart or more."""
    low, high = float(money.low_eur[i]), float(money.high_eur[i])
    if high - low < 0.01:
        return number(float(money.eur[i]), 2)
    return f"{number(low, 2)} to {number(high, 2) if high < float('inf') else '?'}"


def _row(period: BalancePeriod) -> list[str]:
    return [
        _amount(period.production, True),
        _amount(period.feed_in, period.has_feed_in),
        _amount(period.self_consumption, period.has_feed_in),
        _amount(period.withdrawal, period.has_withdrawal),
        _share(period.self_consumption_share),
        _share(period.autarky),
    ]


def _amount(total: EnergyTotal, is_told: bool) -> str:
    """The figure, or its bounds where these are wide; a dash before its time."""
    if not total.span_s and not total.high_kwh:
        return "-"
    if is_told and total.high_kwh - total.low_kwh <= max(0.1, CLOSE * abs(total.kwh)):
        return number(total.kwh, 1)
    high = number(total.high_kwh, 1) if total.high_kwh < float("inf") else "?"
    return f"{number(total.low_kwh, 1)} to {high}"


def _share(share: Share) -> str:
    if share.low is None or share.high is None:
        return "-"
    if share.value is not None:
        return percent(share.value)
    return f"{percent(share.low)} to {percent(share.high)}"


def _say_unmetered(found: dict[str, Balance]) -> None:
    unmetered = [name for name, balance in found.items() if not balance.has_feed_in]
    if unmetered:
        say(
            f"{some(unmetered)}: no meter of what is fed in, so only bounds can be told; add one "
            "with measures: feed_in (or a virtual one, where all of it is)"
        )


COMMANDS: tuple[click.Command, ...] = (pv,)
