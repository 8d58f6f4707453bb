"""Figures of progress: emissions beside the path, the reduction, and its causes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from paes.accounting.ledger import EnergyLedger
from paes.causes.declared_causes import counted_actions
from paes.causes.effects import CAUSES, Effects
from paes.errors import DataError
from paes.installation import City, some
from paes.lineage import formulas as f
from paes.lineage.figure import Figure, Input, Source
from paes.lineage.figure_id import (
    FigureId,
    Kind,
    choices_of,
    inventory_id,
    method_told,
    progress_id,
)
from paes.plan.action import Action
from paes.plan.declared_effect import own_part
from paes.progress.path import YearResult, inhabitants
from paes.progress.progress import Progress
from paes.schema import Sourced

RESULTS = ("emissions", "path", "distance", "reduction", "required")
_SHARES = ("own_actions_t", "supra_actions_t", "mixed_actions_t")
_NO_ACTION = Source("declaration", "no action counts in this year for it", "actions.yaml")
ACTION_EFFECTS = {"supra_actions_t", "mixed_actions_t", "own_actions_t", "own_low_t", "own_high_t"}


@dataclass(frozen=True)
class ProgressFigures:
    """Figures of progress against one target."""

    city: City
    made: Progress
    ledger: EnergyLedger

    def ids(self) -> Iterator[str]:
        """The id of every figure that there is."""
        for year in self.made.years:
            for quantity in self._quantities(year.year):
                yield self.id(year.year, quantity)

    def id(self, year: int, quantity: str) -> str:
        """The id of a figure of a year."""
        chosen = choices_of(self.made.method, self.city.plan)
        return progress_id(self.city.id, self.made.target.id, year, quantity, chosen)

    def figure(self, asked: FigureId) -> Figure:
        """The figure that is named; DataError, with near ids, if there is none."""
        year, quantity = asked.year, asked.quantity
        known = {one.year: one for one in self.made.years}
        if year not in known or quantity not in self._quantities(year):
            near = some(self.ids(), most=4, near=str(asked))
            raise DataError(f"no figure {asked}; there is {near}")
        if quantity in RESULTS:
            return self._result(known[year], quantity)
        return self._effect(self.made.effects_in(year), quantity)

    def _quantities(self, year: int) -> list[str]:
        has_effects = any(one.year == year for one in self.made.effects)
        return [*RESULTS, *(effect_names() if has_effects else [])]

    def _result(self, year: YearResult, quantity: str) -> Figure:
        makers = {
            "emissions": self._emissions, "path": self._path, "distance": self._distance,
            "reduction": self._reduction, "required": self._required,
        }  # fmt: skip
        return makers[quantity](year)

    def _emissions(self, year: YearResult) -> Figure:
        inputs: tuple[Input, ...] = (self._year_t(year.year, "emissions"),)
        formula, bounds = f.SUM, (year.low_t, year.high_t)
        if self.made.target.kind == "per_capita":
            inputs, formula = (*inputs, self._heads(year.year)), f.PER_HEAD
        return self._made(
            year.year, "emissions", year.emissions_t, self.made.unit, formula, inputs, bounds
        )

    def _heads(self, year: int) -> Input:
        """The inhabitants by whom a year is divided: counted, or expected by the plan."""
        count, known = inhabitants(self.city, self.made.target, year), self.city.population(year)
        is_counted = known is not None and known.inhabitants == count
        of = known.year if known and is_counted else self.made.target.target_year
        where = str(FigureId(self.city.id, Kind.INHABITANTS, (str(of),), "count"))
        return Input("inhabitants", where, count, "1")

    def _reduction(self, year: YearResult) -> Figure:
        inputs = self._own(year, "emissions"), self._own(self.made.base, "emissions", "base")
        bounds = year.least_reduction_fraction, year.most_reduction_fraction
        return self._made(
            year.year, "reduction", year.reduction_fraction, "1", f.REDUCTION, inputs, bounds
        )

    def _path(self, year: YearResult) -> Figure:
        inputs = self._own(self.made.base, "emissions", "base"), self._own(year, "required")
        return self._made(year.year, "path", year.path_t, self.made.unit, f.PATH, inputs)

    def _distance(self, year: YearResult) -> Figure:
        inputs = self._own(year, "emissions"), self._own(year, "path")
        return self._made(
            year.year, "distance", year.distance_t, self.made.unit, f.DISTANCE, inputs
        )

    def _required(self, year: YearResult) -> Figure:
        target = self.made.target
        text = f"{target.adopted_by or ''} {target.source or target.note or ''}".strip()
        made = self._made(year.year, "required", year.required_fraction, "1", f.REQUIRED, ())
        told = f"{target.reduction_fraction:g} from {target.base_year} to {target.target_year}"
        for point in target.interim:
            told += f", {point.reduction_fraction:g} in {point.year}"
        return _with(made, (Source("target", f"{told}: {text}"),), target.assumed, target.note)

    def _effect(self, effects: Effects, quantity: str) -> Figure:
        value = getattr(effects, quantity)
        base, year = self.made.base.year, effects.year
        if quantity == "total_t":
            inputs = [self._year_t(base, "base"), self._year_t(year, "emissions")]
            return self._made(year, quantity, value, "t", f.CHANGE, tuple(inputs))
        if quantity == "unexplained_t":
            inputs = [Input("told", self.id(year, n), getattr(effects, n), "t") for n in CAUSES]
            whole = Input("total", self.id(year, "total_t"), effects.total_t, "t")
            return self._made(year, quantity, value, "t", f.REST, (whole, *inputs))
        findings, assumed = effects.findings, quantity in effects.assumed
        if quantity in _SHARES:
            inputs, formula = list(self._actions(year, quantity)), f.SUM
        elif quantity in ACTION_EFFECTS:
            own = self.id(year, "own_actions_t")
            inputs, formula = [Input("declared", own, effects.own_actions_t, "t")], f.ACTIONS
        else:
            inputs = [self._year_t(base, "base"), self._year_t(year, "year")]
            formula = f.EFFECT
        made = self._made(year, quantity, value, "t", formula, tuple(inputs))
        sources = () if inputs else (_NO_ACTION,)
        return replace(made, findings=findings, assumed=assumed, sources=sources)

    def _actions(self, year: int, quantity: str) -> Iterator[Input]:
        """What of each action counts in the year: net of overlaps, by whom it is owed to."""
        by_year = {made.year: made for made in self.made.inventories}
        base = by_year[self.made.base.year]
        if year == base.year:
            return
        for one in counted_actions(self.city, base, by_year[year], self.ledger):
            part = own_part(one.action)
            share = {
                "own_actions_t": part,
                "supra_actions_t": None if part is None else 1 - part,
                "mixed_actions_t": 1.0 if part is None else None,
            }[quantity]
            if share is not None and one.net_reduction_t * share:
                where = action_id(self.city.id, one.action)
                yield Input("part", where, one.net_reduction_t * share, "t")

    def _own(self, year: YearResult, quantity: str, role: str | None = None) -> Input:
        value = {
            "emissions": year.emissions_t, "path": year.path_t, "required": year.required_fraction,
        }[quantity]  # fmt: skip
        unit = "1" if quantity == "required" else self.made.unit
        return Input(role or quantity, self.id(year.year, quantity), value, unit)

    def _year_t(self, year: int, role: str) -> Input:
        chosen = choices_of(self.made.method, self.city.plan)
        (made,) = (i for i in self.made.inventories if i.year == year)
        where = inventory_id(self.city.id, year, choices=chosen)
        return Input(role, where, made.emissions_t, "t")

    def _made(
        self, year: int, quantity: str, value: float, unit: str, formula: f.Formula,
        inputs: tuple[Input, ...], bounds: tuple[float, float] | None = None,
    ) -> Figure:  # fmt: skip
        return Figure(
            self.id(year, quantity),
            f"{quantity} {year}, target {self.made.target.id}",
            value,
            unit,
            formula,
            inputs,
            method=method_told(self.made.method),
            bounds=bounds,
        )


def effect_names() -> list[str]:
    """The names of all effects of a year."""
    return [x.name for x in fields(Effects) if x.name.endswith("_t")] + ["unexplained_t"]


def action_id(city: str, action: Action) -> str:
    """The id of what was declared for an action: tonnes, else the energy they are derived from."""
    return str(FigureId(city, Kind.ACTION, (action.id,), next(iter(_declared(action)), "t")))


def _declared(action: Action) -> dict[str, float]:
    """What was declared for it, by quantity."""
    told = {
        "t": action.declared_reduction_t,
        "saving_mwh": action.declared_saving_mwh,
        "production_mwh": action.declared_production_mwh,
    }
    return {quantity: value for quantity, value in told.items() if value is not None}


def action_figure(city: City, asked: FigureId) -> Figure:
    """What was declared for an action; DataError if there is no such action, or nothing was."""
    known = {action.id: action for action in city.actions}
    action = known.get(asked.parts[0])
    if action is None or asked.quantity not in _declared(action):
        declares = [action_id(city.id, a) for a in city.actions if _declared(a)]
        raise DataError(f"no figure {asked}; there is {some(declares, near=str(asked))}")
    return Figure(
        str(asked),
        f"declared for {action.name.en}: a year, once complete",
        _declared(action)[asked.quantity],
        "t" if asked.quantity == "t" else "MWh",
        sources=(Source("declaration", _origin(action), "actions.yaml"),),
        assumed=action.assumed,
        note=action.note,
    )


def inhabitants_figure(city: City, asked: FigureId) -> Figure:
    """Inhabitants of a year, counted or expected; DataError if nobody says how many."""
    found: list[tuple[int, int, Sourced, str]] = [
        (known.year, known.inhabitants, known, "city.yaml") for known in city.facts.population
    ]
    for target in city.plan.targets:
        if target.population_estimate:
            estimate = target.population_estimate
            found.append((target.target_year, estimate.inhabitants, estimate, "plan.yaml"))
    for year, count, known, file in found:
        if year == asked.year and asked.quantity == "count":
            source = Source("declaration", known.source or known.note or "", file)
            title = f"inhabitants of {city.name}, {year}"
            return Figure(
                str(asked), title, count, "1",
                sources=(source,), assumed=known.assumed, note=known.note,
            )  # fmt: skip
    years = some(str(year) for year, *_ in found)
    raise DataError(f"no figure {asked}; there is count of {years}")


def _origin(action: Action) -> str:
    return action.source or action.note or "register of actions"


def _with(figure: Figure, sources: tuple[Source, ...], assumed: bool, note: str | None) -> Figure:
    return replace(figure, sources=sources, assumed=assumed, note=note)
