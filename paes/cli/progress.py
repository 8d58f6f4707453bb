"""``paes progress``: where the town stands against its target."""

from __future__ import annotations

import math
from typing import Any

import click

from paes.cli import Session
from paes.cli.asked import electricity_option, json_option
from paes.cli.chances import (
    CHANCES,
    asked_simulation,
    chance_cells,
    draws_option,
    say_chances,
    seed_option,
)
from paes.cli.output import number, percent, print_json, print_table, say, say_marks
from paes.inventory.method import Method
from paes.progress.path import Verdict, YearResult
from paes.progress.progress import Progress, make_progress, next_target
from paes.report.progress_documents import progress_document

_VERDICTS = {
    Verdict.WITHIN: "within the path",
    Verdict.ABOVE: "above the path",
    Verdict.UNCERTAIN: "uncertain: what the meters missed decides",
}


@click.command()
@click.option("--target", metavar="ID", help="Target of the plan [the one it tracks].")
@electricity_option
@draws_option
@seed_option
@json_option
@click.pass_obj
def progress(
    session: Session, target: str | None, electricity: Any, draws: int, seed: int, as_json: bool
) -> None:
    """Where the town stands against its target, own and supra-ordinate."""
    city = session.city
    made = make_progress(
        city,
        session.ledger,
        target,
        Method.of(city.plan, electricity_factor=electricity),
        simulation=asked_simulation(session, draws, seed),
    )
    labels = session.store.labels()
    if as_json:
        print_json(progress_document(city, made, labels))
        return
    print_table(
        f"{city.name}: {made.target.name.en}",
        [
            "year",
            f"emissions {made.unit}",
            "path",
            "distance",
            "reduction",
            *CHANCES,
            "asked",
            "verdict",
        ],
        [
            [
                str(y.year),
                number(y.emissions_t),
                number(y.path_t),
                number(y.distance_t),
                _reduction(y),
                *chance_cells(made, y.year),
                percent(y.required_fraction),
                _VERDICTS[y.verdict],
            ]
            for y in made.years
        ],
    )
    say_chances(made)
    _print_effects(made)
    upcoming = next_target(city, made.latest.year)
    if upcoming:
        say(
            f"Next: {upcoming.name.en} (on {upcoming.base_year}); "
            f"paes progress --target {upcoming.id}"
        )
    say_marks(made.inventories[-1].assumed_fraction, labels)


def _reduction(year: YearResult) -> str:
    """The reduction; where meters missed something, also the least that it can be."""
    most, least = (percent(f) for f in (year.reduction_fraction, year.least_reduction_fraction))
    if most == least:
        return most
    is_bounded = math.isfinite(year.least_reduction_fraction)
    return f"{least} to {most}" if is_bounded else f"at most {most}"


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


COMMANDS = (progress,)
