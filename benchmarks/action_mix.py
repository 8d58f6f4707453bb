"""How long the cheapest mix of actions takes to choose, and how much cheaper it is than by hand.

A register of random actions with overlaps, exclusions and conditions; wanted is half of what all
give together. The reference is the choice that a person makes in a spreadsheet: actions in order of
EUR a tonne until the tonnes are there, overlaps looked up at each step. It is quick, and not the
best. The longer run has a budget too.

    python benchmarks/action_mix.py [--actions N]
"""

from __future__ import annotations

import argparse

import numpy as np
from _figures import best, head, line

from paes.next_actions.action_mix import Option, cheapest_mix, net_reductions


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--actions", type=int, default=500)
    asked = parser.parse_args()
    options = _register(asked.actions)
    wanted_t = 0.5 * sum(net_reductions(options).values())
    head(f"{len(options)} actions, half of their tonnes wanted", "in order of EUR/t")
    reference, by_hand = best(lambda: _in_order(options, wanted_t))
    ours, mix = best(lambda: cheapest_mix(options, [], wanted_t))
    line("the cheapest mix", ours, reference)
    budget_eur = 0.9 * mix.cost_eur
    scarce, most = best(lambda: cheapest_mix(options, [], wanted_t, budget_eur=budget_eur))
    line("the most that nine tenths of its money give", scarce, reference)
    proved = "both proved" if mix.proved and most.proved else "not proved"
    print(f"{proved} to be the best; in order of EUR/t it costs {by_hand / mix.cost_eur:.3f} times")
    print(f"as much; nine tenths of the money fall {most.short_t / wanted_t:.2%} short")


def _register(count: int) -> list[Option]:
    rng = np.random.default_rng(11)
    options: list[Option] = []
    for place in range(count):
        earlier = [o.id for o in options[-20:]]
        near = {str(k): 0.3 for k in rng.permutation(earlier)[: int(rng.integers(0, 3))]}
        other = str(rng.choice(earlier)) if earlier and rng.random() < 0.1 else None
        options.append(
            Option(
                f"a{place}",
                reduction_t=float(rng.lognormal(4, 1.2)),
                cost_eur=float(rng.lognormal(11, 1.3)),
                overlaps=near,
                excludes=(other,) if other and place % 2 else (),
                requires=(other,) if other and not place % 2 else (),
            )
        )
    return options


def _in_order(options: list[Option], wanted_t: float) -> float:
    """The cost of the plain choice; nearly all of it goes into overlaps."""
    chosen: list[Option] = []
    excluded: set[str] = set()
    for option in sorted(options, key=lambda o: o.cost_eur / o.reduction_t):
        there = {o.id for o in chosen}
        if option.id in excluded or set(option.excludes) & there:
            continue
        if not set(option.requires) <= there:
            continue
        chosen.append(option)
        excluded |= set(option.excludes)
        if sum(net_reductions(chosen).values()) >= wanted_t:
            break
    return sum(o.cost_eur for o in chosen)


if __name__ == "__main__":
    main()
