"""How far the town is from its target, and which part of it was kept by whom.

Parts are fractions of the base year's emissions (0.07: seven points). What the act expects from
outside stands beside what the grid and others' actions brought; what the town promised of itself
beside what its own actions declare. All else (weather, activity, what nobody can explain) is told
apart: it was nobody's promise.
"""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.queries.measure import Measure
from dashboard.queries.progress import CityView
from paes.causes.cause import Owed, causes_of, subtotal_t


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the promise beside what became of it."""

    name: str
    promised: float | None
    """None of what nobody promised, or where the act does not split."""
    reached: float
    low: float
    high: float

    @property
    def missing(self) -> float | None:
        """What is still to come of what was promised; negative: more than promised."""
        return None if self.promised is None else self.promised - self.reached


def parts_of(view: CityView) -> tuple[Part, ...]:
    """Outside help, own actions, both together, all else, and the whole."""
    target, told = view.progress.target, view.effects
    base_t = view.base_inventory.emissions_t or 1.0
    causes = causes_of(told)
    supra = subtotal_t(causes, Owed.SUPRA_ORDINATE) / base_t
    own = subtotal_t(causes, Owed.OWN) / base_t
    several = subtotal_t(causes, Owed.SEVERAL) / base_t
    whole = told.total_t / base_t
    low = (told.total_t - told.less_by_gaps_t) / base_t
    high = (told.total_t + told.more_by_gaps_t) / base_t
    other = whole - supra - own - several
    rows = [
        Part("whole", target.reduction_fraction, whole, low, high),
        Part("supra", target.supra_ordinate_fraction, supra, supra, supra),
        Part("own", target.own_fraction, own, told.own_low_t / base_t, told.own_high_t / base_t),
        Part("other", None, other, other, other),
    ]
    if several:
        rows.insert(3, Part("several", None, several, several, several))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class Distance:
    """Of a year from the target itself, not from the path; as the page shows it."""

    year: int
    t: float
    """Above the target; negative below it."""
    target_t: float
    emissions_t: float

    @property
    def of_target(self) -> float:
        """As a part of what the target allows."""
        return self.t / self.target_t if self.target_t else 0.0


def distance(view: CityView) -> Distance:
    """Of the newest inventory; in either measure the same part of what the target allows."""
    own = view.native
    latest, measure = own.latest, Measure(view.city, own.target, view.unit, own.latest.year)
    by = measure.of_target(latest.year)
    emissions_t, target_t = latest.emissions_t * by, own.target_t * by
    return Distance(latest.year, emissions_t - target_t, target_t, emissions_t)
