"""Registers set right by hand: what is taken apart before a counter is judged, and what it adds.

A correction moves a register that goes on counting. The judging of steps must not see the move::

    shown     1040  1041 |at| 1091  1092     the dial was read: 50 m3 had passed uncounted
    counted   1040  1041 |  | 1041  1042     what ``paes.accounting.counter`` judges
                         +50                 a known amount in the second before ``at``

An amount upward has passed and is added, never spread over time; an amount downward was counted
too much before and is not taken back, for it would show as a saving. Where the counter itself
began again (another pulse logger), the level before it is the last one that was read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from paes.accounting.counter_rules import CONFIRMING_READINGS, STORE_STEP, Correction, CounterRules
from paes.metering import Finding
from paes.periods import Seconds, to_seconds
from paes.series import Floats, Gap


@dataclass(frozen=True, slots=True)
class Move:
    """What a correction brought to light between two readings."""

    correction: Correction
    step: float
    """By how much it moved the register, less the wraps since the register was set last."""

    @property
    def gap(self) -> Gap | None:
        """What had passed uncounted, as a known amount; None if nothing had."""
        if self.step <= 0:
            return None
        at_s = to_seconds(self.correction.at)
        return Gap(at_s - 1, at_s, self.step, self.step, "meter.corrected")

    def finding(self, rules: CounterRules) -> Finding:
        """Who set the register right, why, and what that amounts to."""
        c, unit = self.correction, rules.register.unit
        if self.step > 0:
            effect = f"{self.step:.3f} {unit} that had not been counted are added"
        else:
            effect = f"{-self.step:.3f} {unit} counted too much before are not taken back"
        shown = f"the dial showed {c.after:.3f} {unit} instead of {c.after - self.step:.3f}"
        return Finding(
            "meter.corrected",
            rules.register.point,
            f"set right by {c.by} ({c.reason}): {shown}; {effect}",
            c.at,
            {f"value_{unit.lower()}": c.after, f"step_{unit.lower()}": self.step},
        )


def uncorrected(t: Seconds, shown: Floats, rules: CounterRules) -> tuple[Floats, list[Move]]:
    """The register as if nobody had moved it, and the moves between its readings."""
    if not rules.corrections:
        return shown, []
    counted, moves, moved = shown.copy(), [], 0.0
    since, before = 0, None  # the correction before, and the first reading after it
    for correction in rules.corrections:
        k = int(np.searchsorted(t, to_seconds(correction.at)))
        if not 0 < k < len(t) or _is_exchange(t[k - 1], t[k], rules):
            continue
        if k == since and before:
            step = _step_between(before, correction, rules)
        else:
            step = _step(t, shown, range(max(since, k - CONFIRMING_READINGS), k), correction, rules)
        counted[k:] = shown[k:] - moved - step
        fall = float(counted[k - 1] - counted[k])
        if 0 < fall <= 2 * STORE_STEP:  # rounding by the store, not the meter
            counted[k:] += fall
            step -= fall
        moved, since, before = moved + step, k, correction
        moves.append(Move(correction, step - _wrapped(step, rules)))
    return counted, moves


def _wrapped(step: float, rules: CounterRules) -> float:
    """How far the register had fallen behind the dial by its own wraps, which are counted already.

    A whole number of its scale, the nearest to ``step``: nobody knows how often it wrapped since it
    was set last, so more than half a scale that passed uncounted is not told from a wrap.
    """
    modulus = rules.register.modulus
    return 0.0 if modulus is None else modulus * max(0, math.floor(step / modulus + 0.5))


def _step_between(before: Correction, correction: Correction, rules: CounterRules) -> float:
    """What the correction added to the register since the one ``before``, unread meanwhile."""
    span_s = (correction.at - before.at).total_seconds()
    went_on = _goes_on(before.after, correction.before, span_s, rules)
    return correction.after - (correction.before if went_on else before.after)


def _step(
    t: Seconds, shown: Floats, near: range, correction: Correction, rules: CounterRules
) -> float:
    """What the correction added to the register that the readings ``near`` go on to."""
    at_s = to_seconds(correction.at)
    for i in near:
        if _goes_on(float(shown[i]), correction.before, float(at_s - t[i]), rules):
            return correction.after - correction.before
    return correction.after - _level(t, shown, near, rules)


def _level(t: Seconds, shown: Floats, near: range, rules: CounterRules) -> float:
    """The last of the readings ``near`` that is credible beside the one before it."""
    for i in reversed(near[1:]):
        step, span = float(shown[i] - shown[i - 1]), float(t[i] - t[i - 1])
        if rules.credible(step, span, float(shown[i])):
            return float(shown[i])
    return float(np.median(shown[near[0] : near[-1] + 1]))


def _goes_on(value: float, before: float, span_s: float, rules: CounterRules) -> bool:
    """True if a register that shows ``value`` can have shown ``before`` after ``span_s``."""
    step = before - value
    return rules.credible(step + STORE_STEP, span_s, before) or (
        rules.register.modulus is not None
        and step < 0
        and rules.wraps(step + rules.register.modulus, span_s)
    )


def _is_exchange(after_s: int, until_s: int, rules: CounterRules) -> bool:
    """True if the device was exchanged between two readings: its registers tell what passed."""
    swaps = (*rules.replacements, *rules.noticed)
    return any(after_s < to_seconds(s.at) <= until_s for s in swaps)
