"""Sums of weighted tables of energy, and what a difference of two meters is worth.

What is taken off brings its doubt with it: the least of ``main - lift`` is the least of main less
the most of lift. Measured and estimated amounts are added with their signs, so that sums over
sites stay those of the meters; an estimate below zero is the estimate of a part that was taken
off. A difference was seen only when all its meters were: of the time that one of them missed,
nothing counts as covered. Energy is never negative, and what contains a part is no less than it:
where a gap leaves that open, the bounds close it. Pure functions on arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np

from paes.accounting.energy_table import EnergyTable
from paes.meter_trees.tree import Term


@dataclass(frozen=True)
class Tabled:
    """A term with its meter's table, and which terms it is one difference with."""

    term: Term
    table: EnergyTable
    group: str
    is_difference: bool = True
    """True if what is taken off is known to be part of what it is taken from."""


def summed(tabled: Iterable[Tabled]) -> EnergyTable:
    """All terms together, group by group; the tables have the same periods."""
    groups: dict[str, list[Tabled]] = {}
    for one in tabled:
        groups.setdefault(one.group, []).append(one)
    return reduce(add, (_together(of) for of in groups.values()))


def seen_together(total: EnergyTable, parts: Sequence[EnergyTable]) -> EnergyTable:
    """With the time in which all parts were seen, at most that of the worst of them."""
    span_s = np.max([table.span_s for table in parts], axis=0)
    unseen_s = np.max([table.span_s - table.covered_s for table in parts], axis=0)
    return replace(total, covered_s=span_s - unseen_s, span_s=span_s)


def difference(whole: EnergyTable, part: EnergyTable) -> EnergyTable:
    """``whole`` less ``part``, which is part of it."""
    total = _never_negative(_capped(whole + _weighted(part, -1.0)))
    return seen_together(total, [whole, part])


def _together(of: Sequence[Tabled]) -> EnergyTable:
    """The terms of one difference."""
    weighted = [_weighted(one.table, one.term.weight) for one in of]
    total = reduce(add, weighted)
    meters: dict[str, EnergyTable] = {}
    for one in of:
        name = one.term.meter.id
        meters[name] = meters[name] + one.table if name in meters else one.table
    if len(meters) > 1:
        total = seen_together(total, list(meters.values()))
    if all(one.term.weight > 0 for one in of):
        return total
    return _never_negative(_capped(total)) if of[0].is_difference else _capped(total)


def _weighted(table: EnergyTable, weight: float) -> EnergyTable:
    """The table times a number; one below zero exchanges the bounds."""
    if weight == 1:
        return table
    low, high = ("low", "high") if weight > 0 else ("high", "low")
    return EnergyTable(
        measured=table.measured * weight,
        catch_up=table.catch_up * abs(weight),
        estimated=table.estimated * weight,
        estimated_low=getattr(table, f"estimated_{low}") * weight,
        estimated_high=getattr(table, f"estimated_{high}") * weight,
        missing_low=getattr(table, f"missing_{low}") * weight,
        missing_high=getattr(table, f"missing_{high}") * weight,
        covered_s=table.covered_s,
        span_s=table.span_s,
    )


def _capped(total: EnergyTable) -> EnergyTable:
    """With no more catch-up than there is measured."""
    return replace(total, catch_up=np.minimum(total.catch_up, np.maximum(total.measured, 0.0)))


def _never_negative(table: EnergyTable) -> EnergyTable:
    """With the least raised to zero where the most is not below it (else a meter is wrong)."""
    possible = table.measured + table.estimated_high + table.missing_high >= 0
    seen = table.measured + table.estimated_low
    missing_low = np.clip(-seen, table.missing_low, table.missing_high)
    more = np.clip(-seen - missing_low, 0.0, table.estimated_high - table.estimated_low)
    return replace(
        table,
        missing_low=np.where(possible, missing_low, table.missing_low),
        estimated_low=table.estimated_low + np.where(possible, more, 0.0),
    )
