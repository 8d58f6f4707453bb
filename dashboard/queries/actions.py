"""Actions as pages ask for them: what was declared, spent and measured, and what is to be chosen.

Three answers are made ahead for a city and kept with their time: the register by its status
(``REGISTER``), what was measured of it (``SAVINGS``), and the choice of what comes next
(``NEXT``). They are plain data: models of a baseline stay behind, for nobody draws them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from dashboard.queries.recipe import Recipe, Sources
from paes.accounting.ledger import EnergyLedger
from paes.baselines.fit_quality import FitQuality
from paes.errors import DataError
from paes.installation import City
from paes.inventory.making import make_inventory
from paes.inventory.method import Method
from paes.metering import Finding, Sector
from paes.next_actions.choosing import NextActions, Wish, next_actions
from paes.next_actions.prices import abatement_prices
from paes.periods import zone
from paes.plan.action import Origin, Status
from paes.plan.findings import register_findings
from paes.plan.register import Chosen, Entry, RegisterStatus, register_status
from paes.plan.target import Target
from paes.progress.action_factors import action_factors
from paes.savings.action_saving import ActionSaving
from paes.savings.assumptions import read_savings_assumptions
from paes.savings.measuring import MeasuredSavings
from paes.savings.verdict import Verdict

PATH = "/azioni"


@dataclass(frozen=True)
class Register:
    """The register as of a day, with what is odd about it by action."""

    today: date
    status: RegisterStatus
    """Of all actions."""
    findings: Mapping[str, tuple[Finding, ...]]
    factor_of_year: int

    def chosen(self, chosen: Chosen) -> tuple[Entry, ...]:
        """The entries that are asked for, in the register's order."""
        return tuple(entry for entry in self.status.entries if chosen.has(entry.action))

    def entry(self, action_id: str) -> Entry | None:
        """That of one action; None if there is none."""
        return next((e for e in self.status.entries if e.action.id == action_id), None)


def _register(sources: Sources, city_id: str) -> Register:
    city, ledger = sources.city(city_id), sources.ledger
    today = sources.clock().astimezone(zone(city.time_zone)).date()
    year = today.year - 1
    found: dict[str, list[Finding]] = {}
    for finding in register_findings(city.actions, today, sources.installation.covenant):
        found.setdefault(finding.subject, []).append(finding)
    told = {action: tuple(findings) for action, findings in found.items()}
    return Register(today, _status(city, ledger, year, today), told, year)


def _status(city: City, ledger: EnergyLedger, year: int, today: date) -> RegisterStatus:
    """With tonnes by the plan's factors; a local factor comes out of the year's inventory."""
    method = Method.of(city.plan)
    local = method.electricity_scope == "local"
    made = {year: make_inventory(city, year, ledger, method)} if local else {}
    factor_of = action_factors(ledger.installation.factors, method, made)
    return register_status(city.actions, year, today, factor_of)


REGISTER = Recipe("action_register", _register, max_age_s=900.0)
"""The register of a city."""


@dataclass(frozen=True)
class Measured:
    """What was measured of one action, and how well its baselines fit, by measured part."""

    saving: ActionSaving
    """Without its models."""
    fits: tuple[tuple[str, FitQuality], ...] = ()


def _savings(sources: Sources, city_id: str) -> dict[str, Measured]:
    assumptions = read_savings_assumptions(sources.installation.root)
    measuring = MeasuredSavings(sources.ledger, sources.city(city_id), assumptions)
    return {saving.action.id: _measured(saving) for saving in measuring.all()}


def _measured(saving: ActionSaving) -> Measured:
    fits = [(b.metered.name, b.model.fit_quality) for b in saving.models if b.model]
    return Measured(replace(saving, models=()), tuple(fits))


SAVINGS = Recipe("action_savings", _savings, max_age_s=3600.0)
"""What was measured of a city's actions, by the action's id."""


def verdicts(found: Iterable[Measured]) -> dict[Verdict, int]:
    """How many actions have each verdict."""
    told = [one.saving.verdict for one in found]
    return {verdict: told.count(verdict) for verdict in Verdict}


class NotOffered(StrEnum):
    """Why an open action is not among those to choose from."""

    POSTPONED = "postponed"
    LACKS_COST = "lacks_cost"
    LACKS_EFFECT = "lacks_effect"
    LACKS_PRICE = "lacks_price"
    LACKS_END = "lacks_end"
    NO_EFFECT = "no_effect"


@dataclass(frozen=True, slots=True)
class CostStep:
    """An open action on the curve of costs: ``net_t`` wide, ``eur_per_t`` high."""

    action_id: str
    name: Mapping[str, str]
    net_t: float
    from_t: float
    eur_per_t: float
    cost_eur: float | None
    lifetime_years: int
    lifetime_assumed: bool
    is_chosen: bool
    is_too_small: bool


@dataclass(frozen=True)
class Next:
    """What is still to be chosen for a target; effects come true by ``realisation`` (0..1)."""

    target: Target
    newest_year: int
    gap_t: float
    under_way_t: float
    to_close_t: float
    realisation: float
    steps: tuple[CostStep, ...]
    chosen: tuple[str, ...]
    chosen_cost_eur: float
    chosen_t: float
    short_t: float
    left_out: tuple[tuple[str, NotOffered], ...]


def _next(sources: Sources, city_id: str) -> Next | None:
    installation = sources.installation
    likely = installation.uncertainty.realisation.likely_fraction
    prices = abatement_prices(installation.root)
    try:
        found = next_actions(sources.city(city_id), sources.ledger, prices,
                             Wish(realisation=likely))  # fmt: skip
    except DataError:  # no target ahead, or no inventory to start from
        return None
    return Next(
        target=found.target,
        newest_year=found.progress.latest.year,
        gap_t=found.gap_t,
        under_way_t=found.under_way_t,
        to_close_t=found.to_close_t,
        realisation=likely,
        steps=tuple(_steps(found)),
        chosen=found.mix.chosen,
        chosen_cost_eur=found.mix.cost_eur,
        chosen_t=found.added_t,
        short_t=found.mix.short_t,
        left_out=tuple(
            (left.action.id, _why_not(found, left.action.id)) for left in found.left_out
        ),
    )


def _steps(found: NextActions) -> Iterable[CostStep]:
    for step in found.curve:
        candidate = step.candidate
        name = candidate.action.name
        yield CostStep(
            action_id=candidate.action.id,
            name={"it": name.it, "en": name.en},
            net_t=step.net_t,
            from_t=step.from_t,
            eur_per_t=step.eur_per_t,
            cost_eur=candidate.cost_eur,
            lifetime_years=candidate.lifetime_years,
            lifetime_assumed=candidate.lifetime_assumed,
            is_chosen=candidate.action.id in found.mix.chosen,
            is_too_small=step.too_small,
        )


def _why_not(found: NextActions, action_id: str) -> NotOffered:
    """The reason that weighs most, as the choice sorts them."""
    candidate = found.candidates[action_id]
    if candidate.action.status is Status.POSTPONED:
        return NotOffered.POSTPONED
    if candidate.action.cost_eur is None:
        return NotOffered.LACKS_COST
    if not candidate.reduction_t:
        return NotOffered.LACKS_EFFECT
    if candidate.yearly_cost_eur is None:
        return NotOffered.LACKS_PRICE
    return NotOffered.LACKS_END if candidate.action.end is None else NotOffered.NO_EFFECT


NEXT: Recipe[Next | None] = Recipe("action_choice", _next, max_age_s=1800.0)
"""What a city may choose for the target that comes due next; None where none is ahead."""


def chosen_by(status: str, sector: str, origin: str, work_table: str) -> Chosen:
    """What the words of an address choose; empty ones all."""
    return Chosen(
        Status(status) if status else None,
        Sector(sector) if sector else None,
        work_table or None,
        Origin(origin) if origin else None,
    )
