"""What is known of a counter, and which of its steps can be believed.

Thresholds of the accounting live here, with the version that is part of every derived figure.
Read next: ``paes.accounting.counter``, which judges the steps that these rules find odd.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from paes.accounting.edits import Factor, Ignored
from paes.metering import Register
from paes.meters import Replacement
from paes.periods import Seconds, Span, to_seconds
from paes.pulse import Pulse
from paes.series import GOOD_CODES, Floats, ReadingSeries

_Flags: TypeAlias = npt.NDArray[np.bool_]

RULES_VERSION = "7"
"""Part of the identity of every derived figure; raise it whenever a rule below changes."""

SPIKE_MARGIN = 1.2
"""A step is credible up to this many times what the rated power allows in its time."""
RATING_ERROR = 10.0
"""Steps in a row above what is credible, but not by more than this factor: the rating is wrong."""
CONFIRMING_READINGS = 3
"""A lower or a far higher level is believed once this many readings in a row agree on it."""
RETURN_READINGS = 6
"""A level that is left again within so many readings was none, if the register goes back by a step
that cannot have passed; without a rating, by all that it fell. Fewer than the readings known around
any span (``paes.accounting.ledger``)."""
JITTER_STEPS = 3
"""A register may fall back by so many of its smallest steps without meaning anything; half of one
more is for the rounding of their sum."""
GAP_AFTER_PERIODS = 1.5
"""Two readings further apart than this many poll periods have a gap between them."""
LOOKAHEAD_READINGS = RETURN_READINGS + 1
"""A reading is judged by no more readings than these after it."""
SOUND_STEPS = RETURN_READINGS + LOOKAHEAD_READINGS + CONFIRMING_READINGS
"""So many sound steps in a row are accepted whatever came before them: at the latest from the
seventh reading on, which looks no further than they reach."""
CONTEXT_READINGS = (16, 64, 512, 4096)
"""Readings read on either side of a span, so that its first and last steps are judged right:
the first that suffices. More than 16 are needed only where many in a row are not credible."""
STORE_STEP = 1e-3
"""Every store keeps whole thousandths: two readings of one level may differ by as much."""
SWAP_NOTICED_AFTER_S = 7 * 86400
"""How long after an exchange the collector may notice it: serial numbers are read rarely."""
UNRATED_PER_H = {"kWh": 1000.0, "m3": 250.0, "l": 250_000.0}
"""What a meter without a rating is believed to count in an hour at most, by the unit of its
register: a supply of 1 MW, a meter of gas or water of 250 m3/h (sizes G160 and Q3 = 250). Few of a
town's are larger, and what begins again from a level of thousands within minutes is above it. It
bounds no gap, and a meter that keeps above it is measured and told (``meter.rating_exceeded``)."""
WRITTEN_STEP = 1.0
"""Registers that a person wrote down are off by less than so many units: displays show whole ones,
and a reading by wire, with its decimals, may be above what was written a moment later."""
UNRATED_WRAP = 0.01
"""The most of its scale by which a register of unknown rating may wrap between two readings."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A register was set right by hand at ``at``: it went on from ``after``, not ``before``.

    ``before`` is what it would have shown otherwise, if its counter had not begun again since
    the correction before. Both are in the register's unit.
    """

    at: datetime
    before: float
    after: float
    by: str
    reason: str


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
    noticed: tuple[Replacement, ...] = ()
    """Exchanges that the collector noticed, at or some time after they were made."""
    corrections: tuple[Correction, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    """Spans whose readings a person calls false."""
    factors: tuple[Factor, ...] = ()
    """What measured amounts are multiplied by (``paes.accounting.scaling``)."""

    def limit(self, seconds: float) -> float:
        """The most that can pass in ``seconds``, with the margin; infinite if unknown."""
        if self.limit_per_h is None:
            return math.inf
        return SPIKE_MARGIN * self.limit_per_h * seconds / 3600.0

    @cached_property
    def believed_per_h(self) -> float:
        """What the register can show more after an hour, if it is to be believed.

        A factor below 1 says that it ran too fast: by as much more is believed.
        """
        rated = self.limit_per_h
        most = UNRATED_PER_H.get(self.register.unit, math.inf) if rated is None else rated
        return SPIKE_MARGIN * most * max([1.0, *(1 / f.factor for f in self.factors)])

    def ceiling(self, seconds: float) -> float:
        """The most that is believed of a step in ``seconds``; of a known rating, ``limit``."""
        return self.believed_per_h * seconds / 3600.0

    def credible(self, step: float, seconds: float, at: float = 0.0) -> bool:
        """True if ``step`` (to the register value ``at``) can pass in ``seconds``."""
        return 0 <= step <= self.ceiling(seconds) + 2 * self.register.step_at(at)

    def agrees(self, step: float, seconds: float, at: float = 0.0) -> bool:
        """True if two readings are of one level, even if the rating is wrong."""
        return 0 <= step <= RATING_ERROR * self.ceiling(seconds) + 2 * self.register.step_at(at)

    def turns(self, known: float, seconds: float) -> int:
        """How often a register that counted ``known`` may have wrapped beside, unseen.

        0 where no rating tells: then what both registers show is taken for all.
        """
        modulus = self.register.modulus
        if modulus is None or self.limit_per_h is None:
            return 0
        return max(0, math.floor((self.limit(seconds) - known) / modulus))

    def usable(self, readings: ReadingSeries) -> _Flags:
        """Which readings may be counted with: good ones that nobody calls false."""
        found = np.isin(readings.codes, GOOD_CODES)
        for ignored in self.ignored:
            start_s, end_s = to_seconds(ignored.span.start), to_seconds(ignored.span.end)
            found &= (readings.seconds < start_s) | (readings.seconds >= end_s)
        return np.asarray(found, dtype=np.bool_)

    def wraps(self, wrapped: float, seconds: float) -> bool:
        """True if a fall is the register's wrap to zero, after which it counted on to ``wrapped``.

        Where nothing bounds what can pass, only a wrap close to the end of the scale is one:
        a restart from the middle of it must not be counted as half a scale of energy.
        """
        modulus = self.register.modulus
        if modulus is None:
            return False
        most = modulus / 2 if self.limit_per_h is not None else modulus * UNRATED_WRAP
        return wrapped < most and self.credible(wrapped, seconds, modulus)

    @property
    def key(self) -> str:
        """All of it as text: two counters with one key are accounted alike."""
        r = self.register
        swaps = f"{_written(self.replacements)}|{_written(self.noticed)}"
        moves = ";".join(f"{to_seconds(c.at)},{c.before},{c.after}" for c in self.corrections)
        edits = ";".join(
            [f"ignore,{_ends(i.span)}" for i in self.ignored]
            + [f"factor,{_ends(f.span)},{f.factor}" for f in self.factors]
        )
        return (
            f"{RULES_VERSION}|{r.kind}|{r.interval_s}|{r.unit}|{r.modulus}|{r.resolution:.9g}"
            f"|{r.relative_step}|{self.gap_after_s}|{self.limit_per_h}|{swaps}|{moves}|{edits}"
        )


def _ends(span: Span) -> str:
    return f"{to_seconds(span.start)},{to_seconds(span.end)}"


def _written(replacements: tuple[Replacement, ...]) -> str:
    return ";".join(
        f"{r.at:%Y%m%dT%H%M%S},{r.last_reading},{r.first_reading}" for r in replacements
    )


def corrections_of(pulse: Pulse | None, register: Register) -> tuple[Correction, ...]:
    """The corrections of a pulse meter, in the unit of its register (worth a pulse each step)."""
    if pulse is None:
        return ()
    to_unit = register.resolution / pulse.weight
    found, counted, reading = [], 0.0, pulse.initial_reading
    for c in pulse.corrections:
        before = reading + (c.pulses - counted) * pulse.weight
        found.append(Correction(c.at, before * to_unit, c.reading * to_unit, c.by, c.reason))
        counted, reading = c.pulses, c.reading
    return tuple(found)


def odd_steps(t: Seconds, v: Floats, rules: CounterRules) -> _Flags:
    """Which steps must be judged: those that fall, and those that are too high alone."""
    step = np.diff(v)
    return np.asarray((step < 0) | too_high_alone(step, np.diff(t), v[1:], rules), dtype=np.bool_)


def too_high(step: Floats, span_s: Seconds, at: Floats, rules: CounterRules) -> _Flags:
    """``CounterRules.credible`` for all steps at once, as far as it is about too much."""
    steps = np.maximum(rules.register.resolution, rules.register.relative_step * np.abs(at))
    return np.asarray(step > rules.ceiling(1.0) * span_s + 2 * steps, dtype=np.bool_)


def too_high_alone(step: Floats, span_s: Seconds, at: Floats, rules: CounterRules) -> _Flags:
    """Too high; but not three or more in a row by no absurd factor: so the rating is too small."""
    high = too_high(step, span_s, at, rules)
    near = high & (step <= RATING_ERROR * rules.ceiling(1.0) * span_s) if high.any() else high
    long = np.zeros_like(near)
    if len(near) >= CONFIRMING_READINGS:
        run = near[:-2] & near[1:-1] & near[2:]
        for offset in range(CONFIRMING_READINGS):
            long[offset : offset + len(run)] |= run
    return np.asarray(high & ~long, dtype=np.bool_)
