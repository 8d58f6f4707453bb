"""From a counter's readings to energy, with every gap accounted for.

A meter's register only grows, so energy is the difference of two readings. What can go wrong
with that is decided here, once::

    readings   |--|--|--|--|            |--|--|--X--|--|
    interval    measured     gap: known    measured  ^ a value that is not credible is left
                             amount, un-               out, and a Finding says so
                             known course

* Two good readings close together give a **measured** interval; it is spread evenly inside.
* Two good readings far apart give a **gap whose amount is known** (``low == high``). A period
  that contains it whole counts it (*catch-up*); a period that cuts it has **missing** energy
  between bounds.
* A reset, an unexplained jump, an exchange of the device without registers, and the time
  before the first or after the last reading are gaps **between bounds** only.

So nothing is ever invented and no late catch-up is dropped: the true energy of a period lies
in ``[measured + missing_low, measured + missing_high]``. Estimating what is missing is a later
step that adds to these figures and never replaces a measurement.

Pure functions on arrays; amounts are in the register's unit (kWh or m3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from paes.metering import Finding, Quality, Register, Replacement
from paes.periods import Seconds, from_seconds, to_seconds
from paes.series import CODE_OF, Floats, Gap, ReadingSeries

RULES_VERSION = "2"
"""Part of the identity of every derived figure; raise it whenever a rule below changes."""

SPIKE_MARGIN = 1.2
"""A step is credible up to this many times what the rated power allows in its time."""
CONFIRMING_READINGS = 3
"""A lower or a far higher level is believed once this many readings in a row agree on it."""
JITTER_STEPS = 3
"""A register may fall back by so many of its smallest steps without meaning anything."""
UNRATED_WRAP = 0.01
"""The most of its scale by which a register of unknown rating may wrap between two readings."""
OUTSIDE = ("before_first_reading", "after_last_reading")
"""Causes of gaps that have a reading on one side only, or on none within the span."""
_GOOD = (CODE_OF[Quality.GOOD], CODE_OF[Quality.SUBSTITUTED])


@dataclass(frozen=True)
class CounterRules:
    """What is known of a counter: where it wraps, how fast it can run, when it was exchanged.

    ``limit_per_h`` is the most it can count in an hour (None: unknown; then no step upward is
    too large and a gap between bounds has no upper one). ``gap_after_s`` is the longest time
    between two readings that still counts as measured.
    """

    register: Register
    gap_after_s: float
    limit_per_h: float | None = None
    replacements: tuple[Replacement, ...] = ()

    def limit(self, seconds: float) -> float:
        """The most that can pass in ``seconds``, without margin; infinite if unknown."""
        return math.inf if self.limit_per_h is None else self.limit_per_h * seconds / 3600.0

    def credible(self, step: float, seconds: float) -> bool:
        """True if ``step`` is no more than can pass in ``seconds``."""
        slack = 2 * self.register.resolution
        return 0 <= step <= SPIKE_MARGIN * self.limit(seconds) + slack

    def wraps(self, wrapped: float, seconds: float) -> bool:
        """True if a fall is the register's wrap to zero, after which it counted on to ``wrapped``.

        Where nothing bounds what can pass, only a wrap close to the end of the scale is one:
        a restart from the middle of it must not be counted as half a scale of energy.
        """
        modulus = self.register.modulus
        if modulus is None:
            return False
        most = modulus / 2 if self.limit_per_h is not None else modulus * UNRATED_WRAP
        return wrapped < most and self.credible(wrapped, seconds)

    @property
    def key(self) -> str:
        """All of it as text: two counters with one key are accounted alike."""
        swaps = ";".join(
            f"{r.at:%Y%m%dT%H%M%S},{r.last_reading},{r.first_reading}" for r in self.replacements
        )
        r = self.register
        return (
            f"{RULES_VERSION}|{r.modulus}|{r.resolution:.9g}|{self.gap_after_s}"
            f"|{self.limit_per_h}|{swaps}"
        )


@dataclass(frozen=True)
class Account:
    """A counter's readings turned into measured intervals, gaps and findings.

    ``knots_s`` and ``total`` are the measured energy as a piecewise linear, never falling
    function of time (flat in gaps); ``covered`` is the covered time likewise, in seconds.
    """

    knots_s: Seconds
    total: Floats
    covered: Floats
    gaps: tuple[Gap, ...]
    findings: tuple[Finding, ...] = field(default=())


def account(readings: ReadingSeries, rules: CounterRules) -> Account:
    """Account one counter; readings that are not good are left out.

    Gaps are those between the first and the last credible reading: what lies outside depends
    on the period asked for (``outer_gaps``).
    """
    t, v = _good(readings)
    if len(t) == 0:
        nothing = np.empty(0, np.float64)
        return Account(np.empty(0, np.int64), nothing, nothing, ())
    walk = _Walk(t, v, rules)
    walk.run()
    return walk.account()


def is_complete(
    book: Account,
    readings: ReadingSeries,
    span_s: tuple[int, int],
    margin: int,
    rules: CounterRules,
) -> bool:
    """True if readings further away would change nothing of ``book`` within ``span_s``.

    ``margin`` is how many readings were asked for on either side; fewer are all there are.
    Before the span three readings must agree, for they are believed whatever came before them
    (but for jitter, which is worth a few counts); the first one accepted after it must not have
    needed a confirmation that lies further away.
    """
    start_s, end_s = span_s
    before = int(np.searchsorted(readings.seconds, start_s))
    after = len(readings) - int(np.searchsorted(readings.seconds, end_s))
    t, v = _good(readings)
    sound = ~_odd(t, v, rules)
    agreed = t[:-2][sound[:-1] & sound[1:]]
    accepted = book.knots_s[book.knots_s >= end_s][:1]
    decided = len(accepted) and np.sum(t >= accepted[0]) >= CONFIRMING_READINGS
    return bool((before < margin or np.any(agreed <= start_s)) and (after < margin or decided))


def outer_gaps(book: Account, start_s: int, end_s: int, rules: CounterRules) -> list[Gap]:
    """The gaps before the first and after the last reading, within ``[start_s, end_s)``."""
    if len(book.knots_s) == 0:
        return [Gap(start_s, end_s, 0.0, rules.limit(end_s - start_s), "no_reading")]
    first, last = int(book.knots_s[0]), int(book.knots_s[-1])
    gaps = []
    if first > start_s:
        stop = min(first, end_s)
        gaps.append(Gap(start_s, stop, 0.0, rules.limit(stop - start_s), "before_first_reading"))
    if last < end_s:
        begin = max(last, start_s)
        gaps.append(Gap(begin, end_s, 0.0, rules.limit(end_s - begin), "after_last_reading"))
    return gaps


def cut(gap: Gap, edges: Seconds, rules: CounterRules) -> list[Gap]:
    """A gap before the first or after the last reading, cut at ``edges``: each part stands alone.

    Any other gap stays whole, for its parts depend on each other.
    """
    if gap.cause not in OUTSIDE:
        return [gap]
    inner = edges[(edges > gap.start_s) & (edges < gap.end_s)].tolist()
    ends = [gap.start_s, *inner, gap.end_s]
    return [Gap(a, b, 0.0, rules.limit(b - a), gap.cause) for a, b in pairwise(ends)]


def buckets(
    book: Account, gaps: Sequence[Gap], edges: Seconds, rules: CounterRules
) -> pd.DataFrame:
    """Energy between consecutive ``edges``: one row a bucket.

    Columns: ``start_s``, ``end_s``, ``measured`` (with ``catch_up`` in it), ``catch_up``,
    ``missing_low``, ``missing_high``, ``covered_s``. ``gaps`` are the account's and the outer
    ones.
    """
    if len(book.knots_s):
        measured = np.diff(np.interp(edges, book.knots_s, book.total))
        covered = np.diff(np.interp(edges, book.knots_s, book.covered))
    else:
        measured = np.zeros(len(edges) - 1)
        covered = np.zeros(len(edges) - 1)
    catch_up, low, high = spread_gaps(gaps, edges, rules)
    return pd.DataFrame(
        {
            "start_s": edges[:-1],
            "end_s": edges[1:],
            "measured": measured + catch_up,
            "catch_up": catch_up,
            "missing_low": low,
            "missing_high": high,
            "covered_s": covered,
        }
    )


def spread_gaps(
    gaps: Sequence[Gap], edges: Seconds, rules: CounterRules
) -> tuple[Floats, Floats, Floats]:
    """What ``gaps`` put into each bucket: known catch-up, and low and high missing amounts.

    A gap inside one bucket gives it its amount, or its bounds. A gap that is cut by an edge
    gives each part the bounds that the rest leaves open: at least what cannot have passed
    outside, at most what can have passed inside. ``edges`` may repeat; an empty bucket has
    nothing.
    """
    n = len(edges) - 1
    catch_up, low, high = np.zeros(n), np.zeros(n), np.zeros(n)
    for gap in gaps:
        first = max(int(np.searchsorted(edges, gap.start_s, side="right")) - 1, 0)
        last = min(int(np.searchsorted(edges, gap.end_s, side="left")), n)
        inside = last - first == 1 and edges[first] <= gap.start_s and gap.end_s <= edges[first + 1]
        if inside and gap.known:
            catch_up[first] += gap.low
        elif inside:
            low[first] += gap.low
            high[first] += gap.high
        else:
            for i in range(first, last):
                part = min(gap.end_s, int(edges[i + 1])) - max(gap.start_s, int(edges[i]))
                if part > 0:
                    least, most = _bounds_of_part(gap, part, rules)
                    low[i] += least
                    high[i] += most
    return catch_up, low, high


def _bounds_of_part(gap: Gap, part_s: int, rules: CounterRules) -> tuple[float, float]:
    span_s = gap.end_s - gap.start_s
    if gap.low > rules.limit(span_s):
        return 0.0, gap.high  # more passed than the rating allows: it bounds no part either
    return max(0.0, gap.low - rules.limit(span_s - part_s)), min(gap.high, rules.limit(part_s))


def _good(readings: ReadingSeries) -> tuple[Seconds, Floats]:
    good = np.isin(readings.codes, _GOOD)
    return readings.seconds[good], readings.values[good]


def _odd(t: Seconds, v: Floats, rules: CounterRules) -> npt.NDArray[np.bool_]:
    """Which steps are not credible (``CounterRules.credible`` for all at once)."""
    step, span = np.diff(v), np.diff(t)
    odd = step < 0
    if rules.limit_per_h is not None:
        most = SPIKE_MARGIN * rules.limit_per_h * span / 3600.0
        odd |= step > most + 2 * rules.register.resolution
    return np.asarray(odd, dtype=np.bool_)


class _Walk:
    """One pass over the readings: jumps from one odd step to the next and judges each."""

    def __init__(self, t: Seconds, v: Floats, rules: CounterRules) -> None:
        self.t, self.v, self.rules = t, v, rules
        self.keep = np.ones(len(t), dtype=bool)
        self.amounts: dict[int, float] = {}  # interval's first index -> amount, where special
        self.bounds: dict[int, tuple[float, float, str]] = {}  # … -> low, high, cause
        self.findings: list[Finding] = []
        self.swaps = {to_seconds(r.at): r for r in rules.replacements}

    def run(self) -> None:
        base, last = 0, len(self.t) - 1
        odd = self._odd_steps()
        while base < last:
            after = np.searchsorted(odd, base)
            if after == len(odd):
                return
            base = int(odd[after])
            base = self._judge(base)

    def _odd_steps(self) -> Seconds:
        odd = _odd(self.t, self.v, self.rules)
        for at in self.swaps:
            i = int(np.searchsorted(self.t, at, side="left")) - 1
            if 0 <= i < len(odd):
                odd[i] = True
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
        swaps = self._swaps_between(base, k)
        if swaps:
            self._replaced(base, k, swaps)
        elif self.rules.credible(step, span):
            pass
        elif 0 > step >= -JITTER_STEPS * self.rules.register.resolution:
            self._note("counter.jitter", k, "the register fell back by a few counts", step)
            return False
        elif step < 0:
            return self._lower(base, k, step, span)
        elif self._confirmed(k):
            self._unknown(base, "counter.spike")
            self._note("counter.spike", k, "the register jumped by more than can have passed", step)
        else:
            self._note("counter.spike", k, "one reading is far too high and was left out", step)
            return False
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
            self._unknown(base, "counter.reset")
            self._note("counter.reset", k, "the register started again from a lower value", step)
            return True
        self._note("counter.transient", k, "one reading is lower and was left out", step)
        return False

    def _confirmed(self, k: int) -> bool:
        """True if the reading at ``k`` and the next ones agree on a new level."""
        end = k + CONFIRMING_READINGS
        if end > len(self.t):
            return False
        steps, spans = np.diff(self.v[k:end]), np.diff(self.t[k:end])
        return all(
            self.rules.credible(float(s), float(d)) for s, d in zip(steps, spans, strict=True)
        )

    def _returns(self, base: int, k: int) -> bool:
        """True if the register is back at its level before it could be confirmed to have left."""
        return bool(np.any(self.v[k + 1 : k + CONFIRMING_READINGS] >= self.v[base]))

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

    def _swaps_between(self, base: int, k: int) -> list[Replacement]:
        return [s for at, s in self.swaps.items() if self.t[base] < at <= self.t[k]]

    def _replaced(self, base: int, k: int, swaps: Sequence[Replacement]) -> None:
        """What each device in turn counted between the two readings, as far as it is known."""
        starts = [float(self.v[base]), *(s.first_reading for s in swaps)]
        ends = [*(s.last_reading for s in swaps), float(self.v[k])]
        span = float(self.t[k] - self.t[base])
        pairs = zip(starts, ends, strict=True)
        passed = [b - a for a, b in pairs if a is not None and b is not None]
        sound = [p for p in passed if self.rules.credible(p, span)]
        if len(sound) == len(starts):
            self.amounts[base] = sum(sound)
        else:
            high = max(self.rules.limit(span), sum(sound))
            self.bounds[base] = (sum(sound), high, "meter.replaced")
        serials = ", then ".join(s.new_serial for s in swaps)
        self._note("meter.replaced", k, f"the device was exchanged for {serials}", sum(sound))

    def _unknown(self, base: int, cause: str) -> None:
        self.bounds[base] = (0.0, math.inf, cause)

    def _note(self, name: str, k: int, message: str, step: float) -> None:
        unit = self.rules.register.unit
        self.findings.append(
            Finding(
                name,
                self.rules.register.point,
                f"{message}: {self.v[k]:.3f} {unit}",
                from_seconds(self.t[k]),
                {f"value_{unit.lower()}": float(self.v[k]), f"step_{unit.lower()}": step},
            )
        )

    def account(self) -> Account:
        """What the walk found, as measured intervals and gaps."""
        kept = np.flatnonzero(self.keep)
        t, v = self.t[kept], self.v[kept]
        amount, span = np.diff(v), np.diff(t)
        gaps: list[Gap] = []
        measured = span <= self.rules.gap_after_s
        position = {int(index): i for i, index in enumerate(kept)} if self._special else {}
        for index, value in self.amounts.items():
            amount[position[index]] = value
        for index, (low, high, cause) in self.bounds.items():
            i = position[index]
            measured[i] = False
            amount[i] = 0.0
            limit = min(high, self.rules.limit(float(span[i])))
            gaps.append(Gap(int(t[i]), int(t[i + 1]), low, max(low, limit), cause))
        bounded = {position[index] for index in self.bounds}
        for i in np.flatnonzero(~measured).tolist():
            if i not in bounded:
                known = float(amount[i])
                gaps.append(Gap(int(t[i]), int(t[i + 1]), known, known, "no_reading"))
        self._report_gaps(gaps)
        start = np.zeros(1)
        return Account(
            knots_s=t,
            total=np.concatenate([start, np.cumsum(np.where(measured, amount, 0.0))]),
            covered=np.concatenate([start, np.cumsum(np.where(measured, span, 0))]),
            gaps=tuple(sorted(gaps, key=lambda g: g.start_s)),
            findings=tuple(self.findings),
        )

    @property
    def _special(self) -> bool:
        return bool(self.amounts or self.bounds)

    def _report_gaps(self, gaps: Sequence[Gap]) -> None:
        unit = self.rules.register.unit
        for gap in gaps:
            if gap.cause != "no_reading":
                continue
            hours = (gap.end_s - gap.start_s) / 3600.0
            self.findings.append(
                Finding(
                    "data.gap",
                    self.rules.register.point,
                    f"no readings for {hours:.1f} h; {gap.low:.3f} {unit} passed meanwhile",
                    from_seconds(gap.start_s),
                    {"hours": hours, f"amount_{unit.lower()}": gap.low},
                )
            )
