"""``paes next``: what the open actions cost a tonne, and the cheapest that close the gap."""

from __future__ import annotations

import math

import click

from paes.cli import Session
from paes.cli.asked import json_option
from paes.cli.output import number, percent, print_json, print_table, say, say_marks, tell
from paes.next_actions.abatement_curve import Step
from paes.next_actions.action_mix import Least, Mix
from paes.next_actions.choosing import NextActions, Wish, next_actions
from paes.next_actions.prices import abatement_prices
from paes.report.next_documents import next_document

_LEAST = {"investment": Least.INVESTMENT, "yearly-cost": Least.YEARLY_COST}
_SHOWN_T = 0.05
"""Less is 0.0 in print."""


@click.command("next")
@click.option("--target", metavar="ID", help="Target of the plan [the next that comes due].")
@click.option("--budget", type=click.FloatRange(min=0), metavar="EUR", help="To put up at most.")
@click.option("--by", "complete_by", type=int, metavar="YEAR", help="Last year for an end.")
@click.option("--least", type=click.Choice(list(_LEAST)), default="investment", show_default=True,
              help="What shall be least; yearly-cost takes saved energy off.")  # fmt: skip
@click.option("--without", multiple=True, metavar="ACTION", help="Not this one; repeatable.")
@click.option("--realisation", type=click.FloatRange(0, 1.5), metavar="PART",
              help="The part of declared effects that comes true [the likely one].")  # fmt: skip
@json_option
@click.pass_obj
def next_command(
    session: Session,
    target: str | None,
    budget: float | None,
    complete_by: int | None,
    least: str,
    without: tuple[str, ...],
    realisation: float | None,
    as_json: bool,
) -> None:
    """What to do next: the cost of a tonne by action, and the cheapest mix for the gap.

    Chosen are actions of the register that were not started; what is under way counts first.
    """
    city = session.city
    likely = session.installation.uncertainty.realisation.likely_fraction
    wish = Wish(
        budget_eur=budget,
        complete_by=complete_by,
        least=_LEAST[least],
        without=without,
        realisation=likely if realisation is None else realisation,
    )
    prices = abatement_prices(session.installation.root)
    found = next_actions(city, session.ledger, prices, wish, target)
    labels = session.store.labels()
    if as_json:
        print_json(next_document(city, found, labels))
        return
    _print_gap(found)
    _print_curve(found)
    _print_mix(found)
    _say_left_out(found)
    say_marks(None, labels)


def _print_gap(found: NextActions) -> None:
    year = found.progress.latest.year
    print_table(
        f"{found.target.name.en}: the gap, everything else as in {year}",
        ["", "t a year"],
        [
            [f"from {year} to what {found.target.target_year} allows", number(found.gap_t)],
            ["completed and under way bring by then", number(found.under_way_t)],
            ["left to close", number(found.to_close_t)],
        ],
    )


def _print_curve(found: NextActions) -> None:
    if not found.curve:
        click.echo("No action that is open has a cost and an effect.")
        return
    print_table(
        "Open actions by what a tonne costs (whole years, what overlaps taken off)",
        ["action", "end", "EUR/t", "t a year", "together", "EUR", "years", ""],
        [_step_row(step, found) for step in found.curve],
        left=2,
    )


def _step_row(step: Step, found: NextActions) -> list[str]:
    candidate = step.candidate
    action = candidate.action
    marks = ["chosen"] if action.id in found.mix.chosen else []
    marks += ["too small to matter"] if step.too_small else []
    return [
        action.id,
        str(action.end.year) if action.end else "-",
        number(step.eur_per_t),
        number(step.net_t, 1),
        number(step.to_t, 1),
        number(action.cost_eur),
        f"{candidate.lifetime_years}{' assumed' if candidate.lifetime_assumed else ''}",
        ", ".join(marks),
    ]


def _print_mix(found: NextActions) -> None:
    mix = found.mix
    if found.to_close_t <= 0:
        click.echo("Nothing has to be chosen: what is under way closes the gap.")
        return
    if mix.chosen:
        _print_chosen(found)
    tell(_outcome(found, mix))
    if found.most is not None:
        more = _outcome(found, found.most)
        tell(f"Without a budget: {more[0].lower()}{more[1:]}")


def _print_chosen(found: NextActions) -> None:
    mix, year = found.mix, found.target.target_year
    net_t = {name: mix.net_t[name] for name in sorted(mix.chosen, key=lambda n: -mix.net_t[n])}
    rows = list(net_t.items())
    lost_t = found.added_t - math.fsum(net_t.values())
    if abs(lost_t) > _SHOWN_T:
        rows.append(("what is under way, less for overlaps", lost_t))
    if len(rows) > 1:
        rows.append(("together", found.added_t))
    print_table(
        _title(found),
        ["action", f"t in {year}", "of what is left"],
        [[name, number(t, 1), percent(t / found.to_close_t)] for name, t in rows],
    )


def _title(found: NextActions) -> str:
    """Which mix it is: one that closes the gap, or the one that comes nearest."""
    if found.mix.short_t:
        return "The mix that comes nearest"
    return f"The cheapest mix (least {found.wish.least.replace('_', ' ')})"


def _outcome(found: NextActions, mix: Mix) -> str:
    money = (
        f"{number(mix.cost_eur)} EUR to invest, "
        f"{number(mix.yearly_cost_eur)} EUR a year after the energy saved"
    )
    proved = "" if mix.proved else " (the best found in a minute, not proved to be the best)"
    if mix.short_t:
        part = mix.short_t / found.to_close_t
        best = f"; the nearest takes {money}{proved}" if mix.chosen else ": none can be chosen"
        return (
            f"The target cannot be reached with these actions: {number(mix.short_t)} t a year are "
            f"lacking, {percent(part)} of what is left to close{best}."
        )
    return f"It closes the gap: {money}{proved}."


def _say_left_out(found: NextActions) -> None:
    reasons: dict[str, list[str]] = {}
    for one in found.left_out:
        reasons.setdefault(one.why, []).append(one.action.id)
    for why, names in reasons.items():
        say(f"not to choose from: {', '.join(names)}: {why}")
    say(f"{percent(found.wish.realisation)} of every declared effect is taken to come true")


COMMANDS = (next_command,)
"""Registered as ``next``; the function has another name because of the built-in."""
