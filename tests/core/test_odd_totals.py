"""Totals of nothing, and below it: a town whose trees take up as much as it emits, or more.

Gas has 0.2 t/MWh.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from factor_town import GAS, factor, ledger_of, library, row, town
from uncertain_town import shipped

from paes.installation import Population
from paes.inventory.other_emissions import DeclaredOther
from paes.plan.target import Target
from paes.progress.path import Verdict
from paes.progress.progress import Progress, make_progress
from paes.scenarios.draws import FutureDraws, ToCome
from paes.scenarios.years import ScenarioYear
from paes.schema import Text
from paes.uncertainty.assumptions import Realisation
from paes.uncertainty.chances import Asked, year_chances
from paes.uncertainty.simulation import Draws, Simulation
from paes.uncertainty.spread import Spread

FACTORS = library(factor(GAS, 0.2))
PER_HEAD = Target(
    id="t", name=Text(it="s", en="s"), base_year=2007, target_year=2020, reduction_fraction=0.2,
    kind="per_capita", population_estimate={"inhabitants": 100, "source": "s"},
)  # fmt: skip


def trees(year: int, t: float) -> DeclaredOther:
    return DeclaredOther(year=year, row="other", use="trees", t=t, source="s", note="trees")


def progress(folder, *rows, target=None, people=(), **more) -> Progress:
    city = town(*rows, **more)
    if target:
        city = replace(city, plan=city.plan.model_copy(update={"targets": (target,)}))
    known = tuple(Population(year=y, inhabitants=n, source="s") for y, n in people)
    city = replace(city, facts=city.facts.model_copy(update={"population": known}))
    ledger = ledger_of(city, FACTORS, folder)
    return make_progress(city, ledger, simulation=Simulation(shipped(), 400, 1))


def spread(least: float, most: float | None = None) -> Spread:
    first = np.full(10, least)
    return Spread(first, first if most is None else np.full(10, most))


def test_of_nothing_nothing_can_be_less_and_the_verdict_and_its_chance_agree(tmp_path):
    """0 t in 2007: 0 t in 2020 is within, 2 t are above, and neither is a reduction."""
    same = progress(tmp_path, row(2007, GAS, 0.0), row(2020, GAS, 0.0))
    more = progress(tmp_path, row(2007, GAS, 0.0), row(2020, GAS, 10.0))
    for found, verdict, chance in ((same, Verdict.WITHIN, 1.0), (more, Verdict.ABOVE, 0.0)):
        assert found.latest.verdict is verdict
        assert found.latest.reduction_fraction == 0.0
        assert found.chances.of(2020).meets_target.high == chance


def test_more_than_a_town_that_takes_up_emissions_is_no_reduction(tmp_path):
    """200 t less 210 t of trees in 2007: -10 t; 2020 emits 190 t, which is no twentyfold saving."""
    found = progress(
        tmp_path, row(2007, GAS, 1000.0), row(2020, GAS, 1000.0),
        other_emissions=(trees(2007, -210.0), trees(2020, -10.0)),
    )  # fmt: skip
    assert found.base.emissions_t == pytest.approx(-10.0)
    assert found.latest.reduction_fraction == 0.0
    assert found.latest.verdict is Verdict.ABOVE
    assert found.chances.of(2020).meets_target.high < 0.5


def test_trees_that_take_up_more_than_all_make_a_reduction_above_the_whole(tmp_path):
    """200 t in 2007; 200 t less 250 t of trees in 2020: 1 - (-50) / 200 = 1.25."""
    found = progress(
        tmp_path, row(2007, GAS, 1000.0), row(2020, GAS, 1000.0),
        other_emissions=(trees(2020, -250.0),),
    ).latest  # fmt: skip
    assert found.reduction_fraction == pytest.approx(1.25)
    assert found.least_reduction_fraction == pytest.approx(1.25)
    assert found.most_reduction_fraction == pytest.approx(1.25)


def test_the_ends_of_a_chance_are_in_order_below_zero():
    """-10 t against 5 to 10 t: reductions of 3 and 2, both enough."""
    found = year_chances(2020, spread(5.0, 10.0), spread(-10.0), Asked(0.5, 0.5))
    assert (found.reduction.low, found.reduction.high) == (2.0, 3.0)
    assert (found.meets_target.low, found.meets_target.high) == (1.0, 1.0)
    wide = year_chances(2020, spread(-5.0, 10.0), spread(1.0), Asked(0.5, 0.5))
    assert (wide.reduction.low, wide.reduction.high) == (-math.inf, 0.9)
    assert (wide.meets_target.low, wide.meets_target.high) == (0.0, 1.0)


def test_a_year_of_nothing_has_its_chance_per_head_too(tmp_path):
    """2,000 t of gas less as much by trees in 2020, for 100 people; 100 t for 10 in 2007.

    10 t a head, of which 8 are allowed: 800 t for 100. The shipped error of gas in homes, some
    tenths of 2,000 t, leaves that open and is far from 8 t.
    """
    found = progress(
        tmp_path, row(2007, GAS, 500.0), row(2020, GAS, 10_000.0), target=PER_HEAD,
        people=((2007, 10), (2020, 100)), other_emissions=(trees(2020, -2000.0),),
    )  # fmt: skip
    assert found.latest.emissions_t == 0.0
    assert found.latest.per_t == 0.01
    assert found.chances.of(2020).meets_target.low > 0.9


def test_what_comes_of_a_town_below_zero_stays_there():
    """-100 t as usual, and actions of 50 t that trees cannot do: no 0 t, which would be a rise."""
    year = ScenarioYear(2030, 1.0, -100.0, 50.0, 0.0, 0.0, 0.0, 50.0)
    assert year.emissions_t == -100.0
    draws = Draws(1, 10, {2020: spread(-100.0)}, {})
    future = FutureDraws.of(
        draws, Realisation(low_fraction=1, likely_fraction=1, high_fraction=1, source="s"), 0.0
    )
    made = future.spread(ToCome(2030, 2020, 1.0, 0.0, 50.0))
    assert made.least_t == pytest.approx(np.full(10, -100.0))
