"""``paes progress``: where the town stands against its target."""

from __future__ import annotations

import math
from typing import Any

import click

from paes.causes.cause import Basis, Cause, Owed, causes_of, subtotal_t
from paes.causes.effects import Effects
from paes.cli import Session
from paes.cli.asked import electricity_option, json_option, scope_option, side_by_side_option
from paes.cli.bases import tell_progress_bases
from paes.cli.chances import (
    CHANCES,
    asked_simulation,
    chance_cells,
    draws_option,
    say_chances,
    seed_option,
)
from paes.cli.output import number, percent, print_json, print_table, say, say_marks
from paes.cli.verdicts import open_verdicts, verdict_words
from paes.installation import City
from paes.inventory.method import Method
from paes.inventory.side_by_side import basis_name
from paes.plan.target import Target
from paes.plausibility.checks import declared_findings
from paes.plausibility.limits import limits
from paes.progress.path import YearResult, inhabitants
from paes.progress.progress import Progress, make_progress, next_target
from paes.report.progress_documents import progress_document

_CAUSES = {
    "weather": "weather",
    "activity": "activity (inhabitants, area, kilometres ...)",
    "boundary": "boundary (what joined or left)",
    "other_factors": "factors of fuels",
    "other_rows": "waste, waste water, green electricity",
    "grid": "power grid",
    "supra_actions": "national and regional actions",
    "local_supply": "local plants and green purchases",
    "mixed_actions": "mixed actions",
    "own_actions": "own actions",
    "unexplained": "unexplained",
}
_OWED = {
    Owed.CIRCUMSTANCES: "circumstances",
    Owed.SUPRA_ORDINATE: "supra-ordinate",
    Owed.SEVERAL: "town, citizens and firms",
    Owed.OWN: "own",
    Owed.NOBODY_KNOWS: "unexplained",
}
_BASIS = {
    Basis.COMPUTED: "computed",
    Basis.DECLARED: "declared, not measured",
    Basis.REMAINS: "what remains",
}


@click.command()
@click.option("--target", metavar="ID", help="Target of the plan [the one it tracks].")
@click.option("--year", type=int, help="Causes of the change until then [the newest year].")
@electricity_option
@scope_option
@side_by_side_option
@draws_option
@seed_option
@json_option
@click.pass_obj
def progress(
    session: Session,
    target: str | None,
    year: int | None,
    electricity: Any,
    scope: Any,
    side_by_side: bool,
    draws: int,
    seed: int,
    as_json: bool,
) -> None:
    """Where the town stands against its target, own and supra-ordinate."""
    city = session.city
    method = Method.of(city.plan, electricity_factor=electricity, electricity_scope=scope)
    if side_by_side:
        tell_progress_bases(session, target, method, as_json=as_json)
        return
    made = make_progress(
        city,
        session.ledger,
        target,
        method,
        simulation=asked_simulation(session, draws, seed),
    )
    labels = session.store.labels()
    if as_json:
        print_json(progress_document(city, made, labels))
        return
    effects = made.effects_in(made.latest.year if year is None else year)
    digits = 0 if made.target.kind == "absolute" else 3
    print_table(
        f"{city.name}: {made.target.name.en}; electricity {basis_name(made.method)}",
        [
            "year",
            made.unit,
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
                number(y.emissions_t, digits),
                number(y.path_t, digits),
                number(y.distance_t, digits),
                _reduction(y),
                *chance_cells(made, y.year),
                percent(y.required_fraction),
                "base year" if y is made.base else verdict_words(y),
            ]
            for y in made.years
        ],
    )
    for told in open_verdicts(made.years):
        say(told)
    _say_asked(made.latest)
    _say_allowed(city, made)
    say_chances(made)
    _print_causes(made, effects)
    upcoming = next_target(city, made.latest.year)
    if upcoming and upcoming.id != made.target.id:
        say(
            f"Next: {upcoming.name.en} (on {upcoming.base_year}); "
            f"paes progress --target {upcoming.id}"
        )
    for finding in declared_findings(city, city.declared, limits(session.root)):
        say(f"hardly right: {finding.subject}: {finding.message}")
    say_marks(made.inventories[-1].assumed_fraction, labels)


def _say_asked(year: YearResult) -> None:
    """What the path asks for in ``year``, and of whom, if the act says that."""
    if year.required_supra_fraction is not None:
        say(
            f"asked in {year.year}: {percent(year.required_fraction)}, of which "
            f"{percent(year.required_supra_fraction)} supra-ordinate and "
            f"{percent(year.required_own_fraction)} own"
        )


def _say_allowed(city: City, made: Progress) -> None:
    """What a target per head comes to for all."""
    target = made.target
    if target.kind == "per_capita":
        heads = inhabitants(city, target, target.target_year)
        say(
            f"{number(made.target_t, 3)} t per head are {number(made.target_t * heads)} t of "
            f"{number(heads)} inhabitants in {target.target_year}"
        )


def _reduction(year: YearResult) -> str:
    """The reduction; where meters missed something, also the least that it can be."""
    most, least = (percent(f) for f in (year.reduction_fraction, year.least_reduction_fraction))
    if most == least:
        return most
    is_bounded = math.isfinite(year.least_reduction_fraction)
    return f"{least.removesuffix(' %')} to {most}" if is_bounded else f"at most {most}"


def _print_causes(made: Progress, effects: Effects) -> None:
    """A year's change by cause, with a subtotal for whom several causes are owed to."""
    base_t = made.inventories[0].emissions_t
    told = [cause for cause in causes_of(effects) if cause.is_told]
    rows = []
    for owed in Owed:
        here = [cause for cause in told if cause.owed is owed]
        rows += [_cause_row(cause, base_t) for cause in here]
        if len(here) > 1:
            t = subtotal_t(here, owed)
            rows.append([f"= {_OWED[owed]}", number(t), _part(t, base_t), ""])
    rows.append(["total reduction", number(effects.total_t), _part(effects.total_t, base_t), ""])
    columns = ["cause", "t", f"of {made.base.year}", "known by"]
    print_table(f"Reduction {made.base.year}-{effects.year} by cause", columns, rows)
    say_whose(made.target, effects, base_t)
    for finding in effects.findings:
        say(f"{finding.subject}: {finding.message}")


def say_whose(target: Target, effects: Effects, base_t: float) -> None:
    """What is left without the grid's fall, and the town's own part beside the promised one."""
    if base_t <= 0:
        return
    whole, left = effects.total_t / base_t, (effects.total_t - effects.grid_t) / base_t
    promised = target.reduction_fraction
    if effects.grid_t > 0:
        kept_by_grid = target.kind == "absolute" and left < promised <= whole
        note = f": less than the {percent(promised)} promised" if kept_by_grid else ""
        say(f"{effects.year}: without the fall of the grid's factor {percent(left)}{note}")
    if target.own_fraction is not None:
        own = percent(effects.own_actions_t / base_t)
        say(f"own: {percent(target.own_fraction)} promised, {own} declared by {effects.year}")


def _cause_row(cause: Cause, base_t: float) -> list[str]:
    basis = "computed, on assumed drivers" if cause.assumed else _BASIS[cause.basis]
    if number(cause.low_t) != number(cause.high_t):
        basis += f"; {_bounds(cause)}"
    return [_CAUSES[cause.name], number(cause.t), _part(cause.t, base_t), basis]


def _bounds(cause: Cause) -> str:
    if cause.owed is Owed.OWN:
        return f"{number(cause.low_t)} to {number(cause.high_t)} as savings come true elsewhere"
    ends = (cause.low_t, cause.high_t)
    low, high = (number(t) if math.isfinite(t) else "nobody knows" for t in ends)
    return f"{low} to {high} for gaps and estimates"


def _part(t: float, base_t: float) -> str:
    return percent(t / base_t if base_t else None)


COMMANDS = (progress,)
