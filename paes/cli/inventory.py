"""``paes inventory``: energy and emissions by sector and carrier, and what they rest on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from paes.cli import Session
from paes.cli.asked import (
    as_of_option,
    electricity_option,
    gwp_option,
    json_option,
    scope_option,
    side_by_side_option,
)
from paes.cli.bases import tell_bases
from paes.cli.chances import asked_simulation, draws_option, say_sources, seed_option
from paes.cli.covenant_tables import print_bridge, print_covenant_table, write_covenant_csv
from paes.cli.finding_groups import grouped_lines
from paes.cli.inventory_table import print_inventory
from paes.cli.output import print_json, say, say_marks
from paes.cli.supply_tables import print_supply, say_elsewhere
from paes.covenant_tables.template import Letter, template
from paes.errors import DataError
from paes.inventory.inventory import Inventory
from paes.inventory.making import make_inventory
from paes.inventory.method import Method
from paes.inventory.scope_bridge import scope_bridge
from paes.report.covenant_documents import bridge_document, covenant_table, table_document
from paes.report.inventory_report import base_inventory, compared, inventory_report


@click.command()
@click.argument("year", type=int)
@electricity_option
@scope_option
@side_by_side_option
@gwp_option
@as_of_option
@click.option(
    "--table",
    "letter",
    type=click.Choice(["A", "B", "C", "D"], case_sensitive=False),
    help="The Covenant's table of that letter, with its codes.",
)
@click.option("--csv", "as_csv", is_flag=True, help="The table as CSV, every row and column.")
@click.option(
    "--language",
    type=click.Choice(["en", "it"]),
    default="en",
    show_default=True,
    help="Headings of the CSV.",
)
@click.option("--bridge", is_flag=True, help="From the whole territory to what meters saw.")
@click.option("--findings", "every", is_flag=True, help="Every finding on a line of its own.")
@draws_option
@seed_option
@json_option
@click.pass_obj
def inventory(
    session: Session,
    year: int,
    electricity: Any,
    scope: Any,
    side_by_side: bool,
    gwp: str | None,
    as_of: datetime | None,
    letter: Letter | None,
    as_csv: bool,
    language: str,
    bridge: bool,
    every: bool,
    draws: int,
    seed: int,
    as_json: bool,
) -> None:
    """Energy and emissions by sector and carrier in YEAR, with what each figure rests on."""
    _refuse_at_odds(side_by_side, letter, bridge, as_csv, as_json)
    method = _method(session, electricity, scope, gwp, as_of)
    if side_by_side:
        tell_bases(session, year, method, as_json=as_json)
        return
    made = make_inventory(session.city, year, session.ledger, method)
    if letter:
        _tell_table(session, made, letter, language if as_csv else None, as_json=as_json)
    elif bridge:
        _tell_bridge(session, made, as_json=as_json)
    else:
        _tell(session, made, draws, seed, every=every, as_json=as_json)


def _refuse_at_odds(
    side_by_side: bool, letter: str | None, bridge: bool, as_csv: bool, as_json: bool
) -> None:
    asked = {"--side-by-side": side_by_side, "--table": bool(letter), "--bridge": bridge}
    chosen = [name for name, is_asked in asked.items() if is_asked]
    if len(chosen) > 1:
        raise click.UsageError(f"{chosen[0]} and {chosen[1]} are two questions; ask one at a time")
    if as_csv and not letter:
        raise click.UsageError("--csv is of a table: say which (--table A)")
    if as_csv and as_json:
        raise click.UsageError("--csv and --json are two forms; ask for one")


def _method(
    session: Session, electricity: Any, scope: Any, gwp: str | None, as_of: datetime | None
) -> Method:
    """The plan's method with what was asked; DataError for potentials that change nothing."""
    plan, factors = session.city.plan, session.installation.factors
    if gwp and not factors.keeps_gases_apart(plan.factor_set):
        raise DataError(
            f"--gwp {gwp}: factor set {plan.factor_set} has its gases added up already; "
            "choose one in plan.yaml that keeps them apart"
        )
    return Method.of(
        plan,
        electricity_factor=electricity,
        electricity_scope=scope,
        gwp=gwp,
        factors_as_of=as_of.date() if as_of else None,
    )


def _tell(
    session: Session, made: Inventory, draws: int, seed: int, *, every: bool, as_json: bool
) -> None:
    """The whole inventory."""
    city, labels = session.city, session.store.labels()
    drawn = asked_simulation(session, draws, seed).of([made])
    base = base_inventory(city, made, session.ledger)
    if as_json:
        print_json(inventory_report(city, made, session.ledger, labels, drawn, base))
        return
    print_inventory(made, city.name, template(session.root), drawn)
    say_sources(drawn, made.year)
    print_supply(city.name, made)
    _say_marks(session, made)
    for line in grouped_lines([*made.findings, *compared(made, base, session.ledger)], every=every):
        say(line)


def _tell_table(
    session: Session, made: Inventory, letter: Letter, csv_in: str | None, *, as_json: bool
) -> None:
    table = covenant_table(made, template(session.root), letter)
    if as_json:
        print_json({"city": made.city, "year": made.year, **table_document(table)})
        return
    if csv_in:
        write_covenant_csv(table, csv_in)
    else:
        print_covenant_table(table, session.city.name, made.year)
        if made.supply:
            by_letter = {"C": made.supply.table_c, "D": made.supply.table_d}
            say_elsewhere(by_letter.get(letter, ()))
    _say_marks(session, made)


def _tell_bridge(session: Session, made: Inventory, *, as_json: bool) -> None:
    bridge = scope_bridge(made)
    if as_json:
        print_json({"city": made.city, "year": made.year, "bridge": bridge_document(bridge)})
        return
    print_bridge(bridge, session.city.name, made.year)
    _say_marks(session, made)


def _say_marks(session: Session, made: Inventory) -> None:
    say_marks(made.assumed_fraction, session.store.labels())


COMMANDS = (inventory,)
