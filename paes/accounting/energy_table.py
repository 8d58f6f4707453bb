"""Amounts by period, as arrays that add up: from books of energy to frames and totals.

A table holds, for each of n periods, what was measured (with the catch-up in it), the catch-up,
what was estimated and its bounds, the bounds of what is missing, and how much of how many seconds
is covered. Amounts are in the register's unit until ``times`` turns them into another.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache

import numpy as np
import pandas as pd

from paes.accounting.consumption import spread_gaps
from paes.accounting.counter_rules import CounterRules
from paes.accounting.energy_rows import summed
from paes.accounting.energy_total import EnergyTotal
from paes.accounting.estimate_parts import spread_estimates
from paes.metering import Measures
from paes.periods import Seconds, Span, to_seconds
from paes.series import EnergyBook, EstimatedGap, Floats

AMOUNTS = (
    "measured",
    "catch_up",
    "estimated",
    "estimated_low",
    "estimated_high",
    "missing_low",
    "missing_high",
)


@dataclass(frozen=True)
class EnergyTable:
    """Columns of one length; tables of the same periods can be added."""

    measured: Floats
    catch_up: Floats
    estimated: Floats
    estimated_low: Floats
    estimated_high: Floats
    missing_low: Floats
    missing_high: Floats
    covered_s: Floats
    span_s: Floats

    @classmethod
    def empty(cls, periods: int) -> EnergyTable:
        """Nothing, in time that is not asked about."""
        nothing = np.zeros(periods)
        return cls(*(nothing for _ in fields(cls)))

    def __add__(self, other: EnergyTable) -> EnergyTable:
        return EnergyTable(*(a + b for a, b in zip(self._columns(), other._columns(), strict=True)))

    def times(self, factor: Floats) -> EnergyTable:
        """The same with amounts multiplied, period by period."""
        return EnergyTable(
            self.measured * factor,
            self.catch_up * factor,
            self.estimated * factor,
            self.estimated_low * factor,
            self.estimated_high * factor,
            self.missing_low * factor,
            self.missing_high * factor,
            self.covered_s,
            self.span_s,
        )

    def frame(self, starts: pd.DatetimeIndex, suffix: str = "") -> pd.DataFrame:
        """One row a period, indexed by its local ``start``; amounts are named with ``suffix``."""
        return pd.DataFrame(np.column_stack(self._columns()), starts, _names(suffix))

    def rows(self) -> list[EnergyTotal]:
        """Each period by itself, whose amounts are kWh."""
        return [EnergyTotal(*(float(c) for c in row)) for row in zip(*self._columns(), strict=True)]

    def total(self) -> EnergyTotal:
        """All periods together, whose amounts are kWh."""
        return EnergyTotal(*(float(column.sum()) for column in self._columns()))

    def _columns(self) -> tuple[Floats, ...]:
        return tuple(getattr(self, f.name) for f in fields(self))


@cache
def _names(suffix: str) -> pd.Index[str]:
    """Of the columns, kept: to make them takes longer than a frame."""
    return pd.Index([*(f"{name}{suffix}" for name in AMOUNTS), "covered_s", "span_s"])


def suffix_of(measures: Measures) -> str:
    """What the names of amounts end with: their unit, once gas and fuels are in kWh."""
    return "_m3" if measures is Measures.WATER else "_kwh"


def local_starts(edges_s: Seconds, tz: str) -> pd.DatetimeIndex:
    """The local starts of the periods between ``edges_s``."""
    index = pd.DatetimeIndex(edges_s[:-1].astype("datetime64[s]"), tz="UTC").tz_convert(tz)
    return index.rename("start")


def spans_s(edges_s: Seconds, life: Span) -> Floats:
    """How many seconds of each period lie in ``life``."""
    return np.diff(within(edges_s, life)).astype(np.float64)


def within(edges_s: Seconds, life: Span) -> Seconds:
    """Edges moved into ``life``: what lies outside becomes empty."""
    return np.clip(edges_s, to_seconds(life.start), to_seconds(life.end))


def tabled(book: EnergyBook, edges_s: Seconds, life: Span, rules: CounterRules) -> EnergyTable:
    """A book in periods made of its own; what lies outside of them is left out."""
    n = len(edges_s) - 1
    place = np.searchsorted(edges_s, book.start_s, side="right") - 1
    inside = (place >= 0) & (place < n)
    if not inside.all():
        place = place[inside]
        book = EnergyBook(
            book.start_s[inside],
            book.measured[inside],
            book.catch_up[inside],
            book.covered_s[inside],
            book.gaps,
        )

    lived = within(edges_s, life)
    plain = [g for g in book.gaps if not isinstance(g, EstimatedGap)]
    made = [g for g in book.gaps if isinstance(g, EstimatedGap)]
    caught_up, low, high = spread_gaps(plain, lived, rules)
    known, estimated, least, most = spread_estimates(made, lived, rules)
    catch_up = summed(place, book.catch_up, n) + caught_up + known
    return EnergyTable(
        measured=summed(place, book.measured, n) + catch_up,
        catch_up=catch_up,
        estimated=estimated,
        estimated_low=least,
        estimated_high=most,
        missing_low=low,
        missing_high=high,
        covered_s=summed(place, book.covered_s, n),
        span_s=spans_s(edges_s, life),
    )
