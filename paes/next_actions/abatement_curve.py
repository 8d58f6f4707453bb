"""The marginal abatement cost curve: what each action costs a tonne, the cheapest first.

Each step is as wide as what an action avoids in a whole year, net of what the actions before it
avoid already, and as high as what a tonne of that costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paes.next_actions.action_mix import Option, net_reductions
from paes.next_actions.candidate import Candidate


@dataclass(frozen=True, slots=True)
class Step:
    """One action on the curve."""

    candidate: Candidate
    net_t: float
    """What it adds to those before it, a whole year's."""
    eur_per_t: float
    """Of what it adds."""
    from_t: float
    """Where its step begins: what those before it avoid together."""
    too_small: bool

    @property
    def to_t(self) -> float:
        """Where its step ends."""
        return self.from_t + self.net_t


def abatement_curve(
    candidates: Sequence[Candidate], done: Sequence[Option], small_t: float
) -> list[Step]:
    """The candidates in order of what a tonne costs; those that cannot be placed are left out.

    Overlaps with those ``done`` anyway and with earlier steps are taken off. An action whose whole
    effect others declare has no step. Below ``small_t`` a step is too small to matter.
    """
    placed = sorted(
        (c for c in candidates if c.eur_per_t is not None),
        key=lambda c: (c.eur_per_t or 0.0, c.action.id),
    )
    steps: list[Step] = []
    before, reached_t = list(done), _sum(done)
    for candidate in placed:
        before.append(as_option(candidate))
        net_t = _sum(before) - reached_t
        if net_t > 0 and candidate.yearly_cost_eur is not None:
            steps.append(
                Step(
                    candidate,
                    net_t,
                    candidate.yearly_cost_eur / net_t,
                    steps[-1].to_t if steps else 0.0,
                    net_t < small_t,
                )
            )
        reached_t = _sum(before)
    return steps


def as_option(candidate: Candidate) -> Option:
    """The candidate as something to choose, with what its whole year gives."""
    action = candidate.action
    return Option(
        id=action.id,
        reduction_t=candidate.reduction_t or 0.0,
        cost_eur=candidate.cost_eur or 0.0,
        yearly_cost_eur=candidate.yearly_cost_eur or 0.0,
        overlaps={o.action: o.fraction for o in action.overlaps},
        excludes=action.excludes,
        requires=action.requires,
    )


def _sum(options: Sequence[Option]) -> float:
    return sum(net_reductions(options).values())
