"""How much of its time a line is busy: the rounds of a gateway, laid over its slowest period.

A line that is asked for more than it can give does not fail: its rounds come late and are skipped.
So this is reckoned before the first request. What fails costs more than is reckoned here: a silent
unit costs its time limit once a round.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from collectors.modbus.read_plan import GatewayPlan, PollClass, UnitPlan, period_of

FULL = 0.8
"""A line that is busier than this has no time left for what fails."""


@dataclass(frozen=True, slots=True)
class LineLoad:
    """The rounds of a gateway over one slowest period, as far as its plan tells."""

    longest_round_s: float
    """The round in which everything falls due."""
    round_period_s: int
    busy_fraction: float
    """Of all the time, on average."""

    @property
    def longest_fraction(self) -> float:
        """The longest round as a part of the time until the next is due."""
        return self.longest_round_s / self.round_period_s

    @property
    def is_too_much(self) -> bool:
        """True if a round may be late, or the line has no time left for what fails."""
        return self.longest_fraction > 1 or self.busy_fraction > FULL


def line_load(plan: GatewayPlan) -> LineLoad:
    """The load of ``plan`` on its line; turn-round of the devices is assumed, nothing fails."""
    periods = {c: int(period_of(plan.gateway, c).total_seconds()) for c in PollClass}
    tick_s = plan.round_period_s
    ticks = max(1, max(periods.values()) // tick_s)
    rounds: Counter[frozenset[PollClass]] = Counter()
    for tick in range(ticks):
        at_s, before_s = tick * tick_s, (tick - 1) * tick_s
        rounds[frozenset(c for c, s in periods.items() if at_s // s != before_s // s)] += 1
    busy_s = sum(n * sum(round_s(u, due) for u in plan.units) for due, n in rounds.items())
    return LineLoad(plan.bus_time_s, tick_s, busy_s / (ticks * tick_s))


def round_s(unit: UnitPlan, classes: frozenset[PollClass]) -> float:
    """How long a round in which ``classes`` are due keeps the line busy with one unit."""
    return sum(unit.bus.block_s(block.count) for block in unit.blocks_of(classes))
