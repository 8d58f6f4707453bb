"""``paes inventory``: energy and emissions by sector and carrier."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from paes.activity.activity_data import DeclaredRow
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
from paes.cli.chances import (
    asked_simulation,
    draws_option,
    line_interval,
    say_sources,
    seed_option,
    total_interval,
)
from paes.cli.output import number, percent, print_json, print_table, say, say_marks
from paes.cli.supply_tables import print_supply
from paes.errors import DataError
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.inventory.local_generation import local_generation
from paes.inventory.making import make_inventory
from paes.inventory.method import Method
from paes.inventory.notation import NotedCell
from paes.inventory.other_emissions import OtherEmissions
from paes.inventory.side_by_side import basis_name
from paes.report.generation import generation_document
from paes.report.inventory_documents import inventory_document
from paes.report.supply_documents import supply_document
from paes.uncertainty.simulation import Draws


@click.command()
@click.argument("year", type=int)
@electricity_option
@scope_option
@side_by_side_option
@gwp_option
@as_of_option
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
    draws: int,
    seed: int,
    as_json: bool,
) -> None:
    """Energy and emissions by sector and carrier in YEAR, with the factors used."""
    city = session.city
    factors = session.installation.factors
    if gwp and not factors.keeps_gases_apart(city.plan.factor_set):
        raise DataError(
            f"--gwp {gwp}: factor set {city.plan.factor_set} has its gases added up already; "
            "choose one in plan.yaml that keeps them apart"
        )
    changes: dict[str, Any] = {"gwp": gwp, "factors_as_of": as_of.date() if as_of else None}
    changes |= {"electricity_factor": electricity, "electricity_scope": scope}
    method = Method.of(city.plan, **changes)
    if side_by_side:
        tell_bases(session, year, method, as_json=as_json)
        return
    made = make_inventory(city, year, session.ledger, method)
    labels = session.store.labels()
    drawn = asked_simulation(session, draws, seed).of([made])
    if as_json:
        local = generation_document(local_generation(city, year, session.ledger))
        told = inventory_document(city, made, labels, drawn)
        supply = supply_document(made.supply) if made.supply else None
        print_json({**told, "local_generation": local, "supply": supply})
        return
    rows = [row for line in made.lines for row in (_line_row(line, drawn), *_use_rows(line))]
    rows += [_noted_row(cell) for cell in made.noted]
    rows += [_other_row(other) for other in made.other_rows]
    total = number(made.energy_mwh, 1), "", "", "", "", number(made.emissions_t, 1)
    rows.append(["total", "", *total, total_interval(drawn, year), ""])
    print_table(
        f"{city.name} {year}: {made.kind}, {made.factor_set.id} ({made.factor_set.gas}), "
        f"electricity factor {basis_name(made.method)}{_gwp_and_day(made)}",
        [
            "sector",
            "carrier",
            "MWh",
            "metered",
            "estimated MWh",
            "missing MWh",
            "t/MWh",
            "t",
            "90 % t",
            "",
        ],
        rows,
        left=2,
    )
    say_sources(drawn, year)
    print_supply(city.name, made)
    say_marks(made.assumed_fraction, labels)
    for finding in made.findings:
        say(f"{finding.name}: {finding.subject}: {finding.message}")


def _line_row(line: InventoryLine, drawn: Draws) -> list[str]:
    return [
        str(line.activity.sector),
        str(line.activity.carrier),
        number(line.energy_mwh, 1),
        percent(line.activity.metered_fraction),
        _estimated(line),
        _missing(line),
        f"{line.factor.factor_t_per_mwh:.4f} ({line.factor.how})",
        number(line.emissions_t, 1),
        line_interval(drawn, line),
        "assumed" if line.assumed else "",
    ]


def _noted_row(cell: NotedCell) -> list[str]:
    use = f" ({cell.use})" if cell.use else ""
    return [str(cell.sector), f"{cell.carrier}{use}", str(cell.notation), *[""] * 7]


def _other_row(row: OtherEmissions) -> list[str]:
    assumed = "assumed" if row.assumed else ""
    return [str(row.row), row.use or "", *[""] * 5, number(row.emissions_t, 1), "", assumed]


def _gwp_and_day(made: Inventory) -> str:
    """The other choices that its factors rest on, as far as there were any."""
    potentials = f", warming potentials {made.gwp}" if made.gwp else ""
    known = f", factors known on {made.factors_as_of}" if made.factors_as_of else ""
    return potentials + known


def _use_rows(line: InventoryLine) -> list[list[str]]:
    """What was declared for each use, below the line; nothing if no use is named."""
    parts = line.activity.parts
    if not any(part.use for part in parts):
        return []
    return [["", f"  {_use(part)}", f"  {number(part.energy_mwh, 1)}", *[""] * 7] for part in parts]


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
