"""What the accounting of a counter tells a person: names, sentences and the numbers behind them.

Read next: ``paes.accounting.counter``, which decides when each of them is told.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from paes.accounting.counter_rules import UNRATED_PER_H, CounterRules
from paes.accounting.edits import Edits, Factor, Ignored, ManualEnergy
from paes.metering import Finding
from paes.meters import Replacement
from paes.periods import Seconds, Span, duration_text, from_seconds, to_seconds
from paes.series import Floats, Gap, ReadingSeries


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
    unit = "kw" if rules.register.unit == "kWh" else f"{rules.register.unit}_h"
    numbers = {"steps": float(len(steps)), f"seen_{unit}": float(rates.max())}
    if rules.limit_per_h is None:
        believed = UNRATED_PER_H.get(rules.register.unit, math.inf)
        text = (
            f"more passes than is believed of a meter without a rating: {rates.max():.1f} seen, "
            f"{believed:g} believed; declare its rating"
        )
    else:
        numbers[f"rated_{unit}"] = rules.limit_per_h
        text = (
            f"more passes than the meter's rating allows: {rates.max():.1f} seen, "
            f"{rules.limit_per_h:g} declared; correct the rating"
        )
    point = rules.register.point
    return Finding("meter.rating_exceeded", point, text, from_seconds(t[0]), numbers)


def gap_finding(gap: Gap, rules: CounterRules) -> Finding:
    """No readings for a while, and what passed meanwhile."""
    unit = rules.register.unit
    hours = (gap.end_s - gap.start_s) / 3600.0
    told, numbers = f"{gap.low:.3f} {unit} passed meanwhile", {f"amount_{unit.lower()}": gap.low}
    if not gap.known:
        told = f"at least {told}, and up to {gap.high:.3f} if the register went round again"
        numbers[f"most_{unit.lower()}"] = gap.high
    return Finding(
        "data.gap",
        rules.register.point,
        f"no readings for {duration_text(hours)}; {told}",
        from_seconds(gap.start_s),
        {"hours": hours, **numbers},
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


def left_out_finding(name: str, t: Seconds, v: Floats, rules: CounterRules) -> Finding:
    """Amounts in a row that cannot be, or that overlap, and so were left out."""
    unit, point = rules.register.unit, rules.register.point
    count = f"{len(t)} amounts were" if len(t) > 1 else "an amount was"
    if name == "interval.overlap":
        minutes = (rules.register.interval_s or 0) // 60
        text = f"{count} left out: less than the {minutes} minutes of an interval from another"
    else:
        worst = float(v.min() if v.min() < 0 else v.max())
        text = f"{count} left out: {worst:.3f} {unit} cannot pass in the time"
    numbers = {"amounts": float(len(t)), f"sum_{unit.lower()}": float(v.sum())}
    return Finding(name, point, text, from_seconds(t[0]), numbers)


def open_finding(at_s: int, amount: float, rules: CounterRules) -> Finding:
    """The last amount of a series has no end yet, and is in no total."""
    unit = rules.register.unit
    return Finding(
        "amount.open",
        rules.register.point,
        f"{amount:.3f} {unit} count once the next amount, or an end of the period, is told",
        from_seconds(at_s),
        {f"amount_{unit.lower()}": amount},
    )


def edit_findings(
    edits: Edits, readings: ReadingSeries, life: Span, rules: CounterRules
) -> list[Finding]:
    """What a person corrected in ``life``: how, who and why; at its start, or that of ``life``."""
    unit = rules.register.unit
    told: list[tuple[str, Ignored | Factor | ManualEnergy, str, dict[str, float]]] = []
    for ignored in edits.ignored:
        ends = [to_seconds(ignored.span.start), to_seconds(ignored.span.end)]
        count = int(np.diff(np.searchsorted(readings.seconds, ends))[0])
        told.append(("ignore", ignored, f"{count} readings are ignored", {"readings": count}))
    for edit in edits.factors:
        text = f"amounts are taken {edit.factor:g} times"
        told.append(("factor", edit, text, {"factor": edit.factor}))
    for stated in edits.energies:
        text = f"{stated.amount:.3f} {unit} are stated"
        told.append(("energy", stated, text, {f"amount_{unit.lower()}": stated.amount}))
    return [
        Finding(
            f"edit.{kind}",
            rules.register.point,
            f"{text} until {edit.span.end:%Y-%m-%d %H:%M} UTC by {edit.author}: {edit.reason}",
            part.start,
            numbers,
        )
        for kind, edit, text, numbers in told
        if (part := life.clip(edit.span.start, edit.span.end))
    ]
