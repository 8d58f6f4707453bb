"""Meters that go wrong in every way the accounting knows, as Hypothesis makes them up.

A ``Course`` is what a meter showed, with what is told of it: exchanges, corrections, a rating that
may be too small. Registers count whole steps; times are jittered within a fifth of a poll.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import strategies as st

from paes.accounting.counter_rules import Correction, CounterRules
from paes.metering import Quality, Register
from paes.meters import Replacement
from paes.periods import from_seconds
from paes.series import CODE_OF, ReadingSeries

STARTS = ("2025-03-24", "2025-10-20", "2025-12-26", "2025-01-27")
"""Over both changes of the clocks in Rome, New Year, and the end of a short month."""
ZONES = ("Europe/Rome", "UTC", "America/St_Johns")
KINDS = (
    "gap", "silence", "missing", "spike", "zeros", "night", "levels", "plateau", "reset", "lower",
    "bad", "exchange", "unread exchange", "noticed", "correction",
)  # fmt: skip


@dataclass
class Course:
    """Readings of one point, and what the rules know of its counter."""

    t: np.ndarray
    v: np.ndarray
    q: np.ndarray
    poll_s: int
    step: float
    rated: float | None
    modulus: float | None
    replacements: list[Replacement] = field(default_factory=list)
    noticed: list[Replacement] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)

    def rules(self, point: str) -> CounterRules:
        """As the ledger would make them."""
        return CounterRules(
            Register(point, "kWh", self.modulus, self.step),
            1.5 * self.poll_s,
            self.rated,
            _in_order(self.replacements),
            _in_order(self.noticed),
            _in_order(self.corrections),
        )

    @property
    def readings(self) -> ReadingSeries:
        """All of them, in order."""
        return ReadingSeries(self.t, self.v, self.q)


@st.composite
def courses(draw: st.DrawFn, most: int = 700) -> Course:
    """A meter of some days or weeks with up to five faults, which may overlap."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    poll_s = draw(st.sampled_from([900, 3600, 300, 86400]))
    n = draw(st.integers(60, most))
    day = datetime.fromisoformat(draw(st.sampled_from(STARTS))).replace(tzinfo=UTC)
    t = int(day.timestamp()) + poll_s * np.arange(n, dtype=np.int64)
    if draw(st.booleans()):
        t = t + rng.integers(0, poll_s // 5, n)
    step, kw = draw(st.sampled_from([0.01, 1.0])), draw(st.sampled_from([0.3, 5.0]))
    awake = draw(st.sampled_from([0.0, 0.05, 1.0]))
    power = kw * rng.uniform(0.5, 1.0, n) * (rng.random(n) < awake)
    v = draw(st.sampled_from([0.0, 99_000.0])) + np.cumsum(power * poll_s / 3600)
    v = np.floor(v / step) * step
    modulus = draw(st.sampled_from([None, None, 100_000.0]))
    course = Course(
        t, v if modulus is None else v % modulus, np.zeros(n, np.int8), poll_s, step,
        draw(st.sampled_from([None, 0.2 * kw, 1.2 * kw, 20 * kw])), modulus,
    )  # fmt: skip
    for kind in draw(st.lists(st.sampled_from(KINDS), max_size=5)):
        where, length = draw(st.floats(0, 1)), draw(st.sampled_from([1, 5, 9, 20, 60, 300]))
        _spoil(course, kind, where, length, rng)
    course.v = np.round(np.maximum(course.v, 0.0), 3)
    return course


def _spoil(c: Course, kind: str, where: float, length: int, rng: np.random.Generator) -> None:
    n = len(c.t)
    i = 1 + int(where * (n - 2))
    part = slice(i, i + length)
    size = len(c.v[part])
    at = from_seconds(int(c.t[i]) - int(rng.integers(0, c.poll_s // 2)))
    before = float(max(c.v[i], 0.0))
    if kind == "gap" and n - size > 40:
        _keep(c, np.delete(np.arange(n), part))
    elif kind == "silence":
        c.t = np.where(np.arange(n) < i, c.t, c.t + int(rng.choice([1, 40, 100])) * 86400)
        for list_ in (c.replacements, c.noticed, c.corrections):
            list_[:] = [told for told in list_ if told.at < at]
    elif kind == "missing":
        _keep(c, np.flatnonzero(rng.random(n) > 0.2))
    elif kind == "spike":
        c.v[i] = c.v[i] * 3 + 1e3
    elif kind == "zeros":
        c.v[part] = 0.0
    elif kind == "night":
        c.v[part] = rng.uniform(0, rng.choice([10.0, 1e6]), size)
    elif kind == "levels":
        c.v[part] = np.resize(np.repeat(rng.uniform(0, 1e5, 80), rng.integers(3, 9)), size)
    elif kind == "plateau":
        c.v[part] += 1000.0
    elif kind == "reset":
        c.v[i:] -= before
    elif kind == "lower":
        c.v[part] -= c.step * rng.integers(1, 4)
    elif kind == "bad":
        c.q[part] = CODE_OF[Quality.SUSPECT]
    elif kind == "exchange":
        c.v[i:] -= before
        c.replacements.append(
            Replacement(at=at, new_serial="B", last_reading=before, first_reading=0.0)
        )
    elif kind == "unread exchange":
        c.v[i:] -= before
        c.replacements.append(Replacement(at=at, new_serial="B"))
    elif kind == "noticed":
        c.v[i:] -= before
        later = timedelta(hours=int(rng.choice([1, 30, 100, 180])))
        c.noticed.append(Replacement(at=at + later, new_serial="N"))
    elif kind == "correction":
        moved = float(rng.choice([5.0, 100.0, -5.0]))
        c.v[i:] += moved
        c.corrections.append(Correction(at, before, max(before + moved, 0.0), "Rossi", "dial"))


def _keep(c: Course, kept: np.ndarray) -> None:
    c.t, c.v, c.q = c.t[kept], c.v[kept], c.q[kept]


def _in_order(told: list) -> tuple:
    return tuple(sorted({one.at: one for one in told}.values(), key=lambda one: one.at))
