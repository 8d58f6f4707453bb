"""The parts of a bill that do not follow the energy: fixed and power parts, by local days.

A monthly price counts by the days of the local month: a contract of half of June pays half of it.
Days are those of clocks on the wall, so that 29 and 30 March cost the same; a change at noon
counts half a day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from paes.accounting.energy_rows import summed
from paes.costs.cost_table import Money
from paes.costs.prices import Regime
from paes.periods import By, Seconds, Span, edges, from_seconds, wall_seconds
from paes.series import Floats
from paes.tariffs.tariff import PowerBasis

DAY_S = 86_400


@dataclass(frozen=True)
class Peak:
    """A highest quarter hour as mean power: seen at least, likely, and at most."""

    low_kw: float
    kw: float
    high_kw: float


PeakOf = Callable[[int, int], Peak]
"""The highest quarter hour between two times (Unix seconds)."""


@dataclass(frozen=True)
class Standing:
    """Fixed and power parts, and the VAT on them, by period."""

    fixed: Money
    power: Money
    vat: Money

    @classmethod
    def nothing(cls, periods: int) -> Standing:
        """No such parts."""
        none = Money.nothing(periods)
        return cls(none, none, none)


@dataclass(frozen=True)
class _Pieces:
    """A life cut at periods, months and regimes; ``regime`` is -1 where there is none."""

    period: Seconds
    month: Seconds
    regime: Seconds
    days: Floats
    months: Floats
    """The part of a whole local month."""


def standing(
    regimes: Sequence[Regime],
    period_edges_s: Seconds,
    life_s: tuple[int, int],
    tz: str,
    peak: PeakOf,
) -> Standing:
    """What is paid besides energy within ``life_s`` while ``regimes`` are in force."""
    n = len(period_edges_s) - 1
    months_s = _months(life_s, tz)
    pieces = _pieces(regimes, period_edges_s, months_s, life_s, tz)
    if pieces is None:
        return Standing.nothing(n)
    periods = [r.prices.period for r in regimes]
    by_regime = _ByRegime(pieces, n)
    fixed = by_regime.sum(pieces.months, [p.fixed_eur_per_month for p in periods])
    fixed = fixed + by_regime.sum(pieces.days, [p.fixed_eur_per_day for p in periods])
    power = _power(regimes, pieces, months_s, n, peak)
    vat = by_regime.each([p.vat_fraction for p in periods])
    net = fixed + power
    return Standing(
        fixed=by_regime.money(fixed),
        power=by_regime.money(power),
        vat=by_regime.money(np.where(vat == 0, 0.0, net) * vat),  # net may be unbounded
    )


@dataclass(frozen=True)
class _ByRegime:
    """Sums over pieces; columns of four: measured, estimated, low, high."""

    pieces: _Pieces
    periods: int

    def each(self, prices: Sequence[float]) -> Floats:
        """The price of the regime of each piece, as a column."""
        found: Floats = np.array([*prices, 0.0])[self.pieces.regime][:, None]
        return found

    def sum(self, amounts: Floats, prices: Sequence[float]) -> Floats:
        """What a certain amount at a price makes, piece by piece."""
        each: Floats = amounts[:, None] * self.each(prices) * np.array([1.0, 0.0, 1.0, 1.0])
        return each

    def money(self, columns: Floats) -> Money:
        """By period."""
        return Money(*(summed(self.pieces.period, column, self.periods) for column in columns.T))


def _months(life_s: tuple[int, int], tz: str) -> Seconds:
    if life_s[0] >= life_s[1]:
        return np.empty(0, np.int64)
    return edges(Span(from_seconds(life_s[0]), from_seconds(life_s[1])), By.MONTH, tz)


def _pieces(
    regimes: Sequence[Regime],
    period_edges_s: Seconds,
    months_s: Seconds,
    life_s: tuple[int, int],
    tz: str,
) -> _Pieces | None:
    start, end = max(life_s[0], int(period_edges_s[0])), min(life_s[1], int(period_edges_s[-1]))
    if start >= end or not regimes:
        return None
    starts = np.array([r.start_s for r in regimes], np.int64)
    ends = np.array([r.end_s for r in regimes], np.int64)
    cuts = np.unique(np.concatenate([period_edges_s, months_s, starts, ends, [start, end]]))
    cuts = cuts[(cuts >= start) & (cuts <= end)]
    begin = cuts[:-1]
    regime = np.searchsorted(starts, begin, side="right") - 1
    regime = np.where((regime >= 0) & (begin < ends[regime]), regime, -1)
    month = np.searchsorted(months_s, begin, side="right") - 1
    days = np.diff(wall_seconds(cuts, tz)) / DAY_S
    month_days = np.diff(wall_seconds(months_s, tz)) / DAY_S
    return _Pieces(
        period=np.searchsorted(period_edges_s, begin, side="right") - 1,
        month=month,
        regime=regime,
        days=days,
        months=days / month_days[month],
    )


def _power(
    regimes: Sequence[Regime], pieces: _Pieces, months_s: Seconds, periods: int, peak: PeakOf
) -> Floats:
    """The power parts, piece by piece: a month's highest quarter hour is that of its contract."""
    found = np.zeros((len(pieces.days), 4))
    known: dict[tuple[int, int], Peak] = {}
    for i, (place, month) in enumerate(zip(pieces.regime, pieces.month, strict=True)):
        if place < 0:
            continue
        regime = regimes[place]
        for price in (p for p in regime.prices.period.power if p.eur_per_kw_month):
            if price.basis is PowerBasis.CONTRACT:
                kw = regime.supply.contract.contract_power_kw or 0.0
                top = Peak(kw, kw, kw)
            else:
                within = _of_contract(regimes, regime, months_s, int(month))
                top = known[within] if within in known else known.setdefault(within, peak(*within))
            eur = price.eur_per_kw_month * pieces.months[i]
            found[i] += eur * np.array([top.low_kw, top.kw - top.low_kw, top.low_kw, top.high_kw])
    return found


def _of_contract(
    regimes: Sequence[Regime], regime: Regime, months_s: Seconds, month: int
) -> tuple[int, int]:
    """The part of a month in which the contract of ``regime`` is in force."""
    of = [r for r in regimes if r.supply.contract is regime.supply.contract]
    start = max(int(months_s[month]), min(r.start_s for r in of))
    return start, min(int(months_s[month + 1]), max(r.end_s for r in of))
