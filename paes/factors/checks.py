"""What a plan says of its factors, beside the factors that there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from paes.config_file import Parsed
from paes.factors.emission_factors import FactorLibrary
from paes.plan.plan import Plan


def plan_factor_problems(plan: Parsed[Plan], factors: FactorLibrary) -> Iterator[str]:
    """Factor sets and warming potentials that do not exist or do not go together; days of
    publication that cannot be."""
    yield from _chosen_problems(plan, factors)
    first: dict[int, int] = {}
    for index, one in enumerate(plan.value.publications):
        place = ("publications", index)
        if one.year in first:
            line = plan.tree.line(("publications", first[one.year], "year"))
            message = f"the inventory of {one.year} was published already (line {line})"
            yield plan.tree.problem((*place, "year"), message)
        first.setdefault(one.year, index)
        if one.published_on.year <= one.year:
            message = f"{one.published_on}; expected a day after the end of {one.year}"
            yield plan.tree.problem((*place, "published_on"), message)


def _chosen_problems(plan: Parsed[Plan], factors: FactorLibrary) -> Iterator[str]:
    chosen = plan.value
    if chosen.factor_set not in factors.sets:
        message = f"no factor set {chosen.factor_set!r}; there is {_listed(factors.sets)}"
        yield plan.tree.problem(("factor_set",), message)
    elif chosen.gwp is not None and chosen.gwp not in factors.gwp:
        message = f"no warming potentials {chosen.gwp!r}; there is {_listed(factors.gwp)}"
        yield plan.tree.problem(("gwp",), message)
    elif factors.keeps_gases_apart(chosen.factor_set) and chosen.gwp is None:
        message = (
            f"{chosen.factor_set} keeps its gases apart, and no gwp says what they count; "
            f"expected gwp: with one of {_listed(factors.gwp)}"
        )
        yield plan.tree.problem(("factor_set",), message)
    elif chosen.gwp is not None and not factors.keeps_gases_apart(chosen.factor_set):
        message = (
            f"gwp is {chosen.gwp}, and {chosen.factor_set} has its gases added up already: leave "
            "it out, or choose a set that keeps them apart"
        )
        yield plan.tree.problem(("gwp",), message)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
