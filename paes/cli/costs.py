"""paes costs: what energy and water cost, by the contracts that were in force."""

from __future__ import annotations

from collections.abc import Iterator

import click

from paes.cli import Session
from paes.cli.asked import asked_span, by_option, from_option, json_option, period_text, to_option
from paes.cli.output import number, percent, print_json, print_table, say
from paes.costs.cost_table import CostTable
from paes.costs.costing import Costing, Costs
from paes.errors import DataError
from paes.metering import Carrier, Measures
from paes.periods import By, Span
from paes.report.cost_documents import costs_document

_PARTS = {"power": "power", "fixed": "fixed", "taxes": "taxes", "vat": "VAT"}
Series = tuple[dict[str, str], Costs]


@click.command()
@click.option("--site", metavar="ID", help="All supplies of a site.")
@click.option("--meter", metavar="ID", help="One meter.")
@click.option("--carrier", type=click.Choice([str(c) for c in Carrier]), help="One carrier.")
@click.option("--bands", "by_band", is_flag=True, help="Energy apart by time band.")
@from_option
@to_option
@by_option
@json_option
@click.pass_obj
def costs(
    session: Session,
    site: str | None,
    meter: str | None,
    carrier: str | None,
    by_band: bool,
    start: str | None,
    end: str | None,
    by: str,
    as_json: bool,
) -> None:
    """What energy cost by period: energy, power, fixed parts, taxes and VAT, in EUR.

    At the prices of contracts.yaml and tariffs/ that were in force at each quarter of an hour. What
    is estimated is told apart, and where readings are missing the cost lies between two bounds.
    """
    span = asked_span(session, start, end, By(by))
    series = list(_series(session, site, meter, carrier, span, By(by)))
    if not series:
        raise DataError("no meter that is paid for measures that; see: paes status")
    if as_json:
        print_json([costs_document(key, found) for key, found in series])
        return
    for key, found in series:
        _print(" ".join(key.values()), found, By(by), by_band, _is_sold(key))
    if len(series) > 1:
        _print_sum(series)
    _say_notes(series)


def _series(
    session: Session, site: str | None, meter: str | None, carrier: str | None, span: Span, by: By
) -> Iterator[Series]:
    costing = Costing(session.ledger)
    if meter:
        asked = session.installation.meter(meter)
        key = {"meter": meter, "measures": str(asked.measures)}
        yield key, costing.meter(asked, span, by)
        return
    place = {"site": session.installation.site(site).id} if site else {"city": session.city.id}
    sites = [site] if site else list(session.city.sites)
    found = costing.sites(sites, span, by, Carrier(carrier) if carrier else None)
    for (of, measures), costs in found.items():
        yield {**place, "measures": str(measures), "carrier": str(of or "water")}, costs


def _print(title: str, costs: Costs, by: By, by_band: bool, is_sold: bool) -> None:
    table = costs.periods
    bands = sorted(table.energy) if by_band else ["water" if table.unit == "m3" else "energy"]
    shown = [name for name in _PARTS if costs.whole.parts[name].high_eur.any()]
    eur = "earned EUR" if is_sold else "cost EUR"
    titles = [_PARTS[name] for name in shown]
    columns = ["from", table.unit, *bands, *titles, eur, "of it estimated", "true between"]
    rows = [
        [period_text(start, by), *_cells(table, i, by_band, shown)]
        for i, start in enumerate(costs.starts)
    ]
    if len(rows) > 1:
        rows.append(["all", *_cells(costs.whole, 0, by_band, shown)])
    print_table(title, [*columns, "coverage"], rows)


def _cells(table: CostTable, i: int, by_band: bool, names: list[str]) -> list[str]:
    amount = sum(float(a.measured[i] + a.estimated[i]) for a in table.amounts.values())
    parts = table.parts
    energy = [table.energy[b] for b in sorted(table.energy)] if by_band else [parts["energy"]]
    shown = [*energy, *(parts[name] for name in names), table.total]
    span_s = float(table.span_s[i])
    is_unpriced = not _has_price(table, i)
    return [
        number(amount + float(table.unpriced[i])),
        *("-" if is_unpriced else number(float(money.eur[i]), 2) for money in shown),
        "-" if is_unpriced else number(float(table.total.estimated_eur[i]), 2),
        _between(table, i),
        percent(float(table.covered_s[i]) / span_s if span_s else None),
    ]


def _is_sold(key: dict[str, str]) -> bool:
    return key["measures"] in (Measures.FEED_IN, Measures.GENERATION)


def _has_price(table: CostTable, i: int = 0) -> bool:
    """False if no contract was in force at all."""
    return not 0 < float(table.span_s[i]) <= float(table.unpriced_s[i])


def _between(table: CostTable, i: int) -> str:
    """Between which bounds the true cost lies; ``-`` where it is known to the cent."""
    if float(table.unpriced_s[i]) > 0:
        return f"no price for {number(float(table.unpriced[i]))} {table.unit}"
    low, high = float(table.total.low_eur[i]), float(table.total.high_eur[i])
    return "-" if high - low < 0.01 else f"{number(low, 2)} to {number(high, 2)}"


def _print_sum(series: list[Series]) -> None:
    """What all carriers cost together, and what was earned."""
    rows, paid, earned = [], 0.0, 0.0
    for key, costs in series:
        eur = float(costs.whole.total.eur[0])
        is_sold = _is_sold(key)
        paid, earned = (paid, earned + eur) if is_sold else (paid + eur, earned)
        told = number(eur, 2) if _has_price(costs.whole) else "-"
        rows.append([f"{key['carrier']}{' fed in' if is_sold else ''}", told])
    rows.append(["paid in all", number(paid, 2)])
    if earned:
        rows += [
            ["earned by feeding in", number(earned, 2)],
            ["paid less earned", number(paid - earned, 2)],
        ]
    print_table("all carriers", ["", "EUR"], rows)


def _say_notes(series: list[Series]) -> None:
    assumed = sorted({name for _, costs in series for name in costs.whole.assumed})
    if assumed:
        say(f"prices or contracts are assumed: {', '.join(assumed)}")
    for finding in (f for _, costs in series for f in costs.findings):
        say(f"{finding.subject}: {finding.message}")


COMMANDS = (costs,)
