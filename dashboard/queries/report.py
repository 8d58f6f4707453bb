"""What a year's report still lacks: assumed and carried figures, gaps, factors, actions.

A ``Point`` is one thing to see to; its ``kind`` names the words for it and for the next step.
What is assumed or estimated is not wrong, and a report can be made with it: it must be known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from dashboard.queries.changes import LineChange
from dashboard.queries.progress import CityView
from dashboard.queries.recipe import Recipe, Sources
from paes.accounting.energy_total import EnergyTotal
from paes.factors.emission_factors import How
from paes.installation import City, Installation
from paes.inventory.inventory import Inventory
from paes.metering import Measures
from paes.periods import local_year, now_utc, year_span
from paes.plan.action import Action, Origin, Status


class Weight(StrEnum):
    """How much a point matters."""

    MISSING = "missing"  # no figure, or nothing bounds it
    LOOK = "look"  # a figure that is assumed, carried or estimated
    FINE = "fine"


@dataclass(frozen=True)
class Point:
    """One thing to see to: a line, a meter, an action."""

    kind: str
    weight: Weight
    subject: str
    """Its id: ``sector/carrier``, a meter, an action."""
    amount: float | None = None
    """Tonnes of a line, hours of a meter, fractions of nothing else."""
    year: int | None = None
    """Which year's figure stands in for it."""


@dataclass(frozen=True)
class Checklist:
    """All points of a year by what they are about."""

    year: int
    groups: dict[str, tuple[Point, ...]]

    @property
    def points(self) -> tuple[Point, ...]:
        """All of them."""
        return tuple(point for points in self.groups.values() for point in points)

    def count(self, weight: Weight) -> int:
        """How many have that weight."""
        return sum(point.weight is weight for point in self.points)


MeterYear = dict[str, EnergyTotal]


def make_meter_year(sources: Sources, city_id: str, year: str) -> MeterYear:
    """What each meter of the city saw of a local year; those not in use are left out."""
    city = sources.city(city_id)
    span = year_span(int(year), city.time_zone)
    meters = list(city.meters.values())
    totals = sources.ledger.totals([(meter, span) for meter in meters])
    return {m.id: total for m, total in zip(meters, totals, strict=True) if total.span_s}


def _last_year(installation: Installation) -> Iterable[tuple[str, ...]]:
    return [
        (city.id, str(local_year(now_utc(), city.time_zone) - 1))
        for city in installation.cities.values()
    ]


METER_YEAR = Recipe("meter_year", make_meter_year, max_age_s=3600.0, ahead=_last_year)
"""By city and year."""


def report_years(made: Iterable[int], base_year: int) -> list[int]:
    """The years a report can be of: those after the base year, the newest first."""
    return sorted((year for year in made if year > base_year), reverse=True)


def checklist(city: City, view: CityView, meters: MeterYear) -> Checklist:
    """What the report of ``view``'s newest inventory still lacks."""
    inventory = view.newest
    groups = {
        "inventory": tuple(_inventory_points(inventory, view.lines)),
        "meters": tuple(_meter_points(city, meters)),
        "factors": tuple(_factor_points(view.lines, inventory.year)),
        "actions": tuple(_action_points(city.actions)),
    }
    order = list(Weight)
    return Checklist(
        inventory.year,
        {
            name: tuple(sorted(points, key=lambda p: (order.index(p.weight), -(p.amount or 0.0))))
            for name, points in groups.items()
        },
    )


def _inventory_points(inventory: Inventory, lines: Iterable[LineChange]) -> Iterator[Point]:
    for line in lines:
        subject = f"{line.sector}/{line.carrier or ''}"
        if line.emissions_t is None:
            yield Point("no_figure", Weight.MISSING, subject)
        elif line.assumed:
            yield Point("assumed", Weight.LOOK, subject, line.emissions_t, line.declared_year)
        elif line.declared_year not in (None, inventory.year):
            yield Point("carried", Weight.LOOK, subject, line.emissions_t, line.declared_year)


def _factor_points(lines: Iterable[LineChange], year: int) -> Iterator[Point]:
    """Each carrier once: its factor is the same in every sector, or the worst is told."""
    told: set[str] = set()
    for line in lines:
        factor = line.factor
        if factor is None or not line.emissions_t or factor.carrier in told:
            continue
        if factor.assumed:
            told.add(factor.carrier)
            yield Point("factor_assumed", Weight.LOOK, factor.carrier, None, factor.year_used)
        elif factor.how is How.EARLIER and factor.year_used != year:
            told.add(factor.carrier)
            yield Point("factor_earlier", Weight.LOOK, factor.carrier, None, factor.year_used)


def _meter_points(city: City, meters: MeterYear) -> Iterator[Point]:
    for meter, total in meters.items():
        hours = (total.span_s - total.covered_s) / 3600
        if city.meters[meter].measures is Measures.SUBMETER:
            continue
        if total.missing_high_kwh > 0:
            yield Point("meter_missing", Weight.MISSING, meter, hours)
        elif total.estimated_kwh > 0:
            yield Point("meter_estimated", Weight.LOOK, meter, hours)


def _action_points(actions: Iterable[Action]) -> Iterator[Point]:
    for action in actions:
        if action.status in (Status.CANCELLED, Status.POSTPONED):
            continue
        declared = (
            action.declared_reduction_t,
            action.declared_saving_mwh,
            action.declared_production_mwh,
        )
        if all(figure is None for figure in declared):
            yield Point("action_no_effect", Weight.MISSING, action.id)
        if action.origin is Origin.LOCAL and action.cost_eur is None:
            yield Point("action_no_cost", Weight.LOOK, action.id)
        if action.status is Status.COMPLETED and action.measurement is None:
            yield Point("action_not_measured", Weight.LOOK, action.id)
