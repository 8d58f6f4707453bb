"""``paes scenarios``: what may become of the town by a target's year, and if it is enough."""

from __future__ import annotations

from typing import Any

import click

from paes.cli import Session
from paes.cli.asked import electricity_option, json_option
from paes.cli.chances import asked_simulation, draws_option, probability, seed_option
from paes.cli.output import number, percent, print_json, print_table, say, say_marks
from paes.inventory.method import Method
from paes.report.scenario_documents import scenarios_document
from paes.scenarios.scenarios import Scenario, ScenarioId, Scenarios, Wanted, make_scenarios

_NAMES = {
    ScenarioId.AS_USUAL: "as usual",
    ScenarioId.AS_USUAL_TREND: "as usual, with the assumed trend",
    ScenarioId.PLANNED: "planned",
    ScenarioId.CHOSEN: "planned + chosen",
}
_SHOWN = 12


@click.command()
@click.option("--to", "to_year", type=int, metavar="YEAR", help="Last year [the target's].")
@click.option("--target", metavar="ID", help="Target of the plan [the next to come due].")
@click.option(
    "--with", "chosen", multiple=True, metavar="ACTION",
    help="An action chosen besides the planned ones; may be told several times.",
)  # fmt: skip
@click.option("--grid", metavar="ID", help="Projection of the grid [the first there is].")
@electricity_option
@draws_option
@seed_option
@json_option
@click.pass_obj
def scenarios(
    session: Session,
    to_year: int | None,
    target: str | None,
    chosen: tuple[str, ...],
    grid: str | None,
    electricity: Any,
    draws: int,
    seed: int,
    as_json: bool,
) -> None:
    """What may become of the town: as usual, with the planned actions, with more.

    As usual is the last inventory per inhabitant; actions count from their declared end on, net of
    overlaps, at the likely part of what was declared. Own and supra-ordinate stand apart.
    """
    city = session.city
    made = make_scenarios(
        city,
        session.ledger,
        Wanted(target, to_year, chosen, grid),
        Method.of(city.plan, electricity_factor=electricity),
        asked_simulation(session, draws, seed),
    )
    labels = session.store.labels()
    if as_json:
        print_json(scenarios_document(city, made, labels))
        return
    _print_ends(city.name, made)
    for scenario in made.scenarios:
        if scenario.id is not ScenarioId.AS_USUAL:
            _print_years(scenario)
    _say_rests(made)
    say_marks(made.last.assumed_fraction, labels)


def _name(scenario: Scenario) -> str:
    return _NAMES[scenario.id] + (f", {scenario.grid.id}" if scenario.grid else "")


def _print_ends(name: str, made: Scenarios) -> None:
    print_table(
        f"{name}: {made.to_year} beside {made.target.name.en}",
        ["scenario", "as usual t", "own", "supra-ordinate", "mixed", "t", "90 % t", "gap t",
         "enough"],
        [
            [
                _name(scenario),
                number(scenario.last.as_usual_t),
                _less(scenario.last.own_t),
                _less(scenario.last.supra_ordinate_t),
                _less(scenario.last.unsplit_t),
                number(scenario.last.emissions_t),
                f"{number(scenario.interval_t.low)} to {number(scenario.interval_t.high)}",
                _gap(scenario.gap_t),
                probability(scenario.chances.on_path),
            ]
            for scenario in made.scenarios
        ],
    )  # fmt: skip


def _less(t: float) -> str:
    """What is taken off; nothing where nothing is."""
    return number(-t) if round(t) else ""


def _gap(gap_t: float) -> str:
    return number(gap_t) if gap_t > 0 else f"{number(-gap_t)} to spare"


def _print_years(scenario: Scenario) -> None:
    print_table(
        f"{_name(scenario)}, year by year",
        ["year", "as usual t", "own", "supra-ordinate actions", "grid", "mixed", "t"],
        [
            [
                str(year.year),
                number(year.as_usual_t),
                _less(year.own_t),
                _less(year.supra_actions_t),
                _less(year.grid_t),
                _less(year.unsplit_t),
                number(year.emissions_t),
            ]
            for year in scenario.years
        ],
    )


def _say_rests(made: Scenarios) -> None:
    """What the scenarios rest on, and what they leave out."""
    low, likely, high = made.realisation
    say(
        f"allowed in {made.to_year}: {number(made.allowed_t)} t; as usual is {made.last.year}"
        " per inhabitant, no target"
    )
    say(
        f"{percent(likely, 0)} of declared effects is taken to come true ({percent(low, 0)} to"
        f" {percent(high, 0)}); as usual strays by {percent(made.spread_per_year)} times"
        f" the root of the years ahead; {number(made.draws)} draws, seed {made.seed}"
    )
    grid = next((s.grid for s in made.scenarios if s.grid), None)
    if grid:
        points = ", ".join(f"{p.factor_t_per_mwh:g} t/MWh in {p.year}" for p in grid.points)
        say(f"{grid.id}: {grid.name.en}: {points}; what it brings is supra-ordinate")
    for finding in made.findings[:_SHOWN]:
        say(finding.message)
    if len(made.findings) > _SHOWN:
        say(f"and {len(made.findings) - _SHOWN} more (--json)")


COMMANDS = (scenarios,)
