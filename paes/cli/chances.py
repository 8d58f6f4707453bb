"""Intervals and probabilities in words, and the options by which they are drawn."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import click

from paes.cli import Session
from paes.cli.output import number, percent, say, tell
from paes.plan.target import Target
from paes.progress.progress import Progress
from paes.uncertainty.assumptions import Source
from paes.uncertainty.chances import Chance, YearChances
from paes.uncertainty.largest_errors import LargestError, largest_errors
from paes.uncertainty.simulation import DRAWS, SEED, Draws, Simulation
from paes.uncertainty.spread import Interval

MOST_DRAWS = 200_000
"""They take 600 MB of memory for ten years of a town, and no interval moves any more."""
MANY_DRAWS = 5 * DRAWS
"""Who asks for more waits."""
LITTLE = 0.005
"""Parts of an uncertainty that are less are 0 % and not told."""
TOLD = 4
"""So many of the largest errors are."""
WIDTH = 100
NEARLY = 0.995
"""What is likelier is told as over 99 %: no draw knows more than was assumed."""

draws_option: Callable[[Any], Any] = click.option(
    "--draws",
    type=click.IntRange(100, MOST_DRAWS),
    default=DRAWS,
    show_default=True,
    help="So many draws of what may be wrong.",
)
seed_option: Callable[[Any], Any] = click.option(
    "--seed",
    type=click.IntRange(0),
    default=SEED,
    show_default=True,
    help="The same seed makes the same draws.",
)


def asked_simulation(session: Session, draws: int, seed: int) -> Simulation:
    """How errors are drawn: by the installation's assumptions; who waits for many is told."""
    if draws > MANY_DRAWS:
        say(f"{draws:,} draws: this takes some seconds")
    return Simulation(session.installation.uncertainty, draws, seed)


def probability(chance: Chance) -> str:
    """In per cent; two where what meters missed decides."""
    low, high = _likely(chance.low), _likely(chance.high)
    return low if low == high else f"{low} to {high}"


def change_interval(interval: Interval) -> str:
    """Of a reduction, as the change that it is: -7.8 to -10.9 %, the least first."""
    least, most = -interval.low, -interval.high
    if math.isinf(least):
        return f"at best {signed(most)}" if math.isfinite(most) else "unbounded"
    return f"{100 * least:+.1f} to {signed(most)}"


def signed(fraction: float) -> str:
    """A change in per cent, with its sign."""
    return f"{100 * fraction:+.1f} %"


def total_interval(drawn: Draws, year: int) -> str:
    """Of a year's emissions."""
    return tonnes_interval(drawn.totals[year].interval())


def tonnes_interval(interval: Interval) -> str:
    """Of emissions in t; nothing to tell of what is zero for certain."""
    if interval.low == interval.high == 0:
        return "-"
    if math.isinf(interval.high):
        return f"{number(interval.low)} or more"
    return f"{number(interval.low)} to {number(interval.high)}"


CHANCES = ("90 %", "on path")
"""Columns of a table of years; ``chance_cells`` fills them."""


def chance_cells(made: Progress, year: int) -> list[str]:
    """The interval of a year's reduction, and the probability that it keeps to the path.

    Nothing of the base year, which is where the path begins.
    """
    if made.chances is None or year == made.base.year:
        return ["-" for _ in CHANCES]
    found = made.chances.of(year)
    return [reduction_interval(found.reduction), probability(found.on_path)]


def say_chances(made: Progress) -> None:
    """The sentence about the target, and what makes it uncertain."""
    told = verdict_sentence(made)
    if told is None or made.chances is None:
        return
    tell(told)
    found = made.chances.of((made.at_target or made.latest).year)
    _say_sources(f"What makes the reduction of {found.year} uncertain", found.shares)


def reduction_interval(interval: Interval) -> str:
    """Of a reduction, in per cent."""
    if math.isinf(interval.low):
        return f"at most {percent(interval.high)}"
    return f"{100 * interval.low:.1f} to {percent(interval.high)}"


def verdict_sentence(made: Progress) -> str | None:
    """The target year, else the latest, in one sentence; None if nothing was drawn."""
    if made.chances is None:
        return None
    result = made.at_target or made.latest
    found = made.chances.of(result.year)
    told = (
        f"{result.year}: {signed(-result.reduction_fraction)} on {made.base.year} "
        f"({_level(found)}: {change_interval(found.reduction)}), "
        f"probability of at least {signed(-made.target.reduction_fraction)}: "
        f"{probability(found.meets_target)}"
    )
    return told if result.year >= made.target.target_year else told + _so_far(made.target, found)


def say_sources(drawn: Draws, year: int) -> None:
    """What makes a year's total uncertain."""
    _say_sources(f"What makes {year} uncertain", drawn.totals[year].shares)
    largest = [_told(e) for e in largest_errors(drawn, year, TOLD) if e.share >= LITTLE]
    if largest:
        for line in textwrap.wrap(f"Most of it: {', '.join(largest)}", WIDTH):
            click.echo(line)


def _told(error: LargestError) -> str:
    where = f"{error.sector}/{error.carrier}" if error.sector else str(error.carrier)
    return f"{where} ({error.source}) {percent(error.share, 0)}"


def _say_sources(title: str, shares: Mapping[Source, float]) -> None:
    """The largest part first; nothing if nothing is uncertain."""
    parts = sorted(shares.items(), key=lambda item: -item[1])
    told = [f"{source} {percent(part, 0)}" for source, part in parts if part >= LITTLE]
    if told:
        tell(f"{title}: {', '.join(told)}")


def _so_far(target: Target, found: YearChances) -> str:
    return f" (asked in {target.target_year}; of keeping to the path: {probability(found.on_path)})"


def _level(found: YearChances) -> str:
    return percent(found.reduction.level, 0)


def _likely(value: float) -> str:
    if value > NEARLY:
        return "over 99 %"
    return "under 1 %" if value < 1 - NEARLY else percent(value, 0)
