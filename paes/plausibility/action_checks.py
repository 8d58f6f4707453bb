"""Declared effects of actions that are hardly right: the JRC's checks of plans, as findings.

One action needs nothing else; sums of the register need the base year's inventory.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from paes.metering import Finding, Sector
from paes.plan.action import Action, Status
from paes.plan.target import Target
from paes.plausibility.limits import ActionLimits

if TYPE_CHECKING:  # ``paes check`` asks of single actions and must not wait for data frames
    from paes.inventory.inventory import Inventory

COUNTED = (Status.NOT_STARTED, Status.ONGOING, Status.COMPLETED)


def implicit_factor_findings(actions: Iterable[Action], limits: ActionLimits) -> list[Finding]:
    """Actions whose tonnes do not fit their energy.

    ``factor = declared reduction / (declared saving + declared production)``. Of small actions
    and of the sector other, which has effects without energy, nothing is asked.
    """
    found = []
    for action in actions:
        factor = implicit_factor(action)
        if factor is None or action.sector is Sector.OTHER:
            continue
        if (action.declared_reduction_t or 0.0) <= limits.least_reduction_t:
            continue
        if limits.least_t_per_mwh <= factor <= limits.most_t_per_mwh:
            continue
        high = factor > limits.most_t_per_mwh
        bound = limits.most_t_per_mwh if high else limits.least_t_per_mwh
        message = (
            f"{factor:.4g} t for every MWh saved or produced, {'more' if high else 'less'} than "
            f"{bound:g}: tonnes or MWh may be in another unit"
        )
        numbers = {"implicit_t_per_mwh": factor, "limit_t_per_mwh": bound}
        found.append(Finding("action.implicit_factor", action.id, message, numbers=numbers))
    return found


def implicit_factor(action: Action) -> float | None:
    """Declared tonnes by declared MWh; None if one of them is not declared, or there are none."""
    mwh = math.fsum([action.declared_saving_mwh or 0.0, action.declared_production_mwh or 0.0])
    if action.declared_reduction_t is None or not mwh:
        return None
    return action.declared_reduction_t / mwh


def plan_findings(
    actions: Iterable[Action],
    targets: Iterable[Target],
    base: Inventory,
    reduction_t: float,
    limits: ActionLimits,
) -> list[Finding]:
    """What the register declares together beside what targets ask for, and the base year.

    ``reduction_t`` is the sum that counts (overlaps once, derived tonnes included). Targets of
    other base years are left out.
    """
    listed = [action for action in actions if action.status in COUNTED]
    found: list[Finding] = []
    for target in targets:
        if target.base_year == base.year:
            found += _beside_target(target, base, reduction_t, limits)
    if reduction_t > base.emissions_t:
        message = (
            f"all actions together declare {reduction_t:,.0f} t less, more than the "
            f"{base.emissions_t:,.0f} t of {base.year}"
        )
        numbers = {"reduction_t": reduction_t, "base_t": base.emissions_t}
        found.append(Finding("plan.reductions_exceed_base", base.city, message, numbers=numbers))
    saving = math.fsum(action.declared_saving_mwh or 0.0 for action in listed)
    if saving > limits.savings_of_base_energy * base.energy_mwh:
        message = (
            f"all actions together save {saving:,.0f} MWh, more than "
            f"{100 * limits.savings_of_base_energy:.0f} % of the {base.energy_mwh:,.0f} MWh of "
            f"{base.year}"
        )
        numbers = {"saving_mwh": saving, "base_mwh": base.energy_mwh}
        found.append(Finding("plan.savings_exceed_base", base.city, message, numbers=numbers))
    return found


def _beside_target(
    target: Target, base: Inventory, reduction_t: float, limits: ActionLimits
) -> Iterable[Finding]:
    asked_t = target.reduction_fraction * base.emissions_t
    if asked_t <= 0 or reduction_t <= (1 + limits.reductions_exceed_target_by) * asked_t:
        return
    yield Finding(
        "plan.reductions_exceed_target",
        target.id,
        f"all actions together declare {reduction_t:,.0f} t less, "
        f"{reduction_t / asked_t:.1f} times the {asked_t:,.0f} t that the target asks for",
        numbers={"reduction_t": reduction_t, "asked_t": asked_t},
    )
