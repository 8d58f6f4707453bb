"""Open cases that probably tell of one event, so that nobody looks for it, or adds it up, twice.

One waste may be seen by several rules (what is left on at night is also more than expected), and at
a submeter and the meter above it. ``paes.faults.money.losses`` settles them hour by hour; here
lists and letters, which know no hours, settle them by what they cost a week: of cases of one meter,
or of meters of which one contains the other, the dearest counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

from paes.faults.cases.case import Case
from paes.faults.money.price import NOTHING, Interval
from paes.metering import Measures
from paes.meters import Meter

MOSTLY = 0.5
"""From this part of what the dearer one costs on it is probably the same, else a part of it."""


@dataclass(frozen=True, slots=True)
class Twice:
    """``case`` probably tells of the same as the dearer ``of``, or of a part of it."""

    case: Case
    of: Case
    is_all: bool


def told_twice(cases: Iterable[Case], meters: Mapping[str, Meter]) -> dict[str, Twice]:
    """By the id of a case the dearer one that probably tells of the same.

    Of open cases with a price a week that both go on; money that a rule reckons itself (a claim, a
    power part) is a story of its own.
    """
    dearest_first = sorted(
        (case for case in cases if _week(case)), key=lambda case: (-_week(case), case.id)
    )
    counted: list[Case] = []
    found: dict[str, Twice] = {}
    for case in dearest_first:
        above = _path(case, meters)
        for other in counted:
            if _own_fraction(case, other) < 1 and (
                other.subject in above or case.subject in _path(other, meters)
            ):
                is_all = _week(case) >= MOSTLY * _week(other)
                found[case.id] = Twice(case, other, is_all)
                break
        else:
            counted.append(case)
    return found


def eur_per_week(cases: Iterable[Case], twice: Mapping[str, Twice]) -> Interval | None:
    """What they cost a week, each event once; None if nothing has a price."""
    told = [case.price.per_week.eur for case in cases if case.price and case.id not in twice]
    known = [eur for eur in told if eur]
    return reduce(Interval.__add__, known) if known else None


def eur_so_far(cases: Iterable[Case], twice: Mapping[str, Twice]) -> Interval:
    """What they have cost: of those told twice only the time before, or after, the dearer one."""
    total = NOTHING
    for case in cases:
        eur = case.price.so_far.eur if case.price else None
        if eur:
            twin = twice.get(case.id)
            total += eur.times(_own_fraction(case, twin.of)) if twin else eur
    return total


def _own_fraction(case: Case, other: Case) -> float:
    """The part of the time of ``case`` in which ``other`` did not last."""
    mine, its = case.episode, other.episode
    common = min(mine.end, its.end) - max(mine.start, its.start)
    return 1.0 - min(max(common / (mine.end - mine.start), 0.0), 1.0)


def _week(case: Case) -> float:
    """EUR a week of what goes on; 0 of what is no waste, or is told by its rule."""
    eur = case.price.per_week.eur if case.price else None
    return eur.likely if eur and case.is_open and case.episode.eur is None else 0.0


def _path(case: Case, meters: Mapping[str, Meter]) -> set[str]:
    """The meter of ``case`` and those that contain it."""
    found, id_ = {case.subject}, case.subject
    while (meter := meters.get(id_)) and meter.measures is Measures.SUBMETER and meter.parent:
        id_ = meter.parent
        found.add(id_)
    return found
