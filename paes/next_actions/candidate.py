"""One action as a choice: what it would avoid in a year, and what a tonne of it costs.

::

    yearly cost     = cost x annuity(rate, lifetime) + running costs - worth of the energy
    cost of a tonne = yearly cost / yearly reduction          (negative: it pays for itself)

The reduction is the declared one (``paes.plan.declared_effect``), before overlaps.
"""

from __future__ import annotations

from dataclasses import dataclass

from paes.next_actions.prices import AbatementPrices, annuity
from paes.plan.action import Action


@dataclass(frozen=True, slots=True)
class Candidate:
    """An action with its yearly effect and money; what nobody declared is None."""

    action: Action
    reduction_t: float | None
    """A whole year's, once complete."""
    saving_mwh: float
    production_mwh: float
    lifetime_years: int
    lifetime_assumed: bool
    yearly_cost_eur: float | None
    """Net: what is saved of energy is taken off; None without cost, or without a price."""

    @property
    def cost_eur(self) -> float | None:
        """What has to be put up for it and is not spent yet."""
        cost, spent = self.action.cost_eur, self.action.spent_eur or 0.0
        return None if cost is None else max(0.0, cost - spent)

    @property
    def eur_per_t(self) -> float | None:
        """What a tonne costs; None if its cost or its effect is not known, or it has none."""
        if self.yearly_cost_eur is None or not self.reduction_t:
            return None
        return self.yearly_cost_eur / self.reduction_t

    @property
    def lacks(self) -> tuple[str, ...]:
        """What the register does not say, so that it can be put in no order."""
        lacking = []
        if self.action.cost_eur is None:
            lacking.append("cost")
        if self.reduction_t is None:
            lacking.append("reduction")
        elif not self.reduction_t:
            lacking.append("any effect")
        if self.action.cost_eur is not None and self.yearly_cost_eur is None:
            lacking.append("carrier with a price")
        return tuple(lacking)


def as_candidate(
    action: Action,
    reduction_t: float | None,
    saving_mwh: float,
    production_mwh: float,
    prices: AbatementPrices,
) -> Candidate:
    """The action with the money of a year at ``prices``."""
    years = action.lifetime_years or prices.lifetime_years(action.sector)
    return Candidate(
        action=action,
        reduction_t=reduction_t,
        saving_mwh=saving_mwh,
        production_mwh=production_mwh,
        lifetime_years=years,
        lifetime_assumed=action.lifetime_years is None,
        yearly_cost_eur=_yearly_cost(action, saving_mwh, production_mwh, years, prices),
    )


def _yearly_cost(
    action: Action,
    saving_mwh: float,
    production_mwh: float,
    years: int,
    prices: AbatementPrices,
) -> float | None:
    """Of the whole cost, spent or not: what it costs does not depend on who has paid it yet."""
    if action.cost_eur is None:
        return None
    worth = 0.0
    for value, mwh in ((prices.saved_eur, saving_mwh), (prices.produced_eur, production_mwh)):
        eur = value(action.carrier, mwh) if mwh else 0.0
        if eur is None:
            return None
        worth += eur
    invested = action.cost_eur * annuity(prices.discount_rate.fraction, years)
    return invested + (action.yearly_cost_eur or 0.0) - worth
