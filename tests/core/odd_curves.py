"""Load curves and bills that go wrong, and edits of any meter, as Hypothesis makes them up.

Beside ``odd_meters``, which makes up registers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from hypothesis import strategies as st
from odd_meters import STARTS

from paes.accounting.counter_rules import CounterRules
from paes.accounting.edits import Factor, Ignored
from paes.metering import Evidence, Quality, Register
from paes.periods import Span, from_seconds
from paes.series import CODE_OF, ReadingSeries

DAY = 86400
ENDS = CODE_OF[Quality.NOT_AVAILABLE]
FAULTS = (
    "gap", "missing", "negative", "spike", "plateau", "bad", "astray", "month", "ends", "zeros",
    "void",
)  # fmt: skip


@dataclass
class Curve:
    """Readings that stand alone, and what the rules know of their meter."""

    t: np.ndarray
    v: np.ndarray
    q: np.ndarray
    kind: Evidence
    interval_s: int | None
    rated: float | None
    step: float = 0.001
    corrections: tuple[()] = ()

    @property
    def poll_s(self) -> int:
        """How often a register would be read instead."""
        return self.interval_s or 900

    def rules(self, point: str) -> CounterRules:
        """As the ledger would make them."""
        register = Register(point, "kWh", None, 0.001, 0.0, self.kind, self.interval_s)
        return CounterRules(register, 1.5 * self.poll_s, self.rated)

    @property
    def readings(self) -> ReadingSeries:
        """All of them, in order."""
        return ReadingSeries(self.t, self.v, self.q)


@st.composite
def curves(draw: st.DrawFn, most: int = 700) -> Curve:
    """A load curve of some days, or bills of some months, with up to five faults."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    kind = draw(st.sampled_from([Evidence.INTERVALS, Evidence.AMOUNTS]))
    day = datetime.fromisoformat(draw(st.sampled_from(STARTS))).replace(tzinfo=UTC)
    first, kw = int(day.timestamp()), 5.0
    rated = draw(st.sampled_from([None, 0.2 * kw, 1.2 * kw, 20 * kw]))
    if kind is Evidence.INTERVALS:
        length = draw(st.sampled_from([300, 900, 1800, 3600]))
        n = draw(st.integers(40, most))
        t = first + length * np.arange(n, dtype=np.int64)
        v = np.round(rng.uniform(0, kw, n) * length / 3600, 3)
        curve = Curve(t, v, np.zeros(n, np.int8), kind, length, rated)
    else:
        spans = rng.choice([1, 2, 7, 30, 31], draw(st.integers(5, 40))) * DAY
        t = first + np.concatenate([[0], np.cumsum(spans)]).astype(np.int64)
        if draw(st.booleans()):
            t += rng.integers(0, DAY // 2, len(t))
        v = np.round(np.append(spans, DAY) / 3600 * rng.uniform(0, kw, len(t)), 3)
        curve = Curve(t, v, np.zeros(len(t), np.int8), kind, None, rated)
    for fault in draw(st.lists(st.sampled_from(FAULTS), max_size=5)):
        where, length = draw(st.floats(0, 1)), draw(st.sampled_from([1, 2, 3, 9, 60]))
        _spoil(curve, fault, where, length, rng)
    return curve


def _spoil(c: Curve, fault: str, where: float, length: int, rng: np.random.Generator) -> None:
    n = len(c.t)
    i = 1 + int(where * (n - 2))
    part = slice(i, i + length)
    if fault == "gap":
        _keep(c, np.delete(np.arange(n), part))
    elif fault == "missing":
        _keep(c, np.flatnonzero(rng.random(n) > 0.2))
    elif fault == "negative":
        c.v[part] = -1.0
    elif fault in ("spike", "plateau"):
        c.v[i : i + (1 if fault == "spike" else length)] *= rng.choice([4.0, 1000.0])
    elif fault == "bad":
        c.q[part] = CODE_OF[Quality.SUSPECT]
    elif fault == "void":
        c.q[part] = CODE_OF[Quality.STALE]
    elif fault == "zeros":
        c.v[part] = 0.0
    elif fault == "ends":
        c.q[part], c.v[part] = ENDS, 0.0
    elif fault == "month":
        c.t = np.where(np.arange(n) < i, c.t, c.t + 31 * DAY)
    elif fault == "astray" and c.interval_s:
        c.t[part] += c.interval_s // 3  # the last of them overlaps the one behind


def _keep(c: Curve, kept: np.ndarray) -> None:
    if len(kept) > 4:
        c.t, c.v, c.q = c.t[kept], c.v[kept], c.q[kept]


@st.composite
def edits(draw: st.DrawFn, t: np.ndarray) -> tuple[tuple[Ignored, ...], tuple[Factor, ...]]:
    """Ignored spans and factors somewhere in ``t``, cut at any second."""

    def span() -> Span:
        start = draw(st.integers(int(t[0]) - DAY, int(t[-1])))
        length = draw(st.sampled_from([700, 3600, 40_000, 5 * DAY, 40 * DAY]))
        return Span(from_seconds(start), from_seconds(start + length))

    ignored = tuple(Ignored(span(), "Rossi", "test") for _ in range(draw(st.integers(0, 2))))
    factors = tuple(
        Factor(span(), draw(st.sampled_from([0.1, 0.5, 2.0, 4.0])), "Rossi", "CT")
        for _ in range(draw(st.integers(0, 2)))
    )
    return ignored, factors
