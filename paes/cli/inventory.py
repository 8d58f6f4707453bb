"""``paes inventory``: energy and emissions by sector and carrier."""

from __future__ import annotations

from typing import Any

import click

from paes.activity.activity_data import DeclaredRow
from paes.cli import Session
from paes.cli.asked import electricity_option, json_option
from paes.cli.output import number, percent, print_json, print_table, say, say_marks
from paes.inventory.line import InventoryLine
from paes.inventory.local_generation import local_generation
from paes.inventory.making import make_inventory
from paes.inventory.method import Method
from paes.report.generation import generation_document
from paes.report.inventory_documents import inventory_document


@click.command()
@click.argument("year", type=int)
@electricity_option
@json_option
@click.pass_obj
def inventory(session: Session, year: int, electricity: Any, as_json: bool) -> None:
    """Energy and emissions by sector and carrier in YEAR, with the factors used."""
    city = session.city
    made = make_inventory(
        city, year, session.ledger, Method.of(city.plan, electricity_factor=electricity)
    )
    labels = session.store.labels()
    if as_json:
        local = generation_document(local_generation(city, year, session.ledger))
        print_json({**inventory_document(city, made, labels), "local_generation": local})
        return
    rows = [row for line in made.lines for row in (_line_row(line), *_use_rows(line))]
    total = number(made.energy_mwh, 1), "", "", "", "", number(made.emissions_t, 1), ""
    rows.append(["total", "", *total])
    print_table(
        f"{city.name} {year}: {made.kind}, {made.factor_set.id} ({made.factor_set.gas}), "
        f"electricity factor {made.method.electricity_factor}",
        ["sector", "carrier", "MWh", "metered", "estimated MWh", "missing MWh", "t/MWh", "t", ""],
        rows,
        left=2,
    )
    say_marks(made.assumed_fraction, labels)
    for finding in made.findings:
        say(f"{finding.name}: {finding.subject}: {finding.message}")


def _line_row(line: InventoryLine) -> list[str]:
    return [
        str(line.activity.sector),
        str(line.activity.carrier),
        number(line.energy_mwh, 1),
        percent(line.activity.metered_fraction),
        _estimated(line),
        _missing(line),
        f"{line.factor.factor_t_per_mwh:.4f} ({line.factor.how})",
        number(line.emissions_t, 1),
        "assumed" if line.assumed else "",
    ]


def _use_rows(line: InventoryLine) -> list[list[str]]:
    """What was declared for each use, below the line; nothing if no use is named."""
    parts = line.activity.parts
    if not any(part.use for part in parts):
        return []
    return [["", f"  {_use(part)}", f"  {number(part.energy_mwh, 1)}", *[""] * 6] for part in parts]


def _use(part: DeclaredRow) -> str:
    sessions = f" ({number(part.sessions)} sessions)" if part.sessions else ""
    return f"{part.use or 'other'}{sessions}"


def _estimated(line: InventoryLine) -> str:
    estimated_mwh = line.activity.estimated_mwh
    return number(estimated_mwh, 1) if estimated_mwh else "-"


def _missing(line: InventoryLine) -> str:
    low, high = line.activity.missing_mwh
    return f"{number(low, 1)} to {number(high, 1)}" if high else "-"


COMMANDS = (inventory,)
