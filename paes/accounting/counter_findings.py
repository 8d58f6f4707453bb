"""What the accounting of a counter tells a person: names, sentences and the numbers behind them.

Read next: ``paes.accounting.counter``, which decides when each of them is told.
"""

from __future__ import annotations

from collections.abc import Sequence

from paes.accounting.counter_rules import CounterRules
from paes.metering import Finding, Replacement
from paes.periods import Seconds, duration_text, from_seconds
from paes.series import Floats, Gap


def step_finding(
    name: str, message: str, at_s: int, value: float, step: float, rules: CounterRules
) -> Finding:
    """Something odd at the reading of ``at_s``, which shows ``value``."""
    unit = rules.register.unit
    return Finding(
        name,
        rules.register.point,
        f"{message}: {value:.3f} {unit}",
        from_seconds(at_s),
        {f"value_{unit.lower()}": value, f"step_{unit.lower()}": step},
    )


def exchange(swaps: Sequence[Replacement]) -> str:
    """That a device was exchanged, with all serial numbers that are known."""
    serials = ", then ".join(s.new_serial for s in swaps)
    old = f"device {swaps[0].old_serial}" if swaps[0].old_serial else "device"
    return f"the {old} was exchanged for {serials}"


def rating_finding(t: Seconds, steps: Floats, spans: Seconds, rules: CounterRules) -> Finding:
    """One finding for all ``steps`` that only a larger rating explains; they are measured."""
    rates = steps / spans * 3600.0
    unit = "kw" if rules.register.unit == "kWh" else "m3_h"
    declared = rules.limit_per_h or 0.0
    return Finding(
        "meter.rating_exceeded",
        rules.register.point,
        f"more passes than the meter's rating allows: {rates.max():.1f} seen, "
        f"{declared:g} declared; correct the rating",
        from_seconds(t[0]),
        {
            "steps": float(len(steps)),
            f"rated_{unit}": declared,
            f"seen_{unit}": float(rates.max()),
        },
    )


def gap_finding(gap: Gap, rules: CounterRules) -> Finding:
    """No readings for a while, and what passed meanwhile."""
    unit = rules.register.unit
    hours = (gap.end_s - gap.start_s) / 3600.0
    return Finding(
        "data.gap",
        rules.register.point,
        f"no readings for {duration_text(hours)}; {gap.low:.3f} {unit} passed meanwhile",
        from_seconds(gap.start_s),
        {"hours": hours, f"amount_{unit.lower()}": gap.low},
    )


def absence_finding(gap: Gap, rules: CounterRules) -> Finding:
    """No readings for a while, with none before it or none after it."""
    hours = (gap.end_s - gap.start_s) / 3600.0
    return Finding(
        "data.gap",
        rules.register.point,
        f"no readings for {duration_text(hours)}",
        from_seconds(gap.start_s),
        {"hours": hours},
    )
