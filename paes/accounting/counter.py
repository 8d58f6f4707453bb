"""One counter's readings, judged: what is measured, what is a gap, what is not credible.

The walk goes through the readings once. Steps that are credible beside the meter's rating are
taken as they are, all at once; each odd one is judged by what follows it::

    value lower    by a few counts -> jitter: left out, or worth nothing if it stays
                   wraps at the declared modulus -> rollover, added on
                   three readings agree          -> reset: the step is unknown, within bounds
                   it comes back                 -> transient, left out
    value higher   three readings agree          -> jump: unknown, within bounds
                   it comes back                 -> spike, left out
                   three steps in a row like it  -> the rating is wrong: measured, and said so
    exchange       both registers known          -> the sum of both devices, else within bounds
    odd step       an exchange is noticed later  -> it was made here

Each is decided by the last accepted reading and at most ``LOOKAHEAD_READINGS`` after the one that
is judged: ``counter_needs`` rests on that. Pure functions on arrays; amounts are in the register's
unit (kWh or m3). Read next: ``consumption`` (periods).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from paes.accounting.account import NO_READING, Account
from paes.accounting.corrections import uncorrected
from paes.accounting.counter_findings import exchange, gap_finding, rating_finding, step_finding
from paes.accounting.counter_rules import (
    CONFIRMING_READINGS,
    JITTER_STEPS,
    RETURN_READINGS,
    SWAP_NOTICED_AFTER_S,
    WRITTEN_STEP,
    CounterRules,
    odd_steps,
    too_high,
)
from paes.accounting.intervals import amounts_account, intervals_account
from paes.accounting.scaling import scaled
from paes.metering import Evidence, Finding
from paes.meters import Replacement
from paes.periods import Seconds, to_seconds
from paes.series import Floats, Gap, ReadingSeries


def account(readings: ReadingSeries, rules: CounterRules) -> Account:
    """Account one meter's readings, of whatever kind; those that are not good are left out.

    Gaps are those between the first and the last credible reading: what lies outside depends
    on the period asked for (``outer_gaps``).
    """
    return scaled(_ACCOUNTS[rules.register.kind](readings, rules), rules)


def counter_account(readings: ReadingSeries, rules: CounterRules) -> Account:
    """Account the readings of a register."""
    usable = rules.usable(readings)
    t, shown = readings.seconds[usable], readings.values[usable]
    if len(t) == 0:
        return Account.empty()
    walk = _Walk(t, shown, rules)
    walk.run()
    return walk.account()


class _Walk:
    """One pass over the readings: jumps from one odd step to the next and judges each."""

    def __init__(self, t: Seconds, shown: Floats, rules: CounterRules) -> None:
        self.t, self.shown, self.rules = t, shown, rules
        self.v, self.moves = uncorrected(t, shown, rules)
        self.keep = np.ones(len(t), dtype=bool)
        self.amounts: dict[int, float] = {}  # interval's first index -> amount, where special
        self.bounds: dict[int, tuple[float, float, str]] = {}  # … -> low, high, cause
        self.exchanged: set[int] = set()
        """Intervals in which the device was exchanged."""
        self.findings: list[Finding] = [m.finding(rules) for m in self.moves]
        self.swaps = {to_seconds(r.at): r for r in rules.replacements}
        self.noticed = {to_seconds(r.at): r for r in rules.noticed}
        """Those whose place is not found yet."""
        self.unseen: set[int] = set()
        """Those of them made while nothing was read: a register that goes on proves nothing."""

    def run(self) -> None:
        base, last = 0, len(self.t) - 1
        odd = self._odd_steps()
        while base < last:
            after = np.searchsorted(odd, base)
            if after == len(odd):
                break
            base = int(odd[after])
            base = self._judge(base)
        for at, swap in self.noticed.items():
            if self.t[0] < at <= self.t[-1]:  # the new device goes on where the old one ended
                k = int(np.searchsorted(self.t, at))
                self._note("meter.replaced", k, exchange([swap]), 0.0)

    def _odd_steps(self) -> Seconds:
        odd = odd_steps(self.t, self.v, self.rules)
        if len(self.t) > 1:
            steps, spans = np.diff(self.v), np.diff(self.t)
            self._report_rating(~odd & too_high(steps, spans, self.v[1:], self.rules))
        for at in (*self.swaps, *self.noticed):
            i = int(np.searchsorted(self.t, at, side="left")) - 1
            if 0 <= i < len(odd):
                if at in self.noticed and self.t[i + 1] - self.t[i] > self.rules.gap_after_s:
                    self.unseen.add(at)
                odd[i] |= at in self.swaps or at in self.unseen
        return np.flatnonzero(odd).astype(np.int64)

    def _judge(self, base: int) -> int:
        """Decide how the counter goes on after ``base``; returns the next accepted index."""
        for k in range(base + 1, len(self.t)):
            if self._accepts(base, k):
                return k
            self.keep[k] = False
        return len(self.t)

    def _accepts(self, base: int, k: int) -> bool:
        step, span = float(self.v[k] - self.v[base]), float(self.t[k] - self.t[base])
        sound = self._credible(base, k)
        swaps = self._swaps_between(base, k, sound or self._returns(base, k))
        if swaps:
            self._replaced(base, k, swaps)
        elif sound:
            pass
        elif 0 > step > -(JITTER_STEPS + 0.5) * self.rules.register.step_at(float(self.v[k])):
            return self._fell_back(base, k, step)
        elif step < 0:
            return self._lower(base, k, step, span)
        elif self._confirmed(k) and not self._returns(base, k):
            text = "the register jumped by more than can have passed"
            return self._unknown(base, k, "counter.spike", text)
        else:
            self._note("counter.spike", k, "one reading is far too high and was left out", step)
            return False
        return True

    def _fell_back(self, base: int, k: int, step: float) -> bool:
        """Left out, but for a register that stays lower: it may rest so for months, and is read."""
        self._note("counter.jitter", k, "the register fell back by a few counts", step)
        soon = self.v[k + 1 : k + 1 + RETURN_READINGS] >= self.v[base]
        if soon.any() or not self._confirmed(k):
            return False
        self.amounts[base] = 0.0
        return True

    def _lower(self, base: int, k: int, step: float, span: float) -> bool:
        wrapped = step + (self.rules.register.modulus or math.inf)
        if self._returns(base, k):
            pass
        elif self.rules.wraps(wrapped, span):
            self.amounts[base] = wrapped
            self._note("counter.rollover", k, "the register wrapped to zero", wrapped)
            return True
        elif self._confirmed(k):
            if self._drop_spikes(base, k):
                return True
            text = "the register started again from a lower value"
            return self._unknown(base, k, "counter.reset", text)
        self._note("counter.transient", k, "one reading is lower and was left out", step)
        return False

    def _confirmed(self, k: int) -> bool:
        """True if the reading at ``k`` and the next ones agree on a new level."""
        end = k + CONFIRMING_READINGS
        if end > len(self.t):
            return False
        steps, spans = np.diff(self.v[k:end]), np.diff(self.t[k:end])
        return all(
            self.rules.agrees(float(s), float(d), float(self.v[k]))
            for s, d in zip(steps, spans, strict=True)
        )

    def _returns(self, base: int, k: int) -> bool:
        """True if the register is soon back at its level: what it shows meanwhile is not true."""
        soon = self.v[k + 1 : k + CONFIRMING_READINGS] >= self.v[base]
        if self.v[k] < self.v[base] and soon.any():
            return True
        near = range(k + 1, min(k + 1 + RETURN_READINGS, len(self.t)))
        return any(
            (self._credible(base, j) and not self._credible(j - 1, j))
            or self._climbs_back(base, k, j)
            for j in near
        )

    def _climbs_back(self, base: int, k: int, j: int) -> bool:
        """True if a step takes back the fall to ``k`` and stays at ``j``; where no rating tells."""
        if self.rules.limit_per_h is not None:
            return False
        fall, step = self.v[base] - self.v[k], self.v[j] - self.v[j - 1]
        is_spike = j + 1 < len(self.v) and self.v[j + 1] < self.v[j]
        crosses = self.v[j - 1] < self.v[base] <= self.v[j]
        return bool(fall > 0 and crosses and step >= fall and not is_spike)

    def _credible(self, i: int, j: int) -> bool:
        step, span = float(self.v[j] - self.v[i]), float(self.t[j] - self.t[i])
        return self.rules.credible(step, span, float(self.v[j]))

    def _drop_spikes(self, base: int, k: int) -> bool:
        """Leave out what stands high between two levels that fit; only where no rating tells."""
        near = range(max(0, base - CONFIRMING_READINGS), base + 1)
        kept = [i for i in near if self.keep[i]]
        below = [i for i in kept if self.v[i] <= self.v[k]]
        if self.rules.limit_per_h is not None or not below:
            return False
        if any(i in self.amounts or i in self.bounds for i in kept if i >= below[-1]):
            return False
        for i in kept:
            if i > below[-1]:
                self.keep[i] = False
                text = "one reading is far too high and was left out"
                self._note("counter.spike", i, text, float(self.v[i] - self.v[below[-1]]))
        return True

    def _swaps_between(self, base: int, k: int, goes_on: bool) -> list[Replacement]:
        """Exchanges between two readings; none that was noticed where the register goes on."""
        noticed = {at: r for at, r in self.noticed.items() if not goes_on or at in self.unseen}
        swaps = self.swaps | noticed
        return [swaps[at] for at in sorted(swaps) if self.t[base] < at <= self.t[k]]

    def _replaced(self, base: int, k: int, swaps: Sequence[Replacement]) -> None:
        """What each device in turn counted between the two readings, as far as it is known."""
        starts = [float(self.shown[base]), *(s.first_reading for s in swaps)]
        ends = [*(s.last_reading for s in swaps), float(self.shown[k])]
        span = float(self.t[k] - self.t[base])
        sound = [
            max(0.0, b - a)
            for a, b in zip(starts, ends, strict=True)
            if a is not None and b is not None and self._is_of_one_device(b - a, span, b)
        ]
        if len(sound) == len(starts):
            self.amounts[base] = sum(sound)
        else:
            high = max(self.rules.limit(span), sum(sound))
            self.bounds[base] = (sum(sound), high, "meter.replaced")
        for swap in swaps:
            self.noticed.pop(to_seconds(swap.at), None)
        self.exchanged.add(base)
        self._note("meter.replaced", k, exchange(swaps), sum(sound))

    def _is_of_one_device(self, step: float, span: float, at: float) -> bool:
        """True if a device can have counted so; a person may have written too little by a unit."""
        return -WRITTEN_STEP < step < 0 or self.rules.credible(step, span, at)

    def _unknown(self, base: int, k: int, name: str, message: str) -> bool:
        """The register goes on at ``k`` from a level that nothing explains but an exchange."""
        soon = [at for at in self.noticed if 0 < at - self.t[k] <= SWAP_NOTICED_AFTER_S]
        if soon:
            self._replaced(base, k, [self.noticed[min(soon)]])
            return True
        self.bounds[base] = (0.0, math.inf, name)
        self._note(name, k, message, float(self.v[k] - self.v[base]))
        return True

    def _note(self, name: str, k: int, message: str, step: float) -> None:
        at_s, value = int(self.t[k]), float(self.shown[k])
        self.findings.append(step_finding(name, message, at_s, value, step, self.rules))

    def account(self) -> Account:
        """What the walk found, as measured intervals and gaps."""
        kept = np.flatnonzero(self.keep)
        t, v = self.t[kept], self.v[kept]
        amount, span = np.diff(v), np.diff(t)
        gaps = [move.gap for move in self.moves if move.gap]
        measured = span <= self.rules.gap_after_s
        special = self.amounts or self.bounds
        position = {int(index): i for i, index in enumerate(kept)} if special else {}
        for index, value in self.amounts.items():
            amount[position[index]] = value
        for index, (low, high, cause) in self.bounds.items():
            i = position[index]
            measured[i] = False
            amount[i] = 0.0
            limit = min(high, self.rules.limit(float(span[i])))
            gaps.append(Gap(int(t[i]), int(t[i + 1]), low, max(low, limit), cause))
        wraps = self.rules.register.modulus is not None
        bounded = {position[index] for index in self.bounds}
        for i in np.flatnonzero(~measured).tolist():
            if i not in bounded:
                low = float(amount[i])
                high = low + self._turns(int(kept[i]), low, float(span[i])) if wraps else low
                gaps.append(Gap(int(t[i]), int(t[i + 1]), low, high, NO_READING))
        without = [g for g in gaps if g.cause == NO_READING]
        self.findings += [gap_finding(gap, self.rules) for gap in without]
        start = np.zeros(1)
        return Account(
            knots_s=t,
            total=np.concatenate([start, np.cumsum(np.where(measured, amount, 0.0))]),
            covered=np.concatenate([start, np.cumsum(np.where(measured, span, 0))]),
            gaps=tuple(sorted(gaps, key=lambda g: g.start_s)),
            accepted_s=t,
            findings=tuple(self.findings),
        )

    def _turns(self, index: int, known: float, span: float) -> float:
        """What the register may have counted unseen by going round once more, or oftener."""
        turns = 0 if index in self.exchanged else self.rules.turns(known, span)
        return turns * (self.rules.register.modulus or 0.0) if turns else 0.0

    def _report_rating(self, exceeded: npt.NDArray[np.bool_]) -> None:
        where = np.flatnonzero(exceeded)
        if len(where):
            steps, spans = np.diff(self.v)[where], np.diff(self.t)[where]
            self.findings.append(rating_finding(self.t[where], steps, spans, self.rules))


_ACCOUNTS = {
    Evidence.COUNTER: counter_account,
    Evidence.INTERVALS: intervals_account,
    Evidence.AMOUNTS: amounts_account,
}
