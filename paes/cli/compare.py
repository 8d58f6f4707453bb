"""``paes compare``: the towns of the installation beside each other, and beside what is usual."""

from __future__ import annotations

from collections.abc import Iterable

import click

from paes.cli import Session
from paes.cli.asked import json_option
from paes.cli.output import number, percent, print_json, print_table, say, say_marks
from paes.comparison.benchmarks import Per, usual_ranges
from paes.comparison.key_figures import KeyFigure, Standing
from paes.comparison.towns import Comparison, Town, compare_towns
from paes.periods import local_year
from paes.report.comparison_documents import comparison_document

_STANDINGS = {
    Standing.BELOW: "below the usual",
    Standing.WITHIN: "usual",
    Standing.ABOVE: "above the usual",
    Standing.UNCERTAIN: "uncertain: what is missing decides",
    None: "-",
}
_PER = {
    Per.FLOOR_AREA_M2: "m2 of floor",
    Per.PUPIL: "pupil",
    Per.LIGHT_POINT: "light point",
    Per.INHABITANT: "inhabitant",
    Per.PV_PEAK_KW: "kWp",
}


@click.command()
@click.argument("year", type=int, required=False)
@click.option("--sites", is_flag=True, help="Also every site, by m2, pupil, light point and kWp.")
@json_option
@click.pass_obj
def compare(session: Session, year: int | None, sites: bool, as_json: bool) -> None:
    """Municipalities beside each other and together in YEAR [the last whole one]."""
    ledger = session.ledger
    last = local_year(ledger.clock(), session.city.time_zone) - 1
    usual = usual_ranges(session.installation.root)
    found = compare_towns(session.installation, last if year is None else year, ledger, usual)
    labels = session.store.labels()
    if as_json:
        print_json(comparison_document(found, labels))
        return
    _print_towns(found)
    figures = [figure for town in found.towns for figure in town.figures]
    _print_figures("By inhabitant, kWh a year", figures)
    if sites:
        of_sites = [figure for town in found.towns for figure in town.site_figures]
        _print_figures("Sites, kWh a year", of_sites)
    for name, why in found.without:
        say(f"{name}: {why}")
    if found.together.not_added:
        say(f"emissions are not added up: {found.together.not_added}")
    say_marks(None, labels)


def _print_towns(found: Comparison) -> None:
    together = found.together
    rows = [_town_row(town) for town in found.towns]
    if len(rows) > 1:
        heads = together.inhabitants
        rows.append(
            [
                "together",
                number(heads),
                number(together.energy_mwh),
                number(together.emissions_t),
                number(together.emissions_t / heads, 2) if together.emissions_t and heads else "-",
                "",
                percent(together.reduction_fraction),
                "",
            ]
        )
    print_table(
        f"{found.year}, each town by its own plan",
        ["town", "inhabitants", "MWh", "t", "t/inh.", "target", "since base", "promised"],
        rows,
    )


def _town_row(town: Town) -> list[str]:
    progress = town.progress
    return [
        town.city.name,
        number(town.inhabitants),
        number(town.inventory.energy_mwh),
        number(town.inventory.emissions_t),
        number(town.t_per_inhabitant, 2) if town.t_per_inhabitant else "-",
        progress.target.id if progress else "-",
        percent(progress.latest.reduction_fraction) if progress else "-",
        percent(progress.target.reduction_fraction) if progress else "-",
    ]


def _print_figures(title: str, figures: Iterable[KeyFigure]) -> None:
    rows = [
        [
            figure.subject,
            f"{_sector(figure)}{figure.use}",
            _PER[figure.per],
            number(figure.kwh, 1),
            f"{number(figure.usual.low_kwh)} to {number(figure.usual.high_kwh)}"
            if figure.usual
            else "-",
            _STANDINGS[figure.standing] if figure.whole_year else "no whole year",
        ]
        for figure in figures
    ]
    if rows:
        print_table(title, ["", "use", "by", "kWh", "usual", "standing"], rows, left=3)


def _sector(figure: KeyFigure) -> str:
    """Of towns: whose energy it is, told with its use."""
    sector = figure.usual.sector if figure.usual else None
    return f"{sector.replace('_', ' ')}: " if sector else ""


COMMANDS = (compare,)
