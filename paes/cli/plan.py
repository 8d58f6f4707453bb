"""Commands about the plan: inventory, progress, report."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from paes.activity.activity_data import DeclaredRow
from paes.cli import Session
from paes.cli.output import number, percent, print_json, print_table, say
from paes.inventory import InventoryLine, make_inventory
from paes.local_generation import local_generation
from paes.periods import local_year
from paes.progress import Progress, Verdict, YearResult, make_progress, next_target
from paes.report.documents import inventory_document, progress_document
from paes.report.files import write_report
from paes.report.generation import generation_document

_electricity = click.option(
    "--electricity",
    type=click.Choice(["current", "frozen"]),
    help="Electricity factor of each year, or frozen at the base year [the plan's choice].",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
_VERDICTS = {
    Verdict.WITHIN: "within the path",
    Verdict.ABOVE: "above the path",
    Verdict.UNCERTAIN: "uncertain: what the meters missed decides",
}


@click.command()
@click.argument("year", type=int)
@_electricity
@_json
@click.pass_obj
def inventory(session: Session, year: int, electricity: Any, as_json: bool) -> None:
    """Energy and emissions by sector and carrier in YEAR, with the factors used."""
    city = session.city
    made = make_inventory(city, year, session.ledger, electricity)
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
        f"electricity factor {made.electricity_factor}",
        ["sector", "carrier", "MWh", "metered", "estimated MWh", "missing MWh", "t/MWh", "t", ""],
        rows,
        left=2,
    )
    _say_marks(made.assumed_fraction, labels)
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


@click.command()
@click.option("--target", metavar="ID", help="Target of the plan [the one it tracks].")
@_electricity
@_json
@click.pass_obj
def progress(session: Session, target: str | None, electricity: Any, as_json: bool) -> None:
    """Where the town stands against its target, own and supra-ordinate."""
    city = session.city
    made = make_progress(city, session.ledger, target, electricity)
    labels = session.store.labels()
    if as_json:
        print_json(progress_document(city, made, labels))
        return
    print_table(
        f"{city.name}: {made.target.name.en}",
        ["year", f"emissions {made.unit}", "path", "distance", "reduction", "asked", "verdict"],
        [
            [
                str(y.year),
                number(y.emissions_t),
                number(y.path_t),
                number(y.distance_t),
                _reduction(y),
                percent(y.required_fraction),
                _VERDICTS[y.verdict],
            ]
            for y in made.years
        ],
    )
    _print_effects(made)
    upcoming = next_target(city, made.latest.year)
    if upcoming:
        say(
            f"Next: {upcoming.name.en} (on {upcoming.base_year}); "
            f"paes progress --target {upcoming.id}"
        )
    _say_marks(made.inventories[-1].assumed_fraction, labels)


@click.command()
@click.argument("year", type=int, required=False)
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder."
)
@click.pass_obj
def report(session: Session, year: int | None, out: Path) -> None:
    """Write inventory and progress up to YEAR [the last whole one] as JSON and CSV files."""
    city = session.city
    last = local_year(session.ledger.clock(), city.time_zone) - 1
    wanted = last if year is None else year
    for path in write_report(city, wanted, session.ledger, out):
        click.echo(str(path))
    _say_marks(None, session.store.labels())


def _reduction(year: YearResult) -> str:
    """The reduction; where meters missed something, also the least that it can be."""
    most, least = (percent(f) for f in (year.reduction_fraction, year.least_reduction_fraction))
    if most == least:
        return most
    is_bounded = math.isfinite(year.least_reduction_fraction)
    return f"{least} to {most}" if is_bounded else f"at most {most}"


def _estimated(line: InventoryLine) -> str:
    estimated_mwh = line.activity.estimated_mwh
    return number(estimated_mwh, 1) if estimated_mwh else "-"


def _missing(line: InventoryLine) -> str:
    low, high = line.activity.missing_mwh
    return f"{number(low, 1)} to {number(high, 1)}" if high else "-"


def _print_effects(made: Progress) -> None:
    effects = made.effects[-1]
    base = made.inventories[0].emissions_t
    parts = [
        ("grid (supra-ordinate)", effects.grid_t),
        ("national and regional actions, declared", effects.supra_actions_t),
        ("mixed actions, declared", effects.mixed_actions_t),
        ("own actions, declared", effects.own_actions_t),
        ("unexplained", effects.unexplained_t),
        ("total", effects.total_t),
    ]
    print_table(
        f"Reduction {made.base.year}-{effects.year} by cause",
        ["cause", "t", f"of {made.base.year}"],
        [[name, number(t), percent(t / base if base else None)] for name, t in parts],
    )


def _say_marks(assumed_fraction: float | None, labels: dict[str, str]) -> None:
    if assumed_fraction:
        say(f"{percent(assumed_fraction)} of these emissions rests on assumed figures")
    if labels.get("simulated") == "true":
        say("this store holds simulated readings")


COMMANDS = (inventory, progress, report)
