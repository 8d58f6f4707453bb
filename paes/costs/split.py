"""Amounts shared among kinds of time, so that they add up to what is known of the period.

A register that was read before and after a gap says how much passed in it, and not in which band.
Each kind then has an estimate with bounds, and all kinds together the known amount: whatever it
was, what one kind had more, another had less. Bounds of money use that (``least``, ``most``).

Pure functions on arrays of periods (rows) and kinds (columns).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paes.accounting.energy_rows import summed
from paes.accounting.energy_table import EnergyTable
from paes.costs.runs import Places, Runs
from paes.periods import Seconds
from paes.series import Floats

SAME = 1e-5
"""Amounts that differ by less are one: derived figures are whole millionths."""


@dataclass(frozen=True)
class Split:
    """What a meter counted, by period and kind.

    Of each period and kind: what is measured, what is estimated, between which bounds lies what
    is not measured (``open_low``, ``open_high``), and those of what is missing as a part of it.
    ``sum_low`` and ``sum_high`` bound what is not measured of all kinds of a period together,
    ``missing_sum_low`` and ``missing_sum_high`` what is missing.
    """

    measured: Floats
    estimated: Floats
    open_low: Floats
    open_high: Floats
    missing_low: Floats
    missing_high: Floats
    covered_s: Floats
    span_s: Floats
    sum_low: Floats
    sum_high: Floats
    missing_sum_low: Floats
    missing_sum_high: Floats

    @property
    def low(self) -> Floats:
        """The least that each kind can have had, as all of them bound each other."""
        endless = np.isinf(self.open_high)
        finite = np.where(endless, 0.0, self.open_high)
        others = finite.sum(axis=1, keepdims=True) - finite
        is_open = endless.sum(axis=1, keepdims=True) - endless > 0
        rest = np.where(is_open, -np.inf, self.sum_low[:, None] - others)
        low: Floats = self.measured + np.maximum(self.open_low, rest)
        return low

    @property
    def high(self) -> Floats:
        """The most that each kind can have had; infinite if nothing bounds it."""
        others = self.open_low.sum(axis=1, keepdims=True) - self.open_low
        high: Floats = np.minimum(self.open_high, self.sum_high[:, None] - others)
        return self.measured + high

    def least(self, price: Floats) -> Floats:
        """By period, the least that all kinds can have cost at a ``price`` each."""
        return self._paid(price) + _cheapest(price, self.open_low, self.open_high, self.sum_low)

    def most(self, price: Floats) -> Floats:
        """By period, the most that all kinds can have cost at a ``price`` each."""
        return self._paid(price) + _dearest(price, self.open_low, self.open_high, self.sum_high)

    def missing(self, price: Floats) -> tuple[Floats, Floats]:
        """By period, the least and the most that what is missing can have cost."""
        low, high = self.missing_low, self.missing_high
        return (
            _cheapest(price, low, high, self.missing_sum_low),
            _dearest(price, low, high, self.missing_sum_high),
        )

    def _paid(self, price: Floats) -> Floats:
        paid: Floats = self.measured @ price
        return paid


def split(
    table: EnergyTable, runs: Runs, whole: EnergyTable, period_edges_s: Seconds, kinds: int
) -> Split:
    """``table`` by runs, shared out among ``kinds``; ``whole`` is the same by period.

    What ``whole`` has measured and the runs have not is a known amount with an unknown course: it
    is estimated here, by the runs' own estimates or, without any, by the time not covered.
    """
    n = len(period_edges_s) - 1
    place = runs.periods(period_edges_s) * kinds + runs.kind

    def by_kind(column: Floats) -> Floats:
        return summed(place, column, n * kinds).reshape(n, kinds)

    measured, covered_s = by_kind(table.measured), by_kind(table.covered_s)
    span_s = by_kind(table.span_s)
    all_measured = measured.sum(axis=1)
    known = whole.measured + whole.estimated - all_measured
    estimated = _shared(by_kind(table.estimated), known, span_s - covered_s)
    missing_low, missing_high = by_kind(table.missing_low), by_kind(table.missing_high)
    return Split(
        measured=measured,
        estimated=estimated,
        open_low=by_kind(table.estimated_low) + missing_low,
        open_high=by_kind(table.estimated_high) + missing_high,
        missing_low=missing_low,
        missing_high=missing_high,
        covered_s=covered_s,
        span_s=span_s,
        sum_low=_low(whole) - all_measured,
        sum_high=_high(whole) - all_measured,
        missing_sum_low=whole.missing_low,
        missing_sum_high=whole.missing_high,
    )


def _low(table: EnergyTable) -> Floats:
    return table.measured + table.estimated_low + table.missing_low


def _high(table: EnergyTable) -> Floats:
    return table.measured + table.estimated_high + table.missing_high


def _shared(estimated: Floats, known: Floats, uncovered_s: Floats) -> Floats:
    """``estimated`` made to add up to ``known`` in each period."""
    total = estimated.sum(axis=1)
    rest = known - total
    weights = np.where((total > SAME)[:, None], estimated, uncovered_s)
    of_all = weights.sum(axis=1)
    open_ = (np.abs(rest) > SAME) & (of_all > 0)
    share = np.divide(rest, of_all, out=np.zeros_like(rest), where=open_)
    added: Floats = weights * share[:, None]
    return estimated + added


def _cheapest(price: Floats, low: Floats, high: Floats, total_low: Floats) -> Floats:
    """The least cost of amounts within bounds that are together ``total_low`` or more."""
    return _filled(price, low, high, total_low, np.argsort(price, kind="stable"))


def _dearest(price: Floats, low: Floats, high: Floats, total_high: Floats) -> Floats:
    """The most cost of amounts within bounds that are together ``total_high`` or less."""
    return _filled(price, low, high, total_high, np.argsort(-price, kind="stable"))


def _filled(price: Floats, low: Floats, high: Floats, total: Floats, order: Places) -> Floats:
    """What it costs to begin with ``low`` and fill up to ``total``, kind by kind in ``order``."""
    rest = np.maximum(total - low.sum(axis=1), 0.0)
    cost: Floats = low @ price
    for kind in order:
        taken = np.minimum(rest, high[:, kind] - low[:, kind])
        cost = cost + (taken * price[kind] if price[kind] else 0.0)
        left = np.isfinite(rest) | np.isfinite(taken)  # infinity less infinity is still infinite
        rest = np.where(left, rest - np.where(left, taken, 0.0), rest)
    return cost
