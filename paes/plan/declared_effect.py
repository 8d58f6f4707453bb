"""What the register declares for a year: of one action, and of several without double counting.

An action has its yearly effect from the day after its end, by days; nothing before, and nothing
after its lifetime. Where only energy is declared, tonnes are derived from it, and marked::

    reduction_t = saving_mwh * factor of saved energy + production_mwh * factor of produced energy

Both factors are the year's. Saved electricity has the factor of the inventory, which is the local
one where the plan reckons so; produced electricity has the national one (NEEFE). The local factor
falls by the very plants that produce: with it, production would count in the factor and as a
saving (convention of EcoGIS, ``eco_simulator.php``). Other energy that is produced replaces
nobody knows what: its tonnes have to be declared. So have they where the set has no factor.

Where an action overlaps another, the common part counts with the other, on the days on which both
work. Every net figure follows from what was declared, so the order of actions changes nothing.
"""

from __future__ import annotations

import math
from calendar import isleap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal, NamedTuple

from paes.errors import FactorMissing
from paes.metering import Carrier, Sector
from paes.plan.action import Action, Origin, Status

Use = Literal["saved", "produced"]
FactorOf = Callable[[Carrier, Sector, int, Use], float]
"""The factor, in t/MWh, of energy that an action saves or produces in a sector and year."""

PLANNED = (Status.NOT_STARTED, Status.ONGOING)


@dataclass(frozen=True, slots=True)
class DeclaredEffect:
    """Of one action in one year, before anything is taken off for overlaps.

    None is what nobody declared, which is not 0.
    """

    year: int
    saving_mwh: float | None
    production_mwh: float | None
    reduction_t: float | None
    derived: bool
    """True if the tonnes were made from declared energy."""
    part_of_year: float
    """The part (0..1) of the year's days on which it works."""
    counted_fraction: float = 1.0
    """What of it counts where overlaps count elsewhere, and a base year had a part of it already;
    set by ``together``."""

    @property
    def declares(self) -> bool:
        """True if anything was declared at all."""
        declared = (self.saving_mwh, self.production_mwh, self.reduction_t)
        return any(figure is not None for figure in declared)

    def net(self, figure: float | None) -> float:
        """``figure`` without what counts elsewhere; 0 where nothing is declared."""
        return (figure or 0.0) * self.counted_fraction


class Counted(NamedTuple):
    """An action among others: what it declares, and what of it counts."""

    action: Action
    effect: DeclaredEffect
    net_reduction_t: float


def declared_effect(
    action: Action, year: int, factor_of: FactorOf, *, planned: bool = False
) -> DeclaredEffect:
    """What ``action`` declares for ``year``.

    Only completed actions work; with ``planned`` those that are ongoing or not started work too,
    from their planned end on.
    """
    part = working_days(action, year, planned).fraction
    reduction_t, derived = _reduction(action, year, factor_of)
    return DeclaredEffect(
        year=year,
        saving_mwh=_times(action.declared_saving_mwh, part),
        production_mwh=_times(action.declared_production_mwh, part),
        reduction_t=_times(reduction_t, part),
        derived=derived,
        part_of_year=part,
    )


def together(
    actions: Iterable[Action],
    year: int,
    factor_of: FactorOf,
    *,
    since: int | None = None,
    planned: bool = False,
) -> list[Counted]:
    """Each action's effect in ``year``, with what several declare counted once.

    ``net = declared * (1 - sum of its overlaps with others that work)``, never below 0. An action
    that works but declares nothing takes nothing off another. Overlaps with actions that are not
    among these take nothing off either.

    With a base year ``since`` net figures are the change since then: the year's less what counted
    in the base year, by the year's factors. That is negative for an action of old of which others
    have taken over a part. One that has worn out is no rise: whatever stands in its place now
    would have to declare it.
    """
    listed = list(actions)
    effects = {a.id: declared_effect(a, year, factor_of, planned=planned) for a in listed}
    declaring = [a for a in listed if effects[a.id].declares]
    now = _counting(declaring, year, planned)
    # a plan that is late was in no figure of the base year, whatever end it was given
    before = _counting(declaring, since, planned=False) if since is not None else {}
    counted = []
    for action in listed:
        left = _left(now.get(action.id), before.get(action.id))
        effect = replace(effects[action.id], counted_fraction=left)
        counted.append(Counted(action, effect, effect.net(effect.reduction_t)))
    return counted


@dataclass(frozen=True, slots=True)
class OriginTotals:
    """Net tonnes of several actions by whom they are owed to."""

    own_t: float
    supra_ordinate_t: float
    unsplit_t: float
    """Of mixed actions that do not say which part is the town's own."""

    @property
    def total_t(self) -> float:
        """Of all."""
        return self.own_t + self.supra_ordinate_t + self.unsplit_t


def by_origin(counted: Iterable[Counted]) -> OriginTotals:
    """Net tonnes by origin; a mixed action is split by its ``own_fraction``, if it has one."""
    own, supra, unsplit = [], [], []
    for action, _, net_t in counted:
        part = own_part(action)
        if part is None:
            unsplit.append(net_t)
        else:
            own.append(net_t * part)
            supra.append(net_t * (1 - part))
    return OriginTotals(math.fsum(own), math.fsum(supra), math.fsum(unsplit))


def own_part(action: Action) -> float | None:
    """The part of its effect (0..1) that is the town's own; None if nobody says."""
    if action.origin is Origin.MIXED:
        return action.own_fraction
    return 1.0 if action.origin is Origin.LOCAL else 0.0


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a year on which an action works; ``end`` is not among them."""

    start: date
    end: date
    of_year: int

    @property
    def count(self) -> int:
        """How many."""
        return max(0, (self.end - self.start).days)

    @property
    def fraction(self) -> float:
        """The part of the year's days."""
        return self.count / self.of_year

    def common(self, other: Days) -> int:
        """How many of them ``other`` has too."""
        return max(0, (min(self.end, other.end) - max(self.start, other.start)).days)


def working_days(action: Action, year: int, planned: bool = False) -> Days:
    """The days of ``year`` after its end and within its lifetime; none without an end."""
    first, after, of_year = date(year, 1, 1), date(year + 1, 1, 1), 366 if isleap(year) else 365
    works = action.status is Status.COMPLETED or (planned and action.status in PLANNED)
    if not works or action.end is None:
        return Days(first, first, of_year)
    worn_out = end_of_life(action)
    stop = min(after, worn_out + timedelta(days=1)) if worn_out else after
    return Days(max(first, action.end + timedelta(days=1)), stop, of_year)


def as_if_done(action: Action, year: int) -> Action:
    """``action`` as if it had ended with the year before: what it declares for a whole year."""
    return action.model_copy(update={"start": None, "end": date(year - 1, 12, 31)})


def end_of_life(action: Action) -> date | None:
    """Its last day of effect; None if it has no end, or no lifetime was given."""
    if action.end is None or action.lifetime_years is None:
        return None
    year = action.end.year + action.lifetime_years
    if (action.end.month, action.end.day) == (2, 29) and not isleap(year):
        return date(year, 2, 28)
    return action.end.replace(year=year)


@dataclass(frozen=True, slots=True)
class _Counting:
    """The part of a year on which an action works, and what of its effect then is its own."""

    part_of_year: float
    left: float


def _counting(actions: Sequence[Action], year: int, planned: bool) -> dict[str, _Counting]:
    """Of each of ``actions`` in ``year``, among themselves."""
    days = {a.id: working_days(a, year, planned) for a in actions}
    return {a.id: _Counting(days[a.id].fraction, 1.0 - _elsewhere(a, days)) for a in actions}


def _left(now: _Counting | None, before: _Counting | None) -> float:
    """What of the year's effect counts: all that no other counts and the base year had not."""
    if now is None or before is None or not now.part_of_year:
        return now.left if now else 1.0
    had = min(before.part_of_year, now.part_of_year) * before.left
    return now.left - had / now.part_of_year


def _elsewhere(action: Action, days: Mapping[str, Days]) -> float:
    """The part of its effect (0..1) that counts with others."""
    own = days[action.id]
    if not own.count:
        return 0.0
    parts = [
        overlap.fraction * own.common(days[overlap.action]) / own.count
        for overlap in action.overlaps
        if overlap.action in days
    ]
    return min(1.0, math.fsum(parts))


def _reduction(action: Action, year: int, factor_of: FactorOf) -> tuple[float | None, bool]:
    """Tonnes of a whole year, and whether they were derived; None if they cannot be."""
    if action.declared_reduction_t is not None:
        return action.declared_reduction_t, False
    saves, produces = action.declared_saving_mwh, action.declared_production_mwh
    try:
        saved_t = _derived(action, saves, year, "saved", factor_of)
        produced_t = _derived(action, produces, year, "produced", factor_of)
    except FactorMissing:  # told as a finding: one such action does not spoil the register
        return None, False
    if saved_t is None and produced_t is None:
        return None, False
    return (saved_t or 0.0) + (produced_t or 0.0), True


def _derived(
    action: Action, mwh: float | None, year: int, use: Use, factor_of: FactorOf
) -> float | None:
    """Tonnes of declared energy; None if there is none, or what it replaces is not known."""
    is_known = use == "saved" or action.carrier is Carrier.ELECTRICITY
    if mwh is None or action.carrier is None or not is_known:
        return None
    return mwh * factor_of(action.carrier, action.sector, year, use)


def _times(figure: float | None, part: float) -> float | None:
    return None if figure is None else figure * part
