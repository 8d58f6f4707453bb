"""The cheapest set of actions that gives a wanted reduction, under a budget.

Every action is done whole or not at all. What two actions both declare counts once: of action i
with overlaps f_ik with the others k that are done, ``min(1, sum f_ik)`` of its effect is lost,
which is the rule of ``paes.plan.declared_effect``. Solved as a mixed-integer linear program, so
the answer is the best one and not a good one.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from paes.next_actions.solver import Problem, Solution, solve

CENT_EUR = 0.005
GRAM_T = 1e-6


class Least(StrEnum):
    """What shall be least; the other decides between equals."""

    INVESTMENT = "investment"  # what has to be put up
    YEARLY_COST = "yearly_cost"  # what a year costs, energy saved taken off


@dataclass(frozen=True)
class Option:
    """An action as the choice sees it; effects are a year's, before overlaps."""

    id: str
    reduction_t: float
    cost_eur: float = 0.0
    yearly_cost_eur: float = 0.0
    overlaps: Mapping[str, float] = field(default_factory=dict)
    """Which part (0..1) of it is lost where the other action is done."""
    excludes: Collection[str] = ()
    requires: Collection[str] = ()


@dataclass(frozen=True)
class Mix:
    """The actions chosen, and what they give and cost together, overlaps counted once."""

    chosen: tuple[str, ...]
    """Those that were free to choose, in the order they were given."""
    net_t: Mapping[str, float]
    """Of each chosen action and of each that is done anyway."""
    cost_eur: float
    yearly_cost_eur: float
    short_t: float
    """How much is lacking of the wanted reduction; 0 if it is reached."""
    proved: bool
    """False if time ran out before the choice was proved to be the best."""

    @property
    def reduction_t(self) -> float:
        """What the chosen ones and those done anyway give together."""
        return math.fsum(self.net_t.values())


def cheapest_mix(
    options: Sequence[Option],
    done: Sequence[Option],
    wanted_t: float,
    *,
    budget_eur: float | None = None,
    least: Least = Least.INVESTMENT,
) -> Mix:
    """The cheapest of ``options`` that give ``wanted_t`` together with those ``done`` anyway.

    If no choice does, the one that comes nearest, the cheapest of these: ``short_t`` says by how
    much it falls short. ``budget_eur`` bounds the investment of ``options``.
    """
    model = _Model(options, done, budget_eur)
    model.problem.require(model.net, low=wanted_t)
    found = model.best(_costs(options, least), _costs(options, _other(least)))
    if found is None:
        model.problem.rows.pop()
        found = model.nearest(_costs(options, least))
    chosen = tuple(o.id for o in options if found.values[model.place[o.id]] > 0)
    net = net_reductions([*done, *(o for o in options if o.id in set(chosen))])
    total = math.fsum(net.values())
    short = wanted_t - total
    return Mix(
        chosen=chosen,
        net_t=net,
        cost_eur=math.fsum(o.cost_eur for o in options if o.id in chosen),
        yearly_cost_eur=math.fsum(o.yearly_cost_eur for o in options if o.id in chosen),
        short_t=short if short > GRAM_T * max(1.0, abs(wanted_t)) else 0.0,
        proved=found.proved,
    )


def net_reductions(together: Iterable[Option]) -> dict[str, float]:
    """What each of the actions gives if all of them are done, by id, in t."""
    listed = list(together)
    there = {option.id for option in listed}
    return {
        o.id: o.reduction_t
        * (1 - min(1.0, math.fsum(f for k, f in o.overlaps.items() if k in there)))
        for o in listed
    }


class _Model:
    """The program: a variable for each action, and more for what overlaps take away."""

    def __init__(
        self, options: Sequence[Option], done: Sequence[Option], budget_eur: float | None
    ) -> None:
        self.problem = Problem()
        self.options = options
        self.place = {o.id: self.problem.variable() for o in (*options, *done)}
        self.problem.fixed = {self.place[o.id]: 1.0 for o in done}
        self.net = {self.place[o.id]: o.reduction_t for o in (*options, *done)}
        for option in (*options, *done):
            self._overlaps(option)
        for option in options:
            self._conditions(option)
        if budget_eur is not None:
            costs = {self.place[o.id]: o.cost_eur for o in options}
            self.problem.require(costs, high=budget_eur + CENT_EUR)

    def best(self, first: Mapping[str, float], then: Mapping[str, float]) -> Solution | None:
        """The least of ``first``, and of the choices that are equal in it the least of ``then``."""
        found = solve(self.problem, self._vector(first))
        if found is None:
            return None
        by_place = {self.place[name]: value for name, value in first.items()}
        self.problem.require(by_place, high=found.cost + CENT_EUR)
        second = solve(self.problem, self._vector(then))
        self.problem.rows.pop()
        return second if second and second.proved else found

    def nearest(self, costs: Mapping[str, float]) -> Solution:
        """The most reduction that the limits allow, and the cheapest way to it."""
        minus = [-self.net.get(place, 0.0) for place in range(len(self.problem.costs))]
        most = solve(self.problem, minus)
        assert most is not None  # to do nothing more is always allowed
        self.problem.require(self.net, low=-most.cost - GRAM_T * max(1.0, abs(most.cost)))
        cheapest = solve(self.problem, self._vector(costs))
        self.problem.rows.pop()
        return cheapest if cheapest and cheapest.proved else most

    def _vector(self, costs: Mapping[str, float]) -> list[float]:
        vector = [0.0] * len(self.problem.costs)
        for name, value in costs.items():
            vector[self.place[name]] = value
        return vector

    def _overlaps(self, option: Option) -> None:
        """Takes off what is lost to others; a sum above the whole loses the whole."""
        lost: dict[int, float] = {}
        for other, fraction in option.overlaps.items():
            if other in self.place:
                both = self.problem.variable(whole=False)
                here, there = self.place[option.id], self.place[other]
                self.problem.require({both: 1.0, here: -1.0, there: -1.0}, low=-1.0)
                lost[both] = fraction
        if sum(lost.values()) <= 1:
            self.net |= {both: -option.reduction_t * f for both, f in lost.items()}
            return
        part, is_whole = self.problem.variable(whole=False), self.problem.variable()
        most = sum(lost.values())
        # Either all that the overlaps name is lost, or the whole: part >= sum - most * is_whole,
        # part >= is_whole.
        self.problem.require({part: 1.0, is_whole: most, **{b: -f for b, f in lost.items()}}, low=0)
        self.problem.require({part: 1.0, is_whole: -1.0}, low=0.0)
        self.net[part] = -option.reduction_t

    def _conditions(self, option: Option) -> None:
        here = self.place[option.id]
        for other in option.excludes:
            if other in self.place:
                self.problem.require({here: 1.0, self.place[other]: 1.0}, high=1.0)
        for other in option.requires:
            if other in self.place:
                self.problem.require({here: 1.0, self.place[other]: -1.0}, high=0.0)
            else:
                self.problem.fixed[here] = 0.0


def _costs(options: Sequence[Option], least: Least) -> dict[str, float]:
    if least is Least.INVESTMENT:
        return {o.id: o.cost_eur for o in options}
    return {o.id: o.yearly_cost_eur for o in options}


def _other(least: Least) -> Least:
    return Least.YEARLY_COST if least is Least.INVESTMENT else Least.INVESTMENT
