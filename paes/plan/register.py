"""The register of actions as a whole: how many, how far, what they cost and declare.

Sums are net of overlaps (``paes.plan.declared_effect``). Effects of what is completed are those of
the year asked for; those of planned actions are whole years, as declared, once all is done.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from paes.metering import Sector
from paes.plan.action import Action, Origin, Status
from paes.plan.declared_effect import (
    PLANNED,
    Counted,
    DeclaredEffect,
    FactorOf,
    OriginTotals,
    as_if_done,
    by_origin,
    together,
)
from paes.plan.findings import is_late


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which actions are asked for; None for all."""

    status: Status | None = None
    sector: Sector | None = None
    work_table: str | None = None
    origin: Origin | None = None
    theme: str | None = None

    def has(self, action: Action) -> bool:
        """True if ``action`` is one of them."""
        asked = [
            (self.status, action.status),
            (self.sector, action.sector),
            (self.work_table, action.work_table),
            (self.origin, action.origin),
        ]
        is_of_theme = self.theme is None or self.theme in action.themes
        return is_of_theme and all(wanted is None or wanted == is_ for wanted, is_ in asked)


@dataclass(frozen=True, slots=True)
class Entry:
    """One action of the register."""

    action: Action
    whole: Counted
    """Of a year in which all actions work that are not cancelled or postponed."""
    in_year: Counted
    """Of the year asked for, from what is completed."""
    late: bool

    @property
    def effect(self) -> DeclaredEffect:
        """What it declares for a whole year."""
        return self.whole.effect


@dataclass(frozen=True, slots=True)
class Sums:
    """Of several actions; money of those that tell it, and how many do."""

    actions: int
    cost_eur: float
    with_cost: int
    spent_eur: float
    funded_eur: float
    saving_mwh: float
    production_mwh: float
    reduction_t: float
    """Net of overlaps, a whole year."""
    derived_t: float
    """The part of ``reduction_t`` that was made from declared energy."""
    in_year_t: float
    """Net of overlaps, in the year asked for, from what is completed."""
    declaring: int
    late: int


@dataclass(frozen=True, slots=True)
class RegisterStatus:
    """The register, or a part of it, as of a day."""

    year: int
    entries: tuple[Entry, ...]
    by_status: dict[Status, Sums]
    total: Sums
    completed: OriginTotals
    """Net tonnes of the year by whom they are owed to."""
    planned: OriginTotals
    """Net tonnes a year of what is ongoing or not started."""


def register_status(
    actions: Iterable[Action],
    year: int,
    today: date,
    factor_of: FactorOf,
    chosen: Chosen | None = None,
) -> RegisterStatus:
    """The actions that are ``chosen``, with their effects among all actions of the register."""
    listed = list(actions)
    wanted = chosen or Chosen()
    whole = together([as_if_done(a, year) for a in listed], year, factor_of, planned=True)
    in_year = together(listed, year, factor_of)
    entries = tuple(
        Entry(action, of_whole._replace(action=action), of_year, is_late(action, today))
        for action, of_whole, of_year in zip(listed, whole, in_year, strict=True)
        if wanted.has(action)
    )
    return RegisterStatus(
        year=year,
        entries=entries,
        by_status={
            status: _sums([e for e in entries if e.action.status is status])
            for status in Status
            if any(e.action.status is status for e in entries)
        },
        total=_sums(entries),
        completed=by_origin(e.in_year for e in entries),
        planned=by_origin(e.whole for e in entries if e.action.status in PLANNED),
    )


def _sums(entries: Iterable[Entry]) -> Sums:
    listed = list(entries)

    def add(figure: Callable[[Entry], float | None]) -> float:
        return math.fsum(figure(e) or 0.0 for e in listed)

    return Sums(
        actions=len(listed),
        cost_eur=add(lambda e: e.action.cost_eur),
        with_cost=sum(e.action.cost_eur is not None for e in listed),
        spent_eur=add(lambda e: e.action.spent_eur),
        funded_eur=add(lambda e: math.fsum(f.eur or 0.0 for f in e.action.funding)),
        saving_mwh=add(lambda e: e.effect.net(e.effect.saving_mwh)),
        production_mwh=add(lambda e: e.effect.net(e.effect.production_mwh)),
        reduction_t=add(lambda e: e.whole.net_reduction_t),
        derived_t=add(lambda e: e.whole.net_reduction_t if e.effect.derived else 0.0),
        in_year_t=add(lambda e: e.in_year.net_reduction_t),
        declaring=sum(e.effect.declares for e in listed),
        late=sum(e.late for e in listed),
    )
