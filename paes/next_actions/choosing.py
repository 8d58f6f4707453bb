"""What next: the gap to a target, what each open action costs, and the cheapest way to close it.

The gap is reckoned from the newest inventory: everything that no action changes stays as it was
in that year. Actions under way are taken to be completed by their end, and count first; among those
not started the cheapest are chosen. Declared effects are taken to come true by one part,
``realisation``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from paes.accounting.ledger import EnergyLedger
from paes.errors import DataError
from paes.installation import City, some
from paes.next_actions.abatement_curve import Step, abatement_curve, as_option
from paes.next_actions.action_mix import Least, Mix, Option, cheapest_mix, net_reductions
from paes.next_actions.candidate import Candidate, as_candidate
from paes.next_actions.prices import AbatementPrices
from paes.periods import local_year
from paes.plan.action import Action, Status
from paes.plan.declared_effect import (
    DeclaredEffect,
    FactorOf,
    declared_effect,
    together,
    working_days,
)
from paes.plan.target import Target
from paes.progress.action_factors import action_factors
from paes.progress.path import Emissions, target_total_t
from paes.progress.progress import Progress, make_progress, next_target

OPEN = (Status.NOT_STARTED, Status.POSTPONED)
DONE_ANYWAY = (Status.COMPLETED, Status.ONGOING)


@dataclass(frozen=True)
class Wish:
    """What the one who asks wants of a choice."""

    budget_eur: float | None = None
    complete_by: int | None = None
    """The last year in which a chosen action may end."""
    least: Least = Least.INVESTMENT
    without: tuple[str, ...] = ()
    """Actions that are not to be chosen."""
    realisation: float = 1.0
    """The part (0..1) of declared effects that is taken to come true."""


@dataclass(frozen=True)
class LeftOut:
    """An open action that is not among those to choose from, and why."""

    action: Action
    why: str


@dataclass(frozen=True)
class NextActions:
    """The answer to "what next" for one target."""

    target: Target
    progress: Progress
    gap_t: float
    """From the newest inventory to what the target allows, in t; negative if below it already."""
    under_way_t: float
    """What completed and ongoing actions still bring by the target year."""
    done_t: float
    """All that these give in the target year, if nothing is chosen."""
    curve: tuple[Step, ...]
    candidates: Mapping[str, Candidate]
    mix: Mix
    wish: Wish
    left_out: tuple[LeftOut, ...]
    unplaced: tuple[Candidate, ...]
    """Open actions without a step on the curve, for what the register does not say of them."""
    small_t: float
    most: Mix | None
    """If the mix falls short: the best without a budget; None if there was none to lift."""

    @property
    def to_close_t(self) -> float:
        """What has to be chosen besides what is under way; 0 if nothing."""
        return max(0.0, self.gap_t - self.under_way_t)

    @property
    def added_t(self) -> float:
        """What the mix adds to what is under way, less what overlaps take off the latter."""
        return self.mix.reduction_t - self.done_t


def next_actions(
    city: City,
    ledger: EnergyLedger,
    prices: AbatementPrices,
    wish: Wish,
    target_id: str | None = None,
) -> NextActions:
    """What ``city`` may do next for a target, by default the next that comes due.

    Raises DataError for a target that is due already, or an unknown action in ``wish``.
    """
    _require_known(city, wish)
    progress = make_progress(city, ledger, target_id or _next(city, ledger).id)
    target, latest = progress.target, progress.inventories[-1]
    if latest.year >= target.target_year:
        raise DataError(
            f"target {target.id} was due in {target.target_year} and the newest inventory is of "
            f"{latest.year}: nothing can be chosen for it any more; name another with --target"
        )
    made = {inventory.year: inventory for inventory in progress.inventories}
    factor_of = action_factors(ledger.installation.factors, progress.method, made)
    register = _Register(city.actions, target.target_year, factor_of, wish, prices)
    gap_t = _gap(city, progress)
    under_way_t = register.under_way_t(latest.year)
    done_t = math.fsum(net_reductions(register.done).values())
    wanted_t = gap_t - under_way_t + done_t
    small_t = prices.too_small.fraction * max(0.0, gap_t - under_way_t)
    curve = abatement_curve(list(register.candidates.values()), register.whole_years, small_t)
    mix = register.mix(wanted_t, wish.budget_eur)
    falls_short = mix.short_t > 0 and wish.budget_eur is not None
    placed = {step.candidate.action.id for step in curve}
    return NextActions(
        target=target,
        progress=progress,
        gap_t=gap_t,
        under_way_t=under_way_t,
        done_t=done_t,
        curve=tuple(curve),
        candidates=register.candidates,
        mix=mix,
        wish=wish,
        left_out=tuple(register.left_out),
        unplaced=tuple(c for name, c in register.candidates.items() if name not in placed),
        small_t=small_t,
        most=register.mix(wanted_t, None) if falls_short else None,
    )


def _require_known(city: City, wish: Wish) -> None:
    known = {action.id for action in city.actions}
    for name in wish.without:
        if name not in known:
            raise DataError(f"no action {name!r}; there is {some(known, near=name)}")


def _next(city: City, ledger: EnergyLedger) -> Target:
    last_year = local_year(ledger.clock(), city.time_zone) - 1
    target = next_target(city, last_year)
    if target is None:
        raise DataError(f"{city.id}: no target of the plan lies ahead of {last_year}")
    return target


def _gap(city: City, progress: Progress) -> float:
    base = progress.base
    start = Emissions(base.emissions_t, base.low_t, base.high_t)
    allowed = target_total_t(city, progress.target, start, progress.target.target_year)
    return progress.inventories[-1].emissions_t - allowed.t


class _Register:
    """The actions of a register as things to choose from, for a target year."""

    def __init__(
        self,
        actions: Sequence[Action],
        year: int,
        factor_of: FactorOf,
        wish: Wish,
        prices: AbatementPrices,
    ) -> None:
        self._year, self._factor_of = year, factor_of
        self._wish, self._prices = wish, prices
        self._by_id = {action.id: action for action in actions}
        self._fixed = [action for action in actions if action.status in DONE_ANYWAY]
        self.done = [self._option(action) for action in self._fixed]
        self.whole_years = [as_option(self._candidate(action)) for action in self._fixed]
        self.candidates = {a.id: self._candidate(a) for a in actions if a.status in OPEN}
        self.options: list[Option] = []
        self.left_out: list[LeftOut] = []
        for candidate in self.candidates.values():
            self._sort_in(candidate)

    def under_way_t(self, since: int) -> float:
        """What those done anyway bring in the year beyond ``since``, the newest inventory's.

        By the rule of progress and scenarios: what has worn out by then is no rise.
        """
        counted = together(self._fixed, self._year, self._factor_of, since=since, planned=True)
        return self._wish.realisation * math.fsum(one.net_reduction_t for one in counted)

    def mix(self, wanted_t: float, budget_eur: float | None) -> Mix:
        """The cheapest of the options; with those done anyway they give ``wanted_t``."""
        least = self._wish.least
        return cheapest_mix(self.options, self.done, wanted_t, budget_eur=budget_eur, least=least)

    def _sort_in(self, candidate: Candidate) -> None:
        option, money = self._option(candidate.action), as_option(candidate)
        why = self._why_not(candidate, option)
        if why:
            self.left_out.append(LeftOut(candidate.action, why))
            return
        self.options.append(
            replace(option, cost_eur=money.cost_eur, yearly_cost_eur=money.yearly_cost_eur)
        )

    def _why_not(self, candidate: Candidate, option: Option) -> str | None:
        action, latest = candidate.action, self._wish.complete_by
        if action.id in self._wish.without:
            return "not wanted"
        if action.status is Status.POSTPONED:
            return "postponed"
        if candidate.lacks:
            return f"the register does not say its {' and '.join(candidate.lacks)}"
        if action.end is None:
            return "the register does not say when it ends"
        if latest is not None and action.end.year > latest:
            return f"ends in {action.end.year}, after {latest}"
        if option.reduction_t <= 0:
            return f"ends on {action.end}: no effect in {self._year}"
        return None

    def _option(self, action: Action) -> Option:
        """What the action gives in the year if it ends as planned."""
        effect = declared_effect(action, self._year, self._factor_of, planned=True)
        return Option(
            id=action.id,
            reduction_t=(effect.reduction_t or 0.0) * self._wish.realisation,
            overlaps=self._overlaps(action),
            excludes=action.excludes,
            requires=action.requires,
        )

    def _overlaps(self, action: Action) -> dict[str, float]:
        """What counts with others, by the days of the year on which both work."""
        days = working_days(action, self._year, planned=True)
        found = {}
        for overlap in action.overlaps:
            other = self._by_id.get(overlap.action)
            if other and days.count and self._whole_year(other).declares:
                common = days.common(working_days(other, self._year, planned=True))
                found[other.id] = overlap.fraction * common / days.count
        return found

    def _candidate(self, action: Action) -> Candidate:
        """The action with a whole year's effect, whenever it ends."""
        whole, part = self._whole_year(action), self._wish.realisation
        tonnes = whole.reduction_t
        return as_candidate(
            action,
            None if tonnes is None else tonnes * part,
            (whole.saving_mwh or 0.0) * part,
            (whole.production_mwh or 0.0) * part,
            self._prices,
        )

    def _whole_year(self, action: Action) -> DeclaredEffect:
        """As if the action had been completed the year before."""
        ended = {"status": Status.COMPLETED, "end": date(self._year - 1, 12, 31)}
        new = action.model_copy(update={**ended, "lifetime_years": None})
        return declared_effect(new, self._year, self._factor_of)
