"""Sites with a plant in one year: yield beside the same months before, worth, tonnes avoided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add

import numpy as np

from dashboard.queries.photovoltaics import PvSite, PvTown, Worth
from paes.costs.cost_table import Money
from paes.periods import local_year
from paes.self_consumption import BalancePeriod
from paes.units import KWH_PER_MWH


def all_of(periods: Iterable[BalancePeriod]) -> BalancePeriod | None:
    """Periods of several sites (or times) as one; None of none."""
    return reduce(_together, periods, None)


def _together(one: BalancePeriod | None, other: BalancePeriod) -> BalancePeriod:
    if one is None:
        return other
    return BalancePeriod(
        min(one.start, other.start),
        one.production + other.production,
        one.feed_in + other.feed_in,
        one.withdrawal + other.withdrawal,
        one.self_consumption + other.self_consumption,
        one.consumption + other.consumption,
        one.has_feed_in and other.has_feed_in,
        one.has_withdrawal and other.has_withdrawal,
    )


LEAST_COVERED = 0.9
"""Months that are held against each other are covered so far, both of them."""


@dataclass(frozen=True, slots=True)
class Amount:
    """EUR with bounds, of what had a price; ``is_whole`` False if a part had none."""

    eur: float
    low_eur: float
    high_eur: float
    is_whole: bool

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.eur + other.eur,
            self.low_eur + other.low_eur,
            self.high_eur + other.high_eur,
            self.is_whole and other.is_whole,
        )


@dataclass(frozen=True)
class PvYear:
    """One site in one year, as a table's row tells it."""

    site: PvSite
    period: BalancePeriod
    per_kw: float | None
    """kWh/kWp until now."""
    before_per_kw: float | None
    """In the same months of the year before; None unless these are known in both."""
    same_months: int
    """How many months those are."""
    now_per_kw: float | None
    """In these months of this year."""
    is_whole: bool
    """Whether the year is over, and was in use from its start."""
    avoided: Amount | None
    earned: Amount | None
    saved_t: float | None


def site_years(town: PvTown, worths: Mapping[str, Worth], year: int, now: datetime) -> list[PvYear]:
    """Every site that produced or should have in ``year``, in order of name."""
    return [
        _of_year(town, site, worths.get(site.id), year, now)
        for site in town.sites
        if year in site.years and site.years[year].production.span_s > 0
    ]


def _of_year(town: PvTown, site: PvSite, worth: Worth | None, year: int, now: datetime) -> PvYear:
    period, units_kw = site.years[year], site.units_kw
    before_kwh, now_kwh, months = _same_months(town, site, year)
    factor = site.t_per_mwh.get(year)
    covers = period.production.span_s >= 360 * 86400
    over = local_year(now, str(town.starts.tz)) > year
    made_kwh = period.production.kwh
    is_read = is_told(period)
    return PvYear(
        site=site,
        period=period,
        per_kw=made_kwh / units_kw if units_kw and is_read else None,
        before_per_kw=before_kwh / units_kw if units_kw and months else None,
        same_months=months,
        now_per_kw=now_kwh / units_kw if units_kw and months else None,
        is_whole=over and covers,
        avoided=_year_of(worth, year, lambda w: w.avoided) if worth and is_read else None,
        earned=_year_of(worth, year, lambda w: w.earned) if worth and is_read else None,
        saved_t=made_kwh / KWH_PER_MWH * factor if factor is not None and is_read else None,
    )


def is_told(period: BalancePeriod) -> bool:
    """False if nothing of the production was read: it is not 0 then."""
    return bool(period.production.covered_s or period.production.estimated_kwh)


def _same_months(town: PvTown, site: PvSite, year: int) -> tuple[float, float, int]:
    """Production of the year before and of ``year`` in the months that both know, and their count.

    The month that is not over is in neither.
    """
    made, starts = site.balance.production, town.starts
    known = (made.span_s > 0) & (made.covered_s >= LEAST_COVERED * made.span_s)
    if len(known):
        known = known & (np.arange(len(known)) < len(known) - 1)
    kwh = made.measured + made.estimated
    at = {(int(s.year), int(s.month)): place for place, s in enumerate(starts)}
    pairs = [
        (at[year - 1, month], at[year, month])
        for month in range(1, 13)
        if (year - 1, month) in at and (year, month) in at
    ]
    both = [(b, n) for b, n in pairs if known[b] and known[n]]
    return sum(float(kwh[b]) for b, _ in both), sum(float(kwh[n]) for _, n in both), len(both)


def _year_of(worth: Worth, year: int, part: Callable[[Worth], Money]) -> Amount | None:
    inside = np.asarray(worth.starts.year == year)
    money = part(worth)
    if not inside.any():
        return None
    eur, low, high = (
        float(column[inside].sum()) for column in (money.eur, money.low_eur, money.high_eur)
    )
    return Amount(eur, low, high, is_whole=bool(worth.priced[inside].all()))


def added(amounts: Iterable[Amount | None]) -> Amount | None:
    """What is known of them together; None if nothing is."""
    known = [amount for amount in amounts if amount is not None]
    return reduce(add, known) if known else None
