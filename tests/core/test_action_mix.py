"""The choice of actions against every choice that there is (brute force), and limits by hand."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paes.next_actions.action_mix import Least, Option, cheapest_mix, net_reductions

INSULATE = Option("insulate", 100.0, 50_000.0, 900.0)
BOILER = Option("boiler", 60.0, 20_000.0, -500.0, overlaps={"insulate": 0.5})
SOLAR = Option("solar", 40.0, 30_000.0, -2_000.0)


def test_the_least_investment_that_gives_what_is_wanted():
    # boiler and solar give 100 t for 50,000; insulate alone gives 100 t for 50,000 as well: of
    # equals the one whose year costs less.
    mix = cheapest_mix([INSULATE, BOILER, SOLAR], [], 100.0)
    assert set(mix.chosen) == {"boiler", "solar"}
    assert (mix.cost_eur, mix.yearly_cost_eur, mix.short_t) == (50_000.0, -2_500.0, 0.0)


def test_what_two_actions_both_declare_counts_once():
    # all three: 100 + 60 x (1 - 0.5) + 40
    mix = cheapest_mix([INSULATE, BOILER, SOLAR], [], 165.0)
    assert set(mix.chosen) == {"insulate", "boiler", "solar"}
    assert mix.reduction_t == pytest.approx(170.0)
    assert mix.net_t["boiler"] == pytest.approx(30.0)


def test_an_impossible_target_says_by_how_much():
    mix = cheapest_mix([INSULATE, BOILER, SOLAR], [], 200.0)
    assert mix.short_t == pytest.approx(30.0)
    assert len(mix.chosen) == 3


def test_a_budget_that_is_too_small_takes_what_gives_most():
    # 50,000: insulate (100 t), or boiler and solar (100 t): the second costs less a year, but
    # with 79,999 insulate and boiler give 130 t.
    mix = cheapest_mix([INSULATE, BOILER, SOLAR], [], 150.0, budget_eur=79_999.0)
    assert set(mix.chosen) == {"insulate", "boiler"}
    assert mix.short_t == pytest.approx(20.0)


def test_what_is_done_anyway_counts_and_costs_nothing_more():
    mix = cheapest_mix([BOILER, SOLAR], [INSULATE], 125.0)
    # boiler adds 30 t beside insulate, solar 40 t
    assert mix.chosen == ("boiler",)
    assert (mix.reduction_t, mix.cost_eur) == (pytest.approx(130.0), 20_000.0)


def test_an_action_done_anyway_may_lose_to_one_that_is_chosen():
    mix = cheapest_mix([INSULATE], [BOILER], 130.0)
    assert mix.net_t == {"boiler": pytest.approx(30.0), "insulate": 100.0}
    assert mix.short_t == 0.0


def test_actions_that_exclude_each_other_or_need_each_other():
    either = Option("either", 50.0, 1.0, excludes=("or",))
    other = Option("or", 60.0, 2.0)
    needs = Option("needs", 30.0, 1.0, requires=("either",))
    lost = Option("lost", 500.0, 1.0, requires=("nobody-does-it",))
    mix = cheapest_mix([either, other, needs, lost], [], 1_000.0)
    assert set(mix.chosen) == {"either", "needs"}


def test_least_yearly_cost_takes_what_pays_for_itself():
    mix = cheapest_mix([INSULATE, BOILER, SOLAR], [], 0.0, least=Least.YEARLY_COST)
    assert set(mix.chosen) == {"boiler", "solar"}
    assert cheapest_mix([INSULATE, BOILER, SOLAR], [], 0.0).chosen == ()


def test_overlaps_above_the_whole_lose_the_whole_and_no_more():
    lost = Option("lost", 80.0, 1.0, overlaps={"insulate": 0.7, "solar": 0.6})
    mix = cheapest_mix([lost], [INSULATE, SOLAR], 1_000.0)
    assert mix.reduction_t == pytest.approx(140.0)
    assert net_reductions([lost, INSULATE])["lost"] == pytest.approx(24.0)


@st.composite
def registers(draw):
    count = draw(st.integers(1, 8))
    names = [f"a{i}" for i in range(count)]
    options = []
    for place, name in enumerate(names):
        earlier = names[:place]
        near = (
            st.lists(st.sampled_from(earlier), unique=True, max_size=3) if earlier else st.just([])
        )
        options.append(
            Option(
                name,
                float(draw(st.integers(0, 300))),
                float(draw(st.integers(0, 90)) * 1000),
                float(draw(st.integers(-50, 50)) * 100),
                overlaps={k: draw(st.sampled_from([0.2, 0.5, 0.8])) for k in draw(near)},
                excludes=tuple(draw(near)) if draw(st.booleans()) else (),
                requires=tuple(draw(near))[:1] if draw(st.booleans()) else (),
            )
        )
    anyway = draw(st.integers(0, 2))
    done = [Option(o.id, o.reduction_t, overlaps=o.overlaps) for o in options[:anyway]]
    wanted = draw(st.integers(0, 900))
    budget = draw(st.one_of(st.none(), st.integers(0, 300).map(lambda k: k * 1000)))
    return options[anyway:], done, float(wanted), budget


def allowed(options, done, budget):
    """Every choice that keeps the conditions."""
    anyway = {o.id for o in done}
    for size in range(len(options) + 1):
        for some in itertools.combinations(options, size):
            there = anyway | {o.id for o in some}
            if any(set(o.excludes) & there or not set(o.requires) <= there for o in some):
                continue
            if budget is None or sum(o.cost_eur for o in some) <= budget:
                yield some


def reached(some, done):
    there = {o.id for o in (*some, *done)}
    return sum(
        o.reduction_t * (1 - min(1, sum(f for k, f in o.overlaps.items() if k in there)))
        for o in (*some, *done)
    )


@settings(max_examples=60, deadline=None)
@given(registers())
def test_no_choice_is_better_than_the_one_found(case):
    options, done, wanted, budget = case
    mix = cheapest_mix(options, done, wanted, budget_eur=budget)
    choices = list(allowed(options, done, budget))
    assert choices
    mine = [o for o in options if o.id in mix.chosen]
    assert tuple(mine) in choices
    enough = [c for c in choices if reached(c, done) >= wanted - 1e-6]
    if enough:
        assert mix.short_t == 0
        best = min((sum(o.cost_eur for o in c), sum(o.yearly_cost_eur for o in c)) for c in enough)
        assert (mix.cost_eur, mix.yearly_cost_eur) == pytest.approx(best)
    else:
        most = max(reached(c, done) for c in choices)
        assert mix.short_t == pytest.approx(wanted - most)
        nearest = [c for c in choices if reached(c, done) >= most - 1e-6]
        assert mix.cost_eur == pytest.approx(min(sum(o.cost_eur for o in c) for c in nearest))


def test_five_hundred_actions_are_chosen_among():
    rng = np.random.default_rng(7)
    options = [
        Option(f"a{i}", float(rng.uniform(1, 400)), float(rng.uniform(1e3, 9e5)))
        for i in range(500)
    ]
    mix = cheapest_mix(options, [], 30_000.0)
    assert mix.proved
    assert mix.reduction_t >= 30_000.0
    # no more than an action's cost below the answer of the relaxed problem, greedy by EUR/t
    cost, left = 0.0, 30_000.0
    for option in sorted(options, key=lambda o: o.cost_eur / o.reduction_t):
        part = min(1.0, left / option.reduction_t)
        cost, left = cost + part * option.cost_eur, left - part * option.reduction_t
        if left <= 0:
            break
    assert cost <= mix.cost_eur <= cost * 1.01


def test_without_any_action_all_is_lacking():
    mix = cheapest_mix([], [], 10.0)
    assert (mix.chosen, mix.short_t) == ((), 10.0)
    assert cheapest_mix([], [], -1.0).short_t == 0


NOISY = """
import ctypes
from scipy import optimize
from paes.next_actions.action_mix import Option, cheapest_mix
real = optimize.milp
def milp(*args, **more):
    ctypes.CDLL(None).printf(b"a line of the solver's own\\n")
    return real(*args, **more)
optimize.milp = milp
print(cheapest_mix([Option("one", 10.0)], [], 5.0).chosen)
"""


def test_what_the_solver_writes_to_standard_output_stays_out_of_it():
    # HiGHS writes a line in some cases ("transformNewIntegerFeasibleSolution tmpSolver.run();")
    done = subprocess.run([sys.executable, "-c", NOISY], capture_output=True, text=True, check=True)
    assert done.stdout == "('one',)\n"
