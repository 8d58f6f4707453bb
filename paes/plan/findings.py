"""What is odd about the actions of a register, as of a day: a person should look.

What is wrong with its names stops the start (``paes.plan.checks``); here is what may be true and
still makes a figure doubtful. Names of findings begin with ``action.``; subjects are actions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

from paes.metering import Carrier, Finding
from paes.plan.action import Action, Status
from paes.plan.covenant_lists import CovenantLists
from paes.plan.declared_effect import PLANNED, DeclaredEffect, end_of_life

_WHOLE = 1 + 1e-9
"""The most that parts of a whole make, with what is lost in adding them."""


def register_findings(
    actions: Iterable[Action], today: date, lists: CovenantLists | None = None
) -> list[Finding]:
    """Every finding about ``actions`` as of ``today``, in their order."""
    listed = list(actions)
    by_id = {a.id: a for a in listed}
    found: list[Finding] = []
    for action in listed:
        found += _time_findings(action, today)
        for check in _CHECKS:
            found += check(action)
        found += _relation_findings(action, by_id)
        if lists:
            found += _area_findings(action, lists)
    return found


def is_late(action: Action, today: date) -> bool:
    """True if it should be complete by now, or under way, and is not."""
    if action.status not in PLANNED:
        return False
    started_late = (
        action.status is Status.NOT_STARTED and action.start is not None and action.start <= today
    )
    return started_late or (action.end is not None and action.end < today)


def _time_findings(action: Action, today: date) -> Iterator[Finding]:
    end, status = action.end, action.status
    if status in PLANNED and end and end < today:
        numbers = {"late_days": float((today - end).days)}
        seen = str(status).replace("_", " ")
        text = f"{seen}, though its end was {end}: give it a new end, or say that it is completed"
        yield _finding("late", action, text, numbers)
    elif status is Status.NOT_STARTED and action.start and action.start <= today:
        numbers = {"late_days": float((today - action.start).days)}
        text = f"not started, though its start was {action.start}"
        yield _finding("start_passed", action, text, numbers)
    if status is Status.COMPLETED and end is None:
        text = "completed, but without an end: nothing that it declares counts in any year"
        yield _finding("completed_without_end", action, text)
    if status is Status.COMPLETED and end and end > today:
        yield _finding("completed_ahead", action, f"completed, but its end {end} lies ahead")
    worn_out = end_of_life(action)
    if status is Status.COMPLETED and worn_out and worn_out < today:
        text = f"its lifetime of {action.lifetime_years} years ended {worn_out}: it counts no more"
        yield _finding("lifetime_over", action, text)


def _fraction_findings(action: Action) -> Iterator[Finding]:
    done = action.completed_fraction
    if done is None:
        return
    if action.status is Status.COMPLETED and done < 1:
        text = f"completed, but completed_fraction is {done:g}"
        yield _finding("completed_fraction", action, text, {"completed_fraction": done})
    if action.status is Status.NOT_STARTED and done > 0:
        text = f"not started, but completed_fraction is {done:g}"
        yield _finding("completed_fraction", action, text, {"completed_fraction": done})


def _money_findings(action: Action) -> Iterator[Finding]:
    cost, spent = action.cost_eur, action.spent_eur
    if cost is not None and spent is not None and spent > cost:
        text = f"{spent:,.0f} EUR were spent, more than its cost of {cost:,.0f} EUR"
        yield _finding("spent_above_cost", action, text, {"spent_eur": spent, "cost_eur": cost})
    if cost is None or not action.funding:
        return
    funded = math.fsum(f.eur or 0.0 for f in action.funding)
    is_whole = all(f.eur is not None for f in action.funding)
    if funded > cost * _WHOLE or (is_whole and funded * _WHOLE < cost):
        relation = "more" if funded > cost else "less"
        text = f"its funding sums to {funded:,.0f} EUR, {relation} than its cost of {cost:,.0f} EUR"
        yield _finding("funding_sum", action, text, {"funding_eur": funded, "cost_eur": cost})


def underived_findings(effects: Iterable[tuple[Action, DeclaredEffect]]) -> list[Finding]:
    """Actions that declare energy of a carrier, but no tonnes, and none could be derived."""
    return [
        _finding(
            "tonnes_not_derived",
            action,
            f"declares energy ({action.carrier}), but no tonnes, and how many that saves is not "
            "known: declare them (declared_reduction_t)",
        )
        for action, effect in effects
        if action.carrier and (effect.reduction_t is None or _replaces_unknown(action))
        if effect.declares
    ]


def _replaces_unknown(action: Action) -> bool:
    """True if it produces energy other than electricity, and tells no tonnes for it."""
    produces = action.declared_production_mwh is not None
    is_told = action.declared_reduction_t is not None or action.carrier is Carrier.ELECTRICITY
    return produces and not is_told


def _effect_findings(action: Action) -> Iterator[Finding]:
    saving, production = action.declared_saving_mwh, action.declared_production_mwh
    for name, declared in (("saving", saving), ("production", production)):
        if declared is not None and action.carrier is None:
            text = f"declares a {name} of {declared:,.0f} MWh, but no carrier"
            yield _finding(f"{name}_without_carrier", action, text, {f"{name}_mwh": declared})


def _overlap_findings(action: Action) -> Iterator[Finding]:
    common = math.fsum(o.fraction for o in action.overlaps)
    if common > _WHOLE:
        text = f"its overlaps sum to {common:g} of its effect; no more than the whole is taken off"
        yield _finding("overlaps_above_whole", action, text, {"overlap_fraction": common})


_CHECKS: tuple[Callable[[Action], Iterable[Finding]], ...] = (
    _fraction_findings,
    _money_findings,
    _effect_findings,
    _overlap_findings,
)


def _relation_findings(action: Action, by_id: Mapping[str, Action]) -> Iterator[Finding]:
    if action.status is Status.CANCELLED:
        return
    for name in action.excludes:
        other = by_id.get(name)
        if other and _are_alive(action, other):
            text = f"excludes {name}, and neither is postponed or cancelled: sums count both"
            yield _finding("excluded_beside", action, text)
    for name in action.requires:
        other = by_id.get(name)
        if other and other.status is Status.CANCELLED:
            yield _finding("required_cancelled", action, f"requires {name}, which is cancelled")
        elif other and action.status is Status.COMPLETED and other.status is not Status.COMPLETED:
            seen = str(other.status).replace("_", " ")
            text = f"completed, but requires {name}, which is {seen}"
            yield _finding("required_not_completed", action, text)


def _are_alive(*actions: Action) -> bool:
    return all(a.status is Status.COMPLETED or a.status in PLANNED for a in actions)


def _area_findings(action: Action, lists: CovenantLists) -> Iterator[Finding]:
    """An area of intervention that belongs to other sectors."""
    group = lists.areas.group(action.area) if action.area else None
    if group and group.sectors and action.sector not in group.sectors:
        text = (
            f"area {action.area} belongs to {group.name.en.lower()}, and the action's sector is "
            f"{action.sector}"
        )
        yield _finding("area_of_other_sector", action, text)


def _finding(
    name: str, action: Action, message: str, numbers: Mapping[str, float] | None = None
) -> Finding:
    return Finding(f"action.{name}", action.id, message, numbers=numbers or {})
